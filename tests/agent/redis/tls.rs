//! TLS from the first byte, with certificates that have every fault, and ports of the other kind.

use super::{check, code, password, told};
use harness::agent::Agent;
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::peers::{TlsManner, TlsPeer};
use harness::redis::{PASSWORD, Redis, Setup};
use harness::scratch::Scratch;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

/// The options of TLS with this authority.
fn trusting(ca: &Path) -> String {
    format!(", use_tls: true, ca_file: {}", ca.display())
}

#[test]
fn a_login_over_tls_passes_and_describes_the_certificate() {
    let ca = Authority::new();
    let redis = Redis::start(&Setup::new().password().tls(&ca.valid()));
    let check = check(redis.tls_address(), &(trusting(ca.file()) + &password(PASSWORD)));
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!(check["facts"]["tls_version"], "TLS 1.3", "{check}");
    assert_eq!(check["facts"]["server_version"], "7.0.15", "{check}");
    let phases: Vec<_> = check["phases"].as_array().expect("phases").iter().map(|one| &one["phase"]).collect();
    assert_eq!(phases, ["resolve", "connect", "tls", "protocol", "auth", "request"]);
}

#[test]
fn tls_costs_its_handshake_and_nothing_more() {
    let ca = Authority::new();
    let more = trusting(ca.file()) + &password(PASSWORD) + ", role: primary, key: gone";
    for (versions, turns) in [("TLSv1.2", 3), ("TLSv1.3", 2)] {
        let setup = Setup::new().password().tls(&ca.valid()).config(&format!("tls-protocols {versions}"));
        let redis = Redis::start(&setup);
        let way = Forwarder::start_far(redis.tls_address());
        let check = check(way.address(), &more);
        assert_eq!(code(&check), "request.unexpected-reply", "{check}");
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{versions}");
    }
}

#[test]
fn every_fault_of_a_certificate_has_its_code() {
    let ca = Authority::new();
    let faults: [(Identity, &str); 4] = [
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.not_yet_valid(), "tls.not-yet-valid"),
        (ca.wrong_name(), "tls.wrong-name"),
    ];
    for (identity, wanted) in faults {
        let redis = Redis::start(&Setup::new().tls(&identity));
        let check = check(redis.tls_address(), &trusting(ca.file()));
        assert_eq!(code(&check), wanted, "{check}");
        assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
        let off = super::check(
            redis.tls_address(),
            ", use_tls: true, disable_tls_verification: true, expiry_warning_days: 0",
        );
        assert_eq!(
            (&off["facts"]["tls_verified"], off["facts"]["server_role"].as_str()),
            (&false.into(), Some("primary")),
            "{off}"
        );
    }
}

#[test]
fn client_certificates_are_judged() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let redis = Redis::start(&Setup::new().tls_requiring(&ca.valid(), &clients));
    let of = |identity: &Identity| {
        let (chain, key) = (identity.certificate_file().display(), identity.key_file().display());
        format!(", client_cert: {chain}, client_key: {key}")
    };
    let (known, stranger) = (clients.client("app"), Authority::new().client("stranger"));
    let cases = [
        (of(&known), "pass"),
        (of(&stranger), "tls.client-cert-rejected"),
        (String::new(), "tls.client-cert-required"),
    ];
    for (more, wanted) in cases {
        let check = check(redis.tls_address(), &(trusting(ca.file()) + &more));
        assert_eq!(code(&check), wanted, "{check}");
    }
}

#[test]
fn plain_text_to_a_tls_port_says_that_tls_is_wanted() {
    let redis = Redis::start(&Setup::new().tls(&Authority::new().valid()));
    let check = check(redis.tls_address(), &password("x"));
    assert_eq!((code(&check), told(&check, "owner")), ("tls.required", "config"), "{check}");
}

#[test]
fn tls_is_no_advice_where_there_is_tls_already_or_can_be_none() {
    let ca = Authority::new();
    let sentinel = TlsPeer::start(&ca.valid(), TlsManner::Closes);
    let closed = check(sentinel.address(), &(trusting(ca.file()) + ", sentinel: shop"));
    assert_eq!(code(&closed), "protocol.closed", "{closed}");
    assert!(!told(&closed, "next_step").contains("use_tls"), "{closed}");
    let scratch = Scratch::new();
    let socket = scratch.path().join("socket");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let server = thread::spawn(move || drop(listener.accept()));
    let report = Agent::new(&format!("- {{type: redis, host: {}}}", socket.display())).report();
    server.join().expect("the server");
    let closed = &report["checks"][0];
    assert!(!told(closed, "next_step").contains("use_tls"), "{closed}");
}

#[test]
fn tls_to_a_plain_port_is_told_although_redis_says_nothing_to_it() {
    let yaml = super::redis(super::open().address(), ", use_tls: true").replace("timeout: 5", "timeout: 0.4");
    let report = Agent::new(&yaml).report();
    let check = &report["checks"][0];
    assert_eq!(code(check), "tls.not-tls", "{check}");
    assert_eq!(told(check, "message"), "a Redis server answered without TLS");
}
