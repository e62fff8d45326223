//! Nobody on the way talks the check into less than it asks for, and what it does without is seen.

use harness::agent::Agent;
use harness::certs::Authority;
use harness::mariadb::{self, MariaDb};
use harness::peers::Peer;
use harness::postgres::{self, Postgres};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn told<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

/// A check of a type, with these options behind its address.
fn check_of(kind: &str, address: SocketAddr, more: &str) -> String {
    format!("- {{type: {kind}, host: '{}', port: {}, timeout: 10, {more}}}\n", address.ip(), address.port())
}

const POSTGRES: &str = "username: app, password: correct-horse, database: shop";
const MYSQL: &str = "username: app, password: s3cret-Word";

#[test]
fn a_preference_with_a_ca_or_a_certificate_is_a_demand() {
    let ca = Authority::new();
    let own = ca.client("app");
    let trust = format!("ca_file: {}", ca.file().display());
    let certificate =
        format!("client_cert: {}, client_key: {}", own.certificate_file().display(), own.key_file().display());
    let postgres = Postgres::start(&postgres::Setup::plain());
    let mariadb = MariaDb::start(&mariadb::Setup::new());
    for (kind, address, login) in [("postgres", postgres.address(), POSTGRES), ("mysql", mariadb.address(), MYSQL)] {
        assert_eq!(check(&check_of(kind, address, login))["verdict"], "pass");
        for (more, option) in [(&trust, "ca_file"), (&certificate, "client_cert")] {
            for mode in ["", ", use_tls: prefer"] {
                let check = check(&check_of(kind, address, &format!("{login}, {more}{mode}")));
                assert_eq!((told(&check, "code"), told(&check, "owner")), ("tls.not-tls", "config"), "{check}");
                let why = format!(", but `{option}` in the check requires it");
                assert!(told(&check, "message").ends_with(&why), "{check}");
                assert!(told(&check, "next_step").starts_with("enable "), "{check}");
            }
        }
    }
}

#[test]
fn a_password_is_not_handed_to_whoever_takes_tls_out() {
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let notes = Arc::clone(&heard);
    // Answers N, asks for the password itself, and lets everybody in.
    let rogue = Peer::serve(move |wire| {
        let _asked = wire.first_bytes();
        let _sent = wire.send(b"N");
        let _start_up = wire.first_bytes();
        let _sent = wire.send(b"R\0\0\0\x08\0\0\0\x03");
        notes.lock().expect("notes").extend(wire.first_bytes());
        let _sent = wire.send(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I");
        wire.drain();
    });
    let ca = Authority::new();
    let more = format!("{POSTGRES}, ca_file: {}", ca.file().display());
    let check = check(&check_of("postgres", rogue.address(), &more));
    assert_eq!(told(&check, "code"), "tls.not-tls", "{check}");
    assert!(!String::from_utf8_lossy(&heard.lock().expect("notes")).contains("correct-horse"));
}
