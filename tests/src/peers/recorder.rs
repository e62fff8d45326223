//! An HTTP server that writes down whole requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Peer, Request, http, loopback};

/// Keeps every request, and gives the same answer to all.
///
/// One request a connection: the answer says `Connection: close`. A client that takes it for a proxy
/// is recorded as well, with the whole URL as the target.
#[derive(Debug)]
pub struct Recorder {
    peer: Peer,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Recorder {
    /// Answers 200 with the body `ok`.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(http::answer("200 OK", "", "ok"))
    }

    /// Answers these bytes: status line, header and body as they go over the wire.
    #[must_use]
    pub fn start_with(answer: impl Into<Vec<u8>>) -> Self {
        Self::start_at(loopback(), answer)
    }

    /// The same at `address`; port 0 means a free one.
    #[must_use]
    pub fn start_at(address: SocketAddr, answer: impl Into<Vec<u8>>) -> Self {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (book, answer) = (Arc::clone(&requests), answer.into());
        let peer = Peer::serve_at(address, move |wire| {
            if let Some(request) = Request::read(&wire) {
                book.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let _taken = wire.send(&answer);
                wire.finish();
            }
        });
        Self { peer, requests }
    }

    /// Every whole request so far, header and body as sent; each is written down before it is answered.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.parsed().into_iter().map(|request| request.text).collect()
    }

    /// The same with method, target and headers to be asked for.
    #[must_use]
    pub fn parsed(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The peer: its address and its counts.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// `http://localhost:PORT/path`; `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.peer.port())
    }
}
