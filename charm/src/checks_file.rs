//! Which file of checks a unit uses: one from the relation is preferred.

use crate::paths::UnitPaths;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The data of a unit at the other end of a relation conn-check.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct RelationData {
    /// The id of the relation, as in `conn-check:3`.
    pub(crate) relation: String,
    /// Its keys and values.
    pub(crate) data: BTreeMap<String, String>,
}

/// A file of checks that is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ChecksFile {
    /// What people call it.
    pub(crate) label: String,
    /// Its path, or why that cannot be used.
    pub(crate) path: Result<PathBuf, InvalidPath>,
    /// Its content, if the charm writes it.
    pub(crate) text: Option<String>,
}

/// Why a path cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum InvalidPath {
    /// It depends on the working directory.
    Relative,
    /// It has line ends or other control characters.
    ControlCharacters,
    /// It does not fit into a line of NRPE.
    TooLong,
}

impl fmt::Display for InvalidPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative => formatter.write_str("is not an absolute path"),
            Self::ControlCharacters => formatter.write_str("has control characters"),
            Self::TooLong => write!(formatter, "is longer than {MAX_PATH} bytes"),
        }
    }
}

impl ChecksFile {
    /// All configured files, the one to use first: those from the relations in the order of their
    /// numbers, then that of the option.
    #[must_use]
    pub(crate) fn candidates(unit: &str, relations: &[RelationData], option: &str) -> Vec<Self> {
        let mut candidates: Vec<_> = relations.iter().filter_map(|data| Self::from_relation(unit, data)).collect();
        if !option.trim().is_empty() {
            let path = UnitPaths(unit).etc().join(OPTION_FILE);
            candidates.push(Self { label: "option config".to_owned(), path: Ok(path), text: Some(option.to_owned()) });
        }
        candidates
    }

    /// From `config_path`, the deprecated `config`, or the older spelling `config-path`.
    fn from_relation(unit: &str, relation_data: &RelationData) -> Option<Self> {
        let value = |key: &str| relation_data.data.get(key).filter(|value| !value.trim().is_empty());
        if let Some(path) = value("config_path") {
            return Some(Self::at_path(&relation_data.relation, path));
        }
        if let Some(text) = value("config") {
            let path = UnitPaths(unit).etc().join(relation_file(&relation_data.relation));
            let label = format!("config of {}", relation_data.relation);
            return Some(Self { label, path: Ok(path), text: Some(text.clone()) });
        }
        value("config-path").map(|path| Self::at_path(&relation_data.relation, path))
    }

    fn at_path(relation: &str, path: &str) -> Self {
        let path = path.trim();
        match valid(path) {
            Ok(absolute) => Self { label: path.to_owned(), path: Ok(absolute), text: None },
            Err(why) => Self { label: format!("config_path{} of {relation}", shown(path)), path: Err(why), text: None },
        }
    }
}

/// The path, for a message; not what may be a text of checks in its place, which has passwords.
fn shown(path: &str) -> String {
    let is_path =
        path.len() <= MAX_SHOWN && !path.contains(|one: char| one.is_whitespace() || "{}[]@\"'".contains(one));
    if is_path { format!(" {path}") } else { String::new() }
}

/// In bytes: the message is one line.
const MAX_SHOWN: usize = 100;

fn valid(path: &str) -> Result<PathBuf, InvalidPath> {
    if path.chars().any(char::is_control) {
        Err(InvalidPath::ControlCharacters)
    } else if path.len() > MAX_PATH {
        Err(InvalidPath::TooLong)
    } else if Path::new(path).is_absolute() {
        Ok(PathBuf::from(path))
    } else {
        Err(InvalidPath::Relative)
    }
}

/// A line of NRPE's configuration has 2047 bytes at most, and the path may need quoting.
const MAX_PATH: usize = 1024;

const OPTION_FILE: &str = "option.yaml";

/// `conn-check:3` as `conn-check-3.yaml`.
fn relation_file(relation: &str) -> String {
    format!("{}.yaml", relation.replace(':', "-"))
}

/// Whether this is the name of a file that the charm writes into the directory of a unit.
#[must_use]
pub(crate) fn is_generated(name: &str) -> bool {
    let relation = name.strip_prefix("conn-check-").and_then(|rest| rest.strip_suffix(".yaml"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name == OPTION_FILE || relation.is_some_and(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation_data(number: u32, data: &[(&str, &str)]) -> RelationData {
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        RelationData { relation: format!("conn-check:{number}"), data }
    }

    fn labels(relations: &[RelationData], option: &str) -> Vec<String> {
        ChecksFile::candidates("conn-check-0", relations, option).into_iter().map(|file| file.label).collect()
    }

    #[test]
    fn config_path_goes_before_config_and_that_before_the_older_spelling() {
        let all = [("config-path", "/old"), ("config", "[]"), ("config_path", "/new")];
        assert_eq!(labels(&[relation_data(3, &all)], ""), ["/new"]);
        assert_eq!(labels(&[relation_data(3, &all[..2])], ""), ["config of conn-check:3"]);
        assert_eq!(labels(&[relation_data(3, &all[..1])], ""), ["/old"]);
        assert_eq!(labels(&[relation_data(3, &[("config_path", " ")])], ""), Vec::<String>::new());
    }

    #[test]
    fn every_relation_goes_before_the_option() {
        let relations = [relation_data(3, &[("config", "- a")]), relation_data(10, &[("config_path", "/b")])];
        assert_eq!(labels(&relations, "- c"), ["config of conn-check:3", "/b", "option config"]);
    }

    #[test]
    fn a_text_is_written_under_the_name_of_its_relation() {
        let candidates = ChecksFile::candidates("conn-check-0", &[relation_data(3, &[("config", "- a")])], "- b");
        let paths: Vec<_> = candidates.iter().filter_map(|file| file.path.clone().ok()).collect();
        assert_eq!(
            paths,
            ["/etc/conn-check/conn-check-0/conn-check-3.yaml", "/etc/conn-check/conn-check-0/option.yaml"]
                .map(PathBuf::from)
        );
        assert!(paths.iter().all(|path| is_generated(&path.file_name().expect("a name").to_string_lossy())));
        for foreign in ["app.yaml", "settings.json", "conn-check-.yaml", "conn-check-3x.yaml"] {
            assert!(!is_generated(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_used_is_wanted_and_says_why() {
        for (path, why) in [
            ("etc/x", InvalidPath::Relative),
            ("/a\n/b", InvalidPath::ControlCharacters),
            ("/a\u{1b}[2J", InvalidPath::ControlCharacters),
        ] {
            let candidates =
                ChecksFile::candidates("conn-check-0", &[relation_data(1, &[("config_path", path)])], "- a");
            assert_eq!(candidates[0].path, Err(why), "{path:?}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_used_is_shown_unless_it_may_be_a_text_with_passwords() {
        let label = |path: &str| labels(&[relation_data(1, &[("config_path", path)])], "")[0].clone();
        assert_eq!(label("etc/x.yaml"), "config_path etc/x.yaml of conn-check:1");
        let uri = "url:http://a:hunter2@b";
        for text in ["- {type: tcp, password: hunter2}", "{password:hunter2}", uri, &"x".repeat(101), "/a\nb"] {
            assert_eq!(label(text), "config_path of conn-check:1", "{text}");
        }
    }
}
