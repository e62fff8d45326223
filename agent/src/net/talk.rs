//! What a protocol sends and receives over a wire: messages out; lines, frames and fixed lengths in,
//! each bounded.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::Wire;
use crate::secret::sentence;
use std::io;
use tokio::io::AsyncReadExt as _;

/// How much is taken at once, in bytes: the whole of nearly every answer.
const PIECE: usize = 1024;

/// A conversation over a wire, with what was received and not taken yet.
///
/// All that comes at once is received, so that another service can be told by its first words. All
/// that receives fails as [`Talk::parsed`] does.
#[derive(Debug)]
pub(crate) struct Talk {
    wire: Wire,
    /// What the protocol receives: "a frame", "a reply".
    unit: &'static str,
    received: Vec<u8>,
    /// Why something could not be sent. It is told when nothing comes either: a server that turns a
    /// client away says why and closes before it was asked.
    unsent: Option<io::Error>,
}

impl Talk {
    /// A conversation in which nothing was said yet. `unit` is what the protocol receives, with its
    /// article: "a frame", "a reply".
    pub(crate) const fn new(wire: Wire, unit: &'static str) -> Self {
        Self { wire, unit, received: Vec::new(), unsent: None }
    }

    /// The wire, for another layer. What was received and not taken is lost with the conversation.
    pub(crate) fn into_wire(self) -> Wire {
        self.wire
    }

    /// The wire under the conversation.
    pub(crate) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What was received and not taken yet.
    pub(crate) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Sends all of a message. What cannot be sent is no fault yet: see [`Talk::frame`].
    pub(crate) async fn send(&mut self, message: &[u8]) {
        let sent = self.wire.send(message).await;
        self.unsent = self.unsent.take().or(sent.err());
    }

    /// Waits until something is there, and leaves it there.
    pub(crate) async fn peek(&mut self) -> Result<&[u8], Fault> {
        if self.received.is_empty() {
            self.receive(false).await?;
        }
        Ok(&self.received)
    }

    /// Takes so many bytes.
    pub(crate) async fn exactly(&mut self, bytes: usize) -> Result<Vec<u8>, Fault> {
        self.frame(|_| Ok(Some(bytes))).await
    }

    /// Takes a line, and gives it without its end. `accept` sees it as far as it came: the server of
    /// another protocol may never send a line end.
    ///
    /// # Errors
    /// That of `accept`, and a line that is longer than `most` bytes.
    pub(crate) async fn line(
        &mut self,
        most: usize,
        accept: impl Fn(&[u8]) -> Result<(), Fault>,
    ) -> Result<String, Fault> {
        let unit = self.unit;
        let line = self
            .frame(|begun| {
                let end = begun.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
                let line = &begun[..end.unwrap_or(begun.len())];
                accept(line)?;
                if line.len() > most {
                    let message = sentence!["the peer sent ", unit, " with a line of more than ", most, " bytes"];
                    return Err(Fault::new(Cause::TooLarge, message));
                }
                Ok(end)
            })
            .await?;
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Takes a frame. `length` says how long it is, all of it, from its beginning as far as it came;
    /// `None` as long as that cannot be told.
    ///
    /// # Errors
    /// A frame that is longer than a server may send at all.
    pub(crate) async fn frame(
        &mut self,
        mut length: impl FnMut(&[u8]) -> Result<Option<usize>, Fault>,
    ) -> Result<Vec<u8>, Fault> {
        let (unit, most) = (self.unit, self.wire.seen().allowance());
        self.parsed(|received| match length(received)? {
            Some(length) if length as u64 > most => {
                Err(Fault::new(Cause::TooLarge, sentence!["the peer announced ", unit, " of ", length, " bytes"]))
            }
            Some(length) if length <= received.len() => Ok(Some(received.drain(..length).collect())),
            _ => Ok(None),
        })
        .await
    }

    /// Takes what a parser makes of what was received. It removes what it has read, and gives `None`
    /// as long as there must be more to come.
    ///
    /// # Errors
    /// The parser's; the end of the connection, or why it could not even be sent to ([`Talk::send`]).
    pub(crate) async fn parsed<T>(
        &mut self,
        mut parse: impl FnMut(&mut Vec<u8>) -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        let mut begun = !self.received.is_empty();
        loop {
            if let Some(parsed) = parse(&mut self.received)? {
                return Ok(parsed);
            }
            self.receive(begun).await?;
            begun = true;
        }
    }

    /// Receives what there is, at least a byte.
    async fn receive(&mut self, begun: bool) -> Result<(), Fault> {
        if let Some(why) = self.unsent.take_if(|why| !is_of_the_peer(why)) {
            return Err(why.into());
        }
        self.received.reserve(PIECE);
        let fault = match self.wire.read_buf(&mut self.received).await {
            Ok(0) => self.ended(begun),
            Ok(_) => return Ok(()),
            // Closed without the good-bye of TLS.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.ended(begun),
            Err(error) => error.into(),
        };
        Err(match self.unsent.take() {
            Some(why) if fault.cause == Cause::Closed => why.into(),
            _ => fault,
        })
    }

    fn ended(&self, begun: bool) -> Fault {
        let when = if begun { "in the middle of" } else { "before" };
        Fault::new(Cause::Closed, "the peer closed the connection").evidence(sentence![
            "it ended ",
            when,
            " ",
            self.unit
        ])
    }
}

/// Whether a peer can be why nothing could be sent: then it may have said why. This host says nothing more.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(Fault::from(error).cause, Cause::Closed | Cause::Reset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixStream;

    /// A conversation with a peer that says this and closes, and what is asked of it.
    fn with_peer<T>(said: &[u8], ask: impl AsyncFnOnce(&mut Talk) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
            theirs.write_all(said).await.expect("room for it");
            drop(theirs);
            ask(&mut Talk::new(Wire::unix(ours), "a reply")).await
        })
    }

    async fn line(talk: &mut Talk, most: usize) -> Result<String, Fault> {
        talk.line(most, |_| Ok(())).await
    }

    fn evidence(fault: Option<Fault>) -> String {
        fault
            .and_then(|fault| fault.evidence)
            .map(|evidence| crate::secret::Redactor::new().tell(&evidence))
            .unwrap_or_default()
    }

    #[test]
    fn pieces_are_taken_one_after_the_other_and_the_rest_stays() {
        with_peer(b"one\r\n\x02abcdef", async |talk| {
            // The first byte is the length of the rest.
            let counted = |begun: &[u8]| Ok(begun.first().map(|length| usize::from(*length) + 1));
            assert_eq!(line(talk, 10).await.ok().as_deref(), Some("one"));
            assert_eq!(talk.frame(counted).await.ok().as_deref(), Some(&b"\x02ab"[..]));
            assert_eq!(talk.exactly(2).await.ok().as_deref(), Some(&b"cd"[..]));
            assert_eq!(talk.peek().await.ok(), Some(&b"ef"[..]));
            assert_eq!(talk.received(), b"ef");
        });
    }

    #[test]
    fn an_end_says_whether_something_had_begun() {
        with_peer(b"", async |talk| assert_eq!(evidence(line(talk, 10).await.err()), "it ended before a reply"));
        with_peer(b"whole\nha", async |talk| {
            assert_eq!(line(talk, 10).await.ok().as_deref(), Some("whole"));
            assert_eq!(evidence(line(talk, 10).await.err()), "it ended in the middle of a reply");
        });
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_there() {
        let cause = |fault: Option<Fault>| fault.map(|fault| fault.cause);
        with_peer(&[b'a'; 2000], async |talk| assert_eq!(cause(line(talk, 1000).await.err()), Some(Cause::TooLarge)));
        let too_long = usize::try_from(crate::net::ALLOWANCE).expect("small") + 1;
        with_peer(b"a", async |talk| {
            assert_eq!(cause(talk.exactly(too_long).await.err()), Some(Cause::TooLarge));
        });
    }

    #[test]
    fn what_the_peer_said_before_it_went_counts_more_than_that_nothing_could_be_sent() {
        with_peer(b"too busy\n", async |talk| {
            talk.send(b"hello").await;
            assert_eq!(line(talk, 10).await.ok().as_deref(), Some("too busy"));
            assert!(evidence(line(talk, 10).await.err()).contains("Broken pipe"));
            assert_eq!(evidence(line(talk, 10).await.err()), "it ended before a reply");
        });
    }
}
