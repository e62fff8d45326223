//! The answer, held against what was expected.

use super::Http;
use super::exchange::{Connection, fault_of_body};
use super::options::WebUrl;
use super::request::Hop;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{self, proxy};
use crate::probe::Probe;
use crate::secret::{ours, redact_url, sentence, theirs};
use crate::settings::Matcher;
use crate::text::escape;
use flate2::write::{GzDecoder, ZlibDecoder};
use http::header::AsHeaderName;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;

/// What is read of a body, after expansion, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// What is read of the body of an answer that was not expected, for evidence.
const EXCERPT: usize = 1024;

/// A server that sends nothing for so long has paused.
const MOMENT: Duration = Duration::from_millis(50);

/// What the answer means for the check.
pub(super) enum Judgement {
    Accepted,
    /// The next hop, and the answer that led there.
    Elsewhere(Box<Hop>, Response),
}

/// Judges the answer: redirect, status, headers, body, in this order.
pub(super) async fn judge(
    check: &Http,
    probe: &mut Probe,
    connection: &mut Connection,
    hop: &Hop,
    mut answer: Response,
) -> Result<Judgement, Failure> {
    let status = answer.status().as_u16();
    probe.fact("status", status);
    if let Some(server) = text_of(answer.headers(), "server") {
        probe.fact("server", probe.clean(&server));
    }
    if check.redirects && is_redirect(status) {
        let next = next_hop(hop, status, answer.headers()).map_err(|fault| probe.fail(Phase::Request, fault))?;
        if let Some(next) = next {
            return Ok(Judgement::Elsewhere(Box::new(next), answer));
        }
    }
    if !check.expected_code.accept(status) {
        let excerpt = excerpt(probe, connection, &mut answer).await;
        let (phase, fault) = unexpected_status(check, hop, &answer, &excerpt);
        return Err(probe.fail(phase, fault));
    }
    if let Some(fault) = unexpected_header(check, answer.headers()) {
        return Err(probe.fail(Phase::Request, fault));
    }
    if let Some(wanted) = &check.expected_body {
        let limit = BODY_LIMIT.max(wanted.length() + EXCERPT);
        probe.allow(2 * limit as u64);
        probe.phase(Phase::Request, search(connection, answer, wanted, limit)).await?;
    }
    Ok(Judgement::Accepted)
}

fn unexpected_status(check: &Http, hop: &Hop, answer: &Response, excerpt: &[u8]) -> (Phase, Fault) {
    let (status, headers) = (answer.status(), answer.headers());
    let code = status.as_u16();
    if let Some(fault) = proxys_own(check, hop, headers, code) {
        return (Phase::Proxy, fault);
    }
    let location = text_of(headers, LOCATION).filter(|_| is_redirect(code));
    let (phase, fault) = match (tls_demand(excerpt), code, location) {
        (Some(fault), ..) => (Phase::Tls, fault),
        (None, 401, _) => (Phase::Auth, unauthorized(check, hop, headers)),
        (None, _, Some(location)) => {
            let message = sentence!["redirects (", code, ") to ", redact_url(&location)];
            return (Phase::Request, Fault::new(Cause::Redirected, message));
        }
        (None, _, None) => {
            let message = sentence!["answered ", code, ", expected ", ours(&check.expected_code)];
            (Phase::Request, Fault::new(Cause::UnexpectedStatus, message))
        }
    };
    let shown = if excerpt.is_empty() { String::new() } else { format!(": {}", escape(excerpt, 150)) };
    (phase, fault.evidence(sentence![code, " ", status.canonical_reason().unwrap_or_default(), shown]))
}

/// A proxy speaks for itself when it says so: 407 always, others with a header of its own.
fn proxys_own(check: &Http, hop: &Hop, headers: &HeaderMap, status: u16) -> Option<Fault> {
    let proxy = check.proxy.as_ref().filter(|_| !hop.url.is_tls())?;
    let reason = text_of(headers, "x-squid-error").or_else(|| text_of(headers, "proxy-status"));
    let own = status == 407 || reason.is_some();
    let fault = proxy::refusal(status, proxy.authorization.is_some(), reason.is_some()).filter(|_| own)?;
    Some(fault.evidence(reason.unwrap_or_else(|| status.to_string())))
}

fn unauthorized(check: &Http, hop: &Hop, headers: &HeaderMap) -> Fault {
    if !hop.trusted && (check.auth.is_some() || check.digest.is_some()) {
        let message = "the server that the redirect leads to wants a login, and ours is only for the first server";
        return Fault::new(Cause::Required, message)
            .next_step("put the URL that the redirect leads to into this check");
    }
    let offers = texts_of(headers, WWW_AUTHENTICATE).join(", ").to_ascii_lowercase();
    if check.digest.is_some() {
        return Fault::new(Cause::Rejected, "the server rejects the user or the password (Digest)");
    }
    if check.auth.is_none() {
        return Fault::new(Cause::Required, "the server wants a login, but none is configured")
            .next_step("add `auth` or `digest_auth` to this check");
    }
    if offers.contains("digest") && !offers.contains("basic") {
        return Fault::new(Cause::MethodUnsupported, "the server wants Digest, but the check uses Basic")
            .next_step("use `digest_auth` in place of `auth`");
    }
    Fault::new(Cause::Rejected, "the server rejects the user or the password (Basic)")
}

fn unexpected_header(check: &Http, headers: &HeaderMap) -> Option<Fault> {
    check.expected_headers.0.iter().find_map(|(name, wanted)| {
        let values = texts_of(headers, name);
        if values.is_empty() {
            return Some(Fault::new(Cause::UnexpectedHeader, sentence!["the answer has no header ", theirs(name)]));
        }
        let wanted = wanted.as_ref().filter(|wanted| !values.iter().any(|value| wanted.is(value)))?;
        Some(
            Fault::new(Cause::UnexpectedHeader, sentence!["the header ", theirs(name), " is not as expected"])
                .evidence(sentence!["got \"", values.join(", "), "\", wanted ", theirs(wanted)]),
        )
    })
}

const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The values of a header.
fn texts_of(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// The first of them.
fn text_of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    texts_of(headers, name).into_iter().next()
}

fn next_hop(hop: &Hop, status: u16, headers: &HeaderMap) -> Result<Option<Hop>, Fault> {
    let Some(location) = text_of(headers, LOCATION) else { return Ok(None) };
    let shown = crate::secret::redact_url(&location);
    let refused = |rule: &'static str| {
        Fault::new(Cause::Redirected, sentence!["redirects to ", &shown, ", which cannot be followed: ", rule])
    };
    let url = hop.url.url.join(&location).map_err(|_| refused("it is not a URL"))?;
    let url = WebUrl::parse(url.as_str()).map_err(refused)?;
    let next = hop.redirected(status, url);
    if next.body.is_some() && !next.trusted {
        let message =
            sentence!["redirects (", status, ") to ", shown, ", another server, to which the body is not sent"];
        return Err(Fault::new(Cause::Redirected, message)
            .next_step("put the URL that the redirect leads to into this check, if the body is for that server too"));
    }
    Ok(Some(next))
}

/// Texts with which web servers tell that TLS, or a client certificate, is missing. Each has been
/// seen on the server named; the status alone (400) says nothing.
fn tls_demand(excerpt: &[u8]) -> Option<Fault> {
    let text = String::from_utf8_lossy(excerpt);
    let says = |wanted: &str| text.contains(wanted);
    // nginx 1.22, src/http/ngx_http_special_response.c; Apache httpd 2.4, modules/ssl.
    if says("plain HTTP request was sent to HTTPS port") || says("speaking plain HTTP to an SSL-enabled server port") {
        return Some(
            Fault::new(Cause::Required, "the server wants TLS on this port").next_step("write https:// in the URL"),
        );
    }
    if says("No required SSL certificate was sent") {
        return Some(Fault::new(
            Cause::ClientCertRequired,
            "the server wants a client certificate, but none is configured",
        ));
    }
    says("The SSL certificate error")
        .then(|| Fault::new(Cause::ClientCertRejected, "the server rejects our client certificate"))
}

/// The beginning of the body, as far as it comes at once.
async fn excerpt(probe: &mut Probe, connection: &mut Connection, answer: &mut Response) -> Vec<u8> {
    let mut excerpt = Vec::new();
    while excerpt.len() < EXCERPT {
        let Some(Ok(Some(piece))) = probe.linger(connection.drive(answer.chunk())).await else { break };
        excerpt.extend_from_slice(&piece);
    }
    excerpt.truncate(EXCERPT);
    excerpt
}

/// Reads the body until the wanted text is in it.
async fn search(
    connection: &mut Connection,
    mut answer: Response,
    wanted: &Matcher,
    limit: usize,
) -> Result<(), Fault> {
    let encoding = answer.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let encoding = encoding.unwrap_or_default().to_ascii_lowercase();
    let mut body = BodySearch { body: Expander::new(&encoding, limit)?, wanted, length: 0 };
    let mut cut = false;
    while !cut {
        let mut piece = pin!(connection.drive(answer.chunk()));
        let piece = match net::within(MOMENT, piece.as_mut()).await {
            Some(piece) => piece,
            // The server takes its time; what is wanted may be there, and the body need not end.
            None if body.is_as_wanted() => return Ok(()),
            None => piece.await,
        };
        let Some(piece) = piece.map_err(|error| fault_of_body(&error))? else { break };
        cut = body.body.push(&piece)?;
        if body.has_grown() && body.is_as_wanted() {
            return Ok(());
        }
    }
    if body.is_as_wanted() { Ok(()) } else { Err(body.unexpected(cut)) }
}

/// A body, searched again only when it has grown by a quarter or the server pauses: the server chooses
/// the size of the pieces, and searching at each of them would cost the square of their number.
struct BodySearch<'a> {
    body: Expander,
    wanted: &'a Matcher,
    /// So much of it was searched, in bytes.
    length: usize,
}

impl BodySearch<'_> {
    fn has_grown(&self) -> bool {
        self.body.out().bytes.len() >= self.length + self.length / 4
    }

    fn is_as_wanted(&mut self) -> bool {
        let text = &self.body.out().bytes;
        let is_new = text.len() > self.length;
        self.length = text.len();
        is_new && self.wanted.is_in(&String::from_utf8_lossy(text))
    }

    fn unexpected(&self, cut: bool) -> Fault {
        let (wanted, text) = (self.wanted, &self.body.out().bytes);
        let (read, begin) = (text.len(), escape(text, 80));
        let rest = if cut { ", where reading ended" } else { "" };
        Fault::new(Cause::UnexpectedBody, "the body does not contain what is expected").evidence(sentence![
            "wanted ",
            theirs(wanted),
            " in ",
            read,
            " bytes",
            rest,
            "; they begin ",
            begin
        ])
    }
}

/// A body, expanded as it comes, never beyond its limit.
enum Expander {
    Plain(Bounded),
    Gzip(GzDecoder<Bounded>),
    Deflate(ZlibDecoder<Bounded>),
}

impl Expander {
    fn new(encoding: &str, limit: usize) -> Result<Self, Fault> {
        let out = Bounded { bytes: Vec::new(), limit };
        match encoding {
            "" | "identity" => Ok(Self::Plain(out)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(GzDecoder::new(out))),
            "deflate" => Ok(Self::Deflate(ZlibDecoder::new(out))),
            other => {
                Err(Fault::new(Cause::Malformed, sentence!["the body's encoding is not supported: ", theirs(other)]))
            }
        }
    }

    /// Adds a piece; whether the limit was reached.
    fn push(&mut self, piece: &[u8]) -> Result<bool, Fault> {
        let written = match self {
            Self::Plain(out) => out.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Self::Deflate(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
        };
        match written {
            Ok(()) => Ok(false),
            Err(_) if self.out().bytes.len() >= self.out().limit => Ok(true),
            Err(error) => Err(Fault::new(Cause::Malformed, "the body cannot be expanded").evidence(error.to_string())),
        }
    }

    fn out(&self) -> &Bounded {
        match self {
            Self::Plain(out) => out,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Deflate(decoder) => decoder.get_ref(),
        }
    }
}

struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.bytes.len();
        if room == 0 {
            return Err(io::Error::other("enough"));
        }
        let taken = piece.len().min(room);
        self.bytes.extend_from_slice(&piece[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_bomb_ends_at_the_limit() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![b'a'; 50 << 20]).expect("in memory");
        let bomb = bomb.finish().expect("in memory");
        let mut body = Expander::new("gzip", BODY_LIMIT).expect("known encoding");
        assert!(body.push(&bomb).expect("cut, not broken"));
        assert_eq!(body.out().bytes.len(), BODY_LIMIT);
    }
}
