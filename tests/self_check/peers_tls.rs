//! TLS peers, asked by curl and by rustls.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use harness::certs::{Authority, Identity};
use harness::peers::{TlsManner, TlsPeer};
use harness::wait;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::client::curl_trusting;

/// A TLS connection that trusts `authority`.
fn connect(address: SocketAddr, authority: &Authority) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(config, name).expect("a client");
    StreamOwned::new(connection, TcpStream::connect(address).expect("it accepts"))
}

#[test]
fn an_echo_comes_back_encrypted() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Echo);
    let mut stream = connect(peer.address(), &ca);
    stream.write_all(b"hello").expect("it is sent");
    let mut echo = [0; 5];
    stream.read_exact(&mut echo).expect("it comes back");
    assert_eq!(&echo, b"hello");
    assert_eq!((peer.handshakes(), peer.names()), (1, vec!["localhost".to_owned()]));
    assert!(peer.peer().received() > 200);
}

#[test]
fn a_closing_tls_peer_says_goodbye() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Closes);
    let mut stream = connect(peer.address(), &ca);
    assert_eq!(stream.read(&mut [0; 1]).expect("an end, not an error"), 0);
    assert_eq!(peer.handshakes(), 1);
}

#[test]
fn a_refused_certificate_is_noted_with_the_alert() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.expired(), TlsManner::Silent);
    let reply = curl_trusting(ca.file(), &[&format!("https://localhost:{}/", peer.address().port())]);
    assert!(reply.error.contains("certificate has expired"), "{reply:?}");
    wait::until("the failure to be noted", || peer.failures().len() == 1);
    assert!(peer.failures()[0].contains("CertificateExpired"), "{:?}", peer.failures());
    assert_eq!((peer.handshakes(), peer.names()), (0, Vec::new()));
}

#[test]
fn a_client_certificate_is_wanted_in_the_handshake() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_vec();
    let peer = TlsPeer::start_requiring(&ca.valid(), &clients, TlsManner::Reply(answer));
    let url = format!("https://localhost:{}/", peer.address().port());
    let without = curl_trusting(ca.file(), &[&url]);
    assert!(without.error.contains("alert certificate required"), "{without:?}");
    let with = |identity: Identity| {
        let (certificate, key) =
            (identity.certificate_file().display().to_string(), identity.key_file().display().to_string());
        curl_trusting(ca.file(), &["--cert", &certificate, "--key", &key, &url])
    };
    assert_eq!(with(clients.client("alice")).status, 200);
    let stranger = with(Authority::new().client("mallory"));
    assert!(stranger.error.contains("alert unknown ca"), "{stranger:?}");
    assert_eq!(peer.handshakes(), 1);
}
