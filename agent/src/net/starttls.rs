//! What is said before TLS where a protocol begins without it: the shortest dialogue that each has for that.

use crate::catalogue::{Cause, Owner};
use crate::fault::Fault;
use crate::net::identify::{Stranger, blocked_host, identify};
use crate::net::{Talk, Wire};
use crate::phase::Phase;
use crate::secret::sentence;
use crate::services::{Codes, Service, Upgrade, Words};
use crate::text::escaped;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// Says what turns a connection to TLS, as a client of this name.
///
/// # Errors
/// The server has no TLS, turns us away, or is another one.
pub(crate) async fn begin(service: &Service, wire: Wire, own_name: &str) -> Result<Wire, Fault> {
    let mut talk = Talk::new(wire, "a reply");
    match &service.upgrade {
        Some(Upgrade::Codes(codes)) => by_codes(&mut talk, codes, own_name).await?,
        Some(Upgrade::Words(words)) => by_words(&mut talk, words, service).await?,
        Some(Upgrade::Extended(request)) => extended(&mut talk, request).await?,
        Some(Upgrade::Letter(request)) => by_letter(&mut talk, request, service).await?,
        Some(Upgrade::Capability) => by_capability(&mut talk, service).await?,
        None => return Err(Fault::new(Cause::OwnFault, sentence![service.name, " has no request for TLS"])),
    }
    if talk.received().is_empty() {
        return Ok(talk.into_wire());
    }
    // What came with the answer would be taken for TLS, or for what was said behind it (CVE-2011-0411).
    Err(Fault::new(Cause::Malformed, "the server went on without TLS after it had agreed to it"))
}

async fn by_codes(talk: &mut Talk, codes: &Codes, own_name: &str) -> Result<(), Fault> {
    let Codes { hello, request, agreed } = *codes;
    expect_code(talk, "220").await?;
    if let Some(hello) = hello {
        talk.send(format!("{hello} {own_name}\r\n").as_bytes()).await;
        let offers = coded(talk).await?;
        if let Some(refused) = offers.first().filter(|line| !line.starts_with("250")) {
            // A server that does not know EHLO has no extensions (RFC 5321 section 4.1.1.1).
            let is_old = ["500", "501", "502", "504"].iter().any(|code| refused.starts_with(code));
            return Err(if is_old { not_offered(request, Some(refused)) } else { turned_away(refused) });
        }
        let is_offered = offers.iter().any(|line| line.get(4..).is_some_and(|word| word.eq_ignore_ascii_case(request)));
        if !is_offered {
            return Err(not_offered(request, offers.last()));
        }
    }
    talk.send(format!("{request}\r\n").as_bytes()).await;
    is_agreed(&coded(talk).await?, agreed, request)
}

async fn by_words(talk: &mut Talk, words: &Words, service: &Service) -> Result<(), Fault> {
    let Words { greeting, farewell, late, request, agreed, unable, between } = *words;
    // What the answer repeats is no part of the command.
    let command = request.split(' ').next_back().unwrap_or_default();
    let tag = &request[..request.len() - command.len()];
    let begins = |line: &str, word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let first = line(talk).await?;
    match first.as_str() {
        line if begins(line, greeting) => {}
        line if begins(line, farewell) => return Err(turned_away(&first)),
        line if late.is_some_and(|word| begins(line, word)) => return Err(not_offered(command, Some(&first))),
        _ => return Err(unlike(service.name, &first)),
    }
    talk.send(format!("{request}\r\n").as_bytes()).await;
    loop {
        let answer = line(talk).await?;
        match answer.as_str() {
            line if begins(line, agreed) => return Ok(()),
            line if between.is_some() && begins(line, farewell) => return Err(turned_away(&answer)),
            line if between.is_some_and(|word| begins(line, word)) => {}
            line if begins(line, unable) => return Err(not_begun(command, &answer)),
            line if line.starts_with(tag) => return Err(not_offered(command, Some(&answer))),
            _ => return Err(unlike(service.name, &answer)),
        }
    }
}

/// An extended request and its response (RFC 4511 section 4.14); of the response, only its result counts.
async fn extended(talk: &mut Talk, request: &[u8]) -> Result<(), Fault> {
    talk.send(request).await;
    let response = talk
        .frame(|begun| match begun {
            [] | [0x30] => Ok(None),
            [0x30, length @ 0..=0x7f, ..] => Ok(Some(usize::from(*length) + 2)),
            [0x30, 0x81, length, ..] => Ok(Some(usize::from(*length) + 3)),
            [0x30, 0x82, high, low, ..] => Ok(Some(usize::from(u16::from_be_bytes([*high, *low])) + 4)),
            [0x30, 0x84, _, _, high, low, ..] => Ok(Some(usize::from(u16::from_be_bytes([*high, *low])) + 6)),
            [0x30, 0x81..=0x84, ..] if begun.len() < 6 => Ok(None),
            _ => Err(Fault::new(Cause::Malformed, "the answer is not LDAP's")),
        })
        .await?;
    match extended_result(&response) {
        // A notice of disconnection (RFC 4511 section 4.4.1).
        Some((0, code)) => Err(turned_away(&format!("a notice of disconnection with result code {code}"))),
        Some((1, code)) => by_result(code),
        _ => Err(Fault::new(Cause::Malformed, "the answer is not LDAP's to StartTLS")),
    }
}

/// The message's number and the result code of an extended response (RFC 4511 sections 4.1.1 and 4.12).
fn extended_result(message: &[u8]) -> Option<(u8, u8)> {
    const RESPONSE: u8 = 0x78;
    let [0x02, 0x01, number, RESPONSE, rest @ ..] = content(message.get(1..)?)? else { return None };
    let [0x0a, 0x01, code, ..] = content(rest)? else { return None };
    Some((*number, *code))
}

/// What is behind a length of BER.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0..=0x7f, rest @ ..] => Some(rest),
        [long @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(*long & 0x7f)..),
        _ => None,
    }
}

fn by_result(code: u8) -> Result<(), Fault> {
    match code {
        0 => Ok(()),
        // protocolError is for what the server does not know; others are reasons of its own (RFC 4511 section 4.14.2).
        2 => Err(not_offered("StartTLS", Some(&format!("result code {code}")))),
        code => Err(not_begun("StartTLS", &format!("result code {code}"))),
    }
}

/// A request, and one letter.
async fn by_letter(talk: &mut Talk, request: &[u8], service: &Service) -> Result<(), Fault> {
    talk.send(request).await;
    match talk.exactly(1).await?[..] {
        [b'S'] => Ok(()),
        [b'N'] => Err(not_offered("TLS", None)),
        // An ErrorResponse: the server has no process for this client.
        [b'E'] => Err(turned_away(&error_response(talk).await)),
        _ => Err(Fault::new(Cause::Malformed, sentence!["the answer is not ", service.name, "'s"])),
    }
}

/// What an `ErrorResponse` says: its fields, or the text of a server that had no process yet to write them; as far as it
/// comes (`PostgreSQL`'s manual, "Message Formats").
async fn error_response(talk: &mut Talk) -> String {
    let whole = talk
        .frame(|begun| match begun {
            [0, high, low, rest @ ..] if !rest.is_empty() => {
                Ok(Some(usize::from(u16::from_be_bytes([*low, rest[0]])) + (usize::from(*high) << 16)))
            }
            [] | [0, ..] => Ok(None),
            text => Ok(text.iter().position(|byte| *byte == 0).map(|at| at + 1)),
        })
        .await;
    let whole = whole.unwrap_or_else(|_| talk.received().to_vec());
    // Behind the length, each field has a letter before it.
    let (whole, skipped) =
        if whole.first() == Some(&0) { (whole.get(4..).unwrap_or_default(), 1) } else { (&whole[..], 0) };
    let fields =
        whole.split(|byte| *byte == 0).filter_map(|field| field.get(skipped..)).filter(|field| !field.is_empty());
    let said = fields.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    if said.is_empty() { "an ErrorResponse".to_owned() } else { said }
}

/// The server's greeting, and the request for TLS (`MySQL`'s Client/Server Protocol, `Protocol::SSLRequest`).
async fn by_capability(talk: &mut Talk, service: &Service) -> Result<(), Fault> {
    const SSL: u16 = 0x0800;
    // Protocol 4.1, TLS, and the secure login that goes with it.
    const CAPABILITIES: u32 = 0x0000_8a00;
    let packet = talk
        .frame(|begun| match begun {
            [low, middle, high, _, ..] => {
                Ok(Some(usize::from(*low) + (usize::from(*middle) << 8) + (usize::from(*high) << 16) + 4))
            }
            _ => Ok(None),
        })
        .await?;
    let malformed = || Fault::new(Cause::Malformed, sentence!["the greeting is not ", service.name, "'s"]);
    if let Some(Stranger::Blocked(said)) = identify(&packet).and_then(|peer| peer.stranger()) {
        return Err(blocked_host().evidence(said));
    }
    if let Some([0xff, _, _, said @ ..]) = packet.get(4..) {
        return Err(turned_away(&String::from_utf8_lossy(said)));
    }
    let Some([10, greeting @ ..]) = packet.get(4..) else { return Err(malformed()) };
    // The version, a NUL, the connection's number (4), the first part of a challenge (8), a filler, the capabilities.
    let version = greeting.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let capabilities = greeting.get(version + 14..version + 16).ok_or_else(malformed)?;
    if u16::from_le_bytes([capabilities[0], capabilities[1]]) & SSL == 0 {
        return Err(not_offered("TLS", None));
    }
    let mut request = vec![32, 0, 0, 1];
    request.extend(CAPABILITIES.to_le_bytes());
    request.extend((1_u32 << 24).to_le_bytes());
    request.extend([0x21; 1]);
    request.extend([0; 23]);
    talk.send(&request).await;
    Ok(())
}

async fn line(talk: &mut Talk) -> Result<String, Fault> {
    talk.line(LONGEST_LINE, |_| Ok(())).await
}

/// The lines of a reply with a code: all but the last have a hyphen behind it.
async fn coded(talk: &mut Talk) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    loop {
        let line = line(talk).await?;
        let is_last = !line.get(3..).is_some_and(|rest| rest.starts_with('-'));
        // The lines between two of FTP have no code (RFC 959 section 4.2).
        let is_inner = !lines.is_empty() && !line.get(..3).is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()));
        lines.push(line);
        if is_last && !is_inner {
            return Ok(lines);
        }
    }
}

async fn expect_code(talk: &mut Talk, code: &str) -> Result<(), Fault> {
    let greeting = coded(talk).await?;
    let first = greeting.first().map_or("", String::as_str);
    match first.as_bytes() {
        [b'4' | b'5', ..] => Err(turned_away(first)),
        _ if first.starts_with(code) => Ok(()),
        _ => Err(unlike("SMTP's or FTP", first)),
    }
}

/// The server says that it serves nobody, or not us: by a code for it (RFC 5530 for IMAP, RFC 3206 for POP3), else in words
/// that servers have for it.
fn turned_away(said: &str) -> Fault {
    let words = said.to_ascii_lowercase();
    let has = |known: &[&str]| known.iter().any(|word| words.contains(word));
    let fault = if has(&FULL) {
        Fault::new(Cause::Overloaded, "the server takes no more connections, or none more from this host").next_step(
            "close connections that are left open, from this host too; else raise the server's limit (for one address, or for all)",
        )
    } else if has(&CLOSED_TO_US) {
        Fault::new(Cause::HostNotAllowed, "the server does not serve this host")
            .at(Phase::Auth)
            .owner(Owner::Service)
            .next_step("let this host in at the server: its access rules, or what has banned it (fail2ban); what it says stands in the evidence")
    } else if has(&FOR_NOW) {
        Fault::new(Cause::NotReady, "the server serves nobody for now").next_step(
            "see whether it starts, stops or lacks something that it needs: what it says stands in the evidence",
        )
    } else {
        Fault::new(Cause::NotReady, "the server turns this host away before TLS")
            .next_step("see in the server's log why: what it says stands in the evidence")
    };
    fault.evidence(escaped(said))
}

/// Of a server that has as many clients as it takes: Courier's, Cyrus', Dovecot's words.
const FULL: [&str; 6] = [
    "[limit]",
    "too many",
    "maximum number of connections",
    "maximum connections",
    "connection limit",
    "connections exceeded",
];

/// Of one that does not want this one.
const CLOSED_TO_US: [&str; 9] = [
    "access denied",
    "not allowed",
    "not permitted",
    "not authorized",
    "blocked",
    "banned",
    "blacklist",
    "denylist",
    "refused from your",
];

/// Of one that is not there for anybody.
const FOR_NOW: [&str; 8] = [
    "[unavailable]",
    "[sys/temp]",
    "[serverbug]",
    "shutting down",
    "starting up",
    "temporar",
    "try again",
    "unavailable",
];

fn is_agreed(answer: &[String], code: &str, command: &'static str) -> Result<(), Fault> {
    if answer.first().is_some_and(|line| line.starts_with(code)) {
        return Ok(());
    }
    match answer.last() {
        // It knows the command, and does not do it now, or by its rules (RFC 4217 section 4: 534).
        Some(said) if said.starts_with('4') || said.starts_with("534") => Err(not_begun(command, said)),
        said => Err(not_offered(command, said)),
    }
}

/// The server knows how TLS begins, and does not begin it.
fn not_begun(command: &'static str, said: &str) -> Fault {
    Fault::new(Cause::NotTls, sentence!["the server knows ", command, ", and does not begin TLS"])
        .at(Phase::Tls)
        .owner(Owner::Service)
        .evidence(escaped(said))
        .next_step("look at the server's log: its certificate or key may not be usable")
}

/// The server has no TLS on this port, or not now.
fn not_offered(what: &'static str, said: Option<&String>) -> Fault {
    let fault =
        Fault::new(Cause::NotTls, sentence!["the server does not offer ", what, " here"]).at(Phase::Tls).next_step(
            "switch TLS on at the server, or check the port: one with TLS from the first byte needs no `starttls`",
        );
    match said {
        Some(said) => fault.evidence(escaped(said)),
        None => fault,
    }
}

fn unlike(protocol: &'static str, line: &str) -> Fault {
    Fault::new(Cause::Malformed, sentence!["the answer is not ", protocol, "'s"]).evidence(escaped(line))
}
