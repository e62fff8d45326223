//! The mongodb check against a double with the server's side of SCRAM, and against `FerretDB` where
//! it could be built. Never against mongod, which Debian does not have.

mod ferretdb;
mod logins;
mod pace;
mod rounds;
mod srv;
mod trouble;

use harness::agent::Agent;
use harness::certs::Authority;
use harness::mongodb::{DATABASE, Member, Mongodb, PASSWORD, Setup, USER};
use harness::scratch::Scratch;
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

/// A file with one mongodb check; `more` are options, each with a comma before it.
fn mongodb(address: SocketAddr, more: &str) -> String {
    format!("- {{type: mongodb, host: {}, port: {}, timeout: 5{more}}}\n", address.ip(), address.port())
}

/// The options of the user that the double knows.
fn login() -> String {
    format!(", username: {USER}, password: {PASSWORD}, database: {DATABASE}")
}

/// The options for TLS with this authority.
fn tls(ca_file: &Path) -> String {
    format!(", use_tls: true, ca_file: {}", ca_file.display())
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

fn passes(address: SocketAddr, more: &str) -> Value {
    let check = check(address, more);
    assert_eq!(check["verdict"], "pass", "{more}: {check}");
    check
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn code_and_owner(failure: &Value) -> (&str, &str) {
    (text(failure, "code"), text(failure, "owner"))
}

#[test]
fn an_open_server_passes_and_says_what_it_is() {
    let server = Mongodb::start(Setup::open());
    let check = passes(server.address(), "");
    let place = server.address();
    let names = [format!("mongodb:{place}:tcp:{place}"), format!("mongodb:{place}:connect")];
    assert_eq!(json!([check["results"][0]["name"], check["results"][1]["name"]]), json!(names));
    let facts = json!({"wire_version": 21, "server_version": "speaks as MongoDB 7.0", "server_role": "standalone"});
    assert_eq!(check["facts"], facts);
}

#[test]
fn a_login_by_either_mechanism_passes() {
    for mechanisms in [&["SCRAM-SHA-1", "SCRAM-SHA-256"][..], &["SCRAM-SHA-256"], &["SCRAM-SHA-1"]] {
        let server = Mongodb::start(Setup::with_login().mechanisms(mechanisms));
        let check = passes(server.address(), &login());
        assert!(text(&check["results"][1], "name").ends_with(":connect with auth"), "{check}");
        assert_eq!((server.proofs(), server.logins()), (1, 1), "{mechanisms:?}");
    }
}

#[test]
fn the_user_is_looked_up_where_the_options_say() {
    for (users_in, more, wanted) in [
        ("shop", ", database: shop", "pass"),
        ("admin", ", database: shop", "auth.rejected"),
        ("admin", ", database: shop, auth_source: admin", "pass"),
        // Without a database it is admin, and the user may do nothing in `test`.
        ("admin", "", "request.permission-denied"),
        ("shop", "", "auth.rejected"),
    ] {
        let server = Mongodb::start(Setup::with_login().users_in(users_in));
        let check = check(server.address(), &format!(", username: {USER}, password: {PASSWORD}{more}"));
        let verdict = check["failure"]["code"].as_str().or(check["verdict"].as_str());
        assert_eq!(verdict, Some(wanted), "users in {users_in}{more}: {check}");
    }
}

#[test]
fn every_kind_of_server_is_named_and_its_role_is_compared() {
    const PASS: &str = "pass";
    const OTHER: &str = "request.unexpected-reply";
    const NOT_READY: &str = "protocol.not-ready";
    for (member, role, any, primary, secondary) in [
        (Member::Alone, "standalone", PASS, PASS, OTHER),
        (Member::Router, "mongos", PASS, PASS, OTHER),
        (Member::Primary("rs0"), "primary", PASS, PASS, OTHER),
        (Member::Secondary("rs0"), "secondary", PASS, "request.read-only", PASS),
        (Member::Arbiter("rs0"), "arbiter", OTHER, OTHER, OTHER),
        (Member::Recovering("rs0"), "recovering", NOT_READY, NOT_READY, NOT_READY),
        (Member::Uninitiated, "uninitiated", NOT_READY, NOT_READY, NOT_READY),
    ] {
        let server = Mongodb::start(Setup::with_login().member(member));
        for (option, wanted) in [("", any), (", role: primary", primary), (", role: secondary", secondary)] {
            let check = check(server.address(), &(login() + option));
            let verdict = check["failure"]["code"].as_str().or(check["verdict"].as_str());
            assert_eq!(
                (verdict, text(&check["facts"], "server_role")),
                (Some(wanted), role),
                "{member:?}{option}: {check}"
            );
        }
    }
}

#[test]
fn a_secondary_in_the_primarys_place_says_who_is_primary_and_gets_no_password() {
    let server = Mongodb::start(Setup::with_login().member(Member::Secondary("rs0")));
    let failure = failure(server.address(), &(login() + ", role: primary"));
    assert_eq!(code_and_owner(&failure), ("request.read-only", "service"));
    assert_eq!(text(&failure, "message"), "a secondary answered, but the primary is wanted");
    assert_eq!(text(&failure, "evidence"), "the primary is db1:27017");
    assert_eq!(server.commands(), ["isMaster"]);
}

#[test]
fn the_name_of_the_replica_set_is_compared() {
    for (member, message) in [
        (Member::Primary("rs0"), None),
        (Member::Secondary("rs0"), None),
        (Member::Primary("rs1"), Some("the server belongs to the replica set rs1, not to rs0")),
        (Member::Alone, Some("the server belongs to no replica set, not to rs0")),
    ] {
        let server = Mongodb::start(Setup::with_login().member(member));
        let check = check(server.address(), &(login() + ", replica_set: rs0"));
        let failure = &check["failure"];
        assert_eq!(failure["message"].as_str(), message, "{check}");
        assert_eq!(failure["code"].as_str(), message.map(|_| "request.unexpected-reply"), "{check}");
        assert_eq!(server.logins(), usize::from(message.is_none()), "{member:?}");
    }
    let server = Mongodb::start(Setup::open().member(Member::Primary("rs\u{1b}[31m")));
    assert_eq!(passes(server.address(), "")["facts"]["replica_set"], "rs\\u{1b}[31m");
}

#[test]
fn tls_is_verified_by_us_and_carries_the_drivers_login() {
    let ca = Authority::new();
    let server = Mongodb::start_tls(Setup::with_login(), &ca.leaf().only_named("localhost").issue());
    let address = server.address();
    let yaml = mongodb(address, &(login() + &tls(ca.file()))).replace("127.0.0.1", "localhost");
    let check = &Agent::new(&yaml).report()["checks"][0];
    assert_eq!(check["verdict"], "pass", "{check}");
    let facts = &check["facts"];
    assert_eq!((text(facts, "tls_version"), &facts["tls_verified"]), ("TLS 1.3", &Value::Bool(true)));
    assert_eq!(server.logins(), 1);
    assert_eq!(server.peer().connections(), 1);
    // The same authority by the command line.
    let yaml = mongodb(address, &(login() + ", use_tls: true")).replace("127.0.0.1", "localhost");
    assert_eq!(Agent::new(&yaml).arg("--tls-certs-path").arg(ca.file()).report()["verdict"], "pass");
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let server = Mongodb::start_requiring(Setup::with_login(), &ca.valid(), &clients);
    let with = |identity: &harness::certs::Identity| {
        let (certificate, key) = (identity.certificate_file().display(), identity.key_file().display());
        format!("{}{}, client_cert: {certificate}, client_key: {key}", login(), tls(ca.file()))
    };
    passes(server.address(), &with(&clients.client("app")));
    let stranger = failure(server.address(), &with(&Authority::new().client("stranger")));
    assert_eq!(code_and_owner(&stranger), ("tls.client-cert-rejected", "credentials"));
    let nobody = failure(server.address(), &(login() + &tls(ca.file())));
    assert_eq!(code_and_owner(&nobody), ("tls.client-cert-required", "credentials"));
    assert_eq!(server.logins(), 1);
}

#[test]
fn a_unix_socket_is_one_result() {
    let scratch = Scratch::new();
    let path = scratch.path().join("mongodb-27017.sock");
    let door = UnixListener::bind(&path).expect("a socket");
    let report = thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = door.accept().expect("a client");
            Mongodb::serve(&Setup::with_login(), &mut stream);
        });
        Agent::new(&format!("- {{type: mongo, host: {}{}}}", path.display(), login())).report()
    });
    let check = &report["checks"][0];
    assert_eq!(check["verdict"], "pass", "{check}");
    assert_eq!(check["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(check["results"][0]["name"], format!("mongodb:{}:27017:connect with auth", path.display()));
    drop(door);
    // A child that another test forked meanwhile has the listener, too, until it execs.
    wait::until("the listener to be closed", || UnixStream::connect(&path).is_err());
    let left_behind = Agent::new(&format!("- {{type: mongodb, host: {}}}", path.display())).report();
    assert_eq!(left_behind["checks"][0]["failure"]["code"], "connect.refused", "{left_behind}");
}

#[test]
fn rules_over_several_options_are_told_with_the_file() {
    for (options, wanted) in [
        ("host: h, username: a", "`username` without `password`"),
        ("host: h, password: a", "`password` without `username`"),
        ("host: /run/mongodb.sock, use_tls: true", "`use_tls`: there is no TLS over a Unix socket"),
        ("host: h, database: a.b", "`database`: expected the name of a database"),
        ("host: h, role: master", "`role`: expected primary or secondary, found `master`"),
    ] {
        let ran = Agent::new(&format!("- {{type: mongodb, {options}}}")).arg("--validate").run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(wanted) || ran.out.contains(wanted), "{options}: {ran:?}");
    }
    let ran = Agent::new("- {type: mongodb, host: h, username: a, password: b, auth_source: $external}")
        .arg("--validate")
        .run();
    assert_eq!(ran.status, 0, "{ran:?}");
}
