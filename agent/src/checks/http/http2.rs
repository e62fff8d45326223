//! HTTP/2 (RFC 9113) on a connection of the probe's: over TLS when both agree on it (ALPN), in clear without asking
//! (prior knowledge, section 3.3). Spoken by h2, hyper's own engine; hyper would spawn tasks for it.

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::Wire;
use crate::net::identify::identify;
use crate::secret::{Sentence, ours, sentence};
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
    builder.handshake(wire).await.map_err(|error| fault(&error, &[]))
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

/// The cause of an error; `first` is what the server has sent.
pub(super) fn fault(error: &h2::Error, first: &[u8]) -> Fault {
    // One that wants TLS is told as such, by what it says.
    if first.starts_with(b"HTTP/") && !identify(first).is_some_and(|peer| peer.wants_tls) {
        return in_http1(first);
    }
    if let Some(error) = error.get_io() {
        return of_io(error, first);
    }
    let reason = error.reason();
    let name = reason.map_or_else(|| "no error code".to_owned(), |reason| format!("{reason:?}"));
    let whole = if error.is_go_away() { "GOAWAY " } else { "RST_STREAM " };
    if !error.is_remote() {
        let message = if identify(first).is_some_and(|peer| peer.speaks_http2) {
            "the server speaks HTTP/2, and breaks its rules"
        } else {
            "the answer is not HTTP/2"
        };
        return Fault::new(Cause::Malformed, message).caused_by(error);
    }
    let said = sentence!["the server sent ", whole, ours(&name), " (RFC 9113 section 7)"];
    let (cause, message): (_, Sentence) = match reason {
        Some(Reason::HTTP_1_1_REQUIRED) => {
            let message = "the server wants HTTP/1.1 for this request";
            return unsupported(message, "leave `http2` out of this check").owner(Owner::Config).evidence(said);
        }
        Some(Reason::REFUSED_STREAM | Reason::ENHANCE_YOUR_CALM) => {
            (Cause::Closed, "the server refuses the request before it has looked at it: it has too many".into())
        }
        Some(Reason::NO_ERROR) => (Cause::Closed, "the server ended the connection before it had answered".into()),
        Some(Reason::INTERNAL_ERROR) => (Cause::Closed, "the server reports an internal error of its own".into()),
        _ => (Cause::Closed, "the server broke the request off".into()),
    };
    Fault::new(cause, message).evidence(said).caused_by(error).at(Phase::Protocol)
}

/// h2 has an error of its own for a connection that has ended.
fn of_io(error: &std::io::Error, first: &[u8]) -> Fault {
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        return error.into();
    }
    let how = if first.is_empty() { "it ended before a frame of HTTP/2" } else { "it ended before the answer" };
    Fault::new(Cause::Closed, "the server closed the connection before it had answered").evidence(how).caused_by(error)
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
