//! Real changes, each of which a check fails for: it is the first that is said.

use super::first;
use harness::agent::Agent;
use harness::certs::Authority;
use harness::dns::{Dns, Records};
use harness::netns::Network;
use harness::peers::{Manner, Peer};
use harness::process::Daemon;
use harness::redis::{Redis, Setup};
use harness::stunnel::Stunnel;
use harness::wait;
use harness::worlds::{Family, World};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;
use std::path::Path;

const JSON: [&str; 4] = ["--remember", "kept", "--format", "json"];

/// Passes, lets somebody change something, and fails; what it says first.
#[track_caller]
fn planted(mut agent: Agent, change: impl FnOnce(&Agent)) -> serde_json::Value {
    let ran = agent.run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    change(&agent);
    first(&agent.run())
}

fn on(network: &Network, yaml: &str) -> Agent {
    Agent::through(network.near.command("env"), yaml).args(JSON)
}

#[test]
fn another_address_of_a_name() {
    let network = Network::new();
    let _server = network.far.inside(|| Peer::start_at(network.far.at(5432), Manner::Silent));
    network.near.hosts("10.0.0.2 db.test\n");
    let said = planted(on(&network, "- {type: tcp, host: db.test, port: 5432, timeout: 1}\n"), |_| {
        network.near.hosts("10.0.0.9 db.test\n");
    });
    assert_eq!(said, json!({"what": "address", "before": "10.0.0.2", "now": "10.0.0.9"}));
}

#[test]
fn another_resolver() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let _server = far.inside(|| Peer::start_at(far.at(5432), Manner::Silent));
    let _dns = far.inside(|| Dns::start_at(far.ip(), &Records::new().record("db.dns.test. A 10.0.0.2")));
    near.hosts("127.0.0.1 localhost\n");
    near.resolv_conf("nameserver 10.0.0.2\n");
    let said = planted(on(&network, "- {type: tcp, host: db.dns.test, port: 5432, timeout: 2}\n"), |_| {
        near.resolv_conf("nameserver 10.0.0.9\noptions timeout:1 attempts:1\n");
    });
    assert_eq!(said, json!({"what": "resolver", "before": "10.0.0.2", "now": "10.0.0.9"}));
}

#[test]
fn another_address_of_this_host() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let _server = far.inside(|| Peer::start_at(far.at(5432), Manner::Silent));
    let said = planted(on(&network, "- {type: tcp, host: 10.0.0.2, port: 5432, timeout: 1}\n"), |_| {
        near.also("10.0.0.11".parse().expect("an address"));
        let route = ["route", "replace", "10.0.0.2/32", "dev", "eth0", "src", "10.0.0.11"];
        assert!(near.command("ip").args(route).status().expect("ip").success());
        far.route("blackhole", "10.0.0.11/32");
    });
    assert_eq!(said, json!({"what": "source", "before": "10.0.0.1", "now": "10.0.0.11"}));
}

#[test]
fn another_gateway() {
    let world = World::new(1);
    let target = world.target(Family::V4, 5432);
    let _server = world.server().inside(|| Peer::start_at(target, Manner::Silent));
    let yaml = format!("- {{type: tcp, host: {}, port: 5432, timeout: 1}}\n", target.ip());
    let gateway = world.hop(Family::V4, 1);
    let agent = Agent::through(world.client().command("env"), &yaml).args(JSON);
    let nobody = match gateway {
        std::net::IpAddr::V4(ip) => std::net::Ipv4Addr::from(u32::from(ip) + 75),
        std::net::IpAddr::V6(_) => unreachable!("IPv4 was asked for"),
    };
    let said = planted(agent, |_| world.client().gateway(nobody.into()));
    assert_eq!(said, json!({"what": "gateway", "before": gateway.to_string(), "now": nobody.to_string()}));
}

/// A server of TLS whose certificate is exchanged while it runs.
fn exchanged(new: impl Fn(&Authority) -> (Vec<u8>, Vec<u8>)) -> serde_json::Value {
    let authority = Authority::new();
    let (identity, peer) = (authority.valid(), Peer::start(Manner::Silent));
    let mut server = Stunnel::start(&identity, peer.address());
    let ca = authority.file().display().to_string();
    let yaml = format!("- {{type: tls, host: localhost, port: {}, ca_file: {ca}}}\n", server.address().port());
    planted(Agent::new(&yaml).args(JSON), |_| {
        let (certificate, key) = new(&authority);
        fs::write(identity.certificate_file(), certificate).expect("a certificate");
        fs::write(identity.key_file(), key).expect("a key");
        let daemon = server.daemon();
        let read = |daemon: &Daemon| daemon.log().matches("Configuration successful").count();
        let before = read(daemon);
        kill(Pid::from_raw(i32::try_from(daemon.pid()).expect("a number")), Signal::SIGHUP).expect("it runs");
        wait::until("stunnel has read its files again", || read(daemon) > before);
    })
}

fn texts(certificate: &Path, key: &Path) -> (Vec<u8>, Vec<u8>) {
    (fs::read(certificate).expect("a certificate"), fs::read(key).expect("a key"))
}

#[test]
fn another_issuer_and_other_names_and_another_end_of_a_certificate() {
    let said = exchanged(|_| {
        let other = Authority::called("Other CA").valid();
        texts(other.certificate_file(), other.key_file())
    });
    assert_eq!(said["what"], "certificate.issuer", "{said}");
    let said = exchanged(|authority| {
        let other = authority.wrong_name();
        texts(other.certificate_file(), other.key_file())
    });
    assert_eq!(said["what"], "certificate.names", "{said}");
    let said = exchanged(|authority| {
        let other = authority.expired();
        texts(other.certificate_file(), other.key_file())
    });
    assert_eq!(said["what"], "certificate.ends", "{said}");
}

#[test]
fn another_role_of_the_server() {
    let server = Redis::start(&Setup::new());
    let yaml = format!("- {{type: redis, host: 127.0.0.1, port: {}, role: primary}}\n", server.address().port());
    let said = planted(Agent::new(&yaml).args(JSON), |_| {
        let _ = server.cli(&["replicaof", "127.0.0.1", "1"]);
    });
    assert_eq!(said, json!({"what": "server.role", "before": "primary", "now": "replica"}));
}

#[test]
fn other_options_of_the_own_file() {
    let server = Redis::start(&Setup::new());
    let check = |more: &str| {
        format!("- {{type: redis, name: cache, host: 127.0.0.1, port: {}{more}}}\n", server.address().port())
    };
    for (before, now, said) in [
        ("", ", database: 99", json!({"what": "file.database", "before": "(not set)", "now": "99"})),
        (", role: primary", ", role: replica", json!({"what": "file.role", "before": "primary", "now": "replica"})),
        ("", ", use_tls: true", json!({"what": "file.use_tls", "before": "(not set)", "now": "true"})),
    ] {
        let agent = Agent::new(&check(before)).args(JSON);
        let first = planted(agent, |agent| drop(agent.scratch().write("checks.yaml", check(now))));
        assert_eq!(first, said);
    }
}
