//! Prometheus' own tool on the metrics, on the rules of alerts, and on what the rules say of metrics.

use super::parsers::{exposition, reads};
use super::{Mix, hostile};
use harness::agent::Agent;
use harness::scratch::Scratch;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(docs(file)).expect("the file")
}

/// The families of a report.
fn families(out: &str) -> BTreeSet<&str> {
    out.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect()
}

/// The words of a text that are names of metrics.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    words.filter(|word| word.starts_with("conn_check_")).collect()
}

/// All that there can be, with every note.
fn everything(mix: &Mix) -> String {
    let yaml = mix.yaml().replace("disable_tls_verification: true", "verify_name: false");
    let ca = format!("ca_file: '{}'", mix.authority.file().display());
    let nameless = yaml.replace("verify_name: false", &format!("verify_name: false, {ca}"));
    let nameless = nameless.replace(
        &format!("port: {}", mix.unverified.address().port()),
        &format!("port: {}", mix.expiring.address().port()),
    );
    Agent::new(&nameless).arg("--format=prometheus").run().out + &mix.run(&["--format=prometheus"]).out
}

#[test]
fn promtool_has_nothing_against_the_metrics() {
    let mix = Mix::start();
    let (_peers, harmful) = hostile();
    for yaml in [mix.yaml(), mix.yaml().repeat(2), harmful, "- x".to_owned()] {
        for arguments in [&[][..], &["--validate"]] {
            let out = Agent::new(&yaml).arg("--format=prometheus").args(arguments.iter().copied()).run().out;
            let (good, told) = reads(Command::new("promtool").args(["check", "metrics"]), &out);
            assert!(good && told.is_empty(), "{told}\n{out}");
        }
    }
}

#[test]
fn warnings_tags_and_the_end_of_certificates_are_there() {
    let mix = Mix::start();
    let out = mix.run(&["--format=prometheus"]).out;
    let series = exposition(&out);
    let has = |family: &str, inside: &str| {
        series.iter().any(|line| line.starts_with(&format!("{family}{{")) && line.contains(inside))
    };
    assert!(
        has("conn_check_warning_info", "series=\"login\",code=\"tls.expires-soon\",owner=\"certificate\"}"),
        "{out}"
    );
    assert!(has("conn_check_tag", ",tag=\"a\"}") && has("conn_check_tag", ",tag=\"b\"}"), "{out}");
    assert!(has("conn_check_info", concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"}")), "{out}");
    let days = out.lines().filter(|line| line.starts_with("conn_check_certificate_warning_seconds{"));
    assert!(days.clone().count() == 2 && days.clone().all(|line| line.ends_with("} 1209600")), "14 days: {out}");
}

#[test]
fn the_table_of_the_docs_has_every_family_and_no_other() {
    let mix = Mix::start();
    let out = everything(&mix);
    let docs = text("prometheus.md");
    let rows: String = docs.lines().filter(|line| line.starts_with("| `conn_check_")).collect();
    // A login without TLS needs a host elsewhere.
    let there: BTreeSet<_> = families(&out).into_iter().chain(["conn_check_login_without_tls"]).collect();
    assert_eq!(named(&rows), there);
}

#[test]
fn the_rules_are_right_and_say_what_they_should() {
    let promtool = |arguments: &[&str], file: &Path| {
        let (good, told) = reads(Command::new("promtool").args(arguments).arg(file), "");
        assert!(good && told.contains("SUCCESS"), "{arguments:?}: {told}");
    };
    promtool(&["check", "rules", "--lint=all", "--lint-fatal"], &docs("prometheus/conn-check.rules.yml"));
    promtool(
        &["test", "rules"],
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("agent/reports/conn-check.rules.test.yml"),
    );
    // What they ask for is what there is.
    let mix = Mix::start();
    let out = everything(&mix);
    let rules = text("prometheus/conn-check.rules.yml");
    let unknown: Vec<_> = named(&rules).into_iter().filter(|name| !families(&out).contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // Each alert has a test of its own.
    let tests =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("agent/reports/conn-check.rules.test.yml"));
    let tests = tests.expect("the tests");
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
}

#[test]
fn the_recipe_writes_where_the_collector_reads() {
    let docs = text("prometheus.md");
    let mix = Mix::start();
    // systemd reads both files, but for the program, which is not there.
    let scratch = Scratch::new();
    let mut units = docs.split("```ini\n").skip(1).filter_map(|rest| rest.split("```").next());
    for (name, unit) in ["conn-check.service", "conn-check.timer"].into_iter().zip(&mut units) {
        scratch.write(name, unit.replace("/usr/bin/conn-check", "/bin/true"));
    }
    let names = ["conn-check.service", "conn-check.timer"].map(|name| scratch.path().join(name));
    let (good, told) = reads(Command::new("systemd-analyze").args(["verify", "--man=no"]).args(names), "");
    // It looks at other units of this host as well, and has something to say of some.
    let told: Vec<_> =
        told.lines().filter(|line| line.contains("conn-check") || !line.contains("/systemd/system/")).collect();
    assert!(good && told.iter().all(|line| line.is_empty()) && units.next().is_none(), "{told:?}");
    assert!(docs.contains("systemctl enable --now conn-check.timer\n"), "the timer is named");
    // The command of the unit, with a directory of the test in the place of the collector's.
    let line = docs.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/conn-check ")).expect("the command");
    assert!(line.contains("/var/lib/prometheus/node-exporter/conn-check.prom"), "{line}");
    let mut words: Vec<_> =
        line.replace("/var/lib/prometheus/node-exporter/", "").split(' ').map(str::to_owned).collect();
    assert_eq!(words.pop().as_deref(), Some("/etc/conn-check.yaml"));
    let mut agent = Agent::new(&mix.yaml()).args(words);
    let ran = agent.run();
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (2, "", ""));
    let written = fs::read_to_string(agent.scratch().path().join("conn-check.prom")).expect("it is there");
    assert!(exposition(&written).len() > 10);
}

/// The route for Alertmanager, and the question about a tag.
#[test]
fn the_rest_of_the_page_can_be_used() {
    let (docs, scratch) = (text("prometheus.md"), Scratch::new());
    let block = |language: &str| {
        let rest = docs.split(&format!("```{language}\n")).nth(1).expect("a block");
        rest.split("```").next().expect("its end")
    };
    let route = block("yaml").replace('\n', "\n  ").replace("routes:", "route:\n  receiver: network\n  routes:");
    let file = scratch.write("alertmanager.yml", format!("{route}\nreceivers: [{{name: network}}]\n"));
    let (good, told) = reads(Command::new("amtool").arg("check-config").arg(file), "");
    assert!(good && told.contains("SUCCESS"), "{told}");
    let rule = format!("groups: [{{name: a, rules: [{{record: 'a:b', expr: '{}'}}]}}]\n", block("promql").trim());
    let file = scratch.write("rules.yml", rule);
    let (good, told) = reads(Command::new("promtool").args(["check", "rules"]).arg(file), "");
    assert!(good && told.contains("SUCCESS"), "{told}");
}
