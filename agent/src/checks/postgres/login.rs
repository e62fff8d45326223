//! Start-up and login, and the session behind them, which the client library takes over.

use super::Postgres;
use super::binding;
use super::encryption::Encryption;
use super::message::{self, Answer, not_understood};
use super::refusal::{Demand, LoginAttempt};
use super::session::Session;
use super::wire::{AlreadySecured, LoggedIn};
use crate::catalogue::WarningKind;
use crate::checks::md5;
use crate::checks::scram::{self, Binding, Client, Hash};
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::{Talk, Wire, within};
use crate::probe::Probe;
use crate::secret::{Secret, sentence, theirs};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

/// The kinds of `AuthenticationRequest` that are answered, or that answer.
pub(super) mod kind {
    pub(crate) const OK: u32 = 0;
    pub(crate) const CLEAR: u32 = 3;
    pub(crate) const MD5: u32 = 5;
    pub(crate) const SASL: u32 = 10;
    pub(crate) const SASL_CONTINUE: u32 = 11;
    pub(crate) const SASL_FINAL: u32 = 12;
}

/// What came of a login.
pub(super) enum Outcome {
    Session(Box<Session>),
    /// The server's rules turn this client away as it comes, over TLS, and have not seen its password: it may try
    /// without.
    TurnedAway(Fault),
}

/// How far a proof has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proven {
    /// The server has accepted the login.
    Accepted,
    /// It has shown in return that it knows the password; a pooler says that it accepts the login when it has a
    /// server to go on with.
    Mutually,
}

/// What the server says to the start-up message.
enum First {
    Admitted,
    Asks(Demand, Vec<u8>),
    TurnedAway(Fault),
}

/// Logs in. Up to the server's first answer it is the protocol that is in question, then the login;
/// when that is accepted, a pooler may still wait for a server to have a session with.
pub(super) async fn log_in(
    check: &Postgres,
    probe: &mut Probe,
    wire: Wire,
    encryption: Encryption,
) -> Result<Outcome, Failure> {
    let attempt = LoginAttempt { check, encryption, until: probe.nearly_over() };
    let binding = wire.certificate().and_then(binding::server_end_point);
    let mut talk = Talk::new(wire, "a message");
    let proven = match probe.phase(Phase::Protocol, begin(attempt, &mut talk)).await? {
        First::TurnedAway(fault) => return Ok(Outcome::TurnedAway(fault)),
        First::Admitted => None,
        First::Asks(demand, data) => {
            Some(probe.phase(Phase::Auth, prove(attempt, &mut talk, demand, &data, binding)).await?)
        }
    };
    let limit = probe.share(1);
    let resumed = async { within(limit, resume(attempt, talk, proven)).await.unwrap_or_else(|| Err(no_session())) };
    let session = probe.phase(Phase::Request, resumed).await?;
    if check.login.has_password() && proven.is_some() {
        probe.note_login();
    } else if check.login.has_password() {
        let message = sentence!["the server let ", &check.login.user, " in without asking for the password"];
        probe.warn(WarningKind::AuthNotNeeded, message);
    }
    Ok(Outcome::Session(Box::new(session)))
}

/// Says who asks for which database, and hears what that takes.
async fn begin(attempt: LoginAttempt<'_>, talk: &mut Talk) -> Result<First, Fault> {
    let Postgres { login, database, .. } = attempt.check;
    talk.send(&message::start_up(&login.user, database)).await;
    match message::answer(talk).await? {
        Answer::Request(kind::OK, _) => Ok(First::Admitted),
        Answer::Request(kind, data) => {
            let demand = Demand::of(kind, &data).ok_or_else(not_understood)?;
            if demand.is_for_a_password() && login.has_password() {
                return Ok(First::Asks(demand, data));
            }
            Err(attempt.unanswerable(demand, &data))
        }
        Answer::Refused(error) if attempt.may_do_without_tls(&error) => Ok(First::TurnedAway(attempt.refused(&error))),
        Answer::Refused(error) => Err(attempt.refused(&error)),
    }
}

/// Shows that we know the password, in the way that is asked for, and hears whether it is right.
async fn prove(
    attempt: LoginAttempt<'_>,
    talk: &mut Talk,
    demand: Demand,
    data: &[u8],
    binding: Option<Vec<u8>>,
) -> Result<Proven, Fault> {
    let login = &attempt.check.login;
    match demand {
        // Whoever can spoil a handshake must not get the password for that.
        Demand::Clear if attempt.encryption == Encryption::Forgone => return Err(bared(attempt.check)),
        Demand::Clear => talk.send(&message::proof(&[login.password.expose().as_bytes(), &[0]].concat())).await,
        Demand::Md5 => {
            let proof = md5_proof(&login.user, login.password.expose(), data);
            talk.send(&message::proof(&[proof.as_bytes(), &[0]].concat())).await;
        }
        _ => return prove_by_scram(attempt, talk, data, binding).await,
    }
    accepted(attempt, talk).await.map(|()| Proven::Accepted)
}

/// Of a server that wants the password itself after its TLS came to nothing.
fn bared(check: &Postgres) -> Fault {
    let user = theirs(&check.login.user);
    Fault::new(
        Cause::MethodUnsupported,
        sentence!["the server wants the password of ", user, " in clear, and that without TLS: it is not sent"],
    )
    .owner(Owner::Service)
    .next_step(
        "repair TLS at the server, or give the user SCRAM-SHA-256; where this is how it is meant, set use_tls: false",
    )
}

/// Hears that the login is accepted.
async fn accepted(attempt: LoginAttempt<'_>, talk: &mut Talk) -> Result<(), Fault> {
    match message::answer(talk).await? {
        Answer::Request(kind::OK, _) => Ok(()),
        Answer::Request(..) => Err(not_understood()),
        Answer::Refused(error) => Err(attempt.refused(&error)),
    }
}

/// SCRAM-SHA-256, bound to the TLS session where the server can do that.
async fn prove_by_scram(
    attempt: LoginAttempt<'_>,
    talk: &mut Talk,
    mechanisms: &[u8],
    binding: Option<Vec<u8>>,
) -> Result<Proven, Fault> {
    let is_bound = mechanisms.split(|byte| *byte == 0).any(|name| name == b"SCRAM-SHA-256-PLUS");
    let binding = match binding {
        Some(hash) if is_bound => Binding::ServerEndPoint(hash),
        Some(_) => Binding::NotOffered,
        None => Binding::Impossible,
    };
    // The user is the one of the start-up message.
    let client = Client::new(Hash::Sha256, "", prepared(attempt.check.login.password.expose()), binding)?;
    talk.send(&message::first_of_sasl(client.mechanism(), &client.first())).await;
    let (proof, signature) = match message::answer(talk).await? {
        Answer::Request(kind::SASL_CONTINUE, server_first) => client.prove(&server_first, attempt.until).await?,
        Answer::Request(..) => return Err(scram::impostor()),
        Answer::Refused(error) => return Err(attempt.refused(&error)),
    };
    talk.send(&message::proof(proof.as_bytes())).await;
    match message::answer(talk).await? {
        Answer::Request(kind::SASL_FINAL, server_final) => signature.verify(&server_final).map(|()| Proven::Mutually),
        Answer::Request(..) => Err(scram::impostor()),
        Answer::Refused(error) => Err(attempt.refused(&error)),
    }
}

/// The password as `PostgreSQL` prepares it: by `SASLprep` (RFC 4013), and as it is where that forbids it.
fn prepared(password: &str) -> Secret<Vec<u8>> {
    Secret::new(stringprep::saslprep(password).map_or_else(|_| password.to_owned(), Into::into).into_bytes())
}

/// `md5`, and the MD5 of the password with the user's name, and of that with the salt.
fn md5_proof(user: &str, password: &str, salt: &[u8]) -> String {
    let kept = md5::hex(&[password.as_bytes(), user.as_bytes()]);
    format!("md5{}", md5::hex(&[kept.as_bytes(), salt]))
}

/// Hands the connection over to the client library, with which the session begins.
async fn resume(attempt: LoginAttempt<'_>, mut talk: Talk, proven: Option<Proven>) -> Result<Session, Fault> {
    if proven == Some(Proven::Mutually) {
        accepted(attempt, &mut talk).await?;
    }
    let received = talk.received().to_vec();
    let wire = LoggedIn::new(talk.into_wire(), &received);
    let end = wire.end.clone();
    let begun = configuration(&attempt.check.login.user).connect_raw(wire, AlreadySecured).await;
    begun.map(|halves| Session::new(halves, end.clone())).map_err(|error| attempt.fault(&error, &end))
}

/// `Require` and `Direct` make the library take the stream as one that has TLS, or needs none.
fn configuration(user: &str) -> Config {
    let mut config = Config::new();
    config.user(user).ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    config
}

/// A pooler that has nobody behind it, or a server that hangs.
fn no_session() -> Fault {
    Fault::new(Cause::Timeout, "the login was accepted, but no session began in time").next_step(
        "if this is a pooler, look at the server behind it and at the size of its pool; otherwise at the server's log",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Python's hashlib computes it.
    #[test]
    fn an_md5_proof_is_that_of_the_formula() {
        assert_eq!(md5_proof("app", "s3cret", b"\x01\x02\x03\x04"), "md51460f94130eb931937bbd6439ee8ab57");
    }
}
