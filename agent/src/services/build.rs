//! How the rows of the table are written down.

use super::row::{Options, Ports, Scheme, Security, Service, Speaker, TlsStart, Transport, UseTls};
use super::upgrade::Upgrade;

/// A method for each field, of its name.
macro_rules! setters {
    ($($field:ident: $type:ty),*) => {
        $(pub(super) const fn $field(self, $field: $type) -> Self { Self { $field, ..self } })*
    };
}

impl Service {
    /// A service of which nothing else is known: clients speak first over a connection.
    pub(super) const fn new(id: &'static str, name: &'static str, described: &'static str, ports: Ports) -> Self {
        Self {
            id,
            name,
            described,
            ports,
            transport: Transport::Stream,
            speaks_first: Speaker::Client,
            tls: TlsStart::None,
            upgrade: None,
            limit_of_strangers: None,
            socket: None,
            schemes: &[],
            words: &[],
            user_words: &[],
            password_words: &[],
            name_words: &[],
            login_beside_url: false,
            drivers: &[],
            programs: &[],
            interfaces: &[],
            charms: &[],
            check: None,
            login: None,
            options: Options::USUAL,
        }
    }

    /// Something of this host, with a check of its own, to which nobody connects.
    pub(super) const fn of_host(id: &'static str, described: &'static str) -> Self {
        const NONE: Ports = Ports { plain: &[], tls: &[] };
        let own = Self { options: Options::NONE, transport: Transport::Nothing, ..Self::new(id, id, described, NONE) };
        own.check(id, None)
    }

    setters! {
        transport: Transport, speaks_first: Speaker, tls: TlsStart, socket: Option<&'static str>,
        user_words: &'static [&'static str], password_words: &'static [&'static str],
        name_words: &'static [&'static str], login_beside_url: bool, drivers: &'static [&'static str],
        programs: &'static [&'static str], options: Options, upgrade: Option<Upgrade>,
        limit_of_strangers: Option<&'static str>
    }

    pub(super) const fn named(self, schemes: &'static [Scheme], words: &'static [&'static str]) -> Self {
        Self { schemes, words, ..self }
    }

    pub(super) const fn juju(self, interfaces: &'static [&'static str], charms: &'static [&'static str]) -> Self {
        Self { interfaces, charms, ..self }
    }

    /// Inside of TLS.
    pub(super) const fn secure(self) -> Self {
        self.tls(TlsStart::Implicit)
    }

    /// Inside of HTTP.
    pub(super) const fn over_http(self) -> Self {
        self.secure().check("http", None)
    }

    /// The check that speaks its protocol, and the options with which that logs in.
    pub(super) const fn check(self, kind: &'static str, login: Option<&'static str>) -> Self {
        Self { check: Some(kind), login, ..self }
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

impl Scheme {
    /// One that says nothing of TLS.
    pub(super) const fn plain(name: &'static str) -> Self {
        Self { name, security: Security::Plain, vague: false, socket: false }
    }

    /// One that means TLS from the first byte.
    pub(super) const fn tls(name: &'static str) -> Self {
        Self { security: Security::Tls, ..Self::plain(name) }
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

/// `schemes!("amqp", "pyamqp"; "amqps")`: those that say nothing of TLS, and those that mean it; with
/// `vague` before them, see [`Scheme::vague`](struct@Scheme).
macro_rules! schemes {
    (vague $($plain:literal),* $(; $($tls:literal),*)?) => {
        &[
            $(Scheme { vague: true, ..Scheme::plain($plain) },)*
            $($(Scheme { vague: true, ..Scheme::tls($tls) },)*)?
        ]
    };
    ($($plain:literal),* $(; $($tls:literal),*)?) => {
        &[$(Scheme::plain($plain),)* $($(Scheme::tls($tls),)*)?]
    };
}

pub(super) use {ports, schemes};
