//! The format `junit` as CI systems want it.

use super::parsers::{follows_the_rules, well_formed};
use super::{HOSTILE, Mix, hostile};
use harness::agent::Agent;
use std::collections::HashSet;

/// The values of an attribute, wherever it stands.
fn values<'a>(xml: &'a str, element: &str, attribute: &str) -> Vec<&'a str> {
    let (begin, attribute) = (format!("<{element}"), format!(" {attribute}=\""));
    let elements = xml.split(&begin).skip(1).filter(|rest| rest.starts_with(' '));
    let value = |element: &'a str| element.split('>').next()?.split_once(&attribute)?.1.split('"').next();
    elements.filter_map(value).collect()
}

#[test]
fn every_report_follows_the_rules_of_ci_systems() {
    let mix = Mix::start();
    let (_peers, harmful) = hostile();
    assert!(HOSTILE.contains('<'));
    for yaml in [mix.yaml(), mix.yaml().repeat(2), harmful, "- x".to_owned()] {
        for arguments in [&[][..], &["--dry-run"], &["--validate"], &["--explain", "-t"]] {
            well_formed(&Agent::new(&yaml).arg("--format=junit").args(arguments.iter().copied()).run().out);
        }
    }
}

#[test]
fn each_file_is_a_suite_and_each_case_has_a_name_of_its_own() {
    let mix = Mix::start();
    let mut agent = Agent::new(&mix.yaml()).args(["more.yaml", "--format=junit"]);
    let more = "- {type: tcp, name: cache, host: 127.0.0.1, port: 1}\n- {type: tcp, host: 127.0.0.1, port: 1}\n\
                - {type: tcp, name: 'tcp:127.0.0.1:1 cache', host: 127.0.0.1, port: 1}\n";
    agent.scratch().write("more.yaml", more);
    let xml = agent.run().out;
    well_formed(&xml);
    let files = values(&xml, "testsuite", "file");
    assert!(matches!(files[..], [first, "more.yaml"] if first.ends_with("/checks.yaml")), "{xml}");
    let names = values(&xml, "testcase", "name");
    assert_eq!((names.len(), names.iter().collect::<HashSet<_>>().len()), (12, 12), "{xml}");
    // The same check has the same name on its own: its history goes on.
    let alone = Agent::new(&mix.yaml()).arg("--format=junit").run().out;
    assert!(values(&alone, "testcase", "name").len() == 9 && values(&alone, "testsuite", "name") == ["conn-check"]);
}

#[test]
fn the_rules_refuse_what_jenkins_refuses() {
    let good = Mix::start().run(&["--format=junit"]).out;
    let time = format!(" time=\"{}\"", values(&good, "testsuites", "time")[0]);
    for (old, new) in [
        (time.as_str(), " time=\"0.123456\""),
        (" errors=\"0\"", ""),
        ("<testsuites ", "<testsuites skipped=\"1\" "),
        ("<testcase ", "<testcase file=\"x\" "),
        (" timestamp=", " when="),
    ] {
        assert!(good.contains(old), "{old}: {good}");
        let (right, told) = follows_the_rules(&good.replacen(old, new, 1));
        assert!(!right && told.contains("validity error"), "{old} -> {new}: {told}");
    }
    let first = values(&good, "testcase", "name")[0];
    let twice = values(&good, "testcase", "name")
        .into_iter()
        .skip(1)
        .fold(good.clone(), |xml, name| xml.replace(&format!("name=\"{name}\""), &format!("name=\"{first}\"")));
    assert!(!follows_the_rules(&twice).0, "cases of one name");
}
