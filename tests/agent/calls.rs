//! A run in which the n-th system call of a kind fails, for every n and kind: never a panic, a hang, a false pass,
//! nor a fault told of a service that is well. `cargo xtask calls` tries all of them.

use crate::town::Town;
use harness::agent::Agent;
use harness::ports::{self, Port};
use harness::random::{self, Random};
use harness::scratch::Scratch;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// How many places are tried, unless `CONN_CHECK_CALLS` says another number.
const PLACES: usize = 200;

/// The calls that fail, and what this host says then: nothing that a peer or the network could be the cause of.
const CALLS: [(&str, &str); 12] = [
    ("socket", "EMFILE"),
    ("connect", "EADDRNOTAVAIL"),
    ("read", "ENOMEM"),
    ("recvfrom", "ENOMEM"),
    // All that an eventfd(2) can say, and a pipe that is full.
    ("write", "EAGAIN"),
    ("sendto", "ENOBUFS"),
    ("writev", "ENOBUFS"),
    ("openat", "EMFILE"),
    ("epoll_ctl", "ENOSPC"),
    ("clone3", "EAGAIN"),
    ("getrandom", "ENOSYS"),
    ("setsockopt", "ENOPROTOOPT"),
];

/// What the run has to keep to.
const MAX_TIMEOUT: Duration = Duration::from_secs(6);

/// Twelve checks that have to pass, and two that have to fail, whatever happens.
struct Checks {
    yaml: String,
    _town: Town,
    _closed: Port,
}

/// How many of them have to pass.
const GOOD: usize = 12;

impl Checks {
    fn new() -> Self {
        let (town, closed) = (Town::new(), ports::free());
        let mut yaml: String = town.services.iter().map(|one| one.yaml(one.address, 4.0)).collect();
        let web = town.services.iter().find(|one| one.kind == "http").expect("the web").address;
        yaml += &format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", closed.number());
        yaml += &format!("- {{type: http, url: 'http://{web}/other', expected_body: nowhere}}\n");
        Self { yaml, _town: town, _closed: closed }
    }

    /// A run under strace(1); its log.
    fn run(&self, injection: &[String]) -> (harness::agent::Ran, String) {
        let scratch = Scratch::new();
        let log = scratch.path().join("calls");
        let mut strace = Command::new("/usr/bin/strace");
        let names = CALLS.map(|(name, _)| name).join(",");
        strace.args(["-f", "-qqq", "--signal=none", "-e", &format!("trace={names}"), "-o"]).arg(&log).args(injection);
        let limit = MAX_TIMEOUT.as_secs().to_string();
        let ran = Agent::through(strace, &self.yaml).args(["--format", "json", "--max-timeout", &limit]).run();
        (ran, fs::read_to_string(log).expect("what strace has seen"))
    }

    /// Every place of every kind of call that a run has: a kind, and the number of the call.
    fn places(&self) -> Vec<(usize, usize)> {
        let (ran, log) = self.run(&[]);
        let verdicts: Vec<_> = checks(&ran.json()).iter().map(|check| check["verdict"] == "pass").collect();
        assert_eq!(verdicts, [[true; GOOD].as_slice(), &[false; 2]].concat(), "{}", ran.out);
        // strace counts for each thread, as it injects: the first word of a line is the thread's number.
        let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for line in log.lines() {
            let mut words = line.splitn(2, ' ');
            let (thread, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_start());
            let kind =
                CALLS.iter().position(|(name, _)| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')));
            if let Some(kind) = kind {
                *counts.entry((kind, thread)).or_default() += 1;
            }
        }
        let most =
            |kind| counts.iter().filter(|((one, _), _)| *one == kind).map(|(_, count)| *count).max().unwrap_or(0);
        (0..CALLS.len()).flat_map(|kind| (1..=most(kind)).map(move |number| (kind, number))).collect()
    }

    fn fail(&self, (kind, number): (usize, usize)) {
        let (name, error) = CALLS[kind];
        let injection = ["-e".to_owned(), format!("inject={name}:error={error}:when={number}")];
        let (ran, _) = self.run(&injection);
        let story = || format!("{error} at {name} {number}: {ran:?}");
        assert!(ran.elapsed < MAX_TIMEOUT + Duration::from_secs(2), "too late: {}", story());
        assert!(!ran.err.contains("panic"), "{}", story());
        // Before the program begins, the dynamic loader has its own words (ld.so(8)).
        if ran.status == 127 && ran.err.contains("error while loading shared libraries") {
            return;
        }
        let Ok(report) = serde_json::from_str::<Value>(&ran.out) else {
            assert!(ran.status > 1 && !ran.err.trim().is_empty(), "neither a report nor a reason: {}", story());
            return;
        };
        for (index, check) in checks(&report).iter().enumerate() {
            let (failure, passes) = (&check["failure"], check["verdict"] != "fail");
            assert!(index < GOOD || !passes, "a false pass: {check}\n{}", story());
            if index < GOOD && !passes {
                assert_eq!(failure["owner"], "host", "of {check}\n{}", story());
                assert_ne!(failure["code"], "run.own-fault", "of {check}\n{}", story());
            }
        }
    }
}

fn checks(report: &Value) -> Vec<Value> {
    report["checks"].as_array().cloned().unwrap_or_default()
}

#[test]
#[expect(clippy::print_stderr, reason = "the figure of the long form")]
fn a_call_that_fails_is_this_hosts_fault_and_nobody_elses() {
    let (checks, mut random) = (Checks::new(), Random::new(9));
    let mut places = checks.places();
    assert!(places.len() > 150, "{places:?}");
    for last in (1..places.len()).rev() {
        places.swap(last, random.below(last + 1));
    }
    places.truncate(random::count("CONN_CHECK_CALLS", PLACES));
    let wrong: Vec<_> = std::thread::scope(|scope| {
        let halves = places.chunks(places.len().div_ceil(2));
        let checks = &checks;
        let shares: Vec<_> = halves
            .map(|half| {
                scope.spawn(|| {
                    half.iter()
                        .filter_map(|place| {
                            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| checks.fail(*place)))
                                .err()
                                .map(|_| *place)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        shares.into_iter().flat_map(|share| share.join().expect("a thread")).collect()
    });
    eprintln!("{} places, {} of them wrong", places.len(), wrong.len());
    let named: Vec<_> = wrong.iter().map(|(kind, number)| format!("{} {number}", CALLS[*kind].0)).collect();
    assert_eq!(named, [""; 0], "of {} places", places.len());
}
