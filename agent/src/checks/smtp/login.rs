//! What a refusal of a login means (RFC 4954, section 6), with the enhanced codes and words of providers that have their
//! own: Google, Microsoft, SES, `SendGrid`.

use super::reason::{Reason, words_of};
use super::refusal::{Side, later, login_behind_tls, not_from_here, unfit};
use super::reply::Reply;
use crate::fault::{Cause, Fault, Owner, Phase};

/// What the answer to a login means.
pub(super) fn no_login(reply: &Reply, reason: Option<Reason>, side: Side) -> Fault {
    let words = words_of(reply);
    let has = |known: &[&str]| known.iter().any(|known| words.contains(known));
    match (reply.code(), reply.enhanced()) {
        (421, _) => Fault::new(
            Cause::Overloaded,
            "the mail server ends the session at the login: it is busy, or has had enough attempts",
        )
        .next_step("see why in the mail server's log: limits, load, logins that failed before")
        .at(Phase::Protocol),
        _ if reason == Some(Reason::Tls) => login_behind_tls(side),
        _ if matches!(reason, Some(Reason::Host | Reason::ReverseDns)) => not_from_here(),
        _ if has(SWITCHED_OFF) => switched_off(),
        (_, Some((7, 139))) => of_organisation(&words),
        (_, Some((7, 14))) => browser_first(),
        (_, Some((7, 9))) | (534, _) if has(APPLICATION_PASSWORD) => application_password(),
        (_, Some((7, 12 | 13))) | (525, _) | (432, None | Some((7, _))) => locked(),
        _ if has(ATTEMPTS) => {
            Fault::new(Cause::Locked, "the mail server has had too many logins, and takes none for now").next_step(
                "wait some minutes; look for a program that logs in with an old password, or for each mail anew",
            )
        }
        _ if has(LOCKED) => locked(),
        _ if has(ACCOUNT_LIMIT) || reason == Some(Reason::Limit) => {
            Fault::new(Cause::Overloaded, "a limit of the account or of the mail server is reached")
                .next_step("look at the account's limits and plan with whoever runs the mail server")
                .at(Phase::Protocol)
        }
        (..500, _) => later("the mail server cannot verify logins for now")
            .next_step("look at the authentication service behind the mail server"),
        (_, Some((7, 8))) | (535, _) => Fault::new(Cause::Rejected, "the mail server rejects this user or password"),
        (500 | 502 | 504 | 534, _) => {
            Fault::new(Cause::MethodUnsupported, "the mail server does not take this kind of login")
        }
        (503, _) => Fault::new(Cause::MethodUnsupported, "the mail server takes no login at this point")
            .owner(Owner::Service)
            .next_step(
                "read the server's words, and its log: logins may be switched off, or be for another port (587)",
            ),
        (501, _) => unfit("the mail server did not understand the login"),
        _ => Fault::new(Cause::Rejected, "the mail server refuses the login, and says why in its own words").next_step(
            "read the server's words, and its log: they say whether it is about the user, the password or a rule",
        ),
    }
}

/// Logins are not to be had at all, whoever asks.
const SWITCHED_OFF: &[&str] = &[
    "smtpclientauthentication is disabled",
    "smtp auth is disabled",
    "smtp authentication is disabled",
    "basic authentication is disabled",
    "basic authentication has been disabled",
    "authentication not enabled",
    "authentication is not enabled",
    "auth not enabled",
    "auth command used when not advertised",
];

/// A password that was made for one program is wanted.
const APPLICATION_PASSWORD: &[&str] = &[
    "application specific password",
    "app specific password",
    "app password",
    "application password",
    "second factor",
    "2 step",
    "invalidsecondfactor",
];

const ATTEMPTS: &[&str] = &[
    "too many login",
    "too many bad auth",
    "too many auth",
    "too many failed",
    "too many invalid",
    "too many attempts",
];

const LOCKED: &[&str] = &[
    "account is disabled",
    "account disabled",
    "account has been disabled",
    "user disabled",
    "account is locked",
    "account locked",
    "account suspended",
    "account is suspended",
    "password expired",
    "password has expired",
];

const ACCOUNT_LIMIT: &[&str] = &["credits exceeded", "messaging limits", "quota exceeded"];

fn switched_off() -> Fault {
    Fault::new(
        Cause::MethodUnsupported,
        "logins with a user and a password are switched off for this mailbox or this server",
    )
    .owner(Owner::Service)
    .next_step(
        "have them switched on (Microsoft 365: SmtpClientAuthenticationDisabled of the tenant and of the mailbox), or \
             log in with a token (auth_mechanism: xoauth2)",
    )
}

/// Microsoft's 5.7.139, which has several causes.
fn of_organisation(words: &str) -> Fault {
    if words.contains("credentials were incorrect") {
        return Fault::new(Cause::Rejected, "the mail server rejects this user or password");
    }
    Fault::new(Cause::Locked, "a rule of the organisation does not let this user log in like this").next_step(
        "read the server's words: security defaults, conditional access and multi-factor rules refuse a password",
    )
}

fn application_password() -> Fault {
    Fault::new(Cause::Rejected, "the mail server wants an application password, not the user's own").next_step(
        "make an application password for this user with the provider, and set it here and in the application",
    )
}

fn browser_first() -> Fault {
    Fault::new(Cause::Rejected, "the provider does not trust this login, and wants the user in a web browser first")
        .next_step("log in once in a web browser, or make an application password for this user, and set that")
}

fn locked() -> Fault {
    Fault::new(Cause::Locked, "the mail server does not let this user in until somebody has looked at the account")
}
