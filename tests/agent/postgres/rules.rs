//! What keeps a role out: rules, limits, the state of the server, TLS on either side.

use super::{check, failed, passes, refused, text, town, verified, with_password, yaml};
use conn_check::report::FORMATS;
use harness::agent::Agent;
use harness::certs::{Authority, Identity};
use harness::postgres::{Postgres, Setup, USER};
use harness::wait;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

const PLAIN: &str = ", use_tls: false";

#[test]
fn a_rule_for_tls_only_wants_tls() {
    passes(&yaml(town().postgres.address(), "tlsonly", &with_password("")));
    let failure = refused("tlsonly", &with_password(PLAIN), "tls.required", "config");
    assert!(text(&failure, "message").ends_with("from this host without TLS, or not at all"), "{failure}");
    assert!(text(&failure, "evidence").starts_with("28000: no pg_hba.conf entry"), "{failure}");
    assert!(text(&failure, "next_step").starts_with("set use_tls: true"), "{failure}");
}

#[test]
fn a_preference_for_tls_is_libpqs_and_goes_without_after_a_refusal_by_the_rules() {
    let address = town().postgres.address();
    passes(&yaml(address, "plainonly", &with_password(PLAIN)));
    let preferred = check(&yaml(address, "plainonly", &with_password("")));
    let warning = &preferred["warnings"][0];
    assert_eq!((&preferred["verdict"], &warning["code"]), (&"warn".into(), &"tls.forgone".into()), "{preferred}");
    assert!(text(warning, "message").contains("28000: no pg_hba.conf entry"), "{preferred}");
    // The password is judged there, once.
    let postgres = Postgres::start(&Setup::tls(&Authority::new().valid()));
    let wrong = failed(&yaml(postgres.address(), "plainonly", ", password: wrong"), "auth.rejected", "credentials");
    assert!(text(&wrong, "evidence").starts_with("28P01"), "{wrong}");
    assert_eq!(postgres.log().matches("password authentication failed").count(), 1, "{}", postgres.log());
    failed(&yaml(postgres.address(), "plainonly", ""), "auth.required", "config");
    // And a wrong one over TLS is not shown again without.
    failed(&yaml(postgres.address(), USER, ", password: wrong"), "auth.rejected", "credentials");
    assert_eq!(postgres.log().matches("password authentication failed").count(), 2, "{}", postgres.log());
}

#[test]
fn a_demand_for_tls_does_not_go_without() {
    let failure = refused("plainonly", &with_password(&verified()), "auth.host-not-allowed", "service");
    assert!(
        text(&failure, "next_step").ends_with("one that takes connections with TLS (host or hostssl)"),
        "{failure}"
    );
    let failure = refused("plainonly", &verified(), "auth.host-not-allowed", "service");
    assert!(text(&failure, "next_step").ends_with("set use_tls: false"), "{failure}");
}

#[test]
fn a_preference_for_tls_goes_without_after_a_handshake_that_fails() {
    let old =
        "ssl_min_protocol_version = 'TLSv1'\nssl_max_protocol_version = 'TLSv1.1'\nssl_ciphers = 'ALL:@SECLEVEL=0'";
    let postgres = Postgres::start(&Setup::tls(&Authority::new().valid()).setting(old));
    let address = postgres.address();
    let preferred = check(&yaml(address, USER, &with_password("")));
    let warning = &preferred["warnings"][0];
    assert_eq!((&preferred["verdict"], &warning["code"]), (&"warn".into(), &"tls.forgone".into()), "{preferred}");
    assert!(text(warning, "message").contains("its TLS does not work"), "{preferred}");
    let demanded = with_password(", use_tls: true, disable_tls_verification: true");
    failed(&yaml(address, USER, &demanded), "tls.no-common-version", "service");
    // What it is told without TLS is of no use to who wants it with.
    failed(&yaml(address, "tlsonly", &with_password("")), "tls.no-common-version", "service");
    failed(&yaml(address, USER, ", password: wrong"), "auth.rejected", "credentials");
}

#[test]
fn a_rule_that_rejects_and_no_rule_at_all_keep_out() {
    for (user, evidence) in [("banned", "28000: pg_hba.conf rejects"), ("stranger", "28000: no pg_hba.conf entry")] {
        let failure = refused(user, &with_password(""), "auth.host-not-allowed", "service");
        let both = format!("without TLS: {evidence}");
        assert!(
            text(&failure, "evidence").starts_with(evidence) && text(&failure, "evidence").contains(&both),
            "{failure}"
        );
        let message = format!("the server's rules (pg_hba.conf) do not let {user} into shop from this host");
        assert_eq!(text(&failure, "message"), message);
    }
}

#[test]
fn without_tls_on_the_server_a_missing_rule_is_nothing_but_that() {
    let postgres = Postgres::start(&Setup::plain());
    for user in ["stranger", "tlsonly"] {
        failed(&yaml(postgres.address(), user, &with_password("")), "auth.host-not-allowed", "service");
    }
    let failure = failed(&yaml(postgres.address(), USER, &with_password(", use_tls: true")), "tls.not-tls", "config");
    assert_eq!(text(&failure, "message"), "the server has TLS disabled");
    assert_eq!(text(&failure, "evidence"), "it answered N to the request for TLS");
    let check = passes(&yaml(postgres.address(), USER, &with_password("")));
    assert!(check["facts"]["tls_version"].is_null(), "{check}");
}

#[test]
fn ways_to_log_in_that_no_password_opens_are_named() {
    let failure = refused("kerberos", &with_password(""), "auth.method-unsupported", "service");
    let message = "the server wants GSSAPI (Kerberos) for kerberos, which conn-check cannot do";
    assert_eq!(text(&failure, "message"), message);
    let failure = refused("idented", &with_password(""), "auth.host-not-allowed", "service");
    assert!(text(&failure, "evidence").starts_with("28000: Ident authentication failed"), "{failure}");
}

#[test]
fn a_role_without_login_is_locked() {
    let failure = refused("disabled", &with_password(""), "auth.locked", "credentials");
    assert!(text(&failure, "next_step").ends_with("ALTER ROLE disabled LOGIN"), "{failure}");
}

#[test]
fn databases_that_are_not_there_or_closed_differ() {
    let failure = refused(USER, &with_password(", database: nothing"), "request.no-such-database", "config");
    assert_eq!(text(&failure, "message"), "there is no database nothing");
    let failure = refused(USER, &with_password(", database: closed"), "request.permission-denied", "service");
    assert_eq!(text(&failure, "next_step"), "GRANT CONNECT ON DATABASE closed TO app");
    assert!(text(&failure, "evidence").starts_with("42501: permission denied for database"), "{failure}");
    let failure = refused(USER, &with_password(", database: template0"), "request.permission-denied", "service");
    assert!(text(&failure, "evidence").starts_with("55000: "), "{failure}");
}

#[test]
fn a_role_with_too_many_connections_is_overloaded() {
    let failure = refused("crowded", &with_password(""), "protocol.overloaded", "service");
    assert!(text(&failure, "evidence").starts_with("53300: too many connections for role"), "{failure}");
}

/// Takes a connection and holds it: a start-up message as a role that needs no password. `None` when
/// the server has none left; what it was asked on has then ended there, too.
fn occupy(server: SocketAddr) -> Option<TcpStream> {
    let parameters = b"\0\x03\0\0user\0open\0database\0shop\0\0";
    let length = u32::try_from(parameters.len() + 4).expect("short").to_be_bytes();
    let mut stream = TcpStream::connect(server).expect("a connection");
    stream.write_all(&[&length[..], parameters].concat()).expect("sent");
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    // ReadyForQuery, and that no transaction is open.
    while !answer.ends_with(b"Z\0\0\0\x05I") {
        match stream.read(&mut buffer).expect("an answer") {
            0 => return None,
            count => answer.extend_from_slice(&buffer[..count]),
        }
    }
    Some(stream)
}

#[test]
fn a_server_that_is_full_is_overloaded() {
    let setup = Setup::plain().setting("max_connections = 2").setting("superuser_reserved_connections = 1");
    let postgres = Postgres::start(&setup);
    let yaml = yaml(postgres.address(), "open", "");
    passes(&yaml);
    // The check says goodbye and goes; its connection is free when the server's process has ended.
    let mut held = None;
    wait::until("the check's connection to be free", || {
        held = occupy(postgres.address());
        held.is_some()
    });
    let failure = failed(&yaml, "protocol.overloaded", "service");
    assert!(text(&failure, "evidence").starts_with("53300: remaining connection slots"), "{failure}");
    drop(held);
}

#[test]
fn a_server_that_recovers_is_not_ready() {
    let postgres = Postgres::start(&Setup::plain().never_ready());
    let failure = failed(&yaml(postgres.address(), USER, &with_password("")), "protocol.not-ready", "service");
    assert!(text(&failure, "evidence").starts_with("57P03: the database system is "), "{failure}");
}

#[test]
fn a_server_that_was_stopped_refuses_and_one_that_hangs_is_silent() {
    let mut postgres = Postgres::start(&Setup::plain());
    let more = with_password(", timeout: 0.5");
    postgres.daemon().freeze();
    for mode in ["", PLAIN] {
        failed(&yaml(postgres.address(), USER, &format!("{more}{mode}")), "protocol.silent", "service");
    }
    postgres.daemon().thaw();
    postgres.daemon().stop();
    failed(&yaml(postgres.address(), USER, &more), "connect.refused", "service");
}

#[test]
fn faults_of_the_certificate_are_told_before_the_password_is_sent() {
    let ca = Authority::new();
    for (identity, code) in [
        (ca.expired(), "tls.expired"),
        (ca.wrong_name(), "tls.wrong-name"),
        (Authority::new().valid(), "tls.untrusted"),
    ] {
        let postgres = Postgres::start(&Setup::tls(&identity));
        let trusted = format!(", ca_file: {}", ca.file().display());
        for mode in ["", ", use_tls: true"] {
            let yaml = yaml(postgres.address(), USER, &with_password(&format!("{trusted}{mode}")));
            let failure = failed(&yaml, code, "certificate");
            assert_eq!(text(&failure, "phase"), "tls");
            assert!(check(&yaml)["facts"]["certificate"]["subject"].is_string());
        }
        // Whoever prefers TLS and names no authority takes any certificate, and so does who says so.
        for mode in ["", &format!(", use_tls: true, disable_tls_verification: true{trusted}")] {
            let mode = format!(", expiry_warning_days: 0{mode}");
            let check = check(&yaml(postgres.address(), USER, &with_password(&mode)));
            assert!(check["failure"].is_null() && check["facts"]["tls_verified"] == false, "{check}");
        }
    }
}

#[test]
fn a_certificate_near_its_end_is_a_warning() {
    let ca = Authority::new();
    let postgres = Postgres::start(&Setup::tls(&ca.expiring_in_days(3)));
    let check = check(&yaml(postgres.address(), USER, &with_password("")));
    assert_eq!(check["warnings"][0]["code"], "tls.expires-soon", "{check}");
}

/// The options that show a certificate.
fn showing(identity: &Identity) -> String {
    let (certificate, key) = (identity.certificate_file().display(), identity.key_file().display());
    format!("{}, client_cert: {certificate}, client_key: {key}", verified())
}

#[test]
fn a_client_certificate_is_wanted_judged_and_compared_with_the_role() {
    passes(&yaml(town().postgres.address(), "certified", &showing(&town().clients.client("certified"))));
    refused("certified", &verified(), "tls.client-cert-required", "credentials");
    // Nor does it go without TLS.
    refused("certified", "", "tls.client-cert-required", "credentials");
    let failure = refused("certified", &showing(&town().clients.client("other")), "auth.rejected", "credentials");
    assert!(text(&failure, "evidence").starts_with("28000: certificate authentication failed"), "{failure}");
    assert_eq!(text(&failure, "message"), "the client certificate is not one for certified");
    let stranger = Authority::new().client("certified");
    refused("certified", &showing(&stranger), "tls.client-cert-rejected", "credentials");
}

#[test]
fn no_output_shows_the_password() {
    let secret = "hunter2-Correct.Horse";
    let more = format!(", password: {secret}");
    let file = yaml(town().postgres.address(), USER, &more) + "\n" + &yaml(town().postgres.address(), "clear", &more);
    for format in FORMATS.map(|format| format.name) {
        let ran = Agent::new(&file).args(["-vdt", "--explain", "--format", format]).run();
        assert_eq!(ran.status, crate::formats::status_in(format, 2), "{ran:?}");
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{format}: {ran:?}");
    }
}
