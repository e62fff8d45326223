//! What a server, a proxy before it or a relative says no with: told in its words, with an owner by its class.

use super::{check_as, outcome, told};
use harness::agent::code;
use harness::mariadb::{DATABASE, MariaDb, Setup, USER};
use harness::mysql8::{Mysql8, Script, error, packet};
use harness::peers::{Manner, Peer};
use harness::wait;
use std::net::SocketAddr;

#[test]
fn proxies_and_relatives_are_named_by_what_they_say() {
    for (number, state, text, wanted, owner, word) in [
        (
            1045,
            "28000",
            "ProxySQL Error: Access denied for user 'app'@'10.0.0.1' (using password: YES)",
            "auth.rejected",
            "credentials",
            "ProxySQL",
        ),
        (
            9001,
            "HY000",
            "Max connect timeout reached while reaching hostgroup 0 after 10000ms",
            "protocol.not-ready",
            "service",
            "ProxySQL answers",
        ),
        (
            2003,
            "HY000",
            "Can't connect to remote MySQL server for client connected to '0.0.0.0:6446'",
            "protocol.not-ready",
            "service",
            "MySQL Router answers",
        ),
        (
            2013,
            "HY000",
            "Lost connection to backend server: network error",
            "protocol.not-ready",
            "service",
            "MaxScale answers",
        ),
        (
            1815,
            "HY000",
            "Internal error: failed to create new router session for service 'rw'",
            "protocol.not-ready",
            "service",
            "MaxScale answers",
        ),
        (
            1105,
            "HY000",
            "Timed-out waiting to acquire database connection",
            "protocol.not-ready",
            "service",
            "RDS Proxy answers",
        ),
        (2013, "HY000", "gone", "protocol.not-ready", "service", "a proxy answers"),
        (3159, "HY000", "This RDS Proxy requires TLS connections", "tls.required", "config", "only over TLS"),
        (
            9002,
            "28000",
            "SSL connection is required. Please specify SSL options and retry.",
            "tls.required",
            "config",
            "only over TLS",
        ),
        (
            9002,
            "28000",
            "The connection string may not be right. Please visit portal for references.",
            "auth.rejected",
            "credentials",
            "for the reason that it names",
        ),
        (1042, "HY000", "Can't get hostname for your address", "auth.host-not-allowed", "service", "name of this host"),
        (3032, "HY000", "The server is currently in offline mode", "protocol.not-ready", "service", "offline mode"),
        (1135, "HY000", "Can't create a new thread (errno 11)", "protocol.overloaded", "service", "threads"),
        (4242, "HY000", "odd", "request.unexpected-reply", "service", "answers to the login with error 4242"),
        (
            1231,
            "42000",
            "Variable 'x' can't be set",
            "request.unexpected-reply",
            "config",
            "does not take what was asked",
        ),
    ] {
        let server = Mysql8::start(Script::cached().refusing(number, state, text));
        let (verdict, check) = check_as(server.address(), USER, "");
        assert_eq!((verdict.as_str(), told(&check, "owner")), (wanted, owner), "{number} {text}: {check}");
        assert!(told(&check, "message").contains(word), "{number} {text}: {check}");
        assert!(told(&check, "evidence").contains(text), "{check}");
        assert!(!told(&check, "next_step").contains("wait"), "{check}");
    }
}

#[test]
fn a_refused_select_1_fails_only_what_it_is_evidence_of() {
    for (number, state, text, wanted) in [
        (1064, "42000", "sphinxql: syntax error, unexpected integer near '1'", "pass"),
        (1148, "42000", "this statement is not for you", "pass"),
        (1142, "42000", "SELECT command denied to user 'app'", "pass"),
        (1045, "28000", "Statement was blocked by Firewall", "pass"),
        (4242, "HY000", "odd", "pass"),
        (1820, "HY000", "You must SET PASSWORD before executing this statement", "auth.locked"),
        (1184, "08S01", "Aborted connection (init_connect command failed)", "request.unexpected-reply"),
        (1053, "08S01", "Server shutdown in progress", "protocol.not-ready"),
        (9001, "HY000", "Max connect timeout reached while reaching hostgroup 0 after 10000ms", "protocol.not-ready"),
    ] {
        let server = Mysql8::start(Script::cached().answering_error(number, state, text));
        let (verdict, check) = check_as(server.address(), USER, "");
        assert_eq!(verdict, wanted, "{number} {text}: {check}");
        // What the file asks for is another thing.
        if wanted == "pass" {
            let (verdict, check) = check_as(server.address(), USER, ", query: SELECT 1");
            assert_ne!(verdict, "pass", "{number} {text}: {check}");
        }
    }
}

#[test]
fn the_role_is_what_the_servers_variables_say() {
    let server = MariaDb::start(&Setup::new());
    let more = |role: &str| format!(", role: {role}");
    let (verdict, passed) = check_as(server.address(), USER, &more("primary"));
    assert_eq!((verdict.as_str(), &passed["facts"]["server_role"]), ("pass", &"primary".into()), "{passed}");
    let (verdict, refused) = check_as(server.address(), USER, &more("replica"));
    assert_eq!(verdict, "request.unexpected-reply", "{refused}");
    assert_eq!(told(&refused, "message"), "the primary answered, but a replica is wanted");
    assert_eq!(server.sql("SET GLOBAL read_only = 1"), "");
    assert_eq!(check_as(server.address(), USER, &more("replica")).0, "pass");
    let (verdict, refused) = check_as(server.address(), USER, &more("primary"));
    assert_eq!((verdict.as_str(), told(&refused, "owner")), ("request.read-only", "service"), "{refused}");
    // A reader of Aurora has the other variable on.
    let row: &[u8] = b"\x010\x011";
    let column: &[u8] = b"column";
    let end: &[u8] = &[0xfe, 0, 0, 2, 0];
    let aurora = Mysql8::start(Script::cached().answering(&[&[2], column, column, end, row, end]));
    assert_eq!(check_as(aurora.address(), USER, &more("primary")).0, "request.read-only");
    let other = Mysql8::start(Script::cached().answering(&[&[0, 0, 0, 2, 0, 0, 0]]));
    let (verdict, refused) = check_as(other.address(), USER, &more("primary"));
    assert_eq!(verdict, "request.unexpected-reply", "{refused}");
    assert!(told(&refused, "next_step").contains("leave `role` out"), "{refused}");
}

#[test]
fn the_first_value_of_a_query_is_compared_by_value() {
    let server = MariaDb::start(&Setup::new());
    let asking = |query: &str, expect: &str| {
        let more = format!(", database: {DATABASE}, query: \"{query}\", expect: {expect}");
        check_as(server.address(), USER, &more)
    };
    for (query, expect) in [
        ("SELECT COUNT(*) FROM orders", "1"),
        ("SELECT SUM(id) FROM orders", "1.0"),
        ("SELECT CAST(1.50 AS DECIMAL(5,2))", "1.5"),
        ("SELECT note, id FROM orders", "first"),
        ("SELECT 1 = 1", "true"),
        ("SHOW VARIABLES LIKE 'port'", "port"),
        ("SELECT REPEAT('x', 300)", &"x".repeat(300)),
        ("SELECT ''", "''"),
    ] {
        let (verdict, check) = asking(query, expect);
        assert_eq!(verdict, "pass", "{query}: {check}");
    }
    for (query, expect, message) in [
        ("SELECT COUNT(*) FROM orders", "2", "the query's first value is 1, not 2"),
        ("SELECT NULL", "2", "the query's first value is NULL, not 2"),
        ("SELECT id FROM orders WHERE id > 5", "2", "the query returns no row, and 2 is expected"),
        ("DO 1", "2", "the query returns no row, and 2 is expected"),
    ] {
        let (verdict, check) = asking(query, expect);
        assert_eq!((verdict.as_str(), told(&check, "message")), ("request.unexpected-reply", message), "{check}");
        assert!(told(&check, "next_step").contains("`expect`"), "{check}");
    }
}

/// A file with a check of this type, which does not log in.
fn without_login(kind: &str, address: SocketAddr) -> String {
    format!("- {{type: {kind}, host: {}, port: {}, timeout: 5}}", address.ip(), address.port())
}

#[test]
fn a_check_without_a_login_warns_that_the_server_counts_it() {
    let server = MariaDb::start(&Setup::new());
    for (kind, wanted) in [("tcp", "warn"), ("tls", "tls.not-tls")] {
        // It listens for a moment only: what comes later is not seen.
        wait::until("the greeting in time", || {
            let (verdict, check) = outcome(&without_login(kind, server.address()));
            let warning = &check["warnings"][0];
            let told = warning["message"].as_str().unwrap_or_default();
            let counted = warning["code"] == "connect.counted"
                && told.starts_with("MariaDB answers")
                && told.contains("max_connect_errors");
            verdict == wanted && counted
        });
    }
    assert_eq!(check_as(server.address(), USER, "").0, "pass");
}

#[test]
fn a_host_that_is_blocked_is_so_for_every_check() {
    let text = "Host '10.0.0.1' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'";
    for state in ["", "HY000"] {
        let server = Peer::start(Manner::Banner(packet(0, &error(1129, state, text))));
        for (kind, more) in [("tcp", ""), ("tcp", ", expect: ready"), ("tls", ""), ("mysql", ", username: app")] {
            wait::until("the refusal in time", || {
                let yaml = without_login(kind, server.address()).replace('}', &format!("{more}}}"));
                let (verdict, check) = outcome(&yaml);
                verdict == "auth.host-not-allowed" && told(&check, "evidence").contains(text)
            });
        }
    }
    // Other errors in its place are the service's own affair.
    let full = Peer::start(Manner::Banner(packet(0, &error(1040, "08004", "Too many connections"))));
    assert_eq!(code(&harness::agent::Agent::new(&without_login("tcp", full.address())).report()), "pass");
}
