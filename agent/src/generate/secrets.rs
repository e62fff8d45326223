//! Where the secrets of a generated file stand: in it, in the environment, or in files.

use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where secrets stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Secrets {
    /// In the file itself.
    Inline,
    /// In variables of the environment that conn-check will run in: `{env: NAME}`.
    Env,
    /// In files of this directory, each named as the variable would be: `{file: DIRECTORY/NAME}`.
    File(PathBuf),
}

/// A secret that has not been written down yet.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    text: Secret<String>,
    name: String,
}

impl Hidden {
    /// A secret; what it is called becomes the name of its variable or file.
    pub(crate) fn new(text: impl Into<String>, name: &str) -> Self {
        Self { text: Secret::new(text.into()), name: variable_name(name) }
    }

    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
    }
}

/// What has to be provided before the file can be used.
#[derive(Clone, Debug)]
pub struct Needed {
    /// The variable's name, or the file's path.
    pub name: String,
    /// The checks it is for.
    pub checks: Vec<String>,
    /// What it is to hold.
    pub(crate) secret: Secret<String>,
}

impl Needed {
    /// Puts the secret into the file of its name, for its owner alone, unless there is one; whether it was made.
    ///
    /// # Errors
    /// Those of [`create`](crate::file::create).
    pub fn create(&self) -> std::io::Result<bool> {
        crate::file::create(Path::new(&self.name), self.secret.expose().as_bytes())
    }
}

/// Finds a name for each secret: the same for the same value, different for different ones.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    taken: BTreeMap<String, (&'a str, Vec<String>)>,
}

impl<'a> Names<'a> {
    /// The name under which the secret is to be provided.
    pub(crate) fn name(&mut self, hidden: &'a Hidden, check: &str) -> String {
        let mut name = hidden.name.clone();
        for number in 2.. {
            let (text, checks) = self.taken.entry(name.clone()).or_insert_with(|| (hidden.expose(), Vec::new()));
            if *text == hidden.expose() {
                checks.push(check.to_owned());
                break;
            }
            name = format!("{}_{number}", hidden.name);
        }
        name
    }

    /// All that are taken, in the order of their names.
    pub(crate) fn needed(self, secrets: &Secrets) -> Vec<Needed> {
        let shown = |name: String| match secrets {
            Secrets::File(directory) => directory.join(name).display().to_string(),
            Secrets::Inline | Secrets::Env => name,
        };
        let all = self.taken.into_iter();
        all.map(|(name, (text, checks))| Needed { name: shown(name), checks, secret: Secret::new(text.to_owned()) })
            .collect()
    }
}

/// A text as the name of a variable: `DATABASES['default'] password` is
/// `DATABASES_DEFAULT_PASSWORD`. At most 64 letters: it is a file's name, too.
fn variable_name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars().take(64) {
        match character.to_ascii_uppercase() {
            letter @ ('A'..='Z' | '0'..='9') => name.push(letter),
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name.to_owned() } else { format!("SECRET_{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_legal_for_a_variable_and_for_a_file() {
        for (text, name) in [
            ("DATABASES['default'] password", "DATABASES_DEFAULT_PASSWORD"),
            ("../../etc/passwd", "ETC_PASSWD"),
            ("2nd-url", "SECRET_2ND_URL"),
            ("$(reboot)\n", "REBOOT"),
            ("", "SECRET_"),
        ] {
            assert_eq!(variable_name(text), name);
        }
    }

    #[test]
    fn different_secrets_have_different_names_and_the_same_secret_has_one() {
        let secrets = ["one", "two", "one"].map(|text| Hidden::new(text, "a b"));
        let mut names = Names::default();
        let taken: Vec<_> = secrets.iter().map(|hidden| names.name(hidden, "check")).collect();
        assert_eq!(taken, ["A_B", "A_B_2", "A_B"]);
        let needed = names.needed(&Secrets::File("/run/secrets".into()));
        assert_eq!(needed[1].name, "/run/secrets/A_B_2");
    }
}
