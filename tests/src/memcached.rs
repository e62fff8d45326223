//! memcached: without a login and with either of its two, over TCP, TLS and a Unix socket.
//!
//! ```
//! use harness::memcached::{Memcached, Setup};
//!
//! let memcached = Memcached::start(&Setup::new());
//! assert_eq!(memcached.ask("version\r\n"), "VERSION 1.6.18\r\n");
//! assert_eq!(memcached.items(), 0);
//! ```
//!
//! Debian's memcached 1.6.18. With [`Setup::text_login`] it speaks the text protocol alone (`-Y`), with
//! [`Setup::sasl`] the binary protocol alone (`-S`, passwords in a sasldb of Cyrus), else both.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::certs::{Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use crate::user;

/// The user of [`Setup::text_login`] and [`Setup::sasl`].
pub const USER: &str = "cacher";

/// The user's password.
pub const PASSWORD: &str = "memcached-Secret.1";

/// What a memcached with [`Setup::few_connections`] is told: less, and it cannot start.
const FEW: &str = "32";

/// The login that a memcached wants.
#[derive(Clone, Copy, Debug)]
enum Login {
    None,
    Text,
    Sasl(&'static str),
}

/// What a memcached is like.
#[derive(Debug)]
pub struct Setup {
    login: Login,
    arguments: Vec<String>,
    /// The files that the arguments name.
    _folder: Option<Folder>,
    socket: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { login: Login::None, arguments: Vec::new(), _folder: None, socket: false }
    }
}

impl Setup {
    /// Anybody may do anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants [`USER`] and [`PASSWORD`] over the text protocol.
    #[must_use]
    pub fn text_login(self) -> Self {
        Self { login: Login::Text, ..self }
    }

    /// Wants [`USER`] and [`PASSWORD`] by SASL PLAIN over the binary protocol.
    #[must_use]
    pub fn sasl(self) -> Self {
        Self { login: Login::Sasl("plain"), ..self }
    }

    /// The same by a mechanism that never sends the password.
    #[must_use]
    pub fn sasl_without_plain(self) -> Self {
        Self { login: Login::Sasl("cram-md5"), ..self }
    }

    /// Speaks TLS, and nothing else.
    #[must_use]
    pub fn tls(self, identity: &Identity) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let setup = self.argument("-Z").argument("-o").argument(&format!("ssl_chain_cert={chain},ssl_key={key}"));
        Self { _folder: Some(identity.folder()), ..setup }
    }

    /// Listens on a Unix socket instead of a port.
    #[must_use]
    pub fn socket(self) -> Self {
        Self { socket: true, ..self }
    }

    /// Takes some twenty connections and turns the next away with an error.
    #[must_use]
    pub fn few_connections(self) -> Self {
        self.argument("-c").argument(FEW).argument("-o").argument("maxconns_fast")
    }

    /// Another argument of the command line.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }
}

/// A running memcached on 127.0.0.1, or on a Unix socket.
#[derive(Debug)]
pub struct Memcached {
    daemon: Daemon,
    port: Port,
}

impl Memcached {
    /// Starts memcached, ready for clients.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, port) = Daemon::start_with(|scratch| {
            let port = ports::free();
            let launch = Launch::new("memcached").args(["-U", "0", "-m", "8", "-t", "1", "-vv"]).as_nobody();
            let launch = login(setup.login, scratch, launch.args(&setup.arguments));
            let launch = if setup.socket {
                // It listens by the time it says so.
                launch.args(["-a", "777", "-s"]).arg(scratch.path().join("socket")).says("server listening")
            } else {
                let number = port.number().to_string();
                launch.args(["-l", "127.0.0.1", "-p", &number]).accepts(port.address())
            };
            (launch.without_grace(), port)
        });
        Self { daemon, port }
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The Unix socket of [`Setup::socket`].
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.daemon.scratch().path().join("socket")
    }

    /// Everything that it reads and answers, for people.
    #[must_use]
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// Says this over a plain connection of its own and returns the first that is answered.
    #[must_use]
    pub fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address()).or_panic("connect to memcached");
        stream.write_all(request.as_ref()).or_panic("write to memcached");
        let mut answer = vec![0; 16 * 1024];
        let length = stream.read(&mut answer).or_panic("read from memcached");
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// One value of `stats`, of a memcached without a login and without TLS.
    ///
    /// # Panics
    /// When there is none of this name.
    #[must_use]
    pub fn stat(&self, name: &str) -> u64 {
        let stats = self.ask("stats\r\n");
        let value = stats.lines().find_map(|line| line.strip_prefix(&format!("STAT {name} "))?.parse().ok());
        value.or_panic(format_args!("find {name} in:\n{stats}"))
    }

    /// How many items were ever stored in it.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.stat("total_items")
    }

    /// Holds connections until it takes no more; they end when the result is dropped.
    #[must_use]
    pub fn fill(&self) -> Vec<TcpStream> {
        let mut held = Vec::new();
        loop {
            let mut stream = TcpStream::connect(self.address()).or_panic("connect to memcached");
            stream.write_all(b"version\r\n").or_panic("write to memcached");
            let mut answer = [0; 64];
            let length = stream.read(&mut answer).or_panic("read from memcached");
            if answer[..length].starts_with(b"ERROR") {
                return held;
            }
            held.push(stream);
        }
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}

/// The arguments and files of a login.
fn login(login: Login, scratch: &Scratch, launch: Launch) -> Launch {
    match login {
        Login::None => launch,
        Login::Text => {
            let file = scratch.write_private("passwords", format!("{USER}:{PASSWORD}\n"));
            launch.arg("-Y").arg(file)
        }
        Login::Sasl(mechanism) => {
            let database = text(&password_database(scratch));
            let lines = format!("mech_list: {mechanism}\npwcheck_method: auxprop\nauxprop_plugin: sasldb\n");
            scratch.write("memcached.conf", lines + &format!("sasldb_path: {database}\n"));
            // The directory of the file.
            launch.arg("-S").env("SASL_CONF_PATH", scratch.path())
        }
    }
}

/// A sasldb with the one user. Its realm is this host's name, as memcached's own is by default.
fn password_database(scratch: &Scratch) -> PathBuf {
    let file = scratch.path().join("sasldb");
    let mut command = Command::new(packages::needed("saslpasswd2"));
    command.args(["-p", "-c", "-a", "memcached", "-f"]).arg(&file).arg(USER);
    let mut child = command.stdin(Stdio::piped()).spawn().or_panic("run saslpasswd2");
    let mut stdin = child.stdin.take().or_panic("talk to saslpasswd2");
    stdin.write_all(PASSWORD.as_bytes()).or_panic("talk to saslpasswd2");
    drop(stdin);
    assert!(child.wait().or_panic("wait for saslpasswd2").success(), "saslpasswd2 failed");
    user::give_to_nobody(&file);
    file
}
