//! What a cause is called, and what is said of it.

use super::table::{By, Row};
use crate::fault::Failure;

/// What the failures of one cause have in common.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Subject {
    kind: &'static str,
    name: String,
    /// The code, where another one is another cause.
    code: &'static str,
}

impl Subject {
    pub(super) fn of(row: &Row, values: &[&str], code: &'static str) -> Self {
        let kind = match row.by.first() {
            Some(By::Part(part)) => part.slug(),
            Some(By::Account) => "account",
            Some(By::Option(option)) => option,
            Some(By::Target) => "target",
            Some(By::Run) => "run",
            Some(By::Check) | None => "check",
        };
        let between = if matches!(row.by.first(), Some(By::Account | By::Option(_))) { "@" } else { " " };
        let told: Vec<_> = values.iter().copied().filter(|value| !value.is_empty()).collect();
        Self { kind, name: told.join(between), code }
    }

    /// That of a check which shares its cause with no other.
    pub(super) fn alone(series: &str) -> Self {
        Self { kind: "check", name: series.to_owned(), code: "" }
    }

    /// `resolver:10.0.0.53`.
    pub(super) fn id(&self) -> String {
        if self.name.is_empty() { self.kind.to_owned() } else { format!("{}:{}", self.kind, self.name) }
    }

    /// One sentence about it: what the failures say if they say the same of it, else what the row says.
    pub(super) fn what(&self, row: Option<&Row>, failures: &[&Failure]) -> String {
        let first = failures[0];
        let message = &first.message;
        let (Some(row), 2..) = (row, failures.len()) else { return message.clone() };
        let is_one = failures.iter().all(|failure| failure.message == *message);
        let told = match row.says {
            _ if is_one && !self.name.is_empty() && message.contains(self.shown()) => message.clone(),
            "" if is_one => format!("{}: {message}", self.shown()),
            "" => format!("{}: {}", self.shown(), first.code.what),
            says => self.fill(says),
        };
        format!("{told}: {} checks {}", failures.len(), row.cannot)
    }

    /// Its name, without what tells it from others of that name.
    fn shown(&self) -> &str {
        self.name.split_once(" (").map_or(self.name.as_str(), |(name, _)| name)
    }

    /// The sentence of a row, about one or several.
    fn fill(&self, says: &str) -> String {
        match says.strip_prefix("{} does not answer") {
            Some(rest) if self.name.contains(", ") => format!("none of {} answers{rest}", self.name),
            _ => says.replace("{}", self.shown()),
        }
    }
}
