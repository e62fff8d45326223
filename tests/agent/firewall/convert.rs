//! `conn-check-convert-fw`.

use super::{COMMANDS, TYPES, convert, convert_in, example, export, network, ten_hosts, text};
use harness::agent::Agent;
use harness::netns::Network;
use std::fs;

/// The rules of the original's demo, from its file of checks.
fn demo() -> String {
    let ran = export(&example("demo.yaml")).run();
    ran.out.replace(&conn_check::host::name(), "mydevmachine")
}

/// All files in one run; the first one is the agent's own.
fn convert_all(network: &Network, kind: &str, files: &[String]) -> Agent {
    let mut agent = convert_in(network, kind, &files[0]);
    for (number, file) in files.iter().enumerate().skip(1) {
        let path = agent.scratch().write(&format!("host{number}.yaml"), file);
        agent = agent.arg(path);
    }
    agent
}

#[test]
fn every_type_of_the_manual_and_the_demo() {
    let network = network();
    for kind in TYPES {
        insta::assert_snapshot!(format!("demo_{kind}"), text(convert_in(&network, kind, &demo())));
        insta::assert_snapshot!(format!("manual_{kind}"), text(convert_in(&network, kind, &example("manual.yaml"))));
    }
}

#[test]
fn the_files_of_ten_hosts_become_one_set_in_any_order() {
    let network = network();
    let mut files = ten_hosts();
    for kind in TYPES {
        let printed = text(convert_all(&network, kind, &files));
        files.reverse();
        assert_eq!(text(convert_all(&network, kind, &files)), printed, "{kind}");
        files.rotate_left(3);
        assert_eq!(text(convert_all(&network, kind, &[files.clone(), files.clone()].concat())), printed, "{kind}");
        files.rotate_right(3);
        files.reverse();
        insta::assert_snapshot!(format!("ten_hosts_{kind}"), printed);
    }
}

#[test]
fn the_words_are_the_originals() {
    let rules = "egress: [{from_host: a, to_host: 192.0.2.1, ports: [80], protocol: tcp}]";
    let command = |kind: &str| {
        let ran = convert(kind, rules).args(["--group", "sg-1"]).run();
        assert_eq!(ran.status, 0, "{}", ran.err);
        ran.out.lines().rfind(|line| line.len() > 3).expect("a command").to_owned()
    };
    assert_eq!(
        command("aws"),
        "aws ec2 authorize-security-group-egress --group-id sg-1 --protocol tcp --port 80 --cidr 192.0.2.1/32"
    );
    assert_eq!(
        command("neutron"),
        "neutron security-group-rule-create --direction egress --ethertype IPv4 --protocol tcp --port-range-min 80 \
         --port-range-max 80 --remote-ip-prefix 192.0.2.1/32 sg-1"
    );
    assert_eq!(command("nova"), "nova secgroup-add-rule sg-1 tcp 80 80 192.0.2.1/32");
    assert_eq!(
        command("openstack-cli"),
        "openstack security group rule create --egress --ethertype IPv4 --protocol tcp --dst-port 80 \
         --remote-ip 192.0.2.1/32 sg-1"
    );
    for (alias, name) in
        [("amazon", "aws"), ("EC2", "aws"), ("openstack", "neutron"), ("os", "neutron"), ("NFT", "nftables")]
    {
        assert_eq!(command(alias), command(name));
    }
    for kind in COMMANDS {
        assert!(!command(kind).contains("  "), "{}", command(kind));
    }
}

#[test]
fn the_group_has_no_meaning_on_a_host_and_that_is_said() {
    let rules = "egress: [{to_host: 192.0.2.1, ports: 80, protocol: tcp}]";
    for kind in ["iptables", "ufw", "nftables"] {
        let with = convert(kind, rules).args(["--group", "sg-1"]).run();
        assert_eq!((with.status, with.out.contains("sg-1")), (0, false));
        assert!(with.err.contains(&format!("--group means nothing to {kind}")), "{}", with.err);
    }
    let labelled = text(convert("kubernetes", rules).args(["--group", "tier=web"]));
    assert!(labelled.contains("name: conn-check-egress-tier-web") && labelled.contains("tier: web"), "{labelled}");
    let ran = convert("kubernetes", rules).args(["--group", "not a label"]).run();
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    assert!(ran.err.starts_with("conn-check-convert-fw: --group: not a label of pods"), "{}", ran.err);
}

#[test]
fn a_name_without_an_address_is_an_error_with_its_place_and_the_others_are_kept_on_demand() {
    let network = network();
    network.near.resolv_conf("nameserver 127.0.0.9\noptions timeout:1 attempts:1\n");
    let rules = "egress:\n- {to_host: gone.example, ports: [80], protocol: tcp}\n\
                 - {to_host: gone.example, ports: [80], protocol: udp}\n\
                 - {to_host: localhost, ports: [80], protocol: tcp}\n- {to_host: gone2.example, ports: [1], protocol: tcp}\n";
    let agent = convert_in(&network, "iptables", rules).args(["-o", "out.sh"]);
    let out = agent.scratch().write("out.sh", "old");
    let mut agent = agent;
    let ran = agent.run();
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err.matches("error[unresolved]").count(), 2, "one error for each name: {}", ran.err);
    assert!(ran.err.contains("checks.yaml:2:13") && ran.err.contains("checks.yaml:5:13"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&out).expect("the old file"), "old");
    let mut agent = agent.arg("--keep-going");
    assert_eq!(agent.run().status, 1);
    let written = fs::read_to_string(&out).expect("the new file");
    let commands: Vec<_> = written.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(
        commands,
        [
            "iptables -A OUTPUT -p tcp --dport 80 -d 127.0.0.1 -j ACCEPT",
            "ip6tables -A OUTPUT -p tcp --dport 80 -d ::1 -j ACCEPT"
        ]
    );
}

#[test]
fn without_a_single_address_nothing_is_printed() {
    let network = network();
    network.near.resolv_conf("nameserver 127.0.0.9\noptions timeout:1 attempts:1\n");
    let rules = "egress: [{to_host: gone.example, ports: [80], protocol: tcp}]";
    for kind in TYPES {
        let ran = convert_in(&network, kind, rules).arg("--keep-going").run();
        assert_eq!((ran.status, ran.out.as_str()), (1, ""), "{kind}");
    }
}

#[test]
fn what_is_not_a_file_of_rules_ends_with_three_and_prints_nothing() {
    for (name, content, told) in [
        ("binary", &b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe"[..], "is not UTF-8"),
        ("nul", b"egress: \0", "yaml-syntax"),
        ("no yaml", b"egress: [", "yaml-syntax"),
        ("empty", b"", "the file is empty"),
        ("no egress", b"ingress: []", "the file has no `egress`"),
        ("nothing", b"egress:", "there is nothing below `egress`"),
        ("no rules", b"egress: []", "nothing to convert"),
        ("checks", b"- {type: tcp, host: a, port: 1}", "made into one of rules by conn-check-export-fw"),
        ("two documents", b"egress: []\n---\negress: []\n", "several-documents"),
        ("duplicate key", b"egress: []\negress: []\n", "duplicate-key"),
    ] {
        let agent = convert("iptables", "");
        agent.scratch().write("checks.yaml", content);
        let mut agent = agent;
        let ran = agent.run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{name}: {}", ran.err);
        assert!(ran.err.contains(told), "{name}: {}", ran.err);
    }
}

#[test]
fn the_problems_of_all_files_are_told_in_one_run() {
    let good = "egress: [{to_host: 192.0.2.1, ports: 80, protocol: tcp}]";
    let agent = convert("ufw", "egress: [{to_host: 192.0.2.1, ports: 0, protocol: tcp}]");
    agent.scratch().write("good.yaml", good);
    agent
        .scratch()
        .write("bad.yaml", "egress:\n- {to_host: 192.0.2.1, ports: [70000, '80; rm'], protocol: icmp}\n- 5\n");
    let ran = agent.args(["good.yaml", "missing.yaml", "bad.yaml", "."]).run();
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    for told in [
        "checks.yaml:1:",
        "missing.yaml",
        "No such file",
        "bad.yaml:2:",
        "`70000`",
        "`80; rm`",
        "`icmp`",
        "bad.yaml:3:3",
        "a directory",
    ] {
        assert!(ran.err.contains(told), "{told} is missing: {}", ran.err);
    }
    insta::assert_snapshot!(
        "problems",
        ran.err.lines().filter(|line| !line.contains("checks.yaml")).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn rules_come_from_standard_input_too() {
    let rules = b"egress: [{from_host: a, to_host: 192.0.2.1, ports: 80, protocol: tcp}]";
    let ran = convert("ufw", "egress: [{to_host: 192.0.2.2, ports: 80, protocol: tcp}]").arg("-").run_with_input(rules);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("to 192.0.2.1 port 80\n") && ran.out.contains("to 192.0.2.2 port 80\n"), "{}", ran.out);
    let twice = convert("ufw", "egress: []").args(["-", "-"]).run_with_input(rules);
    assert_eq!((twice.status, twice.out.as_str()), (3, ""));
}

#[test]
fn a_wrong_command_line_ends_with_three() {
    let rules = "egress: [{to_host: 192.0.2.1, ports: 80, protocol: tcp}]";
    for arguments in [&["-t", "ipchains"][..], &[], &["-t", "aws", "--group", ""], &["-t", "aws", "--group=--dry-run"]]
    {
        let ran = Agent::called(super::CONVERT, rules).args(arguments).run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(
        text(convert("aws", "").arg("--version")),
        concat!("conn-check-convert-fw ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn every_word_of_the_help_is_kept() {
    for name in [super::CONVERT, super::EXPORT] {
        insta::assert_snapshot!(format!("help_{name}"), text(Agent::called(name, "").arg("--help")));
    }
}

#[test]
fn a_range_of_ports_stays_one_rule() {
    let rules = "egress: [{to_host: 192.0.2.1, ports: [8000-8010, 8005], protocol: tcp}]";
    for (kind, words) in [
        ("aws", "--protocol tcp --port 8000-8010 --cidr"),
        ("iptables", "--dport 8000:8010 "),
        ("kubernetes", "endPort: 8010"),
        ("neutron", "--port-range-min 8000 --port-range-max 8010 "),
        ("nftables", "dport 8000-8010 accept"),
        ("nova", "tcp 8000 8010 "),
        ("openstack-cli", "--dst-port 8000:8010 "),
        ("terraform", "\"to_port\": 8010"),
        ("ufw", "port 8000:8010"),
    ] {
        let ran = convert(kind, rules).run();
        assert_eq!(ran.status, 0, "{kind}: {}", ran.err);
        assert_eq!(ran.out.matches(words).count(), 1, "{kind}: {}", ran.out);
    }
    let ran = convert("ufw", "egress: [{to_host: 192.0.2.1, ports: [8010-8000], protocol: tcp}]").run();
    assert!(ran.status == 3 && ran.err.contains("a range two of them: 8000-8010"), "{}", ran.err);
}
