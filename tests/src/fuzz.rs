//! Changes of bytes, of the kinds that parsers stumble over, and how long they go on.
//!
//! A part of the charm's own tests, too, which would wait long for all else that is here: so nothing but the standard
//! library and a source of numbers.

use super::random::Random;
use std::time::{Duration, Instant};

/// Numbers and texts that are at the edge of something.
const ODD: [&[u8]; 16] = [
    b"0",
    b"-1",
    b"255",
    b"65536",
    b"2147483648",
    b"99999999999999999999",
    b"\r\n\r\n",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xc3\x28",
    b"\xe2\x80\xae",
    b"{{{{{{{{{{{{{{{{",
    b"%s%n%00",
    b"\x1b[2J",
];

/// Longer ones would only take time.
const LONGEST: usize = 256 * 1024;

/// Rounds for as long as `CONN_CHECK_FUZZ` says, in seconds; one round where it says nothing.
///
/// # Panics
/// When it is not a number.
pub fn rounds() -> impl Iterator<Item = u64> {
    let limit = std::env::var("CONN_CHECK_FUZZ").ok().map(|text| Duration::from_secs(text.parse().expect("seconds")));
    let began = Instant::now();
    (0..).take_while(move |round| limit.map_or(*round == 0, |limit| began.elapsed() < limit))
}

/// The bytes, changed one to five times.
#[must_use]
pub fn mutate(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=random.below(5) {
        change(random, &mut changed);
    }
    changed.truncate(LONGEST);
    changed
}

fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    let end = at + random.below(bytes.len() - at + 1);
    match random.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = *random.pick(&[0, 1, 0x7f, 0x80, 0xff, b'\n', b' ', b'"']),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end.min(at + 16))),
        4 => {
            let piece = bytes[at..end].repeat(1 + random.below(3));
            bytes.splice(at..at, piece);
        }
        5 if end > at => {
            let piece = bytes[at..(at + 4).min(end)].repeat(1 << random.below(12));
            bytes.splice(at..at, piece);
        }
        6 => drop(bytes.splice(at..at, random.pick(&ODD).iter().copied())),
        7 => drop(bytes.splice(at..end.min(at + 8), random.pick(&ODD).iter().copied())),
        _ => {
            let noise: Vec<_> = (0..random.below(16)).map(|_| u8::try_from(random.below(256)).unwrap_or(0)).collect();
            bytes.splice(at..at, noise);
        }
    }
}
