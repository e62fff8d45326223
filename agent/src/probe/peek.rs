//! A look at a peer that has not said a byte.
//!
//! A service that waits for its own kind of request is silent to another kind, or closes: `Redis`
//! waits for the end of a line for ever when it gets a TLS handshake, and hangs up on an HTTP
//! request. A few questions on fresh connections make nearly all of them talk, and the commonest
//! mistake, a wrong port, gets its name instead of reading like a hung service. They are asked beside
//! the wait, after a second of silence: the check itself has all of its time. None of them leaves
//! anything behind but a line in the peer's log.

use super::Probe;
use super::host;
use super::questions::{CLIENT_HELLO, ask, ask_mysql, plain_answer};
use crate::fault::{Cause, Fault, Phase};
use crate::net;
use crate::net::identify::identify;
use crate::services;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::task::JoinSet;

/// What it may take when the peer has closed early: one with a short queue takes a new connection only when that is
/// asked for again, after a second, and one that closes all of them ends the peek at once.
const WHILE: Duration = Duration::from_secs(2);

/// How long a peer that has answered, and not as it should have, is asked about TLS: whoever speaks it begins at once.
const QUICK: Duration = Duration::from_millis(250);

/// How long the questions in plain text are waited for when there is an answer in TLS.
const MOMENT: Duration = Duration::from_millis(500);

/// Where a connection leads.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    Address(SocketAddr),
    Socket(PathBuf),
}

impl Probe {
    /// Whether a failure of this phase can be worth a peek: the peer should speak a protocol
    /// that is known here, and there is no TLS yet, through which nothing could be seen.
    pub(super) fn may_peek(&self, phase: Phase) -> bool {
        let early = matches!(phase, Phase::Tls | Phase::Protocol | Phase::Auth);
        early && self.expected.is_some() && self.peer().is_some() && self.heard() == 0
    }

    /// Where the current connection leads, until there is TLS on it.
    pub(super) fn peer(&self) -> Option<&Peer> {
        self.reached.as_ref().filter(|_| !self.is_veiled)
    }

    /// How long the peer may be silent before it is looked at.
    pub(super) fn patience(&self) -> Duration {
        host::patience(self.left())
    }

    /// Looks what the peer says on fresh connections while it is silent on the first one; nobody, when there is no
    /// telling where that leads.
    pub(super) fn look(&self, phase: Phase) -> Look {
        let mut look = Look::new();
        if let Some(peer) = self.peer().cloned() {
            // As a task it goes on where it has to be finished, and makes no check larger.
            let left = self.nearly_left(1);
            look.spawn(self.asking(peer, phase, if self.counts_strangers() { left } else { host::LOOK.min(left) }));
        }
        look
    }

    /// What the peer says on a fresh connection, when it has closed the first one without a word.
    pub(super) async fn peek(&self, phase: Phase, fault: &Fault) -> Option<Vec<u8>> {
        let closed = matches!(fault.cause, Cause::Closed | Cause::Reset);
        let peer = self.peer().cloned().filter(|_| closed && self.may_peek(phase))?;
        let timeout = (WHILE + self.grace).min(self.left());
        // Boxed: it is rare, and its connections would make every check that much larger.
        let asking = net::within(timeout, self.asking(peer, phase, timeout));
        Box::pin(asking).await.flatten().map(|said| said.bytes)
    }

    /// Whether the peer, which did not understand what it was asked in plain text, speaks TLS: it is asked on a
    /// connection of its own. Not to be asked behind a proxy.
    pub(crate) async fn speaks_tls(&self) -> bool {
        let Some(peer) = self.peer() else { return false };
        let timeout = (QUICK + self.grace).min(self.left());
        let answer = Box::pin(net::within(timeout, ask(peer, CLIENT_HELLO))).await.flatten();
        answer.and_then(|answer| identify(&answer)).is_some_and(|peer| *peer.service == services::TLS)
    }

    fn asking(&self, peer: Peer, phase: Phase, timeout: Duration) -> impl Future<Output = Option<Said>> + use<> {
        let counts = self.counts_strangers();
        async move {
            if counts {
                return ask_mysql(&peer, timeout).await.map(Said::first);
            }
            answer(&peer, phase != Phase::Tls, timeout).await
        }
    }

    /// Whether the service that should listen there blocks hosts whose connections end without a login.
    pub(super) fn counts_strangers(&self) -> bool {
        self.expected.is_some_and(|service| service.limit_of_strangers.is_some())
    }

    /// What is still to be done when the check is over, and until when: see [`ask_mysql`].
    pub(crate) fn take_courtesy(&mut self) -> impl Future<Output = ()> + use<> {
        let (mut look, left) = (std::mem::take(&mut self.courtesy), self.left());
        async move {
            net::within(left, look.join_next()).await;
        }
    }

    /// Whether the check need not wait any longer for a peer that has said this elsewhere. A slow one that may yet
    /// give the right answer is waited for: one that speaks TLS as well as what was not answered yet, and, where TLS
    /// is wanted, a web server, as those complain about plain text in plain text.
    pub(super) fn is_certain(&self, phase: Phase, said: &Said) -> bool {
        let is_web = identify(&said.bytes).is_none_or(|peer| *peer.service == services::HTTP);
        let silent = Fault::new(Cause::Silent, "");
        match self.name(phase, silent, &said.bytes, "").cause {
            Cause::WrongService => true,
            Cause::Required => said.is_all,
            Cause::NotTls => !is_web,
            _ => false,
        }
    }
}

/// A look at a peer; it ends when this is dropped.
pub(super) type Look = JoinSet<Option<Said>>;

/// What a peer said when it was asked on connections of their own.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) bytes: Vec<u8>,
    /// It will say nothing else: all other questions were hung up on.
    is_all: bool,
}

impl Said {
    /// An answer to plain text, which none is that plain text wants more than.
    const fn first(bytes: Vec<u8>) -> Self {
        Self { bytes, is_all: true }
    }
}

/// What the peer says: in plain text to any of the questions, else in TLS. A peer that speaks both is
/// not one that wants TLS.
pub(super) async fn answer(peer: &Peer, may_be_tls: bool, timeout: Duration) -> Option<Said> {
    let hello = async { if may_be_tls { ask(peer, CLIENT_HELLO).await } else { None } };
    let mut hello = pin!(net::within(timeout, hello));
    let mut plain = pin!(net::within(timeout, plain_answer(peer)));
    let (in_tls, in_plain) = tokio::select! {
        answer = &mut plain => match answer {
            Some(Some(answer)) => return Some(Said::first(answer)),
            answer => (hello.await, answer),
        },
        answer = &mut hello => match answer.flatten() {
            None => (None, plain.await),
            answer => (Some(answer), net::within(MOMENT, plain).await.flatten()),
        },
    };
    let is_all = in_plain.is_some();
    let plain = in_plain.flatten().map(Said::first);
    plain.or_else(|| in_tls.flatten().map(|bytes| Said { bytes, is_all }))
}
