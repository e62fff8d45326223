//! A client, routers and a server in a row, each a network namespace, for faults at a place of one's choice.
//!
//! ```no_run
//! use harness::worlds::{Family, World};
//!
//! let world = World::new(2);
//! world.router(2).rule("forward", "tcp dport 5432 drop");
//! let target = world.target(Family::V4, 5432);
//! let report = world.agent(&format!("- {{type: tcp, host: {}, port: 5432}}", target.ip())).report();
//! ```
//!
//! ```text
//! client eth0 --- 10.30.0.0/24 --- west router 1 east --- 10.30.1.0/24 --- ... --- eth0 server
//! ```
//!
//! Cable number `n` has the networks `10.30.n.0/24` and `fd30:0:0:n::/64`; its west end, the client's side, is host 1 of
//! both, its east end host 2. So router `k` is known to the client as host 2 of cable `k - 1`. Nothing leads out.
//! The same needs and limits as for [`crate::netns`]; what a world is made of goes when it is dropped.

mod broker;
mod conntrack;
mod host;
mod noise;
mod ports;

use std::fmt::{self, Display};
use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

pub use broker::Broker;
pub use host::Host;
pub use noise::{Noise, Pace};
pub use ports::UsedPorts;

use crate::agent::Agent;
use crate::or_panic::OrPanic;
use crate::{packages, wait};

/// Who the program under test runs as: nobody.
pub const USER: u32 = 65534;

/// The number of the client's second cable, and of the two of the detour.
const SECOND: u8 = 50;
const DETOUR: [u8; 2] = [60, 61];

/// A version of the Internet Protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// An address on the cable of this number.
    #[must_use]
    pub fn address(self, cable: u8, host: u8) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::new(10, 30, cable, host).into(),
            // The numbers read the same in both: cable 10 is fd30:0:0:10::, as people write it.
            Self::V6 => format!("fd30:0:0:{cable}::{host}").parse::<Ipv6Addr>().or_panic("write an address").into(),
        }
    }

    /// The network on the cable of this number.
    #[must_use]
    pub fn network(self, cable: u8) -> String {
        match self {
            Self::V4 => format!("10.30.{cable}.0/24"),
            Self::V6 => format!("fd30:0:0:{cable}::/64"),
        }
    }

    /// Every address there is.
    const fn all(self) -> &'static str {
        match self {
            Self::V4 => "0.0.0.0/0",
            Self::V6 => "::/0",
        }
    }

    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];
}

impl Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// Where large packets are lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// On the way to the server.
    Outbound,
    /// On the way from the server.
    Inbound,
}

/// The hosts of one world.
#[derive(Debug)]
pub struct World {
    /// From west to east: the client, the routers, the server.
    hosts: Vec<Host>,
    /// The router that only answers pass, if there is one.
    detour: Option<Host>,
}

impl World {
    /// A world with so many routers in which everybody reaches everybody.
    ///
    /// # Panics
    /// When it cannot be made, because the test user is not root, say.
    #[must_use]
    pub fn new(routers: u8) -> Self {
        let world = Self { hosts: (0..routers + 2).map(Host::new).collect(), detour: None };
        for (number, pair) in (0_u8..).zip(world.hosts.windows(2)) {
            world.join(number, &pair[0], &pair[1]);
        }
        let last = routers + 1;
        for (number, host) in (0..=last).zip(&world.hosts) {
            host.settle(number, last);
        }
        world.await_server();
        world
    }

    /// The same, where answers come back by another router ([`World::detour`]) than questions go by.
    #[must_use]
    pub fn with_detour(routers: u8) -> Self {
        let mut world = Self::new(routers);
        let detour = Host::new(routers + 2);
        cable(DETOUR[0], (world.router(1), "detour"), (&detour, "west"));
        cable(DETOUR[1], (&detour, "east"), (world.server(), "eth1"));
        detour.forwards();
        for family in Family::BOTH {
            let (client, all) = (family.network(0), family.all());
            detour.ip(&format!("route add {client} via {}", family.address(DETOUR[0], 1)));
            world.server().ip(&format!("route replace {all} via {}", family.address(DETOUR[1], 1)));
        }
        world.detour = Some(detour);
        world.await_server();
        world
    }

    /// Where the program under test runs.
    #[must_use]
    pub fn client(&self) -> &Host {
        &self.hosts[0]
    }

    /// A router by its distance from the client, counted from 1.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn router(&self, number: usize) -> &Host {
        assert!((1..self.hosts.len() - 1).contains(&number), "there is no router {number}");
        &self.hosts[number]
    }

    /// Where its servers run.
    #[must_use]
    pub fn server(&self) -> &Host {
        &self.hosts[self.hosts.len() - 1]
    }

    /// The router that answers come back by.
    ///
    /// # Panics
    /// When this is no world [`World::with_detour`].
    #[must_use]
    pub fn detour(&self) -> &Host {
        self.detour.as_ref().or_panic("find a detour")
    }

    /// A port of the server's address.
    #[must_use]
    pub fn target(&self, family: Family, port: u16) -> SocketAddr {
        SocketAddr::new(family.address(self.last_cable(), 2), port)
    }

    /// An address beside the server's that nobody has.
    #[must_use]
    pub fn nobody(&self, family: Family, port: u16) -> SocketAddr {
        SocketAddr::new(family.address(self.last_cable(), 77), port)
    }

    /// How many routers there are between client and server.
    #[must_use]
    pub fn routers(&self) -> u8 {
        self.last_cable()
    }

    /// The address by which the client knows a router, counted from 1.
    #[must_use]
    pub fn hop(&self, family: Family, number: u8) -> IpAddr {
        family.address(number - 1, 2)
    }

    /// conn-check on the client, as [`USER`].
    #[must_use]
    pub fn agent(&self, yaml: &str) -> Agent {
        self.agent_as(USER, yaml)
    }

    /// conn-check on the client, as this user without any privilege.
    #[must_use]
    pub fn agent_as(&self, user: u32, yaml: &str) -> Agent {
        let mut command = self.client().command("setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={user}")]);
        command.args(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
        Agent::copy_through(command, yaml)
    }

    /// A part of the way that takes no packets of more than `size` bytes in one direction. The router before it says so
    /// by ICMP, which arrives (`told`) or is lost. It takes two routers.
    pub fn narrow(&self, direction: Direction, size: u16, told: bool) {
        let last = self.last_cable();
        let (router, cable, by) = match direction {
            Direction::Outbound => (self.router(1), last, (1, 2)),
            Direction::Inbound => (self.router(2), 0, (1, 1)),
        };
        for family in Family::BOTH {
            let (network, next) = (family.network(cable), family.address(by.0, by.1));
            // Locked: this router holds by it, also for packets it only passes on.
            router.ip(&format!("route replace {network} via {next} mtu lock {size}"));
        }
        if !told {
            router.rule("output", "icmp type destination-unreachable icmp code frag-needed drop");
            router.rule("output", "icmpv6 type packet-too-big drop");
        }
    }

    /// A second cable from the first router to the client, by which what the server says from this TCP port comes; the
    /// client takes what comes there only if it would send there too (`rp_filter`, for IPv4 alone).
    pub fn answer_by_second_cable(&self, port: u16) {
        let (client, router) = (self.client(), self.router(1));
        cable(SECOND, (client, "eth1"), (router, "second"));
        client.set("ipv4/conf/eth1/rp_filter", "1");
        let (own, by) = (Family::V4.address(0, 1), Family::V4.address(SECOND, 1));
        router.ip(&format!("route add {own}/32 via {by} dev second table {SECOND}"));
        router.ip(&format!("rule add ipproto tcp sport {port} table {SECOND}"));
    }

    /// Holds every local port that the client has for connections to this address.
    #[must_use]
    pub fn use_up_ports(&self, target: SocketAddr) -> UsedPorts {
        UsedPorts::new(self.client(), target)
    }

    /// Ten thousand packets a second and family, between the client and the host next to it, that have nothing to do with
    /// any check.
    #[must_use]
    pub fn noise(&self) -> Noise {
        Noise::beside(self)
    }

    /// The same between programs of the client.
    #[must_use]
    pub fn noise_on_loopback(&self) -> Noise {
        Noise::on_loopback(self)
    }

    /// Datagrams from the client to port 9 of the host next to it.
    #[must_use]
    pub fn noise_out(&self, pace: Pace) -> Noise {
        Noise::out(self, pace)
    }

    /// Datagrams to port 9 of the client from the host next to it.
    #[must_use]
    pub fn noise_in(&self, pace: Pace) -> Noise {
        Noise::into(self, pace)
    }

    /// The first router, or the server where there is none.
    fn neighbour(&self) -> &Host {
        &self.hosts[1]
    }

    fn last_cable(&self) -> u8 {
        u8::try_from(self.hosts.len() - 2).or_panic("count cables")
    }

    fn join(&self, number: u8, west: &Host, east: &Host) {
        let device = |host: &Host, inner| if self.is_router(host) { inner } else { "eth0" };
        cable(number, (west, device(west, "east")), (east, device(east, "west")));
    }

    fn is_router(&self, host: &Host) -> bool {
        let inner = &self.hosts[1..self.hosts.len() - 1];
        inner.iter().any(|router| router.name() == host.name())
    }

    /// Waits until the server answers over both families: until it refuses to connect.
    fn await_server(&self) {
        let refused = |family| {
            let tried = TcpStream::connect_timeout(&self.target(family, 1), Duration::from_millis(100));
            tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        let reached = || Family::BOTH.into_iter().all(refused);
        self.client().inside(|| wait::until("the server of a world to answer", reached));
    }
}

/// Joins two hosts, each by a device of this name.
fn cable(number: u8, west: (&Host, &str), east: (&Host, &str)) {
    let (west_name, east_name) = (west.0.name(), east.0.name());
    let (west_device, east_device) = (west.1, east.1);
    let ends = format!("{west_device} netns {west_name} type veth peer name {east_device} netns {east_name}");
    batch(None, &format!("link add {ends}\n"));
    for (end, (host, device)) in (1..).zip([west, east]) {
        // Looking for duplicates of an address would take a second in which it is of no use.
        host.set(&format!("ipv6/conf/{device}/accept_dad"), "0");
        let (v4, v6) = (Family::V4.address(number, end), Family::V6.address(number, end));
        batch(
            Some(host.name()),
            &format!("link set dev {device} up\naddr add {v4}/24 dev {device}\naddr add {v6}/64 dev {device} nodad\n"),
        );
    }
}

/// Runs `ip` with a line for each of its commands, in a namespace or outside; all of them have to succeed.
#[track_caller]
fn batch(namespace: Option<&str>, lines: &str) {
    let mut command = Command::new(packages::needed("ip"));
    if let Some(name) = namespace {
        command.args(["-n", name]);
    }
    fed(command.args(["-batch", "-"]), lines);
}

/// Runs a command with this text as its input; it has to succeed.
#[track_caller]
fn fed(command: &mut Command, input: &str) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().or_panic("start a command");
    let written = child.stdin.take().or_panic("write to a command").write_all(input.as_bytes());
    let output = child.wait_with_output().or_panic("wait for a command");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{command:?} failed: {complaint}; its input: {input}");
}
