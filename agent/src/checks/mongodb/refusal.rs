//! From the code of a refused command to the one cause that it means
//! (<https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>).

use super::Mongodb;
use super::message::{number, text};
use super::options::Mechanism;
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
    let errmsg = text(reply, "errmsg").to_lowercase();
    let fault = if is_overload(reply) { overloaded() } else { cause_of(check, code, &errmsg, refused) };
    Some(fault.evidence(evidence))
}

fn cause_of(check: &Mongodb, code: i64, said: &str, refused: Refused) -> Fault {
    let user = check.login.as_ref().map_or("", |login| &login.user);
    match (code, refused) {
        // UserNotFound, AuthenticationFailed; Atlas has 8000 for all that its proxies refuse.
        (11 | 18, _) => rejected(check, user),
        (8000, _) if said.contains("auth") && !said.contains("authoriz") => rejected(check, user),
        (8000, Refused::Command) if said.contains("not authorized") || said.contains("not allowed") => {
            not_permitted(check, user)
        }
        // Unauthorized, and `requires authentication` where the login comes first.
        (13, _) if !check.has_login() => Fault::new(
            Cause::Required,
            sentence!["the server wants a login for ", &check.database, ", but none is configured"],
        )
        .at(Phase::Auth),
        (13, Refused::Command) => not_permitted(check, user),
        // InvalidNamespace
        (73, Refused::Command) => Fault::new(
            Cause::NoSuchDatabase,
            sentence![&check.database, " cannot be the name of a database on this server"],
        ),
        // MechanismUnavailable; BadValue is what servers before 4.2 and relatives have for it.
        (334, _) => no_mechanism(check),
        (2, Refused::Login) if said.contains("mechanism") => no_mechanism(check),
        // ShutdownInProgress, NotYetInitialized, PrimarySteppedDown, InterruptedAtShutdown,
        // InterruptedDueToReplStateChange, NotPrimaryOrSecondary
        (91 | 94 | 189 | 11600 | 11602 | 13436, _) => {
            Fault::new(Cause::NotReady, "the server is starting, recovering or shutting down").at(Phase::Protocol)
        }
        // HostUnreachable, HostNotFound, NetworkTimeout, FailedToSatisfyReadPreference
        (6 | 7 | 89 | 133, _) => {
            Fault::new(Cause::NotReady, "the router reaches no fitting member of a shard behind it")
                .at(Phase::Protocol)
                .next_step("look at mongos' log, and at the members of its shards")
        }
        // NotWritablePrimary, NotPrimaryNoSecondaryOk
        (10107 | 13435, _) => {
            Fault::new(Cause::ReadOnly, "the member that answers is not the primary").at(Phase::Request)
        }
        // ExceededTimeLimit, MaxTimeMSExpired
        (50 | 262, _) => Fault::new(Cause::Timeout, "the server itself gave up in its own time limit"),
        // SSLHandshakeFailed
        (141, _) if check.tls.is_none() => {
            Fault::new(Cause::Required, "the server wants TLS on this port").at(Phase::Tls)
        }
        // IngressRequestRateLimitExceeded; Cosmos DB's TooManyRequests (429 over HTTP)
        (462, _) => overloaded(),
        (16500, _) => overloaded().next_step("give the account more request units, or let its clients ask for less"),
        // CommandNotFound
        (59, Refused::Hello) => Fault::new(Cause::UnsupportedVersion, "the server does not know the command hello"),
        // CommandNotFound, CommandNotSupported, NotImplemented: of a relative of MongoDB.
        (59 | 115 | 238 | 303, _) => Fault::new(Cause::UnexpectedReply, "the server lacks a command that MongoDB has")
            .at(Phase::Request)
            .owner(Owner::Config)
            .next_step("see what this service supports of MongoDB; a tcp check tells whether it is there"),
        (_, Refused::Login) => {
            Fault::new(Cause::UnexpectedReply, "the server refuses the login, for the reason that it names")
                .at(Phase::Request)
                .next_step("go by the server's words; its log may have more")
        }
        (_, Refused::Hello | Refused::Command) => {
            Fault::new(Cause::UnexpectedReply, "the server refused a harmless command, for the reason that it names")
                .at(Phase::Request)
                .next_step("go by the server's words; its log may have more")
        }
    }
}

fn not_permitted(check: &Mongodb, user: &str) -> Fault {
    let user = if user.is_empty() { "the certificate's user".into() } else { theirs(user) };
    let message = sentence![user, " is logged in, but may do nothing in the database ", &check.database];
    Fault::new(Cause::PermissionDenied, message)
        .at(Phase::Request)
        .next_step("grant this user a role in that database, or correct `database`")
}

fn no_mechanism(check: &Mongodb) -> Fault {
    let next_step = match check.mechanism {
        Mechanism::Scram => "enable SCRAM-SHA-256 in authenticationMechanisms, and for this user",
        Mechanism::X509 => "enable MONGODB-X509 in authenticationMechanisms; or log in by `username` and `password`",
    };
    Fault::new(Cause::MethodUnsupported, "the server does not offer this login to this user")
        .at(Phase::Auth)
        .next_step(next_step)
}

fn rejected(check: &Mongodb, user: &str) -> Fault {
    if check.mechanism == Mechanism::X509 {
        return Fault::new(Cause::Rejected, "the server knows no user by the subject of the client certificate")
            .at(Phase::Auth)
            .next_step("create the user in $external, by the certificate's subject as RFC 2253 writes it; or use another certificate");
    }
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
