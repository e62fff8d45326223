//! What mosquitto 2.0 does not say, by a script, byte for byte as the standards have it; what is not a
//! broker; and files that are refused.

use super::{check, code, login, mqtt, text};
use harness::agent::Agent;
use harness::mosquitto::{BOTH, USER};
use harness::peers::{Manner, Peer};
use serde_json::Value;

/// CONNACK of version 5: accepted.
const ACCEPTED: &[u8] = b"\x20\x03\0\0\0";

/// What a broker of version 5 answers to a subscription and its end.
const SUBSCRIBED: [&[u8]; 2] = [b"\x90\x04\0\x01\0\0", b"\xb0\x04\0\x02\0\0"];

/// A broker that gives one answer after the other, whatever it is asked, and then ends.
fn script(answers: &[&[u8]]) -> Peer {
    let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
    Peer::serve(move |wire| {
        for answer in &answers {
            if wire.first_bytes().is_empty() || !wire.send(answer) {
                return;
            }
        }
        let _more = wire.first_bytes();
        wire.finish();
    })
}

/// The check of a broker that gives these answers.
fn answered(answers: &[&[u8]], more: &str) -> Value {
    let peer = script(answers);
    let yaml = mqtt(peer.address(), &format!("{}{more}", login(USER))).replace("timeout: 10", "timeout: 2");
    Agent::new(&yaml).report()["checks"][0].clone()
}

/// The same with a topic, behind what is well up to there.
fn answered_later(before: &[&[u8]], answer: &[u8]) -> Value {
    answered(&[&[ACCEPTED], before, &[answer]].concat(), &format!(", topic: {BOTH}, publish: true"))
}

#[test]
fn a_broker_of_one_version_alone_says_which_to_set() {
    for (answer, version, next) in [
        (&b"\x20\x02\0\x01"[..], "5".to_owned(), "set `version: 3.1.1`"),
        (b"\x20\x03\0\x84\0", "3.1.1".to_owned(), "set `version: 5`"),
        (b"\x20\x02\0\x01", "3.1.1".to_owned(), "set `version: 5`"),
    ] {
        let check = answered(&[answer], &format!(", version: {version}"));
        assert_eq!(code(&check), "protocol.unsupported-version", "{check}");
        assert_eq!(text(&check, "message"), format!("the broker does not speak MQTT {version}"));
        assert!(text(&check, "next_step").starts_with(next), "{check}");
    }
    // As RabbitMQ before 3.13.
    let check = answered(&[], "");
    assert_eq!(code(&check), "protocol.closed", "{check}");
    assert!(text(&check, "next_step").ends_with("set `version: 3.1.1`"), "{check}");
}

#[test]
fn codes_of_connack_are_told_apart() {
    for (byte, wanted, owner) in [
        (0x80, "protocol.not-ready", "service"),
        (0x81, "protocol.malformed", "service"),
        (0x85, "auth.rejected", "config"),
        (0x86, "auth.rejected", "credentials"),
        (0x88, "protocol.not-ready", "service"),
        (0x89, "protocol.overloaded", "service"),
        (0x8a, "auth.locked", "credentials"),
        (0x8c, "auth.method-unsupported", "config"),
        (0x95, "protocol.too-large", "service"),
        (0x97, "protocol.overloaded", "service"),
        (0x9d, "request.redirected", "config"),
        (0x9f, "protocol.overloaded", "service"),
        (0xff, "protocol.not-ready", "service"),
    ] {
        let check = answered(&[&[0x20, 3, 0, byte, 0]], "");
        assert_eq!((code(&check), text(&check, "owner")), (wanted, owner), "{check}");
        assert!(text(&check, "evidence").starts_with(&format!("reason code 0x{byte:02x} (")), "{check}");
    }
    for (byte, wanted) in [(2, "auth.rejected"), (3, "protocol.not-ready"), (4, "auth.rejected")] {
        let check = answered(&[&[0x20, 2, 0, byte]], ", version: 3.1.1, client_id: mine");
        assert_eq!(code(&check), wanted, "{check}");
    }
    let own = answered(&[b"\x20\x02\0\x02"], ", version: 3.1.1, client_id: mine");
    assert_eq!(text(&own, "message"), "the broker does not accept the client id `mine`");
}

#[test]
fn words_of_the_broker_are_evidence_without_a_secret() {
    let words = format!("no {}", harness::mosquitto::PASSWORD);
    let length = u8::try_from(words.len()).expect("short");
    let answer = [&[0x20, length + 6, 0, 0x87, length + 3, 0x1f, 0, length], words.as_bytes()].concat();
    let check = answered(&[&answer], "");
    assert_eq!(code(&check), "auth.rejected", "{check}");
    assert_eq!(text(&check, "evidence"), "reason code 0x87 (not authorized): no ***");
}

#[test]
fn a_broker_that_ends_the_connection_says_why() {
    for (byte, wanted, message) in [
        (0x8b, "protocol.not-ready", "the broker is shutting down"),
        (0x8e, "request.closed", "another client with this client id has connected"),
        (0x97, "protocol.overloaded", "the broker has no room for this client: quota exceeded"),
        (0x98, "request.permission-denied", "the broker ends the connection: it is not permitted"),
        (0x9c, "request.redirected", "the broker sends its clients elsewhere: use another server"),
        (0x82, "protocol.malformed", "the broker did not understand the check: protocol error"),
        (0x8d, "request.timeout", "the broker ends the connection: keep alive timeout"),
        (0x99, "request.closed", "the broker ends the connection: payload format invalid"),
    ] {
        for before in [&[][..], &SUBSCRIBED[..1], &SUBSCRIBED] {
            let check = answered_later(before, &[0xe0, 1, byte]);
            assert_eq!((code(&check), text(&check, "message")), (wanted, message), "{check}");
        }
    }
    let taken_over = answered_later(&[], &[0xe0, 1, 0x8e]);
    assert!(text(&taken_over, "next_step").contains("an id of its own"), "{taken_over}");
}

#[test]
fn refusals_of_a_topic_are_told_apart() {
    for (byte, wanted, owner) in [
        (0x8f, "request.permission-denied", "config"),
        (0x97, "protocol.overloaded", "service"),
        (0xa2, "request.unexpected-reply", "service"),
        (0x80, "request.unexpected-reply", "service"),
    ] {
        let check = answered_later(&[], &[0x90, 4, 0, 1, 0, byte]);
        assert_eq!((code(&check), text(&check, "owner")), (wanted, owner), "{check}");
    }
    for (byte, wanted, owner) in [
        (0x90, "request.permission-denied", "config"),
        (0x97, "protocol.overloaded", "service"),
        (0x83, "request.unexpected-reply", "service"),
    ] {
        let check = answered_later(&SUBSCRIBED, &[0x40, 3, 0, 3, byte]);
        assert_eq!((code(&check), text(&check, "owner")), (wanted, owner), "{check}");
    }
    // It had no such subscription; nobody has subscribed.
    let fine = answered_later(&[SUBSCRIBED[0], b"\xb0\x04\0\x02\0\x11"], b"\x40\x03\0\x03\x10");
    assert_eq!(code(&fine), "pass", "{fine}");
}

#[test]
fn a_broker_that_just_closes_over_a_topic_may_have_refused_it() {
    let topic = format!(", topic: {BOTH}, publish: true");
    for before in [&[ACCEPTED][..], &[ACCEPTED, SUBSCRIBED[0], SUBSCRIBED[1]]] {
        let check = answered(before, &topic);
        assert_eq!(code(&check), "request.closed", "{check}");
        assert!(text(&check, "next_step").contains("a topic that the user may not use"), "{check}");
    }
}

#[test]
fn a_topic_that_is_busy_without_end_is_no_reason_to_wait() {
    let many = b"\x30\x03\0\x01a".repeat(101);
    let before_the_end = answered(&[ACCEPTED, SUBSCRIBED[0], &many], &format!(", topic: {BOTH}"));
    assert_eq!(code(&before_the_end), "pass", "{before_the_end}");
    let then_a_message = answered_later(&[SUBSCRIBED[0], &many], b"\xb0\x04\0\x02\0\0\x40\x02\0\x03");
    assert_eq!(code(&then_a_message), "pass", "{then_a_message}");
    let instead_of_an_answer = answered_later(&[], &many);
    assert_eq!(code(&instead_of_an_answer), "protocol.too-large", "{instead_of_an_answer}");
}

#[test]
fn answers_that_are_not_to_what_was_asked_are_malformed() {
    for answer in
        [&b"\x90\x04\0\x02\0\0"[..], b"\xb0\x04\0\x01\0\0", b"\x40\x02\0\x01", b"\xf0\0", b"\xd0\0", b"\x90\x02\0\x01"]
    {
        let check = answered_later(&[], answer);
        assert_eq!(code(&check), "protocol.malformed", "{check}");
    }
    for (answer, wanted) in [
        (&b"\x20\x01\0"[..], "protocol.malformed"),
        (b"\x20\xff\xff\xff\xff\0", "protocol.malformed"),
        (b"\x20\xff\xff\x7f", "protocol.too-large"),
        (b"\xf0\0", "protocol.malformed"),
        // A message, and no CONNACK before it.
        (b"\x30\x03\0\x01a", "protocol.malformed"),
    ] {
        let check = answered(&[answer], "");
        assert_eq!(code(&check), wanted, "{answer:?}: {check}");
    }
}

#[test]
fn what_is_not_a_broker_is_named_at_once() {
    for (greeting, message) in [
        ("220 mail.example ESMTP Exim 4.96\r\n", "this is an SMTP server, not MQTT"),
        ("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "this is an HTTP server, not MQTT"),
    ] {
        let peer = Peer::start(Manner::Banner(greeting.into()));
        let check = check(peer.address(), &login(USER));
        assert_eq!((code(&check), text(&check, "message")), ("protocol.wrong-service", message), "{check}");
    }
}

/// Code, message and help of the first thing that is wrong with a check of these options.
fn refused(options: &str) -> [String; 3] {
    let ran = Agent::new(&format!("- {{type: mqtt, host: broker.test{options}}}")).args(["--format", "json"]).run();
    assert_eq!(ran.status, 3, "{options}: {ran:?}");
    let first = ran.json()["diagnostics"][0].clone();
    ["code", "message", "help"].map(|key| first[key].as_str().unwrap_or_default().to_owned())
}

#[test]
fn options_that_do_not_fit_together_are_refused() {
    let cases = [
        (
            ", publish: true",
            ["missing-key", "`publish` without `topic`", "add `topic:` with the topic that the message goes to"],
        ),
        (", password: x", ["missing-key", "`password` without `username`", "add `username:`"]),
        (
            ", topic: 'orders/+', publish: true",
            [
                "bad-value",
                "`publish`: nothing can be published to a filter with wildcards",
                "name one topic, without `+` and `#`; or leave `publish` out",
            ],
        ),
    ];
    for (options, wanted) in cases {
        assert_eq!(refused(options), wanted.map(str::to_owned), "{options}");
    }
}

#[test]
fn topics_and_versions_that_brokers_close_on_are_refused_in_the_file() {
    for (topic, hint) in [
        ("$share/group/orders", "takes messages away from others"),
        ("orders/new#", "stand for whole levels"),
        ("orders/#/new", "it is the last level"),
        ("", "has 1 to 65535 bytes"),
    ] {
        let [code, message, help] = refused(&format!(", topic: '{topic}'"));
        assert_eq!(code, "bad-value");
        assert!(message.starts_with("`topic`: expected a topic or a filter of topics, found "), "{message}");
        assert!(help.contains(hint), "{help}");
    }
    let [_, message, _] = refused(", version: 3.1");
    assert_eq!(message, "`version`: expected 5 or 3.1.1, found `3.1`");
}

#[test]
fn the_port_follows_tls() {
    for (more, port) in [("", 1883), (", use_tls: true", 8883), (", use_tls: true, port: 1884", 1884)] {
        let ran = Agent::new(&format!("- {{type: mqtt, host: broker.test{more}}}")).arg("--dry-run").run();
        assert!(ran.out.contains(&format!("mqtt:broker.test:{port}")), "{ran:?}");
        assert_eq!(ran.out.contains("tls:"), !more.is_empty(), "{ran:?}");
    }
}
