//! `send` and `expect`: what a connection is told and asked by a check that knows no protocol.

use crate::fault::{Cause, Fault};
use crate::net::Wire;
use crate::phase::Phase;
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, sentence};
use crate::settings::{Fields, Matcher};
use crate::text::escape;
use tokio::io::AsyncReadExt as _;

/// What is sent, and what must come.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    send: Option<Secret<String>>,
    expect: Option<Matcher>,
}

impl Exchange {
    /// Asks for them.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Self {
        let send = fields.optional("send", "Text to send; \"...\\r\\n\" in double quotes has the ends of lines.");
        let expect = fields
            .optional("expect", "A text or /regex/ that must occur in what the server says, within its first 64 KiB.");
        Self { send, expect }
    }

    /// Whether something is sent.
    pub(super) const fn sends(&self) -> bool {
        self.send.is_some()
    }

    /// Whether nothing is sent, and nothing must come.
    pub(super) const fn is_none(&self) -> bool {
        !self.sends() && !self.expects()
    }

    /// Whether something must come.
    pub(super) const fn expects(&self) -> bool {
        self.expect.is_some()
    }

    /// What tells the check from others.
    pub(super) fn distinction(&self) -> Option<String> {
        self.expect.as_ref().map(ToString::to_string)
    }

    /// Sends what there is to send.
    pub(super) async fn send(&self, probe: &mut Probe, wire: &mut Wire) -> Result<(), Stop> {
        let Some(text) = &self.send else { return Ok(()) };
        let sent = async { Ok(wire.send(text.expose().as_bytes()).await?) };
        Ok(probe.phase(Phase::Request, sent).await?)
    }

    /// Reads until what is expected is there.
    pub(super) async fn hear(&self, probe: &mut Probe, wire: &mut Wire) -> Result<(), Stop> {
        let Some(expect) = &self.expect else { return Ok(()) };
        let mut heard = Vec::new();
        let found = probe.phase(Phase::Request, until_found(wire, expect, &mut heard)).await;
        if found.is_ok() || !heard.is_empty() {
            probe.fact("answer", probe.clean(&escape(&heard, 120)));
        }
        Ok(found.map_err(|failure| match failure.code.cause {
            // It spoke, and not as expected, until the time was over or it closed.
            Cause::Timeout | Cause::Closed | Cause::TooLarge if !heard.is_empty() => {
                let end = match failure.code.cause {
                    Cause::Closed => "it closed",
                    Cause::TooLarge => "it sent more than is read",
                    _ => "the time was over",
                };
                let fault =
                    Fault::new(Cause::UnexpectedReply, "what the server says does not contain what is expected");
                probe.fail(
                    Phase::Request,
                    fault.evidence(sentence![
                        "until ",
                        end,
                        ": got ",
                        escape(&heard, 80),
                        ", wanted ",
                        expect.to_string()
                    ]),
                )
            }
            _ => failure,
        })?)
    }
}

/// Reads until what is expected was said.
async fn until_found(wire: &mut Wire, expect: &Matcher, heard: &mut Vec<u8>) -> Result<(), Fault> {
    loop {
        if wire.read_buf(heard).await? == 0 {
            return Err(Fault::new(Cause::Closed, "the peer closed the connection before it said what is expected"));
        }
        if expect.is_in(&String::from_utf8_lossy(heard)) {
            return Ok(());
        }
    }
}
