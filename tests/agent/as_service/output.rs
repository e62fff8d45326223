//! Where the results go: to files that the service may not write, and does not see.

use super::{Service, UID, agent, refused, shell};
use harness::agent::Agent;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};

fn tcp(peer: &Peer) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}, timeout: 5}}\n", peer.port())
}

#[test]
fn results_go_to_files_that_the_service_neither_sees_nor_may_write() {
    let (peer, scratch) = (Peer::start(Manner::Silent), Scratch::new());
    // Where the service is, there is nothing in that directory.
    let hidden = shell(&format!(
        "mount -t tmpfs none {0} && exec setpriv --reuid={UID} --regid={UID} --clear-groups sleep 1000",
        scratch.path().display()
    ));
    let mut outer = std::process::Command::new("unshare");
    outer.arg("--mount").arg(hidden.get_program()).args(hidden.get_args());
    let service = Service::by(outer, &[]);
    let folder = scratch.folder("of-another");
    chown(&folder, Some(UID + 1), Some(UID + 1)).expect("an owner");
    let (text, json, record) =
        (scratch.path().join("out.txt"), scratch.path().join("out.json"), folder.join("record.json"));
    let also = format!("json={}", json.display());
    let words = [
        "-o".into(),
        text.clone().into_os_string(),
        "--also".into(),
        also.into(),
        "--record".into(),
        record.clone().into_os_string(),
    ];
    let ran = agent(&tcp(&peer), &service).args(words).run();
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{ran:?}");
    assert!(fs::read_to_string(&text).expect("written").contains(" OK"));
    for file in [&json, &record] {
        let report: serde_json::Value = serde_json::from_slice(&fs::read(file).expect("written")).expect("JSON");
        assert_eq!(report["as"]["namespaces"], serde_json::json!(["mount"]), "{report}");
    }
    // As whoever the directory belongs to, who could lead root elsewhere.
    assert_eq!(fs::metadata(&record).expect("written").uid(), UID + 1);
    assert_eq!(fs::metadata(&text).expect("written").uid(), 0);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_checked() {
    let (peer, service, scratch) = (Peer::start(Manner::Silent), Service::of_user(), Scratch::new());
    let missing = scratch.path().join("none/out.txt");
    let said = refused(agent(&tcp(&peer), &service).arg("-o").arg(missing.as_os_str()));
    assert!(said.contains("--output"), "{said}");
    assert_eq!(peer.connections(), 0);
}

#[test]
fn checks_may_come_from_standard_input_and_both_runs_read_them() {
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_user());
    let mut run = Agent::new(&tcp(&peer)).args(["--as", &service.pid().to_string(), "-", "--format=json"]);
    let ran = run.run_with_input(tcp(&peer).as_bytes());
    assert_eq!(ran.json()["counts"]["pass"], 2, "{ran:?}");
    harness::wait::until("each run to connect twice", || peer.connections() == 4);
}

#[test]
fn a_file_that_cannot_be_run_is_told_once() {
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_user());
    let said = refused(agent(&(tcp(&peer) + "- {type: tpc}\n"), &service));
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    let ran = agent("- {type: tpc}\n", &service).arg("--format=json").run();
    assert_eq!((ran.status, ran.json()["verdict"].as_str()), (3, Some("unknown")), "{ran:?}");
    assert_eq!(peer.connections(), 0);
}

#[test]
fn the_whole_run_ends_in_time() {
    let (peer, service) = (Peer::start(Manner::Silent), Service::of_user());
    let yaml = format!("- {{type: mysql, host: 127.0.0.1, port: {}, username: x, timeout: 60}}\n", peer.port());
    let ran = agent(&yaml, &service).args(["--max-timeout=2", "--format=json"]).run();
    assert!(ran.elapsed.as_secs_f64() < 3.0, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["checks"][0]["verdict"], "fail", "{report}");
    assert!(report["checks"][0]["facts"]["as"].is_null(), "both were cut off: {report}");
    let says =
        |note: &serde_json::Value| note.as_str().is_some_and(|note| note.contains("there is nothing to compare with"));
    assert!(report["as"]["notes"].as_array().is_some_and(|notes| notes.iter().any(says)), "{report}");
}
