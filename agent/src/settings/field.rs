//! A value as it stands in the file, or behind a reference that stands there, and why it may not
//! be what an option takes.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::fault::{Cause, Fault, Owner, Part};
use crate::secret::{Redactor, Secret, Sentence, may_hold_login, ours, sentence, theirs};
use crate::settings::Setting;
use crate::settings::reference::{
    from_environment, from_file, is_like_reference, is_template, reference, reference_help,
};
use crate::settings::shape::{Shape, Shown, StandIn, StoodIn};
use crate::text::{Span, shortened};
use crate::yaml::{Node, Resolved, Scalar, Value};
use nix::libc;
use std::borrow::Cow;
use std::cell::RefCell;
use std::io;

/// Why a value is not what the option takes.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) flaw: Flaw,
    span: Option<Span>,
    pub(super) message: String,
    /// Whose job it is to have it fit.
    pub(super) owner: Owner,
    found: Option<String>,
    pub(crate) help: Option<String>,
    /// A value that would do, for who has no other help.
    example: &'static str,
}

impl Misfit {
    /// A value that the option does not take ([`Flaw::BadValue`]).
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let (message, owner) = (message.into(), Owner::Config);
        Self { flaw: Flaw::BadValue, span: None, message, owner, found: None, help: None, example: "" }
    }

    /// Adds what to write instead.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Of an error of this host, with which no other path would fare better: it is short of memory or descriptors.
    #[must_use]
    pub(crate) fn because(mut self, error: &io::Error) -> Self {
        let of_path = |errno| {
            matches!(
                errno,
                libc::ENOENT
                    | libc::ENOTDIR
                    | libc::EISDIR
                    | libc::EACCES
                    | libc::EPERM
                    | libc::ELOOP
                    | libc::ENAMETOOLONG
                    | libc::ENXIO
            )
        };
        if error.raw_os_error().is_some_and(|errno| !of_path(errno)) {
            self.owner = Owner::Host;
        }
        self
    }

    /// A fault of the check, where that is how it is taken.
    pub(super) fn fault(&self, cause: Cause, message: impl Into<Sentence>, next_step: &'static str) -> Fault {
        let next_step = if self.owner == Owner::Host {
            "look at this host: its memory, its descriptors, its file systems"
        } else {
            next_step
        };
        Fault::new(cause, message).owner(self.owner).next_step(next_step)
    }

    /// Another flaw than [`Flaw::BadValue`].
    #[must_use]
    pub(crate) const fn flaw(mut self, flaw: Flaw) -> Self {
        self.flaw = flaw;
        self
    }

    /// The diagnostic about the option with this key, whose value stands at `span`.
    pub(crate) fn of_option(self, key: &str, span: Span) -> Diagnostic {
        let Self { flaw, span: own, message, owner: _, found, help, example } = self;
        let diagnostic = Diagnostic::error(flaw, own.unwrap_or(span), format!("`{key}`: {message}"));
        let help = help.or_else(|| (!example.is_empty()).then(|| format!("for example: `{key}: {example}`")));
        Diagnostic { found, help, ..diagnostic }
    }
}

/// A value as it stands in the file, or behind a `{env: VAR}` or `{file: PATH}` that stands there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    node: &'a Node,
    vault: &'a Vault,
}

/// The secrets of a check: those that were met while it is read, and whether they have to be there.
#[derive(Debug)]
pub(crate) struct Vault {
    met: RefCell<Redactor>,
    secrets: Secrets,
    /// Why the check cannot be run, if something that it needs is not there.
    missing: RefCell<Option<Fault>>,
    stood_in: RefCell<StoodIn>,
}

/// What it means that a secret, or a file that a check names, is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Secrets {
    /// The file of checks is wrong.
    Needed,
    /// The check fails, and others are run.
    FailTheirCheck,
    /// Nothing: nothing is connected to.
    Unneeded,
}

impl Vault {
    /// An empty one.
    pub(crate) const fn new(secrets: Secrets) -> Self {
        Self {
            met: RefCell::new(Redactor::new()),
            secrets,
            missing: RefCell::new(None),
            stood_in: RefCell::new(StoodIn::new()),
        }
    }

    /// Notes what keeps the check from being run: the first of it. Whether that is how it is taken here.
    pub(crate) fn defer(&self, fault: impl FnOnce() -> Fault) -> bool {
        if self.secrets == Secrets::FailTheirCheck {
            self.missing.borrow_mut().get_or_insert_with(fault);
        }
        self.secrets == Secrets::FailTheirCheck
    }

    /// Whether certificates and keys need not be there.
    pub(crate) fn connects_to_nothing(&self) -> bool {
        self.secrets == Secrets::Unneeded
    }

    pub(crate) fn keep(&self, text: &str) {
        self.met.borrow_mut().add(text);
    }

    pub(crate) fn show(&self, name: &str) {
        self.met.borrow_mut().show(name);
    }

    pub(crate) fn show_names_in(&self, text: &str) {
        self.met.borrow_mut().show_names_in(text);
    }

    /// What was met, why the check cannot be run, and what was read in the place of what is not there.
    pub(crate) fn into_parts(self) -> (Redactor, Option<Fault>, StoodIn) {
        (self.met.into_inner(), self.missing.into_inner(), self.stood_in.into_inner())
    }
}

impl<'a> Field<'a> {
    /// A value; the secrets that are met while it is read go into the vault.
    pub(crate) const fn new(node: &'a Node, vault: &'a Vault) -> Self {
        Self { node, vault }
    }

    /// The value as text. Numbers and booleans are taken as they are written: a password may well
    /// be `0123`.
    pub(crate) fn text(&self, shape: &Shape) -> Result<String, Misfit> {
        self.borrowed(shape).map(Cow::into_owned)
    }

    /// As [`Field::text`], as it stands in the file where it does.
    pub(super) fn borrowed(&self, shape: &Shape) -> Result<Cow<'a, str>, Misfit> {
        match &self.node.value {
            Value::Scalar(scalar) => Ok(Cow::Borrowed(&scalar.text)),
            Value::Map(pairs) => match reference(pairs) {
                Some((key, value)) => self.follow(key, value, shape).map(Cow::Owned),
                None => Err(self.wrong(shape)),
            },
            Value::Seq(_) => Err(self.wrong(shape)),
        }
    }

    /// Reads the text by a rule of its own, and names what was found when the rule says no.
    pub(crate) fn parse<T>(&self, shape: &Shape, rule: impl FnOnce(&str) -> Option<T>) -> Result<T, Misfit> {
        let text = self.borrowed(shape)?;
        rule(&text).ok_or_else(|| self.wrong(shape))
    }

    pub(crate) fn keep_secret(&self, text: &str) {
        self.vault.keep(text);
    }

    /// Remembers a name that is shown wherever it came from.
    pub(crate) fn show(&self, name: &str) {
        self.vault.show(name);
    }

    pub(crate) fn items(&self) -> Option<impl Iterator<Item = Field<'a>> + use<'a>> {
        let Self { node, vault } = *self;
        match &node.value {
            Value::Seq(items) => Some(items.iter().map(move |node| Field { node, vault })),
            _ => None,
        }
    }

    /// The keys and values of a mapping that is not a reference.
    pub(crate) fn pairs(&self) -> Option<impl Iterator<Item = (Field<'a>, Field<'a>)> + use<'a>> {
        let Self { node, vault } = *self;
        match &node.value {
            Value::Map(pairs) if reference(pairs).is_none() => {
                Some(pairs.iter().map(move |(key, value)| (Field { node: key, vault }, Field { node: value, vault })))
            }
            _ => None,
        }
    }

    /// Whether the value stands elsewhere: `{env: VAR}`, `{file: PATH}`.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(&self.node.value, Value::Map(pairs) if reference(pairs).is_some())
    }

    /// The file that the value stands in: `{file: PATH}`.
    pub(crate) fn file_named(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Map(pairs) => reference(pairs).filter(|(word, _)| *word == "file").map(|(_, path)| path),
            Value::Scalar(_) | Value::Seq(_) => None,
        }
    }

    /// Whether what is read is not run: certificates and keys need not be there.
    pub(crate) fn connects_to_nothing(&self) -> bool {
        self.vault.connects_to_nothing()
    }

    /// The value of a scalar as JSON has it; what stands elsewhere is a text.
    pub(crate) fn as_json(&self) -> serde_json::Value {
        match &self.node.value {
            Value::Scalar(scalar) => match scalar.resolved {
                Resolved::Null => serde_json::Value::Null,
                Resolved::Bool(truth) => truth.into(),
                Resolved::Int(number) => number.into(),
                Resolved::Float(number) => number.into(),
                Resolved::Str => scalar.text.clone().into(),
            },
            Value::Map(_) | Value::Seq(_) => self.text(&<String as Setting>::SHAPE).unwrap_or_default().into(),
        }
    }

    /// Whether a text stands there as it is: without quotes and without a tag.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.plain)
    }

    pub(crate) const fn is_null(&self) -> bool {
        self.node.is_null()
    }

    /// Where the value stands.
    pub(crate) const fn span(&self) -> Span {
        self.node.span
    }

    /// "expected ..., found ...", without showing what may be a secret.
    pub(crate) fn wrong(&self, shape: &Shape) -> Misfit {
        if let Some(tuple) = self.python_tuple() {
            return tuple;
        }
        let (flaw, found) = match &self.node.value {
            Value::Scalar(scalar) if scalar.text.is_empty() => (Flaw::BadValue, "nothing".to_owned()),
            Value::Scalar(scalar) if shape.shown == Shown::Plain => {
                let shown = if may_hold_login(&scalar.text) { "***".to_owned() } else { shortened(&scalar.text) };
                (Flaw::BadValue, format!("`{shown}`"))
            }
            Value::Scalar(scalar) => (Flaw::BadValue, kind_of(scalar).to_owned()),
            Value::Seq(items) if items.is_empty() => (Flaw::BadValue, "an empty list".to_owned()),
            Value::Seq(_) => (Flaw::WrongType, "a list".to_owned()),
            Value::Map(pairs) if reference(pairs).is_some() => {
                (Flaw::BadValue, "a reference to something else".to_owned())
            }
            Value::Map(pairs) if is_template(pairs) => (Flaw::WrongType, "a variable of a template".to_owned()),
            Value::Map(_) => (Flaw::WrongType, "a mapping".to_owned()),
        };
        let misfit = Misfit::new(format!("expected {}", shape.words)).flaw(flaw);
        let misfit = Misfit { span: Some(self.node.span), found: Some(found), example: shape.example, ..misfit };
        match &self.node.value {
            Value::Map(pairs) if is_template(pairs) => misfit.help("write {env: NAME} in its place"),
            // `{vault: PATH}`, `{envv: NAME}`.
            Value::Map(pairs) if shape.example.is_empty() && is_like_reference(pairs) => {
                misfit.help("what stands elsewhere is {env: NAME} or {file: PATH}")
            }
            _ => misfit,
        }
    }

    /// Puts the place of this value into a misfit that has none.
    pub(crate) fn with_span(&self, misfit: Misfit) -> Misfit {
        Misfit { span: misfit.span.or(Some(self.node.span)), ..misfit }
    }

    /// The manual writes tuples the way Python does; YAML reads them as one text. Where a text is
    /// wanted, it may well look like one.
    pub(crate) fn python_tuple(&self) -> Option<Misfit> {
        let Value::Scalar(scalar) = &self.node.value else { return None };
        let text = scalar.text.trim();
        // Within a list, YAML has cut it at the comma.
        let is_cut = text.starts_with('(') && !text.contains(')') && text.len() > 1;
        let is_whole = text.starts_with('(') && text.ends_with(')') && text.contains(',');
        let tuple = scalar.resolved == Resolved::Str && (is_whole || is_cut);
        tuple.then(|| {
            let misfit =
                Misfit::new("this is a tuple as Python writes it; in YAML it is one text").flaw(Flaw::PythonTuple);
            self.with_span(
                misfit.help("write a list: [user, password], or [[name, value], [name, value]] for several pairs"),
            )
        })
    }

    fn follow(&self, key: &str, name: &str, shape: &Shape) -> Result<String, Misfit> {
        let text = if key == "env" { from_environment(name) } else { from_file(name) };
        let text = match text {
            Ok(text) => text,
            Err(misfit) => {
                let misfit = self.with_span(misfit.flaw(Flaw::BadReference).help(reference_help(key)));
                return self.without(misfit, key, name, shape);
            }
        };
        // A URL is kept in its secret parts, by who reads it.
        if shape.shown != Shown::Url {
            self.keep_secret(&text);
        }
        Ok(text)
    }

    /// What stands for a value that is not there, where the check is read without it.
    fn without(&self, misfit: Misfit, key: &str, name: &str, shape: &Shape) -> Result<String, Misfit> {
        let Some(stand_in) = shape.stand_in else { return Err(misfit) };
        let fault = || {
            let next = "set it for the user who runs conn-check; or correct the reference";
            misfit
                .fault(Cause::MissingSecret, ours(misfit.message.as_str()), next)
                .concerning(Part::Reference, sentence![ours(key), " ", theirs(&shortened(name))])
        };
        // Who connects to nothing has to know all the same where it leads.
        let leads_nowhere = matches!(stand_in, StandIn::Hidden | StandIn::Reference);
        let is_unneeded = self.vault.secrets == Secrets::Unneeded && leads_nowhere;
        if !is_unneeded && !self.vault.defer(fault) {
            return Err(misfit);
        }
        let reference = format!("{{{key}: {}}}", shortened(name));
        Ok(self.vault.stood_in.borrow_mut().add(stand_in, reference))
    }

    /// A secret that has to be something.
    pub(crate) fn not_empty(&self, text: String) -> Result<String, Misfit> {
        let Value::Map(pairs) = &self.node.value else { return Ok(text) };
        let Some((key, name)) = reference(pairs).filter(|_| text.is_empty()) else { return Ok(text) };
        let what = if key == "env" { "environment variable" } else { "file" };
        let misfit = Misfit::new(format!("the {what} `{}` is empty", shortened(name))).flaw(Flaw::BadReference);
        self.without(self.with_span(misfit), key, name, &<Secret<String> as Setting>::SHAPE)
    }
}

/// Reads values before the options of a check are read: nothing that is met is kept.
pub(crate) struct Quiet(Vault);

impl Quiet {
    pub(crate) const fn new(secrets: Secrets) -> Self {
        Self(Vault::new(secrets))
    }

    /// Reads a value.
    ///
    /// # Errors
    /// It is not what is taken there.
    pub(crate) fn read<T: Setting>(&self, node: &Node) -> Result<T, Misfit> {
        T::read(&Field::new(node, &self.0))
    }
}

/// What a value is that may not be shown.
const fn kind_of(scalar: &Scalar) -> &'static str {
    match scalar.resolved {
        Resolved::Int(_) | Resolved::Float(_) => "a number",
        Resolved::Bool(_) | Resolved::Null | Resolved::Str => "a text",
    }
}
