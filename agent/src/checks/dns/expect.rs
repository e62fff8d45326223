//! What the answers of the DNS should be.

use crate::fault::{Cause, Fault, Owner};
use crate::net::dns::{Answer, Expected, RecordType};
use crate::secret::{Sentence, sentence};
use crate::settings::{Fields, Misfit, Noted, Tags};

/// What is expected of the answers: values, or regular expressions between slashes.
#[derive(Clone, Debug)]
pub(super) struct Expectations {
    /// Each is among the answers.
    some: Vec<Expected>,
    /// Each is among the answers, and the answers are these alone; nothing is said of it when it is empty.
    all: Vec<Expected>,
    /// None is among the answers.
    none: Vec<Expected>,
}

impl Expectations {
    pub(super) fn parse(fields: &mut Fields<'_>, record: RecordType) -> Result<Self, Noted> {
        let some = fields.optional::<Tags>(
            "expect",
            "Values or /regex/ that must be among the answers: addresses, names and numbers are compared by value, \
             texts (TXT) joined and byte by byte.",
        );
        let all = fields.optional::<Tags>("expect_all", "The answers must be these and no others, in any order.");
        let none = fields.optional::<Tags>(
            "expect_none",
            "Values or /regex/ that must not be among the answers; a name without any answer is fine then, unless \
             `expect` or `expect_all` wants one.",
        );
        let mut read = |key, tags: Option<Tags>| {
            let read = tags.unwrap_or_default().0.iter().map(|text| Expected::read(text, record)).collect();
            let read: Result<Vec<_>, String> = read;
            read.map_err(|why| fields.refuse_value(key, Misfit::new(why)))
        };
        let (some, all, none) = (read("expect", some), read("expect_all", all), read("expect_none", none));
        Ok(Self { some: some?, all: all?, none: none? })
    }

    /// Whether it is fine that there is no answer.
    pub(super) const fn want_nothing(&self) -> bool {
        self.some.is_empty() && self.all.is_empty() && !self.none.is_empty()
    }

    /// What is wrong with the answers.
    pub(super) fn judge(&self, answers: &[Answer]) -> Option<Fault> {
        let is_there = |wanted: &&Expected| answers.iter().any(|answer| wanted.is(answer));
        let is_wanted = |answer: &&Answer| self.all.is_empty() || self.all.iter().any(|wanted| wanted.is(answer));
        let missing: Vec<_> = self.some.iter().chain(&self.all).filter(|wanted| !is_there(wanted)).collect();
        let surplus: Vec<_> = answers.iter().filter(|answer| !is_wanted(answer)).collect();
        let forbidden: Vec<_> = self.none.iter().filter(is_there).collect();
        if missing.is_empty() && surplus.is_empty() && forbidden.is_empty() {
            return None;
        }
        let mut seen = vec![sentence!["got ", list(answers.iter().map(Answer::value), "nothing")]];
        if !missing.is_empty() {
            seen.push(sentence!["missing ", list(missing, "")]);
        }
        if !surplus.is_empty() {
            seen.push(sentence!["not wanted ", list(surplus.into_iter().map(Answer::value), "")]);
        }
        if !forbidden.is_empty() {
            seen.push(sentence!["forbidden ", list(forbidden, "")]);
        }
        let fault = Fault::new(Cause::UnexpectedReply, "the answers are not the expected ones").owner(Owner::Dns);
        let fault = fault.next_step("correct the record in the zone, or what this check expects of it");
        Some(fault.evidence(Sentence::join(seen, ", ")))
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>, none: &str) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}
