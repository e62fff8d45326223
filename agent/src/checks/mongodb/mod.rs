//! A `MongoDB` server that answers, lets this user in, and lets it at its database.
//!
//! - Proves: a `MongoDB` server of 3.6 or later answers, as the wanted member of the wanted set; the
//!   user can log in with the password; and it may do something in the database. Without
//!   `username`: anybody may.
//! - Protocol: `OP_MSG` of the [wire protocol](https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/);
//!   login by SCRAM-SHA-256 or SCRAM-SHA-1 (RFC 5802, RFC 7677), whichever the user has, or by a client
//!   certificate (`auth_mechanism: x509`).
//! - With `srv`, as the driver does with a `mongodb+srv://` URL: the DNS is asked for the SRV records of
//!   `_mongodb._tcp.HOST` and for the TXT record (one result); then all servers at once, and those that they name, which
//!   one is the primary (or of `role`); the check goes on at the first that is. TLS is on, unless `use_tls: false`.
//!   Each server is named in the failure of all.
//! - Phases: resolve, connect, tls (with `use_tls`), protocol (a hello), auth (two round trips, one with a
//!   certificate), request (the database's collections, of those that this user may do anything with).
//! - Options: see [`options::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.wrong-service`, `.silent`, `.timeout`, `.closed`,
//!   `.reset`, `.malformed`, `.too-large`, `.unsupported-version` (before 3.6), `.not-ready` (starting,
//!   recovering, shutting down), `.overloaded`; `auth.rejected`, `.required`, `.method-unsupported`, `.timeout`,
//!   `.closed`; `request.permission-denied` (nothing is granted in that database), `.no-such-database` (it
//!   cannot be a name), `.read-only` (a secondary where the primary is wanted), `.unexpected-reply` (another
//!   set, another role), `.timeout`, `.closed`. mongod that has too many connections, or wants TLS, says
//!   nothing and hangs up: `protocol.closed`, and both are named.
//! - Does not check: that the database or a collection exists (`MongoDB` makes them when they are
//!   written to), whether the server would let anybody in without the login, the other members of the
//!   set, logins by Kerberos, LDAP, AWS or OIDC.
//! - Tested against a double of mongod and against `FerretDB`, never against mongod itself.

mod hello;
mod login;
mod members;
mod message;
mod options;
mod refusal;
mod srv;

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Failure, Fault, Phase};
use crate::net::{Host, Talk, Target, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Noted};
use hello::Hello;
use message::Message;
use mongodb::bson::rawdoc;
use options::{Mechanism, MemberRole};
use refusal::Refused;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Mongodb {
    target: Target,
    /// The target is a name whose records name the servers.
    by_srv: bool,
    login: Option<Credentials>,
    database: String,
    auth_source: String,
    /// The file says where the user is kept.
    is_source_given: bool,
    /// The server is a balancer, says the DNS.
    is_balanced: bool,
    mechanism: Mechanism,
    tls: Option<TlsOptions>,
    replica_set: Option<String>,
    role: Option<MemberRole>,
}

impl Check for Mongodb {
    const TYPE: &'static str = "mongodb";
    const SERVICE: &'static Service = &services::MONGODB;
    const ALIASES: &'static [&'static str] = &["mongo"];
    const ABOUT: &'static str = "A MongoDB server answers, accepts the login, and gives access to the database.";
    const TRACE: &'static str = "By its manual, mongod logs the connection, what the client calls itself, the login and the end: no test here has a mongod. FerretDB logs the connection and its end, and an answer that is a refusal.";
    const EXAMPLE: &'static str = "\
- type: mongodb
  host: db.internal
  username: shop
  password: correct horse
  database: shop
  use_tls: true
  role: primary
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        options::parse(fields)
    }

    fn profile(&self) -> Profile {
        let profile = match self.target.host() {
            Some(host) if self.by_srv => self.profile_of_name(host),
            _ => Profile::of_store(Self::TYPE, &self.target, self.has_login()),
        };
        let mut profile = profile
            .distinct("username", self.login.as_ref().map(|login| &login.user))
            .distinct("database", Some(&self.database))
            .distinct("replica_set", self.replica_set.as_ref())
            .distinct("role", self.role.map(MemberRole::slug));
        if let Some(connected) = profile.results.last_mut() {
            connected.info.clone_from(&profile.target);
        }
        profile
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        match self.target.host() {
            Some(name) if self.by_srv => self.run_by_srv(probe, name).await,
            _ => {
                let mut talk = Message::talk(probe.reach(&self.target, self.tls.as_ref()).await?);
                let hello = probe.phase(Phase::Protocol, Hello::ask(self, &mut talk)).await?;
                hello.note(probe);
                hello.judge(self).map_err(|fault| probe.fail(Phase::Request, fault))?;
                Ok(self.use_server(probe, &hello, &mut talk).await?)
            }
        }
    }
}

impl Mongodb {
    /// The records, which are the first result, and the server that is the wanted one.
    async fn run_by_srv(&self, probe: &mut Probe, name: &Host) -> Result<(), Stop> {
        let list = srv::look_up(probe, name).await?;
        probe.passed()?;
        // The file's own word counts more than the record's.
        let check = Self {
            auth_source: list.auth_source.filter(|_| !self.is_source_given).unwrap_or_else(|| self.auth_source.clone()),
            replica_set: self.replica_set.clone().or(list.replica_set),
            is_balanced: list.is_balanced,
            role: self.role.or(Some(MemberRole::Primary)),
            ..self.clone()
        };
        let (mut talk, hello) = members::choose(&check, probe, name, &list.hosts).await?;
        hello.note(probe);
        Ok(check.use_server(probe, &hello, &mut talk).await?)
    }

    /// What is known of a check whose servers the DNS will name.
    fn profile_of_name(&self, name: &Host) -> Profile {
        let place = [Self::TYPE, ":", &name.to_string()].concat();
        let with_auth = if self.has_login() { " with auth" } else { "" };
        let results = [format!("{place}:srv"), format!("{place}:connect{with_auth}")];
        let results = results.into_iter().map(|name| ResultName { name, info: String::new() }).collect();
        Profile {
            target: name.to_string(),
            results,
            resolver_port: Some(srv::RESOLVER_PORT),
            unnamed: Some(srv::unnamed(name)),
            ..Profile::default()
        }
    }

    /// Logs in, and asks for what the database has.
    async fn use_server(&self, probe: &mut Probe, hello: &Hello, talk: &mut Talk) -> Result<(), Failure> {
        self.authenticate(probe, hello, talk).await?;
        probe.phase(Phase::Request, list(self, talk)).await
    }

    fn has_login(&self) -> bool {
        self.login.is_some() || self.mechanism == Mechanism::X509
    }

    /// Logs in where the check has a login.
    async fn authenticate(&self, probe: &mut Probe, hello: &Hello, talk: &mut Talk) -> Result<(), Failure> {
        if self.mechanism == Mechanism::X509 {
            return probe.phase(Phase::Auth, login::log_in_by_certificate(self, talk)).await;
        }
        let Some(login) = &self.login else { return Ok(()) };
        let offered = hello.mechanisms().map_err(|fault| probe.fail(Phase::Auth, fault))?;
        probe.note_login();
        let until = probe.nearly_over();
        probe.phase(Phase::Auth, login::log_in(self, login, &offered, talk, until)).await
    }
}

/// Asks for the collections of the database that this user may do anything with, of which at
/// most one has the name asked for: it needs a login where there are logins, it needs any
/// permission in that database, and it changes nothing.
async fn list(check: &Mongodb, talk: &mut Talk) -> Result<(), Fault> {
    let command = rawdoc! {
        "listCollections": 1, "filter": {"name": "conn-check"}, "nameOnly": true, "authorizedCollections": true,
        "cursor": {}, "$db": check.database.as_str(), "$readPreference": {"mode": "primaryPreferred"},
    };
    let answer = Message::ask(talk, command).await?.body;
    refusal::of_reply(check, &answer, Refused::Command).map_or(Ok(()), Err)
}
