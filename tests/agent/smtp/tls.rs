//! TLS from the first byte, and after STARTTLS.

use super::*;
use harness::certs::{Authority, Identity};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::stunnel::Stunnel;
use std::path::Path;

/// The options for TLS of one kind or the other.
fn secured(how: &str, ca: &Path) -> String {
    format!(", use_tls: {how}, ca_file: {}, to_address: ops@mail.test, send: false", ca.display())
}

/// The address for TLS of one kind or the other.
fn address(server: &Mail, how: &str) -> SocketAddr {
    if how == "true" { server.tls_address() } else { server.address() }
}

#[test]
fn both_kinds_of_tls_pass_with_a_login_and_a_mail() {
    let ca = Authority::new();
    let server = Mail::start(&Setup::open().tls(&ca.valid()).login_required().login_needs_tls());
    for how in ["true", "starttls"] {
        let more = secured(how, ca.file()).replace("false", "true") + &login(PASSWORD);
        let check = check(address(&server, how), &more);
        assert_eq!(check["verdict"], "pass", "{check}");
        let port = address(&server, how).port();
        let names: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| text(one, "name")).collect();
        assert_eq!(names, ["tcp", "tls", "smtp"].map(|prefix| format!("{prefix}:127.0.0.1:{port}")));
        assert_eq!(check["facts"]["tls_verified"], true, "{check}");
        assert_eq!(text(&check["facts"], "server_version"), "ESMTP aiosmtpd");
    }
    let mails = server.mails();
    assert!(mails.len() == 2 && mails.iter().all(|mail| mail.tls), "{mails:?}");
}

#[test]
fn exim_with_gnutls_passes_both_ways() {
    let ca = Authority::new();
    let server = Exim::start(&exim::Setup::open().tls(&ca.valid()).login_needs_tls());
    let login = format!(", username: {}, password: {}", exim::USER, exim::PASSWORD);
    for (how, address) in [("true", server.tls_address()), ("starttls", server.address())] {
        let check = check(address, &(secured(how, ca.file()) + &login));
        assert_eq!(check["verdict"], "pass", "{check} {}", server.log());
    }
}

#[test]
fn bad_certificates_are_told_apart_either_way() {
    let ca = Authority::new();
    let cases: [(Identity, &str); 3] = [
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.wrong_name(), "tls.wrong-name"),
    ];
    for (identity, wanted) in cases {
        let server = Mail::start(&Setup::open().tls(&identity));
        for how in ["true", "starttls"] {
            let check = check(address(&server, how), &secured(how, ca.file()));
            assert_eq!(
                (text(&check["failure"], "code"), text(&check["failure"], "owner")),
                (wanted, "certificate"),
                "{how}"
            );
            assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
            let verdicts: Vec<_> =
                check["results"].as_array().expect("results").iter().map(|one| text(one, "verdict")).collect();
            assert_eq!(verdicts, ["pass", "fail", "skip"], "{how}");
        }
        let trusting = secured("starttls", ca.file()) + ", disable_tls_verification: true, expiry_warning_days: 0";
        let verdict = verdict_of(&smtp(server.address(), &trusting));
        assert!(["pass", "warn"].contains(&verdict.as_str()), "{verdict}");
    }
}

#[test]
fn tls_to_a_plain_port_names_starttls() {
    let ca = Authority::new();
    for server in [Mail::start(&Setup::open()), Mail::start(&Setup::open().tls(&ca.valid()))] {
        let failure = failure(server.address(), &secured("true", ca.file()));
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("tls.not-tls", "config"), "{failure}");
        assert_eq!(text(&failure, "message"), "an SMTP server answered without TLS");
        assert!(text(&failure, "next_step").contains("use_tls: starttls"), "{failure}");
    }
}

#[test]
fn plain_to_a_tls_port_is_found_out_in_the_end() {
    let ca = Authority::new();
    let exim = Exim::start(&exim::Setup::open().tls(&ca.valid()));
    let backend = Mail::start(&Setup::open());
    let openssl = Stunnel::start(&ca.valid(), backend.address());
    let rustls = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    for address in [exim.tls_address(), openssl.address(), rustls.address()] {
        for how in ["false", "starttls"] {
            let more = format!(", use_tls: {how}, send: false, timeout: 1");
            let report = Agent::new(&smtp(address, &more)).report();
            let failure = &report["checks"][0]["failure"];
            assert_eq!((text(failure, "code"), text(failure, "owner")), ("tls.required", "config"), "{failure}");
            assert!(report["elapsed_seconds"].as_f64().is_some_and(|elapsed| elapsed < 2.0), "{report}");
        }
    }
}

#[test]
fn starttls_that_is_not_offered_or_not_begun_is_told() {
    let ca = Authority::new();
    let without = failure(Mail::start(&Setup::open()).address(), &secured("starttls", ca.file()));
    assert_eq!((text(&without, "code"), text(&without, "owner")), ("tls.not-tls", "config"), "{without}");
    assert_eq!(text(&without, "message"), "the mail server does not offer STARTTLS");
    assert!(text(&without, "evidence").contains("8BITMIME"), "{without}");
    let broken = Setup::open().offering("STARTTLS").answering("STARTTLS", "454 4.7.0 TLS not available");
    let broken = failure(Mail::start(&broken).address(), &secured("starttls", ca.file()));
    assert_eq!((text(&broken, "code"), text(&broken, "owner")), ("tls.not-tls", "service"), "{broken}");
    assert_eq!(text(&broken, "evidence"), "454 4.7.0 TLS not available");
}

#[test]
fn a_server_that_wants_starttls_first_is_told() {
    let ca = Authority::new();
    let server = Mail::start(&Setup::open().tls(&ca.valid()).starttls_required());
    let required = failure(server.address(), INQUIRY);
    assert_eq!((text(&required, "code"), text(&required, "owner")), ("tls.required", "config"), "{required}");
    assert_eq!(text(&required, "evidence"), "530 Must issue a STARTTLS command first");
    assert_eq!(verdict_of(&smtp(server.address(), &secured("starttls", ca.file()))), "pass");
}

#[test]
fn a_login_behind_starttls_is_told_and_not_tried() {
    let ca = Authority::new();
    let server = Mail::start(&Setup::open().tls(&ca.valid()).login_needs_tls());
    let failure = failure(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD)));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("tls.required", "config"), "{failure}");
    assert_eq!(text(&failure, "next_step"), "set use_tls: starttls");
    assert!(!server.log().contains(">> b'AUTH"), "{}", server.log());
}

#[test]
fn what_is_smuggled_in_behind_starttls_is_refused() {
    let dialogue = [
        (&b"EHLO"[..], &b"250-mail.test\r\n250 STARTTLS\r\n"[..]),
        (b"STARTTLS", b"220 go on\r\n250-mail.test\r\n250 AUTH PLAIN\r\n"),
    ];
    let peer = Peer::serve(move |wire| super::peers::converse(&wire, b"220 mail.test ESMTP\r\n", &dialogue));
    let failure = failure(peer.address(), ", use_tls: starttls, send: false");
    assert_eq!(text(&failure, "code"), "tls.malformed", "{failure}");
    assert!(text(&failure, "evidence").starts_with("250-mail.test"), "{failure}");
}

#[test]
fn silence_on_the_way_to_tls_has_the_code_of_the_step_that_waited() {
    let ca = Authority::new();
    let more = ", use_tls: starttls, send: false, timeout: 1";
    let consent = Mail::start(&Setup::open().tls(&ca.valid()).mute_at("STARTTLS"));
    assert_eq!(text(&failure(consent.address(), more), "code"), "protocol.timeout");
    let dialogue = [(&b"EHLO"[..], &b"250-mail.test\r\n250 STARTTLS\r\n"[..]), (b"STARTTLS", b"220 go on\r\n")];
    let stalled = Peer::serve(move |wire| {
        super::peers::converse(&wire, b"220 mail.test ESMTP\r\n", &dialogue);
        wire.drain();
    });
    assert_eq!(text(&failure(stalled.address(), more), "code"), "tls.timeout");
    let silent = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let more = secured("true", ca.file()) + ", timeout: 1";
    assert_eq!(text(&failure(silent.address(), &more), "code"), "protocol.silent");
    for (manner, wanted) in
        [(Manner::Silent, "tls.timeout"), (Manner::Closes, "tls.closed"), (Manner::ResetsAfterFirstBytes, "tls.closed")]
    {
        assert_eq!(text(&failure(Peer::start(manner).address(), &more), "code"), wanted);
    }
}
