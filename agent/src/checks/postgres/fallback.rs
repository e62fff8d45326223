//! What a preference for TLS means to libpq (its manual, `sslmode=prefer`): TLS first, and where that comes to
//! nothing, once more without.
//!
//! libpq tries again after every refusal before the login is accepted. Here the password counts: what the server
//! refuses after it was shown is not shown again, in the clear say. So the second try follows a handshake that
//! fails, and rules that turn a client away before they have seen anything of it (28000).

use super::Postgres;
use super::encryption::{self, Encryption};
use super::login::{self, Outcome};
use super::session::Session;
use crate::catalogue::WarningKind;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Endpoint, Target, TlsMode, Wire};
use crate::probe::Probe;
use crate::secret::{Sentence, sentence, theirs};

/// Begins a session over this connection, or over a second one.
pub(super) async fn begin(check: &Postgres, probe: &mut Probe, wire: Wire) -> Result<Session, Failure> {
    let (wire, encryption) = match encryption::negotiate(check, probe, wire).await {
        Ok(secured) => secured,
        Err(failure) => match without_tls(check, &failure) {
            Some(endpoint) => return after_handshake(check, probe, endpoint, failure).await,
            None => return Err(failure),
        },
    };
    match login::log_in(check, probe, wire, encryption).await? {
        Outcome::Session(session) => Ok(*session),
        Outcome::TurnedAway(refusal) => after_refusal(check, probe, refusal).await,
    }
}

/// Where to try again, when the handshake has failed of a check that only prefers TLS.
fn without_tls<'a>(check: &'a Postgres, failure: &Failure) -> Option<&'a Endpoint> {
    let of_handshake = failure.code.phase == Phase::Tls && !failure.code.is(Phase::Tls, Cause::Timeout);
    check.target.endpoint().filter(|_| check.mode == TlsMode::Prefer && of_handshake)
}

async fn after_handshake(
    check: &Postgres,
    probe: &mut Probe,
    endpoint: &Endpoint,
    failure: Failure,
) -> Result<Session, Failure> {
    match plainly(check, probe, endpoint).await {
        Ok(Outcome::Session(session)) => {
            warn(probe, sentence!["its TLS does not work: ", theirs(&failure.message)]);
            Ok(*session)
        }
        Err(plain) if plain.code.phase == Phase::Auth || plain.code.phase == Phase::Request => Err(plain),
        // Without TLS its rules turn it away: the handshake is what keeps it out.
        Ok(Outcome::TurnedAway(_)) | Err(_) => Err(failure),
    }
}

async fn after_refusal(check: &Postgres, probe: &mut Probe, refusal: Fault) -> Result<Session, Failure> {
    // There is TLS, so there is an endpoint.
    let Target::Tcp(endpoint) = &check.target else { return Err(probe.fail(Phase::Auth, refusal)) };
    match plainly(check, probe, endpoint).await {
        Ok(Outcome::Session(session)) => {
            let said = refusal.evidence.unwrap_or_default();
            warn(probe, sentence!["it turns this login away over TLS: ", said]);
            Ok(*session)
        }
        Ok(Outcome::TurnedAway(plain)) => {
            let both = [refusal.evidence.clone(), plain.evidence.map(|said| sentence!["without TLS: ", said])];
            let refusal = refusal.evidence(Sentence::join(both.into_iter().flatten(), "; "));
            Err(probe.fail(Phase::Auth, refusal))
        }
        // The rules let it in, and something else does not.
        Err(plain) if plain.code.phase == Phase::Auth || plain.code.phase == Phase::Request => Err(plain),
        Err(_) => Err(probe.fail(Phase::Auth, refusal)),
    }
}

/// A login without TLS, on a connection of its own.
async fn plainly(check: &Postgres, probe: &mut Probe, endpoint: &Endpoint) -> Result<Outcome, Failure> {
    let wire = probe.reopen(endpoint).await?;
    login::log_in(check, probe, wire, Encryption::Forgone).await
}

fn warn(probe: &mut Probe, why: Sentence) {
    probe.warn(WarningKind::TlsForgone, sentence!["the server takes the login without TLS only; ", why]);
}
