//! A dependency hangs: nothing else waits for it.

use super::{peer, tcp};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer};
use harness::process::Launch;
use harness::scratch::Scratch;
use harness::serve::{Answer as Said, Serving, ask};
use harness::wait;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// So soon a load balancer has to know, with results of a second.
const SOON: Duration = Duration::from_secs(2);

/// A check that nobody answers for half a minute.
fn hangs(address: SocketAddr) -> String {
    format!("- {{type: redis, name: hangs, host: {}, port: {}, timeout: 30}}\n", address.ip(), address.port())
}

/// Asks again and again, as a load balancer does, until the node is out; how long that took, and what it said.
fn until_out(address: SocketAddr, began: Instant) -> (Duration, Said) {
    loop {
        let answer = ask(address, "GET", "/ready", &[]).expect("an answer");
        if answer.status == 503 {
            return (began.elapsed(), answer);
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it stays in service: {answer:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until all but the check that hangs is known, and that one is waited for by nobody any more.
fn until_ready(address: SocketAddr) {
    wait::until("the node to be ready but for what hangs", || {
        let began = Instant::now();
        let answer = ask(address, "GET", "/ready", &[]).expect("an answer");
        answer.body == "degraded\nrun.unfinished hangs: not answered yet\n"
            && began.elapsed() < Duration::from_millis(500)
    });
}

#[test]
fn a_disk_that_fills_up_takes_its_node_out_at_once_while_a_dependency_hangs() {
    let (silent, scratch) = (peer(), Scratch::new());
    let disk = scratch.folder("disk").display().to_string();
    let yaml = hangs(silent.address()) + &format!("- {{type: disk, path: {disk}}}\n");
    let mount = "mount -t tmpfs -o size=1m tmpfs $0 && exec \"$@\"";
    let way = ["unshare", "--mount", "sh", "-c", mount, &disk];
    let max_age = |_: &Scratch, launch: Launch| launch.args(["--max-age", "1"]);
    let serving = Serving::start_through(&way, Ipv4Addr::LOCALHOST.into(), &yaml, max_age);
    until_ready(serving.address());

    let began = Instant::now();
    let mut full = File::create(format!("/proc/{}/root{disk}/full", serving.pid())).expect("a file");
    while full.write_all(&[0; 4096]).is_ok() {}
    let (took, answer) = until_out(serving.address(), began);
    assert!(answer.body.starts_with(&format!("out\nlocal.disk disk:{disk}: ")), "{answer:?}");
    assert!(took < SOON, "{took:?}");
    wait::until("one run alone to hold what hangs", || silent.open() == 1);
}

#[test]
fn a_firewall_of_this_node_takes_it_out_at_once_while_another_dependency_hangs() {
    let network = Network::new();
    let [dead, database] = [6379, 5432].map(|port| network.far.at(port));
    let [silent, peer] = [dead, database].map(|at| network.far.inside(|| Peer::start_at(at, Manner::Silent)));
    let yaml =
        hangs(dead) + &format!("- {{type: tcp, name: db, host: {}, port: {}}}\n", database.ip(), database.port());
    let max_age = |_: &Scratch, launch: Launch| launch.args(["--max-age", "1"]);
    let near = &network.near;
    let serving = near.inside(|| Serving::start_at(Ipv4Addr::LOCALHOST.into(), &yaml, max_age));
    near.inside(|| {
        until_ready(serving.address());
        wait::until("the next check of the database", || {
            let _asked = ask(serving.address(), "GET", "/ready", &[]);
            peer.connections() > 1
        });
    });

    let began = Instant::now();
    near.filter_output(Transport::Tcp, database.port(), Answer::Prohibited);
    let (took, answer) = near.inside(|| until_out(serving.address(), began));
    assert!(answer.body.starts_with("out\nconnect.denied-locally db: "), "{answer:?}");
    assert!(took < SOON, "{took:?}");
    wait::until("one run alone to hold what hangs", || silent.open() == 1);
}

#[test]
fn metrics_and_reports_of_some_checks_wait_for_no_other() {
    let (silent, peer) = (peer(), peer());
    let yaml = hangs(silent.address()) + &tcp("db", peer.port(), ", tags: [data]");
    let serving = Serving::start(&yaml, &[]);
    until_ready(serving.address());
    let began = Instant::now();
    assert_eq!(serving.get("/ht/?tags=data&format=text").body, "db                       ... working\n");
    let metrics = serving.get("/metrics").body;
    assert!(metrics.contains("series=\"db\"} 1\n") && !metrics.contains("series=\"hangs\"} "), "{metrics}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn what_has_grown_too_old_while_another_hung_is_made_again_before_it_is_told() {
    let (silent, peer) = (peer(), peer());
    let yaml = hangs(silent.address()).replace("timeout: 30", "timeout: 3") + &tcp("db", peer.port(), "");
    let serving = Serving::start(&yaml, &["--max-age", "1"]);
    let began = Instant::now();
    let answer = serving.get("/ht/?format=text");
    assert!(answer.status == 500 && began.elapsed() >= SOON, "{answer:?}");
    assert!(answer.head.contains("age: 0\r\n") || answer.head.contains("age: 1\r\n"), "{answer:?}");
    // At the start, maybe when it was asked, and in the end.
    assert!((2..=3).contains(&peer.connections()), "{}", peer.connections());
}

#[test]
fn half_of_the_connections_may_wait_for_a_report_and_the_others_are_answered() {
    const MOST: usize = 8;
    let silent = peer();
    let port = harness::ports::free();
    let agent = format!("tcp:{}", port.address());
    let arguments = ["--max-connections", &MOST.to_string(), "--listen", &agent];
    let serving = Serving::start(&hangs(silent.address()), &arguments);
    until_ready(serving.address());
    let waiting: Vec<_> = (0..MOST / 2).map(|_| asking(&serving, "/ht/")).collect();
    let refused = || ask(serving.address(), "GET", "/ht/", &[]).is_ok_and(|answer| answer.status == 503);
    wait::until("one too many", refused);
    let more: Vec<_> = (0..MOST * 3).map(|_| asking(&serving, "/ht/")).collect();
    let began = Instant::now();
    let answer = serving.get("/ht/?format=json");
    assert!(answer.status == 503 && answer.head.contains("retry-after: 1\r\n"), "{answer:?}");
    assert!(answer.body.contains("/ready"), "{answer:?}");
    assert_eq!(serving.get("/live").body, "live\n");
    assert_eq!(serving.get("/ready").status, 200);
    assert_eq!(serving.get("/metrics").status, 503, "nothing is known yet");
    let mut line = String::new();
    TcpStream::connect(port.address()).expect("connected").read_to_string(&mut line).expect("a line");
    assert_eq!(line, "ready up\n");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    for mut stream in waiting {
        stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a limit");
        let error = stream.read(&mut [0; 1]).expect_err("who was there first still waits");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
    drop(more);
}

/// A connection on which something is asked.
fn asking(serving: &Serving, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(serving.address()).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
    stream
}
