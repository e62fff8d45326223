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
    /// The keys that have an effect on a check.
    used: HashSet<String>,
    /// What checks say of those that have none on them.
    idle: Vec<Diagnostic>,
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
        (Self { pairs, span: item.span, ..Self::default() }, problems)
    }

    /// The options of a check of this type, with those that it does not have itself.
    pub(super) fn beside<'a>(&self, kind: &str, own: &'a Pairs) -> Cow<'a, Pairs> {
        // `null` switches a limit off; of all else it says nothing.
        let says = |key: &str, value: &Node| !COMMON.contains(&key) || !value.is_null();
        let is_own = |key: &str| own.iter().any(|(other, value)| other.text() == Some(key) && says(key, value));
        let concerned = self.concerned(kind).filter(|(key, _)| !is_own(key));
        let taken: Vec<_> = concerned.map(|(_, pair)| pair.clone()).collect();
        if taken.is_empty() {
            return Cow::Borrowed(own);
        }
        let is_taken = |key: &Node| taken.iter().any(|(other, _)| other.text() == key.text());
        let own = own.iter().filter(|(key, _)| !is_taken(key)).cloned();
        Cow::Owned(own.chain(taken.iter().cloned()).collect())
    }

    /// What a check of this type, read with them, has to hear: that a default does nothing for it is as it should be,
    /// as long as it does something for another one.
    pub(super) fn without_idle(&mut self, kind: &str, said: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let is_ours = |one: &Diagnostic| one.idle.is_some() && one.span.is_some_and(|span| self.has(span));
        let (idle, others): (Vec<_>, Vec<_>) = said.into_iter().partition(is_ours);
        let is_idle = |key: &str| idle.iter().any(|one| one.idle == Some(key));
        let used: Vec<_> = self.concerned(kind).map(|(key, _)| key.to_owned()).filter(|key| !is_idle(key)).collect();
        self.used.extend(used);
        self.idle.extend(idle);
        others
    }

    /// Those that a check of this type can have.
    fn concerned(&self, kind: &str) -> impl Iterator<Item = (&str, &(Node, Node))> {
        // To look at the options of all checks takes longer than all else that is read of a small file.
        let limits = if self.pairs.is_empty() { &[] } else { limits_of(kind) };
        let all = self.pairs.iter().filter_map(|pair| Some((pair.0.text()?, pair)));
        all.filter(move |(key, _)| COMMON.contains(key) || limits.contains(key))
    }

    /// Whether a place lies within them: what is wrong there is told by every check that reads it.
    pub(super) fn has(&self, place: Span) -> bool {
        self.span.start <= place.start && place.end <= self.span.end && !self.pairs.is_empty()
    }

    /// A warning of each that does nothing for any check of the file.
    pub(super) fn idle(&self) -> impl Iterator<Item = Diagnostic> {
        let keys = self.pairs.iter().filter_map(|(key, _)| Some((key.text()?, key.span)));
        keys.filter(|(key, _)| !self.used.contains(*key)).map(|(key, span)| {
            if let Some(said) = self.idle.iter().find(|one| one.idle == Some(key)) {
                return said.clone();
            }
            let message = format!("`{key}` has no effect: no check of this file has such an option");
            Diagnostic::warning(Flaw::NoEffect, span, message)
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
