//! `roundtrip`: a temporary table, dropped.

use super::{check_as, told};
use harness::mariadb::{DATABASE, MariaDb, PASSWORD, Setup, USER};

fn roundtrip() -> String {
    format!(", database: {DATABASE}, roundtrip: true")
}

#[test]
fn a_temporary_table_is_filled_read_and_gone() {
    let server = MariaDb::start(&Setup::new());
    let (code, check) = check_as(server.address(), USER, &roundtrip());
    assert_eq!(code, "pass", "{check}");
    assert_eq!(server.sql(&format!("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'conn_check%' AND table_schema = '{DATABASE}'")).trim(), "0");
    assert_eq!((server.status("Com_drop_temporary_table"), server.status("Com_rollback")), (1, 1));
}

#[test]
fn who_takes_no_writes_is_told_by_what_keeps_it_from_that() {
    let read_only = MariaDb::start(&Setup::new().option("--read-only=1"));
    let (code, check) = check_as(read_only.address(), USER, &roundtrip());
    assert_eq!(code, "request.read-only", "{check}");
    let reader = format!("CREATE USER clerk@'%' IDENTIFIED BY '{PASSWORD}'");
    let without_right =
        MariaDb::start(&Setup::new().sql(&reader).sql(&format!("GRANT SELECT ON {DATABASE}.* TO clerk@'%'")));
    let (code, check) = check_as(without_right.address(), "clerk", &roundtrip());
    assert_eq!(code, "request.permission-denied", "{check}");
    assert!(told(&check, "next_step").contains("CREATE TEMPORARY TABLES"), "{check}");
}

#[test]
fn a_round_trip_needs_a_database() {
    let refused =
        harness::agent::Agent::new("- {type: mysql, host: h, username: u, roundtrip: true}\n").arg("--validate").run();
    let told = format!("{}{}", refused.out, refused.err);
    assert!(told.contains("`roundtrip` without `database`"), "{told}");
}
