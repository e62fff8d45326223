//! Where the secrets of a generated file stand: in it, in the environment, or in files.

use crate::secret::Secret;
use crate::url::Hidden;
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
        let mut name = hidden.name().to_owned();
        for number in 2.. {
            let (text, checks) = self.taken.entry(name.clone()).or_insert_with(|| (hidden.expose(), Vec::new()));
            if *text == hidden.expose() {
                checks.push(check.to_owned());
                break;
            }
            name = format!("{}_{number}", hidden.name());
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

#[cfg(test)]
mod tests {
    use super::*;

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
