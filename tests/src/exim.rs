//! Exim, a mail server in daily use: strict about the order of commands, and with PIPELINING.
//!
//! ```
//! use harness::exim::{Exim, Setup};
//!
//! let exim = Exim::start(&Setup::open());
//! assert_eq!(exim.mails(), 0);
//! ```
//!
//! Debian's exim4-daemon-light 4.96, with `GnuTLS`. It takes mails for `mail.test` from everybody, and
//! for the rest of the world from [`USER`]; it keeps them in its queue. A client that sends ahead what
//! it may not is refused (`smtp_enforce_sync`).

use std::net::SocketAddr;

use crate::certs::{Folder, Identity};
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// The recipient of `mail.test` that it does not know.
pub const UNKNOWN: &str = "nobody@mail.test";

/// The one user that may log in.
pub const USER: &str = "app";

/// The password of [`USER`].
pub const PASSWORD: &str = "Corr3ct-exim-horse";

/// How Exim is set up.
#[derive(Debug, Default)]
pub struct Setup {
    more: String,
    /// Where the files are that the options name.
    tls: Option<Folder>,
}

impl Setup {
    /// Offers PLAIN and LOGIN, and PIPELINING.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Offers STARTTLS on its plain port, and opens [`Exim::tls_address`].
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        self.tls = Some(identity.folder());
        self.with(&format!("tls_advertise_hosts = *\ntls_certificate = {chain}\ntls_privatekey = {key}"))
    }

    /// Offers the login only inside TLS.
    #[must_use]
    pub fn login_needs_tls(self) -> Self {
        self.with("auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}")
    }

    /// Offers no PIPELINING.
    #[must_use]
    pub fn without_pipelining(self) -> Self {
        self.with("pipelining_advertise_hosts =")
    }

    /// Serves so many connections at once and answers 421 to the others.
    #[must_use]
    pub fn at_most(self, connections: usize) -> Self {
        self.with(&format!("smtp_accept_max = {connections}"))
    }

    /// Refuses every host in its greeting (554).
    #[must_use]
    pub fn for_nobody(self) -> Self {
        self.with("host_reject_connection = *")
    }

    fn with(mut self, option: &str) -> Self {
        self.more += option;
        self.more.push('\n');
        self
    }

    fn configuration(&self, scratch: &Scratch, plain: &Port, tls: &Port) -> String {
        let folder = text(&scratch.folder("spool"));
        let ports = if self.tls.is_some() {
            format!("{0} : {1}\ntls_on_connect_ports = {1}", plain.number(), tls.number())
        } else {
            format!("{}\ntls_advertise_hosts =", plain.number())
        };
        let (user, group) = owner();
        format!(
            "exim_user = {user}\nexim_group = {group}\nspool_directory = {folder}\nlog_file_path = {folder}/%s.log\n\
             pid_file_path = {folder}/pid\nprimary_hostname = exim.test\nlocal_interfaces = 127.0.0.1\n\
             daemon_smtp_ports = {ports}\nkeep_environment =\nqueue_only\nhost_lookup =\nrfc1413_query_timeout = 0s\n\
             acl_smtp_rcpt = rcpt\n{}{RULES}{}",
            self.more,
            authenticators()
        )
    }
}

/// Who may send to whom.
const RULES: &str = "begin acl\nrcpt:\n\
    \x20 deny local_parts = nobody\n\x20      message = no such user here\n\
    \x20 accept authenticated = *\n\x20 accept domains = mail.test\n\
    \x20 deny message = relay not permitted\n";

/// Both mechanisms for the one user.
fn authenticators() -> String {
    let is_user = |user: &str, password: &str| {
        format!("${{if and{{{{eq{{${user}}}{{{USER}}}}}{{eq{{${password}}}{{{PASSWORD}}}}}}}}}")
    };
    format!(
        "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n  server_condition = {}\n\
         login:\n  driver = plaintext\n  public_name = LOGIN\n  server_prompts = <| Username: | Password:\n\
         \x20 server_condition = {}\n",
        is_user("auth2", "auth3"),
        is_user("auth1", "auth2")
    )
}

/// Whom it runs as: it wants to know, and gives root up.
fn owner() -> (String, String) {
    if nix::unistd::Uid::effective().is_root() {
        return ("nobody".to_owned(), "nogroup".to_owned());
    }
    (nix::unistd::Uid::effective().to_string(), nix::unistd::Gid::effective().to_string())
}

/// A running Exim on 127.0.0.1.
#[derive(Debug)]
pub struct Exim {
    daemon: Daemon,
    plain: Port,
    tls: Port,
}

impl Exim {
    /// Starts Exim.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, (plain, tls)) = Daemon::start_with(|scratch| {
            let (plain, tls) = (ports::free(), ports::free());
            let file = scratch.write("exim.conf", setup.configuration(scratch, &plain, &tls));
            let launch = Launch::new("exim4").arg("-C").arg(file).arg("-bdf").as_nobody();
            (launch.says("daemon started"), (plain, tls))
        });
        Self { daemon, plain, tls }
    }

    /// The port that is plain at first.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.plain.address()
    }

    /// The port with TLS from the first byte; refuses where [`Setup::tls`] was not called.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        self.tls.address()
    }

    /// How many mails wait in its queue.
    #[must_use]
    pub fn mails(&self) -> usize {
        let queue = std::fs::read_dir(self.daemon.scratch().path().join("spool/input"));
        let names = queue.into_iter().flatten().flatten().map(|file| file.file_name());
        // The header file comes last: with it, the mail is taken.
        names.filter(|name| name.to_string_lossy().ends_with("-H")).count()
    }

    /// What it logged so far: mails taken, and everything that was refused.
    #[must_use]
    pub fn log(&self) -> String {
        let of = |name: &str| std::fs::read_to_string(self.daemon.scratch().path().join("spool").join(name));
        self.daemon.log() + &of("main.log").unwrap_or_default() + &of("reject.log").unwrap_or_default()
    }

    /// The daemon: stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
