//! The ldap check against slapd: logins, entries, every result code that has a meaning, and what it costs.

mod entries;
mod logins;
mod peers;
mod tls;

use harness::agent::{Agent, verdict_of};
use harness::forwarder::Forwarder;
use harness::slapd::{BASE, PASSWORD, PEOPLE, Setup, Slapd, USER, answer_dn};
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::OnceLock;

/// A file with one ldap check; `more` are options, each with a comma before it.
fn ldap(address: SocketAddr, more: &str) -> String {
    format!("- {{type: ldap, host: {}, port: {}, timeout: 5{more}}}", address.ip(), address.port())
}

/// The options of a check without TLS.
fn plain(more: &str) -> String {
    format!(", use_tls: false{more}")
}

/// The check as reported.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&ldap(address, more)).report()["checks"][0].clone()
}

/// The code of the check's failure, or its verdict.
fn code(check: &Value) -> &str {
    check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or_default()
}

/// A text of the check's failure: its message, evidence, owner, next step.
fn text<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

/// The phases of a check, in order.
fn phases(check: &Value) -> Vec<&str> {
    check["phases"].as_array().expect("phases").iter().filter_map(|one| one["phase"].as_str()).collect()
}

/// The names of a check's results.
fn names(check: &Value) -> Vec<&str> {
    check["results"].as_array().expect("results").iter().filter_map(|one| one["name"].as_str()).collect()
}

fn login(user: &str, password: &str) -> String {
    format!(", username: '{user}', password: '{password}'")
}

/// The right login.
fn right() -> String {
    login(USER, PASSWORD)
}

fn base(dn: &str) -> String {
    format!(", base: '{dn}'")
}

/// A slapd as it comes, for tests that change nothing in it and count nothing at it.
fn open() -> &'static Slapd {
    static SLAPD: OnceLock<Slapd> = OnceLock::new();
    SLAPD.get_or_init(|| Slapd::start(&Setup::plain()))
}

/// How many clients have said goodbye to it.
fn goodbyes(slapd: &Slapd) -> usize {
    slapd.log().matches(" UNBIND\n").count()
}

#[test]
fn an_anonymous_login_is_one_turn_and_a_goodbye() {
    let way = Forwarder::start(open().address());
    let check = check(way.address(), &plain(""));
    assert_eq!(code(&check), "pass", "{check}");
    wait::until("the connection to end", || way.open() == 0);
    assert_eq!((way.turns(), way.connections()), (2, 1));
    assert_eq!(phases(&check), ["resolve", "connect", "protocol", "auth"]);
    let at = way.address();
    assert_eq!(names(&check), [format!("tcp:{at}"), format!("ldap:{at}")]);
}

#[test]
fn a_login_and_a_search_are_two_turns_and_a_goodbye() {
    let slapd = Slapd::start(&Setup::plain());
    let way = Forwarder::start(slapd.address());
    let check = check(way.address(), &plain(&(right() + &base(PEOPLE))));
    assert_eq!(code(&check), "pass", "{check}");
    wait::until("the connection to end", || way.open() == 0);
    assert_eq!((way.turns(), way.connections()), (3, 1));
    assert_eq!(phases(&check), ["resolve", "connect", "protocol", "auth", "request"]);
    assert_eq!((slapd.binds(0), goodbyes(&slapd)), (1, 1), "{}", slapd.log());
    // The entry's name is enough: no attribute is asked for.
    assert!(slapd.log().contains("SRCH attr=1.1"), "{}", slapd.log());
}

#[test]
fn a_unix_socket_passes_without_tls_and_has_no_tcp_result() {
    let socket = open().socket().display().to_string();
    let of = |more: &str| format!("- {{type: ldap, host: {socket}{more}}}");
    let report = Agent::new(&of(&(right() + &base(PEOPLE)))).report();
    let check = &report["checks"][0];
    assert_eq!(code(check), "pass", "{check}");
    assert_eq!(names(check), [format!("ldap:{socket}:389")]);
    for how in ["true", "starttls"] {
        let ran = Agent::new(&of(&format!(", use_tls: {how}"))).args(["--format", "json"]).run();
        assert_eq!((ran.status, ran.json()["diagnostics"][0]["code"].as_str()), (3, Some("bad-value")), "{ran:?}");
    }
    assert_eq!(verdict_of("- {type: ldap, host: /nonexistent/ldapi}"), "connect.no-socket");
}

#[test]
fn the_default_port_follows_the_tls() {
    for (more, port) in [("", 636), (", use_tls: true", 636), (", use_tls: starttls", 389), (", use_tls: false", 389)] {
        let yaml = format!("- {{type: ldap, host: localhost{more}}}");
        let ran = Agent::new(&yaml).args(["--dry-run"]).run();
        assert!(ran.out.contains(&format!("ldap:localhost:{port}")), "{more}: {ran:?}");
    }
}

#[test]
fn half_a_login_and_an_empty_one_are_mistakes_in_the_file() {
    let cases = [
        (", username: cn=app", "missing-key", "add `password:`"),
        (", password: x", "missing-key", "add `username:`"),
        (", username: '', password: x", "bad-value", ""),
        (", username: cn=app, password: ''", "bad-value", "anonymous"),
        (", base: ''", "bad-value", ""),
    ];
    for (more, wanted, help) in cases {
        let ran = Agent::new(&format!("- {{type: ldap, host: localhost{more}}}")).args(["--format", "json"]).run();
        let diagnostic = ran.json()["diagnostics"][0].clone();
        assert_eq!((ran.status, diagnostic["code"].as_str()), (3, Some(wanted)), "{more}: {ran:?}");
        assert!(diagnostic["help"].as_str().unwrap_or_default().contains(help), "{diagnostic}");
    }
}

#[test]
fn a_directory_that_is_frozen_is_silent_and_one_that_is_stopped_refuses() {
    let mut slapd = Slapd::start(&Setup::plain());
    let yaml = ldap(slapd.address(), &plain(&right())).replace("timeout: 5", "timeout: 0.4");
    slapd.daemon().freeze();
    let verdict = verdict_of(&yaml);
    slapd.daemon().thaw();
    assert_eq!(verdict, "protocol.silent");
    slapd.daemon().stop();
    let report = Agent::new(&yaml).report();
    let check = &report["checks"][0];
    assert_eq!(code(check), "connect.refused", "{check}");
    let verdicts: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["fail", "skip"]);
}

/// What a check says of a slapd that has no descriptor left for what it has to do with one more connection; nothing where
/// it has none for the connection itself: it accepts nobody then until somebody goes. Which it is depends on how soon one
/// of its threads has closed the connection before.
fn of_full(slapd: &Slapd) -> Option<serde_json::Value> {
    let count =
        |words: &[&str]| slapd.log().lines().filter(|line| words.iter().any(|word| line.contains(word))).count();
    let is_stuck = || count(&["errno=24"]) > 0;
    // Who saw that it listens is gone.
    wait::until("slapd's first client to be gone", || count(&[" closed"]) > 0);
    let mut held = Vec::new();
    while count(&["DENIED"]) == 0 {
        let before = count(&["ACCEPT from", "DENIED"]);
        held.push(std::net::TcpStream::connect(slapd.address()).expect("slapd listens"));
        wait::until("slapd to have seen the connection", || count(&["ACCEPT from", "DENIED"]) > before || is_stuck());
        if is_stuck() {
            return None;
        }
    }
    let check = check(slapd.address(), &plain(""));
    (!is_stuck()).then_some(check)
}

#[test]
fn a_directory_without_a_free_connection_closes() {
    const TRIES: usize = 5;
    let check = (0..TRIES).find_map(|_| of_full(&Slapd::start(&Setup::plain().few_connections())));
    let check = check.expect("a slapd that goes on accepting connections");
    assert!(["protocol.closed", "protocol.reset"].contains(&code(&check)), "{check}");
    assert_eq!(text(&check, "owner"), "service");
}

#[test]
fn an_answer_that_does_not_come_is_a_timeout_of_the_step_that_waits_for_it() {
    let slapd = Slapd::start(&Setup::plain().answer("slow", 0, "sleeptime=5"));
    let slow = answer_dn("slow");
    let cases = [
        (right() + &base(&slow), "request.timeout"),
        // Nothing was said yet, and a directory need not be what listens there.
        (login(&slow, PASSWORD), "protocol.silent"),
    ];
    for (more, wanted) in cases {
        let yaml = ldap(slapd.address(), &plain(&more)).replace("timeout: 5", "timeout: 0.5");
        assert_eq!(verdict_of(&yaml), wanted, "{more}");
    }
}

#[test]
fn a_server_that_repeats_the_password_does_not_bring_it_to_light() {
    let words = format!("op=bind text=\"what is {PASSWORD} to me\"");
    let slapd = Slapd::start(&Setup::plain().answer("echo", 49, &words));
    let yaml = ldap(slapd.address(), &plain(&login(&answer_dn("echo"), PASSWORD)));
    for format in ["plain", "human", "nagios", "json", "junit"] {
        let ran = Agent::new(&yaml).args(["-vdt", "--explain", "--format", format]).run();
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(!ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD), "{format}: {ran:?}");
    }
    let check = check(slapd.address(), &plain(&login(&answer_dn("echo"), PASSWORD)));
    assert_eq!(text(&check, "evidence"), "result 49 invalidCredentials: what is *** to me");
}

#[test]
fn an_anonymous_search_of_what_everybody_may_read_passes() {
    let check = check(open().address(), &plain(&base(BASE)));
    assert_eq!((code(&check), &check["facts"]), ("pass", &json!({})), "{check}");
}
