//! Juju's double, with a charm of shell scripts.

use harness::juju::charm::Charm;
use harness::juju::event::Event;
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::{Juju, Retry};
use harness::scratch::Scratch;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const METADATA: &str = "\
name: little
summary: A charm of shell scripts.
description: For the tests of the double.
subordinate: true
requires:
  conn-check: {interface: conn-check, scope: container}
provides:
  nrpe-external-master: {interface: nrpe-external-master, scope: container}
resources:
  agent: {type: file, filename: conn-check, description: Another one.}
";
const CONFIG: &str = "options:\n  revision: {type: string, default: \"\"}\n  max_timeout: {type: int, default: 10}\n";
const ACTIONS: &str = "run-check: {params: {format: {type: string, default: plain}}, additionalProperties: false}\n";

/// A charm whose every hook is this script.
pub(crate) fn charm(scratch: &Scratch, script: &str) -> Charm {
    with_files(scratch, &[("hooks/all", script), ("actions/run-check", script)], "little.charm")
}

fn with_files(scratch: &Scratch, files: &[(&str, &str)], name: &str) -> Charm {
    let path: PathBuf = scratch.path().join(name);
    let mut zip = ZipWriter::new(File::create(&path).expect("a file"));
    let options = SimpleFileOptions::default();
    for (name, text) in [("metadata.yaml", METADATA), ("config.yaml", CONFIG), ("actions.yaml", ACTIONS)] {
        zip.start_file(name, options.unix_permissions(0o644)).expect("a zip");
        zip.write_all(text.as_bytes()).expect("a zip");
    }
    for (name, text) in files {
        zip.start_file(*name, options.unix_permissions(0o755)).expect("a zip");
        zip.write_all(format!("#!/bin/bash\n{text}\n").as_bytes()).expect("a zip");
    }
    let relations = ["conn-check", "nrpe-external-master"].map(|relation| {
        ["created", "joined", "changed", "departed", "broken"].map(|moment| format!("{relation}-relation-{moment}"))
    });
    let own = ["install", "config-changed", "start", "upgrade-charm", "update-status", "stop", "remove"];
    for name in relations.concat().iter().map(String::as_str).chain(own) {
        zip.add_symlink(format!("hooks/{name}"), "all", options).expect("a zip");
    }
    zip.finish().expect("a zip");
    Charm::open(&path)
}

/// The charm beside a principal, settled.
pub(crate) fn deployed(script: &str) -> (Juju, u32, Vec<HookRun>) {
    let scratch = Scratch::new();
    let juju = Juju::start(Machine::in_scratch());
    juju.add_unit("service");
    juju.deploy("little", &charm(&scratch, script));
    let relation = juju.relate("little:conn-check", "service:conn-check");
    let runs = juju.settle();
    (juju, relation, runs)
}

pub(crate) fn hooks(runs: &[HookRun]) -> Vec<&str> {
    runs.iter().filter(|run| run.end != End::Missing).map(|run| run.hook.as_str()).collect()
}

/// What a script prints in a hook, run once more.
fn printed(script: &str) -> String {
    let (juju, _, _) = deployed("true");
    let run = juju.exec_on_machine("little/0", script);
    run.out + &run.err
}

#[test]
fn hooks_come_in_the_order_of_juju() {
    let (juju, relation, runs) = deployed("true");
    let order = [
        "install",
        "conn-check-relation-created",
        "config-changed",
        "start",
        "conn-check-relation-joined",
        "conn-check-relation-changed",
    ];
    assert_eq!(hooks(&runs), order);
    assert_eq!(hooks(&juju.settle()), [""; 0]);
    juju.set("service/0", relation, &[("config_path", "/etc/x.yaml")]);
    assert_eq!(hooks(&juju.settle()), ["conn-check-relation-changed"]);
    juju.set("service/0", relation, &[("config_path", "/etc/x.yaml")]);
    assert_eq!(hooks(&juju.settle()), [""; 0], "nothing has changed");
    juju.configure("little", "revision", "2.0.0");
    assert_eq!(hooks(&juju.settle()), ["config-changed"]);
    juju.reboot();
    assert_eq!(hooks(&juju.settle()), ["start"]);
    juju.unrelate(relation);
    let end = ["conn-check-relation-departed", "conn-check-relation-broken", "stop", "remove"];
    assert_eq!(hooks(&juju.settle()), end, "a subordinate dies with its relation");
    assert!(juju.look(|model| !model.units.contains_key("little/0")));
    assert!(!juju.machine().charm("little/0").exists());
}

#[test]
fn relation_data_counts_only_when_the_hook_ends_well() {
    let script = "[ \"$JUJU_HOOK_NAME\" = conn-check-relation-joined ] || exit 0\n\
         relation-set try=1; relation-get --format=json - \"$JUJU_UNIT_NAME\"; status-set waiting -- 'on it'\n\
         [ -e ../again ] || { touch ../again; exit 1; }";
    let scratch = Scratch::new();
    let juju = Juju::start(Machine::in_scratch());
    juju.add_unit("service");
    juju.deploy("little", &charm(&scratch, script));
    let relation = juju.relate("little:conn-check", "service:conn-check");
    let runs = juju.settle_with(Retry::Later, &mut |_| 0);
    let failed = runs.last().expect("a hook");
    assert_eq!((failed.hook.as_str(), failed.end), ("conn-check-relation-joined", End::Exited(1)));
    assert!(failed.out.contains(r#""private-address":"192.0.2.10","try":"1"}"#), "the hook sees what it wrote");
    assert!(juju.data("little/0", relation).is_empty(), "and nobody else does");
    assert_eq!(juju.look(|model| model.unit("little/0").status.1.clone()), "on it", "the status is set at once");
    assert_eq!(juju.possible().len(), 1, "nothing but the failed hook may be next");
    assert!(juju.settle().iter().all(|run| run.end.is_well()));
    assert_eq!(juju.data("little/0", relation).get("try").map(String::as_str), Some("1"));
}

#[test]
fn the_environment_is_made_from_nothing() {
    let text = printed("env | cut -d= -f1 | sort | tr '\\n' ' '");
    // The meter up to Juju 3.6, the model's proxies, and what Ubuntu's agent adds (`HookVars`, `env.go`).
    let common = ["JUJU_UNIT_NAME", "JUJU_CHARM_DIR", "CHARM_DIR", "PATH", "LANG", "JUJU_AGENT_SOCKET_ADDRESS"];
    let meter = ["JUJU_METER_STATUS", "JUJU_METER_INFO"];
    let proxies = ["HTTP", "HTTPS", "FTP", "NO"].map(|kind| format!("JUJU_CHARM_{kind}_PROXY"));
    let ubuntu = ["TERM", "APT_LISTCHANGES_FRONTEND", "DEBIAN_FRONTEND"];
    let wanted = [&common[..], &meter, &proxies.each_ref().map(String::as_str), &ubuntu].concat();
    for name in wanted {
        assert!(text.split(' ').any(|one| one == name), "{name} is missing in {text}");
    }
    assert_eq!(printed("echo $TERM $JUJU_METER_STATUS"), "tmux-256color AMBER\n");
    for name in ["HOME", "USER", "CARGO", "LC_ALL"] {
        assert!(!text.split(' ').any(|one| one == name), "{name} has no place in {text}");
    }
}

#[test]
fn a_tool_refuses_what_juju_refuses() {
    let refused = [
        ("relation-ids --fromat=json x", 2),
        ("relation-get --format=json", 2),
        ("relation-get --format=json -r conn-check:9 - service/0", 2),
        ("relation-list -relation x", 2),
        ("status-set error", 2),
        ("status-set", 2),
        ("juju-log --log-level INFO", 2),
        ("juju-log --log-level LOUD -- x", 2),
        ("action-get --format=json", 1),
        ("action-set a=1", 1),
        ("action-fail -- no", 1),
        ("resource-get agent", 1),
        ("config-get --all=yes x y", 2),
        ("env -u JUJU_CONTEXT_ID is-leader", 1),
    ];
    for (call, code) in refused {
        assert_eq!(printed(&format!("{call} 2>/dev/null; echo $?")).trim(), code.to_string(), "{call}");
    }
    assert_eq!(printed("config-get --format=json").trim(), r#"{"revision":"","max_timeout":10}"#);
    assert_eq!(printed("relation-ids --format=json conn-check").trim(), r#"["conn-check:0"]"#);
    assert_eq!(printed("relation-list --format=json -r conn-check:0").trim(), r#"["service/0"]"#);
    assert_eq!(printed("relation-get --format=json -r conn-check:0 x service/0").trim(), "null");
}

/// Asks as Juju's tool does, and shows what is answered.
const ASK: &str = "python3 -c 'import json, os, socket, sys
ask = socket.socket(socket.AF_UNIX); ask.connect(os.environ[\"JUJU_AGENT_SOCKET_ADDRESS\"])
words = {\"context\": os.environ[\"JUJU_CONTEXT_ID\"], \"tool\": sys.argv[1], \"arguments\": sys.argv[2:]}
ask.sendall(json.dumps(words).encode() + b\"\\n\"); print(ask.makefile().readline().strip())'";

#[test]
fn a_tool_is_asked_for_its_input_only_where_it_reads_it_and_does_nothing_before() {
    let (juju, relation, _) = deployed("true");
    let id = format!("conn-check:{relation}");
    let script = format!("{ASK} relation-set -r {id} --file -; {ASK} relation-set -r {id} c=d");
    let run = juju.exec_on_machine("little/0", &script);
    assert_eq!(run.out.lines().next(), Some("{\"needs_stdin\":true}"), "{run:?}");
    let calls: Vec<_> = run.calls.iter().map(|(tool, code)| (tool.as_str(), *code)).collect();
    assert_eq!(calls, [("relation-set", 0)], "the first one was a question only: {run:?}");
    let script = format!(
        "echo rest | (config-get --format=json > /dev/null; relation-ids --format=json x > /dev/null; cat)
                          echo '{{\"a\": \"b\"}}' | (relation-set -r {id} --file -; cat)"
    );
    assert_eq!(printed_in(&juju, &script), "rest\n", "who reads no input leaves it to others");
}

fn printed_in(juju: &Juju, script: &str) -> String {
    let run = juju.exec_on_machine("little/0", script);
    run.out + &run.err
}

#[test]
fn a_resource_that_is_not_attached_and_one_that_does_not_come_have_different_answers() {
    let (juju, _, _) = deployed("true");
    let ask = || printed_in(&juju, "resource-get agent; echo $?");
    assert!(ask().contains("resource#little/agent not found"), "{}", ask());
    juju.lose_resources(Some("EOF"));
    assert!(ask().trim_end().ends_with("resources/agent: EOF"), "{}", ask());
    juju.lose_resources(None);
    let scratch = Scratch::new();
    juju.attach("little", "agent", &scratch.write("agent", "an agent"));
    assert!(ask().ends_with("conn-check0\n"), "{}", ask());
}

#[test]
fn the_keys_of_an_actions_results_are_judged() {
    let script = "action-get --format=json format; action-set run.status=ok a-b=1; action-set Run=1; echo $?\n\
         action-set run=1; echo $?; action-set stdout=1; echo $?; action-fail -- 'it is over'";
    let (juju, _, _) = deployed(script);
    let run = juju.action("little/0", "run-check", &json!({})).expect("an action");
    assert_eq!(run.out, "\"plain\"\n2\n1\n2\n", "{}", run.err);
    assert_eq!(run.results, *json!({"run": {"status": "ok"}, "a-b": "1"}).as_object().expect("a map"));
    assert_eq!((run.status, run.message.as_str()), ("failed", "it is over"));
    assert!(juju.action("little/0", "run-check", &json!({"formt": "x"})).is_err());
    assert!(juju.action("little/0", "no-check", &json!({})).is_err());
}

#[test]
fn an_upgrade_replaces_the_files_and_removes_the_old_ones() {
    let (juju, _, _) = deployed("true");
    let scratch = Scratch::new();
    let charm_folder = juju.machine().charm("little/0");
    assert!(charm_folder.join("actions/run-check").is_file());
    std::fs::write(charm_folder.join("state"), "of the unit").expect("a file");
    juju.upgrade("little", &with_files(&scratch, &[("hooks/all", "echo new")], "new.charm"));
    let runs = juju.settle();
    assert_eq!(hooks(&runs), ["upgrade-charm", "config-changed"]);
    assert_eq!(runs[0].out, "new\n");
    assert!(!charm_folder.join("actions/run-check").exists(), "what only the old charm had is gone");
    assert!(charm_folder.join("state").is_file(), "what was in no charm is left alone");
}

#[test]
fn a_program_in_a_namespace_sees_the_machines_files() {
    let scratch = Scratch::new();
    let juju = Juju::start(Machine::in_namespace());
    juju.machine().write("/etc/motd", "hello");
    juju.add_unit("service");
    juju.deploy("little", &charm(&scratch, "cat /etc/motd; pwd; echo $0; echo ${CONN_CHECK_ROOT-none}"));
    juju.relate("little:conn-check", "service:conn-check");
    let run = juju.run("little/0", &Event::Install);
    let folder = "/var/lib/juju/agents/unit-little-0/charm";
    assert_eq!(run.out, format!("hello{folder}\n{folder}/hooks/install\nnone\n"), "{}", run.err);
}
