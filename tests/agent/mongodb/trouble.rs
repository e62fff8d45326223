//! Everything that can go wrong, each with the one code that names it.

use super::{check, code_and_owner, failure, login, mongodb, passes, text, tls};
use bson::{Bson, doc};
use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::mongodb::{Member, Mongodb, Setup};
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer};
use harness::{ports, wait};
use std::time::Duration;

#[test]
fn a_login_that_is_missing_is_the_files_fault() {
    let server = Mongodb::start(Setup::with_login());
    let failure = failure(server.address(), ", database: shop");
    assert_eq!(code_and_owner(&failure), ("auth.required", "config"));
    assert_eq!(text(&failure, "message"), "the server wants a login for shop, but none is configured");
    assert!(text(&failure, "evidence").starts_with("13 Unauthorized: "), "{failure}");
}

#[test]
fn a_user_without_any_grant_in_the_database_is_not_permitted() {
    let server = Mongodb::start(Setup::with_login());
    let failure =
        failure(server.address(), &(login().replace("database: shop", "database: other") + ", auth_source: shop"));
    assert_eq!(code_and_owner(&failure), ("request.permission-denied", "service"));
    assert_eq!(text(&failure, "message"), "app is logged in, but may do nothing in the database other");
    assert_eq!(server.logins(), 1);
}

#[test]
fn what_a_server_refuses_has_its_code() {
    let shutdown = (91, "ShutdownInProgress", "The server is in quiesce mode and will shut down");
    let busy = (462, "IngressRequestRateLimitExceeded", "rate limit exceeded");
    for (command, (number, name, said), wanted) in [
        ("isMaster", shutdown, "protocol.not-ready"),
        ("isMaster", (11600, "InterruptedAtShutdown", "interrupted at shutdown"), "protocol.not-ready"),
        ("isMaster", (59, "CommandNotFound", "no such command: 'isMaster'"), "protocol.unsupported-version"),
        ("isMaster", busy, "protocol.overloaded"),
        (
            "isMaster",
            (141, "SSLHandshakeFailed", "The server is configured to only allow SSL connections"),
            "tls.required",
        ),
        ("isMaster", (1, "InternalError", "odd"), "request.unexpected-reply"),
        ("saslContinue", shutdown, "protocol.not-ready"),
        ("saslContinue", (8000, "AtlasError", "bad auth : Authentication failed"), "auth.rejected"),
        ("saslContinue", (334, "MechanismUnavailable", "not enabled"), "auth.method-unsupported"),
        ("saslStart", (2, "BadValue", "Unsupported mechanism 'SCRAM-SHA-256'"), "auth.method-unsupported"),
        ("saslContinue", (2, "BadValue", "odd"), "request.unexpected-reply"),
        ("saslContinue", (8000, "AtlasError", "odd"), "request.unexpected-reply"),
        ("saslContinue", (16500, "TooManyRequests", "Request rate is large"), "protocol.overloaded"),
        (
            "listCollections",
            (8000, "AtlasError", "user is not allowed to do action [listCollections]"),
            "request.permission-denied",
        ),
        (
            "listCollections",
            (115, "CommandNotSupported", "Command listCollections not supported"),
            "request.unexpected-reply",
        ),
        ("listCollections", (133, "FailedToSatisfyReadPreference", "Could not find host"), "protocol.not-ready"),
        ("listCollections", (10107, "NotWritablePrimary", "not primary"), "request.read-only"),
        ("listCollections", (50, "MaxTimeMSExpired", "operation exceeded time limit"), "request.timeout"),
        ("listCollections", (13436, "NotPrimaryOrSecondary", "node is recovering"), "protocol.not-ready"),
        ("listCollections", (73, "InvalidNamespace", "Invalid database name: 'shop'"), "request.no-such-database"),
        ("listCollections", busy, "protocol.overloaded"),
        ("listCollections", (1, "InternalError", "odd"), "request.unexpected-reply"),
    ] {
        let server = Mongodb::start(Setup::with_login().refuses(command, number, name, said));
        let failure = failure(server.address(), &login());
        assert_eq!(text(&failure, "code"), wanted, "{command} {name}: {failure}");
        assert_eq!(text(&failure, "evidence"), format!("{number} {name}: {said}"));
        // There is no such option here.
        assert!(!text(&failure, "next_step").contains("correct expect"), "{failure}");
    }
}

#[test]
fn a_server_that_is_too_old_or_too_new_is_told_with_the_versions() {
    for (least, highest, owner, message) in [
        (0, 5, "service", "the server is older than MongoDB 3.6, which is the oldest that conn-check speaks with"),
        (30, 31, "config", "the server is newer than what conn-check speaks: a limit of conn-check's"),
    ] {
        let server = Mongodb::start(Setup::with_login().wire_versions(least, highest));
        let failure = failure(server.address(), &login());
        assert_eq!(code_and_owner(&failure), ("protocol.unsupported-version", owner));
        assert_eq!(text(&failure, "message"), message);
        assert!(text(&failure, "evidence").contains(&format!("{least} to {highest}")), "{failure}");
        assert!(text(&failure, "next_step").contains("tcp check"), "{failure}");
        assert_eq!(server.commands(), ["isMaster"], "no login is tried");
    }
    for version in [9, 29] {
        let server = Mongodb::start(Setup::with_login().wire_versions(0, version));
        assert_eq!(check(server.address(), &login())["verdict"], "pass", "wire version {version}");
    }
}

/// Cosmos DB and `DocumentDB` speak as 3.6, 4.0 and 4.2 in their older editions; some of them have only the older
/// mechanism, and do not say so.
#[test]
fn relatives_with_older_wire_versions_log_in() {
    for version in [6, 7, 8] {
        let server = Mongodb::start(Setup::with_login().wire_versions(0, version).mechanisms(&["SCRAM-SHA-1"]));
        let check = passes(server.address(), &login());
        assert!(text(&check["facts"], "server_version").starts_with("speaks as MongoDB "), "{check}");
    }
    for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let silent = doc! {"saslSupportedMechs": Bson::Null};
        let server = Mongodb::start(Setup::with_login().mechanisms(&[mechanism]).adds("isMaster", silent));
        passes(server.address(), &login());
        assert_eq!(server.proofs(), 1);
    }
}

#[test]
fn an_arbiter_and_another_set_are_told_with_steps_that_fit() {
    let server = Mongodb::start(Setup::with_login().member(Member::Arbiter("rs0")));
    let arbiter = failure(server.address(), &login());
    assert_eq!(code_and_owner(&arbiter), ("request.unexpected-reply", "config"));
    assert!(text(&arbiter, "next_step").starts_with("name a member that holds data"), "{arbiter}");
    let server = Mongodb::start(Setup::with_login().member(Member::Primary("rs1")));
    let other = failure(server.address(), &(login() + ", replica_set: rs0"));
    assert_eq!(code_and_owner(&other), ("request.unexpected-reply", "config"));
    assert!(text(&other, "next_step").starts_with("correct `replica_set`"), "{other}");
    let primary = failure(server.address(), &(login() + ", role: secondary"));
    assert!(text(&primary, "next_step").starts_with("name a secondary"), "{primary}");
}

#[test]
fn a_server_that_hangs_up_is_closed_in_the_phase_it_was_in() {
    for (command, wanted) in
        [("isMaster", "protocol.closed"), ("saslContinue", "auth.closed"), ("listCollections", "request.closed")]
    {
        for setup in [Setup::with_login().closes(command), Setup::with_login().truncates(command)] {
            let server = Mongodb::start(setup);
            let failure = failure(server.address(), &login());
            assert_eq!(code_and_owner(&failure), (wanted, "service"), "{failure}");
            assert!(server.proofs() <= 1, "nothing is tried again");
        }
    }
}

#[test]
fn hanging_up_on_the_first_command_has_two_known_reasons_and_both_are_named() {
    let server = Mongodb::start(Setup::open().closes("isMaster"));
    let next_step = |more: &str| text(&failure(server.address(), more), "next_step").to_owned();
    assert!(next_step("").contains("`use_tls: true`") && next_step("").contains("too many connections"));
    let ca = Authority::new();
    let server = Mongodb::start_tls(Setup::open().closes("isMaster"), &ca.valid());
    let failure = failure(server.address(), &tls(ca.file()));
    assert_eq!(text(&failure, "code"), "protocol.closed");
    assert!(!text(&failure, "next_step").contains("use_tls"), "{failure}");
}

#[test]
fn a_server_that_stops_answering_is_a_timeout_of_that_phase() {
    for (command, wanted) in
        [("isMaster", "protocol.silent"), ("saslContinue", "auth.timeout"), ("listCollections", "request.timeout")]
    {
        let server = Mongodb::start(Setup::with_login().mutes(command));
        let yaml = mongodb(server.address(), &login()).replace("timeout: 5", "timeout: 0.4");
        let ran = Agent::new(&yaml).args(["--format", "json"]).run();
        assert_eq!(code(&ran.json()), wanted, "{ran:?}");
        assert!(ran.elapsed < Duration::from_millis(1500), "{ran:?}");
        assert!(server.proofs() <= 1, "nothing is tried again");
    }
}

#[test]
fn an_answer_that_is_too_long_is_cut_and_one_that_is_nonsense_is_malformed() {
    // The length of a frame that promises more than it may, and more than ever comes.
    let endless = [&[0, 0, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0xdd, 7, 0, 0][..], &[0; 100]].concat();
    let other = [&[26, 0, 0, 0, 1, 0, 0, 0, 99, 0, 0, 0, 0xdd, 7, 0, 0][..], &[0; 5], &[5, 0, 0, 0, 0]].concat();
    for command in ["isMaster", "saslContinue", "listCollections"] {
        for (setup, wanted) in [
            (Setup::with_login().bloats(command, 70_000), "protocol.too-large"),
            (Setup::with_login().says(command, endless.clone()), "protocol.too-large"),
            (Setup::with_login().says(command, other.clone()), "protocol.malformed"),
            (Setup::with_login().says(command, [b'z'; 64]), "protocol.malformed"),
        ] {
            let server = Mongodb::start(setup);
            let failure = failure(server.address(), &login());
            assert_eq!(code_and_owner(&failure), (wanted, "service"), "{command}: {failure}");
        }
    }
}

#[test]
fn an_answer_that_says_neither_yes_nor_no_is_malformed() {
    for command in ["isMaster", "saslContinue", "listCollections"] {
        let server = Mongodb::start(Setup::with_login().adds(command, doc! {"ok": Bson::Null}));
        let failure = failure(server.address(), &login());
        assert_eq!(code_and_owner(&failure), ("protocol.malformed", "service"), "{command}: {failure}");
    }
}

#[test]
fn documents_in_documents_exhaust_no_stack() {
    for command in ["isMaster", "saslContinue", "listCollections"] {
        for (levels, wanted) in [(90, "pass"), (101, "protocol.malformed"), (7000, "protocol.malformed")] {
            let server = Mongodb::start(Setup::with_login().nests(command, levels));
            let ran = Agent::new(&mongodb(server.address(), &login())).args(["--format", "json"]).run();
            assert_eq!(code(&ran.json()), wanted, "{command}, {levels} levels: {ran:?}");
        }
    }
}

#[test]
fn a_hello_that_no_client_can_read_is_no_timeout() {
    let server = Mongodb::start(Setup::with_login().adds("isMaster", doc! {"hosts": 5}));
    let failure = failure(server.address(), &login());
    assert_eq!(code_and_owner(&failure), ("protocol.malformed", "service"));
    assert!(text(&failure, "message").starts_with("no client understands"), "{failure}");
    assert_eq!(server.commands(), ["isMaster"], "no login is tried");
}

#[test]
fn load_that_is_shed_is_told_by_its_label() {
    let shed =
        doc! {"ok": 0, "code": 4711, "codeName": "Odd", "errmsg": "busy", "errorLabels": ["SystemOverloadedError"]};
    for command in ["isMaster", "saslContinue", "listCollections"] {
        let server = Mongodb::start(Setup::with_login().adds(command, shed.clone()));
        let failure = failure(server.address(), &login());
        assert_eq!(code_and_owner(&failure), ("protocol.overloaded", "service"), "{command}");
        assert_eq!(server.peer().connections(), 1, "nothing is tried again");
    }
}

#[test]
fn what_a_server_calls_itself_is_escaped_and_bounded() {
    let server =
        Mongodb::start(Setup::open().adds("isMaster", doc! {"setName": "\u{1b}[2J".to_owned() + &"x".repeat(5000)}));
    let failure = failure(server.address(), ", replica_set: rs0");
    let message = text(&failure, "message");
    assert!(message.starts_with("the server belongs to the replica set \\"), "{message}");
    assert!(message.len() < 200 && !message.contains('\u{1b}'), "{message}");
}

/// A nonce is at least as long as the client's own, which it begins with (RFC 5802 section 5.1).
#[test]
fn certificates_with_faults_are_told_before_anything_is_said() {
    let ca = Authority::new();
    for (identity, wanted) in [
        (Identity::self_signed(), "tls.untrusted"),
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.wrong_name(), "tls.wrong-name"),
    ] {
        let server = Mongodb::start_tls(Setup::with_login(), &identity);
        let check = check(server.address(), &(login() + &tls(ca.file())));
        assert_eq!(code_and_owner(&check["failure"]), (wanted, "certificate"), "{check}");
        assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
        assert!(server.commands().is_empty());
        let off = login() + ", use_tls: true, disable_tls_verification: true, expiry_warning_days: 0";
        let check = super::check(server.address(), &off);
        assert_eq!(check["facts"]["tls_verified"], false, "{check}");
        assert_eq!(server.logins(), 1, "{check}");
    }
}

#[test]
fn tls_against_a_plain_port_and_plain_against_tls() {
    let plain = Mongodb::start(Setup::open());
    assert_eq!(text(&failure(plain.address(), ", use_tls: true"), "code"), "tls.not-tls");
    let encrypted = Mongodb::start_tls(Setup::open(), &Authority::new().valid());
    let failure = failure(encrypted.address(), "");
    assert_eq!(code_and_owner(&failure), ("tls.required", "config"));
}

#[test]
fn peers_that_are_no_mongodb_have_the_codes_of_every_protocol() {
    let web = Nginx::start([Site::http("web")]);
    let closed = ports::free();
    assert_eq!(text(&failure(closed.address(), ""), "code"), "connect.refused");
    assert_eq!(text(&failure(web.address("web"), ""), "code"), "protocol.wrong-service");
    assert_eq!(text(&failure(web.address("web"), ", use_tls: true"), "code"), "tls.not-tls");
    for (manner, plain, with_tls) in [
        (Manner::Silent, "protocol.silent", "tls.timeout"),
        (Manner::Closes, "protocol.closed", "tls.closed"),
        (Manner::ClosesAfterFirstBytes, "protocol.closed", "tls.closed"),
        (Manner::ResetsAfterFirstBytes, "protocol.reset", "tls.closed"),
        (Manner::Garbage, "protocol.malformed", "tls.not-tls"),
        (Manner::Endless, "protocol.malformed", "tls.not-tls"),
        (Manner::Banner(b"220 mail.example ESMTP Postfix\r\n".to_vec()), "protocol.wrong-service", "tls.not-tls"),
        (Manner::Banner(b"+PONG\r\n".to_vec()), "protocol.wrong-service", "tls.not-tls"),
    ] {
        let peer = Peer::start(manner.clone());
        for (more, wanted) in [("", plain), (", use_tls: true", with_tls)] {
            let yaml = mongodb(peer.address(), more).replace("timeout: 5", "timeout: 0.4");
            assert_eq!(code(&Agent::new(&yaml).report()), wanted, "{manner:?}{more}");
        }
    }
}

#[test]
fn what_is_not_asked_for_is_not_done() {
    let server = Mongodb::start(Setup::with_login().member(Member::Primary("rs0")));
    let report = Agent::new(&mongodb(server.address(), &login())).arg("mongodb:*:tcp:*").report();
    assert_eq!((code(&report).as_str(), &report["counts"]["pass"]), ("pass", &1.into()), "{report}");
    wait::until("the connection's end", || server.peer().connections() == 1 && server.peer().open() == 0);
    assert!(server.commands().is_empty());
}
