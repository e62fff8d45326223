//! TLS servers of a JDK: what stands behind Tomcat, Kafka, Elasticsearch and their like.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::certs::{Authority, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// The servers' program; the JDK runs a source as it is.
const PROGRAM: &str = include_str!("../java/TlsServers.java");

/// Whom a server lets in.
#[derive(Clone, Copy, Debug)]
pub enum Admits<'a> {
    /// Whoever comes.
    Anybody,
    /// Whoever has a certificate of this authority.
    CertificatesOf(&'a Authority),
    /// Whoever speaks this version of TLS (`TLSv1.1`).
    Version(&'a str),
    /// Whoever asks for this name, or for none.
    Name(&'a str),
}

/// Running servers, all of one JDK.
#[derive(Debug)]
pub struct Jdk {
    ports: Vec<Port>,
    daemon: Daemon,
}

impl Jdk {
    /// Starts one server on 127.0.0.1 for each certificate.
    #[must_use]
    pub fn start(servers: &[(&Identity, Admits<'_>)]) -> Self {
        let (daemon, ports) = Daemon::start_with(|scratch| {
            let ports: Vec<_> = servers.iter().map(|_| ports::free()).collect();
            let mut launch = Launch::new("java").args(["-Xshare:auto", "-XX:TieredStopAtLevel=1"]);
            launch = launch.arg(scratch.write("TlsServers.java", PROGRAM));
            for (number, ((identity, admits), port)) in servers.iter().zip(&ports).enumerate() {
                let store = keystore(scratch, identity, number);
                launch = launch.arg(format!("{},{},{}", port.number(), text(&store), admits.words()));
            }
            (launch.says("all listen"), ports)
        });
        Self { ports, daemon }
    }

    /// Address and port of a server, by its place among those that were started.
    #[must_use]
    pub fn address(&self, number: usize) -> SocketAddr {
        self.ports[number].address()
    }

    /// What the servers have said.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}

impl Admits<'_> {
    /// As the program takes it.
    fn words(self) -> String {
        match self {
            Self::Anybody => "any".to_owned(),
            Self::CertificatesOf(authority) => format!("need,{}", text(authority.file())),
            Self::Version(version) => format!("only,{version}"),
            Self::Name(name) => format!("name,{name}"),
        }
    }
}

/// A PKCS#12 file, as the JDK keeps keys.
fn keystore(scratch: &Scratch, identity: &Identity, number: usize) -> std::path::PathBuf {
    let store = scratch.path().join(format!("{number}.p12"));
    let mut command = Command::new(packages::needed("openssl"));
    command.args(["pkcs12", "-export", "-passout", "pass:changeit", "-name", "own"]);
    let file = |path: &Path| path.as_os_str().to_owned();
    command.arg("-in").arg(file(identity.certificate_file())).arg("-inkey").arg(file(identity.key_file()));
    let output = command.arg("-out").arg(&store).stdin(Stdio::null()).output().or_panic("run openssl");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    store
}
