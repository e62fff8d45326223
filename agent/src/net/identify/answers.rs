//! What real servers said, recorded as they sent it; long answers are cut.

mod lines;
mod others;

use super::Peer;
use super::stranger::Treatment;
use crate::text::detail;
use lines::LINES;
use others::OTHERS;

/// One answer and what has to be made of it.
pub(super) struct Answer {
    /// The server with its version, and what it was sent; nothing when it spoke first.
    pub(super) server: &'static str,
    /// What it said.
    pub(super) said: &'static [u8],
    /// Who it is.
    pub(super) peer: Peer,
}

/// Every recorded answer.
pub(super) fn all() -> impl Iterator<Item = Answer> {
    let lines = LINES.iter().map(|&(service, server, said)| {
        let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
        (service, server, said, detail(line.trim_ascii_end()))
    });
    let others = OTHERS.iter().map(|&(service, server, said, detail)| (service, server, said, detail.to_owned()));
    lines.chain(others).map(|(service, server, said, detail)| {
        // Those with TLS show that they insist on it; the others have none.
        let wants_tls = server.contains(" with TLS");
        let speaks_http2 = detail.starts_with("HTTP/2 ");
        let greets = service.limit_of_strangers.is_some() && !detail.contains(" error ");
        let treatment = if greets { Treatment::Greeting } else { Treatment::None };
        let peer = Peer { service, detail, wants_tls, speaks_http2, treatment };
        Answer { server, said, peer }
    })
}
