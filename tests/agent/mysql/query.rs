//! Queries: what they may do, what they may cost, and whose fault it is when they fail.

use super::{check_as, outcome, server, told};
use harness::mariadb::{DATABASE, MariaDb, PASSWORD, Setup, USER};
use harness::wait;
use serde_json::Value;
use std::time::{Duration, Instant};

/// What comes of a query to the shared server.
fn query(user: &str, statement: &str) -> (String, Value) {
    check_as(server().0.address(), user, &asking(statement))
}

fn asking(statement: &str) -> String {
    format!(", database: {DATABASE}, query: \"{statement}\"")
}

#[test]
fn a_query_that_reads_passes_whatever_it_gives() {
    for statement in
        ["SELECT * FROM orders", "SELECT * FROM orders WHERE id < 0", "SHOW TABLES", "DO 1", "SELECT REPEAT('x', 100)"]
    {
        let (verdict, check) = query(USER, statement);
        assert_eq!(verdict, "pass", "{statement}: {check}");
    }
    assert_eq!(query("reader", "SELECT id FROM orders").0, "pass");
}

#[test]
fn a_query_that_writes_is_refused_and_writes_nothing() {
    let server = MariaDb::start(&Setup::new());
    for statement in [
        "INSERT INTO orders VALUES (2, 'second')",
        "UPDATE orders SET note = 'changed'",
        "DELETE FROM orders",
        "TRUNCATE orders",
        "DROP TABLE orders",
        "CREATE TABLE more (id INT)",
        "SELECT * FROM orders FOR UPDATE",
    ] {
        let (verdict, check) = check_as(server.address(), USER, &asking(statement));
        assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
        assert!(told(&check, "evidence").starts_with("1792 "), "{statement}: {check}");
        assert_eq!(told(&check, "message"), "the query writes, but a check must only read");
    }
    // The second statement is none: nothing but one is sent.
    let (verdict, _) = check_as(server.address(), USER, &asking("COMMIT; DELETE FROM orders"));
    assert_eq!(verdict, "request.unexpected-reply");
    assert_eq!(server.sql("SELECT id, note FROM shop.orders; SHOW TABLES IN shop"), "1\tfirst\norders");
}

#[test]
fn a_query_that_is_not_permitted_is_told_by_the_servers_number() {
    for (user, statement, number) in [
        ("free", "SELECT 1", "1044 "),
        (USER, "SELECT * FROM mysql.user", "1142 "),
        ("reader", "SELECT note FROM orders", "1143 "),
        (USER, "SET GLOBAL read_only = 0", "1227 "),
        (USER, "SELECT * FROM other.things", "1142 "),
    ] {
        let password = if user == "free" { "" } else { PASSWORD };
        let more = format!(", password: '{password}'{}", asking(statement));
        let (verdict, check) = super::check(server().0.address(), user, &more);
        let wanted = ("request.permission-denied", "service");
        assert_eq!((verdict.as_str(), told(&check, "owner")), wanted, "{statement}: {check}");
        assert!(told(&check, "evidence").starts_with(number), "{statement}: {check}");
    }
}

#[test]
fn a_query_that_cannot_be_executed_is_the_files_fault() {
    for (statement, number) in [
        ("SELEKT 1", "1064 "),
        ("SELECT 1; SELECT 2", "1064 "),
        ("SELECT * FROM nothing", "1146 "),
        ("SELECT nothing FROM orders", "1054 "),
        ("", "1065 "),
    ] {
        let (verdict, check) = query(USER, statement);
        assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
        assert!(told(&check, "evidence").starts_with(number), "{statement}: {check}");
    }
    let (verdict, check) = check_as(server().0.address(), USER, ", query: SELECT * FROM orders");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
    assert!(told(&check, "evidence").starts_with("1046 "), "{check}");
}

#[test]
fn an_error_that_is_not_known_is_shown_with_its_number() {
    let (verdict, check) = query(USER, "CALL nothing()");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
    let message = "the server answers to the query with error 1305: it does not take what was asked";
    assert_eq!(told(&check, "message"), message);
}

#[test]
fn a_server_that_is_read_only_is_told_from_a_query_that_may_not_write() {
    let server = MariaDb::start(&Setup::new().option("--read-only=ON"));
    assert_eq!(check_as(server.address(), USER, &asking("SELECT * FROM orders")).0, "pass");
    let (verdict, check) = check_as(server.address(), USER, &asking("DELETE FROM orders"));
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("request.read-only", "service"), "{check}");
    assert!(told(&check, "evidence").starts_with("1290 "), "{check}");
}

#[test]
fn a_query_that_takes_too_long_is_ended_by_the_server() {
    let server = MariaDb::start(&Setup::new());
    let yaml = super::mysql(server.address(), USER, &format!(", password: {PASSWORD}{}", asking("SELECT SLEEP(600)")));
    let began = Instant::now();
    let (verdict, check) = outcome(&yaml.replace("timeout: 10", "timeout: 1"));
    assert_eq!(verdict, "request.timeout", "{check}");
    assert!(told(&check, "evidence").starts_with("1969 "), "{check}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let sessions = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'";
    wait::until("the end of the session", || server.sql(sessions) == "0");
}

#[test]
fn a_result_of_any_size_is_asked_for_and_not_read_to_its_end() {
    let server = MariaDb::start(&Setup::new().sql("INSERT INTO shop.orders SELECT seq, '' FROM shop.seq_2_to_5000"));
    assert_eq!(check_as(server.address(), USER, &asking("SELECT * FROM orders")).0, "pass");
    wait::until("the end of the session", || server.status("Threads_connected") == 1);
    let rows = server.status("Rows_sent");
    assert!(rows < 10, "{rows} rows were sent");
    // One row of a megabyte.
    assert_eq!(check_as(server.address(), USER, &asking("SELECT REPEAT('x', 1000000)")).0, "pass");
}
