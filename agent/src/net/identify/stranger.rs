//! Servers that count connections without a login against the host that opens them, and block it.

use super::Peer;
use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::phase::Phase;
use crate::secret::{Sentence, sentence, theirs};

/// What such a server made of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Stranger {
    /// It has counted it; this is what there is to say of it.
    Counted(Sentence),
    /// It had blocked this host before, and says so in these words.
    Blocked(Sentence),
}

/// What a server has done about a client of which it expects a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Treatment {
    None,
    /// It has greeted it, and waits for the login.
    Greeting,
    /// It has blocked the host.
    Block,
}

impl Peer {
    /// What its first words mean to a client that does not log in.
    pub(crate) fn stranger(&self) -> Option<Stranger> {
        let limit = self.service.limit_of_strangers?;
        if self.treatment == Treatment::Block {
            return Some(Stranger::Blocked(theirs(&self.detail)));
        }
        let who = self.detail.split(' ').next().unwrap_or_default();
        let counted = || {
            sentence![
                theirs(who),
                " answers: it counts every connection without a login, as this one, and blocks this host after ",
                limit,
                " of them, the application with it"
            ]
        };
        (self.treatment == Treatment::Greeting).then(counted).map(Stranger::Counted)
    }
}

/// The server has blocked this host.
pub(crate) fn blocked_host() -> Fault {
    let message = "the server has blocked this host, after too many connections from it without a login";
    Fault::new(Cause::HostNotAllowed, message)
        .next_step("FLUSH HOSTS on the server; then look for what connects from here without logging in")
        .at(Phase::Auth)
}
