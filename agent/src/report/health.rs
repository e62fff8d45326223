//! `health`: `NAME ... working` or `NAME ... unavailable: REASON`, a line for each check, as the command of
//! django-health-check prints them; conn-check-serve says the same words in its other forms. The exit status is 0 or 1.

use crate::outcome::{Verdict, Warning};
use crate::report::view::{CheckView, View};
use crate::report::{Format, Reporter, Warnings};
use std::fmt;
use std::io::{self, Write};

/// The format's row.
pub const FORMAT: Format = Format {
    name: "health",
    about: "working or unavailable, and exit status 0 or 1, for who knows Django's health_check",
    reporter: |_| Box::new(Lines),
};

/// So many columns a name has, if it needs no more.
const NAME: usize = 24;

struct Lines;

impl Reporter for Lines {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = view.names();
        lines.try_for_each(|(name, check)| writeln!(out, "{name:<NAME$} ... {}", Health::of(check, view.warnings)))
    }
}

/// Warnings of this node itself: the only ones that a health check has of old, and errors unless somebody says otherwise.
const OF_THIS_NODE: [&str; 2] = ["local.disk", "local.memory"];

/// Whether it is about what this node itself has left.
#[must_use]
pub(crate) fn is_of_this_node(code: &str) -> bool {
    OF_THIS_NODE.contains(&code)
}

/// Whether a warning of this code counts as an error.
const fn counts(is_of_this_node: bool, warnings: Warnings) -> bool {
    match warnings {
        Warnings::AreErrors => true,
        Warnings::AreFine => false,
        Warnings::Count => is_of_this_node,
    }
}

/// What is said of a check in a word and a reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Health {
    /// It passed. It may have warnings that are nobody's business here: that a certificate ends in two weeks.
    Working,
    /// It passed, with a warning of what this node has left, or one that counts as an error.
    Warned {
        /// The warnings, in one line.
        reason: String,
        /// Whether it counts as an error.
        counts: bool,
    },
    /// It failed, or is not decided.
    Unavailable(String),
}

impl Health {
    /// That of a check.
    #[must_use]
    pub fn of(check: &CheckView<'_>, warnings: Warnings) -> Self {
        if let Some(failure) = check.failure() {
            return Self::Unavailable(failure.line());
        }
        if check.verdict() == Verdict::Skip {
            return Self::Unavailable(check.why_skipped().unwrap_or_else(|| "not tried".to_owned()));
        }
        let is_told = |warning: &&Warning| {
            let is_ours = is_of_this_node(warning.kind.code());
            is_ours || counts(is_ours, warnings)
        };
        let told: Vec<_> = check.warnings().filter(is_told).collect();
        if told.is_empty() {
            return Self::Working;
        }
        let counts = told.iter().any(|warning| counts(is_of_this_node(warning.kind.code()), warnings));
        Self::Warned { reason: told.iter().map(|warning| warning.line()).collect::<Vec<_>>().join("; "), counts }
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        match self {
            Self::Working => true,
            Self::Warned { counts, .. } => !*counts,
            Self::Unavailable(_) => false,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Working => f.write_str("working"),
            Self::Warned { reason, .. } => write!(f, "warning: {reason}"),
            Self::Unavailable(reason) => write!(f, "unavailable: {reason}"),
        }
    }
}

/// Whether a check keeps all from being well: it fails or is undecided, and is critical.
pub(crate) fn fails(check: &CheckView<'_>, view: &View<'_>) -> bool {
    check.entry.critical && !Health::of(check, view.warnings).is_good()
}

/// Whether all is well: no check fails or is undecided, but for those that are not critical.
#[must_use]
pub fn is_well(view: &View<'_>) -> bool {
    !view.checks.iter().any(|check| fails(check, view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_node_has_left_is_an_error_unless_somebody_says_otherwise() {
        for (code, warnings, expected) in [
            ("local.disk", Warnings::Count, true),
            ("local.memory", Warnings::Count, true),
            ("tls.expires-soon", Warnings::Count, false),
            ("run.slow", Warnings::AreErrors, true),
            ("local.disk", Warnings::AreErrors, true),
            ("local.disk", Warnings::AreFine, false),
            ("run.slow", Warnings::AreFine, false),
        ] {
            assert_eq!(counts(is_of_this_node(code), warnings), expected, "{code} {warnings:?}");
        }
    }
}
