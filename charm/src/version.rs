//! The agent's versions, and which is newer.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A version: also the name of a directory, so it is never a path.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Version(String);

impl Version {
    /// A version begins with a digit and has at most 60 letters, digits, dots, dashes, pluses.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
        let valid =
            text.len() <= 60 && text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(plain);
        valid.then(|| Self(text.to_owned()))
    }

    /// Its text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Numbers are compared one by one; a pre-release is older than the release, a build is newer.
    fn parts(&self) -> (Vec<u64>, bool, Vec<Part<'_>>, &str) {
        let (version, build) = self.0.split_once('+').unwrap_or((&self.0, ""));
        let (numbers, pre) = version.split_once('-').unwrap_or((version, ""));
        let numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0)).collect();
        (numbers, pre.is_empty(), pre.split('.').map(Part::parse).collect(), build)
    }
}

/// A part of a pre-release's name.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum Part<'a> {
    Number(u64),
    Word(&'a str),
}

impl<'a> Part<'a> {
    fn parse(text: &'a str) -> Self {
        text.parse().map_or(Self::Word(text), Self::Number)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0
    }
}

/// The text is not a version.
#[derive(Debug)]
pub(crate) struct NotAVersion;

impl fmt::Display for NotAVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a version")
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        Self::parse(&text).ok_or(NotAVersion)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_their_releases() {
        let ordered =
            ["1.3.1", "2.0.0-alpha", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0", "2.0.0+resource", "2.0.1", "2.0.10", "10"];
        let versions: Vec<_> = ordered.iter().filter_map(|text| Version::parse(text)).collect();
        let mut sorted = versions.clone();
        sorted.reverse();
        sorted.sort();
        assert_eq!(sorted, versions);
        assert_eq!(versions.len(), ordered.len());
    }

    #[test]
    fn a_version_is_never_a_path() {
        for text in ["", ".", "..", "../2", "2/0", ".2", "2.0 ", "2\n", "v2", &"2".repeat(61)] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }
}
