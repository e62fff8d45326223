//! The postgres check against `PostgreSQL` itself: every way in, and every way to be turned away.

mod peers;
mod pgpool;
mod pooler;
mod refusals;
mod requests;
mod roundtrip;
mod rules;
mod scram;

use harness::agent::Agent;
use harness::certs::Authority;
use harness::forwarder::Forwarder;
use harness::postgres::{DATABASE, PASSWORD, Postgres, Setup, USER, own_name, socket};
use harness::wait;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

/// A server with TLS, who vouches for it, and whom it trusts.
struct Town {
    postgres: Postgres,
    authority: Authority,
    clients: Authority,
}

/// The server that most tests share.
fn town() -> &'static Town {
    static TOWN: OnceLock<Town> = OnceLock::new();
    TOWN.get_or_init(|| {
        let (authority, clients) = (Authority::new(), Authority::new());
        let postgres = Postgres::start(&Setup::tls(&authority.valid()).clients(&clients));
        Town { postgres, authority, clients }
    })
}

/// A file with one postgres check; `more` are options, each with a comma before it.
fn yaml(address: SocketAddr, user: &str, more: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    let database = if more.contains("database:") { String::new() } else { format!(", database: {DATABASE}") };
    let timeout = if more.contains("timeout:") { "" } else { ", timeout: 10" };
    format!("- {{type: postgres, host: {host}, port: {port}, username: {user}{database}{timeout}{more}}}")
}

/// With the password that every role has.
fn with_password(more: &str) -> String {
    format!(", password: {PASSWORD}{more}")
}

/// TLS that is verified against the shared server's authority.
fn verified() -> String {
    format!(", use_tls: true, ca_file: {}", town().authority.file().display())
}

/// The first check of the report.
fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The failure of a check, with its code and owner.
fn failed(yaml: &str, code: &str, owner: &str) -> Value {
    let check = check(yaml);
    let failure = check["failure"].clone();
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some(code), Some(owner)), "{yaml}\n{check}");
    failure
}

/// The failure of a check of the shared server.
fn refused(user: &str, more: &str, code: &str, owner: &str) -> Value {
    failed(&yaml(town().postgres.address(), user, more), code, owner)
}

fn passes(yaml: &str) -> Value {
    let check = check(yaml);
    assert_eq!(check["verdict"], "pass", "{yaml}\n{check}");
    check
}

fn names(check: &Value) -> Vec<&str> {
    check["results"].as_array().expect("results").iter().map(|one| text(one, "name")).collect()
}

#[test]
fn a_login_passes_and_tells_what_the_server_is() {
    let address = town().postgres.address();
    for (more, tls) in [(", use_tls: false", None), ("", Some(false)), (&verified(), Some(true))] {
        let check = passes(&yaml(address, USER, &with_password(more)));
        assert_eq!(names(&check), [format!("tcp:{address}"), format!("postgres:{address}")]);
        let facts = &check["facts"];
        assert!(text(facts, "server_version").starts_with(|first: char| first.is_ascii_digit()), "{facts}");
        assert_eq!(text(facts, "server_role"), "primary");
        assert_eq!(facts["tls_verified"].as_bool(), tls, "{facts}");
    }
}

#[test]
fn the_other_name_of_the_type_and_a_host_name_pass() {
    let address = town().postgres.address();
    let yaml = yaml(address, USER, &with_password(&verified()));
    let check = passes(&yaml.replace("type: postgres", "type: postgresql").replace("127.0.0.1", "localhost"));
    let port = address.port();
    assert_eq!(names(&check), [format!("tcp:localhost:{port}"), format!("postgres:localhost:{port}")]);
    assert_eq!(check["type"], "postgres");
}

#[test]
fn older_ways_to_send_a_password_pass() {
    for user in ["legacy", "clear"] {
        for more in ["", ", use_tls: false"] {
            passes(&yaml(town().postgres.address(), user, &with_password(more)));
        }
    }
}

#[test]
fn a_wrong_password_is_rejected_and_sent_once() {
    let postgres = Postgres::start(&Setup::plain());
    for (count, user) in [USER, "legacy", "clear"].into_iter().enumerate() {
        let more = ", password: not-this-one";
        let failure = failed(&yaml(postgres.address(), user, more), "auth.rejected", "credentials");
        assert!(text(&failure, "evidence").starts_with("28P01: password authentication failed"), "{failure}");
        assert_eq!(text(&failure, "message"), format!("wrong password, or no role {user}"));
        assert_eq!(postgres.log().matches("password authentication failed").count(), count + 1, "{}", postgres.log());
    }
}

#[test]
fn a_role_that_is_not_there_is_rejected() {
    refused("nobody-of-that-name", &with_password(""), "auth.rejected", "credentials");
    let failure = refused("phantom", "", "auth.rejected", "credentials");
    assert!(text(&failure, "evidence").starts_with("28000: role \"phantom\" does not exist"), "{failure}");
}

#[test]
fn a_password_that_has_expired_is_rejected_with_a_hint() {
    let failure = refused("expired", &with_password(""), "auth.rejected", "credentials");
    assert!(text(&failure, "next_step").contains("VALID UNTIL"), "{failure}");
}

#[test]
fn a_server_that_wants_a_password_gets_none_it_was_not_given() {
    for (user, more) in [(USER, ""), ("legacy", ", password: ''"), ("clear", ", password: null, use_tls: false")] {
        let failure = refused(user, more, "auth.required", "config");
        assert_eq!(
            text(&failure, "message"),
            format!("the server wants a password for {user}, but the check has none")
        );
    }
}

#[test]
fn a_password_that_nobody_asks_for_is_a_warning() {
    let address = town().postgres.address();
    passes(&yaml(address, "open", ""));
    let check = check(&yaml(address, "open", &with_password("")));
    assert_eq!(
        (check["verdict"].as_str(), check["warnings"][0]["code"].as_str()),
        (Some("warn"), Some("auth.not-needed"))
    );
    let message = "the server let open in without asking for the password";
    assert_eq!(check["warnings"][0]["message"], message, "{check}");
}

#[test]
fn a_standby_says_that_it_is_a_replica() {
    let standby = Postgres::start(&Setup::plain().standby());
    let more = with_password(", table: orders, query: SELECT item FROM orders");
    let check = passes(&yaml(standby.address(), USER, &more));
    assert_eq!(text(&check["facts"], "server_role"), "replica");
    passes(&yaml(standby.address(), USER, &with_password(", role: replica")));
    let failure =
        failed(&yaml(standby.address(), USER, &with_password(", role: primary")), "request.read-only", "service");
    assert_eq!(text(&failure, "message"), "a replica answered, but the primary is wanted");
    passes(&yaml(town().postgres.address(), USER, &with_password(", role: primary")));
    let failure = refused(USER, &with_password(", role: replica"), "request.unexpected-reply", "service");
    assert!(!text(&failure, "next_step").contains("expect"), "{failure}");
}

/// A file with a check of a socket.
fn over_socket(host: &Path, user: &str, more: &str) -> String {
    let port = town().postgres.address().port();
    let host = host.display();
    format!("- {{type: postgres, host: {host}, port: {port}, username: {user}, database: {DATABASE}{more}}}")
}

#[test]
fn a_socket_is_found_in_its_directory_or_by_its_path() {
    let (folder, port) = (town().postgres.socket_folder(), town().postgres.address().port());
    for host in [&folder, &socket(&folder, port)] {
        let check = passes(&over_socket(host, "open", ""));
        assert_eq!(names(&check), [format!("postgres:{}:{port}", host.display())]);
    }
    passes(&over_socket(&folder, &own_name(), ""));
}

#[test]
fn a_socket_that_is_not_there_is_named() {
    let folder = town().postgres.socket_folder().join("elsewhere");
    let failure = failed(&over_socket(&folder, "open", ""), "connect.no-socket", "service");
    assert!(text(&failure, "message").contains("elsewhere/.s.PGSQL."), "{failure}");
}

#[test]
fn a_system_user_of_another_name_is_kept_out() {
    let yaml = over_socket(&town().postgres.socket_folder(), USER, &with_password(""));
    let failure = failed(&yaml, "auth.host-not-allowed", "service");
    assert!(text(&failure, "evidence").starts_with("28000: Peer authentication failed"), "{failure}");
    assert!(text(&failure, "next_step").contains("pg_ident.conf"), "{failure}");
}

#[test]
fn tls_over_a_socket_is_refused_with_the_file() {
    let yaml = over_socket(&town().postgres.socket_folder(), "open", ", use_tls: true");
    let ran = Agent::new(&yaml).arg("--validate").run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("there is no TLS over a Unix socket"), "{}", ran.err);
}

/// The turns of a check that passes, behind a forwarder that counts them.
fn turns(user: &str, more: &str, wanted: usize) {
    let way = Forwarder::start_far(town().postgres.address());
    let verdict = check(&yaml(way.address(), user, more))["verdict"].clone();
    assert!(verdict == "pass" || verdict == "warn", "{verdict}");
    // The goodbye, for which nobody waits, comes last.
    wait::until("the goodbye", || way.open() == 0);
    assert_eq!((way.turns(), way.connections()), (wanted, 1), "{user}{more}");
}

#[test]
fn a_login_takes_three_turns_and_five_with_tls_before_the_goodbye() {
    turns(USER, &with_password(", use_tls: false"), 3 + 1);
    turns(USER, &with_password(""), 5 + 1);
    turns("legacy", &with_password(", use_tls: false"), 2 + 1);
    turns("open", ", use_tls: false", 1 + 1);
}

#[test]
fn a_table_takes_one_turn_and_a_query_two() {
    let more = |options: &str| with_password(&format!(", use_tls: false{options}"));
    turns(USER, &more(", table: orders"), 4 + 1);
    turns(USER, &more(", query: SELECT 1"), 5 + 1);
    turns(USER, &more(", query: SELECT 1, expect: 1"), 5 + 1);
    turns(USER, &more(", role: primary"), 3 + 1);
    turns(USER, &with_password(", table: orders, query: SELECT 1"), 8 + 1);
}
