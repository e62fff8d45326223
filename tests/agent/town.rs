//! Twelve services that are well, each with a check that passes.

use harness::certs::Authority;
use harness::mail::{self, Mail};
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::mongodb::{self, Mongodb};
use harness::mosquitto::{self, Mosquitto};
use harness::peers::{Manner, Peer, Recorder, TlsManner, TlsPeer, UdpManner, UdpPeer};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::slapd::{self, Slapd};
use std::net::SocketAddr;

/// A service, and what a check of it needs beside its place.
pub(crate) struct Good {
    pub(crate) kind: &'static str,
    pub(crate) address: SocketAddr,
    options: String,
}

impl Good {
    /// The check of the service, or of what stands in its place, with a timeout in seconds. By addresses: a
    /// look-up that reads no file says that a name does not exist (`nss_files` of glibc).
    pub(crate) fn yaml(&self, address: SocketAddr, timeout: f64) -> String {
        let (kind, options) = (self.kind, &self.options);
        let place = match kind {
            "http" => format!("url: 'http://{address}/'"),
            _ => format!("host: '{}', port: {}", address.ip(), address.port()),
        };
        format!("- {{type: {kind}, {place}, timeout: {timeout}{options}}}\n")
    }
}

/// All of them, and what keeps them running.
pub(crate) struct Town {
    pub(crate) services: Vec<Good>,
    _running: Vec<Box<dyn Send + Sync>>,
}

impl Town {
    pub(crate) fn new() -> Self {
        let authority = Authority::new();
        let tcp = Peer::start(Manner::Silent);
        let udp = UdpPeer::start(UdpManner::Echo);
        let tls = TlsPeer::start(&authority.valid(), TlsManner::Silent);
        let web = Recorder::start();
        let redis = Redis::start(&redis::Setup::new().password());
        let memcached = Memcached::start(&memcached::Setup::new());
        let postgres = Postgres::start(&postgres::Setup::plain());
        let mariadb = MariaDb::start(&mariadb::Setup::new());
        let mosquitto = Mosquitto::start(&mosquitto::Setup::plain());
        let slapd = Slapd::start(&slapd::Setup::plain());
        let mail = Mail::start(&mail::Setup::open());
        let mongodb = Mongodb::start(mongodb::Setup::with_login());
        let login = |user: &str, password: &str| format!(", username: '{user}', password: '{password}'");
        let of = |kind, address, options: String| Good { kind, address, options };
        let services = vec![
            of("tcp", tcp.address(), String::new()),
            of("udp", udp.address(), ", send: ping, expect: ping".to_owned()),
            of("tls", tls.address(), format!(", ca_file: {}", authority.file().display())),
            of("http", web.peer().address(), String::new()),
            of("redis", redis.address(), format!(", password: '{}'", redis::PASSWORD)),
            of("memcache", memcached.address(), String::new()),
            of("postgres", postgres.address(), login(postgres::USER, postgres::PASSWORD) + ", database: shop"),
            of("mysql", mariadb.address(), login(mariadb::USER, mariadb::PASSWORD) + ", database: shop"),
            of("mqtt", mosquitto.address(), login(mosquitto::USER, mosquitto::PASSWORD)),
            of("ldap", slapd.address(), login(slapd::USER, slapd::PASSWORD) + ", use_tls: false"),
            of("smtp", mail.address(), ", from_address: a@b.example, send: false, use_tls: false".to_owned()),
            of("mongodb", mongodb.address(), login(mongodb::USER, mongodb::PASSWORD) + ", database: shop"),
        ];
        let running: Vec<Box<dyn Send + Sync>> = vec![
            Box::new((tcp, udp, tls, web)),
            Box::new((redis, memcached, postgres, mariadb)),
            Box::new((mosquitto, slapd, mail, mongodb)),
            Box::new(authority),
        ];
        Self { services, _running: running }
    }
}
