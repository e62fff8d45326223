//! What only `MySQL` 8 says, by a double of its protocol; and answers that nobody should give.

use super::{ca_file, check_as, mysql, outcome, told};
use harness::certs::Authority;
use harness::forwarder::Forwarder;
use harness::mysql8::{Mysql8, PASSWORD, Script, USER, error, greeting, packet};
use harness::peers::{Manner, Peer, Wire};
use harness::wait;
use serde_json::Value;
use std::time::Duration;

/// What the server notes of a password that it asked for.
fn clear(tls: bool) -> Vec<(bool, Vec<u8>)> {
    vec![(tls, format!("{PASSWORD}\0").into_bytes())]
}

#[test]
fn a_cached_password_is_proven_without_showing_it() {
    let server = Mysql8::start(Script::cached());
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(check["facts"]["auth_plugin"], "caching_sha2_password");
    assert_eq!(check["facts"]["server_version"], "8.0.36");
    wait::until("the goodbye", || server.commands() == ["SELECT 1", "quit"]);
    assert_eq!((server.passwords(), server.logins()), (vec![], 1));
}

#[test]
fn a_password_that_is_not_cached_is_shown_over_tls_only() {
    let ca = Authority::new();
    let server = Mysql8::start(Script::uncached().tls(ca.valid()));
    let trust = ca_file(ca.file());
    assert_eq!(check_as(server.address(), USER, &trust).0, "pass");
    assert_eq!(server.passwords(), clear(true));
    let (verdict, check) = check_as(server.address(), USER, ", use_tls: false");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("tls.required", "config"), "{check}");
    assert_eq!(told(&check, "evidence"), "the server asks for the full exchange of caching_sha2_password");
    assert_eq!(told(&check, "next_step"), "set use_tls: true; the server offers TLS");
    assert_eq!(server.passwords(), clear(true));
}

#[test]
fn a_server_without_tls_is_to_have_it() {
    let server = Mysql8::start(Script::uncached());
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!(verdict, "tls.required", "{check}");
    assert!(told(&check, "next_step").starts_with("enable TLS on the server"), "{check}");
    assert_eq!(server.passwords(), []);
}

#[test]
fn a_wrong_password_is_asked_for_once_more_and_then_rejected() {
    let ca = Authority::new();
    let server = Mysql8::start(Script::cached().tls(ca.valid()));
    let more = ", password: wrong-Word".to_owned() + &ca_file(ca.file());
    let (verdict, check) = super::check(server.address(), USER, &more);
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert_eq!((server.logins(), server.passwords().len()), (1, 1));
    // Without TLS it does not come to that: the message names both.
    let (verdict, plain) = super::check(server.address(), USER, ", password: wrong-Word, use_tls: false");
    assert_eq!(verdict, "tls.required", "{plain}");
    assert!(told(&plain, "message").contains("or it is wrong"), "{plain}");
}

#[test]
fn an_account_with_another_plugin_than_the_servers_first_costs_one_answer_more() {
    let ca = Authority::new();
    let trust = ca_file(ca.file());
    for (first, account) in [
        ("mysql_native_password", "caching_sha2_password"),
        ("caching_sha2_password", "sha256_password"),
        ("sha256_password", "caching_sha2_password"),
        ("client_ed25519", "caching_sha2_password"),
    ] {
        let script = Script::cached().greeting_with(first).switching_to(account).tls(ca.valid());
        let server = Mysql8::start(script);
        let (verdict, check) = check_as(server.address(), USER, &trust);
        assert_eq!(verdict, "pass", "{first} {account}: {check}");
        assert_eq!(check["facts"]["auth_plugin"], account);
    }
}

/// The ways in which a server asks for the password itself, and how it is told.
fn asking(ca: &Authority) -> [(Script, &'static str); 3] {
    [
        (Script::uncached().tls(ca.valid()), "the full exchange of caching_sha2_password"),
        (Script::cached().switching_to("sha256_password").tls(ca.valid()), "the full exchange of sha256_password"),
        (Script::cached().switching_to("mysql_clear_password").tls(ca.valid()), "mysql_clear_password"),
    ]
}

#[test]
fn the_password_itself_goes_to_a_verified_server() {
    let ca = Authority::new();
    for (script, _) in asking(&ca) {
        let server = Mysql8::start(script);
        assert_eq!(check_as(server.address(), USER, &ca_file(ca.file())).0, "pass");
        assert_eq!(server.passwords(), clear(true));
    }
}

#[test]
fn the_password_itself_goes_where_the_file_says_that_nothing_need_be_verified() {
    let ca = Authority::new();
    for (script, _) in asking(&ca) {
        let server = Mysql8::start(script);
        let more = ", use_tls: true, disable_tls_verification: true";
        assert_eq!(check_as(server.address(), USER, more).0, "pass");
        assert_eq!(server.passwords(), clear(true));
    }
}

#[test]
fn the_password_itself_goes_to_nobody_of_whom_nothing_is_known() {
    let ca = Authority::new();
    for (script, asked) in asking(&ca) {
        let server = Mysql8::start(script);
        for more in ["", ", use_tls: prefer"] {
            let (verdict, check) = check_as(server.address(), USER, more);
            assert_eq!((verdict.as_str(), told(&check, "owner")), ("auth.method-unsupported", "config"), "{check}");
            assert!(told(&check, "message").ends_with(", but its certificate is not verified"), "{check}");
            assert_eq!(told(&check, "evidence"), format!("the server asks for {asked}"));
            assert!(told(&check, "next_step").starts_with("set ca_file "), "{check}");
        }
        let stranger = Authority::new();
        assert_eq!(check_as(server.address(), USER, &ca_file(stranger.file())).0, "tls.untrusted");
        assert_eq!(server.passwords(), [], "{asked}");
    }
}

#[test]
fn a_password_in_clear_text_is_not_sent_without_tls() {
    let ca = Authority::new();
    let server = Mysql8::start(Script::cached().switching_to("mysql_clear_password").tls(ca.valid()));
    let (verdict, check) = check_as(server.address(), USER, ", use_tls: false");
    assert_eq!(verdict, "auth.method-unsupported", "{check}");
    assert_eq!(told(&check, "message"), "the server asks for the password in clear text, but there is no TLS");
    assert_eq!(server.passwords(), []);
}

#[test]
fn the_password_of_sha256_password_waits_for_tls() {
    let server = Mysql8::start(Script::cached().greeting_with("sha256_password").switching_to("sha256_password"));
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!(verdict, "tls.required", "{check}");
    assert_eq!(server.passwords(), []);
}

#[test]
fn a_login_without_a_password_has_nothing_to_hide() {
    let script = Script::cached().switching_to("sha256_password");
    let server = Mysql8::start(script);
    let (verdict, check) = super::check(server.address(), USER, "");
    assert_eq!(verdict, "auth.required", "{check}");
    assert_eq!(server.passwords(), [(false, vec![0])]);
}

/// How often the client speaks, without its goodbye.
fn turns(script: Script, more: &str) -> usize {
    let server = Mysql8::start(script);
    let way = Forwarder::start_far(server.address());
    let (verdict, check) = check_as(way.address(), USER, more);
    assert_eq!(verdict, "pass", "{check}");
    wait::until("the goodbye", || way.open() == 0);
    assert_eq!(server.commands().last().map(String::as_str), Some("quit"));
    way.turns() - 1
}

#[test]
fn the_turns_are_as_few_as_the_plugin_allows() {
    let ca = Authority::new();
    let trust = ca_file(ca.file());
    // The login; the statement.
    assert_eq!(turns(Script::cached(), ""), 2);
    // The password itself comes between.
    assert_eq!(
        turns(Script::cached().greeting_with("mysql_native_password").switching_to("caching_sha2_password"), ""),
        3
    );
    assert_eq!(turns(Script::cached().tls(ca.valid()), &trust), 3);
    assert_eq!(turns(Script::uncached().tls(ca.valid()), &trust), 4);
}

#[test]
fn errors_of_a_login_are_told_by_their_numbers() {
    for (number, state, wanted, owner) in [
        (3118, "HY000", "auth.locked", "credentials"),
        (3955, "HY000", "auth.locked", "credentials"),
        (1862, "HY000", "auth.locked", "credentials"),
        (1251, "08004", "auth.method-unsupported", "config"),
        (1275, "HY000", "auth.method-unsupported", "config"),
        (1524, "HY000", "auth.method-unsupported", "config"),
        (1203, "42000", "protocol.overloaded", "service"),
        (1053, "08S01", "protocol.not-ready", "service"),
        (3159, "HY000", "tls.required", "config"),
        (9001, "HY000", "request.unexpected-reply", "service"),
    ] {
        let server = Mysql8::start(Script::cached().refusing(number, state, "no"));
        let (verdict, check) = check_as(server.address(), USER, "");
        assert_eq!((verdict.as_str(), told(&check, "owner")), (wanted, owner), "{number}: {check}");
        assert_eq!(told(&check, "evidence"), format!("{number} ({state}): no"));
        assert_eq!(server.logins(), 1);
    }
}

#[test]
fn errors_of_a_statement_are_told_by_their_numbers() {
    for (number, wanted) in [
        (3024, "request.timeout"),
        (1836, "request.read-only"),
        (1290, "request.unexpected-reply"),
        (1820, "auth.locked"),
        (1053, "protocol.not-ready"),
        (1370, "request.permission-denied"),
    ] {
        let server = Mysql8::start(Script::cached().refusing_statements("SELECT 1", number, "HY000", "no"));
        let (verdict, check) = check_as(server.address(), USER, ", query: SELECT 1");
        assert_eq!(verdict, wanted, "{number}: {check}");
        wait::until("the goodbye", || server.commands().last().is_some_and(|last| last == "quit"));
    }
}

#[test]
fn mysql_has_a_name_of_its_own_for_the_limit() {
    let server = Mysql8::start(Script::cached());
    assert_eq!(check_as(server.address(), USER, ", query: DO 1").0, "pass");
    let commands = server.commands();
    assert_eq!(commands[0], "SET SESSION TRANSACTION READ ONLY");
    assert!(commands[1].starts_with("SET SESSION sql_select_limit = 1, max_execution_time = 9"), "{commands:?}");
    assert_eq!(commands[2], "DO 1");
}

#[test]
fn a_file_is_sent_to_nobody() {
    let server = Mysql8::start(Script::cached().answering(&[b"\xfb/etc/passwd"]));
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!(verdict, "protocol.malformed", "{check}");
    assert_eq!(server.commands().first().map(String::as_str), Some("SELECT 1"));
}

/// What comes of a server that says this and no more.
fn said(bytes: Vec<u8>) -> (String, Value) {
    let peer = Peer::start(Manner::Banner(bytes));
    outcome(&mysql(peer.address(), USER, ", password: s3cret-Word").replace("timeout: 10", "timeout: 0.5"))
}

/// What comes of a server that greets and says this to the login.
fn answered(bytes: &[u8], then: fn(&Wire)) -> (String, Value) {
    let answer = bytes.to_vec();
    let peer = Peer::serve(move |wire| {
        if wire.send(&packet(0, &greeting("caching_sha2_password", false))) {
            let _login = wire.first_bytes();
            let _gone = wire.send(&answer);
            then(&wire);
        }
    });
    outcome(&mysql(peer.address(), USER, ", password: s3cret-Word").replace("timeout: 10", "timeout: 0.5"))
}

#[test]
fn errors_before_the_greeting_are_told_by_their_numbers() {
    for (number, state, text, wanted) in [
        (1040, "08004", "Too many connections", "protocol.overloaded"),
        (1040, "", "Too many connections", "protocol.overloaded"),
        (1129, "HY000", "Host '10.0.0.1' is blocked because of many connection errors", "auth.host-not-allowed"),
        (1130, "HY000", "Host '10.0.0.1' is not allowed to connect", "auth.host-not-allowed"),
        (1053, "08S01", "Server shutdown in progress", "protocol.not-ready"),
    ] {
        let (verdict, check) = said(packet(0, &error(number, state, text)));
        assert_eq!((verdict.as_str(), told(&check, "owner")), (wanted, "service"), "{number}: {check}");
        assert!(told(&check, "evidence").ends_with(text), "{check}");
    }
    let (_, blocked) = said(packet(0, &error(1129, "HY000", "Host is blocked")));
    assert!(told(&blocked, "next_step").starts_with("FLUSH HOSTS"), "{blocked}");
}

#[test]
fn a_greeting_that_is_not_understood_is_told_from_one_that_is_incomplete() {
    let whole = packet(0, &greeting("caching_sha2_password", false));
    for (bytes, wanted) in [
        (packet(0, b"\x093.21.33\0\x01\0\0\0abcdefgh\0"), "protocol.unsupported-version"),
        (packet(0, &greeting("caching_sha2_password", false)[..20]), "protocol.malformed"),
        (packet(0, b""), "protocol.malformed"),
        (packet(0, &[b'x'; 40]), "protocol.malformed"),
        (packet(7, &greeting("caching_sha2_password", false)), "protocol.malformed"),
        (packet(0, b"\x0b\x08\x05\x1a\0"), "protocol.wrong-service"),
        (whole[..10].to_vec(), "protocol.timeout"),
        (whole[..2].to_vec(), "protocol.timeout"),
        (vec![0xff, 0xff, 0xff, 0], "protocol.too-large"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "protocol.wrong-service"),
        (b"220 mail.example ESMTP Postfix\r\n".to_vec(), "protocol.wrong-service"),
    ] {
        let (verdict, check) = said(bytes.clone());
        assert_eq!(verdict, wanted, "{bytes:?}: {check}");
    }
}

#[test]
fn a_peer_that_is_none_is_told_by_how_it_behaves() {
    for (manner, wanted) in [
        (Manner::Silent, "protocol.silent"),
        (Manner::Closes, "protocol.closed"),
        (Manner::Garbage, "protocol.malformed"),
        (Manner::Endless, "protocol.malformed"),
    ] {
        let peer = Peer::start(manner.clone());
        let (verdict, check) = outcome(&mysql(peer.address(), USER, "").replace("timeout: 10", "timeout: 0.5"));
        assert_eq!(verdict, wanted, "{manner:?}: {check}");
    }
}

#[test]
fn a_greeting_that_a_reset_cuts_is_told_from_one_that_ends() {
    let start = &greeting("caching_sha2_password", false)[..20];
    for (then, wanted) in [(Wire::reset_on_close as fn(&Wire), "protocol.reset"), (Wire::finish, "protocol.closed")] {
        let bytes = packet(0, start)[..12].to_vec();
        // The client is to have its connection before it loses it.
        let peer = Peer::serve(move |wire| {
            if wire.send(&bytes) && wire.pause(Duration::from_millis(100)) {
                then(&wire);
            }
        });
        assert_eq!(outcome(&mysql(peer.address(), USER, "")).0, wanted);
    }
}

#[test]
fn tls_that_is_offered_and_not_given_is_told_by_what_comes_instead() {
    for (instead, then, wanted) in [
        (&b""[..], Wire::drain as fn(&Wire), "tls.timeout"),
        (&b""[..], Wire::finish, "tls.closed"),
        (&b""[..], Wire::reset_on_close, "tls.closed"),
        (&packet(2, &error(1043, "08S01", "Bad handshake"))[..], Wire::finish, "tls.not-tls"),
    ] {
        let instead = instead.to_vec();
        let peer = Peer::serve(move |wire| {
            if wire.send(&packet(0, &greeting("caching_sha2_password", true))) {
                let _hello = wire.first_bytes();
                let _gone = wire.send(&instead);
                then(&wire);
            }
        });
        let (verdict, check) = outcome(&mysql(peer.address(), USER, "").replace("timeout: 10", "timeout: 0.5"));
        assert_eq!(verdict, wanted, "{check}");
    }
}

#[test]
fn an_answer_to_the_login_that_breaks_off_is_told_by_how_it_does() {
    let ok = packet(2, &[0, 0, 0, 2, 0, 0, 0]);
    for (bytes, then, wanted) in [
        (&ok[..6], Wire::finish as fn(&Wire), "auth.closed"),
        (&[][..], Wire::finish, "auth.closed"),
        (&[][..], Wire::reset_on_close, "auth.closed"),
        (&ok[..6], Wire::drain, "auth.timeout"),
        (&[][..], Wire::drain, "auth.timeout"),
        (&[0xff, 0xff, 0xff, 2][..], Wire::drain, "protocol.too-large"),
        (&packet(2, b"?")[..], Wire::drain, "protocol.malformed"),
        (&packet(2, b"")[..], Wire::drain, "protocol.malformed"),
        (&packet(2, b"\xfe")[..], Wire::drain, "auth.method-unsupported"),
        // The login is accepted, and the statement is not answered.
        (&ok[..], Wire::drain, "request.timeout"),
    ] {
        let (verdict, check) = answered(bytes, then);
        assert_eq!(verdict, wanted, "{bytes:?}: {check}");
    }
}

#[test]
fn an_endless_login_or_result_is_ended() {
    let (verdict, login) = answered(&packet(2, &[1, 3]).repeat(100), Wire::drain);
    assert_eq!(verdict, "protocol.malformed", "{login}");
    let rows = [&[1][..], b"column", &[0xfe, 0, 0, 2, 0]];
    let endless: Vec<&[u8]> = rows.into_iter().chain(std::iter::repeat_n(&[b'x'; 1000][..], 200)).collect();
    let server = Mysql8::start(Script::cached().answering(&endless));
    assert_eq!(check_as(server.address(), USER, "").0, "protocol.too-large");
}
