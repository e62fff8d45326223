//! Nagios' text as its reader wants it: checks by their names, each target once, data with thresholds.

use super::perfdata;
use harness::agent::{Agent, Ran};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::ports;
use std::collections::BTreeSet;

fn nagios(yaml: &str) -> String {
    Agent::new(yaml).arg("--format=nagios").run().out
}

/// The value of a label with its thresholds.
fn datum<'a>(out: &'a str, label: &str) -> &'a str {
    let (_, rest) = out.split_once(&format!("'{label}'=")).unwrap_or_else(|| panic!("no {label}: {out}"));
    rest.split(['\n', ' ']).next().unwrap_or_default()
}

#[test]
fn a_line_is_about_the_check_and_not_about_its_first_step() {
    let nginx = Nginx::start([Site::http("web").page("/", "hello")]);
    let url = format!("http://127.0.0.1:{}/", nginx.port("web"));
    let yaml = format!(
        "- {{type: http, name: shop, url: '{url}'}}\n- {{type: http, url: '{url}'}}\n\
         - {{type: http, url: '{url}', expected_headers: {{server: '/nginx/'}}}}\n"
    );
    let out = nagios(&yaml);
    let lines: Vec<_> = out.split('|').next_back().map(|_| out.lines().skip(1)).expect("lines").collect();
    assert_eq!(lines[0], format!("[OK] shop (http:{url})"), "{out}");
    assert_eq!(lines[1], format!("[OK] http:{url}"), "{out}");
    assert!(lines[2].starts_with(&format!("[OK] http:{url} expected_headers:server|")), "{out}");
    assert!(!out.contains(":tcp:"), "{out}");
}

#[test]
fn a_failure_says_its_target_once() {
    let port = ports::free().number();
    for (name, called) in [("", format!("tcp:127.0.0.1:{port}")), ("name: db, ", format!("db (tcp:127.0.0.1:{port})"))]
    {
        let out = nagios(&format!("- {{type: tcp, {name}host: 127.0.0.1, port: {port}}}\n"));
        let first = format!("CONN-CHECK CRITICAL: 1 of 1 failed - {called} connect.refused: refused the connection|");
        assert!(out.starts_with(&first), "{out}");
        let second = out.lines().nth(1).expect("a line");
        assert!(second.starts_with(&format!("[CRITICAL] {called} refused the connection [connect.refused, ")), "{out}");
        assert_eq!(
            second.matches("127.0.0.1").count(),
            if name.is_empty() { 2 } else { 1 },
            "with the label: {second}"
        );
    }
}

#[test]
fn the_evidence_is_in_the_long_output_where_it_is_asked_for() {
    let closed = ports::free();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", closed.number());
    let told = |more: &[&str]| Agent::new(&yaml).args(["--format=nagios"]).args(more.iter().copied()).run().out;
    let evidence = "; evidence: Connection refused (os error 111)";
    assert!(!told(&[]).contains("evidence"), "{}", told(&[]));
    let out = told(&["--explain"]);
    let line = out.lines().find(|line| line.starts_with("[CRITICAL]")).expect("a line");
    assert!(line.contains(evidence) && !out.lines().next().is_some_and(|first| first.contains("evidence")), "{out}");
}

#[test]
fn labels_do_not_depend_on_the_order_in_the_file() {
    let port = ports::free().number();
    let http = |options: &str| format!("- {{type: http, url: 'http://127.0.0.1:{port}/'{options}}}\n");
    let options = ["", ", method: head", ", headers: {x-a: y}", ", params: {b: c}", ", timeout: 3", ", tags: [t]"];
    let labels = |yaml: &str| {
        let data = perfdata(&nagios(yaml));
        data.into_keys().collect::<BTreeSet<_>>()
    };
    let forward: String = options.map(http).concat();
    let mut turned = options;
    turned.reverse();
    let there = labels(&forward);
    assert_eq!(there, labels(&turned.map(http).concat()));
    assert!(there.len() == 5 + options.len() && !there.iter().any(|label| label.contains('#')), "{there:?}");
}

#[test]
fn data_have_the_thresholds_of_the_file() {
    let authority = Authority::new();
    let server = TlsPeer::start(&authority.expiring_in_days(30), TlsManner::Silent);
    let silent = Peer::start(Manner::Silent);
    let yaml = format!(
        "- {{type: tcp, name: plain, host: 127.0.0.1, port: {0}}}\n\
         - {{type: tcp, name: time, host: 127.0.0.1, port: {0}, timeout: 4.5, warn_after: 2}}\n\
         - {{type: tls, name: web, host: localhost, port: {1}, ca_file: '{2}', expiry_warning_days: 21}}\n",
        silent.port(),
        server.address().port(),
        authority.file().display()
    );
    let Ran { out, status, .. } = Agent::new(&yaml).args(["--format=nagios", "--connect-timeout=7"]).run();
    assert_eq!(status, 0, "{out}");
    perfdata(&out);
    assert!(datum(&out, "plain").ends_with("s;;7;0"), "{out}");
    // The run's own time is called so.
    assert!(datum(&out, "time#2").ends_with("s;2;4.5;0"), "{out}");
    let days = datum(&out, "web certificate days").strip_suffix(";21:").expect("fewer than 21 are a warning");
    assert!(["29", "30"].contains(&days), "{out}");
}

#[test]
fn a_monitoring_system_reads_what_is_wrong_with_the_command_line() {
    let nrpe = |arguments: &[&str]| {
        let agent = Agent::new("- {type: tcp, host: 127.0.0.1, port: 1}\n").env("NRPE_PROGRAMVERSION", "4.1.0");
        agent.args(arguments.iter().copied()).run()
    };
    for (arguments, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["--max-timeout=soon"], "--max-timeout"),
        (&["--tls-certs-path=/not/there"], "there is no `/not/there`"),
        (&["--tls-certs-path=/dev/null/not"], "there is no `/dev/null/not`"),
        (&["not-there.yaml"], "not-there.yaml"),
        (&["--output=a", "--record=a"], "the same file"),
        (&["--output=/not/there/a"], "/not/there/a"),
        (&["--also=xml=a"], "FORMAT=FILE"),
    ] {
        let ran = nrpe(arguments);
        let first = ran.out.lines().next().unwrap_or_default();
        assert_eq!((ran.status, ran.err.as_str()), (3, ""), "{ran:?}");
        assert!(first.starts_with("CONN-CHECK UNKNOWN: ") && first.contains(word) && !ran.out.contains('|'), "{ran:?}");
        let by_hand = Agent::new("").args(arguments.iter().copied()).run();
        assert_eq!((by_hand.status, by_hand.out.as_str()), (3, ""), "{by_hand:?}");
        let by_ssh = Agent::new("").arg("--format=nagios").args(arguments.iter().copied()).run();
        assert!(by_ssh.out.starts_with("CONN-CHECK UNKNOWN: "), "{by_ssh:?}");
    }
    // Help is no error.
    assert_eq!(nrpe(&["--help"]).status, 0);
}
