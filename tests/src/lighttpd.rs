//! lighttpd, whose Digest looks at the URI that was signed.

use std::net::SocketAddr;

use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// A running lighttpd on 127.0.0.1 with one page, `/`, that says `welcome`, for those who log in.
#[derive(Debug)]
pub struct Lighttpd {
    port: Port,
    _daemon: Daemon,
}

impl Lighttpd {
    /// Starts it with this user and password; `method` is `digest` or `basic`, `more` further options of the login,
    /// each with a comma behind it.
    #[must_use]
    pub fn start(method: &str, user: &str, password: &str, more: &str) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let root = text(&scratch.folder("www"));
            scratch.write("www/index.html", "welcome");
            let users = scratch.write("users", format!("{user}:{password}\n"));
            let users = text(&users);
            let configuration = format!(
                "server.modules = (\"mod_auth\", \"mod_authn_file\")\nserver.document-root = \"{root}\"\n\
                 server.bind = \"127.0.0.1\"\nserver.port = {}\nindex-file.names = (\"index.html\")\n\
                 auth.backend = \"plain\"\nauth.backend.plain.userfile = \"{users}\"\n\
                 auth.require = (\"/\" => (\"method\" => \"{method}\", \"realm\" => \"inside\", {more} \"require\" => \"valid-user\"))\n",
                port.number()
            );
            let file = scratch.write("lighttpd.conf", configuration);
            (Launch::new("lighttpd").arg("-D").arg("-f").arg(file).accepts(port.address()), port)
        });
        Self { port, _daemon: daemon }
    }

    /// `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address())
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
