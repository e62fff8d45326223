//! A secret in what a URL or a setting says.

use crate::secret::Secret;

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

    /// The name of the variable or file that it may stand in.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
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
}
