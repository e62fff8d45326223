//! A tunnel through an HTTP proxy: the CONNECT method (RFC 9110 section 9.3.6).

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::Wire;
use crate::net::identify::identify;
use crate::phase::Phase;
use crate::secret::sentence;
use crate::services;
use crate::text::escape;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The longest answer to CONNECT that is read, in bytes: the head of an error page.
const LONGEST_HEAD: usize = 8 * 1024;

/// Asks the proxy for a tunnel to `authority` (`host:port`), with the value of
/// `Proxy-Authorization` if there is one.
///
/// # Errors
/// `proxy.*`: what the proxy answered instead.
pub(crate) async fn tunnel(mut wire: Wire, authority: &str, authorization: Option<&str>) -> Result<Wire, Fault> {
    let login = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{login}\r\n");
    wire.write_all(request.as_bytes()).await?;
    let head = read_head(&mut wire).await?;
    let Some(status) = status_of(&head) else { return Err(not_a_proxy(&head)) };
    if (200..300).contains(&status) {
        return Ok(wire);
    }
    let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
    let text = String::from_utf8_lossy(&head).into_owned();
    let reason = header(&text, "x-squid-error").or_else(|| header(&text, "proxy-status"));
    let why = reason.map(|reason| format!("; {reason}")).unwrap_or_default();
    Err(refusal(status, authorization.is_some(), reason.is_some())
        .unwrap_or_else(|| Fault::new(Cause::NotAProxy, "what answers there is a web server, not a proxy"))
        .evidence(sentence![escape(line, 100), why]))
}

/// The fault that a proxy's own status tells, if it is one of a proxy's. One that says so itself
/// (`own`) may use any 5xx: squid answers 500 where it cannot forward.
pub(crate) fn refusal(status: u16, login_sent: bool, own: bool) -> Option<Fault> {
    let fault = match status {
        407 if login_sent => Fault::new(Cause::AuthRequired, "the proxy rejects our login"),
        407 => Fault::new(Cause::AuthRequired, "the proxy wants a login, none is configured"),
        403 => Fault::new(Cause::Denied, "the proxy does not let this request through"),
        500..=599 if own => Fault::new(Cause::BadGateway, "the proxy could not reach the target"),
        502..=504 => Fault::new(Cause::BadGateway, "the proxy could not reach the target"),
        _ => return None,
    };
    Some(fault.at(Phase::Proxy))
}

async fn read_head(wire: &mut Wire) -> Result<Vec<u8>, Fault> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = wire.read(&mut piece).await?;
        head.extend_from_slice(&piece[..count]);
        // A peer that is not a web server is not waited for, nor one that talks on.
        if count == 0 || head.len() > LONGEST_HEAD || (head.len() >= 5 && !head.starts_with(b"HTTP/")) {
            break;
        }
    }
    if head.is_empty() {
        Err(Fault::new(Cause::Closed, "the proxy closed the connection without an answer"))
    } else {
        Ok(head)
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(head.get(..12)?).ok()?;
    text.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn not_a_proxy(head: &[u8]) -> Fault {
    match identify(head) {
        Some(peer) if *peer.service != services::HTTP => {
            Fault::new(Cause::NotAProxy, sentence!["this is ", peer.service.described, ", not a proxy"])
                .evidence(peer.detail)
        }
        _ => Fault::new(Cause::NotAProxy, "what answers there does not speak HTTP").evidence(escape(head, 60)),
    }
}
