//! Commands out, answers in, one at a time.

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::{Talk, Wire};
use redis::{ErrorKind, Parser, Pipeline, Value};
use std::io::{self, Read};

/// A connection to a Redis server.
pub(super) struct RespClient {
    talk: Talk,
    /// It keeps its place in an answer that is not all there yet.
    parser: Parser,
}

impl RespClient {
    pub(super) fn new(wire: Wire) -> Self {
        Self { talk: Talk::new(wire, "an answer"), parser: Parser::new() }
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

    /// Waits for the next answer.
    pub(super) async fn answer(&mut self) -> Result<Value, Fault> {
        let Self { talk, parser } = self;
        talk.parsed(|received| match parser.parse_value(Received(received)) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::Io => Ok(None),
            Err(error) => {
                let fault = Fault::new(Cause::Malformed, "the answer is not of Redis' protocol (RESP)");
                Err(fault.evidence(error.to_string()).caused_by(&error))
            }
        })
        .await
    }
}

/// What was received, as the parser takes it: a line at a time. Every answer ends with one, and so the
/// parser keeps nothing of the next.
struct Received<'a>(&'a mut Vec<u8>);

impl Read for Received<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let line = self.0.iter().position(|byte| *byte == b'\n').map_or(self.0.len(), |end| end + 1);
        let count = line.min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}
