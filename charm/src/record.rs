//! The last result, as the agent recorded it. The users that run checks can write it, and they are
//! not root: its content is only displayed, each text of it as [`Foreign`].

use crate::host::Host;
use crate::note;
use crate::paths::UnitPaths;
use crate::text::{Foreign, counted};
use serde::Deserialize;
use std::path::Path;

/// The largest record that is read, in bytes: a record of 10,000 checks has about 7 million.
const LIMIT: u64 = 32 * 1024 * 1024;

/// A result; `agent/schema/report.schema.json` defines its format.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct Record {
    /// When the run began, in the format of RFC 3339.
    #[serde(default)]
    started: String,
    #[serde(default)]
    verdict: Verdict,
    /// How many results of each verdict.
    #[serde(default)]
    counts: Counts,
    /// Why checks fail, those of several checks first.
    #[serde(default)]
    causes: Vec<Cause>,
    /// The checks that were run.
    #[serde(default)]
    checks: Vec<Check>,
    /// The problems of the file, if nothing was run.
    #[serde(default)]
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How a run or a check ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Pass,
    Warn,
    Fail,
    Skip,
    /// The run was not finished, or this version of the charm does not know the word.
    #[default]
    #[serde(other)]
    Unknown,
}

/// How many results of each verdict.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
struct Counts {
    pass: u64,
    warn: u64,
    fail: u64,
    skip: u64,
}

/// Why one or several checks fail.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
struct Cause {
    what: Foreign,
    code: Foreign,
    #[serde(default)]
    checks: Vec<Foreign>,
}

/// A check that was run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
struct Check {
    r#type: Foreign,
    target: Foreign,
    verdict: Verdict,
    failure: Option<Reason>,
    #[serde(default)]
    warnings: Vec<Reason>,
}

/// A failure or a warning.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
struct Reason {
    code: Foreign,
    #[serde(default)]
    message: Foreign,
}

/// A problem of the file of checks.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct Diagnostic {
    /// Its code.
    pub(crate) code: DiagnosticCode,
    /// Whether the file can be used nevertheless.
    #[serde(default)]
    pub(crate) severity: Severity,
    /// Its line.
    pub(crate) line: Option<u64>,
    /// Its column.
    pub(crate) column: Option<u64>,
    /// Its message.
    pub(crate) message: Foreign,
}

/// The codes of diagnostics that the charm distinguishes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DiagnosticCode {
    /// The tags exclude all checks.
    NothingSelected,
    /// There is no file.
    NotThere,
    /// The user may not read the file.
    Unreadable,
    /// Any other code.
    #[default]
    #[serde(other)]
    Other,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used.
    #[default]
    #[serde(other)]
    Warning,
}

impl Record {
    /// Reads a record; `None` if there is none, or it is not valid.
    pub(crate) fn read(host: &dyn Host, path: &Path) -> Option<Self> {
        note::read(host, path, LIMIT)
    }

    pub(crate) fn of_last_run(host: &dyn Host, unit: UnitPaths<'_>) -> Option<Self> {
        Self::read(host, &unit.record())
    }

    /// Whether the run as a whole has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// Whether the file could not be used, so that nothing was run.
    #[must_use]
    pub(crate) fn is_refusal(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }

    /// How many checks were run.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.checks.len()
    }

    /// When the run began, as in `2026-11-21 09:14Z`.
    #[must_use]
    pub(crate) fn started_at(&self) -> Option<String> {
        let (day, time) = self.started.split_once('T')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.".contains(&byte));
        let utc = time.strip_suffix('Z').filter(|time| digits(time) && digits(day) && day.len() == 10)?;
        Some(format!("{day} {}Z", utc.get(..5)?))
    }

    /// The result, for the status.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        if self.is_refusal() {
            return "the file could not be used".to_owned();
        }
        let of = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let first = |verdict| {
            let check = self.checks.iter().find(|check| check.verdict == verdict);
            check.map(|check| format!(", first {}", check.short())).unwrap_or_default()
        };
        match (self.verdict, of(Verdict::Fail), of(Verdict::Warn)) {
            (Verdict::Pass, ..) => "all passed".to_owned(),
            (_, 0, warned) if warned > 0 => {
                format!("{}{}", counted(warned, "warning"), first(Verdict::Warn))
            }
            (Verdict::Unknown, 0, _) => "not finished".to_owned(),
            (_, failed, _) => {
                let why = self.common_cause().unwrap_or_else(|| first(Verdict::Fail));
                format!("{failed} failed{why}")
            }
        }
    }

    /// The result as the first line of the agent's output has it: a check of several steps or servers counts as
    /// often as it has results.
    #[must_use]
    pub(crate) fn headline(&self) -> String {
        let Counts { pass, warn, fail, skip } = self.counts;
        let failed = format!("{fail} of {} failed", pass + warn + fail + skip);
        let warned = if warn > 0 { format!(", {warn} with warnings") } else { String::new() };
        let unfinished = if self.verdict == Verdict::Unknown { ", not finished" } else { "" };
        let worst = [Verdict::Fail, Verdict::Warn];
        let worst = worst.iter().find_map(|verdict| self.checks.iter().find(|check| check.verdict == *verdict));
        let first = || worst.map(|check| format!(", first {}", check.short())).unwrap_or_default();
        let why = self.common_cause().unwrap_or_else(first);
        format!("{failed}{warned}{unfinished}{why}")
    }

    /// `: 10.0.0.53 does not answer: 14 checks cannot resolve their names`, where several checks have one cause, with how
    /// many other causes there are.
    fn common_cause(&self) -> Option<String> {
        let first = self.causes.iter().find(|cause| cause.is_shared())?;
        let others = match self.causes.len() - 1 {
            0 => String::new(),
            others => format!(", and {}", counted(others, "other cause")),
        };
        Some(format!(": {}{others}", &*first.what))
    }

    /// The causes that several checks have, each with its code.
    pub(crate) fn causes(&self) -> impl Iterator<Item = String> + '_ {
        let shared = self.causes.iter().filter(|cause| cause.is_shared());
        shared.map(|cause| format!("{} [{}]", &*cause.what, &*cause.code))
    }

    /// How many results of each verdict.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let Counts { pass, warn, fail, skip } = self.counts;
        [("pass", pass), ("warn", warn), ("fail", fail), ("skip", skip)].into_iter()
    }

    /// The checks that failed, then those with warnings, each with its message.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> + '_ {
        let of = |verdict| self.checks.iter().filter(move |check| check.verdict == verdict);
        of(Verdict::Fail).chain(of(Verdict::Warn)).map(Check::long)
    }
}

impl Cause {
    const fn is_shared(&self) -> bool {
        self.checks.len() > 1
    }
}

impl Check {
    fn reason(&self) -> Option<&Reason> {
        self.failure.as_ref().or_else(|| self.warnings.first())
    }

    fn short(&self) -> String {
        let code = self.reason().map(|reason| format!(" {}", &*reason.code)).unwrap_or_default();
        format!("{} {}{code}", &*self.r#type, &*self.target)
    }

    fn long(&self) -> String {
        let message = self.reason().map(|reason| format!(": {}", &*reason.message)).unwrap_or_default();
        format!("{}{message}", self.short())
    }
}

impl Diagnostic {
    /// `LABEL:LINE:COLUMN: MESSAGE`.
    #[must_use]
    pub(crate) fn with_position(&self, label: &str) -> String {
        let mut position = label.to_owned();
        for number in [self.line, self.column].into_iter().flatten() {
            position = format!("{position}:{number}");
        }
        format!("{position}: {}", &*self.message)
    }
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
        let problem = Diagnostic { severity: Severity::Error, ..Diagnostic::default() };
        let refused = Record { diagnostics: vec![problem], ..record("unknown", &json!([])) };
        assert_eq!(refused.summary(), "the file could not be used");
    }

    #[test]
    fn a_cause_that_several_checks_have_is_told_before_any_of_them() {
        let with = |causes: serde_json::Value| {
            let mut record =
                json!({"verdict": "fail", "checks": [check("fail", "resolve.timeout"), check("fail", "x.y")]});
            record["causes"] = causes;
            serde_json::from_value::<Record>(record).expect("a record")
        };
        let cause = |checks: &[&str]| json!({"what": "10.0.0.53 does not answer: 2 checks fail", "code": "x.y", "checks": checks});
        let told = with(json!([cause(&["a", "b"])]));
        assert_eq!(told.summary(), "2 failed: 10.0.0.53 does not answer: 2 checks fail");
        assert_eq!(told.causes().collect::<Vec<_>>(), ["10.0.0.53 does not answer: 2 checks fail [x.y]"]);
        let more = with(json!([cause(&["a", "b"]), cause(&["c"])]));
        assert_eq!(more.summary(), "2 failed: 10.0.0.53 does not answer: 2 checks fail, and 1 other cause");
        let alone = with(json!([cause(&["a"]), cause(&["b"])]));
        assert_eq!(alone.summary(), "2 failed, first postgres db:5432 resolve.timeout");
        assert_eq!(alone.causes().count(), 0);
    }

    #[test]
    fn the_time_is_shown_to_the_minute_or_not_at_all() {
        assert_eq!(record("pass", &json!([])).started_at().as_deref(), Some("2026-11-21 09:14Z"));
        for odd in ["", "T", "yesterdayT09:14:00Z", "2026-11-21T09:14:37+01:00", "2026-11-21TéééZ"] {
            assert_eq!(Record { started: odd.to_owned(), ..Record::default() }.started_at(), None, "{odd}");
        }
    }
}
