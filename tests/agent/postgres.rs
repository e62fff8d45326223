//! The postgres check against `PostgreSQL` itself: every way in, and every way to be turned away.

use harness::agent::Agent;
use harness::certs::Authority;
use harness::postgres::{DATABASE, PASSWORD, Postgres, Setup, USER};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// A server with TLS, and who vouches for it.
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
fn postgres(address: SocketAddr, user: &str, more: &str) -> String {
    format!(
        "- {{type: postgres, host: {}, port: {}, timeout: 10, username: {user}, database: {DATABASE}{more}}}",
        address.ip(),
        address.port()
    )
}

/// With the password that every role has.
fn with_password(more: &str) -> String {
    format!(", password: {PASSWORD}{more}")
}

/// The first check of the report.
fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// The failure of a check of the shared server, with its code and owner.
fn refused(user: &str, more: &str, code: &str, owner: &str) -> Value {
    let check = check(&postgres(town().postgres.address(), user, more));
    let failure = check["failure"].clone();
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some(code), Some(owner)), "{check}");
    failure
}

#[test]
fn a_login_passes_and_tells_what_the_server_is() {
    let (town, address) = (town(), town().postgres.address());
    let ca = format!(", use_tls: true, ca_file: {}", town.authority.file().display());
    for (more, tls) in [(", use_tls: false", None), ("", Some(false)), (&ca, Some(true))] {
        let check = check(&postgres(address, USER, &with_password(more)));
        assert_eq!(check["verdict"], "pass", "{check}");
        let names: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| text(one, "name")).collect();
        assert_eq!(names, [format!("tcp:{address}"), format!("postgres:{address}")]);
        let facts = &check["facts"];
        assert!(text(facts, "server_version").starts_with(|first: char| first.is_ascii_digit()), "{facts}");
        assert_eq!(text(facts, "server_role"), "primary");
        assert_eq!(facts["tls_verified"].as_bool(), tls, "{facts}");
    }
}

#[test]
fn a_wrong_password_is_rejected_and_sent_once() {
    let failure = refused(USER, ", password: wrong", "auth.rejected", "credentials");
    assert!(text(&failure, "evidence").starts_with("28P01: password authentication failed"), "{failure}");
}
