//! Nobody on the way talks the check into less than it asks for, and what it does without is seen.

use harness::agent::Agent;
use harness::certs::Authority;
use harness::exim::{self, Exim};
use harness::forwarder::Forwarder;
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::mongodb::{self, Mongodb};
use harness::mosquitto::{self, Mosquitto};
use harness::netns::{Namespace, Network};
use harness::peers::{Manner, Peer, Recorder};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::slapd::{self, Slapd};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// The note on a login without TLS.
const NOTE: &str = "the login goes to another host without TLS [auth.without-tls]";

fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

fn told<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

/// A check of a type, with these options behind its address.
fn check_of(kind: &str, address: SocketAddr, more: &str) -> String {
    format!("- {{type: {kind}, host: '{}', port: {}, timeout: 10, {more}}}\n", address.ip(), address.port())
}

const POSTGRES: &str = "username: app, password: correct-horse, database: shop";
const MYSQL: &str = "username: app, password: s3cret-Word";

#[test]
fn a_preference_with_a_ca_or_a_certificate_is_a_demand() {
    let ca = Authority::new();
    let own = ca.client("app");
    let trust = format!("ca_file: {}", ca.file().display());
    let certificate =
        format!("client_cert: {}, client_key: {}", own.certificate_file().display(), own.key_file().display());
    let postgres = Postgres::start(&postgres::Setup::plain());
    let mariadb = MariaDb::start(&mariadb::Setup::new());
    for (kind, address, login) in [("postgres", postgres.address(), POSTGRES), ("mysql", mariadb.address(), MYSQL)] {
        assert_eq!(check(&check_of(kind, address, login))["verdict"], "pass");
        for (more, option) in [(&trust, "ca_file"), (&certificate, "client_cert")] {
            for mode in ["", ", use_tls: prefer"] {
                let check = check(&check_of(kind, address, &format!("{login}, {more}{mode}")));
                assert_eq!((told(&check, "code"), told(&check, "owner")), ("tls.not-tls", "config"), "{check}");
                let why = format!(", but `{option}` in the check requires it");
                assert!(told(&check, "message").ends_with(&why), "{check}");
                assert!(told(&check, "next_step").starts_with("enable "), "{check}");
            }
        }
    }
}

#[test]
fn a_password_is_not_handed_to_whoever_takes_tls_out() {
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let notes = Arc::clone(&heard);
    // Answers N, asks for the password itself, and lets everybody in.
    let rogue = Peer::serve(move |wire| {
        let _asked = wire.first_bytes();
        let _sent = wire.send(b"N");
        let _start_up = wire.first_bytes();
        let _sent = wire.send(b"R\0\0\0\x08\0\0\0\x03");
        notes.lock().expect("notes").extend(wire.first_bytes());
        let _sent = wire.send(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I");
        wire.drain();
    });
    let ca = Authority::new();
    let more = format!("{POSTGRES}, ca_file: {}", ca.file().display());
    let check = check(&check_of("postgres", rogue.address(), &more));
    assert_eq!(told(&check, "code"), "tls.not-tls", "{check}");
    assert!(!String::from_utf8_lossy(&heard.lock().expect("notes")).contains("correct-horse"));
}

/// Every server that takes a login without TLS, on another host: its type, its address, the options.
struct Servers {
    checks: Vec<(&'static str, SocketAddr, String)>,
    _kept: Box<dyn std::any::Any + Send>,
}

impl Servers {
    /// Starts them there. Those that only listen on loopback get somebody who passes on what comes.
    fn start_in(far: &Namespace) -> Self {
        let outside = |server: SocketAddr| Forwarder::start_at(SocketAddr::new(far.ip(), 0), server);
        far.inside(|| {
            let (redis, mongodb, web) = (
                Redis::start(&redis::Setup::new().password().at(far.at(6379))),
                Mongodb::start_at(far.at(27017), mongodb::Setup::with_login()),
                Recorder::start_at(far.at(80), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            );
            let mosquitto = Mosquitto::start(&mosquitto::Setup::plain().at(far.ip()));
            let slapd = Slapd::start(&slapd::Setup::plain().at(far.ip()));
            let (postgres, mariadb) =
                (Postgres::start(&postgres::Setup::plain()), MariaDb::start(&mariadb::Setup::new()));
            let (memcached, exim) =
                (Memcached::start(&memcached::Setup::new().text_login()), Exim::start(&exim::Setup::open()));
            let ways = [postgres.address(), mariadb.address(), memcached.address(), exim.address()].map(outside);
            let [by_postgres, by_mariadb, by_memcached, by_exim] = ways.each_ref().map(Forwarder::address);
            let of = |user: &str, password: &str| format!("username: '{user}', password: '{password}'");
            let checks = vec![
                ("redis", redis.address(), format!("password: {}", redis::PASSWORD)),
                ("mongodb", mongodb.address(), of(mongodb::USER, mongodb::PASSWORD) + ", database: shop"),
                ("mqtt", mosquitto.address(), of(mosquitto::USER, mosquitto::PASSWORD)),
                ("ldap", slapd.address(), of(slapd::USER, slapd::PASSWORD) + ", use_tls: false"),
                ("postgres", by_postgres, POSTGRES.to_owned()),
                ("postgres", by_postgres, POSTGRES.replace("app", "clear")),
                ("postgres", by_postgres, POSTGRES.replace("app", "legacy")),
                ("mysql", by_mariadb, MYSQL.to_owned()),
                ("memcache", by_memcached, of(memcached::USER, memcached::PASSWORD)),
                (
                    "smtp",
                    by_exim,
                    of(exim::USER, exim::PASSWORD) + ", use_tls: false, send: false, from_address: a@sender.test",
                ),
            ];
            let web_too = (web.peer().address(), Box::new((redis, mongodb, web, mosquitto, slapd)));
            let checks = checks.into_iter().chain([("http", web_too.0, "auth: [app, s3cret]".to_owned())]).collect();
            Self { checks, _kept: Box::new((web_too.1, postgres, mariadb, memcached, exim, ways)) }
        })
    }

    fn yaml(&self, only: impl Fn(&str) -> bool) -> String {
        let checks = self.checks.iter().filter(|(kind, ..)| only(kind));
        checks
            .map(|(kind, address, more)| match *kind {
                "http" => format!("- {{type: http, url: 'http://{address}/', {more}}}\n"),
                kind => check_of(kind, *address, more),
            })
            .collect()
    }
}

#[test]
fn a_login_without_tls_to_another_host_is_noted_in_every_format() {
    let network = Network::new();
    let servers = Servers::start_in(&network.far);
    let near = |yaml: &str| Agent::through(network.near.command("env"), yaml);
    let report = near(&servers.yaml(|_| true)).report();
    for (check, (kind, ..)) in report["checks"].as_array().expect("checks").iter().zip(&servers.checks) {
        assert_eq!(check["verdict"], "pass", "{check}");
        assert_eq!(check["facts"]["login_over_tls"], false, "{kind}: {check}");
    }
    let human = near(&servers.yaml(|_| true)).args(["--format", "human"]).run();
    let noted = format!("ok   {} checks: ", servers.checks.len());
    assert!(human.out.starts_with(&noted) && human.out.matches(NOTE).count() == 1, "{}", human.out);
    for format in ["plain", "nagios", "junit", "tap"] {
        let ran = near(&servers.yaml(|_| true)).args(["--format", format]).run();
        assert_eq!(ran.out.matches(NOTE).count(), servers.checks.len(), "{format}: {}", ran.out);
    }
    let ran = near(&servers.yaml(|kind| kind == "redis")).args(["--format", "prometheus"]).run();
    assert_eq!(ran.out.matches("\nconn_check_login_without_tls{").count(), 1, "{}", ran.out);
    // Without a login there is nothing to note.
    let ran =
        near(&format!("- {{type: http, url: 'http://{}/'}}\n", network.far.at(80))).args(["--format", "plain"]).run();
    assert!(ran.out.contains(" OK") && !ran.out.contains("note: "), "{}", ran.out);
}

#[test]
fn a_login_to_this_host_is_not_noted() {
    let postgres = Postgres::start(&postgres::Setup::plain());
    let redis = Redis::start(&redis::Setup::new().password());
    let web = Recorder::start_with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let yaml = check_of("postgres", postgres.address(), POSTGRES)
        + &check_of("redis", redis.address(), &format!("password: {}", redis::PASSWORD))
        + &format!("- {{type: redis, host: {}, password: {}}}\n", redis.socket().display(), redis::PASSWORD)
        + &format!("- {{type: http, url: '{}', auth: [a, b]}}\n", web.url("/"));
    let ran = Agent::new(&yaml).args(["--format", "plain"]).run();
    assert_eq!((ran.status, ran.out.contains("note: ")), (0, false), "{}", ran.out);
}

#[test]
fn a_proxy_that_passes_a_login_on_in_plain_text_is_noted_where_it_is() {
    let proxy = Recorder::start_with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let yaml = format!("- {{type: http, url: 'http://web.example/', auth: [a, b], proxy_url: '{}'}}\n", proxy.url("/"));
    let ran = Agent::new(&yaml).args(["--format", "plain"]).run();
    assert_eq!((ran.status, ran.out.matches(NOTE).count()), (0, 1), "{}", ran.out);
}

/// What a stripped or missing TLS reads like, with a login and without.
fn advice(yaml: &str) -> String {
    advice_of(&check(yaml)).to_owned()
}

fn advice_of(check: &Value) -> &str {
    assert!(told(check, "code").starts_with("tls."), "{check}");
    told(check, "next_step")
}

#[test]
fn nobody_with_a_login_is_told_to_do_without_tls() {
    let mail = Peer::serve(|wire| {
        let _sent = wire.send(b"220 mail.test ESMTP Exim\r\n");
        let _hello = wire.first_bytes();
        let _sent = wire.send(b"250-mail.test\r\n250 AUTH PLAIN\r\n");
        wire.drain();
    });
    let slapd = Slapd::start(&slapd::Setup::plain());
    let postgres = Postgres::start(&postgres::Setup::plain());
    let mariadb = MariaDb::start(&mariadb::Setup::new());
    let silent = Peer::start(Manner::Silent);
    let memcached = Memcached::start(&memcached::Setup::new());
    let web = Recorder::start();
    let login = "username: a, password: b, ";
    let cases = [
        ("smtp", mail.address(), "use_tls: starttls, send: false, from_address: a@b.test"),
        ("ldap", slapd.address(), "use_tls: starttls"),
        ("ldap", slapd.address(), "use_tls: true"),
        ("redis", silent.address(), "use_tls: true, timeout: 0.5"),
        ("memcache", memcached.address(), "use_tls: true"),
        ("mongodb", web.peer().address(), "use_tls: true"),
        ("mqtt", web.peer().address(), "use_tls: true"),
    ];
    let yaml = |(kind, address, options): (&str, SocketAddr, &str), more: &str| {
        check_of(kind, address, &format!("{more}{options}")).replacen("timeout: 10, ", "", 1)
    };
    let all: String = cases.map(|case| yaml(case, login)).concat();
    let report = Agent::new(&all).report();
    for ((kind, address, options), check) in cases.into_iter().zip(report["checks"].as_array().expect("checks")) {
        let with = advice_of(check);
        let plain = ["use_tls: false", "`use_tls: false`", "TLS off", ", or false", "prefer"];
        assert!(plain.iter().all(|word| !with.contains(word)), "{kind}: {with}");
        if matches!(kind, "smtp" | "redis") || (kind == "ldap" && options.contains("starttls")) {
            let without = advice(&yaml((kind, address, options), ""));
            assert!(without.contains("use_tls: false"), "{kind}: {without}");
        }
    }
    for (kind, address) in [("postgres", postgres.address()), ("mysql", mariadb.address())] {
        let yaml = |more: &str| check_of(kind, address, &format!("username: app, database: shop, use_tls: true{more}"));
        let (with, without) = (advice(&yaml(", password: b")), advice(&yaml("")));
        assert!(!with.contains("false") && !with.contains("prefer"), "{with}");
        assert!(without.contains("prefer"), "{without}");
    }
}

#[test]
fn a_server_that_only_closes_is_no_reason_to_do_without_tls() {
    let closing = Peer::start(Manner::Closes);
    for kind in ["amqp", "mqtt", "redis", "ldap", "mongodb", "memcache"] {
        let more = "username: a, password: b, use_tls: true";
        let check = check(&check_of(kind, closing.address(), more));
        let next = told(&check, "next_step");
        assert!(!next.contains("use_tls: false") && !next.contains(", or false"), "{kind}: {check}");
    }
}
