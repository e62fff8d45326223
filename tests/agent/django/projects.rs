//! Projects whose services are all there: what is written for them passes.

use super::validated;
use harness::django::{Django, Project, run};
use harness::mail::{self, Mail};
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The services of a project.
struct Town {
    postgres: Postgres,
    mariadb: MariaDb,
    caches: [Memcached; 3],
    redis: Redis,
    broker: RabbitMq,
    mail: Mail,
    statsd: UdpSocket,
}

impl Town {
    fn start() -> Self {
        let broker = thread::spawn(|| RabbitMq::start(&rabbitmq::Setup::plain()));
        let cache = |setup: &memcached::Setup| Memcached::start(setup);
        Self {
            postgres: Postgres::start(&postgres::Setup::plain()),
            mariadb: MariaDb::start(&mariadb::Setup::new()),
            caches: [
                cache(&memcached::Setup::new()),
                cache(&memcached::Setup::new()),
                cache(&memcached::Setup::new().socket()),
            ],
            redis: Redis::start(&redis::Setup::new().password()),
            mail: Mail::start(&mail::Setup::open()),
            statsd: UdpSocket::bind("127.0.0.1:0").expect("a UDP port"),
            broker: broker.join().expect("the broker"),
        }
    }

    /// What settings are made of: one assignment per address and secret.
    fn places(&self) -> String {
        let socket = self.caches[2].socket();
        let pairs = [
            ("POSTGRES_PORT", self.postgres.address().port().to_string()),
            ("POSTGRES_SOCKET", self.postgres.socket_folder().display().to_string()),
            ("POSTGRES_PASSWORD", postgres::PASSWORD.to_owned()),
            ("MYSQL_PORT", self.mariadb.address().port().to_string()),
            ("MYSQL_SOCKET", self.mariadb.socket().display().to_string()),
            ("MYSQL_PASSWORD", mariadb::PASSWORD.to_owned()),
            ("CACHE_A", self.caches[0].address().to_string()),
            ("CACHE_B", self.caches[1].address().to_string()),
            ("CACHE_SOCKET", socket.display().to_string()),
            ("REDIS", self.redis.address().to_string()),
            ("REDIS_PORT", self.redis.address().port().to_string()),
            ("REDIS_PASSWORD", redis::PASSWORD.to_owned()),
            ("RABBIT_PORT", self.broker.address().port().to_string()),
            ("RABBIT_PASSWORD", rabbitmq::PASSWORD.to_owned()),
            ("MAIL_PORT", self.mail.address().port().to_string()),
            ("MAIL_PASSWORD", mail::PASSWORD.to_owned()),
            ("STATSD_PORT_HERE", self.statsd.local_addr().expect("an address").port().to_string()),
        ];
        pairs.iter().fold(String::from("# -*- coding: utf-8 -*-\n"), |mut text, (name, value)| {
            let _ = writeln!(text, "{name} = {value:?}");
            text
        })
    }
}

/// That Django itself takes the settings.
fn set_up(project: &Project, python: &Path) {
    let script = project.scratch().write("set_up.py", "import django\ndjango.setup()\nprint(django.get_version())\n");
    let mut command = Command::new(python);
    command.arg(script).env("DJANGO_SETTINGS_MODULE", "shop.settings").current_dir(project.scratch().path());
    let ran = run(&mut command);
    assert_eq!(ran.status, 0, "{}", ran.err);
}

/// The types of the checks, in order.
fn types(yaml: &str) -> Vec<&str> {
    yaml.lines().filter_map(|line| line.strip_prefix("- type: ")).collect()
}

/// Generates, validates and runs the checks; the file.
fn passes(town: &Town, settings: &str, django: Django) -> String {
    let project = Project::new(format!("{}{settings}", town.places()));
    set_up(&project, &django.python());
    let ran = project.generate(django.python(), &["-f", "checks.yaml"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{django:?}: {}", ran.err);
    let text = project.read("checks.yaml");
    let said = validated(&text);
    assert_eq!(said.status, 0, "{}{text}", said.err);
    let ran = project.check("checks.yaml", &["--strict", "--format", "json"]);
    let report = ran.json();
    let checks = report["checks"].as_array().expect("checks");
    let not_passed: Vec<_> = checks.iter().filter(|check| check["verdict"] != "pass").collect();
    assert!(not_passed.is_empty() && ran.status == 0, "{not_passed:#?}\n{text}");
    assert_eq!(checks.len(), types(&text).len());
    text
}

/// What the service itself has seen of it.
fn was_used(town: &Town) {
    let mut buffer = [0; 64];
    town.statsd.set_nonblocking(true).expect("a flag");
    let size = town.statsd.recv(&mut buffer).expect("a datagram was sent");
    assert_eq!(&buffer[..size], b"conncheck.test:1|c");
    assert!(town.mail.mails().is_empty(), "a mail was sent");
    assert!(town.mail.logins().iter().any(|login| login.user == mail::USER), "nobody has logged in");
}

#[test]
fn what_a_project_of_any_age_names_can_be_reached() {
    let town = Town::start();
    let new = passes(&town, include_str!("seeds/new.py"), Django::Newest);
    was_used(&town);
    #[rustfmt::skip]
    assert_eq!(types(&new), [
        "postgresql", "postgresql", "mysql", "mysql", "amqp", "redis", "memcached", "memcached", "memcached", "redis",
        "redis", "smtp", "udp",
    ], "{new}");
    for comment in ["DATABASES['local']", "CACHES['process']"] {
        assert!(new.contains(&format!("# {comment}: ")), "{comment}: {new}");
    }
    let old = passes(&town, include_str!("seeds/old.py"), Django::Oldest);
    was_used(&town);
    assert_eq!(
        types(&old),
        ["postgresql", "mysql", "amqp", "amqp", "memcached", "memcached", "memcached", "smtp", "udp", "redis"],
        "{old}"
    );
}

#[test]
fn both_djangos_read_both_projects_alike() {
    for settings in [include_str!("seeds/new.py"), include_str!("seeds/old.py")] {
        let places = "POSTGRES_PORT = MYSQL_PORT = REDIS_PORT = RABBIT_PORT = MAIL_PORT = STATSD_PORT_HERE = '1'\n\
                      POSTGRES_SOCKET = MYSQL_SOCKET = CACHE_SOCKET = '/run/x.sock'\nCACHE_A = CACHE_B = REDIS = 'h:2'\n\
                      POSTGRES_PASSWORD = MYSQL_PASSWORD = REDIS_PASSWORD = RABBIT_PASSWORD = MAIL_PASSWORD = 'pw'\n";
        let project = Project::new(format!("{places}{settings}"));
        let [newest, oldest] = Django::ALL.map(|django| project.generate(django.python(), &[]));
        let without = project.generate(harness::django::SYSTEM_PYTHON, &[]);
        assert_eq!((newest.status, &newest.err), (0, &oldest.err));
        assert_eq!(newest.out, oldest.out);
        // Neither project imports anything of Django when its settings are read.
        assert_eq!(without.out, newest.out, "{}", without.err);
    }
}
