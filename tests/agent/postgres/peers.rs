//! Answers that a real server does not give, and what stands between it and its clients. The peers
//! here are doubles: they say one thing and nothing else.

use super::{check, failed, passes, text, town, with_password, yaml};
use harness::peers::{Manner, Peer, Wire};
use harness::postgres::{Postgres, Setup, USER};
use harness::stunnel::Stunnel;
use std::sync::{Arc, Mutex};

/// `AuthenticationOk`.
const ADMITTED: &[u8] = b"R\0\0\0\x08\0\0\0\0";

/// A server without TLS that answers the start-up message with this, and closes or waits.
fn answering(answer: &[u8], closes: bool) -> Peer {
    let answer = answer.to_vec();
    Peer::serve(move |wire| {
        let asked = wire.first_bytes().len() == 8 && wire.send(b"N") && !wire.first_bytes().is_empty();
        if asked && wire.send(&answer) {
            if closes { wire.finish() } else { wire.drain() }
        }
    })
}

#[test]
fn an_answer_that_is_cut_is_closed_or_a_timeout_and_nonsense_is_malformed() {
    for (answer, closes, code) in [
        (&b"R\0\0\0\x17\0\0\0\x0aSCRAM"[..], true, "protocol.closed"),
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM", false, "protocol.timeout"),
        (b"E\0\0\0\x63SFATAL\0C57P03\0Mthe dat", true, "protocol.closed"),
        (b"R\0", true, "protocol.closed"),
        (b"R\0", false, "protocol.timeout"),
        (b"", true, "protocol.closed"),
        (b"", false, "protocol.silent"),
        (b"R\xff\xff\xff\xff", false, "protocol.malformed"),
        (b"E\x7f\0\0\0SFATAL", false, "protocol.malformed"),
        (b"X\0\0\0\x08\0\0\0\0", false, "protocol.malformed"),
        (b"R\0\0\0\x08\0\0\0\x0c", false, "protocol.malformed"),
        (b"R\0\0\0\x08\0\0\0\0X\0\0\0\x04", false, "protocol.malformed"),
        (b"R\0\0\0\x08\0\0\0\0", true, "request.closed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", true, "protocol.wrong-service"),
        (b"Ecould not fork new process for connection: Cannot allocate memory\n\0", true, "protocol.overloaded"),
    ] {
        let peer = answering(answer, closes);
        let report = check(&yaml(peer.address(), USER, &with_password(", timeout: 0.5")));
        assert_eq!(report["failure"]["code"], code, "{}: {report}", answer.escape_ascii());
        assert_eq!(peer.connections(), 1);
    }
}

#[test]
fn the_answer_to_the_request_for_tls_is_one_byte() {
    for (answer, code) in [
        (&b"S\x16\x03\x03"[..], "protocol.malformed"),
        (b"NE", "protocol.malformed"),
        (b"Q", "protocol.malformed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol.wrong-service"),
        (b"Ecould not fork new process for connection: Cannot allocate memory\n\0", "protocol.overloaded"),
        (b"E\0\0\0\x1cSFATAL\0C53300\0Mtoo many\0\0", "protocol.overloaded"),
        (b"E\0\0\0\x1eSFATAL\0C533", "protocol.timeout"),
        (b"S", "tls.timeout"),
    ] {
        let peer = Peer::start(Manner::Banner(answer.to_vec()));
        let report = check(&yaml(peer.address(), USER, &with_password(", timeout: 0.5")));
        assert_eq!(report["failure"]["code"], code, "{}: {report}", answer.escape_ascii());
    }
}

#[test]
fn a_welcome_without_end_is_cut() {
    let welcome = [ADMITTED, &b"S\0\0\0\x0cabcd\0ef\0".repeat(20_000)].concat();
    let peer = answering(&welcome, false);
    failed(&yaml(peer.address(), USER, ""), "protocol.too-large", "service");
}

#[test]
fn a_server_that_accepts_the_login_and_then_hangs_is_no_fault_of_the_login() {
    let peer = answering(ADMITTED, false);
    failed(&yaml(peer.address(), USER, ", timeout: 0.5"), "request.timeout", "service");
}

#[test]
fn a_password_that_is_never_judged_is_a_timeout_of_the_login() {
    let peer = answering(b"R\0\0\0\x08\0\0\0\x03", false);
    failed(&yaml(peer.address(), USER, &with_password(", timeout: 0.5")), "auth.timeout", "service");
}

/// Asks for a login by SCRAM, and keeps the name of the mechanism that the client chooses.
fn note_mechanism(wire: &Wire, notes: &Mutex<Vec<String>>) {
    let offer = b"R\0\0\0\x2e\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    let _start_up = wire.first_bytes();
    if wire.send(&[&offer[..4], &[u8::try_from(offer.len() - 1).expect("short")], &offer[5..]].concat()) {
        let choice = String::from_utf8_lossy(&wire.first_bytes()).into_owned();
        notes.lock().expect("notes").push(choice);
    }
}

#[test]
fn with_tls_the_login_is_bound_to_the_servers_certificate() {
    let notes = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&notes);
    let peer = Peer::serve(move |wire| note_mechanism(&wire, &kept));
    let stunnel = Stunnel::start_postgres(&town().authority.valid(), peer.address());
    for (address, more) in [(stunnel.address(), ""), (peer.address(), ", use_tls: false")] {
        failed(&yaml(address, USER, &with_password(more)), "auth.closed", "service");
    }
    let notes = notes.lock().expect("notes");
    assert!(notes[0].contains("SCRAM-SHA-256-PLUS\0") && notes[0].contains("p=tls-server-end-point,,"), "{notes:?}");
    assert!(notes[1].contains("SCRAM-SHA-256\0") && notes[1].contains("n,,"), "{notes:?}");
}

#[test]
fn what_ends_tls_before_the_server_passes_and_what_begins_it_anew_is_found_out() {
    let (identity, server) = (town().authority.valid(), town().postgres.address());
    let trusted = format!(", use_tls: true, ca_file: {}", town().authority.file().display());
    let plain = Postgres::start(&Setup::plain());
    let ends = Stunnel::start_postgres(&identity, plain.address());
    passes(&yaml(ends.address(), USER, &with_password(&trusted)));
    let amid = Stunnel::start_amid_postgres(&identity, server);
    let failure = failed(&yaml(amid.address(), USER, &with_password(&trusted)), "auth.method-unsupported", "network");
    assert!(text(&failure, "evidence").contains("channel binding"), "{failure}");
}
