//! `connect_to` and `server_name`: where a check connects to, and what TLS asks for, where that is not its host.

use crate::net::{Detour, Endpoint, Host, Port};
use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Fields, Misfit, Setting};

/// What a check's options say of its way.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    connect_to: Option<Place>,
    server_name: Option<Host>,
}

impl Wishes {
    /// Of a check that has no such options.
    pub(crate) const fn none() -> Self {
        Self { connect_to: None, server_name: None }
    }

    /// Asks for them.
    pub(crate) fn parse(fields: &mut Fields<'_>) -> Self {
        Self {
            connect_to: fields.optional::<Place>(
                "connect_to",
                "HOST or HOST:PORT to connect to in place of the check's own, whose name TLS and the protocol keep.",
            ),
            server_name: fields.optional::<Host>("server_name", "Asked for by TLS (SNI) and verified instead of host."),
        }
    }

    /// What they mean for a check that connects to `first`, for a service at `origin` where that is elsewhere (behind
    /// a proxy, which connects by itself); nothing where there is no host.
    pub(crate) fn detour(self, origin: Option<Endpoint>, first: Option<Endpoint>) -> Option<Detour> {
        let connects_by_itself = origin.is_none();
        let own = origin.or(first)?;
        let connect_to = self.connect_to.filter(|_| connects_by_itself).map(|place| Endpoint {
            transport: own.transport,
            host: place.host,
            port: place.port.unwrap_or(own.port),
        });
        Detour::new(own, connect_to, self.server_name)
    }
}

/// A host, and a port where it is another one, too.
#[derive(Clone, Debug)]
struct Place {
    host: Host,
    port: Option<Port>,
}

impl Setting for Place {
    const SHAPE: Shape = Shape::plain("HOST or HOST:PORT", "host[:port]", shape::filled).or(shape::NO_HOST);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        // Whether the last colon is a port's or one of an IPv6 address is told by what stands before it.
        let is_url = text.contains("://");
        let with_port =
            text.rsplit_once(':').filter(|(host, _)| !is_url && (!host.contains(':') || host.ends_with(']')));
        let (host, port) = match with_port {
            Some((host, port)) => {
                let port = port.parse().map_err(|_| field.wrong(&Self::SHAPE).help("a port is 1 to 65535"))?;
                (host, Some(port))
            }
            None => (text.as_str(), None),
        };
        let parsed = Host::parse(host).map_err(|rule| field.wrong(&Self::SHAPE).help(rule.to_string()))?;
        field.show(host);
        Ok(Self { host: parsed, port })
    }
}
