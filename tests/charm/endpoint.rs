//! The endpoint of a unit and its metrics: the service's file by systemd's own judgement, the token, the collector's data by
//! promtool's and Python's.

use crate::site::{FILE, SERVICE, Site, UNIT, nothing_is_left, tree, well, writes_nothing_more};
use harness::juju::hook::HookRun;
use harness::juju::machine::Machine;
use harness::packed;
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::scratch::Scratch;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const OWN: &str = "conn-check-serve-conn-check-0.service";
const CHECKS: &str = "- {type: tcp, host: 127.0.0.1, port: 9}\n";
const TOKEN: &str = "correct.horse.battery.staple";

/// A unit with a check and an endpoint.
fn served() -> Site {
    let site = Site::start(Machine::in_scratch());
    site.check(CHECKS);
    site.juju.configure("conn-check", "health_listen", "127.0.0.1:9842");
    site.settle();
    site
}

/// What systemd was told since, but for questions.
fn told(site: &Site) -> Vec<String> {
    let calls = site.juju.services(|services| std::mem::take(&mut services.calls));
    let orders = calls.into_iter().filter(|call| call.get(1).is_none_or(|word| word != "is-active"));
    orders.map(|call| call.join(" ")).collect()
}

fn restarted() -> [String; 2] {
    ["systemctl daemon-reload".to_owned(), format!("systemctl restart {OWN}")]
}

fn docs(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The status and the output of a program that is given a text.
fn run(program: &str, arguments: &[&str], stdin: &[u8]) -> (bool, Vec<u8>) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().expect("a pipe").write_all(stdin).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    (output.status.success(), [output.stdout, output.stderr].concat())
}

#[test]
fn an_endpoint_is_started_told_started_anew_and_stopped_as_it_should_be() {
    let site = served();
    assert_eq!(told(&site), restarted(), "{}", site.status());
    writes_nothing_more(&site.juju, UNIT);
    assert_eq!(told(&site), [""; 0]);
    site.write(&CHECKS.repeat(2));
    assert!(site.updated_status().starts_with("active: 2 checks"));
    assert_eq!(told(&site), [format!("systemctl reload {OWN}")]);
    site.juju.upgrade("conn-check", &packed::next_charm());
    site.settle();
    assert_eq!(told(&site), restarted(), "the new version");
    site.juju.configure("conn-check", "health_listen", Value::Null);
    site.settle();
    assert_eq!(told(&site), [format!("systemctl stop {OWN}"), "systemctl daemon-reload".to_owned()]);
    assert!(!site.juju.machine().at("/etc/systemd/system").join(OWN).exists());
    site.juju.configure("conn-check", "health_listen", "unix:health.sock");
    site.settle();
    assert!(site.juju.services(|services| services.running.contains_key(OWN)));
    site.juju.remove("conn-check");
    site.settle();
    assert!(site.juju.services(|services| services.running.is_empty()));
    nothing_is_left(&site.juju, &site.before);
}

/// The program is not where the file says, here; everything else is as systemd reads it.
#[test]
fn systemd_takes_the_file_of_the_service() {
    let site = served();
    let text = site.juju.machine().read(&format!("/etc/systemd/system/{OWN}"));
    let program = text.lines().find_map(|line| line.strip_prefix("ExecStart=")?.split(' ').next()).expect("a program");
    assert!(site.juju.machine().root().join(program.trim_start_matches('/')).exists() || Path::new(program).exists());
    let scratch = Scratch::new();
    let file = scratch.write(OWN, text.replace(program, "/bin/true"));
    let (good, said) = run("systemd-analyze", &["verify", "--man=no", &file.display().to_string()], b"");
    let said = String::from_utf8_lossy(&said).into_owned();
    // It looks at other units of this host as well, and has something to say of some.
    let ours: Vec<_> = said.lines().filter(|line| line.contains("conn-check")).collect();
    assert!(good && ours.is_empty(), "{said}\n{text}");
}

#[test]
fn a_token_is_in_the_file_of_the_service_for_conn_check_alone_and_nowhere_else() {
    let (site, scratch) = (served(), Scratch::new());
    let calls = scratch.path().join("calls").display().to_string();
    let strace = ["/usr/bin/strace", "-f", "-v", "-qqq", "--signal=none", "-s", "65536", "-e", "trace=execve"];
    site.juju.through(&[&strace[..], &["-A", "-o", &calls]].concat());
    site.juju.configure("conn-check", "health_token", "secret:9m4e2mr0ui3e8a215n4g");
    let mut seen: String = site.settle().iter().map(HookRun::story).collect();
    assert!(site.status().contains("juju grant-secret"), "{}", site.status());
    site.juju.secret("secret:9m4e2mr0ui3e8a215n4g", Some(TOKEN));
    let run = site.juju.update_status(UNIT);
    well(&run);
    seen += &(run.story() + &site.status());
    site.juju.configure("conn-check", "health_token", "short");
    seen += &site.settle().iter().map(HookRun::story).collect::<String>();
    assert!(site.status().contains("option health_token must have 22 or more"), "{}", site.status());
    site.juju.through(&[]);
    seen += &fs::read_to_string(&calls).expect("the command lines");
    assert!(seen.contains("--refresh") && !seen.contains(TOKEN), "{seen}");
    let holds = |content: &[u8]| content.windows(TOKEN.len()).any(|text| text == TOKEN.as_bytes());
    let files = tree(&site.juju).entries.into_iter().filter(|(_, entry)| holds(&entry.content));
    let files: Vec<_> = files.map(|(path, entry)| (path.display().to_string(), entry.mode & 0o777)).collect();
    assert_eq!(files, [("etc/conn-check/conn-check-0/health.token".to_owned(), 0o600)]);
    let file = site.juju.machine().at("/etc/conn-check/conn-check-0/health.token");
    assert_eq!(Some(fs::metadata(file).expect("a file").uid()), site.juju.machine().user("conn-check"));
    site.juju.configure("conn-check", "health_token", Value::Null);
    site.settle();
    assert!(!site.juju.machine().at("/etc/conn-check/conn-check-0/health.token").exists());
}

#[test]
fn an_address_that_another_program_has_is_left_to_it() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_namespace());
    site.check(CHECKS);
    site.juju.configure("conn-check", "health_listen", peer.address().to_string());
    site.settle();
    let (status, process) = (site.status(), std::process::id());
    assert!(
        status.starts_with("blocked: ") && status.contains(&format!("health_listen: {} is taken by ", peer.address()))
    );
    assert!(status.contains(&format!("(process {process}")), "{status}");
    assert_eq!(told(&site), [""; 0]);
    drop(peer);
    assert!(site.updated_status().starts_with("active: "), "{}", site.status());
    assert_eq!(told(&site), restarted());
}

/// What the collector gets of a unit.
fn collected(site: &Site) -> Value {
    site.juju.add_subordinate("grafana-agent", SERVICE);
    let relation = site.juju.relate("conn-check:cos-agent", "grafana-agent:cos-agent");
    site.settle();
    let data = site.juju.data(UNIT, relation);
    assert_eq!(data.keys().collect::<Vec<_>>(), ["config"], "{}", site.status());
    serde_json::from_str(&data["config"]).expect("JSON")
}

#[test]
fn the_alerts_that_a_collector_gets_are_taken_by_promtool() {
    let (site, scratch) = (served(), Scratch::new());
    let said = collected(&site);
    let rules = scratch.write("rules.yml", said["metrics_alert_rules"].to_string());
    let (good, told) =
        run("promtool", &["check", "rules", "--lint=all", "--lint-fatal", &rules.display().to_string()], b"");
    assert!(good, "{}", String::from_utf8_lossy(&told));
    let text = said["metrics_alert_rules"].to_string();
    let alerts = docs("prometheus/conn-check.rules.yml");
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(text.contains(&format!("\"alert\":\"{alert}\"")), "{alert}");
    }
    assert!(!text.contains("juju_topology") && text.contains("juju_application=\\\"conn-check\\\""), "{text}");
    let target = &said["metrics_scrape_jobs"][0]["static_configs"][0]["targets"][0];
    let unit = site.juju.services(|services| services.running[OWN].clone());
    assert!(unit.contains(&format!(" --metrics-listen {} ", target.as_str().expect("an address"))), "{unit}");
}

/// As the collector's charm does it: `lzma.decompress(base64.b64decode(...))`.
#[test]
fn the_dashboard_that_a_collector_gets_is_that_of_the_docs() {
    let said = collected(&served());
    let packed = said["dashboards"][0].as_str().expect("a dashboard");
    let script =
        "import base64, lzma, sys; sys.stdout.buffer.write(lzma.decompress(base64.b64decode(sys.stdin.read())))";
    let (good, unpacked) = run("python3", &["-c", script], packed.as_bytes());
    assert!(good && unpacked == docs("prometheus/conn-check.dashboard.json").into_bytes());
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are_in_expressions_that_promtool_takes() {
    let dashboard: Value = serde_json::from_str(&docs("prometheus/conn-check.dashboard.json")).expect("JSON");
    let targets = dashboard["panels"].as_array().expect("panels").iter().flat_map(|panel| {
        panel["targets"]
            .as_array()
            .expect("targets")
            .iter()
            .map(|target| target["expr"].as_str().expect("an expression"))
    });
    let expressions: Vec<_> = targets.map(|expr| expr.replace("$instance", ".*")).collect();
    assert!(expressions.len() > 10, "{expressions:?}");
    let rules = expressions.iter().map(|expr| serde_json::json!({"record": "a:b", "expr": expr}));
    // Each a group of its own: they have one name.
    let groups: Vec<_> =
        rules.enumerate().map(|(at, rule)| serde_json::json!({"name": at.to_string(), "rules": [rule]})).collect();
    let file = Scratch::new();
    let path = file.write("rules.yml", serde_json::json!({"groups": groups}).to_string());
    let (good, told) = run("promtool", &["check", "rules", "--lint=none", &path.display().to_string()], b"");
    assert!(good, "{}", String::from_utf8_lossy(&told));
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let named = |text: &str| -> BTreeSet<String> {
        let words = text.split(|one| !is_name(one)).filter(|word| word.starts_with("conn_check_"));
        words.map(str::to_owned).collect()
    };
    let table: String = docs("prometheus.md").lines().filter(|line| line.starts_with("| `conn_check_")).collect();
    let unknown: Vec<_> = named(&expressions.concat()).difference(&named(&table)).cloned().collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn the_file_that_the_endpoint_reads_is_that_of_the_application() {
    let site = served();
    let unit = site.juju.services(|services| services.running[OWN].clone());
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let file = site.juju.machine().at(FILE);
    assert!(command.ends_with(&format!(" {}", file.display())), "{command}");
}

/// What is asked for at an address; the status.
fn asked(place: &str, path: &str) -> String {
    let (_, said) =
        run("curl", &["-s", "-o", "/dev/null", "-w", "%{http_code}", &format!("http://{place}{path}")], b"");
    String::from_utf8_lossy(&said).into_owned()
}

/// As systemd would start it, but for the user.
#[test]
fn the_command_of_the_service_answers_as_the_options_say() {
    // Its ports are those of this host.
    let (site, port) = (Site::start(Machine::in_namespace()), ports::free());
    site.check(CHECKS);
    let place = format!("127.0.0.1:{}", port.number());
    site.juju.configure("conn-check", "health_listen", place.clone());
    site.juju.configure("conn-check", "health_token", TOKEN);
    let said = collected(&site);
    let metrics = &said["metrics_scrape_jobs"][0]["static_configs"][0]["targets"][0];
    let unit = site.juju.services(|services| services.running[OWN].clone());
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let words: Vec<_> = command.split(' ').collect();
    let machine = site.juju.machine();
    let mut service = machine.command(&machine.root(), &words).stderr(Stdio::null()).spawn().expect("the program");
    harness::wait::until("the endpoint to answer", || asked(&place, "/live") == "200");
    let found = [
        asked(&place, "/ready"),
        asked(&place, "/ht/"),
        asked(&place, &format!("/ht/{TOKEN}/")),
        asked(&place, "/metrics"),
        asked(metrics.as_str().expect("an address"), "/metrics"),
    ];
    service.kill().expect("it runs");
    service.wait().expect("it ends");
    // Nothing listens where the check looks, which is no fault of this node's.
    assert_eq!(found, ["200", "404", "500", "404", "200"]);
}
