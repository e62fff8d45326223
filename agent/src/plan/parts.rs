//! `parts`: the checks of the parts of what a check looks at from end to end. They stand in its mapping, and in the plan
//! right behind it.

use super::include::Include;
use super::{Loading, twins};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::settings::chain::PARTS;
use crate::yaml::{Node, Value};
use std::borrow::Cow;
use std::mem;

/// The keys and values of a check.
type Pairs = [(Node, Node)];

/// A check whose parts are being read.
#[derive(Debug)]
pub(super) struct Whole {
    /// Its place in the plan.
    pub(super) entry: usize,
    tags: Vec<String>,
    critical: bool,
}

impl Whole {
    /// The options of a part, with what it has from its check: the tags, and that nothing else fails for it.
    pub(super) fn hand_down<'a>(&self, pairs: &'a Pairs) -> Cow<'a, Pairs> {
        let mut pairs = self.with_tags(pairs);
        if !self.critical && !pairs.iter().any(|(key, value)| key.text() == Some("critical") && !value.is_null()) {
            let span = pairs.first().map_or_else(Default::default, |(key, _)| key.span);
            pairs.to_mut().retain(|(key, _)| key.text() != Some("critical"));
            pairs.to_mut().push((Node::part("critical", span), Node::part("false", span)));
        }
        pairs
    }

    fn with_tags<'a>(&self, pairs: &'a Pairs) -> Cow<'a, Pairs> {
        if self.tags.is_empty() {
            return Cow::Borrowed(pairs);
        }
        let mut pairs = pairs.to_vec();
        let is_tags = |pair: &&mut (Node, Node)| pair.0.text() == Some("tags");
        let tag = |span| move |tag: &String| Node::part(tag, span);
        match pairs.iter_mut().find(is_tags) {
            Some((key, value)) => {
                let span = if value.is_null() { key.span } else { value.span };
                let own = match mem::replace(&mut value.value, Value::Seq(Vec::new())) {
                    Value::Seq(own) => own,
                    _ if value.span.start == value.span.end => Vec::new(),
                    other => vec![Node { span, value: other }],
                };
                let own = own.into_iter().filter(|node| !node.is_null());
                value.value = Value::Seq(self.tags.iter().map(tag(span)).chain(own).collect());
            }
            None => {
                let span = pairs.first().map_or_else(Default::default, |(key, _)| key.span);
                let tags = Value::Seq(self.tags.iter().map(tag(span)).collect());
                pairs.push((Node::part("tags", span), Node { span, value: tags }));
            }
        }
        Cow::Owned(pairs)
    }
}

impl Loading<'_> {
    /// Reads the parts of a check that has become so many checks, the first of which has this place in the plan.
    pub(super) fn parts(&mut self, pairs: &Pairs, entry: usize, count: usize) {
        let found = pairs.iter().find(|(key, _)| key.text() == Some(PARTS));
        let Some((key, Node { value: Value::Seq(items), .. })) = found else { return };
        if count > 1 {
            let message = format!("`{PARTS}`: the URL of this check names several hosts");
            let problem = Diagnostic::error(Flaw::BadValue, key.span, message);
            return self.note(problem.help("write a check with parts for each host"));
        }
        // Of a check that cannot be run, the parts are read all the same: what is wrong with them is said, too.
        let whole = self.plan.entries.get(entry);
        let tags = whole.map_or_else(Vec::new, |whole| whole.tags.clone());
        self.whole = Some(Whole { entry, tags, critical: whole.is_none_or(|whole| whole.critical) });
        self.checks(items);
        self.whole = None;
        self.diagnostics.extend(twins::warnings(items, &self.lines));
    }
}

/// What is wrong with a part that has what only an entry of the file can have.
pub(super) fn misplaced(pairs: &Pairs) -> Option<Diagnostic> {
    if Include::is_one(pairs) {
        let span = pairs.first().map_or_else(Default::default, |(key, _)| key.span);
        let message = format!("`{PARTS}`: the parts of a check stand in its own file");
        return Some(Diagnostic::error(Flaw::BadInclude, span, message).help("write them in the place of `include`"));
    }
    let (key, _) = pairs.iter().find(|(key, value)| key.text() == Some(PARTS) && !value.is_null())?;
    let message = format!("`{PARTS}`: a part has no parts of its own");
    let help = "write all of them in one list, and `depends_on` where one needs another";
    Some(Diagnostic::error(Flaw::BadValue, key.span, message).help(help))
}
