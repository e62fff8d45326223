//! HTTP/2 (RFC 9113) on a connection of the probe's: over TLS when both agree on it (ALPN), in clear without asking
//! (prior knowledge, section 3.3). Spoken by h2, hyper's own engine; hyper would spawn tasks for it.

use super::exchange::IN_THE_BODY;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::identify::identify;
use crate::net::{Seen, Wire};
use crate::secret::{ours, sentence, theirs};
use crate::text::detail;
use h2::client::{self, SendRequest};
use h2::{Reason, RecvStream};
use hyper::body::{Body as Content, Bytes, Frame};
use reqwest::header::HeaderMap;
use reqwest::{Body, Response};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

/// With what a connection over TLS is agreed on as one of HTTP/2 (RFC 9113 section 3.2).
const ALPN: &[u8] = b"h2";

/// How far a server may be ahead of who reads a body, in bytes: less than what it may send unasked.
pub(super) const WINDOW: u32 = 32 * 1024;

/// The same where a body of any length is read to its end.
pub(super) const WIDE_WINDOW: u32 = 1024 * 1024;

pub(super) type Driver = client::Connection<Wire, Bytes>;

/// What sends requests on a connection.
pub(super) type Sender = SendRequest<Bytes>;

/// Begins: the first bytes go out with the first request.
pub(super) async fn begin(wire: Wire, is_tls: bool, window: u32) -> Result<(Sender, Driver), Fault> {
    if is_tls && wire.protocol() != Some(ALPN) {
        let message = "the server did not take up HTTP/2, which alone was offered over TLS (ALPN h2)";
        return Err(unsupported(message, LET_IT_SPEAK).evidence("it chose no protocol in the handshake"));
    }
    let mut builder = client::Builder::new();
    builder.enable_push(false).initial_window_size(window).initial_connection_window_size(window.max(0xffff));
    let seen = wire.seen();
    builder.handshake(wire).await.map_err(|error| fault(&error, &seen))
}

/// Sends a request and waits for the head of its answer; the connection has to be driven meanwhile.
pub(super) async fn ask(sender: &Sender, request: http::Request<Body>) -> Result<Response, h2::Error> {
    let (head, body) = request.into_parts();
    let body = Bytes::copy_from_slice(body.as_bytes().unwrap_or_default());
    let mut sender = sender.clone().ready().await?;
    let (answer, mut stream) = sender.send_request(http::Request::from_parts(head, ()), body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(body, true)?;
    }
    let (mut head, stream) = answer.await?.into_parts();
    let trailers = Trailers::default();
    head.extensions.insert(trailers.clone());
    let body = Body::wrap(Incoming { stream, trailers });
    Ok(Response::from(http::Response::from_parts(head, body)))
}

/// The fields behind a body (RFC 9110 section 6.5), once that has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailers(Arc<Mutex<HeaderMap>>);

impl Trailers {
    pub(super) fn get(&self) -> HeaderMap {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The body of an answer.
struct Incoming {
    stream: RecvStream,
    trailers: Trailers,
}

impl Content for Incoming {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        match ready!(self.stream.poll_data(cx)) {
            Some(Ok(bytes)) => {
                // What is taken makes room for more; a stream that has ended needs none.
                let _ = self.stream.flow_control().release_capacity(bytes.len());
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                if let Some(trailers) = ready!(self.stream.poll_trailers(cx)).transpose() {
                    *self.trailers.0.lock().unwrap_or_else(PoisonError::into_inner) = trailers?;
                }
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}

/// What to do about a server without HTTP/2.
const LET_IT_SPEAK: &str = "let the server speak HTTP/2 there; else leave `http2` out of this check";

/// Whether the server says that it did not begin with the request: by the code for that, or as it was above the last
/// one that a connection in its end still answers (RFC 9113 sections 6.8 and 8.7).
pub(super) fn is_unbegun(error: &h2::Error) -> bool {
    let by = if error.is_go_away() { Reason::NO_ERROR } else { Reason::REFUSED_STREAM };
    error.is_remote() && error.reason() == Some(by)
}

/// The cause of an error before the head of an answer; `seen` is what the server has sent.
pub(super) fn fault(error: &h2::Error, seen: &Seen) -> Fault {
    if let Some(limit) = seen.too_much() {
        return Fault::new(Cause::TooLarge, limit.to_string());
    }
    let first = seen.first();
    // One that wants TLS is told as such, by what it says.
    if first.starts_with(b"HTTP/") && !identify(&first).is_some_and(|peer| peer.wants_tls) {
        return in_http1(&first);
    }
    match error.get_io() {
        Some(error) => of_io(error, &first),
        None if error.is_remote() => of_server(error),
        None if error.is_library() => of_rules(error, &first),
        None => Fault::new(Cause::OwnFault, "the request could not be sent in HTTP/2").evidence(error.to_string()),
    }
}

/// The same while its body is read.
pub(super) fn fault_of_body(error: &h2::Error, seen: &Seen) -> Fault {
    match error.get_io() {
        Some(io) if is_end(io) => Fault::new(Cause::Closed, IN_THE_BODY).caused_by(error),
        _ => fault(error, seen),
    }
}

/// What h2 ended by itself: by a limit of its own, or as the server broke a rule.
fn of_rules(error: &h2::Error, first: &[u8]) -> Fault {
    let whole = if error.is_go_away() { "the connection" } else { "the request" };
    let name = format!("{:?}", error.reason().unwrap_or(Reason::PROTOCOL_ERROR));
    let said = sentence!["conn-check ended ", whole, " with ", ours(&name), " (RFC 9113 section 7): ", theirs(error)];
    if error.reason() == Some(Reason::ENHANCE_YOUR_CALM) {
        let message = "the server sends more frames for one answer than this program takes";
        return Fault::new(Cause::TooLarge, message).evidence(said).caused_by(error).at(Phase::Protocol);
    }
    let message = if identify(first).is_some_and(|peer| peer.speaks_http2) {
        "the server speaks HTTP/2, and breaks its rules"
    } else {
        return Fault::new(Cause::Malformed, "the answer is not HTTP/2").caused_by(error);
    };
    Fault::new(Cause::Malformed, message).evidence(said).caused_by(error)
}

/// What the server ended, by its code.
fn of_server(error: &h2::Error) -> Fault {
    let reason = error.reason().unwrap_or(Reason::NO_ERROR);
    let whole = if error.is_go_away() { "GOAWAY " } else { "RST_STREAM " };
    let said = sentence!["the server sent ", whole, ours(&format!("{reason:?}")), " (RFC 9113 section 7)"];
    let message = match reason {
        Reason::HTTP_1_1_REQUIRED => {
            let message = "the server wants HTTP/1.1 for this request";
            return unsupported(message, "leave `http2` out of this check").owner(Owner::Config).evidence(said);
        }
        Reason::REFUSED_STREAM => "the server refused the request before it began with it",
        Reason::ENHANCE_YOUR_CALM => "the server finds that this host asks too much of it",
        Reason::INADEQUATE_SECURITY => "the server finds the connection not secure enough for HTTP/2",
        Reason::NO_ERROR if error.is_go_away() => "the server ended the connection before its answer was whole",
        Reason::NO_ERROR => "the server ended the request before its answer was whole",
        Reason::INTERNAL_ERROR => "the server reports an internal error of its own",
        _ => "the server broke the request off",
    };
    let fault = Fault::new(Cause::Closed, message).evidence(said).caused_by(error).at(Phase::Protocol);
    match reason {
        Reason::ENHANCE_YOUR_CALM => fault.next_step("wait, or have the server's limits for this host raised"),
        Reason::INADEQUATE_SECURITY => fault.next_step(
            "let the server take TLS as HTTP/2 wants it (RFC 9113 section 9.2); for http:// ask by https://",
        ),
        _ => fault,
    }
}

/// h2 has an error of its own for a connection that has ended.
fn of_io(error: &std::io::Error, first: &[u8]) -> Fault {
    if !is_end(error) {
        return error.into();
    }
    let how = if first.is_empty() { "it ended before a frame of HTTP/2" } else { "it ended before the answer" };
    Fault::new(Cause::Closed, "the server closed the connection before it had answered").evidence(how).caused_by(error)
}

fn is_end(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// Of a server that answers HTTP/2 in HTTP/1.
fn in_http1(first: &[u8]) -> Fault {
    let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let message = "the server speaks HTTP/1.1 here, and this check HTTP/2 alone (`http2`)";
    unsupported(message, LET_IT_SPEAK).evidence(sentence!["it answered ", detail(line.trim_ascii_end())])
}

fn unsupported(message: &'static str, next_step: &'static str) -> Fault {
    Fault::new(Cause::UnsupportedVersion, message).next_step(next_step).at(Phase::Protocol)
}
