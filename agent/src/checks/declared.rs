//! The declarations of the options are by-products of reading them: this holds the rule that every
//! option is asked for on every path.

use super::Spec;
use crate::services;
use crate::settings::Fields;
use crate::settings::shape::Declared;
use crate::text::Span;
use crate::yaml::{self, Node, Value};

/// A value that the option takes, as it stands in a file.
fn right_value(option: &Declared) -> &'static str {
    option.default.unwrap_or_else(|| match option.shape.short {
        "host" | "host or socket" | "name" | "secret" | "text" | "text or /regex/" | "host[:port]" => "a",
        "list of words" => "[a]",
        "mail address" => "a@b",
        "mapping" | "mapping or list of pairs" => "{a: b}",
        "mechanism" => "plain",
        "method" => "GET",
        "[user, password]" | "[program, argument, ...]" => "[a, b]",
        "bytes" | "decimal number" | "number" | "percent" | "port" | "seconds" | "size" | "time" => "1",
        "SHA-256" => "'0000000000000000000000000000000000000000000000000000000000000000'",
        "flag" | "flag or prefer" | "flag or starttls" => "true",
        "path" | "full path" => "/nonexistent",
        "mode" => "'0640'",
        "primary or replica" | "primary or secondary" => "primary",
        "record type" => "A",
        "status or list" => "200",
        "TLS version" => "1.3",
        "protocol" => "smtp",
        "URL" => "'http://h/'",
        "broker URL" => "'amqp://h'",
        "result URL" => "'rpc://'",
        "list" => "[1]",
        "JSON object" => "{a: 1}",
        other => panic!("{}: which value is a {other}?", option.key),
    })
}

/// The options that reading a check of this type declares, ordered; each should be there once.
fn declared(kind: &str, mapping: &str) -> Vec<&'static str> {
    let pairs = match yaml::parse(mapping).expect("YAML").root {
        Some(Node { value: Value::Map(pairs), .. }) => pairs,
        other => panic!("{mapping}: {other:?}"),
    };
    let mut fields = Fields::new(Span::default(), &pairs).describing();
    let _ = Spec::parse(kind, &mut fields);
    let mut keys: Vec<_> = fields.finish().declared.iter().map(|option| option.key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_option_is_declared_on_every_path() {
    for check in Spec::describe() {
        let mut expected: Vec<_> = check.options.iter().map(|option| option.key).collect();
        expected.sort_unstable();
        let pair = |option: &Declared| format!("{}: {}", option.key, right_value(option));
        let all = |options: &mut dyn Iterator<Item = &Declared>| options.map(pair).collect::<Vec<_>>().join(", ");
        let mut mappings = vec!["{}".to_owned(), format!("{{{}}}", all(&mut check.options.iter()))];
        for option in &check.options {
            let others = all(&mut check.options.iter().filter(|other| other.required && other.key != option.key));
            mappings.push(format!("{{{}: [[x]], {others}}}", option.key));
            mappings.push(format!("{{{}, {others}}}", pair(option)));
            mappings.push(format!("{{{}}}", all(&mut check.options.iter().filter(|other| other.key != option.key))));
        }
        for mapping in mappings {
            assert_eq!(declared(check.kind, &mapping), expected, "{}: {mapping}", check.kind);
        }
    }
}

#[test]
fn ports_that_an_option_names_are_those_of_the_table_of_services() {
    for check in Spec::describe() {
        let services: Vec<_> = services::all().filter(|service| service.check == Some(check.kind)).collect();
        for option in check.options.iter().filter(|option| matches!(option.key, "port" | "use_tls")) {
            let numbers = option.about.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
            for port in numbers.filter(|port| *port > 9) {
                let is_known = services.iter().any(|service| service.ports.has(port));
                assert!(is_known, "{} {}: {port} in {:?}", check.kind, option.key, option.about);
            }
        }
    }
}
