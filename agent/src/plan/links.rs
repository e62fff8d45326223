//! How checks hang together: which waits for which (`depends_on`), and which are the parts of which (`parts`).

use super::{Entry, Plan};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::settings::chain::{DEPENDS_ON, Named};
use crate::settings::nearest;
use crate::text::shortened;
use crate::yaml::Node;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// So many circles are told; who mends them is told of further ones.
const MOST: usize = 20;

/// How a check hangs together with others.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// By what others refer to it: its `name` as it stands in the file.
    name: Option<Named>,
    /// What it refers to.
    depends_on: Vec<Named>,
    /// The checks that these are, by their places in the plan.
    waits_for: Vec<usize>,
    /// So many places before it in the plan is the check that it is a part of.
    part: Option<usize>,
}

impl Links {
    /// Those of a check with these options and this label; of a part, how far away its check is.
    pub(super) fn of(
        written: &[(Node, Node)],
        label: Option<&str>,
        depends_on: Vec<Named>,
        part: Option<usize>,
    ) -> Self {
        let name = written.iter().find(|(key, value)| key.text() == Some("name") && !value.is_null());
        let name = name.and_then(|(_, value)| {
            let text = label.or(value.text())?.to_owned();
            Some(Named { text, span: value.span })
        });
        Self { name, depends_on, waits_for: Vec::new(), part }
    }
}

impl Plan {
    /// The checks that one waits for (`depends_on`), by their places.
    #[must_use]
    pub fn waits_for(&self, entry: usize) -> &[usize] {
        self.entries.get(entry).map_or(&[], |entry| &entry.links.waits_for)
    }

    /// The check that one is a part of.
    #[must_use]
    pub fn whole_of(&self, entry: usize) -> Option<usize> {
        entry.checked_sub(self.entries.get(entry)?.links.part?)
    }

    /// The parts of a check, which stand behind it.
    #[must_use]
    pub fn parts_of(&self, entry: usize) -> Range<usize> {
        let rest = self.entries.get(entry + 1..).unwrap_or_default();
        let count = rest.iter().zip(1..).take_while(|(part, away)| part.links.part == Some(*away)).count();
        entry + 1..entry + 1 + count
    }

    /// The checks that are made again when one of them is: an end-to-end check and its parts, or a check alone.
    #[must_use]
    pub fn together(&self, entry: usize) -> Range<usize> {
        let whole = self.whole_of(entry).unwrap_or(entry);
        whole..self.parts_of(whole).end
    }

    /// For each check the first of those that hang together with it, by parts or because one waits for another.
    #[must_use]
    pub fn groups(&self) -> Vec<usize> {
        let mut first: Vec<usize> = (0..self.entries.len()).collect();
        let root = |first: &[usize], mut entry: usize| {
            while first[entry] != entry {
                entry = first[entry];
            }
            entry
        };
        for entry in 0..first.len() {
            for other in self.waits_for(entry).iter().copied().chain(self.whole_of(entry)) {
                let (one, other) = (root(&first, entry), root(&first, other));
                first[one.max(other)] = one.min(other);
            }
        }
        (0..first.len()).map(|entry| root(&first, entry)).collect()
    }

    /// What a check is called where others are told of it: its name, or else its type and target.
    #[must_use]
    pub fn called(&self, entry: usize) -> String {
        self.entries.get(entry).map_or_else(String::new, called)
    }

    /// Finds the checks that others refer to, once all files are read; what is wrong with that, each with a check in whose
    /// file it stands.
    pub fn link(&mut self) -> Vec<(usize, Diagnostic)> {
        if self.entries.iter().all(|entry| entry.links.depends_on.is_empty()) {
            return Vec::new();
        }
        let mut linking = Linking::of(self);
        let waits_for: Vec<_> = (0..self.entries.len()).map(|entry| linking.resolved(entry)).collect();
        let Linking { mut problems, .. } = linking;
        for (entry, waits_for) in self.entries.iter_mut().zip(waits_for) {
            entry.links.waits_for = waits_for;
        }
        if problems.is_empty() {
            problems = circles(self);
        }
        problems
    }
}

fn called(entry: &Entry) -> String {
    let name = entry.label.as_deref().filter(|label| !label.is_empty());
    let name = name.or(entry.links.name.as_ref().map(|name| name.text.as_str()));
    name.map_or_else(|| format!("{}:{}", entry.kind, entry.target), shortened)
}

/// References that are being looked up.
struct Linking<'a> {
    entries: &'a [Entry],
    /// The checks of each name.
    named: HashMap<&'a str, Vec<usize>>,
    /// The names that are said to stand twice.
    told: HashSet<&'a str>,
    problems: Vec<(usize, Diagnostic)>,
}

impl<'a> Linking<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut named: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, entry) in plan.entries.iter().enumerate() {
            if let Some(name) = &entry.links.name {
                named.entry(name.text.as_str()).or_default().push(number);
            }
        }
        Self { entries: &plan.entries, named, told: HashSet::new(), problems: Vec::new() }
    }

    /// The places of the checks that one waits for.
    fn resolved(&mut self, entry: usize) -> Vec<usize> {
        let mut places = Vec::new();
        for name in &self.entries[entry].links.depends_on {
            match self.named.get(name.text.as_str()) {
                None => {
                    let problem = self.unknown(name);
                    self.problems.push((entry, problem));
                }
                Some(found) if found.iter().any(|other| self.is_same(*other, entry)) => {
                    let message = format!("`{DEPENDS_ON}`: the check waits for itself");
                    let problem = Diagnostic::error(Flaw::BadValue, name.span, message);
                    self.problems.push((entry, problem.help("name another check, or leave it out")));
                }
                Some(found) => {
                    let found = found.clone();
                    self.tell_of_doubles(entry, name, &found);
                    places.extend(found);
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether two checks come of one mapping: of a URL with several hosts, of a file that is given twice.
    fn is_same(&self, one: usize, other: usize) -> bool {
        let place = |entry: &Entry| (entry.file.clone(), entry.links.name.as_ref().map(|name| name.span.start));
        one == other || place(&self.entries[one]) == place(&self.entries[other])
    }

    fn unknown(&self, name: &Named) -> Diagnostic {
        let mut names: Vec<_> = self.named.keys().copied().collect();
        names.sort_unstable();
        let message = format!("`{DEPENDS_ON}`: no check has the name `{}`", shortened(&name.text));
        let help = match nearest(&name.text, &names) {
            Some(near) => format!("did you mean `{}`?", shortened(near)),
            None => format!("write `name: {}` in the check that is meant", shortened(&name.text)),
        };
        Diagnostic::error(Flaw::BadValue, name.span, message).help(help)
    }

    /// Says at each check of a name that it is not the only one; once, however many refer to it.
    fn tell_of_doubles(&mut self, entry: usize, name: &'a Named, found: &[usize]) {
        let Some((first, others)) = found.split_first() else { return };
        if others.iter().all(|other| self.is_same(*first, *other)) || !self.told.insert(&name.text) {
            return;
        }
        let by = &self.entries[entry];
        let message = format!(
            "the name `{}` stands at {} checks, and `{DEPENDS_ON}` at {}:{} means one of them",
            shortened(&name.text),
            found.len(),
            by.file,
            by.line
        );
        for place in found.iter().take(MOST) {
            let span = self.entries[*place].links.name.as_ref().map_or(name.span, |name| name.span);
            let problem = Diagnostic::error(Flaw::BadValue, span, message.clone());
            self.problems.push((*place, problem.help("give each of them a name of its own")));
        }
    }
}

/// A check begins, or is decided: with an end-to-end check its parts come in between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Moment {
    entry: usize,
    is_end: bool,
}

impl Moment {
    const fn number(self) -> usize {
        2 * self.entry + self.is_end as usize
    }
}

/// What has to be before a moment.
fn before(plan: &Plan, Moment { entry, is_end }: Moment) -> Vec<Moment> {
    let begin = |entry| Moment { entry, is_end: false };
    let end = |entry| Moment { entry, is_end: true };
    if is_end {
        [begin(entry)].into_iter().chain(plan.parts_of(entry).map(end)).collect()
    } else {
        plan.whole_of(entry).map(begin).into_iter().chain(plan.waits_for(entry).iter().copied().map(end)).collect()
    }
}

/// Where checks wait for each other in a circle, so that none would ever begin.
fn circles(plan: &Plan) -> Vec<(usize, Diagnostic)> {
    let mut problems = Vec::new();
    let mut seen = vec![false; 2 * plan.entries.len()];
    // On the way that is being followed.
    let mut open = seen.clone();
    let ends = (0..plan.entries.len()).map(|entry| Moment { entry, is_end: true });
    for first in ends {
        let mut way = vec![(first, None::<std::vec::IntoIter<Moment>>)];
        while let Some((moment, rest)) = way.last_mut() {
            let (moment, number) = (*moment, moment.number());
            let rest = match rest {
                Some(rest) => rest,
                None if std::mem::replace(&mut seen[number], true) => {
                    way.pop();
                    continue;
                }
                None => {
                    open[number] = true;
                    rest.insert(before(plan, moment).into_iter())
                }
            };
            match rest.next() {
                Some(next) if open[next.number()] => {
                    let from = way.iter().position(|(moment, _)| *moment == next).unwrap_or_default();
                    let circle: Vec<_> = way[from..].iter().map(|(moment, _)| *moment).collect();
                    problems.push(circle_of(plan, &circle));
                    if problems.len() == MOST {
                        return problems;
                    }
                }
                Some(next) => way.push((next, None)),
                None => {
                    open[number] = false;
                    way.pop();
                }
            }
        }
    }
    problems
}

/// What is wrong with a circle, each of whose moments has the next one before it; at the first reference of the file.
fn circle_of(plan: &Plan, circle: &[Moment]) -> (usize, Diagnostic) {
    const TOLD: usize = 4;
    let pairs = || circle.iter().zip(circle.iter().cycle().skip(1));
    let mut told: Vec<_> = pairs().filter_map(|(one, other)| step(plan, *one, *other)).collect();
    if told.len() > TOLD {
        told.truncate(TOLD);
        told.push("and so on".to_owned());
    }
    let references = pairs().filter(|(one, other)| !one.is_end && other.is_end);
    let first = references.min_by_key(|(one, _)| one.entry);
    let entry = first.map_or(0, |(one, _)| one.entry);
    let reference = first.and_then(|(one, other)| {
        let name = &plan.entries[other.entry].links.name.as_ref()?.text;
        plan.entries[one.entry].links.depends_on.iter().find(|named| named.text == *name)
    });
    let span = reference.map_or_else(Default::default, |named| named.span);
    let message = format!("`{DEPENDS_ON}`: the checks wait for each other: {}", told.join(", "));
    (entry, Diagnostic::error(Flaw::BadValue, span, message).help("leave one of these names out"))
}

/// Why one moment comes behind the other, in words.
fn step(plan: &Plan, one: Moment, other: Moment) -> Option<String> {
    let (name, before) = (plan.called(one.entry), plan.called(other.entry));
    match (one.is_end, other.is_end) {
        _ if one.entry == other.entry => None,
        (false, true) => Some(format!("`{name}` for `{before}`")),
        (false, false) => Some(format!("`{name}`, a part of `{before}`, for that")),
        (true, _) => Some(format!("`{name}` for its part `{before}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Defaults, load};
    use super::*;
    use crate::source::Source;
    use std::time::Duration;

    fn linked(text: &str) -> (Plan, Vec<String>) {
        let source = Source::own("test", text);
        let (mut plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        let problems = plan.link().into_iter().map(|(_, problem)| problem.message).collect();
        (plan, problems)
    }

    fn check(name: &str, more: &str) -> String {
        format!("- {{type: tcp, host: h, port: 1, name: {name}{more}}}\n")
    }

    #[test]
    fn parts_stand_behind_their_check_and_belong_together_with_it() {
        let part = |name| check(name, "").trim_start_matches("- ").trim().to_owned();
        let whole = check("all", &format!(", parts: [{}, {}]", part("one"), part("other")));
        let (plan, problems) = linked(&(check("before", "") + &whole + &check("behind", ", depends_on: other")));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((plan.parts_of(1), plan.whole_of(2), plan.whole_of(3)), (2..4, Some(1), Some(1)));
        assert_eq!((plan.together(3), plan.together(0), plan.together(4)), (1..4, 0..1, 4..5));
        assert_eq!((plan.waits_for(4), plan.whole_of(4)), (&[3][..], None));
        assert_eq!(plan.groups(), [0, 1, 1, 1, 1]);
    }

    #[test]
    fn a_circle_is_found_however_it_is_closed() {
        let part = "{type: tcp, host: h, port: 1, name: part";
        for (text, expected) in [
            (check("a", ", depends_on: b") + &check("b", ", depends_on: [a]"), "`a` for `b`, `b` for `a`"),
            (
                check("a", &format!(", depends_on: part, parts: [{part}}}]")),
                "`a` for `part`, `part`, a part of `a`, for that",
            ),
            (
                check("a", &format!(", parts: [{part}, depends_on: b}}]")) + &check("b", ", depends_on: a"),
                "`a` for its part `part`, `part` for `b`, `b` for `a`",
            ),
        ] {
            let (_, problems) = linked(&text);
            assert_eq!(problems, [format!("`depends_on`: the checks wait for each other: {expected}")], "{text}");
        }
    }

    #[test]
    fn a_long_chain_is_no_circle_and_takes_no_stack() {
        let chain: String =
            (0..20_000).map(|n| check(&format!("c{n}"), &format!(", depends_on: c{}", n + 1))).collect();
        let (plan, problems) = linked(&(chain + &check("c20000", "")));
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(plan.waits_for(0), [1]);
    }
}
