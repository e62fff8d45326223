//! The last result, as the agent records it. Those who run checks write it, and they are not root:
//! what is in it is only ever shown.

use crate::host::Host;
use crate::places::Places;
use serde::Deserialize;
use std::path::Path;

/// The largest record that is read, in bytes: one of 10,000 checks has about 7 million.
const LIMIT: u64 = 32 * 1024 * 1024;

/// A result; its shape is `agent/schema/report.schema.json`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Record {
    /// When the run began, as RFC 3339 says.
    #[serde(default)]
    started: String,
    /// `pass`, `warn`, `fail`, `unknown`.
    #[serde(default)]
    verdict: String,
    /// How many results of each verdict.
    #[serde(default)]
    counts: Counts,
    /// The checks that were run.
    #[serde(default)]
    checks: Vec<Check>,
    /// What is wrong with the file, where nothing was run.
    #[serde(default)]
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How many results of each verdict.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
struct Counts {
    pass: u64,
    warn: u64,
    fail: u64,
    skip: u64,
}

/// A check that was run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
struct Check {
    r#type: String,
    target: String,
    verdict: String,
    failure: Option<Code>,
    #[serde(default)]
    warnings: Vec<Code>,
}

/// A failure or a warning.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
struct Code {
    code: String,
    #[serde(default)]
    message: String,
}

/// What is wrong with a file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: String,
    /// `error` or `warning`.
    #[serde(default)]
    pub severity: String,
    /// Where.
    pub line: Option<u64>,
    /// Where in the line.
    pub column: Option<u64>,
    /// A sentence.
    pub message: String,
}

impl Record {
    /// The last result; none where nothing was run, or the record cannot be read as one.
    pub(crate) fn read(host: &dyn Host, path: &Path) -> Option<Self> {
        serde_json::from_slice(&host.read(path, LIMIT).ok()??).ok()
    }

    pub(crate) fn of_unit(host: &dyn Host, unit: Places<'_>) -> Option<Self> {
        Self::read(host, &unit.record())
    }

    /// Whether the file could not be used, so that nothing was run.
    #[must_use]
    pub(crate) fn is_refusal(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == "error")
    }

    /// How many checks were run.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.checks.len()
    }

    /// `2026-11-21 09:14Z`.
    #[must_use]
    pub(crate) fn when(&self) -> Option<String> {
        let (day, time) = self.started.split_once('T')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.".contains(&byte));
        let utc = time.strip_suffix('Z').filter(|time| digits(time) && digits(day) && day.len() == 10)?;
        Some(format!("{day} {}Z", utc.get(..5)?))
    }

    /// How it ended, for the status.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        if self.is_refusal() {
            return "the file could not be used".to_owned();
        }
        let of = |verdict: &str| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let first = |verdict: &str| {
            let check = self.checks.iter().find(|check| check.verdict == verdict);
            check.map(|check| format!(", first {}", check.short())).unwrap_or_default()
        };
        match (self.verdict.as_str(), of("fail"), of("warn")) {
            ("pass", ..) => "all passed".to_owned(),
            (_, 0, warned) if warned > 0 => {
                format!("{warned} {}{}", if warned == 1 { "warning" } else { "warnings" }, first("warn"))
            }
            ("unknown", 0, _) => "not finished".to_owned(),
            (_, failed, _) => format!("{failed} failed{}", first("fail")),
        }
    }

    /// How it ended, with how many checks that was.
    #[must_use]
    pub(crate) fn headline(&self) -> String {
        let count = self.checks.len();
        printable(&format!("{count} {}: {}", if count == 1 { "check" } else { "checks" }, self.summary()))
    }

    /// How many results of each verdict.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let Counts { pass, warn, fail, skip } = self.counts;
        [("pass", pass), ("warn", warn), ("fail", fail), ("skip", skip)].into_iter()
    }

    /// The checks that failed, then those with warnings, with a sentence each.
    pub(crate) fn worst(&self) -> impl Iterator<Item = String> + '_ {
        let of = |verdict: &'static str| self.checks.iter().filter(move |check| check.verdict == verdict);
        of("fail").chain(of("warn")).map(|check| printable(&check.long()))
    }
}

impl Check {
    fn reason(&self) -> Option<&Code> {
        self.failure.as_ref().or_else(|| self.warnings.first())
    }

    fn short(&self) -> String {
        let code = self.reason().map(|reason| format!(" {}", reason.code)).unwrap_or_default();
        format!("{} {}{code}", self.r#type, self.target)
    }

    fn long(&self) -> String {
        let message = self.reason().map(|reason| format!(": {}", reason.message)).unwrap_or_default();
        format!("{}{message}", self.short())
    }
}

impl Diagnostic {
    /// `LABEL:LINE:COLUMN: MESSAGE`.
    #[must_use]
    pub(crate) fn at(&self, label: &str) -> String {
        let mut place = label.to_owned();
        for number in [self.line, self.column].into_iter().flatten() {
            place = format!("{place}:{number}");
        }
        format!("{place}: {}", self.message)
    }
}

/// Files and records may say anything; what Juju shows is one line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(verdict: &str, checks: &serde_json::Value) -> Record {
        serde_json::from_value(json!({
            "schema": "conn-check/1", "started": "2026-11-21T09:14:37.058092156Z", "verdict": verdict,
            "counts": {"pass": 0, "warn": 0, "fail": 0, "skip": 0}, "checks": checks,
        }))
        .expect("a record")
    }

    fn check(verdict: &str, code: &str) -> serde_json::Value {
        let reason = json!({"code": code, "message": "m"});
        let (failure, warnings) = if verdict == "fail" { (reason, json!([])) } else { (json!(null), json!([reason])) };
        json!({"type": "postgres", "target": "db:5432", "verdict": verdict, "failure": failure, "warnings": warnings})
    }

    #[test]
    fn a_run_is_summed_up_with_what_failed_first() {
        assert_eq!(record("pass", &json!([])).summary(), "all passed");
        let failed = json!([check("warn", "tls.expires-soon"), check("fail", "auth.rejected"), check("fail", "x.y")]);
        assert_eq!(record("fail", &failed).summary(), "2 failed, first postgres db:5432 auth.rejected");
        let warned = json!([check("warn", "tls.expires-soon")]);
        assert_eq!(record("warn", &warned).summary(), "1 warning, first postgres db:5432 tls.expires-soon");
        assert_eq!(record("unknown", &json!([])).summary(), "not finished");
        let refused = Diagnostic { severity: "error".to_owned(), ..Diagnostic::default() };
        let refused = Record { diagnostics: vec![refused], ..record("unknown", &json!([])) };
        assert_eq!(refused.summary(), "the file could not be used");
    }

    #[test]
    fn the_time_is_said_to_the_minute_or_not_at_all() {
        assert_eq!(record("pass", &json!([])).when().as_deref(), Some("2026-11-21 09:14Z"));
        for odd in ["", "T", "yesterdayT09:14:00Z", "2026-11-21T09:14:37+01:00", "2026-11-21TéééZ"] {
            assert_eq!(Record { started: odd.to_owned(), ..Record::default() }.when(), None, "{odd}");
        }
    }
}
