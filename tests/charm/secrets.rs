//! A password is in the file of checks and nowhere else.

use crate::planted::Planted;
use crate::site::{SERVICE, Site, UNIT, tree};
use conn_check::report::FORMATS;
use harness::juju::action::ActionRun;
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const SECRET: &str = "correct-horse-battery";

#[test]
fn a_secret_of_the_checks_is_nowhere_but_in_their_file() {
    let peer = Peer::start(Manner::Closes);
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    let good = format!("- {{type: http, url: 'http://127.0.0.1:{}/', auth: [app, {SECRET}]}}\n", peer.port());
    let mut seen = String::new();
    for text in [good.clone(), format!("- {{type: http, pasword: {SECRET}\n"), format!("{good}- {{auth: {SECRET}}}\n")]
    {
        site.juju.set(SERVICE, site.relation, &[("config", &text)]);
        site.settle().iter().for_each(|run| seen += &run.story());
        for action in ["run-check", "run-nagios-check"] {
            let run = site.juju.action(UNIT, action, &json!({})).expect("an action");
            seen += &format!("{run:?}{}", site.updated_status());
            seen += &format!("{:?}", site.juju.exec(UNIT, &format!("actions/{action}")));
        }
    }
    assert!(seen.contains("CONN-CHECK") && seen.contains("blocked: "), "{seen}");
    assert!(!seen.contains(SECRET), "{seen}");
    let holds = |content: &[u8]| content.windows(SECRET.len()).any(|text| text == SECRET.as_bytes());
    let files = tree(&site.juju).entries.into_iter().filter(|(_, entry)| holds(&entry.content));
    let files: Vec<_> = files.map(|(path, entry)| (path.display().to_string(), entry.mode & 0o007)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].0.starts_with("etc/conn-check/conn-check-0/") && files[0].1 == 0, "{files:?}");
    let model = site.juju.look(|model| format!("{:?}", model.unit(UNIT)));
    assert!(!model.contains(SECRET), "{model}");
}

/// A secret in every option that can hold one, and servers that say it back: hooks with a file that is right and with files
/// that are wrong, and actions over each in every format.
#[test]
fn a_secret_of_any_option_is_in_nothing_that_the_charm_makes() {
    let (planted, scratch) = (Planted::new(), Scratch::new());
    let calls = scratch.path().join("calls").display().to_string();
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    let strace = ["/usr/bin/strace", "-f", "-v", "-qqq", "--signal=none", "--seccomp-bpf", "-s", "65536"];
    site.juju.through(&[&strace[..], &["-e", "trace=execve", "-A", "-o", &calls]].concat());
    for text in [planted.yaml.clone()].into_iter().chain(planted.spoilt()) {
        let is_right = text == planted.yaml;
        site.juju.set(SERVICE, site.relation, &[("config", &text)]);
        site.settle().iter().for_each(|run| planted.clean(&run.hook, &run.story()));
        let formats = FORMATS.iter().map(|format| format.name).filter(|name| is_right || *name == "json");
        let parameters = formats.map(|name| ("run-check", json!({"format": name})));
        for (action, parameters) in parameters.chain([("run-nagios-check", json!({}))]) {
            let run = site.juju.action(UNIT, action, &parameters).expect("an action");
            assert!(run.code == 2 || !is_right && run.code == 3, "{run:?}");
            planted.clean(&format!("{action} {parameters}"), &said(&run));
            planted.clean("the status", &site.updated_status());
            made(&site, &planted);
        }
        planted.clean("a command", &said(&site.juju.exec(UNIT, "actions/run-check")));
    }
    let calls = fs::read_to_string(calls).expect("the calls");
    let has = |words: &[&str]| calls.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(
        has(&["\"--dry-run\"", "\"--exclude-tags="]) && has(&["\"--record\""]) && has(&["relation-set"]),
        "{calls}"
    );
    planted.clean("command lines and environments", &calls);
}

/// All that an action or a command says, to people and to Juju.
fn said(run: &ActionRun) -> String {
    fn texts(value: &Value) -> Vec<String> {
        match value {
            Value::Object(map) => map.values().flat_map(texts).collect(),
            Value::String(text) => vec![text.clone()],
            other => vec![other.to_string()],
        }
    }
    let results = run.results.values().flat_map(texts);
    let said = [run.out.clone(), run.err.clone(), run.message.clone()].into_iter().chain(run.log.clone());
    said.chain(results).map(|text| text + "\n").collect()
}

/// The files of the machine are clean but for that of the checks, which is for nobody else to read; so is what Juju keeps of
/// the unit.
fn made(site: &Site, planted: &Planted) {
    for (path, entry) in tree(&site.juju).entries {
        let path = path.display().to_string();
        let is_file_of_checks = path.starts_with("etc/conn-check/conn-check-0/")
            && Path::new(&path).extension().is_some_and(|ending| ending == "yaml");
        // A program was there before the secrets were, and is long.
        if !is_file_of_checks && !entry.content.starts_with(b"\x7fELF") {
            planted.clean(&path, &String::from_utf8_lossy(&entry.content));
        }
        assert!(!is_file_of_checks || entry.mode % 0o10 == 0, "{path}: {:o}", entry.mode);
    }
    site.juju.look(|model| {
        let unit = model.unit(UNIT);
        let bags = model.relations.values().filter_map(|relation| relation.units.get(UNIT));
        let kept = bags.flat_map(|bag| bag.values.values()).chain(unit.state.values());
        kept.for_each(|text| planted.clean("what Juju keeps", text));
    });
}
