//! Variables, and how they are found.

use super::dotenv;
use crate::secret::Secret;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A variable and what is known of its value.
#[derive(Clone, Debug)]
pub struct Variable {
    pub(crate) name: String,
    pub(crate) value: Content,
}

/// What a variable holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(Secret<String>),
    /// A reference to what is not known here, or a line that could not be read.
    Unknown,
    NotUtf8,
}

/// The variables in the order in which they stand, each name once.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    pub(super) all: Vec<Variable>,
    places: HashMap<String, usize>,
    /// The same by their names in capitals, without what separates words.
    squashed: BTreeMap<String, usize>,
    /// Those in whose values a default stands for another variable that is not there.
    pub(super) assumed: HashSet<String>,
    /// Lines that are no assignments.
    pub(super) bad: Vec<dotenv::BadLine>,
}

/// What was found under a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lookup<'a> {
    None,
    /// The name as it stands, and the text.
    Known(&'a str, &'a str),
    /// There is one, and its value is not known.
    Unknown(&'a str),
}

impl<'a> Lookup<'a> {
    pub(super) fn known(self) -> Option<&'a str> {
        match self {
            Self::Known(_, text) => Some(text),
            Self::None | Self::Unknown(_) => None,
        }
    }

    pub(super) fn name(self) -> Option<&'a str> {
        match self {
            Self::Known(name, _) | Self::Unknown(name) => Some(name),
            Self::None => None,
        }
    }

    pub(super) fn is_there(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl Variables {
    /// Adds one; the last value of a name counts.
    pub(crate) fn set(&mut self, name: String, value: Content) {
        match self.places.get(&name) {
            Some(place) => self.all[*place].value = value,
            None => {
                self.places.insert(name.clone(), self.all.len());
                self.squashed.entry(squashed(&name)).or_insert(self.all.len());
                self.all.push(Variable { name, value });
            }
        }
    }

    /// The line that is no assignment, and why, if there is one; where that is to be an error.
    #[must_use]
    pub fn bad_line(&self) -> Option<String> {
        self.bad.first().map(|bad| format!("{}: {}", bad.line, bad.why))
    }

    /// The names and texts of all that are known.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().filter_map(|variable| Some((variable.name.as_str(), variable.text()?)))
    }

    /// Whether more of its lines are assignments than not.
    pub(super) fn are_mostly_read(&self) -> bool {
        self.all.len() > self.bad.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.places.get(name).map(|place| &self.all[*place])
    }

    /// [`Variable::text`] of the variable of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// [`Variable::word`] of the variable of this name.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.get(name)?.word()
    }

    /// The variable of this name, whatever separates its words.
    pub(super) fn squashed(&self, name: &str) -> Lookup<'_> {
        self.squashed.get(name).map_or(Lookup::None, |place| self.all[*place].lookup())
    }

    /// The variables whose names begin so, with what follows in them.
    pub(super) fn below<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a str, Lookup<'a>)> {
        let (prefix, length) = (prefix.to_owned(), prefix.len());
        let begin = self.squashed.range(prefix.clone()..);
        begin.take_while(move |(name, _)| name.starts_with(&prefix)).map(move |(_, place)| {
            let variable = &self.all[*place];
            let mut letters = variable.name.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric());
            let rest = letters.nth(length).map_or("", |(at, _)| &variable.name[at..]);
            (rest, variable.lookup())
        })
    }
}

fn squashed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

impl Variable {
    /// The text as it stands, if there is one that is not empty: blanks around a password belong to it.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Content::Text(text) => Some(text.expose().as_str()).filter(|text| !is_nothing(text)),
            Content::Unknown | Content::NotUtf8 => None,
        }
    }

    /// The text without blanks around it: a host, a port, a word.
    pub(super) fn word(&self) -> Option<&str> {
        self.text().map(str::trim).filter(|text| !is_nothing(text))
    }

    pub(super) fn lookup(&self) -> Lookup<'_> {
        match (&self.value, self.text()) {
            (_, Some(text)) => Lookup::Known(&self.name, text),
            (Content::Text(_), None) => Lookup::None,
            (Content::Unknown | Content::NotUtf8, None) => Lookup::Unknown(&self.name),
        }
    }
}

/// Whether a value stands for none. Laravel's own `.env` has `null` for what is not set, and its
/// reader takes it for that.
fn is_nothing(text: &str) -> bool {
    text.is_empty() || ["null", "(null)", "(empty)"].iter().any(|word| text.eq_ignore_ascii_case(word))
}
