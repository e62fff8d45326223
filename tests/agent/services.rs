//! Every check against every other service, all of them real (but for `MongoDB`): the one that
//! answers instead is named where it says anything by which it can be known.

use crate::every_check::Case;
use conn_check::services::{self, Service};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::mail::{self, Mail};
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::mongodb;
use harness::mosquitto::{self, Mosquitto};
use harness::nginx::{Nginx, Site};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use harness::slapd::{self, Slapd};
use std::collections::BTreeMap;
use std::thread;

/// What the first check may take, and how much more each other one, seconds. A peer that said nothing by then is
/// asked who it is, and has a moment for that: hundreds of checks that ask at once would take it from each other.
const TIMEOUT: f64 = 1.0;
const APART: f64 = 0.02;

/// A service and its port.
type Running = (&'static Service, u16);

/// What each check (`TYPE`, or `TYPE over TLS`) says of each service: the code and the message.
type Told = BTreeMap<String, BTreeMap<&'static str, (String, String)>>;

/// The services of a town, and what keeps them running.
fn town(authority: &Authority) -> (Vec<Running>, Vec<Box<dyn Send>>) {
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
    let mosquitto = Mosquitto::start(&mosquitto::Setup::plain());
    let slapd = Slapd::start(&slapd::Setup::plain());
    let broker = broker.join().expect("the broker");
    let running: Vec<Running> = vec![
        (&services::HTTP, web),
        (&services::TLS, secure),
        (&services::POSTGRES, postgres.address().port()),
        (&services::MYSQL, mariadb.address().port()),
        (&services::REDIS, redis.address().port()),
        (&services::MEMCACHED, memcached.address().port()),
        (&services::SMTP, mail.address().port()),
        (&services::MONGODB, mongodb.address().port()),
        (&services::AMQP, broker.address().port()),
        (&services::MQTT, mosquitto.address().port()),
        (&services::LDAP, slapd.address().port()),
    ];
    (
        running,
        vec![
            Box::new(nginx),
            Box::new(postgres),
            Box::new(mariadb),
            Box::new(redis),
            Box::new(memcached),
            Box::new(mail),
            Box::new(mongodb),
            Box::new(mosquitto),
            Box::new(slapd),
            Box::new(broker),
        ],
    )
}

/// What every check says of each service that is not its own; whose certificates are this authority's.
/// The tests of a check with a server of its own see what all others say of that.
pub(crate) fn told(running: &[Running], authority: &Authority) -> Told {
    let trusted = format!(", ca_file: {}", authority.file().display());
    let is_its_own = |case: &Case, service: &Service| {
        case.service == service || *case.service == services::HTTP && case.tls && *service == services::TLS
    };
    let pairs: Vec<_> = Case::all()
        .into_iter()
        .filter(|case| *case.service != services::TCP)
        .flat_map(|case| running.iter().map(move |running| (case.clone(), *running)))
        .filter(|(case, (service, _))| !is_its_own(case, service))
        .collect();
    let yaml: String = pairs
        .iter()
        .zip(0..)
        .map(|((case, (_, port)), number)| {
            let timeout = TIMEOUT + APART * f64::from(number);
            case.at("127.0.0.1", *port, timeout).replace('}', &format!("{}}}", if case.tls { &trusted } else { "" }))
        })
        .collect();
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    let most = TIMEOUT + APART * f64::from(u32::try_from(pairs.len()).expect("not so many"));
    assert!(ran.elapsed.as_secs_f64() < most + 3.0, "{:?}", ran.elapsed);
    let report = ran.json();
    let mut told = Told::new();
    for ((case, (service, port)), check) in pairs.iter().zip(report["checks"].as_array().expect("checks")) {
        let failure = &check["failure"];
        let code = failure["code"].as_str().unwrap_or_else(|| panic!("{case:?} passes at {service:?}: {check}"));
        let message = failure["message"].as_str().expect("a message").replace(&port.to_string(), "PORT");
        let name = if case.tls { format!("{} over TLS", case.kind) } else { case.kind.to_owned() };
        told.entry(name).or_default().insert(service.id, (code.to_owned(), message));
    }
    told
}

/// What may be said of a service in the place of another.
fn sane(tls: bool, service: &str) -> &'static [&'static str] {
    match (tls, service == services::TLS.id) {
        (false, true) => &["tls.required", "protocol.wrong-service"],
        (true, _) => &["tls.not-tls", "protocol.wrong-service"],
        (false, false) => &["protocol.wrong-service"],
    }
}

/// All of it, and what of it names nobody.
pub(crate) fn lines(told: &Told) -> (String, String) {
    let (mut text, mut wrong) = (String::new(), String::new());
    for (check, about) in told {
        for (service, (code, message)) in about {
            let line = format!("{check} at {service}: {code}: {message}\n");
            text += &line;
            let tls = check.ends_with("over TLS") || *check == services::TLS.id;
            if !sane(tls, service).contains(&code.as_str()) {
                wrong += &line;
            }
        }
    }
    (text, wrong)
}

#[test]
fn another_service_in_its_place_is_told() {
    let authority = Authority::new();
    let (running, _town) = town(&authority);
    let (text, wrong) = lines(&told(&running, &authority));
    insta::assert_snapshot!(text);
    assert!(wrong.is_empty(), "{wrong}");
}
