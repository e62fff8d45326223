//! Port numbers.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use harness::ports::{self, Port};
use harness::wait;

#[test]
fn no_two_threads_get_the_same_port_while_listeners_and_connections_come_and_go() {
    let ports = thread::scope(|scope| {
        let threads = (0..8).map(|_| scope.spawn(|| (0..40).map(|_| port_beside_a_connection()).collect::<Vec<_>>()));
        let threads = threads.collect::<Vec<_>>();
        threads.into_iter().flat_map(|thread| thread.join().expect("the thread works")).collect::<Vec<Port>>()
    });
    let numbers = ports.iter().map(Port::number).collect::<HashSet<_>>();
    assert_eq!(numbers.len(), 8 * 40);
}

/// A reserved port, taken while a listener and a connection take ports of their own.
fn port_beside_a_connection() -> Port {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = ports::free();
    let address = listener.local_addr().expect("its address");
    let stream = TcpStream::connect(address).expect("a connection");
    let own = stream.local_addr().expect("its own address").port();
    assert!(![own, address.port()].contains(&port.number()));
    port
}

#[test]
fn nobody_else_is_given_a_reserved_port() {
    let reserved = (0..100).map(|_| ports::free()).collect::<Vec<_>>();
    let numbers = reserved.iter().map(Port::number).collect::<HashSet<_>>();
    for _ in 0..2000 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        assert!(!numbers.contains(&listener.local_addr().expect("its address").port()));
    }
}

#[test]
fn a_reserved_port_refuses_until_a_daemon_listens_and_again_when_it_has_gone() {
    let port = ports::free();
    let refused = || TcpStream::connect(port.address()).map_err(|error| error.kind()).err();
    assert_eq!((refused(), ports::is_listening(&port.address())), (Some(ErrorKind::ConnectionRefused), false));
    let daemon = TcpListener::bind(port.address()).expect("the daemon may have it");
    assert_eq!((refused(), ports::is_listening(&port.address())), (None, true));
    drop(daemon);
    // A child that another test forked meanwhile has the listener, too, until it execs.
    wait::until("the listener to be closed", || refused() == Some(ErrorKind::ConnectionRefused));
}

#[test]
fn who_listens_everywhere_listens_at_every_address() {
    for (everywhere, wanted) in [("0.0.0.0:0", [true, false]), ("[::]:0", [true, true])] {
        let listener = TcpListener::bind(everywhere).expect("a listener");
        let port = listener.local_addr().expect("its address").port();
        let local = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        assert_eq!(local.map(|ip| ports::is_listening(&SocketAddr::new(ip, port))), wanted, "{everywhere}");
    }
}

#[test]
fn a_reserved_port_is_reserved_on_ipv6_too() {
    assert!(ports::has_ipv6_loopback());
    let port = ports::free();
    let error = TcpStream::connect(port.address6()).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let _daemon = TcpListener::bind(port.address6()).expect("the daemon may have it");
    assert_eq!([port.address(), port.address6()].map(|address| ports::is_listening(&address)), [false, true]);
}

#[test]
fn a_free_port_is_free_for_udp_unless_somebody_was_very_quick() {
    let free = || ports::free_at(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9)));
    assert_eq!(free().address().ip().to_string(), "127.0.0.9");
    assert!((0..3).any(|_| UdpSocket::bind(free().address()).is_ok()));
}
