//! Commands out, answers in.

use crate::fault::{Cause, Fault};
use crate::net::{Host, Talk, TlsOptions, Wire};
use crate::probe::Dialer;
use crate::secret::sentence;
use redis::{Cmd, Value};

/// What waits for an answer of its own.
pub(super) struct Command {
    /// As people know it.
    pub(super) name: &'static str,
    cmd: Cmd,
    /// Nothing depends on its answer.
    spare: bool,
    /// What is sent in its place through a proxy that does not know it.
    instead: Option<Cmd>,
}

/// How to connect once more.
pub(super) struct Again<'a> {
    pub(super) dialer: Dialer,
    pub(super) tls: Option<(&'a TlsOptions, &'a Host)>,
}

/// How large an answer may be.
pub(super) struct Limits {
    pub(super) parts: usize,
    pub(super) bytes: u64,
}

/// Commands in one flight, and their answers in order.
///
/// A proxy may know fewer commands than Redis, and ends the connection at one that it does not know (twemproxy; without
/// the answers to those before it). Where that may have been a spare one, the flight is sent once more without those.
pub(in crate::checks) struct RespClient<'a> {
    talk: Talk,
    flight: Vec<Command>,
    /// Answers that were taken.
    taken: usize,
    again: Option<Again<'a>>,
    /// The flight is the second one: the spare commands were not sent.
    is_second: bool,
    /// How many parts an answer may have.
    parts: usize,
    tls_option: &'static str,
}

impl Command {
    /// A command whose answer is needed.
    pub(super) fn new(name: &'static str, cmd: Cmd) -> Self {
        Self { name, cmd, spare: false, instead: None }
    }

    /// One whose answer is not.
    pub(super) fn spare(name: &'static str, cmd: Cmd, instead: Option<Cmd>) -> Self {
        Self { name, cmd, spare: true, instead }
    }

    /// As it goes over the wire, if it goes.
    fn packed(&self, is_second: bool) -> Vec<u8> {
        let cmd = if is_second && self.spare { self.instead.as_ref() } else { Some(&self.cmd) };
        cmd.map(Cmd::get_packed_command).unwrap_or_default()
    }
}

impl<'a> RespClient<'a> {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            talk: talk(wire),
            flight: Vec::new(),
            taken: 0,
            again: None,
            is_second: false,
            parts: MOST_PARTS,
            tls_option: "use_tls",
        }
    }

    /// For a server whose TLS another option switches on.
    pub(super) fn with_tls_option(self, tls_option: &'static str) -> Self {
        Self { tls_option, ..self }
    }

    /// Sends the flight and waits for the first answer.
    pub(super) async fn begin(&mut self, flight: Vec<Command>, again: Option<Again<'a>>) -> Result<Value, Fault> {
        self.again = again.filter(|_| flight.iter().any(|command| command.spare));
        self.flight = flight;
        self.send_flight().await;
        let (is_plain, tls_option) = (self.talk.wire().is_plain_tcp(), self.tls_option);
        self.answer().await.map_err(|fault| match fault.cause {
            Cause::Closed | Cause::Reset if self.talk.wire().seen().count() == 0 && is_plain => fault.next_step(sentence![
                "look at the server's log and its access lists; a port with TLS only ends a connection like this too: \
                 in that case set ",
                tls_option
            ]),
            _ => fault,
        })
    }

    /// Sends one more command and waits for its answer.
    pub(in crate::checks) async fn ask(&mut self, name: &'static str, cmd: &Cmd) -> Result<Value, Fault> {
        self.again = None;
        self.talk.send(&cmd.get_packed_command()).await;
        self.read().await.map_err(|fault| told(fault, name))
    }

    /// The same, for an answer of more parts, and more bytes, than others have.
    pub(super) async fn ask_for_much(
        &mut self,
        name: &'static str,
        cmd: &Cmd,
        limits: &Limits,
    ) -> Result<Value, Fault> {
        self.talk.wire().seen().allow(limits.bytes);
        self.parts = limits.parts;
        self.ask(name, cmd).await
    }

    /// Sends commands whose answers are taken by [`RespClient::next`].
    pub(in crate::checks) async fn tell(&mut self, cmds: &[Cmd]) {
        self.again = None;
        let packed: Vec<_> = cmds.iter().flat_map(Cmd::get_packed_command).collect();
        self.talk.send(&packed).await;
    }

    /// Waits for the next answer, or for what a channel says that is subscribed to. May be broken off, and asked again.
    pub(in crate::checks) async fn next(&mut self, name: &'static str) -> Result<Value, Fault> {
        self.read().await.map_err(|fault| told(fault, name))
    }

    /// Waits for the next answer of the flight; nothing for a command that was not sent.
    pub(super) async fn answer(&mut self) -> Result<Value, Fault> {
        let Some(command) = self.flight.get(self.taken) else {
            return Err(Fault::new(Cause::OwnFault, "more answers than questions"));
        };
        let name = command.name;
        let answer = if command.packed(self.is_second).is_empty() {
            Ok(Value::Nil)
        } else {
            match self.read().await {
                Err(fault) if has_ended(&fault) => self.second(fault).await,
                answer => answer,
            }
        };
        self.taken += usize::from(answer.is_ok());
        answer.map_err(|fault| told(fault, name))
    }

    /// Sends the flight once more without the spare commands, and gives the answer that was waited for; the first fault
    /// where the peer does not even answer to a PING, before which no password is sent.
    async fn second(&mut self, fault: Fault) -> Result<Value, Fault> {
        let Some(again) = self.again.take() else { return Err(fault) };
        let Ok(wire) = again.dialer.again(again.tls).await else { return Err(fault) };
        let mut second = Self { is_second: true, ..Self::new(wire) };
        second.talk.send(&redis::cmd("PING").get_packed_command()).await;
        if second.read().await.is_err() {
            return Err(fault);
        }
        second.flight = std::mem::take(&mut self.flight);
        second.send_flight().await;
        while second.taken < self.taken {
            if Box::pin(second.answer()).await.is_err() {
                return Err(fault);
            }
        }
        let answer = Box::pin(second.answer()).await;
        second.taken = self.taken;
        *self = second;
        answer.map_err(|_| fault)
    }

    async fn send_flight(&mut self) {
        let packed: Vec<_> = self.flight.iter().flat_map(|command| command.packed(self.is_second)).collect();
        self.talk.send(&packed).await;
    }

    async fn read(&mut self) -> Result<Value, Fault> {
        let (mut measure, most) = (Measure::default(), self.parts);
        let answer = self.talk.frame(|begun| measure.length(begun, most)).await?;
        redis::parse_redis_value(&answer).map_err(|error| {
            let fault = Fault::new(Cause::Malformed, "the answer is not of Redis' protocol (RESP)");
            fault.evidence(error.to_string()).caused_by(&error)
        })
    }
}

/// No answer has more parts, but where the question says so.
const MOST_PARTS: usize = 4096;

fn talk(wire: Wire) -> Talk {
    Talk::new(wire, "an answer")
}

fn has_ended(fault: &Fault) -> bool {
    matches!(fault.cause, Cause::Closed | Cause::Reset)
}

/// An end says at which command it came.
fn told(fault: Fault, command: &'static str) -> Fault {
    if !has_ended(&fault) || command == "AUTH" || command == "PING" {
        return fault;
    }
    fault.evidence(sentence!["it ended before the answer to ", command]).next_step(sentence![
        "look at the log of the server, and of a proxy before it: some proxies (twemproxy) end a connection at a command that \
         they do not know, and ",
        command,
        " may be one"
    ])
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
    /// come. What is not an answer at all is the parser's to refuse, at once; one of more parts than this is not read.
    fn length(&mut self, begun: &[u8], most: usize) -> Result<Option<usize>, Fault> {
        /// What answers begin with (RESP2, and RESP3 for servers that were told to speak it).
        const KINDS: &[u8] = b"+-:$*_,#!=%~>|(";
        if begun.first().is_some_and(|first| !KINDS.contains(first)) {
            return Ok(Some(begun.len()));
        }
        while self.parts <= self.announced {
            if self.parts > most {
                let message = sentence!["the answer has more than ", most, " parts, and this check reads no more"];
                return Err(Fault::new(Cause::TooLarge, message));
            }
            let from = self.at.max(self.searched);
            self.searched = begun.len();
            let end = begun.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
            let Some(end) = end.map(|end| from + end) else { return Ok(None) };
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
        Ok(Some(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(measure: &mut Measure, begun: &[u8]) -> Option<usize> {
        measure.length(begun, MOST_PARTS).expect("few parts")
    }

    /// Whether so much of an answer is all of it.
    fn is_whole(begun: &[u8]) -> bool {
        measured(&mut Measure::default(), begun).is_some_and(|length| length <= begun.len())
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
            assert_eq!(measured(&mut Measure::default(), &next), Some(answer.len()), "{answer:?}");
            let mut measure = Measure::default();
            let mut is_whole =
                |end: &usize| measured(&mut measure, &answer[..*end]).is_some_and(|length| length <= *end);
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
        let fault = Measure::default().length("*1\r\n".repeat(5000).as_bytes(), MOST_PARTS).expect_err("our limit");
        assert_eq!(fault.cause, Cause::TooLarge);
    }
}
