//! Why a status is not the expected one.

use super::answer::{is_redirect, text_of, texts_of};
use super::body::codings;
use super::coding::Expander;
use super::exchange::Connection;
use super::login;
use super::request::Hop;
use super::{Http, Proxy};
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::challenge::Challenge;
use crate::net::host::clock;
use crate::net::identify::asks_for_tls;
use crate::net::proxy::{Refusal, is_squids_rule};
use crate::probe::Probe;
use crate::remedy::{self, squid};
use crate::secret::{Sentence, ours, redact_url, sentence};
use crate::text::{escape, said};
use hyper::ext::ReasonPhrase;
use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, LOCATION, PROXY_AUTHENTICATE, UPGRADE, VIA};

/// What is read of the body of an answer that was not expected, for evidence.
const EXCERPT: usize = 1024;

/// The failure of a check whose answer has another status than is expected.
pub(super) async fn unexpected_status(
    check: &Http,
    probe: &mut Probe,
    connection: &mut Connection,
    hop: &Hop,
    mut answer: Response,
) -> Failure {
    let excerpt = excerpt(probe, connection, &mut answer).await;
    let status = answer.status().as_u16();
    if let Some(fault) = check.relay(&hop.url).and_then(|proxy| of_proxy(proxy, &answer)) {
        let by_rule = text_of(answer.headers(), "x-squid-error").is_some_and(|error| is_squids_rule(&error));
        let endpoint = &hop.url.endpoint;
        let from = probe.local().filter(|_| by_rule);
        let rule = from.and_then(|from| squid::permit(from.ip(), &endpoint.host.bare(), endpoint.port.get()));
        return probe.fail(Phase::Proxy, fault.remedy(rule));
    }
    if let Some((phase, fault)) = tls_demand(check, hop, status, &excerpt) {
        return probe.fail(phase, fault.evidence(shown(&answer, &excerpt)));
    }
    let is_seen = check.proxy.is_none() && !hop.url.is_tls();
    if is_seen && is_like_400(status) && probe.speaks_tls().await {
        let message = sentence!["answered ", status, " to plain HTTP, and speaks TLS on this port"];
        let fault = Fault::new(Cause::Required, message);
        return probe.fail(Phase::Tls, fault.evidence(shown(&answer, &excerpt)));
    }
    if status == 401 {
        let mut evidence = sentence![shown(&answer, &excerpt)];
        evidence.push(login::evidence(answer.headers()));
        evidence.push(apart(&answer));
        let fault = login::unauthorized(check, hop, answer.headers()).evidence(evidence);
        return probe.fail(Phase::Auth, login::of_account(check, hop, fault));
    }
    let location = text_of(answer.headers(), LOCATION).filter(|_| is_redirect(status));
    let fault = match location {
        Some(location) => {
            let message = sentence!["redirects (", status, ") to ", redact_url(&location)];
            // One that only adds a slash, or goes from http to https, of a request that is no POST.
            let may_follow = check.body.is_none();
            let remedy = may_follow.then(remedy::checks::follow_redirects);
            Fault::new(Cause::Redirected, message).remedy(remedy)
        }
        None => {
            let whose = match check.relay(&hop.url) {
                Some(proxy) if is_unclear(status, answer.headers()) => {
                    sentence![" (the proxy ", &proxy.endpoint, ", or the server behind it)"]
                }
                _ => "".into(),
            };
            let message = sentence!["answered ", status, ", expected ", ours(&check.expected_code), whose];
            let mut evidence = sentence![shown(&answer, &excerpt)];
            // So signed requests are refused whose time is not the server's.
            evidence.push(if status == 403 { apart(&answer) } else { Sentence::default() });
            Fault::new(Cause::UnexpectedStatus, message).evidence(evidence)
        }
    };
    probe.fail(Phase::Request, fault)
}

/// How far this host's clock is from the server's, where that is far: what is signed with a time is then refused.
fn apart(answer: &Response) -> Sentence {
    let told = text_of(answer.headers(), DATE).and_then(|date| clock::against(&date));
    told.map(|told| sentence!["; ", told]).unwrap_or_default()
}

/// The status with the server's own reason, and the beginning of the body.
fn shown(answer: &Response, excerpt: &[u8]) -> String {
    let status = answer.status();
    let reason = match answer.extensions().get::<ReasonPhrase>() {
        Some(own) if !own.as_bytes().is_empty() => escape(own.as_bytes(), 100),
        _ => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let body = if excerpt.is_empty() { String::new() } else { format!(": {}", escape(excerpt, 150)) };
    // What the server wants to be asked in (RFC 9110 section 15.5.22).
    let upgrade = text_of(answer.headers(), UPGRADE).filter(|_| status.as_u16() == 426);
    let upgrade = upgrade.map(|wanted| format!(" (it wants {})", said(&wanted))).unwrap_or_default();
    format!("{} {reason}", status.as_u16()).trim_end().to_owned() + &upgrade + &body
}

/// A proxy speaks for itself when it says so: 407 always, others with a header of its own.
fn of_proxy(proxy: &Proxy, answer: &Response) -> Option<Fault> {
    let (status, headers) = (answer.status().as_u16(), answer.headers());
    let text = |name: &str| text_of(headers, name);
    // RFC 9209: without an error, the status is the server's.
    let reason = text("x-squid-error").or_else(|| text("proxy-status").filter(|status| status.contains("error=")));
    // tinyproxy leaves the Server of others as it is, and adds Via to what it passes on.
    let by_itself = headers.get(VIA).is_none()
        && text("server").is_some_and(|server| server.to_ascii_lowercase().starts_with("tinyproxy"));
    if status != 407 && reason.is_none() && !by_itself {
        return None;
    }
    let challenges = texts_of(headers, PROXY_AUTHENTICATE);
    let refusal = Refusal {
        status,
        logged_in: proxy.authorization.is_some(),
        says_so: true,
        challenges: Challenge::all(challenges.iter().map(String::as_str)),
        location: text_of(headers, LOCATION),
    };
    Some(refusal.fault().evidence(refusal.evidence(&shown(answer, &[]), reason.map(|reason| said(&reason)))))
}

/// Whether a status behind a plain proxy may be the proxy's own: it could not go on, and no proxy says that it has
/// passed an answer on (RFC 9110 section 7.6.3).
fn is_unclear(status: u16, headers: &HeaderMap) -> bool {
    matches!(status, 500 | 502..=504) && headers.get(VIA).is_none()
}

/// Statuses with which servers answer what they cannot take for a request, and those that ask for TLS
/// (RFC 9110 sections 15.5 and 15.6; 497 is nginx').
const fn is_like_400(status: u16) -> bool {
    matches!(status, 400 | 421 | 426 | 497 | 501 | 505)
}

/// Whether the text shows that TLS, or a client certificate, is missing. The status alone (400) says nothing.
fn tls_demand(check: &Http, hop: &Hop, status: u16, excerpt: &[u8]) -> Option<(Phase, Fault)> {
    let text = String::from_utf8_lossy(excerpt);
    if asks_for_tls(excerpt) {
        let fault = if hop.url.is_tls() {
            let message =
                sentence!["answered ", status, ": what ends TLS there asks a server without TLS that wants it"];
            Fault::new(Cause::UnexpectedStatus, message)
                .next_step("let the load balancer or proxy at that address speak TLS to the server behind it")
        } else {
            Fault::new(Cause::Required, "the server wants TLS on this port")
        };
        let phase = if hop.url.is_tls() { Phase::Request } else { Phase::Tls };
        return Some((phase, fault));
    }
    // nginx 1.22, src/http/ngx_http_special_response.c.
    let has_one = check.tls.client.is_some() && hop.url.is_tls();
    let fault = match () {
        () if text.contains("No required SSL certificate was sent") && has_one => Fault::new(
            Cause::ClientCertRequired,
            "the server wants a client certificate, and got none of us, though one is configured",
        )
        .owner(Owner::Service)
        .next_step(
            "see what ends TLS before that server, and whether it asks for client certificates and passes them on",
        ),
        () if text.contains("No required SSL certificate was sent") => {
            Fault::new(Cause::ClientCertRequired, "the server wants a client certificate, but none is configured")
        }
        () if text.contains("The SSL certificate error") && has_one => {
            Fault::new(Cause::ClientCertRejected, "the server rejects our client certificate")
        }
        () => return None,
    };
    Some((Phase::Tls, fault))
}

/// The beginning of the body, as far as it comes at once.
async fn excerpt(probe: &mut Probe, connection: &mut Connection, answer: &mut Response) -> Vec<u8> {
    let mut excerpt = Vec::new();
    // One moment for all of it: a page may come letter by letter.
    let read = async {
        while excerpt.len() < EXCERPT {
            let Ok(Some(piece)) = connection.drive(answer.chunk()).await else { break };
            excerpt.extend_from_slice(&piece);
        }
    };
    let _ = probe.linger(read).await;
    excerpt.truncate(EXCERPT);
    // What was cut, or is not what it is said to be, is shown as it is.
    let (mut expander, _) = Expander::new(&codings(answer.headers()), EXCERPT);
    match expander.push(&excerpt) {
        Ok(_) if !expander.bytes().is_empty() => expander.bytes().to_vec(),
        _ => excerpt,
    }
}
