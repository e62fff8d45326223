//! Packets of the protocol: whole ones, and those of one's choice.

use std::io::{Read, Write};

use super::proof::SALT;

/// `CLIENT_SSL`
const SSL: u32 = 1 << 11;
/// `CLIENT_PROTOCOL_41`, `CLIENT_SECURE_CONNECTION`, `CLIENT_PLUGIN_AUTH`, `CLIENT_CONNECT_WITH_DB`
const BASE: u32 = 1 << 9 | 1 << 15 | 1 << 19 | 1 << 3;

/// The payload of an ERR packet.
#[must_use]
pub fn error(number: u16, state: &str, text: &str) -> Vec<u8> {
    let state = if state.is_empty() { String::new() } else { format!("#{state}") };
    [&[0xff][..], &number.to_le_bytes(), state.as_bytes(), text.as_bytes()].concat()
}

/// A payload as the packet with this number.
#[must_use]
pub fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

/// The payload of a greeting with this plugin; `caching_sha2_password` and no TLS unless changed.
#[must_use]
pub fn greeting(plugin: &str, with_tls: bool) -> Vec<u8> {
    let capabilities = (BASE | if with_tls { SSL } else { 0 }).to_le_bytes();
    [
        b"\x0a8.0.36\0\x07\0\0\0",
        &SALT[..8],
        &[0],
        &capabilities[..2],
        &[255, 2, 0],
        &capabilities[2..],
        &[21],
        &[0; 10],
        &SALT[8..],
        &[0],
        plugin.as_bytes(),
        &[0],
    ]
    .concat()
}

pub(super) fn until_zero<'p>(rest: &mut &'p [u8]) -> &'p [u8] {
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let text = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    text
}

pub(super) fn send(stream: &mut impl Write, number: u8, payload: &[u8]) -> Option<()> {
    stream.write_all(&packet(number, payload)).and_then(|()| stream.flush()).ok()
}

pub(super) fn receive(stream: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).ok()?;
    let mut payload = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
    stream.read_exact(&mut payload).ok()?;
    Some((header[3], payload))
}
