//! The ways to the places that checks connect to, for people.

use crate::fault::Failure;
use crate::net::zone::shown;
use crate::plan::Plan;
use crate::run::{By, Followed, Traced};
use std::fmt::Write as _;

/// A page with all of them.
#[must_use]
pub fn page(plan: &Plan, traced: &[Traced]) -> String {
    let mut page = String::new();
    if traced.is_empty() {
        page.push_str("no check connects to anything over TCP\n");
    }
    for (number, Traced { entry, place, ways }) in traced.iter().enumerate() {
        let blank = if number == 0 { "" } else { "\n" };
        // A page in memory takes everything.
        let _ = writeln!(page, "{blank}{place}  ({})", plan.entries[*entry].kind);
        match ways {
            Ok(ways) => ways.iter().for_each(|way| one(&mut page, way, place)),
            Err(failure) => blame(&mut page, failure),
        }
    }
    page
}

fn one(page: &mut String, way: &Followed, place: &str) {
    let address = shown(way.address);
    let by = way.by.as_ref().map_or_else(String::new, by);
    // An address that stands in the file needs no second mention.
    let head = if address == place { by } else { format!("{address} {by}") };
    if !head.is_empty() {
        let _ = writeln!(page, "  {}", head.trim_end());
    }
    let farthest = way.routers.last().map_or(0, |(distance, ..)| *distance);
    let last = way.distance.map_or(farthest, |distance| distance.saturating_sub(1));
    for distance in 1..=last {
        let _ = match way.routers.iter().find(|(other, ..)| *other == distance) {
            Some((_, router, elapsed)) => writeln!(page, "  {distance:>3}  {router}  {}", milliseconds(*elapsed)),
            None => writeln!(page, "  {distance:>3}  -  no answer"),
        };
    }
    match (&way.opened, way.distance) {
        (Ok(elapsed), Some(distance)) => {
            let _ = writeln!(page, "  {distance:>3}  {address}  {}, connected", milliseconds(*elapsed));
        }
        (Ok(elapsed), None) => {
            let _ = writeln!(page, "    -  {address}  {}, connected", milliseconds(*elapsed));
        }
        (Err(failure), _) => blame(page, failure),
    }
}

fn by(by: &By) -> String {
    let source = by.source.map_or_else(String::new, |source| format!("from {source} "));
    let gateway = by.gateway.map_or_else(String::new, |gateway| format!(" by {gateway}"));
    let mtu = by.mtu.map_or_else(String::new, |mtu| format!(", MTU {mtu}"));
    format!("{source}on {}{gateway}{mtu}", by.interface)
}

fn blame(page: &mut String, failure: &Failure) {
    let Failure { code, message, evidence, owner, next_step, .. } = failure;
    let _ = writeln!(page, "    x  {message} [{code}]\n       fix:  {}\n       next: {next_step}", owner.slug());
    if let Some(evidence) = evidence {
        let _ = writeln!(page, "       evidence: {evidence}");
    }
}

fn milliseconds(elapsed: std::time::Duration) -> String {
    format!("{:.1} ms", elapsed.as_secs_f64() * 1000.0)
}
