//! Services in whose conversations one side says much at once.

use crate::host::PORT;
use harness::certs::{Authority, Identity};
use harness::peers::{Manner, Peer, Request, TlsPeer, Wire};
use harness::postgres::{DATABASE, Postgres, Setup};
use harness::worlds::{Broker, Direction, Family, World};
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS12;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::any::Any;
use std::fmt::Write as _;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

/// What fills several packets, bytes.
const MUCH: usize = 6000;

/// Names that do the same to a certificate.
const NAMES: usize = 120;

/// What answers the checks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service {
    /// The certificate of the one or the other side is large.
    Tls,
    /// The page, or a header of the request.
    Http,
    /// The value of a query, or its text.
    Postgres,
    /// The broker's properties, or the password.
    Amqp,
}

/// A service, the check of it, and all that has to live as long.
pub(super) struct Running {
    pub(super) target: SocketAddr,
    pub(super) check: String,
    _held: Box<dyn Any>,
}

impl Running {
    fn new(target: SocketAddr, kind: &str, options: &str, held: impl Any) -> Self {
        let (host, port) = (target.ip(), target.port());
        let place = if kind == "http" { String::new() } else { format!("host: '{host}', port: {port}, ") };
        let check = format!("- {{type: {kind}, {place}timeout: 4, {options}}}\n");
        Self { target, check, _held: Box::new(held) }
    }
}

impl Service {
    /// Starts one at the server of a world.
    pub(super) fn start(self, world: &World, family: Family, much: Direction) -> Running {
        let target = world.target(family, PORT);
        match (self, much) {
            (Self::Tls, Direction::Inbound) => {
                let authority = Authority::new();
                let identity = large(&authority, target, false);
                let serve = |stream: &mut _| drain(stream);
                let peer = world.server().inside(|| TlsPeer::serve_at(target, &identity, None, serve));
                let options = format!("ca_file: {}", authority.file().display());
                Running::new(target, "tls", &options, (authority, identity, peer))
            }
            (Self::Tls, Direction::Outbound) => tls_with_large_client(world, target, complete),
            (Self::Http, _) => {
                let page = if much == Direction::Inbound { MUCH } else { 2 };
                let peer = world.server().inside(|| Peer::serve_at(target, move |wire| answer_http(&wire, page)));
                Running::new(target, "http", &http_options(target, much), peer)
            }
            (Self::Postgres, _) => postgres(world, family, much, 0),
            (Self::Amqp, _) => {
                let property = if much == Direction::Inbound { MUCH } else { 10 };
                let broker = world.server().inside(|| Broker::start_at(target, property));
                Running::new(target, "amqp", &amqp_options(much), broker)
            }
        }
    }

    /// Starts one that takes everything, and answers nothing that is large on either side.
    pub(super) fn hang(self, world: &World, family: Family, much: Direction) -> Running {
        let target = world.target(family, PORT);
        let silent = || world.server().inside(|| Peer::start_at(target, Manner::Silent));
        match (self, much) {
            (Self::Tls, Direction::Inbound) => Running::new(target, "tls", "disable_tls_verification: true", silent()),
            (Self::Tls, Direction::Outbound) => tls_with_large_client(world, target, answer_hello),
            (Self::Http, _) => Running::new(target, "http", &http_options(target, much), silent()),
            (Self::Postgres, _) => postgres(world, family, much, 60),
            (Self::Amqp, Direction::Inbound) => Running::new(target, "amqp", &amqp_options(much), silent()),
            (Self::Amqp, Direction::Outbound) => {
                let broker = world.server().inside(|| Broker::hung_at(target));
                Running::new(target, "amqp", &amqp_options(much), broker)
            }
        }
    }
}

fn http_options(target: SocketAddr, much: Direction) -> String {
    let header = if much == Direction::Outbound { MUCH } else { 2 };
    format!("url: 'http://{target}/', headers: {{X-Long: '{}'}}", "x".repeat(header))
}

fn answer_http(wire: &Wire, page: usize) {
    if Request::read(wire).is_some() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {page}\r\n\r\n");
        let _taken = wire.send(&[head.into_bytes(), vec![b'x'; page]].concat());
    }
    wire.finish();
}

fn amqp_options(much: Direction) -> String {
    let password = if much == Direction::Outbound { MUCH } else { 10 };
    format!("username: app, password: '{}', use_tls: false", "x".repeat(password))
}

/// A real server; the query sleeps for so many seconds.
fn postgres(world: &World, family: Family, much: Direction, seconds: u32) -> Running {
    let setup = Setup::plain().setting("listen_addresses = '*'").rule("host all open 0.0.0.0/0 trust");
    let setup = setup.rule("host all open ::/0 trust");
    let server = world.server().inside(|| Postgres::start(&setup));
    let target = world.target(family, server.address().port());
    let mut query = format!("SELECT repeat('x', {}) FROM pg_sleep({seconds})", if seconds == 0 { MUCH } else { 1 });
    if much == Direction::Outbound {
        query = format!("SELECT length('{}') FROM pg_sleep({seconds})", "x".repeat(MUCH));
    }
    let options = format!("username: open, database: {DATABASE}, use_tls: false, query: \"{query}\"");
    Running::new(target, "postgres", &options, server)
}

/// A certificate of several packets, for the server at an address or for a client.
fn large(authority: &Authority, target: SocketAddr, for_client: bool) -> Identity {
    let mut leaf = authority.leaf().also_named(&target.ip().to_string());
    for number in 0..NAMES {
        let mut name = String::new();
        let _fits = write!(name, "a-name-that-is-rather-long-{number}.example.test");
        leaf = leaf.also_named(&name);
    }
    if for_client { leaf.for_clients().issue() } else { leaf.issue() }
}

/// A server of TLS 1.2, in which its last word comes after the client's certificate.
fn tls_with_large_client(world: &World, target: SocketAddr, serve: fn(StreamOwned<ServerConnection, Wire>)) -> Running {
    let authority = Authority::new();
    let server = authority.leaf().also_named(&target.ip().to_string()).issue();
    let client = large(&authority, target, true);
    let configuration = Arc::new(asking_for_certificates(&authority, &server));
    let handle = move |wire| {
        let connection = ServerConnection::new(Arc::clone(&configuration)).expect("a connection");
        serve(StreamOwned::new(connection, wire));
    };
    let peer = world.server().inside(|| Peer::serve_at(target, handle));
    let options = format!(
        "ca_file: {}, client_cert: {}, client_key: {}",
        authority.file().display(),
        client.certificate_file().display(),
        client.key_file().display()
    );
    Running::new(target, "tls", &options, (authority, server, client, peer))
}

fn asking_for_certificates(authority: &Authority, server: &Identity) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).expect("an authority");
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS12]).expect("TLS 1.2");
    let builder = builder.with_client_cert_verifier(verifier.build().expect("a verifier"));
    builder.with_single_cert(server.chain(), server.key()).expect("a certificate")
}

/// Does its part, and takes what comes.
fn complete(mut stream: StreamOwned<ServerConnection, Wire>) {
    drain(&mut stream);
}

fn drain(stream: &mut impl Read) {
    let mut space = [0; 4096];
    while matches!(stream.read(&mut space), Ok(1..)) {}
}

/// Answers the client's hello and not a word more.
fn answer_hello(mut stream: StreamOwned<ServerConnection, Wire>) {
    while !stream.conn.wants_write() {
        if !matches!(stream.conn.read_tls(&mut stream.sock), Ok(1..)) || stream.conn.process_new_packets().is_err() {
            return;
        }
    }
    while stream.conn.wants_write() && stream.conn.write_tls(&mut stream.sock).is_ok() {}
    stream.sock.drain();
}
