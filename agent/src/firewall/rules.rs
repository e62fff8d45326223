//! Files of rules: as `conn-check-export-fw` prints them, as the original did, or as people write them.
//!
//! ```yaml
//! egress:
//! - from_host: web1.internal        # only ever shown; may be left out
//!   to_host: db.internal            # a name, an address, or a network (10.0.0.0/8)
//!   protocol: tcp                   # tcp or udp
//!   ports: [5432, 6432]             # or one number
//! ```
//!
//! What the original ignores - other keys, an `ingress` section - is ignored with a word about it.

use super::network::Destination;
use super::tree::{self, Value};
use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::net::{Port, Transport};
use crate::settings::nearest;
use crate::source::Source;
use crate::text::{Span, escaped};
use serde_yaml::Spanned;
use std::collections::BTreeSet;

/// The keys of a rule.
pub const KEYS: &[&str] = &["from_host", "to_host", "protocol", "ports"];
/// The longest name of a host that is shown, in characters.
const SHOWN: usize = 80;

/// One rule of a file.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Who connects, fit to be shown on one line.
    pub(super) from: Option<String>,
    pub(super) to: Destination,
    pub(super) transport: Transport,
    pub(super) ports: BTreeSet<Port>,
    /// Where `to_host` stands.
    pub(super) place: Span,
}

/// A key and what stands behind it.
type Pair = (Spanned<Value>, Spanned<Value>);

/// Reads a file; the diagnostics beside the rules are warnings and notes.
///
/// # Errors
/// Every problem at once when one of them is an error.
pub fn read(source: &Source) -> Result<(Vec<Rule>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let root = tree::parse(&source.text).map_err(|problem| vec![problem])?;
    let mut reading = Reading { text: &source.text, rules: Vec::new(), diagnostics: Vec::new() };
    reading.file(&root);
    let Reading { rules, mut diagnostics, .. } = reading;
    diagnostics.sort_by_key(|one| one.span.map(|span| (span.start, span.end)));
    if diagnostics.iter().any(|one| one.severity == Severity::Error) {
        return Err(diagnostics);
    }
    Ok((rules, diagnostics))
}

struct Reading<'a> {
    text: &'a str,
    rules: Vec<Rule>,
    diagnostics: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn file(&mut self, root: &Spanned<Value>) {
        let Value::Map(sections) = &root.value else { return self.not_a_mapping(root) };
        let mut found = false;
        for (key, value) in sections {
            match key.value.text() {
                Some("egress") => {
                    found = true;
                    self.egress(value);
                }
                Some("ingress") => {
                    let text = "`ingress` is left out: only what goes out is converted";
                    let note = Diagnostic::warning(Flaw::UnknownKey, self.span(key), text);
                    self.diagnostics.push(Diagnostic { severity: Severity::Note, ..note });
                }
                _ => self.unknown(key, &["egress"]),
            }
        }
        if !found {
            let help = "rules stand below `egress:`, as conn-check-export-fw prints them";
            self.diagnostics.push(Diagnostic::file(Flaw::MissingKey, "the file has no `egress`").help(help));
        }
    }

    fn not_a_mapping(&mut self, root: &Spanned<Value>) {
        let diagnostic = match &root.value {
            Value::Null => Diagnostic::file(Flaw::NoRules, "the file is empty")
                .help("see whether conn-check-export-fw ended well when it wrote this file"),
            Value::List(_) => self
                .wrong(root, Flaw::WrongType, "a mapping with `egress` is wanted, and this is a list".to_owned())
                .help("a file of checks is made into one of rules by conn-check-export-fw"),
            other => {
                let message = format!("a mapping with `egress` is wanted, and this is {}", kind_of(other));
                self.wrong(root, Flaw::WrongType, message).help("give files as conn-check-export-fw prints them")
            }
        };
        self.diagnostics.push(diagnostic);
    }

    fn egress(&mut self, value: &Spanned<Value>) {
        match &value.value {
            Value::List(items) => items.iter().for_each(|item| self.item(item)),
            Value::Null => {
                let error = self.wrong(value, Flaw::NoRules, "there is nothing below `egress`".to_owned());
                self.diagnostics.push(error.help("write `egress: []` where a host connects to nothing"));
            }
            other => {
                let message = format!("`egress`: a list of rules is wanted, and this is {}", other.described());
                let error = self.wrong(value, Flaw::WrongType, message);
                self.diagnostics.push(error.help("begin each rule with `- `"));
            }
        }
    }

    fn item(&mut self, item: &Spanned<Value>) {
        let Value::Map(pairs) = &item.value else {
            let message = format!("a rule is wanted, and this is {}", item.value.described());
            let error = self.wrong(item, Flaw::NotAMapping, message);
            return self.diagnostics.push(error.help("a rule has `to_host`, `protocol` and `ports`"));
        };
        for (key, _) in pairs.iter().filter(|(key, _)| !key.value.text().is_some_and(|text| KEYS.contains(&text))) {
            self.unknown(key, KEYS);
        }
        let from = self.source(pairs);
        let to = self.destination(item, pairs);
        let transport = self.protocol(item, pairs);
        let ports = self.ports(item, pairs);
        if let (Some(from), Some((to, place)), Some(transport), Some(ports)) = (from, to, transport, ports) {
            self.rules.push(Rule { from, to, transport, ports, place });
        }
    }

    /// The inner `None`: it is not there.
    #[expect(clippy::option_option, reason = "a problem, no host, a host")]
    fn source(&mut self, pairs: &[Pair]) -> Option<Option<String>> {
        let Some(value) = get(pairs, "from_host") else { return Some(None) };
        let Some(text) = value.value.text() else {
            let message = format!("`from_host`: a name is wanted, and this is {}", value.value.described());
            let error = self.wrong(value, Flaw::WrongType, message);
            self.diagnostics.push(error);
            return None;
        };
        let text = escaped(&text.chars().take(SHOWN).collect::<String>());
        Some(Some(text).filter(|text| !text.trim().is_empty()))
    }

    fn destination(&mut self, item: &Spanned<Value>, pairs: &[Pair]) -> Option<(Destination, Span)> {
        let value = self.needed(item, pairs, "to_host")?;
        let span = self.span(value);
        let text = value.value.text().unwrap_or_default();
        match Destination::parse(text) {
            Ok(destination) => Some((destination, span)),
            Err(why) => {
                let message = format!(
                    "`to_host`: a name, an address or a network is wanted, and this is {}",
                    value.value.described()
                );
                self.diagnostics.push(Diagnostic::error(Flaw::BadValue, span, message).help(why));
                None
            }
        }
    }

    fn protocol(&mut self, item: &Spanned<Value>, pairs: &[Pair]) -> Option<Transport> {
        let value = self.needed(item, pairs, "protocol")?;
        let word = value.value.text().map(str::to_ascii_lowercase);
        let found = [Transport::Tcp, Transport::Udp].into_iter().find(|one| word.as_deref() == Some(one.slug()));
        if found.is_none() {
            let message = format!("`protocol`: tcp or udp is wanted, and this is {}", value.value.described());
            let error = self.wrong(value, Flaw::BadValue, message);
            self.diagnostics.push(error.help("tls, http and everything else that is checked runs over tcp"));
        }
        found
    }

    fn ports(&mut self, item: &Spanned<Value>, pairs: &[Pair]) -> Option<BTreeSet<Port>> {
        let value = self.needed(item, pairs, "ports")?;
        let ports: Vec<_> = match &value.value {
            Value::List(items) if items.is_empty() => {
                let error = self.wrong(value, Flaw::BadValue, "`ports`: the list is empty".to_owned());
                self.diagnostics.push(error.help("name the ports: `ports: [80, 443]`"));
                return None;
            }
            Value::List(items) => items.iter().map(|item| self.port(item)).collect(),
            _ => vec![self.port(value)],
        };
        ports.into_iter().collect()
    }

    fn port(&mut self, value: &Spanned<Value>) -> Option<Port> {
        let text = value.value.text().unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let port = Some(text).filter(|_| digits).and_then(|text| text.parse().ok());
        if port.is_none() {
            let message = format!("`ports`: a port number is wanted, and this is {}", value.value.described());
            let error = self.wrong(value, Flaw::BadValue, message);
            self.diagnostics.push(error.help("a port is a whole number from 1 to 65535"));
        }
        port
    }

    /// What stands behind a key that a rule must have.
    fn needed<'p>(&mut self, item: &Spanned<Value>, pairs: &'p [Pair], key: &str) -> Option<&'p Spanned<Value>> {
        let found = get(pairs, key);
        if found.is_none() {
            let error = self.wrong(item, Flaw::MissingKey, format!("this rule has no `{key}`"));
            self.diagnostics.push(error.help("a rule has `to_host`, `protocol` and `ports`"));
        }
        found
    }

    fn unknown(&mut self, key: &Spanned<Value>, known: &[&str]) {
        let text = key.value.text().unwrap_or_default();
        let message = format!("{} means nothing here and is left out", key.value.described());
        let warning = Diagnostic::warning(Flaw::UnknownKey, self.span(key), message);
        let help = nearest(text, known).map(|near| format!("did you mean `{near}`?"));
        self.diagnostics.push(Diagnostic { help, ..warning });
    }

    fn wrong(&self, node: &Spanned<Value>, flaw: Flaw, message: String) -> Diagnostic {
        Diagnostic::error(flaw, self.span(node), message)
    }

    fn span(&self, node: &Spanned<Value>) -> Span {
        tree::span_of(node, self.text)
    }
}

/// The value of a key; one that is there without a value is as good as absent.
fn get<'p>(pairs: &'p [Pair], key: &str) -> Option<&'p Spanned<Value>> {
    let found = pairs.iter().find(|(name, _)| name.value.text() == Some(key));
    found.map(|(_, value)| value).filter(|value| !matches!(value.value, Value::Null))
}

/// The sort of a value alone: what is no file of rules may hold anything.
const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Scalar(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lines;

    fn problems(text: &str) -> Vec<(usize, String)> {
        let source = Source { name: "test".into(), text: text.into() };
        let lines = Lines::of(text);
        let all = read(&source).map_or_else(|errors| errors, |(_, warnings)| warnings);
        let line = |one: &Diagnostic| one.span.map_or(0, |span| lines.position(span.start).0);
        all.iter().map(|one| (line(one), one.text())).collect()
    }

    #[test]
    fn every_problem_of_every_rule_is_found_at_once() {
        let found = problems(
            "egress:\n- to_host: a b\n  ports: [0, 70000, '80; rm', 80.5, yes, [1]]\n  protocol: icmp\n- 5\n- {ports: 1}\n\
             - {to_host: a, protocol: tcp, ports: []}\n- {to_host: a, protocol: tcp, port: 1, ports: -1}\n",
        );
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 3, 3, 3, 3, 3, 4, 5, 6, 6, 7, 8, 8], "{found:#?}");
    }

    #[test]
    fn files_of_the_original_are_read() {
        let text = "egress:\n- from_host: !!python/unicode 'mydevmachine'\n  ports: [8080]\n  protocol: udp\n\
                    \x20 to_host: !!python/unicode 'localhost'\n- {from_host: m, ports: ['80', 443], protocol: TCP, to_host: 127.0.0.1}\n";
        let (rules, notes) = read(&Source { name: "test".into(), text: text.into() }).expect("rules");
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!((rules.len(), rules[0].from.as_deref()), (2, Some("mydevmachine")));
        assert_eq!(rules[1].ports.iter().map(|port| port.get()).collect::<Vec<_>>(), [80, 443]);
    }

    #[test]
    fn what_the_original_ignores_is_ignored_with_a_word() {
        let found = problems("ingress: []\nEgress: 1\negress:\n- {to_host: a, protocol: tcp, ports: 1, comment: x}\n");
        let texts: Vec<_> = found.iter().map(|(line, text)| format!("{line} {text}")).collect();
        assert_eq!(
            texts,
            [
                "1 `ingress` is left out: only what goes out is converted",
                "2 `Egress` means nothing here and is left out",
                "4 `comment` means nothing here and is left out"
            ]
        );
    }

    #[test]
    fn what_is_no_file_of_rules_is_said_to_be_none() {
        for (text, message) in [
            ("", "the file is empty"),
            ("# nothing\n", "the file is empty"),
            ("{}", "the file has no `egress`"),
            ("egress:", "there is nothing below `egress`"),
            ("egress: 5", "`egress`: a list of rules is wanted, and this is `5`"),
            ("- {type: tcp}", "a mapping with `egress` is wanted, and this is a list"),
            ("hunter2", "a mapping with `egress` is wanted, and this is a text"),
            ("egress: [", "unclosed bracket '['"),
        ] {
            assert_eq!(problems(text).into_iter().map(|(_, text)| text).collect::<Vec<_>>(), [message], "{text:?}");
        }
        assert_eq!(problems(&"[".repeat(200_000)).len(), 1);
    }
}
