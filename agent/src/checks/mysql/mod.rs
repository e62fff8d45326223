//! A login to `MySQL` or `MariaDB` that a statement follows.
//!
//! - Proves: the server takes connections, accepts the login, has the database and lets this user
//!   use it; with `role`, it takes writes or does not; with `query`, it executes that, and with `expect`
//!   the first value is that. Without either, `SELECT 1` shows that the session is of use.
//! - Protocol: [MySQL's client/server protocol], version 10, and what [MariaDB's] has in common
//!   with it. Logins: `mysql_native_password`, `client_ed25519`, `parsec`; `caching_sha2_password`,
//!   `sha256_password` and `mysql_clear_password`, where the password itself is sent over TLS whose
//!   certificate is verified (or need not be, as `disable_tls_verification` says) or over a Unix socket only;
//!   the first two also without TLS, encrypted by the RSA key in `server_public_key`, never by one that the
//!   server sends; accounts of the socket's owner (`unix_socket`, `auth_socket`). The clients also
//!   send it over TLS that is merely preferred, to whoever answers; a check may say no. As with them,
//!   preferred TLS that is offered and does not work is a failure, and nothing is tried without it.
//! - Phases: resolve, connect, protocol (the server's greeting is awaited, TLS asked for with an
//!   `SSLRequest`), tls, auth (login and database in one packet; one packet more after
//!   `AuthSwitchRequest`, or where `caching_sha2_password` wants the password itself), request (the
//!   statement). The goodbye (`COM_QUIT`) is not waited for. A server counts connections without a
//!   login against the host that opens them: of a name's addresses only one is tried.
//! - Options: see [`Mysql::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`not-tls`: the server offers none; `required`),
//!   `protocol.*` (`overloaded`: too many connections; `not-ready`: shutting down, or a cluster's
//!   node that is not synchronised), `auth.*`, `request.no-such-database`, `.permission-denied`,
//!   `.read-only`, `.unexpected-reply`, `.full`, `.timeout`. With `roundtrip` a temporary table is filled in a
//!   transaction that is rolled back, and dropped; a server drops it itself with the session.
//! - Does not check: what the query gives besides its first value. It runs in a read-only session, with the check's time
//!   as the server's limit; one row is asked for, and no more than 64 KiB are read.
//!
//! Why a statement, though the login is accepted: `MariaDB` lets an account in whose password has
//! expired, and then refuses all it asks for (`disconnect_on_expired_password` is off there); and a
//! failing `init_connect` ends a session at its first statement. Whatever else is said to `SELECT 1` is about a
//! statement that nobody has asked for, and fails nothing. A Galera node that is cut off
//! still answers it: only a `query` on a table finds it out.
//!
//! Tested on `MariaDB` 10.11; what only `MySQL` 8 has (`caching_sha2_password`, its error numbers), and `parsec` of
//! `MariaDB` 11.6, on a double of the protocol.
//!
//! [MySQL's client/server protocol]: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
//! [MariaDB's]: https://mariadb.com/kb/en/clientserver-protocol/

mod ed25519;
mod greeting;
mod login;
mod packet;
mod plugin;
mod refusal;
mod server_key;
mod statement;

use crate::checks::first_value::{self, FirstValue};
use crate::checks::role::Role;
use crate::checks::roundtrip::asked;
use crate::checks::{Check, Profile};
use crate::diagnostic::Flaw;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Target, TlsMode, TlsOptions, pem};
use crate::probe::{Probe, Stop};
use crate::secret::{ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Misfit, Noted, Word, target, tls_of_target};
use greeting::Greeting;
use login::{Login, ssl_request};
use packet::Channel;
use plugin::SessionTransport;
use server_key::ServerKey;
use std::path::PathBuf;
use std::sync::Arc;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Mysql {
    target: Target,
    login: Credentials,
    database: Option<String>,
    mode: TlsMode,
    tls: TlsOptions,
    server_key: Option<Arc<ServerKey>>,
    role: Option<Role>,
    query: Option<String>,
    expect: Option<FirstValue>,
    roundtrip: bool,
}

impl Check for Mysql {
    const TYPE: &'static str = "mysql";
    const SERVICE: &'static Service = &services::MYSQL;
    const ALIASES: &'static [&'static str] = &["mariadb"];
    const ABOUT: &'static str = "A login to MySQL or MariaDB succeeds, and a statement is executed.";
    const TRACE: &'static str = "Nothing, and no counter of errors grows; a login that is refused is a warning in the log (of MariaDB; of MySQL from log_error_verbosity 3 on) and one more of Aborted_connects.";
    const EXAMPLE: &'static str = "\
- type: mysql
  host: db.internal
  username: shop
  password: s3cret
  database: orders
  query: SELECT id FROM invoices
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let target = target(fields, Self::SERVICE);
        let login = Credentials::of_user::<Word>(fields, "The account to log in with.", "Its password.");
        let database = fields.optional::<Word>("database", "The database to use.");
        let mode = fields.or::<TlsMode>(
            "use_tls",
            "prefer",
            "prefer: where it is offered; required with client_cert, and with ca_file, which verifies it.",
        );
        let tls = tls_of_target(fields, mode, &target);
        let server_key = server_key(fields);
        let role = fields.optional::<Role>(
            "role",
            "What the server must be: primary (takes writes) or replica (read_only or innodb_read_only is on).",
        );
        let query = fields.optional("query", "A statement that only reads; it must not fail.");
        let expect = first_value::expected(fields);
        let roundtrip = asked(
            fields,
            "Fill a temporary table of `database`, read it and roll it back: what an application's writes need.",
        );
        let database = database.map(|word| word.0).filter(|name| !name.is_empty());
        if roundtrip && database.is_none() {
            return Err(fields.refuse_lone("roundtrip", "database"));
        }
        if roundtrip && role == Some(Role::Replica) {
            let misfit = Misfit::new("this cannot be with `role: replica`");
            return Err(
                fields.refuse_value("roundtrip", misfit.help("a replica takes no writes: leave one of the two out"))
            );
        }
        let (mode, tls) = mode.settled(tls?);
        let (target, login, server_key) = (target?, login?, server_key?);
        Ok(Self { target, login, database, mode, tls, server_key, role, query, expect, roundtrip })
    }

    fn profile(&self) -> Profile {
        Profile::of_database(Self::TYPE, &self.target)
            .distinct("username", Some(&self.login.user))
            .distinct("database", self.database.as_ref())
            .distinct("role", self.role.map(Role::slug))
            .distinct("roundtrip", Some(true).filter(|_| self.roundtrip))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        probe.spare_other_addresses();
        let mut channel = Channel::new(probe.reach(&self.target, None).await?, 0);
        let greeting = probe.phase(Phase::Protocol, self.be_greeted(&mut channel)).await?;
        probe.fact("server_version", probe.clean(&greeting.version));
        let (mut channel, transport) = self.secure(probe, channel, &greeting).await?;
        let login = Login { check: self, offers_tls: greeting.offers_tls(), transport };
        let plugin = probe.phase(Phase::Auth, login.perform(&mut channel, &greeting)).await?;
        probe.fact("auth_plugin", probe.clean(&plugin));
        if self.login.has_password() {
            probe.note_login();
        }
        let limit = probe.share(1);
        let asked = probe.phase(Phase::Request, statement::ask(login, &mut channel, &greeting, limit)).await;
        probe.linger(channel.quit()).await;
        if let Some(role) = asked? {
            probe.fact("server_role", role.slug());
        }
        Ok(())
    }
}

/// Asks for the server's public key.
fn server_key(fields: &mut Fields<'_>) -> Result<Option<Arc<ServerKey>>, Noted> {
    let about = "PEM file of the server's RSA key, to log in by caching_sha2_password without TLS.";
    let path = fields.optional::<PathBuf>("server_public_key", about);
    match path.as_deref().map(ServerKey::read).transpose() {
        Ok(key) => Ok(key.map(Arc::new)),
        Err(error) => {
            let misfit = Misfit::new(format!("the file cannot be used: {error}")).flaw(Flaw::UnreadablePem);
            let misfit = misfit.because(&error).help("a copy of public_key.pem of the server's data directory");
            fields.lack_file("server_public_key", misfit, pem::next_step(&error), None).map(|()| None)
        }
    }
}

impl Mysql {
    /// Waits for the greeting, and asks for TLS. The server does not answer that: the handshake
    /// follows in the same flight.
    async fn be_greeted(&self, channel: &mut Channel) -> Result<Greeting, Fault> {
        let greeting = Greeting::read(channel).await?;
        match (self.wants_tls(), greeting.offers_tls()) {
            (true, true) => channel.write(&ssl_request(self.database.is_some())).await,
            (true, false) if self.mode.is_required() => return Err(self.no_tls()),
            _ => {}
        }
        Ok(greeting)
    }

    /// Whether TLS is used where it is offered.
    fn wants_tls(&self) -> bool {
        self.mode != TlsMode::Never && self.target.host().is_some()
    }

    /// Adds the TLS that was asked for.
    async fn secure(
        &self,
        probe: &mut Probe,
        channel: Channel,
        greeting: &Greeting,
    ) -> Result<(Channel, SessionTransport), Failure> {
        match self.target.host() {
            None => Ok((channel, SessionTransport::Socket)),
            Some(host) if self.wants_tls() && greeting.offers_tls() => {
                let (wire, number) = channel.into_parts();
                let wire = probe.tls(wire, &self.tls, host, &[]).await?;
                Ok((Channel::new(wire, number), SessionTransport::Tls(self.tls.verification)))
            }
            Some(_) => Ok((channel, SessionTransport::Plain)),
        }
    }

    fn no_tls(&self) -> Fault {
        let enable = "enable TLS on the server (ssl_cert, ssl_key)";
        let next_step = match self.mode {
            // To go on without TLS would be to show the login to everybody on the way.
            _ if self.login.has_password() => {
                format!("{enable}; if it is enabled, look for what takes it out on the way")
            }
            TlsMode::Implied(option) => format!("{enable}, or leave {option} out"),
            _ => format!("{enable}, or use use_tls: prefer or false"),
        };
        Fault::new(Cause::NotTls, sentence!["the server answered, but does not offer TLS", ours(&self.mode.reason())])
            .evidence("its greeting has no CLIENT_SSL")
            .next_step(next_step)
            .at(Phase::Tls)
    }
}
