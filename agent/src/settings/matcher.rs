//! What a text must be, or have in it.

use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Misfit, Setting};
use regex_lite::Regex;

/// A text, or a regular expression between slashes.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    Text(String),
    Pattern(Regex),
}

impl Matcher {
    pub(crate) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => text.contains(wanted.as_str()),
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => text.trim() == wanted.trim(),
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }

    /// How long a text must be able to get for this to be found in it, in bytes.
    pub(crate) const fn length(&self) -> usize {
        match self {
            Self::Text(wanted) => wanted.len(),
            Self::Pattern(_) => 0,
        }
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(wanted) => write!(f, "\"{}\"", crate::text::escaped(wanted)),
            Self::Pattern(pattern) => write!(f, "/{}/", crate::text::escaped(pattern.as_str())),
        }
    }
}

impl Setting for Matcher {
    const SHAPE: Shape =
        Shape::plain("a text, or a regular expression between slashes", "text or /regex/", shape::scalar)
            .or(StandIn::Reference);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        let Some(pattern) =
            text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|pattern| !pattern.is_empty())
        else {
            return Ok(Self::Text(text));
        };
        Regex::new(pattern).map(Self::Pattern).map_err(|error| field.wrong(&Self::SHAPE).help(error.to_string()))
    }
}
