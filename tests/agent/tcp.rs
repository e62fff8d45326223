//! The tcp check: every way a connection can go, on real sockets and through real firewalls.

use harness::agent::{Agent, code, verdict_of};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{FullQueue, Manner, Peer};
use harness::redis::{self, Redis};
use harness::{ports, wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// A file with one tcp check.
fn tcp(address: SocketAddr) -> String {
    format!("- {{type: tcp, host: '{}', port: {}, timeout: 5}}", address.ip(), address.port())
}

/// The agent on the near host of a network.
fn near(network: &Network, yaml: &str) -> Agent {
    Agent::through(network.near.command("env"), yaml)
}

/// Makes every connection to port 80 take a second: the first SYN is lost. What the peer does after
/// accepting is then seen by the check without a race, because its patience grows with that time.
fn lose_first_syn(network: &Network) {
    let rules = "add table inet slow; add chain inet slow input { type filter hook input priority 0; }; \
         add rule inet slow input tcp dport 80 tcp flags syn / syn,ack numgen inc mod 2 0 drop";
    assert!(network.far.command("nft").arg(rules).status().expect("nft runs").success());
}

/// What a check of a peer with this manner reports, over a connection that takes a second.
fn report_of(manner: Manner) -> Value {
    let network = Network::new();
    lose_first_syn(&network);
    let _peer = network.far.inside(|| Peer::start_at(network.far.at(80), manner));
    near(&network, &tcp(network.far.at(80))).report()
}

#[test]
fn a_silent_peer_passes_and_nothing_is_sent_to_it() {
    let peer = Peer::start(Manner::Silent);
    let report = Agent::new(&tcp(peer.address())).report();
    assert_eq!(code(&report), "pass");
    assert_eq!(report["checks"][0]["results"][0]["name"], format!("tcp:{}", peer.address()));
    assert_eq!(report["checks"][0]["phases"][1]["address"], peer.address().to_string());
    wait::until("the peer to have seen it", || peer.connections() == 1);
    assert_eq!(peer.received(), 0);
}

#[test]
fn a_port_without_a_listener_refuses() {
    let port = ports::free();
    let report = Agent::new(&tcp(port.address())).report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some("connect.refused"), Some("service")));
    assert_eq!(failure["message"], format!("{} refused the connection", port.address()));
}

#[test]
fn a_peer_that_resets_at_once_fails() {
    let report = report_of(Manner::Resets);
    assert_eq!(code(&report), "connect.reset");
    let failure = &report["checks"][0]["failure"];
    let message = failure["message"].as_str().expect("a message");
    // The reset may overtake the end of the connecting.
    let wanted = ["10.0.0.2:80 accepted the connection and reset it at once", "10.0.0.2:80 reset the connection"];
    assert!(wanted.contains(&message), "{message}");
}

#[test]
fn a_peer_that_closes_at_once_is_a_warning() {
    let report = report_of(Manner::Closes);
    assert_eq!(code(&report), "warn");
    let warning = &report["checks"][0]["warnings"][0];
    assert_eq!(warning["code"], "connect.closed-at-once");
    assert_eq!(warning["message"], "10.0.0.2:80 accepted the connection and closed it without a word");
}

#[test]
fn a_warning_ends_with_status_one() {
    let network = Network::new();
    lose_first_syn(&network);
    let _peer = network.far.inside(|| Peer::start_at(network.far.at(80), Manner::Closes));
    let ran = near(&network, &tcp(network.far.at(80))).run();
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.starts_with("tcp:10.0.0.2:80 WARNING - "), "{ran:?}");
}

/// What was learnt from the peer: not the way to it.
fn facts(report: &Value) -> Value {
    let mut facts = report["checks"][0]["facts"].clone();
    let route = facts.as_object_mut().and_then(|facts| facts.remove("route"));
    assert_eq!(route.expect("the way")["interface"], "eth0");
    facts
}

#[test]
fn a_banner_is_a_fact_whatever_it_says() {
    let report = report_of(Manner::Banner(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()));
    assert_eq!(code(&report), "pass");
    assert_eq!(facts(&report), json!({"banner": "SSH-2.0-OpenSSH_9.2p1\\r\\n", "service": "SSH"}));
}

#[test]
fn noise_is_a_banner_without_a_service() {
    let report = report_of(Manner::Banner(b"\x1b[2Jhello\x07".to_vec()));
    assert_eq!(code(&report), "pass");
    assert_eq!(facts(&report), json!({"banner": "\\x1b[2Jhello\\x07"}));
}

#[test]
fn a_full_accept_queue_is_a_timeout() {
    let queue = FullQueue::start();
    let yaml = tcp(queue.address()).replace("timeout: 5", "timeout: 0.3");
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    let report = ran.json();
    let failure = &report["checks"][0]["failure"];
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some("connect.timeout"), Some("service")));
    // The peer is a thread of this process.
    let says = format!("(pid {}) listens there and accepts nobody", std::process::id());
    assert!(failure["message"].as_str().is_some_and(|message| message.ends_with(&says)), "{failure}");
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
}

/// What a firewall's answer looks like over one address family.
fn behind(answer: Answer, v6: bool) -> Value {
    let network = Network::new();
    network.far.filter_input(Transport::Tcp, 80, answer);
    let target = if v6 { network.far.at6(80) } else { network.far.at(80) };
    let timeout = if answer == Answer::Drop { "timeout: 0.3" } else { "timeout: 8" };
    let report = near(&network, &tcp(target).replace("timeout: 5", timeout)).report();
    report["checks"][0]["failure"].clone()
}

#[test]
fn every_answer_of_a_firewall_has_its_code_owner_and_sender() {
    let cases = [
        (Answer::Drop, "connect.timeout", "network", None),
        (Answer::Reset, "connect.refused", "service", None),
        (
            Answer::PortUnreachable,
            "connect.refused",
            "network",
            Some("a firewall at ADDRESS rejects the connection to"),
        ),
        (Answer::HostUnreachable, "connect.host-unreachable", "network", None),
        (Answer::NetUnreachable, "connect.network-unreachable", "network", None),
        (
            Answer::Prohibited,
            "connect.prohibited",
            "network",
            Some("a firewall at ADDRESS prohibits the connection to"),
        ),
    ];
    let check = |(answer, code, owner, message): (Answer, &str, &str, Option<&str>), v6: bool| {
        let failure = behind(answer, v6);
        assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some(code), Some(owner)), "{failure}");
        let sender = if v6 { "fd00::2" } else { "10.0.0.2" };
        if let Some(message) = message {
            let (said, wanted) = (failure["message"].as_str().expect("a message"), message.replace("ADDRESS", sender));
            assert!(said.starts_with(&wanted), "{said}");
        }
        if !matches!(answer, Answer::Drop | Answer::Reset) {
            let evidence = failure["evidence"].as_str().expect("evidence");
            assert!(evidence.contains("ICMP") && evidence.ends_with(&format!("from {sender}")), "{evidence}");
        }
    };
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || check(case, false));
            scope.spawn(move || check(case, true));
        }
    });
}

#[test]
fn a_missing_route_and_routes_that_end_here_are_told_apart() {
    let network = Network::new();
    let kinds = [
        ("unreachable", "connect.no-route", "host"),
        ("prohibit", "connect.denied-locally", "host"),
        ("throw", "connect.no-route", "host"),
        ("blackhole", "connect.no-route", "host"),
    ];
    for (number, (kind, wanted, owner)) in (1..).zip(kinds) {
        network.near.route(kind, &format!("10.9.{number}.0/24"));
        let report = near(&network, &tcp(SocketAddr::from(([10, 9, number, 1], 80)))).report();
        let failure = &report["checks"][0]["failure"];
        assert_eq!(
            (failure["code"].as_str(), failure["owner"].as_str()),
            (Some(wanted), Some(owner)),
            "{kind}: {failure}"
        );
    }
    let report = near(&network, &tcp(SocketAddr::from(([192, 0, 2, 1], 80)))).report();
    assert_eq!(code(&report), "connect.no-route");
}

#[test]
fn the_own_firewall_of_this_host_is_not_blamed_on_the_network() {
    for (answer, wanted) in
        [(Answer::PortUnreachable, "connect.denied-locally"), (Answer::Prohibited, "connect.denied-locally")]
    {
        let network = Network::new();
        network.near.filter_output(Transport::Tcp, 80, answer);
        let report = near(&network, &tcp(network.far.at(80))).report();
        let failure = &report["checks"][0]["failure"];
        assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some(wanted), Some("host")), "{failure}");
    }
}

#[test]
fn a_limit_of_this_host_is_never_blamed_on_the_target() {
    let peer = Peer::start(Manner::Silent);
    let mut yaml = String::new();
    for _ in 0..60 {
        writeln!(yaml, "{}", tcp(peer.address())).expect("in memory");
    }
    let mut limited = Command::new("/usr/bin/prlimit");
    limited.args(["--nofile=24:24", "--"]);
    let report = Agent::through(limited, &yaml).args(["--concurrency", "60"]).report();
    let mut seen = BTreeMap::new();
    for check in report["checks"].as_array().expect("checks") {
        let failure = &check["failure"];
        let key = [failure["code"].as_str(), failure["owner"].as_str()].map(|text| text.unwrap_or("pass").to_owned());
        *seen.entry(key.join(" ")).or_insert(0) += 1;
    }
    let kinds: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["connect.local-limit host", "pass pass"], "{seen:?}");
}

#[test]
fn addresses_can_be_ipv6_with_and_without_brackets() {
    let peer = Peer::start_at("[::1]:0".parse().expect("an address"), Manner::Silent);
    for host in ["::1", "[::1]"] {
        let report = Agent::new(&format!("- {{type: tcp, host: '{host}', port: {}}}", peer.port())).report();
        assert_eq!(code(&report), "pass");
        assert_eq!(report["checks"][0]["results"][0]["name"], format!("tcp:[::1]:{}", peer.port()));
    }
}

#[test]
fn an_address_may_have_a_zone() {
    let network = Network::new();
    let link = network.far.command("ip").args(["-6", "-o", "addr", "show", "dev", "eth0", "scope", "link"]).output();
    let link = String::from_utf8(link.expect("ip runs").stdout).expect("text");
    let address = link.split_whitespace().find_map(|word| word.strip_suffix("/64")).expect("a link-local address");
    let _peer = network.far.inside(|| Peer::start_at("[::]:80".parse().expect("an address"), Manner::Silent));
    let of = |zone: &str| format!("- {{type: tcp, host: '{address}%{zone}', port: 80}}");
    let report = near(&network, &of("eth0")).report();
    assert_eq!(code(&report), "pass", "{report}");
    assert_eq!(report["checks"][0]["results"][0]["name"], format!("tcp:[{address}%eth0]:80"));
    let report = near(&network, &of("eth9")).report();
    assert_eq!(code(&report), "resolve.bad-name");
    assert_eq!(report["checks"][0]["failure"]["message"], "this host has no network interface `eth9`");
}

#[test]
fn an_international_name_is_looked_up_in_its_ascii_form() {
    let network = Network::new();
    network.near.hosts("10.0.0.2 xn--bcher-kva.example\n");
    let _peer = network.far.inside(|| Peer::start_at(network.far.at(80), Manner::Silent));
    let report = near(&network, "- {type: tcp, host: b\u{fc}cher.example, port: 80}").report();
    assert_eq!(code(&report), "pass", "{report}");
    assert_eq!(report["checks"][0]["results"][0]["name"], "tcp:b\u{fc}cher.example:80");
}

#[test]
fn a_family_can_be_chosen() {
    let network = Network::new();
    network.near.hosts("10.0.0.2 both only4\nfd00::2 both\n");
    let far = &network.far;
    let _peers = far.inside(|| [far.at(80), far.at6(80)].map(|address| Peer::start_at(address, Manner::Silent)));
    for (host, flag, wanted) in
        [("both", "-4", "10.0.0.2:80"), ("both", "-6", "[fd00::2]:80"), ("only4", "-4", "10.0.0.2:80")]
    {
        let report = near(&network, &format!("- {{type: tcp, host: {host}, port: 80}}")).arg(flag).report();
        assert_eq!(report["checks"][0]["phases"][1]["address"], wanted, "{report}");
    }
    let report = near(&network, "- {type: tcp, host: only4, port: 80}").arg("-6").report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!(
        (failure["code"].as_str(), failure["message"].as_str()),
        (Some("resolve.no-address"), Some("only4 has no IPv6 address"))
    );
}

#[test]
fn a_literal_of_the_other_family_has_no_address() {
    let peer = Peer::start(Manner::Silent);
    assert_eq!(code(&Agent::new(&tcp(peer.address())).arg("-6").report()), "resolve.no-address");
    assert_eq!(peer.connections(), 0);
}

#[test]
fn a_timeout_in_the_file_may_be_fractional() {
    let queue = FullQueue::start();
    assert_eq!(verdict_of(&tcp(queue.address()).replace("timeout: 5", "timeout: '0.2'")), "connect.timeout");
}

#[test]
fn what_is_sent_is_answered_as_expected() {
    let redis = Redis::start(&redis::Setup::new());
    let check = |more: &str| {
        let (ip, port) = (redis.address().ip(), redis.address().port());
        let report = Agent::new(&format!("- {{type: tcp, host: '{ip}', port: {port}{more}}}")).report();
        report["checks"][0].clone()
    };
    for expect in ["+PONG", "'/^.PO+NG/'"] {
        let passed = check(&format!(", send: \"PING\\r\\n\", expect: {expect}"));
        assert_eq!(
            (&passed["verdict"], &passed["facts"]["answer"]),
            (&json!("pass"), &json!("+PONG\\r\\n")),
            "{passed}"
        );
    }
    let failure = &check(", timeout: 0.5, send: \"PING\\r\\n\", expect: +OK")["failure"];
    assert_eq!(failure["code"], "request.unexpected-reply", "{failure}");
    assert_eq!(failure["evidence"], "until the time was over: got +PONG\\r\\n, wanted \"+OK\"", "{failure}");
    let closes = Peer::start(Manner::Greets(b"220 ready\r\n".to_vec(), Vec::new()));
    let greeted = |expect: &str| {
        let (ip, port) = (closes.address().ip(), closes.address().port());
        Agent::new(&format!("- {{type: tcp, host: '{ip}', port: {port}, timeout: 0.5, expect: {expect}}}")).report()
    };
    assert_eq!(greeted("'/^220 /'")["verdict"], "pass");
    assert_eq!(code(&greeted("'221'")), "request.unexpected-reply");
}

#[test]
fn a_peer_that_never_says_what_is_expected_is_a_timeout() {
    let peer = Peer::start(Manner::Silent);
    let (ip, port) = (peer.address().ip(), peer.address().port());
    let report = Agent::new(&format!("- {{type: tcp, host: '{ip}', port: {port}, timeout: 0.5, expect: x}}")).report();
    assert_eq!(code(&report), "request.timeout", "{report}");
}
