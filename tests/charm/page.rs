//! The page for Juju, `docs/juju.md`: typed line by line, its hooks run.

use crate::site::{FILE, SERVICE, Site, UNIT, give_to_us, status, well};
use harness::juju::Juju;
use harness::juju::cli::Release;
use harness::juju::event::Moment;
use harness::juju::machine::Machine;
use harness::juju::shell::Shell;
use harness::packed::{self, NEXT_VERSION};
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::postgres::{DATABASE, Postgres, Setup, USER};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

const PAGE: &str = include_str!("../../docs/juju.md");

/// A line that the page has the reader type, and what it prints there.
#[derive(Debug)]
struct Line {
    command: &'static str,
    printed: String,
}

/// What is shown between fences, without the language.
fn blocks() -> impl Iterator<Item = &'static str> {
    let inside = PAGE.split("```").skip(1).step_by(2);
    inside.map(|block| block.split_once('\n').expect("a language").1.trim())
}

fn lines() -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for block in blocks().filter(|block| block.starts_with("$ ")) {
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                // Bash takes the remarks for remarks, too; they are shown here when something fails.
                Some(command) => lines.push(Line { command, printed: String::new() }),
                // A remark may go on in the next line.
                None if line.trim_start().starts_with('#') => {}
                None => writeln!(lines.last_mut().expect("a command").printed, "{line}").expect("a text"),
            }
        }
    }
    lines
}

/// The block that begins so.
fn block(start: &str) -> &'static str {
    blocks().find(|block| block.starts_with(start)).unwrap_or_else(|| panic!("the page has no block {start}"))
}

/// A reader with an application, its database, and a shell.
struct Reader {
    juju: Juju,
    shell: Shell,
    postgres: Postgres,
    peer: Peer,
    closed: ports::Port,
    relation: Option<u32>,
}

impl Reader {
    fn new() -> Self {
        let (juju, shell) = (Juju::start(Machine::in_scratch()), Shell::of(Release::V3));
        assert_eq!(juju.add_unit("my-service"), SERVICE);
        juju.declare("my-service", block("provides:"));
        // The page says that nrpe comes with the application.
        juju.machine().install_nrpe();
        juju.add_subordinate("nrpe", SERVICE);
        juju.declare(
            "nrpe",
            "requires: {general-info: {interface: juju-info}, nrpe-external-master: {interface: nrpe-external-master}}",
        );
        juju.add_subordinate("grafana-agent", SERVICE);
        juju.declare(
            "grafana-agent",
            "requires: {juju-info: {interface: juju-info}, cos-agent: {interface: cos_agent}}",
        );
        let link = |file: &std::path::Path, name: &str| symlink(file, shell.folder().join(name)).expect("a link");
        // The charm that `cargo xtask pack` has made for these tests.
        link(packed::charm().archive(), "packed");
        shell.program("cargo", "#!/bin/sh\n[ \"$*\" = 'xtask pack' ] && cp packed conn-check_amd64.charm\n");
        shell.program("deploy", "#!/bin/sh\ntouch deployed\n");
        link(&packed::next_agent(), "conn-check");
        fs::write(shell.folder().join("checks.yaml"), "- {type: tcp, host: db, port: 5432}\n").expect("a file");
        let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
        Self { juju, shell, postgres: Postgres::start(&Setup::plain()), peer, closed, relation: None }
    }

    fn settle(&self) {
        self.juju.settle().iter().for_each(well);
    }

    /// The twelve checks of the page, as the application writes them.
    fn checks(&self, password: &str, port: u16) -> String {
        let tcp = |port: u16| format!("- {{type: tcp, host: 127.0.0.1, port: {port}}}\n");
        let database = self.postgres.address();
        let (host, at) = (database.ip(), database.port());
        // Ten that are not the same one.
        let listening = (1..=10)
            .map(|seconds| {
                format!("- {{type: tcp, host: 127.0.0.1, port: {}, timeout: {seconds}}}\n", self.peer.port())
            })
            .collect::<Vec<_>>();
        listening.concat()
            + &format!(
                "- {{type: postgres, host: '{host}', port: {at}, username: {USER}, password: {password}, \
                 database: {DATABASE}}}\n"
            )
            + &tcp(port)
    }

    /// What the application does beside what is typed.
    fn application_writes(&mut self, text: &str) {
        let told = self.juju.look(|model| {
            let mut all = model.relations.iter();
            all.find(|(_, one)| one.end_of("my-service").is_some_and(|end| end.name == "conn-check")).map(|(id, _)| *id)
        });
        give_to_us(&self.juju, FILE, text);
        self.relation = told;
        self.juju.set(SERVICE, told.expect("the relation"), &[("config_path", FILE)]);
        self.settle();
    }

    /// As the page writes it: its database is `db:5432`.
    fn as_shown(&self, text: &str) -> String {
        text.replace(&self.postgres.address().to_string(), "db:5432")
    }

    fn status(&self) -> String {
        well(&self.juju.update_status(UNIT));
        self.as_shown(&status(&self.juju, UNIT))
    }

    /// What has to be so before a line is typed.
    fn prepare(&mut self, command: &str) {
        if command.contains("run-check --wait=5m") {
            assert!(self.status().starts_with("active: "), "the option's checks: {}", self.status());
            self.juju.configure("conn-check", "config", Value::Null);
            self.the_status_is_as_shown();
            self.application_writes(&self.checks("wrong", self.closed.number()));
        }
        if command.contains("wait=120") {
            self.application_writes(&self.checks(harness::postgres::PASSWORD, self.peer.port()));
        }
    }

    /// The three that the page shows, in the order in which they come about here.
    fn the_status_is_as_shown(&mut self) {
        let shown: Vec<_> = block("active ").lines().map(|line| line.split_once(' ').expect("a status")).collect();
        let [(active, ran), (blocked, broken), (waiting, unreadable)] = shown[..] else { panic!("{shown:?}") };
        self.application_writes(
            "# Made by my-service.\n- {type: tcp, host: 127.0.0.1, port: 9}\n- port: 54321234\n  type: tcp\n  host: db\n",
        );
        assert_eq!(self.status(), format!("{blocked}: {}", broken.trim()));
        let file = self.juju.machine().at(FILE);
        std::os::unix::fs::chown(&file, Some(0), Some(0)).expect("root runs this test");
        assert_eq!(self.status(), format!("{waiting}: {}", unreadable.trim()));
        self.application_writes(&self.checks("wrong", self.closed.number()));
        let run = self.juju.action(UNIT, "run-check", &serde_json::json!({})).expect("an action");
        assert_eq!(run.code, 2, "{run:?}");
        let status = self.status();
        let hidden = |text: &str| text.split("last run ").map(|part| part.get(17..).unwrap_or(part).to_owned()).last();
        let (said, wanted) = (status.strip_prefix(&format!("{active}: ")), ran.trim());
        assert!(said.is_some_and(|said| said.starts_with("12 checks, last run 20")), "{status}");
        assert_eq!(said.and_then(hidden), hidden(wanted), "but for the time");
    }

    /// What a line has done: its exit status and its output, but for what the page has below it.
    fn judge(&mut self, command: &str, code: Option<i32>, out: &str, err: &str) {
        self.settle();
        let deployed = self.shell.folder().join("deployed");
        let nagios = |text: &str| text.starts_with("CONN-CHECK CRITICAL: 2 of 13 failed");
        let words = command.split(" #").next().unwrap_or_default().trim();
        let well = match words {
            "cargo xtask pack" | "juju deploy ./conn-check_amd64.charm" | "juju integrate my-service nrpe" => {
                code == Some(0)
            }
            "juju integrate my-service conn-check" => {
                code == Some(0) && status(&self.juju, UNIT).starts_with("waiting: no checks yet")
            }
            "juju integrate conn-check nrpe" => code == Some(0) && self.relations().contains(&"nrpe-external-master"),
            "juju integrate my-service:juju-info conn-check:general-info" => {
                code == Some(0) && self.relations().contains(&"general-info")
            }
            "juju config conn-check config=@checks.yaml" => code == Some(0) && self.status().starts_with("active: "),
            "juju run conn-check/0 run-check --wait=5m && deploy" => {
                let stopped = code == Some(1) && !deployed.exists();
                self.application_writes(&self.checks(harness::postgres::PASSWORD, self.peer.port()));
                let again = self.shell.enter(&self.juju, command);
                self.application_writes(&self.checks("wrong", self.closed.number()));
                stopped && again.status.success() && deployed.exists()
            }
            "juju run conn-check/0 run-check wait=120 --wait=5m" => {
                self.application_writes(&self.checks("wrong", self.closed.number()));
                code == Some(0) && out.contains("CONN-CHECK OK: 0 of 13 failed")
            }
            _ if words.contains("--string-args") => {
                // Eleven checks of tcp, of which one fails; and the database's port is connected to.
                let or = command.split("or: ").nth(1).expect("the other way").trim();
                let other = "juju run conn-check/0 run-check ".to_owned() + or;
                let said = |out: &str| out.contains("CONN-CHECK CRITICAL: 1 of 12 failed");
                let other = self.shell.enter(&self.juju, &other);
                code == Some(1)
                    && said(out)
                    && other.status.code() == Some(1)
                    && said(&String::from_utf8_lossy(&other.stdout))
            }
            _ if words.ends_with("jq -r '.[].results.summary'") => code == Some(0),
            "juju exec --unit conn-check/0 -- actions/run-nagios-check" => code == Some(1) && nagios(out),
            _ if words.contains("jq '.[].results[\"return-code\"]'") => (code, out) == (Some(0), "2\n"),
            "juju attach-resource conn-check agent=./conn-check" => {
                code == Some(0)
                    && self.juju.look(|model| model.application("conn-check").version.clone()) == NEXT_VERSION
            }
            "juju config conn-check health_listen=127.0.0.1:9842" => code == Some(0) && self.service().is_some(),
            "juju integrate my-service grafana-agent" => code == Some(0),
            "juju integrate conn-check grafana-agent:cos-agent" => {
                let metrics = |text: String| text.contains(" --metrics-listen 127.0.0.1:98");
                code == Some(0) && self.relations().contains(&"cos-agent") && self.service().is_some_and(metrics)
            }
            _ => panic!("the page has a line that this test does not know: {command}"),
        };
        assert!(well, "{command}\n{code:?}\n{out}\n{err}\n{}", status(&self.juju, UNIT));
    }

    /// The file of the service that answers HTTP, if it runs.
    fn service(&self) -> Option<String> {
        self.juju.services(|services| services.running.get("conn-check-serve-conn-check-0.service").cloned())
    }

    fn relations(&self) -> Vec<&'static str> {
        let names = ["conn-check", "general-info", "nrpe-external-master", "cos-agent"];
        self.juju.look(|model| {
            let ours = |name: &str| {
                let mut ends = model.relations.values().filter_map(|one| one.end_of("conn-check"));
                ends.any(|end| end.name == name)
            };
            names.into_iter().filter(|name| ours(name)).collect()
        })
    }
}

#[test]
fn every_line_can_be_typed_and_prints_what_is_shown() {
    let mut reader = Reader::new();
    let lines = lines();
    assert!(lines.len() > 10, "{lines:?}");
    for Line { command, printed } in lines {
        reader.prepare(command);
        let output = reader.shell.enter(&reader.juju, command);
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        let out = reader.as_shown(&out);
        assert!(printed.is_empty() || printed == out, "{command}\n{printed}\n{out}{err}");
        reader.judge(command, output.status.code(), &out, &err);
    }
}

/// What the page says of the JSON, each of its names.
#[test]
fn the_json_of_an_action_has_what_the_page_names() {
    let mut reader = Reader::new();
    for line in ["cargo xtask pack", "juju deploy ./conn-check_amd64.charm", "juju integrate my-service conn-check"] {
        assert!(reader.shell.enter(&reader.juju, line).status.success(), "{line}");
    }
    reader.settle();
    reader.application_writes(&reader.checks("wrong", reader.closed.number()));
    let output = reader.shell.enter(&reader.juju, "juju run conn-check/0 run-check --format json");
    let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let results = &all["conn-check/0"]["results"];
    assert_eq!(all["conn-check/0"]["status"], "failed");
    for (name, pointer) in [
        ("`status` (", "/status"),
        ("`exit-code`", "/exit-code"),
        ("`summary`", "/summary"),
        ("`counts.pass|warn|fail|skip`", "/counts/skip"),
        ("`failures.1`", "/failures/1"),
        ("`stdout`", "/stdout"),
    ] {
        assert!(PAGE.contains(name), "{name}");
        assert!(results.pointer(pointer).is_some_and(Value::is_string), "{pointer}: {results}");
    }
    assert!(results["return-code"].is_u64(), "{results}");
    // Juju leaves out what is empty.
    assert!(PAGE.contains("`stderr`") && results.get("stderr").is_none(), "{results}");
    // Of 2.9, where every exit status is 0: as the page says, with its own filter.
    let shell = Shell::of(Release::V2_9);
    let command = PAGE.split("- Juju 2.9 says `").nth(1).and_then(|rest| rest.split('`').next()).expect("a command");
    let filter = PAGE.split("  into `").nth(1).and_then(|rest| rest.split('`').next()).expect("a filter");
    let judged = shell.enter(&reader.juju, &format!("{command} | {filter}"));
    assert_eq!(judged.status.code(), Some(1), "{judged:?}");
    let old = ["run-action", "conn-check/0", "run-check", "--wait", "--format", "json"];
    let said = reader.juju.cli(Release::V2_9, &old);
    let all: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((said.code, &all["unit-conn-check-0"]["results"]["exit-code"]), (0, &Value::from("2")));
}

/// The sample of what Nagios gets.
#[test]
fn the_exported_service_is_as_shown() {
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    site.check("- {type: tcp, host: 127.0.0.1, port: 9}\n");
    let file = "/var/lib/nagios/export/service__juju-my-service-0_check_conn-check-conn-check-0.cfg";
    assert!(PAGE.contains(file), "the page names the file");
    assert_eq!(site.juju.machine().read(file).trim(), block("# "));
}

/// The hook in each language, as the application's charm runs it.
#[test]
fn the_hooks_of_the_page_make_the_unit_active() {
    let scratch = Scratch::new();
    let source = scratch.write("hook.rs", block("use std::io"));
    let rust = scratch.path().join("rust-hook");
    let compiled = Command::new("rustc").args(["--edition=2024", "-o"]).args([&rust, &source]).output().expect("rustc");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let shell = scratch.program("shell-hook", block("#!/bin/sh"));
    let python = scratch.program("python-hook", block("#!/usr/bin/env python3"));
    for hook in [shell, python, rust] {
        let site = Site::start(Machine::in_namespace());
        let (code, output) = site.juju.run_stand_in(SERVICE, site.relation, Moment::Changed, &hook);
        assert_eq!((code, output.as_str()), (0, ""), "{}", hook.display());
        site.settle();
        assert_eq!(site.status(), "active: 1 check, not run yet", "{}", hook.display());
        let file = site.juju.machine().at(FILE);
        assert_eq!(fs::metadata(file).expect("the file").permissions().mode() & 0o7777, 0o640);
    }
}
