//! The mongodb check against a double with the server's side of SCRAM, and against `FerretDB` where
//! it could be built. Never against mongod, which Debian does not have.

use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::mongodb::{DATABASE, Member, Mongodb, PASSWORD, Setup, USER};
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// A file with one mongodb check; `more` are options, each with a comma before it.
fn mongodb(address: SocketAddr, more: &str) -> String {
    format!("- {{type: mongodb, host: {}, port: {}, timeout: 5{more}}}", address.ip(), address.port())
}

/// The options of the user that the double knows.
fn login() -> String {
    format!(", username: {USER}, password: {PASSWORD}, database: {DATABASE}")
}

/// The first check of the report.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&mongodb(address, more)).report()["checks"][0].clone()
}

/// The failure of a check, which must have one.
fn failure(address: SocketAddr, more: &str) -> Value {
    let check = check(address, more);
    assert_eq!(check["verdict"], "fail", "{check}");
    check["failure"].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn an_open_server_passes_and_says_what_it_is() {
    let server = Mongodb::start(Setup::open());
    let check = check(server.address(), "");
    let place = server.address();
    let names = [format!("mongodb:{place}:tcp:{place}"), format!("mongodb:{place}:connect")];
    assert_eq!(check["verdict"], "pass", "{check}");
    assert_eq!(json!([check["results"][0]["name"], check["results"][1]["name"]]), json!(names));
    let facts = json!({"wire_version": 21, "server_version": "speaks as MongoDB 7.0", "server_role": "standalone"});
    assert_eq!(check["facts"], facts);
}

#[test]
fn a_login_by_either_mechanism_passes() {
    for mechanisms in [&["SCRAM-SHA-1", "SCRAM-SHA-256"][..], &["SCRAM-SHA-256"], &["SCRAM-SHA-1"]] {
        let server = Mongodb::start(Setup::with_login().mechanisms(mechanisms));
        let check = check(server.address(), &login());
        assert_eq!(check["verdict"], "pass", "{mechanisms:?}: {check}");
        assert!(text(&check["results"][1], "name").ends_with(":connect with auth"), "{check}");
        assert_eq!((server.proofs(), server.logins()), (1, 1), "{mechanisms:?}");
    }
}
