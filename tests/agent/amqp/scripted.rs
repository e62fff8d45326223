//! What no broker that can be had here says: said by a script, byte for byte as the protocol has it.

use super::{PASSWORD, USER, amqp, check, failed_with, passed, text};
use harness::certs::Authority;
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use serde_json::Value;

/// A text of at most 255 bytes.
fn short(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).expect("short")][..], text.as_bytes()].concat()
}

/// Bytes with their length before them: a long text, a table.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("small").to_be_bytes()[..], bytes].concat()
}

/// A frame with a method.
fn method(channel: u8, class: u8, number: u8, arguments: &[u8]) -> Vec<u8> {
    let payload = [&[0, class, 0, number], arguments].concat();
    [&[1, 0, channel][..], &long(&payload), &[0xce]].concat()
}

/// `connection.start` of a version, with these properties and ways to log in.
fn start(version: [u8; 2], properties: &[u8], mechanisms: &str) -> Vec<u8> {
    method(0, 10, 10, &[&version[..], &long(properties), &long(mechanisms.as_bytes()), &long(b"en_US")].concat())
}

/// A property that is a table with one flag.
fn capability(name: &str) -> Vec<u8> {
    [short("capabilities"), vec![b'F'], long(&[short(name), vec![b't', 1]].concat())].concat()
}

fn greeting() -> Vec<u8> {
    start([0, 9], &capability("authentication_failure_close"), "PLAIN")
}

fn tune() -> Vec<u8> {
    method(0, 10, 30, &[7, 255, 0, 2, 0, 0, 0, 60])
}

fn open_ok() -> Vec<u8> {
    method(0, 10, 41, &[0])
}

fn close(code: u16, said: &str) -> Vec<u8> {
    method(0, 10, 50, &[&code.to_be_bytes()[..], &short(said), &[0, 0, 0, 0]].concat())
}

/// A broker that gives one answer after the other, whatever it is asked, and then ends.
fn script(answers: Vec<Vec<u8>>) -> Peer {
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

/// The check of a peer; `more` are options, each with a comma before it.
fn check_of(peer: &Peer, more: &str) -> Value {
    let yaml = amqp(peer.address(), USER, PASSWORD, &format!(", use_tls: false{more}"));
    check(&yaml.replace("timeout: 10", "timeout: 2"))
}

#[test]
fn a_script_of_an_ordinary_broker_passes() {
    passed(&check_of(&script(vec![greeting(), tune(), open_ok(), method(0, 10, 51, &[])]), ""));
}

#[test]
fn a_broker_that_can_only_close_the_connection_over_a_login_rejects_it() {
    let silent = check_of(&script(vec![start([0, 9], &[], "PLAIN AMQPLAIN")]), "");
    let failure = failed_with(&silent, "auth.rejected");
    let message = "the broker closed the connection after the login of `app`: wrong user or password";
    assert_eq!((text(failure, "message"), text(failure, "owner")), (message, "credentials"));
    // One that could have said it has another reason.
    failed_with(&check_of(&script(vec![greeting()]), ""), "auth.closed");
}

#[test]
fn other_versions_of_amqp_are_named() {
    for (header, named) in [
        (b"AMQP\x00\x01\x00\x00", "AMQP 1.0"),
        (b"AMQP\x03\x01\x00\x00", "AMQP 1.0"),
        (b"AMQP\x02\x01\x00\x00", "AMQP 1.0"),
        (b"AMQP\x01\x01\x00\x0a", "AMQP header 1.0.10"),
        (b"AMQP\x00\x00\x09\x00", "AMQP header 0.9.0"),
    ] {
        let peer = Peer::serve(move |wire| {
            let _taken = !wire.first_bytes().is_empty() && wire.send(header);
            wire.finish();
        });
        let check = check_of(&peer, "");
        let failure = failed_with(&check, "protocol.unsupported-version");
        assert_eq!(text(failure, "message"), format!("the broker speaks {named}, but this check speaks AMQP 0-9-1"));
    }
    let check = check_of(&script(vec![start([8, 0], &[], "PLAIN")]), "");
    let message = text(failed_with(&check, "protocol.unsupported-version"), "message");
    assert_eq!(message, "the broker speaks AMQP 8-0, but this check speaks AMQP 0-9-1");
}

#[test]
fn a_broker_that_closes_says_why_in_every_phase() {
    let shut = || close(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
    for before in [vec![], vec![greeting()], vec![greeting(), tune()]] {
        let check = check_of(&script([before, vec![shut()]].concat()), "");
        let failure = failed_with(&check, "protocol.not-ready");
        assert!(text(failure, "evidence").starts_with("320 CONNECTION_FORCED - "), "{failure}");
    }
    for (reply, wanted) in [
        (close(541, "INTERNAL_ERROR"), "protocol.not-ready"),
        (close(506, "RESOURCE_ERROR"), "protocol.overloaded"),
        (close(540, "NOT_IMPLEMENTED"), "protocol.unsupported-version"),
        (close(530, "NOT_ALLOWED - connection refused: node connection limit (9) is reached"), "protocol.overloaded"),
        (close(530, "NOT_ALLOWED - go away"), "request.permission-denied"),
        (close(501, "FRAME_ERROR"), "protocol.malformed"),
    ] {
        failed_with(&check_of(&script(vec![greeting(), tune(), reply]), ""), wanted);
    }
}

#[test]
fn a_question_that_is_not_permitted_is_told() {
    let refusal = |class: u8| {
        let arguments = [&403_u16.to_be_bytes()[..], &short("ACCESS_REFUSED - no"), &[0, class, 0, 10]].concat();
        [method(1, 20, 11, &long(&[])), method(1, 20, 40, &arguments)].concat()
    };
    let check = check_of(&script(vec![greeting(), tune(), open_ok(), refusal(50)]), ", queue: orders");
    let failure = failed_with(&check, "request.permission-denied");
    assert_eq!(text(failure, "message"), "`app` may not ask for the queue `orders`");
}

#[test]
fn a_challenge_is_a_login_that_is_not_spoken_here() {
    let challenge = method(0, 10, 20, &long(b"and your pet's name?"));
    failed_with(&check_of(&script(vec![greeting(), challenge]), ""), "auth.method-unsupported");
}

#[test]
fn what_a_broker_says_beside_the_answer_is_heard() {
    let beat = [8, 0, 0, 0, 0, 0, 0, 0xce];
    let blocked = method(0, 10, 60, &short("low on memory"));
    let opened = [&beat[..], &blocked, &open_ok()].concat();
    let check = check_of(&script(vec![greeting(), tune(), opened, method(0, 10, 51, &[])]), "");
    assert_eq!(check["facts"]["blocked"], "low on memory");
}

/// A double: `RabbitMQ` says so only to those who have published.
#[test]
fn a_broker_that_takes_no_messages_is_a_warning() {
    let opened = [&method(0, 10, 60, &short("low on memory"))[..], &open_ok()].concat();
    let check = check_of(&script(vec![greeting(), tune(), opened, method(0, 10, 51, &[])]), "");
    assert_eq!(check["verdict"], "warn", "{check}");
    assert_eq!(check["warnings"][0]["code"], "request.blocked", "{check}");
    let message = "the broker takes no messages at the moment (connection.blocked): low on memory";
    assert_eq!(check["warnings"][0]["message"], message);
    // And is none where the broker has taken it back.
    let unblocked = [&method(0, 10, 60, &short("low"))[..], &method(0, 10, 61, &[]), &open_ok()].concat();
    passed(&check_of(&script(vec![greeting(), tune(), unblocked, method(0, 10, 51, &[])]), ""));
}

#[test]
fn a_code_that_is_not_known_is_told_in_the_brokers_words() {
    for (code, owner) in [(999, "service"), (406, "config"), (403, "credentials")] {
        let check = check_of(&script(vec![greeting(), close(code, "NEW - read this")]), "");
        let failure = match code {
            403 => failed_with(&check, "auth.rejected"),
            _ => failed_with(&check, "request.unexpected-reply"),
        };
        assert_eq!((text(failure, "evidence"), text(failure, "owner")), (&*format!("{code} NEW - read this"), owner));
        assert!(!text(failure, "next_step").contains("wait"), "{failure}");
    }
}

#[test]
fn a_queue_whose_node_is_down_is_not_said_to_be_missing() {
    let words = "NOT_FOUND - home node 'rabbit@b' of durable queue 'orders' in vhost '/' is down or inaccessible";
    let arguments = [&404_u16.to_be_bytes()[..], &short(words), &[0, 50, 0, 10]].concat();
    let refusal = [method(1, 20, 11, &long(&[])), method(1, 20, 40, &arguments)].concat();
    let check = check_of(&script(vec![greeting(), tune(), open_ok(), refusal]), ", queue: orders");
    failed_with(&check, "protocol.not-ready");
}

#[test]
fn a_peer_of_amqp_1_0_is_no_old_broker() {
    let peer = harness::amqp10::Amqp10::start();
    let check = check(&amqp(peer.address(), USER, PASSWORD, ", use_tls: false"));
    let failure = failed_with(&check, "protocol.unsupported-version");
    assert_eq!(text(failure, "message"), "the broker speaks AMQP 1.0, but this check speaks AMQP 0-9-1");
    assert_eq!(text(failure, "owner"), "config", "{failure}");
    assert!(text(failure, "next_step").contains("use a tcp or tls check"), "{failure}");
}

#[test]
fn what_is_no_answer_is_not_understood() {
    let wrong_end = |mut frame: Vec<u8>| {
        frame.pop();
        frame.push(0);
        frame
    };
    for answer in [
        b"AMQP\x00\x00\x09\x01".to_vec(),
        tune(),
        wrong_end(greeting()),
        method(0, 10, 10, &[]),
        method(0, 99, 1, &[]),
        b"ABCDEFGHIJ".to_vec(),
    ] {
        let peer = Peer::serve(move |wire| {
            let _taken = !wire.first_bytes().is_empty() && wire.send(&answer);
            wire.drain();
        });
        failed_with(&check_of(&peer, ""), "protocol.malformed");
    }
    // Later on too.
    failed_with(&check_of(&script(vec![greeting(), open_ok()]), ""), "protocol.malformed");
    failed_with(&check_of(&script(vec![greeting(), tune(), tune()]), ""), "protocol.malformed");
}

#[test]
fn an_oversized_answer_is_cut() {
    let announced = Peer::start(Manner::Banner(vec![1, 0, 0, 0, 16, 0, 0]));
    let check = check_of(&announced, "");
    let message = text(failed_with(&check, "protocol.too-large"), "message");
    assert_eq!(message, "the peer announced a frame of 1048584 bytes");
    // Small frames without an end.
    let beats = [8, 0, 0, 0, 0, 0, 0, 0xce].repeat(20_000);
    failed_with(&check_of(&Peer::start(Manner::Banner(beats)), ""), "protocol.too-large");
}

#[test]
fn tables_in_tables_without_end_are_not_followed() {
    // As many as a frame can hold; a reader that calls itself for each needs sixteen megabytes of stack.
    let nested = (0..8000).fold(Vec::new(), |inner, _| [&b"\x01tF"[..], &long(&inner)].concat());
    let check = check_of(&Peer::start(Manner::Banner(start([0, 9], &nested, "PLAIN"))), "");
    failed_with(&check, "protocol.malformed");
}

/// A double: `LavinMQ` 2, by its source.
#[test]
fn the_refusals_of_lavinmq_are_understood() {
    let greeting = || {
        let product = [short("product"), vec![b'S'], long(b"LavinMQ")].concat();
        start([0, 9], &[product, capability("authentication_failure_close")].concat(), "PLAIN AMQPLAIN")
    };
    let login = check_of(&script(vec![greeting(), close(403, "ACCESS_REFUSED")]), "");
    failed_with(&login, "auth.rejected");
    assert_eq!(login["facts"]["product"], "LavinMQ");
    for (words, wanted) in [
        ("vhost not found".to_owned(), "request.no-such-vhost"),
        (format!("'{USER}' doesn't have access to '/'"), "request.permission-denied"),
        ("access to vhost '/' refused: connection limit (9) is reached".to_owned(), "protocol.overloaded"),
    ] {
        let refusal = close(530, &format!("NOT_ALLOWED - {words}"));
        let check = check_of(&script(vec![greeting(), tune(), refusal]), "");
        failed_with(&check, wanted);
    }
    let rule = check_of(&script(vec![greeting(), close(530, "NOT_ALLOWED - not at this hour")]), "");
    let failure = failed_with(&rule, "auth.rejected");
    assert!(text(failure, "message").ends_with("says why in its own words"), "{failure}");
}

/// Doubles, by their sources and documentation: brokers of AMQP 1.0 answer the header of 0-9-1 with their own and go,
/// Azure's Service Bus
/// behind TLS, and `ActiveMQ` with a frame that says why.
#[test]
fn brokers_of_amqp_1_0_are_no_older_versions() {
    let ca = Authority::new();
    let service_bus = TlsPeer::start(&ca.valid(), TlsManner::Reply(b"AMQP\x03\x01\0\0".to_vec()));
    let yaml = amqp(service_bus.address(), USER, PASSWORD, &format!(", ca_file: {}", ca.file().display()));
    let failure = failed_with(&check(&yaml), "protocol.unsupported-version").clone();
    assert_eq!(text(&failure, "message"), "the broker speaks AMQP 1.0, but this check speaks AMQP 0-9-1");
    assert_eq!(text(&failure, "owner"), "config");
    assert!(!text(&failure, "next_step").contains("upgrade"), "{failure}");
    for header in [&b"AMQP\0\x01\0\0"[..], b"AMQP\x03\x01\0\0\0\0\0\x1a\x02\0\0\0\0S\x18\xd0\0\0\0\x0a"] {
        let broker = Peer::serve(move |wire| {
            let _header = wire.first_bytes();
            let _taken = wire.send(header);
            wire.finish();
        });
        failed_with(&check_of(&broker, ""), "protocol.unsupported-version");
    }
}
