//! A mapping while it is being read: keys, values, duplicates and what is merged in.

use super::identity::Identity;
use super::{Node, Problem, Span, Value, merge};
use std::collections::HashMap;

/// Up to this many keys, comparing with each one is faster than an index.
const SMALL: usize = 16;

/// A mapping of which the end has not been met.
#[derive(Default)]
pub(super) struct Mapping {
    pairs: Vec<(Node, Node)>,
    /// A key that waits for its value.
    key: Option<Key>,
    /// Made when first needed, for few mappings need it.
    rare: Option<Box<Rare>>,
}

/// What only big mappings and those with merge keys or duplicate keys need.
#[derive(Default)]
struct Rare {
    /// What the merge keys bring in, the weakest first.
    merged: Vec<(Node, Node)>,
    /// Where each key stands in the pairs; empty while there are at most [`SMALL`].
    index: HashMap<Identity<String>, usize>,
    /// For a key that was given again, where it stood first.
    firsts: HashMap<usize, Span>,
}

/// A key that waits for its value.
struct Key {
    node: Node,
    /// Whether the key is the merge key `<<`.
    merge: bool,
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

impl Mapping {
    /// Where the key ends that waits for its value, if one does.
    pub(super) fn waiting(&self) -> Option<usize> {
        self.key.as_ref().map(|key| key.node.span.end)
    }

    /// Takes a key, or the value of the last key.
    ///
    /// `merge` says whether the node is written as the merge key.
    pub(super) fn push(&mut self, node: Node, merge: bool) -> Result<Option<Duplicate>, Problem> {
        match self.key.take() {
            None => self.key = Some(Key { node, merge }),
            Some(key) if key.merge => self.rare().merged.extend(merge::pairs(node)?),
            Some(key) => return Ok(self.insert(key.node, node)),
        }
        Ok(None)
    }

    /// Takes a pair; for a key that is there already, the new pair takes its place.
    pub(super) fn insert(&mut self, key: Node, value: Node) -> Option<Duplicate> {
        let Some(at) = self.find(&key) else {
            self.append(key, value);
            return None;
        };
        let earlier = self.pairs[at].0.span;
        let first = *self.rare().firsts.entry(at).or_insert(earlier);
        let again = key.span;
        let name = match &key.value {
            Value::Scalar(scalar) => scalar.text.clone(),
            Value::Seq(_) | Value::Map(_) => String::new(),
        };
        self.pairs[at] = (key, value);
        Some(Duplicate { name, first, again })
    }

    /// Gives the pairs: first what is merged in and not given in the mapping itself.
    pub(super) fn finish(mut self) -> Vec<(Node, Node)> {
        let Some(rare) = self.rare.as_mut() else {
            return self.pairs;
        };
        let merged = std::mem::take(&mut rare.merged);
        let own = self.pairs.len();
        for (key, value) in merged.into_iter().rev() {
            if self.find(&key).is_none() {
                self.append(key, value);
            }
        }
        let mut all = self.pairs.split_off(own);
        all.reverse();
        all.append(&mut self.pairs);
        all
    }

    fn find(&self, key: &Node) -> Option<usize> {
        let wanted = Identity::of(key)?;
        if self.pairs.len() > SMALL {
            let index = &self.rare.as_ref()?.index;
            return index.get(&wanted.owned()).copied();
        }
        self.pairs.iter().position(|(key, _)| Identity::of(key) == Some(wanted))
    }

    fn append(&mut self, key: Node, value: Node) {
        self.pairs.push((key, value));
        if self.pairs.len() > SMALL {
            self.index_last();
        }
    }

    /// Puts the last key into the index; or all of them, when they have just become many.
    fn index_last(&mut self) {
        let length = self.pairs.len();
        let from = if length == SMALL + 1 { 0 } else { length - 1 };
        let rare = self.rare.get_or_insert_default();
        for (at, (key, _)) in self.pairs.iter().enumerate().skip(from) {
            if let Some(identity) = Identity::of(key) {
                rare.index.insert(identity.owned(), at);
            }
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
