//! pgbouncer, the pooler in front of `PostgreSQL`.
//!
//! ```
//! use harness::pgbouncer::{Pgbouncer, Pools};
//! use harness::postgres::{Postgres, Setup};
//!
//! let postgres = Postgres::start(&Setup::plain());
//! let pooler = Pgbouncer::start(&Pools::of(postgres.address()));
//! assert_ne!(pooler.address(), postgres.address());
//! ```
//!
//! Debian 12 has 1.18, which answers with SQLSTATE 08P01 whatever is wrong.

use std::net::SocketAddr;

use crate::certs::{Folder, Identity};
use crate::ports::{self, Port};
use crate::postgres::{DATABASE, PASSWORD, USER};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// What a pgbouncer offers.
#[derive(Debug)]
pub struct Pools {
    databases: String,
    settings: String,
    rules: Option<String>,
    folders: Vec<Folder>,
}

impl Pools {
    /// [`DATABASE`] of a server, for [`USER`] with its password, which is asked for by SCRAM.
    #[must_use]
    pub fn of(server: SocketAddr) -> Self {
        let none = Self { databases: String::new(), settings: String::new(), rules: None, folders: Vec::new() };
        none.database(DATABASE, server, &format!("dbname={DATABASE}"))
    }

    /// Adds a database, as it is called here, with the parameters of its connection.
    #[must_use]
    pub fn database(mut self, name: &str, server: SocketAddr, parameters: &str) -> Self {
        self.databases += &format!("{name} = host={} port={} {parameters}\n", server.ip(), server.port());
        self
    }

    /// Adds a setting.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Self {
        self.settings += &format!("{line}\n");
        self
    }

    /// Lets in whom these lines of `pg_hba.conf` let in.
    #[must_use]
    pub fn rules(mut self, lines: &str) -> Self {
        self.rules = Some(lines.to_owned());
        self
    }

    /// Takes TLS from its clients, and nothing else.
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        self.folders.push(identity.folder());
        let files = format!("client_tls_cert_file = {chain}\nclient_tls_key_file = {key}");
        self.setting(&format!("client_tls_sslmode = require\n{files}"))
    }

    fn configuration(&self, scratch: &Scratch, port: &Port) -> String {
        let (ip, number) = (port.address().ip(), port.number());
        let users = text(&scratch.write_private("users", format!("\"{USER}\" \"{PASSWORD}\"\n")));
        let login = match &self.rules {
            Some(rules) => format!("auth_type = hba\nauth_hba_file = {}\n", text(&scratch.write("hba", rules))),
            None => "auth_type = scram-sha-256\n".to_owned(),
        };
        format!(
            "[databases]\n{}[pgbouncer]\nlisten_addr = {ip}\nlisten_port = {number}\nunix_socket_dir =\n\
             auth_file = {users}\n{login}{}",
            self.databases, self.settings
        )
    }
}

/// A running pgbouncer on 127.0.0.1.
#[derive(Debug)]
pub struct Pgbouncer {
    daemon: Daemon,
    port: Port,
}

impl Pgbouncer {
    /// Starts one.
    #[must_use]
    pub fn start(pools: &Pools) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let file = scratch.write("pgbouncer.ini", pools.configuration(scratch, &port));
            let launch = Launch::new("pgbouncer").arg(file).as_nobody().says("process up");
            (launch.accepts(port.address()), port)
        });
        Self { daemon, port }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
