//! A login to a `PostgreSQL` database, and what an application needs there.
//!
//! - Proves: the server takes this role with this password into this database; with `role`, it is a
//!   primary or a replica; with `table`, the table is there and the role may read it; with `query`, the
//!   query runs, and with `expect` its first value is that.
//! - Protocol: the frontend/backend protocol, version 3.0
//!   (<https://www.postgresql.org/docs/current/protocol.html>); trust, peer, passwords in clear, MD5
//!   and SCRAM-SHA-256 (RFC 7677), which is bound to the server's certificate where there is TLS
//!   (RFC 5929 section 4).
//! - Phases: resolve, connect; protocol: the request for TLS, then the start-up message; tls; auth:
//!   the password; request: `role` in one round trip before version 14 and behind poolers (else the server
//!   says it unasked), `table` in one, `query` in two. All of it on one connection, but where TLS is only
//!   preferred: after a handshake that fails, and after a refusal by the server's rules (28000) before the
//!   password is asked for, there is a second try without TLS, as with libpq, and a warning. The
//!   query is one statement in a read-only transaction that is rolled back, and the server itself
//!   gives it up shortly before the check's time is over. A password is sent once, as the method that
//!   the server names wants it; as with every client, without TLS that may be in clear.
//! - Options: see [`Postgres::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`tls.not-tls`: the server has no TLS;
//!   `tls.required`: its rules want it), `protocol.*` (`protocol.not-ready`: 57P03;
//!   `protocol.overloaded`: 53300), `auth.rejected` (28P01; of a role that is not there the server
//!   says the same), `auth.required`, `auth.method-unsupported`, `auth.host-not-allowed`
//!   (`pg_hba.conf`), `auth.locked` (NOLOGIN), `request.no-such-database` (3D000),
//!   `request.permission-denied` (42501), `request.unexpected-reply` (the table is not there, the
//!   query fails or writes), `request.timeout` (57014). `request.read-only` (a replica where the primary is
//!   wanted). A refusal that is not known is told in the server's words, its owner by the class of the SQLSTATE.
//!   Warnings `auth.not-needed`, `tls.forgone`.
//!   With `roundtrip`, in a transaction that is rolled back, `request.read-only` (25006), `request.full` (53100).
//! - Does not check: what the query returns besides its first value (64 KiB at most), rights other than SELECT.

mod binding;
mod encryption;
mod fallback;
mod login;
mod message;
mod pooler;
mod refusal;
mod request;
mod roundtrip;
mod server_error;
mod session;
mod value;
mod wire;

use crate::checks::first_value::{self, FirstValue};
use crate::checks::role::Role;
use crate::checks::roundtrip::asked;
use crate::checks::{Check, Profile};
use crate::net::{Target, TlsMode, TlsOptions};
use crate::probe::{Probe, Stop};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Misfit, Name, Noted, Word, target, tls_of_target};
use std::path::{Path, PathBuf};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Postgres {
    target: Target,
    login: Credentials,
    database: String,
    mode: TlsMode,
    options: TlsOptions,
    role: Option<Role>,
    table: Option<String>,
    query: Option<String>,
    expect: Option<FirstValue>,
    roundtrip: bool,
}

impl Check for Postgres {
    const TYPE: &'static str = "postgres";
    const SERVICE: &'static Service = &services::POSTGRES;
    const ALIASES: &'static [&'static str] = &["postgresql"];
    const ABOUT: &'static str =
        "A PostgreSQL database takes the login; with `table` and `query`, it gives what they ask for.";
    const TRACE: &'static str = "Nothing, unless log_connections is on; a login that is refused is two lines (FATAL, DETAIL), and so is a query that fails (ERROR, STATEMENT).";
    const EXAMPLE: &'static str = "\
- type: postgres
  host: db.internal
  username: app
  password: {env: DB_PASSWORD}
  database: shop
  use_tls: true
  table: public.orders
  query: SELECT 1 FROM orders LIMIT 1
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let target = target(fields, Self::SERVICE);
        let login = Credentials::of_user::<Name>(
            fields,
            "Role to log in as.",
            "Absent, null or empty: trust, peer, or client_cert.",
        );
        let database = fields.required::<Name>("database", "Database to connect to.");
        let mode = fields.or::<TlsMode>(
            "use_tls",
            "prefer",
            "prefer: where it is offered; required with client_cert, and with ca_file, which verifies it.",
        );
        let options = tls_of_target(fields, mode, &target);
        let role =
            fields.optional::<Role>("role", "What the server must be: primary or replica (one that is in recovery).");
        let table = fields.optional::<Word>("table", "[schema.]table that must be there and readable (SELECT).");
        let query = fields.optional::<String>("query", "One statement to run, in a read-only transaction.");
        let expect = first_value::expected(fields);
        let roundtrip = asked(
            fields,
            "Fill a temporary table, read it and roll all of it back: what an application's writes need.",
        );
        if roundtrip && role == Some(Role::Replica) {
            let misfit = Misfit::new("this cannot be with `role: replica`");
            return Err(
                fields.refuse_value("roundtrip", misfit.help("a replica takes no writes: leave one of the two out"))
            );
        }
        let login = login?;
        let password = without_nul(fields, "password", login.password.expose());
        query.as_deref().map_or(Ok(()), |query| without_nul(fields, "query", query))?;
        password?;
        let (mode, options) = mode.settled(options?);
        Ok(Self {
            target: target?,
            login,
            database: database?.0,
            mode,
            options,
            role,
            table: table.map(|Word(name)| name).filter(|name| !name.is_empty()),
            query: query.filter(|text| !text.is_empty()),
            expect,
            roundtrip,
        })
    }

    fn profile(&self) -> Profile {
        Profile::of_database(Self::TYPE, &self.target)
            .distinct("username", Some(&self.login.user))
            .distinct("database", Some(&self.database))
            .distinct("role", self.role.map(Role::slug))
            .distinct("table", self.table.as_ref())
            .distinct("roundtrip", Some(true).filter(|_| self.roundtrip))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = match &self.target {
            Target::Socket { host, port } => probe.open_socket(&socket(host, port.get())).await?,
            Target::Tcp(endpoint) => probe.connect(endpoint, None).await?,
        };
        let mut session = fallback::begin(self, probe, wire).await?;
        session.note_facts(probe);
        request::perform(self, probe, &mut session).await?;
        session.end(probe).await;
        Ok(())
    }
}

/// The socket in a directory, by the name that the server gives it, unless the path is a socket itself.
/// Connecting asks the file system about the same path, and no less at once.
fn socket(host: &Path, port: u16) -> PathBuf {
    let is_file = std::fs::metadata(host).is_ok_and(|found| !found.is_dir());
    if is_file { host.to_owned() } else { host.join(format!(".s.PGSQL.{port}")) }
}

/// Refuses a text that the protocol cannot carry: there, a NUL ends every text.
fn without_nul(fields: &mut Fields<'_>, key: &'static str, text: &str) -> Result<(), Noted> {
    if !text.contains('\0') {
        return Ok(());
    }
    Err(fields.refuse_value(key, Misfit::new("PostgreSQL does not accept text with a NUL in it")))
}
