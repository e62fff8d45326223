//! The services that "Hello World as a Service" depends on, as its tutorial has them: `PostgreSQL`, memcached, and the
//! Translate API behind squid, all real but the last; and statsd, which the tutorial adds in its second part.

use harness::certs::Authority;
use harness::memcached::{self, Memcached};
use harness::peers::{TlsManner, TlsPeer, UdpManner, UdpPeer};
use harness::ports::{self, Port};
use harness::postgres::{self, Postgres};
use harness::scratch::Scratch;
use harness::squid::{Rules, Squid};
use std::sync::Arc;

const TRANSLATION: &str = r#"{"data": {"translations": [{"translatedText": "Hallo Welt"}]}}"#;

/// The host of the Translate API.
const GOOGLE: &str = "www.googleapis.com";

/// The password of the role `hwaas`, in the file beside the checks.
const PASSWORD: &str = "123456asdf";
const PASSWORD_FILE: &str = "hwaas.password";

/// All services, each at an address that stays its own when it is stopped.
pub(crate) struct World {
    gibson: Postgres,
    freeside: Memcached,
    countzero: Squid,
    countzero_port: Arc<Port>,
    translate: TlsPeer,
    bigend: UdpPeer,
}

impl World {
    /// Starts everything, without fault.
    pub(crate) fn start(scratch: &Scratch) -> Self {
        let authority = Authority::new();
        let translate = translate(&authority);
        let countzero_port = Arc::new(ports::free());
        scratch.write("ca.pem", std::fs::read(authority.file()).unwrap_or_default());
        scratch.write(PASSWORD_FILE, PASSWORD);
        Self {
            gibson: Postgres::start(&gibson()),
            freeside: Memcached::start(&memcached::Setup::new()),
            countzero: Squid::start_at(&countzero_port, &Rules::open().tunnel_to(translate.address())),
            countzero_port,
            translate,
            bigend: UdpPeer::start(UdpManner::Reply(b"Matata".to_vec())),
        }
    }

    /// Stops memcached, brings an old password, and closes the proxy to the Translate API. The file of checks stays as
    /// it is.
    pub(crate) fn break_three(&mut self, scratch: &Scratch) {
        self.freeside.daemon().stop();
        scratch.write(PASSWORD_FILE, "of last year");
        self.countzero.daemon().stop();
        let rules = Rules::open().tunnel_to(self.translate.address()).deny_host(GOOGLE);
        self.countzero = Squid::start_at(&self.countzero_port, &rules);
    }

    /// The file of checks: that of `examples/hwaas.yaml`, for services on loopback.
    pub(crate) fn file(&self) -> String {
        let ports = [
            ("{gibson}", self.gibson.address().port()),
            ("{freeside}", self.freeside.address().port()),
            ("{countzero}", self.countzero_port.number()),
            ("{bigend}", self.bigend.port()),
        ];
        ports.iter().fold(FILE.to_owned(), |file, (place, port)| file.replace(place, &port.to_string()))
    }
}

const FILE: &str = "\
- type: postgresql          # does it take the login, and may this role use the database?
  name: gibson
  host: 127.0.0.1
  port: {gibson}
  username: hwaas
  password: {file: hwaas.password}
  database: hwaas_production

- type: memcached           # is it memcached, and does it answer?
  name: freeside
  host: 127.0.0.1
  port: {freeside}

- type: http                # through the proxy, as the web servers do it
  name: translate
  url: https://www.googleapis.com/language/translate/v2?q=Hello%20World&target=de&source=en&key=BLAH
  proxy_host: 127.0.0.1
  proxy_port: {countzero}
  ca_file: ca.pem
  expected_code: 200
  tags: [no-nagios]

- type: udp                 # statsd: a datagram out, an answer back
  name: bigend
  host: 127.0.0.1
  port: {bigend}
  send: Hakuna
  expect: Matata
";

fn gibson() -> postgres::Setup {
    postgres::Setup::plain()
        .rule("host hwaas_production hwaas samehost scram-sha-256")
        .sql(&format!("CREATE ROLE hwaas LOGIN PASSWORD '{PASSWORD}'"))
        .sql("CREATE DATABASE hwaas_production OWNER hwaas")
}

/// Stands for Google's, with a certificate of the demo's own authority.
fn translate(authority: &Authority) -> TlsPeer {
    let (kind, length) = ("application/json", TRANSLATION.len());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    let identity = authority.leaf().also_named(GOOGLE).issue();
    TlsPeer::start(&identity, TlsManner::Reply((head + TRANSLATION).into_bytes()))
}
