//! Network namespaces, asked by plain sockets and by the system's resolver.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use harness::dns::{Dns, Records};
use harness::netns::{Answer, Network, Transport};
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, UdpManner, UdpPeer};
use harness::scratch::Scratch;
use harness::wait;
use nix::errno::Errno;

use super::client;
use super::fixture;

/// What connecting ends with: nothing, or the error's number; a timeout of ours is `ETIMEDOUT`.
fn connect(address: SocketAddr, limit: Duration) -> Option<Errno> {
    let error = TcpStream::connect_timeout(&address, limit).err()?;
    Some(error.raw_os_error().map_or(Errno::ETIMEDOUT, Errno::from_raw))
}

/// Sends a datagram and waits for an answer.
fn ask_udp(address: SocketAddr) -> Result<usize, Errno> {
    let number = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or_default());
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).map_err(number)?;
    socket.set_read_timeout(Some(Duration::from_secs(10))).map_err(number)?;
    socket.connect(address).map_err(number)?;
    socket.send(b"hello").map_err(number)?;
    socket.recv(&mut [0; 10]).map_err(number)
}

#[test]
fn peers_and_daemons_can_be_put_into_a_namespace() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let silent = far.inside(|| Peer::start_at(far.at(22), Manner::Silent));
    let echo = far.inside(|| UdpPeer::start_at(far.at6(53), UdpManner::Echo));
    let web = Site::http("web").page("/", "from afar");
    let nginx = far.inside(|| Nginx::start_at(far.ip(), [web]));
    assert_eq!(near.inside(|| connect(far.at(22), Duration::from_secs(10))), None);
    assert_eq!(near.inside(|| connect(far.at6(22), Duration::from_secs(10))), Some(Errno::ECONNREFUSED));
    assert_eq!(near.inside(|| ask_udp(far.at6(53))), Ok(5));
    wait::until("the peer to accept", || silent.connections() == 1);
    assert_eq!(echo.datagrams(), 1);
    let reply = client::run(near.command("curl"), &[&nginx.url("web", "/")]);
    assert!(reply.text.ends_with("from afar"), "{reply:?}");
}

#[test]
fn two_networks_have_the_same_addresses_and_nothing_in_common() {
    let (one, two) = (Network::new(), Network::new());
    let _server = one.far.inside(|| Peer::start_at(one.far.at(80), Manner::Silent));
    assert_eq!(one.near.inside(|| connect(one.far.at(80), Duration::from_secs(10))), None);
    assert_eq!(two.near.inside(|| connect(two.far.at(80), Duration::from_secs(10))), Some(Errno::ECONNREFUSED));
    assert_eq!(
        two.near.inside(|| connect(SocketAddr::from(([192, 0, 2, 1], 80)), Duration::from_secs(10))),
        Some(Errno::ENETUNREACH)
    );
}

#[test]
fn every_answer_of_a_firewall_is_seen_by_tcp() {
    let network = Network::new();
    let far = &network.far;
    let answers = [
        (Answer::Drop, Errno::ETIMEDOUT, Errno::ETIMEDOUT),
        (Answer::Reset, Errno::ECONNREFUSED, Errno::ECONNREFUSED),
        (Answer::PortUnreachable, Errno::ECONNREFUSED, Errno::ECONNREFUSED),
        (Answer::HostUnreachable, Errno::EHOSTUNREACH, Errno::EHOSTUNREACH),
        (Answer::NetUnreachable, Errno::ENETUNREACH, Errno::ENETUNREACH),
        (Answer::Prohibited, Errno::EHOSTUNREACH, Errno::EACCES),
    ];
    let check = |port: u16, (answer, v4, v6)| {
        far.filter_input(Transport::Tcp, port, answer);
        // Long enough for the repeated SYN that IPv6 needs, except where nothing will come.
        let limit = Duration::from_secs(if answer == Answer::Drop { 2 } else { 10 });
        let seen = network.near.inside(|| [far.at(port), far.at6(port)].map(|address| connect(address, limit)));
        assert_eq!(seen, [Some(v4), Some(v6)], "{answer:?}");
    };
    thread::scope(|scope| {
        for (port, expected) in (1000..).zip(answers) {
            scope.spawn(move || check(port, expected));
        }
    });
}

#[test]
fn answers_of_a_firewall_are_seen_by_udp() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    far.filter_input(Transport::Udp, 1000, Answer::PortUnreachable);
    far.filter_input(Transport::Udp, 1001, Answer::Prohibited);
    near.filter_output(Transport::Udp, 1002, Answer::Drop);
    assert_eq!(near.inside(|| ask_udp(far.at(1000))), Err(Errno::ECONNREFUSED));
    assert_eq!(near.inside(|| ask_udp(far.at(1001))), Err(Errno::EHOSTUNREACH));
    assert_eq!(near.inside(|| ask_udp(far.at(1002))), Err(Errno::EPERM));
    assert_eq!(near.inside(|| ask_udp(far.at6(1002))), Err(Errno::EPERM));
}

#[test]
fn a_filtered_port_leaves_the_others_alone() {
    let network = Network::new();
    let far = &network.far;
    let _servers = far.inside(|| [80, 81].map(|port| Peer::start_at(far.at(port), Manner::Silent)));
    far.filter_input(Transport::Tcp, 80, Answer::Reset);
    let seen = network.near.inside(|| [80, 81].map(|port| connect(far.at(port), Duration::from_secs(10))));
    assert_eq!(seen, [Some(Errno::ECONNREFUSED), None]);
}

#[test]
fn routes_can_end_here() {
    let network = Network::new();
    let kinds = [
        ("unreachable", Errno::EHOSTUNREACH),
        ("prohibit", Errno::EACCES),
        ("throw", Errno::ENETUNREACH),
        ("blackhole", Errno::EINVAL),
    ];
    for (number, (kind, error)) in (1..).zip(kinds) {
        network.near.route(kind, &format!("10.9.{number}.0/24"));
        let target = SocketAddr::from(([10, 9, number, 1], 80));
        assert_eq!(network.near.inside(|| connect(target, Duration::from_secs(10))), Some(error), "{kind}");
    }
}

#[test]
fn without_the_cable_nothing_answers() {
    let network = Network::new();
    network.far.unplug();
    let seen = network.near.inside(|| connect(network.far.at(80), Duration::from_millis(500)));
    assert!(matches!(seen, Some(Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::ENETUNREACH)), "{seen:?}");
}

#[test]
fn names_are_resolved_by_the_files_of_the_namespace() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let records = Records::new().record("db.example.test. A 10.0.0.2").servfail("broken.test");
    let _dns = far.inside(|| Dns::start_at(far.ip(), &records));
    near.hosts("10.0.0.77 only-in-hosts\n");
    near.resolv_conf("nameserver 10.0.0.2\nsearch example.test\noptions timeout:1 attempts:1\n");
    let look_up = |name: &str| {
        let output = near.command("getent").args(["ahostsv4", name]).output().expect("getent runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    assert!(look_up("only-in-hosts").1.starts_with("10.0.0.77 "));
    assert!(look_up("db").1.starts_with("10.0.0.2 "));
    assert_eq!(look_up("nowhere.example.test"), (Some(2), String::new()));
    assert_eq!(look_up("www.broken.test"), (Some(2), String::new()));
}

#[test]
fn commands_have_the_status_and_the_number_of_the_program() {
    let network = Network::new();
    let mut child = network.near.command("sh").args(["-c", "kill -KILL $$"]).spawn().expect("it starts");
    let status = child.wait().expect("it ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}

#[test]
fn a_panic_inside_is_a_panic_outside() {
    let network = Network::new();
    let work = || network.near.inside(|| panic!("as it should"));
    let reason = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).expect_err("a panic");
    assert_eq!(reason.downcast_ref::<&str>(), Some(&"as it should"));
}

#[test]
fn nothing_is_left_of_a_dropped_network() {
    let network = Network::new();
    network.near.etc("hosts", "127.0.0.1 localhost\n");
    let name = network.near.name().to_owned();
    let paths = [format!("/run/netns/{name}"), format!("/etc/netns/{name}/hosts")];
    assert!(paths.iter().all(|path| fs::exists(path).expect("a look")));
    drop(network);
    assert!(!paths.iter().any(|path| Path::new(path).exists()));
    assert!(!Path::new("/etc/netns").join(name).exists());
}

#[test]
fn without_root_there_is_a_loud_failure() {
    let scratch = Scratch::new();
    let program = scratch.program_from("self-check", &std::env::current_exe().expect("this program"));
    let mut command = fixture::command(&program, "make_a_network", &scratch.path().join("report"));
    command.uid(65534).gid(65534).current_dir("/");
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success() && text.contains("network namespaces need root"), "{text}");
}
