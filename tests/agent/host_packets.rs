//! What a look into a failure costs: packets that ask for a connection, counted by the firewall of the host that sends.

use harness::agent::Agent;
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer, Request};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Counts requests to connect as they are made, before any other rule; sent again, they count again. The second counter is
/// for those that want smaller segments than the cable takes.
const COUNT: &str = "table inet count { chain made { type filter hook output priority -400; \
    tcp flags & (syn | ack) == syn counter; tcp flags & (syn | ack) == syn tcp option maxseg size < 1460 counter; }; }";

struct Counted {
    network: Network,
}

impl Counted {
    fn new() -> Self {
        let counted = Self { network: Network::new() };
        counted.nft(COUNT);
        counted
    }

    fn nft(&self, command: &str) -> String {
        let output = self.network.near.command("nft").args(["-j", command]).output().expect("nft");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// How many requests to connect were made so far, and how many of them for small segments.
    fn requests(&self) -> [u64; 2] {
        let listed: Value = serde_json::from_str(&self.nft("list chain inet count made")).expect("JSON");
        let all = listed["nftables"].as_array().expect("a list").iter();
        let counters = all.filter_map(|one| one["rule"]["expr"].as_array()).flatten();
        let counted: Vec<_> = counters.filter_map(|one| one["counter"]["packets"].as_u64()).collect();
        counted.try_into().expect("two counters")
    }

    /// The code of the only check, as nobody, and how many requests to connect it took.
    fn run(&self, yaml: &str) -> (String, u64) {
        let (code, [requests, _]) = self.run_counted(yaml);
        (code, requests)
    }

    /// The same with those for small segments.
    fn run_counted(&self, yaml: &str) -> (String, [u64; 2]) {
        let before = self.requests();
        let mut command = self.network.near.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
        let report = Agent::copy_through(command, yaml).report();
        let after = self.requests();
        (harness::agent::code(&report), [after[0] - before[0], after[1] - before[1]])
    }
}

fn tcp(host: &str) -> String {
    format!("- {{type: tcp, host: '{host}', port: 5432, timeout: 4}}")
}

/// Connections by which it is looked who a silent peer is.
const MOST_LOOKS: u64 = 6;

/// Of both families.
const HOSTS: [&str; 2] = ["10.0.0.2", "fd00::2"];

#[test]
fn a_drop_beyond_this_host_costs_no_more_than_forty_requests() {
    let counted = Counted::new();
    counted.network.far.filter_input(Transport::Tcp, 5432, Answer::Drop);
    for host in HOSTS {
        let (code, requests) = counted.run(&tcp(host));
        assert_eq!(code, "connect.timeout");
        assert!((4..=40).contains(&requests), "{requests} to {host}");
    }
}

#[test]
fn a_drop_of_this_host_costs_no_more_than_forty_requests() {
    let counted = Counted::new();
    counted.network.near.filter_output(Transport::Tcp, 5432, Answer::Drop);
    for host in HOSTS {
        let (code, requests) = counted.run(&tcp(host));
        assert_eq!(code, "connect.denied-locally");
        assert!((4..=40).contains(&requests), "{requests} to {host}");
    }
}

#[test]
fn a_refusal_costs_no_more_than_seven_requests_whoever_refuses() {
    let counted = Counted::new();
    for host in HOSTS {
        let (code, requests) = counted.run(&tcp(host));
        assert_eq!(code, "connect.refused");
        assert!((1..=7).contains(&requests), "{requests} to {host}");
    }
    counted.network.near.filter_output(Transport::Tcp, 5432, Answer::Reset);
    for host in HOSTS {
        let (code, requests) = counted.run(&tcp(host));
        assert_eq!(code, "connect.denied-locally");
        assert!((1..=7).contains(&requests), "{requests} to {host}");
    }
}

/// A peer of the far host that answers requests of HTTP with a page of so many bytes.
fn pages(counted: &Counted, bytes: usize) -> Peer {
    let serve = move |wire: harness::peers::Wire| {
        if Request::read(&wire).is_some() {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n");
            let _ = wire.send((head + &"x".repeat(bytes)).as_bytes());
        }
    };
    counted.network.far.inside(|| Peer::serve_at(counted.network.far.at(80), serve))
}

/// A check of the page, and one whose request is of several segments.
fn http(padding: usize) -> String {
    let padding = "x".repeat(padding);
    format!("- {{type: http, url: 'http://10.0.0.2/', timeout: 4, headers: {{X-Padding: '{padding}'}}}}")
}

#[test]
fn a_path_that_loses_large_packets_costs_no_more_than_five_more_connections() {
    for (direction, loses) in [("towards", "tcp dport 80"), ("from", "tcp sport 80")] {
        let counted = Counted::new();
        let (near, far) = (&counted.network.near, &counted.network.far);
        // Packets as they are on a cable, one segment each.
        for host in [near, far] {
            let status = host.command("ip").args("link set dev eth0 gso_max_segs 1".split(' ')).status();
            assert!(status.expect("ip").success());
        }
        // As if they were lost on the way: before the receiver has seen them.
        let hook = format!(
            "table netdev hole {{ chain lost {{ type filter hook ingress device eth0 priority 0; \
             ip length > 1300 {loses} drop; }}; }}"
        );
        let receiver = if direction == "towards" { far } else { near };
        assert!(receiver.command("nft").arg(hook).status().expect("nft").success());
        let _pages = pages(&counted, 6000);
        let (code, [all, small]) = counted.run_counted(&http(if direction == "towards" { 5000 } else { 1 }));
        assert_eq!(code, "connect.mtu", "{direction}");
        // Beside the check's own, and the looks at who is silent.
        assert!((1..=5).contains(&small) && all <= small + 1 + MOST_LOOKS, "{small} of {all}, {direction}");
    }
}

#[test]
fn a_healthy_run_makes_no_request_of_its_own() {
    let counted = Counted::new();
    let _pages = pages(&counted, 6000);
    let _peer = counted.network.far.inside(|| Peer::start_at(counted.network.far.at(5432), Manner::Silent));
    assert_eq!(counted.run(&http(5000)), ("pass".into(), 1));
    assert_eq!(counted.run(&tcp("10.0.0.2")), ("pass".into(), 1));
}

#[test]
fn a_healthy_run_asks_for_nothing_of_this_host() {
    let peer = Peer::start(Manner::Silent);
    let yaml: String = (0..10)
        .map(|number| {
            format!("- {{type: tcp, name: n{number}, host: 127.0.0.1, port: {}, timeout: 20}}\n", peer.port())
        })
        .collect();
    let scratch = Scratch::new();
    let log = scratch.path().join("calls");
    let mut strace = Command::new("/usr/bin/strace");
    strace.args(["-f", "-qqq", "-e", "trace=socket,connect,open,openat,execve", "-o"]).arg(&log);
    let report = Agent::through(strace, &yaml).report();
    assert_eq!(report["counts"]["pass"], 10, "{report}");
    let calls = fs::read_to_string(&log).expect("what strace has seen");
    assert_eq!(calls.matches("connect(").count(), 10, "{calls}");
    for word in ["AF_NETLINK", "/proc/net", "/proc/sys/net", "/sys/class/net"] {
        assert!(!calls.contains(word), "{word}: {calls}");
    }
    assert_eq!(calls.matches("execve(").count(), 1, "{calls}");
}

#[test]
fn a_service_that_hangs_is_asked_once_more_in_small_segments() {
    let counted = Counted::new();
    let _peer = counted.network.far.inside(|| Peer::start_at(counted.network.far.at(80), Manner::Silent));
    let (code, [all, small]) = counted.run_counted(&http(1));
    assert_eq!(code, "protocol.silent");
    assert!(small == 1 && all <= 2 + MOST_LOOKS, "{small} of {all}");
}
