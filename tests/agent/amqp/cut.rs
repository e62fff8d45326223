//! A `RabbitMQ` that answers so far and no further.

use super::{amqp, check, failed_with, passed, shared, text};
use harness::agent::program;
use harness::peers::{Peer, Wire};
use harness::rabbitmq::{PASSWORD, QUEUE, USER, VHOST};
use harness::scratch::Scratch;
use harness::wait;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// What comes after the last answer.
#[derive(Clone, Copy, Debug)]
enum End {
    Silence,
    Close,
    Reset,
    /// Half of the next answer, then silence.
    Half,
    /// Half of the next answer, then the end of the connection.
    HalfAndClose,
}

/// The shared broker, as far as so many answers.
fn cut(answers: usize, end: End) -> Peer {
    let broker = shared().broker.address();
    Peer::serve(move |wire| {
        let mut server = TcpStream::connect(broker).expect("the broker");
        for _ in 0..answers {
            let _taken = wire.send(&exchange(&wire, &mut server));
        }
        match end {
            End::Silence => wire.drain(),
            End::Close => {
                let _request = wire.first_bytes();
                wire.finish();
            }
            End::Reset => {
                let _request = wire.first_bytes();
                wire.reset_on_close();
            }
            End::Half | End::HalfAndClose => {
                let answer = exchange(&wire, &mut server);
                let _taken = wire.send(&answer[..answer.len() / 2]);
                if matches!(end, End::Half) { wire.drain() } else { wire.finish() }
            }
        }
    })
}

/// Hands the client's words on, and returns the answer: one frame, as all of `RabbitMQ`'s are that come
/// before a channel is open.
fn exchange(wire: &Wire, server: &mut TcpStream) -> Vec<u8> {
    server.write_all(&wire.first_bytes()).expect("a request");
    let mut head = [0; 7];
    server.read_exact(&mut head).expect("the head of a frame");
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    let mut rest = vec![0; length as usize + 1];
    server.read_exact(&mut rest).expect("the rest of a frame");
    [&head[..], &rest].concat()
}

/// A check that wants four answers, with enough time for those that come.
fn yaml(peer: &Peer) -> String {
    let more = format!(", use_tls: false, vhost: {VHOST}, queue: {QUEUE}");
    amqp(peer.address(), USER, PASSWORD, &more).replace("timeout: 10", "timeout: 3")
}

/// What is said of each: the number of answers and what comes after them, and the code.
fn told(cases: &[(usize, End, &str)]) {
    shared();
    thread::scope(|scope| {
        for (answers, end, wanted) in cases {
            scope.spawn(move || {
                let peer = cut(*answers, *end);
                let check = check(&yaml(&peer));
                assert_eq!(text(failed_with(&check, wanted), "owner"), "service", "{answers} answers, {end:?}");
                if *answers > 0 {
                    assert_eq!(peer.connections(), 1);
                }
            });
        }
    });
}

#[test]
fn a_broker_that_falls_silent_is_told_by_the_phase() {
    told(&[
        (0, End::Silence, "protocol.silent"),
        (1, End::Silence, "auth.timeout"),
        (2, End::Silence, "request.timeout"),
        (3, End::Silence, "request.timeout"),
    ]);
}

#[test]
fn a_broker_that_goes_is_told_by_the_phase() {
    told(&[
        (0, End::Close, "protocol.closed"),
        (0, End::Reset, "protocol.reset"),
        (1, End::Close, "auth.closed"),
        (1, End::Reset, "auth.closed"),
        (2, End::Close, "request.closed"),
        (2, End::Reset, "request.closed"),
        (3, End::Close, "request.closed"),
        (3, End::Reset, "request.closed"),
    ]);
}

#[test]
fn a_truncated_answer_is_no_silence() {
    told(&[
        (0, End::Half, "protocol.timeout"),
        (0, End::HalfAndClose, "protocol.closed"),
        (1, End::Half, "auth.timeout"),
        (1, End::HalfAndClose, "auth.closed"),
        (2, End::Half, "request.timeout"),
        (2, End::HalfAndClose, "request.closed"),
    ]);
}

#[test]
fn a_goodbye_that_is_not_answered_changes_nothing() {
    for end in [End::Silence, End::Close, End::Reset] {
        let peer = cut(3, end);
        passed(&check(&yaml(&peer).replace(&format!(", queue: {QUEUE}"), "")));
    }
}

/// A run of conn-check that goes on.
struct Waiting {
    child: Child,
    _scratch: Scratch,
}

impl Waiting {
    fn start(yaml: &str) -> Self {
        let scratch = Scratch::new();
        let file = scratch.write("checks.yaml", yaml);
        let mut command = Command::new(program());
        let child = command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { child: child.expect("it starts"), _scratch: scratch }
    }

    fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("threads").count()
    }

    fn sockets(&self) -> usize {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("descriptors").flatten();
        let targets = descriptors.filter_map(|one| fs::read_link(one.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

#[test]
fn nothing_of_a_check_outlives_it() {
    let alive = |peer: &Peer| yaml(peer).replace("timeout: 3", "timeout: 60");
    // What a process with nothing but the check that keeps it alive has.
    let alone = cut(1, End::Silence);
    let reference = Waiting::start(&alive(&alone));
    wait::until("the login", || alone.received() > 100);
    let (threads, sockets) = (reference.threads(), reference.sockets());
    assert_eq!(threads, 2, "itself, and the one that watches for its end");
    // Cut off before, in and after the login, refused, and passed.
    let cut_off: Vec<_> = (0..4).map(|answers| cut(answers, End::Silence)).collect();
    let slow = cut(1, End::Silence);
    let mut checks: Vec<_> = cut_off.iter().map(yaml).collect();
    checks.push(amqp(shared().broker.address(), USER, "Wrong-password-3", ", use_tls: false"));
    checks.push(amqp(shared().broker.address(), USER, PASSWORD, ", use_tls: false"));
    checks.push(alive(&slow));
    let waiting = Waiting::start(&checks.join("\n"));
    wait::until("every check to begin", || cut_off.iter().chain([&slow]).all(|peer| peer.connections() == 1));
    // A thread would be there while its check is.
    assert_eq!(waiting.threads(), threads);
    wait::until("the peers to be left", || cut_off.iter().all(|peer| peer.open() == 0));
    wait::until("the sockets to be closed", || waiting.sockets() == sockets);
    assert_eq!((waiting.threads(), slow.open()), (threads, 1));
}
