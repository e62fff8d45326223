//! How the rows of the table are written down.

use super::row::{Juju, Options, Ports, Scheme, Security, Service, Speaker, TlsStart, Transport, UseTls, Variables};

impl Service {
    /// A service of which nothing else is known: clients speak first over a connection.
    pub(super) const fn new(id: &'static str, name: &'static str, described: &'static str) -> Self {
        Self {
            id,
            name,
            described,
            ports: Ports { plain: &[], tls: &[] },
            transport: Transport::Stream,
            speaks_first: Speaker::Client,
            tls: TlsStart::None,
            socket: None,
            schemes: &[],
            variables: Variables { words: &[], user: &[], password: &[], name: &[], beside_url: false },
            drivers: &[],
            juju: Juju { interfaces: &[], charms: &[], login: None },
            check: None,
            options: Options::USUAL,
        }
    }

    pub(super) const fn ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    pub(super) const fn datagrams(self) -> Self {
        Self { transport: Transport::Datagram, ..self }
    }

    pub(super) const fn greeting(self) -> Self {
        Self { speaks_first: Speaker::Server, ..self }
    }

    pub(super) const fn tls(self, tls: TlsStart) -> Self {
        Self { tls, ..self }
    }

    pub(super) const fn socket(self, path: &'static str) -> Self {
        Self { socket: Some(path), ..self }
    }

    pub(super) const fn schemes(self, schemes: &'static [Scheme]) -> Self {
        Self { schemes, ..self }
    }

    pub(super) const fn words(self, words: &'static [&'static str]) -> Self {
        Self { variables: Variables { words, ..self.variables }, ..self }
    }

    /// Endings of variables for the user, the password and the name.
    pub(super) const fn endings(
        self,
        user: &'static [&'static str],
        password: &'static [&'static str],
        name: &'static [&'static str],
    ) -> Self {
        Self { variables: Variables { user, password, name, ..self.variables }, ..self }
    }

    /// See [`Variables::beside_url`].
    pub(super) const fn login_beside_url(self) -> Self {
        Self { variables: Variables { beside_url: true, ..self.variables }, ..self }
    }

    pub(super) const fn drivers(self, drivers: &'static [&'static str]) -> Self {
        Self { drivers, ..self }
    }

    pub(super) const fn juju(self, interfaces: &'static [&'static str], charms: &'static [&'static str]) -> Self {
        Self { juju: Juju { interfaces, charms, ..self.juju }, ..self }
    }

    pub(super) const fn login(self, options: &'static str) -> Self {
        Self { juju: Juju { login: Some(options), ..self.juju }, ..self }
    }

    pub(super) const fn check(self, kind: &'static str) -> Self {
        Self { check: Some(kind), ..self }
    }

    pub(super) const fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }
}

impl Options {
    /// What most checks call them: a login, no name, `use_tls` where it is on.
    pub(super) const USUAL: Self = Self {
        login: Some(("username", "password")),
        guest: None,
        name: None,
        query: &[],
        fixed: &[],
        use_tls: UseTls::WhenOn,
    };

    /// Host and port, and nothing else.
    pub(super) const NONE: Self = Self { login: None, use_tls: UseTls::Never, ..Self::USUAL };
}

/// A scheme that says nothing of TLS.
pub(super) const fn plain(name: &'static str) -> Scheme {
    Scheme { name, security: Security::Plain, vague: false, socket: false }
}

/// A scheme that means TLS from the first byte.
pub(super) const fn tls(name: &'static str) -> Scheme {
    Scheme { security: Security::Tls, ..plain(name) }
}

/// A scheme that means TLS after a word of the service's own protocol.
pub(super) const fn starttls(name: &'static str) -> Scheme {
    Scheme { security: Security::StartTls, ..plain(name) }
}

impl Scheme {
    /// See [`Scheme::vague`](struct@Scheme).
    pub(super) const fn vague(self) -> Self {
        Self { vague: true, ..self }
    }

    /// See [`Scheme::socket`](struct@Scheme).
    pub(super) const fn socket(self) -> Self {
        Self { socket: true, ..self }
    }
}

/// `ports!(80, 8080)`, `ports!(80; 443)`: without TLS, and with TLS from the first byte.
macro_rules! ports {
    ($($plain:literal),* $(; $($tls:literal),*)?) => {
        Ports {
            plain: &[$(KnownPort { number: const { NonZero::new($plain).unwrap() }, text: stringify!($plain) }),*],
            tls: &[$($(KnownPort { number: const { NonZero::new($tls).unwrap() }, text: stringify!($tls) }),*)?],
        }
    };
}

pub(super) use ports;
