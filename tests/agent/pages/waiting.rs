//! The commands of the page about waiting, each while what it waits for comes late.

use harness::agent::program_called;
use harness::peers::{Manner, Peer};
use harness::ports::{self, Port};
use harness::redis::{self, Redis};
use harness::scratch::Scratch;
use harness::wait;
use serde_json::Value;
use std::fs;
use std::process::{Command, Output, Stdio};

const PAGE: &str = include_str!("../../../docs/waiting.md");

/// The block in this language with this in it.
fn block(language: &str, part: &str) -> String {
    let fence = format!("```{language}\n");
    let mut blocks = PAGE.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(part)).unwrap_or_else(|| panic!("{part}: no block")).to_owned()
}

fn yaml(part: &str) -> Value {
    serde_yaml_ng::from_str(&block("yaml", part)).expect("YAML")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// Runs a script of the page in a folder, and has what it waits for come when it says that it waits.
fn run(scratch: &Scratch, script: &str, port: &Port) -> Output {
    let folder = program_called("conn-check").parent().expect("a folder").display().to_string();
    // What is no command of this program has no place here.
    let stub = scratch.program("systemctl", "#!/bin/sh\n");
    let stubs = stub.parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{stubs}:{}", std::env::var("PATH").unwrap_or_default());
    let said = scratch.write("said", "");
    let mut shell = Command::new("sh");
    shell.args(["-ec", script]).current_dir(scratch.path()).env("PATH", path);
    let err = fs::File::options().append(true).open(&said).expect("a file");
    let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(err).spawn().expect("a shell");
    wait::until("the wait", || {
        let is_over = child.try_wait().expect("a child").is_some();
        is_over || fs::read_to_string(&said).expect("text").contains("waiting for 1 of 1 check")
    });
    let _late = Peer::start_at(port.address(), Manner::Silent);
    child.wait_with_output().expect("an end")
}

fn checks(port: &Port) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number())
}

#[test]
fn a_deployment_goes_on_when_all_is_well() {
    let (scratch, port) = (Scratch::new(), ports::free());
    scratch.write("shop.yaml", checks(&port));
    let ran = run(&scratch, &block("sh", "systemctl").replace("/etc/conn-check/", ""), &port);
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && out.ends_with("OK\ndeployed\n"), "{ran:?}");
}

#[test]
fn an_init_container_ends_when_the_service_is_there() {
    let (scratch, port) = (Scratch::new(), ports::free());
    let container = yaml("initContainers:")["spec"]["initContainers"][0].clone();
    let words: Vec<_> = container["command"].as_array().expect("words").iter().map(text).collect();
    let mounted = text(&container["volumeMounts"][0]["mountPath"]) + "/";
    scratch.write("checks.yaml", checks(&port));
    let ran = run(&scratch, &words.join(" ").replace(&mounted, ""), &port);
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn a_pipeline_waits_for_the_services_that_it_starts() {
    let (scratch, port) = (Scratch::new(), ports::free());
    let job = yaml("artifacts:\n    when")["dependencies"].clone();
    scratch.write("checks.yaml", checks(&port));
    let ran = run(&scratch, &text(&job["script"][0]), &port);
    assert!(ran.status.success(), "{ran:?}");
    let report = text(&job["artifacts"]["reports"]["junit"]);
    let report = fs::read_to_string(scratch.path().join(report)).expect("the report");
    assert!(report.contains("tests=\"1\" failures=\"0\""), "{report}");
}

/// In the page's order, with what the real server says meanwhile.
#[test]
fn the_lines_of_a_wait_are_those_of_the_page() {
    let page = block("text", "--stable 2");
    let shown: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("conn-check: at ")).collect();
    let port = ports::free();
    let scratch = Scratch::new();
    let password = redis::PASSWORD;
    let check =
        format!("- {{type: redis, name: sessions, host: 127.0.0.1, port: {}, password: {password}}}\n", port.number());
    let file = scratch.write("shop.yaml", check);
    let said = scratch.write("said", "");
    let mut command = Command::new(program_called("conn-check"));
    command.args(["--wait", "2m", "--stable", "2", "--format", "plain"]).arg(file).env_clear();
    let err = fs::File::options().append(true).open(&said).expect("a file");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(err).spawn().expect("it starts");
    let read = || fs::read_to_string(&said).expect("text");
    wait::until("the wait", || read().contains("waiting for"));
    // A server that loads its data says so to everybody.
    let loading = b"-LOADING Redis is loading the dataset in memory\r\n".to_vec();
    let starting =
        Peer::serve_at(port.address(), move |wire| while !wire.first_bytes().is_empty() && wire.send(&loading) {});
    wait::until("the loading", || read().contains("protocol.not-ready"));
    drop(starting);
    let _there = Redis::start(&redis::Setup::new().password().at(port.address()));
    assert!(child.wait().expect("an end").success(), "{}", read());
    let plain = |text: &str| text.split(", up to").next().unwrap_or_default().replace("1 of 2 checks", "1 of 1 check");
    let printed = read().replace(&format!("127.0.0.1:{}", port.number()), "cache.internal:6379");
    let mut rest = printed.as_str();
    for line in shown {
        let (_, line) = line.split_once(": ").expect("a time");
        // What was measured is another number.
        let parts: Vec<_> = plain(line).split(", after ").map(str::to_owned).collect();
        let first = parts[0].replace("10.0.4.22:6379", "cache.internal:6379");
        let at = rest.find(&first).unwrap_or_else(|| panic!("no `{first}` in its place:\n{printed}"));
        rest = &rest[at..];
        if let Some((_, told)) = parts.get(1).and_then(|part| part.split_once(" s of ")) {
            assert!(rest.contains(&format!(" s of {told}")), "{told}:\n{printed}");
        }
    }
}
