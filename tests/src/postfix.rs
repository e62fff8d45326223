//! Postfix, the mail server that keeps what it has against a client or a sender until it hears a recipient.
//!
//! Debian's postfix 3.7 cannot be installed beside Exim: `cargo xtask test` unpacks it into `target/postfix/`. It runs as
//! root only. A test that has none says so aloud ([`Postfix::or_skip`]).

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};

use crate::or_panic::OrPanic;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};

/// The services that a refusal needs.
const SERVICES: &str = "\
anvil unix - - n - 1 anvil
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
bounce unix - - n - 0 bounce
";

/// The folders of its queue.
const QUEUES: [&str; 15] = [
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
    "maildrop", "public", "pid", "etc",
];

/// A running Postfix on 127.0.0.1, which takes mails for `mail.test`.
#[derive(Debug)]
pub struct Postfix {
    daemon: Daemon,
    port: Port,
}

impl Postfix {
    /// Starts one with these lines of `main.cf` more.
    ///
    /// `None`, and a line on standard error that no test runner hides, where there is none, or no root to run it.
    #[must_use]
    pub fn or_skip(lines: &str) -> Option<Self> {
        let program = folder().join("usr/lib/postfix/sbin/master");
        if !program.is_file() || !Uid::effective().is_root() {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // Nobody is left to tell when even this cannot be written.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED {test}: there is no Postfix; `cargo xtask test` unpacks it, for root"
            );
            return None;
        }
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            prepare(scratch, lines, &port);
            let configuration = text(&scratch.path().join("conf"));
            let launch = Launch::new(&text(&program)).args(["-d", "-c", &configuration]);
            let launch = launch.env("MAIL_CONFIG", &configuration).env("LD_LIBRARY_PATH", libraries());
            (launch.accepts(port.address()), port)
        });
        Some(Self { daemon, port })
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What it wrote down so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.daemon.scratch().path().join("log")).unwrap_or_default()
    }
}

/// Where the test command unpacks it.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/postfix")
}

fn libraries() -> PathBuf {
    folder().join("usr/lib/postfix")
}

fn prepare(scratch: &Scratch, lines: &str, port: &Port) {
    let owner = User::from_name("daemon").or_panic("look up daemon").or_panic("find the user daemon");
    let group = Group::from_name("mail").or_panic("look up mail").or_panic("find the group mail");
    let own = |path: &Path, uid: Option<Uid>, gid: Option<Gid>| {
        nix::unistd::chown(path, uid, gid).or_panic("give a folder to Postfix");
    };
    let (queue, data) = (scratch.folder("queue"), scratch.folder("data"));
    own(&data, Some(owner.uid), None);
    for name in QUEUES {
        let path = queue.join(name);
        fs::create_dir(&path).or_panic("make a queue");
        match name {
            "pid" | "etc" => {}
            "maildrop" | "public" => own(&path, Some(owner.uid), Some(group.gid)),
            _ => own(&path, Some(owner.uid), None),
        }
    }
    let mut main = format!(
        "compatibility_level = 3.6\nqueue_directory = {queue}\ndata_directory = {data}\ndaemon_directory = {sbin}\n\
         command_directory = {commands}\nshlib_directory = {libraries}\nmeta_directory = {conf}\nmail_owner = daemon\n\
         setgid_group = mail\ndefault_privs = nobody\nimport_environment = MAIL_CONFIG LD_LIBRARY_PATH\n\
         export_environment = LD_LIBRARY_PATH\nmyhostname = mail.test\nmydestination = mail.test\nmynetworks =\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmaillog_file = {log}\nmaillog_file_prefixes = /\n\
         local_recipient_maps =\nalias_maps =\nalias_database =\nsmtpd_relay_restrictions = reject_unauth_destination\n",
        queue = text(&queue),
        data = text(&data),
        sbin = text(&libraries().join("sbin")),
        commands = text(&folder().join("usr/sbin")),
        libraries = text(&libraries()),
        conf = text(&scratch.path().join("conf")),
        log = text(&scratch.path().join("log")),
    );
    // Writing to a string cannot fail.
    let _ = writeln!(main, "{lines}");
    let _folder = scratch.folder("conf");
    scratch.write("conf/main.cf", main);
    scratch.write("conf/master.cf", format!("{} inet n - n - - smtpd\n{SERVICES}", port.address()));
}
