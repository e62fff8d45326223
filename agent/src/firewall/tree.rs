//! A YAML file of rules as a tree that knows where everything stands in the text.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, escaped};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Error, Location, Spanned, UserMessageFormatter};
use std::fmt;

/// The longest message of the parser that is shown, in characters.
const SHOWN: usize = 200;

/// A value of the file.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing, `~`, `null`.
    Null,
    /// A text, number or truth value, as text. Floating point numbers keep their point.
    Scalar(String),
    /// A list.
    List(Vec<Spanned<Value>>),
    /// A mapping, in the order of the file.
    Map(Vec<(Spanned<Value>, Spanned<Value>)>),
}

impl Value {
    /// What it is, for messages.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Scalar(text) => format!("`{}`", escaped(&text.chars().take(60).collect::<String>())),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a mapping".to_owned(),
        }
    }

    /// A scalar's text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// Reads a file's text. Nesting, aliases and nodes are bounded by the parser.
///
/// # Errors
/// The parser's first complaint.
pub(super) fn parse(text: &str) -> Result<Spanned<Value>, Diagnostic> {
    serde_yaml::from_str(text).map_err(|error| complaint(&error, text))
}

/// The bytes of the text that a value begins with: lists and mappings are known by their start.
pub(super) fn span_of<T>(node: &Spanned<T>, text: &str) -> Span {
    span_at(node.referenced, text)
}

fn span_at(location: Location, text: &str) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or_else(|| offset_of(location, text));
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
    let length = span.byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or(1);
    Span { start, end: start.saturating_add(length.max(1)).min(text.len()) }
}

/// The scanner counts lines and characters only.
fn offset_of(location: Location, text: &str) -> u64 {
    let (line, column) = (usize::try_from(location.line()), usize::try_from(location.column()));
    let (line, column) = (line.unwrap_or(1).max(1), column.unwrap_or(1).max(1));
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within = text[start..].char_indices().nth(column - 1).map_or(0, |(at, _)| at);
    (start + within) as u64
}

fn complaint(error: &Error, text: &str) -> Diagnostic {
    let error = error.without_snippet();
    let message = error.render_with_formatter(&UserMessageFormatter);
    // The place is shown with the line itself.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let message = escaped(&message.chars().take(SHOWN).collect::<String>());
    let help = "a file of rules is YAML as conn-check-export-fw prints it";
    match error.location().filter(|location| *location != Location::UNKNOWN) {
        Some(location) => Diagnostic::error(Flaw::YamlSyntax, span_at(location, text), message).help(help),
        None => Diagnostic::file(Flaw::YamlSyntax, message).help(help),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_owned()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::Scalar(String::from_utf8_lossy(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            all.push(pair);
        }
        Ok(Value::Map(all))
    }
}
