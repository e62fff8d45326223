//! The mysql check against `MariaDB` 10.11.

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::mariadb::{DATABASE, MariaDb, PASSWORD, Setup, USER};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

/// A server with TLS that the tests share, and its authority. They change nothing of it.
fn server() -> &'static (MariaDb, Authority) {
    static SERVER: OnceLock<(MariaDb, Authority)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let ca = Authority::new();
        let setup = Setup::new().tls(&ca.valid()).clients_of(&ca);
        (MariaDb::start(&setup), ca)
    })
}

/// A file with one mysql check; `more` are options, each with a comma before it.
fn mysql(address: SocketAddr, user: &str, more: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    format!("- {{type: mysql, host: '{host}', port: {port}, username: {user}, timeout: 10{more}}}")
}

/// What comes of it: the failure's code or the verdict, and the whole check.
fn check(address: SocketAddr, user: &str, more: &str) -> (String, Value) {
    let report = Agent::new(&mysql(address, user, more)).report();
    (code(&report), report["checks"][0].clone())
}

fn with_password(more: &str) -> String {
    format!(", password: {PASSWORD}{more}")
}

fn ca_file(file: &Path) -> String {
    format!(", ca_file: {}", file.display())
}

#[test]
fn a_login_passes_plain_and_with_tls() {
    let (server, ca) = server();
    for (more, version, verified) in [
        (", use_tls: false".to_owned(), None, None),
        (String::new(), Some("TLS 1.3"), Some(false)),
        (ca_file(ca.file()), Some("TLS 1.3"), Some(true)),
        (", use_tls: true".to_owned() + &ca_file(ca.file()), Some("TLS 1.3"), Some(true)),
    ] {
        let more = with_password(&format!(", database: {DATABASE}{more}"));
        let (verdict, check) = check(server.address(), USER, &more);
        assert_eq!(verdict, "pass", "{more}: {check}");
        let facts = &check["facts"];
        assert_eq!(facts["tls_version"].as_str(), version, "{check}");
        assert_eq!(facts["tls_verified"].as_bool(), verified, "{check}");
        assert!(facts["server_version"].as_str().is_some_and(|text| text.starts_with("10.11.")), "{check}");
        assert_eq!(facts["auth_plugin"], "mysql_native_password");
    }
}

#[test]
fn a_wrong_password_is_rejected_with_the_servers_own_words() {
    let (server, _) = server();
    let (verdict, check) = check(server.address(), USER, ", password: wrong-Word");
    let failure = &check["failure"];
    assert_eq!((verdict.as_str(), failure["owner"].as_str()), ("auth.rejected", Some("credentials")), "{check}");
    assert_eq!(failure["evidence"], "1045 (28000): Access denied for user 'app'@'127.0.0.1' (using password: YES)");
}
