//! Requests, changed, to conn-check-serve: it answers or closes, and is there for the next one.

use harness::fuzz::{mutate, rounds};
use harness::peers::{Manner, Peer};
use harness::random::Random;
use harness::serve::Serving;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// So many requests of a round.
const REQUESTS: u64 = 1500;

/// What one may take: a head that is never whole is waited for as long as the other end can still send, which it cannot.
const LIMIT: Duration = Duration::from_secs(5);

const SEEDS: [&str; 8] = [
    "GET /ht/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /ht/?format=json&tags=a,b%20c HTTP/1.1\r\nHost: h\r\nAccept: text/html;q=0.5, application/json\r\n\r\n",
    "HEAD /ready HTTP/1.0\r\n\r\n",
    "GET http://h:1/metrics?x HTTP/1.1\r\nHost: h\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.75,*/*;q=0.1\r\n\r\n",
    "POST /ht/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET /live HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\nGET /ready HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "GET /ht/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\nhello",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

#[test]
fn serve() {
    let peer = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: tcp, name: db, host: 127.0.0.1, port: {}, tags: [a]}}\n", peer.port());
    let mut serving = Serving::start(&yaml, &["--max-age", "3600"]);
    assert_eq!(serving.get("/ht/").status, 200);
    let before = serving.log();
    for number in rounds().flat_map(|round| (0..REQUESTS).map(move |request| round * 1_000_000 + request)) {
        let mut random = Random::new(number);
        let seed = *random.pick(&SEEDS);
        let request = mutate(&mut random, seed.as_bytes());
        let began = Instant::now();
        let mut stream = TcpStream::connect(serving.address()).expect("it takes connections");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        // It may be closed before all is sent.
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        let story = || format!("request {number}: {}\n{}", request.escape_ascii(), answer.escape_ascii());
        let is_over = ended.is_ok_and(|_| true) || began.elapsed() < LIMIT;
        assert!(is_over, "{:?}: {}", began.elapsed(), story());
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", story());
        assert!(serving.daemon().is_running(), "{}", story());
    }
    assert_eq!(serving.log(), before, "nothing is said of what others send");
    assert_eq!(serving.get("/ht/").status, 200);
}
