//! The values that options take: how each is read from the file, and how it is described.

use crate::diagnostic::Flaw;
use crate::net::{Host, Port};
use crate::secret::{Secret, may_be_secret};
use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Credentials, Field, Misfit};
use crate::text::is_escaped;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// A type of value that an option can take.
pub(crate) trait Setting: Sized {
    /// How the value is described.
    const SHAPE: Shape;

    /// Reads the value.
    /// An error says what was expected and, unless it may be a secret, what was found.
    fn read(field: &Field<'_>) -> Result<Self, Misfit>;
}

impl Setting for Host {
    const SHAPE: Shape = Shape::plain("a host name or an IP address", "host", shape::filled).or(shape::NO_HOST);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.borrowed(&Self::SHAPE)?;
        let host = Self::parse(&text).map_err(|rule| field.wrong(&Self::SHAPE).help(rule.to_string()))?;
        field.show(&text);
        Ok(host)
    }
}

impl Setting for Port {
    const SHAPE: Shape = Shape::plain("a port number (1 to 65535)", "port", || {
        shape::number(&json!({"type": "integer", "minimum": 1, "maximum": 65535}), "^[0-9]+$")
    })
    .or(StandIn::Port);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        // `[ 80 ]`, `80.0` and `1:30` are numbers to YAML and no ports to a person.
        field.parse(&Self::SHAPE, |text| text.trim().parse().ok())
    }
}

impl Setting for bool {
    const SHAPE: Shape = Shape::plain("true or false", "flag", || shape::flag_or(None));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, flag)
    }
}

/// A truth by any of its names.
pub(crate) fn flag(text: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["true", "yes", "on", "1"]) {
        return Some(true);
    }
    is_one_of(["false", "no", "off", "0"]).then_some(false)
}

impl Setting for u32 {
    const SHAPE: Shape = Shape::plain("a whole number from 0 to 4294967295", "number", || {
        shape::number(&json!({"type": "integer", "minimum": 0}), "^[0-9]+$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| text.trim().parse().ok())
    }
}

impl Setting for Duration {
    const SHAPE: Shape = Shape::plain("a time in seconds (more than 0, at most 86400)", "seconds", || {
        shape::number(&json!({"type": "number", "exclusiveMinimum": 0, "maximum": 86400}), "^[0-9.]+$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| seconds(text.trim()))
    }
}

/// A number of seconds of at most a day, which `inf` and `nan` are not.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    (seconds > 0.0 && seconds <= 86_400.0).then(|| Duration::from_secs_f64(seconds))
}

impl Setting for String {
    const SHAPE: Shape = Shape::secret("a text", "text", shape::scalar);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.text(&Self::SHAPE)
    }
}

/// A text that may be shown: a name, a label.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word(pub String);

impl Setting for Word {
    const SHAPE: Shape = Shape::plain("a name", "name", shape::scalar).or(StandIn::Reference);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        Self::read_as(field, &Self::SHAPE)
    }
}

impl Word {
    /// Reads one of another shape.
    pub(crate) fn read_as(field: &Field<'_>, shape: &Shape) -> Result<Self, Misfit> {
        let text = field.text(shape)?;
        if text.chars().any(is_escaped) {
            return Err(field.with_span(Misfit::new("a name has no control or invisible characters")));
        }
        Ok(Self(text))
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

/// A [`Word`] that is not empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name(pub String);

impl Setting for Name {
    const SHAPE: Shape = Shape { words: "a name that is not empty", ..Word::SHAPE };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read(field)?;
        if text.is_empty() { Err(field.wrong(&Self::SHAPE)) } else { Ok(Self(text)) }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl Setting for Secret<String> {
    const SHAPE: Shape = Shape::secret("a text (it is never shown)", "secret", shape::scalar);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.not_empty(field.text(&Self::SHAPE)?)?;
        field.keep_secret(&text);
        Ok(Self::new(text))
    }
}

/// A secret that is none when it is empty, as clients take an empty variable.
#[derive(Debug)]
pub(crate) struct SecretOrNone(pub Secret<String>);

impl Setting for SecretOrNone {
    const SHAPE: Shape = Secret::<String>::SHAPE;

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        field.keep_secret(&text);
        Ok(Self(Secret::new(text)))
    }
}

impl Setting for PathBuf {
    const SHAPE: Shape = Shape::plain("the path of a file", "path", shape::filled);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| (!text.is_empty() && !text.contains('\0')).then(|| Self::from(text)))
    }
}

/// Tags: a list of words, or one word.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tags(pub Vec<String>);

impl Setting for Tags {
    const SHAPE: Shape = Shape::plain(
        "a list of words",
        "list of words",
        || json!({"anyOf": [{"type": "string"}, {"type": "array", "items": shape::scalar()}]}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let one = |item: Field<'_>| Word::read(&item).map(|word| word.0).map_err(|misfit| item.with_span(misfit));
        match field.items() {
            Some(items) => items.map(one).collect::<Result<_, _>>().map(Self),
            None if field.python_tuple().is_some() => Err(field.wrong(&Self::SHAPE)),
            None => one(*field).map(|tag| Self(vec![tag])).map_err(|misfit| match misfit.flaw {
                Flaw::WrongType => field.wrong(&Self::SHAPE),
                _ => misfit,
            }),
        }
    }
}

/// As the list `[user, password]`.
impl Setting for Credentials {
    const SHAPE: Shape = Shape::secret(
        "a list of two: [user, password]",
        "[user, password]",
        || json!({"type": "array", "minItems": 2, "maxItems": 2}),
    )
    .like("[user, password]");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Some(items) = field.items() else {
            // A text here may be Python's tuple, which has a hint of its own.
            field.text(&Self::SHAPE)?;
            return Err(field.wrong(&Self::SHAPE));
        };
        let items: Vec<_> = items.collect();
        let [user, password] = items.as_slice() else {
            let count = items.len();
            return Err(
                field.with_span(Misfit::new(format!("expected {}, found a list of {count}", Self::SHAPE.words)))
            );
        };
        let (user, password) = (user.text(&String::SHAPE)?, Secret::<String>::read(password)?);
        field.show(&user);
        // Basic authentication sends both as one text in base64.
        field.keep_secret(&format!("{user}:{}", password.expose()));
        Ok(Self { user, password })
    }
}

/// Names with values, as a mapping or as a list of pairs; several values may share a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs(pub Vec<Pair>);

/// A name with its value.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub name: String,
    pub value: Secret<String>,
    /// Whether the value stands elsewhere: `{env: VAR}`, `{file: PATH}`.
    pub is_reference: bool,
    /// The file that it stands in.
    pub file: Option<String>,
}

impl Setting for Pairs {
    const SHAPE: Shape = Shape::secret(
        "a mapping of names to values, or a list of [name, value] pairs",
        "mapping or list of pairs",
        || json!({"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}}]}),
    )
    .like("{name: value}");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let read_item = |item: Field<'_>| match item.items().map(Iterator::collect::<Vec<_>>).as_deref() {
            Some([name, value]) => pair(*name, *value),
            _ => {
                item.text(&Self::SHAPE)?;
                Err(item.wrong(&Self::SHAPE))
            }
        };
        let all: Result<Vec<_>, _> = match (field.pairs(), field.items()) {
            (Some(pairs), _) => pairs.map(|(name, value)| pair(name, value)).collect(),
            (None, Some(items)) => items.map(read_item).collect(),
            (None, None) => {
                field.text(&Self::SHAPE)?;
                return Err(field.wrong(&Self::SHAPE));
            }
        };
        all.map(|all| Self(all.concat()))
    }
}

/// One name with its value, or with a list of values.
fn pair(name: Field<'_>, value: Field<'_>) -> Result<Vec<Pair>, Misfit> {
    let name = name.text(&Pairs::SHAPE)?;
    let one = |value: Field<'_>| {
        let text = if value.is_null() { String::new() } else { value.text(&Pairs::SHAPE)? };
        if may_be_secret(&name, &text) {
            value.keep_secret(&text);
        }
        let file = value.file_named().map(str::to_owned);
        Ok(Pair { name: name.clone(), value: Secret::new(text), is_reference: value.is_reference(), file })
    };
    match value.items() {
        Some(values) => values.map(one).collect(),
        None => one(value).map(|pair| vec![pair]),
    }
}
