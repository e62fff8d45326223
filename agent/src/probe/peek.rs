//! A peek at a peer that never said a byte.
//!
//! A service that waits for its own kind of request is silent to another kind, or closes: `Redis`
//! waits for the end of a line for ever when it gets a TLS handshake, and hangs up on an HTTP
//! request. A few questions on fresh connections make nearly all of them talk, and the commonest
//! mistake, a wrong port, gets its name instead of reading like a hung service. None of them leaves
//! anything behind but a line in the peer's log.

use super::Probe;
use crate::fault::{Cause, Fault, Phase};
use crate::net::identify::identify;
use crate::net::{self, Wire};
use crate::services;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Every line protocol answers it with an error, and HTTP and TLS too.
const LINE: &[u8] = b"HELP\r\n\r\n";

/// `PostgreSQL`'s `SSLRequest` (its manual, "SSL Session Encryption"): one letter comes back.
const SSL_REQUEST: &[u8] = b"\x00\x00\x00\x08\x04\xd2\x16\x2f";

/// `MongoDB`'s `OP_MSG` with `{isMaster: 1, $db: "admin"}` (its manual, "Wire Protocol").
const IS_MASTER: &[u8] = b"\x37\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00\
    \x22\x00\x00\x00\x10isMaster\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00";

/// An anonymous bind (RFC 4511, section 4.2): every LDAP server has an answer to it.
const BIND: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";

/// CONNECT of MQTT 3.1.1 (section 3.1) without a login: a clean session, 60 seconds of keep-alive.
const CONNECT: &[u8] = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00";

/// The preface of HTTP/2 with an empty SETTINGS frame (RFC 9113, section 3.4): a server of HTTP/2 alone may hang up on
/// all else.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A `ClientHello` of TLS 1.2 (RFC 5246, section 7.4.1.2) with the ciphers that are common today; a
/// server that takes none of it says so in TLS.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x00\x37\x01\x00\x00\x33\x03\x03conn-check asks who listens here\x00\
    \x00\x0c\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8\x01\x00";

/// What a peek may take beside a few round trips, at the end of the time of a check.
const MOMENT: Duration = Duration::from_millis(100);

/// What it may take when the peer has closed early: a busy one may need some time for a new connection, and
/// one that closes all of them ends the peek at once.
const WHILE: Duration = Duration::from_millis(500);

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
        early && self.expected.is_some() && self.peer.is_some() && self.heard() == 0
    }

    /// The time that is kept for it.
    pub(super) fn peek_time(&self) -> Duration {
        (MOMENT + self.grace).min(self.left() / 5)
    }

    /// What the peer says on a fresh connection, when it said nothing on the first one.
    pub(super) async fn peek(&self, phase: Phase, fault: &Fault) -> Option<Vec<u8>> {
        let mute = matches!(fault.cause, Cause::Closed | Cause::Reset | Cause::Silent | Cause::Timeout);
        let peer = self.peer.as_ref().filter(|_| mute && self.may_peek(phase))?;
        let moment = if matches!(fault.cause, Cause::Closed | Cause::Reset) { WHILE } else { MOMENT };
        let timeout = (moment + self.grace).min(self.left());
        // Boxed: it is rare, and its connections would make every check that much larger.
        Box::pin(answer(peer, phase != Phase::Tls, timeout)).await
    }
}

impl Probe {
    /// Whether the peer, which did not understand what it was asked in plain text, speaks TLS: it is asked on a
    /// connection of its own. Not to be asked behind a proxy.
    pub(crate) async fn speaks_tls(&self) -> bool {
        let Some(peer) = &self.peer else { return false };
        let timeout = (WHILE + self.grace).min(self.left());
        let answer = Box::pin(net::within(timeout, ask(peer, CLIENT_HELLO))).await.flatten();
        answer.and_then(|answer| identify(&answer)).is_some_and(|peer| *peer.service == services::TLS)
    }
}

/// What the peer says: in plain text to any of the questions, else in TLS. A peer that speaks both is
/// not one that wants TLS.
async fn answer(peer: &Peer, may_be_tls: bool, timeout: Duration) -> Option<Vec<u8>> {
    let hello = async { if may_be_tls { ask(peer, CLIENT_HELLO).await } else { None } };
    let mut hello = pin!(net::within(timeout, hello));
    let mut plain = pin!(net::within(timeout, plain_answer(peer)));
    let in_tls = tokio::select! {
        answer = &mut plain => match answer.flatten() {
            None => return hello.await.flatten(),
            answer => return answer,
        },
        answer = &mut hello => answer.flatten(),
    };
    plain.await.flatten().or(in_tls)
}

/// The first answer to any of the questions, each on a connection of its own: whoever waits for one
/// of them closes on the others, or waits on. Who closes on all of these may speak HTTP/2 alone.
async fn plain_answer(peer: &Peer) -> Option<Vec<u8>> {
    tokio::select! {
        Some(answer) = ask(peer, LINE) => Some(answer),
        Some(answer) = ask(peer, SSL_REQUEST) => Some(answer),
        Some(answer) = ask(peer, IS_MASTER) => Some(answer),
        Some(answer) = ask(peer, BIND) => Some(answer),
        Some(answer) = ask(peer, CONNECT) => Some(answer),
        else => ask(peer, PREFACE).await,
    }
}

/// What the peer answers to a question on a connection of its own, if anything.
async fn ask(peer: &Peer, question: &[u8]) -> Option<Vec<u8>> {
    let mut wire = match peer {
        Peer::Address(address) => net::connect(*address).await.map(Wire::tcp).ok()?,
        Peer::Socket(path) => net::unix(path).await.map(Wire::unix).ok()?,
    };
    wire.write_all(question).await.ok()?;
    let mut answer = vec![0; 512];
    let length = wire.read(&mut answer).await.ok()?;
    answer.truncate(length);
    Some(answer).filter(|answer| !answer.is_empty())
}
