//! Every check against every other service, all of them real (but for `MongoDB`): the one that
//! answers instead is named where it says anything by which it can be known.

use crate::every_check::Case;
use harness::agent::Agent;
use harness::certs::Authority;
use harness::mail::{self, Mail};
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::mongodb;
use harness::nginx::{Nginx, Site};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use std::collections::BTreeMap;
use std::thread;

/// The type of the check that fits each service, and its port.
type Services = Vec<(&'static str, u16)>;

/// The services of a town, and what keeps them running.
fn town(authority: &Authority) -> (Services, Vec<Box<dyn Send>>) {
    let identity = authority.valid();
    let nginx = Nginx::start([Site::http("web"), Site::tls("secure", &identity)]);
    let (web, secure) = (nginx.address("web").port(), nginx.address("secure").port());
    // The broker takes seconds.
    let broker = thread::spawn(|| RabbitMq::start(&rabbitmq::Setup::plain()));
    let postgres = Postgres::start(&postgres::Setup::plain());
    let mariadb = MariaDb::start(&mariadb::Setup::new());
    let redis = Redis::start(&redis::Setup::new());
    let memcached = Memcached::start(&memcached::Setup::new());
    let mail = Mail::start(&mail::Setup::open());
    let mongodb = mongodb::Setup::with_login().start();
    let broker = broker.join().expect("the broker");
    let services = vec![
        ("http", web),
        ("tls", secure),
        ("postgres", postgres.address().port()),
        ("mysql", mariadb.address().port()),
        ("redis", redis.address().port()),
        ("memcache", memcached.address().port()),
        ("smtp", mail.address().port()),
        ("mongodb", mongodb.address().port()),
        ("amqp", broker.address().port()),
    ];
    (
        services,
        vec![
            Box::new(nginx),
            Box::new(postgres),
            Box::new(mariadb),
            Box::new(redis),
            Box::new(memcached),
            Box::new(mail),
            Box::new(mongodb),
            Box::new(broker),
        ],
    )
}

/// What each check (`TYPE`, or `TYPE over TLS`) says of each service that is not its own.
fn told() -> BTreeMap<String, BTreeMap<&'static str, (String, String)>> {
    let authority = Authority::new();
    let (services, _town) = town(&authority);
    let trusted = format!(", ca_file: {}", authority.file().display());
    let pairs: Vec<_> = Case::all()
        .into_iter()
        .filter(|case| case.kind != "tcp")
        .flat_map(|case| services.iter().map(move |service| (case.clone(), *service)))
        .filter(|(case, (service, _))| case.kind != *service && !(case.kind == "http" && case.tls && *service == "tls"))
        .collect();
    let yaml: String = pairs
        .iter()
        .map(|(case, (_, port))| case.yaml(*port).replace('}', &format!("{}}}", if case.tls { &trusted } else { "" })))
        .collect();
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed.as_secs_f64() < 3.0, "{:?}", ran.elapsed);
    let report = ran.json();
    let mut told: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
    for ((case, (service, port)), check) in pairs.iter().zip(report["checks"].as_array().expect("checks")) {
        let failure = &check["failure"];
        let code = failure["code"].as_str().unwrap_or_else(|| panic!("{case:?} passes at {service}: {check}"));
        let message = failure["message"].as_str().expect("a message").replace(&port.to_string(), "PORT");
        let name = if case.tls { format!("{} over TLS", case.kind) } else { case.kind.to_owned() };
        told.entry(name).or_default().insert(*service, (code.to_owned(), message));
    }
    told
}

/// What may be said of a service in the place of another.
fn sane(tls: bool, service: &str) -> &'static [&'static str] {
    match (tls, service) {
        (false, "tls") => &["tls.required", "protocol.wrong-service"],
        (true, _) => &["tls.not-tls", "protocol.wrong-service"],
        (false, _) => &["protocol.wrong-service"],
    }
}

#[test]
fn another_service_in_its_place_is_told() {
    let told = told();
    let (mut text, mut wrong) = (String::new(), String::new());
    for (check, services) in &told {
        for (service, (code, message)) in services {
            let line = format!("{check} at {service}: {code}: {message}\n");
            text += &line;
            if !sane(check.ends_with("over TLS") || check == "tls", service).contains(&code.as_str()) {
                wrong += &line;
            }
        }
    }
    insta::assert_snapshot!(text);
    assert!(wrong.is_empty(), "{wrong}");
}
