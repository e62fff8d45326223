//! What root is told beyond everybody: the very rule of this host's firewall; and what confines a process.

mod rules;

use harness::agent::{self, Agent};
use harness::netns::Network;
use serde_json::Value;
use std::process::Command;

/// Runs a command on the near host; it has to succeed.
fn near(network: &Network, program: &str, arguments: &[&str]) -> String {
    let output = network.near.command(program).args(arguments).output().expect(program);
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// conn-check on the near host, as root, with tcp checks of these addresses: the failures, in their order.
fn failures(network: &Network, addresses: &[&str]) -> Vec<Value> {
    failures_within(network, addresses, 2)
}

/// The same with so many seconds for each check.
fn failures_within(network: &Network, addresses: &[&str], seconds: u8) -> Vec<Value> {
    let yaml = checks(addresses).replace("timeout: 2", &format!("timeout: {seconds}"));
    failures_of(Agent::through(network.near.command("env"), &yaml), addresses.len())
}

fn checks(addresses: &[&str]) -> String {
    let check = |address: &&str| {
        let (host, port) = address.rsplit_once(':').expect("a port");
        format!("- {{type: tcp, host: '{}', port: {port}, timeout: 2}}\n", host.trim_matches(['[', ']']))
    };
    addresses.iter().map(check).collect()
}

fn failures_of(mut agent: Agent, count: usize) -> Vec<Value> {
    let report = agent.report();
    let failures: Vec<_> =
        report["checks"].as_array().expect("checks").iter().map(|check| check["failure"].clone()).collect();
    assert_eq!(failures.len(), count, "{report}");
    failures
}

/// The handle of the rule that has this text, as nft lists it.
fn handle(network: &Network, rule: &str) -> String {
    let listed = near(network, "nft", &["-s", "-a", "list", "ruleset"]);
    let line = listed.lines().find_map(|line| line.trim().strip_prefix(rule)?.strip_prefix(" # handle "));
    line.unwrap_or_else(|| panic!("no rule {rule} in {listed}")).to_owned()
}

/// Each has to be denied locally, in a message that ends with this, and its next step has to name the command.
#[track_caller]
fn assert_denied(failure: &Value, says: &str, shows: &str) {
    let (message, next_step) = (failure["message"].as_str().expect("a message"), failure["next_step"].as_str());
    assert_eq!(
        (failure["code"].as_str(), failure["owner"].as_str()),
        (Some("connect.denied-locally"), Some("host")),
        "{failure}"
    );
    assert!(message.ends_with(says), "{failure} does not say {says}");
    assert!(next_step.is_some_and(|next_step| next_step.starts_with(shows)), "{failure} does not name {shows}");
}

#[test]
fn root_is_told_the_very_rule_that_drops_or_rejects_what_this_host_sends() {
    let network = Network::new();
    let rules = "table inet filter {
        set databases { type ipv4_addr; flags interval; elements = { 10.0.0.0/28, 10.7.0.1-10.7.0.9 }; }
        map verdicts { type inet_service : verdict; elements = { 5405 : drop, 5499 : accept }; }
        chain old { tcp dport 5403 drop; }
        chain output {
            type filter hook output priority filter; policy accept;
            oifname \"lo\" accept
            ct state established,related accept
            tcp dport { 80, 443 } drop
            tcp dport 5401 counter drop comment \"not from here\"
            ip daddr @databases tcp dport 5400-5402 drop
            jump old
            meta skuid 0 tcp dport 5404 drop
            tcp dport vmap @verdicts
            tcp dport 5406 reject with tcp reset
            ip protocol tcp tcp dport 5407 reject with icmp type admin-prohibited
            ip6 daddr fd00::/64 tcp dport 5408 drop
        }
    }";
    near(&network, "nft", &[rules]);
    let targets = [5401, 5402, 5403, 5404, 5405, 5406, 5407].map(|port| format!("10.0.0.2:{port}"));
    let mut targets: Vec<_> = targets.iter().map(String::as_str).collect();
    targets.push("[fd00::2]:5408");
    let failures = failures(&network, &targets);
    let wanted = [
        ("output", "tcp dport 5401 counter drop comment \"not from here\""),
        ("output", "ip daddr @databases tcp dport 5400-5402 drop"),
        ("old", "tcp dport 5403 drop"),
        ("output", "meta skuid 0 tcp dport 5404 drop"),
        ("output", "tcp dport vmap @verdicts"),
        ("output", "tcp dport 5406 reject with tcp reset"),
        ("output", "ip protocol tcp tcp dport 5407 reject with icmp admin-prohibited"),
        ("output", "ip6 daddr fd00::/64 tcp dport 5408 drop"),
    ];
    for (failure, (chain, rule)) in failures.iter().zip(wanted) {
        let handle = handle(&network, rule);
        let says = format!(", by rule {handle} of table inet filter, chain {chain}: {rule}");
        assert_denied(failure, &says, &format!("`nft -a list chain inet filter {chain}` shows it"));
    }
}

#[test]
fn root_is_told_the_policy_that_drops_and_what_is_named_for_an_answer_is_in_the_input() {
    let network = Network::new();
    near(
        &network,
        "nft",
        &["table ip filter {
            chain input { type filter hook input priority 0; tcp dport 22 drop; tcp sport 5401 drop; }
            chain output { type filter hook output priority 0; policy drop; tcp dport 5401 accept; ct state established accept; }
        }"],
    );
    let _server =
        network.far.inside(|| harness::peers::Peer::start_at(network.far.at(5401), harness::peers::Manner::Silent));
    let failures = failures(&network, &["10.0.0.2:5401", "10.0.0.2:5402"]);
    let handle = handle(&network, "tcp sport 5401 drop");
    assert_denied(
        &failures[0],
        &format!(", by rule {handle} of table ip filter, chain input: tcp sport 5401 drop"),
        "`nft -a list chain ip filter input` shows it",
    );
    let says = ", by the policy of table ip filter, chain output: drop";
    assert_denied(&failures[1], says, "`nft -a list chain ip filter output` shows it");
}

#[test]
fn a_rule_of_either_iptables_is_named() {
    let network = Network::new();
    let owner = ["-A", "OUTPUT", "-p", "tcp", "--dport", "5401", "-m", "owner", "--uid-owner", "0", "-j", "DROP"];
    near(&network, "iptables", &owner);
    near(&network, "iptables-legacy", &["-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT"]);
    let legacy =
        ["-A", "OUTPUT", "-p", "tcp", "-m", "multiport", "--dports", "80,5402", "-j", "REJECT", "--reject-with"];
    near(&network, "iptables-legacy", &[&legacy[..], &["tcp-reset"]].concat());
    let failures = failures(&network, &["10.0.0.2:5401", "10.0.0.2:5402"]);
    assert_denied(&failures[0], "", "`nft -a list chain ip filter OUTPUT` shows it");
    let message = failures[0]["message"].as_str().expect("a message");
    assert!(message.contains(", by rule ") && message.contains("chain OUTPUT: tcp dport 5401"), "{message}");
    let says = ", by rule 2 of chain OUTPUT, table filter of iptables-legacy: -p tcp -m multiport --dports 80,5402 \
                -j REJECT --reject-with tcp-reset";
    assert_denied(&failures[1], says, "`iptables-legacy -t filter -nvL OUTPUT --line-numbers` shows it");
}

#[test]
fn who_is_not_root_is_told_what_is_proven_and_no_rule() {
    let network = Network::new();
    near(
        &network,
        "nft",
        &["table inet filter { chain output { type filter hook output priority 0; tcp dport 5401 drop; }; }"],
    );
    let mut command = network.near.command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
    let failures = failures_of(Agent::copy_through(command, &checks(&["10.0.0.2:5401"])), 1);
    assert_denied(&failures[0], ")", "`nft list ruleset`, as root, shows");
    let said = failures[0].to_string();
    assert!(said.contains("drops what it sends to 10.0.0.2:5401 (") && !said.contains("by rule"), "{said}");
}

/// Runs the program behind a filter of system calls that answers to `socket()` of a family; 0: of any.
const FILTER: &str = r#"
import ctypes, os, struct, sys
errno, family, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
step = lambda code, jt, jf, k: struct.pack("HBBI", code, jt, jf, k)
of_family = [step(0x20, 0, 0, 16), step(0x15, 0, 1, family)] if family else []
steps = [step(0x20, 0, 0, 0), step(0x15, 0, 1 + len(of_family), number), *of_family,
         step(0x06, 0, 0, 0x00050000 | errno), step(0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(steps))
filter = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_char_p(filter), 0, 0) == 0, ctypes.get_errno()
os.execv(program[0], program)
"#;

/// A check of a local address behind such a filter.
fn filtered(errno: i32, family: i32, address: &str) -> Value {
    let mut command = Command::new("python3");
    command.args(["-c", FILTER, &errno.to_string(), &family.to_string()]);
    assert!(agent::program().is_absolute());
    failures_of(Agent::through(command, &checks(&[address])), 1).remove(0)
}

#[test]
fn a_sandbox_without_a_family_of_addresses_is_told_as_one() {
    const EAFNOSUPPORT: i32 = 97;
    for (family, address, name) in [(2, "127.0.0.1:9", "AF_INET"), (10, "[::1]:9", "AF_INET6")] {
        let failure = filtered(EAFNOSUPPORT, family, address);
        let shows = format!("allow {name} in RestrictAddressFamilies of the unit");
        assert_denied(&failure, &format!("may not open a socket of {name}, which {address} needs"), &shows);
    }
}

#[test]
fn a_filter_of_system_calls_is_named_where_no_socket_may_be_opened() {
    const EPERM: i32 = 1;
    // Also where the kernel cannot even be asked for its routes.
    for family in [2, 0] {
        let failure = filtered(EPERM, family, "127.0.0.1:9");
        assert_denied(&failure, "127.0.0.1:9", "look at the sandbox that conn-check runs in");
        let evidence = failure["evidence"].as_str().expect("evidence");
        assert!(evidence.contains("a filter of system calls (seccomp) is on this process"), "{evidence}");
        assert!(!failure.to_string().contains("route"), "{failure}");
    }
}
