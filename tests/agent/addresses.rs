//! Names with several addresses, of which some do not work (RFC 8305).

use crate::redis::clusters::node_at;
use crate::redis::nodes::all_slots;
use harness::agent::{Agent, Ran, code};
use harness::netns::Network;
use harness::peers::{Manner, Peer};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const CHECK: &str = "- {type: tcp, host: db, port: 80, timeout: 3}";

/// A network whose far host has more IPv4 addresses: 10.0.0.3 and 10.0.0.5 work or refuse like any,
/// and nothing that is sent to 10.0.0.4, 10.0.0.6 and 10.0.0.7 arrives.
///
/// The C library puts the addresses that are nearest to the own one first (RFC 6724, rule 9):
/// 10.0.0.2 and 10.0.0.3 as they stand in the file, then the others as they stand there.
fn network(hosts: &str) -> Network {
    let network = Network::new();
    for host in 3..=7 {
        let address = format!("10.0.0.{host}/24");
        let added = network.far.command("ip").args(["addr", "add", &address, "dev", "eth0"]).status();
        assert!(added.expect("ip runs").success());
    }
    filter(&network, "ip daddr { 10.0.0.4, 10.0.0.6, 10.0.0.7 } drop");
    network.near.hosts(hosts);
    network
}

fn filter(network: &Network, rule: &str) {
    let rules = format!(
        "add table inet holes; add chain inet holes input {{ type filter hook input priority 0; }}; \
         add rule inet holes input {rule}"
    );
    assert!(network.far.command("nft").arg(rules).status().expect("nft runs").success());
}

fn serve(network: &Network, host: u8) -> Peer {
    let address = SocketAddr::from(([10, 0, 0, host], 80));
    network.far.inside(|| Peer::start_at(address, Manner::Banner(b"ready\n".to_vec())))
}

fn run(network: &Network, yaml: &str) -> (Value, Ran) {
    let ran = Agent::through(network.near.command("env"), yaml).args(["--format", "json"]).run();
    (ran.json()["checks"][0].clone(), ran)
}

#[test]
fn a_dead_address_before_a_working_one_is_a_warning() {
    let network = network("10.0.0.3 db\n10.0.0.2 db\n");
    let _peer = serve(&network, 2);
    let (check, ran) = run(&network, CHECK);
    assert_eq!((ran.status, check["verdict"].as_str()), (1, Some("warn")), "{check}");
    assert_eq!(check["warnings"][0]["code"], "connect.address-dead");
    assert_eq!(check["warnings"][0]["message"], "another address works, but 10.0.0.3:80 refused the connection");
    assert_eq!(check["facts"]["dead_address"]["address"], "10.0.0.3:80");
    assert_eq!(check["phases"][1]["address"], "10.0.0.2:80");
}

#[test]
fn addresses_behind_a_working_one_are_tried_too() {
    // Connecting takes a second, because the first SYN is lost: each of the others has its turn, and
    // the last one comes after the connection stands.
    let network = network("10.0.0.2 db\n10.0.0.4 db\n10.0.0.6 db\n10.0.0.7 db\nfd00::3 db\nfd00::4 db\n10.0.0.5 db\n");
    filter(&network, "ip daddr 10.0.0.2 tcp flags syn / syn,ack numgen inc mod 2 0 drop");
    // A peer with nothing to say is listened to for a moment, in which the last address refuses.
    let _peer = network.far.inside(|| Peer::start_at(network.far.at(80), Manner::Silent));
    let (check, ran) = run(&network, CHECK);
    assert_eq!((ran.status, check["verdict"].as_str()), (1, Some("warn")), "{check}");
    let dead: Vec<_> =
        check["facts"]["dead_address"].as_array().expect("several").iter().map(|dead| &dead["address"]).collect();
    assert!(dead.iter().any(|address| *address == "10.0.0.5:80"), "{dead:?}");
}

#[test]
fn a_silent_address_gets_a_quarter_of_a_second_and_no_more() {
    let network = network("10.0.0.4 db\n10.0.0.5 db\n");
    let _peer = serve(&network, 5);
    let (check, ran) = run(&network, CHECK);
    assert_eq!((ran.status, check["verdict"].as_str()), (1, Some("warn")), "{check}");
    assert_eq!(check["warnings"][0]["message"], "another address works, but 10.0.0.4:80 did not answer");
    let connecting = Duration::from_secs_f64(check["phases"][1]["elapsed_seconds"].as_f64().expect("a number"));
    assert!((Duration::from_millis(250)..Duration::from_millis(900)).contains(&connecting), "{connecting:?}");
}

#[test]
fn an_address_behind_a_working_one_never_delays_the_verdict() {
    let network = network("10.0.0.2 db\n10.0.0.4 db\n");
    let _peer = serve(&network, 2);
    let (check, ran) = run(&network, CHECK);
    // Silence for a moment says nothing yet: neither a warning nor a wait.
    assert_eq!((ran.status, check["verdict"].as_str()), (0, Some("pass")), "{check}");
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
}

#[test]
fn when_all_addresses_are_dead_each_is_in_the_evidence() {
    let network = network("10.0.0.2 db\n10.0.0.3 db\n");
    let (check, ran) = run(&network, CHECK);
    let failure = &check["failure"];
    assert_eq!((ran.status, failure["code"].as_str()), (2, Some("connect.refused")), "{failure}");
    assert_eq!(failure["evidence"], "10.0.0.2:80 refused the connection; 10.0.0.3:80 refused the connection");
}

#[test]
fn a_timeout_says_what_became_of_each_address() {
    let network = network("10.0.0.3 db\n10.0.0.4 db\n10.0.0.6 db\n");
    let (check, ran) = run(&network, &CHECK.replace("timeout: 3", "timeout: 0.6"));
    assert_eq!(check["failure"]["code"], "connect.timeout", "{check}");
    let evidence = check["failure"]["evidence"].as_str().expect("evidence");
    let each = "10.0.0.3:80 refused the connection; 10.0.0.4:80 did not answer; 10.0.0.6:80 did not answer";
    assert!(evidence.starts_with("waited 0.") && evidence.ends_with(each), "{evidence}");
    assert!(ran.elapsed < Duration::from_secs(3), "{ran:?}");
}

#[test]
fn localhost_may_be_served_on_one_family_only() {
    let network = network("127.0.0.1 localhost\n::1 localhost\n");
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let _peer = network.near.inside(|| Peer::start_at(v4, Manner::Silent));
    let (check, ran) = run(&network, &CHECK.replace("host: db", "host: localhost"));
    assert_eq!((ran.status, check["warnings"].as_array().map(Vec::len)), (0, Some(0)), "{check}");
    assert_eq!(check["phases"][1]["address"], "127.0.0.1:80");
}

#[test]
fn an_address_of_a_family_without_a_route_is_no_warning() {
    let network = network("2001:db8::1 db\n10.0.0.2 db\n");
    let _peer = serve(&network, 2);
    let report = Agent::through(network.near.command("env"), CHECK).report();
    assert_eq!(code(&report), "pass", "{report}");
}

#[test]
fn a_silent_address_of_a_clusters_node_is_a_warning_and_holds_nobody_up() {
    let network = network("10.0.0.4 db\n10.0.0.5 db\n");
    let at = |host: u8| SocketAddr::from(([10, 0, 0, host], 6379));
    let [_first, _node] =
        [2, 5].map(|host| network.far.inside(|| node_at(at(host), |port| all_slots(&[("db", port)]))));
    let (check, ran) = run(&network, "- {type: redis, host: 10.0.0.2, cluster: true, timeout: 5}");
    assert_eq!((ran.status, check["verdict"].as_str()), (1, Some("warn")), "{check}");
    assert_eq!(check["warnings"][0]["code"], "connect.address-dead");
    assert_eq!(check["warnings"][0]["message"], "another address works, but 10.0.0.4:6379 did not answer");
    assert!(ran.elapsed < Duration::from_secs(2), "{ran:?}");
}
