//! Start-up and login, which the client library performs in one piece.

use super::Postgres;
use super::cover::Cover;
use super::dialogue::{AsItIs, Dialogue, Progress};
use super::refusal::Attempt;
use super::session::Session;
use crate::fault::Failure;
use crate::net::Wire;
use crate::outcome::WarningKind;
use crate::phase::Phase;
use crate::probe::Probe;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

impl Postgres {
    /// Logs in: up to the server's first answer it is the protocol that is in question, then the login.
    ///
    /// # Errors
    /// `protocol.*`, `auth.*`, `tls.*`, and what is wrong with the database.
    pub(super) async fn log_in(&self, probe: &mut Probe, wire: Wire, cover: Cover) -> Result<Session, Failure> {
        let dialogue = Dialogue::new(wire);
        let progress = dialogue.progress();
        let attempt = self.attempt(cover, &progress);
        let config = self.configuration();
        let mut login = pin!(config.connect_raw(dialogue, AsItIs));
        let first_answer = poll_fn(|cx| match login.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(done.map(Some).map_err(|error| attempt.fault(error))),
            Poll::Pending if progress.is_understood() => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        });
        let halves = match probe.phase(Phase::Protocol, first_answer).await? {
            Some(halves) => halves,
            None => probe.phase(Phase::Auth, async { login.await.map_err(|error| attempt.fault(error)) }).await?,
        };
        if self.password.is_some() && !progress.is_understood() {
            let message = format!("the server let {} in without asking for the password", self.user);
            probe.warn(WarningKind::AuthNotNeeded, &message);
        }
        Ok(Session::new(halves, progress))
    }

    const fn attempt<'a>(&'a self, cover: Cover, progress: &'a Progress) -> Attempt<'a> {
        let has_password = self.password.is_some();
        Attempt { user: self.user.as_str(), database: self.database.as_str(), has_password, cover, progress }
    }

    /// `Require` and `Direct` make the library take the stream as one that has TLS, or needs none.
    fn configuration(&self) -> Config {
        let mut config = Config::new();
        config.user(&self.user).dbname(&self.database).application_name("conn-check");
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        if let Some(password) = &self.password {
            config.password(password.expose());
        }
        config
    }
}
