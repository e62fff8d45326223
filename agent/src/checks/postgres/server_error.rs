//! What the server sends when it refuses: an `ErrorResponse`
//! (<https://www.postgresql.org/docs/current/protocol-error-fields.html>).

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::Sentence;
use std::fmt;
use std::net::IpAddr;
use tokio_postgres::error::DbError;

/// The words when not even a process could be started that explains it better.
const CANNOT_FORK: &str = "could not fork new process";

/// The parts of an error that tell its cause.
#[derive(Debug)]
pub(super) struct ServerError {
    /// SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>); empty in the
    /// errors of a server that could not start a process for us.
    pub(super) code: String,
    /// For people, and in the server's language.
    pub(super) message: String,
    pub(super) detail: Option<String>,
}

impl ServerError {
    /// The length of an error that begins like this; `None` as long as that cannot be told.
    pub(super) fn length(begun: &[u8]) -> Option<usize> {
        match length(begun) {
            Some(length) => Some(length + 1),
            None => begun.iter().position(|byte| *byte == 0).map(|end| end + 1).filter(|_| begun.len() >= 5),
        }
    }

    /// Reads an error; also the oldest form, a text up to a zero byte, which is what a server says that
    /// has no process to spare for a better one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"E")?;
        if length(bytes).is_none() {
            let text = rest.split(|byte| *byte == 0).next()?.trim_ascii();
            let known = text.starts_with(b"FATAL:") || text.starts_with(CANNOT_FORK.as_bytes());
            return known.then(|| Self { code: String::new(), message: lossy(text), detail: None });
        }
        let fields = rest.get(4..)?.split(|byte| *byte == 0).filter_map(<[u8]>::split_first);
        let of = |kind| fields.clone().find(|(found, _)| **found == kind).map(|(_, text)| lossy(text));
        Some(Self { code: of(b'C')?, message: of(b'M')?, detail: of(b'D') })
    }

    /// The fault of a server that begins no session, for a reason that only its words tell: what is known of it is
    /// the class of its SQLSTATE.
    pub(super) fn before_login(&self) -> Fault {
        if let Some(fault) = self.of_the_server() {
            return fault;
        }
        let unexpected =
            |message, next_step| self.fault(Cause::UnexpectedReply, message).at(Phase::Request).next_step(next_step);
        match self.code.get(..2).unwrap_or_default() {
            "28" => self
                .fault(Cause::Rejected, "the server does not let this user in, for the reason that it names")
                .at(Phase::Auth)
                .next_step("go by the server's words; if they tell nothing, check the user and the password"),
            "58" | "XX" | "P0" | "40" => unexpected(
                "the server, or a pooler in front of it, begins no session, for a fault of its own",
                "look at the log of what answers there: its own words are the evidence",
            ),
            "F0" => unexpected("the server has a fault in its configuration files", "correct them; the server's log has more"),
            "57" => unexpected("the server began a session, and somebody or a limit of its ended it", "look at the server's log"),
            "22" | "25" | "3D" | "3F" | "42" | "0A" => unexpected(
                "the server does not take this login as the check asks for it",
                "go by the server's words: they are about the database, the user, or a setting that these have on the server",
            )
            .owner(Owner::Config),
            _ => unexpected(
                "the server, or a pooler in front of it, begins no session",
                "go by its words; what they mean, its log tells",
            ),
        }
    }

    /// The fault of a server that would refuse everybody now.
    pub(super) fn of_the_server(&self) -> Option<Fault> {
        let fault = match self.code.as_str() {
            "57P03" if self.has("Hot standby mode is disabled") => self
                .fault(Cause::NotReady, "this is a standby that does not accept clients (hot_standby is off)")
                .next_step("set hot_standby = on there, or go to the primary"),
            "57P03" => self.fault(Cause::NotReady, "the server is starting up, recovering or shutting down"),
            "57P01" | "57P02" => self
                .fault(Cause::NotReady, "the server is being stopped, or somebody ended this session")
                .next_step("see who stops the server or ends sessions: its log has it"),
            "57P04" => {
                return Some(self.fault(Cause::NoSuchDatabase, "the database was dropped").at(Phase::Request));
            }
            "53300" => self.fault(Cause::Overloaded, "the server has no connection left for this login"),
            "53100" | "53200" => self
                .fault(Cause::Overloaded, "the server is out of memory or disk")
                .next_step("give it room: its log has what it lacks"),
            code if code.starts_with("53") => self
                .fault(Cause::Overloaded, "the server has reached a limit of its resources")
                .next_step("go by its words: raise that limit, or let its clients take less"),
            _ if self.has(CANNOT_FORK) => self.fault(Cause::Overloaded, "the server cannot start another process"),
            _ => return None,
        };
        Some(fault.at(Phase::Protocol))
    }

    /// A fault with these words as its evidence.
    pub(super) fn fault(&self, cause: Cause, message: impl Into<Sentence>) -> Fault {
        Fault::new(cause, message).evidence(self.to_string())
    }

    /// The same for a fault that is there already.
    pub(super) fn fault_of(&self, fault: Fault) -> Fault {
        fault.evidence(self.to_string())
    }

    /// The one address that the server's words have, whatever its language: where it sees this host.
    pub(super) fn address(&self) -> Option<IpAddr> {
        let is_part = |one: char| one.is_ascii_hexdigit() || matches!(one, '.' | ':');
        let mut all = self.message.split(|one| !is_part(one)).filter_map(|word| word.parse::<IpAddr>().ok());
        let first = all.next().filter(|address| !address.is_unspecified() && !address.is_multicast())?;
        all.all(|other| other == first).then(|| first.to_canonical())
    }

    /// Whether the server's words contain these.
    pub(super) fn has(&self, words: &str) -> bool {
        self.message.contains(words) || self.detail.as_ref().is_some_and(|detail| detail.contains(words))
    }
}

impl From<&DbError> for ServerError {
    fn from(error: &DbError) -> Self {
        Self {
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.code.is_empty() { "" } else { ": " };
        write!(f, "{}{gap}{}", self.code, self.message)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

/// The length of an error in the protocol's version 3, without its first byte; in the oldest form
/// there are letters in its target.
fn length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(bytes.get(1..5)?.try_into().ok()?);
    (8..30_000).contains(&length).then_some(length as usize)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
