//! What real firewalls and `shellcheck` say of the output.

use super::{COMMANDS, convert_in, example, network, ten_hosts, text};
use harness::netns::Network;
use harness::packages;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Everything that the examples have, in one file.
fn rules() -> String {
    let all: String = ten_hosts().iter().map(|file| file.replace("egress:\n", "")).collect();
    format!(
        "{}\n{all}- {{from_host: x, to_host: '2001:db8:1::/48', ports: [1, 65535], protocol: tcp}}\n- {{to_host: 192.0.2.77, ports: [8000-8010], protocol: tcp}}\n",
        example("manual.yaml").trim_end()
    )
}

/// Runs a program of the namespace with this on its standard input; what it printed.
#[track_caller]
fn inside(network: &Network, program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = network.near.command(program);
    command.args(arguments).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let (status, out, err) = fed(&mut command, input);
    assert!(status, "{program} {arguments:?}: {err}{out}\n{input}");
    out
}

/// Whether it succeeded, and what it printed.
fn fed(command: &mut Command, input: &str) -> (bool, String, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The commands of a script.
fn commands(script: &str) -> Vec<&str> {
    script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn shellcheck_has_nothing_to_say_about_any_list_of_commands() {
    let network = network();
    let shellcheck = packages::find("shellcheck").expect("shellcheck is installed");
    for kind in COMMANDS {
        for group in [&[][..], &["--group", "it's a; group"]] {
            let mut agent = convert_in(&network, kind, &rules()).args(group);
            let script = agent.run().out;
            assert!(commands(&script).len() > 10, "{script}");
            let (clean, said, _) = fed(Command::new(&shellcheck).args(["--severity=style", "-"]), &script);
            assert!(clean && said.is_empty(), "{kind}: {said}");
        }
    }
}

#[test]
fn nft_checks_and_loads_the_file_over_the_one_of_the_last_time() {
    let network = network();
    let file = text(convert_in(&network, "nftables", &rules()));
    inside(&network, "nft", &["-c", "-f", "-"], &file);
    assert_eq!(inside(&network, "nft", &["list", "ruleset"], ""), "", "a check loads nothing");
    inside(&network, "nft", &["-f", "-"], &file);
    let loaded = inside(&network, "nft", &["list", "ruleset"], "");
    let accepts = |text: &str| text.lines().filter(|line| line.contains("dport") && line.ends_with("accept")).count();
    assert!(accepts(&file) > 5 && accepts(&loaded) == accepts(&file), "{loaded}");
    // A second time changes nothing, and a file that is cut off leaves what is there.
    inside(&network, "nft", &["-f", "-"], &file);
    assert_eq!(inside(&network, "nft", &["list", "ruleset"], ""), loaded);
    let mut nft = network.near.command("nft");
    assert!(!fed(nft.args(["-f", "-"]), &file[..file.len() - 20]).0, "half a file must be refused");
    assert_eq!(inside(&network, "nft", &["list", "ruleset"], ""), loaded);
}

#[test]
fn iptables_takes_every_command() {
    let network = network();
    let script = text(convert_in(&network, "iptables", &rules()));
    inside(&network, "sh", &["-e"], &script);
    let (v4, v6): (Vec<_>, Vec<_>) = commands(&script).into_iter().partition(|line| line.starts_with("iptables"));
    for (tool, given) in [("iptables", v4), ("ip6tables", v6)] {
        let listed = inside(&network, tool, &["-S", "OUTPUT"], "");
        let rules = listed.lines().filter(|line| line.starts_with("-A OUTPUT ") && line.ends_with("-j ACCEPT"));
        assert!(!given.is_empty());
        assert_eq!(rules.count(), given.len(), "{listed}");
        let saved = inside(&network, &format!("{tool}-save"), &[], "");
        inside(&network, &format!("{tool}-restore"), &["--test"], &saved);
    }
}

#[test]
fn ufw_makes_a_rule_for_what_goes_out_of_every_command() {
    let network = network();
    let script = text(convert_in(&network, "ufw", &rules()));
    let commands = commands(&script);
    assert!(commands.len() > 10, "{script}");
    let dry = script.replace("ufw allow", "echo; ufw --dry-run allow");
    let shown = inside(&network, "sh", &["-e"], &dry);
    for command in commands {
        let words: Vec<_> = command.split(' ').collect();
        let [.., "proto", protocol, "from", "any", "to", to, "port", port] = words[..] else { panic!("{command}") };
        let chain = if to.contains(':') { "ufw6-user-output" } else { "ufw-user-output" };
        let rule = if port.contains(':') {
            format!("-A {chain} -p {protocol} -m multiport --dports {port} -d {to} -j ACCEPT")
        } else {
            format!("-A {chain} -p {protocol} -d {to} --dport {port} -j ACCEPT")
        };
        assert!(shown.contains(&rule), "{command}: no {rule}");
    }
    assert!(!shown.contains("user-input -p"), "nothing is opened to the outside");
}
