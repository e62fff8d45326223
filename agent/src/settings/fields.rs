//! Reading the options of one check.
//!
//! An option is declared by asking for it: the same call parses it, names its default, explains
//! it, and - when there is no file at hand ([`Fields::describe`]) - collects the declaration for
//! the JSON Schema, the unknown-key hints and the documentation.

use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::fault::{Cause, Fault, Part};
use crate::remedy::Remedy;
use crate::secret::{Redactor, ours, sentence};
use crate::settings::chain::PARTS;
use crate::settings::detour::Wishes;
use crate::settings::field::{Secrets, Vault};
use crate::settings::shape::{Declared, Shown, StoodIn};
use crate::settings::{Field, Misfit, SERVICE_URL, Setting, meant, nearest, unexpanded};
use crate::text::{Span, shortened};
use crate::yaml::{self, Node, Value};
use std::cell::Cell;

/// A problem was noted: what was asked for cannot be built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted(());

/// Most checks have no more options, with those that every check has.
const OPTIONS: usize = 16;

/// The mapping of one check; remembers which options were asked for.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    span: Span,
    pairs: Vec<Pair<'a>>,
    /// The keys that were asked for.
    asked: Vec<&'static str>,
    /// What was said of them, when there is no file at hand.
    declared: Vec<Declared>,
    diagnostics: Vec<Diagnostic>,
    vault: Vault,
    wishes: Wishes,
    /// Somebody logs in.
    logins: Cell<u32>,
    describing: bool,
}

#[derive(Debug)]
struct Pair<'a> {
    key: &'a str,
    key_span: Span,
    value: &'a Node,
    /// What may be shown of the value; nothing yet where the key was not asked for.
    asked: Option<Shown>,
}

/// What reading a check's mapping gave, beside the check itself.
#[derive(Debug)]
pub(crate) struct Read {
    /// Its problems, in no order.
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) redactor: Redactor,
    /// Why it cannot be run although nothing is wrong with it.
    pub(crate) missing: Option<Fault>,
    /// Where else it connects to.
    pub(crate) wishes: Wishes,
    /// Somebody logs in.
    pub(crate) logins: u32,
    /// What is called otherwise than it was read.
    pub(crate) stood_in: StoodIn,
    /// Its declared options, when there was no file at hand.
    pub(crate) declared: Vec<Declared>,
}

impl<'a> Fields<'a> {
    /// The fields of a mapping. Keys that are not texts are reported as unknown.
    pub(crate) fn new(span: Span, pairs: &'a [(Node, Node)]) -> Self {
        let pairs = pairs
            .iter()
            .map(|(key, value)| Pair { key: key_text(key), key_span: key.span, value, asked: None })
            .collect();
        Self { pairs, asked: Vec::with_capacity(OPTIONS), ..Self::empty(span, false) }
    }

    /// What it means that a secret is not there.
    pub(crate) fn with_secrets(self, secrets: Secrets) -> Self {
        Self { vault: Vault::new(secrets), ..self }
    }

    /// No mapping: every option is absent, and asking only declares.
    pub(crate) fn describe() -> Self {
        Self::empty(Span::default(), true)
    }

    /// Collects the declarations of a mapping as well.
    #[cfg(test)]
    pub(crate) fn describing(self) -> Self {
        Self { describing: true, ..self }
    }

    const fn empty(span: Span, describing: bool) -> Self {
        Self {
            span,
            pairs: Vec::new(),
            asked: Vec::new(),
            declared: Vec::new(),
            diagnostics: Vec::new(),
            vault: Vault::new(Secrets::Needed),
            wishes: Wishes::none(),
            logins: Cell::new(0),
            describing,
        }
    }

    /// An option that must be there.
    pub(crate) fn required<T: Setting>(&mut self, key: &'static str, about: &'static str) -> Result<T, Noted> {
        match self.ask::<T>(key, true, None, about) {
            Some(node) => self.read(key, node),
            None => Err(self.missing::<T>(key)),
        }
    }

    /// An option that may be absent (or null); nothing either after a problem was noted, with which the
    /// check is not built.
    pub(crate) fn optional<T: Setting>(&mut self, key: &'static str, about: &'static str) -> Option<T> {
        self.ask::<T>(key, false, None, about).and_then(|node| self.read(key, node).ok())
    }

    /// An option with a default, which is written as it would stand in the file.
    ///
    /// # Panics
    /// When the default itself is not a legal value: a bug, found by the test that describes every check.
    pub(crate) fn or<T: Setting>(&mut self, key: &'static str, default: &'static str, about: &'static str) -> T {
        let node = self.ask::<T>(key, false, Some(default), about);
        node.and_then(|node| self.read(key, node).ok()).unwrap_or_else(|| default_value(key, default))
    }

    /// A limit, beyond which this host is warned of; nothing where the file says `null`, which switches it off, or where
    /// it has no default.
    ///
    /// # Panics
    /// As [`Fields::or`].
    pub(crate) fn limit<T: Setting>(
        &mut self,
        key: &'static str,
        default: Option<&'static str>,
        about: &'static str,
    ) -> Option<T> {
        let node = self.ask::<T>(key, false, default, about);
        if let Some(declared) = self.declared.last_mut() {
            declared.limit = true;
        }
        match node {
            Some(node) => self.read(key, node).ok(),
            None if self.pairs.iter().any(|pair| pair.key == key) => None,
            None => default.map(|default| default_value(key, default)),
        }
    }

    /// Whether the key is there with a value; for rules over several options.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Whether what is read is not run.
    pub(crate) fn connects_to_nothing(&self) -> bool {
        self.vault.connects_to_nothing()
    }

    /// Whether the option was asked for already.
    pub(crate) fn is_declared(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }

    /// Where an option's value stands, else the whole mapping; for rules over several options.
    pub(crate) fn span_of(&self, key: &str) -> Span {
        self.find(key).map_or(self.span, |node| node.span)
    }

    /// Remembers a secret that is made from several options: the form in which it is sent.
    pub(crate) fn keep_secret(&self, text: &str) {
        self.vault.keep(text);
    }

    /// Remembers a name that is shown wherever it came from.
    pub(crate) fn show(&self, name: &str) {
        self.vault.show(name);
    }

    /// Remembers the names that stand in a secret beside its values.
    pub(crate) fn show_names_in(&self, text: &str) {
        self.vault.show_names_in(text);
    }

    /// Remembers that the check logs in.
    pub(crate) fn note_login(&self) {
        self.logins.set(self.logins.get().saturating_add(1));
    }

    /// Remembers by which way the check wants to go.
    pub(crate) fn keep_wishes(&mut self, wishes: Wishes) {
        self.wishes = wishes;
    }

    /// Notes a warning; the check is built all the same.
    pub(crate) fn warn(&mut self, diagnostic: Diagnostic) {
        if !self.describing {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Warns of an option that stands there and does nothing, with the reason and with what to write. What is wrong with its
    /// value comes first.
    pub(crate) fn warn_idle(&mut self, key: &'static str, why: &str, help: &str) {
        if !self.has(key) {
            return;
        }
        let Span { start, end } = self.span_of(key);
        let is_inside = |span: Span| start <= span.start && span.end <= end;
        let mut errors = self.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        if !errors.any(|one| one.span.is_some_and(is_inside)) {
            let message = format!("`{key}` has no effect {why}");
            let warning = Diagnostic::warning(Flaw::NoEffect, self.span_of(key), message);
            self.warn(Diagnostic { idle: Some(key), ..warning.help(help) });
        }
    }

    /// Of those of some options that are there, which are to be left out; `instead` says before that what else would do.
    pub(crate) fn warn_all_idle(&mut self, keys: &[&'static str], why: &str, instead: &str) {
        for key in keys {
            if self.has(key) {
                self.warn_idle(key, why, &format!("{instead}leave `{key}` out"));
            }
        }
    }

    /// Notes an error: the check is not built.
    #[must_use]
    pub(crate) fn refuse(&mut self, error: Diagnostic) -> Noted {
        self.warn(error);
        Noted(())
    }

    /// Notes that the value of an option does not do.
    #[must_use]
    pub(crate) fn refuse_value(&mut self, key: &str, misfit: Misfit) -> Noted {
        self.refuse(misfit.of_option(key, self.span_of(key)))
    }

    /// Notes that a file that an option names cannot be used, with what to do about its content where that is known, and
    /// what it lacks: a fault of the check where it is to be run, else an error.
    ///
    /// # Errors
    /// It is an error.
    pub(crate) fn lack_file(
        &mut self,
        key: &str,
        misfit: Misfit,
        next_step: Option<&'static str>,
        remedy: Option<Remedy>,
    ) -> Result<(), Noted> {
        let fault = || {
            let absent = "put it there, readable for the user who runs conn-check; or correct the path";
            let next = next_step.unwrap_or(absent);
            let message = sentence![ours(key), ": ", ours(misfit.message.as_str())];
            let fault = misfit.fault(Cause::UnusableFile, message.clone(), next);
            fault.concerning(Part::Reference, message).remedy(remedy)
        };
        if self.vault.connects_to_nothing() || self.vault.defer(fault) {
            Ok(())
        } else {
            Err(self.refuse_value(key, misfit))
        }
    }

    /// Notes that an option stands there without one that it needs.
    #[must_use]
    pub(crate) fn refuse_lone(&mut self, present: &str, missing: &str) -> Noted {
        let message = format!("`{present}` without `{missing}`");
        let diagnostic = Diagnostic::error(Flaw::MissingKey, self.span_of(present), message);
        self.refuse(diagnostic.help(format!("add `{missing}:`")))
    }

    /// Notes that neither of two options stands there. What is wrong with one that does is noted already.
    #[must_use]
    pub(crate) fn lacks_one_of(&mut self, one: &str, other: &str) -> Noted {
        if self.has(one) || self.has(other) {
            return Noted(());
        }
        let message = format!("neither `{one}` nor `{other}` is there");
        let diagnostic = Diagnostic::error(Flaw::MissingKey, self.head(), message);
        self.refuse(diagnostic.help(format!("add `{one}:` or `{other}:`")))
    }

    /// Whether an error was noted: the check will not be built.
    pub(crate) fn is_broken(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }

    /// Ends the reading: what was not asked for is unknown.
    pub(crate) fn finish(mut self) -> Read {
        for pair in &self.pairs {
            let Some(shown) = pair.asked else {
                self.diagnostics.push(unknown_key(pair, &self.asked));
                continue;
            };
            if pair.key == PARTS {
                // Each says it of itself.
                continue;
            }
            for warning in unexpanded::warnings(pair.key, pair.value, shown) {
                // What is refused for it already is told once, with what to write.
                match self.diagnostics.iter_mut().find(|one| one.span == warning.span) {
                    Some(refusal) => refusal.help = warning.help,
                    None => self.diagnostics.push(warning),
                }
            }
        }
        let (redactor, missing, stood_in) = self.vault.into_parts();
        let Self { diagnostics, wishes, logins, declared, .. } = self;
        let logins = logins.into_inner();
        Read { diagnostics, redactor, missing, wishes, logins, stood_in, declared }
    }

    /// Declares an option, and looks for its value.
    fn ask<T: Setting>(
        &mut self,
        key: &'static str,
        required: bool,
        default: Option<&'static str>,
        about: &'static str,
    ) -> Option<&'a Node> {
        self.asked.push(key);
        if self.describing {
            self.declared.push(Declared {
                key,
                shape: T::SHAPE,
                required,
                by_url: required && key != SERVICE_URL && self.asked.contains(&SERVICE_URL),
                default,
                limit: false,
                about,
            });
        }
        // Once through them: a check has some forty options, and thousands of checks are read.
        let mut first = None;
        for pair in self.pairs.iter_mut().filter(|pair| pair.key == key) {
            pair.asked = Some(T::SHAPE.shown);
            first = first.or(Some(pair.value));
        }
        first.filter(|node| !node.is_null())
    }

    fn find(&self, key: &str) -> Option<&'a Node> {
        self.pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value).filter(|node| !node.is_null())
    }

    fn read<T: Setting>(&mut self, key: &str, node: &'a Node) -> Result<T, Noted> {
        let result = T::read(&Field::new(node, &self.vault));
        result.map_err(|misfit| self.refuse_value(key, misfit))
    }

    fn missing<T: Setting>(&mut self, key: &'static str) -> Noted {
        let empty = self.pairs.iter().find(|pair| pair.key == key);
        let (span, message) = match empty {
            Some(pair) => (pair.key_span, format!("`{key}` is empty")),
            None => (self.head(), format!("`{key}` is missing")),
        };
        let expected = T::SHAPE.words;
        self.refuse(Diagnostic::error(Flaw::MissingKey, span, message).help(format!("add `{key}:` with {expected}")))
    }

    /// The first line of the mapping: where a missing key is reported.
    fn head(&self) -> Span {
        let first = self.pairs.iter().find(|pair| pair.key == "type").or(self.pairs.first());
        first.map_or(self.span, |pair| Span {
            start: pair.key_span.start,
            end: pair.value.span.end.max(pair.key_span.end),
        })
    }
}

#[expect(clippy::panic, reason = "a default that is not a legal value is a bug in the declaration")]
fn default_value<T: Setting>(key: &str, default: &str) -> T {
    let vault = Vault::new(Secrets::Needed);
    // A word, or a number, needs no parser, and thousands of checks have the same ones.
    let is_word = default.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let word = is_word.then(|| Node::word(default));
    let node = word.or_else(|| yaml::parse(default).ok().and_then(|document| document.root));
    let value = node.and_then(|node| T::read(&Field::new(&node, &vault)).ok());
    value.unwrap_or_else(|| panic!("the default `{default}` of `{key}` is not a legal value"))
}

fn key_text(key: &Node) -> &str {
    match &key.value {
        Value::Scalar(scalar) => &scalar.text,
        Value::Seq(_) | Value::Map(_) => "",
    }
}

fn unknown_key(pair: &Pair<'_>, known: &[&'static str]) -> Diagnostic {
    let message = if pair.key.is_empty() {
        "no option has such a name; it is ignored".to_owned()
    } else {
        format!("unknown option `{}`, it is ignored", shortened(pair.key))
    };
    let diagnostic = Diagnostic::warning(Flaw::UnknownKey, pair.key_span, message);
    match meant::option(pair.key, known).or_else(|| nearest(pair.key, known)) {
        // The words of others for it say the opposite as a rule.
        Some(near @ "disable_tls_verification") if pair.key != near && !pair.key.starts_with("disable") => {
            diagnostic.help(format!("certificates are verified, unless `{near}: true` says otherwise"))
        }
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("the options are: {}", known.join(", "))),
    }
}
