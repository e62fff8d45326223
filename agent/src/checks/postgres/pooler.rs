//! What pgbouncer says when it refuses. Up to version 1.19 it has one SQLSTATE, 08P01, for all of
//! it, also for what the server behind it error, so its fixed texts decide (`src/client.c` and
//! `src/objects.c` of pgbouncer).

use super::server_error::ServerError;
use crate::fault::{Cause, Fault, Owner, Phase};

/// A text of pgbouncer's, and what it means.
type Line = (&'static str, Phase, Cause, &'static str);

/// The first text that occurs decides.
const LINES: &[Line] = &[
    ("no such database", Phase::Request, Cause::NoSuchDatabase, "the pooler has no database of that name"),
    ("does not exist", Phase::Request, Cause::NoSuchDatabase, "the server behind the pooler has no such database"),
    ("SSL required", Phase::Tls, Cause::Required, "the pooler wants TLS"),
    (
        "login rejected",
        Phase::Auth,
        Cause::HostNotAllowed,
        "the pooler's rules (its own pg_hba.conf) do not let this user in from this host",
    ),
    (BEHIND, Phase::Auth, Cause::Rejected, "the server behind the pooler rejects the pooler's own login"),
    ("authentication failed", Phase::Auth, Cause::Rejected, "wrong password, or the pooler does not know the user"),
    ("auth failed", Phase::Auth, Cause::Rejected, "wrong password, or the pooler does not know the user"),
    ("no such user", Phase::Auth, Cause::Rejected, "the pooler does not know the user"),
    ("not allowed", Phase::Request, Cause::PermissionDenied, "the pooler does not give this database to this user"),
    ("query_wait_timeout", Phase::Protocol, Cause::NotReady, NO_SERVER),
    ("cannot connect to server", Phase::Protocol, Cause::NotReady, NO_SERVER),
    ("server login failed", Phase::Protocol, Cause::NotReady, "the pooler cannot log in to the server behind it"),
];

/// The server's words, which pgbouncer passes on; its own do not name the user.
const BEHIND: &str = "password authentication failed for user \"";

const NO_SERVER: &str =
    "the pooler got no connection to the server behind it: that server is down, or the pool is exhausted";

/// The fault behind a text of pgbouncer's, if it is one.
pub(super) fn fault(error: &ServerError) -> Option<Fault> {
    if error.code != "08P01" {
        return None;
    }
    let (text, phase, cause, message) = LINES.iter().find(|(text, ..)| error.has(text))?;
    let fault = error.fault(*cause, *message).at(*phase);
    Some(match *text {
        BEHIND => fault.owner(Owner::Service).next_step("correct the login in the pooler's configuration"),
        _ if *message == NO_SERVER => fault.next_step("look at the pooler's log, then at the server behind it"),
        _ => fault,
    })
}
