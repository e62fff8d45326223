//! What the result codes mean (RFC 4511, section 4.1.9 and appendix A), by what was asked and by whom.

use super::directory::Found;
use super::message::Outcome;
use super::policy::{Policy, Problem, reason_of_active_directory};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::remedy::{checks, slapd};
use crate::secret::{sentence, theirs};

const SUCCESS: u32 = 0;
const OPERATIONS_ERROR: u32 = 1;
const PROTOCOL_ERROR: u32 = 2;
const TIME_LIMIT_EXCEEDED: u32 = 3;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const AUTH_METHOD_NOT_SUPPORTED: u32 = 7;
const STRONGER_AUTH_REQUIRED: u32 = 8;
const REFERRAL: u32 = 10;
const ADMIN_LIMIT_EXCEEDED: u32 = 11;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const CONSTRAINT_VIOLATION: u32 = 19;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN_SYNTAX: u32 = 34;
const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
const INVALID_CREDENTIALS: u32 = 49;
const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;
const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;
const UNWILLING_TO_PERFORM: u32 = 53;
const OTHER: u32 = 80;

/// What the codes that a client like this may get are called.
const NAMES: [(u32, &str); 26] = [
    (SUCCESS, "success"),
    (OPERATIONS_ERROR, "operationsError"),
    (PROTOCOL_ERROR, "protocolError"),
    (TIME_LIMIT_EXCEEDED, "timeLimitExceeded"),
    (SIZE_LIMIT_EXCEEDED, "sizeLimitExceeded"),
    (AUTH_METHOD_NOT_SUPPORTED, "authMethodNotSupported"),
    (STRONGER_AUTH_REQUIRED, "strongerAuthRequired"),
    (REFERRAL, "referral"),
    (ADMIN_LIMIT_EXCEEDED, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (CONFIDENTIALITY_REQUIRED, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (18, "inappropriateMatching"),
    (CONSTRAINT_VIOLATION, "constraintViolation"),
    (NO_SUCH_OBJECT, "noSuchObject"),
    (33, "aliasProblem"),
    (INVALID_DN_SYNTAX, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (INAPPROPRIATE_AUTHENTICATION, "inappropriateAuthentication"),
    (INVALID_CREDENTIALS, "invalidCredentials"),
    (INSUFFICIENT_ACCESS_RIGHTS, "insufficientAccessRights"),
    (BUSY, "busy"),
    (UNAVAILABLE, "unavailable"),
    (UNWILLING_TO_PERFORM, "unwillingToPerform"),
    (54, "loopDetect"),
    (OTHER, "other"),
];

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client<'a> {
    /// `None` for nobody in particular.
    pub(super) user: Option<&'a str>,
    pub(super) encrypted: bool,
    /// The directory listens on a Unix socket, where there is no TLS.
    pub(super) over_socket: bool,
    /// The user is the one of the client certificate, or of the socket.
    pub(super) external: bool,
}

/// Judges the answer to STARTTLS.
pub(super) fn of_start_tls(outcome: &Outcome, logs_in: bool) -> Result<(), Fault> {
    // Where there is a login, doing without TLS is no advice.
    let or_plain = if logs_in { "" } else { ", or use_tls: false" };
    let fault = match outcome.code {
        SUCCESS => return Ok(()),
        PROTOCOL_ERROR => Fault::new(Cause::NotTls, "the directory offers no STARTTLS").next_step(sentence![
            "set use_tls: true and the port with TLS from the first byte (636)",
            or_plain,
            "; else give the server a certificate"
        ]),
        _ => not_serving(outcome).unwrap_or_else(|| {
            Fault::new(Cause::NotTls, "the directory knows STARTTLS and does not begin it")
                .owner(Owner::Service)
                .next_step("look at the directory's log: its certificate or key may be missing")
        }),
    };
    let phase = if fault.cause == Cause::NotTls { Phase::Tls } else { Phase::Protocol };
    Err(fault.evidence(outcome.summary()).at(phase))
}

/// What a notice of disconnection means.
pub(super) fn of_disconnection(outcome: &Outcome) -> Fault {
    let fault = match outcome.code {
        PROTOCOL_ERROR => Fault::new(Cause::Malformed, "the directory did not understand the request, and hangs up")
            .at(Phase::Protocol),
        _ => not_serving(outcome)
            .unwrap_or_else(|| Fault::new(Cause::Closed, "the directory hangs up, and gives notice of it")),
    };
    fault.evidence(outcome.summary())
}

impl<'a> Client<'a> {
    /// Judges the answer to a bind.
    pub(super) fn judge_bind(self, outcome: &Outcome, policy: Policy) -> Result<(), Fault> {
        let problem = match (outcome.code, policy.problem) {
            // Such a login leads nowhere: everything but a change of the password is refused.
            (SUCCESS, Some(Problem::MustChange)) | (INVALID_CREDENTIALS, Some(_)) => policy.problem,
            (SUCCESS, _) => return Ok(()),
            _ => None,
        };
        let fault = match problem {
            Some(problem) => self.not_let_in(Cause::Locked, problem.words()),
            None => not_serving(outcome)
                .or_else(|| self.too_weak(outcome))
                .unwrap_or_else(|| self.not_bound(outcome).placed(Phase::Auth)),
        };
        Err(fault.evidence(outcome.summary()))
    }

    /// Judges what a search of one entry brought.
    pub(super) fn judge_search(self, found: &Found, base: &str) -> Result<(), Fault> {
        let outcome = &found.outcome;
        let fault = match outcome.code {
            SUCCESS | SIZE_LIMIT_EXCEEDED if found.entry => return Ok(()),
            OPERATIONS_ERROR | UNWILLING_TO_PERFORM if self.user.is_none() => login_wanted(),
            _ => {
                not_serving(outcome).or_else(|| self.too_weak(outcome)).unwrap_or_else(|| self.not_found(outcome, base))
            }
        };
        Err(fault.evidence(outcome.summary()))
    }

    /// A bind that is refused for what the server is, or for who asks.
    fn not_bound(self, outcome: &Outcome) -> Fault {
        let name = self.name();
        match outcome.code {
            OPERATIONS_ERROR | OTHER => {
                Fault::new(Cause::NotReady, "the directory fails over the login, and says why in its own words")
                    .next_step("read the server's words, and look at its log, and at what it asks to verify logins")
            }
            PROTOCOL_ERROR => Fault::new(Cause::UnsupportedVersion, "the directory does not take version 3 of LDAP"),
            AUTH_METHOD_NOT_SUPPORTED if self.external => {
                Fault::new(Cause::MethodUnsupported, "the directory takes no SASL EXTERNAL from this client").next_step(
                    "see that the directory asks for client certificates and trusts the CA of this one (OpenLDAP: \
                 TLSVerifyClient, TLSCACertificateFile), and offers EXTERNAL",
                )
            }
            AUTH_METHOD_NOT_SUPPORTED => {
                Fault::new(Cause::MethodUnsupported, "the directory takes no simple bind (a user and a password)")
            }
            ADMIN_LIMIT_EXCEEDED => Fault::new(Cause::Overloaded, "a limit of the directory ended the login")
                .next_step("look at the directory's limits, and at its log"),
            INAPPROPRIATE_AUTHENTICATION | UNWILLING_TO_PERFORM if self.user.is_none() => login_wanted(),
            REFERRAL => {
                Fault::new(Cause::Rejected, sentence!["the directory sends ", theirs(name), " to another server"])
                    .owner(Owner::Config)
                    .next_step("point this check, and the application, to that server")
            }
            CONSTRAINT_VIOLATION => self.not_let_in(Cause::Locked, "after too many attempts, or until it is seen to"),
            INVALID_DN_SYNTAX => Fault::new(Cause::Rejected, sentence!["the user ", theirs(name), " is not a DN"])
                .owner(Owner::Config)
                .next_step(
                    "write a DN: uid=app,ou=people,dc=example,dc=com (user@domain is for Active Directory alone)",
                ),
            INAPPROPRIATE_AUTHENTICATION if !self.external => {
                self.not_let_in(Cause::Rejected, "the user has no password to log in with")
            }
            INVALID_CREDENTIALS | INAPPROPRIATE_AUTHENTICATION if self.external => {
                self.not_let_in(Cause::Rejected, "the directory knows nobody by it").next_step(
                    "see which user the directory takes from a certificate (OpenLDAP: authz-regexp), and its log",
                )
            }
            INVALID_CREDENTIALS => self.not_believed(outcome),
            UNWILLING_TO_PERFORM => self
                .not_let_in(Cause::Rejected, "the directory is not willing to")
                .next_step("the server's words say why: a disabled account, or simple binds that are switched off"),
            INSUFFICIENT_ACCESS_RIGHTS | NO_SUCH_OBJECT => {
                self.not_let_in(Cause::Rejected, "the directory refuses the login")
            }
            TIME_LIMIT_EXCEEDED => Fault::new(Cause::Timeout, "the directory's own limit of time ended the login")
                .next_step("look at the directory's log, and at what it asks to verify logins"),
            // Nothing is known of the user by it.
            _ => Fault::new(Cause::UnexpectedReply, "the directory refuses the login, for the reason that it names")
                .at(Phase::Request)
                .next_step("read the server's words, and look at its log"),
        }
    }

    fn not_believed(self, outcome: &Outcome) -> Fault {
        match reason_of_active_directory(&outcome.words) {
            Some((cause, reason)) => self.not_let_in(cause, reason),
            None => self.not_let_in(Cause::Rejected, "the user or the password is wrong"),
        }
    }

    /// A search that is refused for what the entry is, or for what the user may do.
    fn not_found(self, outcome: &Outcome, base: &str) -> Fault {
        let name = self.name();
        match outcome.code {
            SUCCESS => Fault::new(
                Cause::NoSuchEntry,
                sentence![theirs(base), " is not shown to ", theirs(name), ", and may not exist"],
            )
            .next_step("grant this user the right to read the entry; else check the base"),
            PROTOCOL_ERROR => {
                Fault::new(Cause::Malformed, "the directory did not understand the search").at(Phase::Protocol)
            }
            TIME_LIMIT_EXCEEDED => Fault::new(Cause::Timeout, "the directory's own limit of time ended the search"),
            REFERRAL => Fault::new(Cause::Redirected, sentence![theirs(base), " is in another directory"])
                .next_step("point this check, and the application, to that server"),
            NO_SUCH_OBJECT => Fault::new(
                Cause::NoSuchEntry,
                sentence![theirs(base), " does not exist, or is hidden from ", theirs(name)],
            ),
            INVALID_DN_SYNTAX => Fault::new(Cause::NoSuchEntry, sentence!["the base ", theirs(base), " is not a DN"])
                .next_step("write a DN: ou=people,dc=example,dc=com"),
            INSUFFICIENT_ACCESS_RIGHTS | UNWILLING_TO_PERFORM => self.not_permitted(base),
            _ => Fault::new(Cause::UnexpectedReply, sentence!["the directory refuses to search ", theirs(base)])
                .next_step("look at the server's words, and at its log"),
        }
    }

    fn not_permitted(self, base: &str) -> Fault {
        let fault =
            Fault::new(Cause::PermissionDenied, sentence![theirs(&self.name()), " may not read ", theirs(base)]);
        match self.user {
            Some(user) => fault.remedy(slapd::read_entry(user, base)),
            None => fault.next_step("set username (a DN) and password; else grant everybody the right to read it"),
        }
    }

    /// Codes for a connection or a login that is not strong enough.
    fn too_weak(self, outcome: &Outcome) -> Option<Fault> {
        Some(match outcome.code {
            STRONGER_AUTH_REQUIRED if self.user.is_none() => login_wanted(),
            STRONGER_AUTH_REQUIRED | CONFIDENTIALITY_REQUIRED if self.over_socket => {
                Fault::new(Cause::Required, "the directory wants TLS, also over its Unix socket, where there is none")
                    .next_step("write a host with `use_tls: true` in place of the socket; or have the directory take the socket for secure (OpenLDAP: localSSF, `security`)")
                    .at(Phase::Tls)
            }
            STRONGER_AUTH_REQUIRED | CONFIDENTIALITY_REQUIRED if !self.encrypted => {
                Fault::new(Cause::Required, "the directory wants TLS first")
                    .next_step("set use_tls: starttls, or true for the port with TLS from the first byte (636)")
                    .remedy(checks::use_tls("starttls"))
                    .at(Phase::Tls)
            }
            STRONGER_AUTH_REQUIRED => {
                Fault::new(Cause::MethodUnsupported, "the directory wants a stronger login than a password over TLS")
                    .at(Phase::Auth)
            }
            CONFIDENTIALITY_REQUIRED => {
                Fault::new(Cause::MethodUnsupported, "the directory wants a stronger encryption than there is")
                    .next_step("look at the server's rules (OpenLDAP: `security`), and at the TLS versions it offers")
                    .at(Phase::Auth)
            }
            _ => return None,
        })
    }

    fn not_let_in(self, cause: Cause, reason: &'static str) -> Fault {
        Fault::new(cause, sentence![theirs(&self.name()), " is not let in: ", reason]).at(Phase::Auth)
    }

    fn name(self) -> &'a str {
        self.user.unwrap_or("anonymous")
    }
}

fn login_wanted() -> Fault {
    Fault::new(Cause::Required, "the directory wants a login, and none is configured")
        .next_step("set username (a DN) and password")
        .at(Phase::Auth)
}

/// Codes of a server that serves nobody now, whatever it is asked.
fn not_serving(outcome: &Outcome) -> Option<Fault> {
    let fault = match outcome.code {
        BUSY => Fault::new(Cause::Overloaded, "the directory is busy")
            .next_step("look at the directory's load, and at the limits of what is behind it"),
        UNAVAILABLE => Fault::new(Cause::NotReady, "the directory is not available: starting, or shutting down"),
        _ => return None,
    };
    Some(fault.at(Phase::Protocol))
}

impl Outcome {
    /// All that the server said of it.
    fn summary(&self) -> String {
        let mut summary = format!("result {}", self.code);
        let name = NAMES.iter().find(|(code, _)| *code == self.code).map(|(_, name)| *name);
        for (before, part) in [
            (" ", name),
            (": ", Some(self.words.as_str())),
            ("; nearest entry: ", Some(self.matched.as_str())),
            ("; see ", self.referral.as_deref()),
        ] {
            if let Some(part) = part.filter(|part| !part.is_empty()) {
                summary.extend([before, part]);
            }
        }
        summary
    }
}
