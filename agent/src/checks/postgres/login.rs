//! Start-up and login, which the client library performs in one piece.

use super::Postgres;
use super::encryption::Encryption;
use super::progress::{AlreadySecured, TrackedWire};
use super::refusal::LoginAttempt;
use super::session::{Halves, Session};
use crate::catalogue::WarningKind;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Wire, within};
use crate::probe::Probe;
use crate::secret::sentence;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{Config, Error};

/// Logs in. Up to the server's first answer it is the protocol that is in question, then the login;
/// when that is accepted, a pooler may still wait for a server to have a session with.
pub(super) async fn log_in(
    check: &Postgres,
    probe: &mut Probe,
    wire: Wire,
    encryption: Encryption,
) -> Result<Session, Failure> {
    let wire = TrackedWire::new(wire);
    let progress = Arc::clone(&wire.progress);
    let attempt = LoginAttempt { check, encryption, progress: &progress };
    let config = configuration(check);
    let mut login = pin!(config.connect_raw(wire, AlreadySecured));
    let part = until(login.as_mut(), &attempt, || progress.phase() != Phase::Protocol);
    let mut halves = probe.phase(Phase::Protocol, part).await?;
    if halves.is_none() && progress.phase() == Phase::Auth {
        let part = until(login.as_mut(), &attempt, || progress.phase() != Phase::Auth);
        halves = probe.phase(Phase::Auth, part).await?;
    }
    let halves = match halves {
        Some(halves) => halves,
        None => {
            let rest = within(probe.share(1), login);
            let begun = async { rest.await.ok_or_else(no_session)?.map_err(|error| attempt.fault(&error)) };
            probe.phase(Phase::Request, begun).await?
        }
    };
    if check.login.has_password() && progress.is_understood() {
        probe.note_login();
    } else if check.login.has_password() {
        let message = sentence!["the server let ", &check.login.user, " in without asking for the password"];
        probe.warn(WarningKind::AuthNotNeeded, message);
    }
    Ok(Session::new(halves, progress))
}

/// `Require` and `Direct` make the library take the stream as one that has TLS, or needs none.
fn configuration(check: &Postgres) -> Config {
    let mut config = Config::new();
    config.user(&check.login.user).dbname(&check.database).application_name("conn-check");
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    if check.login.has_password() {
        config.password(check.login.password.expose());
    }
    config
}

/// Goes on with the login, to its end or until this much of it is over.
async fn until<L: Future<Output = Result<Halves, Error>>>(
    mut login: Pin<&mut L>,
    attempt: &LoginAttempt<'_>,
    is_over: impl Fn() -> bool,
) -> Result<Option<Halves>, Fault> {
    poll_fn(|cx| match login.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done.map(Some).map_err(|error| attempt.fault(&error))),
        Poll::Pending if is_over() => Poll::Ready(Ok(None)),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// A pooler that has nobody behind it, or a server that hangs.
fn no_session() -> Fault {
    Fault::new(Cause::Timeout, "the login was accepted, but no session began in time").next_step(
        "if this is a pooler, look at the server behind it and at the size of its pool; otherwise at the server's log",
    )
}
