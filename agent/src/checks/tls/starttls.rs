//! What is said before TLS where a protocol begins without it: the shortest dialogue that each has for that.

use crate::fault::{Cause, Fault, Owner};
use crate::net::{Talk, Wire};
use crate::phase::Phase;
use crate::secret::sentence;
use crate::services::{self, Service};
use crate::settings::shape::Shape;
use crate::settings::{Field, Misfit, Setting};
use crate::text::escaped;
use serde_json::json;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// `SSLRequest` (`PostgreSQL`'s manual, Message Formats): its length, 1234 and 5679.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An extended request of message 1 for 1.3.6.1.4.1.1466.20037 (RFC 4511 section 4.14.1).
const LDAP_REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// A protocol that turns to TLS when it is asked to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StartTls {
    Smtp,
    Imap,
    Pop3,
    Ldap,
    Ftp,
    Postgres,
    Mysql,
}

/// Each by its name in the file.
const NAMES: [(&str, StartTls); 7] = [
    ("smtp", StartTls::Smtp),
    ("imap", StartTls::Imap),
    ("pop3", StartTls::Pop3),
    ("ldap", StartTls::Ldap),
    ("ftp", StartTls::Ftp),
    ("postgres", StartTls::Postgres),
    ("mysql", StartTls::Mysql),
];

impl Setting for StartTls {
    const SHAPE: Shape = Shape::plain(
        "smtp, imap, pop3, ldap, ftp, postgres, or mysql",
        "protocol",
        || json!({"enum": NAMES.map(|(name, _)| name)}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, protocol)| *protocol)
        })
    }
}

impl StartTls {
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, protocol)| *protocol == self).map_or("", |(name, _)| name)
    }

    /// The service that is expected to answer.
    pub(super) const fn service(self) -> &'static Service {
        match self {
            Self::Smtp => &services::SMTP,
            Self::Imap => &services::IMAP,
            Self::Pop3 => &services::POP3,
            Self::Ldap => &services::LDAP,
            Self::Ftp => &services::FTP,
            Self::Postgres => &services::POSTGRES,
            Self::Mysql => &services::MYSQL,
        }
    }

    /// Whether a connection that ends behind TLS is one of the errors after which the server blocks this host.
    pub(super) fn is_counted(self) -> bool {
        self == Self::Mysql
    }

    /// Says what turns the connection to TLS, as a client of this name.
    pub(super) async fn begin(self, wire: Wire, own_name: &str) -> Result<Wire, Fault> {
        let mut talk = Talk::new(wire, "a reply");
        match self {
            Self::Smtp => smtp(&mut talk, own_name).await?,
            Self::Ftp => ftp(&mut talk).await?,
            Self::Imap => imap(&mut talk).await?,
            Self::Pop3 => pop3(&mut talk).await?,
            Self::Ldap => ldap(&mut talk).await?,
            Self::Postgres => postgres(&mut talk).await?,
            Self::Mysql => mysql(&mut talk).await?,
        }
        if talk.received().is_empty() {
            return Ok(talk.into_wire());
        }
        // What came with the answer would be taken for TLS, or for what was said behind it (CVE-2011-0411).
        Err(Fault::new(Cause::Malformed, "the server went on without TLS after it had agreed to it"))
    }
}

/// `220`, EHLO, STARTTLS (RFC 3207).
async fn smtp(talk: &mut Talk, own_name: &str) -> Result<(), Fault> {
    expect_code(talk, "220").await?;
    talk.send(format!("EHLO {own_name}\r\n").as_bytes()).await;
    let offers = coded(talk).await?;
    if let Some(refused) = offers.first().filter(|line| !line.starts_with("250")) {
        // A server that does not know EHLO has no extensions (RFC 5321 section 4.1.1.1).
        let is_old = ["500", "501", "502", "504"].iter().any(|code| refused.starts_with(code));
        return Err(if is_old { not_offered("STARTTLS", Some(refused)) } else { turned_away(refused) });
    }
    let is_offered = offers.iter().any(|line| line.get(4..).is_some_and(|word| word.eq_ignore_ascii_case("STARTTLS")));
    if !is_offered {
        return Err(not_offered("STARTTLS", offers.last()));
    }
    talk.send(b"STARTTLS\r\n").await;
    agreed(&coded(talk).await?, "220", "STARTTLS")
}

/// `220`, AUTH TLS (RFC 4217).
async fn ftp(talk: &mut Talk) -> Result<(), Fault> {
    expect_code(talk, "220").await?;
    talk.send(b"AUTH TLS\r\n").await;
    agreed(&coded(talk).await?, "234", "AUTH TLS")
}

/// `* OK`, STARTTLS (RFC 9051 section 6.2.1).
async fn imap(talk: &mut Talk) -> Result<(), Fault> {
    let greeting = line(talk).await?;
    match greeting.to_ascii_uppercase() {
        word if word.starts_with("* OK") => {}
        word if word.starts_with("* BYE") => return Err(turned_away(&greeting)),
        // Logged in already, it takes no STARTTLS any more.
        word if word.starts_with("* PREAUTH") => return Err(not_offered("STARTTLS", Some(&greeting))),
        _ => return Err(unlike("IMAP", &greeting)),
    }
    talk.send(b"a STARTTLS\r\n").await;
    loop {
        let answer = line(talk).await?;
        if let Some(verdict) = answer.strip_prefix("a ") {
            return match verdict.to_ascii_uppercase() {
                word if word.starts_with("OK") => Ok(()),
                // The server's own settings are in the way; to an unknown command it says BAD (RFC 9051 section 6.2.1).
                word if word.starts_with("NO") => Err(not_begun("STARTTLS", &answer)),
                _ => Err(not_offered("STARTTLS", Some(&answer))),
            };
        }
        if !answer.starts_with("* ") {
            return Err(unlike("IMAP", &answer));
        }
    }
}

/// `+OK`, STLS (RFC 2595 section 4).
async fn pop3(talk: &mut Talk) -> Result<(), Fault> {
    let greeting = line(talk).await?;
    if greeting.starts_with("-ERR") {
        return Err(turned_away(&greeting));
    }
    if !greeting.starts_with("+OK") {
        return Err(unlike("POP3", &greeting));
    }
    talk.send(b"STLS\r\n").await;
    let answer = line(talk).await?;
    match answer.to_ascii_uppercase() {
        word if word.starts_with("+OK") => Ok(()),
        // RFC 3206: the server's own trouble.
        word if word.starts_with("-ERR [SYS/") => Err(not_begun("STLS", &answer)),
        _ => Err(not_offered("STLS", Some(&answer))),
    }
}

/// An extended request and its response (RFC 4511 section 4.14); of the response, only its result counts.
async fn ldap(talk: &mut Talk) -> Result<(), Fault> {
    talk.send(LDAP_REQUEST).await;
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
    // resultCode is the first ENUMERATED, of one byte.
    let result = response.windows(3).find_map(|bytes| (bytes[..2] == [0x0a, 0x01]).then_some(bytes[2]));
    match result {
        Some(0) => Ok(()),
        // protocolError is for what the server does not know; others are reasons of its own (RFC 4511 section 4.14.2).
        Some(code @ 2) => Err(not_offered("StartTLS", Some(&format!("result code {code}")))),
        Some(code) => Err(not_begun("StartTLS", &format!("result code {code}"))),
        None => Err(Fault::new(Cause::Malformed, "the answer is not LDAP's")),
    }
}

/// `SSLRequest`, and one letter.
async fn postgres(talk: &mut Talk) -> Result<(), Fault> {
    talk.send(&SSL_REQUEST).await;
    match talk.exactly(1).await?[..] {
        [b'S'] => Ok(()),
        [b'N'] => Err(not_offered("TLS", None)),
        // An ErrorResponse: the server has no process for this client.
        [b'E'] => {
            let said = String::from_utf8_lossy(talk.received()).into_owned();
            Err(turned_away(if said.is_empty() { "an ErrorResponse" } else { &said }))
        }
        _ => Err(Fault::new(Cause::Malformed, "the answer is not PostgreSQL's")),
    }
}

/// The server's greeting, and the request for TLS (`MySQL`'s Client/Server Protocol, `Protocol::SSLRequest`).
async fn mysql(talk: &mut Talk) -> Result<(), Fault> {
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
    let malformed = || Fault::new(Cause::Malformed, "the greeting is not MySQL's");
    if let Some(Err(blocked)) = crate::checks::mysql::of_greeting(&packet) {
        return Err(blocked);
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

/// The server says that it serves nobody, or not us.
fn turned_away(said: &str) -> Fault {
    Fault::new(Cause::NotReady, "the server turns this host away before TLS")
        .evidence(escaped(said))
        .next_step("see in the server's log why: what it says stands in the evidence")
}

fn agreed(answer: &[String], code: &str, command: &'static str) -> Result<(), Fault> {
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
