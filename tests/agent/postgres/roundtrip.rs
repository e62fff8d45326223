//! `roundtrip`: a temporary table, rolled back.

use super::{check, failed, text, town, with_password, yaml};
use harness::postgres::{DATABASE, Postgres, Setup, USER};

fn roundtrip() -> String {
    with_password(", roundtrip: true")
}

#[test]
fn a_temporary_table_is_filled_read_and_gone() {
    let check_of = check(&yaml(town().postgres.address(), USER, &roundtrip()));
    assert_eq!(check_of["verdict"], "pass", "{check_of}");
    // Nobody sees anything of it, in whatever schema.
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'conn_check%'";
    let nothing = with_password(&format!(", roundtrip: true, query: \"{left}\", expect: '0'"));
    let both = check(&yaml(town().postgres.address(), USER, &nothing));
    assert_eq!(both["verdict"], "pass", "{both}");
}

#[test]
fn who_takes_no_writes_is_told_by_what_keeps_it_from_that() {
    let standby = Postgres::start(&Setup::plain().standby());
    let failure = failed(&yaml(standby.address(), USER, &roundtrip()), "request.read-only", "service");
    assert!(text(&failure, "evidence").starts_with("25006"), "{failure}");
    let read_only = Postgres::start(&Setup::plain().setting("default_transaction_read_only = on"));
    failed(&yaml(read_only.address(), USER, &roundtrip()), "request.read-only", "service");
    let revoked = format!("REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC;");
    let without_right = Postgres::start(&Setup::plain().sql(&revoked));
    let failure = failed(&yaml(without_right.address(), USER, &roundtrip()), "request.permission-denied", "service");
    assert!(text(&failure, "next_step").starts_with("GRANT TEMPORARY ON DATABASE shop TO app"), "{failure}");
}
