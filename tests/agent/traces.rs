//! What is left of a check at the server, as the documentation has it ("No trace"): held against the logs and counters of
//! real servers.

mod databases;

use conn_check::checks::Spec;
use harness::agent::verdict_of;
use harness::exim::{self, Exim};
use harness::memcached::{self, Memcached};
use harness::mosquitto::{self, Mosquitto};
use harness::postfix::Postfix;
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use harness::wait;
use std::net::SocketAddr;

/// What the documentation says of a type.
fn documented(kind: &str) -> &'static str {
    let described = Spec::describe().into_iter().find(|described| described.kind == kind);
    described.map_or_else(|| panic!("no type {kind}"), |described| described.trace)
}

/// A check of this type, and what comes of it.
fn check(kind: &str, at: SocketAddr, more: &str) -> String {
    verdict_of(&format!("- {{type: {kind}, host: {}, port: {}, timeout: 10{more}}}", at.ip(), at.port()))
}

/// What a log has more than before; waits for so many lines.
fn lines(mut log: impl FnMut() -> String, before: &str, wanted: usize) -> Vec<String> {
    wait::until("the log", || log().lines().count() >= before.lines().count() + wanted);
    log().lines().skip(before.lines().count()).map(str::to_owned).collect()
}

#[test]
fn redis_logs_nothing_and_notes_a_login_that_it_refuses() {
    let mut redis = Redis::start(&redis::Setup::new().password());
    let at = redis.address();
    wait::until("Redis to say that it is ready", || redis.daemon().log().contains("connections at /"));
    let before = redis.daemon().log();
    assert_eq!(check("redis", at, &format!(", password: {}, database: 1", redis::PASSWORD)), "pass");
    assert_eq!(redis.cli(&["ACL", "LOG"]).trim(), "");
    assert_eq!(check("redis", at, ", password: wrong"), "auth.rejected");
    assert!(redis.cli(&["ACL", "LOG"]).contains("auth"), "{}", redis.cli(&["ACL", "LOG"]));
    assert_eq!(redis.cli(&["DEBUG", "LOG", "the end"]).trim(), "OK");
    let end = lines(|| redis.daemon().log(), &before, 1);
    assert!(end.len() == 1 && end[0].ends_with("DEBUG LOG: the end"), "{end:?}");
    assert!(documented("redis").starts_with("Nothing at the usual level; ACL LOG"), "{}", documented("redis"));
}

#[test]
fn memcached_counts_a_connection_and_no_key() {
    let memcached = Memcached::start(&memcached::Setup::new());
    let counters = || ["cmd_get", "cmd_set", "get_misses", "total_items"].map(|name| memcached.stat(name));
    assert_eq!(counters(), [0; 4]);
    // Each question for a counter is a connection itself.
    let before = memcached.stat("total_connections");
    assert_eq!(check("memcache", memcached.address(), ""), "pass");
    assert_eq!(memcached.stat("total_connections"), before + 2);
    assert_eq!(counters(), [0; 4]);
    assert!(documented("memcache").ends_with("one connection more, and no key that was asked for."));
}

#[test]
fn mosquitto_logs_the_connection_the_client_and_the_end() {
    /// At its level for debugging, which the harness has on.
    const DEBUGGING: [&str; 3] = ["No will message", "Sending CONNACK", "Received DISCONNECT"];
    let mosquitto = Mosquitto::start(&mosquitto::Setup::plain());
    let before = mosquitto.log();
    let login = format!(", username: {}, password: {}", mosquitto::USER, mosquitto::PASSWORD);
    assert_eq!(check("mqtt", mosquitto.address(), &login), "pass");
    let seen = lines(|| mosquitto.log(), &before, 3 + DEBUGGING.len());
    let seen: Vec<_> = seen.iter().filter(|line| !DEBUGGING.iter().any(|debug| line.contains(debug))).collect();
    assert_eq!(seen.len(), 3, "{seen:?}");
    for (line, words) in seen.iter().zip(["New connection from ", "New client connected from ", " disconnected."]) {
        assert!(line.contains(words), "{seen:?}");
    }
    assert!(documented("mqtt").contains("three lines: the connection, the client with its name, the end"));
}

#[test]
fn rabbitmq_logs_the_connection_the_user_and_the_end() {
    let rabbit = RabbitMq::start(&rabbitmq::Setup::plain());
    let before = rabbit.log();
    let login = format!(", use_tls: false, username: {}, password: {}", rabbitmq::USER, rabbitmq::PASSWORD);
    assert_eq!(check("amqp", rabbit.address(), &login), "pass");
    let seen = lines(|| rabbit.log(), &before, 3);
    assert_eq!(seen.len(), 3, "{seen:?}");
    for (line, words) in
        seen.iter().zip(["accepting AMQP connection", "user 'app' authenticated", "closing AMQP connection"])
    {
        assert!(line.contains("[info]") && line.contains(words), "{seen:?}");
    }
    let before = rabbit.log();
    assert_eq!(check("amqp", rabbit.address(), &login.replace("password: ", "password: x")), "auth.rejected");
    let refused = lines(|| rabbit.log(), &before, 3);
    assert!(refused.iter().any(|line| line.contains("[error]") && line.contains("login refused")), "{refused:?}");
    let three = "three lines at its usual level: the connection, the user with the virtual host, the end";
    assert!(documented("amqp").contains(three) && documented("amqp").ends_with("refused an error."));
}

/// The options of a question for this recipient.
fn mail(to: &str, send: bool) -> String {
    format!(", use_tls: false, from_address: app@sender.test, to_address: {to}, send: {send}, tags: [no-nagios]")
}

const DOCUMENTED_OF_MAIL: &str = "Postfix logs the connection, a recipient that it would take, and the end, Exim nothing; \
                                  a login or an address that is refused is a line, and a message that is sent is a message.";

#[test]
fn exim_logs_nothing_but_what_it_refuses_and_what_it_takes() {
    let exim = Exim::start(&exim::Setup::open());
    let at = exim.address();
    let before = exim.log();
    assert_eq!(check("smtp", at, &mail("ops@mail.test", false)), "pass");
    let login = format!(", username: {}, password: wrong", exim::USER);
    assert_eq!(check("smtp", at, &(mail("ops@mail.test", false) + &login)), "auth.rejected");
    assert_eq!(check("smtp", at, &mail("nobody@mail.test", false)), "request.recipient-refused");
    assert_eq!(check("smtp", at, &mail("ops@mail.test", true)), "pass");
    let seen = lines(|| exim.log(), &before, 3);
    assert_eq!(seen.len(), 3, "{seen:?}");
    for (line, words) in
        seen.iter().zip(["authenticator failed", "rejected RCPT <nobody@mail.test>", "<= app@sender.test"])
    {
        assert!(line.contains(words), "{seen:?}");
    }
    assert_eq!(documented("smtp"), DOCUMENTED_OF_MAIL);
}

#[test]
fn postfix_logs_the_connection_the_recipient_and_the_end() {
    let Some(postfix) = Postfix::or_skip("") else { return };
    assert_eq!(check("smtp", postfix.address(), &mail("ops@mail.test", false)), "pass");
    wait::until("the end in Postfix' log", || postfix.log().contains("]: disconnect from"));
    let log = postfix.log();
    let seen: Vec<_> = log.lines().filter(|line| line.contains("/smtpd[")).collect();
    assert_eq!(seen.len(), 3, "{seen:?}");
    for (line, words) in seen.iter().zip(["]: connect from", ": client=", "]: disconnect from"]) {
        assert!(line.contains(words), "{seen:?}");
    }
    assert_eq!(documented("smtp"), DOCUMENTED_OF_MAIL);
}
