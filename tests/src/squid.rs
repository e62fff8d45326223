//! squid, the forward proxy: `http://` and CONNECT, with and without a login, over TCP or TLS.
//!
//! ```
//! use harness::squid::{Rules, Squid};
//!
//! let squid = Squid::start(&Rules::open().login("app", "secret").deny_port(9));
//! assert!(squid.url().starts_with("http://localhost:"));
//! ```
//!
//! What it answers by itself: 407 without the login, 403 for what it denies, 503 where it cannot connect,
//! 502 where the server gives no answer, and 502 after a second for a name that is not in `/etc/hosts`.
//! Debian's squid 5.7 is built with `GnuTLS` and so takes TLS from its clients too.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::certs::{Folder, Identity};
use crate::md5;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// The helper of the squid package that checks passwords.
const PASSWORD_HELPER: &str = "/usr/lib/squid/basic_ncsa_auth";

/// What a squid allows, and to whom.
#[derive(Debug, Default)]
pub struct Rules {
    login: Option<(String, String)>,
    denied: Vec<String>,
    /// Where every tunnel ends, whatever its target.
    tunnel: Option<SocketAddr>,
    /// The options of the port, and where the files are that they name.
    tls: Option<(String, Folder)>,
}

impl Rules {
    /// Anybody may do anything.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Wants this user and password (Basic, RFC 7617) from every client; 407 without.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Answers 403 to whoever wants this port, on any host.
    #[must_use]
    pub fn deny_port(self, port: u16) -> Self {
        self.deny(format!("port {port}"))
    }

    /// Answers 403 to whoever wants this host, a name or an address exactly as the client writes it.
    #[must_use]
    pub fn deny_host(self, host: &str) -> Self {
        self.deny(format!("dstdomain -n {host}"))
    }

    /// Lets every CONNECT end at this server, which stands for whatever the client names.
    #[must_use]
    pub fn tunnel_to(mut self, server: SocketAddr) -> Self {
        self.tunnel = Some(server);
        self
    }

    /// Its clients have to speak TLS to it (`https://` in a proxy URL).
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        self.tls = Some((format!("tls-cert={chain} tls-key={key}"), identity.folder()));
        self
    }

    fn deny(mut self, condition: String) -> Self {
        self.denied.push(condition);
        self
    }

    /// The whole configuration. Names are looked up in /etc/hosts only: nothing leaves this machine.
    fn configuration(&self, scratch: &Scratch, address: SocketAddr) -> String {
        let folder = text(&scratch.folder("run"));
        let listen = match &self.tls {
            Some((options, _)) => format!("https_port {address} {options}"),
            None => format!("http_port {address}"),
        };
        format!(
            "{listen}\npid_filename {folder}/pid\ncoredump_dir {folder}\naccess_log stdio:{folder}/access.log\n\
             cache_log stdio:/dev/stderr\ncache deny all\ncache_mem 8 MB\npinger_enable off\nshutdown_lifetime 0 seconds\n\
             dns_nameservers 127.0.0.1\ndns_timeout 1 second\ndns_retransmit_interval 1 second\nconnect_timeout 5 seconds\n\
             visible_hostname squid.test\n{}{}http_access allow all\n",
            self.rewriting(scratch),
            self.access(scratch)
        )
    }

    /// A helper that is told the target of each request, and says another one for tunnels.
    fn rewriting(&self, scratch: &Scratch) -> String {
        let Some(server) = self.tunnel else { return String::new() };
        let script = format!(
            "#!/bin/sh\nwhile read -r target _; do\n\
             case \"$target\" in *://*) echo ERR;; *) echo 'OK rewrite-url=\"{server}\"';; esac\ndone\n"
        );
        let program = text(&scratch.program("rewrite", script));
        format!("url_rewrite_program {program}\nurl_rewrite_children 1 startup=1\n")
    }

    /// The rules that refuse, first those on the destination.
    fn access(&self, scratch: &Scratch) -> String {
        let rule = |(number, condition)| format!("acl d{number} {condition}\nhttp_access deny d{number}\n");
        let denied = self.denied.iter().enumerate().map(rule).collect::<String>();
        let Some((user, password)) = &self.login else {
            return denied;
        };
        // The helper takes the plain MD5 of the password among other things.
        let line = format!("{user}:{}\n", md5::digest(password.as_bytes()));
        let file = text(&scratch.write_private("passwords", line));
        let login = "auth_param basic children 1\nauth_param basic realm squid\n\
             acl known proxy_auth REQUIRED\nhttp_access deny !known\n";
        format!("{denied}auth_param basic program {PASSWORD_HELPER} {file}\n{login}")
    }
}

/// A running squid on 127.0.0.1.
#[derive(Debug)]
pub struct Squid {
    daemon: Daemon,
    name: String,
    port: Arc<Port>,
    tls: bool,
}

impl Squid {
    /// Starts squid with these rules.
    #[must_use]
    pub fn start(rules: &Rules) -> Self {
        Self::run(rules, ports::free)
    }

    /// The same at a port that stays the caller's: another squid may follow there.
    #[must_use]
    pub fn start_at(port: &Arc<Port>, rules: &Rules) -> Self {
        Self::run(rules, || Arc::clone(port))
    }

    fn run<P: Into<Arc<Port>>>(rules: &Rules, port: impl Fn() -> P) -> Self {
        let (daemon, (name, port)) = Daemon::start_with(|scratch| {
            let port: Arc<Port> = port().into();
            let file = scratch.write("squid.conf", rules.configuration(scratch, port.address()));
            // Without a name of its own it would share memory with every other squid of the machine.
            let name = format!("cc{}x{}", std::process::id(), port.number());
            let launch = Launch::new("squid").args(["-N", "-n", &name, "-f"]).arg(file).as_nobody();
            // It takes two seconds over a SIGTERM.
            (launch.accepts(port.address()).without_grace(), (name, port))
        });
        Self { daemon, name, port, tls: rules.tls.is_some() }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// `http://localhost:PORT`, or `https://...` where it wants TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port.number())
    }

    /// What it was asked so far: the lines of its access log, written after the answer. Connections
    /// without a request are left out.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.daemon.scratch().path().join("run/access.log")).unwrap_or_default();
        log.lines().filter(|line| !line.contains("error:transaction-end-before-headers")).map(str::to_owned).collect()
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

impl Drop for Squid {
    /// Removes the shared memory that squid itself removes only after a SIGTERM.
    fn drop(&mut self) {
        self.daemon.stop();
        for kind in ["metadata", "queues", "readers"] {
            let _never_made = std::fs::remove_file(format!("/dev/shm/{}-cf__{kind}.shm", self.name));
        }
    }
}
