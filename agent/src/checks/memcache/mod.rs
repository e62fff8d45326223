//! A memcached server that answers, and accepts the login.
//!
//! - Proves: the server speaks memcached's protocol, and tells its version where it knows the command
//!   (`ERROR`, memcached's own word for one that it does not know, is an answer too); with a login, that
//!   it accepts the user and password.
//! - Protocol: memcached's text protocol with its login
//!   (<https://github.com/memcached/memcached/blob/master/doc/protocol.txt>), and its binary protocol
//!   with SASL PLAIN (<https://docs.memcached.org/protocols/binarysasl/>, RFC 4616).
//! - Phases: resolve, connect, tls (with `use_tls`), protocol, auth (the login). Without a login
//!   `version` is sent, in text, as every server and proxy understands it. With one, the first message
//!   is of the binary protocol and asks for the version and the SASL mechanisms; its last two bytes
//!   end a line, so that a server of the text protocol takes all of it for one line without a sense.
//!   Whether a server wants a login, and which of the two, is thus known before the password is sent,
//!   once, over the one connection: a server without a login would store a text login as an item.
//!   That is one round trip, and a second one for a login.
//! - Options: see [`Memcache::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.*`, with `protocol.overloaded` (too many
//!   connections) and `protocol.not-ready` (`SERVER_ERROR`); `auth.rejected`, `auth.required` (text
//!   login; a server with SASL closes: `protocol.closed`, which says so), `auth.method-unsupported`
//!   (SASL without PLAIN). A login that the server does not need is the warning `auth.not-needed`.
//!   With `roundtrip`, `request.full` (out of memory) and `request.unexpected-reply`.
//! - With `roundtrip`, an item that nobody has is added, read and deleted, one round trip each; it ends by itself
//!   where the check is broken off before that.
//! - Does not check: whether anything can be stored, without `roundtrip`. A Redis in
//!   the place of a server with a login is not named, but silent: it takes no line with a zero byte.

mod binary;
mod client;
mod text;

use crate::checks::roundtrip::{Item, asked};
use crate::checks::{Check, Profile};
use crate::net::{Target, TlsOptions};
use crate::phase::Phase;
use crate::probe::{Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Noted, Word, target, tls_of_target};
use client::{MemcachedClient, Wants};
use std::time::Duration;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Memcache {
    target: Target,
    login: Option<Credentials>,
    tls: Option<TlsOptions>,
    roundtrip: bool,
}

impl Check for Memcache {
    const TYPE: &'static str = "memcache";
    const SERVICE: &'static Service = &services::MEMCACHED;
    const ALIASES: &'static [&'static str] = &["memcached"];
    const ABOUT: &'static str = "A memcached server answers, and accepts the login.";
    const TRACE: &'static str =
        "Nothing in the log; its counters have one connection more, and no key that was asked for.";
    const EXAMPLE: &'static str = "\
- type: memcache
  host: cache.internal
  port: 11211
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let target = target(fields, Self::SERVICE);
        let login = Credentials::optional::<Word>(
            fields,
            "User, for SASL or the text protocol's login.",
            "The user's password.",
        );
        let use_tls = fields.or::<bool>("use_tls", "false", "TLS from the first byte.");
        let roundtrip =
            asked(fields, "Add, read and delete an item that nobody has (conn-check:..., which ends by itself).");
        let tls = tls_of_target(fields, use_tls, &target);
        Ok(Self { target: target?, login: login?, tls: Some(tls?).filter(|_| use_tls), roundtrip })
    }

    fn profile(&self) -> Profile {
        Profile::of_store(Self::TYPE, &self.target, self.login.is_some())
            .distinct("username", self.login.as_ref().map(|login| &login.user))
            .distinct("roundtrip", Some(true).filter(|_| self.roundtrip))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let mut client = MemcachedClient::new(probe.reach(&self.target, self.tls.as_ref()).await?);
        let version = match &self.login {
            None => probe.phase(Phase::Protocol, client.version()).await?,
            Some(login) => self.log_in(login, &mut client, probe).await?,
        };
        if let Some(version) = version {
            probe.fact("server_version", probe.clean(&version));
        }
        if self.roundtrip {
            let left = probe.left();
            // It is a moment's work, which is not broken off; and what is added ends by itself.
            let _debt = probe.owe(Duration::ZERO).await;
            probe.phase(Phase::Request, async { client.round_trip(&Item::new(left)?).await }).await?;
        }
        Ok(())
    }
}

impl Memcache {
    /// Logs in where the server wants it, and returns its version where it tells.
    async fn log_in(
        &self,
        login: &Credentials,
        client: &mut MemcachedClient,
        probe: &mut Probe,
    ) -> Result<Option<String>, Stop> {
        let (user, password) = (&login.user, login.password.expose());
        match probe.phase(Phase::Protocol, client.wants()).await? {
            Wants::Nothing { version } => {
                probe.warn_of_unneeded_login();
                Ok(version)
            }
            Wants::TextLogin => {
                probe.note_login();
                Ok(probe.phase(Phase::Auth, client.log_in_by_text(user, password)).await?)
            }
            Wants::Sasl { version, mechanisms } => {
                probe.note_login();
                probe.phase(Phase::Auth, client.log_in_by_sasl(&mechanisms, user, password)).await?;
                Ok(Some(version))
            }
        }
    }
}
