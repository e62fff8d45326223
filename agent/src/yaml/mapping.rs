//! From the keys and values of a finished mapping to its pairs: duplicates and merge keys.

use super::budget::MAX_NOTES;
use super::identity::Identity;
use super::{Node, Value, merge};
use crate::diagnostic::Diagnostic;
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
    places: HashMap<Identity<String>, usize>,
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
            let duplicates = Vec::new();
            return Ok(Self { pairs, duplicates });
        }
        let merges: HashSet<usize> = merges.iter().map(|at| (at - base) / 2).collect();
        Self::sort_out(pairs, &merges)
    }

    /// Pairs where any key may be a duplicate, and none is a merge key.
    pub(super) fn of(pairs: Vec<(Node, Node)>) -> Result<Self, Diagnostic> {
        Self::sort_out(pairs, &HashSet::new())
    }

    fn sort_out(pairs: Vec<(Node, Node)>, merges: &HashSet<usize>) -> Result<Self, Diagnostic> {
        let mut own = Index::default();
        let mut inherited = Vec::new();
        let mut duplicates = Vec::new();
        let mut firsts = HashMap::new();
        for (at, (key, value)) in pairs.into_iter().enumerate() {
            if merges.contains(&at) {
                inherited.extend(merge::pairs(value)?);
            } else if let Some(place) = own.find(&key) {
                let earlier = own.pairs[place].0.span;
                let first = *firsts.entry(place).or_insert(earlier);
                if duplicates.len() < MAX_NOTES {
                    duplicates.push(Duplicate::new(&key, first));
                }
                own.pairs[place] = (key, value);
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
        let name = match &key.value {
            Value::Scalar(scalar) => scalar.text.clone(),
            Value::Seq(_) | Value::Map(_) => String::new(),
        };
        let again = key.span;
        Self { name, first, again }
    }
}

impl Index {
    fn find(&self, key: &Node) -> Option<usize> {
        self.places.get(&Identity::of(key)?.owned()).copied()
    }

    fn push(&mut self, key: Node, value: Node) {
        if let Some(identity) = Identity::of(&key) {
            self.places.insert(identity.owned(), self.pairs.len());
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
