//! `url`: a service's URL in the place of host, port, login and whatever else it says.

use conn_check::diagnostic::Diagnostic;
use conn_check::plan::{Defaults, Plan, load, render};
use conn_check::source::Source;
use harness::agent::{Agent, Ran, verdict_of};
use harness::memcached::{self, Memcached};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use std::time::Duration;

fn source(yaml: &str) -> Source {
    Source::own("checks.yaml", yaml)
}

/// The checks, and what is noted; or what is wrong.
fn read(yaml: &str) -> Result<(Plan, String), String> {
    let source = source(yaml);
    let shown = |problems: &[Diagnostic]| render(&source, problems, false);
    let read = load(&source, Defaults { timeout: Duration::from_secs(1) }, true);
    read.map(|(plan, notes)| (plan, shown(&notes))).map_err(|problems| shown(&problems))
}

/// The targets of the checks that a file stands for.
fn targets(yaml: &str) -> Vec<String> {
    let (plan, _) = read(yaml).unwrap_or_else(|problems| panic!("{yaml}: {problems}"));
    plan.entries.iter().map(|entry| entry.target.clone()).collect()
}

fn problems(yaml: &str) -> String {
    read(yaml).map_or_else(|problems| problems, |(_, notes)| notes)
}

#[test]
fn a_url_stands_for_the_options_that_it_says() {
    for (yaml, expected) in [
        ("- {type: redis, url: 'rediss://:p@h/3'}", &["h:6379"][..]),
        ("- {type: redis, url: 'redis+socket:///run/redis.sock'}", &["/run/redis.sock:6379"]),
        ("- {type: redis, url: 'tcp://h:6380'}", &["h:6380"]),
        ("- {type: postgres, url: 'postgresql+psycopg2://app:p%40ss@db/shop?sslmode=require'}", &["db:5432"]),
        ("- {type: postgres, url: 'postgres:///shop?host=/run/pg', username: app}", &["/run/pg:5432"]),
        ("- {type: postgres, url: 'postgres://app@a,b:5433/shop'}", &["a:5432", "b:5433"]),
        ("- {type: mysql, url: 'mysql://app:p@db/shop'}", &["db:3306"]),
        ("- {type: amqp, url: 'amqp://app:p@mq/%2f'}", &["mq:5672"]),
        ("- {type: amqp, url: 'amqps://app:p@mq/shop'}", &["mq:5671"]),
        ("- {type: amqp, url: 'amqp://a:p@m1//;amqp://a:p@m2//'}", &["m1:5672", "m2:5672"]),
        ("- {type: memcache, url: 'memcached://m1:1,m2:2'}", &["m1:1", "m2:2"]),
        ("- {type: mqtt, url: 'mqtts://app:p@mq'}", &["mq:8883"]),
        ("- {type: ldap, url: 'ldaps://dir/dc=x'}", &["dir:636"]),
        ("- {type: mongodb, url: 'mongodb://u:p@a:1,b:2/shop'}", &["a:1", "b:2"]),
        ("- {type: tcp, url: 'tcp://h:1'}", &["h:1"]),
        ("- {type: tls, url: 'ssl://h:2'}", &["h:2"]),
        ("- {type: udp, url: 'statsd://h'}", &["h:8125"]),
        ("- {type: smtp, url: 'smtp://h:25', from_address: a@b.example, send: false}", &["h:25"]),
    ] {
        assert_eq!(targets(yaml), expected, "{yaml}");
    }
}

#[test]
fn what_a_url_leaves_open_stands_beside_it() {
    for yaml in [
        "- {type: postgres, url: 'postgres://db/shop', username: app, password: p}",
        "- {type: postgres, url: 'postgres://app@db', database: shop, password: p, port: 5433, table: t}",
        "- {type: redis, url: 'redis://app@h', password: p, database: 2}",
        "- {type: amqp, url: 'amqp://mq', username: app, password: p, vhost: shop}",
        // The same twice is none too many.
        "- {type: redis, url: 'redis://h:6380/1', host: H, port: 6380, database: 1}",
        "- {type: amqp, url: 'amqp://a:p@mq', use_tls: no}",
    ] {
        assert_eq!(problems(yaml), "", "{yaml}");
    }
}

#[test]
fn what_is_wrong_with_a_url_or_beside_it_is_shown_there_without_its_secrets() {
    for (yaml, words) in [
        (
            "- {type: redis, url: 'redis://:s3cretc4nary@h:1', port: 2}",
            &["`port` stands in `url` as well, and differs"][..],
        ),
        (
            "- {type: redis, url: 'redis://:s3cretc4nary@h', password: otherc4nary}",
            &["`password` stands in `url` as well"],
        ),
        ("- {type: redis, url: 'amqp://u:s3cretc4nary@h'}", &["`url`: it is that of an AMQP broker", "`type: amqp`"]),
        ("- {type: redis, url: 'gopher://u:s3cretc4nary@h'}", &["`gopher://` is not the scheme"]),
        ("- {type: redis, url: 'u:s3cretc4nary@h'}", &["expected the URL of a service"]),
        ("- {type: postgres, url: 'host=db password=s3cretc4nary'}", &["expected the URL of a service"]),
        ("- {type: postgres, url: 'postgres://u:s3cretc4nary@h:99999/d'}", &["the port is not a number"]),
        ("- {type: postgres, url: 'postgres://u:s3cretc4nary@bad host/d'}", &["`host`: expected"]),
        ("- {type: postgres, url: 'postgres://:s3cretc4nary@h/d'}", &["`username` is missing"]),
        (
            "- {type: postgres, url: 'postgres://u:s3cretc4nary@h/d?application_name=x&connect_timeout=3'}",
            &["no option for `application_name`, `connect_timeout`"],
        ),
        ("- {type: tcp, url: 'tcp://u:s3cretc4nary@h:1/x'}", &["no option for its path, its login"]),
        ("- {type: redis, url: 'redis://:s3cretc4nary@h/shop'}", &["no option for its path"]),
        ("- {type: redis, url: {env: CONN_CHECK_NO_SUCH_URL}}", &["CONN_CHECK_NO_SUCH_URL", "is not set"]),
    ] {
        let told = problems(yaml);
        assert!(words.iter().all(|word| told.contains(word)), "{yaml}: {told}");
        assert!(!told.contains("c4nary"), "{yaml}: {told}");
        assert!(!told.contains("`host` is missing"), "{yaml}: {told}");
    }
}

#[test]
fn the_schema_takes_a_url_in_the_place_of_what_must_else_be_there() {
    let schema = jsonschema::validator_for(&conn_check::plan::schema::schema()).expect("a schema");
    for (check, is_right) in [
        (serde_json::json!([{"type": "redis", "url": "redis://h"}]), true),
        (serde_json::json!([{"type": "postgres", "url": {"env": "DATABASE_URL"}}]), true),
        (serde_json::json!([{"type": "amqp", "url": "amqp://h", "queue": "q"}]), true),
        (serde_json::json!([{"type": "redis", "host": "h"}]), true),
        (serde_json::json!([{"type": "redis"}]), false),
        (serde_json::json!([{"type": "amqp", "host": "h"}]), false),
        (serde_json::json!([{"type": "amqp", "host": "h", "auth_mechanism": "external"}]), true),
        (serde_json::json!([{"type": "http"}]), false),
    ] {
        assert_eq!(schema.is_valid(&check), is_right, "{check}");
    }
}

#[test]
fn real_servers_let_in_who_stands_in_a_url_of_the_environment() {
    let redis = Redis::start(&redis::Setup::new().password());
    let passed = Agent::new("- {type: redis, url: {env: REDIS_URL}, key: none, timeout: 5}\n")
        .env("REDIS_URL", &redis.url())
        .report();
    assert_eq!(
        passed["checks"][0]["failure"]["code"], "request.unexpected-reply",
        "logged in, and no such key: {passed}"
    );
    let wrong = redis.url().replace(redis::PASSWORD, "wr0ngc4nary");
    let Ran { out, err, .. } =
        Agent::new("- {type: redis, url: {env: REDIS_URL}, timeout: 5}\n").env("REDIS_URL", &wrong).run();
    assert!(out.contains("auth.rejected") && !format!("{out}{err}").contains("c4nary"), "{out}{err}");
    let rabbit = RabbitMq::start(&rabbitmq::Setup::plain());
    let broker = format!("amqp://{}:{}@{}/%2f", rabbitmq::USER, rabbitmq::PASSWORD, rabbit.address());
    assert_eq!(verdict_of(&format!("- {{type: amqp, url: '{broker}', timeout: 10}}\n")), "pass");
    let memcached = Memcached::start(&memcached::Setup::new());
    assert_eq!(verdict_of(&format!("- {{type: memcache, url: 'memcached://{}'}}\n", memcached.address())), "pass");
    let postgres = Postgres::start(&postgres::Setup::plain());
    let at = format!("{}/{}", postgres.address(), postgres::DATABASE);
    let database = |password: &str| {
        format!("- {{type: postgres, url: 'postgres://{}:{password}@{at}', timeout: 5}}\n", postgres::USER)
    };
    assert_eq!(verdict_of(&database(postgres::PASSWORD)), "pass");
    assert_eq!(verdict_of(&database("wrong")), "auth.rejected");
}

#[test]
fn a_url_that_is_not_there_fails_its_check_and_no_other() {
    let memcached = Memcached::start(&memcached::Setup::new());
    let at = memcached.address();
    let yaml = format!(
        "- {{type: postgres, url: {{env: CONN_CHECK_NO_SUCH_URL}}}}\n- {{type: memcache, host: {}, port: {}}}\n",
        at.ip(),
        at.port()
    );
    let report = Agent::new(&yaml).report();
    assert_eq!(report["checks"][0]["failure"]["code"], "config.missing-secret", "{report}");
    assert!(
        report["checks"][0]["target"].as_str().is_some_and(|target| target.contains("CONN_CHECK_NO_SUCH_URL")),
        "{report}"
    );
    assert_eq!(report["checks"][1]["verdict"], "pass", "{report}");
}
