//! A `MongoDB` server that answers, lets this user in, and lets it at its database.
//!
//! - Proves: a `MongoDB` server of 4.4 or later answers, as the wanted member of the wanted set; the
//!   user can log in with the password; and it may do something in the database. Without
//!   `username`: anybody may.
//! - Protocol: `OP_MSG` of the [wire protocol](https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/);
//!   login by SCRAM-SHA-256 or SCRAM-SHA-1 (RFC 5802, RFC 7677), whichever the user has.
//! - Phases: resolve, connect, tls (with `use_tls`), protocol (a hello), auth (a second hello and the
//!   login), request (the database's collections, of those that this user may do anything with). The
//!   hello is ours; the rest is the official driver's, joined with our one connection, since it
//!   takes none that is open. Four round trips with a login and three without, after connecting and TLS;
//!   the driver alone takes four, on two connections. SCRAM-SHA-1 for a user who has nothing
//!   else costs one more.
//! - Options: see [`options::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*`; `protocol.wrong-service`, `.silent`, `.timeout`, `.closed`,
//!   `.reset`, `.malformed`, `.too-large`, `.unsupported-version` (before 4.4), `.not-ready` (starting,
//!   recovering, shutting down), `.overloaded`; `auth.rejected`, `.required`, `.method-unsupported`, `.timeout`,
//!   `.closed`; `request.permission-denied` (nothing is granted in that database), `.no-such-database` (it
//!   cannot be a name), `.read-only` (a secondary where the primary is wanted), `.unexpected-reply` (another
//!   set, another role), `.timeout`, `.closed`. mongod that has too many connections, or wants TLS, says
//!   nothing and hangs up: `protocol.closed`, and both are named.
//! - Does not check: that the database or a collection exists (`MongoDB` makes them when they are
//!   written to), whether the server would let anybody in without the login, the other members of the
//!   set, `mongodb+srv://` names, logins other than by password.
//! - Tested against a double of mongod and against `FerretDB`, never against mongod itself.

mod driver;
mod hello;
mod message;
mod options;
mod refusal;
mod relay;

use crate::checks::{Check, Profile};
use crate::fault::{Fault, Phase};
use crate::net::{LocalSocket, Talk, Target, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Noted};
use hello::Hello;
use message::Message;
use options::MemberRole;
use relay::Relay;
use std::future::Future;
use std::pin::{Pin, pin};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Mongodb {
    target: Target,
    login: Option<Credentials>,
    database: String,
    auth_source: String,
    tls: Option<TlsOptions>,
    replica_set: Option<String>,
    role: Option<MemberRole>,
}

impl Check for Mongodb {
    const TYPE: &'static str = "mongodb";
    const SERVICE: &'static Service = &services::MONGODB;
    const ALIASES: &'static [&'static str] = &["mongo"];
    const ABOUT: &'static str = "A MongoDB server answers, accepts the login, and gives access to the database.";
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
        let mut profile = Profile::of_store(Self::TYPE, &self.target, self.login.is_some())
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
        let mut talk = Message::talk(probe.reach(&self.target, self.tls.as_ref()).await?);
        let hello = probe.phase(Phase::Protocol, Hello::ask(self, &mut talk)).await?;
        hello.note(probe);
        hello.judge(self).map_err(|fault| probe.fail(Phase::Request, fault))?;
        hello.common_mechanism().map_err(|fault| probe.fail(Phase::Auth, fault))?;
        self.use_driver(probe, talk, hello).await
    }
}

impl Mongodb {
    /// Lets the driver log in and ask; nothing of it is left afterwards.
    async fn use_driver(&self, probe: &mut Probe, server: Talk, hello: Hello) -> Result<(), Stop> {
        let socket = LocalSocket::open().map_err(|error| probe.fail(Phase::Connect, error.into()))?;
        let client = driver::client(self, &socket).map_err(|fault| probe.fail(Phase::Protocol, fault))?;
        let result = {
            let mut relay = Relay::new(self, hello.answer, server, socket);
            let asked = async { driver::ask(self, &client).await.map_err(|error| driver::fault(&error)) };
            self.carry(probe, &mut relay, pin!(asked)).await
        };
        // Its tasks end at once: what they were connected to is gone.
        probe.linger(async { client.shutdown().immediate(true).await }).await;
        result
    }

    async fn carry(
        &self,
        probe: &mut Probe,
        relay: &mut Relay<'_>,
        mut asked: Pin<&mut impl Future<Output = Result<(), Fault>>>,
    ) -> Result<(), Stop> {
        if self.login.is_some() {
            probe.note_login();
            let login = async {
                tokio::select! {
                    biased;
                    carried = relay.login() => carried,
                    ended = asked.as_mut() => ended,
                }
            };
            probe.phase(Phase::Auth, login).await?;
        }
        let answer = async {
            tokio::select! {
                biased;
                fault = relay.rest() => Err(fault),
                ended = asked => ended,
            }
        };
        Ok(probe.phase(Phase::Request, answer).await?)
    }
}
