//! Real firewalls with the rules of a file of checks: exactly these checks come through.

use super::{CONVERT, EXPORT};
use crate::every_check::Case;
use conn_check::checks::Spec;
use conn_check::services::Transport;
use harness::agent::{Agent, Ran};
use harness::dns::{Dns, Records};
use harness::netns::{Namespace, Network};
use harness::peers::{Manner, Peer, UdpManner, UdpPeer};
use harness::scratch::Scratch;
use std::net::SocketAddr;

/// What a host needs beside the rules before everything else is dropped: as the comments at the top
/// of the output say.
const IPTABLES: &str = "\
for tables in iptables ip6tables; do
	$tables -F OUTPUT
	$tables -A OUTPUT -o lo -j ACCEPT
	$tables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	$tables -P OUTPUT DROP
done
ip6tables -A OUTPUT -p ipv6-icmp -j ACCEPT
";

/// Where the firewall stands.
#[derive(Clone, Copy, Debug)]
enum Wall {
    /// On the host of the checks, for what it sends.
    Own,
    /// On the other end, for what comes in: the same rules, on the way that a firewall between the
    /// two sees.
    Peers,
}

impl Wall {
    fn place(self, network: &Network) -> &Namespace {
        match self {
            Self::Own => &network.near,
            Self::Peers => &network.far,
        }
    }

    fn turned(self, text: &str) -> String {
        match self {
            Self::Own => text.to_owned(),
            Self::Peers => {
                let text = text.replace("OUTPUT -o lo", "INPUT -i lo").replace("OUTPUT", "INPUT");
                text.replace("hook output", "hook input").replace("oifname", "iifname")
            }
        }
    }
}

/// Makes a firewall of the namespace `near` that lets out what the rules say, and nothing else.
fn load(network: &Network, kind: &str, rules: &str) {
    load_into(Wall::Own, network, kind, rules);
}

fn load_into(wall: Wall, network: &Network, kind: &str, rules: &str) {
    let ran = Agent::called_through(network.near.command("env"), CONVERT, rules).args(["-t", kind]).run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let (program, arguments, text) = match kind {
        "nftables" => ("nft", &["-f"][..], ran.out.replace("policy accept;", "policy drop;")),
        _ => ("sh", &["-e"][..], format!("{IPTABLES}{}", ran.out)),
    };
    let scratch = Scratch::new();
    let mut command = wall.place(network).command(program);
    command
        .args(arguments)
        .arg(scratch.write("rules", wall.turned(&text)))
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The rules of a file of checks.
fn exported(network: &Network, yaml: &str) -> String {
    let Ran { out, err, status, .. } = Agent::called_through(network.near.command("env"), EXPORT, yaml).run();
    assert_eq!((status, err.as_str()), (0, ""));
    out
}

/// What became of each check: its target, and the failure's code or the verdict.
fn outcomes(network: &Network, yaml: &str) -> Vec<String> {
    let report = Agent::through(network.near.command("env"), yaml).report();
    let outcome = |check: &serde_json::Value| {
        let code = check["failure"]["code"].as_str().or(check["verdict"].as_str()).expect("an outcome");
        format!("{} {}: {code}", check["type"].as_str().expect("a type"), check["target"].as_str().expect("a target"))
    };
    report["checks"].as_array().expect("checks").iter().map(outcome).collect()
}

/// The rules without the one of a host and protocol.
fn without(rules: &str, to_host: &str, protocol: &str) -> String {
    let mut entries: Vec<_> = rules.split("- from_host").collect();
    let before = entries.len();
    let meant = format!("protocol: {protocol}\n  to_host: {to_host}\n");
    entries.retain(|entry| !entry.replace('"', "").contains(&meant));
    assert_eq!(entries.len(), before - 1, "{rules}");
    entries.join("- from_host")
}

/// A network where `far` has the addresses 10.0.0.2 to 10.0.0.4, and names for them.
fn network() -> Network {
    let network = Network::new();
    for host in [3, 4] {
        let address = format!("10.0.0.{host}/24");
        let added = network.far.command("ip").args(["addr", "add", &address, "dev", "eth0"]).status();
        assert!(added.expect("ip runs").success());
    }
    network.near.hosts("10.0.0.2 two.example\nfd00::2 two.example\n10.0.0.3 three.example\n10.0.0.4 four.example\n");
    network
}

const CHECKS: &str = "\
- {type: tcp, host: two.example, port: 7001, timeout: 1}
- {type: tcp, host: 10.0.0.3, port: 7001, timeout: 1}
- {type: tcp, host: 'fd00::2', port: 7002, timeout: 1}
- {type: tcp, host: four.example, port: 7003, timeout: 1}
- {type: udp, host: four.example, port: 7004, send: Hakuna, expect: Hakuna, timeout: 1}
";

/// What each check does when only its own rule is missing.
const MISSING: [(&str, &str, &str); 4] = [
    ("10.0.0.3", "tcp", "tcp 10.0.0.3:7001: "),
    ("fd00::2", "tcp", "tcp [fd00::2]:7002: "),
    ("four.example", "tcp", "tcp four.example:7003: "),
    ("four.example", "udp", "udp four.example:7004: "),
];

/// `of_tcp`, `of_udp`: what a check gives when what it sends is dropped there.
fn only_the_checks_come_through(kind: &str, wall: Wall, of_tcp: &str, of_udp: &str) {
    let network = network();
    let tcp = |address: SocketAddr| network.far.inside(|| Peer::start_at(address, Manner::Silent));
    let at = |host: u8, port: u16| SocketAddr::from(([10, 0, 0, host], port));
    let _peers =
        [at(2, 7001), at(3, 7001), at(4, 7003), at(2, 7999), network.far.at6(7001), network.far.at6(7002)].map(tcp);
    let _echo = network.far.inside(|| UdpPeer::start_at(at(4, 7004), UdpManner::Echo));
    let other = format!("{CHECKS}- {{type: tcp, host: 10.0.0.2, port: 7999, timeout: 1}}\n");
    let open = outcomes(&network, &other);
    assert!(open.iter().all(|outcome| outcome.ends_with(": pass")), "{open:?}");

    let rules = exported(&network, CHECKS);
    load_into(wall, &network, kind, &rules);
    let mut closed = open.clone();
    *closed.last_mut().expect("a check") = format!("tcp 10.0.0.2:7999: {of_tcp}");
    assert_eq!(outcomes(&network, &other), closed, "{kind} {wall:?}");

    for (to_host, protocol, fails) in MISSING {
        let fails = format!("{fails}{}", if protocol == "udp" { of_udp } else { of_tcp });
        load_into(wall, &network, kind, &without(&rules, to_host, protocol));
        let place = fails.rsplit_once(": ").expect("a place").0;
        let expected: Vec<_> = open[..open.len() - 1]
            .iter()
            .map(|outcome| if outcome.starts_with(place) { fails.clone() } else { outcome.clone() })
            .collect();
        assert_ne!(expected, open[..open.len() - 1], "{place}");
        assert_eq!(outcomes(&network, CHECKS), expected, "{kind} {wall:?}, without {to_host} {protocol}");
    }
}

#[test]
fn with_nftables_exactly_the_checks_come_through() {
    // A datagram that is dropped at home is an error at once (EPERM); elsewhere it is lost, and a
    // lost one is like one that nobody answers.
    only_the_checks_come_through("nftables", Wall::Own, "connect.denied-locally", "connect.denied-locally");
    only_the_checks_come_through("nftables", Wall::Peers, "connect.timeout", "protocol.silent");
}

#[test]
fn with_iptables_exactly_the_checks_come_through() {
    only_the_checks_come_through("iptables", Wall::Own, "connect.denied-locally", "connect.denied-locally");
    only_the_checks_come_through("iptables", Wall::Peers, "connect.timeout", "protocol.silent");
}

/// What [`Case`] has none of: datagrams, and the proxies of http.
const OTHERS: &str = "\
- {type: udp, host: two.example, port: 1, send: x, expect: x, timeout: 2}
- {type: dns, name: a.example, server: two.example, port: 2, timeout: 2}
- {type: http, url: 'https://nowhere.example/', proxy_url: 'https://two.example:3', timeout: 2}
- {type: http, url: 'http://nowhere.example/', proxy_host: two.example, proxy_port: 4, timeout: 2}
";

/// Checks of every type, each on a port of its own, and the highest of these.
fn every_type() -> (String, u16) {
    let of_case = |(case, port): (Case, u16)| {
        case.yaml(port).replace("127.0.0.1", "two.example").replace("timeout: 0.6", "timeout: 2")
    };
    let cases: Vec<_> = Case::all().into_iter().zip(5..).map(of_case).collect();
    (OTHERS.to_owned() + &cases.concat(), 4 + u16::try_from(cases.len()).expect("few"))
}

#[test]
fn a_firewall_with_the_rules_changes_nothing_for_a_check_of_any_type() {
    let (yaml, highest) = every_type();
    for check in Spec::describe().into_iter().filter(|check| check.service.transport != Transport::Nothing) {
        assert!(yaml.contains(&format!("type: {},", check.kind)), "no {}", check.kind);
    }
    let network = network();
    let both = |port: u16| [network.far.at(port), network.far.at6(port)];
    let serve = |address| network.far.inside(|| Peer::start_at(address, Manner::Garbage));
    let _peers: Vec<_> = (1..=highest).flat_map(both).map(serve).collect();
    let refuse = |address| network.far.inside(|| UdpPeer::start_at(address, UdpManner::Refuses));
    let _refusing: Vec<_> = [1, 2].into_iter().flat_map(both).map(refuse).collect();
    let open = outcomes(&network, &yaml);
    assert!(!open.iter().any(|outcome| outcome.contains("timeout")), "{open:?}");
    for kind in ["nftables", "iptables"] {
        load(&network, kind, &exported(&network, &yaml));
        assert_eq!(outcomes(&network, &yaml), open, "{kind}");
        let other = highest + 1;
        let blocked = outcomes(&network, &format!("- {{type: tcp, host: 10.0.0.2, port: {other}, timeout: 0.5}}"));
        assert_eq!(blocked, [format!("tcp 10.0.0.2:{other}: connect.denied-locally")], "{kind}");
        open_up(&network);
    }
}

#[test]
fn a_blocked_host_finds_names_when_its_resolvers_are_in_the_rules() {
    let network = network();
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    let long = (0..12).map(|_| format!("\"{}\"", "x".repeat(200))).collect::<Vec<_>>().join(" ");
    let records = Records::new().record("db.test. A 10.0.0.3").record("db.test. AAAA fd00::2");
    let records = records.record(&format!("long.test. TXT {long}"));
    let _resolver = network.far.inside(|| Dns::start_at(network.far.ip(), &records));
    let serve = |address| network.far.inside(|| Peer::start_at(address, Manner::Silent));
    let _peers = [SocketAddr::from(([10, 0, 0, 3], 7001)), network.far.at6(7001)].map(serve);
    let check = "- {type: tcp, host: db.test, port: 7001, timeout: 5}\n";
    // What is too long for a datagram comes over TCP.
    let both = format!("{check}- {{type: dns, name: long.test, record: TXT, timeout: 5}}\n");
    let passes = ["tcp db.test:7001: pass", "dns long.test: pass"];
    assert_eq!(outcomes(&network, &both), passes);
    for kind in ["nftables", "iptables"] {
        load(&network, kind, &exported(&network, check));
        let blocked = outcomes(&network, check);
        assert!(blocked[0].starts_with("tcp db.test:7001: resolve."), "{kind}: {blocked:?}");
        open_up(&network);
        let mut export = Agent::called_through(network.near.command("env"), EXPORT, check).arg("--with-dns");
        load(&network, kind, &export.run().out);
        assert_eq!(outcomes(&network, &both), passes, "{kind}");
        open_up(&network);
        // A check of a name is itself enough.
        load(&network, kind, &exported(&network, &both));
        assert_eq!(outcomes(&network, &both), passes, "{kind}");
        open_up(&network);
    }
}

/// Takes every rule and policy away.
fn open_up(network: &Network) {
    assert!(network.near.command("nft").args(["flush", "ruleset"]).status().expect("nft runs").success());
}
