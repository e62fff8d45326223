//! What a broker means by closing a connection or a channel: the reply codes of AMQP 0-9-1 section
//! 1.2, and `RabbitMQ`'s fixed texts where one code has several causes.

use crate::checks::roundtrip::full;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::remedy::rabbitmq;
use crate::secret::{Sentence, sentence, theirs};
use lapin::protocol::{AMQPErrorKind as Kind, AMQPHardError as Hard, AMQPSoftError as Soft};
use lapin::types::ShortString;

/// The broker closed the connection or the channel, and said why.
#[derive(Debug)]
pub(super) struct CloseReason {
    code: u16,
    text: String,
}

impl CloseReason {
    pub(super) fn new(code: u16, text: ShortString) -> Self {
        Self { code, text: text.into() }
    }

    /// As its answer to a login.
    pub(super) fn of_login(self, user: &str) -> Fault {
        match self.kind() {
            Some(Kind::Soft(Soft::ACCESSREFUSED)) if self.text.contains("can only connect via localhost") => {
                Fault::new(Cause::HostNotAllowed, sentence!["`", theirs(user), "` may log in from the broker's own host only"])
                    .next_step("use an account of the application's own; or let this user in from elsewhere (RabbitMQ: loopback_users)")
                    .evidence(self.evidence())
            }
            Some(Kind::Soft(Soft::ACCESSREFUSED)) => {
                rejected(user, "the broker refuses the login").evidence(self.evidence())
            }
            // A rule of the broker's own, which only its words can tell.
            Some(Kind::Hard(Hard::NOTALLOWED)) => {
                Fault::new(Cause::Rejected, sentence!["the broker does not let `", theirs(user), "` in, and says why in its own words"])
                    .next_step("read the broker's words, and look at its log: limits and rules of users")
                    .evidence(self.evidence())
            }
            _ => self.of_connection(),
        }
    }

    /// As its answer to entering a virtual host.
    pub(super) fn of_vhost(self, vhost: &str, user: &str) -> Fault {
        let fault = match self.kind() {
            Some(Kind::Hard(Hard::NOTALLOWED)) => not_allowed(&self.text, vhost, user),
            Some(Kind::Hard(Hard::INVALIDPATH) | Kind::Soft(Soft::NOTFOUND)) => no_such_vhost(vhost),
            Some(Kind::Soft(Soft::ACCESSREFUSED)) => no_access(vhost, user),
            _ => return self.of_connection(),
        };
        fault.evidence(self.evidence())
    }

    /// As its answer to the passive declaration of a queue or an exchange: `what`, with its name.
    pub(super) fn of_declaration(self, what: &str, vhost: &str, user: &str) -> Fault {
        let fault = match self.kind() {
            // A queue of RabbitMQ's whose node is gone is there, and has the code of one that is not.
            Some(Kind::Soft(Soft::NOTFOUND)) if self.text.contains(" is down or inaccessible") => {
                Fault::new(Cause::NotReady, sentence!["the node that has the ", theirs(&what), " is down"])
                    .next_step("look at the nodes of the broker's cluster")
                    .at(Phase::Protocol)
            }
            Some(Kind::Soft(Soft::NOTFOUND)) => Fault::new(
                Cause::NoSuchQueue,
                sentence!["there is no ", theirs(&what), " in the vhost `", theirs(vhost), "`"],
            ),
            Some(Kind::Soft(Soft::ACCESSREFUSED)) => Fault::new(
                Cause::PermissionDenied,
                sentence!["`", theirs(user), "` may not ask for the ", theirs(&what)],
            ),
            Some(Kind::Soft(Soft::RESOURCELOCKED)) => Fault::new(
                Cause::PermissionDenied,
                sentence![
                    "the ",
                    theirs(&what),
                    " belongs to another connection exclusively, which alone can see its figures"
                ],
            )
            .owner(Owner::Config)
            .next_step("leave min_consumers and max_messages out for an exclusive queue"),
            _ => return self.of_connection(),
        };
        fault.evidence(self.evidence())
    }

    /// As its answer to a part of the round trip: what this user may not do.
    pub(super) fn of_roundtrip(self, what: &'static str, vhost: &str, user: &str) -> Fault {
        if self.text.contains("queue limit in ") {
            return full("the virtual host takes no more queues")
                .next_step("raise the limit of the virtual host, or see who leaves queues behind")
                .evidence(self.evidence());
        }
        if !matches!(self.kind(), Some(Kind::Soft(Soft::ACCESSREFUSED))) {
            return self.of_connection();
        }
        let message = sentence!["`", theirs(user), "` may not ", what, ", in the vhost `", theirs(vhost), "`"];
        Fault::new(Cause::PermissionDenied, message)
            .next_step(
                "let the user configure, write and read `amq\\.gen.*`, and write `amq\\.default` (rabbitmqctl set_permissions); or \
                 leave `roundtrip` out",
            )
            .remedy(rabbitmq::see_permissions(vhost))
            .evidence(self.evidence())
    }

    /// As its answer to the use of a queue or an exchange: `what`, with its name.
    pub(super) fn of_use(self, what: &str, vhost: &str, user: &str) -> Fault {
        match self.kind() {
            Some(Kind::Soft(Soft::ACCESSREFUSED)) => Fault::new(
                Cause::PermissionDenied,
                sentence!["`", theirs(user), "` may not do that to the ", theirs(&what)],
            )
            .next_step("give this user the permission that the broker's words name (RabbitMQ: configure, write, read)")
            .evidence(self.evidence()),
            _ => self.of_declaration(what, vhost, user),
        }
    }

    /// Whether what was asked for is not there.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self.kind(), Some(Kind::Soft(Soft::NOTFOUND))) && !self.text.contains(" is down or inaccessible")
    }

    /// Whether a queue is there and is another connection's own.
    pub(super) fn is_lock(&self) -> bool {
        matches!(self.kind(), Some(Kind::Soft(Soft::RESOURCELOCKED)))
    }

    /// By the code alone: what a broker may say at any time. A code that is not one of those is told in the broker's own
    /// words, which claim nothing.
    pub(super) fn of_connection(self) -> Fault {
        let fault = match self.kind() {
            Some(Kind::Hard(Hard::CONNECTIONFORCED)) => {
                Fault::new(Cause::NotReady, "the broker closes its connections: it is shutting down, or was told to")
            }
            Some(Kind::Hard(Hard::INTERNALERROR)) => {
                Fault::new(Cause::NotReady, "the broker has an internal error").next_step("look at the broker's log")
            }
            Some(Kind::Hard(Hard::RESOURCEERROR)) => {
                Fault::new(Cause::Overloaded, "the broker has no resources left for this connection")
                    .next_step("look at the broker's log, and at its limits and alarms")
            }
            Some(Kind::Hard(Hard::NOTIMPLEMENTED)) => {
                Fault::new(Cause::UnsupportedVersion, "the broker does not know this part of AMQP 0-9-1")
                    .next_step("look at what the broker supports, and at its version")
            }
            Some(Kind::Hard(
                Hard::FRAMEERROR
                | Hard::SYNTAXERROR
                | Hard::COMMANDINVALID
                | Hard::CHANNELERROR
                | Hard::UNEXPECTEDFRAME,
            )) => Fault::new(Cause::Malformed, "the broker did not understand the check, and says so")
                .next_step("look at the broker's log and version, and for a proxy before it that cuts what is sent"),
            _ => return self.in_its_words(),
        };
        fault.evidence(self.evidence()).at(Phase::Protocol)
    }

    /// A refusal of which the broker alone knows the reason; whose it is follows from the class of its code.
    fn in_its_words(self) -> Fault {
        let owner = match self.kind() {
            Some(Kind::Soft(Soft::ACCESSREFUSED)) => Owner::Credentials,
            Some(Kind::Hard(Hard::INVALIDPATH) | Kind::Soft(Soft::NOTFOUND | Soft::PRECONDITIONFAILED)) => {
                Owner::Config
            }
            _ => Owner::Service,
        };
        Fault::new(
            Cause::UnexpectedReply,
            sentence!["the broker closed with reply code ", self.code, ", and says why in its own words"],
        )
        .owner(owner)
        .next_step("read the broker's words, and look at its log")
        .evidence(self.evidence())
        .at(Phase::Request)
    }

    fn kind(&self) -> Option<Kind> {
        Kind::from_id(self.code)
    }

    fn evidence(&self) -> String {
        format!("{} {}", self.code, self.text)
    }
}

/// A login that was not accepted, as far as a broker tells. `RabbitMQ` says no more to `guest` from
/// elsewhere than to a wrong password: the reason is in its log only.
pub(super) fn rejected(user: &str, what: &str) -> Fault {
    if user == "guest" {
        // Its name is its password, as a rule, and shown as `***`.
        return Fault::new(
            Cause::Rejected,
            sentence![
                theirs(&what),
                " of its default user: wrong password, or one that works on the broker's own host only"
            ],
        )
        .next_step("use an account of the application's own: RabbitMQ lets guest in from its own host only");
    }
    Fault::new(Cause::Rejected, sentence![theirs(&what), " of `", theirs(user), "`: wrong user or password"])
}

/// Reply code 530, by the texts of `RabbitMQ` (`rabbit_reader.erl`, `rabbit_access_control.erl`) and of `LavinMQ`
/// (`amqp/connection_factory.cr`), which does not name the user in all of them.
fn not_allowed(text: &str, vhost: &str, user: &str) -> Fault {
    let text = text.strip_prefix("NOT_ALLOWED - ").unwrap_or(text);
    let denied = format!("access to vhost '{vhost}' refused for user '{user}'");
    let full = |whose: Sentence| {
        Fault::new(Cause::Overloaded, sentence![whose, " has reached its connection limit"]).at(Phase::Protocol)
    };
    if text == format!("vhost {vhost} not found") || text == "vhost not found" {
        return no_such_vhost(vhost);
    }
    if text == format!("'{user}' doesn't have access to '{vhost}'") {
        return no_access(vhost, user);
    }
    if text.starts_with(&format!("access to vhost '{vhost}' refused: connection limit (")) {
        return full(sentence!["the vhost `", theirs(vhost), "`"]);
    }
    if text.starts_with("connection refused: node connection limit (") {
        return full("the broker".into());
    }
    if text.starts_with(&format!("connection refused for user '{user}': user connection limit (")) {
        return full(sentence!["the user `", theirs(user), "`"]);
    }
    match text.strip_prefix(&denied) {
        Some(rest) if rest.starts_with(": connection limit (") => full(sentence!["the vhost `", theirs(vhost), "`"]),
        Some(rest) if rest.starts_with(": vhost ") && rest.ends_with(" is down") => {
            Fault::new(Cause::NotReady, sentence!["the vhost `", theirs(vhost), "` is down"])
                .next_step("look at the broker's log, and restart the vhost (rabbitmqctl restart_vhost)")
                .at(Phase::Protocol)
        }
        // Nothing more, or which of its authorities said so.
        Some(_) => no_access(vhost, user),
        None => Fault::new(
            Cause::PermissionDenied,
            sentence![
                "the broker does not let `",
                theirs(user),
                "` into the vhost `",
                theirs(vhost),
                "`: it does not exist, or the user has no permission"
            ],
        )
        .next_step("check the vhost's name, then this user's permissions on it"),
    }
}

fn no_such_vhost(vhost: &str) -> Fault {
    Fault::new(Cause::NoSuchVhost, sentence!["the vhost `", theirs(vhost), "` does not exist"])
}

fn no_access(vhost: &str, user: &str) -> Fault {
    Fault::new(
        Cause::PermissionDenied,
        sentence!["`", theirs(user), "` has no access to the vhost `", theirs(vhost), "`"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Redactor;

    fn code(phase: Phase, fault: Fault) -> &'static str {
        fault.in_phase(phase, &Redactor::new()).code.name
    }

    fn of_vhost(reply_code: u16, text: &str) -> &'static str {
        code(Phase::Request, CloseReason::new(reply_code, text.into()).of_vhost("app", "bob"))
    }

    /// What Debian's 3.10 says is asked of it in the tests; this is of others.
    #[test]
    fn refusals_of_a_vhost_by_other_brokers() {
        let cases = [
            (530, "NOT_ALLOWED - connection refused: node connection limit (5000) is reached", "protocol.overloaded"),
            (
                530,
                "NOT_ALLOWED - access to vhost 'app' refused for user 'bob' by backend x",
                "request.permission-denied",
            ),
            (
                530,
                "NOT_ALLOWED - access to vhost 'app' refused for user 'bob': vhost 'app' is down",
                "protocol.not-ready",
            ),
            (530, "NOT_ALLOWED - vhost other not found", "request.permission-denied"),
            (530, "NOT_ALLOWED", "request.permission-denied"),
            (402, "INVALID_PATH", "request.no-such-vhost"),
            (403, "ACCESS_REFUSED", "request.permission-denied"),
            (320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", "protocol.not-ready"),
            (506, "RESOURCE_ERROR", "protocol.overloaded"),
            (541, "INTERNAL_ERROR", "protocol.not-ready"),
            (540, "NOT_IMPLEMENTED", "protocol.unsupported-version"),
            (501, "FRAME_ERROR", "protocol.malformed"),
            (999, "", "request.unexpected-reply"),
        ];
        for (reply_code, text, wanted) in cases {
            assert_eq!(of_vhost(reply_code, text), wanted, "{reply_code} {text}");
        }
    }

    #[test]
    fn names_in_a_text_are_not_taken_for_the_text() {
        let fault = CloseReason::new(530, "NOT_ALLOWED - vhost : connection limit ( not found".into());
        assert_eq!(code(Phase::Request, fault.of_vhost(": connection limit (", "bob")), "request.no-such-vhost");
    }

    #[test]
    fn what_only_the_broker_knows_has_an_owner_by_its_class() {
        for (code, owner) in [
            (403, Owner::Credentials),
            (406, Owner::Config),
            (402, Owner::Config),
            (530, Owner::Service),
            (999, Owner::Service),
        ] {
            let failure =
                CloseReason::new(code, "its words".into()).of_connection().in_phase(Phase::Auth, &Redactor::new());
            assert_eq!((failure.code.name, failure.owner), ("request.unexpected-reply", owner), "{code}");
            assert!(failure.evidence.is_some_and(|told| told.ends_with("its words")), "{code}");
            assert!(!failure.next_step.contains("wait"), "{code}");
        }
    }

    #[test]
    fn a_queue_whose_node_is_down_is_there() {
        let text = "NOT_FOUND - home node 'rabbit@b' of durable queue 'orders' in vhost '/' is down or inaccessible";
        let fault = CloseReason::new(404, text.into()).of_declaration("queue `orders`", "/", "bob");
        assert_eq!(code(Phase::Request, fault), "protocol.not-ready");
    }

    #[test]
    fn refusals_of_a_login() {
        let refused =
            || CloseReason::new(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.".into());
        assert_eq!(code(Phase::Auth, refused().of_login("bob")), "auth.rejected");
        let words = "ACCESS_REFUSED - PLAIN login refused: user 'guest' can only connect via localhost";
        assert_eq!(code(Phase::Auth, CloseReason::new(403, words.into()).of_login("guest")), "auth.host-not-allowed");
        let guest = refused().of_login("guest").in_phase(Phase::Auth, &Redactor::new());
        assert!(guest.message.ends_with("on the broker's own host only"), "{}", guest.message);
        assert_eq!(
            code(Phase::Auth, CloseReason::new(541, "INTERNAL_ERROR".into()).of_login("bob")),
            "protocol.not-ready"
        );
    }
}
