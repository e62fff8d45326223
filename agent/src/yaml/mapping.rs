//! From the keys and values of a finished mapping to its pairs: which keys are the same key, and
//! what the merge key `<<` brings in (YAML 1.1, <https://yaml.org/type/merge.html>).

use super::read::MAX_NOTES;
use super::{Node, Resolved, Value};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;
use std::collections::{HashMap, HashSet};

/// Up to this many keys, comparing each with each is faster than an index.
const SMALL: usize = 16;

/// The pairs of a mapping, and which keys were given more than once.
#[derive(Default)]
pub(super) struct Mapping {
    pub(super) pairs: Vec<(Node, Node)>,
    pub(super) duplicates: Vec<Duplicate>,
}

/// A key that was given more than once.
pub(super) struct Duplicate {
    /// The text of the key.
    pub(super) name: String,
    /// The key as it was given first.
    pub(super) first: Span,
    /// The key as it was given again.
    pub(super) again: Span,
}

/// Pairs of which the keys are kept apart.
#[derive(Default)]
struct Index {
    pairs: Vec<(Node, Node)>,
    positions: HashMap<Identity<String>, usize>,
}

impl Mapping {
    /// Pairs up the keys and values that stand by turns in the list from `base` on, and takes
    /// them out of it. `merges` has the places of the merge keys in the list.
    ///
    /// What is merged in comes first, as far as the mapping itself does not give the same
    /// keys. Of equal keys the last one wins.
    pub(super) fn take(nodes: &mut Vec<Node>, base: usize, merges: &[usize]) -> Result<Self, Diagnostic> {
        let plain = merges.is_empty() && all_differ(&nodes[base..]);
        let mut pairs = Vec::with_capacity((nodes.len() - base) / 2);
        let mut rest = nodes.drain(base..);
        while let (Some(key), Some(value)) = (rest.next(), rest.next()) {
            pairs.push((key, value));
        }
        if plain {
            return Ok(Self { pairs, duplicates: Vec::new() });
        }
        let merges: HashSet<usize> = merges.iter().map(|at| (at - base) / 2).collect();
        Self::sort_out(pairs, &merges)
    }

    fn sort_out(pairs: Vec<(Node, Node)>, merges: &HashSet<usize>) -> Result<Self, Diagnostic> {
        let mut own = Index::default();
        let mut inherited = Vec::new();
        let mut duplicates = Vec::new();
        let mut firsts = HashMap::new();
        for (at, (key, value)) in pairs.into_iter().enumerate() {
            if merges.contains(&at) {
                inherited.extend(merged(value)?);
            } else if let Some(index) = own.find(&key) {
                let earlier = own.pairs[index].0.span;
                let first = *firsts.entry(index).or_insert(earlier);
                if duplicates.len() < MAX_NOTES {
                    duplicates.push(Duplicate::new(&key, first));
                }
                own.pairs[index] = (key, value);
            } else {
                own.push(key, value);
            }
        }
        let pairs = own.below(inherited);
        Ok(Self { pairs, duplicates })
    }
}

impl Duplicate {
    fn new(key: &Node, first: Span) -> Self {
        Self { name: key.text().unwrap_or_default().to_owned(), first, again: key.span }
    }
}

impl Index {
    fn find(&self, key: &Node) -> Option<usize> {
        self.positions.get(&Identity::of(key)?.owned()).copied()
    }

    fn push(&mut self, key: Node, value: Node) {
        if let Some(identity) = Identity::of(&key) {
            self.positions.insert(identity.owned(), self.pairs.len());
        }
        self.pairs.push((key, value));
    }

    /// Puts what is merged in, the weakest first, before the pairs; what they give themselves
    /// is left out.
    fn below(mut self, inherited: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
        let own = self.pairs.len();
        for (key, value) in inherited.into_iter().rev() {
            if self.find(&key).is_none() {
                self.push(key, value);
            }
        }
        let mut all = self.pairs.split_off(own);
        all.reverse();
        all.append(&mut self.pairs);
        all
    }
}

/// Whether no two keys are equal; keys and values stand by turns.
fn all_differ(nodes: &[Node]) -> bool {
    let keys = || nodes.iter().step_by(2);
    if nodes.len() > 2 * SMALL {
        let mut seen = HashSet::with_capacity(nodes.len() / 2);
        return keys().filter_map(Identity::of).all(|key| seen.insert(key));
    }
    keys().enumerate().all(|(at, key)| {
        let identity = Identity::of(key);
        identity.is_none() || keys().take(at).all(|other| Identity::of(other) != identity)
    })
}

/// The pairs that the value of a merge key brings in, the weakest first.
///
/// The value is a mapping, or a list of mappings of which the earlier ones are stronger.
/// Anything else is the problem `bad-merge`.
fn merged(value: Node) -> Result<Vec<(Node, Node)>, Diagnostic> {
    let pairs = |node: Node| match node.value {
        Value::Map(pairs) => Ok(pairs),
        Value::Seq(_) | Value::Scalar(_) => Err(bad_merge(node.span)),
    };
    match value.value {
        Value::Seq(items) => {
            let lists: Vec<_> = items.into_iter().map(pairs).collect::<Result<_, _>>()?;
            Ok(lists.into_iter().rev().flatten().collect())
        }
        Value::Map(_) | Value::Scalar(_) => pairs(value),
    }
}

fn bad_merge(span: Span) -> Diagnostic {
    let message = "the merge key `<<` needs a mapping or a list of mappings";
    let help = "write `<<: *name` with the anchor `&name` on a mapping";
    Diagnostic::error(Flaw::BadMerge, span, message).help(help)
}

/// What makes a scalar key what it is, as Python compares the keys of a `dict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity<T> {
    /// The null key.
    Null,
    /// A whole number; `1.0` and `true` are equal to `1` in Python.
    Whole(i64),
    /// Another number, by its bits.
    Fraction(u64),
    /// A text.
    Text(T),
}

impl<'n> Identity<&'n str> {
    /// The identity of a key; lists, mappings and not-a-number are equal to nothing.
    fn of(key: &'n Node) -> Option<Self> {
        let Value::Scalar(scalar) = &key.value else {
            return None;
        };
        Some(match scalar.resolved {
            Resolved::Null => Self::Null,
            Resolved::Bool(value) => Self::Whole(i64::from(value)),
            Resolved::Int(value) => Self::Whole(value),
            Resolved::Float(value) if value.is_nan() => return None,
            Resolved::Float(value) => whole(value).map_or(Self::Fraction(value.to_bits()), Self::Whole),
            Resolved::Str => Self::Text(&scalar.text),
        })
    }

    /// The same with a text of its own.
    fn owned(self) -> Identity<String> {
        match self {
            Self::Null => Identity::Null,
            Self::Whole(value) => Identity::Whole(value),
            Self::Fraction(bits) => Identity::Fraction(bits),
            Self::Text(text) => Identity::Text(text.to_owned()),
        }
    }
}

/// The whole number that a float is equal to, if there is one.
fn whole(value: f64) -> Option<i64> {
    // Formatting is slow but exact, and float keys hardly exist.
    (value.fract() == 0.0 && value.abs() < 9.0e18).then(|| format!("{value:.0}").parse().ok()).flatten()
}
