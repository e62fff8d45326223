//! Files of rules: as `conn-check-export-fw` prints them, as the original did, or as people write them.
//!
//! ```yaml
//! egress:
//! - from_host: web1.internal        # only ever shown; may be left out
//!   to_host: db.internal            # a name, an address, or a network (10.0.0.0/8)
//!   protocol: tcp                   # tcp or udp
//!   ports: [5432, 8000-8010]        # numbers and ranges, or one of them
//! ```
//!
//! What the original ignores - other keys, an `ingress` section - is ignored with a word about it.

use super::network::Destination;
use super::ports::Ports;
use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::net::Transport;
use crate::settings::nearest;
use crate::source::Source;
use crate::text::{Span, escaped, shortened};
use crate::yaml::{self, Node, Value};
use std::collections::BTreeSet;

/// The keys whose values are no secrets: that of the rules, and those of a rule.
pub const SHOWN_KEYS: &[&str] = &["egress", "from_host", "to_host", "protocol", "ports"];
/// The keys of a rule.
const KEYS: &[&str] = SHOWN_KEYS.split_at(1).1;
/// The longest name of a host that is shown, in characters.
const SHOWN: usize = 80;
const PARTS_OF_A_RULE: &str = "a rule has `to_host`, `protocol` and `ports`";

/// One rule of a file.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Who connects, fit to be shown on one line.
    pub(super) from: Option<String>,
    pub(super) to: Destination,
    pub(super) transport: Transport,
    pub(super) ports: BTreeSet<Ports>,
    /// Where the value of `to_host` stands.
    pub(super) span: Span,
}

/// A key and its value.
type Pair = (Node, Node);

/// Reads a file; the diagnostics beside the rules are warnings and notes.
///
/// # Errors
/// Every problem at once when one of them is an error.
pub fn read(source: &Source) -> Result<(Vec<Rule>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let document = yaml::parse(&source.text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    reader.diagnostics.extend(document.notes.into_iter().map(given_twice));
    match document.root {
        Some(root) if !root.is_null() => reader.file(&root),
        _ => reader.diagnostics.push(
            Diagnostic::file(Flaw::NoRules, "the file is empty")
                .help("see whether conn-check-export-fw ended well when it wrote this file"),
        ),
    }
    let Reader { rules, mut diagnostics } = reader;
    diagnostics.sort_by_key(|one| one.span.map(|span| (span.start, span.end)));
    if diagnostics.iter().any(|one| one.severity == Severity::Error) {
        return Err(diagnostics);
    }
    Ok((rules, diagnostics))
}

/// A key that is given again would take rules back.
fn given_twice(note: Diagnostic) -> Diagnostic {
    let message = "this key was given before in the same mapping".to_owned();
    Diagnostic { severity: Severity::Error, message, ..note }.help("put the values of both into one")
}

/// What was read so far. With an error among the diagnostics, the rules are not used.
#[derive(Default)]
struct Reader {
    rules: Vec<Rule>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn file(&mut self, root: &Node) {
        let Value::Map(sections) = &root.value else {
            let help = match &root.value {
                Value::Seq(_) => "a file of checks is made into one of rules by conn-check-export-fw",
                _ => "give files as conn-check-export-fw prints them",
            };
            // What is not a file of rules may hold anything, so it is not shown.
            return self.expected(Flaw::WrongType, root, "expected a mapping with `egress`", help, kind_of(root));
        };
        let mut found = false;
        for (key, value) in sections {
            match key.text() {
                Some("egress") => {
                    found = true;
                    self.egress(value);
                }
                Some("ingress") => {
                    let text = "`ingress` is left out: only what goes out is converted";
                    let note = Diagnostic::warning(Flaw::UnknownKey, key.span, text);
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

    fn egress(&mut self, value: &Node) {
        match &value.value {
            Value::Seq(items) => items.iter().for_each(|item| self.item(item)),
            _ if value.is_null() => self.diagnostics.push(
                Diagnostic::error(Flaw::NoRules, value.span, "there is nothing below `egress`")
                    .help("write `egress: []` where a host connects to nothing"),
            ),
            _ => {
                let (message, help) = ("`egress`: expected a list of rules", "begin each rule with `- `");
                self.expected(Flaw::WrongType, value, message, help, described(value));
            }
        }
    }

    fn item(&mut self, item: &Node) {
        let Value::Map(pairs) = &item.value else {
            return self.expected(Flaw::NotAMapping, item, "expected a rule", PARTS_OF_A_RULE, kind_of(item));
        };
        for (key, _) in pairs.iter().filter(|(key, _)| !key.text().is_some_and(|text| KEYS.contains(&text))) {
            self.unknown(key, KEYS);
        }
        let from = self.source(pairs);
        let to = self.destination(item, pairs);
        let transport = self.protocol(item, pairs);
        let ports = self.ports(item, pairs);
        if let (Some((to, span)), Some(transport), Some(ports)) = (to, transport, ports) {
            self.rules.push(Rule { from, to, transport, ports, span });
        }
    }

    fn source(&mut self, pairs: &[Pair]) -> Option<String> {
        let value = get(pairs, "from_host")?;
        let Some(text) = value.text() else {
            self.expected(Flaw::WrongType, value, "`from_host`: expected a name", "write one name", kind_of(value));
            return None;
        };
        let text = escaped(&text.chars().take(SHOWN).collect::<String>());
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn destination(&mut self, item: &Node, pairs: &[Pair]) -> Option<(Destination, Span)> {
        let value = self.needed(item, pairs, "to_host")?;
        match Destination::parse(value.text().unwrap_or_default()) {
            Ok(destination) => Some((destination, value.span)),
            Err(bad) => {
                let message = "`to_host`: expected a name, an address or a network";
                self.expected(Flaw::BadValue, value, message, &bad.to_string(), described(value));
                None
            }
        }
    }

    fn protocol(&mut self, item: &Node, pairs: &[Pair]) -> Option<Transport> {
        let value = self.needed(item, pairs, "protocol")?;
        let word = value.text().map(str::to_ascii_lowercase);
        let found = [Transport::Tcp, Transport::Udp].into_iter().find(|one| word.as_deref() == Some(one.slug()));
        if found.is_none() {
            let help = "tls, http and everything else that is checked runs over tcp";
            self.expected(Flaw::BadValue, value, "`protocol`: expected tcp or udp", help, described(value));
        }
        found
    }

    fn ports(&mut self, item: &Node, pairs: &[Pair]) -> Option<BTreeSet<Ports>> {
        let value = self.needed(item, pairs, "ports")?;
        let ports: Vec<_> = match &value.value {
            Value::Seq(items) if items.is_empty() => {
                let error = Diagnostic::error(Flaw::BadValue, value.span, "`ports`: the list is empty");
                self.diagnostics.push(error.help("name the ports: `ports: [80, 443]`"));
                return None;
            }
            Value::Seq(items) => items.iter().map(|item| self.port(item)).collect(),
            _ => vec![self.port(value)],
        };
        let mut united = BTreeSet::new();
        super::ports::unite(&mut united, &ports.into_iter().collect::<Option<_>>()?);
        Some(united)
    }

    fn port(&mut self, value: &Node) -> Option<Ports> {
        let port = Ports::parse(value.text().unwrap_or_default());
        if port.is_none() {
            let help = "a port is a whole number from 1 to 65535, a range two of them: 8000-8010";
            self.expected(Flaw::BadValue, value, "`ports`: expected a port number", help, described(value));
        }
        port
    }

    /// The value of a key that a rule must have.
    fn needed<'p>(&mut self, item: &Node, pairs: &'p [Pair], key: &str) -> Option<&'p Node> {
        let found = get(pairs, key);
        if found.is_none() {
            let error = Diagnostic::error(Flaw::MissingKey, item.span, format!("this rule has no `{key}`"));
            self.diagnostics.push(error.help(PARTS_OF_A_RULE));
        }
        found
    }

    fn unknown(&mut self, key: &Node, known: &[&str]) {
        let message = format!("{} means nothing here and is left out", described(key));
        let warning = Diagnostic::warning(Flaw::UnknownKey, key.span, message);
        let help = nearest(key.text().unwrap_or_default(), known).map(|near| format!("did you mean `{near}`?"));
        self.diagnostics.push(Diagnostic { help, ..warning });
    }

    fn expected(&mut self, flaw: Flaw, node: &Node, message: &str, help: &str, found: String) {
        let error = Diagnostic::error(flaw, node.span, message).help(help);
        self.diagnostics.push(Diagnostic { found: Some(found), ..error });
    }
}

/// The value of a key; one that is there without a value is as good as absent.
fn get<'p>(pairs: &'p [Pair], key: &str) -> Option<&'p Node> {
    let found = pairs.iter().find(|(name, _)| name.text() == Some(key));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

/// What a value is, for messages.
fn described(node: &Node) -> String {
    match node.text() {
        Some(text) if !node.is_null() => format!("`{}`", shortened(text)),
        _ => kind_of(node),
    }
}

/// The same without the value itself.
fn kind_of(node: &Node) -> String {
    let kind = match &node.value {
        _ if node.is_null() => "nothing",
        Value::Scalar(_) => "a text",
        Value::Seq(_) => "a list",
        Value::Map(_) => "a mapping",
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lines;

    fn problems(text: &str) -> Vec<(usize, String)> {
        let source = Source::own("test", text);
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
        let (rules, notes) = read(&Source::own("test", text)).expect("rules");
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!((rules.len(), rules[0].from.as_deref()), (2, Some("mydevmachine")));
        assert_eq!(rules[1].ports.iter().map(|port| port.first).collect::<Vec<_>>(), [80, 443]);
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
    fn what_is_not_a_file_of_rules_is_refused() {
        for (text, message) in [
            ("# nothing\n", "the file is empty"),
            ("{}", "the file has no `egress`"),
            ("egress: 5", "`egress`: expected a list of rules, found `5`"),
            ("hunter2", "expected a mapping with `egress`, found a text"),
        ] {
            assert_eq!(problems(text).into_iter().map(|(_, text)| text).collect::<Vec<_>>(), [message], "{text:?}");
        }
    }
}
