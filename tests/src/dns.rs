//! unbound: a resolver with records of every kind and every way to fail.
//!
//! ```
//! use harness::dns::{Dns, Records};
//!
//! let records = Records::new().record("db.example.test. A 10.0.0.7").record("alias.test. CNAME db.example.test.");
//! let dns = Dns::start(&records.refused("closed.test").servfail("broken.test").silent("quiet.test"));
//! assert_ne!(dns.address().port(), 0);
//! ```
//!
//! It knows the whole name space: what has no record does not exist (NXDOMAIN), and what exists without
//! a record of the type asked for is an empty answer. It asks no other server, ever.

use std::net::{IpAddr, SocketAddr};

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// The apex of the zone that holds all records (RFC 1035 section 5).
const APEX: &str = "$TTL 60\n. SOA localhost. nobody.invalid. 1 3600 900 86400 60\n. NS localhost.\n";

/// The server's settings. unbound has empty zones of its own for private addresses and for the name
/// `test` (RFC 6303, RFC 6761); they would hide ours.
const SERVER: &str = "  username: \"\"
  chroot: \"\"
  pidfile: \"\"
  use-syslog: no
  logfile: \"\"
  do-daemonize: no
  num-threads: 1
  module-config: \"iterator\"
  root-hints: \"\"
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  local-zone: \"test.\" nodefault
";

/// Our zone takes the place of the root servers, so aliases are followed as on the Internet.
const ZONE: &str = "  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
remote-control:
  control-enable: no
";

/// What a resolver knows.
#[derive(Debug, Default)]
pub struct Records {
    /// Lines of the zone.
    zone: Vec<String>,
    /// Lines of the server's settings.
    policies: Vec<String>,
    /// Clauses for zones whose servers cannot be asked.
    stubs: Vec<String>,
}

impl Records {
    /// No records at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record in zone-file form (RFC 1035), names absolute: `NAME. [TTL] TYPE DATA`; the TTL is 60 s by default.
    ///
    /// For example `h.test. AAAA fd00::7`, `test. MX 10 mail.test.`, `t.test. TXT "two words"`,
    /// `_x._tcp.test. SRV 1 2 389 h.test.`, `7.0.0.10.in-addr.arpa. PTR h.test.`
    #[must_use]
    pub fn record(mut self, line: &str) -> Self {
        self.zone.push(format!("{line}\n"));
        self
    }

    /// Answers REFUSED to everything at and below `name`.
    #[must_use]
    pub fn refused(self, name: &str) -> Self {
        self.policy(name, "always_refuse")
    }

    /// Gives no answer at all to anything at and below `name`.
    #[must_use]
    pub fn silent(self, name: &str) -> Self {
        self.policy(name, "always_deny")
    }

    /// Answers SERVFAIL to everything at and below `name`, at once.
    #[must_use]
    pub fn servfail(mut self, name: &str) -> Self {
        // The zone's only server is on an address unbound is told never to ask.
        let stub = format!("stub-zone:\n  name: \"{name}\"\n  stub-addr: 127.0.0.1@9\n");
        self.stubs.push(stub);
        self
    }

    fn policy(mut self, name: &str, kind: &str) -> Self {
        self.policies.push(format!("  local-zone: \"{name}\" {kind}\n"));
        self
    }

    fn configuration(&self, scratch: &Scratch, address: SocketAddr) -> String {
        let zone = text(&scratch.write("all.zone", APEX.to_owned() + &self.zone.concat()));
        let (ip, port, folder) = (address.ip(), address.port(), text(scratch.path()));
        let place = format!("  interface: {ip}@{port}\n  port: {port}\n  directory: \"{folder}\"\n");
        let (policies, stubs) = (self.policies.concat(), self.stubs.concat());
        let records = format!("auth-zone:\n  name: \".\"\n  zonefile: \"{zone}\"\n{ZONE}");
        format!("server:\n{place}{SERVER}{policies}{stubs}{records}")
    }
}

/// A running resolver, over UDP and TCP.
#[derive(Debug)]
pub struct Dns {
    daemon: Daemon,
    address: SocketAddr,
    _port: Option<Port>,
}

impl Dns {
    /// Starts it on 127.0.0.1, on a port of its own.
    #[must_use]
    pub fn start(records: &Records) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            (launch(scratch, port.address(), records), port)
        });
        Self { daemon, address: port.address(), _port: Some(port) }
    }

    /// Starts it on port 53 of `ip`, an address of the namespace this is called in
    /// ([`crate::netns::Namespace::inside`]): what a `resolv.conf` can name.
    #[must_use]
    pub fn start_at(ip: IpAddr, records: &Records) -> Self {
        let address = SocketAddr::new(ip, 53);
        let daemon = Daemon::start(|scratch| launch(scratch, address, records));
        Self { daemon, address, _port: None }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

/// Writes the configuration and says how to start it.
fn launch(scratch: &Scratch, address: SocketAddr, records: &Records) -> Launch {
    let file = scratch.write("unbound.conf", records.configuration(scratch, address));
    Launch::new("unbound").args(["-d", "-c"]).arg(file).as_nobody().accepts(address)
}
