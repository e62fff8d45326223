//! A server that asks for more hashing than anybody needs takes no other check's result or time.

use super::login;
use crate::town::Town;
use harness::agent::Agent;
use harness::mongodb::{Mongodb, Setup};
use harness::peers::{Manner, Peer};
use harness::wait;
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;

/// Seconds that a check may take, each of them.
const TIMEOUT: f64 = 1.0;

/// What it may take beside, for a busy machine.
const MARGIN: f64 = 0.2;

/// Checks of the rogue. Two that did as they are told would take more than the margin.
const ROGUES: usize = 20;

/// A command that goes on with its arguments on two of this machine's processors.
fn on_two_processors() -> Command {
    let ours = sched_getaffinity(Pid::from_raw(0)).expect("the processors");
    let numbers = (0..CpuSet::count()).filter(|number| ours.is_set(*number).expect("a number"));
    let two: Vec<_> = numbers.take(2).map(|number| number.to_string()).collect();
    let mut taskset = Command::new("/usr/bin/taskset");
    taskset.args(["--cpu-list", &two.join(",")]);
    taskset
}

/// In time, whatever came of it.
fn in_time(check: &Value) {
    let took = check["elapsed_seconds"].as_f64().expect("seconds");
    assert!(took < TIMEOUT + MARGIN, "{took} s of {TIMEOUT} s: {check}");
}

#[test]
fn more_than_a_million_rounds_cost_no_other_check_its_result() {
    let (town, silent) = (Town::new(), Peer::start(Manner::Silent));
    let others: Vec<_> = town.services.iter().filter(|one| one.kind != "mongodb").collect();
    assert_eq!(others.len(), 11);
    // The first is heard in the answer to hello, the second in that to saslStart.
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1"] {
        let rogue = Mongodb::start(Setup::with_login().mechanisms(&[mechanism]).iterations(1_000_001));
        let place = format!("host: {}, port: {}", rogue.address().ip(), rogue.address().port());
        let asking = format!("- {{type: mongodb, {place}, timeout: {TIMEOUT}{}}}\n", login());
        let waiting = format!("- {{type: http, url: 'http://{}/', timeout: {TIMEOUT}}}\n", silent.address());
        let mut yaml = asking.repeat(ROGUES / 2);
        others.iter().for_each(|one| yaml.write_str(&one.yaml(one.address, TIMEOUT)).expect("a text"));
        yaml += &(waiting + &asking.repeat(ROGUES / 2));
        let report = Agent::through(on_two_processors(), &yaml).args(["--max-timeout", "5"]).report();
        let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {report}"));
        assert_eq!(checks.len(), ROGUES + others.len() + 1);
        checks.iter().for_each(in_time);
        let (refused, rest): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check["type"] == "mongodb");
        for check in refused {
            assert_eq!(check["failure"]["code"], "auth.method-unsupported", "{check}");
            let message = check["failure"]["message"].as_str().unwrap_or_default();
            assert!(message.contains("hashed 1000001 times"), "{message}");
        }
        let (last, good) = rest.split_last().expect("checks");
        good.iter().for_each(|check| assert_eq!(check["verdict"], "pass", "{check}"));
        assert_eq!(last["failure"]["code"], "protocol.silent", "{last}");
        assert_eq!(rogue.proofs(), 0);
    }
}

#[test]
fn a_million_rounds_are_computed_beside_the_other_checks() {
    let town = Town::new();
    let others: Vec<_> = town.services.iter().filter(|one| one.kind != "mongodb").collect();
    let slow = Mongodb::start(Setup::with_login().iterations(1_000_000));
    let place = format!("host: {}, port: {}", slow.address().ip(), slow.address().port());
    // As many as cannot all have their turn in time.
    let mut yaml = format!("- {{type: mongodb, {place}, timeout: 10{}}}\n", login()).repeat(ROGUES);
    others.iter().for_each(|one| yaml.write_str(&one.yaml(one.address, TIMEOUT)).expect("a text"));
    let report = Agent::through(on_two_processors(), &yaml).report();
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {report}"));
    let (hashed, rest): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check["type"] == "mongodb");
    assert!(hashed.iter().any(|check| check["verdict"] == "pass"), "{report}");
    let mut waiting = 0;
    for check in hashed {
        // It is this host that has no more time, and not the server; but where the proof was sent, the double's own
        // hashing is waited for.
        let is_waiting = check["failure"]["code"] == "auth.timeout";
        waiting += usize::from(check["verdict"] == "pass" || is_waiting);
        let is_ours = check["failure"]["code"] == "connect.local-limit";
        assert!(check["verdict"] == "pass" || is_waiting || is_ours, "{check}");
    }
    // Each of them has sent its proof, and no other; the double counts what it has come to read.
    wait::until("as many proofs as checks that sent one", || slow.proofs() == waiting);
    for check in rest {
        assert_eq!(check["verdict"], "pass", "{check}");
        in_time(check);
    }
}
