//! Who the application's mails are from.

use super::endings::FROM;
use super::{Variables, names, value};

/// The address: of the family of what sends them, else of any variable, else of its two parts.
pub(super) fn of(prefixes: &[String], all: &Variables) -> Option<String> {
    let beside = prefixes.iter().flat_map(|prefix| FROM.iter().map(move |end| format!("{prefix}{end}")));
    let beside = beside.filter_map(|name| all.squashed(&name).known());
    let is_from = |name: &str| names::words(name).iter().any(|word| matches!(word.as_str(), "FROM" | "SENDER"));
    let any = all.all.iter().filter(|variable| is_from(&variable.name)).filter_map(|variable| variable.word());
    let mail = |name: &str| all.squashed(name).known();
    let split = mail("MAILFROMADDRESS").zip(mail("MAILDOMAIN")).map(|(name, domain)| format!("{name}@{domain}"));
    let mut found = beside.chain(any).filter_map(value::mail_address);
    found.next().map(str::to_owned).or_else(|| split.filter(|text| value::mail_address(text).is_some()))
}
