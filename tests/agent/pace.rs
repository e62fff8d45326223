//! Thousands of checks at once: the times that are reported are the network's.

use harness::agent::Agent;
use harness::peers::{Manner, Peer};

#[test]
fn the_time_of_a_connection_is_its_own_and_not_the_queues() {
    let peer = Peer::start(Manner::Silent);
    let checks = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()).repeat(2000);
    let report = Agent::new(&checks).report();
    assert_eq!(report["counts"]["pass"], 2000);
    let phases = report["checks"].as_array().expect("checks").iter().flat_map(|check| {
        check["phases"].as_array().expect("phases").iter().filter(|phase| phase["phase"] == "connect")
    });
    let mut times: Vec<_> = phases.map(|phase| phase["elapsed_seconds"].as_f64().expect("seconds")).collect();
    times.sort_by(f64::total_cmp);
    let (median, whole) = (times[times.len() / 2], report["elapsed_seconds"].as_f64().expect("seconds"));
    assert!(median < whole / 20.0, "half of the connections took {median} s or more of a run of {whole} s");
}
