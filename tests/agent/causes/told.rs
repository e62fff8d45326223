//! How people read it: fourteen checks behind one dead resolver, and one that has nothing to do with it.

use super::tcp;
use harness::agent::{Agent, Ran};
use harness::netns::{Answer, Network, Transport};

/// The dead resolver, and one port that is shut.
fn run(arguments: &[&str]) -> Ran {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    network.far.filter_input(Transport::Udp, 53, Answer::Drop);
    let names = (1..=14).map(|number| tcp(&format!("app-{number}"), &format!("h{number}.internal"), 80));
    let yaml: String = names.chain([tcp("other", "10.0.0.2", 81)]).collect();
    Agent::through(network.near.command("env"), &yaml).args(arguments).run()
}

/// Without the times, which differ.
fn matches(name: &str, text: &str) {
    insta::with_settings!({filters => vec![
        (r"\s+\d+\.\d+ m?s", " [TIME]"),
        (r"in \d+\.\d+ m?s", "in [TIME]"),
        (r"\d+\.\d{6}s", "[TIME]s"),
    ]}, { insta::assert_snapshot!(name, text) });
}

#[test]
fn the_format_for_people_tells_the_cause_once_and_each_check_in_a_line() {
    let ran = run(&["--format=human"]);
    assert_eq!((ran.status, ran.err.as_str()), (2, ""), "{}", ran.out);
    matches("human", &ran.out);
}

#[test]
fn every_check_has_its_own_explanation_with_verbose() {
    let ran = run(&["--format=human", "-v"]);
    assert_eq!(ran.out.matches("fix:  dns").count(), 15, "{}", ran.out);
    assert!(ran.out.starts_with("A  10.0.0.2 does not answer: 14 checks cannot resolve their names"), "{}", ran.out);
}

#[test]
fn what_is_told_as_it_comes_has_its_causes_at_the_end() {
    let ran = run(&["--format=human", "-U"]);
    let (checks, causes) = ran.out.split_once("A  10.0.0.2 does not answer: 14 checks").expect("the cause");
    assert!(checks.matches("FAIL").count() == 15 && causes.contains("checks: app-1 (h1.internal:80), "), "{}", ran.out);
}

#[test]
fn a_brief_report_has_one_line_for_all_of_them() {
    let ran = run(&["--brief"]);
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    let told = "- 10.0.0.2 does not answer: 14 checks cannot resolve their names [resolve.timeout, dns]: app-1 (h1";
    assert!(lines[1].starts_with(told) && lines[1].ends_with(" and 11 more"), "{}", ran.out);
}

#[test]
fn nagios_has_the_cause_first_in_its_first_line_and_each_check_in_one_of_its_own() {
    let ran = run(&["--format=nagios"]);
    assert_eq!((ran.status, ran.err.as_str()), (2, ""), "{}", ran.out);
    assert!(ran.out.lines().next().is_some_and(|first| first.len() < 1000), "{}", ran.out);
    matches("nagios", &ran.out);
}
