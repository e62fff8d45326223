//! Downloads as `examples/downloads` has them: an application that says where the file is, a storage, and a reverse proxy
//! that delivers from it; each can be broken alone.

use crate::nginx::{Nginx, Site};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use std::fs;
use std::path::PathBuf;

/// The file of the health check.
pub const DUMMY: &str = include_str!("../../examples/downloads/dummy.txt");

const CHECKS: &str = include_str!("../../examples/downloads/checks.yaml");
const NGINX: &str = include_str!("../../examples/downloads/nginx.conf");
const APACHE: &str = include_str!("../../examples/downloads/apache.conf");

/// Where the example has its storage, and the paths below it.
const MEDIA: &str = "/srv/shop/media";
const FILE: &str = "health/dummy.txt";

/// The reverse proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proxy {
    /// With X-Accel-Redirect.
    Nginx,
    /// With X-Sendfile (`mod_xsendfile`).
    Apache,
}

/// All of it, running.
#[derive(Debug)]
pub struct Downloads {
    proxy: Proxy,
    application: Nginx,
    storage: Scratch,
    port: Port,
    daemon: Daemon,
}

impl Downloads {
    /// Starts it; all is well.
    #[must_use]
    pub fn start(proxy: Proxy) -> Self {
        let storage = Scratch::new();
        let _ = storage.folder("health");
        let place = storage.write(FILE, DUMMY);
        let header = match proxy {
            Proxy::Nginx => ("X-Accel-Redirect", format!("/protected/{FILE}")),
            Proxy::Apache => ("X-Sendfile", text(&place)),
        };
        let site = Site::http("django").header(header.0, &header.1).page("/healthcheck-utils/download/", "");
        let application = Nginx::start([site]);
        let port = ports::free();
        let daemon = serve(proxy, &storage, &application, &port, &["", ""]);
        Self { proxy, application, storage, port, daemon }
    }

    /// The file of checks of the example, with the places that are here.
    #[must_use]
    pub fn checks(&self) -> String {
        let checks = match self.proxy {
            Proxy::Nginx => CHECKS.to_owned(),
            Proxy::Apache => {
                CHECKS.replace("x-accel-redirect: /protected/health", "x-sendfile: /srv/shop/media/health")
            }
        };
        let checks = checks.replace("localhost:80/", &format!("127.0.0.1:{}/", self.port.number()));
        let checks = checks.replace("localhost:8000/", &format!("127.0.0.1:{}/", self.application.port("django")));
        checks.replace(MEDIA, &text(self.storage.path()))
    }

    /// Starts the reverse proxy anew, with one piece of its configuration replaced by another.
    pub fn reconfigure(&mut self, from: &str, to: &str) {
        self.daemon.stop();
        self.daemon = serve(self.proxy, &self.storage, &self.application, &self.port, &[from, to]);
    }

    /// Where the dummy file is on the storage.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.storage.path().join(FILE)
    }

    /// Puts something else on the storage; nothing: the file is not there.
    pub fn store(&self, content: Option<&str>) {
        match content {
            Some(content) => drop(self.storage.write(FILE, content)),
            // One that is gone already is what is wanted.
            None => drop(fs::remove_file(self.file())),
        }
    }

    /// The application answers as one that was never told of a reverse proxy; it stays where it is.
    pub fn forget_proxy(&mut self) {
        let site = Site::http("django").page("/healthcheck-utils/download/", DUMMY);
        self.application = Nginx::start([site]);
        self.reconfigure("", "");
    }

    /// The application, to be stopped.
    pub fn application(&mut self) -> &mut Daemon {
        self.application.daemon()
    }
}

/// Starts the reverse proxy with the configuration of the example.
fn serve(proxy: Proxy, storage: &Scratch, application: &Nginx, port: &Port, [from, to]: &[&str; 2]) -> Daemon {
    let example = match proxy {
        Proxy::Nginx => NGINX.replace("listen 80;", &format!("listen {};", port.address())),
        Proxy::Apache => APACHE.replace("*:80", &port.address().to_string()),
    };
    assert!(example.contains(from), "the example has no `{from}`");
    let example = if from.is_empty() { example } else { example.replace(from, to) };
    let example = example.replace(":8000", &format!(":{}", application.port("django")));
    let example = example.replace(MEDIA, &text(storage.path()));
    Daemon::start(|scratch| {
        match proxy {
            Proxy::Nginx => nginx(&example, scratch),
            Proxy::Apache => apache(&example, port, scratch),
        }
        .accepts(port.address())
    })
}

fn nginx(server: &str, scratch: &Scratch) -> Launch {
    let folder = text(&scratch.folder("temporary"));
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"));
    let configuration = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\nevents {{}}\nhttp {{\n{}\
         default_type text/plain; access_log off; root {};\n{server}}}\n",
        temporary.concat(),
        text(&scratch.folder("empty"))
    );
    let file = scratch.write("nginx.conf", configuration);
    Launch::new("nginx").arg("-p").arg(scratch.path()).args(["-e", "stderr", "-c"]).arg(file)
}

fn apache(host: &str, port: &Port, scratch: &Scratch) -> Launch {
    const MODULES: [&str; 6] = ["mpm_event", "authz_core", "alias", "proxy", "proxy_http", "xsendfile"];
    let module = |name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let place = text(scratch.path());
    let configuration = format!(
        "ServerRoot {place}\nServerName localhost\nPidFile {place}/apache.pid\nErrorLog {place}/error.log\nListen {}\n{}{host}",
        port.address(),
        MODULES.map(module).concat()
    );
    let file = scratch.write("apache.conf", configuration);
    // In one process, as a user who is not root.
    Launch::new("apache2").args(["-X", "-f"]).arg(file).as_nobody()
}
