//! What a refusal means: the reply codes of RFC 5321 (section 4.2.3), RFC 4954 (section 6), RFC 7504
//! and RFC 3207, split by the enhanced codes of RFC 3463 where one reply code has several causes.

use super::reply::Reply;
use crate::fault::{Cause, Fault, Owner, Phase};

/// What is being answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// The connection itself.
    Greeting,
    Hello,
    StartTls,
    /// AUTH, where a challenge is to follow.
    Challenge,
    /// The last command of a login.
    Login,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    Data,
    /// The mail itself.
    Content,
    Reset,
}

impl Stage {
    /// Whether a reply code is the one that was hoped for.
    pub(super) const fn accepts(self, code: u16) -> bool {
        match self {
            Self::Greeting | Self::StartTls => code == 220,
            Self::Challenge => code == 334,
            Self::Data => code == 354,
            _ => code / 100 == 2,
        }
    }
}

/// What a refusal means. The server's own words are the evidence.
pub(super) fn refusal(stage: Stage, reply: &Reply) -> Fault {
    let fault = match (reply.code(), stage) {
        (421, _) => Fault::new(Cause::Overloaded, "the mail server is not available now: it is busy, or shutting down")
            .next_step("see why in the mail server's log: connection limits, load, a shutdown")
            .at(Phase::Protocol),
        (..400 | 600.., _) => unfit("the mail server's reply does not fit the command"),
        (_, Stage::Greeting) => not_greeted(reply),
        (_, Stage::Hello) => unknown_here(reply),
        (_, Stage::StartTls) => {
            Fault::new(Cause::NotTls, "the mail server offers STARTTLS, but then does not start it")
                .owner(Owner::Service)
                .next_step("see the mail server's log: its certificate or key may be missing")
                .at(Phase::Tls)
        }
        _ if wants_tls(reply) => Fault::new(Cause::Required, "the mail server wants TLS first")
            .next_step("set use_tls: starttls, or true for the port with TLS from the first byte (465)")
            .at(Phase::Tls),
        (_, Stage::Challenge | Stage::Login) => no_login(reply),
        (530, _) => Fault::new(Cause::Required, "the mail server wants a login, but none is configured")
            .next_step("set username and password")
            .at(Phase::Auth),
        (_, Stage::Sender) => not_from(reply),
        (_, Stage::Recipient) => not_to(reply),
        (_, Stage::Data | Stage::Content) => no_mail(reply),
        (_, Stage::Reset) => unfit("the mail server does not reset a session"),
    };
    fault.evidence(reply.summary())
}

fn not_greeted(reply: &Reply) -> Fault {
    match reply.code() {
        521 | 556 => Fault::new(Cause::WrongService, "this host does not accept mail, and says so"),
        500.. => Fault::new(Cause::HostNotAllowed, "the mail server refuses this host before any command")
            .next_step("allow this host (the server's access rules, block lists), or use the server meant for it")
            .at(Phase::Auth),
        _ => later("the mail server is not available for now"),
    }
}

fn unknown_here(reply: &Reply) -> Fault {
    match reply.code() {
        500 | 502 => {
            Fault::new(Cause::UnsupportedVersion, "the mail server does not know EHLO (it is older than 1995)")
                .next_step("set helo_fallback: true, if there is no newer server")
        }
        530 => {
            Fault::new(Cause::WrongService, "this is an FTP server, not SMTP: it wants a login before anything else")
        }
        500.. => Fault::new(Cause::HostNotAllowed, "the mail server refuses this host, or the name that it gives")
            .next_step("give this host a full name that the DNS knows, or allow it on the mail server")
            .at(Phase::Auth),
        _ => later("the mail server is not available for now"),
    }
}

/// 538 is for this alone; 530 is shared with a missing login, and told from it by the code that RFC
/// 5248 registers (5.7.10, 5.7.11) or by RFC 3207's own text, `Must issue a STARTTLS command first`.
fn wants_tls(reply: &Reply) -> bool {
    let names_tls = matches!(reply.enhanced(), Some((7, 10 | 11))) || reply.mentions("starttls");
    reply.code() == 538 || (reply.code() >= 500 && names_tls)
}

fn no_login(reply: &Reply) -> Fault {
    match (reply.code(), reply.enhanced()) {
        (432 | 525, _) | (_, Some((7, 13))) => Fault::new(
            Cause::Locked,
            "the mail server does not let this user in until somebody has looked at the account",
        ),
        (..500, _) => later("the mail server cannot verify logins for now")
            .next_step("look at the authentication service behind the mail server"),
        (500 | 502 | 503 | 504 | 534, _) => {
            Fault::new(Cause::MethodUnsupported, "the mail server does not take this kind of login")
        }
        (501, _) => unfit("the mail server did not understand the login"),
        _ => Fault::new(Cause::Rejected, "the mail server rejects this user or password"),
    }
}

fn not_from(reply: &Reply) -> Fault {
    match (reply.code(), reply.enhanced()) {
        (500.., _) => Fault::new(Cause::SenderRefused, "the mail server refuses from_address"),
        (_, Some((1 | 7, _))) => Fault::new(Cause::SenderRefused, "the mail server refuses from_address for now"),
        _ => later("the mail server accepts no mail for now"),
    }
}

fn not_to(reply: &Reply) -> Fault {
    match (reply.code(), reply.enhanced()) {
        (500.., _) => Fault::new(Cause::RecipientRefused, "the mail server refuses to_address"),
        // Greylisting among them: it takes the second attempt, some minutes later.
        (_, Some((1 | 2 | 7, _))) | (450, None) => {
            Fault::new(Cause::RecipientRefused, "the mail server refuses to_address for now")
        }
        _ => later("the mail server accepts no mail for now"),
    }
}

fn no_mail(reply: &Reply) -> Fault {
    match (reply.code(), reply.enhanced()) {
        (_, Some((2, _))) => Fault::new(Cause::RecipientRefused, "the mailbox of to_address does not accept mail"),
        (500.., _) => Fault::new(Cause::PermissionDenied, "the mail server refuses the mail itself").next_step(
            "see which rule of the mail server it breaks (size, content, sender), and change the mail or the rule",
        ),
        _ => later("the mail server accepts no mail for now"),
    }
}

fn later(message: &'static str) -> Fault {
    Fault::new(Cause::NotReady, message).next_step("see the mail server's log if that goes on").at(Phase::Protocol)
}

fn unfit(message: &'static str) -> Fault {
    Fault::new(Cause::Malformed, message).at(Phase::Protocol)
}
