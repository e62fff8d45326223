//! `MariaDB`, with the accounts, certificates and limits that a test describes.
//!
//! ```
//! use harness::certs::Authority;
//! use harness::mariadb::{MariaDb, Setup};
//!
//! let ca = Authority::new();
//! let server = MariaDb::start(&Setup::new().tls(&ca.valid()).sql("CREATE USER guest@'%'"));
//! assert_eq!(server.sql("SELECT COUNT(*) FROM shop.orders"), "1");
//! assert_eq!(server.status("Aborted_connects"), 0);
//! ```
//!
//! Debian's 10.11. TLS and plain are spoken on the same port. The server runs without name
//! resolution: to its accounts a client on this machine is `127.0.0.1`, or `localhost` over the socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use crate::user;

/// An account that may do everything in [`DATABASE`], from anywhere; plugin `mysql_native_password`.
pub const USER: &str = "app";
/// Its password.
pub const PASSWORD: &str = "s3cret-Word";
/// A database with the table `orders`, which has one row.
pub const DATABASE: &str = "shop";

/// What every server begins with.
const CONTENTS: [&str; 5] = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT)",
    "INSERT INTO shop.orders VALUES (1, 'first')",
    "CREATE USER app@'%' IDENTIFIED BY 's3cret-Word'",
    "GRANT ALL ON shop.* TO app@'%'",
];

/// Keeps a server small, and starts it fast.
const SMALL: [&str; 6] = [
    "--skip-name-resolve",
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-use-native-aio=0",
    "--log-warnings=2",
];

/// What a server is to be like.
#[derive(Debug, Default)]
pub struct Setup {
    options: Vec<String>,
    statements: Vec<String>,
    /// Where the files are that the options name.
    folders: Vec<Folder>,
}

impl Setup {
    /// Plain connections only; [`USER`] and [`DATABASE`] are there, and `root@localhost` without a password.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers TLS with this certificate.
    #[must_use]
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.folders.push(identity.folder());
        self.option(&format!("--ssl-cert={}", text(identity.certificate_file())))
            .option(&format!("--ssl-key={}", text(identity.key_file())))
    }

    /// Accepts client certificates of this authority; which account needs one is for [`Setup::sql`] to say.
    #[must_use]
    pub fn clients_of(mut self, authority: &Authority) -> Self {
        self.folders.push(authority.folder());
        self.option(&format!("--ssl-ca={}", text(authority.file())))
    }

    /// An option of the server: `--max-connections=10`.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    /// A statement, without its semicolon, that is executed before the server takes connections.
    #[must_use]
    pub fn sql(mut self, statement: &str) -> Self {
        self.statements.push(statement.to_owned());
        self
    }

    /// Starts the server on this port.
    fn launch(&self, scratch: &Scratch, port: &Port) -> Launch {
        let data = scratch.folder("data");
        run_as_nobody(Command::new("cp").arg("-R").arg(template().join(".")).arg(&data));
        let statements = CONTENTS.into_iter().chain(self.statements.iter().map(String::as_str));
        let file = scratch.write("init.sql", statements.map(|one| format!("{one};\n")).collect::<String>());
        let (address, number) = (port.address().ip(), port.number());
        Launch::new("mariadbd")
            .arg("--no-defaults")
            .args([format!("--bind-address={address}"), format!("--port={number}")])
            .args([format!("--datadir={}", text(&data)), format!("--socket={}", text(&socket_in(scratch)))])
            .arg(format!("--init-file={}", text(&file)))
            .args(SMALL)
            .args(&self.options)
            .as_nobody()
            .says("ready for connections")
    }
}

/// A running `MariaDB` server.
#[derive(Debug)]
pub struct MariaDb {
    daemon: Daemon,
    port: Port,
}

impl MariaDb {
    /// Starts it on 127.0.0.1.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), setup)
    }

    /// The same on the address `ip` alone, for [`crate::netns::Namespace::inside`].
    ///
    /// # Panics
    /// When a statement of the set-up is refused.
    #[must_use]
    pub fn start_at(ip: IpAddr, setup: &Setup) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = if ip == Ipv4Addr::LOCALHOST { ports::free() } else { ports::free_at(ip) };
            (setup.launch(scratch, &port), port)
        });
        // It starts all the same when it cannot execute a statement.
        assert!(!daemon.log().contains("ERROR:"), "a statement is refused: {}", daemon.log());
        Self { daemon, port }
    }

    /// Where it listens, for plain connections and for TLS; nowhere with `--skip-networking`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket_in(self.daemon.scratch())
    }

    /// What a statement gives as `root`: rows on lines, columns between tabs.
    ///
    /// # Panics
    /// When the server refuses it.
    #[must_use]
    pub fn sql(&self, statement: &str) -> String {
        let output = self.client("root").arg("--execute").arg(statement).output();
        let output = output.or_panic("run the client");
        assert!(output.status.success(), "{statement}: {}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A counter of `SHOW GLOBAL STATUS`.
    ///
    /// # Panics
    /// When there is no such number.
    #[must_use]
    pub fn status(&self, name: &str) -> u64 {
        let row = self.sql(&format!("SHOW GLOBAL STATUS LIKE '{name}'"));
        let value = row.split_once('\t').and_then(|(_, value)| value.parse().ok());
        value.or_panic(format_args!("read the status {name} from {row:?}"))
    }

    /// A client of the server's socket, to be given a password and a statement.
    #[must_use]
    pub fn client(&self, user: &str) -> Command {
        let mut command = Command::new(packages::needed("mariadb"));
        command.args(["--no-defaults", "--batch", "--skip-column-names", "--user", user, "--socket"]);
        command.arg(self.socket());
        command
    }

    /// What the server wrote down: refused logins and connections that were aborted, among other things.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// The daemon: stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

fn socket_in(scratch: &Scratch) -> PathBuf {
    scratch.path().join("sock")
}

/// The data of a new server, made once and copied for each.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<(Scratch, PathBuf)> = OnceLock::new();
    let (_, data) = TEMPLATE.get_or_init(|| {
        let scratch = Scratch::new();
        let data = scratch.folder("data");
        let mut install = Command::new(packages::needed("mariadb-install-db"));
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.args(SMALL).arg(format!("--datadir={}", text(&data))).env("HOME", scratch.path());
        run_as_nobody(&mut install);
        (scratch, data)
    });
    data
}

/// Runs a program to its end, as the user that the servers run as.
fn run_as_nobody(command: &mut Command) {
    if let Some((uid, gid)) = user::nobody() {
        command.gid(gid).uid(uid);
    }
    let output = command.output().or_panic(format_args!("run {command:?}"));
    assert!(output.status.success(), "{command:?}: {}", said(&output));
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
