//! `FerretDB` 1.24, a server for `MongoDB`'s drivers that others wrote, over `SQLite`.
//!
//! No package has it: `cargo xtask test` builds it from its Go module into `target/ferretdb/`, where Go
//! and a way to the modules are to be had. A test that finds none says so aloud ([`Ferretdb::or_skip`]).
//!
//! It has users and SCRAM ("new authentication", still an experiment there), and no permissions: who
//! is logged in may do everything. It takes no first message of a login in a hello, and wants an empty
//! last one.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::certs::Identity;
use crate::mongodb::{DATABASE, PASSWORD, USER};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// A running `FerretDB`. It listens on a port without TLS, on a Unix socket, and, given a certificate,
/// on a port with TLS.
#[derive(Debug)]
pub struct Ferretdb {
    daemon: Daemon,
    ports: [Port; 2],
}

impl Ferretdb {
    /// Where the test command puts the program.
    #[must_use]
    pub fn program() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ferretdb/ferretdb")
    }

    /// Starts one that wants the login of [`crate::mongodb::USER`], who is kept in
    /// [`crate::mongodb::DATABASE`]; with a certificate it speaks TLS on another port.
    ///
    /// `None`, and a line on standard error that no test runner hides, where it could not be built.
    #[must_use]
    pub fn or_skip(identity: Option<&Identity>) -> Option<Self> {
        if !Self::program().is_file() {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // Nobody is left to tell when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: there is no FerretDB; `cargo xtask test` builds it");
            return None;
        }
        let (daemon, ports) = Daemon::start_with(|scratch| {
            let ports = [ports::free(), ports::free()];
            (launch(scratch, &ports, identity), ports)
        });
        Some(Self { daemon, ports })
    }

    /// Where it listens without TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.ports[0].address()
    }

    /// Where it listens with TLS.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.ports[1].address()
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket(self.daemon.scratch())
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

fn launch(scratch: &Scratch, ports: &[Port; 2], identity: Option<&Identity>) -> Launch {
    let folder = text(&scratch.folder("data"));
    let launch = Launch::new(&text(&Ferretdb::program()))
        .args(["--handler=sqlite", "--telemetry=disable", "--debug-addr=-", "--test-enable-new-auth"])
        .arg(format!("--sqlite-url=file:{folder}/"))
        .arg(format!("--state-dir={folder}"))
        .arg(format!("--listen-addr={}", ports[0].address()))
        .arg(format!("--listen-unix={}", text(&socket(scratch))))
        .args([format!("--setup-username={USER}"), format!("--setup-password={PASSWORD}")])
        .arg(format!("--setup-database={DATABASE}"))
        .accepts(ports[0].address());
    let Some(identity) = identity else { return launch };
    launch
        .arg(format!("--listen-tls={}", ports[1].address()))
        .arg(format!("--listen-tls-cert-file={}", text(identity.certificate_file())))
        .arg(format!("--listen-tls-key-file={}", text(identity.key_file())))
        .accepts(ports[1].address())
}

fn socket(scratch: &Scratch) -> PathBuf {
    scratch.path().join("mongodb.sock")
}
