//! `PostgreSQL`, with a role for every way in and every way to be turned away.
//!
//! ```
//! use harness::postgres::{Postgres, Setup};
//!
//! let postgres = Postgres::start(&Setup::plain());
//! assert!(postgres.socket_folder().join(format!(".s.PGSQL.{}", postgres.address().port())).exists());
//! ```
//!
//! | role | over TCP | and is for |
//! |---|---|---|
//! | [`USER`] | SCRAM | what works |
//! | `legacy` | MD5 | older passwords |
//! | `clear` | the password itself | LDAP and PAM, which ask the same way |
//! | `open` | no password | trust |
//! | `tlsonly`, `plainonly` | SCRAM, with TLS or without it only | rules that depend on it |
//! | `banned`, `stranger` | a rule that rejects, no rule | rules that keep out |
//! | `certified` | a client certificate | [`Setup::clients`] |
//! | `idented`, `kerberos` | ident, GSSAPI | ways in that no password opens |
//! | `phantom` | no password, and no such role | roles that are gone |
//! | `disabled`, `crowded`, `expired` | SCRAM | NOLOGIN, CONNECTION LIMIT 0, VALID UNTIL long ago |
//!
//! Every password is [`PASSWORD`]. Over the Unix socket `open` needs none, and everybody else has to
//! be the system user of that name; there is a role for the user who runs the tests.
//!
//! The database [`DATABASE`] has a table `orders` that [`USER`] may read, `payroll` that it may not,
//! and `vault.keys` in a schema that it may not enter. The database `closed` lets nobody of these in.

mod template;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// A role that may log in and read `orders`.
pub const USER: &str = "app";

/// The password of every role.
pub const PASSWORD: &str = "correct-horse";

/// The database of the application.
pub const DATABASE: &str = "shop";

/// Who may come in how. `samehost` is every address of this machine.
const RULES: &str = "\
local   all open,postgres        trust
local   all all                  peer
host    all open,phantom         samehost trust
host    all legacy               samehost md5
host    all clear                samehost password
hostssl all tlsonly              samehost scram-sha-256
hostnossl all plainonly          samehost scram-sha-256
host    all banned               samehost reject
hostssl all certified            samehost cert
host    all idented              samehost ident
host    all kerberos             samehost gss
host    all app,disabled,crowded,expired,nobody-of-that-name samehost scram-sha-256
";

/// What is the same in every server. Nothing here has to survive a power cut.
const SETTINGS: &str = "\
fsync = off
autovacuum = off
shared_buffers = 4MB
max_parallel_workers = 0
krb_server_keyfile = '/nonexistent'
";

/// How a server is set up.
#[derive(Debug, Default)]
pub struct Setup {
    settings: String,
    rules: String,
    standby: bool,
    never_ready: bool,
    sql: String,
    /// What the settings name, kept for as long as they may be read.
    folders: Vec<Folder>,
}

impl Setup {
    /// Without TLS.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// With TLS on the same port, for those who ask for it.
    #[must_use]
    pub fn tls(identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let mut setup =
            Self::default().setting(&format!("ssl = on\nssl_cert_file = '{chain}'\nssl_key_file = '{key}'"));
        setup.folders.push(identity.folder());
        setup
    }

    /// Takes the certificates of clients that come from this authority.
    #[must_use]
    pub fn clients(mut self, authority: &Authority) -> Self {
        self.folders.push(authority.folder());
        self.setting(&format!("ssl_ca_file = '{}'", text(authority.file())))
    }

    /// Adds a line to postgresql.conf.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Self {
        self.settings += &format!("{line}\n");
        self
    }

    /// Adds a line to `pg_hba.conf`, before all others.
    #[must_use]
    pub fn rule(mut self, line: &str) -> Self {
        self.rules += &format!("{line}\n");
        self
    }

    /// Executes a statement before the server starts; the name of a role is in the rules or gets one.
    #[must_use]
    pub fn sql(mut self, statement: &str) -> Self {
        self.sql += &format!("{statement};\n\n");
        self
    }

    /// A standby that answers queries.
    #[must_use]
    pub fn standby(mut self) -> Self {
        self.standby = true;
        self
    }

    /// A server that never gets ready: a standby that answers nobody (`57P03`).
    #[must_use]
    pub fn never_ready(mut self) -> Self {
        self.never_ready = true;
        self.standby().setting("hot_standby = off")
    }

    /// The data directory, from the template.
    fn data(&self, scratch: &Scratch, port: &Port) -> PathBuf {
        let data = template::copy_to(scratch);
        if !self.sql.is_empty() {
            template::execute(scratch, "postgres", &self.sql);
        }
        let hosts = if ports::has_ipv6_loopback() { "127.0.0.1,::1" } else { "127.0.0.1" };
        let (number, run) = (port.number(), text(&scratch.folder("run")));
        let place = format!("listen_addresses = '{hosts}'\nport = {number}\nunix_socket_directories = '{run}'\n");
        template::write(&data, "postgresql.conf", &format!("{place}{SETTINGS}{}", self.settings));
        template::write(&data, "pg_hba.conf", &format!("{}{RULES}", self.rules));
        if self.standby {
            template::write(&data, "standby.signal", "");
        }
        data
    }
}

/// A running `PostgreSQL` on 127.0.0.1 and, where there is one, `::1`.
#[derive(Debug)]
pub struct Postgres {
    daemon: Daemon,
    port: Port,
    _folders: Vec<Folder>,
}

impl Postgres {
    /// Starts one.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        Self::start_on(setup, ports::free)
    }

    /// Starts one on a port that is known before it is there.
    ///
    /// # Panics
    /// When somebody else has taken the port.
    #[must_use]
    pub fn start_at(setup: &Setup, port: Port) -> Self {
        let mut port = Some(port);
        Self::start_on(setup, || port.take().or_panic("have the port that was reserved"))
    }

    fn start_on(setup: &Setup, mut reserve: impl FnMut() -> Port) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = reserve();
            let data = setup.data(scratch, &port);
            let launch = Launch::new(&template::program("postgres")).arg("-D").arg(data).as_nobody();
            let ready = if setup.never_ready { "entering standby mode" } else { "system is ready to accept" };
            (launch.says(ready).accepts(port.address()), port)
        });
        Self { daemon, port, _folders: setup.folders.clone() }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The directory of its Unix socket, as `host` takes it.
    #[must_use]
    pub fn socket_folder(&self) -> PathBuf {
        self.daemon.scratch().path().join("run")
    }

    /// Has psql read these lines, as the superuser, and returns what it says.
    ///
    /// # Panics
    /// When one of them fails.
    #[must_use]
    pub fn psql(&self, database: &str, lines: &str) -> String {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        command.arg(self.socket_folder()).args(["-p", &self.port.number().to_string()]);
        said(&mut command, lines)
    }

    /// Its file of rules.
    #[must_use]
    pub fn rules(&self) -> PathBuf {
        self.daemon.scratch().path().join("data/pg_hba.conf")
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The daemon: stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

/// What a program says to a text on its standard input; it has to succeed.
fn said(command: &mut Command, input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().or_panic("run psql");
    let mut stdin = child.stdin.take().or_panic("write to psql");
    stdin.write_all(input.as_bytes()).or_panic("write to psql");
    drop(stdin);
    let output = child.wait_with_output().or_panic("wait for psql");
    assert!(output.status.success(), "{input}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The name of the system user who runs the tests, for whom there is a role.
///
/// # Panics
/// When the user has no name.
#[must_use]
pub fn own_name() -> String {
    template::own_name()
}

/// The path of the socket itself.
#[must_use]
pub fn socket(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}
