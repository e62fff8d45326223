//! A whole file before it is written: checks, and comments about what became none.

use crate::generate::same;
use crate::generate::yaml::{self, Written};
use crate::generate::{Comment, GeneratedCheck, Item, Secrets};
use std::collections::{HashMap, HashSet};

/// A file: its first line, then checks and comments in order.
#[derive(Clone, Debug)]
pub struct GeneratedFile {
    title: String,
    pub(crate) items: Vec<Item>,
    /// Where the checks stand, by their fingerprints: a long file is not read again for each check.
    places: HashMap<Vec<u8>, usize>,
    seen: HashSet<Comment>,
}

impl GeneratedFile {
    /// An empty one; the title is a comment in the first line.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), items: Vec::new(), places: HashMap::new(), seen: HashSet::new() }
    }

    /// Adds a check or a comment at the end. A check that is there already gets the new one's
    /// origin into its label; a comment that is there already is not repeated.
    pub(crate) fn push(&mut self, item: impl Into<Item>) {
        match item.into() {
            Item::Check(new) => self.push_check(new),
            Item::Comment(new) if self.seen.insert(new.clone()) => self.items.push(Item::Comment(new)),
            Item::Comment(_) => {}
        }
    }

    fn push_check(&mut self, new: GeneratedCheck) {
        let place = *self.places.entry(same::fingerprint(&new).as_ref().to_vec()).or_insert(self.items.len());
        match self.items.get_mut(place) {
            Some(Item::Check(check)) => check.join(new),
            _ => self.items.push(Item::Check(new)),
        }
    }

    /// [`GeneratedFile::push`] for several.
    pub(crate) fn extend(&mut self, items: impl IntoIterator<Item = Item>) {
        items.into_iter().for_each(|item| self.push(item));
    }

    /// Whether there is anything to check.
    #[must_use]
    pub fn has_checks(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Check(_)))
    }

    /// The comments.
    pub fn comments(&self) -> impl Iterator<Item = &Comment> {
        self.items.iter().filter_map(|item| match item {
            Item::Check(_) => None,
            Item::Comment(comment) => Some(comment),
        })
    }

    /// What should be checked, and is not.
    pub fn gaps(&self) -> impl Iterator<Item = &Comment> {
        self.comments().filter(|comment| comment.gap)
    }

    /// The same with each check that the parser would refuse replaced by a gap that says why.
    #[must_use]
    pub fn reviewed(self) -> Self {
        let mut reviewed = Self::new(self.title);
        for item in self.items {
            match item {
                Item::Check(check) => reviewed.extend(crate::generate::review::review(check)),
                Item::Comment(_) => reviewed.items.push(item),
            }
        }
        reviewed
    }

    /// The file as YAML.
    #[must_use]
    pub fn write(&self, secrets: &Secrets) -> Written {
        yaml::write(&self.title, &self.items, secrets)
    }
}
