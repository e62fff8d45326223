//! `--wait`: services that come, go and come, and what is never asked twice.

mod interplay;

use harness::agent::{Agent, Ran};
use harness::celery::{self, Worker};
use harness::forwarder::Forwarder;
use harness::mail::{self, Mail, USER};
use harness::netns::Network;
use harness::peers::{Manner, Peer};
use harness::ports::{self, Port};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer than any test may take: who waits so long waits in vain.
const LONG: &str = "--wait=10m";

/// A call in progress, whose lines on standard error are heard as they come.
struct Waiting {
    child: Child,
    began: Instant,
    said: Arc<Mutex<String>>,
    ears: Vec<JoinHandle<String>>,
    agent: Agent,
}

impl Waiting {
    fn start(yaml: &str, arguments: &[&str]) -> Self {
        Self::of(Agent::new(yaml).args(arguments.iter().copied()))
    }

    fn of(mut agent: Agent) -> Self {
        let command = agent.command().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let said = Arc::<Mutex<String>>::default();
        let (mut out, err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let heard = Arc::clone(&said);
        let hear = move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                *heard.lock().expect("a text") += &format!("{line}\n");
            }
            String::new()
        };
        let read = move || {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("text");
            text
        };
        let ears = vec![thread::spawn(read), thread::spawn(hear)];
        Self { child, began: Instant::now(), said, ears, agent }
    }

    fn said(&self) -> String {
        self.said.lock().expect("a text").clone()
    }

    fn until_said(&self, text: &str) {
        wait::until(text, || self.said().contains(text));
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("a signal");
    }

    fn end(mut self) -> Ran {
        wait::until("the end", || self.child.try_wait().expect("a child").is_some());
        let elapsed = self.began.elapsed();
        let status = self.child.wait().expect("it ended").code().unwrap_or(-1);
        let out = self.ears.into_iter().map(|ear| ear.join().expect("text")).collect();
        let err = self.said.lock().expect("a text").clone();
        Ran { out, err, status, elapsed }
    }
}

fn tcp(port: &Port) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number())
}

/// A server for ports that only has to be there.
fn open(port: &Port) -> Peer {
    Peer::start_at(port.address(), Manner::Silent)
}

#[test]
fn a_service_that_comes_goes_and_comes_is_waited_for_until_it_stays() {
    let port = ports::free();
    let waiting = Waiting::start(&tcp(&port), &["--format=plain", LONG, "--stable=3"]);
    waiting.until_said("waiting for 1 of 1 check, up to 600 s");
    let first = open(&port);
    waiting.until_said("all is well, 1 of 3 times in a row");
    drop(first);
    waiting.until_said("fails again, after ");
    let _second = open(&port);
    let ran = waiting.end();
    assert_eq!((ran.status, ran.out.as_str()), (0, format!("tcp:{} OK\n", port.address()).as_str()), "{ran:?}");
    let place = format!("tcp {}", port.address());
    let in_order = [
        format!("{place} fails: {} refused the connection [connect.refused]", port.address()),
        format!("{place} is well, after "),
        format!("{place} fails again, after "),
        format!("{place} is well, after "),
        "all is well, 2 of 3 times in a row".to_owned(),
    ];
    let mut rest = ran.err.as_str();
    for line in &in_order {
        let at = rest.find(line.as_str()).unwrap_or_else(|| panic!("no `{line}` in its place: {}", ran.err));
        rest = &rest[at + line.len()..];
    }
    assert_eq!(ran.err.matches("[connect.refused]").count(), 2, "only changes are told: {}", ran.err);
}

#[test]
fn a_database_that_is_started_late_is_waited_for() {
    let port = ports::free();
    let yaml = format!(
        "- {{type: postgres, name: shop, host: 127.0.0.1, port: {}, username: {}, password: '{}', database: shop, use_tls: false}}\n",
        port.number(),
        postgres::USER,
        postgres::PASSWORD
    );
    let waiting = Waiting::start(&yaml, &["--format=json", LONG, "--also=plain=told"]);
    let started = Postgres::start_at(&postgres::Setup::plain(), port);
    let ran = waiting.end();
    let report = ran.json();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{report:#}\n{}", started.log());
    assert_eq!(report["wait"]["ended"], "well", "{report:#}");
    assert!(report["wait"]["rounds"].as_u64().is_some_and(|rounds| rounds > 1), "{report:#}");
}

/// Counted at the servers.
#[test]
fn a_refused_login_is_sent_once_however_long_others_are_waited_for() {
    let (database, mail) = (Postgres::start(&postgres::Setup::plain()), Mail::start(&mail::Setup::open()));
    let late = ports::free();
    let yaml = format!(
        "- {{type: postgres, host: 127.0.0.1, port: {}, username: {}, password: wrong, database: shop, use_tls: false}}\n\
         - {{type: smtp, host: 127.0.0.1, port: {}, from_address: a@b.example, username: {USER}, password: wrong, use_tls: false, send: false}}\n{}",
        database.address().port(),
        postgres::USER,
        mail.address().port(),
        tcp(&late)
    );
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG, "--stable=2"]);
    waiting.until_said("waiting for 1 of 3 checks");
    assert_eq!(waiting.said().matches("a login that was refused is not sent twice").count(), 2, "{}", waiting.said());
    let later = Forwarder::start_at(late.address(), database.address());
    let ran = waiting.end();
    assert!(later.connections() > 0, "{ran:?}");
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("nothing is left to wait for"), "{ran:?}");
    assert_eq!(ran.out.matches("[auth.rejected, credentials]").count(), 2, "{ran:?}");
    let refusals = database.log().matches("password authentication failed for user").count();
    assert_eq!((refusals, mail.logins().len()), (1, 1), "{}", database.log());
}

#[test]
fn when_only_refused_logins_are_left_the_wait_ends_at_once() {
    let mail = Mail::start(&mail::Setup::open());
    let yaml = format!(
        "- {{type: smtp, host: 127.0.0.1, port: {}, from_address: a@b.example, username: {USER}, password: wrong, use_tls: false, send: false}}\n\
         - {{type: redis, host: 127.0.0.1, password: {{env: NOT_THERE}}}}\n",
        mail.address().port()
    );
    let ran = Agent::new(&yaml).args(["--format=json", LONG]).run();
    assert_eq!(ran.status, 2, "{ran:?}");
    let report = ran.json();
    assert_eq!((&report["wait"]["rounds"], &report["wait"]["ended"]), (&1.into(), &"hopeless".into()), "{report:#}");
    let codes: Vec<_> = (0..2).map(|check| report["checks"][check]["failure"]["code"].clone()).collect();
    assert_eq!(codes, ["auth.rejected", "config.missing-secret"], "{report:#}");
}

#[test]
fn a_mail_is_sent_once_and_also_when_its_server_comes_late() {
    let (mail, door, late) = (Mail::start(&mail::Setup::open()), ports::free(), ports::free());
    let smtp = |port: u16, subject: &str| {
        format!(
            "- {{type: smtp, host: 127.0.0.1, port: {port}, from_address: a@b.example, to_address: c@d.example, subject: {subject}, use_tls: false, tags: [no-nagios]}}\n"
        )
    };
    let yaml = smtp(mail.address().port(), "first") + &smtp(door.number(), "second") + &tcp(&late);
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG, "--stable=3"]);
    waiting.until_said("waiting for 2 of 3 checks");
    let _door = Forwarder::start_at(door.address(), mail.address());
    waiting.until_said(&format!("{} is well", door.address()));
    let _late = open(&late);
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
    let count = |subject: &str| mail.mails().iter().filter(|mail| mail.content.contains(subject)).count();
    assert_eq!((count("first"), count("second")), (1, 1), "{ran:?}");
}

#[test]
fn a_mail_server_that_is_still_starting_gets_the_mail_when_it_takes_mails() {
    let mail = Mail::start(&mail::Setup::open());
    mail.greet("421 4.3.2 system starting up");
    let yaml = format!(
        "- {{type: smtp, host: 127.0.0.1, port: {}, from_address: a@b.example, to_address: c@d.example, use_tls: false, tags: [no-nagios]}}\n",
        mail.address().port()
    );
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG, "--stable=2"]);
    waiting.until_said("waiting for 1 of 1 check");
    // All is answered as it was set up.
    mail.answer("NOTHING", "");
    let ran = waiting.end();
    assert_eq!((ran.status, mail.mails().len()), (0, 1), "{ran:?}");
}

#[test]
fn a_task_waits_for_its_worker_and_is_run_once() {
    let redis = Redis::start(&redis::Setup::new());
    let url = |database: u8| format!("redis://{}/{database}", redis.address());
    let yaml = format!(
        "- {{type: celery_task, broker: '{}', result_backend: '{}', task: shop.health, timeout: 20}}\n",
        url(1),
        url(2)
    );
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG, "--stable=2"]);
    waiting.until_said("[request.no-worker]");
    let worker = Worker::start(&celery::Setup::new(&url(1), &url(2)));
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
    let log = worker.log();
    assert_eq!(log.matches("Task shop.health[").count(), 2, "received and done, once: {log}");
}

/// By the system's resolver, from a file that changes meanwhile.
#[test]
fn a_name_that_comes_later_is_looked_up_anew() {
    let network = Network::new();
    let near = &network.near;
    near.hosts("127.0.0.1 localhost\n");
    near.resolv_conf("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let peer = near.inside(|| Peer::start(Manner::Silent));
    let yaml = format!("- {{type: tcp, host: late.test, port: {}, timeout: 4}}\n", peer.port());
    let agent = Agent::through(near.command("env"), &yaml).args(["--format=plain", LONG]);
    let waiting = Waiting::of(agent);
    waiting.until_said("waiting for 1 of 1 check");
    assert!(waiting.said().contains("[resolve."), "{}", waiting.said());
    near.hosts("127.0.0.1 localhost late.test\n");
    let ran = waiting.end();
    assert_eq!(ran.status, 0, "{ran:?}");
}

/// What sends something, and gets an answer that it does not want, or none.
#[test]
fn what_was_sent_in_vain_is_not_sent_again() {
    const FAULTY: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let orders = Arc::<AtomicUsize>::default();
    let taking = |answer: &'static [u8]| {
        let orders = Arc::clone(&orders);
        Peer::serve(move |wire| {
            let is_order = String::from_utf8_lossy(&wire.first_bytes()).contains("order 66");
            orders.fetch_add(usize::from(is_order), Ordering::SeqCst);
            if answer.is_empty() {
                wire.reset_on_close();
            } else if wire.send(answer) {
                wire.finish();
            }
        })
    };
    let peers = [taking(FAULTY), taking(b""), taking(b"no\r\n")];
    let yaml = format!(
        "- {{type: http, url: 'http://{0}/', method: PUT, headers: {{x-what: order 66}}}}\n\
         - {{type: http, url: 'http://{1}/', method: POST, headers: {{x-what: order 66}}}}\n\
         - {{type: tcp, host: 127.0.0.1, port: {2}, send: order 66, expect: 'yes'}}\n",
        peers[0].address(),
        peers[1].address(),
        peers[2].port()
    );
    let ran = Agent::new(&yaml).args(["--format=plain", LONG]).run();
    assert_eq!(ran.status, 2, "{ran:?}");
    assert_eq!(ran.err.matches("what it sends must not be sent twice").count(), 3, "{ran:?}");
    assert_eq!(orders.load(Ordering::SeqCst), 3, "{ran:?}");
}

#[test]
fn each_round_is_over_by_the_max_timeout() {
    let silent = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: http, url: 'http://{}/', timeout: 60}}\n", silent.address());
    let ran = Agent::new(&yaml).args(["--format=json", "--wait=3", "--max-timeout=1"]).run();
    let report = ran.json();
    assert_eq!((ran.status, &report["wait"]["ended"]), (2, &"time-over".into()), "{report:#}");
    let rounds = report["wait"]["rounds"].as_u64().expect("a number");
    assert!((2..=4).contains(&rounds), "{report:#}");
    assert!(ran.elapsed > Duration::from_secs(3) && ran.elapsed < Duration::from_secs(20), "took {:?}", ran.elapsed);
}

#[test]
fn a_service_that_never_comes_fails_when_the_time_is_over() {
    let port = ports::free();
    let ran = Agent::new(&tcp(&port)).args(["--format=plain", "--wait", "2s"]).run();
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.out.contains("[connect.refused, service]"), "{ran:?}");
    assert!(ran.err.contains("the 2 s of --wait are over"), "{ran:?}");
    assert!(ran.elapsed >= Duration::from_secs(2) && ran.elapsed < Duration::from_secs(20), "took {:?}", ran.elapsed);
}

#[test]
fn a_wait_of_no_time_asks_once_and_confirms_what_is_well() {
    let (port, peer) = (ports::free(), Peer::start(Manner::Silent));
    let ran = Agent::new(&tcp(&port)).args(["--format=plain", "--wait=0"]).run();
    assert!(ran.status == 2 && ran.elapsed < Duration::from_secs(10), "{ran:?}");
    let well = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let ran = Agent::new(&well).args(["--format=json", "--wait=0", "--stable=3"]).run();
    assert_eq!((ran.status, &ran.json()["wait"]["rounds"]), (0, &3.into()), "{ran:?}");
    wait::until_count("connections", 3, || peer.connections());
}

#[test]
fn a_signal_ends_the_wait_with_what_is_known() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let port = ports::free();
        let waiting = Waiting::start(&tcp(&port), &["--format=plain", LONG]);
        waiting.until_said("waiting for 1 of 1 check");
        waiting.signal(signal);
        let ran = waiting.end();
        assert_eq!(ran.status, 2, "{signal}: {ran:?}");
        assert!(ran.out.contains("FAILED") && ran.out.contains("connect.refused"), "{signal}: {ran:?}");
    }
    // What was well once, and should be so more often, is not known to be.
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port());
    let waiting = Waiting::start(&yaml, &["--format=plain", LONG, "--stable=100", "--also=json=report.json"]);
    waiting.until_said("all is well, 1 of 100");
    let report = waiting.agent.scratch().path().join("report.json");
    waiting.signal(Signal::SIGTERM);
    let scratch = waiting.agent.scratch().path().to_owned();
    assert!(report.starts_with(&scratch));
    wait::until("the report", || report.is_file());
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
    let ran = waiting.end();
    assert_eq!((ran.status, ran.out.contains(" OK\n")), (3, true), "{ran:?}");
    assert_eq!((&report["interrupted"], &report["wait"]["ended"]), (&true.into(), &"interrupted".into()), "{report:#}");
}
