//! From a login that failed to the one code that names the cause.
//!
//! SQLSTATE 28000 has many causes, which only the server's text tells apart. It may be in another
//! language; then the message names more than one.

use super::Postgres;
use super::encryption::Encryption;
use super::pooler;
use super::progress::LoginProgress;
use super::server_error::ServerError;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::phase::words;
use crate::secret::{sentence, theirs};
use crate::settings::Credentials;
use std::error::Error as _;
use std::io;
use tokio_postgres::Error;

/// A login, for those who explain why it failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoginAttempt<'a> {
    pub(super) check: &'a Postgres,
    pub(super) encryption: Encryption,
    pub(super) progress: &'a LoginProgress,
}

impl LoginAttempt<'_> {
    /// The cause of a login's failure, in the phase to which the conversation had come.
    pub(super) fn fault(&self, error: &Error) -> Fault {
        let fault = self.cause(error);
        let phase = fault.phase.unwrap_or_else(|| self.progress.phase());
        fault.at(phase)
    }

    fn cause(&self, error: &Error) -> Fault {
        if let Some(objection) = self.progress.objection() {
            return objection;
        }
        if let Some(error) = error.as_db_error() {
            return self.refused(&error.into());
        }
        if self.progress.is_understood() && is_of_scram(error) {
            return impostor().caused_by(error);
        }
        if is_of_transport(error) {
            return match ServerError::read(&self.progress.first()) {
                Some(error) if error.code.is_empty() => error.before_login(),
                _ => of_transport(error, self.progress),
            };
        }
        let fault = match demand(&self.progress.first()) {
            Some(demand) if !self.progress.is_understood() => self.unanswerable(demand),
            Some(Demand::Sasl) => impostor(),
            _ => Fault::new(Cause::Malformed, "the answer to the login was not understood"),
        };
        fault.caused_by(error)
    }

    /// The server wants what the check does not have: nothing was sent.
    fn unanswerable(&self, demand: Demand) -> Fault {
        let Credentials { user, .. } = &self.check.login;
        if matches!(demand, Demand::Password | Demand::Sasl) && !self.check.login.has_password() {
            let message = sentence!["the server wants a password for ", theirs(user), ", but the check has none"];
            return Fault::new(Cause::Required, message).at(Phase::Auth).next_step("add password to this check");
        }
        let message =
            sentence!["the server wants ", demand.slug(), " for ", theirs(user), ", which conn-check cannot do"];
        Fault::new(Cause::MethodUnsupported, message)
            .at(Phase::Auth)
            .owner(Owner::Service)
            .next_step("let pg_hba.conf ask this user for a password (scram-sha-256) or a certificate from this host")
    }

    fn refused(&self, error: &ServerError) -> Fault {
        let (user, database) = (&self.check.login.user, &self.check.database);
        match error.code.as_str() {
            "28P01" => error
                .fault(Cause::Rejected, sentence!["wrong password, or no role ", theirs(user)])
                .at(Phase::Auth)
                .next_step("check both, here and in the application; a password past its VALID UNTIL is refused in the same way"),
            "28000" => self.not_authorized(error),
            "3D000" => {
                error.fault(Cause::NoSuchDatabase, sentence!["there is no database ", theirs(database)]).at(Phase::Request)
            }
            "42501" => error
                .fault(Cause::PermissionDenied, sentence![theirs(user), " may not connect to the database ", theirs(database)])
                .at(Phase::Request)
                .next_step(sentence!["GRANT CONNECT ON DATABASE ", theirs(database), " TO ", theirs(user)]),
            "55000" => error
                .fault(Cause::PermissionDenied, sentence!["the database ", theirs(database), " does not accept connections"])
                .at(Phase::Request)
                .next_step("see why it was closed (datallowconn), then ALTER DATABASE .. ALLOW_CONNECTIONS true"),
            "57014" => error.fault(Cause::Timeout, "the server gave up the login").at(Phase::Auth),
            "0A000" => error
                .fault(Cause::UnsupportedVersion, "the server does not speak version 3 of the protocol")
                .at(Phase::Protocol),
            _ => pooler::fault(error).unwrap_or_else(|| error.before_login()),
        }
    }

    fn not_authorized(&self, error: &ServerError) -> Fault {
        let user = &self.check.login.user;
        if error.has("pg_hba.conf") {
            return self.ruled_out(error);
        }
        if error.has("valid client certificate") {
            return error.fault(Cause::ClientCertRequired, "the server wants a client certificate").at(Phase::Tls);
        }
        if error.has("channel binding") {
            let message = "something on the way decrypts and re-encrypts TLS, and channel binding detects it";
            return error
                .fault(Cause::MethodUnsupported, message)
                .at(Phase::Auth)
                .owner(Owner::Network)
                .next_step("connect to the server itself, or let whatever stands in front of it pass TLS through");
        }
        if error.has("not permitted to log in") {
            return error
                .fault(Cause::Locked, sentence!["the role ", theirs(user), " may not log in (NOLOGIN)"])
                .at(Phase::Auth)
                .next_step(sentence!["use the role that is meant for logins, or ALTER ROLE ", theirs(user), " LOGIN"]);
        }
        if error.has("Peer authentication") || error.has("Ident authentication") {
            return error
                .fault(
                    Cause::HostNotAllowed,
                    sentence!["the system user who runs conn-check may not log in as ", theirs(user)],
                )
                .at(Phase::Auth)
                .next_step("run it as that user, map the two in pg_ident.conf, or let pg_hba.conf ask for a password");
        }
        error
            .fault(
                Cause::Rejected,
                sentence![
                    "the server does not let ",
                    theirs(user),
                    " in: no such role, or its proof of identity is wrong"
                ],
            )
            .at(Phase::Auth)
    }

    /// A rule, or the lack of one. Whether it is for want of TLS only the server's administrator
    /// knows, unless the server has no TLS.
    fn ruled_out(&self, error: &ServerError) -> Fault {
        let (user, database) = (&self.check.login.user, &self.check.database);
        let message = sentence![
            "the server's rules (pg_hba.conf) do not let ",
            theirs(user),
            " into ",
            theirs(database),
            " from this host"
        ];
        let next_step = match self.encryption {
            Encryption::Plain => {
                let message = sentence![
                    "the server does not let ",
                    theirs(user),
                    " into ",
                    theirs(database),
                    " from this host without TLS, or not at all"
                ];
                return error
                    .fault(Cause::Required, message)
                    .at(Phase::Tls)
                    .next_step("set use_tls: true for this check; if that fails too, add a rule to pg_hba.conf");
            }
            Encryption::Tls if !self.check.login.has_password() => {
                "add a rule to pg_hba.conf; if the rules only want connections without TLS, set use_tls: false"
            }
            Encryption::Tls => "add a rule to pg_hba.conf, one that takes connections with TLS (host or hostssl)",
            Encryption::Refused | Encryption::Socket => "add a rule for this user, database and host to pg_hba.conf",
        };
        error.fault(Cause::HostNotAllowed, message).at(Phase::Auth).next_step(next_step)
    }
}

/// SCRAM shows both sides that the other one knows the password. A signature that is wrong and one that does not
/// come at all say the same.
fn impostor() -> Fault {
    let message = "the server did not prove that it knows the password: it may not be the one it claims to be";
    Fault::new(Cause::Malformed, message).at(Phase::Auth)
}

words! {
    /// How the server wants to be shown who we are.
    Demand {
        Obsolete "an obsolete login method",
        Password "a password",
        Gssapi "GSSAPI (Kerberos)",
        Sspi "SSPI",
        Sasl "a SASL mechanism other than SCRAM-SHA-256",
    }
}

/// The number in its `AuthenticationRequest`.
fn demand(first: &[u8]) -> Option<Demand> {
    let [b'R', _, _, _, _, 0, 0, 0, number, ..] = first else { return None };
    Some(match number {
        2 | 6 => Demand::Obsolete,
        3 | 5 => Demand::Password,
        7 => Demand::Gssapi,
        9 => Demand::Sspi,
        10 => Demand::Sasl,
        _ => return None,
    })
}

/// Whether it is the connection that failed, or what came over it could not be read.
pub(super) fn is_of_transport(error: &Error) -> bool {
    error.is_closed() || io_error(error).is_some()
}

/// Whether the library objects to what the server says in SCRAM. It keeps the kinds of its errors to itself, and
/// gives this one an I/O error for a cause: it is told by the library's words alone.
fn is_of_scram(error: &Error) -> bool {
    error.to_string().starts_with("authentication error")
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// The fault of the connection, whatever the library was doing with it.
pub(super) fn of_transport(error: &Error, progress: &LoginProgress) -> Fault {
    let closed = || Fault::from(io::Error::from(io::ErrorKind::UnexpectedEof));
    match io_error(error) {
        _ if error.is_closed() => closed(),
        // The library calls a message that ends too soon remaining bytes.
        Some(inner) if inner.kind() == io::ErrorKind::Other && progress.is_ended() => {
            closed().evidence("it ended in the middle of a message")
        }
        Some(inner) => Fault::from(inner),
        None => Fault::new(Cause::Malformed, "the answer was not understood").evidence(error.to_string()),
    }
}
