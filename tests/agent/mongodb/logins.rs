//! Logins that are refused, that the server spoils, and that cost too much.

use super::{code_and_owner, failure, login, mongodb, passes, text, tls};
use bson::doc;
use harness::agent::Agent;
use harness::certs::Authority;
use harness::mongodb::{Mongodb, PASSWORD, Setup, USER};
use std::time::{Duration, Instant};

#[test]
fn a_wrong_password_is_sent_once_and_called_so() {
    let server = Mongodb::start(Setup::with_login());
    let failure = failure(server.address(), &login().replace(PASSWORD, "hunter2"));
    assert_eq!(code_and_owner(&failure), ("auth.rejected", "credentials"));
    assert_eq!(text(&failure, "message"), "the server rejects the user app or the password, looked up in shop");
    assert_eq!(text(&failure, "evidence"), "18 AuthenticationFailed: Authentication failed.");
    assert_eq!((server.proofs(), server.logins(), server.peer().connections()), (1, 0, 1));
}

#[test]
fn an_unknown_user_is_rejected_before_any_proof() {
    let server = Mongodb::start(Setup::with_login());
    let failure = failure(server.address(), &login().replace(USER, "nobody"));
    assert_eq!(code_and_owner(&failure), ("auth.rejected", "credentials"));
    assert_eq!((server.proofs(), server.peer().connections()), (0, 1));
}

#[test]
fn a_user_without_scram_has_no_common_mechanism_and_sends_nothing() {
    let server = Mongodb::start(Setup::with_login().mechanisms(&["GSSAPI", "PLAIN"]));
    let failure = failure(server.address(), &login());
    assert_eq!(code_and_owner(&failure), ("auth.method-unsupported", "config"));
    assert_eq!(text(&failure, "evidence"), "it offers GSSAPI, PLAIN");
    assert_eq!(server.commands(), ["isMaster"]);
}

#[test]
fn a_certificate_is_a_login_where_the_file_says_so() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let own = clients.client("app");
    let (certificate, key) = (own.certificate_file().display(), own.key_file().display());
    let more = format!(
        ", database: shop, auth_mechanism: x509{}, client_cert: {certificate}, client_key: {key}",
        tls(ca.file())
    );
    let server = Mongodb::start_requiring(Setup::with_login().by_certificate(), &ca.valid(), &clients);
    let check = passes(server.address(), &more);
    assert!(text(&check["results"][1], "name").ends_with(":connect with auth"), "{check}");
    assert_eq!(server.commands(), ["isMaster", "authenticate", "listCollections"]);
    let setup = Setup::with_login().refuses("authenticate", 334, "MechanismUnavailable", "not enabled");
    let without = failure(Mongodb::start_requiring(setup, &ca.valid(), &clients).address(), &more);
    assert_eq!(text(&without, "code"), "auth.method-unsupported");
    assert!(text(&without, "next_step").starts_with("enable MONGODB-X509"), "{without}");
    let unknown = Mongodb::start_requiring(Setup::with_login(), &ca.valid(), &clients);
    let failure = failure(unknown.address(), &more);
    assert_eq!(code_and_owner(&failure), ("auth.rejected", "credentials"));
    assert!(text(&failure, "next_step").contains("$external"), "{failure}");
    for (options, wanted) in [
        ("auth_mechanism: x509", "`auth_mechanism` without `client_cert`"),
        ("auth_mechanism: kerberos", "expected scram or x509"),
    ] {
        let ran = Agent::new(&format!("- {{type: mongodb, host: h, {options}}}")).arg("--validate").run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(wanted), "{}", ran.err);
    }
}

#[test]
fn an_impostor_that_takes_every_password_is_found_out() {
    let server = Mongodb::start(Setup::with_login().impostor());
    let failure = failure(server.address(), &login());
    assert_eq!(code_and_owner(&failure), ("protocol.malformed", "service"));
    assert!(text(&failure, "message").starts_with("the server did not prove that it knows the password"), "{failure}");
    assert!(!server.commands().contains(&"listCollections".to_owned()), "nothing is asked of it");
}

#[test]
fn a_server_cannot_keep_us_hashing() {
    for iterations in [1_000_001, u32::MAX] {
        let server = Mongodb::start(Setup::with_login().iterations(iterations));
        let began = Instant::now();
        let failure = failure(server.address(), &login());
        assert_eq!(text(&failure, "code"), "auth.method-unsupported");
        assert!(text(&failure, "message").contains(&format!("hashed {iterations} times")), "{failure}");
        assert!(text(&failure, "message").ends_with("a limit of conn-check's"), "{failure}");
        assert_eq!(server.proofs(), 0);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    for iterations in [100_000, 100_001, 600_000] {
        passes(Mongodb::start(Setup::with_login().iterations(iterations)).address(), &login());
    }
}

#[test]
fn a_server_that_breaks_scram_is_the_one_at_fault_and_gets_no_proof() {
    let payload =
        bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: b"r=x,s=c2FsdA==,i=4096".to_vec() };
    let first = doc! {"conversationId": 1, "done": false, "payload": payload};
    let server = Mongodb::start(Setup::with_login().adds("saslStart", first));
    let failure = failure(server.address(), &login());
    assert_eq!(code_and_owner(&failure), ("protocol.malformed", "service"), "{failure}");
    assert_eq!(server.proofs(), 0);
}

#[test]
fn a_password_that_scram_forbids_is_told_before_any_proof() {
    let server = Mongodb::start(Setup::with_login().mechanisms(&["SCRAM-SHA-256"]));
    let failure = failure(server.address(), &login().replace(PASSWORD, "\"pass\\u0007word\""));
    assert_eq!(code_and_owner(&failure), ("auth.rejected", "credentials"));
    assert!(text(&failure, "message").contains("SCRAM-SHA-256 does not allow"), "{failure}");
    assert_eq!(server.proofs(), 0);
}

#[test]
fn hashing_that_takes_longer_than_the_check_is_this_hosts_limit_and_not_the_servers() {
    let server = Mongodb::start(Setup::with_login().iterations(1_000_000));
    let yaml = mongodb(server.address(), &login()).replace("timeout: 5", "timeout: 0.1");
    let failure = Agent::new(&yaml).report()["checks"][0]["failure"].clone();
    assert_eq!(code_and_owner(&failure), ("connect.local-limit", "host"), "{failure}");
    assert!(text(&failure, "message").contains("hashing the password 1000000 times"), "{failure}");
    assert!(text(&failure, "next_step").starts_with("raise `timeout`"), "{failure}");
    assert_eq!(server.proofs(), 0);
}
