//! A Redis server that accepts the login and serves commands.
//!
//! - Proves: the server speaks Redis' protocol, accepts the user and password, and is ready to serve
//!   (not loading, not busy, not cut off from its primary, able to save); that the database is there,
//!   that the server is the primary or a replica, and that a key exists and may be read, where
//!   `database`, `role` and `key` ask for it.
//! - Protocol: RESP2 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), Redis 2.8 and
//!   later and what speaks like it; ACL users from Redis 6 on.
//! - Phases: resolve, connect, tls (with `use_tls`), protocol (everything is sent; the first answer),
//!   auth (the verdict on `AUTH`), request (the other answers). What is sent, in one piece: `AUTH`
//!   with a login, `PING`, `HELLO` (version and role, for every user), `SELECT` with a database other
//!   than 0, `EXISTS` with a key. A server without `HELLO` (before Redis 6) is asked for its role by
//!   `ROLE`, which costs one more round trip. Nothing is written.
//! - Options: see [`Redis::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.*`, with `protocol.not-ready` (LOADING,
//!   MASTERDOWN, BUSY, CLUSTERDOWN) and `protocol.overloaded` (maxclients); `auth.rejected`,
//!   `auth.required`, `auth.host-not-allowed` (protected mode), `auth.method-unsupported` (a user name
//!   before Redis 6); `request.no-such-database`, `request.permission-denied`, `request.read-only` (a
//!   replica where the primary is wanted), `request.unexpected-reply` (a primary where a replica is
//!   wanted, a key that is not there, any other error). A login that the server does not need is the
//!   warning `auth.not-needed`. A user without the right to `PING` passes: that the server says so
//!   proves the login, and more was not asked.
//! - Does not check: sentinels, the other nodes of a cluster, and whether anything can be written.
//!
//! Commands are packed and answers parsed by the redis crate, over the probe's stream. Its
//! `MultiplexedConnection` cannot be used: it keeps the answers of a pipeline back until the last
//! is there, so that of a server that says one thing and closes (`max number of clients reached`,
//! protected mode) only the closing is left, and of an I/O error only that there was one.

mod client;
mod refusal;
mod role;

use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::{Target, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::secret::sentence;
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Noted, Word, target, tls_of_target};
use client::RespClient;
use redis::{Pipeline, Value};
use role::{Role, ServerInfo};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Redis {
    target: Target,
    login: Option<Credentials>,
    tls: Option<TlsOptions>,
    database: u32,
    role: Option<Role>,
    key: Option<Word>,
}

impl Check for Redis {
    const TYPE: &'static str = "redis";
    const SERVICE: &'static Service = &services::REDIS;
    const ABOUT: &'static str = "A Redis server accepts the login and serves commands.";
    const TRACE: &'static str = "Nothing at the usual level; ACL LOG and the counters have a login that is refused.";
    const EXAMPLE: &'static str = "\
- type: redis
  host: cache.internal
  username: app
  password: s3cret
  database: 3
  role: primary
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let target = target(fields, Self::SERVICE);
        let login = Credentials::of_password::<Word>(
            fields,
            "ACL user, Redis 6 and later. Default: the default user.",
            "The user's password.",
        );
        let use_tls = fields.or::<bool>("use_tls", "false", "TLS from the first byte.");
        let database = fields.or::<u32>("database", "0", "Number of the database, which must be there.");
        let role = fields.optional("role", "`primary` or `replica`: what the server must be.");
        let key = fields.optional("key", "A key that must exist and that the user may read.");
        let tls = tls_of_target(fields, use_tls, &target);
        Ok(Self { target: target?, login: login?, tls: Some(tls?).filter(|_| use_tls), database, role, key })
    }

    fn profile(&self) -> Profile {
        let user = self.login.as_ref().map(|login| &login.user);
        Profile::of_store(Self::TYPE, &self.target, self.login.is_some())
            .distinct("username", user.filter(|user| !user.is_empty()))
            .distinct("database", Some(self.database).filter(|number| *number != 0))
            .distinct("role", self.role.map(Role::slug))
            .distinct("key", self.key.as_ref().map(|Word(key)| key))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let mut client = RespClient::new(
            probe.reach(&self.target, self.tls.as_ref()).await.map_err(|stop| self.with_reason_for_silence(stop))?,
        );
        self.enter(&mut client, probe).await?;
        let mut server = ServerInfo::default();
        let examined = probe.phase(Phase::Request, self.examine(&mut client, &mut server)).await;
        server.report(probe);
        Ok(examined?)
    }
}

impl Redis {
    /// Redis without TLS takes the beginning of a handshake for a command that is not all there yet. Where there is
    /// a login, doing without TLS is no advice.
    fn with_reason_for_silence(&self, stop: Stop) -> Stop {
        let Stop::Failed(failure) = stop else { return stop };
        let plain = if self.login.is_some() {
            "then switch TLS on there (tls-port), or take the port that has it"
        } else {
            "then `use_tls: false` is right"
        };
        let next_step = format!(
            "check whether this port has TLS at all: a Redis without TLS is silent too, and {plain}; otherwise check \
             whether the service hangs, the MTU, and middleboxes on the way"
        );
        Stop::Failed(failure.advise(Phase::Tls, Cause::Timeout, &next_step))
    }

    fn commands(&self) -> Pipeline {
        let mut commands = redis::pipe();
        if let Some(login) = &self.login {
            commands.cmd("AUTH");
            if let Some(user) = named(login) {
                commands.arg(user);
            }
            commands.arg(login.password.expose());
        }
        commands.cmd("PING").cmd("HELLO");
        if self.database != 0 {
            commands.cmd("SELECT").arg(self.database);
        }
        if let Some(key) = &self.key {
            commands.cmd("EXISTS").arg(&key.0);
        }
        commands
    }

    /// Sends the commands, and judges the answers to `AUTH` and `PING`.
    async fn enter(&self, client: &mut RespClient, probe: &mut Probe) -> Result<(), Stop> {
        let (commands, tls) = (self.commands(), self.tls.is_some());
        let Some(login) = &self.login else {
            let pong = async { refusal::of_ping(&client.begin(&commands, tls).await?) };
            return Ok(probe.phase(Phase::Protocol, pong).await?);
        };
        let answer = probe.phase(Phase::Protocol, client.begin(&commands, tls)).await?;
        let mut needed = true;
        let judged = async {
            needed = refusal::of_login(&answer, named(login))?;
            refusal::of_ping(&client.answer().await?)
        };
        probe.note_login();
        probe.phase(Phase::Auth, judged).await?;
        if !needed {
            probe.warn_of_unneeded_login();
        }
        Ok(())
    }

    /// Judges the other answers, in the order of [`Redis::commands`].
    async fn examine(&self, client: &mut RespClient, server: &mut ServerInfo) -> Result<(), Fault> {
        server.learn(&client.answer().await?);
        if self.database != 0 {
            refusal::of_select(&client.answer().await?, self.database)?;
        }
        if let Some(key) = &self.key {
            found(&client.answer().await?, key)?;
        }
        match self.role {
            Some(role) => role.verify(server, client).await,
            None => Ok(()),
        }
    }
}

/// The user as `AUTH` names it. The default user is not named: servers before Redis 6 know no names,
/// and later ones then tell when this user has no password.
fn named(login: &Credentials) -> Option<&str> {
    Some(login.user.as_str()).filter(|name| !matches!(*name, "" | "default"))
}

fn found(answer: &Value, key: &Word) -> Result<(), Fault> {
    match answer {
        Value::Int(1..) => Ok(()),
        Value::Int(_) => Err(Fault::new(Cause::UnexpectedReply, sentence!["the key ", &key.0, " does not exist"])
            .evidence("EXISTS: 0")
            .owner(Owner::Service)
            .next_step("check whether the program that writes the key has run, and used this database; otherwise correct `key`")),
        other => Err(refusal::of(other, "EXISTS")),
    }
}
