//! The check against pgbouncer, whose one SQLSTATE hides many causes.

use super::{check, failed, passes, text, with_password, yaml};
use harness::certs::Authority;
use harness::pgbouncer::{Pgbouncer, Pools};
use harness::ports;
use harness::postgres::{Postgres, Setup, USER};
use std::sync::OnceLock;

fn postgres() -> &'static Postgres {
    static POSTGRES: OnceLock<Postgres> = OnceLock::new();
    POSTGRES.get_or_init(|| Postgres::start(&Setup::plain()))
}

fn pools() -> Pools {
    Pools::of(postgres().address())
}

#[test]
fn a_pooler_passes_everything_on() {
    let pooler = Pgbouncer::start(&pools().setting("pool_mode = transaction"));
    for _ in 0..2 {
        let more = with_password(", table: orders, query: SELECT item FROM orders");
        let check = passes(&yaml(pooler.address(), USER, &more));
        assert_eq!(text(&check["facts"], "server_role"), "primary");
    }
}

#[test]
fn what_a_pooler_refuses_has_its_own_code() {
    let server = postgres().address();
    let pools = pools().database("lost", server, "dbname=nothing").database(
        "shut",
        server,
        "dbname=shop user=app password=wrong",
    );
    let pooler = Pgbouncer::start(&pools);
    for (user, more, code, owner, evidence) in [
        (USER, ", password: wrong", "auth.rejected", "credentials", "08P01: SASL authentication failed"),
        ("ghost", ", password: x", "auth.rejected", "credentials", "08P01: SASL authentication failed"),
        (USER, "", "auth.required", "config", ""),
        (USER, &with_password(", database: nothing"), "request.no-such-database", "config", "08P01: no such database"),
        (
            USER,
            &with_password(", database: lost"),
            "request.no-such-database",
            "config",
            "08P01: database \"nothing\" does",
        ),
        (USER, &with_password(", database: pgbouncer"), "request.permission-denied", "service", "08P01: not allowed"),
        (
            USER,
            &with_password(", database: shut"),
            "auth.rejected",
            "service",
            "08P01: password authentication failed for",
        ),
        (USER, &with_password(", use_tls: true"), "tls.not-tls", "config", "it answered N"),
    ] {
        let failure = failed(&yaml(pooler.address(), user, more), code, owner);
        assert!(failure["evidence"].as_str().unwrap_or_default().starts_with(evidence), "{failure}");
    }
}

#[test]
fn a_pooler_without_a_server_behind_it_is_not_blamed_on_the_login() {
    let refusing = ports::free();
    let pools = || Pools::of(refusing.address());
    let pooler = Pgbouncer::start(&pools());
    let failure = failed(&yaml(pooler.address(), USER, &with_password(", timeout: 1")), "request.timeout", "service");
    assert_eq!(text(&failure, "message"), "the login was accepted, but no session began in time");
    let pooler = Pgbouncer::start(&pools().setting("query_wait_timeout = 1"));
    let failure = failed(&yaml(pooler.address(), USER, &with_password("")), "protocol.not-ready", "service");
    assert_eq!(text(&failure, "evidence"), "08P01: query_wait_timeout");
}

#[test]
fn rules_and_limits_of_a_pooler_are_told_apart() {
    let pooler = Pgbouncer::start(&pools().rules("hostssl all all 127.0.0.1/32 scram-sha-256\n"));
    let failure = failed(&yaml(pooler.address(), USER, &with_password("")), "auth.host-not-allowed", "service");
    assert_eq!(text(&failure, "evidence"), "08P01: login rejected");
    let pooler = Pgbouncer::start(&pools().setting("max_client_conn = 0"));
    // It refuses before it is asked for anything, be it for TLS or for a session.
    for more in ["", ", use_tls: false"] {
        let failure = failed(&yaml(pooler.address(), USER, &with_password(more)), "protocol.overloaded", "service");
        assert_eq!(text(&failure, "evidence"), "08P01: no more connections allowed (max_client_conn)");
    }
}

#[test]
fn a_pooler_with_tls_binds_no_login_to_it_and_passes() {
    let ca = Authority::new();
    let pooler = Pgbouncer::start(&pools().tls(&ca.valid()));
    let more = with_password(&format!(", use_tls: true, ca_file: {}", ca.file().display()));
    passes(&yaml(pooler.address(), USER, &more));
    let failure = failed(&yaml(pooler.address(), USER, &with_password(", use_tls: false")), "tls.required", "config");
    assert_eq!(text(&failure, "evidence"), "08P01: SSL required");
}

#[test]
fn a_pool_for_single_statements_has_no_transaction_to_query_in() {
    let pooler = Pgbouncer::start(&pools().setting("pool_mode = statement"));
    let checked = check(&yaml(pooler.address(), USER, &with_password(", table: orders")));
    assert_eq!(checked["verdict"], "pass", "{checked}");
    let more = with_password(", query: SELECT 1");
    failed(&yaml(pooler.address(), USER, &more), "request.unexpected-reply", "service");
}
