//! The amqp check against `RabbitMQ`; against a `RabbitMQ` that is cut off in the middle; and, for what no
//! broker that can be had here says, against scripted ones.

mod cut;
mod roundtrip;
mod scripted;

use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::netns::Network;
use harness::rabbitmq::{CROWDED, EXCHANGE, FULL, LIMITED, PASSWORD, QUEUE, READER, RabbitMq, Setup, USER, VHOST};
use harness::stunnel::Stunnel;
use harness::wait;
use serde_json::{Value, json};
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
    let (host, port) = (address.ip(), address.port());
    format!("- {{type: amqp, host: {host}, port: {port}, username: {user}, password: '{password}', timeout: 10{more}}}")
}

/// The first check of the report.
fn check(yaml: &str) -> Value {
    Agent::new(yaml).report()["checks"][0].clone()
}

/// The same on the shared broker, without TLS.
fn plain(user: &str, password: &str, more: &str) -> Value {
    check(&amqp(shared().broker.address(), user, password, &format!(", use_tls: false{more}")))
}

/// The same by [`USER`] in [`VHOST`].
fn inside(more: &str) -> Value {
    plain(USER, PASSWORD, &format!(", vhost: {VHOST}{more}"))
}

/// The same with TLS, verified.
fn secure(address: SocketAddr, more: &str) -> Value {
    let ca = shared().ca.file().display();
    check(&amqp(address, USER, PASSWORD, &format!(", ca_file: {ca}{more}")))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn failed_with<'a>(check: &'a Value, code: &str) -> &'a Value {
    assert_eq!(check["failure"]["code"], code, "{check}");
    &check["failure"]
}

fn passed(check: &Value) {
    assert_eq!(check["verdict"], "pass", "{check}");
}

fn names(check: &Value) -> Vec<&str> {
    check["results"].as_array().expect("results").iter().map(|result| text(result, "name")).collect()
}

/// How many lines of the shared broker's log have this text. What happened may be written down later.
fn logged(what: &str) -> usize {
    shared().broker.log().lines().filter(|line| line.contains(what)).count()
}

#[test]
fn a_login_without_tls_passes_and_tells_the_broker() {
    let check = plain(USER, PASSWORD, "");
    passed(&check);
    let port = shared().broker.address().port();
    assert_eq!(names(&check), [format!("tcp:127.0.0.1:{port}"), format!("amqp:127.0.0.1:{port}")]);
    let phases: Vec<_> = check["phases"].as_array().expect("phases").iter().map(|one| text(one, "phase")).collect();
    assert_eq!(phases, ["resolve", "connect", "protocol", "auth", "request"]);
    let facts = &check["facts"];
    assert_eq!(text(facts, "product"), "RabbitMQ");
    assert!(text(facts, "server_version").starts_with("3."), "{facts}");
    assert!(text(facts, "cluster").starts_with("rabbit@"), "{facts}");
}

#[test]
fn a_login_with_tls_goes_through_it() {
    let address = shared().broker.tls_address();
    // Nobody else of these tests logs in as this user over TLS.
    let more = format!(", vhost: {VHOST}, ca_file: {}", shared().ca.file().display());
    let check = check(&amqp(address, READER, PASSWORD, &more));
    passed(&check);
    let port = address.port();
    let wanted = ["tcp", "tls", "amqp"].map(|prefix| format!("{prefix}:127.0.0.1:{port}"));
    assert_eq!(names(&check), wanted);
    assert_eq!((text(&check["facts"], "tls_version"), &check["facts"]["tls_verified"]), ("TLS 1.3", &json!(true)));
    assert!(text(&check["facts"]["certificate"], "subject").contains("localhost"), "{check}");
    // On the broker's port with TLS, the login itself has come.
    let login = format!("-> {address}): user '{READER}' authenticated and granted access to vhost '{VHOST}'");
    wait::until_count("logins in the log", 1, || logged(&login));
}

#[test]
fn a_pattern_for_the_first_results_needs_no_login() {
    let yaml = amqp(shared().broker.address(), "never-seen", PASSWORD, ", use_tls: false");
    let ran = Agent::new(&yaml).arg("tcp:*").run();
    assert!(ran.status == 0 && !ran.out.contains("amqp:"), "{ran:?}");
    passed(&plain(USER, PASSWORD, ""));
    assert_eq!(logged("never-seen"), 0);
}

#[test]
fn a_wrong_password_is_sent_once_and_shown_never() {
    let check = plain(READER, "Not-the-password-9", "");
    let failure = failed_with(&check, "auth.rejected");
    assert_eq!(text(failure, "owner"), "credentials");
    assert_eq!(text(failure, "message"), "the broker refuses the login of `reader`: wrong user or password");
    assert!(text(failure, "evidence").starts_with("403 ACCESS_REFUSED - Login was refused"), "{failure}");
    assert!(!check.to_string().contains("Not-the-password-9"));
    // What is noted later than a second attempt would have been noted.
    passed(&plain(LIMITED, PASSWORD, ""));
    wait::until("the broker to note the refusal", || logged("user 'reader' - invalid credentials") == 1);
    assert_eq!(logged("login refused: user 'reader'"), 1);
}

#[test]
fn an_unknown_user_is_rejected_like_a_wrong_password() {
    let check = plain("nobody-knows", PASSWORD, "");
    assert_eq!(text(failed_with(&check, "auth.rejected"), "owner"), "credentials");
}

#[test]
fn an_empty_password_is_rejected() {
    failed_with(&plain(USER, "", ""), "auth.rejected");
}

#[test]
fn a_vhost_that_is_not_there_or_not_permitted_or_full_is_told_apart() {
    for (user, vhost, wanted, owner, message) in [
        (USER, "nowhere", "request.no-such-vhost", "config", "the vhost `nowhere` does not exist"),
        (LIMITED, VHOST, "request.permission-denied", "service", "`limited` has no access to the vhost `app`"),
        (USER, FULL, "protocol.overloaded", "service", "the vhost `full` has reached its connection limit"),
        (CROWDED, "/", "protocol.overloaded", "service", "the user `crowded` has reached its connection limit"),
    ] {
        let check = plain(user, PASSWORD, &format!(", vhost: '{vhost}'"));
        let failure = failed_with(&check, wanted);
        assert_eq!((text(failure, "owner"), text(failure, "message")), (owner, message), "{failure}");
        assert!(text(failure, "evidence").starts_with("530 NOT_ALLOWED - "), "{failure}");
    }
}

#[test]
fn a_queue_and_an_exchange_that_are_there_pass() {
    let check = inside(&format!(", queue: {QUEUE}, exchange: {EXCHANGE}"));
    passed(&check);
    assert_eq!((&check["facts"]["queue_messages"], &check["facts"]["queue_consumers"]), (&json!(0), &json!(0)));
    passed(&inside(", exchange: amq.topic"));
    // RabbitMQ wants no permission for it.
    passed(&plain(READER, PASSWORD, &format!(", vhost: {VHOST}, queue: {QUEUE}, exchange: {EXCHANGE}")));
}

#[test]
fn a_queue_or_an_exchange_that_is_missing_is_named() {
    for (more, message) in [
        (format!(", queue: nothing, exchange: {EXCHANGE}"), "there is no queue `nothing` in the vhost `app`"),
        (format!(", queue: {QUEUE}, exchange: nothing"), "there is no exchange `nothing` in the vhost `app`"),
        (", queue: nothing, exchange: neither".to_owned(), "there is no exchange `neither` in the vhost `app`"),
    ] {
        let check = inside(&more);
        let failure = failed_with(&check, "request.no-such-queue");
        assert_eq!((text(failure, "owner"), text(failure, "message")), ("config", message), "{failure}");
        assert!(text(failure, "evidence").starts_with("404 NOT_FOUND - no "), "{failure}");
    }
}

#[test]
fn consumers_and_waiting_messages_are_compared_with_what_is_wanted() {
    let mut client = shared().broker.client(VHOST);
    client.declare("busy", false);
    client.publish("busy", 3);
    let more = |rest: &str| inside(&format!(", queue: busy{rest}"));
    passed(&more(", max_messages: 3, min_consumers: 0"));
    let many = more(", max_messages: 2");
    let failure = failed_with(&many, "request.unexpected-reply");
    assert_eq!(text(failure, "message"), "the queue has 3 messages where at most 2 may wait");
    assert_eq!(text(failure, "evidence"), "busy: 3 messages wait, 0 consumers");
    assert_eq!(text(failure, "owner"), "service");
    assert_eq!(many["facts"]["queue_messages"], 3);
    let both = more(", max_messages: 2, min_consumers: 1");
    let message = text(failed_with(&both, "request.unexpected-reply"), "message");
    assert_eq!(message, "the queue has 0 of at least 1 consumers, and 3 messages where at most 2 may wait");
    client.consume("busy");
    passed(&more(", max_messages: 2, min_consumers: 1"));
}

#[test]
fn a_queue_of_another_connection_exists_and_its_figures_are_not_ours() {
    let client = shared().broker.client(VHOST);
    client.declare("private", true);
    let check = inside(&format!(", queue: private, exchange: {EXCHANGE}"));
    passed(&check);
    assert_eq!(check["facts"]["queue_exclusive"], true);
    let check = inside(", queue: private, min_consumers: 1");
    let failure = failed_with(&check, "request.permission-denied");
    assert!(text(failure, "evidence").starts_with("405 RESOURCE_LOCKED - "), "{failure}");
    assert_eq!(text(failure, "owner"), "config");
}

#[test]
fn nothing_is_made_and_the_broker_notes_no_client_that_just_went() {
    // A broker of its own: in the log of the shared one are the clients of the other tests.
    let broker = RabbitMq::start(&Setup::tls(&shared().ca.valid()));
    let inside =
        |more: &str| check(&amqp(broker.address(), USER, PASSWORD, &format!(", use_tls: false, vhost: {VHOST}{more}")));
    failed_with(&inside(", queue: never-made"), "request.no-such-queue");
    failed_with(&inside(", queue: never-made"), "request.no-such-queue");
    failed_with(&inside(", exchange: never-made"), "request.no-such-queue");
    passed(&secure(broker.tls_address(), &format!(", vhost: {VHOST}, queue: {QUEUE}")));
    // The broker notes the end of one connection before the next is let in.
    passed(&inside(""));
    assert!(!broker.log().contains("unexpectedly closed"), "{}", broker.log());
}

#[test]
fn tls_to_the_plain_port_says_what_would_be_right() {
    let address = shared().broker.address();
    let check = check(&amqp(address, USER, PASSWORD, ""));
    let failure = failed_with(&check, "tls.not-tls");
    assert_eq!(text(failure, "owner"), "config");
    let message = format!("port {} of this broker speaks AMQP without TLS, but the check uses TLS", address.port());
    assert_eq!(text(failure, "message"), message);
    let next = text(failure, "next_step");
    assert!(next.contains("`use_tls: false`") && next.contains("`port: 5671`"), "{next}");
    let verdicts: Vec<_> =
        check["results"].as_array().expect("results").iter().map(|one| text(one, "verdict")).collect();
    assert_eq!(verdicts, ["pass", "fail", "skip"]);
}

#[test]
fn no_tls_to_the_port_with_tls_says_that_it_is_wanted() {
    let check = check(&amqp(shared().broker.tls_address(), USER, PASSWORD, ", use_tls: false"));
    assert_eq!(text(failed_with(&check, "tls.required"), "owner"), "config");
}

#[test]
fn a_certificate_that_is_not_accepted_keeps_the_login_from_being_sent() {
    let Shared { broker, ca } = shared();
    let before = logged("accepting AMQP connection");
    let failure = |identity: &Identity, wanted: &str| {
        let tunnel = Stunnel::start(identity, broker.address());
        let check = secure(tunnel.address(), "");
        failed_with(&check, wanted);
        assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
    };
    failure(&Authority::new().valid(), "tls.untrusted");
    failure(&ca.expired(), "tls.expired");
    failure(&ca.wrong_name(), "tls.wrong-name");
    let tunnel = Stunnel::start(&ca.expiring_in_days(3), broker.address());
    let check = secure(tunnel.address(), "");
    assert_eq!((text(&check, "verdict"), text(&check["warnings"][0], "code")), ("warn", "tls.expires-soon"), "{check}");
    wait::until("the broker to note the connection", || logged("accepting AMQP connection") > before);
}

#[test]
fn a_client_certificate_is_shown_where_it_is_wanted() {
    let Shared { broker, ca } = shared();
    let clients = Authority::new();
    let tunnel = Stunnel::start_requiring(&ca.valid(), &clients, broker.address());
    failed_with(&secure(tunnel.address(), ""), "tls.client-cert-required");
    let identity = clients.client("app");
    let (certificate, key) = (identity.certificate_file().display(), identity.key_file().display());
    passed(&secure(tunnel.address(), &format!(", client_cert: {certificate}, client_key: {key}")));
}

#[test]
fn a_broker_is_asked_in_as_few_turns_as_can_be() {
    let Shared { broker, ca } = shared();
    let trusting = format!(", ca_file: {}", ca.file().display());
    let asking = format!(", vhost: {VHOST}, queue: {QUEUE}, exchange: {EXCHANGE}");
    for (server, more, turns) in [
        // The header, the login, the virtual host, the goodbye.
        (broker.address(), ", use_tls: false".to_owned(), 4),
        // One more for any number of questions.
        (broker.address(), format!(", use_tls: false{asking}"), 5),
        // The first two lines of TLS 1.3; its last goes with the header.
        (broker.tls_address(), trusting.clone(), 5),
        (broker.tls_address(), trusting + &asking, 6),
    ] {
        let way = Forwarder::start_far(server);
        passed(&check(&amqp(way.address(), USER, PASSWORD, &more)));
        // The check waits for the goodbye no longer than a moment.
        wait::until("the goodbye", || way.open() == 0);
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{more}");
    }
}

#[test]
fn guest_from_elsewhere_may_have_the_right_password() {
    let network = Network::new();
    let broker = network.far.inside(|| RabbitMq::start(&Setup::plain().at(network.far.ip())));
    let yaml = amqp(broker.address(), "guest", "guest", ", use_tls: false");
    let report = Agent::through(network.near.command("env"), &yaml).report();
    let failure = failed_with(&report["checks"][0], "auth.rejected");
    assert!(text(failure, "message").ends_with("or one that works on the broker's own host only"), "{failure}");
    assert!(text(failure, "next_step").contains("an account of the application's own"), "{failure}");
    let note = "user 'guest' can only connect via localhost";
    wait::until("the broker to note the refusal", || broker.log().contains(note));
    let report =
        Agent::through(network.near.command("env"), &amqp(broker.address(), USER, PASSWORD, ", use_tls: false"))
            .report();
    assert_eq!(code(&report), "pass");
    assert_eq!(report["checks"][0]["facts"]["login_over_tls"], false, "{report}");
}

#[test]
fn a_broker_without_the_login_plain_a_frozen_one_and_a_stopped_one() {
    let mut broker = RabbitMq::start(&Setup::plain().option("auth_mechanisms.1 = AMQPLAIN"));
    let yaml = amqp(broker.address(), USER, PASSWORD, ", use_tls: false");
    let checked = check(&yaml);
    let failure = failed_with(&checked, "auth.method-unsupported");
    assert_eq!(text(failure, "evidence"), "it offers AMQPLAIN");
    assert_eq!(text(&checked["facts"], "product"), "RabbitMQ");
    broker.daemon().freeze();
    let checked = check(&yaml.replace("timeout: 10", "timeout: 0.3"));
    assert_eq!(text(failed_with(&checked, "protocol.silent"), "owner"), "service");
    broker.daemon().stop();
    failed_with(&check(&yaml), "connect.refused");
}

#[test]
fn the_port_follows_tls() {
    let yaml = |more: &str| format!("- {{type: amqp, host: broker.test, username: a, password: b{more}}}");
    for (more, port) in [("", 5671), (", use_tls: false", 5672), (", use_tls: 'no', port: 5671", 5671)] {
        let ran = Agent::new(&yaml(more)).arg("--dry-run").run();
        assert!(ran.out.contains(&format!("amqp:broker.test:{port}")), "{ran:?}");
        assert_eq!(ran.out.contains("tls:"), more.is_empty(), "{ran:?}");
    }
}

#[test]
fn a_login_by_the_client_certificate_has_no_password() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let broker = RabbitMq::start(&Setup::tls(&ca.valid()).external(&clients));
    let of = |identity: &Identity| {
        let (ca, chain, key) = (ca.file(), identity.certificate_file(), identity.key_file());
        format!(
            "- {{type: amqp, host: 127.0.0.1, port: {}, ca_file: {}, client_cert: {}, client_key: {}, auth_mechanism: external, vhost: {VHOST}, queue: {QUEUE}}}",
            broker.tls_address().port(),
            ca.display(),
            chain.display(),
            key.display()
        )
    };
    passed(&check(&of(&clients.client(USER))));
    let stranger = check(&of(&clients.client("stranger")));
    let failure = failed_with(&stranger, "auth.rejected");
    assert_eq!(text(failure, "message"), "the broker does not let in whom the client certificate names");
    // Where the broker does not offer it, nothing is sent.
    let yaml = of(&clients.client(USER)).replace(
        &format!("port: {}", broker.tls_address().port()),
        &format!("port: {}", shared().broker.tls_address().port()),
    );
    let yaml = yaml.replace(&ca.file().display().to_string(), &shared().ca.file().display().to_string());
    failed_with(&check(&yaml), "auth.method-unsupported");
}

#[test]
fn a_login_by_a_certificate_needs_one_and_a_password_belongs_to_the_other_way() {
    for (options, code) in [
        ("auth_mechanism: external", "bad-value"),
        ("auth_mechanism: external, use_tls: false", "bad-value"),
        ("username: app", "missing-key"),
        ("auth_mechanism: kerberos, username: app, password: x", "bad-value"),
    ] {
        let yaml = format!("- {{type: amqp, host: broker.internal, {options}}}");
        let ran = Agent::new(&yaml).args(["--format", "json"]).run();
        assert_eq!((ran.status, ran.json()["diagnostics"][0]["code"].as_str()), (3, Some(code)), "{options}: {ran:?}");
    }
}
