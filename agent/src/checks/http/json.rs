//! What a body of JSON has to say at which places.
//!
//! Only what lies on the way to such a place is taken apart, and a number is compared as it is written: so neither
//! how deep the rest is, nor what numbers are in it, can fail a check.

mod number;
mod place;

use super::body::unexpected;
use crate::fault::Fault;
use crate::secret::{sentence, theirs};
use crate::settings::shape::Shape;
use crate::settings::{Field, Misfit, Setting};
use crate::text::{cut, escape, escaped, shortened};
use place::{Parts, Place};
use regex_lite::Regex;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;

/// So much of a value is shown, in bytes.
const SHOWN: usize = 100;

/// So many names of an object are shown.
const NAMES: usize = 12;

/// Places in JSON, each with what must stand there.
#[derive(Clone, Debug)]
pub(super) struct ExpectedJson(Vec<(Path, Wanted)>);

/// A place: the names and numbers that lead to it.
#[derive(Clone, Debug)]
struct Path {
    /// As it stands in the file.
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Name(String),
    Item(usize),
    /// A name, or a number where the value is a list: JSON Pointer leaves that to the value (RFC 6901).
    Either(String),
}

/// What must stand at a place.
#[derive(Clone, Debug)]
enum Wanted {
    /// A value as YAML reads it; a text in JSON may also be what is written.
    Scalar(Value, String),
    /// A number of JSON; and as it is written, which a text in JSON may be, too (`12:30`, `0x10`).
    Number(String, String),
    Pattern(Regex),
    /// All items, in order.
    List(Vec<Wanted>),
    /// These members, and maybe others.
    Members(Vec<(String, Wanted)>),
}

impl ExpectedJson {
    /// Whether the text is JSON at all.
    pub(super) fn takes(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok()
    }

    /// Whether the text is JSON that says all of it.
    pub(super) fn judge(&self, text: &str) -> Result<(), Fault> {
        let body: &RawValue = serde_json::from_str(text).map_err(|error| {
            let begin = escape(text.as_bytes(), 60);
            unexpected("the body is not JSON")
                .evidence(sentence!["line ", error.line(), ", column ", error.column(), "; it begins ", begin])
                .caused_by(&error)
        })?;
        let parts = Parts::default();
        self.0.iter().try_for_each(|(path, wanted)| path.judge(&parts, Place(body.get()), wanted))
    }
}

impl Path {
    fn judge<'a>(&self, parts: &Parts<'a>, body: Place<'a>, wanted: &Wanted) -> Result<(), Fault> {
        let mut place = body;
        for (depth, step) in self.steps.iter().enumerate() {
            place = step.of(parts, place).ok_or_else(|| self.not_there(parts, depth, place))?;
        }
        if wanted.is(parts, place) {
            return Ok(());
        }
        Err(unexpected("the body says something else than expected").evidence(sentence![
            "at ",
            theirs(&self.text),
            ": got ",
            place.shown(),
            ", wanted ",
            theirs(wanted)
        ]))
    }

    fn not_there<'a>(&self, parts: &Parts<'a>, depth: usize, place: Place<'a>) -> Fault {
        let part = parts.of(place);
        let there = match (&part.names, &part.items) {
            (Some(members), _) => {
                let names: Vec<_> = members.iter().take(NAMES).map(|name| shortened(name)).collect();
                let more = if members.len() > NAMES { ", ..." } else { "" };
                sentence!["the object there has ", names.join(", "), more]
            }
            (_, Some(items)) => sentence!["the list there has ", items.len(), " items"],
            _ => sentence!["there is ", place.shown()],
        };
        let before = if depth == 0 { "".into() } else { sentence![" (", depth, " steps of the path are there)"] };
        unexpected("the body does not have what is expected").evidence(sentence![
            "nothing is at ",
            theirs(&self.text),
            before,
            "; ",
            there
        ])
    }

    /// `a.b[0]["c d"]`, with or without `$` before it as `JSONPath` has it (RFC 9535 section 2.3); or a JSON Pointer (RFC 6901).
    fn parse(text: &str) -> Option<Self> {
        let steps = match text.strip_prefix('/') {
            Some(pointer) => {
                let name = |part: &str| Step::Either(part.replace("~1", "/").replace("~0", "~"));
                pointer.split('/').map(name).collect()
            }
            None => steps(text)?,
        };
        Some(Self { text: text.to_owned(), steps })
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    let mut steps = Vec::new();
    let mut is_first = rest.len() == text.len();
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let (step, behind) = in_brackets(bracket)?;
            steps.push(step);
            rest = behind;
        } else {
            rest = if is_first { rest } else { rest.strip_prefix('.')? };
            let (name, behind) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
            if name.is_empty() || name == "*" {
                return None;
            }
            steps.push(Step::Either(name.to_owned()));
            rest = behind;
        }
        is_first = false;
    }
    (!text.is_empty()).then_some(steps)
}

/// A number, or a name in quotes; and what is behind the bracket.
fn in_brackets(text: &str) -> Option<(Step, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => {
            let end = text[1..].find(quote)? + 1;
            Some((Step::Name(text[1..end].to_owned()), text[end + 1..].strip_prefix(']')?))
        }
        None => {
            let (number, rest) = text.split_once(']')?;
            Some((Step::Item(number.trim().parse().ok()?), rest))
        }
    }
}

impl Step {
    fn of<'a>(&self, parts: &Parts<'a>, place: Place<'a>) -> Option<Place<'a>> {
        let part = parts.of(place);
        match self {
            Self::Name(name) => part.member(name),
            Self::Item(number) => part.item(*number),
            Self::Either(name) => part.member(name).or_else(|| part.item(name.parse().ok()?)),
        }
    }
}

impl Wanted {
    fn is<'a>(&self, parts: &Parts<'a>, place: Place<'a>) -> bool {
        match self {
            Self::Scalar(wanted, text) => match place.text() {
                Some(got) => got == *text,
                None => serde_json::from_str::<Value>(place.0).is_ok_and(|got| got == *wanted),
            },
            Self::Number(wanted, text) => match place.text() {
                Some(got) => got == *text || got == *wanted,
                None => number::are_equal(wanted, place.0),
            },
            Self::Pattern(pattern) => pattern.is_match(&place.text().unwrap_or_else(|| place.compact())),
            Self::List(wanted) => parts.of(place).items.as_ref().is_some_and(|got| {
                wanted.len() == got.len() && wanted.iter().zip(got).all(|(wanted, got)| wanted.is(parts, *got))
            }),
            Self::Members(wanted) => {
                let part = parts.of(place);
                let has = |(name, wanted): &(String, Self)| part.member(name).is_some_and(|got| wanted.is(parts, got));
                part.names.is_some() && wanted.iter().all(has)
            }
        }
    }

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        if let Some(items) = field.items() {
            return items.map(|item| Self::read(&item)).collect::<Result<_, _>>().map(Self::List);
        }
        if let Some(pairs) = field.pairs() {
            let one =
                |(name, value): (Field<'_>, Field<'_>)| Ok((name.text(&ExpectedJson::SHAPE)?, Self::read(&value)?));
            return pairs.map(one).collect::<Result<_, _>>().map(Self::Members);
        }
        let text = field.text(&ExpectedJson::SHAPE)?;
        let pattern =
            text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|pattern| !pattern.is_empty());
        match pattern.map(Regex::new) {
            Some(Ok(pattern)) => Ok(Self::Pattern(pattern)),
            Some(Err(error)) => Err(field.wrong(&ExpectedJson::SHAPE).help(error.to_string())),
            None => Ok(match field.as_json() {
                // Of what JSON calls a number, YAML takes some for texts: very large ones, `1e5`.
                Value::String(_) if field.is_plain() && number::is_decimal(&text) => Self::Number(text.clone(), text),
                Value::Number(_) if number::is_decimal(&text) => Self::Number(text.clone(), text),
                Value::Number(number) => Self::Number(number.to_string(), text),
                // JSON has no number for `.inf`.
                Value::Null if !field.is_null() => Self::Scalar(text.clone().into(), text),
                other => Self::Scalar(other, text),
            }),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(text, _) => f.write_str(&cut(escaped(text), SHOWN)),
            Self::Scalar(value, _) => f.write_str(&cut(escaped(&value.to_string()), SHOWN)),
            Self::Pattern(pattern) => write!(f, "/{}/", escaped(pattern.as_str())),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(","))
            }
            Self::Members(members) => {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{}\":{value}", escaped(name))).collect();
                write!(f, "{{{}}}", members.join(","))
            }
        }
    }
}

impl fmt::Display for ExpectedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter().map(|(path, wanted)| format!("{}={wanted}", escaped(&path.text)));
        f.write_str(&all.collect::<Vec<_>>().join(" "))
    }
}

impl Setting for ExpectedJson {
    const SHAPE: Shape = Shape::plain(
        "a mapping of places in JSON (a.b[0], $.a, /a/0) to values",
        "mapping",
        || json!({"type": "object", "minProperties": 1}),
    )
    .like("{status: ok}");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let pairs = field.pairs().ok_or_else(|| field.wrong(&Self::SHAPE))?;
        let one = |(path, value): (Field<'_>, Field<'_>)| {
            let help = "write names with dots between them, [NUMBER] for items of lists and [\"...\"] for other names; or a JSON Pointer";
            let path = path.parse(&Self::SHAPE, Path::parse).map_err(|misfit| misfit.help(help))?;
            Ok((path, Wanted::read(&value)?))
        };
        let all = pairs.map(one).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() { Err(field.wrong(&Self::SHAPE)) } else { Ok(Self(all)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, body: &Value) -> Option<String> {
        let (path, body) = (Path::parse(path)?, body.to_string());
        let parts = Parts::default();
        let place = path.steps.iter().try_fold(Place(&body), |place, step| step.of(&parts, place));
        Some(place.map_or("nothing".to_owned(), Place::compact))
    }

    #[test]
    fn places_are_written_as_people_do() {
        let body = json!({"a": {"b": [1, {"c d": 2}], "0": 3}, "x.y": 4, "": 5, "e/f~g": 6});
        for (path, wanted) in [
            ("a.b[0]", "1"),
            ("$.a.b[1][\"c d\"]", "2"),
            ("$['a']['b'][0]", "1"),
            ("/a/b/1/c d", "2"),
            ("a.b.0", "1"),
            ("a.0", "3"),
            ("[\"x.y\"]", "4"),
            ("/", "5"),
            ("/e~1f~0g", "6"),
            ("a.b[2]", "nothing"),
            ("a.none", "nothing"),
            ("a[0]", "nothing"),
        ] {
            assert_eq!(at(path, &body).as_deref(), Some(wanted), "{path}");
        }
        assert_eq!(at("$", &body), Some(body.to_string()));
        for path in ["", "a..b", "a[", "a[x]", "a.*", "$a", ".a", "a[\"b]", "a[1]b"] {
            assert_eq!(at(path, &body), None, "{path}");
        }
    }
}
