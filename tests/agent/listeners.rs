//! What listens on this host, told where a connection to this host is refused.

use harness::agent::{Agent, code};
use harness::peers::{Manner, Peer};
use serde_json::Value;
use std::net::SocketAddr;

fn failure(report: &Value) -> Value {
    report["checks"][0]["failure"].clone()
}

#[test]
fn the_same_port_at_another_address_of_this_host_is_named_with_its_program() {
    let peer = Peer::start_at(SocketAddr::from(([127, 0, 0, 3], 0)), Manner::Silent);
    let port = peer.port();
    let yaml = format!("- {{type: tcp, host: 127.0.0.2, port: {port}}}");
    let report = Agent::new(&yaml).report();
    assert_eq!(code(&report), "connect.refused");
    let failure = failure(&report);
    let message = failure["message"].as_str().expect("a message");
    let pid = std::process::id();
    assert!(message.starts_with(&format!("127.0.0.2:{port} refused the connection: agent-")), "{message}");
    assert!(message.ends_with(&format!("(pid {pid}) listens on 127.0.0.3:{port} only")), "{message}");
    assert_eq!(failure["owner"], "service");
    assert_eq!(failure["next_step"], format!("let it listen on 127.0.0.2:{port} too, or name 127.0.0.3 in the check"));
}

#[test]
fn a_port_on_which_nothing_listens_is_told() {
    let report = Agent::new("- {type: tcp, host: 127.0.0.1, port: 1}").report();
    let failure = failure(&report);
    assert_eq!(failure["message"], "127.0.0.1:1 refused the connection");
    assert!(
        failure["evidence"].as_str().is_some_and(|seen| seen.ends_with("nothing on this host listens on that port"))
    );
}

#[test]
fn another_user_is_told_whose_program_it_is() {
    let peer = Peer::start_at(SocketAddr::from(([127, 0, 0, 5], 0)), Manner::Silent);
    let port = peer.port();
    let mut as_nobody = std::process::Command::new("setpriv");
    as_nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    let report = Agent::through(as_nobody, &format!("- {{type: tcp, host: 127.0.0.4, port: {port}}}")).report();
    let failure = failure(&report);
    let wanted =
        format!("127.0.0.4:{port} refused the connection: a program of user root listens on 127.0.0.5:{port} only");
    assert_eq!(failure["message"], wanted);
}
