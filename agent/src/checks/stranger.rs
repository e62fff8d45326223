//! What a check without a login does to servers that count such connections against this host.

use crate::catalogue::WarningKind;
use crate::fault::Fault;
use crate::net::identify::{Stranger, blocked_host, identify};
use crate::probe::Probe;

/// Warns of a connection that the server with these first words has counted.
///
/// # Errors
/// It has blocked this host.
pub(super) fn judge(said: &[u8], probe: &mut Probe) -> Result<(), Fault> {
    match identify(said).and_then(|peer| peer.stranger()) {
        Some(Stranger::Blocked(said)) => Err(blocked_host().evidence(said)),
        Some(Stranger::Counted(what)) => {
            probe.warn(WarningKind::ConnectCounted, what);
            Ok(())
        }
        None => Ok(()),
    }
}
