//! A double of `MongoDB`'s server, because there is no mongod to be had from Debian.
//!
//! ```
//! use harness::mongodb::{DATABASE, Member, Mongodb, PASSWORD, Setup, USER};
//!
//! let open = Mongodb::start(Setup::open());
//! let closed = Mongodb::start(Setup::with_login().member(Member::Primary("rs0")));
//! assert_ne!(open.address(), closed.address());
//! assert_eq!((closed.logins(), USER, PASSWORD.len(), DATABASE), (0, "app", 17, "shop"));
//! ```
//!
//! It speaks `OP_MSG`, is the real server's side of SCRAM (salted hash, check of the proof, signature of
//! its own; RFC 5802, RFC 7677), and answers with mongod's codes and texts. What mongod is strict
//! about, it is strict about: a client describes itself in the first hello of a connection only, a
//! secondary is read with a read preference only, collections are listed after a login only.
//! [`crate::ferretdb`] is a server that others wrote; a check that passes on both speaks the protocol.

mod message;
mod scram;
mod session;
mod setup;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

pub use setup::{Member, Setup};

use crate::certs::{Authority, Identity};
use crate::peers::{Peer, TlsPeer, loopback};
use session::Session;

/// The user that [`Setup::with_login`] knows.
pub const USER: &str = "app";

/// That user's password.
pub const PASSWORD: &str = "Korrekt.Pferd-123";

/// The database where that user is kept, and the only one where it may do anything.
pub const DATABASE: &str = "shop";

/// A running double. Dropping it cuts every connection.
#[derive(Debug)]
pub struct Mongodb {
    door: Door,
    journal: Arc<Mutex<Journal>>,
}

#[derive(Debug)]
enum Door {
    Plain(Peer),
    Tls(TlsPeer),
}

/// What clients did.
#[derive(Debug, Default)]
struct Journal {
    commands: Vec<String>,
    clients: Vec<String>,
    proofs: usize,
    logins: usize,
    sessions: usize,
}

impl Mongodb {
    /// Starts one on 127.0.0.1, without TLS.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        Self::start_at(loopback(), setup)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_at(address: SocketAddr, setup: Setup) -> Self {
        let journal = Arc::<Mutex<Journal>>::default();
        let book = Arc::clone(&journal);
        let peer = Peer::serve_at(address, move |mut wire| Session::new(&setup, &book).serve(&mut wire));
        Self { door: Door::Plain(peer), journal }
    }

    /// Starts one that speaks TLS from the first byte, as mongod with `requireTLS`.
    #[must_use]
    pub fn start_tls(setup: Setup, identity: &Identity) -> Self {
        Self::start_tls_at(loopback(), setup, identity)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_tls_at(address: SocketAddr, setup: Setup, identity: &Identity) -> Self {
        Self::start_with_tls(address, setup, identity, None)
    }

    /// The same, and clients need a certificate of `clients`.
    #[must_use]
    pub fn start_requiring(setup: Setup, identity: &Identity, clients: &Authority) -> Self {
        Self::start_with_tls(loopback(), setup, identity, Some(clients))
    }

    fn start_with_tls(address: SocketAddr, setup: Setup, identity: &Identity, clients: Option<&Authority>) -> Self {
        let journal = Arc::<Mutex<Journal>>::default();
        let book = Arc::clone(&journal);
        let serve = move |stream: &mut crate::peers::TlsWire| Session::new(&setup, &book).serve(stream);
        Self { door: Door::Tls(TlsPeer::serve_at(address, identity, clients, serve)), journal }
    }

    /// Serves one connection that somebody else has accepted, on a Unix socket say.
    pub fn serve(setup: &Setup, stream: &mut (impl Read + Write)) {
        Session::new(setup, &Mutex::default()).serve(stream);
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.peer().address()
    }

    /// The peer below: its counts of connections and bytes.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        match &self.door {
            Door::Plain(peer) => peer,
            Door::Tls(peer) => peer.peer(),
        }
    }

    /// The names of all commands, in the order of their arrival.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.look(|journal| journal.commands.clone())
    }

    /// The application names with which clients described themselves; empty for one without.
    #[must_use]
    pub fn clients(&self) -> Vec<String> {
        self.look(|journal| journal.clients.clone())
    }

    /// How many proofs of a password came, right and wrong ones.
    #[must_use]
    pub fn proofs(&self) -> usize {
        self.look(|journal| journal.proofs)
    }

    /// How many logins succeeded.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.look(|journal| journal.logins)
    }

    /// How many commands came in a session (`lsid`), which mongod keeps for half an hour.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.look(|journal| journal.sessions)
    }

    fn look<T>(&self, at: impl Fn(&Journal) -> T) -> T {
        at(&self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
