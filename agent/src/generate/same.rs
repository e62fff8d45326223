//! Whether two checks are the same, or one of them shows all that the other one would.

use crate::generate::{GeneratedCheck, Value, yaml};
use crate::services;
use ring::digest::{Digest, SHA256, digest};
use std::borrow::Cow;

/// The same for checks that are the same, secrets included, whatever they are called and in
/// whatever order their options stand.
pub(super) fn fingerprint(check: &GeneratedCheck) -> Digest {
    let mut options: Vec<_> = check.options.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
    options.sort_unstable();
    options.push(check.kind.to_string());
    digest(&SHA256, options.join("\n").as_bytes())
}

/// Whether the other check shows all that this one would: it has each of its options, and is of its type unless
/// this one looks at the connection alone.
pub(super) fn is_within(check: &GeneratedCheck, other: &GeneratedCheck) -> bool {
    let has = |(key, value): &(Cow<'static, str>, Value)| other.get(key).is_some_and(|own| shown(own) == shown(value));
    (check.kind == other.kind || check.kind == services::TCP.id) && check.options.iter().all(has)
}

fn shown(value: &Value) -> String {
    yaml::inline(value, &mut |hidden| yaml::scalar(hidden.expose()))
}
