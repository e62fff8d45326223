//! Which results were asked for: tags select checks, patterns select results.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::plan::{Entry, Plan};
use crate::settings::meant::nearest;
use std::collections::{BTreeSet, HashSet};

/// What the command line asks for; empty lists ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A result is wanted when one of these matches its whole name, or the name or the type of its check; `*` is any
    /// text.
    pub patterns: Vec<String>,
    /// A check is wanted when it has one of these tags.
    pub include_tags: Vec<String>,
    /// A check is not wanted when it has one of these tags.
    pub exclude_tags: Vec<String>,
}

/// The wanted results of a plan.
#[derive(Clone, Debug)]
pub struct Selection {
    /// For each result of all checks, in their order, whether it is wanted.
    wanted: Vec<bool>,
    /// Where the results of each check end among them.
    ends: Vec<usize>,
}

impl Selection {
    /// Applies what is wanted to a plan.
    #[must_use]
    pub fn of(plan: &Plan, wanted: &Wanted) -> Self {
        let mut selection = Self { wanted: Vec::new(), ends: Vec::with_capacity(plan.entries.len()) };
        for entry in &plan.entries {
            selection.wanted.extend(wanted.results_of(entry));
            selection.ends.push(selection.wanted.len());
        }
        selection
    }

    /// What is wanted by both, which are of one plan.
    #[must_use]
    pub fn narrowed(&self, other: &Self) -> Self {
        let wanted = self.wanted.iter().zip(&other.wanted).map(|(one, other)| *one && *other).collect();
        Self { wanted, ends: self.ends.clone() }
    }

    /// What is wanted of these checks alone.
    #[must_use]
    pub fn only(&self, entries: &[usize]) -> Self {
        let mut only = Self { wanted: vec![false; self.wanted.len()], ends: self.ends.clone() };
        for entry in entries {
            let Some(end) = self.ends.get(*entry) else { continue };
            let start = end - self.results_of(*entry).len();
            only.wanted[start..*end].copy_from_slice(&self.wanted[start..*end]);
        }
        only
    }

    /// Whether a result is wanted.
    #[must_use]
    pub fn has(&self, entry: usize, result: usize) -> bool {
        self.results_of(entry).get(result).copied().unwrap_or(false)
    }

    /// The last wanted result of a check: no more of it needs to be run. `None`: nothing of it.
    #[must_use]
    pub(crate) fn last_of(&self, entry: usize) -> Option<usize> {
        self.results_of(entry).iter().rposition(|wanted| *wanted)
    }

    fn results_of(&self, entry: usize) -> &[bool] {
        let start = entry.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(entry).map_or(&[], |end| &self.wanted[start..*end])
    }

    /// The checks of which anything is wanted.
    pub fn entries(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.ends.len()).filter(|entry| self.last_of(*entry).is_some())
    }

    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }
}

impl Wanted {
    /// What is wrong where it selects nothing: what was asked for, and what there is.
    #[must_use]
    pub fn nothing_selected(&self, plan: &Plan) -> Diagnostic {
        if plan.entries.is_empty() {
            return Diagnostic::file(Flaw::NothingSelected, "the list of checks is empty: there is nothing to check");
        }
        let quoted = |words: &[String]| some(words.iter().map(|word| format!("`{}`", word.escape_debug())));
        let asked = [
            ("called", quoted(&self.patterns)),
            ("with the tag", quoted(&self.include_tags)),
            ("without the tag", quoted(&self.exclude_tags)),
        ];
        let asked = asked.into_iter().filter_map(|(word, words)| Some(format!("{word} {}", words?)));
        let entries = || plan.entries.iter();
        // Of what was asked for; results are told where nothing shorter names a check.
        let by_tag = !self.include_tags.is_empty() || !self.exclude_tags.is_empty();
        let labels = some(entries().filter_map(|entry| entry.label.clone()));
        let results = || some(entries().flat_map(|entry| &entry.results).map(|result| result.name.clone()));
        let there = [
            ("results", if by_tag || labels.is_some() { None } else { results() }),
            ("names", labels.filter(|_| !self.patterns.is_empty())),
            ("types", some(entries().map(|entry| entry.kind.to_owned())).filter(|_| !self.patterns.is_empty())),
            ("tags", some(entries().flat_map(|entry| &entry.tags).collect::<BTreeSet<_>>().into_iter().cloned())),
        ];
        let there: Vec<_> = there.into_iter().filter_map(|(word, words)| Some(format!("{word} {}", words?))).collect();
        let near = self.patterns.iter().filter(|_| !by_tag).find_map(|word| {
            let labels = entries().filter_map(|entry| entry.label.as_deref());
            let results = entries().flat_map(|entry| &entry.results).map(|result| result.name.as_str());
            nearest(word, &labels.chain(entries().map(|entry| entry.kind)).chain(results).collect::<Vec<_>>())
        });
        let message = format!("no check is left: nothing is {}", asked.collect::<Vec<_>>().join(", "));
        let help = match near {
            Some(near) => format!("did you mean `{}`?", near.escape_debug()),
            None if there.is_empty() => "no check has a tag".to_owned(),
            None => format!("there are the {}", there.join("; ")),
        };
        Diagnostic::file(Flaw::NothingSelected, message).help(help)
    }

    fn results_of<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = bool> + 'a {
        let tagged = |tags: &[String]| tags.iter().any(|tag| entry.tags.contains(tag));
        let check = (self.include_tags.is_empty() || tagged(&self.include_tags)) && !tagged(&self.exclude_tags);
        let whole = self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches_check(pattern, entry));
        let by_name = move |name: &str| self.patterns.iter().any(|pattern| matches(pattern, name));
        entry.results.iter().map(move |result| check && (whole || by_name(&result.name)))
    }
}

/// Some of these words, each once, and how many more there are; `None`: there are none.
fn some(words: impl Iterator<Item = String>) -> Option<String> {
    const SOME: usize = 6;
    let mut seen = HashSet::new();
    let mut different: Vec<_> = words.filter(|word| seen.insert(word.clone())).collect();
    let more = different.len().saturating_sub(SOME);
    different.truncate(SOME);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!different.is_empty()).then(|| different.join(", ") + &more)
}

/// Whether a pattern selects anything of a check.
#[must_use]
pub fn selects(pattern: &str, entry: &Entry) -> bool {
    matches_check(pattern, entry) || entry.results.iter().any(|result| matches(pattern, &result.name))
}

/// Whether a pattern is a check's name or type; people do not remember how they wrote them.
fn matches_check(pattern: &str, entry: &Entry) -> bool {
    let pattern = pattern.to_lowercase();
    let label = entry.label.as_deref().map(str::to_lowercase);
    matches(&pattern, entry.kind) || label.is_some_and(|label| matches(&pattern, &label))
}

/// Whether a pattern matches a whole name; `*` is any text, also none. Linear in both.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = pattern.contains('*').then(|| parts.next_back()).flatten() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_name() {
        for (pattern, name, expected) in [
            ("tcp:*", "tcp:a:1", true),
            ("tcp:*", "http:x:tcp:a:1", false),
            ("*tcp:*", "http:x:tcp:a:1", true),
            ("tcp:a:1", "tcp:a:1", true),
            ("tcp:a:1", "tcp:a:11", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a**c", "ac", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
