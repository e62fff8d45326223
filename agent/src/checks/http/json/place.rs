//! A value within JSON, as it stands there.

use super::SHOWN;
use crate::text::{cut, escaped};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A value, as it stands there: known to be JSON, and not taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a>(pub(super) &'a str);

impl<'a> Place<'a> {
    /// The members of an object, in their order. Of two with one name the last one counts, as for most readers
    /// (RFC 8259 section 4).
    pub(super) fn members(self) -> Option<Vec<(String, Self)>> {
        self.0.starts_with('{').then(|| serde_json::from_str::<Members<'a>>(self.0).ok()).flatten().map(|all| all.0)
    }

    /// The items of a list.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let items =
            self.0.starts_with('[').then(|| serde_json::from_str::<Vec<&'a RawValue>>(self.0).ok()).flatten()?;
        Some(items.into_iter().map(|item| Self(item.get())).collect())
    }

    /// What a string says.
    pub(super) fn text(self) -> Option<String> {
        self.0.starts_with('"').then(|| serde_json::from_str(self.0).ok()).flatten()
    }

    /// Without the white space between its parts.
    pub(super) fn compact(self) -> String {
        let (mut is_within, mut is_escaped) = (false, false);
        let keeps = |c: &char| {
            let keeps = is_within || !c.is_ascii_whitespace();
            is_within ^= *c == '"' && !is_escaped;
            is_escaped = is_within && *c == '\\' && !is_escaped;
            keeps
        };
        self.0.chars().filter(keeps).collect()
    }

    /// For people.
    pub(super) fn shown(self) -> String {
        cut(escaped(&self.compact()), SHOWN)
    }
}

/// The members of an object.
struct Members<'a>(Vec<(String, Place<'a>)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, Place(value.get())));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_but_for_that_of_strings() {
        assert_eq!(
            Place("{ \"a b\": [1,\n 2], \"\\\" c\" : \"\\\\\" }").compact(),
            "{\"a b\":[1,2],\"\\\" c\":\"\\\\\"}"
        );
    }

    #[test]
    fn the_last_of_two_members_and_the_depth_below_are_no_matter() {
        let deep = format!("{{\"a\": {}1{}, \"a\": 2}}", "[".repeat(10_000), "]".repeat(10_000));
        let members = Place(&deep).members().expect("an object");
        assert_eq!((members.len(), members[1].1.0), (2, "2"));
    }
}
