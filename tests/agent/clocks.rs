//! This host's clock as a reason: where a server tells its own, and where something proves that it is behind.

use harness::agent::{self, Agent};
use harness::certs::Authority;
use harness::peers::{Peer, Request, TlsManner, TlsPeer};
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs::File;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// What is said of a 401 that comes with this `Date`.
fn refused_with(date: &str) -> Value {
    let answer = format!(
        "HTTP/1.1 401 Unauthorized\r\nDate: {date}\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\
         Content-Length: 0\r\n\r\n"
    );
    let peer = Peer::serve(move |wire| while Request::read(&wire).is_some() && wire.send(answer.as_bytes()) {});
    let yaml =
        format!("- {{type: http, url: 'http://127.0.0.1:{}/', digest_auth: [app, s3cret], timeout: 5}}", peer.port());
    Agent::new(&yaml).report()["checks"][0]["failure"].clone()
}

#[test]
fn a_login_refused_by_a_server_with_another_time_names_both_clocks() {
    let failure = refused_with("Tue, 15 Nov 1994 12:45:26 GMT");
    assert_eq!(failure["code"], "auth.rejected", "{failure}");
    let evidence = failure["evidence"].as_str().expect("evidence");
    assert!(
        evidence.contains("this host's clock is ") && evidence.contains(" days ahead of the server's"),
        "{evidence}"
    );
}

#[test]
fn a_login_refused_by_a_server_with_our_time_or_none_says_nothing_of_clocks() {
    let now = Command::new("date").args(["-u", "+%a, %d %b %Y %T GMT"]).env("LC_ALL", "C").output().expect("date");
    let now = String::from_utf8(now.stdout).expect("text");
    for date in [now.trim_end(), "tomorrow"] {
        let failure = refused_with(date);
        assert_eq!(failure["code"], "auth.rejected", "{failure}");
        assert!(!failure.to_string().contains("clock"), "{failure}");
    }
}

#[test]
fn a_certificate_of_tomorrow_is_this_hosts_fault_where_its_clock_is_proven_to_be_behind() {
    let scratch = Scratch::new();
    let program = scratch.program_from("conn-check", &agent::program());
    let ca = Authority::new();
    let server = TlsPeer::start(&ca.not_yet_valid(), TlsManner::Silent);
    let yaml = format!(
        "- {{type: tls, host: 127.0.0.1, port: {}, ca_file: {}, timeout: 5}}",
        server.address().port(),
        ca.file().display()
    );
    let failure = || Agent::of(&program, &yaml).report()["checks"][0]["failure"].clone();
    let before = failure();
    assert_eq!((&before["code"], &before["owner"]), (&"tls.not-yet-valid".into(), &"certificate".into()), "{before}");
    // The program itself was written in three hours.
    let later = SystemTime::now() + Duration::from_secs(3 * 3600 + 60);
    File::options().append(true).open(&program).expect("the program").set_modified(later).expect("its time");
    let failure = failure();
    assert_eq!((&failure["code"], &failure["owner"]), (&"tls.not-yet-valid".into(), &"host".into()), "{failure}");
    let evidence = failure["evidence"].as_str().expect("evidence");
    assert!(evidence.ends_with("this host's clock is at least 3 h behind: files of its own are younger"), "{evidence}");
}
