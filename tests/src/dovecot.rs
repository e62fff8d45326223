//! Dovecot: IMAP and POP3, each of which begins without TLS and turns to it.
//!
//! Debian's dovecot 2.3.19. Nobody has a mailbox there.

use std::net::SocketAddr;

use crate::certs::{Folder, Identity};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// A running Dovecot on 127.0.0.1.
#[derive(Debug)]
pub struct Dovecot {
    _daemon: Daemon,
    imap: Port,
    pop3: Port,
    _files: Option<Folder>,
}

impl Dovecot {
    /// Offers STARTTLS and STLS with this identity; without one, neither.
    #[must_use]
    pub fn start(identity: Option<&Identity>) -> Self {
        let (daemon, (imap, pop3)) = Daemon::start_with(|scratch| {
            let (imap, pop3) = (ports::free(), ports::free());
            let file = scratch.write("dovecot.conf", configuration(scratch, identity, &imap, &pop3));
            let launch = Launch::new("dovecot").arg("-F").arg("-c").arg(file);
            (launch.accepts(imap.address()).accepts(pop3.address()), (imap, pop3))
        });
        Self { _daemon: daemon, imap, pop3, _files: identity.map(Identity::folder) }
    }

    /// Where it speaks IMAP.
    #[must_use]
    pub fn imap(&self) -> SocketAddr {
        self.imap.address()
    }

    /// Where it speaks POP3.
    #[must_use]
    pub fn pop3(&self) -> SocketAddr {
        self.pop3.address()
    }
}

fn configuration(scratch: &Scratch, identity: Option<&Identity>, imap: &Port, pop3: &Port) -> String {
    let folder = |name: &str| text(&scratch.folder(name));
    let tls = identity.map_or("ssl = no\n".to_owned(), |identity| {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        format!("ssl = yes\nssl_cert = <{chain}\nssl_key = <{key}\n")
    });
    let service = |name: &str, port: &Port| {
        format!(
            "service {name}-login {{\n chroot =\n inet_listener {name} {{\n  port = {}\n }}\n \
             inet_listener {name}s {{\n  port = 0\n }}\n}}\n",
            port.number()
        )
    };
    format!(
        "base_dir = {}\nstate_dir = {}\nmail_location = maildir:{}\nlog_path = /dev/stderr\nprotocols = imap pop3\n\
         listen = 127.0.0.1\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = nobody\n\
         service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n\
         service auth {{\n chroot =\n user = root\n}}\npassdb {{\n driver = static\n args = nopassword=y\n}}\n{tls}{}{}",
        folder("run"),
        folder("state"),
        folder("mail"),
        service("imap", imap),
        service("pop3", pop3)
    )
}
