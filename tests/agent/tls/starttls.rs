//! `starttls`: the check asks each protocol for TLS in its own words, and says when it has none; `send` and `expect`
//! behind TLS.

use super::{ca_file, check, text};
use harness::certs::Authority;
use harness::dovecot::Dovecot;
use harness::exim::{self, Exim};
use harness::mariadb::{self, MariaDb};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::postgres::{self, Postgres};
use harness::slapd::{self, Slapd};
use harness::stunnel::Stunnel;
use harness::vsftpd::Vsftpd;
use std::net::SocketAddr;

fn asked(address: SocketAddr, protocol: &str, ca: &Authority) -> serde_json::Value {
    check(address, &format!("{}, starttls: {protocol}", ca_file(ca.file())))
}

#[test]
fn every_protocol_is_asked_for_tls_in_its_own_words() {
    let ca = Authority::new();
    let identity = ca.valid();
    let dovecot = Dovecot::start(Some(&identity));
    let ftp = Vsftpd::start(Some(&identity));
    let exim = Exim::start(&exim::Setup::open().tls(&identity));
    let directory = Slapd::start(&slapd::Setup::tls(&identity));
    let database = Postgres::start(&postgres::Setup::tls(&identity));
    let mariadb = MariaDb::start(&mariadb::Setup::new().tls(&identity));
    for (protocol, address) in [
        ("imap", dovecot.imap()),
        ("pop3", dovecot.pop3()),
        ("ftp", ftp.address()),
        ("smtp", exim.address()),
        ("ldap", directory.address()),
        ("postgres", database.address()),
        ("mysql", mariadb.address()),
    ] {
        let check = asked(address, protocol, &ca);
        assert_eq!(check["facts"]["tls_verified"], true, "{protocol}: {check}");
        assert!(check["failure"].is_null(), "{protocol}: {check}");
        let other = Authority::new();
        assert_eq!(text(&asked(address, protocol, &other)["failure"], "code"), "tls.untrusted", "{protocol}");
    }
}

#[test]
fn a_server_without_tls_says_so_in_every_protocol() {
    let ca = Authority::new();
    let dovecot = Dovecot::start(None);
    let ftp = Vsftpd::start(None);
    let exim = Exim::start(&exim::Setup::open());
    let directory = Slapd::start(&slapd::Setup::plain());
    let database = Postgres::start(&postgres::Setup::plain());
    let mariadb = MariaDb::start(&mariadb::Setup::new());
    for (protocol, address) in [
        ("imap", dovecot.imap()),
        ("pop3", dovecot.pop3()),
        ("ftp", ftp.address()),
        ("smtp", exim.address()),
        ("ldap", directory.address()),
        ("postgres", database.address()),
        ("mysql", mariadb.address()),
    ] {
        let failure = &asked(address, protocol, &ca)["failure"];
        assert_eq!(text(failure, "code"), "tls.not-tls", "{protocol}: {failure}");
        assert!(text(failure, "message").starts_with("the server does not offer "), "{protocol}: {failure}");
    }
}

#[test]
fn another_service_in_its_place_is_named() {
    let ca = Authority::new();
    let exim = Exim::start(&exim::Setup::open());
    let failure = &asked(exim.address(), "imap", &ca)["failure"];
    assert_eq!(text(failure, "code"), "protocol.wrong-service", "{failure}");
    assert!(text(failure, "message").contains("IMAP"), "{failure}");
}

#[test]
fn a_refusal_of_this_host_or_of_the_moment_is_no_missing_starttls() {
    let ca = Authority::new();
    let greeting = b"220 mail.test ESMTP\r\n".to_vec();
    let said = |answers: &[(&str, &str)]| {
        let answers = answers.iter().map(|(asked, answer)| (asked.as_bytes().to_vec(), answer.as_bytes().to_vec()));
        let peer = Peer::start(Manner::Greets(greeting.clone(), answers.collect()));
        asked(peer.address(), "smtp", &ca)["failure"].clone()
    };
    let turned_away = said(&[("EHLO", "550 5.7.1 your name is not acceptable here\r\n")]);
    assert_eq!(text(&turned_away, "code"), "protocol.not-ready", "{turned_away}");
    assert!(text(&turned_away, "evidence").contains("not acceptable here"), "{turned_away}");
    let offers = "250-mail.test\r\n250 STARTTLS\r\n";
    let not_now = said(&[("EHLO", offers), ("STARTTLS", "454 TLS not available due to local problem\r\n")]);
    assert_eq!((text(&not_now, "code"), text(&not_now, "owner")), ("tls.not-tls", "service"), "{not_now}");
}

#[test]
fn what_is_said_behind_the_agreement_without_tls_is_refused() {
    let ca = Authority::new();
    let said = b"a OK begin\r\n* BYE injected\r\n".to_vec();
    let answers = vec![(b"a STARTTLS".to_vec(), said)];
    let peer = Peer::start(Manner::Greets(b"* OK ready\r\n".to_vec(), answers));
    let failure = &asked(peer.address(), "imap", &ca)["failure"];
    assert_eq!(text(failure, "code"), "protocol.malformed", "{failure}");
    assert!(text(failure, "message").contains("went on without TLS"), "{failure}");
}

#[test]
fn what_is_sent_hides_no_verdict_on_our_certificate() {
    let (ca, clients) = (Authority::new(), Authority::called("clients"));
    let silent = Peer::start(Manner::Silent);
    let picky = Stunnel::start_requiring(&ca.valid(), &clients, silent.address());
    let failure = &check(picky.address(), &format!("{}, send: x", ca_file(ca.file())))["failure"];
    assert_eq!(text(failure, "code"), "tls.client-cert-required", "{failure}");
}

#[test]
fn what_is_sent_behind_tls_is_answered_as_expected() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Echo);
    let more = |expect: &str| format!("{}, send: \"PING\\r\\n\", expect: {expect}", ca_file(ca.file()));
    assert_eq!(check(peer.address(), &more("'/^PI.G/'"))["verdict"], "pass");
    let failure = &check(peer.address(), &(more("PONG") + ", timeout: 0.6").replace(", timeout: 5", ""))["failure"];
    assert_eq!(text(failure, "code"), "request.unexpected-reply", "{failure}");
    assert!(text(failure, "evidence").contains(", wanted \"PONG\""), "{failure}");
}

/// The first word of an answer is no reason: what a server knows, and does not do, is not what it does not have.
#[test]
fn a_server_that_knows_starttls_and_does_not_begin_it_is_told_as_such() {
    const KNOWS: &str = "the server knows ";
    const HAS_NONE: &str = "the server does not offer ";
    let ca = Authority::new();
    let greets = |greeting: &[u8], asked: &[u8], answer: &[u8]| {
        Peer::start(Manner::Greets(greeting.to_vec(), vec![(asked.to_vec(), answer.to_vec())]))
    };
    let answers = |asked: &[u8], answer: &[u8]| Peer::start(Manner::Answers(vec![(asked.to_vec(), answer.to_vec())]));
    for (protocol, peer, message, evidence) in [
        ("imap", greets(b"* OK ready\r\n", b"a STARTTLS", b"a NO [UNAVAILABLE] no key\r\n"), KNOWS, "no key"),
        ("imap", greets(b"* OK ready\r\n", b"a STARTTLS", b"a BAD unknown command\r\n"), HAS_NONE, "unknown command"),
        ("pop3", greets(b"+OK ready\r\n", b"STLS", b"-ERR [SYS/PERM] no key\r\n"), KNOWS, "no key"),
        ("pop3", greets(b"+OK ready\r\n", b"STLS", b"-ERR unknown command\r\n"), HAS_NONE, "unknown command"),
        ("ftp", greets(b"220 ready\r\n", b"AUTH", b"534 not for this network\r\n"), KNOWS, "not for this network"),
        ("ftp", greets(b"220 ready\r\n", b"AUTH", b"502 unknown\r\n"), HAS_NONE, "502 unknown"),
        ("smtp", greets(b"220 ready\r\n", b"EHLO", b"502 unknown\r\n"), HAS_NONE, "502 unknown"),
        ("ldap", answers(b"0\x1d", b"0\x0c\x02\x01\x01x\x07\n\x01\x34\x04\0\x04\0"), KNOWS, "result code 52"),
        ("ldap", answers(b"0\x1d", b"0\x0c\x02\x01\x01x\x07\n\x01\x02\x04\0\x04\0"), HAS_NONE, "result code 2"),
        (
            "postgres",
            answers(b"\0\0\0\x08", b"EFATAL:  could not fork new process\n\0"),
            "the server turns this host away before TLS",
            "could not fork",
        ),
        (
            "postgres",
            answers(b"\0\0\0\x08", b"E\0\0\0\x22SFATAL\0C53300\0Mtoo many for it\0\0"),
            "the server takes no more connections",
            "FATAL 53300 too many for it",
        ),
        (
            "imap",
            greets(b"* OK ready\r\n", b"a STARTTLS", b"* BYE shutting down\r\n"),
            "the server serves nobody for now",
            "shutting down",
        ),
        (
            "ldap",
            answers(b"0\x1d", b"0\x0c\x02\x01\0x\x07\n\x01\x34\x04\0\x04\0"),
            "the server turns this host away before TLS",
            "result code 52",
        ),
    ] {
        let failure = &asked(peer.address(), protocol, &ca)["failure"];
        assert!(text(failure, "message").starts_with(message), "{protocol}: {failure}");
        assert!(text(failure, "evidence").contains(evidence), "{protocol}: {failure}");
        assert_eq!(text(failure, "owner") == "service", message != HAS_NONE, "{protocol}: {failure}");
    }
}

#[test]
fn the_words_with_which_a_server_turns_away_say_why() {
    let ca = Authority::new();
    for (protocol, greeting, code, message) in [
        (
            "imap",
            "* BYE Too many connections from your IP",
            "protocol.overloaded",
            "the server takes no more connections",
        ),
        (
            "imap",
            "* BYE [LIMIT] Maximum number of connections exceeded",
            "protocol.overloaded",
            "the server takes no more",
        ),
        (
            "imap",
            "* BYE [UNAVAILABLE] Temporary authentication failure",
            "protocol.not-ready",
            "the server serves nobody for now",
        ),
        ("imap", "* BYE Your host has been blocked", "auth.host-not-allowed", "the server does not serve this host"),
        ("imap", "* BYE", "protocol.not-ready", "the server turns this host away before TLS"),
        ("pop3", "-ERR [SYS/TEMP] mailboxes are being moved", "protocol.not-ready", "the server serves nobody for now"),
        (
            "smtp",
            "421 too many connections from this address",
            "protocol.overloaded",
            "the server takes no more connections",
        ),
        ("smtp", "554 access denied", "auth.host-not-allowed", "the server does not serve this host"),
        ("ftp", "530 not here", "protocol.not-ready", "the server turns this host away before TLS"),
    ] {
        let peer = Peer::start(Manner::Banner(format!("{greeting}\r\n").into_bytes()));
        let failure = &asked(peer.address(), protocol, &ca)["failure"];
        assert_eq!((text(failure, "code"), text(failure, "owner")), (code, "service"), "{greeting}: {failure}");
        assert!(text(failure, "message").starts_with(message), "{greeting}: {failure}");
        assert!(text(failure, "evidence").contains(greeting), "{greeting}: {failure}");
    }
}

#[test]
fn an_answer_to_another_request_is_none_to_starttls() {
    let ca = Authority::new();
    for answer in [b"0\x0c\x02\x01\x01a\x07\n\x01\0\x04\0\x04\0", b"0\x0c\x02\x01\x09x\x07\n\x01\0\x04\0\x04\0"] {
        let peer = Peer::start(Manner::Answers(vec![(b"0\x1d".to_vec(), answer.to_vec())]));
        let failure = &asked(peer.address(), "ldap", &ca)["failure"];
        assert_eq!(text(failure, "code"), "protocol.malformed", "{failure}");
    }
}

#[test]
fn a_port_with_tls_from_the_first_byte_needs_no_starttls() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Echo);
    for protocol in ["smtp", "imap", "postgres", "ldap"] {
        let failure = &asked(peer.address(), protocol, &ca)["failure"];
        assert_eq!(text(failure, "code"), "tls.required", "{protocol}: {failure}");
        assert!(text(failure, "next_step").starts_with("leave `starttls` out"), "{protocol}: {failure}");
    }
}
