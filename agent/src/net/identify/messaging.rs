//! AMQP, MQTT and NATS, with the port that nodes of Elasticsearch use among themselves.

use super::Peer;
use super::field::{after, first_line, u32_be, until};
use crate::services;
use crate::text::detail;

pub(super) fn read(bytes: &[u8]) -> Option<Peer> {
    let amqp = amqp_header(bytes).or_else(|| amqp_start(bytes));
    amqp.or_else(|| mqtt(bytes)).or_else(|| nats(bytes)).or_else(|| elasticsearch(bytes))
}

/// The header with which a broker names the version it speaks, to a client that asked for another
/// or sent none (AMQP 0-9-1, section 2.2.4; AMQP 1.0, section 2.2).
fn amqp_header(bytes: &[u8]) -> Option<Peer> {
    let detail = match bytes.strip_prefix(b"AMQP")? {
        [0, 0, 9, 1, ..] => "AMQP 0-9-1".to_owned(),
        // Plain, inside TLS, and with SASL.
        [0 | 2 | 3, 1, 0, 0, ..] => "AMQP 1.0".to_owned(),
        // The older drafts.
        [0 | 1, a @ 0..=1, b @ 0..=10, c @ 0..=10, ..] => format!("AMQP header {a}.{b}.{c}"),
        _ => return None,
    };
    let wants_tls = bytes.get(4) == Some(&2);
    Some(Peer::new(&services::AMQP, detail).wanting_tls(wants_tls))
}

/// The method Start of class Connection, on channel 0 (AMQP 0-9-1, section 1.4): the answer to the
/// right header.
fn amqp_start(bytes: &[u8]) -> Option<Peer> {
    const START: &[u8] = &[0, 10, 0, 10, 0];
    let known = bytes.starts_with(&[1, 0, 0])
        && u32_be(bytes, 3).is_some_and(|length| (12..=131_072).contains(&length))
        && bytes.get(7..)?.starts_with(START);
    known.then(|| Peer::new(&services::AMQP, "AMQP 0-9-1, connection.start"))
}

/// CONNACK, the answer to a client's first packet: that of 3.1.1 (table 3.1), with nothing or another
/// packet behind it; or that of 5 (section 3.2.2.2), whose length and that of its properties have to fit.
fn mqtt(bytes: &[u8]) -> Option<Peer> {
    let detail = match *bytes {
        [0x20, 2, 0 | 1, code @ 0..=5] | [0x20, 2, 0 | 1, code @ 0..=5, 0x30..=0x3f | 0x90, ..] => {
            format!("MQTT CONNACK, code {code}")
        }
        [0x20, length @ 3..=127, 0 | 1, code @ (0 | 0x80..=0x9f), properties, ..] if length == properties + 3 => {
            format!("MQTT 5 CONNACK, reason code 0x{code:02x}")
        }
        _ => return None,
    };
    Some(Peer::new(&services::MQTT, detail))
}

fn nats(bytes: &[u8]) -> Option<Peer> {
    let fields = bytes.strip_prefix(br"INFO {")?;
    let fields = first_line(fields)?.text;
    after(fields, br#""server_id":"#)?;
    let version = after(fields, br#""version":""#).map(|version| detail(until(version, b'"')));
    let detail = version.map_or("NATS".to_owned(), |version| format!("NATS {version}"));
    let wants_tls = after(fields, br#""tls_required":true"#).is_some();
    Some(Peer::new(&services::NATS, detail).wanting_tls(wants_tls))
}

/// What `OpenSearch` and Elasticsearch say to an HTTP request there.
fn elasticsearch(bytes: &[u8]) -> Option<Peer> {
    let text = bytes.trim_ascii_end();
    (text == b"This is not an HTTP port").then(|| Peer::said(&services::ELASTICSEARCH_NODE, text))
}
