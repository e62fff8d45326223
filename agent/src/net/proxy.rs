//! A tunnel through an HTTP proxy: the CONNECT method (RFC 9110 section 9.3.6); and what a proxy's own
//! refusals mean.

use crate::catalogue::Cause;
use crate::fault::{Fault, Owner};
use crate::net::challenge::Challenge;
use crate::net::identify::identify;
use crate::net::{self, Wire};
use crate::phase::Phase;
use crate::remedy::Remedy;
use crate::secret::{Sentence, redact_url, sentence, theirs};
use crate::services;
use crate::text::{escape, said};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The longest head of an answer to CONNECT that is read, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// What is shown of the text behind a refusal's head, in bytes.
const EXCERPT: usize = 80;

/// What is read of a refusal's page, and of what is no HTTP, in bytes.
const PAGE: usize = 1024;

/// How long the rest of it is waited for.
const MOMENT: Duration = Duration::from_millis(100);

/// A tunnel that a proxy has opened.
#[derive(Debug)]
pub(crate) struct Tunnel {
    pub(crate) wire: Wire,
    /// What it means if no tunnel's end speaks in it: the answer announces content, which that of a proxy has not, and
    /// which is to be passed over all the same (RFC 9110 section 9.3.6). A web server's page may be to come.
    pub(crate) else_a_page: Option<Fault>,
}

/// Asks the proxy for a tunnel to `authority` (`host:port`), with the value of
/// `Proxy-Authorization` if there is one. `rule`: what Squid lacks that refuses it by its rules.
///
/// # Errors
/// `proxy.*`: what the proxy answered instead.
pub(crate) async fn tunnel(
    mut wire: Wire,
    authority: &str,
    authorization: Option<&str>,
    rule: impl FnOnce() -> Option<Remedy>,
) -> Result<Tunnel, Fault> {
    let login = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{login}\r\n");
    wire.write_all(request.as_bytes()).await?;
    let mut answer = read_answer(&mut wire).await?;
    let Some(status) = status_of(&answer) else {
        read_on(&mut wire, &mut answer, PAGE).await;
        return Err(not_a_proxy(&answer));
    };
    let end = end_of_head(&answer).unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    if (200..300).contains(&status) {
        let page = page_for_a_tunnel(&head);
        let behind = &answer[end..];
        if !behind.is_empty() && (announces_content(&head) || behind.trim_ascii_start().starts_with(b"<")) {
            return Err(page);
        }
        // The end of the tunnel may speak first: where a packet ends is no matter.
        wire.give_back(behind);
        return Ok(Tunnel { wire, else_a_page: announces_content(&head).then_some(page) });
    }
    // Where a packet ends is no matter: what is shown is the beginning of the page.
    let length = values(&head, "content-length").next().and_then(|length| length.parse().ok());
    read_on(&mut wire, &mut answer, end + PAGE.min(length.unwrap_or(PAGE))).await;
    let fault = refused(&answer[..end], &answer[end..], status, authorization.is_some());
    let by_rule = values(&head, "x-squid-error").next().is_some_and(is_squids_rule);
    Err(if by_rule { fault.remedy(rule()) } else { fault })
}

/// A web server that takes CONNECT for a request of a page.
fn page_for_a_tunnel(head: &str) -> Fault {
    let message = "what answers there is a web server, not a proxy: it takes CONNECT for a page";
    Fault::new(Cause::NotAProxy, message).evidence(theirs(&said(first_line(head)))).at(Phase::Proxy)
}

fn first_line(head: &str) -> &str {
    head.lines().next().unwrap_or_default()
}

fn announces_content(head: &str) -> bool {
    values(head, "content-length").any(|length| length != "0")
        || ["transfer-encoding", "content-type"].iter().any(|name| values(head, name).next().is_some())
}

/// What a refusal says, by its head and its page.
fn refused(head: &[u8], page: &[u8], status: u16, logged_in: bool) -> Fault {
    let text = String::from_utf8_lossy(head);
    let line = first_line(&text);
    let refusal = Refusal {
        status,
        logged_in,
        says_so: PROXYS.iter().any(|name| values(&text, name).next().is_some()) || calls_itself_one(&text),
        challenges: Challenge::all(values(&text, "proxy-authenticate")),
        location: values(&text, "location").next().map(str::to_owned),
    };
    let reason = values(&text, "x-squid-error").chain(values(&text, "proxy-status")).next();
    let page = if page.trim_ascii_start().starts_with(b"<") { &[][..] } else { page.trim_ascii() };
    let more = reason.map(said).or_else(|| (!page.is_empty()).then(|| escape(page, EXCERPT)));
    refusal.fault().evidence(refusal.evidence(&said(line), more))
}

/// Fields with which an answer shows that a proxy has to do with it (RFC 9110 section 7.6.3, RFC 9209).
const PROXYS: [&str; 5] = ["via", "x-squid-error", "proxy-status", "proxy-authenticate", "proxy-agent"];

/// Whether the software calls itself a proxy: `tinyproxy/1.11.1`, `squid/5.7`.
fn calls_itself_one(head: &str) -> bool {
    let server = values(head, "server").next().unwrap_or_default().to_ascii_lowercase();
    server.contains("proxy") || server.starts_with("squid")
}

/// Whether Squid says, in `X-Squid-Error`, that it is its rules that refuse.
pub(crate) fn is_squids_rule(error: &str) -> bool {
    error.split(' ').next() == Some("ERR_ACCESS_DENIED")
}

/// A proxy's own answer that is not the target's.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// A login was sent to the proxy.
    pub(crate) logged_in: bool,
    /// Its head shows that it comes from a proxy.
    pub(crate) says_so: bool,
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) location: Option<String>,
}

impl Refusal {
    /// What it means.
    pub(crate) fn fault(&self) -> Fault {
        let fault = match self.status {
            407 => self.login(),
            // tinyproxy and squid answer 500 where they cannot connect.
            500 | 502..=504 | 506..=510 | 520..=599 => {
                Fault::new(Cause::BadGateway, "the proxy could not reach the target")
            }
            400 | 404 | 405 | 411 | 414 | 421 | 501 | 505 if !self.says_so => {
                Fault::new(Cause::NotAProxy, "what answers there is a web server, not a proxy")
            }
            403 => Fault::new(Cause::Denied, "the proxy does not let this request through"),
            429 => Fault::new(Cause::Denied, "the proxy refuses this request: too many came from this host")
                .next_step("wait, or have the proxy's limit for this host raised"),
            status => self.other(status),
        };
        fault.at(Phase::Proxy)
    }

    fn other(&self, status: u16) -> Fault {
        match &self.location {
            Some(location) if (300..400).contains(&status) => {
                let to = redact_url(location);
                Fault::new(Cause::Denied, sentence!["the proxy refuses this request, and sends to ", said(&to)])
                    .next_step("look at what that page wants; else have this host exempted in the proxy's rules")
            }
            _ => Fault::new(Cause::Denied, sentence!["the proxy refuses this request (", status, ")"])
                .next_step("look at what the proxy says about it, and at its log"),
        }
    }

    /// The proxy wants a login. Only Basic is sent to proxies.
    fn login(&self) -> Fault {
        let basic = self.challenges.iter().any(|challenge| challenge.is("basic"));
        if !basic && !self.challenges.is_empty() {
            let wanted = Challenge::names(&self.challenges);
            let message = sentence!["the proxy wants a login by ", wanted, ", and conn-check knows Basic only"];
            return Fault::new(Cause::AuthRequired, message)
                .owner(Owner::Network)
                .next_step("have the proxy let this host through without a login, or with Basic");
        }
        if self.logged_in {
            return Fault::new(Cause::AuthRequired, "the proxy rejects our login")
                .next_step("check the user and the password in proxy_url");
        }
        Fault::new(Cause::AuthRequired, "the proxy wants a login, none is configured")
    }

    /// The status line, what logins are wanted, and what else the proxy says.
    pub(crate) fn evidence(&self, line: &str, more: Option<String>) -> Sentence {
        let mut evidence = theirs(line);
        if self.status == 407 && !self.challenges.is_empty() {
            evidence.push(sentence!["; Proxy-Authenticate: ", Challenge::names(&self.challenges)]);
        }
        if let Some(more) = more {
            evidence.push(sentence!["; ", more]);
        }
        evidence
    }
}

/// The head of the final answer, and what came with it. Interim answers (RFC 9110 section 15.2) are passed over.
async fn read_answer(wire: &mut Wire) -> Result<Vec<u8>, Fault> {
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    loop {
        if let Some(end) = end_of_head(&answer) {
            if !matches!(status_of(&answer), Some(100 | 102..=199)) {
                return Ok(answer);
            }
            answer.drain(..end);
            continue;
        }
        // A peer that is not a web server is not waited for, nor one that talks on.
        if answer.len() >= 5 && !answer.starts_with(b"HTTP/") {
            return Ok(answer);
        }
        if answer.len() > LONGEST_HEAD {
            let message = "the head of the proxy's answer is longer than this program takes";
            let limit = sentence!["at most ", LONGEST_HEAD / 1024, " KiB are read"];
            return Err(Fault::new(Cause::TooLarge, message).at(Phase::Proxy).evidence(limit));
        }
        match wire.read(&mut piece).await? {
            0 if answer.is_empty() => {
                return Err(Fault::new(Cause::Closed, "the proxy closed the connection without an answer"));
            }
            0 if b"HTTP/".starts_with(&answer[..answer.len().min(5)]) => {
                let message = "the proxy closed the connection in the middle of its answer";
                return Err(
                    Fault::new(Cause::Closed, message).evidence(sentence!["it sent ", escape(&answer, EXCERPT)])
                );
            }
            0 => return Ok(answer),
            count => answer.extend_from_slice(&piece[..count]),
        }
    }
}

/// What comes within a moment, up to so many bytes in all. A peer that ends meanwhile has said what it had to say.
async fn read_on(wire: &mut Wire, answer: &mut Vec<u8>, most: usize) {
    let reading = async {
        let mut piece = [0; 1024];
        while answer.len() < most {
            let Ok(count @ 1..) = wire.read(&mut piece).await else { return };
            answer.extend_from_slice(&piece[..count]);
        }
    };
    net::within(MOMENT, reading).await;
    answer.truncate(most);
}

/// Where the head ends: behind an empty line. A lone LF may end a line (RFC 9112 section 2.2).
fn end_of_head(answer: &[u8]) -> Option<usize> {
    let mut begin = 0;
    loop {
        let end = begin + answer[begin..].iter().position(|byte| *byte == b'\n')? + 1;
        if matches!(answer[begin..end], [b'\n'] | [b'\r', b'\n']) {
            return Some(end);
        }
        begin = end;
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(head.get(..12)?).ok()?;
    text.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()
}

/// The values of a field of this name.
fn values<'a>(head: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .filter(move |(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn not_a_proxy(head: &[u8]) -> Fault {
    match identify(head) {
        Some(peer) if *peer.service != services::HTTP => {
            Fault::new(Cause::NotAProxy, sentence!["this is ", peer.service.described, ", not a proxy"])
                .evidence(peer.detail)
        }
        Some(peer) if peer.speaks_http2 => {
            Fault::new(Cause::NotAProxy, "this is a server of HTTP/2 alone, not a proxy that takes HTTP/1.1")
                .evidence(peer.detail)
        }
        _ => Fault::new(Cause::NotAProxy, "what answers there does not speak HTTP").evidence(escape(head, 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line_whatever_ends_its_lines() {
        for (head, rest) in
            [("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "x"), ("HTTP/1.1 200 OK\nA: b\n\n", "\n"), ("\r\n", "")]
        {
            let answer = [head, rest].concat();
            assert_eq!(end_of_head(answer.as_bytes()), Some(head.len()), "{answer:?}");
        }
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\nA: b\r\n"), None);
    }
}
