//! How often each check has to wait for the network: the client's turns, counted on the way.

use crate::Outcome;
use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::forwarder::Forwarder;
use harness::peers::{Manner, Peer, Recorder, TlsManner, TlsPeer};
use std::net::SocketAddr;
use std::path::Path;

const HTTP_OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Counts them, one check of each type. Connecting itself, one more wait for each, is not among
/// them; the end of a TLS 1.3 handshake, the request behind it and the goodbye are, though nobody
/// waits for an answer between them: the server's session tickets cross with them.
pub(crate) fn count(program: &Path) -> Outcome {
    let authority = Authority::new();
    let (valid, ca) = (authority.valid(), authority.file().display().to_string());
    let (silent, web) = (Peer::start(Manner::Silent), Recorder::start());
    let login = TlsPeer::start(&valid, TlsManner::Silent);
    let shop = TlsPeer::start(&valid, TlsManner::Reply(HTTP_OK.to_vec()));
    println!("round trips after connecting (the client's turns), and bytes");
    row(program, "tcp", silent.address(), |port| format!("- {{type: tcp, host: 127.0.0.1, port: {port}}}"))?;
    row(program, "http", web.peer().address(), |port| format!("- {{type: http, url: 'http://127.0.0.1:{port}/'}}"))?;
    row(program, "tls", login.address(), |port| {
        format!("- {{type: tls, host: 127.0.0.1, port: {port}, ca_file: '{ca}'}}")
    })?;
    row(program, "https", shop.address(), |port| {
        format!("- {{type: http, url: 'https://127.0.0.1:{port}/', ca_file: '{ca}'}}")
    })
}

fn row(program: &Path, kind: &str, server: SocketAddr, yaml: impl Fn(u16) -> String) -> Outcome {
    let way = Forwarder::start(server);
    let verdict = code(&Agent::of(program, &yaml(way.address().port())).report());
    if verdict != "pass" {
        return Err(format!("the {kind} check fails: {verdict}").into());
    }
    println!("  {kind:6} {} turns, {} bytes out, {} bytes back", way.turns(), way.to_server(), way.to_client());
    Ok(())
}
