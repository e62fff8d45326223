//! From the code of a refused command to the one cause that it means
//! (<https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>).

use super::Mongodb;
use super::message::{number, text};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{sentence, theirs};
use mongodb::bson::RawDocument;

/// What was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// The first command of a connection.
    Hello,
    /// A step of the login.
    Login,
    /// A command that needs permission.
    Command,
}

/// The fault of a reply that is a refusal; `None` for one that is not.
pub(super) fn of_reply(check: &Mongodb, reply: &RawDocument, refused: Refused) -> Option<Fault> {
    match number(reply, "ok") {
        Some(1) => return None,
        Some(_) => {}
        None => {
            return Some(Fault::new(Cause::Malformed, "a MongoDB reply has no `ok`").at(Phase::Protocol));
        }
    }
    let code = number(reply, "code").unwrap_or_default();
    let evidence = sentence![code, " ", theirs(text(reply, "codeName")), ": ", theirs(text(reply, "errmsg"))];
    let fault = if is_overload(reply) { overloaded() } else { cause_of(check, code, refused) };
    Some(fault.evidence(evidence))
}

fn cause_of(check: &Mongodb, code: i64, refused: Refused) -> Fault {
    let user = check.login.as_ref().map_or("", |login| &login.user);
    match (code, refused) {
        // UserNotFound, AuthenticationFailed; Atlas has 8000 for all that its proxies refuse.
        (11 | 18, _) | (8000, Refused::Login) => rejected(check, user),
        // Unauthorized
        (13, _) if check.login.is_none() => Fault::new(
            Cause::Required,
            sentence!["the server wants a login for ", &check.database, ", but none is configured"],
        )
        .at(Phase::Auth),
        (13, Refused::Command) => {
            let message =
                sentence![theirs(user), " is logged in, but may do nothing in the database ", &check.database];
            Fault::new(Cause::PermissionDenied, message)
                .at(Phase::Request)
                .next_step("grant this user a role in that database, or correct `database`")
        }
        // InvalidNamespace
        (73, Refused::Command) => Fault::new(
            Cause::NoSuchDatabase,
            sentence![&check.database, " cannot be the name of a database on this server"],
        ),
        // MechanismUnavailable
        (334, _) => Fault::new(Cause::MethodUnsupported, "the server does not offer SCRAM to this user")
            .at(Phase::Auth)
            .next_step("enable SCRAM-SHA-256 in authenticationMechanisms, and for this user"),
        // ShutdownInProgress, NotYetInitialized, PrimarySteppedDown, InterruptedAtShutdown,
        // InterruptedDueToReplStateChange, NotPrimaryOrSecondary
        (91 | 94 | 189 | 11600 | 11602 | 13436, _) => {
            Fault::new(Cause::NotReady, "the server is starting, recovering or shutting down").at(Phase::Protocol)
        }
        // SSLHandshakeFailed
        (141, _) => Fault::new(Cause::Required, "the server wants TLS on this port").at(Phase::Tls),
        // IngressRequestRateLimitExceeded
        (462, _) => overloaded(),
        // CommandNotFound
        (59, Refused::Hello) => Fault::new(Cause::UnsupportedVersion, "the server does not know the command hello"),
        (_, Refused::Login) => rejected(check, user).next_step("look at the server's log for why it refused the login"),
        (_, Refused::Hello | Refused::Command) => {
            Fault::new(Cause::UnexpectedReply, "the server refused a harmless command").at(Phase::Request)
        }
    }
}

fn rejected(check: &Mongodb, user: &str) -> Fault {
    let message =
        sentence!["the server rejects the user ", theirs(user), " or the password, looked up in ", &check.auth_source];
    Fault::new(Cause::Rejected, message)
        .at(Phase::Auth)
        .next_step("check user and password, and that auth_source is the database in which the user was created")
}

fn overloaded() -> Fault {
    Fault::new(Cause::Overloaded, "the server sheds load and takes no more work")
        .at(Phase::Protocol)
        .owner(Owner::Service)
}

/// Servers under load mark what a client may try again later.
fn is_overload(reply: &RawDocument) -> bool {
    let labels = reply.get_array("errorLabels").into_iter().flatten().flatten();
    labels.into_iter().any(|label| label.as_str() == Some("SystemOverloadedError"))
}
