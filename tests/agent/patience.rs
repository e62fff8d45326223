//! A check has all of its time; who listens there instead is found out beside the wait.

use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::mariadb::{self, MariaDb};
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer, Wire};
use harness::ports::{self, Port};
use harness::postgres::{self, Postgres};
use harness::process::{Daemon, Launch};
use harness::redis::{self, Redis};
use harness::stunnel::Stunnel;
use harness::wait;
use serde_json::Value;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers an HTTP request after so long, and at once what is none.
fn slow(wait: Duration) -> Peer {
    Peer::serve(move |wire| {
        let asked = wire.first_bytes();
        if !asked.starts_with(b"GET ") {
            let _gone = wire.send(BAD_REQUEST);
        } else if wire.pause(wait) {
            let _gone = wire.send(OK);
        }
        wire.finish();
    })
}

fn http(port: u16, timeout: f64) -> String {
    format!("- {{type: http, url: 'http://127.0.0.1:{port}/', timeout: {timeout}}}")
}

fn first(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn elapsed(check: &Value) -> f64 {
    check["elapsed_seconds"].as_f64().expect("seconds")
}

#[test]
fn an_answer_counts_until_the_timeout() {
    for (timeout, answers_after) in [(0.5, 470), (0.2, 175), (2.0, 1970)] {
        let peer = slow(Duration::from_millis(answers_after));
        let check = first(&http(peer.port(), timeout));
        assert_eq!(check["verdict"], "pass", "{answers_after} ms of {timeout} s: {check}");
    }
}

#[test]
fn who_says_nothing_has_had_all_of_the_time() {
    let peer = Peer::start(Manner::Silent);
    for timeout in [0.2, 0.5, 1.5] {
        let check = first(&http(peer.port(), timeout));
        assert_eq!(check["failure"]["code"], "protocol.silent", "{check}");
        assert!((timeout - 0.02..timeout + 0.2).contains(&elapsed(&check)), "{check}");
        let evidence = check["failure"]["evidence"].as_str().expect("evidence");
        assert!(evidence.starts_with("waited ") && evidence.ends_with(&format!(" s of {timeout} s")), "{evidence}");
    }
}

#[test]
fn who_answers_soon_has_one_connection() {
    let peer = slow(Duration::from_millis(200));
    assert_eq!(first(&http(peer.port(), 5.0))["verdict"], "pass");
    assert_eq!(peer.connections(), 1);
}

#[test]
fn another_service_is_named_long_before_the_timeout() {
    let web = Nginx::start([Site::http("web").page("/", "hello")]);
    let (postgres, redis) = (Postgres::start(&postgres::Setup::plain()), Redis::start(&redis::Setup::new()));
    let (web, postgres, redis) = (web.address("web"), postgres.address(), redis.address());
    let silent = Peer::start(Manner::Silent);
    let cases = [
        ("postgres, username: a, database: a", web, "this is an HTTP server, not PostgreSQL"),
        ("mysql, username: a", postgres, "this is a PostgreSQL server, not MySQL"),
        ("mysql, username: a", redis, "this is a Redis server, not MySQL"),
        ("mysql, username: a", web, "this is an HTTP server, not MySQL"),
        ("amqp, username: a, password: a, use_tls: false", redis, "this is a Redis server, not AMQP"),
        ("mongodb", redis, "this is a Redis server, not MongoDB"),
        ("ldap, use_tls: false", redis, "this is a Redis server, not LDAP"),
        ("smtp, from_address: a@b.test, send: false, use_tls: false", redis, "this is a Redis server, not SMTP"),
        ("mqtt", redis, "this is a Redis server, not MQTT"),
    ];
    let mut yaml = format!("- {{type: redis, host: 127.0.0.1, port: {}, timeout: 4}}\n", silent.port());
    for (check, address, _) in cases {
        writeln!(yaml, "- {{type: {check}, host: 127.0.0.1, port: {}}}", address.port()).expect("in memory");
    }
    let report = Agent::new(&yaml).report();
    assert_eq!(code(&report), "protocol.silent", "{report}");
    for ((case, _, message), check) in cases.iter().zip(&report["checks"].as_array().expect("checks")[1..]) {
        assert_eq!(check["failure"]["message"], *message, "{case}: {check}");
        assert!(elapsed(check) < 2.5, "{case}: {check}");
    }
}

#[test]
fn a_slow_server_is_waited_for_though_others_would_be_answered_in_its_place() {
    // Complaints about plain text come in plain text where TLS is wanted.
    let peer = Peer::serve(|wire| {
        if wire.first_bytes().starts_with(b"\x16\x03") {
            return wire.drain();
        }
        let _gone = wire.send(BAD_REQUEST);
        wire.finish();
    });
    let check = first(&format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 3}}", peer.port()));
    assert!(elapsed(&check) > 2.9, "{check}");
    // A port for both: TLS at once, and plain text when it pleases.
    let peer = Peer::serve(|wire| {
        if wire.first_bytes().starts_with(b"\x16\x03") {
            let _gone = wire.send(b"\x15\x03\x03\x00\x02\x02\x28");
        } else if wire.pause(Duration::from_millis(2400)) {
            let _gone = wire.send(OK);
        }
        wire.finish();
    });
    let check = first(&http(peer.port(), 6.0));
    assert_eq!(check["verdict"], "pass", "{check}");
}

#[test]
fn a_slow_mysql_server_counts_no_connection_without_a_login() {
    let server = MariaDb::start(&mariadb::Setup::new());
    let way = Forwarder::start_with_delay(server.address(), Duration::ZERO, Duration::from_millis(1200));
    let yaml = format!(
        "- {{type: mysql, host: 127.0.0.1, port: {}, username: {}, password: {}, use_tls: false}}",
        way.address().port(),
        mariadb::USER,
        mariadb::PASSWORD
    );
    let check = first(&yaml);
    assert_eq!(check["verdict"], "pass", "{check}");
    assert_eq!(way.connections(), 3, "the check's own and two questions");
    wait::until("the end of all connections", || way.open() == 0);
    let log = server.log();
    let traces = ["without authentication", "out of order", "reading communication packets"];
    assert!(traces.iter().all(|trace| !log.contains(trace)), "{log}");
    assert_eq!(log.matches("Access denied for user").count(), 2, "{log}");
}

/// Python's `ssl` as people write it: whoever does not speak TLS is hung up on, without a word.
fn python(identity: &Identity) -> (Daemon, Port) {
    const SERVER: &str = "
import http.server, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
class Server(http.server.ThreadingHTTPServer):
    def finish_request(self, request, address):
        with context.wrap_socket(request, server_side=True) as wrapped:
            self.RequestHandlerClass(wrapped, address, self)
Server(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
";
    Daemon::start_with(|_| {
        let port = ports::free();
        let launch = Launch::new("python3").args(["-c", SERVER]).arg(port.number().to_string());
        let launch = launch.arg(identity.certificate_file()).arg(identity.key_file());
        (launch.accepts(port.address()), port)
    })
}

#[test]
fn a_server_of_tls_that_only_hangs_up_wants_tls_of_every_check() {
    let ca = Authority::new();
    let identity = ca.valid();
    let web = Nginx::start([Site::http("web").page("/", "hello")]);
    let (_python, port) = python(&identity);
    let stunnel = Stunnel::start(&identity, web.address("web"));
    let rustls = TlsPeer::start(&identity, TlsManner::Echo);
    let hangs_up = Peer::serve(|wire| hangs_up_on_plain_text(&wire));
    // Python keeps five connections waiting, which a check and its questions may fill.
    want_tls(port.address(), 6.1);
    for address in [stunnel.address(), rustls.address(), hangs_up.address()] {
        want_tls(address, 3.0);
    }
}

fn hangs_up_on_plain_text(wire: &Wire) {
    if wire.first_bytes().starts_with(b"\x16\x03") {
        let _gone = wire.send(b"\x15\x03\x03\x00\x02\x02\x28");
    }
    wire.finish();
}

fn want_tls(address: SocketAddr, within: f64) {
    let (checks, port) = (
        [
            "postgres, username: a, database: a, use_tls: false",
            "mysql, username: a, use_tls: false",
            "redis, use_tls: false",
            "memcache",
            "mongodb, use_tls: false",
            "amqp, username: a, password: a, use_tls: false",
            "smtp, from_address: a@b.test, send: false, use_tls: false",
            "ldap, use_tls: false",
            "mqtt, use_tls: false",
        ],
        address.port(),
    );
    let mut yaml = http(port, 6.0) + "\n";
    for check in checks {
        writeln!(yaml, "- {{type: {check}, host: 127.0.0.1, port: {port}, timeout: 6}}").expect("in memory");
    }
    let report = Agent::new(&yaml).args(["--concurrency", "1"]).report();
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["failure"]["code"], "tls.required", "{check}");
        assert_eq!(check["failure"]["owner"], "config", "{check}");
        assert!(elapsed(check) < within, "{check}");
    }
}
