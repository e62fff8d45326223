//! The hosts that the pages name, with what runs there: on the other end of a cable, on the ports that everybody knows.

use super::page::Line;
use harness::agent::program_called;
use harness::certs::Authority;
use harness::forwarder::Forwarder;
use harness::memcached::{self, Memcached};
use harness::netns::{Network, Transport};
use harness::nginx::{Nginx, Site};
use harness::peers::{UdpManner, UdpPeer};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::scratch::Scratch;
use harness::squid::{Rules, Squid};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::symlink;
use std::path::Path;

/// What is typed, and how it ended, stands between lines that begin with this.
const MARK: &str = "\u{1e}";

/// The hosts: what each is called, and the last number of its address in 10.0.4.0/24.
const HOSTS: [(&str, u8); 7] = [
    ("gibson.hwaas.internal", 11),
    ("freeside.hwaas.internal", 12),
    ("countzero.hwaas.internal", 13),
    ("bigend.hwaas.internal", 14),
    ("db.internal", 21),
    ("cache.internal", 22),
    ("files.internal", 23),
];

/// Where `db.internal` is when it has moved: nothing runs there yet.
const MOVED: u8 = 29;

/// The name of the host where things are typed.
const OWN: &str = "web1";

/// A service: on which host and port it is, and where it really runs.
type Door = (&'static str, u16, SocketAddr);

pub(super) struct World {
    network: Network,
    /// The names, as links to the program.
    programs: Scratch,
    /// What is reached where.
    doors: BTreeMap<(&'static str, u16), Forwarder>,
    usual: Vec<Door>,
    /// Where to lead whoever asks when something has changed.
    changed: BTreeMap<&'static str, SocketAddr>,
    authority: Authority,
    is_filtered: bool,
    /// What the names are.
    known: String,
    _running: Vec<Box<dyn Send + Sync>>,
}

impl World {
    pub(super) fn new() -> Self {
        let network = Network::new();
        let far = &network.far;
        HOSTS.iter().for_each(|(_, last)| far.also(address(*last)));
        network.near.neighbours("10.0.4.0/24");
        let known = HOSTS.iter().fold(format!("127.0.0.1 localhost {OWN}\n"), |mut text, (name, last)| {
            writeln!(text, "{} {name}", address(*last)).expect("a text");
            text
        });
        network.near.hosts(&known);
        far.also(address(MOVED));
        let authority = Authority::new();
        let api = authority.leaf().also_named("www.googleapis.com").issue();
        let nginx = far.inside(|| {
            let translated = "{\"translatedText\": \"Hallo Welt\"}";
            Nginx::start([
                Site::tls("api", &api).page("/language/translate/v2", translated),
                Site::http("files").page("/", "files"),
            ])
        });
        let servers = far.inside(|| Servers::new(nginx.address("api")));
        let usual = vec![
            ("gibson.hwaas.internal", 5432, servers.postgres.address()),
            ("freeside.hwaas.internal", 11211, servers.memcached.address()),
            ("countzero.hwaas.internal", 8080, servers.squid.address()),
            ("db.internal", 5432, servers.postgres.address()),
            ("cache.internal", 6379, servers.redis.address()),
            ("files.internal", 9000, nginx.address("files")),
        ];
        let changed = BTreeMap::from([
            ("gibson.hwaas.internal", servers.other_postgres.address()),
            ("countzero.hwaas.internal", servers.strict_squid.address()),
        ]);
        let metrics =
            far.inside(|| UdpPeer::start_at(SocketAddr::new(address(14), 10021), UdpManner::Reply(b"Matata".to_vec())));
        let running: Vec<Box<dyn Send + Sync>> = vec![Box::new(servers), Box::new(nginx), Box::new(metrics)];
        let programs = Scratch::new();
        for name in
            ["conn-check", "conn-check-export-fw", "conn-check-convert-fw", "conn-check-configs", "conn-check-django"]
        {
            symlink(program_called(name), programs.path().join(name)).expect("a link");
        }
        let doors = BTreeMap::new();
        Self { network, programs, doors, usual, changed, authority, is_filtered: false, known, _running: running }
    }

    /// Whether something has changed that cannot be mended.
    pub(super) const fn is_spoilt(&self) -> bool {
        self.is_filtered
    }

    /// All is well again.
    pub(super) fn mend(&mut self) {
        self.network.near.hosts(&self.known);
        for (host, port, server) in self.usual.clone() {
            self.lead(host, port, Some(server));
        }
    }

    /// What every page's folder has: the authority that signed the certificates.
    pub(super) fn furnish(&self, folder: &Scratch) {
        folder.write("ca.pem", std::fs::read(self.authority.file()).expect("a certificate"));
    }

    /// What a page has happen.
    pub(super) fn change(&mut self, word: &str) {
        match word {
            "all is well" => self.mend(),
            "the database moves" => {
                let moved = self.known.replace("10.0.4.21 ", &format!("{} ", address(MOVED)));
                self.network.near.hosts(&moved);
            }
            "the cache stops" => self.lead("cache.internal", 6379, None),
            "the password of hwaas changes" => self.change_to("gibson.hwaas.internal", 5432),
            "freeside stops" => self.lead("freeside.hwaas.internal", 11211, None),
            "the proxy gets a rule" => self.change_to("countzero.hwaas.internal", 8080),
            "a firewall drops what goes to files" => {
                self.network.far.filter_input(Transport::Tcp, 9000, harness::netns::Answer::Drop);
                self.is_filtered = true;
            }
            "this host drops what goes to files" => {
                self.network.near.filter_output(Transport::Tcp, 9000, harness::netns::Answer::Drop);
                self.is_filtered = true;
            }
            _ => panic!("the world does not know `{word}`"),
        }
    }

    fn change_to(&mut self, host: &'static str, port: u16) {
        let server = self.changed[host];
        self.lead(host, port, Some(server));
    }

    /// Whoever asks there finds this server, or nobody.
    fn lead(&mut self, host: &'static str, port: u16, server: Option<SocketAddr>) {
        self.doors.remove(&(host, port));
        if let Some(server) = server {
            let last = HOSTS.iter().find(|(name, _)| *name == host).expect("a host").1;
            let at = SocketAddr::new(address(last), port);
            let door = self.network.far.inside(|| Forwarder::start_at(at, server));
            self.doors.insert((host, port), door);
        }
    }

    /// What appears below each line, typed into a terminal of 100 columns.
    pub(super) fn type_in(&self, folder: &Path, lines: &[Line]) -> Vec<String> {
        let mut script = "stty cols 100 rows 40\nhostname web1\nexport LANG=C.UTF-8\n".to_owned();
        for line in lines {
            writeln!(script, "printf '\\036'\n{}", line.command).expect("a text");
        }
        let file = self.programs.write("session", script);
        let path = format!("{}:{}", self.programs.path().display(), std::env::var("PATH").unwrap_or_default());
        let output = self
            .network
            .near
            .command("unshare")
            .args(["--uts", "script", "-qec", &format!("bash {}", file.display()), "/dev/null"])
            .current_dir(folder)
            .env_clear()
            .envs([("PATH", path.as_str()), ("TERM", "xterm"), ("NO_COLOR", "1"), ("HOME", "/root"), ("USER", "root")])
            .stdin(std::process::Stdio::null())
            .output()
            .expect("a terminal");
        let text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        let printed: Vec<_> = text.split(MARK).skip(1).map(seen).collect();
        assert_eq!(printed.len(), lines.len(), "{lines:?}\n{text}");
        printed
    }
}

/// What runs in the world.
struct Servers {
    postgres: Postgres,
    /// Where the password is another one.
    other_postgres: Postgres,
    memcached: Memcached,
    redis: Redis,
    squid: Squid,
    strict_squid: Squid,
}

impl Servers {
    fn new(api: SocketAddr) -> Self {
        let databases = |password: &str| {
            let role = |name: &str, password: &str| format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'");
            postgres::Setup::plain()
                .sql(&role("hwaas", password))
                .sql("CREATE DATABASE hwaas_production OWNER hwaas")
                .sql(&role("shop", "p@ss"))
                .rule("host all hwaas,shop all scram-sha-256")
        };
        // Whatever is asked for is this side of the world.
        let rules = || Rules::open().tunnel_to(api);
        Self {
            postgres: Postgres::start(&databases("123456asdf")),
            other_postgres: Postgres::start(&databases("another-one")),
            memcached: Memcached::start(&memcached::Setup::new()),
            redis: Redis::start(&redis::Setup::new().config("requirepass tiger")),
            squid: Squid::start(&rules()),
            strict_squid: Squid::start(&rules().deny_host("www.googleapis.com")),
        }
    }
}

/// What stays on the screen, without colours.
fn seen(text: &str) -> String {
    let line = |line: &str| {
        let last = line.rsplit("\u{1b}[K").next().unwrap_or_default();
        let pieces = last.split("\u{1b}[");
        let plain = |(number, piece): (usize, &str)| match piece.split_once('m') {
            Some((_, rest)) if number > 0 => rest.to_owned(),
            _ => piece.to_owned(),
        };
        pieces.enumerate().map(plain).collect::<String>()
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 4, last).into()
}
