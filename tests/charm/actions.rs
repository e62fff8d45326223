//! The actions, in each way that they can be run.

use crate::site::{FILE, Site, UNIT};
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer};
use harness::ports;
use serde_json::json;

/// One check that passes, one that fails, and one that Nagios leaves out and that fails as well.
fn checks(peer: &Peer, closed: u16) -> String {
    let port = peer.port();
    format!(
        "- {{type: tcp, host: 127.0.0.1, port: {port}}}\n- {{type: tcp, host: 127.0.0.1, port: {closed}}}\n\
         - {{type: tcp, name: batch, host: 127.0.0.1, port: {closed}, tags: [no-nagios]}}\n"
    )
}

fn site() -> (Site, Peer, ports::Port) {
    let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
    let site = Site::start(Machine::in_scratch());
    site.check(&checks(&peer, closed.number()));
    (site, peer, closed)
}

#[test]
fn an_action_sets_results_and_fails_with_our_message() {
    let (site, _peer, closed) = site();
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.status, run.code), ("failed", 0), "{run:?}");
    assert!(run.message.contains("2 failed") || run.message.contains("2 of 3 failed"), "{}", run.message);
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{}", run.out);
    assert_eq!((&run.results["status"], &run.results["exit-code"]), (&json!("critical"), &json!("2")));
    assert_eq!(run.results["counts"]["fail"], "2", "{:?}", run.results);
    let first = run.results["failures"]["1"].as_str().unwrap_or_default();
    assert!(first.contains("connect.refused") && first.contains(&closed.number().to_string()), "{first}");
    assert!(run.calls.iter().all(|(_, code)| *code == 0), "{:?}", run.calls);
    let status = site.updated_status();
    assert!(status.contains("2 failed, first tcp 127.0.0.1:"), "{status}");
}

#[test]
fn the_action_for_nagios_leaves_out_what_nagios_leaves_out() {
    let (site, _peer, _closed) = site();
    let run = site.juju.action(UNIT, "run-nagios-check", &json!({})).expect("an action");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 2 failed"), "{}", run.out);
}

#[test]
fn an_action_that_passes_completes() {
    let (site, peer, _closed) = site();
    let pattern = format!("*:{}", peer.port());
    let run = site.juju.action(UNIT, "run-check", &json!({"patterns": pattern})).expect("an action");
    assert_eq!((run.status, run.code), ("completed", 0), "{run:?}");
    assert_eq!(run.results["status"], "ok");
    let run = site.juju.action(UNIT, "run-check", &json!({"include-tags": "no-nagios"})).expect("an action");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 1 failed"), "{}", run.out);
    let run = site.juju.action(UNIT, "run-check", &json!({"format": "json", "max-timeout": 5})).expect("an action");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.out).expect("JSON")["counts"]["fail"], 2);
    assert!(site.juju.action(UNIT, "run-check", &json!({"format": "xml"})).is_err());
    assert!(site.juju.action(UNIT, "run-check", &json!({"max-timeout": 0})).is_err());
    assert!(site.juju.action(UNIT, "run-check", &json!({"tags": "x"})).is_err());
}

#[test]
fn a_command_by_juju_exec_prints_and_exits_as_a_plugin() {
    let (site, _peer, _closed) = site();
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert_eq!((run.status, run.code), ("completed", 2), "{run:?}");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{}", run.out);
    assert!(run.results.is_empty() && run.calls.iter().all(|(tool, _)| !tool.starts_with("action-")), "{run:?}");
    let run = site.juju.exec(UNIT, "actions/run-nagios-check");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 2 failed"), "{}", run.out);
}

#[test]
fn a_command_on_the_machine_needs_no_action_and_no_juju() {
    let (site, _peer, _closed) = site();
    for run in [
        site.juju.exec_on_machine(UNIT, "actions/run-check"),
        site.juju.exec_without_context(UNIT, "$PWD/actions/run-check"),
        site.juju.exec_without_context(UNIT, "actions/run-check"),
    ] {
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{run:?}");
        // A machine of Juju's has a journal; where the tests run there may be none.
        assert!(
            run.err.lines().all(|line| line.starts_with("conn-check: --journal: there is no journal here")),
            "{run:?}"
        );
        assert!(run.calls.is_empty(), "{run:?}");
    }
}

#[test]
fn without_a_file_an_action_says_so() {
    let site = Site::start(Machine::in_scratch());
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.status, run.code), ("failed", 0));
    assert!(run.message.starts_with("no checks yet"), "{}", run.message);
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert_eq!(run.code, 3);
    assert!(run.out.starts_with("CONN-CHECK UNKNOWN: no checks yet"), "{}", run.out);
    site.check("- {type: tcp, hots: x}\n");
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.status, &run.results["exit-code"]), ("failed", &json!("3")), "{run:?}");
    assert!(run.message.contains(FILE), "{}", run.message);
}

#[test]
fn checks_are_run_by_the_user_conn_check() {
    let site = Site::start(Machine::in_scratch());
    let secret = site.juju.machine().write("/etc/secret.pem", "-----BEGIN CERTIFICATE-----\n");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let peer = Peer::start(Manner::Silent);
    let file = format!("- {{type: tls, host: 127.0.0.1, port: {}, ca_file: {}}}\n", peer.port(), secret.display());
    site.check(&file);
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert!(run.out.contains("ermission denied"), "root could have read it: {run:?}");
    let as_root = site.juju.machine().at("/usr/local/bin/conn-check");
    assert!(as_root.exists());
}
