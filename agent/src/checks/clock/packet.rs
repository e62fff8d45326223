//! The datagrams of SNTP (RFC 5905, section 7.3).

use crate::fault::{Cause, Fault};
use crate::secret::{ours, sentence, theirs};
use crate::text::escape;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::time::{Duration, SystemTime};

/// Of the header, without extensions and authentication.
const LENGTH: usize = 48;

/// From 1900 to 1970, in seconds.
const TO_UNIX: u64 = 2_208_988_800;

/// A question, known by the number that it has in the place of a time.
#[derive(Debug)]
pub(super) struct Question {
    number: [u8; 8],
}

/// What a server's answer tells, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    /// How far the server's clock is ahead of ours.
    pub(super) offset: f64,
    /// The way there and back.
    pub(super) delay: f64,
    /// How far the server is from a clock: 1 has one.
    pub(super) stratum: u8,
}

impl Question {
    pub(super) fn new() -> Self {
        let mut number = [0; 8];
        // Without random numbers it is as easy to guess as those of most clients.
        let _ = SystemRandom::new().fill(&mut number);
        Self { number }
    }

    /// Version 4, mode 3 (client); all else is nobody's business.
    pub(super) fn bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = 0x23;
        bytes[40..].copy_from_slice(&self.number);
        bytes
    }

    /// The answer to this question, which was sent and came at these times of ours; nothing where it is another one's.
    pub(super) fn answer(&self, datagram: &[u8], sent: SystemTime, came: SystemTime) -> Option<Result<Answer, Fault>> {
        let header: &[u8; LENGTH] = match datagram.first_chunk() {
            Some(header) => header,
            None => return Some(Err(malformed(datagram, "an NTP datagram has 48 bytes"))),
        };
        let time = |at: usize| u64::from_be_bytes(header[at..at + 8].try_into().unwrap_or_default());
        if header[24..32] != self.number {
            return None;
        }
        let (leap, mode, stratum) = (header[0] >> 6, header[0] & 7, header[1]);
        if !matches!(mode, 4 | 5) {
            return Some(Err(malformed(datagram, "it is not the answer of a server")));
        }
        // One that has no time has the stratum 0 too, and no word in the place of its source.
        if stratum == 0 && header[12].is_ascii_uppercase() {
            return Some(Err(kiss(&header[12..16])));
        }
        let (received, transmitted) = (time(32), time(40));
        if leap == 3 || !(1..16).contains(&stratum) || transmitted == 0 {
            let fault = Fault::new(Cause::NotReady, "the NTP server is not synchronised itself");
            return Some(Err(fault.next_step("look at what the server is set by: `chronyc sources`, `ntpq -p` there")));
        }
        let (there, back) = (apart(received, stamp(sent)), apart(transmitted, stamp(came)));
        let delay = (there - back).max(0.0);
        Some(Ok(Answer { offset: f64::midpoint(there, back), delay, stratum }))
    }
}

/// Seconds from the later to the earlier of two stamps that are less than 68 years apart, whatever their era.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "a difference of seconds has digits enough")]
fn apart(one: u64, other: u64) -> f64 {
    one.wrapping_sub(other) as i64 as f64 / f64::from(2).powi(32)
}

/// A time as NTP has it: seconds since 1900, of which 32 bits are kept, and their 32-bit fraction.
fn stamp(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (since.as_secs().wrapping_add(TO_UNIX) << 32) | fraction
}

/// A server that does not want to be asked says why in four letters (RFC 5905, section 7.4).
fn kiss(code: &[u8]) -> Fault {
    let shown = escape(code.split(|byte| *byte == 0).next().unwrap_or_default(), 4);
    let fault = Fault::new(Cause::Overloaded, sentence!["the NTP server does not answer this host: ", theirs(&shown)]);
    let next = match code {
        b"RATE" => "ask less often, or another server: it limits how often a host may ask",
        b"DENY" | b"RSTR" => "let this host in (chrony: allow; ntpsec: restrict), or ask another server",
        _ => "look at the server, or ask another one",
    };
    fault.next_step(next)
}

fn malformed(datagram: &[u8], why: &'static str) -> Fault {
    let fault = Fault::new(Cause::Malformed, "what answered speaks no NTP");
    fault.evidence(sentence![why, "; got ", ours(&datagram.len()), " bytes: ", theirs(&escape(datagram, 60))])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of a server whose clock is so many seconds ahead, which came after so many.
    fn answered(change: impl Fn(&mut [u8; LENGTH]), ahead: i64, after: u64) -> Option<Result<Answer, &'static str>> {
        let question = Question::new();
        let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let came = sent + Duration::from_secs(after);
        let theirs =
            stamp(sent + Duration::from_secs(after / 2)).wrapping_add(u64::from_be_bytes(ahead.to_be_bytes()) << 32);
        let mut bytes = [0; LENGTH];
        (bytes[0], bytes[1]) = (0x24, 2);
        bytes[24..32].copy_from_slice(&question.number);
        bytes[32..40].copy_from_slice(&theirs.to_be_bytes());
        bytes[40..].copy_from_slice(&theirs.to_be_bytes());
        change(&mut bytes);
        let answer = question.answer(&bytes, sent, came)?;
        Some(answer.map_err(|fault| crate::catalogue::code_for(crate::phase::Phase::Protocol, fault.cause).name))
    }

    #[test]
    fn the_offset_is_the_clocks_and_the_delay_the_ways() {
        let same = |_: &mut [u8; LENGTH]| {};
        assert_eq!(answered(same, 0, 2), Some(Ok(Answer { offset: 0.0, delay: 2.0, stratum: 2 })));
        assert_eq!(answered(same, 10, 2), Some(Ok(Answer { offset: 10.0, delay: 2.0, stratum: 2 })));
        assert_eq!(answered(same, -86_400, 0), Some(Ok(Answer { offset: -86_400.0, delay: 0.0, stratum: 2 })));
        // Beyond February 2036, when the seconds begin anew.
        let years = 20 * 31_557_600;
        assert_eq!(answered(same, years, 0).and_then(Result::ok).map(|answer| answer.offset), Some(631_152_000.0));
    }

    #[test]
    fn an_answer_to_another_question_is_none_and_a_server_without_time_says_so() {
        assert_eq!(answered(|bytes| bytes[24] ^= 1, 0, 0), None);
        assert_eq!(answered(|bytes| bytes[0] = 0x23, 0, 0), Some(Err("protocol.malformed")));
        assert_eq!(answered(|bytes| bytes[0] |= 3 << 6, 0, 0), Some(Err("protocol.not-ready")));
        assert_eq!(answered(|bytes| bytes[1] = 16, 0, 0), Some(Err("protocol.not-ready")));
        let kissed = |bytes: &mut [u8; LENGTH]| {
            bytes[1] = 0;
            bytes[12..16].copy_from_slice(b"RATE");
        };
        assert_eq!(answered(kissed, 0, 0), Some(Err("protocol.overloaded")));
        let now = SystemTime::now();
        assert!(Question::new().answer(b"short", now, now).is_some_and(|answer| answer.is_err()));
    }

    #[test]
    fn a_datagram_of_any_length_is_an_answer_or_told_why_not() {
        let now = SystemTime::now();
        for byte in [0, 0x0c, 0x24, 0x7f, 0xff] {
            let question = Question { number: [byte; 8] };
            for length in 0..80 {
                let told = question.answer(&vec![byte; length], now, now).expect("its number is ours");
                // Version 1 and mode 4, of the stratum 12: all else has no time, or is no answer.
                assert_eq!(told.is_ok(), byte == 0x0c && length >= LENGTH, "{byte} {length}");
            }
        }
    }
}
