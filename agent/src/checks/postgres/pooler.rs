//! What stands in front of `PostgreSQL`, or in its place, and says no in words of its own: pgbouncer, pgpool,
//! Supavisor, Odyssey, `PgCat`, RDS Proxy, Neon, `CockroachDB`.
//!
//! They have one SQLSTATE for many causes (pgbouncer up to 1.19 has 08P01 for all of it, also for what the
//! server behind it errors; Supavisor XX000), so their fixed texts decide: `src/client.c` and `src/objects.c` of
//! pgbouncer, `src/auth/pool_auth.c` and `src/protocol/child.c` of pgpool,
//! `lib/supavisor/client_handler/error.ex` of Supavisor, the troubleshooting page of RDS Proxy,
//! `pkg/sql/pgwire/server.go` of `CockroachDB`.

use super::encryption::Encryption;
use super::server_error::ServerError;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::phase::words;
use crate::secret::sentence;

words! {
    /// Who says so.
    Who {
        Pooler "the pooler",
        Pgpool "pgpool",
        Supavisor "Supavisor",
        Odyssey "Odyssey",
        PgCat "PgCat",
        RdsProxy "RDS Proxy",
        Neon "Neon",
        Cockroach "CockroachDB",
    }
}

/// What a text means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Means {
    /// The pooler has no such database of its own.
    NoDatabase,
    /// The server behind it has none.
    NoDatabaseBehind,
    /// It knows no such user in no such database.
    NoUser,
    WrongPassword,
    /// Its own rules keep us out.
    Rules,
    WantsTls,
    /// The same, and there is TLS already: it is not for us.
    WantsTlsBehind,
    WantsName,
    NotPermitted,
    /// Too many clients, or no connection left in its pool.
    Full,
    /// The server behind it rejects its own login.
    RejectedBehind,
    /// It cannot log in behind, and does not say why in words that are known.
    NoLoginBehind,
    /// Nobody answers behind it.
    NobodyBehind,
    /// Its own configuration is wrong, or has the database switched off.
    Misconfigured,
    /// It does not know a parameter of the session.
    Parameter,
}

/// Texts and what they mean; the first one that occurs decides, whatever the case of its letters; one with `=` before
/// it has to be all that is said.
#[rustfmt::skip]
const LINES: &[(&str, Who, Means)] = &[
    ("server_login_retry", Who::Pooler, Means::NoLoginBehind),
    ("query_wait_timeout", Who::Pooler, Means::NobodyBehind),
    ("query_wait_notify", Who::Pooler, Means::NobodyBehind),
    ("cannot connect to server", Who::Pooler, Means::NobodyBehind),
    ("server login failed", Who::Pooler, Means::NoLoginBehind),
    ("client connections exceeded", Who::Pooler, Means::Full),
    ("no more connections allowed", Who::Pooler, Means::Full),
    ("\" is disabled", Who::Pooler, Means::Misconfigured),
    ("bouncer config error", Who::Pooler, Means::Misconfigured),
    ("no authentication method is found", Who::Pooler, Means::Misconfigured),
    ("no such database", Who::Pooler, Means::NoDatabase),
    ("unsupported startup parameter", Who::Pooler, Means::Parameter),
    ("login rejected", Who::Pooler, Means::Rules),
    ("no such user", Who::Pooler, Means::NoUser),
    ("not allowed to connect", Who::Pooler, Means::Rules),
    ("=not allowed", Who::Pooler, Means::NotPermitted),
    ("no pool_hba.conf entry", Who::Pgpool, Means::Rules),
    ("pool_hba.conf rejects", Who::Pgpool, Means::Rules),
    ("pool_passwd", Who::Pgpool, Means::NoUser),
    ("password file descriptor is null", Who::Pgpool, Means::NoUser),
    ("all backend nodes are down", Who::Pgpool, Means::NobodyBehind),
    ("pgpool is not accepting any new connections", Who::Pgpool, Means::NobodyBehind),
    ("failed to create a backend", Who::Pgpool, Means::NobodyBehind),
    ("unable to read data from db node", Who::Pgpool, Means::NobodyBehind),
    ("backend authentication failed", Who::Pgpool, Means::RejectedBehind),
    ("tenant or user not found", Who::Supavisor, Means::NoUser),
    ("enotfound", Who::Supavisor, Means::NoUser),
    ("no tenant identifier provided", Who::Supavisor, Means::NoUser),
    ("external_id or sni_hostname", Who::Supavisor, Means::NoUser),
    ("max client connections reached", Who::Supavisor, Means::Full),
    ("max clients reached", Who::Supavisor, Means::Full),
    ("emaxconn", Who::Supavisor, Means::Full),
    ("unable to check out connection from the pool", Who::Supavisor, Means::NobodyBehind),
    ("echeckouttimeout", Who::Supavisor, Means::NobodyBehind),
    ("edbhandlerexited", Who::Supavisor, Means::NobodyBehind),
    ("authentication query failed", Who::Supavisor, Means::NoLoginBehind),
    ("eauthquery", Who::Supavisor, Means::NoLoginBehind),
    ("esslrequired", Who::Supavisor, Means::WantsTls),
    ("tenant allow_list", Who::Supavisor, Means::Rules),
    ("failed to get remote server", Who::Odyssey, Means::NobodyBehind),
    ("failed to connect to remote server", Who::Odyssey, Means::NobodyBehind),
    ("no pool configured for database", Who::PgCat, Means::NoUser),
    ("could not get connection from the pool", Who::PgCat, Means::NobodyBehind),
    ("proxy requires tls", Who::RdsProxy, Means::WantsTls),
    ("only with ssl connections", Who::RdsProxy, Means::WantsTls),
    ("proxy has no credentials for the role", Who::RdsProxy, Means::NoUser),
    ("timed-out waiting to acquire database connection", Who::RdsProxy, Means::NobodyBehind),
    ("the maximum number of client connections", Who::RdsProxy, Means::Full),
    ("endpoint id is not specified", Who::Neon, Means::WantsName),
    ("endpoint could not be found", Who::Neon, Means::NoUser),
    ("project not found", Who::Neon, Means::NoUser),
    ("secure mode, ssl connection required", Who::Cockroach, Means::WantsTls),
    ("missing cluster identifier", Who::Cockroach, Means::NoDatabase),
    // These are said by more than one of them.
    ("ssl is required", Who::Pooler, Means::WantsTls),
    ("ssl required", Who::Pooler, Means::WantsTls),
    ("ssl connection is required", Who::Pooler, Means::WantsTls),
    ("ssl connection required", Who::Pooler, Means::WantsTls),
    (BEHIND, Who::Pooler, Means::RejectedBehind),
    ("authentication failed", Who::Pooler, Means::WrongPassword),
    ("auth failed", Who::Pooler, Means::WrongPassword),
    (NO_LOGIN, Who::Pooler, Means::RejectedBehind),
    (NO_ROLE, Who::Pooler, Means::RejectedBehind),
    (NO_DATABASE, Who::Pooler, Means::NoDatabaseBehind),
];

/// The server's words, which a pooler passes on; its own do not name the user.
const BEHIND: &str = "password authentication failed for user \"";

/// The beginnings of the server's words for what does not exist.
const NO_ROLE: &str = "role \"";
const NO_LOGIN: &str = "is not permitted to log in";
const NO_DATABASE: &str = "database \"";

/// The SQLSTATEs that are no help: errors of the protocol, of a connection and of the system, refused logins, and
/// those that nobody expected.
const VAGUE: [&str; 4] = ["08", "28", "58", "XX"];

/// The fault behind a text of theirs, if it is one.
pub(super) fn fault(error: &ServerError, encryption: Encryption) -> Option<Fault> {
    let is_vague = error.code.is_empty() || VAGUE.iter().any(|class| error.code.starts_with(class));
    if !is_vague {
        return None;
    }
    let said = format!("{} {}", error.message, error.detail.as_deref().unwrap_or_default()).to_lowercase();
    // PostgreSQL's own words for a role that is not there.
    let is_own = |text: &str| {
        error.code.starts_with("28")
            && matches!(text, BEHIND | NO_ROLE | NO_DATABASE | NO_LOGIN | "authentication failed")
    };
    let is_missing = |text: &str| said.contains(text) && said.trim().ends_with("does not exist");
    let is_said = |text: &str| match text.strip_prefix('=') {
        Some(whole) => said.trim() == whole,
        None if matches!(text, NO_ROLE | NO_DATABASE) => is_missing(text),
        None => said.contains(text),
    };
    let &(_, who, means) = LINES.iter().find(|(text, ..)| !is_own(text) && is_said(text))?;
    let means = match means {
        Means::WantsTls if encryption == Encryption::Tls => Means::WantsTlsBehind,
        other => other,
    };
    let told = TOLD.iter().find(|told| told.means == means)?;
    let fault = error.fault(told.cause, sentence![who.slug(), told.message]).at(told.phase);
    let fault = told.next_step.map_or(fault.clone(), |next_step| fault.next_step(next_step));
    Some(told.owner.map_or(fault.clone(), |owner| fault.owner(owner)))
}

/// What is told of a meaning.
struct Told {
    means: Means,
    phase: Phase,
    cause: Cause,
    /// The words behind the name.
    message: &'static str,
    /// Where it is not the code's own.
    next_step: Option<&'static str>,
    /// Where it is not the code's own.
    owner: Option<Owner>,
}

impl Told {
    const fn of(means: Means, phase: Phase, cause: Cause, message: &'static str) -> Self {
        Self { means, phase, cause, message, next_step: None, owner: None }
    }

    const fn step(self, next_step: &'static str) -> Self {
        Self { next_step: Some(next_step), ..self }
    }

    const fn owner(self, owner: Owner) -> Self {
        Self { owner: Some(owner), ..self }
    }
}

/// Where to look when it is about the server behind.
const BEHIND_IT: &str = "look at its log, then at the server behind it";

/// Each meaning once.
#[rustfmt::skip]
const TOLD: &[Told] = &[
    Told::of(Means::NoDatabase, Phase::Request, Cause::NoSuchDatabase, " has no database of that name")
        .step("check the database's name and the host; else add it to the pooler's configuration"),
    Told::of(Means::NoDatabaseBehind, Phase::Request, Cause::NoSuchDatabase, " is told by the server behind it that there is no such database"),
    Told::of(Means::NoUser, Phase::Auth, Cause::Rejected, " does not know this user (or the tenant, endpoint or database that the user and the host name)")
        .step("check host, port, user and database as the pooler has them: with some, the user's name has the project in it (USER.PROJECT)")
        .owner(Owner::Config),
    Told::of(Means::WrongPassword, Phase::Auth, Cause::Rejected, ": wrong password, or it does not know the user"),
    Told::of(Means::Rules, Phase::Auth, Cause::HostNotAllowed, " does not let this user in from this host, by rules of its own")
        .step("let this host and this user in by the pooler's own rules (its pg_hba.conf, pool_hba.conf or allow list)"),
    Told::of(Means::WantsTls, Phase::Tls, Cause::Required, " wants TLS")
        .step("set use_tls: true for this check"),
    Told::of(Means::WantsTlsBehind, Phase::Tls, Cause::Required, " wants TLS, and this check has it up to what answers here: it goes on from there without")
        .step("let the pooler in front of the server speak TLS to it (server_tls_sslmode)")
        .owner(Owner::Service),
    Told::of(Means::WantsName, Phase::Tls, Cause::Required, " tells its databases by the name in TLS (SNI), and got none")
        .step("set use_tls: true, and write the host's name, not an address")
        .owner(Owner::Config),
    Told::of(Means::NotPermitted, Phase::Request, Cause::PermissionDenied, " does not give this database to this user"),
    Told::of(Means::Full, Phase::Protocol, Cause::Overloaded, " accepts no more connections"),
    Told::of(Means::RejectedBehind, Phase::Auth, Cause::Rejected, " has its own login rejected by the server behind it")
        .step("correct the login in the pooler's configuration")
        .owner(Owner::Service),
    Told::of(Means::NoLoginBehind, Phase::Protocol, Cause::NotReady, " cannot log in to the server behind it")
        .step(BEHIND_IT),
    Told::of(Means::NobodyBehind, Phase::Protocol, Cause::NotReady, " got no connection to the server behind it: that server is down, or the pool is exhausted")
        .step(BEHIND_IT),
    Told::of(Means::Misconfigured, Phase::Request, Cause::PermissionDenied, " has this database or this user switched off, or no way to log in for them, in its own configuration")
        .step("correct the pooler's configuration"),
    Told::of(Means::Parameter, Phase::Request, Cause::UnexpectedReply, " does not take a parameter of the session")
        .step("add the parameter to ignore_startup_parameters in the pooler's configuration"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_that_is_wanted_behind_a_connection_with_tls_is_the_poolers() {
        let error = ServerError { code: "08P01".to_owned(), message: "SSL required".to_owned(), detail: None };
        for (encryption, owner, word) in [
            (Encryption::Refused, None, "set use_tls: true"),
            (Encryption::Tls, Some(Owner::Service), "let the pooler"),
        ] {
            let fault = fault(&error, encryption).expect("a known text");
            assert_eq!((fault.cause, fault.owner), (Cause::Required, owner));
            assert!(fault.next_step.is_some_and(|step| step.plain().starts_with(word)), "{encryption:?}");
        }
    }

    #[test]
    fn each_meaning_is_told_once() {
        for (text, _, means) in LINES {
            assert_eq!(TOLD.iter().filter(|told| told.means == *means).count(), 1, "{text}");
        }
        let is_said = |told: &Told| LINES.iter().any(|(_, _, means)| told.means == *means);
        assert!(TOLD.iter().all(|told| is_said(told) || told.means == Means::WantsTlsBehind));
    }
}
