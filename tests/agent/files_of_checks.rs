//! Several files of checks in one run, directories of them, and what of the command line is a pattern.

use harness::agent::program;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::process::{Command, Output};

struct World {
    peer: Peer,
    scratch: Scratch,
}

impl World {
    fn new() -> Self {
        let world = Self { peer: Peer::start(Manner::Silent), scratch: Scratch::new() };
        world.file("a.yaml", "cache");
        world.file("b.yaml", "mail");
        std::fs::create_dir_all(world.scratch.path().join("d/deeper")).expect("a directory");
        for (file, name) in [
            ("d/2.yml", "two"),
            ("d/1.yaml", "one"),
            ("d/.hidden.yaml", "hidden"),
            ("d/notes.txt", "notes"),
            ("d/deeper/3.yaml", "three"),
        ] {
            world.file(file, name);
        }
        world
    }

    fn file(&self, path: &str, name: &str) {
        let text = format!("- {{type: tcp, name: {name}, host: 127.0.0.1, port: {}}}\n", self.peer.port());
        std::fs::write(self.scratch.path().join(path), text).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(program()).current_dir(self.scratch.path()).args(arguments).output().expect("it runs")
    }

    /// The files and names of the checks that were run.
    fn checked(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.run(&[arguments, &["--format=json"]].concat());
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let checks = report["checks"].as_array().expect("checks");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        checks.iter().map(|check| format!("{} {}", text(&check["file"]), text(&check["label"]))).collect()
    }

    /// What is said on standard error, and the exit status 3.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[test]
fn files_and_directories_are_one_run() {
    let world = World::new();
    assert_eq!(world.checked(&["a.yaml", "b.yaml"]), ["a.yaml cache", "b.yaml mail"]);
    assert_eq!(world.checked(&["d"]), ["d/1.yaml one", "d/2.yml two"]);
    assert_eq!(world.checked(&["b.yaml", "d", "one"]), ["d/1.yaml one"]);
    assert_eq!(world.checked(&["a.yaml", "d", "--only", "c*", "--only", "two"]), ["a.yaml cache", "d/2.yml two"]);
}

#[test]
fn a_word_that_looks_like_a_file_is_no_pattern() {
    let world = World::new();
    for (words, why) in [
        (&["a.yaml", "c.yaml"][..], "c.yaml: there is no such file"),
        (&["a.yaml", "sub/c"], "sub/c: there is no such file"),
        (&["a.yaml", "cache", "b.yaml"], "b.yaml: files come before patterns"),
    ] {
        let said = world.refused(words);
        assert!(said.contains(why) && said.contains("--only"), "{said}");
    }
    assert_eq!(world.checked(&["a.yaml", "tcp:*"]), ["a.yaml cache"]);
    assert!(world.refused(&["a.yaml", "http:http://x/*"]).contains("nothing is called `http:http://x/*`"));
}

#[test]
fn every_bad_file_is_told_and_none_is_run() {
    let world = World::new();
    std::fs::write(world.scratch.path().join("c.yaml"), "- {type: tcp}\n").expect("written");
    std::fs::write(world.scratch.path().join("e.yaml"), "- {type: tpc, host: h}\n").expect("written");
    let said = world.refused(&["a.yaml", "c.yaml", "e.yaml", "--record=record.json"]);
    assert!(said.contains("--> c.yaml:1:4") && said.contains("--> e.yaml:1:10"), "{said}");
    let record = std::fs::read(world.scratch.path().join("record.json")).expect("a record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    let files: Vec<_> = record["diagnostics"].as_array().expect("a list").iter().map(|one| &one["file"]).collect();
    assert!(files.contains(&&Value::from("c.yaml")) && files.contains(&&Value::from("e.yaml")), "{record}");
    assert_eq!(record["config"], "c.yaml, e.yaml");
    std::fs::create_dir(world.scratch.path().join("empty")).expect("a directory");
    assert!(world.refused(&["empty"]).contains("there is no file of checks in this directory"));
}

#[test]
fn patterns_are_names_types_and_results_and_a_miss_says_what_there_is() {
    let world = World::new();
    let text = format!(
        "- {{type: tcp, name: Shop DB, host: 127.0.0.1, port: {0}}}\n\
         - {{type: udp, host: 127.0.0.1, port: {0}, send: x, tags: [metrics]}}\n",
        world.peer.port()
    );
    std::fs::write(world.scratch.path().join("f.yaml"), text).expect("written");
    for pattern in ["Shop DB", "shop db", "shop*", "tcp", "tcp:*", "TCP"] {
        assert_eq!(world.checked(&["f.yaml", pattern]), ["f.yaml Shop DB"], "{pattern}");
    }
    let said = world.refused(&["f.yaml", "shop"]);
    for part in ["nothing is called `shop`", "names Shop DB", "types tcp, udp", "tags metrics"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = world.run(&["f.yaml", "shop", "tcp"]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "conn-check: note: nothing is called `shop`\n");
}

#[test]
fn a_name_is_in_every_format() {
    let world = World::new();
    for format in ["human", "plain", "nagios", "json", "jsonl", "junit", "tap", "prometheus"] {
        let output = world.run(&["a.yaml", "--format", format]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("cache"), "{format}: {output:?}");
    }
    let plain = world.run(&["a.yaml"]);
    let expected = format!("tcp:127.0.0.1:{0} OK (cache)\n", world.peer.port());
    assert_eq!(String::from_utf8_lossy(&plain.stdout), expected);
}

#[test]
fn a_file_that_is_given_twice_is_told() {
    let world = World::new();
    let again = world.run(&["a.yaml", "./a.yaml"]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.starts_with("warning[duplicate-check]: this file is given more than once"), "{said}");
    assert!(said.contains("--> ./a.yaml"), "{said}");
    assert_eq!(world.checked(&["a.yaml", "./a.yaml"]).len(), 2);
    assert!(world.run(&["d", "a.yaml", "b.yaml"]).stderr.is_empty());
    let refused = world.refused(&["--strict", "d", "d/1.yaml"]);
    assert!(refused.starts_with("error[duplicate-check]"), "{refused}");
}
