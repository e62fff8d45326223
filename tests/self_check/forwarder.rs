//! The forwarder between known ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use harness::forwarder::Forwarder;
use harness::peers::{Manner, Peer, Wire};
use harness::ports;
use harness::wait;

/// A peer that sends back what it gets, and ends when the client does.
fn echo() -> Peer {
    Peer::serve(|wire: Wire| {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = (&wire).read(&mut buffer) {
            if !wire.send(&buffer[..length]) {
                return;
            }
        }
    })
}

/// Sends `text` and waits for it to come back.
fn ask(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).expect("it is sent");
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).expect("it comes back");
    assert_eq!(answer, text);
}

#[test]
fn turns_bytes_and_connections_are_counted() {
    let server = echo();
    let forwarder = Forwarder::start(server.address());
    for _ in 0..2 {
        let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
        for text in [&b"one"[..], b"three", b"seventeen"] {
            ask(&mut stream, text);
        }
    }
    assert_eq!((forwarder.turns(), forwarder.connections()), (6, 2));
    assert_eq!((forwarder.to_server(), forwarder.to_client()), (34, 34));
}

#[test]
fn what_cannot_be_an_answer_parts_no_turn_on_a_long_way() {
    let server = Peer::serve(|wire: Wire| {
        let mut request = [0; 6];
        let _sent_before_it =
            wire.send(b"220\r\n") && (&wire).read_exact(&mut request).is_ok() && wire.send(b"250\r\n");
        let _until_the_end = (&wire).read_to_end(&mut Vec::new());
    });
    let forwarder = Forwarder::start_far(server.address());
    let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
    stream.write_all(b"one").expect("it is sent");
    stream.read_exact(&mut [0; 5]).expect("what the server says of itself");
    stream.write_all(b"two").expect("it is sent");
    stream.read_exact(&mut [0; 5]).expect("an answer");
    assert_eq!(forwarder.turns(), 1);
    stream.write_all(b"three").expect("it is sent");
    wait::until("the next turn", || forwarder.to_server() == 11);
    assert_eq!(forwarder.turns(), 2);
}

#[test]
fn a_server_that_speaks_first_takes_no_turn_and_several_sends_are_one() {
    let server = Peer::start(Manner::Banner(b"220 hello\r\n".to_vec()));
    let forwarder = Forwarder::start(server.address());
    let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
    stream.read_exact(&mut [0; 11]).expect("a banner");
    assert_eq!(forwarder.turns(), 0);
    for part in ["EHLO", " ", "x\r\n"] {
        stream.write_all(part.as_bytes()).expect("it is sent");
    }
    wait::until("all of it to arrive", || server.received() == 8);
    assert_eq!((forwarder.turns(), forwarder.to_server(), forwarder.to_client()), (1, 8, 11));
}

#[test]
fn a_delay_is_added_to_each_way_and_does_not_narrow_it() {
    let server = echo();
    let (up, down) = (Duration::from_millis(60), Duration::from_millis(40));
    let forwarder = Forwarder::start_with_delay(server.address(), up, down);
    let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
    let started = Instant::now();
    ask(&mut stream, b"hello");
    assert!(started.elapsed() >= up + down, "{:?}", started.elapsed());
    // A hundred pieces one after the other would take ten seconds.
    let started = Instant::now();
    let mut writer = stream.try_clone().expect("a second handle");
    thread::scope(|scope| {
        scope.spawn(move || {
            let piece = vec![7; 20_000];
            (0..100).for_each(|_| writer.write_all(&piece).expect("it is sent"));
        });
        stream.read_exact(&mut vec![0; 2_000_000]).expect("it comes back");
    });
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn ends_are_passed_on_one_way_at_a_time() {
    for delay in [Duration::ZERO, Duration::from_millis(20)] {
        let server = Peer::serve(|wire: Wire| {
            wire.drain();
            assert!(wire.send(b"all received"));
        });
        let forwarder = Forwarder::start_with_delay(server.address(), delay, delay);
        let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
        stream.write_all(b"something").expect("it is sent");
        stream.shutdown(std::net::Shutdown::Write).expect("the half is closed");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer and an end");
        assert_eq!(answer, "all received");
    }
}

#[test]
fn resets_are_passed_on() {
    for delay in [Duration::ZERO, Duration::from_millis(20)] {
        let server = Peer::start(Manner::ResetsAfterFirstBytes);
        let forwarder = Forwarder::start_with_delay(server.address(), delay, delay);
        let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
        stream.write_all(b"something").expect("it is sent");
        assert_eq!(stream.read(&mut [0; 1]).expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_server_that_refuses_is_a_reset() {
    let dead = ports::free();
    let forwarder = Forwarder::start(dead.address());
    let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
    assert_eq!(stream.read(&mut [0; 1]).expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!((forwarder.failed(), forwarder.turns()), (1, 0));
}

#[test]
fn a_dropped_forwarder_cuts_both_sides() {
    let server = Peer::start(Manner::Silent);
    let forwarder = Forwarder::start_with_delay(server.address(), Duration::from_secs(1000), Duration::ZERO);
    let mut stream = TcpStream::connect(forwarder.address()).expect("it accepts");
    stream.write_all(b"something").expect("it is sent");
    wait::until("the forwarder to have it", || forwarder.to_server() == 9);
    drop(forwarder);
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_)));
    wait::until("the server to be left", || server.open() == 0);
}
