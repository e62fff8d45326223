//! Redis: with passwords and ACL users, over TCP, TLS and a Unix socket, and in the states in which
//! it answers with an error of its own.
//!
//! ```
//! use harness::redis::{PASSWORD, Redis, Setup};
//!
//! let redis = Redis::start(&Setup::new().password().user("reader", "+ping +exists ~app:*"));
//! assert!(redis.cli(&["ACL", "LIST"]).contains("user reader on"));
//! assert_eq!(redis.url(), format!("redis://default:{PASSWORD}@127.0.0.1:{}", redis.address().port()));
//! ```
//!
//! Debian's redis-server 7.0.15. It keeps nothing on the disk and is ended with SIGKILL.

mod sentinel;

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use sentinel::{PRIMARY, SENTINEL_PASSWORD, Sentinel};

use crate::certs::{Authority, Folder, Identity};
use crate::or_panic::OrPanic;
use crate::packages;
use crate::ports::{self, Port};
use crate::process::{Daemon, Launch};
use crate::scratch::{Scratch, text};
use crate::wait;

/// The password of [`Setup::password`] and of every [`Setup::user`].
pub const PASSWORD: &str = "redis-Secret.1";

/// How many keys a [`Redis::loading`] has to load, a kilobyte and 20 ms each: 20 s in all.
const KEYS: &str = "1000";

/// What a Redis is like.
#[derive(Debug, Default)]
pub struct Setup {
    lines: Vec<String>,
    password: bool,
    tls: Option<Tls>,
    address: Option<SocketAddr>,
    data: Option<Vec<u8>>,
}

/// Its TLS port.
#[derive(Debug)]
struct Tls {
    lines: String,
    /// The files that the lines name.
    _folders: Vec<Folder>,
}

impl Setup {
    /// Anybody may do anything, over TCP and the Unix socket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The default user has [`PASSWORD`]: nobody gets in without a login.
    #[must_use]
    pub fn password(mut self) -> Self {
        self.password = true;
        self.config(&format!("requirepass {PASSWORD}"))
    }

    /// A user with [`PASSWORD`] and these rights, as ACL rules: `+ping ~app:*`.
    #[must_use]
    pub fn user(self, name: &str, rights: &str) -> Self {
        self.config(&format!("user {name} on >{PASSWORD} {rights}"))
    }

    /// TLS on a port of its own, [`Redis::tls_address`].
    #[must_use]
    pub fn tls(self, identity: &Identity) -> Self {
        self.with_tls(identity, identity.certificate_file(), "no", Vec::new())
    }

    /// The same, and clients need a certificate of `clients`.
    #[must_use]
    pub fn tls_requiring(self, identity: &Identity, clients: &Authority) -> Self {
        self.with_tls(identity, clients.file(), "yes", vec![clients.folder()])
    }

    /// A replica of the Redis at this address.
    #[must_use]
    pub fn replica_of(self, primary: SocketAddr) -> Self {
        self.config(&format!("replicaof {} {}", primary.ip(), primary.port()))
    }

    /// Another line of the configuration.
    #[must_use]
    pub fn config(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Listens here and not on a free port of 127.0.0.1, for [`crate::netns::Namespace::inside`].
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    fn with_tls(mut self, identity: &Identity, ca: &Path, auth: &str, mut folders: Vec<Folder>) -> Self {
        let (chain, key) = (text(identity.certificate_file()), text(identity.key_file()));
        let lines = format!(
            "tls-cert-file {chain}\ntls-key-file {key}\ntls-ca-cert-file {}\ntls-auth-clients {auth}\n",
            text(ca)
        );
        folders.push(identity.folder());
        self.tls = Some(Tls { lines, _folders: folders });
        self
    }

    fn configuration(&self, folder: &Path, address: SocketAddr, second: &Port) -> String {
        let of_tls = |own: &Tls| format!("tls-port {}\n{}", second.number(), own.lines);
        let tls = self.tls.as_ref().map(of_tls).unwrap_or_default();
        let is_cluster = self.lines.iter().any(|line| line == "cluster-enabled yes");
        assert!(!is_cluster || self.tls.is_none(), "the second port is one of two");
        // The usual one, 10000 higher, may be taken, or be no port at all.
        let bus = if is_cluster { format!("cluster-port {}\n", second.number()) } else { String::new() };
        format!(
            "bind {}\nport {}\nunixsocket {folder}/socket\nunixsocketperm 777\ndir {folder}\nsave \"\"\n\
             enable-debug-command local\nrepl-diskless-sync-delay 0\n{tls}{bus}{}\n",
            address.ip(),
            address.port(),
            self.lines.join("\n"),
            folder = text(folder),
        )
    }
}

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    daemon: Daemon,
    address: SocketAddr,
    tls: Port,
    folder: PathBuf,
    password: bool,
    /// The free port of `address`; a stopped Redis still holds it, so it refuses.
    _port: Port,
}

impl Redis {
    /// Starts Redis, ready for clients.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let (daemon, (address, port, tls, folder)) = Daemon::start_with(|scratch| {
            let (port, tls) = (ports::free(), ports::free());
            let address = setup.address.unwrap_or(port.address());
            let (launch, folder) = Self::launch(setup, scratch, address, &tls);
            (launch, (address, port, tls, folder))
        });
        let redis = Self { daemon, address, tls, folder, password: setup.password, _port: port };
        // It listens there last.
        wait::until("Redis' socket", || UnixStream::connect(redis.socket()).is_ok());
        redis
    }

    /// Starts one that is loading its data for the next twenty seconds (`-LOADING` to nearly everything).
    #[must_use]
    pub fn loading() -> Self {
        let source = Self::start(&Setup::new());
        source.tell(&["DEBUG", "POPULATE", KEYS, "key", "1024"]);
        source.tell(&["SAVE"]);
        let data = fs::read(source.folder.join("dump.rdb")).or_panic("read what Redis has saved");
        // Between two keys it looks after its clients: 1024 is the least.
        let setup = Setup::new().config("key-load-delay 20000").config("loading-process-events-interval-bytes 1024");
        Self::start(&Setup { data: Some(data), ..setup })
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Address and port for TLS, where there is one.
    #[must_use]
    pub fn tls_address(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), self.tls.number())
    }

    /// Introduces another node of its cluster to it.
    ///
    /// # Panics
    /// When it does not want to know it.
    pub fn meet(&self, other: &Self) {
        let (ip, ports) = (other.address.ip().to_string(), [other.address.port(), other.tls.number()]);
        let [port, bus] = ports.map(|port| port.to_string());
        self.tell(&["CLUSTER", "MEET", &ip, &port, &bus]);
    }

    /// The Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Where it keeps its data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `redis://default:PASSWORD@127.0.0.1:PORT`, or without the login where there is none.
    #[must_use]
    pub fn url(&self) -> String {
        let login = if self.password { format!("default:{PASSWORD}@") } else { String::new() };
        format!("redis://{login}{}", self.address)
    }

    /// Says this as the default user, over the Unix socket, and returns the answer as redis-cli prints it.
    #[must_use]
    pub fn cli(&self, words: &[&str]) -> String {
        let output = self.client().args(words).output().or_panic("run redis-cli");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// One value of `INFO SECTION`.
    ///
    /// # Panics
    /// When there is none of this name.
    #[must_use]
    pub fn info(&self, section: &str, name: &str) -> String {
        let info = self.cli(&["INFO", section]);
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.or_panic(format_args!("find {name} in:\n{info}")).trim().to_owned()
    }

    /// Keeps it busy with a script that has no end (`-BUSY` to nearly everything).
    #[must_use]
    pub fn busy(&self) -> UnixStream {
        self.tell(&["CONFIG", "SET", "busy-reply-threshold", "1"]);
        let mut client = UnixStream::connect(self.socket()).or_panic("connect to Redis");
        let login = if self.password { format!("AUTH {PASSWORD}\r\n") } else { String::new() };
        let script = login + "EVAL \"while true do end\" 0\r\n";
        client.write_all(script.as_bytes()).or_panic("write to Redis");
        wait::until("Redis to be busy", || self.cli(&["PING"]).starts_with("BUSY"));
        client
    }

    /// Lets it find that it cannot write its data (`-MISCONF` to writes and to PING).
    pub fn break_saving(&self) {
        self.tell(&["CONFIG", "SET", "save", "3600 1"]);
        fs::create_dir(self.folder.join("dump.rdb")).or_panic("stand in the way of the data");
        self.tell(&["BGSAVE"]);
        wait::until("a failed save", || self.info("persistence", "rdb_last_bgsave_status") == "err");
    }

    /// The daemon: its log, stopping it, freezing it.
    pub fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn launch(setup: &Setup, scratch: &Scratch, address: SocketAddr, tls: &Port) -> (Launch, PathBuf) {
        let folder = scratch.folder("data");
        if let Some(data) = &setup.data {
            scratch.write("data/dump.rdb", data);
        }
        let file = scratch.write("redis.conf", setup.configuration(&folder, address, tls));
        let launch = Launch::new("redis-server").arg(file).as_nobody().accepts(address).without_grace();
        let launch =
            if setup.tls.is_some() { launch.accepts(SocketAddr::new(address.ip(), tls.number())) } else { launch };
        (launch, folder)
    }

    /// Says this as [`Redis::cli`] does, and has it done.
    fn tell(&self, words: &[&str]) {
        let answer = self.cli(words);
        assert!(matches!(answer.trim(), "OK" | "Background saving started"), "{words:?}: {answer}");
    }

    fn client(&self) -> Command {
        let mut client = Command::new(packages::needed("redis-cli"));
        client.arg("-s").arg(self.socket()).stdin(Stdio::null()).stderr(Stdio::null());
        if self.password {
            client.env("REDISCLI_AUTH", PASSWORD);
        }
        client
    }
}
