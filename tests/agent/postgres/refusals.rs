//! Refusals that are not `PostgreSQL`'s own, and those that nobody knows: told in their words, with an owner by their
//! class. Doubles: of these relatives Debian has only pgbouncer and pgpool.

use super::{check, failed, text, with_password, yaml};
use harness::peers::Peer;
use harness::postgres::USER;

/// A server without TLS that answers the start-up message with this error.
fn refusing(code: &str, message: &str) -> Peer {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let length = u32::try_from(4 + fields.len()).expect("short").to_be_bytes();
    let answer = [&b"E"[..], &length, fields.as_bytes()].concat();
    Peer::serve(move |wire| {
        if wire.first_bytes().len() == 8 && wire.send(b"N") && !wire.first_bytes().is_empty() && wire.send(&answer) {
            wire.finish();
        }
    })
}

#[test]
fn poolers_and_relatives_are_named_by_what_they_say() {
    for (sqlstate, said, code, owner, word) in [
        ("XX000", "Tenant or user not found", "auth.rejected", "config", "Supavisor does not know"),
        ("XX000", "(ENOTFOUND) tenant/user app.abc not found", "auth.rejected", "config", "Supavisor"),
        ("XX000", "Max client connections reached", "protocol.overloaded", "service", "Supavisor"),
        (
            "XX000",
            "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
            "protocol.overloaded",
            "service",
            "Supavisor",
        ),
        (
            "XX000",
            "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in session mode",
            "protocol.not-ready",
            "service",
            "server behind it",
        ),
        (
            "08P01",
            "client connections exceeded (max_db_client_connections)",
            "protocol.overloaded",
            "service",
            "the pooler",
        ),
        (
            "08P01",
            "client connections exceeded (max_user_client_connections)",
            "protocol.overloaded",
            "service",
            "the pooler",
        ),
        (
            "08P01",
            "server login has been failing, cached error: password authentication failed for user \"app\" (server_login_retry)",
            "protocol.not-ready",
            "service",
            "the pooler cannot log in to the server behind it",
        ),
        ("08P01", "database \"shop\" is disabled", "request.permission-denied", "service", "its own configuration"),
        ("08P01", "bouncer config error", "request.permission-denied", "service", "its own configuration"),
        ("08P01", "no authentication method is found", "request.permission-denied", "service", "its own configuration"),
        ("08P01", "certificate authentication failed", "tls.client-cert-required", "credentials", "client certificate"),
        (
            "08P01",
            "unsupported startup parameter: application_name",
            "request.unexpected-reply",
            "service",
            "parameter",
        ),
        ("08P01", "role \"app\" does not exist", "auth.rejected", "service", "own login rejected"),
        (
            "08P01",
            "node is running secure mode, SSL connection required",
            "tls.required",
            "config",
            "CockroachDB wants TLS",
        ),
        ("28000", "This RDS Proxy requires TLS connections", "tls.required", "config", "RDS Proxy wants TLS"),
        (
            "28000",
            "This RDS proxy has no credentials for the role app. Check the credentials for this role and try again.",
            "auth.rejected",
            "config",
            "RDS Proxy does not know",
        ),
        ("XX000", "Timed-out waiting to acquire database connection", "protocol.not-ready", "service", "RDS Proxy"),
        (
            "08004",
            "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support",
            "tls.required",
            "config",
            "Neon",
        ),
        ("58000", "could not get connection from the pool - AllServersDown", "protocol.not-ready", "service", "PgCat"),
        ("58000", "No pool configured for database: \"shop\", user: \"app\"", "auth.rejected", "config", "PgCat"),
    ] {
        let peer = refusing(sqlstate, said);
        let failure = failed(&yaml(peer.address(), USER, &with_password("")), code, owner);
        assert!(text(&failure, "message").contains(word), "{failure}");
        assert_eq!(text(&failure, "evidence"), format!("{sqlstate}: {said}"));
        assert!(!text(&failure, "next_step").contains("wait"), "{failure}");
    }
}

#[test]
fn a_refusal_that_nobody_knows_has_an_owner_by_its_class_and_no_advice_to_wait() {
    for (sqlstate, code, owner) in [
        ("08P01", "request.unexpected-reply", "service"),
        ("28000", "auth.rejected", "credentials"),
        ("28XYZ", "auth.rejected", "credentials"),
        ("42704", "request.unexpected-reply", "config"),
        ("0A000", "request.unexpected-reply", "config"),
        ("53400", "protocol.overloaded", "service"),
        ("57P05", "request.unexpected-reply", "service"),
        ("57P04", "request.no-such-database", "config"),
        ("58030", "request.unexpected-reply", "service"),
        ("F0000", "request.unexpected-reply", "service"),
        ("XX000", "request.unexpected-reply", "service"),
        ("ZZ999", "request.unexpected-reply", "service"),
    ] {
        let peer = refusing(sqlstate, "none of these is known");
        let failure = failed(&yaml(peer.address(), USER, &with_password("")), code, owner);
        assert_eq!(text(&failure, "evidence"), format!("{sqlstate}: none of these is known"));
        let advice = text(&failure, "next_step");
        assert!(!advice.contains("wait") && !advice.contains("expect"), "{failure}");
    }
    let peer = refusing("57P03", "the database system is starting up");
    let failure = failed(&yaml(peer.address(), USER, &with_password("")), "protocol.not-ready", "service");
    assert!(text(&failure, "next_step").starts_with("wait"), "{failure}");
}

#[test]
fn an_old_protocol_is_told_by_its_words_alone() {
    let peer = refusing("0A000", "unsupported frontend protocol 3.0: server supports 1.0 to 2.0");
    failed(&yaml(peer.address(), USER, &with_password("")), "protocol.unsupported-version", "service");
    let peer = refusing("55000", "cannot connect to invalid database \"shop\"");
    let failure = failed(&yaml(peer.address(), USER, &with_password("")), "request.no-such-database", "service");
    assert!(text(&failure, "message").ends_with("was only half dropped"), "{failure}");
}

#[test]
fn a_login_that_the_server_asks_for_by_another_mechanism_names_what_it_offers() {
    let peer = Peer::serve(|wire| {
        let _asked = wire.first_bytes();
        let _sent = wire.send(b"N");
        let _start_up = wire.first_bytes();
        let _sent = wire.send(b"R\0\0\0\x15\0\0\0\x0aOAUTHBEARER\0\0");
        wire.drain();
    });
    let report = check(&yaml(peer.address(), USER, &with_password("")));
    assert_eq!(report["failure"]["code"], "auth.method-unsupported", "{report}");
    assert_eq!(report["failure"]["evidence"], "it offers OAUTHBEARER", "{report}");
}
