//! The first entry of a file may hold what its checks do not say themselves: `- defaults: {timeout: 5, tags: [db]}`.
//!
//! A check reads such an option as if it stood in its own mapping, so that each is judged and explained as ever. What
//! the check says itself comes first, then what its file says here, then the command line. Allowed is what makes
//! sense for many checks at once: the time, the tags and the weight of a check, and the limits of this host's.

use crate::checks::{Described, Spec};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::settings::nearest;
use crate::text::{Span, shortened};
use crate::yaml::{Node, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The key of the entry.
pub(crate) const KEY: &str = "defaults";

/// The options of every check that make sense for all of a file. What a verdict comes to (`expect_failure`, `accept`,
/// `owner`) is each check's own.
const COMMON: [&str; 5] = ["timeout", "tags", "warn_after", "retries", "critical"];

/// A mapping, as it stands in a file.
type Pairs = [(Node, Node)];

/// The defaults of one file.
#[derive(Debug, Default)]
pub(super) struct FileDefaults {
    pairs: Vec<(Node, Node)>,
    /// Where they stand.
    span: Span,
    /// The keys that a check took.
    used: HashSet<String>,
}

impl FileDefaults {
    /// Whether an entry holds defaults.
    pub(super) fn is_entry(pairs: &Pairs) -> bool {
        pairs.iter().any(|(key, _)| key.text() == Some(KEY)) && pairs.iter().all(|(key, _)| key.text() != Some("type"))
    }

    /// The defaults of an entry that holds some, and what is wrong with it.
    pub(super) fn of(item: &Node, pairs: &Pairs) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let (others, values): (Vec<_>, Vec<_>) = pairs.iter().partition(|(key, _)| key.text() != Some(KEY));
        problems.extend(others.iter().map(|(key, _)| beside(key)));
        let Some((_, value)) = values.first() else { return (Self::default(), problems) };
        let pairs = match &value.value {
            Value::Map(pairs) => pairs.as_slice(),
            _ if value.is_null() => &[],
            _ => {
                problems.push(not_a_mapping(value));
                &[]
            }
        };
        let (known, unknown): (Vec<_>, Vec<_>) =
            pairs.iter().partition(|(key, _)| key.text().is_some_and(|key| allowed().contains(&key)));
        problems.extend(unknown.iter().map(|(key, _)| unknown_key(key)));
        let pairs = known.into_iter().cloned().collect();
        (Self { pairs, span: item.span, used: HashSet::new() }, problems)
    }

    /// The options of a check of this type, with those that it does not have itself.
    pub(super) fn beside<'a>(&mut self, kind: &str, own: &'a Pairs) -> Cow<'a, Pairs> {
        let limits = limits_of(kind);
        let applies = |key: &str| COMMON.contains(&key) || limits.contains(&key);
        let is_own = |key: &str| own.iter().any(|(other, _)| other.text() == Some(key));
        let concerned: Vec<_> =
            self.pairs.iter().filter_map(|pair| Some((pair.0.text()?, pair))).filter(|(key, _)| applies(key)).collect();
        self.used.extend(concerned.iter().map(|(key, _)| (*key).to_owned()));
        let taken: Vec<_> =
            concerned.into_iter().filter(|(key, _)| !is_own(key)).map(|(_, pair)| pair.clone()).collect();
        if taken.is_empty() { Cow::Borrowed(own) } else { Cow::Owned([own, taken.as_slice()].concat()) }
    }

    /// Whether a place lies within them: what is wrong there is told by every check that reads it.
    pub(super) fn has(&self, place: Span) -> bool {
        self.span.start <= place.start && place.end <= self.span.end && !self.pairs.is_empty()
    }

    /// A warning of each that no check of the file has.
    pub(super) fn idle(&self) -> impl Iterator<Item = Diagnostic> {
        let idle = self.pairs.iter().filter(|(key, _)| key.text().is_some_and(|key| !self.used.contains(key)));
        idle.map(|(key, _)| {
            let message =
                format!("`{}` has no effect: no check of this file has such an option", key.text().unwrap_or_default());
            Diagnostic::warning(Flaw::NoEffect, key.span, message)
                .help("leave it out, or add the check that it is meant for")
        })
    }
}

/// An entry with defaults that is not the first.
pub(super) fn misplaced(item: &Node) -> Diagnostic {
    let message = format!("`{KEY}` is not the first entry of the file");
    Diagnostic::error(Flaw::NotAMapping, item.span, message)
        .help("move it before all checks: it holds for the whole file")
}

fn not_a_mapping(value: &Node) -> Diagnostic {
    Diagnostic::error(Flaw::WrongType, value.span, format!("`{KEY}`: expected a mapping of options"))
        .help(format!("write `- {KEY}: {{timeout: 5, tags: [db]}}`"))
}

fn beside(key: &Node) -> Diagnostic {
    let message = format!("an entry with `{KEY}` has nothing else");
    Diagnostic::error(Flaw::UnknownKey, key.span, message)
        .help(format!("indent it below `{KEY}:`, if it is a default; else begin a check of its own with `- type:`"))
}

fn unknown_key(key: &Node) -> Diagnostic {
    let text = key.text().unwrap_or_default();
    let message = format!("`{}` cannot be a default", shortened(text));
    let help = match nearest(text, allowed()) {
        Some(near) if near != text => format!("did you mean `{near}`?"),
        _ => format!("these can: {}", allowed().join(", ")),
    };
    Diagnostic::error(Flaw::UnknownKey, key.span, message).help(help)
}

/// The options that can be defaults, in the order of the documentation.
pub(super) fn allowed() -> &'static [&'static str] {
    static ALLOWED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut limits: Vec<_> = LIMITS.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        limits.sort_unstable();
        limits.dedup();
        COMMON.into_iter().chain(limits).collect()
    });
    &ALLOWED
}

fn limits_of(kind: &str) -> &'static [&'static str] {
    LIMITS.iter().find(|(other, _)| *other == kind).map_or(&[], |(_, keys)| keys)
}

/// The limits of each type that has any.
static LIMITS: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| {
    let of = |check: Described| {
        let limits = check.options.iter().filter(|option| option.limit).map(|option| option.key);
        (check.kind, limits.collect::<Vec<_>>())
    };
    Spec::describe().into_iter().map(of).filter(|(_, keys)| !keys.is_empty()).collect()
});
