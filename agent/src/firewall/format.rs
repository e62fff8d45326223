//! What a format is.

use super::{FORMATS, Network, Passage, Ports, shell};
use std::fmt;

/// The longest group, in bytes.
const LONGEST: usize = 255;

/// One kind of firewall, and how rules are written down for it.
#[derive(Debug)]
pub struct Format {
    /// What `--type` calls it.
    pub name: &'static str,
    /// Other words for the same, the original's.
    pub aliases: &'static [&'static str],
    /// What is printed, in some words.
    pub about: &'static str,
    /// What `--group` means to it; `None`: nothing.
    pub group: Option<&'static str>,
    /// How the rules are written down.
    pub(super) write: Write,
}

/// How rules are written down.
#[derive(Debug)]
pub(super) enum Write {
    /// What a person must know before, in lines, and the command that lets the group out to a network
    /// and a port, or a range of them.
    Commands(&'static [&'static str], fn(&str, Network, &str, Ports) -> String),
    /// A whole file.
    File(fn(&[Passage], Option<&Group>) -> Result<String, BadGroup>),
}

impl Format {
    /// The format of that name or alias, in upper or lower case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.to_ascii_lowercase();
        FORMATS.into_iter().find(|format| format.name == name || format.aliases.contains(&name.as_str()))
    }

    /// The rules in this format.
    ///
    /// # Errors
    /// A group that the firewall could not have; without a group there is none.
    pub fn write(&self, passages: &[Passage], group: Option<&Group>) -> Result<String, BadGroup> {
        match self.write {
            Write::Commands(about, command) => Ok(shell::commands(about, passages, group, command)),
            Write::File(write) => write(passages, group),
        }
    }
}

/// The security group, or whatever else rules belong to: any text on one line that no program takes
/// for an option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group(pub(super) String);

impl Group {
    /// Checks the text.
    ///
    /// # Errors
    /// Empty, longer than 255 bytes, with control characters, or like an option.
    pub fn parse(text: &str) -> Result<Self, BadGroup> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(BadGroup(format!("a group has 1 to {LONGEST} bytes")));
        }
        if text.chars().any(char::is_control) {
            return Err(BadGroup("a group has no line breaks and no other control characters".to_owned()));
        }
        if text.starts_with('-') {
            return Err(BadGroup("a group that begins with `-` would be taken for an option".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Why a text is not a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadGroup(pub(super) String);

impl fmt::Display for BadGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadGroup {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_word_means_one_format() {
        let mut seen = HashSet::new();
        for format in FORMATS {
            for word in std::iter::once(&format.name).chain(format.aliases) {
                assert!(seen.insert(*word), "{word} means two formats");
                assert_eq!(Format::named(&word.to_uppercase()).map(|found| found.name), Some(format.name));
            }
        }
        assert!(Format::named("ipchains").is_none());
    }

    #[test]
    fn a_group_is_one_line_and_not_an_option() {
        for text in ["", "a\nb", "a\u{7}", "--protocol", &"x".repeat(256)] {
            assert!(Group::parse(text).is_err(), "{text:?} must be refused");
        }
        assert!(Group::parse("sg-1; $(reboot)").is_ok());
    }
}
