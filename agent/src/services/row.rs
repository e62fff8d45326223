//! What a row of the table says.

use super::upgrade::Upgrade;
use std::num::NonZero;

/// A service.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// One word in small letters; that of the check whose own service it is is its `type:`.
    pub id: &'static str,
    /// The short name: `PostgreSQL`.
    pub name: &'static str,
    /// Its server in a sentence, with its article: `a PostgreSQL server`.
    pub described: &'static str,
    /// Where it listens unless it is told otherwise.
    pub(crate) ports: Ports,
    /// What its protocol needs below.
    pub transport: Transport,
    /// Who says the first word on a connection without TLS.
    pub speaks_first: Speaker,
    /// How TLS begins.
    pub tls: TlsStart,
    /// How TLS is asked for on a connection that begins without it.
    pub(crate) upgrade: Option<Upgrade>,
    /// The setting of its servers that blocks a host after so many connections without a login from it.
    pub(crate) limit_of_strangers: Option<&'static str>,
    /// Its Unix socket, or the directory of it, where Debian's clients look when no host is named.
    pub(crate) socket: Option<&'static str>,
    /// The schemes of its URLs; the first one is the usual one.
    pub(crate) schemes: &'static [Scheme],
    /// Words that name it in variables of the environment, in capitals: `REDIS` of `REDIS_HOST`.
    pub(crate) words: &'static [&'static str],
    /// Endings of its variables for the user, beside those that are the same for all.
    pub(crate) user_words: &'static [&'static str],
    /// The same for the password.
    pub(crate) password_words: &'static [&'static str],
    /// The same for what [`Options::name`] is.
    pub(crate) name_words: &'static [&'static str],
    /// It is inside of HTTP, whichever check speaks to it.
    pub(crate) over_http: bool,
    /// Its URLs have no login as a rule: what they leave out stands in the variables beside.
    pub(crate) login_beside_url: bool,
    /// What the names of its drivers, engines and backends contain, in small letters.
    pub(crate) drivers: &'static [&'static str],
    /// The names of its servers' processes (`/proc/PID/comm`, 15 bytes of it).
    pub(crate) programs: &'static [&'static str],
    /// The interfaces of Juju's relations with it.
    pub(crate) interfaces: &'static [&'static str],
    /// The names of its charms, without endings that all have.
    pub(crate) charms: &'static [&'static str],
    /// The type of the check that speaks its protocol.
    pub check: Option<&'static str>,
    /// The options with which that check logs in, as a person lists them; `None` where an address is
    /// enough for a check that proves something.
    pub(crate) login: Option<&'static str>,
    /// What the parts of its URLs are called as options of that check.
    pub(crate) options: Options,
}

/// No two services have the same one.
impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Service {}

/// Ports; the first of each is the default.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ports {
    /// Without TLS, or with TLS that begins later.
    pub(crate) plain: &'static [KnownPort],
    /// With TLS from the first byte.
    pub(crate) tls: &'static [KnownPort],
}

/// A port that belongs to a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KnownPort {
    /// The number.
    pub(crate) number: NonZero<u16>,
    /// The same as text.
    pub(crate) text: &'static str,
}

/// What a protocol needs below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// A connection (TCP, a Unix socket).
    Stream,
    /// Datagrams (UDP).
    Datagram,
    /// Nothing: it is a part of this host, and nobody connects to it.
    Nothing,
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
pub(crate) enum Security {
    /// Nothing does.
    Plain,
    /// TLS after a word of the service's own protocol.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A scheme of URLs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Scheme {
    /// In small letters, without what follows a plus.
    pub(crate) name: &'static str,
    /// What it says of TLS.
    pub(crate) security: Security,
    /// It is that of other things, too: whether a URL is this service's is known only where the name
    /// of what holds it says so.
    pub(crate) vague: bool,
    /// All that follows is the path of a Unix socket.
    pub(crate) socket: bool,
}

/// What the parts of a URL, and whatever stands in their place elsewhere, are called as options of a
/// check. Host and port are `host` and `port` in all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Options {
    /// The user and the password, where the check logs in.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// Who clients are where nobody is named: user and password.
    pub(crate) guest: Option<&'static str>,
    /// What the path is called, if it is an option at all, and what it is where there is none.
    pub(crate) name: Option<(&'static str, Option<&'static str>)>,
    /// Options of the query, and what they are called in the check.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// What is the same in every check that is made from a URL.
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    /// When `use_tls` is written.
    pub(crate) use_tls: UseTls,
}

/// When `use_tls` is written into a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UseTls {
    /// Never: the check has no such option.
    Never,
    /// Where it is on.
    WhenOn,
    /// Always: the check's own default is not that of its URLs.
    Always,
}

/// Why there is nothing to connect to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoServer {
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
    pub(crate) const fn default_port(&self, security: Security) -> Option<KnownPort> {
        match (security, self.ports.tls, self.ports.plain) {
            (Security::Tls, [first, ..], _) | (_, _, [first, ..]) => Some(*first),
            _ => None,
        }
    }

    /// [`Service::default_port`] of a service that has one, for constants.
    #[expect(clippy::panic, reason = "found when the constant is compiled")]
    pub(crate) const fn port(&self, security: Security) -> NonZero<u16> {
        match self.default_port(security) {
            Some(port) => port.number,
            None => panic!("the service has no default port"),
        }
    }

    /// The usual scheme of its URLs; where it has none, one that is called like it.
    pub(crate) const fn scheme(&self) -> Scheme {
        match self.schemes {
            [first, ..] => *first,
            [] => Scheme::plain(self.id),
        }
    }

    /// The scheme of its URLs that means TLS from the first byte.
    pub(crate) fn tls_scheme(&self) -> Option<&'static Scheme> {
        self.schemes.iter().find(|scheme| scheme.security == Security::Tls)
    }

    /// Whether a charm of this name (in small letters) deploys it.
    pub(crate) fn is_charm(&self, charm: &str) -> bool {
        self.charms.iter().any(|name| super::is_name_of_charm(name, charm))
    }

    /// Whether it is asked over HTTP.
    pub(crate) fn is_over_http(&self) -> bool {
        self.over_http || self.check == Some(super::HTTP.id)
    }

    /// Whether the same check speaks to both.
    pub(crate) fn is_checked_like(&self, other: &Self) -> bool {
        self.check.is_some() && self.check == other.check
    }
}

impl Ports {
    /// Whether the port is one of them.
    pub(crate) fn has(&self, port: u16) -> bool {
        self.has_plain(port) || self.has_tls(port)
    }

    /// Whether the port is one without TLS from the first byte.
    pub(crate) fn has_plain(&self, port: u16) -> bool {
        self.plain.iter().any(|known| known.number.get() == port)
    }

    /// Whether the port is one with TLS from the first byte.
    pub(crate) fn has_tls(&self, port: u16) -> bool {
        self.tls.iter().any(|known| known.number.get() == port)
    }
}
