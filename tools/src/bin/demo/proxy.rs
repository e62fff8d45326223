//! A stand-in for the proxy: tunnels by CONNECT (RFC 9110 section 9.3.6) to the one site it knows.
#![expect(clippy::disallowed_methods, reason = "the other end of the product's sockets")]

use harness::peers::{Peer, Request, Wire};
use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

/// What the proxy's rules say.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Rule {
    Allows,
    Forbids,
}

/// Starts it; `site` is where everything ends up that it lets pass.
pub(crate) fn start(address: SocketAddr, site: SocketAddr, rule: Rule) -> Peer {
    Peer::serve_at(address, move |wire| {
        let Some(request) = Request::read(&wire) else { return };
        if request.method != "CONNECT" || rule == Rule::Forbids {
            let _gone = wire.send(b"HTTP/1.1 403 Forbidden\r\nServer: countzero\r\nContent-Length: 0\r\n\r\n");
            wire.finish();
        } else if let Ok(upstream) = TcpStream::connect(site) {
            tunnel(&wire, &upstream);
        }
    })
}

/// Passes bytes on both ways until both ends are done.
fn tunnel(wire: &Wire, upstream: &TcpStream) {
    let _only_slower = upstream.set_nodelay(true);
    if !wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n") {
        return;
    }
    thread::scope(|scope| {
        scope.spawn(|| pass(upstream, wire.stream()));
        pass(wire.stream(), upstream);
    });
}

/// One direction; its end is passed on too.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    // Either side may go away at any time: that is the end as well.
    let _ended = io::copy(&mut from, &mut to).and_then(|_| to.flush());
    let _gone = to.shutdown(Shutdown::Write);
}
