//! `connect_to` and `server_name`: where a check connects to, and what TLS asks for, where that is not its host.

use crate::net::{Endpoint, Host, Port};
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
        let with_port = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
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

/// The way of a check whose options say that it is another one than that to its target.
#[derive(Debug)]
pub(crate) struct Detour {
    /// Where the service itself listens.
    own: Endpoint,
    connect_to: Option<Endpoint>,
    server_name: Option<Host>,
}

impl Detour {
    /// What these wishes mean for a check of this service; nothing where it wishes for nothing, or there is no host.
    pub(crate) fn of(wishes: Wishes, own: Option<Endpoint>) -> Option<Self> {
        let own = own?;
        let Wishes { connect_to, server_name } = wishes;
        let place = |place: Place| Endpoint {
            transport: own.transport,
            host: place.host,
            port: place.port.unwrap_or(own.port),
        };
        let connect_to = connect_to.map(place);
        (connect_to.is_some() || server_name.is_some()).then_some(Self { own, connect_to, server_name })
    }

    /// Where to connect to for this place: what the check is told elsewhere (redirects, members of a set) keeps its
    /// own.
    pub(crate) fn place<'a>(&'a self, endpoint: &'a Endpoint) -> &'a Endpoint {
        self.connect_to.as_ref().filter(|_| *endpoint == self.own).unwrap_or(endpoint)
    }

    /// What TLS asks for with a server of this name.
    pub(crate) fn name<'a>(&'a self, host: &'a Host) -> &'a Host {
        self.server_name.as_ref().filter(|_| *host == self.own.host).unwrap_or(host)
    }

    /// The options that tell the check from others of its target, with their values.
    pub(crate) fn distinction(&self) -> impl Iterator<Item = (&'static str, String)> {
        let server_name = self.server_name.as_ref().map(|name| ("server_name", name.to_string()));
        let connect_to = self.connect_to.as_ref().map(|place| ("connect_to", place.to_string()));
        server_name.into_iter().chain(connect_to)
    }
}
