//! The memcache check against memcached: without a login, with either of its two, over TLS and a Unix
//! socket, and full.

mod peers;
mod roundtrip;

use harness::agent::{Agent, verdict_of};
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::memcached::{Memcached, PASSWORD, Setup, USER};
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A file with one memcache check; `more` are options, each with a comma before it.
fn memcache(address: SocketAddr, more: &str) -> String {
    format!("- {{type: memcache, host: {}, port: {}, timeout: 5{more}}}", address.ip(), address.port())
}

/// The check as reported.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&memcache(address, more)).report()["checks"][0].clone()
}

/// The code of the check's failure, or its verdict.
fn code(check: &Value) -> &str {
    check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or_default()
}

/// A text of the check's failure: its message, evidence, owner, next step.
fn told<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

/// The options of a login.
fn login(user: &str, password: &str) -> String {
    format!(", username: {user}, password: {password}")
}

fn right() -> String {
    login(USER, PASSWORD)
}

#[test]
fn a_plain_server_passes_in_one_turn_and_its_results_are_named_as_they_always_were() {
    let memcached = Memcached::start(&Setup::new());
    let way = Forwarder::start(memcached.address());
    let check = check(way.address(), "");
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!((way.turns(), way.connections()), (1, 1));
    assert_eq!(check["facts"], json!({"server_version": "1.6.18"}));
    let names: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| one["name"].clone()).collect();
    let at = way.address();
    assert_eq!(names, [format!("memcache:{at}:tcp:{at}"), format!("memcache:{at}:connect")]);
}

#[test]
fn either_login_passes_in_two_turns_of_one_connection() {
    for (setup, what) in [(Setup::new().text_login(), "text"), (Setup::new().sasl(), "SASL")] {
        let memcached = Memcached::start(&setup);
        let way = Forwarder::start(memcached.address());
        let check = check(way.address(), &right());
        assert_eq!(code(&check), "pass", "{what}: {check}");
        assert_eq!((way.turns(), way.connections()), (2, 1), "{what}");
        assert_eq!(check["facts"], json!({"server_version": "1.6.18"}), "{what}");
        assert_eq!(check["phases"][3]["phase"], "auth", "{what}: {check}");
        let name = check["results"][1]["name"].as_str().unwrap_or_default();
        assert!(name.ends_with(":connect with auth"), "{name}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_rejected_and_sent_once() {
    // What memcached logs for each login that it judges.
    let judged =
        [(Setup::new().text_login(), "CLIENT_ERROR authentication failure"), (Setup::new().sasl(), "mech:  ``")];
    for (setup, judged) in judged {
        let memcached = Memcached::start(&setup);
        for (tries, (user, password)) in [(1, (USER, "wrong")), (2, ("stranger", PASSWORD))] {
            let check = check(memcached.address(), &login(user, password));
            assert_eq!((code(&check), told(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
            assert_eq!(told(&check, "message"), format!("the server does not accept user {user} with this password"));
            assert_eq!(memcached.log().matches(judged).count(), tries, "{}", memcached.log());
        }
    }
}

#[test]
fn a_missing_login_is_required_and_a_server_with_sasl_closes_with_a_hint() {
    let text = Memcached::start(&Setup::new().text_login());
    let required = check(text.address(), "");
    assert_eq!((code(&required), told(&required, "owner")), ("auth.required", "config"), "{required}");
    let sasl = Memcached::start(&Setup::new().sasl());
    let closed = check(sasl.address(), "");
    assert_eq!(code(&closed), "protocol.closed", "{closed}");
    assert!(told(&closed, "next_step").contains("username and password"), "{closed}");
}

#[test]
fn a_login_that_nobody_wants_is_a_warning_and_is_not_stored() {
    for (protocol, turns) in [("auto", 1), ("ascii", 2), ("binary", 1)] {
        let memcached = Memcached::start(&Setup::new().argument("-B").argument(protocol));
        let way = Forwarder::start(memcached.address());
        let check = check(way.address(), &right());
        assert_eq!(code(&check), "warn", "{protocol}: {check}");
        assert_eq!(check["warnings"][0]["code"], "auth.not-needed");
        assert_eq!(check["facts"], json!({"server_version": "1.6.18"}), "{protocol}");
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{protocol}");
        if protocol != "binary" {
            assert_eq!(memcached.items(), 0, "{protocol}");
            assert_eq!(memcached.stat("cmd_set"), 0, "{protocol}");
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let memcached = Memcached::start(&Setup::new());
    let before = memcached.stat("curr_connections");
    assert_eq!(code(&check(memcached.address(), "")), "pass");
    wait::until("the connection to end", || memcached.stat("curr_connections") == before);
    assert_eq!((memcached.items(), memcached.stat("cmd_set")), (0, 0));
}

#[test]
fn sasl_without_plain_is_a_method_that_is_not_supported() {
    let memcached = Memcached::start(&Setup::new().sasl_without_plain());
    let check = check(memcached.address(), &right());
    assert_eq!(code(&check), "auth.method-unsupported", "{check}");
    assert_eq!(told(&check, "evidence"), "it offers CRAM-MD5");
    assert!(!memcached.log().contains("mech:"), "{}", memcached.log());
}

#[test]
fn half_a_login_is_a_mistake_in_the_file() {
    for (given, missing) in [("username", "password"), ("password", "username")] {
        let yaml = format!("- {{type: memcached, host: localhost, {given}: a}}");
        let ran = Agent::new(&yaml).args(["--format", "json"]).run();
        let diagnostics = ran.json()["diagnostics"].clone();
        assert_eq!((ran.status, diagnostics[0]["code"].as_str()), (3, Some("missing-key")), "{ran:?}");
        assert_eq!(diagnostics[0]["help"], format!("add `{missing}:`"));
    }
}

#[test]
fn a_unix_socket_passes_and_has_no_tcp_result() {
    for (setup, more) in [(Setup::new(), String::new()), (Setup::new().text_login(), right())] {
        let memcached = Memcached::start(&setup.socket());
        let socket = memcached.socket().display().to_string();
        let report = Agent::new(&format!("- {{type: memcache, host: {socket}{more}}}")).report();
        let check = &report["checks"][0];
        assert_eq!(code(check), "pass", "{check}");
        let with = if more.is_empty() { "" } else { " with auth" };
        assert_eq!(check["results"][0]["name"], format!("memcache:{socket}:11211:connect{with}"));
        assert_eq!(check["results"].as_array().map(Vec::len), Some(1), "{check}");
    }
    assert_eq!(verdict_of("- {type: memcache, host: /nonexistent/socket}"), "connect.no-socket");
}

#[test]
fn a_full_server_is_overloaded() {
    let memcached = Memcached::start(&Setup::new().few_connections());
    let _held = memcached.fill();
    for more in [String::new(), right()] {
        let check = check(memcached.address(), &more);
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.overloaded", "service"), "{check}");
        assert_eq!(told(&check, "evidence"), "ERROR Too many open connections");
    }
}

#[test]
fn a_server_that_is_frozen_is_silent_and_one_that_is_stopped_refuses() {
    let mut memcached = Memcached::start(&Setup::new());
    memcached.daemon().freeze();
    let yaml = memcache(memcached.address(), "").replace("timeout: 5", "timeout: 0.4");
    let verdict = verdict_of(&yaml);
    memcached.daemon().thaw();
    assert_eq!(verdict, "protocol.silent");
    memcached.daemon().stop();
    assert_eq!(verdict_of(&yaml), "connect.refused");
}

#[test]
fn tls_costs_its_handshake_and_nothing_more() {
    let ca = Authority::new();
    let tls = format!(", use_tls: true, ca_file: {}", ca.file().display());
    let cases =
        [(Setup::new(), String::new(), 2), (Setup::new().text_login(), right(), 3), (Setup::new().sasl(), right(), 3)];
    for (setup, more, turns) in cases {
        let memcached = Memcached::start(&setup.tls(&ca.valid()));
        let way = Forwarder::start_far(memcached.address());
        let check = check(way.address(), &(tls.clone() + &more));
        assert_eq!(code(&check), "pass", "{check}");
        assert_eq!(
            (&check["facts"]["tls_version"], &check["facts"]["server_version"]),
            (&json!("TLS 1.3"), &json!("1.6.18"))
        );
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{check}");
    }
}

#[test]
fn every_fault_of_a_certificate_has_its_code() {
    let ca = Authority::new();
    let faults: [(Identity, &str); 3] = [
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.wrong_name(), "tls.wrong-name"),
    ];
    for (identity, wanted) in faults {
        let memcached = Memcached::start(&Setup::new().tls(&identity));
        let check = check(memcached.address(), &format!(", use_tls: true, ca_file: {}", ca.file().display()));
        assert_eq!(code(&check), wanted, "{check}");
        assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
    }
}

#[test]
fn a_port_of_the_other_kind_is_told() {
    let tls = Memcached::start(&Setup::new().tls(&Authority::new().valid()));
    for more in [String::new(), right()] {
        let check = check(tls.address(), &more);
        assert_eq!((code(&check), told(&check, "owner")), ("tls.required", "config"), "{check}");
    }
    let plain = Memcached::start(&Setup::new());
    let check = check(plain.address(), ", use_tls: true");
    assert_eq!((code(&check), told(&check, "message")), ("tls.not-tls", "a memcached server answered without TLS"));
}
