//! A memcached server that answers, and accepts the login.
//!
//! - Proves: the server speaks memcached's protocol and tells its version; with a login, that it
//!   accepts the user and password.
//! - Protocol: memcached's text protocol with its login
//!   (<https://github.com/memcached/memcached/blob/master/doc/protocol.txt>), and its binary protocol
//!   with SASL PLAIN (<https://docs.memcached.org/protocols/binarysasl/>, RFC 4616).
//! - Phases: resolve, connect, tls (with `use_tls`), protocol, auth (the login). Without a login
//!   `version` is sent, in text, as every server and proxy understands it. With one, the first message
//!   is of the binary protocol and asks for the version and the SASL mechanisms; its last two bytes
//!   end a line, so that a server of the text protocol takes all of it for one line without a sense.
//!   Whether a server wants a login, and which of the two, is thus known before the password is sent,
//!   once, over the one connection: a server without a login would store a text login as an item.
//!   That is one turn, and a second one for a login.
//! - Options: `host` (a name, an address, or the path of a Unix socket; required), `port` (11211),
//!   `username` and `password` (together), `use_tls` (false), and the TLS options of the `tls` check.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.*`, with `protocol.overloaded` (too many
//!   connections) and `protocol.not-ready` (`SERVER_ERROR`); `auth.rejected`, `auth.required` (text
//!   login; a server with SASL closes: `protocol.closed`, which says so), `auth.method-unsupported`
//!   (SASL without PLAIN). A login that the server does not need is the warning `auth.not-needed`.
//! - Does not check: whether anything can be stored, which would leave something behind. A Redis in
//!   the place of a server with a login is not named, but silent: it takes no line with a zero byte.
//!
//! ```
//! # use conn_check::config::{load, Defaults, Source};
//! # let text = r"
//! - type: memcached
//!   host: cache.internal
//!   port: 11211
//! # ";
//! # let source = Source { name: "example".into(), text: text.into() };
//! # load(&source, Defaults { timeout: std::time::Duration::from_secs(10) }, true).unwrap();
//! ```

mod binary;
mod server;
mod text;

use crate::checks::{Check, ResultName};
use crate::config::{Diagnostic, Fields, Word};
use crate::net::identify::Protocol;
use crate::net::{Endpoint, Place, TlsOptions, Wire};
use crate::outcome::WarningKind;
use crate::phase::Phase;
use crate::probe::{Probe, Stop};
use crate::secret::Secret;
use server::{Server, Wants};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Memcache {
    place: Place,
    login: Option<Login>,
    tls: Option<TlsOptions>,
}

/// Who logs in.
#[derive(Clone, Debug)]
struct Login {
    user: String,
    password: Secret<String>,
}

impl Check for Memcache {
    const TYPE: &'static str = "memcache";
    const ALIASES: &'static [&'static str] = &["memcached"];
    const ABOUT: &'static str = "A memcached server answers, and accepts the login.";

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let place = Place::parse(fields, "11211");
        let login = Login::parse(fields);
        let use_tls = fields.or::<bool>("use_tls", "false", "TLS from the first byte.");
        let tls = TlsOptions::parse(fields);
        let place = place?;
        if use_tls {
            place.refuse_tls(fields);
        }
        Some(Self { place, login: login?, tls: Some(tls?).filter(|_| use_tls) })
    }

    fn target(&self) -> String {
        self.place.to_string()
    }

    fn results(&self) -> Vec<ResultName> {
        ResultName::of_store(Self::TYPE, &self.place, self.login.is_some())
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.place.endpoints()
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Protocol::Memcached);
        let mut server = Server::new(self.connect(probe).await?, self.tls.is_some());
        let version = match &self.login {
            None => probe.phase(Phase::Protocol, server.version()).await?,
            Some(login) => login.verify(&mut server, probe).await?,
        };
        probe.fact("server_version", probe.clean(&version));
        Ok(())
    }
}

impl Memcache {
    async fn connect(&self, probe: &mut Probe) -> Result<Wire, Stop> {
        let wire = probe.reach(&self.place).await?;
        let Some(endpoint) = self.place.endpoint() else { return Ok(wire) };
        probe.passed()?;
        match &self.tls {
            Some(options) => Ok(probe.tls(wire, options, &endpoint.host, &[]).await?),
            None => Ok(wire),
        }
    }
}

impl Login {
    /// Asks for the login; `Some(None)` when none is configured.
    #[expect(clippy::option_option, reason = "the outer one is that of every parser: a problem was noted")]
    fn parse(fields: &mut Fields<'_>) -> Option<Option<Self>> {
        let user = fields.optional::<Word>("username", "User, for SASL or the text protocol's login.");
        let password = fields.optional::<Secret<String>>("password", "The user's password.");
        let (given, missing) = match (user, password) {
            (Some(user), Some(password)) => return Some(Some(Self { user: user.0, password })),
            (Some(_), None) if !fields.has("password") => ("username", "password"),
            (None, Some(_)) if !fields.has("username") => ("password", "username"),
            _ => return Some(None),
        };
        let span = fields.span_of(given);
        let message = format!("`{given}` without `{missing}`");
        fields.note(Diagnostic::error("missing-key", span, message).help(format!("add `{missing}:`")));
        None
    }

    /// Logs in where the server wants it, and returns its version.
    async fn verify(&self, server: &mut Server, probe: &mut Probe) -> Result<String, Stop> {
        let (user, password) = (&self.user, self.password.expose());
        match probe.phase(Phase::Protocol, server.wants()).await? {
            Wants::Nothing { version } => {
                let message = "a login is configured, and the server wants none: anybody gets in";
                probe.warn(WarningKind::AuthNotNeeded, message);
                Ok(version)
            }
            Wants::TextLogin => Ok(probe.phase(Phase::Auth, server.log_in_by_text(user, password)).await?),
            Wants::Sasl { version, mechanisms } => {
                probe.phase(Phase::Auth, server.log_in_by_sasl(&mechanisms, user, password)).await?;
                Ok(version)
            }
        }
    }
}
