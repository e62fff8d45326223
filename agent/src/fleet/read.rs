//! Records from files, as conn-check or Juju writes them.

use super::juju;
use super::matrix::{Cell, Check, Failed, Shared};
use crate::text::said;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What one unit found.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Who: the unit of Juju, or the host.
    pub unit: String,
    /// Where it was read: the name of a file.
    pub file: String,
    /// What it found of each check.
    pub found: Vec<Found>,
    /// Why nothing was checked, if that is so.
    pub refused: Option<String>,
}

/// What was found of one check.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Which check.
    pub check: Check,
    /// The address that the connection came from, where a failure says it.
    pub source: Option<IpAddr>,
    /// What came of it.
    pub cell: Cell,
}

/// Why a file, or a part of it, is no record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unread {
    /// The file, and the unit where one is meant.
    pub place: String,
    /// The reason, with what to do.
    pub why: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// The records of the files, which are given by name and text; and what could not be read. Records of one host are told
/// apart by their files.
#[must_use]
pub fn records(files: &[(String, String)]) -> (Vec<Record>, Vec<Unread>) {
    let (reports, unread) = reports(files, Report::read);
    let mut records =
        reports.into_iter().map(|one| one.report.record(one.unit.as_deref(), &one.file)).collect::<Vec<_>>();
    tell_apart(&mut records);
    (records, unread)
}

/// A report of conn-check, as it was read.
#[derive(Clone, Debug)]
pub struct Reported<T> {
    /// The unit of Juju that has printed it, where Juju says so.
    pub unit: Option<String>,
    /// The name of the file.
    pub file: String,
    /// What was read of it.
    pub report: T,
}

/// The reports in files, which are given by name and text; and what could not be read.
///
/// A text holds reports of conn-check one behind the other, or what Juju prints of several units.
#[must_use]
pub fn reports<T>(files: &[(String, String)], read: fn(&str) -> Option<T>) -> (Vec<Reported<T>>, Vec<Unread>) {
    let (mut reports, mut unread) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().peekable();
        if values.peek().is_none() {
            unread.push(Unread { place: name.clone(), why: "the file is empty".to_owned() });
        }
        for value in values {
            let all = value.map_err(|error| {
                format!(
                    "not JSON: {error}; give it what `--record`, `--format json` or `juju run ... --format=json` writes"
                )
            });
            match all.and_then(|value| of_value(name, value.get(), read)) {
                Ok(all) => all.into_iter().for_each(|one| match one {
                    Ok(report) => reports.push(report),
                    Err(why) => unread.push(why),
                }),
                Err(why) => unread.push(Unread { place: name.clone(), why }),
            }
        }
    }
    (reports, unread)
}

/// The reports in one JSON value, and what in it is none.
fn of_value<T>(
    file: &str,
    text: &str,
    read: fn(&str) -> Option<T>,
) -> Result<Vec<Result<Reported<T>, Unread>>, String> {
    let reported = |unit, report| Reported { unit, file: file.to_owned(), report };
    if let Some(report) = read(text) {
        return Ok(vec![Ok(reported(None, report))]);
    }
    let outputs = juju::outputs(text).ok_or(
        "neither a report of conn-check (`--record`, `--format json`) nor the output of `juju run ... --format=json`",
    )?;
    let of_unit = |output: juju::Output| {
        let report = output.stdout.as_deref().and_then(|text| read(text.trim()));
        report
            .map(|report| reported(Some(output.unit.clone()), report))
            .ok_or_else(|| Unread { place: format!("{file}: {}", said(&output.unit)), why: output.without_report() })
    };
    Ok(outputs.into_iter().map(of_unit).collect())
}

/// Units of one name are called by their files, too, and where that is not enough by their order.
fn tell_apart(records: &mut [Record]) {
    for by_file in [true, false] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        records.iter().for_each(|record| *counts.entry(record.unit.clone()).or_default() += 1);
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for record in records.iter_mut().filter(|record| counts[&record.unit] > 1) {
            let number = numbers.entry(record.unit.clone()).or_default();
            *number += 1;
            let more = if by_file { record.file.clone() } else { number.to_string() };
            record.unit = format!("{} ({more})", record.unit);
        }
    }
}

/// A report of conn-check: the parts that count here (`agent/schema/report.schema.json`).
#[derive(Debug, Deserialize)]
struct Report {
    schema: String,
    #[serde(default)]
    host: String,
    checks: Option<Vec<ReportedCheck>>,
    #[serde(default)]
    causes: Vec<ReportedCause>,
    #[serde(default)]
    diagnostics: Vec<Told>,
}

#[derive(Debug, Default, Deserialize)]
struct ReportedCheck {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    series: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    verdict: String,
    failure: Option<Told>,
    #[serde(default)]
    phases: Vec<Phase>,
    #[serde(default)]
    facts: Facts,
}

/// What the unit has found that its checks fail for.
#[derive(Debug, Default, Deserialize)]
struct ReportedCause {
    #[serde(default)]
    id: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    checks: Vec<String>,
}

/// A failure, or what is wrong with a file.
#[derive(Debug, Default, Deserialize)]
struct Told {
    #[serde(default)]
    code: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    next_step: String,
}

#[derive(Debug, Default, Deserialize)]
struct Phase {
    address: Option<SocketAddr>,
}

#[derive(Debug, Default, Deserialize)]
struct Facts {
    #[serde(default)]
    route: Option<Box<RawValue>>,
}

/// Where a connection began, as the fact has it.
#[derive(Debug, Default, Deserialize)]
struct Route {
    source: Option<IpAddr>,
    address: Option<SocketAddr>,
}

impl Report {
    fn read(text: &str) -> Option<Self> {
        let report: Self = serde_json::from_str(text).ok()?;
        report.schema.starts_with("conn-check/").then_some(report)
    }

    fn record(self, unit: Option<&str>, file: &str) -> Record {
        let refused = match (&self.checks, self.diagnostics.first()) {
            (None, Some(first)) => Some(format!("its file of checks is not valid: {}", said(&first.message))),
            (None, None) => Some("nothing was checked".to_owned()),
            (Some(_), _) => None,
        };
        let shared = self.causes.iter().filter(|cause| cause.checks.len() > 1);
        let of_check = |cause| move |series: &String| (series.clone(), ReportedCause::shared(cause));
        let shared: HashMap<_, _> = shared.flat_map(|cause| cause.checks.iter().map(of_check(cause))).collect();
        Record {
            unit: said(unit.unwrap_or(&self.host)),
            file: file.to_owned(),
            found: self.checks.unwrap_or_default().into_iter().map(|check| check.found(&shared)).collect(),
            refused,
        }
    }
}

impl ReportedCause {
    fn shared(&self) -> Shared {
        Shared { id: said(&self.id), what: said(&self.what) }
    }
}

impl ReportedCheck {
    fn found(self, shared: &HashMap<String, Shared>) -> Found {
        let route: Option<Vec<Route>> = self.facts.route.as_ref().and_then(|raw| {
            let one = serde_json::from_str::<Route>(raw.get()).map(|route| vec![route]);
            one.or_else(|_| serde_json::from_str::<Vec<Route>>(raw.get())).ok()
        });
        let route = route.and_then(|routes| routes.into_iter().next_back()).unwrap_or_default();
        let address = self.phases.iter().rev().find_map(|phase| phase.address).or(route.address);
        let address = address.map(|address| address.ip());
        let target = said(&self.target);
        let cell = match (self.verdict.as_str(), self.failure) {
            ("pass" | "warn", _) => Cell::Passed(address),
            ("fail", Some(failure)) => Cell::Failed(Box::new(Failed {
                code: said(&failure.code),
                owner: said(&failure.owner),
                message: said(&failure.message),
                next_step: said(&failure.next_step),
                address,
                cause: shared.get(&self.series).cloned(),
            })),
            _ => Cell::Absent,
        };
        let check = Check { series: said(&self.series), kind: said(&self.r#type), host: host_of(&target), target };
        Found { check, source: route.source, cell }
    }
}

/// The host of a target: `db:5432`, `http://web/path`, `[::1]:80`.
fn host_of(target: &str) -> String {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let place = if place.is_empty() { rest } else { place };
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        _ => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_target_is_what_several_checks_have_in_common() {
        for (target, host) in [
            ("db.internal:5432", "db.internal"),
            ("https://shop.example/health?x=1", "shop.example"),
            ("http://shop.example:8080/", "shop.example"),
            ("[2001:db8::1]:443", "[2001:db8::1]"),
            ("/run/redis.sock", "/run/redis.sock"),
        ] {
            assert_eq!(host_of(target), host, "{target}");
        }
    }
}
