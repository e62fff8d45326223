//! The answer, held against what was expected.

use super::Http;
use super::body;
use super::exchange::Connection;
use super::http2::Trailers;
use super::options::WebUrl;
use super::refusal::unexpected_status;
use super::request::Hop;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::probe::Probe;
use crate::secret::{is_secret_name, redact_url, sentence, theirs};
use crate::settings::Matcher;
use http::header::AsHeaderName;
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};

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
    answer: Response,
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
        return Err(unexpected_status(check, probe, connection, hop, answer).await);
    }
    // In HTTP/2 a field may stand behind the body (gRPC's status does); HTTP/1.1 has next to none there.
    let trailers = answer.extensions().get::<Trailers>().cloned();
    let objection = unexpected_header(check, answer.headers());
    if let Some(fault) = objection.as_ref().filter(|_| trailers.is_none()) {
        return Err(probe.fail(Phase::Request, fault.clone()));
    }
    let mut headers = answer.headers().clone();
    let rest = body::examine(check, probe, connection, &hop.method, answer).await?;
    if let (Some(_), Some(trailers)) = (objection, trailers) {
        body::pass_over(probe, connection, rest).await?;
        headers.extend(trailers.get());
        if let Some(fault) = unexpected_header(check, &headers) {
            return Err(probe.fail(Phase::Request, fault));
        }
    }
    Ok(Judgement::Accepted)
}

/// Several lines of a field are one with commas (RFC 9110 section 5.3); what is wanted may also be one of them.
fn unexpected_header(check: &Http, headers: &HeaderMap) -> Option<Fault> {
    check.expected_headers.0.iter().find_map(|(name, wanted)| {
        let values = texts_of(headers, name);
        if values.is_empty() {
            return Some(Fault::new(Cause::UnexpectedHeader, sentence!["the answer has no header ", theirs(name)]));
        }
        let whole = values.join(", ");
        let is_there = |wanted: &Matcher| wanted.is(&whole) || values.iter().any(|value| wanted.is(value));
        let wanted = wanted.as_ref().filter(|wanted| !is_there(wanted))?;
        Some(
            Fault::new(Cause::UnexpectedHeader, sentence!["the header ", theirs(name), " is not as expected"])
                .evidence(sentence!["got \"", shown(name, &whole), "\", wanted ", theirs(wanted)]),
        )
    })
}

/// A header's value as it may be shown: one of a session, a token or a login is the server's secret.
fn shown(name: &str, value: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "set-cookie" | "set-cookie2" => {
            let name = value.split('=').next().unwrap_or_default();
            format!("{name}=***")
        }
        "location" | "content-location" | "refresh" | "link" => redact_url(value),
        _ if is_secret_name(name) => "***".to_owned(),
        _ => value.to_owned(),
    }
}

pub(super) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The values of a header.
pub(super) fn texts_of(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(text).collect()
}

/// The first of them.
pub(super) fn text_of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    headers.get(name).map(text)
}

/// A value as its server meant it: UTF-8, or else Latin 1, which was the rule once (RFC 9110 section 5.5).
fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    }
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
