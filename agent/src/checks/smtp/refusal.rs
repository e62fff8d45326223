//! What a refusal means: the reply codes of RFC 5321 (section 4.2.3), RFC 4954 (section 6), RFC 7504 and RFC 3207. What it
//! is about is told by the enhanced codes of RFC 3463 and the server's words ([`Reason`]), and only where neither says so
//! by what was being answered.

use super::login::no_login;
use super::reason::{Reason, words_of};
use super::reply::Reply;
use crate::fault::{Cause, Fault, Owner, Phase};

/// What is being answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// The connection itself.
    Greeting,
    Hello,
    /// HELO, after a no to EHLO.
    Fallback,
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

/// What we did so far: a reply is an answer to that too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    /// There is TLS on the connection.
    pub(super) encrypted: bool,
    pub(super) login: LoginState,
}

/// How it stands with the login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum LoginState {
    /// None is configured.
    #[default]
    None,
    /// One is configured, and the server has offered none.
    NotOffered,
    /// The server has accepted it.
    Done,
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
pub(super) fn refusal(stage: Stage, reply: &Reply, side: Side) -> Fault {
    let reason = Reason::of(reply);
    let fault = match (reply.code(), stage) {
        (..400 | 600.., _) => unfit("the mail server's reply does not fit the command"),
        (538, _) => tls_first(side),
        (_, Stage::Challenge | Stage::Login) => no_login(reply, reason, side),
        (_, Stage::StartTls) => at_stage(stage, reply, None, side),
        _ => match reason {
            Some(Reason::Host) => not_this_host(stage),
            Some(Reason::ReverseDns) => no_reverse_dns(),
            Some(Reason::Tls) => tls_first(side),
            Some(Reason::Login) => login_first(side),
            Some(Reason::Greylisted) => greylisted(),
            _ if reply.code() == 421 => leaves(),
            _ => at_stage(stage, reply, reason, side),
        },
    };
    fault.evidence(reply.summary())
}

/// What is left: of the mail and its addresses, or told by nothing but the stage.
fn at_stage(stage: Stage, reply: &Reply, reason: Option<Reason>, side: Side) -> Fault {
    match (stage, reason) {
        (_, Some(Reason::Limit)) => limit(),
        (_, Some(Reason::Trouble)) => later("the mail server has trouble of its own, and accepts nothing for now"),
        (Stage::Greeting, _) => not_greeted(reply),
        (Stage::Hello | Stage::Fallback, _) => unknown_here(stage, reply, side),
        (Stage::StartTls, _) if reply.code() == 421 => leaves(),
        (Stage::StartTls, _) => {
            Fault::new(Cause::NotTls, "the mail server offers STARTTLS, but then does not start it")
                .owner(Owner::Service)
                .next_step("see the mail server's log: its certificate or key may be missing")
                .at(Phase::Tls)
        }
        (_, Some(Reason::SenderPolicy)) => not_for_this_sender(),
        (_, Some(Reason::Sender)) => Fault::new(Cause::SenderRefused, "the mail server refuses from_address"),
        (_, Some(Reason::Recipient)) => not_to(stage),
        (_, Some(Reason::Content)) => no_mail(),
        _ if reply.code() == 530 => login_first(side),
        (Stage::Sender, _) => {
            unclear(reply, Cause::SenderRefused, "the mail server refuses the mail at its sender, from_address")
        }
        (Stage::Recipient, _) => {
            unclear(reply, Cause::RecipientRefused, "the mail server refuses the mail at its recipient, to_address")
        }
        _ if reply.code() < 500 => later("the mail server accepts no mail for now"),
        _ => no_mail(),
    }
}

/// 421, which a server says to anything when it goes.
fn leaves() -> Fault {
    Fault::new(Cause::Overloaded, "the mail server is not available now: it is busy, or shutting down")
        .next_step("see why in the mail server's log: connection limits, load, a shutdown")
        .at(Phase::Protocol)
}

fn limit() -> Fault {
    Fault::new(Cause::Overloaded, "a limit of the mail server is reached: of connections, mails or attempts")
        .next_step("see which limit the server's words name, and who uses it up; it ends by itself as a rule, later")
        .at(Phase::Protocol)
}

fn not_this_host(stage: Stage) -> Fault {
    let message = match stage {
        Stage::Greeting => "the mail server refuses this host before any command",
        _ => "the mail server refuses this host, or the name that it gives",
    };
    Fault::new(Cause::HostNotAllowed, message)
        .next_step(
            "the server's words say what it has against this host: its name in EHLO (a full one that the DNS knows), its \
             address, or a block list that has it; else allow it on the mail server",
        )
        .at(Phase::Auth)
}

fn no_reverse_dns() -> Fault {
    Fault::new(Cause::HostNotAllowed, "the mail server wants this host's address to have a name in the DNS")
        .owner(Owner::Dns)
        .next_step("give this host's address a name in the DNS (PTR), and that name this address; or allow it on the mail server")
        .at(Phase::Auth)
}

fn not_for_this_sender() -> Fault {
    Fault::new(Cause::SenderRefused, "the mail server does not believe that this mail is from from_address' domain")
        .owner(Owner::Dns)
        .next_step(
            "let the domain's SPF record allow this host, or send through the domain's own mail server, which also signs \
             (DKIM, DMARC)",
        )
}

fn greylisted() -> Fault {
    Fault::new(
        Cause::RecipientRefused,
        "the mail server takes no mail from a stranger at the first attempt (greylisting)",
    )
    .next_step(
        "run the check again after some minutes; mail programs do so by themselves; else have this host exempted",
    )
}

fn not_to(stage: Stage) -> Fault {
    let message = match stage {
        Stage::Data | Stage::Content => "the mailbox of to_address does not accept mail",
        _ => "the mail server refuses to_address",
    };
    Fault::new(Cause::RecipientRefused, message)
}

fn no_mail() -> Fault {
    Fault::new(Cause::PermissionDenied, "the mail server refuses the mail itself").next_step(
        "see which rule of the mail server it breaks (size, content, sender), and change the mail or the rule",
    )
}

/// A refusal that does not say what it is about. For now, it is the server's own trouble, unless the code says that it is
/// not: one about addresses, mailboxes or policy, or 450, which is about a mailbox.
fn unclear(reply: &Reply, cause: Cause, message: &'static str) -> Fault {
    let of_this = matches!(reply.enhanced(), Some((1 | 2 | 7, _)))
        || (reply.code() == 450 && reply.enhanced().is_none() && cause == Cause::RecipientRefused);
    if reply.code() < 500 && !of_this {
        return later("the mail server accepts no mail for now");
    }
    let next_step = match cause {
        Cause::SenderRefused => {
            "read the server's words: as a rule they are about from_address, and may be about this host; its log says which rule it was"
        }
        _ => {
            "read the server's words: as a rule they are about to_address and relaying, and may be about from_address or \
             this host; its log says which rule it was"
        }
    };
    Fault::new(cause, message).next_step(next_step)
}

fn not_greeted(reply: &Reply) -> Fault {
    let is_policy = matches!(reply.enhanced(), Some((7, _)));
    match reply.code() {
        521 | 556 if !is_policy => Fault::new(Cause::WrongService, "this host does not accept mail, and says so"),
        500.. => Fault::new(Cause::HostNotAllowed, "the mail server takes no commands: it refuses in its greeting")
            .next_step(
                "read the server's words, and its log: access rules, block lists, a server that is closed to everybody",
            )
            .at(Phase::Auth),
        _ => later("the mail server is not available for now"),
    }
}

fn unknown_here(stage: Stage, reply: &Reply, side: Side) -> Fault {
    let words = words_of(reply);
    match reply.code() {
        500 | 502 if stage == Stage::Fallback => {
            Fault::new(Cause::UnsupportedVersion, "the mail server knows neither EHLO nor HELO")
                .next_step("see what listens there, and whether a firewall between changes commands of mail")
        }
        500 | 502 => {
            let message =
                "the mail server does not know EHLO: it is older than 1995, or a firewall between takes the word out";
            Fault::new(Cause::UnsupportedVersion, message)
                .next_step("look for a firewall that inspects mail (Cisco's does this); set helo_fallback: true, if there is no newer server")
        }
        530 if reply.enhanced().is_none() && words.contains("user") && words.contains("pass") => {
            Fault::new(Cause::WrongService, "this is an FTP server, not SMTP: it wants a login before anything else")
        }
        530 => login_first(side),
        500.. => not_this_host(Stage::Hello),
        _ => later("the mail server is not available for now"),
    }
}

/// The server wants TLS (RFC 3207, RFC 5248). With TLS on the connection it is somebody before the server who has it.
fn tls_first(side: Side) -> Fault {
    let fault = if side.encrypted {
        Fault::new(Cause::Required, "the mail server wants TLS, and does not see that there is TLS already")
            .owner(Owner::Service)
            .next_step("look for a proxy that ends TLS before the mail server, and let the server trust it; or use the port with STARTTLS")
    } else {
        Fault::new(Cause::Required, "the mail server wants TLS first")
            .next_step("set use_tls: starttls, or true for the port with TLS from the first byte (465)")
    };
    fault.at(Phase::Tls)
}

fn login_first(side: Side) -> Fault {
    let fault = match side.login {
        LoginState::None => Fault::new(Cause::Required, "the mail server wants a login, but none is configured")
            .next_step("set username and password"),
        LoginState::NotOffered if !side.encrypted => {
            Fault::new(Cause::Required, "the mail server wants a login, and offers none on this connection")
                .next_step("set use_tls: starttls, or use the port for clients (587, or 465 with TLS)")
        }
        LoginState::NotOffered => {
            Fault::new(Cause::Required, "the mail server wants a login, and offers none on this port")
                .next_step("use the port for clients (587, or 465 with TLS from the first byte)")
        }
        LoginState::Done => {
            Fault::new(Cause::PermissionDenied, "the mail server has taken the login, and wants another for this mail")
                .next_step("read the server's words: the user may not be allowed to send as from_address")
                .at(Phase::Request)
        }
    };
    if side.login == LoginState::Done { fault } else { fault.at(Phase::Auth) }
}

/// A server that serves nobody for now: it helps to wait.
pub(super) fn later(message: &'static str) -> Fault {
    Fault::new(Cause::NotReady, message).next_step("see the mail server's log if that goes on").at(Phase::Protocol)
}

pub(super) fn unfit(message: &'static str) -> Fault {
    Fault::new(Cause::Malformed, message).at(Phase::Protocol)
}

/// A host that the server does not let log in.
pub(super) fn not_from_here() -> Fault {
    not_this_host(Stage::Login)
}

/// The same for want of TLS.
pub(super) fn login_behind_tls(side: Side) -> Fault {
    tls_first(side)
}
