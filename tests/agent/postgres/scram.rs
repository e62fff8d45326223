//! Logins by SCRAM: what the server has to show, and what it may not ask for.

use super::{failed, passes, text, with_password, yaml};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::peers::{Peer, Wire};
use harness::postgres::{PASSWORD, Postgres, Setup, USER};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZero;
use std::sync::{Arc, Mutex};

const SALT: &[u8] = b"grains of salt!!";

/// What `PostgreSQL` keeps of the password after so many rounds (its manual, "`pg_authid`"); with the key of
/// `server_password`, which is another one for a server that cannot prove anything.
fn kept(rounds: u32, server_password: &str) -> String {
    let mac = |password: &str, text: &str| {
        let mut salted = [0; 32];
        let rounds = NonZero::new(rounds).expect("rounds");
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, SALT, password.as_bytes(), &mut salted);
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), text.as_bytes())
    };
    let stored = digest::digest(&digest::SHA256, mac(PASSWORD, "Client Key").as_ref());
    let own = mac(server_password, "Server Key");
    let [salt, stored, own] = [SALT, stored.as_ref(), own.as_ref()].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${rounds}:{salt}${stored}:{own}")
}

#[test]
fn too_few_rounds_are_refused_before_anything_is_shown() {
    let role = |name: &str, kept: &str| format!("CREATE ROLE {name} LOGIN PASSWORD '{kept}'");
    let postgres = Postgres::start(
        &Setup::plain()
            .rule("host all weak,once,sound samehost scram-sha-256")
            .sql(&role("weak", &kept(4095, PASSWORD)))
            .sql(&role("once", &kept(1, PASSWORD)))
            .sql(&role("sound", &kept(4096, PASSWORD))),
    );
    passes(&yaml(postgres.address(), "sound", &with_password("")));
    for (user, rounds) in [("weak", 4095), ("once", 1)] {
        let failure = failed(&yaml(postgres.address(), user, &with_password("")), "auth.method-unsupported", "service");
        assert!(text(&failure, "message").contains(&format!("hashed {rounds} times only")), "{failure}");
        assert!(text(&failure, "next_step").contains("4096 rounds"), "{failure}");
    }
}

#[test]
fn a_rogue_that_asks_for_one_round_gets_no_proof() {
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let notes = Arc::clone(&heard);
    let rogue = Peer::serve(move |wire| notes.lock().expect("notes").extend(challenged(&wire, "i=1")));
    failed(&yaml(rogue.address(), USER, &with_password("")), "auth.method-unsupported", "service");
    assert_eq!(String::from_utf8_lossy(&heard.lock().expect("notes")), "");
}

#[test]
fn as_many_rounds_as_a_server_may_well_have_are_computed() {
    let role = |rounds: u32| format!("CREATE ROLE times{rounds} LOGIN PASSWORD '{}'", kept(rounds, PASSWORD));
    let postgres = Postgres::start(
        &Setup::plain()
            .rule("host all times100001,times600000 samehost scram-sha-256")
            .sql(&role(100_001))
            .sql(&role(600_000)),
    );
    for rounds in [100_001, 600_000] {
        passes(&yaml(postgres.address(), &format!("times{rounds}"), &with_password("")));
    }
    let wrong = yaml(postgres.address(), "times600000", ", password: not-this-one");
    failed(&wrong, "auth.rejected", "credentials");
}

#[test]
fn more_rounds_than_ours_are_a_limit_of_ours_and_get_no_proof() {
    for rounds in ["1000001", "4294967295", "99999999999"] {
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let notes = Arc::clone(&heard);
        let end = format!("i={rounds}");
        let server = Peer::serve(move |wire| notes.lock().expect("notes").extend(challenged(&wire, &end)));
        let failure = failed(&yaml(server.address(), USER, &with_password("")), "auth.method-unsupported", "service");
        assert!(text(&failure, "message").ends_with("a limit of conn-check's"), "{failure}");
        assert!(text(&failure, "next_step").contains("scram_iterations"), "{failure}");
        assert!(heard.lock().expect("notes").is_empty());
    }
}

#[test]
fn a_wrong_proof_of_the_server_and_none_read_alike() {
    let impostor = Postgres::start(
        &Setup::plain()
            .rule("host all robbed samehost scram-sha-256")
            .sql(&format!("CREATE ROLE robbed LOGIN PASSWORD '{}'", kept(4096, "another"))),
    );
    let silent = Peer::serve(|wire| {
        if !challenged(&wire, "i=4096").is_empty() {
            let _sent = wire.send(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I");
        }
    });
    for (address, user) in [(impostor.address(), "robbed"), (silent.address(), USER)] {
        let failure = failed(&yaml(address, user, &with_password("")), "protocol.malformed", "service");
        let message = "the server did not prove that it knows the password: it may not be the one it claims to be";
        assert_eq!(text(&failure, "message"), message);
    }
}

/// Asks for SCRAM with a first message that ends like this, and gives what the client says to it.
fn challenged(wire: &Wire, end: &str) -> Vec<u8> {
    let request = |kind: u8, data: &[u8]| {
        let length = u32::try_from(8 + data.len()).expect("short").to_be_bytes();
        [&b"R"[..], &length, &[0, 0, 0, kind], data].concat()
    };
    if wire.first_bytes().len() == 8 {
        let _sent = wire.send(b"N");
        let _start_up = wire.first_bytes();
    }
    let _sent = wire.send(&request(10, b"SCRAM-SHA-256\0\0"));
    let first = String::from_utf8_lossy(&wire.first_bytes()).into_owned();
    let nonce = first.rsplit("r=").next().expect("a nonce");
    let _sent = wire.send(&request(11, format!("r={nonce}more,s={},{end}", STANDARD.encode(SALT)).as_bytes()));
    wire.first_bytes()
}
