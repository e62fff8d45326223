//! What a peer that says nothing is asked, each question on a connection of its own.

use super::peek::Peer;
use crate::net::identify::identify;
use crate::net::{self, Wire};
use crate::services::{self, SSL_REQUEST};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Every line protocol answers it with an error, and HTTP and TLS too.
const LINE: &[u8] = b"HELP\r\n\r\n";

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
pub(super) const CLIENT_HELLO: &[u8] =
    b"\x16\x03\x01\x00\x37\x01\x00\x00\x33\x03\x03conn-check asks who listens here\x00\
    \x00\x0c\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8\x01\x00";

/// `PostgreSQL`'s start-up message of 257 bytes, which a `MySQL` server can take as well; see [`log_in_as_nobody`].
const START_UP: &[u8] = b"\x00\x00\x01\x01\x00\x03\x00\x00user\x00conn-check\x00";
const START_UP_LENGTH: usize = 257;

/// Lines for whom they are meant, and for a `MySQL` server the beginning of a login without a password.
const LINES: &[u8] = b"\x01\x01\x01\x01\x05\x82\x01\x01\r\nHELP\r\n\r\n                conn-check\x00";

/// So many questions are asked at most of a peer of which a check has failed: both of [`ask_mysql`], the late one, all of
/// [`plain_answer`] and the one in TLS; and whether it speaks TLS.
pub(super) const MOST: u64 = 2 + 1 + 6 + 1 + 1;

/// The first answer to any of the questions, each on a connection of its own: whoever waits for one
/// of them closes on the others, or waits on. Who closes on all of these may speak HTTP/2 alone.
pub(super) async fn plain_answer(peer: &Peer) -> Option<Vec<u8>> {
    tokio::select! {
        Some(answer) = ask(peer, LINE) => Some(answer),
        Some(answer) = ask(peer, &SSL_REQUEST) => Some(answer),
        Some(answer) = ask(peer, IS_MASTER) => Some(answer),
        Some(answer) = ask(peer, BIND) => Some(answer),
        Some(answer) = ask(peer, CONNECT) => Some(answer),
        else => ask(peer, PREFACE).await,
    }
}

/// What the peer answers to a question on a connection of its own, if anything.
pub(super) async fn ask(peer: &Peer, question: &[u8]) -> Option<Vec<u8>> {
    let (_, answer) = exchange(peer, question).await?;
    Some(answer)
}

async fn exchange(peer: &Peer, question: &[u8]) -> Option<(Wire, Vec<u8>)> {
    let mut wire = match peer {
        Peer::Address(address) => net::connect(*address).await.map(Wire::tcp).ok()?,
        Peer::Socket(path) => net::unix(path).await.map(Wire::unix).ok()?,
    };
    wire.write_all(question).await.ok()?;
    let answer = hear(&mut wire).await?;
    Some((wire, answer))
}

async fn hear(wire: &mut Wire) -> Option<Vec<u8>> {
    let mut answer = vec![0; 512];
    let length = wire.read(&mut answer).await.ok()?;
    answer.truncate(length);
    Some(answer).filter(|answer| !answer.is_empty())
}

/// What a peer that should be `MySQL` answers, when it is another service. A slow `MySQL` server counts every
/// connection that ends without a login (`max_connect_errors`): it gets one on each. So this may take as long as its
/// greeting does.
///
/// Who hangs up on both questions is not `MySQL`, and is asked all others. One question more is for those who wait on,
/// late in the time, when a `MySQL` server would have failed the check anyway.
pub(super) async fn ask_mysql(peer: &Peer, timeout: Duration) -> Option<Vec<u8>> {
    let is_mysql = AtomicBool::new(false);
    let mut start_up = START_UP.to_vec();
    start_up.resize(START_UP_LENGTH, 0);
    let both = async {
        tokio::select! {
            Some(answer) = ask_or_log_in(peer, &start_up, &is_mysql) => Some(answer),
            Some(answer) = ask_or_log_in(peer, LINES, &is_mysql) => Some(answer),
            else => None,
        }
    };
    let mut both = pin!(both);
    let answer = match net::within(timeout.mul_f64(0.8), both.as_mut()).await {
        Some(answer) => answer,
        None if is_mysql.load(Ordering::Relaxed) => both.await,
        None => tokio::select! {
            Some(answer) = ask(peer, IS_MASTER) => return Some(answer),
            answer = both => answer,
        },
    };
    match answer {
        None if !is_mysql.load(Ordering::Relaxed) => answer_of_any(peer, timeout).await,
        answer => answer,
    }
}

async fn answer_of_any(peer: &Peer, timeout: Duration) -> Option<Vec<u8>> {
    super::peek::answer(peer, true, timeout).await.map(|said| said.bytes)
}

async fn ask_or_log_in(peer: &Peer, question: &[u8], is_mysql: &AtomicBool) -> Option<Vec<u8>> {
    let (wire, answer) = exchange(peer, question).await?;
    if identify(&answer).is_none_or(|found| *found.service != services::MYSQL) {
        return Some(without_echo(answer));
    }
    is_mysql.store(true, Ordering::Relaxed);
    let _refused = log_in_as_nobody(wire, question).await;
    None
}

/// An answer without a first line that repeats what is none of anybody's words.
fn without_echo(mut answer: Vec<u8>) -> Vec<u8> {
    let second = answer.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if identify(&answer).is_none() && identify(&answer[second..]).is_some() {
        answer.drain(..second);
    }
    answer
}

/// Makes a login of a question that was sent to a `MySQL` server: its first four bytes are the length of a packet,
/// 64 KiB and more, and its number, 1, as that of the answer to the greeting (the manual of `MySQL`, "Protocol
/// Basics"). What is missing of the packet may be zeros. The server refuses the login, and counts no error.
async fn log_in_as_nobody(mut wire: Wire, begun: &[u8]) -> Option<()> {
    let &[low, middle, high, ..] = begun else { return None };
    let length = 4 + u32::from_le_bytes([low, middle, high, 0]) as usize;
    wire.write_all(&vec![0; length.saturating_sub(begun.len())]).await.ok()?;
    let answer = hear(&mut wire).await?;
    // It may ask for another kind of login: the answer is an empty one.
    if let [_, _, _, number, 0xfe, ..] = answer[..] {
        wire.write_all(&[0, 0, 0, number.wrapping_add(1)]).await.ok()?;
        hear(&mut wire).await?;
    }
    Some(())
}
