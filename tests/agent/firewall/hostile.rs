//! Files of rules that want to do harm: what is in them is refused, or stays data.

use super::{COMMANDS, TYPES, convert, export, text};
use harness::scratch::Scratch;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// What a shell, a firewall or YAML would act on.
const PAYLOADS: [&str; 13] = [
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "a\ntouch pwned\n",
    "a\r\ntouch pwned",
    "' ; touch pwned ; '",
    "\" ; touch pwned ; \"",
    "*/ touch pwned /*",
    "a # b",
    "-j DROP",
    "a\u{2028}touch pwned",
    "\n}\nflush ruleset\n",
    "${file(\"/etc/passwd\")}",
];

fn quoted(text: &str) -> String {
    // A JSON string is a YAML string.
    serde_json::Value::from(text).to_string()
}

#[test]
fn a_hostile_to_host_is_refused() {
    for payload in PAYLOADS {
        let rules = format!("egress: [{{to_host: {}, ports: 80, protocol: tcp}}]", quoted(payload));
        for kind in TYPES {
            let ran = convert(kind, &rules).run();
            assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{payload:?}: {}", ran.err);
            assert!(ran.err.contains("bad-value"), "{payload:?}: {}", ran.err);
            assert!(!ran.err.contains("\ntouch pwned"), "{payload:?}: {}", ran.err);
        }
    }
}

#[test]
fn a_hostile_port_or_protocol_is_refused() {
    let values =
        PAYLOADS.iter().copied().chain(["0", "70000", "-1", "80; rm", "80.5", "", "yes", "99999999999999999999999999"]);
    for value in values {
        let value = quoted(value);
        for rules in [
            format!("egress: [{{to_host: 192.0.2.1, ports: [{value}], protocol: tcp}}]"),
            format!("egress: [{{to_host: 192.0.2.1, ports: [1], protocol: {value}}}]"),
        ] {
            let ran = convert("iptables", &rules).run();
            assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{rules}: {}", ran.err);
        }
    }
}

/// Runs a script where every program that it could want only writes down what it was given.
fn run(script: &str) -> (Scratch, Vec<String>) {
    let scratch = Scratch::new();
    for tool in ["aws", "neutron", "nova", "openstack", "iptables", "ip6tables", "ufw"] {
        let _path = scratch.program(tool, "#!/bin/sh\nprintf '%s|' \"${0##*/}\" \"$@\" >>calls; echo >>calls\n");
    }
    let output = Command::new("/bin/sh")
        .arg(scratch.write("script", script))
        .env("PATH", scratch.path())
        .env("SECGROUP", "default group")
        .current_dir(scratch.path())
        .output()
        .expect("a shell");
    assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{output:?}");
    let calls = fs::read_to_string(scratch.path().join("calls")).expect("calls");
    (scratch, calls.lines().map(str::to_owned).collect())
}

#[test]
fn a_hostile_from_host_stays_in_its_comment() {
    for payload in PAYLOADS {
        let rules =
            format!("egress: [{{from_host: {}, to_host: 192.0.2.1, ports: [80, 81], protocol: tcp}}]", quoted(payload));
        let mut plain = convert("aws", "egress: [{to_host: 192.0.2.1, ports: [80, 81], protocol: tcp}]");
        let plain = plain.run().out.lines().count();
        assert_eq!(text(convert("aws", &rules)).lines().count(), plain, "{payload:?}");
        for kind in COMMANDS {
            let (scratch, calls) = run(&text(convert(kind, &rules)));
            assert_eq!(calls.len(), 2, "{payload:?}: {calls:?}");
            assert!(!scratch.path().join("pwned").exists(), "{payload:?} was run");
        }
    }
}

#[test]
fn comments_have_the_characters_of_names_alone() {
    for payload in PAYLOADS.iter().chain(&["!reboot", "host=(1 2)", "<(id)", "~root", "a\u{202e}b", "b\u{fc}ro"]) {
        let rules =
            format!("egress: [{{from_host: {}, to_host: 192.0.2.1, ports: 80, protocol: tcp}}]", quoted(payload));
        for kind in COMMANDS {
            let script = text(convert(kind, &rules));
            let comment =
                script.lines().find(|line| line.starts_with("# 192.0.2.1, for ")).expect("where it comes from");
            let named = &comment["# 192.0.2.1, for ".len()..];
            let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
            assert!(named.bytes().all(is_named), "{kind}: {comment}");
        }
    }
}

#[test]
fn a_hostile_group_is_one_word_of_the_shell() {
    let rules = "egress: [{to_host: 192.0.2.1, ports: [80], protocol: tcp}, {to_host: '2001:db8::1', ports: [80], protocol: tcp}]";
    let one_line = PAYLOADS.iter().filter(|payload| !payload.contains(char::is_control) && !payload.starts_with('-'));
    for payload in one_line {
        for kind in ["aws", "neutron", "nova", "openstack-cli"] {
            let (scratch, calls) = run(&text(convert(kind, rules).args(["--group", payload])));
            assert_eq!(calls.len(), 2, "{calls:?}");
            assert!(calls.iter().all(|call| call.contains(&format!("|{payload}|"))), "{calls:?}");
            assert!(!scratch.path().join("pwned").exists(), "{payload:?} was run");
        }
        let terraform = text(convert("terraform", rules).args(["--group", payload]));
        let file: serde_json::Value = serde_json::from_str(&terraform).expect("JSON");
        let group =
            &file["resource"]["aws_security_group_rule"]["conn_check_tcp_80_to_192_0_2_1_32"]["security_group_id"];
        assert_eq!(group.as_str().expect("a group"), payload.replace("${", "$${"));
        assert_eq!(convert("kubernetes", rules).args(["--group", payload]).run().status, 3);
    }
    let without = run(&text(convert("aws", rules))).1;
    assert!(without.iter().all(|call| call.contains("|default group|")), "{without:?}");
    for payload in ["a\nb", "--help", "\u{1b}[2J"] {
        let ran = convert("aws", rules).arg(format!("--group={payload}")).run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{payload:?}");
        assert!(!ran.err.contains('\u{1b}'), "{:?}", ran.err);
    }
}

#[test]
fn what_costs_much_to_read_is_refused_at_once() {
    let bomb: String = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let before = n - 1;
        format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
    });
    for (name, content) in [
        ("deep", "[".repeat(200_000)),
        ("deep mappings", "{a: ".repeat(200_000)),
        ("deep below egress", format!("egress: {}", "[".repeat(10_000))),
        ("bomb", format!("{bomb}egress: *a11\n")),
        ("long", format!("egress: {}", "x".repeat(8_000_000))),
    ] {
        let ran = convert("nftables", &content).run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{name}");
        assert!(ran.elapsed < Duration::from_secs(20), "{name}: {:?}", ran.elapsed);
        assert!(ran.err.len() < 4000, "{name}: {} bytes", ran.err.len());
    }
}

#[test]
fn a_hostile_host_in_the_checks_never_comes_out() {
    for payload in PAYLOADS {
        let ran = export(&format!("- {{type: tcp, host: {}, port: 1}}", quoted(payload))).run();
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{payload:?}");
    }
}
