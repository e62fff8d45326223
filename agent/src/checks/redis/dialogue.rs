//! Commands out, answers in, one at a time.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::{Wire, answer_or_why};
use redis::{ErrorKind, Parser, Pipeline, Value};
use std::io::{self, Read};
use tokio::io::AsyncReadExt as _;

/// A connection to a Redis server.
pub(super) struct Dialogue {
    wire: Wire,
    parser: Parser,
    heard: Heard,
}

/// What was heard and not parsed yet.
#[derive(Default)]
struct Heard(Vec<u8>);

impl Dialogue {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, parser: Parser::new(), heard: Heard::default() }
    }

    /// Sends the first commands and waits for the first answer.
    pub(super) async fn begin(&mut self, commands: &Pipeline, tls: bool) -> Result<Value, Fault> {
        let sent = self.wire.send(&commands.get_packed_pipeline()).await;
        let answer = self.answer().await;
        let without_a_word = self.wire.seen().count() == 0;
        answer_or_why(sent, answer).map_err(|fault| match fault.cause {
            Cause::Closed | Cause::Reset if without_a_word && !tls => fault.next_step(
                "look at the server's log and its access lists; a port for TLS alone ends a connection like this too: \
                 then set use_tls",
            ),
            _ => fault,
        })
    }

    /// Sends one more command and waits for its answer.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Value, Fault> {
        self.wire.send(&redis::cmd(command).get_packed_command()).await?;
        self.answer().await
    }

    /// Waits for the next answer.
    pub(super) async fn answer(&mut self) -> Result<Value, Fault> {
        loop {
            match self.parser.parse_value(&mut self.heard) {
                Ok(value) => return Ok(value),
                // The parser keeps its place in an answer that is not all there yet.
                Err(error) if error.kind() == ErrorKind::Io => {}
                Err(error) => {
                    let fault = Fault::new(Cause::Malformed, "the answer is not of Redis' protocol (RESP)");
                    return Err(fault.evidence(error.to_string()).caused_by(&error));
                }
            }
            if self.wire.read_buf(&mut self.heard.0).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

impl Read for Heard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.0.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}
