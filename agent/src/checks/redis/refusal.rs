//! What Redis' errors mean: by their codes, and for a bare `ERR` by the server's fixed texts.

use crate::checks::roundtrip::full;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{Sentence, sentence, theirs};
use crate::text::escape;
use redis::{ServerError, Value};

/// How Redis 6 and later, and earlier ones, say that the default user has no password.
const NO_PASSWORD_SET: [&str; 2] =
    ["AUTH <password> called without any password configured", "Client sent AUTH, but no password is set"];

/// How servers say that there is no such database: too high a number, one beyond 32 bits (now, and
/// before Redis 6.2), and any but 0 in a cluster.
const NO_SUCH_DATABASE: [&str; 4] =
    ["DB index is out of range", "value is out of range", "invalid DB index", "SELECT is not allowed in cluster mode"];

/// How proxies say that they cannot reach the server of a key: twemproxy by errno, Envoy.
const NO_SERVER: &[&str] = &[
    "Connection refused",
    "Connection timed out",
    "Connection reset by peer",
    "Host is down",
    "No route to host",
    "Operation timed out",
    "no upstream host",
    "upstream failure",
];

/// Judges the answer to `AUTH`; whether a login is needed at all.
pub(super) fn of_login(answer: &Value, user: Option<&str>) -> Result<bool, Fault> {
    let error = match answer {
        Value::Okay => return Ok(true),
        Value::ServerError(error) => error,
        other => return Err(of(other, "AUTH")),
    };
    if says(error, &NO_PASSWORD_SET) {
        return Ok(false);
    }
    Err(if error.code() == "WRONGPASS" || says(error, &["invalid password"]) {
        let message = match user {
            Some(user) => {
                sentence![
                    "the server does not accept this password of user ",
                    theirs(user),
                    ", or the user is disabled"
                ]
            }
            None => "the server does not accept this password".into(),
        };
        Fault::new(Cause::Rejected, message).evidence(text(error))
    } else if user.is_some() && says(error, &["wrong number of arguments", "unknown command"]) {
        Fault::new(
            Cause::MethodUnsupported,
            "the server does not know this form of login: there are no users before Redis 6",
        )
        .at(Phase::Auth)
        .evidence(text(error))
        .next_step("leave `username` out, or upgrade the server")
    } else if says(error, &["unknown command"]) {
        Fault::new(Cause::MethodUnsupported, "the server has no command AUTH: it is renamed there, or a proxy has none")
            .at(Phase::Auth)
            .evidence(text(error))
            .next_step("ask who runs the server how clients log in; where they do not, leave `password` out")
    } else {
        of_error(error, "AUTH")
    })
}

pub(super) fn of_ping(answer: &Value) -> Result<(), Fault> {
    match answer {
        Value::SimpleString(text) if text == "PONG" => Ok(()),
        // Whoever is told this is logged in, and what else the user needs is asked for by itself.
        Value::ServerError(error) if error.code() == "NOPERM" => Ok(()),
        // PING is renamed; who has to log in first is told so by the next answers ([`of_spare`]).
        Value::ServerError(error) if is_unknown_command(error) => Ok(()),
        other => Err(of(other, "PING")),
    }
}

/// Judges the answer to a question that the check does not need, of which only this matters: whether the server wants a
/// login, which it says to a command that it knows, and whether anybody serves keys.
pub(super) fn of_spare(answer: &Value, command: &'static str) -> Result<(), Fault> {
    match answer {
        Value::ServerError(error) if error.code() == "NOAUTH" => Err(of_error(error, command)),
        Value::ServerError(error) if error.code() == "CLUSTERDOWN" => Err(of_error(error, command)),
        Value::ServerError(error) if says(error, NO_SERVER) => {
            Err(Fault::new(Cause::NotReady, "a proxy answers, and reaches no Redis behind it")
                .evidence(text(error))
                .next_step("see whether the servers behind the proxy run, and look at its log")
                .at(Phase::Protocol))
        }
        _ => Ok(()),
    }
}

pub(super) fn of_select(answer: &Value, database: u32) -> Result<(), Fault> {
    match answer {
        Value::Okay => Ok(()),
        Value::ServerError(error) if says(error, &NO_SUCH_DATABASE) => Err(Fault::new(
            Cause::NoSuchDatabase,
            sentence!["there is no database ", database],
        )
        .evidence(text(error))
        .next_step(
            "correct `database`, or raise `databases` in the server's configuration; a cluster has only database 0",
        )),
        other => Err(of(other, "SELECT")),
    }
}

/// The fault behind an answer to a command of a round trip, which its user needs rights for.
pub(super) fn of_write(answer: &Value, command: &'static str) -> Fault {
    let is_denied = matches!(answer, Value::ServerError(error) if error.code() == "NOPERM");
    let fault = of(answer, command);
    if is_denied {
        fault.next_step(
            "grant the user the keys and the commands (`~conn-check:* +set +get +del`), or leave `roundtrip` out",
        )
    } else {
        fault
    }
}

/// The fault behind any other answer than those that a command has.
pub(super) fn of(answer: &Value, command: &'static str) -> Fault {
    match answer {
        Value::ServerError(error) => of_error(error, command),
        other => Fault::new(Cause::Malformed, sentence!["the answer to ", command, " is not one of this command's"])
            .evidence(shown(other))
            .at(Phase::Protocol),
    }
}

/// An answer for people. Not the crate's own form: that of bytes is a list of numbers, in which no
/// secret would be recognised.
fn shown(answer: &Value) -> Sentence {
    match answer {
        Value::BulkString(bytes) => sentence!["bulk string ", escape(bytes, 60)],
        Value::SimpleString(text) => sentence!["simple string ", escape(text.as_bytes(), 60)],
        Value::Int(number) => sentence!["the number ", *number],
        Value::Array(items) => sentence!["an array of ", items.len()],
        Value::Nil => "nothing (nil)".into(),
        _ => "an answer of another type".into(),
    }
}

fn of_error(error: &ServerError, command: &'static str) -> Fault {
    let not_ready = |message, next_step| Fault::new(Cause::NotReady, message).next_step(next_step).at(Phase::Protocol);
    let unexpected = |message: Sentence| Fault::new(Cause::UnexpectedReply, message).at(Phase::Request);
    let fault = match error.code() {
        // A server that serves nobody now.
        "LOADING" => not_ready("Redis is loading its data", "wait until it is loaded; look at the server's log"),
        "MASTERDOWN" => not_ready(
            "this replica has lost its primary, and does not serve stale data",
            "look at the primary, and at the link to it (INFO replication on the replica)",
        ),
        "BUSY" => not_ready("a script keeps Redis busy", "wait, or end the script (SCRIPT KILL); look at who runs it"),
        "CLUSTERDOWN" if command == "WATCH" => not_ready(
            "the cluster is down, or does not serve all keys",
            "look at the cluster (CLUSTER INFO on any node): its slots, and its nodes that have failed",
        ),
        "CLUSTERDOWN" => {
            not_ready("the cluster does not serve this key", "look at the cluster (CLUSTER INFO on any node)")
        }
        _ if says(error, &["max number of clients", "max requests limit", "max daily request limit"]) => {
            Fault::new(Cause::Overloaded, "the server has reached its limit of clients")
                .next_step("raise maxclients or shrink the clients' pools")
                .at(Phase::Protocol)
        }
        // Who asks.
        "NOAUTH" => Fault::new(Cause::Required, "the server wants a login")
            .next_step("add `password:` (and `username:` for an ACL user) to this check")
            .at(Phase::Auth),
        "DENIED" => {
            let message = "Redis runs in protected mode: without a password it serves only its own host";
            Fault::new(Cause::HostNotAllowed, message)
                .next_step("give the server a password, then configure it here")
                .at(Phase::Auth)
        }
        "NOPERM" => Fault::new(Cause::PermissionDenied, sentence!["logged in, but not permitted to run ", command])
            .at(Phase::Request),
        "READONLY" => {
            Fault::new(Cause::ReadOnly, "a replica answered, and it does not accept writes").at(Phase::Request)
        }
        "OOM" => full("Redis takes no writes: its memory is used up (maxmemory)")
            .next_step("raise maxmemory, choose an eviction policy (maxmemory-policy), or see what fills it (INFO memory)")
            .at(Phase::Request),
        // A single command.
        "MISCONF" => unexpected("Redis refuses writes because it cannot save its data".into())
            .next_step("look at the server's log and at its disk"),
        "MOVED" | "ASK" => unexpected("the key belongs to another node of the cluster".into())
            .owner(Owner::Config)
            .next_step("check the node that has the key"),
        _ if is_unknown_command(error) => {
            unexpected(sentence!["the server knows no command ", command]).next_step(
                "see whether its configuration has renamed or disabled the command (rename-command), or a proxy or a relative \
                 of Redis answers that has it not",
            )
        }
        // What it has against it is for its own words to say.
        _ if command == "AUTH" => Fault::new(Cause::Rejected, "the server refuses the login")
            .next_step("read the server's own message, and its log")
            .at(Phase::Auth),
        _ => unexpected(sentence!["the server refuses ", command])
            .next_step("read the server's own message, and its log"),
    };
    fault.evidence(text(error))
}

/// Whether the server does not know the command at all.
pub(super) fn is_unknown_command(error: &ServerError) -> bool {
    says(error, &["unknown command", "Unknown command"])
}

/// Whether it is a bare `ERR` with one of these texts.
fn says(error: &ServerError, texts: &[&str]) -> bool {
    let details = error.details().unwrap_or_default();
    error.code() == "ERR" && texts.iter().any(|text| details.starts_with(text))
}

pub(super) fn text(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default())
}
