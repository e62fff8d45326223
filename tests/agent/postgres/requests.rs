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

#[test]
fn the_first_value_of_a_query_is_compared_by_value() {
    for (query, expect) in [
        ("SELECT count(*) FROM orders", "2"),
        ("SELECT sum(id) FROM orders", "'3.0'"),
        ("SELECT 12.50::numeric(10,2)", "12.5"),
        ("SELECT -0.000123::numeric", "-0.000123"),
        ("SELECT 1.5::float8", "1.50"),
        ("SELECT true", "true"),
        ("SELECT 1 = 2", "f"),
        ("SELECT 'on'::text, 5", "'on'"),
        ("SHOW server_encoding", "UTF8"),
        ("SELECT 'x'::char(5)", "x"),
        ("SELECT ''", "''"),
        ("SELECT pg_is_in_recovery()", "false"),
    ] {
        granted(&format!(", query: \"{query}\", expect: {expect}"));
    }
    for (query, expect, message) in [
        ("SELECT count(*) FROM orders", "5", "the query's first value is 2, not 5"),
        ("SELECT NULL::int", "5", "the query's first value is NULL, not 5"),
        ("SELECT id FROM orders WHERE false", "5", "the query returns no row, and 5 is expected"),
    ] {
        let more = with_password(&format!(", query: \"{query}\", expect: {expect}"));
        let failure = refused(USER, &more, "request.unexpected-reply", "service");
        assert_eq!(text(&failure, "message"), message);
        assert!(text(&failure, "next_step").ends_with("correct `expect`"), "{failure}");
    }
    let more = with_password(", query: SELECT now(), expect: 5");
    let failure = refused(USER, &more, "request.unexpected-reply", "config");
    assert!(text(&failure, "message").ends_with("cannot be compared: timestamptz"), "{failure}");
    // And a query that is compared only reads, too.
    let more = with_password(", query: 'COMMIT; INSERT INTO orders VALUES (9)', expect: 5");
    refused(USER, &more, "request.unexpected-reply", "config");
}

#[test]
fn an_expectation_without_a_query_does_nothing_and_is_told() {
    for kind in ["postgres", "mysql"] {
        let yaml = format!("- {{type: {kind}, host: h, username: a, database: b, expect: 5}}");
        let ran = harness::agent::Agent::new(&yaml).args(["--strict", "--validate"]).run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains("`expect` has no effect without `query`"), "{}", ran.err);
    }
}
