//! `connect_to`, `server_name` and `min_tls_version`, which every check with TLS has.

use super::{ca_file, check, text};
use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{TlsManner, TlsPeer};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::wait;

#[test]
fn a_check_connects_elsewhere_and_keeps_the_name() {
    let ca = Authority::new();
    let identity = ca.leaf().only_named("shop.invalid").issue();
    let nginx = Nginx::start([Site::tls("shop", &identity).page("/", "hello")]);
    let database = Postgres::start(&postgres::Setup::tls(&identity));
    let cache = Redis::start(&redis::Setup::new().tls(&identity));
    let peer = TlsPeer::start(&identity, TlsManner::Silent);
    let trusted = ca_file(ca.file());
    for (yaml, at) in [
        ("type: tls, host: shop.invalid, port: 443".to_owned(), peer.address()),
        ("type: http, url: 'https://shop.invalid/'".to_owned(), nginx.address("shop")),
        (
            format!(
                "type: postgres, host: shop.invalid, port: 5432, username: {}, password: {}, database: {}, use_tls: true",
                postgres::USER,
                postgres::PASSWORD,
                postgres::DATABASE
            ),
            database.address(),
        ),
        ("type: redis, host: shop.invalid, port: 6379, use_tls: true".to_owned(), cache.tls_address()),
    ] {
        let yaml = format!("- {{{yaml}, connect_to: '{at}'{trusted}}}");
        let report = Agent::new(&yaml).report();
        let check = &report["checks"][0];
        assert_eq!(check["facts"]["tls_verified"], true, "{yaml}: {check}");
        assert!(check["failure"].is_null(), "{yaml}: {check}");
        assert!(text(check, "target").contains("shop.invalid"), "{check}");
        let rules = Agent::called("conn-check-export-fw", &yaml).run();
        assert!(rules.out.contains(&format!("[{}]", at.port())) && rules.out.contains("127.0.0.1"), "{}", rules.out);
        assert!(!rules.out.contains("shop.invalid"), "{}", rules.out);
    }
    wait::until("the server's end of the handshake", || peer.handshakes() == 1);
    assert_eq!(peer.names(), ["shop.invalid"]);
}

#[test]
fn a_host_alone_keeps_the_port_and_checks_of_one_target_are_told_apart() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.leaf().only_named("shop.invalid").issue(), TlsManner::Silent);
    let one = |to: &str| {
        let port = peer.address().port();
        format!(
            "- {{type: tls, host: shop.invalid, port: {port}, connect_to: '{to}', timeout: 5{}}}\n",
            ca_file(ca.file())
        )
    };
    let port = peer.address().port();
    let ran = Agent::new(&(one("127.0.0.1") + &one("[::1]:1"))).args(["--format", "prometheus"]).run();
    assert!(ran.out.contains(&format!("shop.invalid:{port} connect_to:127.0.0.1:{port}")), "{}", ran.out);
    assert!(ran.out.contains(&format!("shop.invalid:{port} connect_to:[::1]:1")), "{}", ran.out);
    assert!(ran.out.contains("connect.refused"), "{}", ran.out);
}

#[test]
fn a_server_name_holds_for_the_server_of_the_url_and_for_no_other() {
    let ca = Authority::new();
    let (named, usual) = (ca.leaf().only_named("shop.invalid").issue(), ca.valid());
    let there = Nginx::start([Site::tls("there", &usual).page("/", "hello")]);
    let target = there.url("there", "/").replace("127.0.0.1", "localhost");
    let here = Nginx::start([Site::tls("here", &named).page("/", "hello").redirect("/away", 302, &target)]);
    let yaml = |path: &str| {
        format!(
            "- {{type: http, url: '{}', server_name: shop.invalid, allow_redirects: true{}}}",
            here.url("here", path).replace("localhost", "127.0.0.1"),
            ca_file(ca.file())
        )
    };
    for path in ["/", "/away"] {
        let report = Agent::new(&yaml(path)).report();
        assert_eq!(report["checks"][0]["verdict"], "pass", "{path}: {report}");
    }
}

#[test]
fn an_older_version_than_the_check_demands_is_a_failure() {
    let ca = Authority::new();
    let identity = ca.valid();
    let nginx = Nginx::start([Site::tls("both", &identity), Site::tls("old", &identity).tls12_only()]);
    let more = |version: &str| format!("{}, min_tls_version: {version}", ca_file(ca.file()));
    for version in ["1.2", "'1.2'", "1.3", "'1.3'"] {
        assert_eq!(check(nginx.address("both"), &more(version))["verdict"], "pass", "{version}");
    }
    assert_eq!(check(nginx.address("old"), &more("1.2"))["verdict"], "pass");
    let failure = &check(nginx.address("old"), &more("1.3"))["failure"];
    assert_eq!(text(failure, "code"), "tls.no-common-version", "{failure}");
    assert_eq!(
        text(failure, "message"),
        "the server does not speak TLS 1.3, and the check demands it (`min_tls_version`)"
    );
    assert!(text(failure, "next_step").contains("min_tls_version: '1.2'"), "{failure}");
}

#[test]
fn a_preference_for_tls_with_a_least_version_is_a_demand() {
    let ca = Authority::new();
    let setup = postgres::Setup::tls(&ca.valid()).setting("ssl_max_protocol_version = 'TLSv1.2'");
    let database = Postgres::start(&setup);
    let check = |more: &str| {
        let (ip, port) = (database.address().ip(), database.address().port());
        let (user, password, name) = (postgres::USER, postgres::PASSWORD, postgres::DATABASE);
        let login = format!("username: {user}, password: {password}, database: {name}");
        Agent::new(&format!("- {{type: postgres, host: {ip}, port: {port}, {login}{more}}}")).report()
    };
    assert_eq!(code(&check("")), "pass");
    assert_eq!(code(&check(", min_tls_version: 1.3")), "tls.no-common-version");
}

#[test]
fn what_is_no_place_or_no_version_is_refused_with_a_reason() {
    for (option, message) in [
        ("connect_to: '127.0.0.1:0'", "HOST or HOST:PORT"),
        ("connect_to: '127.0.0.1:http'", "HOST or HOST:PORT"),
        ("connect_to: 'https://a/'", "it is a URL; write only the host"),
        ("connect_to: 'a:99999'", "a port is 1 to 65535"),
        ("min_tls_version: 1.1", "1.2 or 1.3"),
        ("server_name: 'a b'", "a host has no white space"),
    ] {
        let ran = Agent::new(&format!("- {{type: tls, host: a.invalid, port: 1, {option}}}")).run();
        assert_eq!(ran.status, 3, "{option}: {}", ran.out);
        assert!(ran.err.contains(message), "{option}: {}", ran.err);
    }
    let socket = "- {type: redis, host: /run/redis.sock, port: 1, connect_to: a}";
    let ran = Agent::new(socket).args(["--validate"]).run();
    assert!(ran.err.contains("`connect_to` has no effect over a Unix socket"), "{}", ran.err);
    let proxied = "- {type: http, url: 'https://a.invalid/', proxy_url: 'http://b.invalid:3128', connect_to: c}";
    let ran = Agent::new(proxied).args(["--validate"]).run();
    assert!(ran.err.contains("`connect_to` has no effect through a proxy"), "{}", ran.err);
}

#[test]
fn the_refusal_of_the_other_place_is_told_of_that_place() {
    let report = Agent::new("- {type: tls, host: shop.invalid, port: 443, connect_to: '127.0.0.1:1'}").report();
    assert_eq!(code(&report), "connect.refused");
    assert!(text(&report["checks"][0]["failure"], "message").starts_with("127.0.0.1:1 "), "{report}");
}
