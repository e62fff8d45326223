//! TCP and UDP peers, asked by plain sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use harness::peers::{FullQueue, Manner, Peer, UdpManner, UdpPeer};
use harness::wait;

/// A connection whose reads give up after this many milliseconds.
fn connect(address: SocketAddr, patience: u64) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the peer accepts");
    stream.set_read_timeout(Some(Duration::from_millis(patience))).expect("a timeout");
    stream
}

/// Everything up to the end, or the kind of error.
fn read_all(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map(|_| bytes).map_err(|error| error.kind())
}

#[test]
fn a_silent_peer_takes_everything_and_says_nothing() {
    let peer = Peer::start(Manner::Silent);
    let mut stream = connect(peer.address(), 100);
    stream.write_all(b"hello?").expect("it takes it");
    assert_eq!(read_all(&mut stream), Err(ErrorKind::WouldBlock));
    wait::until("the bytes to be counted", || peer.received() == 6);
    assert_eq!((peer.connections(), peer.open(), peer.sent()), (1, 1, 0));
    drop(stream);
    wait::until("the connection to be closed", || peer.open() == 0);
}

#[test]
fn a_dropped_peer_cuts_its_connections() {
    let peer = Peer::start(Manner::Silent);
    let mut stream = connect(peer.address(), 10_000);
    wait::until("the peer to accept", || peer.open() == 1);
    drop(peer);
    assert_eq!(read_all(&mut stream), Ok(Vec::new()));
}

#[test]
fn a_closing_peer_ends_without_a_reset() {
    let peer = Peer::start(Manner::Closes);
    let mut stream = connect(peer.address(), 10_000);
    stream.write_all(b"hello?").expect("the kernel takes it");
    assert_eq!(read_all(&mut stream), Ok(Vec::new()));
    let peer = Peer::start(Manner::ClosesAfterFirstBytes);
    let mut stream = connect(peer.address(), 100);
    assert_eq!(read_all(&mut stream), Err(ErrorKind::WouldBlock));
    stream.write_all(b"hello?").expect("it takes it");
    stream.set_read_timeout(None).expect("no timeout");
    assert_eq!(read_all(&mut stream), Ok(Vec::new()));
}

#[test]
fn a_resetting_peer_resets() {
    let peer = Peer::start(Manner::Resets);
    assert_eq!(read_all(&mut connect(peer.address(), 10_000)), Err(ErrorKind::ConnectionReset));
    let peer = Peer::start(Manner::ResetsAfterFirstBytes);
    let mut stream = connect(peer.address(), 100);
    assert_eq!(read_all(&mut stream), Err(ErrorKind::WouldBlock));
    stream.write_all(b"hello?").expect("it takes it");
    stream.set_read_timeout(None).expect("no timeout");
    assert_eq!(read_all(&mut stream), Err(ErrorKind::ConnectionReset));
}

#[test]
fn garbage_is_the_same_every_time() {
    let peer = Peer::start(Manner::Garbage);
    let first = read_all(&mut connect(peer.address(), 10_000)).expect("bytes");
    assert_eq!(read_all(&mut connect(peer.address(), 10_000)), Ok(first.clone()));
    assert_eq!(first.len(), 4096);
    assert!((0..=u8::MAX).all(|byte| first.contains(&byte)), "it looks like noise");
    assert_eq!(peer.sent(), 2 * 4096);
}

#[test]
fn a_banner_comes_unasked_and_nothing_after_it() {
    let peer = Peer::start(Manner::Banner(b"220 mail.test ESMTP\r\n".to_vec()));
    let mut stream = connect(peer.address(), 200);
    let mut banner = [0; 21];
    stream.read_exact(&mut banner).expect("a banner");
    assert_eq!(&banner, b"220 mail.test ESMTP\r\n");
    stream.write_all(b"EHLO x\r\n").expect("it takes it");
    assert_eq!(read_all(&mut stream), Err(ErrorKind::WouldBlock));
}

#[test]
fn known_requests_are_answered_and_others_end_the_connection() {
    let pair = |request: &str, reply: &str| (request.as_bytes().to_vec(), reply.as_bytes().to_vec());
    let peer = Peer::start(Manner::Answers(vec![pair("PING", "+PONG\r\n"), pair("QUIT", "+OK\r\n")]));
    let mut stream = connect(peer.address(), 10_000);
    let mut reply = [0; 7];
    for part in ["PI", "NG\r\n", "PING\r\n"] {
        stream.write_all(part.as_bytes()).expect("it takes it");
        if part.ends_with('\n') {
            stream.read_exact(&mut reply).expect("a reply");
            assert_eq!(&reply, b"+PONG\r\n");
        }
    }
    stream.write_all(b"HELLO").expect("it takes it");
    assert_eq!(read_all(&mut stream), Ok(Vec::new()));
}

#[test]
fn endless_peers_do_not_end() {
    let mut buffer = vec![0; 3_000_000];
    let peer = Peer::start(Manner::Endless);
    connect(peer.address(), 10_000).read_exact(&mut buffer).expect("as many bytes as one likes");
    assert!(buffer.iter().all(|byte| *byte == b'x'));
    let peer = Peer::start(Manner::EndlessHttp);
    let mut stream = connect(peer.address(), 100);
    assert_eq!(stream.read(&mut buffer).expect_err("not before the request").kind(), ErrorKind::WouldBlock);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("it takes it");
    stream.set_read_timeout(None).expect("no timeout");
    stream.read_exact(&mut buffer).expect("as many bytes as one likes");
    assert!(buffer.starts_with(b"HTTP/1.1 200 OK\r\n") && buffer.ends_with(b"xxx"));
}

#[test]
fn dripping_takes_its_time() {
    let every = Duration::from_millis(20);
    let peer = Peer::start(Manner::Drip { head: b"HTTP/1.1 200".to_vec(), every });
    let started = Instant::now();
    let mut stream = connect(peer.address(), 10_000);
    let mut start = [0; 17];
    stream.read_exact(&mut start).expect("a start");
    assert_eq!(&start, b"HTTP/1.1 200xxxxx");
    assert!(started.elapsed() >= every * 5);
}

#[test]
fn dropping_a_peer_that_drips_slowly_does_not_take_long() {
    let peer = Peer::start(Manner::Drip { head: b"a".to_vec(), every: Duration::from_secs(1000) });
    connect(peer.address(), 10_000).read_exact(&mut [0]).expect("the head");
    drop(peer);
}

#[test]
fn a_handler_may_be_anything_and_its_panic_is_not_lost() {
    let peer = Peer::serve(|wire| assert_eq!(wire.first_bytes(), b"good"));
    connect(peer.address(), 10_000).write_all(b"evil").expect("it takes it");
    wait::until("the handler to end", || peer.received() == 4 && peer.open() == 0);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(peer))).is_err());
}

#[test]
fn half_a_handshake_follows_a_client_hello() {
    let peer = Peer::start(Manner::TruncatedTls);
    let mut stream = connect(peer.address(), 10_000);
    stream.write_all(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]).expect("it takes it");
    let answer = read_all(&mut stream).expect("half a record and an end");
    assert!(answer.starts_with(&[22, 3, 3, 0, 122, 2]) && answer.len() == 21, "{answer:?}");
    let peer = Peer::start(Manner::StalledTls);
    let mut stream = connect(peer.address(), 200);
    stream.write_all(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]).expect("it takes it");
    assert_eq!(read_all(&mut stream), Err(ErrorKind::WouldBlock));
    wait::until_count("bytes sent", 21, || peer.sent());
}

#[test]
fn a_full_queue_answers_no_syn() {
    let full = FullQueue::start();
    let attempt = TcpStream::connect_timeout(&full.address(), Duration::from_millis(1500));
    assert_eq!(attempt.expect_err("no answer").kind(), ErrorKind::TimedOut);
}

#[test]
fn hundreds_of_connections_at_once_are_served() {
    let peer = Peer::start(Manner::Silent);
    let streams = (0..500).map(|_| connect(peer.address(), 1)).collect::<Vec<_>>();
    wait::until("all of them to be accepted", || peer.open() == 500);
    drop(streams);
    wait::until("all of them to be closed", || peer.open() == 0);
    assert_eq!(peer.connections(), 500);
}

/// Sends `text` and waits for an answer.
fn ask_udp(peer: &UdpPeer, text: &[u8], patience: u64) -> Result<Vec<u8>, ErrorKind> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(patience))).expect("a timeout");
    socket.connect(peer.address()).expect("a direction");
    socket.send(text).expect("it is sent");
    let mut buffer = [0; 100];
    socket.recv(&mut buffer).map(|length| buffer[..length].to_vec()).map_err(|error| error.kind())
}

#[test]
fn udp_peers_echo_reply_or_keep_silent() {
    assert_eq!(ask_udp(&UdpPeer::start(UdpManner::Echo), b"hello", 10_000), Ok(b"hello".to_vec()));
    let reply = UdpPeer::start(UdpManner::Reply(b"other".to_vec()));
    assert_eq!(ask_udp(&reply, b"hello", 10_000), Ok(b"other".to_vec()));
    let silent = UdpPeer::start(UdpManner::Silent);
    assert_eq!(ask_udp(&silent, b"hello", 100), Err(ErrorKind::WouldBlock));
    wait::until("the datagram to be counted", || (silent.datagrams(), silent.received()) == (1, 5));
}

#[test]
fn a_refusing_udp_port_refuses_for_as_long_as_it_is_held() {
    let peer = UdpPeer::start(UdpManner::Refuses);
    for _ in 0..3 {
        assert_eq!(ask_udp(&peer, b"hello", 10_000), Err(ErrorKind::ConnectionRefused));
    }
    assert_eq!(peer.datagrams(), 0);
    assert_eq!(UdpSocket::bind(peer.address()).expect_err("it is held").kind(), ErrorKind::AddrInUse);
}
