//! `url`: a service's URL in the place of the options that it says.
//!
//! Its parts become options of the check before that is read, as if they were written where the URL stands: every rule
//! about an option holds for them, and what is wrong with one is shown there. A URL with several hosts is as many checks.

use crate::checks::Spec;
use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::services::Service;
use crate::settings::{Misfit, Quiet, SERVICE_URL, Secrets, ServiceUrl, is_true, takes_url};
use crate::text::Span;
use crate::url::{self, Beside, Reading, Said, Value};
use crate::yaml::{self, Node};
use std::borrow::Cow;

/// The keys and values of a check.
type Pairs = [(Node, Node)];

/// The options of the checks that one mapping stands for, and what is wrong with its URL.
pub(super) struct Expanded<'a> {
    pub(super) checks: Vec<Cow<'a, Pairs>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The mapping of a check of this type, with the parts of its `url` in it.
pub(super) fn expand<'a>(kind: &str, pairs: &'a Pairs, secrets: Secrets) -> Expanded<'a> {
    let found = pairs.iter().find(|(key, value)| key.text() == Some(SERVICE_URL) && !value.is_null());
    let service = Spec::service_of(kind).filter(|service| takes_url(service));
    match (found, service) {
        (Some((_, value)), Some(service)) => Url { service, pairs, value, secrets }.expand(),
        _ => Expanded { checks: vec![Cow::Borrowed(pairs)], diagnostics: Vec::new() },
    }
}

/// The URL of a check.
struct Url<'a> {
    service: &'static Service,
    pairs: &'a Pairs,
    value: &'a Node,
    secrets: Secrets,
}

impl<'a> Url<'a> {
    fn expand(&self) -> Expanded<'a> {
        let mut diagnostics = Vec::new();
        // What is wrong with the value itself is said when the option is read.
        let url = Quiet::new(self.secrets).read::<ServiceUrl>(self.value).unwrap_or_else(|_| ServiceUrl::absent());
        let beside = Beside { user: self.written("username").is_some(), password: self.written("password").is_some() };
        let reading = url::read(&url.text(self.service), self.service, beside).or_else(|why| {
            diagnostics.push(self.problem(Misfit::new(why)));
            url::read(&ServiceUrl::absent().text(self.service), self.service, beside)
        });
        let Ok(reading) = reading else {
            return Expanded { checks: vec![Cow::Borrowed(self.pairs)], diagnostics };
        };
        if !url.is_absent() && diagnostics.is_empty() {
            diagnostics.extend(self.remarks(&reading));
            let contradictions = reading.checks.iter().flatten().filter_map(|said| self.contradiction(said));
            diagnostics.extend(contradictions);
        }
        let checks = reading.checks.iter().map(|said| Cow::Owned(self.with(said))).collect();
        Expanded { checks, diagnostics }
    }

    /// The options of the file, and behind them those of the URL that do not stand there.
    fn with(&self, said: &[Said]) -> Vec<(Node, Node)> {
        let span = self.value.span;
        let new = said.iter().filter(|said| self.written(&said.option).is_none());
        let new = new.map(|said| (Node::part(&said.option, span), node(&said.value, span)));
        self.pairs.iter().cloned().chain(new).collect()
    }

    /// An option that stands beside the URL.
    fn written(&self, option: &str) -> Option<&'a Node> {
        let found = self.pairs.iter().find(|(key, value)| key.text() == Some(option) && !value.is_null());
        found.map(|(_, value)| value)
    }

    /// An option that stands in the URL and beside it, and differs.
    fn contradiction(&self, said: &Said) -> Option<Diagnostic> {
        let value = self.written(&said.option).filter(|_| !said.usual)?;
        let beside = Quiet::new(self.secrets).read::<String>(value).ok()?;
        let in_url = text(&said.value);
        let same = in_url.eq_ignore_ascii_case(&beside) && (in_url == beside || said.option == "host")
            || is_true(&in_url).is_some() && is_true(&in_url) == is_true(&beside);
        let option = &said.option;
        let message = format!("`{option}` stands in `url` as well, and differs there");
        (!same).then(|| {
            Diagnostic::error(Flaw::BadValue, value.span, message)
                .help(format!("leave `{option}` out, or take it out of the URL"))
        })
    }

    /// What the URL says and the check does not do. An option for the client alone is no more than a note: a file that
    /// names a variable is not wrong for what is in that.
    fn remarks(&self, reading: &Reading) -> Vec<Diagnostic> {
        let no_option_for = |what: &[String]| {
            let message = format!("`{SERVICE_URL}`: the check has no option for {}", what.join(", "));
            let help =
                "where an option of the check means the same, write that beside the URL; else it is the client's own";
            (!what.is_empty()).then(|| Diagnostic::warning(Flaw::NoEffect, self.value.span, message).help(help))
        };
        let of_query = no_option_for(&reading.left_of_query);
        let of_query = of_query.map(|warning| Diagnostic { severity: Severity::Note, ..warning });
        let remarks = reading.remarks.iter().map(|why| {
            let message = format!("`{SERVICE_URL}`: {}", why.replace("the check below", "the check"));
            Diagnostic::warning(Flaw::NoEffect, self.value.span, message).help("write beside the URL what is missing")
        });
        no_option_for(&reading.left).into_iter().chain(of_query).chain(remarks).collect()
    }

    fn problem(&self, misfit: Misfit) -> Diagnostic {
        let help = "a URL as the application has it; or write `host:`, `port:` and the others in its place";
        misfit.help(help).of_option(SERVICE_URL, self.value.span)
    }
}

/// A value as it would stand in the file.
fn node(value: &Value, span: Span) -> Node {
    match value {
        Value::List(items) => {
            Node { span, value: yaml::Value::Seq(items.iter().map(|item| node(item, span)).collect()) }
        }
        other => Node::part(&text(other), span),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Plain(serde_json::Value::String(text)) => text.clone(),
        Value::Secret(hidden) => hidden.expose().to_owned(),
        Value::Plain(other) => other.to_string(),
        Value::List(_) | Value::Map(_) => String::new(),
    }
}
