//! What can stand in a file: a check, or a comment about what became none.

use crate::text::escaped;
use crate::url::GeneratedCheck;

/// Why something became no check, or not the check one would expect.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Comment {
    /// The variable or setting that it is about.
    pub origin: String,
    /// Why, and what to do; no value that may be a secret.
    pub why: String,
    /// Whether somebody has to look at it: something should be checked, and is not.
    pub gap: bool,
}

impl Comment {
    /// All is as it should be: there is nothing to connect to.
    pub fn note(origin: impl Into<String>, why: impl Into<String>) -> Self {
        Self { origin: origin.into(), why: why.into(), gap: false }
    }

    /// Something should be checked, and is not.
    pub fn gap(origin: impl Into<String>, why: impl Into<String>) -> Self {
        Self { origin: origin.into(), why: why.into(), gap: true }
    }

    /// A user who cannot log in, as nobody says the password.
    pub(crate) fn lone_user(origin: impl Into<String>) -> Self {
        Self::gap(origin, "a user without a password: the check below does without the login")
    }

    /// One line that hides nothing, whatever stands in it; at most 400 characters and `...`.
    #[must_use]
    pub fn line(&self) -> String {
        one_line(&format!("{}: {}", self.origin, self.why))
    }
}

/// What stands in the file.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A check.
    Check(GeneratedCheck),
    /// A comment.
    Comment(Comment),
}

impl From<GeneratedCheck> for Item {
    fn from(check: GeneratedCheck) -> Self {
        Self::Check(check)
    }
}

impl From<Comment> for Item {
    fn from(comment: Comment) -> Self {
        Self::Comment(comment)
    }
}

/// A text as one line of a comment.
pub(crate) fn one_line(text: &str) -> String {
    /// The longest one, in characters.
    const LONGEST: usize = 400;
    let mut line = escaped(text);
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}
