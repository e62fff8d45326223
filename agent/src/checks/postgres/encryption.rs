//! What protects the connection: the server is asked for TLS in its own protocol.

use super::Postgres;
use super::pooler;
use super::server_error::ServerError;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Talk, TlsMode, Wire};
use crate::probe::Probe;
use crate::secret::{ours, sentence};
use crate::services::SSL_REQUEST;

/// What lies between this host and the server: its rules differ by that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encryption {
    Socket,
    /// Nothing, because the check wants none.
    Plain,
    /// Nothing, because the server has none.
    Refused,
    Tls,
    /// Nothing, because with TLS it did not work.
    Forgone,
}

/// The longest complaint that is read, in bytes.
const COMPLAINT: usize = 8 * 1024;

/// The connection with the protection that the check wants.
pub(super) async fn negotiate(check: &Postgres, probe: &mut Probe, wire: Wire) -> Result<(Wire, Encryption), Failure> {
    let Some(host) = check.target.host() else { return Ok((wire, Encryption::Socket)) };
    if check.mode == TlsMode::Never {
        return Ok((wire, Encryption::Plain));
    }
    let mut talk = Talk::new(wire, "an answer");
    let offered = probe.phase(Phase::Protocol, is_offered(&mut talk)).await?;
    let wire = talk.into_wire();
    if offered {
        return Ok((probe.tls(wire, &check.options, host, &[]).await?, Encryption::Tls));
    }
    if check.mode.is_required() {
        return Err(probe.fail(Phase::Tls, disabled(check)));
    }
    wire.seen().begin_anew();
    Ok((wire, Encryption::Refused))
}

/// The server has no TLS, or whoever stands between says so.
fn disabled(check: &Postgres) -> Fault {
    let enable = "enable ssl in its postgresql.conf";
    let next_step = match check.mode {
        // To go on without TLS would be to show the login to everybody on the way.
        _ if check.login.has_password() => {
            sentence![enable, "; if it is enabled, look for what takes TLS out on the way"]
        }
        TlsMode::Implied(option) => sentence![enable, ", or leave ", option, " out"],
        _ => sentence![enable, ", or set use_tls: false (or prefer) for this check"],
    };
    Fault::new(Cause::NotTls, sentence!["the server has TLS disabled", ours(&check.mode.reason())])
        .evidence("it answered N to the request for TLS")
        .next_step(next_step)
}

/// Whether the server offers TLS: one byte, and not one more. What follows it unencrypted may be
/// somebody else's who hopes to have it taken for the server's (CVE-2021-23222).
async fn is_offered(talk: &mut Talk) -> Result<bool, Fault> {
    talk.send(&SSL_REQUEST).await;
    match talk.peek().await? {
        b"S" => Ok(true),
        b"N" => Ok(false),
        [b'E', ..] => Err(complaint(talk).await?),
        _ => Err(not_understood()),
    }
}

/// What a server says that cannot even answer: no process to spare, no connection left in a pooler.
async fn complaint(talk: &mut Talk) -> Result<Fault, Fault> {
    let complaint =
        talk.frame(|begun| Ok(ServerError::length(begun).or((begun.len() >= COMPLAINT).then_some(COMPLAINT))));
    let error = match complaint.await {
        Ok(complaint) => ServerError::read(&complaint),
        // It may have sent enough.
        Err(fault) if fault.cause == Cause::Closed => ServerError::read(talk.received()),
        Err(fault) => return Err(fault),
    };
    Ok(error.map_or_else(not_understood, |error| {
        pooler::fault(&error, Encryption::Plain).unwrap_or_else(|| error.before_login())
    }))
}

fn not_understood() -> Fault {
    Fault::new(Cause::Malformed, "the answer to the request for TLS was not understood")
}
