//! Connections beside the check's own: they are no phases and no results.

use super::Probe;
use super::peek::Peer;
use crate::fault::{Cause, Fault, Phase};
use crate::net::{self, Detour, Endpoint, Host, TlsOptions, Wire};
use crate::secret::sentence;
use crate::shared::Shared;
use std::sync::Arc;

/// Opens connections beside the check's own.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    shared: Arc<Shared>,
    /// Where the check's last connection led.
    reached: Option<Peer>,
    detour: Option<Arc<Detour>>,
}

impl Probe {
    /// What opens connections beside the check's own, now that it has one.
    pub(crate) fn dialer(&self) -> Dialer {
        Dialer {
            shared: Arc::clone(&self.shared),
            reached: self.reached.clone(),
            detour: self.assignment.detour.clone(),
        }
    }
}

impl Dialer {
    /// A connection to where the check's last one led, with TLS for a server of this name where that is wanted.
    pub(crate) async fn again(&self, tls: Option<(&TlsOptions, &Host)>) -> Result<Wire, Fault> {
        let wire = match &self.reached {
            Some(Peer::Address(address)) => Wire::tcp(net::connect(*address).await?),
            Some(Peer::Socket(path)) => Wire::unix(net::unix(path).await?),
            None => return Err(Fault::new(Cause::OwnFault, "there was no connection yet")),
        };
        self.encrypted(wire, tls).await
    }

    /// A connection to another endpoint: the first of its addresses that answers.
    pub(crate) async fn to(&self, endpoint: &Endpoint) -> Result<Wire, Fault> {
        let place = self.detour.as_deref().map_or_else(|| endpoint.clone(), |detour| detour.place(endpoint));
        let mut last = Fault::new(Cause::NoAddress, sentence!["there is no address of ", &place]);
        let addresses = self.shared.resolver.resolve(&place.host, place.port.get()).await;
        for address in addresses.map_err(|fault| fault.placed(Phase::Resolve))?.addresses {
            match net::connect(address).await {
                Ok(stream) => return Ok(Wire::tcp(stream)),
                Err(fault) => last = fault,
            }
        }
        Err(last.placed(Phase::Connect))
    }

    /// TLS over such a connection, where it is wanted, for a server of this name.
    pub(crate) async fn encrypted(&self, wire: Wire, tls: Option<(&TlsOptions, &Host)>) -> Result<Wire, Fault> {
        let Some((options, host)) = tls else { return Ok(wire) };
        let host = self.detour.as_deref().map_or(host, |detour| detour.name(host));
        wire.seen().begin_anew();
        let handshake = net::tls::handshake(wire, options, &self.shared.trust, host, &[]).await;
        handshake.result.map_err(|fault| fault.placed(Phase::Tls))
    }
}
