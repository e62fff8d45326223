//! Commands out, answers in, one at a time.

use crate::fault::{Cause, Fault};
use crate::net::{Talk, Wire};
use redis::{Pipeline, Value};

pub(super) struct RespClient {
    talk: Talk,
}

impl RespClient {
    pub(super) fn new(wire: Wire) -> Self {
        Self { talk: Talk::new(wire, "an answer") }
    }

    /// Sends the first commands and waits for the first answer.
    pub(super) async fn begin(&mut self, commands: &Pipeline, tls: bool) -> Result<Value, Fault> {
        self.talk.send(&commands.get_packed_pipeline()).await;
        self.answer().await.map_err(|fault| match fault.cause {
            Cause::Closed | Cause::Reset if self.talk.wire().seen().count() == 0 && !tls => fault.next_step(
                "look at the server's log and its access lists; a port with TLS only ends a connection like this too: \
                 in that case set use_tls",
            ),
            _ => fault,
        })
    }

    /// Sends one more command and waits for its answer.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Value, Fault> {
        self.talk.send(&redis::cmd(command).get_packed_command()).await;
        self.answer().await
    }

    pub(super) async fn answer(&mut self) -> Result<Value, Fault> {
        let mut measure = Measure::default();
        let answer = self.talk.frame(|begun| Ok(measure.length(begun))).await?;
        redis::parse_redis_value(&answer).map_err(|error| {
            let fault = Fault::new(Cause::Malformed, "the answer is not of Redis' protocol (RESP)");
            fault.evidence(error.to_string()).caused_by(&error)
        })
    }
}

/// How much of an answer was measured, while it comes in pieces. The crate's parser reads ahead, and
/// clears eight kilobytes each time it is asked: it gets each answer once, whole, and nothing of the next.
#[derive(Default)]
struct Measure {
    /// Where the next part begins.
    at: usize,
    /// Up to here no line ends behind that.
    searched: usize,
    /// Parts that were there.
    parts: usize,
    /// Parts that other parts have announced.
    announced: usize,
}

impl Measure {
    /// How long the answer is, with all that it consists of; `None` as long as there must be more to
    /// come. What is not an answer at all is the parser's to refuse, at once.
    fn length(&mut self, begun: &[u8]) -> Option<usize> {
        /// What answers begin with (RESP2, and RESP3 for servers that were told to speak it).
        const KINDS: &[u8] = b"+-:$*_,#!=%~>|(";
        /// No answer to what is asked here has more parts; the parser refuses what goes on and on.
        const MOST_PARTS: usize = 4096;
        if begun.first().is_some_and(|first| !KINDS.contains(first)) {
            return Some(begun.len());
        }
        while self.parts <= self.announced.min(MOST_PARTS) {
            let from = self.at.max(self.searched);
            self.searched = begun.len();
            let end = from + begun.get(from..)?.iter().position(|byte| *byte == b'\n')?;
            let line = &begun[self.at..end];
            (self.at, self.searched, self.parts) = (end + 1, 0, self.parts + 1);
            // -1 stands for nothing.
            let number =
                line.get(1..).and_then(|number| std::str::from_utf8(number.trim_ascii_end()).ok()?.parse().ok());
            match (line.first(), number) {
                // Texts have a length, and a line end of their own behind them.
                (Some(b'$' | b'=' | b'!'), Some(bytes)) => self.at = self.at.saturating_add(bytes).saturating_add(2),
                (Some(b'*' | b'~' | b'>'), Some(items)) => self.announced = self.announced.saturating_add(items),
                (Some(b'%' | b'|'), Some(pairs)) => {
                    self.announced = pairs.saturating_mul(2).saturating_add(self.announced);
                }
                _ => {}
            }
        }
        Some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether so much of an answer is all of it.
    fn is_whole(begun: &[u8]) -> bool {
        Measure::default().length(begun).is_some_and(|length| length <= begun.len())
    }

    #[test]
    fn an_answer_is_as_long_as_all_its_parts() {
        for answer in [
            &b"+PONG\r\n"[..],
            b"-ERR no\r\n",
            b":1\r\n",
            b"$-1\r\n",
            b"$0\r\n\r\n",
            b"*0\r\n",
            b"*-1\r\n",
            b"*2\r\n$6\r\nserver\r\n*1\r\n:3\r\n",
            b"%1\r\n+a\r\n$3\r\nb\n\r\r\n",
        ] {
            let next = [answer, b"+OK\r\n"].concat();
            assert_eq!(Measure::default().length(&next), Some(answer.len()), "{answer:?}");
            let mut measure = Measure::default();
            let mut is_whole = |end: &usize| measure.length(&answer[..*end]).is_some_and(|length| length <= *end);
            assert_eq!((0..=answer.len()).find(|end| is_whole(end)), Some(answer.len()), "{answer:?}");
        }
    }

    #[test]
    fn what_is_not_an_answer_is_not_waited_for() {
        for answer in [&b"HTTP/1.1 400"[..], b"J\0\0\0\n5.5.5", b"*1\r\n\n", b"SSH-2.0-x", b"\x15\x03\x03"] {
            assert!(is_whole(answer), "{answer:?}");
        }
    }

    #[test]
    fn no_length_brings_the_program_down() {
        for answer in ["$18446744073709551615\r\n", "*18446744073709551615\r\n", "%9999999999999999999\r\n+a\r\n"] {
            assert!(!is_whole(answer.as_bytes()), "{answer}");
        }
        assert!(is_whole("*1\r\n".repeat(5000).as_bytes()), "the parser refuses it");
    }
}
