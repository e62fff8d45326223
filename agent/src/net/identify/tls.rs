//! TLS records (RFC 8446, section 5.1), and the sentences with which servers ask for TLS in plain
//! text.

use super::Peer;
use super::field::{mentions, u16_be};
use crate::services;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// The longest plain-text record (RFC 8446, section 5.1).
const RECORD_BYTES: u16 = 1 << 14;

/// What servers say in plain text to a client that did not start TLS.
const DEMANDS: [&str; 5] = [
    // nginx
    "plain http request was sent to https port",
    // Apache httpd
    "speaking plain http to an ssl-enabled server port",
    // Go, and so Caddy, Traefik, Kubernetes and Prometheus
    "client sent an http request to an https server",
    // Tomcat
    "this combination of host and port requires tls",
    // MongoDB
    "configured to only allow ssl connections",
];

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    let &[kind, 3, 0..=4, _, _, ..] = bytes else {
        return None;
    };
    let length = u16_be(bytes, 3)?;
    let detail = match kind {
        ALERT if length == 2 => alert(&bytes[5..])?,
        HANDSHAKE if (4..=RECORD_BYTES).contains(&length) => server_hello(&bytes[5..])?,
        _ => return None,
    };
    Some(Peer::new(&services::TLS, detail).wanting_tls(true))
}

/// Whether a text asks for TLS.
pub(super) fn is_demanded(text: &[u8]) -> bool {
    DEMANDS.iter().any(|demand| mentions(text, demand))
}

/// A plain-text alert: level and description, as far as they are there.
fn alert(body: &[u8]) -> Option<String> {
    match *body {
        [] | [1 | 2] => Some("TLS alert".to_owned()),
        [1 | 2, description, ..] => alert_name(description).map(|name| format!("TLS alert {name}")),
        _ => None,
    }
}

/// A `ClientHello` is not a server's record: whoever sends one back is an echo.
fn server_hello(message: &[u8]) -> Option<String> {
    let known = matches!(
        *message,
        [SERVER_HELLO]
            | [SERVER_HELLO, 0]
            | [SERVER_HELLO, 0, _]
            | [SERVER_HELLO, 0, _, _]
            | [SERVER_HELLO, 0, _, _, 3]
            | [SERVER_HELLO, 0, _, _, 3, 0..=4, ..]
    );
    known.then(|| "TLS ServerHello".to_owned())
}

/// The names of the alerts (RFC 8446, section 6; RFC 5246, section 7.2).
const fn alert_name(description: u8) -> Option<&'static str> {
    Some(match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return None,
    })
}
