//! What a row of the table says.

use std::fmt;
use std::num::NonZero;

/// A service.
#[derive(Clone, Copy)]
pub struct Service {
    /// One word in small letters; that of the check whose own service it is is its `type:`.
    pub id: &'static str,
    /// The short name: `PostgreSQL`.
    pub name: &'static str,
    /// Its server in a sentence, with its article: `a PostgreSQL server`.
    pub described: &'static str,
    /// Where it listens unless it is told otherwise.
    pub ports: Ports,
    /// What its protocol needs below.
    pub transport: Transport,
    /// Who says the first word on a connection without TLS.
    pub speaks_first: Speaker,
    /// How TLS begins.
    pub tls: TlsStart,
    /// Its Unix socket, or the directory of it, where Debian's clients look when no host is named.
    pub socket: Option<&'static str>,
    /// The schemes of its URLs; the first one is the usual one.
    pub schemes: &'static [Scheme],
    /// Words that name it in variables of the environment, in capitals: `REDIS` of `REDIS_HOST`.
    pub words: &'static [&'static str],
    /// Endings of its variables for the user, beside those that are the same for all.
    pub user_words: &'static [&'static str],
    /// The same for the password.
    pub password_words: &'static [&'static str],
    /// The same for what [`Options::name`] is.
    pub name_words: &'static [&'static str],
    /// Its URLs have no login as a rule: what they leave out stands in the variables beside.
    pub login_beside_url: bool,
    /// What the names of its drivers, engines and backends contain, in small letters.
    pub drivers: &'static [&'static str],
    /// The interfaces of Juju's relations with it.
    pub interfaces: &'static [&'static str],
    /// What the names of its charms contain.
    pub charms: &'static [&'static str],
    /// The type of the check that speaks its protocol.
    pub check: Option<&'static str>,
    /// The options with which that check logs in, as a person lists them; `None` where an address is
    /// enough for a check that proves something.
    pub login: Option<&'static str>,
    /// What the parts of its URLs are called as options of that check.
    pub options: Options,
}

/// Ports; the first of each is the default.
#[derive(Clone, Copy)]
pub struct Ports {
    /// Without TLS, or with TLS that begins later.
    pub plain: &'static [KnownPort],
    /// With TLS from the first byte.
    pub tls: &'static [KnownPort],
}

/// A port that belongs to a service.
#[derive(Clone, Copy)]
pub struct KnownPort {
    /// The number.
    pub number: NonZero<u16>,
    /// The same as text.
    pub text: &'static str,
}

/// What a protocol needs below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// A connection (TCP, a Unix socket).
    Stream,
    /// Datagrams (UDP).
    Datagram,
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaker {
    /// The client asks first.
    Client,
    /// The server greets.
    Server,
}

/// How TLS begins, where the usual clients speak it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TlsStart {
    /// There is none.
    None,
    /// With the first byte.
    Implicit,
    /// After a word of the service's own protocol on the same port.
    Upgrade,
    /// With the first byte on a port of its own, after a word on the other.
    Either,
}

/// What says that a connection is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Nothing does.
    Plain,
    /// TLS after a word of the service's own protocol.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A scheme of URLs.
#[derive(Clone, Copy)]
pub struct Scheme {
    /// In small letters, without what follows a plus.
    pub name: &'static str,
    /// What it says of TLS.
    pub security: Security,
    /// It is that of other things, too: whether a URL is this service's is known only where the name
    /// of what holds it says so.
    pub vague: bool,
    /// All that follows is the path of a Unix socket.
    pub socket: bool,
}

/// What the parts of a URL, and whatever stands in their place elsewhere, are called as options of a
/// check. Host and port are `host` and `port` in all of them.
#[derive(Clone, Copy)]
pub struct Options {
    /// The user and the password, where the check logs in.
    pub login: Option<(&'static str, &'static str)>,
    /// Who clients are where nobody is named: user and password.
    pub guest: Option<&'static str>,
    /// What the path is called, if it is an option at all, and what it is where there is none.
    pub name: Option<(&'static str, Option<&'static str>)>,
    /// Options of the query, and what they are called in the check.
    pub query: &'static [(&'static str, &'static str)],
    /// What is the same in every check that is made from a URL.
    pub fixed: &'static [(&'static str, &'static str)],
    /// When `use_tls` is written.
    pub use_tls: UseTls,
}

/// When `use_tls` is written into a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UseTls {
    /// Never: the check has no such option.
    Never,
    /// Where it is on.
    WhenOn,
    /// Always: the check's own default is not that of its URLs.
    Always,
}

/// Why there is nothing to connect to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoServer {
    /// A file of this host.
    File,
    /// Inside of the application.
    Application,
    /// A service of a cloud, whose host is not said.
    Cloud,
}

/// What is named like a service and is not a server.
pub(super) struct NoServers {
    pub(super) why: NoServer,
    pub(super) schemes: &'static [&'static str],
    pub(super) drivers: &'static [&'static str],
}

impl Service {
    /// The port where it listens unless it is told otherwise; `None` where that is not known. Where
    /// TLS has no port of its own, it is spoken on the other one.
    #[must_use]
    pub const fn default_port(&self, security: Security) -> Option<KnownPort> {
        match (security, self.ports.tls, self.ports.plain) {
            (Security::Tls, [first, ..], _) | (_, _, [first, ..]) => Some(*first),
            _ => None,
        }
    }

    /// [`Service::default_port`] of a service that has one, for constants.
    ///
    /// # Panics
    /// When it has none, which the compiler finds.
    #[must_use]
    #[expect(clippy::panic, reason = "found when the constant is compiled")]
    pub const fn port(&self, security: Security) -> NonZero<u16> {
        match self.default_port(security) {
            Some(port) => port.number,
            None => panic!("the service has no default port"),
        }
    }

    /// The usual scheme of its URLs; where it has none, one that is called like it.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        match self.schemes {
            [first, ..] => *first,
            [] => Scheme::plain(self.id),
        }
    }

    /// The scheme of its URLs that means TLS from the first byte.
    #[must_use]
    pub fn tls_scheme(&self) -> Option<&'static Scheme> {
        self.schemes.iter().find(|scheme| scheme.security == Security::Tls)
    }

    /// Whether a charm of this name (in small letters) deploys it.
    #[must_use]
    pub fn is_charm(&self, charm: &str) -> bool {
        self.charms.iter().any(|part| charm.contains(part))
    }

    /// Whether the same check speaks to both.
    #[must_use]
    pub fn is_checked_like(&self, other: &Self) -> bool {
        self.check.is_some() && self.check == other.check
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Service {}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Ports {
    /// Whether the port is one of them.
    #[must_use]
    pub fn has(&self, port: u16) -> bool {
        self.has_plain(port) || self.has_tls(port)
    }

    /// Whether the port is one without TLS from the first byte.
    #[must_use]
    pub fn has_plain(&self, port: u16) -> bool {
        self.plain.iter().any(|known| known.number.get() == port)
    }

    /// Whether the port is one with TLS from the first byte.
    #[must_use]
    pub fn has_tls(&self, port: u16) -> bool {
        self.tls.iter().any(|known| known.number.get() == port)
    }
}
