//! One mix of verdicts in every format: what people read, and that machines can.

mod also;
mod jsonl;
mod junit;
mod lists;
mod nagios;
mod parsers;
mod prometheus;
mod refused;
mod series;

use conn_check::report::{FORMATS, schema};
use harness::agent::{Agent, Ran};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::ports::{self, Port};
use jsonschema::Validator;
use parsers::{events, exposition, tap, well_formed};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What servers say to do harm: every control character, markup, and the separators of formats.
const HOSTILE: &str = "a|b <c> & \"d\" 'e' \u{1b}[2J\u{7}\u{0}\u{8}\n#f\r\n]]> -->\u{202e}\u{85} = ; {} \\ %s";

/// One check of every verdict, on servers that stay up for as long as this lives.
struct Mix {
    nginx: Nginx,
    silent: Peer,
    refusing: Port,
    unverified: TlsPeer,
    expiring: TlsPeer,
    authority: Authority,
}

impl Mix {
    fn start() -> Self {
        let authority = Authority::new();
        Self {
            nginx: Nginx::start([Site::http("web").page("/", "hello").status("/gone", 404)]),
            silent: Peer::start(Manner::Silent),
            refusing: ports::free(),
            unverified: TlsPeer::start(&Authority::new().valid(), TlsManner::Silent),
            expiring: TlsPeer::start(&authority.expiring_in_days(3), TlsManner::Silent),
            authority,
        }
    }

    fn yaml(&self) -> String {
        let web = self.nginx.port("web");
        format!(
            "- {{type: tcp, name: cache, host: 127.0.0.1, port: {}}}\n\
             - {{type: http, url: 'http://127.0.0.1:{web}/gone?token=x', tags: [a, b]}}\n\
             - {{type: http, url: 'http://127.0.0.1:{}/'}}\n\
             - {{type: tls, host: localhost, port: {}, disable_tls_verification: true}}\n\
             - {{type: tls, name: login, host: localhost, port: {}, ca_file: '{}'}}\n\
             - {{type: http, url: 'http://127.0.0.1:{web}/'}}\n",
            self.silent.port(),
            self.refusing.number(),
            self.unverified.address().port(),
            self.expiring.address().port(),
            self.authority.file().display(),
        )
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Agent::new(&self.yaml()).args(arguments).run();
        assert_eq!((ran.status, ran.err.as_str()), (2, ""), "{arguments:?}: {}", ran.out);
        ran
    }

    /// The report with names of the same length in the place of the ports.
    fn tidy(&self, text: &str) -> String {
        let named = [
            (self.nginx.port("web"), "WEB__"),
            (self.silent.port(), "CACHE"),
            (self.refusing.number(), "SHUT_"),
            (self.unverified.address().port(), "LAX__"),
            (self.expiring.address().port(), "LOGIN"),
        ];
        named.iter().fold(text.to_owned(), |text, (port, name)| text.replace(&format!(":{port}"), &format!(":{name}")))
    }

    /// Compares the report of a format with the one that was accepted.
    fn matches(&self, name: &str, arguments: &[&str]) {
        let mut text = self.tidy(&self.run(arguments).out);
        if name == "prometheus" {
            // Within a family the series are in the order of their ports, which differ.
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_by_key(|line| {
                (
                    line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ").split(['{', ' ']).next(),
                    !line.starts_with('#'),
                    *line,
                )
            });
            text = lines.join("\n");
        }
        insta::with_settings!({filters => vec![
            // Only a phase that takes time is shown: under load that of an address may.
            (r"resolve \d+\.\d+ ms, ", ""),
            (r"\s+\d+\.\d+ ms", " [TIME]"),
            (r"in \d+\.\d+ ms", "in [TIME]"),
            (r"\d+\.\d{6}s", "[TIME]s"),
            (r#"time="\d+\.\d+""#, r#"time="[TIME]""#),
            (r#"("elapsed_seconds": ?)\d[0-9.e-]*"#, "$1[TIME]"),
            (r#"("not_(before|after)": ?)"[^"]+""#, r#"$1"[DATE]""#),
            (r#"("started": ?)"[^"]+""#, r#"$1"[DATE]""#),
            (r#"("host": ?)"[^"]+""#, r#"$1"[HOST]""#),
            (r#"(timestamp|hostname|file)="[^"]+""#, r#"$1="[OURS]""#),
            (r#"version="[^"]+"([>}])"#, r#"version="[OURS]"$1"#),
            (r"duration_ms: [0-9.]+", "duration_ms: [TIME]"),
            (r"(?m)^(conn_check_(?:run|phase|duration)[^ ]*) [0-9.]+$", "$1 [NUMBER]"),
            (r"(?m)^(conn_check_certificate_expiry[^ ]*) \d+$", "$1 [NUMBER]"),
            (r"( certificate days'=)\d+", "$1[NUMBER]"),
        ]}, { insta::assert_snapshot!(name, text) });
    }
}

#[test]
fn the_report_in_every_format_is_the_one_that_was_accepted() {
    let mix = Mix::start();
    mix.matches("human", &["--format=human"]);
    mix.matches("human_explained", &["--format=human", "--explain", "-t", "-v"]);
    mix.matches("nagios", &["--format=nagios"]);
    mix.matches("junit", &["--format=junit"]);
    mix.matches("tap", &["--format=tap"]);
    mix.matches("prometheus", &["--format=prometheus"]);
}

#[test]
fn the_json_report_is_the_one_that_was_accepted() {
    let mix = Mix::start();
    let report = mix.run(&["--format=json"]).json();
    let pretty = format!("{report:#}");
    let text = mix.tidy(&pretty);
    insta::with_settings!({filters => vec![
        (r#"("elapsed_seconds": )\d[0-9.e-]*"#, "$1[TIME]"),
        (r#"("(?:not_before|not_after|started)": )"[^"]+""#, r#"$1"[DATE]""#),
        (r#"("(?:host|version|config|file)": )"[^"]+""#, r#"$1"[OURS]""#),
        (r"test root [0-9-]+", "test root"),
        (r"nginx/[0-9.]+", "nginx"),
    ]}, { insta::assert_snapshot!("json", text) });
}

/// The schema of the reports.
pub(crate) fn report_schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../agent/schema/report.schema.json");
    serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("JSON")
}

/// That of a line of `jsonl`.
pub(crate) fn event_schema() -> Value {
    let Value::Object(mut schema) = report_schema() else { panic!("no object") };
    schema.remove("oneOf");
    schema.insert("$ref".to_owned(), json!("#/$defs/event"));
    Value::Object(schema)
}

/// A validator of reports.
pub(crate) fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema), "no JSON Schema");
    jsonschema::validator_for(schema).expect("a schema")
}

/// The report is as the schema says.
pub(crate) fn conforms(validator: &Validator, report: &Value) {
    let errors: Vec<_> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
}

#[test]
fn every_json_report_conforms_to_the_published_schema() {
    let validator = validator(&report_schema());
    let mix = Mix::start();
    for arguments in [&["--format=json"][..], &["--format=json", "-t"], &["--format=json", "--dry-run"]] {
        let ran = Agent::new(&mix.yaml()).args(arguments).run();
        conforms(&validator, &ran.json());
    }
    for bad in ["- x", "", "- {type: tcp, host: a b, port: x, y: 1}\n- {type: ssl}", "[", "type: tcp"] {
        conforms(&validator, &Agent::new(bad).args(["--format=json"]).run().json());
    }
    conforms(&validator, &Agent::new(&mix.yaml()).args(["--format=json", "--validate"]).run().json());
    conforms(&validator, &Agent::new(&mix.yaml()).args(["--format=json", "no such name"]).run().json());
    let mut record = Agent::new(&mix.yaml()).args(["--record=record"]);
    record.run();
    let text = fs::read_to_string(record.scratch().path().join("record")).expect("a record");
    conforms(&validator, &serde_json::from_str(&text).expect("JSON"));
    let mut wrong = Agent::new("- x").args(["--format=json"]).run().json();
    conforms(&validator, &wrong);
    wrong["diagnostics"][0]["code"] = "no-such-code".into();
    assert!(!validator.is_valid(&wrong), "the schema refuses nothing");
}

#[test]
fn the_lists_of_the_schema_are_those_of_the_code() {
    let schema = report_schema();
    let text = format!("{schema:#}\n");
    assert_eq!(schema::with_lists(&text).expect("JSON"), text, "run: cargo xtask docs");
    for (name, _) in schema::lists() {
        assert!(text.contains(&format!("\"#/$defs/{name}\"")), "nothing refers to {name}");
    }
}

/// A file of checks as the schema's validators see it, which know JSON alone.
fn as_json(yaml: &Path) -> Option<Value> {
    let script = "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let output = Command::new("/usr/bin/python3").args(["-c", script]).arg(yaml).output().expect("python3");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The files of a folder beside this one.
fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("agent").join(folder);
    fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path()).collect()
}

#[test]
fn the_schema_of_the_file_accepts_the_manual_and_refuses_wrong_files() {
    let ran = Agent::new("").arg("--schema").run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let validator = validator(&ran.json());
    let mut accepted = 0;
    for file in files("seeds").iter().filter(|file| !file.ends_with("every-option.yaml")) {
        let value = as_json(file).expect("YAML");
        conforms(&validator, &value);
        accepted += 1;
    }
    assert!(accepted > 5);
    let one = |check: Value| json!([check]);
    conforms(
        &validator,
        &one(
            json!({"type": "http", "url": "http://h/", "headers": [["a", "b"]], "auth": ["u", {"env": "P"}], "expected_code": "2xx"}),
        ),
    );
    conforms(
        &validator,
        &one(
            json!({"type": "udp", "host": "h", "port": "1", "send": "x", "expect": null, "timeout": 0.5, "tags": "a"}),
        ),
    );
    let part = |more: Value| {
        let mut part = json!({"type": "tcp", "host": "h", "port": 2});
        part.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        one(json!({"type": "tcp", "host": "h", "port": 1, "depends_on": ["a"], "parts": [part]}))
    };
    conforms(&validator, &part(json!({"name": "a", "depends_on": "b"})));
    for wrong in [
        part(json!({"parts": [{"type": "tcp", "host": "h", "port": 3}]})),
        part(json!({"include": "x.yaml"})),
        json!([]),
        json!({}),
        json!("text"),
        one(json!({"type": "kafka"})),
        one(json!({"host": "h", "port": 1})),
        one(json!({"type": "tcp", "host": "h"})),
        one(json!({"type": "tcp", "host": "h", "port": 0})),
        one(json!({"type": "tcp", "host": "h", "port": 70000})),
        one(json!({"type": "tcp", "host": ["h"], "port": 1})),
        one(json!({"type": "tcp", "host": "h", "port": 1, "timeout": -1})),
        one(json!({"type": "tcp", "host": "h", "port": 1, "tmeout": 1})),
        one(json!({"type": "tcp", "host": "h", "port": 1, "tags": {"a": 1}})),
        one(json!({"type": "http", "url": "ftp://h/"})),
        one(json!({"type": "http", "url": "http://h/", "auth": ["u"]})),
        one(json!({"type": "http", "url": "http://h/", "expected_code": 99})),
        one(json!({"type": "tls", "host": "h", "port": 1, "disable_tls_verification": "maybe"})),
    ] {
        assert!(!validator.is_valid(&wrong), "accepted: {wrong}");
    }
}

#[test]
fn nagios_says_it_all_in_one_line_and_stays_within_its_limits() {
    let refusing = ports::free();
    // An address of its own each: what they have in common is one sentence.
    let port = refusing.number();
    let tcp =
        |number: u16| format!("- {{type: tcp, host: 127.1.{}.{}, port: {port}}}\n", number / 250, number % 250 + 1);
    let yaml: String = (0..2000).map(tcp).collect();
    let Ran { out, status, .. } = Agent::new(&yaml).args(["--format=nagios"]).run();
    assert_eq!(status, 2);
    let first = out.lines().next().expect("a line");
    assert!(first.len() < 1000, "{} bytes: {first}", first.len());
    assert!(first.starts_with("CONN-CHECK CRITICAL: 2000 of 2000 failed - tcp:127.1.0.1:"), "{first}");
    assert!(first.contains(" ... and 19"), "{first}");
    assert!(out.len() < 60 * 1024, "{} bytes", out.len());
    assert!(out.contains("\n... and 1"), "the rest is counted");
    perfdata(&out);
}

/// Parses the performance data (Monitoring Plugins Development Guidelines, "Performance data"): on
/// the first line, and after the only other pipe sign.
fn perfdata(out: &str) -> HashMap<String, f64> {
    let (first, rest) = out.split_once('\n').expect("lines");
    let (_, on_first) = first.split_once('|').expect("a pipe sign");
    assert!(!on_first.contains('|'), "{first}");
    let (_, long) = rest.split_once('|').expect("a pipe sign in the long output");
    assert!(!long.contains('|'), "{long}");
    let mut data = HashMap::new();
    let mut text = format!("{on_first} {}", long.replace('\n', " "));
    while let Some((label, value)) = text.trim_start().trim_start_matches('\'').split_once('=') {
        let label = label.trim_end_matches('\'').to_owned();
        let (value, more) = value.split_once(' ').unwrap_or((value, ""));
        let number = value.split(';').next().expect("a value").trim_end_matches('s');
        let old = data.insert(label.clone(), number.parse().unwrap_or_else(|_| panic!("{label}: {value}")));
        assert!(old.is_none(), "{label} twice");
        text = more.to_owned();
    }
    assert!(text.trim().is_empty(), "not parsed: {text}");
    data
}

#[test]
fn performance_data_has_the_counts_and_the_time_of_every_check() {
    let mix = Mix::start();
    let data = perfdata(&mix.run(&["--format=nagios"]).out);
    let counts = ["pass", "warn", "fail", "skip"].map(|verdict| data[verdict].to_string());
    assert_eq!(counts, ["5", "1", "2", "1"]);
    assert!(data["time"] > 0.0);
    // Two of the checks have shown a certificate.
    assert_eq!(data.len(), 5 + 6 + 2, "{data:?}");
}

/// Servers that say harmful things, and a file that has some of them in its own words.
fn hostile() -> (Vec<Peer>, String) {
    let banner = Peer::start(Manner::Banner(HOSTILE.as_bytes().to_vec()));
    let answer = format!("HTTP/1.1 404 {}\r\nServer: a|b<c>\u{7}\r\n\r\n{HOSTILE}", "x|y\u{1b}[2J");
    let web = Peer::start(Manner::Answers(vec![(b"GET".to_vec(), answer.into_bytes())]));
    let plain = "HTTP/1.1 200 OK\r\nX-A: <|>\r\nContent-Length: 50\r\n\r\n".to_owned() + &HOSTILE.repeat(2)[..50];
    let ok = Peer::start(Manner::Answers(vec![(b"GET".to_vec(), plain.into_bytes())]));
    let label = "name: 'pipe | \"quote\" <tag> # =\\ '";
    let yaml = format!(
        "- {{type: tcp, {label}, host: 127.0.0.1, port: {0}}}\n- {{type: tls, host: 127.0.0.1, port: {0}}}\n\
         - {{type: http, {label}, url: 'http://127.0.0.1:{0}/?a=|<>'}}\n- {{type: http, url: 'http://127.0.0.1:{1}/?=#x'}}\n\
         - {{type: http, url: 'http://127.0.0.1:{2}/', expected_body: 'a|b', expected_headers: {{x-a: nothing}}}}\n\
         - {{type: http, url: 'http://127.0.0.1:{2}/', expected_body: '<nothing>|'}}\n",
        banner.port(),
        web.port(),
        ok.port()
    );
    (vec![banner, web, ok], yaml)
}

#[test]
fn what_hostile_servers_say_breaks_no_format() {
    let (_peers, yaml) = hostile();
    for format in FORMATS.map(|format| format.name) {
        let Ran { out, status, err, .. } =
            Agent::new(&yaml).args(["-vdt", "--explain", "--color=never", "--format", format]).run();
        assert_eq!((status, err.as_str()), (crate::formats::status_in(format, 2), ""), "{format}: {out}");
        let harmful = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!out.contains(harmful), "{format}: {out:?}");
        match format {
            "nagios" => drop(perfdata(&out)),
            "junit" => well_formed(&out),
            "tap" => tap(&out),
            "prometheus" => assert!(exposition(&out).len() > 10, "{out}"),
            "jsonl" => events(&out),
            _ => {}
        }
    }
}

#[test]
fn events_come_in_the_order_of_their_causes_and_the_outcomes_are_those_of_json() {
    let mix = Mix::start();
    let out = mix.run(&["--format=jsonl"]).out;
    events(&out);
    let report = mix.run(&["--format=json"]).json();
    let finished = out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    for event in finished.filter(|event| event["event"] == "finished") {
        let number = usize::try_from(event["check"].as_u64().expect("a number")).expect("small");
        let (one, other) = (&event["outcome"], &report["checks"][number]);
        for key in ["type", "label", "target", "tags", "line", "verdict"] {
            assert_eq!(one[key], other[key]);
        }
        assert_eq!(one["failure"]["code"], other["failure"]["code"]);
    }
}

#[test]
fn machines_can_read_what_is_for_them() {
    let mix = Mix::start();
    well_formed(&mix.run(&["--format=junit"]).out);
    tap(&mix.run(&["--format=tap"]).out);
    assert!(exposition(&mix.run(&["--format=prometheus"]).out).len() > 10);
    // The same check twice is two series.
    let twice = Agent::new(&mix.yaml().repeat(2)).args(["--format=prometheus"]).run();
    exposition(&twice.out);
    assert_eq!(twice.out.matches("\nconn_check_success{").count(), 12, "{}", twice.out);
}
