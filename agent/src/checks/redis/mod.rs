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
//!   with a login, `PING`, `HELLO` (version, role and mode, for every user), `SELECT` with a database
//!   other than 0, `EXISTS` with a key; without a key and as the default user, `WATCH` of one, which shows
//!   whether a cluster serves keys, and changes and counts nothing. A server without `HELLO` (before Redis
//!   6) is asked for its role by `ROLE`, which costs one more round trip. `HELLO` and `WATCH` fail no check
//!   whose `PING` was answered: a proxy that ends the connection at them (twemproxy) is asked once more
//!   without them, on another connection. Nothing is written, but with `roundtrip` a key that nobody has, by `SET NX EX`,
//!   `GET` and `DEL`, one round trip each; it ends by itself where the check is broken off before the last.
//! - Options: see [`Redis::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.*`, with `protocol.not-ready` (LOADING,
//!   MASTERDOWN, BUSY, CLUSTERDOWN) and `protocol.overloaded` (maxclients); `auth.rejected`,
//!   `auth.required`, `auth.host-not-allowed` (protected mode), `auth.method-unsupported` (a user name
//!   before Redis 6); `request.no-such-database`, `request.permission-denied`, `request.full` (OOM), `request.read-only` (a
//!   replica where the primary is wanted), `request.unexpected-reply` (a primary where a replica is
//!   wanted, a key that is not there, any other error); `protocol.wrong-service` (a Sentinel). A login that
//!   the server does not need is the warning `auth.not-needed`. A user without the right to `PING` passes, and
//!   so does a server that has renamed it: that the server says so proves the login, and more was not asked.
//! - With `sentinel`, host and port are a sentinel's. It is asked first (`SENTINEL GET-MASTER-ADDR-BY-NAME`),
//!   with a login of its own; all the rest is said to the primary that it names, which must be one. With
//!   `cluster`, `CLUSTER SLOTS` is one more turn, and each node is connected to and logged in at.
//! - Does not check: the other nodes of a cluster without `cluster`, the other sentinels (each can have a
//!   check), and without `roundtrip` whether anything can be written.
//!
//! Commands are packed and answers parsed by the redis crate, over the probe's stream. Its
//! `MultiplexedConnection` cannot be used: it keeps the answers of a pipeline back until the last
//! is there, so that of a server that says one thing and closes (`max number of clients reached`,
//! protected mode) only the closing is left, and of an I/O error only that there was one.

mod agreement;
mod client;
mod cluster;
mod refusal;
mod role;
mod roundtrip;
mod sentinel;
mod session;

use crate::checks::role::Role;
use crate::checks::roundtrip::asked;
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::{Endpoint, Host, Port, Target, TlsOptions, Wire, within};
use crate::probe::{Probe, Stop};
use crate::remedy;
use crate::secret::sentence;
use crate::services::{self, Security, Service};
use crate::settings::{Credentials, Fields, HOST_OR_SOCKET, HostOrSocket, Noted, Word, tls_of_target};
pub(in crate::checks) use client::RespClient;
use client::{Again, Command};
use redis::{Cmd, Value};
use role::ServerInfo;
use sentinel::Sentinel;
pub(in crate::checks) use session::refused;
use std::time::Duration;

/// How long an answer on which nothing depends is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The key of a question that only asks whether keys are served.
const ANY_KEY: &str = "conn-check";

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Redis {
    target: Target,
    login: Option<Credentials>,
    /// At the target: Redis itself, or a sentinel.
    tls_at_first: Option<TlsOptions>,
    /// At Redis.
    tls: Option<TlsOptions>,
    database: u32,
    role: Option<Role>,
    key: Option<Word>,
    roundtrip: bool,
    sentinel: Option<Sentinel>,
    /// All of the cluster is looked at.
    cluster: bool,
    /// Another check goes on from here.
    goes_on: bool,
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
        let host = fields.required::<HostOrSocket>("host", HOST_OR_SOCKET);
        let port = fields.optional::<Port>("port", "TCP port. Default: 6379; with `sentinel`, that of sentinels.");
        let login = Credentials::of_password::<Word>(
            fields,
            "ACL user, Redis 6 and later. Default: the default user.",
            "The user's password.",
        );
        let use_tls = fields.or::<bool>("use_tls", "false", "TLS from the first byte.");
        let database = fields.or::<u32>("database", "0", "Number of the database, which must be there.");
        let role = fields.optional("role", "`primary` or `replica`: what the server must be.");
        let key = fields.optional("key", "A key that must exist and that the user may read.");
        let roundtrip = asked(
            fields,
            "Set, read and delete a key that nobody has (conn-check:..., which ends by itself), at a primary.",
        );
        let sentinel = Sentinel::parse(fields);
        let cluster = fields.or::<bool>(
            "cluster",
            "false",
            "The server is a node of a cluster: every slot must be served, and every node must let us in.",
        );
        let usual = if fields.has("sentinel") { &services::SENTINEL } else { Self::SERVICE };
        let target = host.map(|host| host.at(port.unwrap_or(usual.port(Security::Plain))));
        let of_sentinel = sentinel.as_ref().ok().and_then(|sentinel| sentinel.as_ref()?.use_tls).unwrap_or(use_tls);
        let tls = tls_of_target(fields, use_tls || of_sentinel, &target);
        let (target, sentinel) = (target?, sentinel?);
        let (login, all_tls) = (login?, tls?);
        let tls_at_first = Some(all_tls.clone()).filter(|_| of_sentinel);
        let tls = Some(all_tls).filter(|_| use_tls);
        let goes_on = false;
        let check =
            Self { target, login, tls_at_first, tls, database, role, key, roundtrip, sentinel, cluster, goes_on };
        check.agrees(fields).map(|()| check)
    }

    fn profile(&self) -> Profile {
        let user = self.login.as_ref().map(|login| &login.user);
        let unnamed = match &self.sentinel {
            Some(_) => Some("the primary that the sentinel names, on port 6379 as a rule"),
            None => self.cluster.then_some("the nodes of the cluster that this one names"),
        };
        let profile = Profile::of_store(Self::TYPE, &self.target, self.login.is_some());
        Profile { unnamed: unnamed.map(str::to_owned), ..profile }
            .distinct("username", user.filter(|user| !user.is_empty()))
            .distinct("database", Some(self.database).filter(|number| *number != 0))
            .distinct("role", self.role.map(Role::slug))
            .distinct("key", self.key.as_ref().map(|Word(key)| key))
            .distinct("sentinel", self.sentinel.as_ref().map(|sentinel| &sentinel.name))
            .distinct("cluster", Some(true).filter(|_| self.cluster))
            .distinct("roundtrip", Some(true).filter(|_| self.roundtrip))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(if self.sentinel.is_some() { &services::SENTINEL } else { Self::SERVICE });
        let wire = probe.reach(&self.target, self.tls_at_first.as_ref()).await;
        let wire = wire.map_err(|stop| self.with_reason_for_silence(stop))?;
        let Some(sentinel) = &self.sentinel else { return self.at(wire, probe, self.target.host()).await };
        if sentinel.has_login() {
            probe.note_login();
        }
        let primary = sentinel.primary(probe, &mut Sentinel::client(wire)).await?;
        probe.expect(Self::SERVICE);
        let name = probe.clean(&sentinel.name);
        let entered = self.at_primary(&primary, probe).await;
        entered.map_err(|stop| sentinel::at_the_primary(stop, &primary, self.target.host(), &name))
    }
}

impl Redis {
    /// What the server must be.
    fn wanted_role(&self) -> Option<Role> {
        if self.sentinel.is_some() || self.roundtrip { Some(Role::Primary) } else { self.role }
    }

    /// The same at the primary that a sentinel names.
    async fn at_primary(&self, primary: &Endpoint, probe: &mut Probe) -> Result<(), Stop> {
        let wire = self.connect_to(primary, probe).await.map_err(sentinel::unreached)?;
        self.at(wire, probe, Some(&primary.host)).await
    }

    /// A connection to the primary, which is no result of its own.
    async fn connect_to(&self, primary: &Endpoint, probe: &mut Probe) -> Result<Wire, Failure> {
        let wire = probe.open(primary).await?;
        match &self.tls {
            Some(options) => probe.tls(wire, options, &primary.host, &[]).await,
            None => Ok(wire),
        }
    }

    /// All that is said to Redis itself.
    async fn at(&self, wire: Wire, probe: &mut Probe, host: Option<&Host>) -> Result<(), Stop> {
        let (mut client, _) = self.served(wire, probe, host).await?;
        if self.roundtrip {
            let left = probe.left();
            // It is a moment's work, which is not broken off; and what is set ends by itself.
            let _debt = probe.owe(Duration::ZERO).await;
            let round_trip = async {
                let done = roundtrip::perform(&mut client, left).await;
                done.map_err(|fault| self.permitted(fault, &["set", "get", "del"], Some("conn-check:*")))
            };
            probe.phase(Phase::Request, round_trip).await?;
        }
        if self.cluster {
            self.enter_all(&mut client, probe, host).await?;
        }
        Ok(())
    }

    /// The login, and what is asked with it; and whether the server knows `HELLO`.
    async fn served<'a>(
        &'a self,
        wire: Wire,
        probe: &mut Probe,
        host: Option<&'a Host>,
    ) -> Result<(RespClient<'a>, bool), Stop> {
        let mut client = RespClient::new(wire);
        self.enter(&mut client, probe, host).await?;
        let mut server = ServerInfo::default();
        let patience = probe.share(1).min(PATIENCE);
        let examined = probe.phase(Phase::Request, self.examine(&mut client, &mut server, patience)).await;
        server.report(probe);
        examined?;
        Ok((client, server.has_told()))
    }

    /// Enters every node of the cluster.
    async fn enter_all(
        &self,
        client: &mut RespClient<'_>,
        probe: &mut Probe,
        asked: Option<&Host>,
    ) -> Result<(), Failure> {
        let dialer = probe.dialer();
        let layout = probe.phase(Phase::Request, cluster::layout(client, asked)).await?;
        probe.fact("cluster_nodes", layout.nodes.len());
        let entrance = cluster::Entrance { dialer, tls: self.tls.clone(), login: self.login.clone() };
        // Boxed: it must not make every check that much larger.
        Box::pin(cluster::enter_all(probe, entrance, &layout.nodes, asked)).await
    }

    /// Redis without TLS takes the beginning of a handshake for a command that is not all there yet. Where there is
    /// a login, doing without TLS is no advice.
    fn with_reason_for_silence(&self, stop: Stop) -> Stop {
        let Stop::Failed(failure) = stop else { return stop };
        let plain = match (&self.sentinel, &self.login) {
            (Some(_), _) => "then `sentinel_use_tls: false` is right for the sentinel",
            (None, Some(_)) => "then switch TLS on there (tls-port), or take the port that has it",
            (None, None) => "then `use_tls: false` is right",
        };
        let next_step = format!(
            "check whether this port has TLS at all: a Redis without TLS is silent too, and {plain}; otherwise check \
             whether the service hangs, the MTU, and middleboxes on the way"
        );
        let failure = failure.advise(Phase::Tls, Cause::Timeout, &next_step);
        Stop::Failed(if self.sentinel.is_some() {
            failure.advise(
                Phase::Tls,
                Cause::NotTls,
                if self.tls.is_some() {
                    "write `sentinel_use_tls: false` where Redis has TLS and the sentinel has none; else `use_tls: false`"
                } else {
                    "write `sentinel_use_tls: false`, or name the port where the sentinel speaks TLS"
                },
            )
        } else {
            failure
        })
    }

    /// What is sent, in one flight; see [`RespClient`] for the spare ones.
    fn flight(&self) -> Vec<Command> {
        let mut flight = Vec::new();
        if let Some(login) = &self.login {
            flight.push(Command::new("AUTH", auth(login)));
        }
        flight.push(Command::new("PING", redis::cmd("PING")));
        flight.push(Command::spare("HELLO", redis::cmd("HELLO"), None));
        if self.database != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(self.database);
            flight.push(Command::new("SELECT", select));
        }
        if let Some(Word(key)) = &self.key {
            flight.push(Command::new("EXISTS", of_key("EXISTS", key)));
        } else if self.asks_for_any_key() {
            flight.push(Command::spare("WATCH", of_key("WATCH", ANY_KEY), Some(of_key("EXISTS", ANY_KEY))));
        }
        flight
    }

    /// Whether somebody serves keys is asked for as the default user only: another may be without the right to the key,
    /// and each refusal stands in the server's `ACL LOG`.
    fn asks_for_any_key(&self) -> bool {
        self.login.as_ref().and_then(named).is_none()
    }

    /// Whether anything was asked for that stands behind the login.
    const fn wants_more(&self) -> bool {
        self.goes_on
            || self.database != 0
            || self.key.is_some()
            || self.role.is_some()
            || self.sentinel.is_some()
            || self.cluster
            || self.roundtrip
    }

    /// Sends the commands, and judges the answers to `AUTH` and `PING`.
    async fn enter<'a>(
        &'a self,
        client: &mut RespClient<'a>,
        probe: &mut Probe,
        host: Option<&'a Host>,
    ) -> Result<(), Stop> {
        let tls = self.tls.as_ref().zip(host);
        let again = Some(Again { dialer: probe.dialer(), tls });
        let flight = self.flight();
        let Some(login) = &self.login else {
            let pong = async { refusal::of_ping(&client.begin(flight, again).await?) };
            let pong = async { pong.await.map_err(|fault| self.with_password(fault)) };
            return Ok(probe.phase(Phase::Protocol, pong).await?);
        };
        let answer = probe.phase(Phase::Protocol, client.begin(flight, again)).await?;
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

    /// Judges the other answers, in the order of [`Redis::flight`]. What the server says about itself fails nothing by
    /// not coming: it has answered to a PING.
    async fn examine(
        &self,
        client: &mut RespClient<'_>,
        server: &mut ServerInfo,
        patience: Duration,
    ) -> Result<(), Fault> {
        let hello = if self.wants_more() {
            client.answer().await?
        } else {
            match within(patience, client.answer()).await {
                Some(Ok(hello)) => hello,
                _ => return Ok(()),
            }
        };
        refusal::of_spare(&hello, "HELLO").map_err(|fault| self.with_password(fault))?;
        server.learn(&hello);
        server.require_data()?;
        if self.database != 0 {
            let selected = refusal::of_select(&client.answer().await?, self.database);
            selected.map_err(|fault| self.permitted(fault, &["select"], None))?;
        }
        if let Some(key) = &self.key {
            found(&client.answer().await?, key)?;
        } else if self.asks_for_any_key() {
            let any = client.answer();
            // What is asked behind it waits for it.
            let any = if self.wants_more() { Some(any.await) } else { within(patience, any).await };
            if let Some(Ok(answer)) = any {
                refusal::of_spare(&answer, "WATCH")?;
            }
        }
        match self.wanted_role() {
            Some(wanted) => role::verify(wanted, server, client).await,
            None => Ok(()),
        }
    }

    /// A refusal with the line that lacks. Of a check that only begins here, the password stands elsewhere.
    fn with_password(&self, fault: Fault) -> Fault {
        if fault.cause != Cause::Required || self.goes_on {
            return fault;
        }
        fault.remedy(remedy::checks::add_password("REDIS_PASSWORD"))
    }

    /// A refusal with what gives this user the right to these commands, on these keys.
    fn permitted(&self, fault: Fault, commands: &[&str], keys: Option<&'static str>) -> Fault {
        if fault.cause != Cause::PermissionDenied {
            return fault;
        }
        fault.remedy(remedy::redis::permit(self.login.as_ref().and_then(named), commands, keys))
    }
}

/// The login.
fn auth(login: &Credentials) -> Cmd {
    let mut auth = redis::cmd("AUTH");
    if let Some(user) = named(login) {
        auth.arg(user);
    }
    auth.arg(login.password.expose());
    auth
}

fn of_key(command: &str, key: &str) -> Cmd {
    let mut cmd = redis::cmd(command);
    cmd.arg(key);
    cmd
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
