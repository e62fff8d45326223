//! Logging in, screens, directories and files of another host: SSH, Telnet, VNC, RDP, LDAP and
//! rsync.

use super::Peer;
use super::field::first_line;
use crate::services;

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    lines(bytes)
        .or_else(|| rdp(bytes).then(|| Peer::new(&services::RDP, "RDP connection answer")))
        .or_else(|| telnet(bytes).then(|| Peer::new(&services::TELNET, "Telnet options")))
        .or_else(|| ldap(bytes))
}

/// The protocols whose servers greet with a line.
fn lines(bytes: &[u8]) -> Option<Peer> {
    let line = first_line(bytes)?.text;
    let service = match line {
        [b'S', b'S', b'H', b'-', b'1' | b'2', b'.', b'0'..=b'9', rest @ ..] if rest.contains(&b'-') => &services::SSH,
        // What sshd of OpenSSH says in place of its greeting when it has enough clients.
        b"Exceeded MaxStartups" | b"Not allowed at this time" => &services::SSH,
        [b'R', b'F', b'B', b' ', version @ ..] if is_vnc_version(version) => &services::VNC,
        [b'@', b'R', b'S', b'Y', b'N', b'C', b'D', b':', b' ', b'0'..=b'9', ..] => &services::RSYNC,
        _ => return None,
    };
    Some(Peer::said(service, line))
}

/// Three digits, a dot and three digits (RFC 6143, section 7.1.1).
fn is_vnc_version(version: &[u8]) -> bool {
    version.len() == 7
        && version.iter().enumerate().all(|(at, byte)| if at == 3 { *byte == b'.' } else { byte.is_ascii_digit() })
}

/// A connection confirm (X.224, section 13.4) or a disconnect (T.125), inside a TPKT (RFC 1006).
fn rdp(bytes: &[u8]) -> bool {
    match *bytes {
        // What xrdp says to everything that is not a connection request.
        [3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80, ..] => true,
        [3, 0, 0, length @ 11..=64, rest, 0xd0, 0, 0, ..] => rest == length - 5,
        _ => false,
    }
}

/// Two options or more, each as IAC, a verb and a number (RFC 854, RFC 855).
fn telnet(bytes: &[u8]) -> bool {
    let is_option = |at: usize| matches!(bytes.get(at..at + 3), Some([0xff, 0xfb..=0xfe, 0..=49]));
    is_option(0) && is_option(3)
}

/// An `LDAPMessage` (RFC 4511, section 4.1.1) that holds the answer to a bind or to an extended request
/// such as STARTTLS, or, with a number that no request has, the notice that the server hangs up.
fn ldap(bytes: &[u8]) -> Option<Peer> {
    let [2, length @ 1..=4, rest @ ..] = ber(bytes, 0x30)? else {
        return None;
    };
    let (id, operation) = rest.split_at_checked(usize::from(*length))?;
    let (name, result) = match operation.first()? {
        0x61 => ("bind response", ber(operation, 0x61)?),
        0x78 if id.iter().all(|byte| *byte == 0) => ("notice of disconnection", ber(operation, 0x78)?),
        0x78 => ("extended response", ber(operation, 0x78)?),
        _ => return None,
    };
    // The result code is an enumeration of one byte.
    let &[10, 1, code, ..] = result else {
        return None;
    };
    Some(Peer::new(&services::LDAP, format!("LDAP {name}, result {code}")))
}

/// What stands behind the tag and the length of a BER element (X.690, section 8.1).
fn ber(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    match *bytes {
        [found, length, ..] if found == tag && length < 0x80 => bytes.get(2..),
        [found, long @ 0x81..=0x84, ..] if found == tag => bytes.get(2 + usize::from(long - 0x80)..),
        _ => None,
    }
}
