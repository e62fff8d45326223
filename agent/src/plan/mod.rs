//! The valid, ordered list of checks: from a YAML file to a [`Plan`], or to every [`Diagnostic`] at
//! once.

mod by_url;
mod defaults;
mod further;
mod include;
mod kind;
mod links;
pub(crate) mod mask;
mod parts;
mod pieces;
mod render;
pub mod schema;
mod twins;

pub use include::Include;
pub use links::Links;
pub use render::{render, render_showing};

use crate::checks::{Profile, ResultName, Spec, is_option};
use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::fault::Fault;
use crate::file::{Distrust, Trust};
use crate::judgement::Judgement;
use crate::net::{Detour, Endpoint};
use crate::secret::Redactor;
use crate::services::Service;
use crate::settings::common::Common;
use crate::settings::{Fields, Secrets, Word};
use crate::source::Source;
use crate::text::{Lines, Span, escaped};
use crate::yaml::{self, Node, Value};
use by_url::Expanded;
use defaults::FileDefaults;
use kind::kind;
use parts::Whole;
use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What holds for a check that does not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// `--connect-timeout`.
    pub timeout: Duration,
}

/// The checks of a file: all valid, in the file's order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The checks.
    pub entries: Vec<Entry>,
    /// Where the checks of further files come between them, which whoever reads the file reads, too.
    pub includes: Vec<Include>,
}

/// One check, ready to run.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by the file, or follows from it, on its own")]
pub struct Entry {
    /// The file it stands in: its path, or `<stdin>`.
    pub file: Arc<str>,
    /// The line of the file it begins on, from 1.
    pub line: usize,
    /// The canonical type.
    pub kind: &'static str,
    /// The label for people.
    pub label: Option<String>,
    /// For `--include-tags` and `--exclude-tags`.
    pub tags: Vec<String>,
    /// Bounds the whole check.
    pub timeout: Duration,
    /// Slower than this is a warning.
    pub warn_after: Option<Duration>,
    /// So many times it is asked again when it fails.
    pub retries: u32,
    /// What is checked, as a person would say it.
    pub target: String,
    /// The names of its results, in order.
    pub results: Vec<ResultName>,
    /// The options that set it apart from others of its target, with their values.
    pub(crate) distinction: Vec<(&'static str, String)>,
    /// What else the file says of it; of what may be a secret only that it is there.
    further: Box<[(String, String)]>,
    /// Knows its secrets.
    pub redactor: Redactor,
    /// Why it cannot be run, if a secret or a file that it needs is not there.
    pub(crate) missing: Option<Fault>,
    /// Where else it connects to.
    pub(crate) detour: Option<Arc<Detour>>,
    /// It looks at this host and connects to nothing.
    pub is_local: bool,
    /// Its failure is a failure of the whole.
    pub critical: bool,
    /// What the file says of its verdict.
    pub judgement: Judgement,
    /// How it hangs together with others.
    pub links: Links,
    /// Its failure takes this node out of service, whoever has to mend it.
    pub takes_node_out: bool,
    /// So often somebody logs in.
    pub(crate) logins: u32,
    /// Asking again would send something twice.
    pub(crate) asks_once: bool,
    /// The check itself.
    pub spec: Spec,
}

impl Entry {
    /// Where it looks: `local`, at this host alone, or `remote`.
    #[must_use]
    pub const fn scope(&self) -> &'static str {
        if self.is_local { "local" } else { "remote" }
    }

    /// What the file says of it beside its name and its target, as ` KEY:VALUE ...`: for checks that are alike but for that.
    pub(crate) fn further(&self) -> String {
        self.further.iter().map(|(option, value)| [" ", option, ":", value].concat()).collect()
    }

    /// The options that the file says of it beside its name and its target, each with its value or what is shown of it.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&str, &str)> {
        let distinction = self.distinction.iter().map(|(option, value)| (*option, value.as_str()));
        distinction.chain(self.further.iter().map(|(option, value)| (option.as_str(), value.as_str())))
    }

    /// Whether it speaks to a web server, which has many names at one address.
    pub(crate) fn is_over_http(&self) -> bool {
        Spec::service_of(self.kind).is_some_and(Service::is_over_http)
    }

    /// Every place it connects to, on a host with these resolvers.
    pub(crate) fn endpoints(&self, resolvers: &[SocketAddr]) -> Vec<Endpoint> {
        let mut endpoints = self.spec.endpoints(resolvers);
        if let Some(detour) = &self.detour {
            endpoints.iter_mut().for_each(|endpoint| *endpoint = detour.place(endpoint));
        }
        endpoints
    }
}

/// A plan and its warnings, or all problems of all checks in the order of the file.
pub type Loaded = Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Reads a plan; the diagnostics beside it are warnings.
///
/// # Errors
/// All problems of all checks at once, in the order of the file, when one of them is an error, or
/// when `strict` is set and there is any.
pub fn load(source: &Source, defaults: Defaults, strict: bool) -> Loaded {
    read(source, defaults, strict, Secrets::Needed)
}

/// As [`load`], to be run: a check whose secret or certificate is not there is a check that fails, and others are
/// run. Not if `strict` is set.
///
/// # Errors
/// Those of [`load`].
pub fn load_to_run(source: &Source, defaults: Defaults, strict: bool) -> Loaded {
    read(source, defaults, strict, if strict { Secrets::Needed } else { Secrets::FailTheirCheck })
}

/// As [`load`], for who connects to nothing: a text that may be a secret may be a reference that
/// leads nowhere here. The plan is not to be run.
///
/// # Errors
/// Those of [`load`].
pub fn load_without_secrets(source: &Source, defaults: Defaults, strict: bool) -> Loaded {
    read(source, defaults, strict, Secrets::Unneeded)
}

fn read(source: &Source, defaults: Defaults, strict: bool, secrets: Secrets) -> Loaded {
    let lines = Lines::of(&source.text);
    let file = Arc::from(source.name.as_str());
    let distrust = LazyCell::new(|| match source.origin.trust() {
        Trust::Withheld(distrust) => Some(distrust),
        Trust::Full => None,
    });
    let mut loading = Loading {
        file,
        lines,
        defaults,
        of_file: FileDefaults::default(),
        secrets,
        distrust: &|| distrust.as_ref(),
        plan: Plan::default(),
        diagnostics: Vec::new(),
        whole: None,
    };
    loading.file(&source.text);
    let Loading { plan, of_file, mut diagnostics, .. } = loading;
    // What is wrong with a default is found by every check that reads it.
    let mut told = HashSet::new();
    diagnostics.retain(|one| match one.span {
        Some(span) if of_file.has(span) => told.insert((span.start, span.end, one.message.clone())),
        _ => true,
    });
    if strict {
        diagnostics
            .iter_mut()
            .filter(|one| one.severity == Severity::Warning)
            .for_each(|one| one.severity = Severity::Error);
    }
    diagnostics.sort_by_key(|one| one.span.map(|span| (span.start, span.end)));
    if diagnostics.iter().any(|one| one.severity == Severity::Error) {
        return Err(diagnostics);
    }
    Ok((plan, diagnostics))
}

struct Loading<'a> {
    file: Arc<str>,
    lines: Lines<'a>,
    defaults: Defaults,
    of_file: FileDefaults,
    secrets: Secrets,
    /// Why no program that the file names is started.
    distrust: &'a dyn Fn() -> Option<&'a Distrust>,
    plan: Plan,
    diagnostics: Vec<Diagnostic>,
    /// The check whose parts are being read.
    whole: Option<Whole>,
}

impl Loading<'_> {
    fn file(&mut self, text: &str) {
        let document = match yaml::parse(text) {
            Ok(document) => document,
            Err(problem) => return self.note(hint_at_tuples(problem, text)),
        };
        self.diagnostics.extend(document.notes);
        match document.root.filter(|root| !root.is_null()) {
            None => self.note(empty_file()),
            Some(Node { value: Value::Seq(items), .. }) => {
                self.plan.entries.reserve_exact(items.len());
                self.items(&items);
            }
            Some(root) => self.note(not_a_list(&root)),
        }
    }

    fn items(&mut self, items: &[Node]) {
        let mut checks = items;
        if let [first, others @ ..] = items
            && let Value::Map(pairs) = &first.value
            && FileDefaults::is_entry(pairs)
        {
            let (of_file, problems) = FileDefaults::of(first, pairs);
            self.of_file = of_file;
            self.diagnostics.extend(problems);
            checks = others;
        }
        self.checks(checks);
        self.diagnostics.extend(self.of_file.idle());
        self.diagnostics.extend(twins::warnings(items, &self.lines));
    }

    /// The checks of a list: of the file, or of the parts of a check.
    fn checks(&mut self, mut rest: &[Node]) {
        while let Some(first) = rest.first() {
            let (pieces, others) = rest.split_at(pieces::count(rest));
            if pieces.len() > 1 {
                self.note(pieces::torn(pieces));
            } else {
                self.item(first);
            }
            rest = others;
        }
    }

    fn note(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn item(&mut self, item: &Node) {
        let Value::Map(pairs) = &item.value else {
            return self.note(
                Diagnostic::error(Flaw::NotAMapping, item.span, "expected a check: a mapping with a `type`")
                    .help("write `- type: tcp`, then the options in lines below it, indented by two spaces"),
            );
        };
        if FileDefaults::is_entry(pairs) {
            return self.note(defaults::misplaced(item));
        }
        if let Some(problem) = self.whole.as_ref().and_then(|_| parts::misplaced(pairs)) {
            return self.note(problem);
        }
        if Include::is_one(pairs) {
            let (include, noted) = Include::read(item.span, pairs, self.plan.entries.len());
            self.diagnostics.extend(noted);
            self.plan.includes.extend(include);
            return;
        }
        let (kind, old_name) = match kind(item.span, pairs) {
            Ok(found) => found,
            Err(problem) => return self.note(problem),
        };
        self.diagnostics.extend(old_name);
        let inherited = self.whole.as_ref().map_or(Cow::Borrowed(pairs.as_slice()), |whole| whole.hand_down(pairs));
        let options = self.of_file.beside(kind, &inherited);
        let Expanded { checks, diagnostics } = by_url::expand(kind, &options, self.secrets);
        let began = self.diagnostics.len();
        self.diagnostics.extend(diagnostics);
        let before = self.plan.entries.len();
        for options in &checks {
            self.check(kind, item.span, pairs, options, began);
        }
        self.parts(pairs, before, checks.len());
    }

    /// One check. What is wrong with it was said since `began`, where several come of one mapping.
    fn check(
        &mut self,
        kind: &'static str,
        span: Span,
        written: &[(Node, Node)],
        options: &[(Node, Node)],
        began: usize,
    ) {
        let mut fields = Fields::new(span, options).with_secrets(self.secrets);
        fields.optional::<Word>("type", "Which check.");
        let spec = Spec::parse(kind, &mut fields);
        let common = Common::parse(&mut fields, self.defaults.timeout);
        let spec = spec.ok().filter(|_| !fields.is_broken());
        if let Some(spec) = &spec {
            spec.review(&common.tags, &mut fields);
        }
        let read = fields.finish();
        for one in self.of_file.without_idle(kind, read.diagnostics) {
            let is_said = |said: &Diagnostic| said.span == one.span && said.message == one.message;
            if !self.diagnostics[began..].iter().any(is_said) {
                self.note(one);
            }
        }
        let Some(spec) = spec else { return };
        let away = self.whole.as_ref().map(|whole| self.plan.entries.len() - whole.entry);
        let links = Links::of(written, common.label.as_deref(), common.depends_on, away);
        let profile = spec.profile();
        // Who connects to nothing starts nothing either.
        if profile.starts_program
            && self.secrets != Secrets::Unneeded
            && let Some(distrust) = (self.distrust)()
        {
            self.diagnostics.push(untrusted(written.first().map_or(span, |(key, _)| key.span), distrust));
        }
        let Profile { target, words, mut results, mut distinction, endpoints, origin, is_local, asks_once, .. } =
            profile;
        let detour = read.wishes.detour(origin, endpoints.into_iter().next());
        distinction.extend(detour.iter().flat_map(Detour::distinction));
        let texts = results.iter_mut().flat_map(|ResultName { name, info }| [name, info]);
        for text in texts.chain(distinction.iter_mut().map(|(_, value)| value)) {
            *text = read.stood_in.named(text);
        }
        self.plan.entries.push(Entry {
            file: Arc::clone(&self.file),
            line: self.lines.position(span.start).0,
            kind,
            label: common.label,
            tags: common.tags,
            timeout: common.timeout.unwrap_or(self.defaults.timeout),
            warn_after: common.warn_after,
            retries: common.retries,
            target: read.stood_in.named(&target),
            results,
            further: further::of(written, &distinction, words.as_ref()),
            distinction,
            redactor: read.redactor,
            missing: read.missing,
            detour: detour.map(Arc::new),
            is_local,
            critical: common.critical,
            judgement: common.judgement,
            links,
            takes_node_out: common.takes_node_out,
            logins: read.logins,
            asks_once,
            spec,
        });
    }
}

/// What a file that somebody else could have written names is not started.
fn untrusted(check: Span, distrust: &Distrust) -> Diagnostic {
    let Distrust { why, remedy } = distrust;
    Diagnostic::error(Flaw::Untrusted, check, format!("no program that this file names is started: {}", escaped(why)))
        .help(escaped(remedy))
}

fn empty_file() -> Diagnostic {
    Diagnostic::file(Flaw::NoChecks, "the file holds no checks")
        .help("write a list: `- type: tcp`, with `host:` and `port:` in the lines below; `[]` is a list without checks")
}

fn not_a_list(root: &Node) -> Diagnostic {
    let found = match &root.value {
        Value::Map(_) => "a mapping",
        _ => "a text",
    };
    let message = format!("expected a list of checks, found {found}");
    let first_line = Span { start: root.span.start, end: root.span.start + 1 };
    let is_check =
        matches!(&root.value, Value::Map(pairs) if pairs.iter().any(|(key, _)| key.text().is_some_and(is_option)));
    // Of a file that was never meant to be one of checks, any line may hold a secret.
    let diagnostic = if is_check {
        Diagnostic::error(Flaw::NotAList, first_line, message)
    } else {
        Diagnostic::file(Flaw::NotAList, message)
    };
    diagnostic.help("begin each check with `- `: `- type: tcp`, with `host:` and `port:` in the lines below")
}

/// The manual shows `headers: [('foo', 'bar')]`, which is Python and no YAML.
fn hint_at_tuples(diagnostic: Diagnostic, text: &str) -> Diagnostic {
    let Some(span) = diagnostic.span else { return diagnostic };
    let line_start = text[..span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    if !["('", "(\"", "(\u{2018}", "(\u{2019}", "(\u{201c}", "(\u{201d}", "(u'"]
        .iter()
        .any(|tuple| line.contains(tuple))
    {
        return diagnostic;
    }
    let message = "a tuple as Python writes it is not YAML";
    Diagnostic::error(Flaw::PythonTuple, span, message)
        .help("write lists: [[foo, bar], [foo, baz]], or [user, password]")
}
