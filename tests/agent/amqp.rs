//! The amqp check against RabbitMQ, and against peers that are none.

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::rabbitmq::{CROWDED, EXCHANGE, FULL, LIMITED, PASSWORD, QUEUE, READER, RabbitMq, Setup, USER, VHOST};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// One broker for all tests that do not change it, and the authority that its certificate is of.
struct Shared {
    broker: RabbitMq,
    ca: Authority,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let ca = Authority::new();
        Shared { broker: RabbitMq::start(&Setup::tls(&ca.valid())), ca }
    })
}

/// A file with one amqp check of this user; `more` are options, each with a comma before it.
fn amqp(address: SocketAddr, user: &str, password: &str, more: &str) -> String {
    format!(
        "- {{type: amqp, host: {}, port: {}, username: {user}, password: '{password}', timeout: 10{more}}}",
        address.ip(),
        address.port()
    )
}

/// The first check of the report on the shared broker, without TLS.
fn plain(user: &str, password: &str, more: &str) -> Value {
    let yaml = amqp(shared().broker.address(), user, password, &format!(", use_tls: false{more}"));
    Agent::new(&yaml).report()["checks"][0].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn spike() {
    for (user, password, more) in [
        (USER, PASSWORD, ""),
        (USER, "wrong", ""),
        ("nobody", PASSWORD, ""),
        (USER, PASSWORD, ", vhost: nowhere"),
        (LIMITED, PASSWORD, ", vhost: app"),
        (USER, PASSWORD, ", vhost: full"),
        (CROWDED, PASSWORD, ""),
        (USER, PASSWORD, ", vhost: app, queue: orders, exchange: events"),
        (USER, PASSWORD, ", vhost: app, queue: nothere, exchange: events"),
        (USER, PASSWORD, ", vhost: app, queue: orders, exchange: nothere"),
        (READER, PASSWORD, ", vhost: app, queue: orders, exchange: events"),
        (USER, PASSWORD, ", vhost: app, queue: orders, min_consumers: 1"),
        (USER, PASSWORD, ", vhost: app, exchange: amq.default"),
    ] {
        let check = plain(user, password, more);
        println!("{user} {more}\n  {}\n {}\n {}", check["failure"], check["facts"], check["phases"]);
    }
    let _ = (VHOST, FULL, EXCHANGE, QUEUE, &shared().ca, code);
    println!(
        "{}",
        shared()
            .broker
            .log()
            .lines()
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("\n")
    );
}
