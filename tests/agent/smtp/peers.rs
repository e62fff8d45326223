//! Peers that no mail server would be: doubles that break off, flood, or speak something else.

use super::*;
use harness::peers::{Manner, Peer, Wire};
use harness::ports;
use std::time::Duration;

/// Greets, then answers each command that begins like one of the dialogue; ends at any other.
pub(super) fn converse(wire: &Wire, greeting: &[u8], dialogue: &[(&[u8], &[u8])]) {
    if !wire.send(greeting) {
        return;
    }
    for (command, answer) in dialogue {
        if !wire.first_bytes().starts_with(command) || !wire.send(answer) {
            return;
        }
    }
}

/// The code on a peer of this manner.
fn code_on(manner: Manner, more: &str) -> String {
    let peer = Peer::start(manner);
    verdict_of(&smtp(peer.address(), more))
}

#[test]
fn nobody_at_the_port_and_nobody_behind_it_are_told_apart() {
    let port = ports::free();
    assert_eq!(verdict_of(&smtp(port.address(), INQUIRY)), "connect.refused");
    let quick = INQUIRY.to_owned() + ", timeout: 1";
    assert_eq!(code_on(Manner::Silent, &quick), "protocol.silent");
    assert_eq!(code_on(Manner::Closes, INQUIRY), "protocol.closed");
    assert!(["protocol.reset", "connect.reset"].contains(&code_on(Manner::Resets, INQUIRY).as_str()));
    assert_eq!(code_on(Manner::Garbage, INQUIRY), "protocol.malformed");
    assert_eq!(code_on(Manner::Endless, INQUIRY), "protocol.malformed");
}

#[test]
fn a_server_that_stops_or_hangs_is_told() {
    let mut server = Mail::start(&Setup::open());
    server.daemon().freeze();
    assert_eq!(verdict_of(&smtp(server.address(), &(INQUIRY.to_owned() + ", timeout: 1"))), "protocol.silent");
    server.daemon().thaw();
    server.daemon().stop();
    assert_eq!(verdict_of(&smtp(server.address(), INQUIRY)), "connect.refused");
}

#[test]
fn a_reply_that_breaks_off_is_closed_and_one_that_hangs_a_timeout() {
    for said in ["2", "220", "220 mail.test", "220-mail.test ESMTP\r\n220-and more\r\n"] {
        let ends = Peer::serve(move |wire| {
            let _taken = wire.send(said.as_bytes());
            wire.finish();
        });
        assert_eq!(verdict_of(&smtp(ends.address(), INQUIRY)), "protocol.closed", "{said}");
        let hangs = Manner::Banner(said.as_bytes().to_vec());
        assert_eq!(code_on(hangs, &(INQUIRY.to_owned() + ", timeout: 0.5")), "protocol.timeout", "{said}");
    }
    let drip = Manner::Drip { head: b"220 ".to_vec(), every: Duration::from_millis(20) };
    assert_eq!(code_on(drip, &(INQUIRY.to_owned() + ", timeout: 0.5")), "protocol.timeout");
}

#[test]
fn a_reply_without_an_end_is_cut() {
    let one_line = Peer::serve(|wire| while wire.send(&[b"220 ".as_slice(), &[b'x'; 8000]].concat()) {});
    assert_eq!(verdict_of(&smtp(one_line.address(), INQUIRY)), "protocol.too-large");
    let many_lines = Peer::serve(|wire| while wire.send(b"220-mail.test ESMTP\r\n") {});
    assert_eq!(verdict_of(&smtp(many_lines.address(), INQUIRY)), "protocol.too-large");
}

#[test]
fn a_server_that_leaves_in_the_middle_is_told_in_that_phase() {
    const HELLO: (&[u8], &[u8]) = (b"EHLO", b"250-mail.test\r\n250 AUTH PLAIN\r\n");
    const LOGIN: (&[u8], &[u8]) = (b"AUTH", b"235 welcome\r\n");
    for (dialogue, wanted) in
        [(vec![], "protocol.closed"), (vec![HELLO], "auth.closed"), (vec![HELLO, LOGIN], "request.closed")]
    {
        let peer = Peer::serve(move |wire| {
            converse(&wire, b"220 mail.test ESMTP\r\n", &dialogue);
            let _command = wire.first_bytes();
            wire.finish();
        });
        assert_eq!(verdict_of(&smtp(peer.address(), &(INQUIRY.to_owned() + &login(PASSWORD)))), wanted);
    }
}

#[test]
fn a_reset_in_the_middle_is_one() {
    let peer = Peer::serve(|wire| {
        wire.reset_on_close();
        converse(&wire, b"220 mail.test ESMTP\r\n", &[]);
        let _command = wire.first_bytes();
    });
    assert_eq!(verdict_of(&smtp(peer.address(), INQUIRY)), "protocol.reset");
}

#[test]
fn replies_at_the_edge_of_the_rules_are_understood() {
    for hello in ["250\r\n", "250 \r\n", "250-mail.test\n250 8bitmime\n", "250-mail.test\r\n250 8BITMIME \u{e9}\r\n"] {
        let dialogue = [(&b"EHLO"[..], hello.as_bytes()), (b"QUIT", b"221\r\n")];
        let peer = Peer::serve(move |wire| converse(&wire, b"220\r\n", &dialogue));
        assert_eq!(verdict_of(&smtp(peer.address(), ", use_tls: false, send: false")), "pass", "{hello:?}");
    }
    for hello in ["250-a\r\n251 b\r\n", "650 a\r\n", "250_a\r\n", "25 a\r\n", "\r\n", "é\r\n"] {
        let dialogue = [(&b"EHLO"[..], hello.as_bytes())];
        let peer = Peer::serve(move |wire| converse(&wire, b"220 mail.test ESMTP\r\n", &dialogue));
        assert_eq!(
            verdict_of(&smtp(peer.address(), ", use_tls: false, send: false")),
            "protocol.malformed",
            "{hello:?}"
        );
    }
}

#[test]
fn other_services_are_named() {
    for (banner, message) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "this is an SSH server, not SMTP"),
        ("220 (vsFTPd 3.0.3)\r\n", "this is an FTP server, not SMTP"),
        ("+OK POP3 ready\r\n", "this is a POP3 server, not SMTP"),
        ("* OK IMAP4rev1 ready\r\n", "this is an IMAP server, not SMTP"),
    ] {
        let peer = Peer::start(Manner::Banner(banner.as_bytes().to_vec()));
        let failure = failure(peer.address(), INQUIRY);
        assert_eq!(
            (text(&failure, "code"), text(&failure, "owner")),
            ("protocol.wrong-service", "config"),
            "{failure}"
        );
        assert_eq!(text(&failure, "message"), message);
    }
}

#[test]
fn services_that_wait_for_their_client_are_named_in_the_end() {
    let nginx = harness::nginx::Nginx::start([harness::nginx::Site::http("web")]);
    let failure = failure(nginx.address("web"), &(INQUIRY.to_owned() + ", timeout: 1"));
    assert_eq!(text(&failure, "code"), "protocol.wrong-service", "{failure}");
    assert_eq!(text(&failure, "message"), "this is an HTTP server, not SMTP");
}

#[test]
fn a_server_that_greets_late_is_no_stranger() {
    let peer = Peer::serve(|wire| {
        // It greets only after the nudge, which is no command that it knows.
        let _nudge = wire.first_bytes();
        let _taken = wire.send(b"220 mail.test ESMTP\r\n500 what?\r\n");
        wire.drain();
    });
    assert_eq!(verdict_of(&smtp(peer.address(), &(INQUIRY.to_owned() + ", timeout: 1"))), "protocol.timeout");
}
