//! The table and the query: what is there, what is permitted, what is only read.

use super::{failed, passes, refused, text, town, with_password, yaml};
use harness::postgres::USER;

/// A check that passes, with these options.
fn granted(options: &str) {
    passes(&yaml(town().postgres.address(), USER, &with_password(options)));
}

#[test]
fn a_table_is_there_and_readable_however_it_is_written() {
    for table in ["orders", "public.orders", "ORDERS", "'\"orders\"'", "pg_catalog.pg_class"] {
        granted(&format!(", table: {table}"));
    }
}

#[test]
fn a_table_that_may_not_be_read_is_a_matter_of_grants() {
    let failure = refused(USER, &with_password(", table: payroll"), "request.permission-denied", "service");
    assert_eq!(text(&failure, "message"), "app may not read the table payroll");
    assert_eq!(text(&failure, "next_step"), "GRANT SELECT ON payroll TO app");
    let failure = refused(USER, &with_password(", table: vault.keys"), "request.permission-denied", "service");
    assert!(text(&failure, "evidence").starts_with("42501: permission denied for schema vault"), "{failure}");
}

#[test]
fn a_table_that_is_not_there_is_no_matter_of_grants() {
    for table in ["order", "elsewhere.orders", "'\"ORDERS\"'"] {
        let more = with_password(&format!(", table: {table}"));
        let failure = refused(USER, &more, "request.unexpected-reply", "config");
        assert!(text(&failure, "message").starts_with("there is no table "), "{failure}");
    }
    for table in ["a.b.c", "a.b.c.d", "'or ders'", "\"'; DROP TABLE orders; --\""] {
        let more = with_password(&format!(", table: {table}"));
        refused(USER, &more, "request.unexpected-reply", "config");
    }
    granted(", table: orders");
}

#[test]
fn a_query_runs_whatever_it_returns() {
    for query in ["SELECT 1", "SELECT * FROM orders WHERE false", "SHOW server_version", "'TABLE orders;'", "''"] {
        granted(&format!(", query: {query}"));
    }
}

#[test]
fn a_query_that_fails_is_told_with_the_servers_words() {
    for (query, code, owner, evidence) in [
        ("SELEC 1", "request.unexpected-reply", "config", "42601: syntax error"),
        ("SELECT * FROM nothing", "request.unexpected-reply", "config", "42P01: relation \"nothing\""),
        ("SELECT 1/0", "request.unexpected-reply", "config", "22012: division by zero"),
        ("SELECT * FROM payroll", "request.permission-denied", "service", "42501: permission denied for table payroll"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "request.closed", "service", "57P01: terminating connection"),
    ] {
        let failure = refused(USER, &with_password(&format!(", query: '{query}'")), code, owner);
        assert!(text(&failure, "evidence").starts_with(evidence), "{failure}");
    }
}

#[test]
fn a_query_must_only_read() {
    for query in ["INSERT INTO orders VALUES (3)", "CREATE TABLE mine ()", "COPY orders FROM STDIN"] {
        let failure = refused(USER, &with_password(&format!(", query: {query}")), "request.unexpected-reply", "config");
        assert_eq!(text(&failure, "message"), "the query writes, but a check must only read");
        assert!(text(&failure, "evidence").starts_with("25006: cannot execute "), "{failure}");
    }
    let escape = "COMMIT; INSERT INTO orders VALUES (4)";
    let failure = refused(USER, &with_password(&format!(", query: '{escape}'")), "request.unexpected-reply", "config");
    assert!(text(&failure, "evidence").starts_with("42601: cannot insert multiple commands"), "{failure}");
    // Division by zero, should there be a row of any of these.
    granted(", query: 'SELECT 1 / (CASE WHEN max(id) > 2 THEN 0 ELSE 1 END) FROM orders'");
}

#[test]
fn a_query_that_ends_the_transaction_leaves_nothing_to_write_in() {
    granted(", query: COMMIT");
    granted(", query: SET TRANSACTION READ WRITE");
    let query = "COPY orders TO STDOUT";
    refused(USER, &with_password(&format!(", query: {query}")), "request.unexpected-reply", "config");
}

#[test]
fn a_query_that_takes_too_long_is_given_up_by_the_server() {
    let more = with_password(", timeout: 1, query: SELECT pg_sleep(60)");
    let failure = refused(USER, &more, "request.timeout", "service");
    assert!(text(&failure, "evidence").starts_with("57014: canceling statement due to statement timeout"), "{failure}");
}

#[test]
fn a_result_without_end_is_cut() {
    let query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000)";
    let failure = failed(
        &yaml(town().postgres.address(), USER, &with_password(&format!(", query: \"{query}\""))),
        "protocol.too-large",
        "config",
    );
    assert_eq!(text(&failure, "message"), "the result of the query is longer than 64 KiB");
}
