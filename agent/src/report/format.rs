//! What a format is.

use super::{FORMATS, Reporter, Style};

/// What a report can look like (`--format`).
#[derive(Debug)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// Who reads it, in some words.
    pub about: &'static str,
    /// Who writes one report in this format.
    pub reporter: fn(Style) -> Box<dyn Reporter>,
}

impl Format {
    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.into_iter().find(|format| format.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_format() {
        for (index, format) in FORMATS.into_iter().enumerate() {
            assert_eq!(Format::named(format.name).map(|found| found.about), Some(format.about));
            assert!(FORMATS[..index].iter().all(|other| other.name != format.name), "{} twice", format.name);
        }
        assert!(Format::named("xml").is_none());
    }
}
