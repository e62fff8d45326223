//! mosquitto, asked by its own clients with MQTT 3.1.1 and 5: their exit status is the code of the CONNACK.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use harness::certs::{Authority, Identity};
use harness::mosquitto::{
    BOTH, BOUND, CLIENT_ID, DISABLED, INCOMING, Mosquitto, OUTGOING, PASSWORD, POWERLESS, Setup, USER,
};
use harness::wait;

/// What each version calls "not authorized".
const VERSIONS: [(&str, i32); 2] = [("mqttv311", 5), ("mqttv5", 135)];

/// A topic of which no rule speaks.
const ELSEWHERE: &str = "payroll";

/// What a client prints, for a SUBSCRIBE and (with MQTT 5) a PUBLISH that is refused.
const DENIED: &str = "All subscription requests were denied.\n";
const FAILED: &str = "Warning: Publish 1 failed: Not authorized.\n";

/// A login that works.
const LOGIN: &[&str] = &["-u", USER, "-P", PASSWORD];

/// One of mosquitto's clients, on its way to an address.
fn client(program: &str, address: SocketAddr, version: &str, topic: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "-V", version, "-t", topic]);
    command
}

/// The exit status of a client, and all it printed.
fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("a client runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("a status"), String::from_utf8_lossy(&said).into_owned())
}

/// Subscribes, and ends when that is answered.
fn subscribe(broker: &Mosquitto, version: &str, topic: &str, login: &[&str]) -> (i32, String) {
    run(client("mosquitto_sub", broker.address(), version, topic).args(login).arg("-E"))
}

/// Publishes an empty message of quality 1.
fn publish(broker: &Mosquitto, version: &str, topic: &str, login: &[&str]) -> (i32, String) {
    run(client("mosquitto_pub", broker.address(), version, topic).args(login).args(["-n", "-q", "1"]))
}

#[test]
fn every_user_of_mosquitto_is_answered_as_the_table_says() {
    let broker = Mosquitto::start(&Setup::plain());
    for (version, refused) in VERSIONS {
        let code = |login: &[&str]| subscribe(&broker, version, BOTH, login).0;
        assert_eq!(code(LOGIN), 0, "{}", broker.log());
        assert_eq!(code(&["-u", USER, "-P", "wrong"]), refused);
        assert_eq!(code(&["-u", "stranger", "-P", PASSWORD]), refused);
        assert_eq!(code(&[]), refused);
        assert_eq!(code(&["-u", DISABLED, "-P", PASSWORD]), refused);
        assert_eq!(code(&["-u", BOUND, "-P", PASSWORD, "-i", "sensor-8"]), refused);
        assert_eq!(code(&["-u", BOUND, "-P", PASSWORD, "-i", CLIENT_ID]), 0);
        assert_eq!(subscribe(&broker, version, BOTH, &["-u", POWERLESS, "-P", PASSWORD]), (0, DENIED.to_owned()));
    }
    assert_eq!((broker.answered(0), broker.answered(5), broker.answered(135)), (6, 5, 5), "{}", broker.log());
}

#[test]
fn every_topic_of_mosquitto_is_answered_as_the_table_says() {
    let broker = Mosquitto::start(&Setup::plain());
    let words = |may: bool, refusal: &str| (0, if may { String::new() } else { refusal.to_owned() });
    for (version, _) in VERSIONS {
        // MQTT 3.1.1 has no way to refuse a message: it is acknowledged and dropped.
        let failed = if version == "mqttv5" { FAILED } else { "" };
        for (topic, may_subscribe, may_publish) in
            [(BOTH, true, true), (INCOMING, true, false), (OUTGOING, false, true), (ELSEWHERE, false, false)]
        {
            assert_eq!(subscribe(&broker, version, topic, LOGIN), words(may_subscribe, DENIED), "{version} {topic}");
            assert_eq!(publish(&broker, version, topic, LOGIN), words(may_publish, failed), "{version} {topic}");
        }
    }
}

#[test]
fn mosquitto_may_let_in_anybody() {
    let broker = Mosquitto::start(&Setup::plain().anonymous());
    for (version, refused) in VERSIONS {
        assert_eq!(subscribe(&broker, version, BOTH, &[]), (0, String::new()));
        assert_eq!(subscribe(&broker, version, ELSEWHERE, &[]), (0, DENIED.to_owned()));
        assert_eq!(subscribe(&broker, version, BOTH, &["-u", USER, "-P", "wrong"]).0, refused);
    }
}

#[test]
fn mosquitto_speaks_tls_and_may_want_a_client_certificate() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let code = |broker: &Mosquitto, identity: Option<&Identity>| {
        let mut command = client("mosquitto_sub", broker.tls_address(), "mqttv5", BOTH);
        command.args(LOGIN).arg("-E").arg("--cafile").arg(ca.file());
        if let Some(identity) = identity {
            command.arg("--cert").arg(identity.certificate_file()).arg("--key").arg(identity.key_file());
        }
        run(&mut command).0
    };
    let tls = Mosquitto::start(&Setup::tls(&ca.valid()));
    assert_eq!(code(&tls, None), 0, "{}", tls.log());
    assert_eq!(subscribe(&tls, "mqttv5", BOTH, LOGIN).0, 0);
    let strict = Mosquitto::start(&Setup::tls(&ca.valid()).requiring(&clients));
    assert_eq!(code(&strict, Some(&clients.client("app"))), 0, "{}", strict.log());
    assert_ne!(code(&strict, None), 0);
    assert_ne!(code(&strict, Some(&Authority::new().client("app"))), 0);
}

#[test]
fn mosquitto_listens_on_a_unix_socket() {
    let broker = Mosquitto::start(&Setup::plain());
    let mut command = Command::new("mosquitto_sub");
    command.arg("--unix").arg(broker.socket()).args(["-V", "mqttv5", "-t", BOTH, "-E"]).args(LOGIN);
    assert_eq!(run(&mut command), (0, String::new()));
}

#[test]
fn mosquitto_keeps_a_message_and_refuses_what_it_is_told_to() {
    let broker = Mosquitto::start(&Setup::plain());
    broker.retain("kept");
    let mut command = client("mosquitto_sub", broker.address(), "mqttv311", BOTH);
    assert_eq!(run(command.args(LOGIN).args(["-C", "1"])), (0, "kept\n".to_owned()));
    let strict = Setup::plain().option("clientid_prefixes svc-").listener_option("max_qos 0");
    let strict = Mosquitto::start(&strict);
    assert_eq!(subscribe(&strict, "mqttv311", BOTH, LOGIN).0, 5);
    let named = [LOGIN, &["-i", "svc-1"]].concat();
    assert_eq!(subscribe(&strict, "mqttv311", BOTH, &named).0, 0);
    let (_, said) = publish(&strict, "mqttv5", BOTH, &named);
    assert!(said.contains("QoS not supported"), "{said}");
}

#[test]
fn mosquitto_with_few_connections_closes_the_next_and_ends_without_a_word() {
    let mut broker = Mosquitto::start(&Setup::plain().few_connections());
    let mut held = broker.fill();
    // mosquitto_sub would try again and again.
    let mut next = TcpStream::connect(broker.address()).expect("mosquitto listens");
    assert_eq!(next.read(&mut [0]).expect("mosquitto closes"), 0);
    drop(held.pop());
    wait::until("a free connection", || subscribe(&broker, "mqttv5", BOTH, LOGIN).0 == 0);
    let mut stream: TcpStream = held.pop().expect("another one");
    broker.daemon().stop();
    assert_eq!(stream.read(&mut [0]).expect("mosquitto closes"), 0);
}
