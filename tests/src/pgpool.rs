//! pgpool, a pooler and balancer in front of `PostgreSQL`.
//!
//! ```
//! use harness::pgpool::{Pgpool, Pools};
//! use harness::postgres::{Postgres, Setup};
//!
//! let postgres = Postgres::start(&Setup::plain());
//! let pool = Pgpool::start(&Pools::of(postgres.address()));
//! assert_ne!(pool.address(), postgres.address());
//! ```
//!
//! Debian 12 has 4.3.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// What a pgpool stands in front of.
#[derive(Debug)]
pub struct Pools {
    server: SocketAddr,
    rules: Option<String>,
}

impl Pools {
    /// One server; logins are passed on to it.
    #[must_use]
    pub fn of(server: SocketAddr) -> Self {
        Self { server, rules: None }
    }

    /// Lets in whom these lines of `pool_hba.conf` let in.
    #[must_use]
    pub fn rules(mut self, lines: &str) -> Self {
        self.rules = Some(lines.to_owned());
        self
    }

    fn configuration(&self, scratch: &Scratch, port: &Port) -> String {
        let folder = text(scratch.path());
        let (ip, number, pcp) = (port.address().ip(), port.number(), ports::free());
        let (server, behind, own) = (self.server.ip(), self.server.port(), pcp.number());
        let rules = if self.rules.is_some() { "on" } else { "off" };
        format!(
            "backend_clustering_mode = 'raw'\nlisten_addresses = '{ip}'\nport = {number}\nsocket_dir = '{folder}'\n\
             pcp_listen_addresses = '{ip}'\npcp_port = {own}\npcp_socket_dir = '{folder}'\n\
             wd_ipc_socket_dir = '{folder}'\nlogdir = '{folder}'\npid_file_name = '{folder}/pid'\n\
             backend_hostname0 = '{server}'\nbackend_port0 = {behind}\nnum_init_children = 4\nmax_pool = 1\n\
             enable_pool_hba = {rules}\npool_passwd = ''\nallow_clear_text_frontend_auth = off\n\
             health_check_period = 0\nsr_check_period = 0\nfailover_on_backend_error = off\n"
        )
    }
}

/// A running pgpool on 127.0.0.1.
#[derive(Debug)]
pub struct Pgpool {
    _daemon: Daemon,
    port: Port,
}

impl Pgpool {
    /// Starts one.
    #[must_use]
    pub fn start(pools: &Pools) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let file = scratch.write("pgpool.conf", pools.configuration(scratch, &port));
            let rules = scratch.write("pool_hba.conf", pools.rules.clone().unwrap_or_default());
            let pcp = scratch.write("pcp.conf", "");
            let launch = Launch::new("/usr/sbin/pgpool").arg("-n").arg("-f").arg(file);
            let launch = launch.arg("-a").arg(rules).arg("-F").arg(pcp).as_nobody();
            (launch.says("pgpool-II successfully started").accepts(port.address()), port)
        });
        Self { _daemon: daemon, port }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
