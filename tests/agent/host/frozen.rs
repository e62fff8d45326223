//! Flows that the network has given up: everything that is sent on them is lost, large or small. That is no matter of size.

use super::{PORT, checked, over_both, text};
use harness::certs::Authority;
use harness::peers::{Manner, Peer, TlsPeer, TlsWire};
use harness::worlds::World;
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;

over_both! {
    a_path_that_takes_no_data_of_anybody_is_not_one_that_loses_large_packets(family) {
        for rule in ["tcp dport", "tcp sport"] {
            let world = World::new(1);
            let target = world.target(family, PORT);
            let _peer = serve(&world, target);
            world.router(1).rule("forward", &format!("{rule} {PORT} tcp flags & syn == 0 drop"));
            for options in ["", ", method: POST, body: one"] {
                is_frozen(&checked(&world, &http(target, options)));
            }
            is_frozen(&checked(&world, &tls(target)));
        }
    }

    one_flow_that_is_lost_while_others_pass_is_not_a_matter_of_size(family) {
        let world = World::new(1);
        let (target, second) = (world.target(family, PORT), world.target(family, SECOND));
        let _peer = world.server().inside(|| Peer::start_at(target, Manner::Answers(vec![(Vec::new(), ANSWER.to_vec())])));
        let identity = Authority::new().valid();
        let take_all = |stream: &mut TlsWire| while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {};
        let _tls = world.server().inside(|| TlsPeer::serve_at(second, &identity, None, take_all));
        for yaml in [http(target, ""), http(target, ", method: POST, body: one"), tls(second)] {
            // A balancer that has forgotten the first connection.
            world.router(1).nft(&format!(
                "table inet frozen; delete table inet frozen; \
                 table inet frozen {{ set first {{ type inet_service; size 1; flags dynamic; }}; \
                 chain forward {{ type filter hook forward priority 0; \
                 tcp dport {{ {PORT}, {SECOND} }} tcp flags & syn == syn add @first {{ tcp sport }}; \
                 tcp dport {{ {PORT}, {SECOND} }} tcp flags & syn == 0 tcp sport @first drop; }}; }}"
            ));
            is_frozen(&checked(&world, &yaml));
        }
    }
}

/// Where TLS is spoken.
const SECOND: u16 = 5433;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn serve(world: &World, target: SocketAddr) -> Peer {
    world.server().inside(|| Peer::start_at(target, Manner::Silent))
}

fn http(target: SocketAddr, options: &str) -> String {
    format!("- {{type: http, url: 'http://{target}/'{options}, timeout: 4}}\n")
}

fn tls(target: SocketAddr) -> String {
    format!(
        "- {{type: tls, host: '{}', port: {}, disable_tls_verification: true, timeout: 4}}\n",
        target.ip(),
        target.port()
    )
}

/// It is the network's, and nothing is said of a size.
fn is_frozen(check: &Value) {
    let failure = &check["failure"];
    assert_eq!((check["verdict"].as_str(), failure["owner"].as_str()), (Some("fail"), Some("network")), "{check:#}");
    assert_ne!(failure["code"], "connect.mtu", "{check:#}");
    assert!(text(failure).contains("not acknowledged") && !text(failure).contains("bytes"), "{check:#}");
}
