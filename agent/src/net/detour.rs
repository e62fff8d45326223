//! Another place to connect to than a check's own, and another name for TLS to ask for.

use crate::net::{Endpoint, Host};

/// The way of a check whose options say that it is another one than that to its target.
#[derive(Debug)]
pub(crate) struct Detour {
    /// Where the service itself listens.
    own: Endpoint,
    connect_to: Option<Endpoint>,
    server_name: Option<Host>,
}

impl Detour {
    /// The way of a check of this service, where one of the two says something.
    pub(crate) fn new(own: Endpoint, connect_to: Option<Endpoint>, server_name: Option<Host>) -> Option<Self> {
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
