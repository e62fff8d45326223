//! The redis check against Redis: logins, rights, databases, keys and roles, and what it costs.

pub(crate) mod clusters;
pub(crate) mod nodes;
mod peers;
mod relatives;
mod roundtrip;
mod states;
mod tls;

use conn_check::report::FORMATS;
use harness::agent::{Agent, verdict_of};
use harness::forwarder::Forwarder;
use harness::redis::{PASSWORD, Redis, Setup};
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::OnceLock;

/// A file with one redis check; `more` are options, each with a comma before it.
fn redis(address: SocketAddr, more: &str) -> String {
    format!("- {{type: redis, host: {}, port: {}, timeout: 5{more}}}", address.ip(), address.port())
}

/// The check as reported.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&redis(address, more)).report()["checks"][0].clone()
}

/// The code of the check's failure, or its verdict.
fn code(check: &Value) -> &str {
    check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or_default()
}

/// A text of the check's failure: its message, evidence, owner, next step.
fn told<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

fn password(password: &str) -> String {
    format!(", password: {password}")
}

/// The options of a user with the right password.
fn user(name: &str) -> String {
    format!(", username: {name}, password: {PASSWORD}")
}

/// A Redis without a login, for tests that change nothing in it.
fn open() -> &'static Redis {
    static REDIS: OnceLock<Redis> = OnceLock::new();
    REDIS.get_or_init(|| Redis::start(&Setup::new()))
}

/// A Redis with a password, some users and the key `app:there`, for tests that change nothing in it.
fn closed() -> &'static Redis {
    static REDIS: OnceLock<Redis> = OnceLock::new();
    REDIS.get_or_init(|| {
        let setup = Setup::new().password().user("app", "~app:* +ping +exists +select").user("mute", "-@all");
        let redis = Redis::start(&setup.config("user gone off >x").config("user anybody on nopass +ping"));
        assert_eq!(redis.cli(&["SET", "app:there", "1"]), "OK\n");
        redis
    })
}

#[test]
fn a_plain_server_passes_in_one_turn_of_one_connection() {
    let way = Forwarder::start(open().address());
    let check = check(way.address(), "");
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!((way.turns(), way.connections()), (1, 1));
    assert_eq!(check["facts"], json!({"server_version": "7.0.15", "server_role": "primary"}));
}

#[test]
fn everything_at_once_is_one_turn_too() {
    let way = Forwarder::start(closed().address());
    let more = password(PASSWORD) + ", database: 0, role: primary, key: 'app:there'";
    let check = check(way.address(), &more);
    assert_eq!(code(&check), "pass", "{check}");
    assert_eq!((way.turns(), way.connections()), (1, 1));
}

#[test]
fn the_results_are_named_as_they_always_were() {
    let address = closed().address();
    let yaml = redis(address, &password(PASSWORD)) + "\n" + &redis(address, "");
    let ran = Agent::new(&yaml).args(["--format", "plain"]).run();
    let name = format!("redis:{address}");
    let failed = format!("{name}:connect FAILED - the server wants a login ");
    assert!(ran.out.starts_with(&failed), "{}", ran.out);
    for line in [format!("{name}:tcp:{address} OK"), format!("{name}:connect with auth OK")] {
        assert!(ran.out.lines().any(|one| one == line), "no {line}:\n{}", ran.out);
    }
}

#[test]
fn a_refused_connection_is_the_first_results() {
    let mut redis = Redis::start(&Setup::new());
    redis.daemon().stop();
    let check = check(redis.address(), "");
    assert_eq!(code(&check), "connect.refused", "{check}");
    let verdicts: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["fail", "skip"]);
}

#[test]
fn a_unix_socket_passes_and_has_no_tcp_result() {
    let socket = closed().socket();
    let of = |more: &str| format!("- {{type: redis, host: {}{more}}}", socket.display());
    let report = Agent::new(&of(&password(PASSWORD))).report();
    let check = &report["checks"][0];
    assert_eq!(code(check), "pass", "{check}");
    let name = format!("redis:{}:6379:connect with auth", socket.display());
    assert_eq!(check["results"].as_array().map(Vec::len), Some(1), "{check}");
    assert_eq!(check["results"][0]["name"], name);
    let ran = Agent::new(&of(", use_tls: true")).args(["--format", "json"]).run();
    assert_eq!((ran.status, ran.json()["diagnostics"][0]["code"].as_str()), (3, Some("bad-value")), "{ran:?}");
}

#[test]
fn the_right_logins_pass_with_whatever_rights() {
    let address = closed().address();
    let others = [", username: anybody, password: ''".to_owned(), user("''")];
    for more in [password(PASSWORD), user("default"), user("app"), user("mute")].into_iter().chain(others) {
        let check = check(address, &more);
        assert_eq!(code(&check), "pass", "{more}: {check}");
        assert_eq!(check["facts"]["server_role"], "primary", "{more}: {check}");
        assert_eq!(check["phases"][3]["phase"], "auth", "{more}: {check}");
    }
}

#[test]
fn a_wrong_password_is_rejected_and_sent_once() {
    let redis = Redis::start(&Setup::new().password());
    let check = check(redis.address(), ", password: wrong, database: 1, key: x");
    assert_eq!((code(&check), told(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
    assert_eq!(told(&check, "message"), "the server does not accept this password");
    assert!(told(&check, "evidence").starts_with("WRONGPASS "), "{check}");
    let log = redis.cli(&["ACL", "LOG"]);
    assert_eq!((log.matches("age-seconds").count(), log.contains("count\n1\nreason\nauth\n")), (1, true), "{log}");
}

#[test]
fn an_unknown_user_and_a_disabled_one_are_named() {
    for name in ["stranger", "gone"] {
        let check = check(closed().address(), &format!(", username: {name}, password: x"));
        assert_eq!(code(&check), "auth.rejected", "{check}");
        let message = format!("the server does not accept this password of user {name}, or the user is disabled");
        assert_eq!(told(&check, "message"), message);
    }
}

#[test]
fn a_missing_login_is_required() {
    let check = check(closed().address(), "");
    assert_eq!((code(&check), told(&check, "owner")), ("auth.required", "config"), "{check}");
    assert_eq!(told(&check, "evidence"), "NOAUTH Authentication required.");
    // An empty password is none.
    assert_eq!(verdict_of(&redis(closed().address(), ", password: ''")), "auth.required");
}

#[test]
fn a_login_that_nobody_wants_is_a_warning() {
    for more in [password("x"), ", username: default, password: x".to_owned()] {
        let check = check(open().address(), &more);
        assert_eq!(code(&check), "warn", "{check}");
        assert_eq!(check["warnings"][0]["code"], "auth.not-needed");
        assert_eq!(check["results"][1]["verdict"], "warn", "{check}");
    }
}

#[test]
fn a_user_without_its_password_is_a_mistake_in_the_file() {
    let ran = Agent::new("- {type: redis, host: localhost, username: app}").args(["--format", "json"]).run();
    let diagnostics = ran.json()["diagnostics"].clone();
    assert_eq!((ran.status, diagnostics[0]["code"].as_str()), (3, Some("missing-key")), "{ran:?}");
    assert_eq!(diagnostics[0]["help"], "add `password:`");
}

#[test]
fn a_database_must_be_there_and_permitted() {
    let address = closed().address();
    let cases = [
        (password(PASSWORD) + ", database: 15", "pass"),
        (user("app") + ", database: 1", "pass"),
        (password(PASSWORD) + ", database: 16", "request.no-such-database"),
        (password(PASSWORD) + ", database: 4294967295", "request.no-such-database"),
        (user("mute") + ", database: 1", "request.permission-denied"),
        // That one is always there, and needs no right.
        (user("mute") + ", database: 0", "pass"),
    ];
    for (more, wanted) in cases {
        let check = check(address, &more);
        assert_eq!(code(&check), wanted, "{more}: {check}");
        assert_eq!(check["facts"]["server_version"], "7.0.15", "{more}: {check}");
    }
    let check = check(address, &(user("mute") + ", database: 1"));
    assert_eq!(told(&check, "message"), "logged in, but not permitted to run SELECT");
}

#[test]
fn a_key_must_be_there_and_readable() {
    let address = closed().address();
    let cases = [
        (user("app") + ", key: 'app:there'", "pass"),
        (user("app") + ", key: 'app:gone'", "request.unexpected-reply"),
        // It is in database 0.
        (user("app") + ", key: 'app:there', database: 1", "request.unexpected-reply"),
        (user("app") + ", key: other", "request.permission-denied"),
        (user("mute") + ", key: 'app:there'", "request.permission-denied"),
    ];
    for (more, wanted) in cases {
        let check = check(address, &more);
        assert_eq!(code(&check), wanted, "{more}: {check}");
    }
    let check = check(address, &(user("app") + ", key: 'app:gone'"));
    assert_eq!(told(&check, "message"), "the key app:gone does not exist");
}

#[test]
fn the_role_is_compared_in_either_spelling() {
    let primary = Redis::start(&Setup::new());
    let replica = Redis::start(&Setup::new().replica_of(primary.address()));
    wait::until("the replica's link", || replica.info("replication", "master_link_status") == "up");
    let cases = [
        (&primary, "primary", "pass"),
        (&primary, "master", "pass"),
        (&primary, "replica", "request.unexpected-reply"),
        (&replica, "replica", "pass"),
        (&replica, "SLAVE", "pass"),
        (&replica, "primary", "request.read-only"),
    ];
    for (server, role, wanted) in cases {
        let check = check(server.address(), &format!(", role: {role}"));
        assert_eq!(code(&check), wanted, "{role}: {check}");
    }
    assert_eq!(check(replica.address(), "")["facts"]["server_role"], "replica");
}

#[test]
fn a_server_without_hello_is_asked_for_its_role_in_a_second_turn() {
    let setup = Setup::new().password().config("rename-command HELLO \"\"").user("app", "+ping");
    let redis = Redis::start(&setup);
    let way = Forwarder::start(redis.address());
    let check_one = check(way.address(), &(password(PASSWORD) + ", role: primary"));
    assert_eq!((code(&check_one), way.turns(), way.connections()), ("pass", 2, 1), "{check_one}");
    assert_eq!(check_one["facts"], json!({"server_role": "primary"}));
    let way = Forwarder::start(redis.address());
    assert_eq!((code(&check(way.address(), &password(PASSWORD))), way.turns()), ("pass", 1));
    let denied = check(redis.address(), &(user("app") + ", role: primary"));
    assert_eq!(code(&denied), "request.permission-denied", "{denied}");
    assert_eq!(told(&denied, "message"), "logged in, but not permitted to run ROLE");
}

#[test]
fn nothing_is_left_behind() {
    let redis = Redis::start(&Setup::new());
    let count = |name: &str| redis.info(if name.starts_with("rdb") { "persistence" } else { "clients" }, name);
    let check = check(redis.address(), ", database: 3, key: x");
    assert_eq!(code(&check), "request.unexpected-reply", "{check}");
    assert_eq!(
        (redis.cli(&["INFO", "keyspace"]).trim(), count("rdb_changes_since_last_save").as_str()),
        ("# Keyspace", "0")
    );
    wait::until("the connection to end", || count("connected_clients") == "1");
}

#[test]
fn a_server_that_repeats_the_password_does_not_bring_it_to_light() {
    let redis = Redis::start(&Setup::new().config("rename-command AUTH \"\""));
    for format in FORMATS.map(|format| format.name) {
        let ran =
            Agent::new(&redis_yaml_with_secret(redis.address())).args(["-vdt", "--explain", "--format", format]).run();
        assert_eq!(ran.status, crate::formats::status_in(format, 2), "{ran:?}");
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{format}: {ran:?}");
    }
    let check = check(redis.address(), ", password: hunter2-Correct.Horse");
    assert_eq!(code(&check), "auth.method-unsupported", "{check}");
    assert!(told(&check, "evidence").contains("'***'"), "{check}");
}

fn redis_yaml_with_secret(address: SocketAddr) -> String {
    redis(address, ", password: hunter2-Correct.Horse")
}
