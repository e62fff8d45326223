//! vsftpd: FTP, which begins without TLS and turns to it.
//!
//! Debian's vsftpd 3.0.3, for anonymous users.

use std::net::SocketAddr;

use crate::certs::{Folder, Identity};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::text;

/// A running vsftpd on 127.0.0.1.
#[derive(Debug)]
pub struct Vsftpd {
    _daemon: Daemon,
    port: Port,
    _files: Option<Folder>,
}

impl Vsftpd {
    /// Offers AUTH TLS with this identity; without one, not.
    #[must_use]
    pub fn start(identity: Option<&Identity>) -> Self {
        let tls = identity.map_or(String::new(), |identity| {
            let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
            format!("ssl_enable=YES\nrsa_cert_file={chain}\nrsa_private_key_file={key}\n")
        });
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let file = scratch.write(
                "vsftpd.conf",
                format!(
                    "listen=YES\nlisten_address=127.0.0.1\nlisten_port={}\nbackground=NO\nrun_as_launching_user=YES\n\
                     anonymous_enable=YES\nsecure_chroot_dir={}\nseccomp_sandbox=NO\n{tls}",
                    port.number(),
                    text(&scratch.folder("empty"))
                ),
            );
            (Launch::new("vsftpd").arg(file).accepts(port.address()), port)
        });
        Self { _daemon: daemon, port, _files: identity.map(Identity::folder) }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }
}
