//! What a phase that was cut off was waiting for.

use crate::fault::Failure;
use crate::net::{self, Endpoint, Race};
use std::net::SocketAddr;
use std::time::Duration;

/// A timeout that says which addresses were tried: a name that leads to a wrong one is a usual cause.
pub(super) fn with_addresses(mut failure: Failure, race: &Race, tried: &[SocketAddr]) -> Failure {
    if failure.code.as_str() == "connect.timeout" {
        let waited = failure.evidence.take().unwrap_or_default();
        failure.evidence = Some(format!("{waited}; {}", race.told(tried)));
    }
    failure
}

/// A look-up that was cut off says who was asked.
pub(super) fn with_resolvers(mut failure: Failure, endpoint: &Endpoint, waited: Duration) -> Failure {
    let servers: Vec<_> =
        net::ResolvConf::of_this_host().servers.iter().map(|server| server.ip().to_string()).collect();
    let (seconds, host) = (waited.as_secs_f64(), &endpoint.host);
    failure.evidence = Some(format!("waited {seconds:.3} s; asked for {host}: {}", servers.join(", ")));
    failure
}
