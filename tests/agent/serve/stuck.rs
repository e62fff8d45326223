//! Readers that read nothing.

use super::peer;
use harness::serve::{Serving, ask};
use nix::sys::socket::sockopt::RcvBuf;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, setsockopt, socket};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

/// So many, each of whom could take the whole report.
const READERS: usize = 200;

/// Asks for the report with room for hardly any of it.
fn asking(address: SocketAddr) -> TcpStream {
    let SocketAddr::V4(address) = address else { panic!("{address} is not of IPv4") };
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None).expect("a socket");
    setsockopt(&fd, RcvBuf, &4096).expect("a small buffer");
    connect(fd.as_raw_fd(), &SockaddrIn::from(address)).expect("connected");
    let mut stream = TcpStream::from(fd);
    stream.write_all(b"GET /ht/?format=report HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
    stream
}

#[test]
fn who_reads_nothing_is_sent_away_after_ten_seconds_and_many_of_them_cost_little() {
    let peer = peer();
    let check = |number| {
        format!("- {{type: tcp, name: a-check-with-the-number-{number}, host: 127.0.0.1, port: {}}}\n", peer.port())
    };
    let yaml: String = (0..5000).map(check).collect();
    let serving = Serving::start(&yaml, &["--max-age", "3600"]);
    let whole = serving.get("/ht/?format=report").body.len();
    assert!(whole > 2 << 20, "{whole} bytes");
    let before = serving.memory("RssAnon");
    let began = Instant::now();
    let mut stuck: Vec<_> = (0..READERS).map(|_| asking(serving.address())).collect();
    // Each of them has the begin of an answer.
    for stream in &mut stuck {
        stream.set_read_timeout(Some(harness::wait::PATIENCE)).expect("a limit");
        assert_eq!(stream.read(&mut [0; 1]).expect("something of it"), 1);
    }
    let cost = serving.memory("RssAnon").saturating_sub(before);
    let copies = READERS * whole / 1024;
    assert!(cost < 64 * 1024, "{cost} KiB more, where copies for all would be {copies} KiB");
    assert_eq!(ask(serving.address(), "GET", "/live", &[]).expect("an answer").status, 200);
    harness::wait::until("all of them to be gone", || serving.memory("FDSize") > 0 && open_sockets(&serving) < 20);
    assert!((5..25).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let mut rest = Vec::new();
    let ended = stuck[0].read_to_end(&mut rest);
    assert!(ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset) || rest.len() < whole);
}

/// How many sockets it has.
fn open_sockets(serving: &Serving) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", serving.pid())).expect("its descriptors").count()
}

#[test]
fn who_reads_slowly_gets_all_of_it() {
    let peer = peer();
    let yaml = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", peer.port()).repeat(2000);
    let serving = Serving::start(&yaml, &["--max-age", "3600"]);
    let whole = serving.get("/ht/?format=report").body;
    let mut stream = asking(serving.address());
    let (mut answer, mut part) = (Vec::new(), vec![0; whole.len() / 10]);
    let began = Instant::now();
    while answer.len() < whole.len() {
        let count = stream.read(&mut part).expect("more of it");
        assert!(count > 0, "{} of {} bytes", answer.len(), whole.len());
        answer.extend_from_slice(&part[..count]);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(String::from_utf8_lossy(&answer).ends_with(&whole[whole.len() - 1000..]), "{:?}", began.elapsed());
}
