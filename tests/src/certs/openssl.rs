//! Certificates of kinds that rcgen does not make, and a server that shows them: OpenSSL's own program.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::Scratch;

/// A root and a server's certificate below it, for `localhost` and 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Odd<'a> {
    /// What `-newkey` takes, and options of it: `rsa:1024`, `ec -pkeyopt ec_paramgen_curve:P-521`.
    pub root_key: &'a str,
    /// The same of the server.
    pub key: &'a str,
    /// How the server's certificate is signed: `-sha1`, `-sigopt rsa_padding_mode:pss`.
    pub signing: &'a str,
    /// The lines of its extensions; without any, it is of X.509 version 1.
    pub extensions: &'a str,
    /// Options of the server: `-Verify 1 -tls1_2`.
    pub server: &'a str,
}

impl Default for Odd<'_> {
    fn default() -> Self {
        Self {
            root_key: "ec -pkeyopt ec_paramgen_curve:P-256",
            key: "ec -pkeyopt ec_paramgen_curve:P-256",
            signing: "-sha256",
            extensions: "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
            server: "",
        }
    }
}

/// A server of OpenSSL that takes every strength of keys and signatures.
#[derive(Debug)]
pub struct OddServer {
    _daemon: Daemon,
    port: Port,
    folder: Scratch,
}

impl OddServer {
    /// Makes the certificates and starts the server.
    #[must_use]
    pub fn start(odd: &Odd<'_>) -> Self {
        let folder = Scratch::new();
        odd.make(&folder);
        let file = |name: &str| folder.path().join(name).into_os_string();
        let (daemon, port) = Daemon::start_with(|_| {
            let port = ports::free();
            let launch = Launch::new("openssl").args(["s_server", "-www", "-cipher", "ALL:@SECLEVEL=0", "-accept"]);
            let launch = launch.arg(port.address().to_string()).arg("-cert").arg(file("leaf.pem"));
            let launch = launch.arg("-key").arg(file("leaf.key")).args(odd.server.split_whitespace());
            (launch.accepts(port.address()), port)
        });
        Self { _daemon: daemon, port, folder }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The root, as PEM.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// The server's certificate and its key, as PEM.
    #[must_use]
    pub fn identity(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join("leaf.pem"), self.folder.path().join("leaf.key"))
    }
}

impl Odd<'_> {
    fn make(&self, folder: &Scratch) {
        let root = format!(
            "req -x509 -newkey {} -nodes -subj /CN=odd-root -days 30 -keyout root.key -out root.pem",
            self.root_key
        );
        run(folder.path(), &root);
        run(
            folder.path(),
            &format!("req -new -newkey {} -nodes -subj /CN=localhost -keyout leaf.key -out leaf.csr", self.key),
        );
        let mut leaf =
            "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out leaf.pem ".to_owned();
        if !self.extensions.is_empty() {
            fs::write(folder.path().join("leaf.ext"), self.extensions).or_panic("write the extensions");
            leaf += "-extfile leaf.ext ";
        }
        run(folder.path(), &(leaf + self.signing));
    }
}

/// Runs OpenSSL's program in a folder.
fn run(folder: &Path, arguments: &str) {
    let mut command = Command::new(packages::needed("openssl"));
    command.args(arguments.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    let output = command.output().or_panic("run openssl");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
