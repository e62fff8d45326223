//! `--remember`: what changed since a check passed last.

mod cost;
mod keeping;
mod planted;

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use harness::random;
use harness::serve::Serving;
use serde_json::Value;
use std::fs;

/// The memory of this user, wherever the run keeps it.
fn kept(agent: &Agent, folder: &str) -> String {
    let own = format!("{folder}/memory-{}.json", nix::unistd::geteuid());
    fs::read_to_string(agent.scratch().path().join(own)).expect("what was kept")
}

/// A call that remembers beside its file.
fn remembering(yaml: &str) -> Agent {
    Agent::new(yaml).args(["--remember", "kept"])
}

/// What a failure says first: of what, and in which words.
fn first(ran: &Ran) -> Value {
    let check = &ran.json()["checks"][0];
    assert_eq!(check["verdict"], "fail", "{check}");
    check["since"]["differences"][0].clone()
}

#[test]
fn a_failure_says_in_every_format_what_changed_and_for_how_long() {
    let peer = Peer::start(Manner::Silent);
    let mut agent = remembering(&format!("- {{type: tcp, name: shop, host: 127.0.0.1, port: {}}}\n", peer.port()));
    let ran = agent.run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    agent.scratch().write("checks.yaml", "- {type: tcp, name: shop, host: 127.0.0.1, port: 1, timeout: 2}\n");
    let words = format!(
        "its target in the file 127.0.0.1:{} -> 127.0.0.1:1; its `timeout` in the file (not set) -> 2",
        peer.port()
    );
    for format in ["human", "plain", "nagios", "junit", "tap"] {
        // Options of the command line hold where they stand last.
        agent = agent.args(["--format", format]);
        let ran = agent.run();
        assert!(ran.status == 2 && ran.err.is_empty(), "{format}: {ran:?}");
        let out = ran.out.split_whitespace().collect::<Vec<_>>().join(" ").replace("&gt;", ">");
        assert!(
            out.contains("since ") && out.contains(" UTC today: ") && out.contains(&words),
            "{format}: {}",
            ran.out
        );
    }
    let ran = agent.args(["--format", "json"]).run();
    let since = &ran.json()["checks"][0]["since"];
    assert!(since["passed"].is_string() && since["failing_seconds"].is_u64(), "{since}");
    assert_eq!(since["differences"][0]["what"], "target", "{since}");
}

#[test]
fn a_check_that_fails_as_long_as_is_waited_for_it_says_for_how_long() {
    let mut agent = remembering("- {type: tcp, host: 127.0.0.1, port: 1}\n").args(["--wait", "4", "--format", "json"]);
    let since = agent.run().json()["checks"][0]["since"].clone();
    assert!(since["failing_seconds"].as_u64() >= Some(1), "{since}");
}

#[test]
fn the_lines_of_the_original_stay_in_plain_and_the_first_line_of_nagios_keeps_its_length() {
    let peers: Vec<_> = (0..20).map(|_| Peer::start(Manner::Silent)).collect();
    let check = |(number, peer): (usize, &Peer)| {
        format!("- {{type: tcp, name: 'check {number} of many', host: 127.0.0.1, port: {}}}\n", peer.port())
    };
    let mut agent = remembering(&peers.iter().enumerate().map(check).collect::<String>());
    assert_eq!(agent.run().status, 0);
    drop(peers);
    let plain = agent.run().out;
    let results: Vec<_> = plain.lines().filter(|line| !line.starts_with(' ')).collect();
    assert!(results.len() == 20 && results.iter().all(|line| line.starts_with("tcp:127.0.0.1:")), "{plain}");
    let nagios = agent.args(["--format", "nagios"]).run().out;
    let headline = nagios.lines().next().expect("a line");
    assert!(headline.len() <= 1000 && headline.contains("passed last at"), "{headline}");
}

#[test]
fn a_check_that_is_well_says_nothing() {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let mut agent = remembering(&yaml);
    let plain = Agent::new(&yaml).run().out;
    for _ in 0..20 {
        let ran = agent.run();
        assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, plain.as_str(), ""));
    }
}

#[test]
fn what_serves_says_it_on_its_page_and_knows_it_after_a_restart_where_it_remembers() {
    let peer = Peer::start(Manner::Silent);
    let scratch = harness::scratch::Scratch::new();
    let yaml = format!("- {{type: tcp, name: shop, host: 127.0.0.1, port: {}}}\n", peer.port());
    let (file, kept) = (scratch.write("checks.yaml", &yaml), scratch.path().join("kept"));
    let arguments = [&file, &kept].map(|path| path.display().to_string());
    let arguments = ["--max-age", "0", "--remember", &arguments[1], &arguments[0]];
    let serving = Serving::start("- {type: file, path: /etc/passwd}\n", &arguments);
    assert_eq!(serving.get("/ht/").status, 200);
    drop(peer);
    let since = |serving: &Serving| {
        let report: Value = serde_json::from_str(&serving.get("/ht/?format=report").body).expect("JSON");
        let checks = report["checks"].as_array().expect("checks").clone();
        checks.into_iter().find(|check| check["label"] == "shop").expect("the check")["since"].clone()
    };
    assert!(serving.get("/ht/?format=html").body.contains("passed last at "), "the page");
    let before = since(&serving);
    assert!(before["passed"].is_string(), "{before}");
    drop(serving);
    let again = Serving::start("- {type: file, path: /etc/passwd}\n", &arguments);
    assert_eq!(since(&again)["passed"], before["passed"]);
    assert!(!again.log().contains("--remember"), "{}", again.log());
}

/// A sample; `cargo xtask changes` makes a thousand.
#[test]
fn healthy_runs_say_nothing() {
    const RUNS: usize = 30;
    let peer = Peer::start(Manner::Silent);
    let yaml =
        format!("- {{type: tcp, host: localhost, port: {}}}\n- {{type: file, path: /etc/passwd}}\n", peer.port());
    let mut agent = remembering(&yaml);
    let plain = Agent::new(&yaml).run().out;
    for number in 0..random::count("CONN_CHECK_CHANGES", RUNS) {
        let ran = agent.run();
        assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, plain.as_str(), ""), "run {number}");
    }
}

#[test]
fn no_secret_of_any_option_is_kept() {
    let planted = crate::canaries::planted::Planted::new();
    // A check that fails as it should passes, and then its facts are kept.
    let ran = Agent::new(&planted.yaml).args(["--format", "json"]).run();
    let codes: Vec<_> = ran.json()["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|check| (check["line"].as_u64().expect("a line"), check["failure"]["code"].as_str().map(str::to_owned)))
        .collect();
    let lines: Vec<_> = planted.yaml.lines().collect();
    let mut expecting: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
    for (line, code) in codes {
        let line = usize::try_from(line).expect("a line") - 1;
        if let (Some(code), Some(whole)) = (code, lines[line].strip_suffix('}')) {
            expecting[line] = format!("{whole}, expect_failure: {code}, tags: [no-nagios]}}");
        }
    }
    let mut agent = remembering(&(expecting.join("\n") + "\n"));
    let ran = agent.run();
    let kept = kept(&agent, "kept");
    let checks: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    // The second of its numbers says when a check passed.
    let passed = checks["checks"].as_object().expect("checks").values().filter(|check| check[1].is_u64()).count();
    assert!(passed > planted.len() / 2, "{passed} of {}: {}", planted.len(), ran.err);
    planted.clean("memory", &kept);
    planted.clean("standard error", &ran.err);
}
