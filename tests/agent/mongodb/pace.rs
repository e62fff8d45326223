//! What a check costs, and what it leaves behind: turns, connections, sockets.

use super::{login, mongodb, passes, tls};
use harness::agent::{self, Agent};
use harness::certs::Authority;
use harness::forwarder::Forwarder;
use harness::mongodb::{Mongodb, PASSWORD, Setup};
use harness::peers::{Manner, Peer};
use harness::wait;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[test]
fn a_login_takes_four_turns_on_one_connection() {
    for (setup, more, turns) in [
        (Setup::open(), String::new(), 2),
        (Setup::with_login(), login(), 4),
        (Setup::with_login().mechanisms(&["SCRAM-SHA-1"]), login(), 4),
        (Setup::with_login().thorough(), login(), 5),
    ] {
        let server = Mongodb::start(setup);
        let way = Forwarder::start(server.address());
        passes(way.address(), &more);
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{:?}", server.commands());
    }
}

/// One way through the network.
const WAY: Duration = Duration::from_millis(50);

#[test]
fn tls_adds_one_round_trip_and_no_connection() {
    let ca = Authority::new();
    let server = Mongodb::start_tls(Setup::with_login(), &ca.valid());
    // Turns cannot be counted by who spoke: a TLS server says things that nobody waits for. What is
    // waited for shows in the time; a busy machine only adds to it.
    let mut trips = (0..10).map(|_| {
        let way = Forwarder::start_with_delay(server.address(), WAY, WAY);
        let check = passes(way.address(), &(login() + &tls(ca.file())));
        assert_eq!(way.connections(), 1);
        check["elapsed_seconds"].as_f64().expect("seconds") / (WAY * 2).as_secs_f64()
    });
    let undisturbed = trips.find(|trips| *trips < 6.0).expect("at most five round trips");
    assert!(undisturbed >= 5.0, "{undisturbed} round trips");
}

#[test]
fn a_server_is_told_once_who_we_are_and_keeps_no_session() {
    let server = Mongodb::start(Setup::with_login());
    passes(server.address(), &login());
    assert_eq!(server.clients(), ["conn-check"]);
    assert_eq!(server.commands(), ["isMaster", "saslStart", "saslContinue", "listCollections"]);
    assert_eq!(server.sessions(), 0);
}

/// A run of these checks beside one that goes on for a long time.
fn long_run(yaml: &str) -> (Child, Peer, Agent) {
    let silent = Peer::start(Manner::Silent);
    let address = silent.address();
    let slow = format!("- {{type: http, url: 'http://{address}/', timeout: 60}}\n");
    let mut agent = Agent::new(&(yaml.to_owned() + &slow));
    let child = agent.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    (child, silent, agent)
}

/// How many sockets a process has.
fn sockets(child: &Child) -> usize {
    let folder = format!("/proc/{}/fd", child.id());
    let links = std::fs::read_dir(folder).into_iter().flatten().flatten();
    links
        .filter_map(|link| std::fs::read_link(link.path()).ok())
        .filter(|to| to.starts_with("socket:[") || to.display().to_string().starts_with("socket:"))
        .count()
}

#[test]
fn nothing_outlives_the_check() {
    let (mut other, peer, _agent) = long_run("");
    wait::until("the long check", || peer.open() == 1);
    let alone = sockets(&other);
    let good = Mongodb::start(Setup::with_login());
    let mute = Mongodb::start(Setup::with_login().mutes("saslContinue"));
    let yaml = mongodb(good.address(), &login())
        + &mongodb(good.address(), &login().replace(PASSWORD, "wrong"))
        + &mongodb(mute.address(), &login()).replace("timeout: 5", "timeout: 0.3");
    let (mut child, peer, _agent) = long_run(&yaml);
    wait::until("the long check", || peer.open() == 1);
    wait::until("the proofs", || good.proofs() == 2 && mute.proofs() == 1);
    wait::until("the ends of all connections", || good.peer().open() + mute.peer().open() == 0);
    wait::until("the sockets of the driver to be gone", || sockets(&child) == alone);
    let threads = |of: &Child| std::fs::read_dir(format!("/proc/{}/task", of.id())).expect("threads").count();
    assert_eq!(threads(&child), threads(&other), "threads are left");
    assert!(child.try_wait().expect("a child").is_none(), "it should still run");
    assert_eq!((good.peer().connections(), mute.peer().connections()), (2, 1));
    for child in [&mut child, &mut other] {
        child.kill().expect("it ends");
        child.wait().expect("it has ended");
    }
}

#[test]
fn hundreds_of_checks_fit_into_few_descriptors() {
    let server = Mongodb::start(Setup::with_login());
    let yaml = mongodb(server.address(), &login()).replace("timeout: 5", "timeout: 60").repeat(300);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]);
    let report = Agent::through(shell, &yaml).report();
    assert_eq!(
        (&report["counts"]["pass"], &report["counts"]["fail"]),
        (&600.into(), &0.into()),
        "{}",
        report["counts"]
    );
    assert_eq!((server.logins(), server.peer().connections()), (300, 300));
}

#[test]
fn nothing_of_the_driver_is_printed() {
    let server = Mongodb::start(Setup::with_login().impostor());
    let yaml = mongodb(server.address(), &login());
    let ran = Agent::new(&yaml).args(["--format", "plain"]).env("RUST_LOG", "trace").run();
    assert_eq!((ran.status, ran.err.as_str(), ran.out.lines().count()), (2, "", 2), "{ran:?}");
    assert!(agent::program().is_file());
}
