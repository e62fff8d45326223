//! From a login that failed to the one code that names the cause.
//!
//! SQLSTATE 28000 has many causes, which only the server's text tells apart. It may be in another
//! language; then the message names more than one.

use super::Postgres;
use super::encryption::Encryption;
use super::login::kind;
use super::message::not_understood;
use super::pooler;
use super::server_error::ServerError;
use super::wire::End;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::net::TlsMode;
use crate::phase::words;
use crate::remedy::postgres::Admission;
use crate::remedy::{self, Remedy};
use crate::secret::{sentence, theirs};
use crate::settings::Credentials;
use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use tokio::time::Instant;
use tokio_postgres::Error;

/// A login, for those who explain why it failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoginAttempt<'a> {
    pub(super) check: &'a Postgres,
    pub(super) encryption: Encryption,
    /// When the proof of a password has to be there.
    pub(super) until: Instant,
}

impl LoginAttempt<'_> {
    /// Why no session began behind a login that was accepted.
    pub(super) fn fault(&self, error: &Error, end: &End) -> Fault {
        match error.as_db_error() {
            Some(refusal) => self.refused(&refusal.into()),
            None if is_of_transport(error) => of_transport(error, end),
            None => not_understood().caused_by(error),
        }
    }

    /// Whether a client that only prefers TLS tries without it now: the server's rules have turned it away, and
    /// it has shown nothing yet.
    pub(super) fn may_do_without_tls(&self, error: &ServerError) -> bool {
        let is_after_tls = matches!(self.encryption, Encryption::Tls | Encryption::Forgone);
        self.check.mode == TlsMode::Prefer && is_after_tls && error.code == "28000"
    }

    /// The server wants what the check does not have: nothing was sent.
    pub(super) fn unanswerable(&self, demand: Demand, data: &[u8]) -> Fault {
        let Credentials { user, .. } = &self.check.login;
        if demand.is_for_a_password() {
            let message = sentence!["the server wants a password for ", theirs(user), ", but the check has none"];
            return Fault::new(Cause::Required, message)
                .at(Phase::Auth)
                .next_step("add password to this check")
                .remedy(remedy::checks::add_password("PGPASSWORD"));
        }
        let message =
            sentence!["the server wants ", demand.slug(), " for ", theirs(user), ", which conn-check cannot do"];
        let fault = Fault::new(Cause::MethodUnsupported, message)
            .at(Phase::Auth)
            .owner(Owner::Service)
            .next_step("let pg_hba.conf ask this user for a password (scram-sha-256) or a certificate from this host");
        if demand != Demand::Sasl {
            return fault;
        }
        let names = data.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(String::from_utf8_lossy);
        fault.evidence(sentence!["it offers ", theirs(&names.collect::<Vec<_>>().join(", "))])
    }

    /// The cause of what the server says.
    pub(super) fn refused(&self, error: &ServerError) -> Fault {
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
                .next_step(sentence!["GRANT CONNECT ON DATABASE ", theirs(database), " TO ", theirs(user)])
                .remedy(remedy::postgres::connect(user, database)),
            "55000" if error.has("invalid database") => error
                .fault(Cause::NoSuchDatabase, sentence!["the database ", theirs(database), " was only half dropped"])
                .owner(Owner::Service)
                .at(Phase::Request)
                .next_step("DROP DATABASE it for good, and create it anew"),
            "55000" => error
                .fault(Cause::PermissionDenied, sentence!["the database ", theirs(database), " does not accept connections"])
                .at(Phase::Request)
                .next_step("see why it was closed (datallowconn), then ALTER DATABASE .. ALLOW_CONNECTIONS true")
                .remedy(remedy::postgres::open_database(database)),
            "57014" => error.fault(Cause::Timeout, "the server gave up the login").at(Phase::Auth),
            "0A000" if error.has("frontend protocol") => error
                .fault(Cause::UnsupportedVersion, "the server does not speak version 3 of the protocol")
                .at(Phase::Protocol),
            "08P01" if error.has("certificate authentication failed") => self.certificate_refused(error),
            "53300" => error.before_login().remedy(self.one_more(error)),
            _ => pooler::fault(error, self.encryption).unwrap_or_else(|| error.before_login()),
        }
    }

    /// One connection more where the role or the database has a limit of its own; that of the server takes a restart.
    fn one_more(&self, error: &ServerError) -> Option<Remedy> {
        let (user, database) = (&self.check.login.user, &self.check.database);
        if error.message == format!("too many connections for role \"{user}\"") {
            return remedy::postgres::one_more_for_role(user);
        }
        let is_of_database = error.message == format!("too many connections for database \"{database}\"");
        is_of_database.then(|| remedy::postgres::one_more_for_database(database)).flatten()
    }

    /// A rule that lets this user in, by a password or a certificate; without either, nothing is to be written down that
    /// lets everybody in.
    fn admission(&self, address: Option<IpAddr>) -> Option<Remedy> {
        let Postgres { login, database, options, .. } = self.check;
        let tls = matches!(self.encryption, Encryption::Tls);
        let method = match &options.client {
            _ if login.has_password() => "scram-sha-256",
            Some(_) if tls => "cert",
            _ => return None,
        };
        if address.is_none() && self.encryption != Encryption::Socket {
            return None;
        }
        remedy::postgres::admit(Admission { database, user: &login.user, address, tls, method })
    }

    fn not_authorized(&self, error: &ServerError) -> Fault {
        let user = &self.check.login.user;
        if let Some(fault) = pooler::fault(error, self.encryption) {
            return fault;
        }
        if error.has("pg_hba.conf") {
            return self.ruled_out(error);
        }
        if error.has("valid client certificate") && self.check.options.client.is_some() {
            return error
                .fault(Cause::ClientCertRejected, "the server does not take the client certificate for a valid one")
                .at(Phase::Tls);
        }
        if error.has("valid client certificate") {
            return error.fault(Cause::ClientCertRequired, "the server wants a client certificate").at(Phase::Tls);
        }
        if error.has("certificate authentication failed") {
            return self.certificate_refused(error);
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
                .next_step(sentence!["use the role that is meant for logins, or ALTER ROLE ", theirs(user), " LOGIN"])
                .remedy(remedy::postgres::let_log_in(user));
        }
        if error.has("Peer authentication") || error.has("Ident authentication") {
            return error
                .fault(
                    Cause::HostNotAllowed,
                    sentence!["the system user who runs conn-check may not log in as ", theirs(user)],
                )
                .at(Phase::Auth)
                .next_step("run it as that user, map the two in pg_ident.conf, or let pg_hba.conf ask for a password")
                .remedy(self.admission(None));
        }
        if error.has("authentication failed") || error.has("does not exist") {
            let message = sentence![
                "the server does not let ",
                theirs(user),
                " in: no such role, or its proof of identity is wrong"
            ];
            return error.fault(Cause::Rejected, message).at(Phase::Auth);
        }
        // In words that are not known, or in another language.
        error.before_login()
    }

    /// Whoever stands in the certificate is not who wants to log in; or there is none.
    pub(super) fn certificate_refused(&self, error: &ServerError) -> Fault {
        let user = &self.check.login.user;
        if self.check.options.client.is_none() {
            return error.fault(Cause::ClientCertRequired, "the server wants a client certificate").at(Phase::Tls);
        }
        error
            .fault(Cause::Rejected, sentence!["the client certificate is not one for ", theirs(user)])
            .at(Phase::Auth)
            .next_step("use the certificate whose common name is this user, or map the two (pg_ident.conf)")
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
                    .next_step("set use_tls: true for this check; if that fails too, add a rule to pg_hba.conf")
                    .remedy(remedy::checks::use_tls("true"));
            }
            // Without TLS it was turned away as well.
            Encryption::Tls if self.check.mode == TlsMode::Prefer => {
                "add a rule for this user, database and host to pg_hba.conf"
            }
            Encryption::Tls if !self.check.login.has_password() => {
                "add a rule to pg_hba.conf; if the rules only want connections without TLS, set use_tls: false"
            }
            Encryption::Tls => "add a rule to pg_hba.conf, one that takes connections with TLS (host or hostssl)",
            Encryption::Refused | Encryption::Socket | Encryption::Forgone => {
                "add a rule for this user, database and host to pg_hba.conf"
            }
        };
        let admission = match self.encryption {
            Encryption::Socket => self.admission(None),
            _ => error.address().and_then(|address| self.admission(Some(address))),
        };
        error.fault(Cause::HostNotAllowed, message).at(Phase::Auth).next_step(next_step).remedy(admission)
    }
}

words! {
    /// How the server wants to be shown who we are.
    pub(super) Demand {
        Obsolete "an obsolete login method",
        Clear "the password",
        Md5 "the password, hashed by MD5",
        Gssapi "GSSAPI (Kerberos)",
        Sspi "SSPI",
        Scram "SCRAM-SHA-256",
        Sasl "a SASL mechanism other than SCRAM-SHA-256",
    }
}

impl Demand {
    /// The number in its `AuthenticationRequest`, and what belongs to it.
    pub(super) fn of(kind: u32, data: &[u8]) -> Option<Self> {
        Some(match kind {
            2 | 6 => Self::Obsolete,
            kind::CLEAR => Self::Clear,
            kind::MD5 if data.len() == 4 => Self::Md5,
            7 => Self::Gssapi,
            9 => Self::Sspi,
            kind::SASL if data.split(|byte| *byte == 0).any(|name| name == b"SCRAM-SHA-256") => Self::Scram,
            kind::SASL => Self::Sasl,
            _ => return None,
        })
    }

    pub(super) const fn is_for_a_password(self) -> bool {
        matches!(self, Self::Clear | Self::Md5 | Self::Scram)
    }
}

/// Whether it is the connection that failed, or what came over it could not be read.
pub(super) fn is_of_transport(error: &Error) -> bool {
    error.is_closed() || io_error(error).is_some()
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// The fault of the connection, whatever the library was doing with it.
pub(super) fn of_transport(error: &Error, end: &End) -> Fault {
    let closed = || Fault::from(io::Error::from(io::ErrorKind::UnexpectedEof));
    match io_error(error) {
        _ if error.is_closed() => closed(),
        // The library calls a message that ends too soon remaining bytes.
        Some(inner) if inner.kind() == io::ErrorKind::Other && end.is_reached() => {
            closed().evidence("it ended in the middle of a message")
        }
        Some(inner) => Fault::from(inner),
        None => Fault::new(Cause::Malformed, "the answer was not understood").evidence(error.to_string()),
    }
}
