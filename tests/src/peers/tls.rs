//! TLS peers: rustls with any certificate.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{Peer, Wire, loopback};
use crate::certs::{Authority, Identity};
use crate::or_panic::OrPanic;

/// An encrypted connection after its handshake; what passes over the wire below it is counted.
pub type TlsWire = StreamOwned<ServerConnection, Wire>;

/// What a TLS peer does after the handshake.
#[derive(Clone, Debug)]
pub enum TlsManner {
    /// Sends back what it gets.
    Echo,
    /// Ends at once, as TLS wants it (`close_notify`).
    Closes,
    /// Takes everything, never says a word.
    Silent,
    /// Waits for the client's first bytes, sends these and ends.
    Reply(Vec<u8>),
}

/// A TLS 1.2 and 1.3 server with a certificate of one's choice.
#[derive(Debug)]
pub struct TlsPeer {
    peer: Peer,
    journal: Arc<Mutex<Journal>>,
}

/// What happened in the handshakes.
#[derive(Debug, Default)]
struct Journal {
    names: Vec<String>,
    completed: usize,
    failures: Vec<String>,
}

impl TlsPeer {
    /// Starts one on 127.0.0.1.
    #[must_use]
    pub fn start(identity: &Identity, manner: TlsManner) -> Self {
        Self::serve_at(loopback(), identity, None, move |stream| {
            manner.serve(stream);
        })
    }

    /// The same, and clients need a certificate of `clients`. Without one the handshake ends with the
    /// alert `certificate_required` (TLS 1.3: after the client believes itself done), with another
    /// authority's with `unknown_ca`.
    #[must_use]
    pub fn start_requiring(identity: &Identity, clients: &Authority, manner: TlsManner) -> Self {
        Self::serve_at(loopback(), identity, Some(clients), move |stream| {
            manner.serve(stream);
        })
    }

    /// Serves every connection that completes its handshake with `handler`: for doubles of protocols over TLS.
    pub fn serve_at(
        address: SocketAddr,
        identity: &Identity,
        clients: Option<&Authority>,
        handler: impl Fn(&mut TlsWire) + Send + Sync + 'static,
    ) -> Self {
        let configuration = Arc::new(configure(identity, clients));
        let journal = Arc::<Mutex<Journal>>::default();
        let notes = Arc::clone(&journal);
        let peer = Peer::serve_at(address, move |wire| {
            if let Some(mut stream) = shake_hands(wire, &configuration, &notes) {
                handler(&mut stream);
                part(&mut stream);
            }
        });
        Self { peer, journal }
    }

    /// The peer: its address and its counts.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.peer.address()
    }

    /// How many handshakes were completed.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.look(|journal| journal.completed)
    }

    /// Why the other handshakes failed, as this side saw it; the client's alert is in the text.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        self.look(|journal| journal.failures.clone())
    }

    /// The names the clients of completed handshakes asked for (SNI, RFC 6066); those who sent none are left out.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.look(|journal| journal.names.clone())
    }

    fn look<T>(&self, at: impl Fn(&Journal) -> T) -> T {
        at(&self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TlsManner {
    /// Serves one connection after its handshake.
    fn serve(&self, stream: &mut TlsWire) {
        let mut buffer = [0; 16 * 1024];
        match self {
            Self::Echo => {
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    if stream.write_all(&buffer[..length]).is_err() {
                        return;
                    }
                }
            }
            Self::Closes => {}
            Self::Silent => while matches!(stream.read(&mut buffer), Ok(1..)) {},
            Self::Reply(reply) => {
                // Whatever came, and whether it can be answered, is the client's business.
                let _request = stream.read(&mut buffer);
                let _gone = stream.write_all(reply);
            }
        }
    }
}

/// Goes over to TLS on a connection on which another protocol was spoken first; `None` when the
/// handshake fails.
#[must_use]
pub fn start_tls(wire: Wire, identity: &Identity) -> Option<TlsWire> {
    shake_hands(wire, &Arc::new(configure(identity, None)), &Mutex::default())
}

/// Completes the handshake, or notes why not.
fn shake_hands(wire: Wire, configuration: &Arc<ServerConfig>, journal: &Mutex<Journal>) -> Option<TlsWire> {
    let connection = ServerConnection::new(Arc::clone(configuration)).or_panic("start a TLS connection");
    let mut stream = StreamOwned::new(connection, wire);
    let done = complete(&mut stream);
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    match done {
        Ok(()) => {
            journal.completed += 1;
            journal.names.extend(stream.conn.server_name().map(str::to_owned));
            Some(stream)
        }
        Err(error) => {
            journal.failures.push(error.to_string());
            drop(journal);
            // The alert must reach the client before the end of the connection does.
            stream.sock.finish();
            None
        }
    }
}

/// Reads and writes until the handshake is over.
fn complete(stream: &mut TlsWire) -> std::io::Result<()> {
    while stream.conn.is_handshaking() {
        if stream.conn.complete_io(&mut stream.sock)? == (0, 0) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Says goodbye and waits for the client to go.
fn part(stream: &mut TlsWire) {
    stream.conn.send_close_notify();
    while stream.conn.wants_write() && matches!(stream.conn.write_tls(&mut stream.sock), Ok(1..)) {}
    stream.sock.finish();
}

/// The server's settings.
fn configure(identity: &Identity, clients: Option<&Authority>) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().or_panic("choose TLS versions");
    let verifier: Arc<dyn ClientCertVerifier> = match clients {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate().clone()).or_panic("trust an authority");
            let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
            builder.build().or_panic("check client certificates")
        }
    };
    builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain(), identity.key())
        .or_panic("use the certificate")
}
