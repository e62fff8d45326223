//! Proxies of SOCKS 5: microsocks, which lets everybody through who logs in, and dante, which has rules.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};

/// A running SOCKS proxy on 127.0.0.1.
#[derive(Debug)]
pub struct Socks {
    port: Port,
    _daemon: Daemon,
}

impl Socks {
    /// Starts microsocks; with `login` for that user and password alone.
    #[must_use]
    pub fn start(login: Option<(&str, &str)>) -> Self {
        let (daemon, port) = Daemon::start_with(|_| {
            let port = ports::free();
            let number = port.number().to_string();
            let launch = Launch::new("microsocks").args(["-i", "127.0.0.1", "-p", &number]);
            let launch = match login {
                Some((user, password)) => launch.args(["-u", user, "-P", password]),
                None => launch,
            };
            (launch.as_nobody().accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// Starts dante, which passes what these rules of its let pass (danted.conf(5)).
    #[must_use]
    pub fn start_with_rules(rules: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let configuration = format!(
                "logoutput: stderr\ninternal: 127.0.0.1 port = {}\nexternal: lo\nexternal.rotation: none\n\
                 socksmethod: none\nclientmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n\
                 client pass {{ from: 0/0 to: 0/0 }}\n{rules}\n",
                port.number()
            );
            let file = scratch.write("danted.conf", configuration);
            let pid = scratch.path().join("pid");
            (Launch::new("danted").arg("-f").arg(file).arg("-p").arg(pid).accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
