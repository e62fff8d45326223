//! A whole file before it is written: checks, and comments about what became none.

use crate::generate::draft::Draft;
use crate::generate::secrets::{Needed, Secrets};
use crate::generate::yaml;
use crate::secret::escaped;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Why something became no check, or not the check one would expect.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Comment {
    /// The variable or setting that it is about.
    pub origin: String,
    /// Why, and what to do; no value that may be a secret.
    pub why: String,
    /// Whether somebody has to look at it: something should be checked, and is not.
    pub gap: bool,
}

impl Comment {
    /// All is as it should be: there is nothing to connect to.
    pub fn note(origin: impl Into<String>, why: impl Into<String>) -> Self {
        Self { origin: origin.into(), why: why.into(), gap: false }
    }

    /// Something should be checked, and is not.
    pub fn gap(origin: impl Into<String>, why: impl Into<String>) -> Self {
        Self { origin: origin.into(), why: why.into(), gap: true }
    }

    /// One line that hides nothing, whatever stands in it; at most 400 characters and `...`.
    #[must_use]
    pub fn line(&self) -> String {
        one_line(&format!("{}: {}", self.origin, self.why))
    }
}

/// What stands in the file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A check.
    Check(Draft),
    /// A comment.
    Comment(Comment),
}

impl Item {
    /// The check, if it checks the same.
    fn draft_like(&mut self, other: &Draft) -> Option<&mut Draft> {
        match self {
            Self::Check(draft) if draft.is_same(other) => Some(draft),
            _ => None,
        }
    }
}

impl From<Draft> for Item {
    fn from(draft: Draft) -> Self {
        Self::Check(draft)
    }
}

impl From<Comment> for Item {
    fn from(comment: Comment) -> Self {
        Self::Comment(comment)
    }
}

/// A file: its first line, then checks and comments in order.
#[derive(Clone, Debug)]
pub struct Sheet {
    title: String,
    items: Vec<Item>,
    /// Where checks that may be the same stand: a long file is not read again for each check.
    alike: HashMap<u64, Vec<usize>>,
    said: HashSet<Comment>,
}

/// A file as text.
#[derive(Debug)]
pub struct Written {
    /// YAML.
    pub text: String,
    /// What it refers to, and somebody has to provide.
    pub needed: Vec<Needed>,
}

impl Sheet {
    /// An empty one; the title is a comment in the first line.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), items: Vec::new(), alike: HashMap::new(), said: HashSet::new() }
    }

    /// Adds a check or a comment at the end. A check that is there already gets the new one's
    /// origin into its label; a comment that is there already is not said twice.
    pub fn push(&mut self, item: impl Into<Item>) {
        match item.into() {
            Item::Check(new) => self.push_check(new),
            Item::Comment(new) if self.said.insert(new.clone()) => self.items.push(Item::Comment(new)),
            Item::Comment(_) => {}
        }
    }

    fn push_check(&mut self, new: Draft) {
        let alike = self.alike.entry(print_of(&new)).or_default();
        for index in alike.iter().copied() {
            if let Some(draft) = self.items[index].draft_like(&new) {
                return draft.join(new);
            }
        }
        alike.push(self.items.len());
        self.items.push(Item::Check(new));
    }

    /// [`Sheet::push`] for several.
    pub fn extend(&mut self, items: impl IntoIterator<Item = Item>) {
        items.into_iter().for_each(|item| self.push(item));
    }

    /// All of it, in order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The checks.
    pub fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.items.iter().filter_map(|item| match item {
            Item::Check(draft) => Some(draft),
            Item::Comment(_) => None,
        })
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

    /// The sheet with each draft that the parser of the file would refuse replaced by a gap that
    /// says why.
    #[must_use]
    pub fn reviewed(self) -> Self {
        let mut reviewed = Self::new(self.title);
        for item in self.items {
            match item {
                Item::Check(draft) => reviewed.extend(crate::generate::review::review(draft)),
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

/// The same number for checks that are the same, whatever they are called and in whatever order
/// their options stand.
fn print_of(draft: &Draft) -> u64 {
    let text = yaml::write("", &[draft.clone().into()], &Secrets::Inline).text;
    let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with("  name: ")).collect();
    lines.sort_unstable();
    let mut hasher = DefaultHasher::new();
    lines.hash(&mut hasher);
    hasher.finish()
}

/// A text as one line of a comment.
pub(crate) fn one_line(text: &str) -> String {
    /// The longest one, in characters.
    const LONGEST: usize = 400;
    let mut line = escaped(text);
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}
