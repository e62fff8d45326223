//! The text protocol: its lines, and what they mean.

use crate::checks::roundtrip::{Item, full};
use crate::fault::{Cause, Fault, Phase};
use crate::secret::{sentence, theirs};

/// Asks for the version, three times: a server of the binary protocol alone notices only when it has
/// the 24 bytes of a header, and would else wait for them in silence.
pub(super) const VERSIONS: &str = "version\r\nversion\r\nversion\r\n";

/// The answer of a server that wants a text login first.
pub(super) const UNAUTHENTICATED: &str = "CLIENT_ERROR unauthenticated";

/// The answer to a command that does not exist.
pub(super) const ERROR: &str = "ERROR";

/// Whether the answer is to a line that is no command: memcached's, or that of a proxy such as mcrouter.
pub(super) fn is_no_command(line: &str) -> bool {
    line == ERROR || (line.starts_with("CLIENT_ERROR ") && line != UNAUTHENTICATED)
}

/// The answer to a login that is accepted.
pub(super) const STORED: &str = "STORED";

/// The login, and a question for the version. Key, flags and life time mean nothing to a server that
/// wants a login; anywhere else the item would have ended before it began.
pub(super) fn login(user: &str, password: &str) -> String {
    let length = user.len() + 1 + password.len();
    format!("set conn-check 0 -1 {length}\r\n{user} {password}\r\nversion\r\n")
}

/// The answers of a round trip.
pub(super) const END: &str = "END";
pub(super) const DELETED: &str = "DELETED";
pub(super) const NOT_FOUND: &str = "NOT_FOUND";

/// Adds an item where there is none of its name.
pub(super) fn add(Item { key, value, seconds }: &Item) -> String {
    format!("add {key} 0 {seconds} {}\r\n{value}\r\n", value.len())
}

pub(super) fn get(Item { key, .. }: &Item) -> String {
    format!("get {key}\r\n")
}

pub(super) fn delete(Item { key, .. }: &Item) -> String {
    format!("delete {key}\r\n")
}

/// What an answer to a command of a round trip means, where it is not one of its own.
pub(super) fn fault_of_write(line: &str) -> Fault {
    if line.starts_with("SERVER_ERROR out of memory") {
        return out_of_memory().evidence(theirs(line));
    }
    if line == "NOT_STORED" {
        let message = "the server does not store a new item";
        return Fault::new(Cause::UnexpectedReply, message)
            .next_step("look at the server's log, and at a proxy before it")
            .evidence(theirs(line))
            .at(Phase::Request);
    }
    fault_of(line)
}

/// Nothing is thrown out for a new item (`-M`), or there is nothing left to be thrown out.
pub(super) fn out_of_memory() -> Fault {
    full("memcached takes no more items: its memory is used up")
        .next_step("give it more (`-m`), or let it throw old items out (no `-M`)")
        .at(Phase::Request)
}

/// The version in the answer; nothing where the server knows no such command, and says so as memcached does.
pub(super) fn version(line: &str) -> Result<Option<String>, Fault> {
    match line.strip_prefix("VERSION ") {
        Some(version) => Ok(Some(version.to_owned())),
        None if line == ERROR => Ok(None),
        None => Err(fault_of(line)),
    }
}

/// What an answer to the login means. A server that reads the question for the version behind a
/// login it has refused may answer that alone.
pub(super) fn fault_of_login(line: &str, user: &str) -> Fault {
    match line {
        "CLIENT_ERROR authentication failure" | UNAUTHENTICATED => rejected(user).evidence(theirs(line)),
        _ => fault_of(line),
    }
}

pub(super) fn rejected(user: &str) -> Fault {
    Fault::new(Cause::Rejected, sentence!["the server does not accept user ", theirs(user), " with this password"])
}

/// What any other answer means. The three words of errors are memcached's own (protocol.txt, "Error strings").
pub(super) fn fault_of(line: &str) -> Fault {
    let fault = if line == UNAUTHENTICATED {
        Fault::new(Cause::Required, "the server wants a login").at(Phase::Auth)
    } else if line == "ERROR Too many open connections" {
        Fault::new(Cause::Overloaded, "the server has reached its connection limit").at(Phase::Protocol)
    } else if line.starts_with("SERVER_ERROR ") {
        Fault::new(Cause::NotReady, "the server, or a proxy in front of it, reports an internal error")
            .next_step("read its words; look at the log of the server, and at the servers behind a proxy")
            .at(Phase::Protocol)
    } else if line.starts_with("CLIENT_ERROR ") || line.starts_with("ERROR ") {
        Fault::new(Cause::Malformed, "the server does not understand the check, and says so in its own words")
            .next_step("read its words, and look at its log")
            .at(Phase::Protocol)
    } else {
        Fault::new(Cause::Malformed, "the answer is not in memcached's protocol").at(Phase::Protocol)
    };
    fault.evidence(theirs(line))
}
