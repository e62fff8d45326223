//! The services that "Hello World as a Service" depends on.

use crate::dns;
use crate::proxy::{self, Rule};
use harness::certs::{Authority, Identity};
use harness::mongodb::{self, Mongodb, Setup};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer, UdpManner, UdpPeer};
use harness::ports::{self, Port};
use harness::scratch::Scratch;
use std::net::SocketAddr;

const TRANSLATION: &str = r#"{"data": {"translations": [{"translatedText": "Hallo Welt"}]}}"#;

/// All services, each at an address that stays its own when it is stopped.
pub(crate) struct World {
    authority: Authority,
    cache: Option<Peer>,
    cache_port: Port,
    catalogue: Option<Mongodb>,
    catalogue_port: Port,
    login: Option<TlsPeer>,
    login_port: Port,
    translate: TlsPeer,
    proxy: Option<Peer>,
    proxy_port: Port,
    metrics: UdpPeer,
    resolver: SocketAddr,
}

impl World {
    /// Starts everything, without fault.
    pub(crate) fn start(scratch: &Scratch) -> Self {
        let authority = Authority::new();
        let (cache_port, login_port, proxy_port) = (ports::free(), ports::free(), ports::free());
        let catalogue_port = ports::free();
        let translate = translate(&authority.leaf().also_named("www.googleapis.com").issue());
        let site = translate.address();
        scratch.write("ca.pem", std::fs::read(authority.file()).unwrap_or_default());
        scratch.write("catalogue.password", mongodb::PASSWORD);
        Self {
            cache: Some(cache(cache_port.address())),
            catalogue: Some(Mongodb::start_at(catalogue_port.address(), Setup::with_login())),
            login: Some(login(login_port.address(), &login_leaf(&authority, 90))),
            proxy: Some(proxy::start(proxy_port.address(), site, Rule::Allows)),
            metrics: UdpPeer::start(UdpManner::Reply(b"Matata".to_vec())),
            resolver: dns::start().unwrap_or_else(|error| panic!("cannot start the resolver: {error}")),
            authority,
            cache_port,
            catalogue_port,
            login_port,
            translate,
            proxy_port,
        }
    }

    /// Stops the cache, takes the catalogue's account away, lets the login's certificate end, and
    /// closes the proxy. The file stays as it is.
    pub(crate) fn break_four(&mut self) {
        self.cache = None;
        self.catalogue = None;
        let without_account = Setup::with_login().users_in("elsewhere");
        self.catalogue = Some(Mongodb::start_at(self.catalogue_port.address(), without_account));
        self.login = None;
        self.login = Some(login(self.login_port.address(), &login_leaf(&self.authority, -1)));
        self.proxy = None;
        self.proxy = Some(proxy::start(self.proxy_port.address(), self.translate.address(), Rule::Forbids));
    }

    /// The file of checks: that of `examples/hwaas.yaml`, for services on loopback.
    pub(crate) fn file(&self) -> String {
        let ports = [
            ("{cache}", self.cache_port.number()),
            ("{catalogue}", self.catalogue_port.number()),
            ("{proxy}", self.proxy_port.number()),
            ("{login}", self.login_port.number()),
            ("{metrics}", self.metrics.port()),
            ("{resolver}", self.resolver.port()),
        ];
        ports.iter().fold(FILE.to_owned(), |file, (place, port)| file.replace(place, &port.to_string()))
    }
}

const FILE: &str = "\
- type: memcache            # is it memcached, and does it answer?
  name: translation cache
  host: 127.0.0.1
  port: {cache}

- type: mongodb             # does it take the login, and may this account use the database?
  name: catalogue
  host: 127.0.0.1
  port: {catalogue}
  username: app
  password: {file: catalogue.password}
  database: shop

- type: http                # through the proxy, as the web servers do it
  name: translate
  url: https://www.googleapis.com/translate/v2?key=BLAH
  params: {q: Hello World, target: de, source: en}
  proxy_host: 127.0.0.1
  proxy_port: {proxy}
  ca_file: ca.pem
  expected_code: 200
  expected_body: Hallo Welt
  tags: [no-nagios]

- type: tls                 # handshake, names, dates, issuer
  name: login
  host: 127.0.0.1
  port: {login}
  server_name: login.hwaas.internal
  ca_file: ca.pem

- type: udp                 # a datagram out, an answer back
  name: metrics
  host: 127.0.0.1
  port: {metrics}
  send: Hakuna
  expect: Matata

- type: dns                 # what does this resolver say?
  name: gibson.hwaas.internal
  server: 127.0.0.1
  port: {resolver}
  expect: 10.0.0.42
";

fn login_leaf(authority: &Authority, days: i64) -> Identity {
    authority.leaf().only_named("login.hwaas.internal").expires_in_days(days).issue()
}

/// Speaks as much of memcached as a look at it needs.
fn cache(address: SocketAddr) -> Peer {
    Peer::start_at(address, Manner::Answers(vec![(b"version".to_vec(), b"VERSION 1.6.18\r\n".to_vec())]))
}

fn login(address: SocketAddr, identity: &Identity) -> TlsPeer {
    TlsPeer::serve_at(address, identity, None, |stream| while matches!(stream.sock.first_bytes().len(), 1..) {})
}

fn translate(identity: &Identity) -> TlsPeer {
    let (kind, length) = ("application/json", TRANSLATION.len());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    TlsPeer::start(identity, TlsManner::Reply((head + TRANSLATION).into_bytes()))
}
