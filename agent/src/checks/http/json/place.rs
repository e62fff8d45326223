//! A value within JSON, as it stands there.

use super::SHOWN;
use crate::text::{cut, escaped};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// A body, of which every object and every list is taken apart once, however many places are looked for in it.
#[derive(Debug, Default)]
pub(super) struct Parts<'a>(RefCell<HashMap<*const u8, Rc<Part<'a>>>>);

/// What an object or a list is made of; a value of another kind has nothing of both.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    /// The names of members, in their order.
    pub(super) names: Option<Vec<Rc<str>>>,
    by_name: HashMap<Rc<str>, Place<'a>>,
    pub(super) items: Option<Vec<Place<'a>>>,
}

impl<'a> Parts<'a> {
    /// What stands at a place. Two values begin at two places.
    pub(super) fn of(&self, place: Place<'a>) -> Rc<Part<'a>> {
        let mut known = self.0.borrow_mut();
        Rc::clone(known.entry(place.0.as_ptr()).or_insert_with(|| Rc::new(Part::of(place))))
    }
}

impl<'a> Part<'a> {
    fn of(place: Place<'a>) -> Self {
        let Some(members) = place.members() else { return Self { items: place.items(), ..Self::default() } };
        let members: Vec<(Rc<str>, _)> = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let names = members.iter().map(|(name, _)| Rc::clone(name)).collect();
        Self { names: Some(names), by_name: members.into_iter().collect(), items: None }
    }

    pub(super) fn member(&self, name: &str) -> Option<Place<'a>> {
        self.by_name.get(name).copied()
    }

    pub(super) fn item(&self, number: usize) -> Option<Place<'a>> {
        self.items.as_ref()?.get(number).copied()
    }
}

/// A value, as it stands there: known to be JSON, and not taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a>(pub(super) &'a str);

impl<'a> Place<'a> {
    /// The members of an object, in their order. Of two with one name the last one counts, as for most readers
    /// (RFC 8259 section 4).
    fn members(self) -> Option<Vec<(String, Self)>> {
        self.0.starts_with('{').then(|| serde_json::from_str::<Members<'a>>(self.0).ok()).flatten().map(|all| all.0)
    }

    /// The items of a list.
    fn items(self) -> Option<Vec<Self>> {
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
                while let Some((name, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
                    // Half of a character (`\ud800`) is JSON, and no text (RFC 8259 section 8.2): it is left as it is written.
                    let written = || name.get().trim_matches('"').to_owned();
                    members.push((Place(name.get()).text().unwrap_or_else(written), Place(value.get())));
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
