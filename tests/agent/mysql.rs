//! The mysql check against `MariaDB` 10.11, and against a double of what only `MySQL` 8 has.

mod eight;
mod logins;
mod network;
mod query;
mod refusals;
mod roundtrip;
mod tls;

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::mariadb::{DATABASE, MariaDb, PASSWORD, Setup, USER};
use harness::wait;
use serde_json::{Value, json};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

/// A server with TLS that the tests share, and its authority. They change nothing of it.
fn server() -> &'static (MariaDb, Authority) {
    static SERVER: OnceLock<(MariaDb, Authority)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let ca = Authority::new();
        let with_password = |user: &str, more: &str| format!("CREATE USER {user} IDENTIFIED BY '{PASSWORD}' {more}");
        let setup = Setup::new()
            .tls(&ca.valid())
            .clients_of(&ca)
            .sql("CREATE DATABASE other")
            .sql("CREATE USER free@'%'")
            .sql("CREATE USER owner@'%' IDENTIFIED VIA unix_socket")
            .sql(&with_password("admin@'%'", ""))
            .sql("GRANT ALL ON *.* TO admin@'%'")
            .sql(&with_password("elsewhere@'127.0.0.2'", ""))
            .sql(&with_password("locked@'%'", "ACCOUNT LOCK"))
            .sql(&with_password("expired@'%'", "PASSWORD EXPIRE"))
            .sql(&with_password("single@'%'", "WITH MAX_USER_CONNECTIONS 1"))
            .sql(&with_password("secure@'%'", "REQUIRE SSL"))
            .sql(&with_password("certified@'%'", "REQUIRE X509"))
            .sql(&with_password("reader@'%'", ""))
            .sql("GRANT SELECT (id) ON shop.orders TO reader@'%'");
        (MariaDb::start(&setup), ca)
    })
}

/// A file with one mysql check; `more` are options, each with a comma before it.
fn mysql(address: SocketAddr, user: &str, more: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    format!("- {{type: mysql, host: '{host}', port: {port}, username: {user}, timeout: 10{more}}}")
}

/// What comes of a file: the failure's code or the verdict, and the whole check.
fn outcome(yaml: &str) -> (String, Value) {
    let report = Agent::new(yaml).report();
    (code(&report), report["checks"][0].clone())
}

/// What comes of a check of this server.
fn check(address: SocketAddr, user: &str, more: &str) -> (String, Value) {
    outcome(&mysql(address, user, more))
}

/// What comes of it with the right password.
fn check_as(address: SocketAddr, user: &str, more: &str) -> (String, Value) {
    check(address, user, &format!(", password: {PASSWORD}{more}"))
}

fn ca_file(file: &Path) -> String {
    format!(", ca_file: {}", file.display())
}

/// A text of the check's failure.
fn told<'c>(check: &'c Value, key: &str) -> &'c str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

fn names(check: &Value) -> Vec<&str> {
    let results = check["results"].as_array().unwrap_or_else(|| panic!("no results in {check}"));
    results.iter().filter_map(|result| result["name"].as_str()).collect()
}

#[test]
fn a_login_passes_with_a_connection_and_an_account_as_its_results() {
    let (server, _) = server();
    let (verdict, check) = check_as(server.address(), USER, &format!(", database: {DATABASE}"));
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(names(&check), [format!("tcp:{}", server.address()), format!("mysql:{}", server.address())]);
    let facts = &check["facts"];
    assert!(facts["server_version"].as_str().is_some_and(|text| text.starts_with("10.11.")), "{check}");
    assert_eq!(facts["auth_plugin"], "mysql_native_password");
    let phases: Vec<_> = check["phases"].as_array().expect("phases").iter().map(|phase| &phase["phase"]).collect();
    assert_eq!(json!(phases), json!(["resolve", "connect", "protocol", "tls", "auth", "request"]));
}

#[test]
fn both_names_of_the_type_are_one() {
    let yaml = mysql(server().0.address(), USER, &format!(", password: {PASSWORD}"));
    let (verdict, check) = outcome(&yaml.replace("type: mysql", "type: mariadb"));
    assert_eq!((verdict.as_str(), check["type"].as_str()), ("pass", Some("mysql")), "{check}");
}

#[test]
fn an_account_without_a_password_needs_none() {
    let (server, _) = server();
    assert_eq!(check(server.address(), "free", "").0, "pass");
    assert_eq!(check(server.address(), "free", ", password: ''").0, "pass");
    assert_eq!(check_as(server.address(), "free", "").0, "auth.rejected");
}

#[test]
fn a_wrong_password_is_rejected_in_the_servers_own_words() {
    let (verdict, check) = check(server().0.address(), USER, ", password: wrong-Word, use_tls: false");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
    assert_eq!(
        told(&check, "evidence"),
        "1045 (28000): Access denied for user 'app'@'127.0.0.1' (using password: YES)"
    );
    assert!(told(&check, "message").starts_with("wrong password for app, or no such user for this host"), "{check}");
    assert_eq!(check["results"][0]["verdict"], "pass");
}

#[test]
fn a_rejected_password_is_sent_once() {
    let server = MariaDb::start(&Setup::new());
    let before = server.status("Connections");
    assert_eq!(check(server.address(), USER, ", password: wrong-Word").0, "auth.rejected");
    // It is counted after it is written down, and that after it is answered.
    let questions = Cell::new(0);
    wait::until_count("refused logins", 1, || {
        questions.set(questions.get() + 1);
        server.status("Aborted_connects")
    });
    assert_eq!(server.log().matches("Access denied").count(), 1, "{}", server.log());
    // The check's, and that of each of the client's questions.
    assert_eq!(server.status("Connections"), before + 1 + questions.get() + 1);
}

#[test]
fn an_unknown_user_cannot_be_told_from_a_wrong_password() {
    let (verdict, check) = check_as(server().0.address(), "ghost", "");
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert!(told(&check, "message").contains("no such user for this host"), "{check}");
}

#[test]
fn an_account_for_another_host_is_rejected_with_the_host_that_the_server_sees() {
    let (verdict, check) = check_as(server().0.address(), "elsewhere", "");
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert!(told(&check, "evidence").contains("'elsewhere'@'127.0.0.1'"), "{check}");
    assert!(told(&check, "next_step").contains("the hosts that the account is for"), "{check}");
}

#[test]
fn a_login_without_the_password_that_the_account_has_is_required() {
    for more in ["", ", password: ''", ", password: null"] {
        let (verdict, check) = check(server().0.address(), USER, more);
        assert_eq!((verdict.as_str(), told(&check, "owner")), ("auth.required", "config"), "{more}: {check}");
        assert!(told(&check, "evidence").contains("(using password: NO)"), "{check}");
    }
}

#[test]
fn an_account_of_a_system_user_is_no_login_from_the_network() {
    let (verdict, check) = check(server().0.address(), "owner", "");
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert_eq!(told(&check, "message"), "the account does not log in with a password");
    assert!(told(&check, "evidence").starts_with("1698 "), "{check}");
}

#[test]
fn a_database_is_there_or_not_and_permitted_or_not() {
    let address = server().0.address();
    for (user, database, wanted, number) in [
        ("admin", "none", "request.no-such-database", "1049 "),
        (USER, "other", "request.permission-denied", "1044 "),
        // Who may not use it does not learn whether there is one.
        (USER, "none", "request.permission-denied", "1044 "),
    ] {
        let (verdict, check) = check_as(address, user, &format!(", database: {database}"));
        assert_eq!(verdict, wanted, "{user} {database}: {check}");
        assert!(told(&check, "evidence").starts_with(number), "{check}");
    }
    assert_eq!(check_as(address, "admin", ", database: other").0, "pass");
}

#[test]
fn a_locked_account_and_an_expired_password_are_told() {
    let address = server().0.address();
    let (verdict, locked) = check_as(address, "locked", "");
    assert_eq!((verdict.as_str(), told(&locked, "owner")), ("auth.locked", "credentials"), "{locked}");
    assert_eq!(told(&locked, "evidence"), "4151 (HY000): Access denied, this account is locked");
    let (verdict, expired) = check_as(address, "expired", "");
    assert_eq!(verdict, "auth.locked", "{expired}");
    assert_eq!(told(&expired, "message"), "the account's password has expired");
    assert!(told(&expired, "evidence").starts_with("1820 "), "{expired}");
}

#[test]
fn an_expired_password_is_told_by_a_server_that_lets_nobody_in_with_it() {
    let setup = Setup::new()
        .option("--disconnect-on-expired-password=ON")
        .sql(&format!("CREATE USER expired@'%' IDENTIFIED BY '{PASSWORD}' PASSWORD EXPIRE"));
    let server = MariaDb::start(&setup);
    let (verdict, check) = check_as(server.address(), "expired", "");
    assert_eq!(verdict, "auth.locked", "{check}");
    assert!(told(&check, "evidence").starts_with("1862 "), "{check}");
}

#[test]
fn an_account_that_is_blocked_for_its_wrong_passwords_is_told_from_a_wrong_password() {
    let server = MariaDb::start(&Setup::new().option("--max-password-errors=1"));
    assert_eq!(check(server.address(), USER, ", password: wrong-Word").0, "auth.rejected");
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("auth.locked", "credentials"), "{check}");
    assert!(told(&check, "evidence").starts_with("4150 "), "{check}");
}

#[test]
fn a_session_that_ends_before_its_first_statement_is_no_success() {
    let server = MariaDb::start(&Setup::new().option("--init-connect=SELECT nothing"));
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.unexpected-reply", "service"), "{check}");
    assert!(told(&check, "evidence").starts_with("1184 "), "{check}");
}

#[test]
fn a_login_leaves_nothing_behind_whatever_comes_of_it() {
    let server = MariaDb::start(&Setup::new().sql("CREATE DATABASE other"));
    for (more, wanted) in [
        (String::new(), "pass"),
        (format!(", database: {DATABASE}, query: SELECT * FROM orders"), "pass"),
        (format!(", database: {DATABASE}, query: DELETE FROM orders"), "request.unexpected-reply"),
        (", database: other".to_owned(), "request.permission-denied"),
    ] {
        assert_eq!(check_as(server.address(), USER, &more).0, wanted);
    }
    wait::until("the end of the sessions", || server.status("Threads_connected") == 1);
    // A connection that ends without a goodbye is one of these.
    assert_eq!(server.status("Aborted_clients"), 0, "{}", server.log());
    assert_eq!(server.sql("SELECT COUNT(*) FROM shop.orders"), "1");
}
