//! The mqtt check against mosquitto, in both versions; and against scripted brokers for what mosquitto
//! does not say.

mod scripted;

use harness::agent::{Agent, program_called};
use harness::certs::{Authority, Identity};
use harness::forwarder::Forwarder;
use harness::mosquitto::{
    BOTH, BOUND, CLIENT_ID, DISABLED, INCOMING, Mosquitto, OUTGOING, PASSWORD, POWERLESS, Setup, USER,
};
use harness::scratch::Scratch;
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::sync::OnceLock;

/// What chooses each version, and the code that mosquitto has in it for everything about a login.
const VERSIONS: [(&str, u8); 2] = [(", version: 5", 0x87), (", version: 3.1.1", 5)];

/// A file with one mqtt check; `more` are options, each with a comma before it.
fn mqtt(address: SocketAddr, more: &str) -> String {
    format!("- {{type: mqtt, host: {}, port: {}, timeout: 10{more}}}", address.ip(), address.port())
}

/// The check as reported.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&mqtt(address, more)).report()["checks"][0].clone()
}

/// The code of the check's failure, or its verdict.
fn code(check: &Value) -> &str {
    check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str()).unwrap_or_default()
}

/// A text of the check's failure: its message, evidence, owner, next step.
fn text<'a>(check: &'a Value, key: &str) -> &'a str {
    check["failure"][key].as_str().unwrap_or_else(|| panic!("no {key} in {check}"))
}

fn list<'a>(check: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    let all = check[list].as_array().unwrap_or_else(|| panic!("no {list} in {check}"));
    all.iter().map(|one| one[key].as_str().expect("a text")).collect()
}

/// The options of a user with the right password.
fn login(user: &str) -> String {
    format!(", username: {user}, password: {PASSWORD}")
}

/// A broker for tests that change nothing in it, and the authority that its certificate is of.
fn shared() -> &'static (Mosquitto, Authority) {
    static SHARED: OnceLock<(Mosquitto, Authority)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let ca = Authority::new();
        (Mosquitto::start(&Setup::tls(&ca.valid())), ca)
    })
}

/// The check of the shared broker without TLS.
fn plain(more: &str) -> Value {
    check(shared().0.address(), more)
}

#[test]
fn a_login_passes_in_both_versions() {
    let address = shared().0.address();
    for (version, _) in VERSIONS {
        let check = plain(&(login(USER) + version));
        assert_eq!(code(&check), "pass", "{check}");
        assert_eq!(list(&check, "results", "name"), [format!("tcp:{address}"), format!("mqtt:{address}")]);
        assert_eq!(list(&check, "phases", "phase"), ["resolve", "connect", "protocol", "auth"]);
    }
}

#[test]
fn a_topic_is_subscribed_to_and_published_to_and_nothing_is_left_behind() {
    let broker = Mosquitto::start(&Setup::plain());
    let count = |what: &str| broker.log().lines().filter(|line| line.contains(what)).count();
    for (done, (version, _)) in (1..).zip(VERSIONS) {
        let check = check(broker.address(), &format!("{}{version}, topic: {BOTH}, publish: true", login(USER)));
        assert_eq!(code(&check), "pass", "{check}");
        assert_eq!(list(&check, "phases", "phase"), ["resolve", "connect", "protocol", "auth", "request"]);
        wait::until_count("goodbyes", done, || count(" disconnected."));
        for request in ["Received SUBSCRIBE from conncheck", "Received UNSUBSCRIBE from conncheck"] {
            assert_eq!(count(request), done, "{}", broker.log());
        }
        // Of quality 1, not retained, empty, and nobody gets it.
        assert_eq!(count("(d0, q1, r0, m3, 'orders/new', ... (0 bytes))"), done, "{}", broker.log());
        assert_eq!((count("Received PUBLISH"), count("Sending PUBLISH")), (done, 0), "{}", broker.log());
    }
    // Clean sessions without a will, whose clients went in good order.
    assert_eq!((count("c1, k60, u'app')"), count("No will message specified")), (2, 2), "{}", broker.log());
    assert_eq!((count("Client conncheck"), count("closed its connection")), (2, 0), "{}", broker.log());
}

#[test]
fn a_wrong_password_is_sent_once_and_shown_never() {
    let broker = Mosquitto::start(&Setup::plain());
    for (version, refused) in VERSIONS {
        let check =
            check(broker.address(), &format!(", username: {USER}, password: Not-this-9{version}, topic: {BOTH}"));
        assert_eq!((code(&check), text(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
        let message = "the broker does not accept the login of `app`, or does not let this user in";
        assert_eq!(text(&check, "message"), message);
        assert_eq!(text(&check, "evidence"), format!("reason code 0x{refused:02x} (not authorized)"));
        assert!(!check.to_string().contains("Not-this-9"), "{check}");
        assert_eq!((broker.answered(refused), broker.answered(0)), (1, 0), "{}", broker.log());
    }
}

#[test]
fn who_may_not_connect_is_told_with_what_may_be_wrong() {
    for (version, _) in VERSIONS {
        let without_password = format!(", username: {USER}");
        for more in [login("stranger"), login(DISABLED), login(BOUND), without_password] {
            let check = plain(&(more + version));
            assert_eq!((code(&check), text(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
            assert!(text(&check, "next_step").contains("set `client_id`"), "{check}");
        }
        let bound = |id: &str| plain(&format!("{}{version}, client_id: {id}", login(BOUND)));
        assert_eq!(code(&bound(CLIENT_ID)), "pass");
        let other = bound("sensor-8");
        assert_eq!(code(&other), "auth.rejected", "{other}");
        assert!(text(&other, "next_step").contains("the client id of this check"), "{other}");
    }
}

#[test]
fn a_missing_login_is_required_unless_the_broker_lets_anybody_in() {
    let open = Mosquitto::start(&Setup::plain().anonymous());
    for (version, _) in VERSIONS {
        let closed = plain(version);
        assert_eq!((code(&closed), text(&closed, "owner")), ("auth.required", "config"), "{closed}");
        assert_eq!(list(&closed, "phases", "phase"), ["resolve", "connect", "protocol"]);
        let anybody = |topic: &str| check(open.address(), &format!("{version}, topic: {topic}"));
        assert_eq!(code(&anybody(BOTH)), "pass");
        let other = anybody(OUTGOING);
        assert_eq!(code(&other), "request.permission-denied", "{other}");
        assert_eq!(text(&other, "message"), "without a login nobody is permitted to subscribe to `audit/log`");
    }
}

#[test]
fn topics_that_are_not_permitted_are_named() {
    for (version, _) in VERSIONS {
        let of =
            |user: &str, topic: &str| plain(&format!("{}{version}, topic: '{topic}', publish: false", login(user)));
        assert_eq!(code(&of(USER, INCOMING)), "pass");
        for (user, topic) in [(USER, OUTGOING), (USER, "payroll"), (USER, "#"), (POWERLESS, BOTH)] {
            let check = of(user, topic);
            assert_eq!((code(&check), text(&check, "owner")), ("request.permission-denied", "service"), "{check}");
            let message = format!("`{user}` is not permitted to subscribe to `{topic}`");
            assert_eq!(text(&check, "message"), message);
        }
    }
}

#[test]
fn a_message_that_is_not_permitted_is_told_by_version_5_alone() {
    let publish = |version: &str| plain(&format!("{}{version}, topic: {INCOMING}, publish: true", login(USER)));
    let check = publish("");
    assert_eq!(code(&check), "request.permission-denied", "{check}");
    assert_eq!(text(&check, "message"), "`app` is not permitted to publish to `orders/done`");
    assert_eq!(text(&check, "evidence"), "reason code 0x87 (not authorized)");
    // As the documentation says: 3.1.1 has no such answer.
    assert_eq!(code(&publish(", version: 3.1.1")), "pass");
    let check = plain(&format!("{}, topic: {BOTH}, publish: true", login(USER)));
    assert_eq!(code(&check), "pass", "{check}");
}

#[test]
fn a_broker_of_quality_0_alone_says_so_to_a_message() {
    let broker = Mosquitto::start(&Setup::plain().listener_option("max_qos 0"));
    let check = check(broker.address(), &format!("{}, topic: {BOTH}, publish: true", login(USER)));
    assert_eq!((code(&check), text(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
    assert_eq!(text(&check, "evidence"), "reason code 0x9b (quality of service not supported)");
}

#[test]
fn retained_messages_are_passed_over_or_not_asked_for() {
    /// More than a check takes at once.
    const LENGTH: usize = 300_000;
    let (broker, ca) = (&Mosquitto::start(&Setup::tls(&shared().1.valid())), &shared().1);
    broker.retain(&"x".repeat(LENGTH));
    let tls = format!(", use_tls: true, ca_file: {}", ca.file().display());
    for (address, more) in [(broker.address(), String::new()), (broker.tls_address(), tls)] {
        for (version, is_sent) in [(", version: 5", false), (", version: 3.1.1", true)] {
            let way = Forwarder::start(address);
            let more = format!("{}{version}, topic: {BOTH}, publish: true{more}", login(USER));
            let check = check(way.address(), &more);
            assert_eq!(code(&check), "pass", "{check}");
            assert_eq!(way.to_client() > LENGTH as u64, is_sent, "{version}: {}", way.to_client());
        }
    }
}

/// Publishes to [`BOTH`] until it is dropped.
struct Chatter(Child);

impl Chatter {
    fn start(broker: &Mosquitto) -> Self {
        let (host, port) = (broker.address().ip().to_string(), broker.address().port().to_string());
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", &host, "-p", &port, "-u", USER, "-P", PASSWORD, "-t", BOTH, "-m", "news"]);
        Self(command.args(["--repeat", "10000000", "--repeat-delay", "0.0002"]).spawn().expect("mosquitto_pub"))
    }
}

impl Drop for Chatter {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn messages_of_others_in_between_are_passed_over() {
    let broker = Mosquitto::start(&Setup::plain());
    let _chatter = Chatter::start(&broker);
    for (version, _) in VERSIONS {
        wait::until("a message between the answers", || {
            let way = Forwarder::start(broker.address());
            let check = check(way.address(), &format!("{}{version}, topic: {BOTH}", login(USER)));
            assert_eq!(code(&check), "pass", "{check}");
            // CONNACK, SUBACK and UNSUBACK have 26 bytes at most.
            way.to_client() > 26
        });
    }
}

#[test]
fn a_login_over_tls_passes_and_every_fault_of_tls_has_its_code() {
    let (broker, ca) = shared();
    let trusting = format!("{}, use_tls: true, ca_file: {}", login(USER), ca.file().display());
    let passing = check(broker.tls_address(), &trusting);
    assert_eq!((code(&passing), &passing["facts"]["tls_version"]), ("pass", &json!("TLS 1.3")), "{passing}");
    let wanted = ["tcp", "tls", "mqtt"].map(|prefix| format!("{prefix}:{}", broker.tls_address()));
    assert_eq!(list(&passing, "results", "name"), wanted);
    let faults: [(Identity, &str); 4] = [
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.not_yet_valid(), "tls.not-yet-valid"),
        (ca.wrong_name(), "tls.wrong-name"),
    ];
    for (identity, wanted) in faults {
        let broker = Mosquitto::start(&Setup::tls(&identity));
        let check = check(broker.tls_address(), &trusting);
        assert_eq!(code(&check), wanted, "{check}");
        assert_eq!((broker.answered(0), broker.answered(0x87)), (0, 0), "the login was sent: {}", broker.log());
    }
}

#[test]
fn client_certificates_are_judged() {
    let (ca, clients) = (&shared().1, Authority::new());
    let broker = Mosquitto::start(&Setup::tls(&ca.valid()).requiring(&clients));
    let with = |more: &str| {
        let ca = ca.file().display();
        check(broker.tls_address(), &format!("{}, use_tls: true, ca_file: {ca}{more}", login(USER)))
    };
    let of = |identity: &Identity| {
        let (chain, key) = (identity.certificate_file().display(), identity.key_file().display());
        with(&format!(", client_cert: {chain}, client_key: {key}"))
    };
    assert_eq!(code(&of(&clients.client("app"))), "pass");
    assert_eq!(code(&of(&Authority::new().client("stranger"))), "tls.client-cert-rejected");
    assert_eq!(code(&with("")), "tls.client-cert-required");
}

#[test]
fn a_port_of_the_other_kind_is_told() {
    let (broker, _) = shared();
    let plain_to_tls = check(broker.tls_address(), &login(USER));
    assert_eq!((code(&plain_to_tls), text(&plain_to_tls, "owner")), ("tls.required", "config"), "{plain_to_tls}");
    let tls_to_plain = check(broker.address(), &(login(USER) + ", use_tls: true"));
    assert_eq!((code(&tls_to_plain), text(&tls_to_plain, "owner")), ("tls.not-tls", "config"), "{tls_to_plain}");
    assert_eq!(text(&tls_to_plain, "message"), "an MQTT broker answered without TLS");
}

#[test]
fn a_full_broker_closes_and_the_next_step_says_what_that_may_be() {
    let broker = Mosquitto::start(&Setup::plain().few_connections());
    let held = broker.fill();
    for (version, _) in VERSIONS {
        let check = check(broker.address(), &(login(USER) + version));
        // It may be gone before it is asked.
        assert!(["protocol.closed", "protocol.reset"].contains(&code(&check)), "{check}");
        assert!(text(&check, "next_step").contains("it may be full"), "{check}");
        assert_eq!(text(&check, "next_step").contains("set `version: 3.1.1`"), version == ", version: 5", "{check}");
    }
    drop(held);
    wait::until("room", || code(&check(broker.address(), &login(USER))) == "pass");
}

#[test]
fn a_frozen_broker_is_silent_and_a_stopped_one_refuses() {
    let mut broker = Mosquitto::start(&Setup::plain());
    let yaml = mqtt(broker.address(), &login(USER));
    let check = |yaml: &str| Agent::new(yaml).report()["checks"][0].clone();
    broker.daemon().freeze();
    assert_eq!(code(&check(&yaml.replace("timeout: 10", "timeout: 0.4"))), "protocol.silent");
    broker.daemon().stop();
    let stopped = check(&yaml);
    assert_eq!(code(&stopped), "connect.refused", "{stopped}");
    assert_eq!(list(&stopped, "results", "verdict"), ["fail", "skip"]);
}

#[test]
fn a_unix_socket_passes_and_has_one_result() {
    let socket = shared().0.socket();
    let yaml = |more: &str| format!("- {{type: mqtt, host: {}{more}}}", socket.display());
    let report = Agent::new(&yaml(&(login(USER) + ", topic: " + BOTH))).report();
    let check = &report["checks"][0];
    assert_eq!(code(check), "pass", "{check}");
    assert_eq!(list(check, "results", "name"), [format!("mqtt:{}:1883", socket.display())]);
    let ran = Agent::new(&yaml(", use_tls: true")).args(["--format", "json"]).run();
    assert_eq!((ran.status, ran.json()["diagnostics"][0]["code"].as_str()), (3, Some("bad-value")), "{ran:?}");
}

#[test]
fn checks_made_from_urls_and_variables_log_in() {
    let (broker, ca) = shared();
    let (plain, secure, ca) = (broker.address(), broker.tls_address(), ca.file().display());
    let login = format!("{USER}:{PASSWORD}");
    let variables = format!(
        "MQTT_URL=mqtt://{login}@{plain}\nA_URL=mqtts://{login}@{secure}?cacertfile={ca}\nMQTT_SERVER=localhost\n\
         MQTT_PORT={}\nMQTT_USERNAME={USER}\nMQTT_PASSWORD={PASSWORD}\nMOSQUITTO_HOST={plain}\n",
        plain.port()
    );
    let scratch = Scratch::new();
    let mut command = Command::new(program_called("conn-check-configs"));
    command.args(["env", "--secrets", "inline"]).arg(scratch.write("variables", variables));
    let output = command.output().expect("conn-check-configs");
    assert!(output.status.success(), "{output:?}");
    let report = Agent::new(&String::from_utf8_lossy(&output.stdout)).report();
    let codes: Vec<_> = report["checks"].as_array().expect("checks").iter().map(code).collect();
    assert_eq!(codes, ["pass", "pass", "pass", "auth.required"], "{report}");
}

#[test]
fn a_broker_is_asked_in_as_few_round_trips_as_can_be() {
    let (broker, ca) = shared();
    let tls = format!(", use_tls: true, ca_file: {}", ca.file().display());
    let topic = format!(", topic: {BOTH}");
    let publish = format!("{topic}, publish: true");
    for (address, more, round_trips) in [
        // The login and the goodbye; the subscription and its end; the message.
        (broker.address(), String::new(), 2),
        (broker.address(), topic.clone(), 4),
        (broker.address(), publish.clone(), 5),
        // The first two lines of TLS 1.3; its last goes with the login.
        (broker.tls_address(), tls + &publish, 6),
    ] {
        let way = Forwarder::start_far(address);
        let check = check(way.address(), &(login(USER) + &more));
        assert_eq!(code(&check), "pass", "{check}");
        wait::until("the goodbye", || way.open() == 0);
        assert_eq!((way.turns(), way.connections()), (round_trips, 1), "{more}");
    }
}
