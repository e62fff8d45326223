//! The actions, in each way that they can be run.

use crate::site::{FILE, Site, UNIT};
use harness::juju::Juju;
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer};
use harness::ports;
use serde_json::json;
use std::time::{Duration, Instant};

/// One check that passes, one that fails, and one that Nagios leaves out and that fails as well.
fn checks(peer: &Peer, closed: u16) -> String {
    let port = peer.port();
    format!(
        "- {{type: tcp, host: 127.0.0.1, port: {port}}}\n- {{type: tcp, host: 127.0.0.1, port: {closed}}}\n\
         - {{type: tcp, name: batch, host: 127.0.0.1, port: {closed}, tags: [no-nagios]}}\n"
    )
}

fn site() -> (Site, Peer, ports::Port) {
    let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
    let site = Site::start(Machine::in_scratch());
    site.check(&checks(&peer, closed.number()));
    (site, peer, closed)
}

#[test]
fn an_action_sets_results_and_ends_with_the_status_of_a_plugin() {
    let (site, _peer, closed) = site();
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    // Only with that does `juju run` end with 1; the message is Juju's then.
    assert_eq!((run.status, run.code, run.message.as_str()), ("failed", 2, "exit status 2"), "{run:?}");
    let summary = run.results["summary"].as_str().unwrap_or_default();
    let why = format!(": 127.0.0.1:{} refused the connection: 2 checks cannot connect", closed.number());
    assert!(summary.starts_with(&format!("2 of 3 failed{why}")), "{summary}");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{}", run.out);
    assert_eq!((&run.results["status"], &run.results["exit-code"]), (&json!("critical"), &json!("2")));
    assert_eq!(run.results["counts"]["fail"], "2", "{:?}", run.results);
    let first = run.results["failures"]["1"].as_str().unwrap_or_default();
    assert!(first.contains("connect.refused") && first.contains(&closed.number().to_string()), "{first}");
    assert!(run.calls.iter().all(|(_, code)| *code == 0), "{:?}", run.calls);
    let status = site.updated_status();
    assert!(status.contains(&format!("2 failed{why}")), "{status}");
}

#[test]
fn the_action_for_nagios_leaves_out_what_nagios_leaves_out() {
    let (site, _peer, _closed) = site();
    let run = site.juju.action(UNIT, "run-nagios-check", &json!({})).expect("an action");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 2 failed"), "{}", run.out);
}

#[test]
fn an_action_that_passes_completes() {
    let (site, peer, _closed) = site();
    let pattern = format!("*:{}", peer.port());
    let run = site.juju.action(UNIT, "run-check", &json!({"patterns": pattern})).expect("an action");
    assert_eq!((run.status, run.code), ("completed", 0), "{run:?}");
    assert_eq!(run.results["status"], "ok");
    let run = site.juju.action(UNIT, "run-check", &json!({"include-tags": "no-nagios"})).expect("an action");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 1 failed"), "{}", run.out);
    let run = site.juju.action(UNIT, "run-check", &json!({"format": "json", "max-timeout": 5})).expect("an action");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.out).expect("JSON")["counts"]["fail"], 2);
    let run = site.juju.action(UNIT, "run-check", &json!({"patterns": [pattern, "x y"], "fail-on": "warning"}));
    assert_eq!(run.expect("an action").results["status"], "ok");
    assert!(site.juju.action(UNIT, "run-check", &json!({"format": "xml"})).is_err());
    assert!(site.juju.action(UNIT, "run-check", &json!({"include-tags": true})).is_err());
    for refused in [json!(0), json!("5m"), json!(""), json!(true)] {
        assert!(site.juju.action(UNIT, "run-check", &json!({ "max-timeout": refused })).is_err(), "{refused}");
    }
    let words = ["run", UNIT, "run-check", "--string-args", "max-timeout=5", &format!("patterns={pattern}")];
    let said = site.juju.cli(harness::juju::cli::Release::V3, &words);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert!(site.juju.action(UNIT, "run-check", &json!({"tags": "x"})).is_err());
}

#[test]
fn a_command_by_juju_exec_prints_and_exits_as_a_plugin() {
    let (site, _peer, _closed) = site();
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert_eq!((run.status, run.code), ("completed", 2), "{run:?}");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{}", run.out);
    assert!(run.results.is_empty() && run.calls.iter().all(|(tool, _)| !tool.starts_with("action-")), "{run:?}");
    let run = site.juju.exec(UNIT, "actions/run-nagios-check");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL: 1 of 2 failed"), "{}", run.out);
}

#[test]
fn a_command_on_the_machine_needs_no_action_and_no_juju() {
    let (site, _peer, _closed) = site();
    for run in [
        site.juju.exec_on_machine(UNIT, "actions/run-check"),
        site.juju.exec_without_context(UNIT, "$PWD/actions/run-check"),
        site.juju.exec_without_context(UNIT, "actions/run-check"),
    ] {
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.out.starts_with("CONN-CHECK CRITICAL: 2 of 3 failed"), "{run:?}");
        assert_eq!(run.err, "", "{run:?}");
        assert!(run.calls.is_empty(), "{run:?}");
    }
}

#[test]
fn arguments_of_a_command_are_refused_rather_than_ignored() {
    let (site, _peer, _closed) = site();
    for script in ["actions/run-check --format=json", "actions/conn-check-actions run-check --format=json"] {
        for run in [site.juju.exec(UNIT, script), site.juju.exec_on_machine(UNIT, script)] {
            let wanted = "CONN-CHECK UNKNOWN: run-check takes no arguments, and was given `--format=json`";
            assert!(run.code == 3 && run.out.starts_with(wanted), "{run:?}");
        }
    }
}

/// The processes of the machine whose command line has this word.
pub(crate) fn processes(juju: &Juju, word: &str) -> Vec<i32> {
    let root = juju.machine().root().display().to_string();
    let of = |name: &str| Some((name.parse().ok()?, std::fs::read_to_string(format!("/proc/{name}/cmdline")).ok()?));
    let names = std::fs::read_dir("/proc").expect("the processes").flatten().map(|one| one.file_name());
    let all = names.filter_map(|name| of(&name.to_string_lossy()));
    all.filter(|(_, line)| line.contains(&root) && line.contains(word)).map(|(number, _)| number).collect()
}

/// Juju kills the process of a cancelled action alone.
#[test]
fn the_agent_dies_with_an_action_that_is_cancelled() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(&format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 300}}\n", peer.port()));
    let run = std::thread::scope(|scope| {
        let action = scope.spawn(|| site.juju.action(UNIT, "run-check", &json!({})).expect("an action"));
        harness::wait::until("the agent to connect", || peer.connections() > 0);
        let [action_process] = processes(&site.juju, "actions/run-check")[..] else { panic!("not one action") };
        let killed = nix::sys::signal::kill(nix::unistd::Pid::from_raw(action_process), nix::sys::signal::SIGKILL);
        killed.expect("it is there");
        action.join().expect("it has ended")
    });
    assert_eq!((run.code, run.results.len()), (-1, 0), "{run:?}");
    harness::wait::until("the agent to end", || processes(&site.juju, "--record").is_empty());
    let results = std::fs::read_dir(site.juju.machine().at("/var/lib/conn-check/conn-check-0")).expect("results");
    assert_eq!(results.count(), 0, "it has written nothing");
}

#[test]
fn an_action_that_is_cancelled_at_any_moment_leaves_no_agent() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(&format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 300}}\n", peer.port()));
    for delay in (0..40).map(|step| Duration::from_micros(step * 250)) {
        let began = Instant::now();
        let run = site.juju.cancelled(UNIT, "run-check", &json!({}), || began.elapsed() >= delay).expect("an action");
        assert_eq!((run.status, run.code), ("aborted", -1), "{run:?}");
        // Before it is another program, what the action has started looks like the action.
        let left = || ["--record", "actions/run-check"].map(|word| processes(&site.juju, word)).concat();
        harness::wait::until("what the action has started to end", || left().is_empty());
    }
}

#[test]
fn without_a_file_an_action_says_so() {
    let site = Site::start(Machine::in_scratch());
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.status, run.code), ("failed", 3));
    assert!(run.results["summary"].as_str().is_some_and(|text| text.starts_with("no checks yet")), "{run:?}");
    assert!(run.out.starts_with("CONN-CHECK UNKNOWN: no checks yet"), "{run:?}");
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert_eq!(run.code, 3);
    assert!(run.out.starts_with("CONN-CHECK UNKNOWN: no checks yet"), "{}", run.out);
    site.check("- {type: tcp, hots: x}\n");
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert_eq!((run.status, &run.results["exit-code"]), ("failed", &json!("3")), "{run:?}");
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.results["summary"].as_str().is_some_and(|text| text.contains(FILE)), "{run:?}");
}

#[test]
fn checks_are_run_by_the_user_conn_check() {
    let site = Site::start(Machine::in_scratch());
    let secret = site.juju.machine().write("/etc/secret.pem", "-----BEGIN CERTIFICATE-----\n");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let peer = Peer::start(Manner::Silent);
    let file = format!("- {{type: tls, host: 127.0.0.1, port: {}, ca_file: {}}}\n", peer.port(), secret.display());
    site.check(&file);
    let run = site.juju.exec(UNIT, "actions/run-check");
    assert!(run.out.contains("ermission denied"), "root could have read it: {run:?}");
    let as_root = site.juju.machine().at("/usr/local/bin/conn-check");
    assert!(as_root.exists());
}

/// The names of the variables of a process.
fn variables(process: i32) -> Vec<String> {
    let environment = std::fs::read(format!("/proc/{process}/environ")).expect("its environment");
    let all = environment.split(|byte| *byte == 0).filter(|one| !one.is_empty());
    let mut names: Vec<_> =
        all.map(|one| String::from_utf8_lossy(one).split('=').next().unwrap_or("").into()).collect();
    names.sort_unstable();
    names
}

/// Who writes the file of checks may send any variable anywhere, and the hook's context is that of root in Juju.
#[test]
fn checks_get_nothing_of_the_environment_of_a_hook() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(&format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 300}}\n", peer.port()));
    let found = std::thread::scope(|scope| {
        let action = scope.spawn(|| site.juju.action(UNIT, "run-check", &json!({})).expect("an action"));
        harness::wait::until("the agent to connect", || peer.connections() > 0);
        let [agent] = processes(&site.juju, "--record")[..] else { panic!("not one agent") };
        let found = variables(agent);
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(agent), nix::sys::signal::SIGKILL).expect("it is there");
        action.join().expect("it has ended");
        found
    });
    assert_eq!(found, ["LANG", "PATH"]);
    for name in ["JUJU_CONTEXT_ID", "JUJU_AGENT_SOCKET_ADDRESS", "JUJU_CHARM_HTTP_PROXY", "CHARM_DIR"] {
        site.write(&format!(
            "- {{type: http, url: 'http://127.0.0.1:{}/', headers: {{X: {{env: {name}}}}}}}\n",
            peer.port()
        ));
        let unset = |text: &str| assert!(text.contains(&format!("variable `{name}` is not set")), "{text}");
        site.updated_status();
        let run = site.juju.exec(UNIT, "actions/run-check");
        unset(&run.out);
        assert_eq!(run.code, 2, "its check fails: {}", run.out);
        let run = site.juju.action(UNIT, "run-nagios-check", &json!({})).expect("an action");
        unset(&run.out);
        let summary = run.results["summary"].as_str().unwrap_or_default();
        assert!(summary.ends_with("config.missing-secret"), "{summary}");
    }
}

#[test]
fn without_the_user_conn_check_no_check_is_run_by_root() {
    let site = Site::start(Machine::in_scratch());
    let peer = Peer::start(Manner::Silent);
    site.check(&format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()));
    let accounts = site.juju.machine().read("/etc/passwd");
    let others = accounts.lines().filter(|line| !line.starts_with("conn-check:"));
    site.juju.machine().write("/etc/passwd", &others.map(|line| format!("{line}\n")).collect::<String>());
    let says = "CONN-CHECK UNKNOWN: the user conn-check does not exist: the next hook of a unit creates it";
    let run = site.juju.action(UNIT, "run-check", &json!({})).expect("an action");
    assert!(run.code == 3 && run.out.starts_with(says), "{run:?}");
    for run in [site.juju.exec(UNIT, "actions/run-check"), site.juju.exec_without_context(UNIT, "actions/run-check")] {
        assert!(run.code == 3 && run.out.starts_with(says), "{run:?}");
    }
    assert_eq!(peer.connections(), 0, "somebody has run the checks");
    site.updated_status();
    assert_eq!(site.juju.exec(UNIT, "actions/run-check").code, 0, "the hook has made the user");
}

/// A process of another user, in whose place an action checks; it is ended on drop.
struct Service(std::process::Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The user conn-check is one of the double's machine; to the agent, which is root for a while, it is nobody.
fn open_to_all(site: &Site) {
    let file = site.juju.machine().at(FILE);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a mode");
}

#[test]
fn an_action_from_the_place_of_a_service_tells_what_differs() {
    let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
    let site = Site::start(Machine::in_scratch());
    site.check(&format!("- {{type: http, url: 'http://127.0.0.1:{}/', timeout: 2}}\n", peer.port()));
    open_to_all(&site);
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=48123", "--regid=48123", "--clear-groups", "sleep", "1000"]);
    let proxy = format!("http://127.0.0.1:{}", closed.number());
    let service = Service(command.env("http_proxy", &proxy).spawn().expect("a service"));
    let last = site.updated_status();
    for given in [json!(service.0.id()), json!(service.0.id().to_string())] {
        let run = site.juju.action(UNIT, "run-check", &json!({ "as": given })).expect("an action");
        assert_eq!((run.status, run.code), ("failed", 2), "{run:?}");
        assert!(run.out.contains("as number 48123: proxy.unreachable; as "), "{run:?}");
        assert!(run.out.contains(": protocol.silent"), "{run:?}");
        let summary = run.results["summary"].as_str().unwrap_or_default();
        assert!(summary.contains("proxy.unreachable"), "{summary}");
    }
    assert_eq!(site.updated_status(), last, "the last result is that of the user conn-check");
    let run = site.juju.action(UNIT, "run-nagios-check", &json!({"as": "web/0"})).expect("an action");
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.out.contains("of a unit of Juju, name the service that runs on it"), "{run:?}");
    for refused in [json!("--root=/tmp"), json!(0), json!("a b"), json!(["x"])] {
        assert!(site.juju.action(UNIT, "run-check", &json!({ "as": refused })).is_err(), "{refused}");
    }
}

#[test]
fn a_run_from_the_place_of_a_service_has_nothing_of_the_environment_of_a_hook() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(&format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 300}}\n", peer.port()));
    open_to_all(&site);
    let parameters = json!({"as": "nobody"});
    let found = std::thread::scope(|scope| {
        let action = scope.spawn(|| site.juju.action(UNIT, "run-check", &parameters).expect("an action"));
        harness::wait::until("the agent to connect", || peer.connections() > 0);
        let agents = processes(&site.juju, "--record");
        let found: Vec<_> = agents.iter().map(|agent| variables(*agent)).collect();
        for agent in agents {
            // Its parts go with it.
            let _gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(agent), nix::sys::signal::SIGKILL);
        }
        action.join().expect("it has ended");
        found
    });
    assert_eq!(found.len(), 3, "the agent, and both of its parts");
    assert!(found.iter().all(|names| names == &["LANG", "PATH"]), "{found:?}");
}
