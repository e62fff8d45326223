//! Two hosts joined by a cable: network namespaces of the test's own.
//!
//! ```no_run
//! use harness::netns::{Answer, Network, Transport};
//! use harness::peers::{Manner, Peer};
//!
//! let network = Network::new();
//! let (near, far) = (&network.near, &network.far);
//! let _server = far.inside(|| Peer::start_at(far.at(80), Manner::Silent));
//! far.filter_input(Transport::Tcp, 5432, Answer::Drop);
//! near.hosts("10.0.0.2 db.example.test\n");
//! let _status = near.command("curl").arg("http://10.0.0.2/").status();
//! ```
//!
//! Both have loopback, and nothing else but each other: no route leads out. The addresses are always
//! the same, [`Namespace::ip`] and [`Namespace::ip6`], since nobody else can see them. Root is needed;
//! without it [`Network::new`] panics. iproute2 6.1 and nftables 1.0 of Debian do the work.
//!
//! On a cable this short the kernel may report an ICMP error over IPv6 only after it has repeated the
//! SYN, a second later: the first error comes while `connect` still holds the socket.

mod filter;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{panic, thread};

use nix::sched::{CloneFlags, setns};

pub use filter::{Answer, Transport};

use crate::or_panic::OrPanic;
use crate::packages;
use crate::reaper::{self, Leftover};
use crate::wait;

/// Two namespaces with a cable between them, removed on drop.
#[derive(Debug)]
pub struct Network {
    /// Where the program under test runs: 10.0.0.1 and `fd00::1`.
    pub near: Namespace,
    /// Where its servers run: 10.0.0.2 and `fd00::2`.
    pub far: Namespace,
}

impl Network {
    /// Makes both and joins them; they can reach each other when this returns.
    ///
    /// # Panics
    /// When it cannot be done, because the test user is not root, say.
    #[must_use]
    pub fn new() -> Self {
        let [near, far] = [Namespace::add(1), Namespace::add(2)];
        ip(&["link", "add", "eth0", "netns", &near.name, "type", "veth", "peer", "name", "eth0", "netns", &far.name]);
        near.plug();
        far.plug();
        near.await_answer_of(&far);
        far.await_answer_of(&near);
        Self { near, far }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

/// One network namespace. Whatever still runs in it when it is dropped keeps running, cut off.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    host: u8,
}

impl Namespace {
    /// Its name, as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address on the cable.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, self.host).into()
    }

    /// Its IPv6 address on the cable.
    #[must_use]
    pub fn ip6(&self) -> IpAddr {
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, self.host.into()).into()
    }

    /// A port of [`Namespace::ip`]; any number is free here, and small ones need no privilege.
    #[must_use]
    pub fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip(), port)
    }

    /// A port of [`Namespace::ip6`].
    #[must_use]
    pub fn at6(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip6(), port)
    }

    /// Runs `work` on a thread of its own inside the namespace and returns what it returns.
    ///
    /// Sockets opened, threads and processes started there stay there. So any peer or daemon of the
    /// harness can be put into a namespace, and used and dropped outside.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let entered = || {
            let namespace = File::open(format!("/run/netns/{}", self.name)).or_panic("open a network namespace");
            setns(namespace, CloneFlags::CLONE_NEWNET).or_panic("enter a network namespace");
            work()
        };
        let ended = thread::scope(|scope| scope.spawn(entered).join());
        ended.unwrap_or_else(|reason| panic::resume_unwind(reason))
    }

    /// A command that will run `program` inside the namespace, with the files [`Namespace::etc`] put over
    /// those in `/etc`. It is the program itself by the time it runs: its process number, its status.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(packages::needed("ip"));
        command.args(["netns", "exec", &self.name]).arg(packages::needed(program));
        command
    }

    /// What `/etc/hosts` holds for commands run inside.
    pub fn hosts(&self, contents: &str) {
        self.etc("hosts", contents);
    }

    /// What `/etc/resolv.conf` holds for commands run inside: `nameserver 10.0.0.2`, say.
    pub fn resolv_conf(&self, contents: &str) {
        self.etc("resolv.conf", contents);
    }

    /// What the file `/etc/NAME` holds for commands run inside from now on; the file has to exist outside too.
    pub fn etc(&self, name: &str, contents: &str) {
        let folder = self.etc_folder();
        fs::create_dir_all(&folder).or_panic(format_args!("make {}", folder.display()));
        fs::write(folder.join(name), contents).or_panic(format_args!("write {name} of a namespace"));
    }

    /// Makes every way to `destination` (`10.9.0.0/16`, `fd09::/16`) end here: a route of the kind
    /// `unreachable` (`EHOSTUNREACH`), `prohibit` (`EACCES`), `blackhole` (`EINVAL`) or `throw`
    /// (`ENETUNREACH`, which is also what there is without any route).
    pub fn route(&self, kind: &str, destination: &str) {
        ip(&["-n", &self.name, "route", "add", kind, destination]);
    }

    /// One more address of this end of the cable, for others that have [`Namespace::neighbours`] there.
    pub fn also(&self, address: IpAddr) {
        ip(&["-n", &self.name, "addr", "add", &address.to_string(), "dev", "eth0"]);
    }

    /// A network that is on the other end of the cable (`10.0.4.0/24`).
    pub fn neighbours(&self, network: &str) {
        ip(&["-n", &self.name, "route", "add", network, "dev", "eth0"]);
    }

    /// Takes the cable out: packets vanish, and after some seconds the other end is unreachable.
    pub fn unplug(&self) {
        ip(&["-n", &self.name, "link", "set", "eth0", "down"]);
    }

    /// A new namespace with a name no other has, and its loopback device working.
    pub(crate) fn add(host: u8) -> Self {
        static NUMBERS: AtomicUsize = AtomicUsize::new(1);
        let name = format!("conn-check-{}-{}", std::process::id(), NUMBERS.fetch_add(1, Ordering::Relaxed));
        reaper::add(Leftover::Namespace(&name));
        ip(&["netns", "add", &name]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        Self { name, host }
    }

    /// Gives its end of the cable addresses, and lets everybody have small ports.
    fn plug(&self) {
        let address = |net: IpAddr, length| format!("{net}/{length}");
        // Looking for duplicates of an address would take a second in which it is of no use.
        self.set("ipv6/conf/eth0/accept_dad", "0");
        self.set("ipv4/ip_unprivileged_port_start", "0");
        ip(&["-n", &self.name, "link", "set", "eth0", "up"]);
        ip(&["-n", &self.name, "addr", "add", &address(self.ip(), 24), "dev", "eth0"]);
        ip(&["-n", &self.name, "addr", "add", &address(self.ip6(), 64), "dev", "eth0", "nodad"]);
    }

    /// Sets a value below `/proc/sys/net`.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.inside(|| fs::write(format!("/proc/sys/net/{key}"), value)).or_panic(format_args!("set {key}"));
    }

    /// Waits until the other end answers over both families: until it refuses to connect.
    fn await_answer_of(&self, other: &Self) {
        let refused = |address: SocketAddr| {
            let tried = TcpStream::connect_timeout(&address, Duration::from_millis(100));
            tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        let reached = || refused(other.at(1)) && refused(other.at6(1));
        self.inside(|| wait::until("the two namespaces to reach each other", reached));
    }

    fn etc_folder(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _may_not_exist = fs::remove_dir_all(self.etc_folder());
        let removed =
            packages::find("ip").and_then(|ip| Command::new(ip).args(["netns", "del", &self.name]).output().ok());
        // What cannot be removed stays on the list of the watcher, which tries once more.
        if removed.is_some_and(|output| output.status.success()) {
            reaper::remove(Leftover::Namespace(&self.name));
        }
    }
}

/// Runs `ip`; it has to succeed.
#[track_caller]
fn ip(arguments: &[&str]) {
    let output = Command::new(packages::needed("ip")).args(arguments).output().or_panic("run ip");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {} failed; network namespaces need root: {complaint}", arguments.join(" "));
}
