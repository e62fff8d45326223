//! A login to a `PostgreSQL` database, and what an application needs there.
//!
//! - Proves: the server takes this role with this password into this database; with `table`, the
//!   table is there and the role may read it; with `query`, the query runs.
//! - Protocol: the frontend/backend protocol, version 3.0
//!   (<https://www.postgresql.org/docs/current/protocol.html>); trust, peer, passwords in clear, MD5
//!   and SCRAM-SHA-256 (RFC 7677), which is bound to the server's certificate where there is TLS
//!   (RFC 5929 section 4).
//! - Phases: resolve, connect; protocol: the request for TLS, then the start-up message; tls; auth:
//!   the password; request: `table` in one turn, `query` in two. All of it on one connection. The
//!   query is one statement in a read-only transaction that is rolled back, and the server itself
//!   gives it up shortly before the check's time is over. A password is sent once, as the method that
//!   the server names wants it; as with every client, without TLS that may be in clear.
//! - Options: `host` (name, address, or the directory of the Unix socket, as libpq takes it, or the
//!   socket itself), `port` (5432), `username`, `database` (required), `password` (absent, null or
//!   empty: trust, peer, a client certificate), `use_tls` (`prefer`: TLS where the server offers it,
//!   and its certificate verified only with `ca_file`; `true`; `false`), the TLS options, `table`
//!   (`[schema.]table`, as SQL reads names), `query`; both may be empty.
//! - Failures: `resolve.*`, `connect.*`, `tls.*` (`tls.not-tls`: the server has no TLS;
//!   `tls.required`: its rules want it), `protocol.*` (`protocol.not-ready`: 57P03;
//!   `protocol.overloaded`: 53300), `auth.rejected` (28P01; of a role that is not there the server
//!   says the same), `auth.required`, `auth.method-unsupported`, `auth.host-not-allowed`
//!   (`pg_hba.conf`), `auth.locked` (NOLOGIN), `request.no-such-database` (3D000),
//!   `request.permission-denied` (42501), `request.unexpected-reply` (the table is not there, the
//!   query fails or writes), `request.timeout` (57014). Warning `auth.not-needed`.
//! - Does not check: what the query returns (64 KiB at most), rights other than SELECT.
//!
//! ```
//! # use conn_check::config::{load, Defaults, Source};
//! # let text = r"
//! - type: postgres
//!   host: db.internal
//!   username: app
//!   password: {env: DB_PASSWORD}
//!   database: shop
//!   use_tls: true
//!   table: public.orders
//!   query: SELECT 1 FROM orders LIMIT 1
//! # ";
//! # let text = text.replace("{env: DB_PASSWORD}", "x");
//! # let source = Source { name: "example".into(), text: text.into() };
//! # load(&source, Defaults { timeout: std::time::Duration::from_secs(10) }, true).unwrap();
//! ```

mod binding;
mod cover;
mod dialogue;
mod login;
mod pooler;
mod refusal;
mod request;
mod said;
mod session;

use crate::checks::{Check, ResultName};
use crate::config::{Diagnostic, Fields, Word};
use crate::fault::Failure;
use crate::net::identify::Protocol;
use crate::net::{Endpoint, Place, TlsMode, TlsOptions, Wire};
use crate::probe::{Probe, Stop};
use crate::secret::Secret;
use std::path::{Path, PathBuf};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Postgres {
    place: Place,
    user: String,
    password: Option<Secret<String>>,
    database: String,
    mode: TlsMode,
    options: TlsOptions,
    table: Option<String>,
    query: Option<String>,
}

impl Check for Postgres {
    const TYPE: &'static str = "postgres";
    const ALIASES: &'static [&'static str] = &["postgresql"];
    const ABOUT: &'static str =
        "A PostgreSQL database takes the login; with `table` and `query`, it gives what they ask for.";

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let place = Place::parse(fields, "5432");
        let user = name(fields, "username", "Role to log in as.");
        let password =
            fields.optional::<Secret<String>>("password", "Absent, null or empty: trust, peer, or client_cert.");
        let database = name(fields, "database", "Database to connect to.");
        let mode = fields.or("use_tls", "prefer", "prefer: where the server offers it, verified only with ca_file.");
        let options = TlsOptions::parse(fields);
        let table = fields.optional::<Word>("table", "[schema.]table that must be there and readable (SELECT).");
        let query = fields.optional::<String>("query", "One statement to run, in a read-only transaction.");
        let place = place?;
        if mode == TlsMode::Always {
            place.refuse_tls(fields);
        }
        let password = password.filter(|password| !password.expose().is_empty());
        let texts = without_nul(fields, "password", password.as_ref().map(Secret::expose))
            & without_nul(fields, "query", query.as_ref());
        texts.then_some(())?;
        Some(Self {
            place,
            user: user?,
            password,
            database: database?,
            mode,
            options: mode.apply(options?),
            table: table.map(|Word(name)| name).filter(|name| !name.is_empty()),
            query: query.filter(|text| !text.is_empty()),
        })
    }

    fn target(&self) -> String {
        self.place.to_string()
    }

    fn results(&self) -> Vec<ResultName> {
        let own = ResultName::of_place("postgres", &self.place);
        ResultName::of_connecting(&self.place).into_iter().chain([own]).collect()
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.place.endpoints()
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Protocol::Postgres);
        let wire = self.reach(probe).await?;
        if self.place.endpoint().is_some() {
            probe.passed()?;
        }
        let (wire, cover) = self.cover(probe, wire).await?;
        let mut session = self.log_in(probe, wire, cover).await?;
        session.note_facts(probe);
        self.request(probe, &mut session).await?;
        session.end(probe).await;
        Ok(())
    }
}

impl Postgres {
    async fn reach(&self, probe: &mut Probe) -> Result<Wire, Failure> {
        match &self.place {
            Place::Socket { host, port } => probe.open_socket(&socket(host, port.get())).await,
            Place::Tcp(_) => probe.reach(&self.place).await,
        }
    }
}

/// The socket in a directory, by the name that the server gives it, unless the path is a socket itself.
fn socket(host: &Path, port: u16) -> PathBuf {
    let is_file = std::fs::metadata(host).is_ok_and(|found| !found.is_dir());
    if is_file { host.to_owned() } else { host.join(format!(".s.PGSQL.{port}")) }
}

/// A name that is not empty: the server would take one of its own choice.
fn name(fields: &mut Fields<'_>, key: &'static str, about: &'static str) -> Option<String> {
    let Word(name) = fields.required(key, about)?;
    if name.is_empty() {
        let span = fields.span_of(key);
        fields.note(Diagnostic::error("bad-value", span, format!("`{key}`: expected a name, found nothing")));
        return None;
    }
    Some(name)
}

/// Notes a text that the protocol cannot carry: there, a NUL ends every text.
fn without_nul(fields: &mut Fields<'_>, key: &'static str, text: Option<&String>) -> bool {
    let good = text.is_none_or(|text| !text.contains('\0'));
    if !good {
        let span = fields.span_of(key);
        fields.note(Diagnostic::error(
            "bad-value",
            span,
            format!("`{key}`: PostgreSQL takes no text with a NUL in it"),
        ));
    }
    good
}
