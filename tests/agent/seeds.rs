//! The manual's own examples, unchanged, and the lines that scripts written for the original read.
//!
//! The files in `seeds/` are the examples of the original's manual and tutorial, with the indentation
//! that their text has lost, for the types that there are. Nothing in them is ever resolved here.

use harness::agent::{Agent, Ran};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer, UdpManner, UdpPeer};
use harness::ports;
use std::fs;
use std::path::PathBuf;

/// Every example with its name.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/agent/seeds");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 8, "only {} examples", files.len());
    let name = |file: &PathBuf| file.file_stem().expect("a name").to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), fs::read_to_string(file).expect("text"))).collect()
}

#[test]
fn every_example_of_the_manual_is_accepted_without_a_word() {
    for (name, yaml) in examples() {
        let ran = Agent::new(&yaml).args(["--validate", "--strict"]).run();
        let notes = name.contains("ssl");
        assert_eq!(ran.status, 0, "{name}: {}", ran.err);
        assert!(ran.err.is_empty() || notes, "{name}: {}", ran.err);
        assert!(ran.out.contains("is valid: "), "{name}: {}", ran.out);
    }
}

#[test]
fn a_dry_run_of_every_example_names_its_results() {
    let told = |(name, yaml): (String, String)| {
        let ran = Agent::new(&yaml).arg("--dry-run").run();
        assert_eq!(ran.status, 0, "{name}: {}", ran.err);
        format!("{name}\n{}", ran.out)
    };
    let all: Vec<_> = examples().into_iter().map(told).collect();
    insta::assert_snapshot!("dry_runs", all.join("\n"));
}

#[test]
fn the_command_lines_of_the_manual_are_accepted() {
    let tagged = "- {type: tcp, host: 127.0.0.1, port: 1, tags: [external]}\n- {type: tcp, host: 127.0.0.1, port: 2}\n";
    for (arguments, names) in [
        (&["--include-tags=external"][..], &["1"][..]),
        (&["--exclude-tags=external"], &["2"]),
        (&["--max-timeout=10", "--exclude-tags=no-nagios"], &["1", "2"]),
        (&["--include-tags", "other,external"], &["1"]),
        (&["--connect-timeout=2.5", "--tls-certs-path=/etc/ssl/certs", "-U"], &["1", "2"]),
        (&["--unbuffered-output", "--verbose", "--duration", "--tracebacks"], &["1", "2"]),
    ] {
        let ran = Agent::new(tagged).args(arguments).arg("--dry-run").run();
        assert_eq!((ran.status, ran.out.lines().count()), (0, names.len()), "{arguments:?}: {}{}", ran.out, ran.err);
        for name in ["1", "2"] {
            let line = format!("SKIPPED: tcp:127.0.0.1:{name}");
            assert_eq!(ran.out.contains(&line), names.contains(&name), "{arguments:?}: {}", ran.out);
        }
    }
}

#[test]
fn version_is_one_line() {
    let ran = Agent::new("").arg("--version").run();
    assert_eq!((ran.status, ran.out.as_str()), (0, concat!("conn-check ", env!("CARGO_PKG_VERSION"), "\n")));
}

/// Servers in the place of those of the examples.
struct Town {
    nginx: Nginx,
    silent: Peer,
    refusing: ports::Port,
    statsd: UdpPeer,
    tls: TlsPeer,
    authority: Authority,
}

impl Town {
    fn start() -> Self {
        let authority = Authority::new();
        Self {
            nginx: Nginx::start([Site::http("web").page("/", "hello").status("/gone", 404)]),
            silent: Peer::start(Manner::Silent),
            refusing: ports::free(),
            statsd: UdpPeer::start(UdpManner::Reply(b"Matata".to_vec())),
            tls: TlsPeer::start(&authority.valid(), TlsManner::Silent),
            authority,
        }
    }

    /// One check of each kind, some of which fail.
    fn yaml(&self) -> String {
        let ca = self.authority.file().display();
        format!(
            "- type: tcp\n  host: 127.0.0.1\n  port: {silent}\n  tags: [internal]\n\
             - type: http\n  url: {gone}\n\
             - type: ssl\n  host: localhost\n  port: {tls}\n  ca_file: {ca}\n\
             - type: https\n  url: http://127.0.0.1:{refusing}/x?key=BLAH\n  tags: external\n\
             - type: udp\n  host: 127.0.0.1\n  port: {statsd}\n  send: Hakuna\n  expect: Matata\n\
             - type: udp\n  host: 127.0.0.1\n  port: {statsd}\n  send: conncheck.test:1|c\n  expect:\n\
             - type: http\n  url: {web}\n\
             - type: tcp\n  host: 127.0.0.1\n  port: '{refusing}'\n",
            silent = self.silent.port(),
            gone = self.nginx.url("web", "/gone").replace("localhost", "127.0.0.1"),
            web = self.nginx.url("web", "/").replace("localhost", "127.0.0.1"),
            tls = self.tls.address().port(),
            refusing = self.refusing.number(),
            statsd = self.statsd.port(),
        )
    }

    /// A text with names in the place of the ports, and of the times.
    fn tidy(&self, text: &str) -> String {
        let named = [
            (self.nginx.port("web"), "WEB"),
            (self.silent.port(), "SILENT"),
            (self.refusing.number(), "CLOSED"),
            (self.statsd.port(), "STATSD"),
            (self.tls.address().port(), "TLS"),
        ];
        named.iter().fold(text.to_owned(), |text, (port, name)| text.replace(&format!(":{port}"), &format!(":{name}")))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut ran = Agent::new(&self.yaml()).args(arguments).run();
        ran.out = self.tidy(&ran.out);
        ran
    }

    /// The plain lines, sorted within their ranks by the group, which holds a port that is not known before.
    fn plain(&self, arguments: &[&str]) -> Vec<String> {
        let ran = self.run(arguments);
        assert!(ran.err.is_empty() || ran.err.contains("deprecated-alias"), "{}", ran.err);
        ran.out.lines().map(str::to_owned).collect()
    }
}

/// Whether a line tells of a failure, something that passed, or something left out.
fn rank(line: &str) -> u8 {
    match line {
        line if line.contains(" FAILED") => 0,
        line if line.starts_with("SKIPPED: ") => 2,
        _ => 1,
    }
}

#[test]
fn plain_output_has_the_names_and_lines_of_the_original() {
    let town = Town::start();
    let ran = town.run(&[]);
    assert_eq!(ran.status, 2);
    let mut lines: Vec<_> = ran.out.lines().collect();
    assert!(lines.is_sorted_by_key(|line| rank(line)), "failed, passed, skipped:\n{}", ran.out);
    // Within a rank the groups are in the order of their ports, which differ from run to run.
    lines.sort_by_key(|line| (rank(line), *line));
    insta::assert_snapshot!("plain", lines.join("\n"));
}

#[test]
fn what_belongs_together_stands_together() {
    let town = Town::start();
    let lines = town.plain(&["--exclude-tags=external"]);
    let passed: Vec<_> = lines.iter().filter(|line| line.ends_with(" OK")).collect();
    let udp: Vec<_> =
        passed.iter().enumerate().filter(|(_, line)| line.starts_with("udp:")).map(|(at, _)| at).collect();
    assert_eq!(udp.len(), 2);
    assert_eq!(udp[1], udp[0] + 1, "{lines:#?}");
    let web = "http:http://127.0.0.1:WEB/";
    let tcp = passed.iter().position(|line| **line == format!("{web}:tcp:127.0.0.1:WEB OK")).expect("the connection");
    assert_eq!(*passed[tcp + 1], format!("{web}: OK"), "{lines:#?}");
    let kinds: Vec<_> = passed.iter().map(|line| line.split(':').next()).collect();
    assert!(kinds.is_sorted(), "{lines:#?}");
}

#[test]
fn durations_and_starts_have_the_form_of_the_original() {
    let town = Town::start();
    for unbuffered in [&["-d", "-v"][..], &["-d", "-v", "-U"]] {
        let lines = town.plain(unbuffered);
        assert!(lines.contains(&"Starting tcp:127.0.0.1:SILENT (127.0.0.1:SILENT)...".to_owned()), "{lines:#?}");
        assert!(
            lines.contains(&"Starting http:http://127.0.0.1:WEB/: (GET http://127.0.0.1:WEB/)...".to_owned()),
            "{lines:#?}"
        );
        let mut timed = 0;
        for line in lines.iter().filter(|line| !line.starts_with("Starting ")) {
            let (stamp, rest) = line.split_once(": ").expect("a time");
            assert!(stamp.len() >= 5 && stamp.split_once('.').is_some_and(|(_, ms)| ms.len() == 3), "{line}");
            let _: f64 = stamp.parse().expect("seconds");
            if rest.starts_with("SKIPPED: ") {
                continue;
            }
            let (_, duration) = rest.split_once(": (").unwrap_or_else(|| panic!("no duration: {line}"));
            let (milliseconds, after) = duration.split_once(" ms)").expect("milliseconds");
            let _: f64 = milliseconds.parse().expect("milliseconds");
            assert!(after.is_empty() || (after.starts_with(" - (") && rest.contains(" FAILED: (")), "{line}");
            timed += 1;
        }
        assert!(timed >= 8, "{lines:#?}");
    }
}

#[test]
fn unbuffered_lines_are_the_same_in_another_order() {
    let town = Town::start();
    let (mut buffered, mut unbuffered) = (town.plain(&[]), town.plain(&["-U"]));
    buffered.sort();
    unbuffered.sort();
    assert_eq!(buffered, unbuffered);
}

#[test]
fn tracebacks_stay_under_their_check() {
    let untrusted = TlsPeer::start(&Authority::new().valid(), TlsManner::Silent);
    let refusing = ports::free();
    let yaml = format!(
        "- {{type: tls, host: localhost, port: {}}}\n- {{type: tcp, host: 127.0.0.1, port: {}}}\n",
        untrusted.address().port(),
        refusing.number()
    );
    let ran = Agent::new(&yaml).arg("-t").run();
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines.iter().filter(|line| !line.starts_with("    ")).count(), 2, "{}", ran.out);
    let tls = lines.iter().position(|line| line.starts_with("tls:")).expect("the check");
    assert!(lines[tls + 1].starts_with("    caused by: "), "{}", ran.out);
}

#[test]
fn patterns_and_tags_choose_what_is_printed_and_counted() {
    let town = Town::start();
    for (arguments, lines) in [
        (&["tcp:*:*"][..], 2),
        (&["udp:*"], 2),
        (&["*tcp:*"], 5),
        (&["http:*"], 6),
        (&["http:*:"], 3),
        (&["tcp:*", "tls:*"], 3),
        (&["--include-tags=internal,external"], 3),
        (&["--exclude-tags=internal"], 10),
        (&["--include-tags=external", "*:"], 1),
    ] {
        let printed = town.plain(arguments);
        assert_eq!(printed.len(), lines, "{arguments:?}: {printed:#?}");
        let report = town.run(&[arguments, &["--format", "json"]].concat()).json();
        let counts = &report["counts"];
        let total: u64 = ["pass", "warn", "fail", "skip"].iter().filter_map(|verdict| counts[*verdict].as_u64()).sum();
        assert_eq!(total, u64::try_from(lines).expect("few"), "{arguments:?}: {counts}");
    }
    assert_eq!(town.run(&["tls:*", "udp:*"]).status, 0, "what was not asked for does not count");
}

#[test]
fn a_selected_result_carries_the_failure_of_what_it_needs() {
    let town = Town::start();
    let lines = town.plain(&["--include-tags=external", "*:"]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("http:http://127.0.0.1:CLOSED/x?key=***: FAILED - (GET "), "{lines:?}");
    assert!(lines[0].contains("[connect.refused, service]"), "{lines:?}");
}

#[test]
fn a_connection_that_was_asked_for_alone_makes_no_request() {
    let town = Town::start();
    assert_eq!(
        town.plain(&["http:*/:tcp:*WEB".replace("WEB", "").as_str(), "--include-tags=none"]),
        Vec::<String>::new()
    );
    let before = town.nginx.requests("web").len();
    let port = town.nginx.port("web");
    let lines = town.plain(&[&format!("http:*/:tcp:*:{port}")]);
    assert_eq!(lines, ["http:http://127.0.0.1:WEB/:tcp:127.0.0.1:WEB OK"]);
    // The next request is written down after any that this one had made.
    town.run(&["http:*/:"]);
    harness::wait::until("the request", || town.nginx.requests("web").len() > before);
    assert_eq!(town.nginx.requests("web").len(), before + 1);
}

#[test]
fn under_nrpe_the_output_is_that_of_a_plugin() {
    let town = Town::start();
    let mut agent = Agent::new(&town.yaml()).env("NRPE_PROGRAMVERSION", "4.1.0").args(["--max-timeout=10", "udp:*"]);
    let ran = agent.run();
    assert!(ran.out.starts_with("CONN-CHECK OK: 0 of 2 failed|pass=2;"), "{}", ran.out);
    let plain = Agent::new(&town.yaml()).env("NRPE_PROGRAMVERSION", "4.1.0").args(["--format=plain", "udp:*"]).run();
    assert!(plain.out.ends_with(" OK\n"), "{}", plain.out);
}

#[test]
fn timeouts_are_those_of_the_command_line_unless_the_check_has_its_own() {
    let silent = Peer::start(Manner::Silent);
    let url = format!("url: 'http://127.0.0.1:{}/'", silent.port());
    for (yaml, arguments, seconds) in [
        (format!("- {{type: http, {url}}}"), &["--connect-timeout=0.3"][..], 0.3),
        (format!("- {{type: http, {url}, timeout: 0.3}}"), &[], 0.3),
        (format!("- {{type: http, {url}, timeout: '0.6'}}"), &["--connect-timeout=0.1"], 0.6),
    ] {
        let report = Agent::new(&yaml).args(arguments).report();
        let check = &report["checks"][0];
        assert_eq!(check["failure"]["code"], "protocol.silent");
        let elapsed = check["elapsed_seconds"].as_f64().expect("a time");
        assert!((seconds..seconds + 1.0).contains(&elapsed), "{elapsed} s, not {seconds} s");
    }
}
