//! nginx, with as many servers in one daemon as a test describes.
//!
//! ```
//! use harness::certs::Authority;
//! use harness::nginx::{Nginx, Site};
//!
//! let ca = Authority::new();
//! let nginx = Nginx::start([
//!     Site::http("plain").page("/", "hello").redirect("/loop", 302, "/loop"),
//!     Site::tls("tls-expired", &ca.expired()).page("/", "hello"),
//! ]);
//! assert_ne!(nginx.port("plain"), nginx.port("tls-expired"));
//! assert!(nginx.url("tls-expired", "/").starts_with("https://localhost:"));
//! ```
//!
//! Debian's build (1.22, OpenSSL 3.0) has everything used here. Like every nginx it has no Digest
//! authentication ([`crate::peers::Digest`] has), and it answers a missing client certificate
//! with status 400 after the handshake instead of an alert ([`crate::stunnel`] and
//! [`crate::peers::TlsPeer`] send the alert).

mod site;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub use site::Site;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// A running nginx. It runs as the test user, in one process.
#[derive(Debug)]
pub struct Nginx {
    daemon: Daemon,
    sites: Vec<Site>,
    /// The port of each; a stopped nginx still holds them, so they refuse.
    ports: Vec<Port>,
}

impl Nginx {
    /// Starts nginx with these servers, each on a port of its own of 127.0.0.1 and, where there is one, `::1`.
    #[must_use]
    pub fn start(sites: impl IntoIterator<Item = Site>) -> Self {
        Self::run(sites.into_iter().collect(), ports::free)
    }

    /// The same on the address `ip` alone, for [`crate::netns::Namespace::inside`].
    #[must_use]
    pub fn start_at(ip: IpAddr, sites: impl IntoIterator<Item = Site>) -> Self {
        Self::run(sites.into_iter().collect(), || ports::free_at(ip))
    }

    /// The port of the server called `name`.
    #[must_use]
    pub fn port(&self, name: &str) -> u16 {
        self.address(name).port()
    }

    /// Address and port of the server called `name`.
    #[must_use]
    pub fn address(&self, name: &str) -> SocketAddr {
        self.find(name).1.address()
    }

    /// `http://localhost:PORT/path` or `https://...` of the server called `name`; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, name: &str, path: &str) -> String {
        let (site, port) = self.find(name);
        let address = port.address();
        let host = if address.ip() == Ipv4Addr::LOCALHOST {
            format!("localhost:{}", address.port())
        } else {
            address.to_string()
        };
        format!("{}://{host}{path}", site.scheme())
    }

    /// What the server called `name` was asked, in the order of its answers: `METHOD URI STATUS` each.
    ///
    /// nginx writes this down after the answer is sent, so a test has to wait for its last request.
    #[must_use]
    pub fn requests(&self, name: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.daemon.scratch().path().join("access.log")).unwrap_or_default();
        let port = format!("{} ", self.port(name));
        log.lines().filter_map(|line| line.strip_prefix(&port)).map(str::to_owned).collect()
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn run(sites: Vec<Site>, free: impl Fn() -> Port) -> Self {
        let names = sites.iter().map(Site::name).collect::<HashSet<_>>();
        assert_eq!(names.len(), sites.len(), "two servers have the same name");
        let (daemon, ports) = Daemon::start_with(|scratch| {
            let ports = sites.iter().map(|_| free()).collect::<Vec<_>>();
            let file = scratch.write("nginx.conf", configuration(&sites, &ports, scratch));
            let launch = Launch::new("nginx").arg("-p").arg(scratch.path()).args(["-e", "stderr", "-c"]).arg(file);
            (ports.iter().flat_map(listens).fold(launch, Launch::accepts), ports)
        });
        Self { daemon, sites, ports }
    }

    /// The server called `name`, with its port.
    #[track_caller]
    fn find(&self, name: &str) -> (&Site, &Port) {
        let names = || self.sites.iter().map(Site::name).collect::<Vec<_>>();
        let found = self.sites.iter().zip(&self.ports).find(|(site, _)| site.name() == name);
        found.unwrap_or_else(|| panic!("no server {name}, only {:?}", names()))
    }
}

/// The whole configuration; every path in it is below the scratch directory or absolute.
fn configuration(sites: &[Site], ports: &[Port], scratch: &Scratch) -> String {
    let servers = sites.iter().zip(ports).map(|(site, port)| site.block(&listens(port), scratch)).collect::<String>();
    let folder = text(&scratch.folder("temporary"));
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"));
    // `return` expands variables and has no escape for the dollar, hence one that holds it.
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\n\
         events {{ worker_connections 512; }}\nhttp {{\n{}\
         default_type text/plain; ssl_protocols TLSv1.2 TLSv1.3;\n\
         log_format short '$server_port $request_method $request_uri $status'; access_log access.log short;\n\
         root {}; geo $dollar {{ default \"$\"; }}\n{servers}}}\n",
        temporary.concat(),
        text(&scratch.folder("empty")),
    )
}

/// Every address a server with this port listens at.
fn listens(port: &Port) -> Vec<SocketAddr> {
    let both = port.address().ip() == Ipv4Addr::LOCALHOST && ports::has_ipv6_loopback();
    [Some(port.address()), both.then(|| port.address6())].into_iter().flatten().collect()
}
