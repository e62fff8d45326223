//! The clock check: what sets this host's clock, and a real NTP server beside a clock that is wrong.

use harness::agent::{Agent, code};
use harness::chrony::Chrony;
use harness::mounts::Mounts;
use harness::peers::{UdpManner, UdpPeer};
use harness::ports;
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;

/// A comparison with this server, by a clock that is so far off (`+0s`).
fn compare(at: SocketAddr, off: &str, options: &str) -> (String, Value) {
    let yaml = format!(
        "- {{type: clock, server: {}, port: {}, synchronised: false, timeout: 2{options}}}",
        at.ip(),
        at.port()
    );
    let mut outer = Command::new("faketime");
    outer.args(["-f", off]);
    // The time that is waited stays what it is.
    let report = Agent::through(outer, &yaml).env("DONT_FAKE_MONOTONIC", "1").report();
    (code(&report), report["checks"][0].clone())
}

/// What is said without a server, where `/run` has only this.
fn alone(prepare: &str) -> (String, Value) {
    let mounts = Mounts::new().tmpfs("/run", "size=1m").run(prepare);
    let report = Agent::through(mounts.command(), "- {type: clock}").report();
    (code(&report), report["checks"][0].clone())
}

#[test]
fn a_clock_is_compared_with_a_real_server() {
    let chrony = Chrony::start(&["local stratum 3", "allow 127.0.0.0/8"]);
    let (verdict, right) = compare(chrony.address(), "+0s", "");
    assert_eq!(verdict, "pass", "{right}");
    assert_eq!((&right["results"][0]["name"], &right["scope"]), (&"clock".into(), &"local".into()));
    let ntp = &right["facts"]["ntp"];
    assert!(ntp["offset_seconds"].as_f64().is_some_and(|offset| offset.abs() < 0.5) && ntp["stratum"] == 3, "{ntp}");
}

#[test]
fn a_clock_that_is_ahead_or_behind_is_a_warning() {
    let chrony = Chrony::start(&["local stratum 3", "allow 127.0.0.0/8"]);
    for (off, way) in [("+10s", "ahead of"), ("-10s", "behind")] {
        let (verdict, wrong) = compare(chrony.address(), off, "");
        assert_eq!(verdict, "warn", "{wrong}");
        let warning = &wrong["warnings"][0];
        let message = warning["message"].as_str().expect("a message");
        assert_eq!(warning["code"], "local.clock");
        assert!(
            message.starts_with("this host's clock is ")
                && message.ends_with(&format!(" s {way} {}, more than 1 s", chrony.address())),
            "{message}"
        );
        assert_eq!(compare(chrony.address(), off, ", max_offset: 30").0, "pass");
        assert_eq!(compare(chrony.address(), off, ", max_offset: null").0, "pass");
    }
}

#[test]
fn a_server_without_a_time_of_its_own_is_not_ready() {
    let chrony = Chrony::start(&["allow 127.0.0.0/8"]);
    assert_eq!(compare(chrony.address(), "+0s", "").0, "protocol.not-ready");
}

#[test]
fn a_server_that_serves_others_says_nothing() {
    let chrony = Chrony::start(&["local stratum 3", "allow 192.0.2.0/24"]);
    assert_eq!(compare(chrony.address(), "+0s", "").0.as_str(), "protocol.silent");
}

#[test]
fn what_is_no_server_is_told_from_one() {
    let free = ports::free();
    assert_eq!(compare(free.address(), "+0s", "").0, "connect.refused");
    let other = UdpPeer::start(UdpManner::Reply(b"hello".to_vec()));
    let (verdict, check) = compare(other.address(), "+0s", "");
    assert_eq!(verdict, "protocol.malformed", "{check}");
    assert_eq!(check["failure"]["evidence"], "an NTP datagram has 48 bytes; got 5 bytes: hello");
}

#[test]
fn what_sets_the_clock_says_whether_it_is_set() {
    let (verdict, unset) = alone("mkdir -p /run/systemd/timesync");
    assert_eq!(verdict, "warn", "{unset}");
    let message = unset["warnings"][0]["message"].as_str();
    assert_eq!(message, Some("nothing sets this host's clock at the moment (systemd-timesyncd)"));
    assert_eq!(alone("mkdir -p /run/systemd/timesync; : > /run/systemd/timesync/synchronized").0, "pass");
    let (verdict, unknown) = alone("");
    assert_eq!(verdict, "local.failed", "{unknown}");
    assert_eq!(unknown["failure"]["owner"], "config");
}
