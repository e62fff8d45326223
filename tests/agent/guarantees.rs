//! What holds whatever servers, resolvers and files do (each has a test here or in hostile.rs).

use conn_check::report::FORMATS;
use harness::agent::{Agent, Ran, program};
use harness::peers::{FullQueue, Manner, Peer, UdpManner, UdpPeer};
use harness::ports::{self, Port};
use harness::scratch::Scratch;
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What `--max-timeout 2` may take on a busy machine.
const LATEST: Duration = Duration::from_secs(3);

/// Servers that answer, and servers that keep their clients waiting, each in a way of its own.
struct Mix {
    listening: Peer,
    silent: Peer,
    dripping: Peer,
    endless: Peer,
    slow_body: Peer,
    stalled: Peer,
    full: FullQueue,
    datagrams: UdpPeer,
    refusing: Port,
}

impl Mix {
    fn start() -> Self {
        // Once it is asked: one letter after the other.
        let dripping = |head: &'static [u8]| {
            Peer::serve(move |wire| {
                let asked = !wire.first_bytes().is_empty() && wire.send(head);
                while asked && wire.pause(Duration::from_millis(50)) && wire.send(b"0") {}
            })
        };
        Self {
            listening: Peer::start(Manner::Silent),
            silent: Peer::start(Manner::Silent),
            dripping: dripping(b"HTTP/1.1 20"),
            endless: Peer::start(Manner::Endless),
            slow_body: dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
            stalled: Peer::start(Manner::StalledTls),
            full: FullQueue::start(),
            datagrams: UdpPeer::start(UdpManner::Silent),
            refusing: ports::free(),
        }
    }

    /// Each check with what must come of it when the run is cut off.
    fn checks(&self) -> Vec<(String, &'static str)> {
        let tcp = |port: u16| format!("type: tcp, host: 127.0.0.1, port: {port}");
        let tls = |port: u16| format!("type: tls, host: 127.0.0.1, port: {port}");
        let http = |port: u16, more: &str| format!("type: http, url: 'http://127.0.0.1:{port}/'{more}");
        let full = self.full.address().port();
        let datagrams = self.datagrams.port();
        vec![
            (tcp(self.listening.port()), "pass"),
            (tcp(self.endless.port()), "pass"),
            (tcp(self.refusing.number()), "connect.refused"),
            (tcp(full), "connect.timeout"),
            (tls(full), "connect.timeout"),
            (http(full, ""), "connect.timeout"),
            (tls(self.silent.port()), "tls.timeout"),
            (tls(self.stalled.port()), "tls.timeout"),
            (http(self.silent.port(), ""), "protocol.timeout"),
            (http(self.dripping.port(), ""), "protocol.timeout"),
            (http(self.slow_body.port(), ", expected_body: never"), "request.timeout"),
            (
                format!("type: http, url: 'https://127.0.0.1/', proxy_url: 'http://127.0.0.1:{}'", self.silent.port()),
                "proxy.timeout",
            ),
            (format!("type: udp, host: 127.0.0.1, port: {datagrams}, send: x, expect: y"), "protocol.timeout"),
            (format!("type: dns, name: a.test, server: 127.0.0.1, port: {datagrams}"), "resolve.timeout"),
        ]
    }

    fn yaml(&self) -> String {
        self.checks().iter().map(|(check, _)| format!("- {{{check}}}\n")).collect()
    }
}

/// The failure's code of each check, or its verdict.
fn codes(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks in {report}"));
    let code = |check: &Value| check["failure"]["code"].as_str().or(check["verdict"].as_str()).map(str::to_owned);
    checks.iter().map(|check| code(check).expect("a verdict")).collect()
}

#[test]
fn the_run_ends_in_time_and_every_check_says_where_it_waited() {
    let mix = Mix::start();
    let ran = Agent::new(&mix.yaml()).args(["--max-timeout", "2", "--format", "json"]).run();
    assert!(ran.elapsed < LATEST, "took {:?}", ran.elapsed);
    assert_eq!(ran.status, 2);
    let report = ran.json();
    let wanted: Vec<_> = mix.checks().into_iter().map(|(check, code)| (check, code.to_owned())).collect();
    let got: Vec<_> = wanted.iter().map(|(check, _)| check.clone()).zip(codes(&report)).collect();
    assert_eq!(got, wanted);
    for check in report["checks"].as_array().expect("checks") {
        if check["failure"]["code"].as_str().is_some_and(|code| code.ends_with(".timeout")) {
            let message = check["failure"]["message"].as_str().expect("a message");
            // A name server has its own words.
            let named =
                message.contains("when the run's time was over") || message.contains("did not answer within 1.");
            assert!(named, "{message}");
        }
    }
}

#[test]
fn a_cut_off_run_is_written_down_in_time_in_every_format() {
    let mix = Mix::start();
    let yaml = mix.yaml();
    let failed = mix.checks().iter().filter(|(_, code)| *code != "pass").count();
    std::thread::scope(|scope| {
        for format in FORMATS.map(|format| format.name) {
            let yaml = &yaml;
            scope.spawn(move || {
                let ran = Agent::new(yaml).args(["--max-timeout", "2", "--format", format, "--record", "record"]).run();
                assert!(ran.elapsed < LATEST, "{format} took {:?}", ran.elapsed);
                assert_eq!(ran.status, crate::formats::status_in(format, 2), "{format}: {ran:?}");
                let mentions = ran.out.matches("connect.refused").count();
                assert!(mentions >= 1 || format == "human", "{format}: {}", ran.out);
                assert!(ran.out.contains("protocol.timeout"), "{format}: {}", ran.out);
                if format == "plain" {
                    assert_eq!(
                        ran.out.lines().filter(|line| line.contains(" FAILED - ")).count(),
                        failed,
                        "{}",
                        ran.out
                    );
                }
            });
        }
    });
}

#[test]
fn only_what_never_started_is_called_late() {
    let silent = Peer::start(Manner::Silent);
    let check = format!("- {{type: http, url: 'http://127.0.0.1:{}/'}}\n", silent.port());
    let tcp = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", silent.port());
    let yaml = tcp.clone() + &check + &tcp.repeat(3);
    let ran = Agent::new(&yaml).args(["--max-timeout", "1", "--concurrency", "1", "--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(2), "took {:?}", ran.elapsed);
    assert_eq!(codes(&ran.json()), ["pass", "protocol.timeout", "run.deadline", "run.deadline", "run.deadline"]);
    assert_eq!(ran.json()["counts"]["fail"], 4);
}

#[test]
fn a_shorter_timeout_of_a_check_comes_before_the_end_of_the_run() {
    let silent = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: http, url: 'http://127.0.0.1:{}/', timeout: 0.2}}", silent.port());
    let ran = Agent::new(&yaml).args(["--max-timeout", "5", "--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(2), "took {:?}", ran.elapsed);
    assert_eq!(codes(&ran.json()), ["protocol.silent"]);
}

/// Runs 10,000 checks of one server within so many descriptors; the report and the peak in KiB.
fn ten_thousand_within(descriptors: u32) -> (Ran, u64) {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()).repeat(10_000);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {descriptors}; exec /usr/bin/time -q -f %M -o peak \"$@\""), "sh"]);
    let mut agent = Agent::through(shell, &yaml).args(["--format", "json"]);
    let ran = agent.run();
    let peak = fs::read_to_string(agent.scratch().path().join("peak")).expect("the scale");
    (ran, peak.trim().parse().expect("a number"))
}

#[test]
fn ten_thousand_checks_pass_within_few_descriptors() {
    for descriptors in [256, 64] {
        let (ran, peak) = ten_thousand_within(descriptors);
        assert_eq!(ran.status, 0, "ulimit -n {descriptors}: {}{}", ran.err, &ran.out[..ran.out.len().min(2000)]);
        assert_eq!(ran.json()["counts"]["pass"], 10_000);
        assert!(peak < 200 * 1024, "held {peak} KiB");
    }
}

#[test]
fn an_endless_banner_and_an_endless_body_are_cut() {
    // What a peer can hand to the kernel before it notices: both sockets' buffers and 64 KiB.
    const MOST: u64 = 8 << 20;
    let banner = Peer::start(Manner::Endless);
    let body = Peer::start(Manner::EndlessHttp);
    let url = format!("url: 'http://127.0.0.1:{}/'", body.port());
    let yaml = format!(
        "- {{type: tcp, host: 127.0.0.1, port: {}}}\n- {{type: tls, host: 127.0.0.1, port: {}}}\n\
         - {{type: http, url: 'http://127.0.0.1:{}/'}}\n\
         - {{type: http, {url}}}\n- {{type: http, {url}, expected_body: absent}}\n- {{type: http, {url}, expected_body: xxx}}\n",
        banner.port(),
        banner.port(),
        banner.port()
    );
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(5), "took {:?}", ran.elapsed);
    let codes = codes(&ran.json());
    assert_eq!(codes[0], "pass");
    assert_eq!(codes[1], "tls.not-tls");
    assert!(
        ["protocol.malformed", "protocol.too-large", "protocol.wrong-service"].contains(&codes[2].as_str()),
        "{codes:?}"
    );
    assert_eq!(codes[3..], ["pass", "request.unexpected-body", "pass"]);
    assert!(banner.sent() < 3 * MOST && body.sent() < 3 * MOST, "{} and {} bytes", banner.sent(), body.sent());
    assert!(ran.out.len() < 16 * 1024, "the report has {} bytes", ran.out.len());
}

/// A run that waits until it is told to end.
struct Waiting {
    child: Child,
    _scratch: Scratch,
}

impl Waiting {
    fn start(yaml: &str, arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let file = scratch.write("checks.yaml", yaml);
        let mut command = Command::new(program());
        command.arg(file).args(arguments).env_clear().stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        Self { child, _scratch: scratch }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("a signal");
    }

    fn end(mut self) -> (i32, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
        self.child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
        (self.child.wait().expect("it ends").code().unwrap_or(-1), out, err)
    }
}

#[test]
fn a_signal_ends_the_run_and_what_is_known_is_printed() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let (listening, silent) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent));
        let refusing = ports::free();
        let pass = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", listening.port());
        let wait = format!("- {{type: http, url: 'http://127.0.0.1:{}/'}}\n", silent.port());
        let fail = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", refusing.number());
        for (yaml, status) in [(pass.clone() + &wait, 3), (fail + &pass + &wait, 2)] {
            let before = (listening.connections(), silent.received());
            let waiting = Waiting::start(&yaml, &["-U"]);
            wait::until("the request", || silent.received() > before.1 && listening.connections() > before.0);
            // Both connections of the other checks are over when this one has said all it has to say.
            wait::until("the others", || listening.open() == 0);
            let began = Instant::now();
            waiting.signal(signal);
            let (code, out, err) = waiting.end();
            assert!(began.elapsed() < Duration::from_secs(1), "took {:?}", began.elapsed());
            assert_eq!((code, err.as_str()), (status, ""), "{signal}: {out}");
            assert!(out.contains(&format!("tcp:127.0.0.1:{} OK", listening.port())), "{out}");
            let url = format!("http://127.0.0.1:{0}/", silent.port());
            assert_eq!(out.matches(&format!("http:{url}:tcp:")).count(), 1, "{out}");
            assert!(out.contains(&format!("SKIPPED: http:{url}:")), "{out}");
        }
    }
}

#[test]
fn an_interrupted_run_is_unknown_in_every_format() {
    let (listening, silent) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent));
    let yaml = format!(
        "- {{type: tcp, host: 127.0.0.1, port: {}}}\n- {{type: http, url: 'http://127.0.0.1:{}/'}}\n",
        listening.port(),
        silent.port()
    );
    for format in FORMATS.map(|format| format.name) {
        let before = (listening.connections(), silent.received());
        let waiting = Waiting::start(&yaml, &["--format", format]);
        wait::until("the request", || silent.received() > before.1 && listening.connections() > before.0);
        wait::until("the other check", || listening.open() == 0);
        waiting.signal(Signal::SIGTERM);
        let (code, out, err) = waiting.end();
        assert_eq!((code, err.as_str()), (3, ""), "{format}: {out}");
        let name = format!("127.0.0.1:{}", listening.port());
        assert!(out.contains(&name), "{format}: {out}");
        match format {
            "plain" => assert!(out.contains("OK\n") && out.contains("SKIPPED: http:"), "{out}"),
            "nagios" => assert!(out.starts_with("CONN-CHECK UNKNOWN: ") && out.contains("interrupted"), "{out}"),
            "jsonl" => assert_eq!(out.matches("\"event\":\"finished\"").count(), 2, "{out}"),
            "json" => interrupted(&serde_json::from_str(&out).expect("JSON")),
            _ => {}
        }
    }
}

/// One check is over, the other one was cut off behind its first result.
fn interrupted(report: &Value) {
    assert_eq!((&report["verdict"], &report["interrupted"]), (&"unknown".into(), &true.into()), "{report:#}");
    assert_eq!(report["counts"], json!({"pass": 2, "warn": 0, "fail": 0, "skip": 1}));
    assert_eq!(report["check_counts"], json!({"pass": 1, "warn": 0, "fail": 0, "skip": 1}));
    let cut_off = &report["checks"][1];
    assert_eq!((&cut_off["verdict"], &cut_off["reason"]), (&"skip".into(), &"interrupted".into()));
    let [connected, answered] = [0, 1].map(|result| &cut_off["results"][result]);
    assert_eq!((&connected["verdict"], &connected["reason"]), (&"pass".into(), &Value::Null));
    assert_eq!((&answered["verdict"], &answered["reason"]), (&"skip".into(), &"interrupted".into()));
}

#[test]
fn no_core_is_dumped_and_no_debugger_reads_the_memory() {
    let silent = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: http, url: 'http://127.0.0.1:{}/'}}", silent.port());
    let waiting = Waiting::start(&yaml, &[]);
    wait::until("the request", || silent.received() > 0);
    let process = format!("/proc/{}", waiting.child.id());
    let limits = fs::read_to_string(format!("{process}/limits")).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the line");
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    // What is not dumpable belongs to root, whoever runs it (proc(5)); root cannot tell the two apart
    // by the owner, but by the empty list of threads' memory: CoreDumping and the owner of maps.
    let status = fs::read_to_string(format!("{process}/status")).expect("status");
    assert!(status.contains("CoreDumping:\t0"), "{status}");
    waiting.signal(Signal::SIGABRT);
    let (ended, ..) = waiting.end();
    assert_eq!(ended, -1, "it was ended by the signal");
}

#[test]
fn another_users_run_is_not_to_be_traced() {
    let silent = Peer::start(Manner::Silent);
    let scratch = Scratch::new();
    let copy = scratch.program_from("conn-check", &program());
    let file = scratch.write("checks.yaml", format!("- {{type: http, url: 'http://127.0.0.1:{}/'}}", silent.port()));
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy).arg(&file);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let waiting = Waiting { child, _scratch: scratch };
    wait::until("the request", || silent.received() > 0);
    let owner = fs::metadata(format!("/proc/{}/environ", waiting.child.id())).expect("metadata");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0, "a dumpable process owns its own /proc");
    waiting.signal(Signal::SIGTERM);
    assert_eq!(waiting.end().0, 3);
}

#[test]
fn a_server_without_tls_1_2_is_refused() {
    // A ServerHello that chooses TLS 1.1 (RFC 4346), and one that chooses SSL 3.0 (RFC 6101).
    for version in [[3, 2], [3, 0]] {
        let old = Peer::serve(move |wire| {
            if !wire.first_bytes().is_empty() {
                let hello = [&[2, 0, 0, 38, version[0], version[1]][..], &[7; 32], &[0, 0, 47, 0]].concat();
                let length = u8::try_from(hello.len()).expect("short");
                let _taken = wire.send(&[&[22, version[0], version[1], 0, length][..], &hello].concat());
                wire.finish();
            }
        });
        let yaml = format!("- {{type: tls, host: 127.0.0.1, port: {}, disable_tls_verification: true}}", old.port());
        let report = Agent::new(&yaml).report();
        assert_eq!(codes(&report), ["tls.no-common-version"], "{report}");
    }
}

#[test]
fn nothing_is_left_behind() {
    let mix = Mix::start();
    let scratch = Scratch::new();
    let mut agent = Agent::new(&mix.yaml()).env("TMPDIR", scratch.path().to_str().expect("a path"));
    agent = agent.args(["--max-timeout", "1", "-o", "report", "--record", "record"]);
    let ran = agent.run();
    assert_eq!((ran.status, ran.err.as_str()), (2, ""));
    assert_eq!(fs::read_dir(scratch.path()).expect("the folder").count(), 0, "files in TMPDIR");
    assert_eq!(fs::read_dir(agent.scratch().path()).expect("the folder").count(), 3);
    for peer in [&mix.listening, &mix.silent, &mix.stalled] {
        wait::until("the connections to close", || peer.open() == 0);
    }
}

#[test]
fn a_run_holds_no_descriptor_longer_than_its_check() {
    let (peer, silent) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent));
    let tcp = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let yaml = tcp.repeat(200) + &format!("- {{type: http, url: 'http://127.0.0.1:{}/'}}\n", silent.port());
    let waiting = Waiting::start(&yaml, &[]);
    wait::until("the last check", || silent.received() > 0 && peer.connections() == 200 && peer.open() == 0);
    let descriptors = fs::read_dir(format!("/proc/{}/fd", waiting.child.id())).expect("descriptors").count();
    assert!(descriptors < 16, "{descriptors} descriptors are open for one connection");
    waiting.signal(Signal::SIGTERM);
    assert_eq!(waiting.end().0, 3);
}
