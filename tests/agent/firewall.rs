//! The firewall's tools as a user runs them: what they print, what real firewalls make of it, and
//! whether it lets exactly the checks through.

mod convert;
mod export;
mod hostile;
mod schemas;
mod tools;
mod traffic;

use harness::agent::{Agent, Ran};
use harness::netns::Network;
use std::fs;

const EXPORT: &str = "conn-check-export-fw";
const CONVERT: &str = "conn-check-convert-fw";

/// Every type that there is.
const TYPES: [&str; 9] =
    ["aws", "iptables", "kubernetes", "neutron", "nftables", "nova", "openstack-cli", "terraform", "ufw"];

/// Those that are lists of commands for a shell.
const COMMANDS: [&str; 6] = ["aws", "iptables", "neutron", "nova", "openstack-cli", "ufw"];

/// What the names of the examples resolve to, in the namespaces of these tests.
const HOSTS: &str = "\
127.0.0.1 localhost
::1 localhost
192.0.2.10 login.ubuntu.com
192.0.2.11 login.ubuntu.com
2001:db8::10 login.ubuntu.com
192.0.2.20 gibson.hwaas.internal
192.0.2.21 freeside.hwaas.internal
192.0.2.22 countzero.hwaas.internal
2001:db8::30 bigend.hwaas.internal
192.0.2.21 cache.hwaas.internal
";

/// The rules of one host, as `conn-check-export-fw` prints them.
fn export(yaml: &str) -> Agent {
    Agent::called(EXPORT, yaml)
}

/// `conn-check-convert-fw -t TYPE FILE`.
fn convert(kind: &str, rules: &str) -> Agent {
    Agent::called(CONVERT, rules).args(["-t", kind])
}

/// The same where names are those of [`HOSTS`].
fn convert_in(network: &Network, kind: &str, rules: &str) -> Agent {
    Agent::called_through(network.near.command("env"), CONVERT, rules).args(["-t", kind])
}

/// What it printed; it has to succeed without a word.
#[track_caller]
fn text(mut agent: Agent) -> String {
    let Ran { out, err, status, .. } = agent.run();
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    out
}

/// What it printed; it has to succeed, and to say nothing but what stands in the comments as well.
#[track_caller]
fn text_with_notes(mut agent: Agent) -> String {
    let Ran { out, err, status, .. } = agent.run();
    let comments = out.lines().filter_map(|line| line.strip_prefix("# - "));
    let notes: String = comments.map(|line| format!("conn-check-export-fw: note: {line}\n")).collect();
    assert_eq!((status, err), (0, notes), "{out}");
    out
}

/// A namespace where the names of the examples resolve.
fn network() -> Network {
    let network = Network::new();
    network.near.hosts(HOSTS);
    network
}

/// A file of `firewall/`.
fn example(name: &str) -> String {
    let path = format!("{}/agent/firewall/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).expect(&path)
}

/// The files of ten hosts: each has some rules of its own and some that others have.
fn ten_hosts() -> Vec<String> {
    let rule = |host: usize, to: &str, ports: &str, protocol: &str| {
        format!("- {{from_host: web{host}.internal, to_host: {to}, ports: [{ports}], protocol: {protocol}}}\n")
    };
    let file = |host: usize| {
        let own = 8000 + host;
        let rules = [
            rule(host, "gibson.hwaas.internal", &format!("5432, {own}"), "tcp"),
            rule(host, if host.is_multiple_of(2) { "freeside.hwaas.internal" } else { "192.0.2.21" }, "11211", "tcp"),
            rule(host, "bigend.hwaas.internal", "10021", "udp"),
            if host == 3 { rule(host, "10.20.0.0/16", "53", "udp") } else { String::new() },
        ];
        format!("egress:\n{}", rules.concat())
    };
    (0..10).map(file).collect()
}
