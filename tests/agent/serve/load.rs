//! Under load: whatever people send, it stays small, runs seldom and answers who is honest.

use super::{peer, tcp};
use harness::process::Launch;
use harness::serve::{Serving, ask};
use harness::wait;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Asks on one connection, again and again, so often a second.
fn poll(address: SocketAddr, path: &str, rate: u32, ends: &AtomicBool, answered: &AtomicUsize) {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_nodelay(true).expect("no delay");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let (began, mut buffer) = (Instant::now(), vec![0; 64 * 1024]);
    for number in 1.. {
        if ends.load(Ordering::Relaxed) {
            return;
        }
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            let count = stream.read(&mut buffer).expect("an answer");
            assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..count]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        answered.fetch_add(1, Ordering::Relaxed);
        thread::sleep((began + Duration::from_secs(1) / rate * number).saturating_duration_since(Instant::now()));
    }
}

/// Whether the body is as long as the head says.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    body.len() >= length.parse::<usize>().expect("a number")
}

#[test]
fn a_thousand_requests_a_second_cause_one_run_in_the_time_of_a_result() {
    const AGE: u32 = 2;
    let peer = peer();
    let yaml: String = (0..10).map(|number| tcp(&format!("check{number}"), peer.port(), "")).collect();
    let serving = Serving::start(&yaml, &["--max-age", &AGE.to_string()]);
    assert_eq!(serving.get("/ht/").status, 200);
    let (ends, answered, address) = (AtomicBool::new(false), AtomicUsize::new(0), serving.address());
    let (began, before) = (Instant::now(), peer.connections());
    thread::scope(|scope| {
        for path in ["/ht/?format=json", "/ready", "/metrics", "/ht/?format=json"].repeat(5) {
            let (ends, answered) = (&ends, &answered);
            scope.spawn(move || poll(address, path, 50, ends, answered));
        }
        thread::sleep(Duration::from_secs(9));
        ends.store(true, Ordering::Relaxed);
    });
    let (elapsed, runs) = (began.elapsed(), (peer.connections() - before).div_ceil(10));
    let most = elapsed.as_secs().div_ceil(u64::from(AGE)) + 1;
    let answered = answered.load(Ordering::Relaxed);
    assert!(answered > 7_000, "{answered} answers in {elapsed:?}");
    assert!(runs >= 2 && runs as u64 <= most, "{runs} runs in {elapsed:?}, {answered} answers");
    assert!(serving.memory("VmHWM") < 20 * 1024, "{} KiB at most", serving.memory("VmHWM"));
}

#[test]
fn its_memory_does_not_grow_from_run_to_run() {
    let peer = peer();
    let yaml: String = (0..10).map(|number| tcp(&format!("check{number}"), peer.port(), "")).collect();
    let serving = Serving::start(&yaml, &["--max-age", "0"]);
    let run = |times: usize| (0..times).for_each(|_| assert_eq!(serving.get("/ht/").status, 200));
    run(100);
    let before = serving.memory("RssAnon");
    run(400);
    let after = serving.memory("RssAnon");
    assert!(after < before + 1024, "{before} KiB, then {after} KiB");
}

/// What so many idle and slow clients are, and how quickly an honest one is answered beside them.
#[test]
fn ten_thousand_idle_connections_and_slow_clients_leave_an_honest_request_its_answer() {
    const IDLE: usize = 10_000;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit");
    assert!(hard > 12_000, "this test needs 12,000 descriptors, and the hard limit is {hard}: raise it");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("raised");
    let peer = peer();
    let serving = Serving::start(&tcp("db", peer.port(), ""), &["--max-age", "1"]);
    assert_eq!(serving.get("/ht/").status, 200);
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| drip(serving.address(), &ends));
        }
        let honest = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !ends.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = ask(serving.address(), "GET", "/ht/", &[]).expect("an answer");
                assert_eq!(answer.status, 200);
                slowest = slowest.max(began.elapsed());
            }
            slowest
        });
        let idle: Vec<_> = (0..IDLE).map(|_| TcpStream::connect(serving.address()).expect("connected")).collect();
        for _ in 0..20 {
            let began = Instant::now();
            assert_eq!(ask(serving.address(), "GET", "/ready", &[]).expect("an answer").status, 200);
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
        ends.store(true, Ordering::Relaxed);
        let slowest = honest.join().expect("the honest one");
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
        drop(idle);
    });
    assert!(serving.memory("VmHWM") < 40 * 1024, "{} KiB at most", serving.memory("VmHWM"));
}

/// Sends a request a byte at a time, again and again: whoever is closed comes back.
fn drip(address: SocketAddr, ends: &AtomicBool) {
    while !ends.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        for byte in b"GET /ht/ HTTP/1.1\r\nHost: x\r\nX-Slow: ".iter().cycle().take(500) {
            if ends.load(Ordering::Relaxed) || stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn who_says_nothing_for_ten_seconds_or_too_much_is_sent_away() {
    let peer = peer();
    let serving =
        Serving::start_at(Ipv4Addr::LOCALHOST.into(), &tcp("db", peer.port(), ""), |_, launch: Launch| launch);
    let mut silent = TcpStream::connect(serving.address()).expect("connected");
    let long = "x".repeat(100_000);
    for (request, status) in [
        (format!("GET /ht/ HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"), "431"),
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), "431"),
        (format!("GET /ht/ HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: x\r\n".repeat(200)), "431"),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "400"),
    ] {
        let mut stream = TcpStream::connect(serving.address()).expect("connected");
        // It may be closed before all is sent.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = vec![0; 64];
        let count = stream.read(&mut answer).unwrap_or_default();
        let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
        assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    }
    let began = Instant::now();
    silent.set_read_timeout(Some(wait::PATIENCE)).expect("a limit");
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest);
    assert!((5..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(serving.get("/live").status, 200);
}
