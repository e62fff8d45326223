//! A dictionary of the settings. What stands in it may be anything that Python has: whatever is
//! not as it should be becomes a comment that names its place, and never its value.

use crate::generate::{Comment, GeneratedCheck, Item};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The bridge's word for a value that JSON has none for.
const UNUSABLE: &str = "$unusable";

static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// A dictionary, and where it stands: `DATABASES['default']`.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    pub(super) origin: String,
    values: &'a Map<String, Value>,
}

impl<'a> Group<'a> {
    /// The settings themselves.
    pub(super) fn settings(value: &'a Value) -> Self {
        Self { origin: String::new(), values: value.as_object().unwrap_or(&NOTHING) }
    }

    /// A dictionary that stands at this place.
    pub(super) fn of(origin: impl Into<String>, value: &'a Value) -> Result<Self, Comment> {
        let origin = origin.into();
        match value {
            Value::Object(values) if !values.contains_key(UNUSABLE) => Ok(Self { origin, values }),
            Value::Null => Ok(Self { origin, values: &NOTHING }),
            other => Err(Comment::gap(origin, format!("{}, expected a dictionary", what(other)))),
        }
    }

    /// Where the value of this key stands.
    pub(super) fn place(&self, key: &str) -> String {
        if self.origin.is_empty() { key.to_owned() } else { format!("{}['{key}']", self.origin) }
    }

    /// All that is there, in its order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.values.iter()
    }

    /// A value as it is; `None` counts as none.
    pub(super) fn raw(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there and says None.
    pub(super) fn says_none(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(Value::is_null)
    }

    /// A text, or a number as text. An empty one counts as none, as it does for Django.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Comment> {
        let Some(value) = self.raw(key) else { return Ok(None) };
        text(value).map_err(|not| self.not_text(key, &not))
    }

    /// A text, or that of the first of these keys in another dictionary.
    pub(super) fn text_or(&self, key: &str, other: &Self, keys: &[&str]) -> Result<Option<String>, Comment> {
        self.text(key)?.map_or_else(|| other.first(keys), |text| Ok(Some(text)))
    }

    /// The first of these keys that has a text.
    pub(super) fn first(&self, keys: &[&str]) -> Result<Option<String>, Comment> {
        keys.iter().map(|key| self.text(key)).find(|found| !matches!(found, Ok(None))).unwrap_or(Ok(None))
    }

    /// A port, as number or as text.
    pub(super) fn port(&self, key: &str) -> Result<Option<u16>, Comment> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        port(&text).map(Some).ok_or_else(|| self.gap(key, "this is not a port number (1 to 65535)"))
    }

    /// Whether it is true to Python, for which the text 'False' is.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.raw(key).is_some_and(is_true)
    }

    /// A dictionary in this one; an empty one where there is none.
    pub(super) fn group(&self, key: &str) -> Result<Group<'a>, Comment> {
        Group::of(self.place(key), self.raw(key).unwrap_or(&Value::Null))
    }

    /// What the dictionaries in a dictionary of them become, as `DATABASES` and `CACHES` are.
    pub(super) fn each(
        &self,
        key: &str,
        map: impl Fn(&Self) -> Result<Vec<Item>, Comment>,
    ) -> Result<Vec<Item>, Comment> {
        let group = self.group(key)?;
        let members = group.pairs().map(|(name, value)| Group::of(group.place(name), value));
        Ok(members.flat_map(|member| or_comment(member.and_then(|member| map(&member)))).collect())
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Comment> {
        match self.raw(key) {
            Some(Value::Array(values)) => {
                let texts: Result<Vec<_>, _> = values.iter().map(text).collect();
                Ok(texts.map_err(|not| self.not_text(key, &not))?.into_iter().flatten().collect())
            }
            _ => Ok(self.text(key)?.into_iter().collect()),
        }
    }

    fn not_text(&self, key: &str, NotText(value): &NotText<'_>) -> Comment {
        self.gap(key, format!("{}, expected a text", what(value)))
    }

    /// Something should be checked, and is not.
    pub(super) fn gap(&self, key: &str, why: impl Into<String>) -> Comment {
        Comment::gap(self.place(key), why)
    }

    /// As [`Group::gap`], about all of it.
    pub(super) fn own_gap(&self, why: impl Into<String>) -> Comment {
        Comment::gap(self.origin.clone(), why)
    }

    /// There is nothing to connect to.
    pub(super) fn own_note(&self, why: impl Into<String>) -> Comment {
        Comment::note(self.origin.clone(), why)
    }
}

/// What could not be mapped is a comment in the file.
pub(super) fn or_comment(items: Result<Vec<Item>, Comment>) -> Vec<Item> {
    items.unwrap_or_else(|comment| vec![comment.into()])
}

/// The checks among the items made into others.
pub(super) fn map_checks<I: IntoIterator<Item: Into<Item>>>(
    items: Vec<Item>,
    map: impl Fn(GeneratedCheck) -> Result<I, Comment>,
) -> Result<Vec<Item>, Comment> {
    let mut mapped = Vec::new();
    for item in items {
        match item {
            Item::Check(check) => mapped.extend(map(check)?.into_iter().map(Into::into)),
            comment @ Item::Comment(_) => mapped.push(comment),
        }
    }
    Ok(mapped)
}

/// A port number.
pub(super) fn port(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|port| *port > 0)
}

/// `host:port`, `[address]:port` or a host alone.
pub(super) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None if text.matches(':').count() > 1 => (text, ""),
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let number = match rest.strip_prefix(':') {
        Some(number) => Some(port(number)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!host.is_empty()).then(|| (host.to_owned(), number))
}

/// A value that stands for no text.
struct NotText<'a>(&'a Value);

/// The text of a value.
fn text(value: &Value) -> Result<Option<String>, NotText<'_>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        // A port that went through a calculation.
        Value::Number(number) => Ok(Some(number.to_string().trim_end_matches(".0").to_owned())),
        other => Err(NotText(other)),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
    }
}

/// What a value is, without the value.
fn what(value: &Value) -> String {
    match value {
        Value::Null => "this is None".to_owned(),
        Value::Bool(_) => "this is True or False".to_owned(),
        Value::Number(_) => "this is a number".to_owned(),
        Value::String(_) => "this is a text".to_owned(),
        Value::Array(_) => "this is a list".to_owned(),
        Value::Object(values) => match values.get(UNUSABLE).and_then(Value::as_str) {
            Some(what) => format!("this is {what}"),
            None => "this is a dictionary".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_bring_its_port() {
        for (text, found) in [
            ("h:1", Some(("h", Some(1)))),
            ("h", Some(("h", None))),
            ("::1", Some(("::1", None))),
            ("[::1]:9", Some(("::1", Some(9)))),
            ("[::1]", Some(("::1", None))),
            ("h:", None),
            (":1", None),
            ("h:0", None),
            ("[::1]x", None),
            ("[::1", None),
        ] {
            assert_eq!(host_and_port(text), found.map(|(host, port)| (host.to_owned(), port)), "{text}");
        }
    }
}
