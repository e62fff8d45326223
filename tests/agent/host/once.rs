//! What may not be asked twice is not, however slow the step is that comes before it: a server that takes six seconds for
//! its first handshake, and none for the ones by which its path is looked at beside the wait.

use super::{PORT, tcp_within};
use harness::certs::{Authority, Identity};
use harness::mail::{Mail, Setup as MailSetup};
use harness::mosquitto::{BOTH, Mosquitto, PASSWORD, Setup as MqttSetup, USER};
use harness::peers::{Peer, Request, TlsPeer, TlsWire, Wire};
use harness::wait;
use harness::worlds::{Family, World};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long the first answer takes.
const SLOW: Duration = Duration::from_secs(6);

/// Where a slow server listens, beside one that is not.
const SECOND: u16 = 5433;

/// A way to a server of the same host, on which the first answer of the first connection takes long.
fn slow_way(world: &World, port: u16, server: SocketAddr) -> Peer {
    let address = world.target(Family::V4, port);
    world.server().inside(|| Peer::serve_at(address, move |wire| pass_slowly(&wire, server)))
}

fn pass_slowly(wire: &Wire, server: SocketAddr) {
    let upstream = TcpStream::connect(server).expect("the server");
    thread::scope(|scope| {
        scope.spawn(|| {
            pass(&upstream, wire, |first| if first && wire.number() == 0 { wire.pause(SLOW) } else { true });
            let _gone = wire.stream().shutdown(Shutdown::Write);
        });
        pass(wire, &upstream, |_| true);
        let _gone = upstream.shutdown(Shutdown::Write);
    });
}

/// Passes on what comes; `may` is told which is the first.
fn pass(mut from: impl Read, mut to: impl Write, may: impl Fn(bool) -> bool) {
    let (mut buffer, mut is_first) = ([0; 16 * 1024], true);
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !may(is_first) || to.write_all(&buffer[..length]).is_err() {
            return;
        }
        is_first = false;
    }
}

/// A free port that only the slow way leads to.
fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A certificate for the server of the world.
fn identity(authority: &Authority, world: &World) -> Identity {
    authority.leaf().also_named(&world.target(Family::V4, PORT).ip().to_string()).issue()
}

/// Requests by their methods, in the order in which they came.
#[derive(Clone, Debug, Default)]
struct Requests(Arc<Mutex<Vec<String>>>);

impl Requests {
    fn note(&self, method: String) {
        self.0.lock().expect("a list").push(method);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("a list").clone()
    }

    /// A server of http over TLS that takes every request.
    fn serve(&self, world: &World, identity: &Identity) -> TlsPeer {
        let requests = self.clone();
        let answer = move |stream: &mut TlsWire| {
            let mut text = Vec::new();
            let mut byte = [0];
            while !text.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                text.extend(byte);
            }
            if let Some(method) = String::from_utf8_lossy(&text).split(' ').next().filter(|word| !word.is_empty()) {
                requests.note(method.to_owned());
                let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            }
        };
        world.server().inside(|| TlsPeer::serve_at(free(), identity, None, answer))
    }
}

/// Runs a check of fifteen seconds, which has to pass, and that after the slow answer.
fn passes(world: &World, yaml: &str) {
    let report = world.agent(yaml).report();
    let check: &Value = &report["checks"][0];
    assert_eq!(check["verdict"], "pass", "{check:#}");
    assert!(check["elapsed_seconds"].as_f64().is_some_and(|elapsed| elapsed > SLOW.as_secs_f64()), "{check:#}");
}

#[test]
fn a_post_is_sent_once_after_a_handshake_that_takes_long() {
    let (world, authority, requests) = (World::new(1), Authority::new(), Requests::default());
    let server = requests.serve(&world, &identity(&authority, &world));
    let way = slow_way(&world, PORT, server.address());
    let url = format!("https://{}/orders", world.target(Family::V4, PORT));
    let ca = authority.file().display();
    passes(&world, &format!("- {{type: http, url: '{url}', method: POST, body: one, ca_file: {ca}, timeout: 15}}"));
    assert_eq!(requests.all(), ["POST"]);
    assert!(way.connections() > 1, "its path was looked at meanwhile");
}

#[test]
fn a_post_that_is_led_to_a_server_with_a_slow_handshake_is_sent_once_and_what_follows_too() {
    for status in ["302 Found", "303 See Other"] {
        let (world, authority, requests) = (World::new(1), Authority::new(), Requests::default());
        let server = requests.serve(&world, &identity(&authority, &world));
        let _way = slow_way(&world, SECOND, server.address());
        let (first, second) = (world.target(Family::V4, PORT), world.target(Family::V4, SECOND));
        let leads = Requests::default();
        let led = leads.clone();
        let leader = move |wire: Wire| {
            if let Some(request) = Request::read(&wire) {
                led.note(request.method);
                let head = format!("HTTP/1.1 {status}\r\nLocation: https://{second}/\r\nContent-Length: 0\r\n");
                let _gone = wire.send((head + "Connection: close\r\n\r\n").as_bytes());
            }
        };
        let _leader = world.server().inside(|| Peer::serve_at(first, leader));
        let options =
            format!("method: POST, body: one, ca_file: {}, allow_redirects: true", authority.file().display());
        passes(&world, &format!("- {{type: http, url: 'http://{first}/', {options}, timeout: 15}}"));
        assert_eq!(leads.all(), ["POST"], "{status}");
        assert_eq!(requests.all(), ["GET"], "{status}");
    }
}

#[test]
fn a_mail_is_sent_once_after_a_handshake_that_takes_long() {
    let (world, authority) = (World::new(1), Authority::new());
    let setup = MailSetup::open().tls(&identity(&authority, &world));
    let server = world.server().inside(|| Mail::start(&setup));
    let way = slow_way(&world, PORT, server.tls_address());
    let target = world.target(Family::V4, PORT);
    let options =
        "use_tls: true, from_address: app@sender.test, to_address: ops@mail.test, send: true, tags: [no-nagios]";
    let (host, ca) = (target.ip(), authority.file().display());
    passes(&world, &format!("- {{type: smtp, host: {host}, port: {PORT}, ca_file: {ca}, {options}, timeout: 15}}"));
    assert_eq!(server.mails().len(), 1, "{}", server.log());
    assert!(way.connections() > 1, "its path was looked at meanwhile");
}

#[test]
fn a_message_is_published_once_after_a_handshake_that_takes_long() {
    let (world, authority) = (World::new(1), Authority::new());
    let setup = MqttSetup::tls(&identity(&authority, &world));
    let broker = world.server().inside(|| Mosquitto::start(&setup));
    let way = slow_way(&world, PORT, broker.tls_address());
    let options = format!("username: {USER}, password: {PASSWORD}, topic: {BOTH}, publish: true, use_tls: true");
    let (host, ca) = (world.target(Family::V4, PORT).ip(), authority.file().display());
    passes(&world, &format!("- {{type: mqtt, host: {host}, port: {PORT}, ca_file: {ca}, {options}, timeout: 15}}"));
    let published = || broker.log().lines().filter(|line| line.contains("Received PUBLISH")).count();
    wait::until_count("messages", 1, published);
    assert!(way.connections() > 1, "its path was looked at meanwhile");
}

#[test]
fn what_is_sent_before_an_answer_that_takes_long_is_sent_once() {
    let (world, authority) = (World::new(1), Authority::new());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = |text: &[u8], sent: &AtomicUsize| {
        if text == b"order one\n" {
            sent.fetch_add(1, Ordering::SeqCst);
        }
    };
    // Over TLS, with a handshake that takes long; and without, where the answer does.
    let noted = Arc::clone(&sent);
    let answer = move |stream: &mut TlsWire| {
        let mut buffer = [0; 64];
        let length = stream.read(&mut buffer).unwrap_or_default();
        count(&buffer[..length], &noted);
        let _gone = stream.write_all(b"taken\n");
    };
    let server = world.server().inside(|| TlsPeer::serve_at(free(), &identity(&authority, &world), None, answer));
    let _way = slow_way(&world, PORT, server.address());
    let options = "send: \"order one\\n\", expect: taken";
    let (host, ca) = (world.target(Family::V4, PORT).ip(), authority.file().display());
    passes(&world, &format!("- {{type: tls, host: {host}, port: {PORT}, ca_file: {ca}, {options}, timeout: 15}}"));
    assert_eq!(sent.load(Ordering::SeqCst), 1, "over TLS");
    let noted = Arc::clone(&sent);
    let second = world.target(Family::V4, SECOND);
    let answer = move |wire: Wire| {
        count(&wire.first_bytes(), &noted);
        let _gone = wire.pause(SLOW) && wire.send(b"taken\n");
    };
    let _peer = world.server().inside(|| Peer::serve_at(second, answer));
    passes(&world, &tcp_within(second, 15.0).replace("timeout", &format!("{options}, timeout")));
    assert_eq!(sent.load(Ordering::SeqCst), 2, "over TCP");
}
