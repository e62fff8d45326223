//! What a check leaves behind in the process that goes on: nothing. A second, slower check keeps the
//! process alive, and `/proc` tells what is there.

use harness::agent::Agent;
use harness::certs::Authority;
use harness::mail::{self, Mail};
use harness::mariadb::{self, MariaDb};
use harness::memcached::{self, Memcached};
use harness::mongodb;
use harness::peers::{Manner, Peer};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use harness::wait;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// What is there of a process besides itself and what watches for its end: its threads, and its sockets to a port.
#[derive(Debug)]
struct Left {
    threads: usize,
    sockets: usize,
}

impl Left {
    fn of(child: &Child, port: u16) -> Self {
        let process = format!("/proc/{}", child.id());
        let threads = fs::read_dir(format!("{process}/task")).expect("its threads").count().saturating_sub(2);
        let links = fs::read_dir(format!("{process}/fd")).expect("its descriptors").flatten();
        let open: Vec<_> = links.filter_map(|link| fs::read_link(link.path()).ok()).collect();
        // proc_net(5): the remote address is the third column, the inode the tenth.
        let table = fs::read_to_string(format!("{process}/net/tcp")).expect("its network");
        let to_port =
            |line: &&str| line.split_whitespace().nth(2).is_some_and(|to| to.ends_with(&format!(":{port:04X}")));
        let inodes = table.lines().filter(to_port).filter_map(|line| line.split_whitespace().nth(9));
        let inodes: Vec<_> = inodes.map(|inode| format!("socket:[{inode}]")).collect();
        let sockets = open.iter().filter(|link| inodes.iter().any(|inode| link.to_string_lossy() == *inode)).count();
        Self { threads, sockets }
    }
}

/// Runs a check, whose result must be this code or verdict, beside one that takes longer, and sees
/// what is left of it when it is over.
#[track_caller]
fn leaves_nothing(check: &str, port: u16, wanted: &str) {
    let silent = Peer::start(Manner::Silent);
    let slow = format!("- {{type: http, url: 'http://127.0.0.1:{}/', timeout: 6}}", silent.port());
    let mut agent = Agent::new(&format!("- {check}\n{slow}\n")).args(["--format", "jsonl"]);
    let mut child = agent.command().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let events = lines.map(|line| serde_json::from_str::<Value>(&line.expect("a line")).expect("JSON"));
    let over = events.into_iter().find(|event| event["event"] == "finished").expect("the end of the check");
    assert_eq!(over["check"], 0, "the slow check was first: {over}");
    let outcome = &over["outcome"];
    let got = outcome["failure"]["code"].as_str().or_else(|| outcome["verdict"].as_str());
    assert_eq!(got, Some(wanted), "{over}");
    // One helper thread that a client library shares among all its connections may stay.
    wait::until(&format!("nothing left of {check}"), || {
        let left = Left::of(&child, port);
        left.threads <= 1 && left.sockets == 0
    });
    assert!(child.try_wait().expect("its state").is_none(), "the process is over: nothing was seen");
    child.kill().and_then(|()| child.wait()).expect("it ends");
}

fn place(port: u16) -> String {
    format!("host: 127.0.0.1, port: {port}, timeout: 2")
}

#[test]
fn of_a_login_nothing_is_left() {
    let ca = Authority::new();
    let identity = ca.valid();
    let tls = format!("ca_file: {}", ca.file().display());
    let (user, password, database) = (postgres::USER, postgres::PASSWORD, postgres::DATABASE);
    let server = Postgres::start(&postgres::Setup::tls(&identity));
    let port = server.address().port();
    let check = format!("type: postgres, username: {user}, database: {database}, {tls}, {}", place(port));
    leaves_nothing(&format!("{{{check}, password: {password}}}"), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");

    let (user, password) = (mariadb::USER, mariadb::PASSWORD);
    let server = MariaDb::start(&mariadb::Setup::new().tls(&identity));
    let port = server.address().port();
    let check = format!("type: mysql, username: {user}, {tls}, {}", place(port));
    leaves_nothing(&format!("{{{check}, password: {password}}}"), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");

    let server = Redis::start(&redis::Setup::new().password());
    let port = server.address().port();
    let check = format!("type: redis, {}", place(port));
    leaves_nothing(&format!("{{{check}, password: {}}}", redis::PASSWORD), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");

    let server = Memcached::start(&memcached::Setup::new().text_login());
    let port = server.address().port();
    let check = format!("type: memcache, username: {}, {}", memcached::USER, place(port));
    leaves_nothing(&format!("{{{check}, password: {}}}", memcached::PASSWORD), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");

    let server = mongodb::Setup::with_login().start();
    let port = server.address().port();
    let check = format!("type: mongodb, username: {}, database: {}, {}", mongodb::USER, mongodb::DATABASE, place(port));
    leaves_nothing(&format!("{{{check}, password: {}}}", mongodb::PASSWORD), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");
    wait::until("no client of the double", || server.peer().open() == 0);

    let server = Mail::start(&mail::Setup::open().login_needs_tls().tls(&identity));
    let port = server.address().port();
    let check = format!(
        "type: smtp, from_address: a@mail.test, send: false, use_tls: starttls, {tls}, username: {}, {}",
        mail::USER,
        place(port)
    );
    leaves_nothing(&format!("{{{check}, password: {}}}", mail::PASSWORD), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");

    let server = RabbitMq::start(&rabbitmq::Setup::tls(&identity));
    let port = server.tls_address().port();
    let check = format!("type: amqp, username: {}, {tls}, {}", rabbitmq::USER, place(port));
    leaves_nothing(&format!("{{{check}, password: {}}}", rabbitmq::PASSWORD), port, "pass");
    leaves_nothing(&format!("{{{check}, password: wrong}}"), port, "auth.rejected");
}

#[test]
fn of_a_check_that_was_cut_off_nothing_is_left() {
    let silent = Peer::start(Manner::Silent);
    let port = silent.port();
    for check in [
        "type: postgres, username: a, database: a, password: a",
        "type: mysql, username: a, password: a",
        "type: redis, password: a",
        "type: memcache",
        "type: mongodb, username: a, password: a",
        "type: smtp, from_address: a@b.test, use_tls: false, send: false",
        "type: amqp, username: a, password: a, use_tls: false",
    ] {
        let check = format!("{{{check}, host: 127.0.0.1, port: {port}, timeout: 0.3}}");
        leaves_nothing(&check, port, "protocol.silent");
    }
    wait::until("no client of the silent peer", || silent.open() == 0);
}
