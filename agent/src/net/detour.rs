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

    /// Where to connect to for this place. Another port of the same host is one of the same other machine, so that no
    /// redirect leads a login away from it; other hosts (redirects, members of a set) keep their own.
    pub(crate) fn place(&self, endpoint: &Endpoint) -> Endpoint {
        match &self.connect_to {
            Some(there) if *endpoint == self.own => there.clone(),
            Some(there) if endpoint.host == self.own.host => Endpoint { host: there.host.clone(), ..endpoint.clone() },
            _ => endpoint.clone(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_host_is_the_same_other_machine_and_other_hosts_are_themselves() {
        let at =
            |host: &str, port: u16| Endpoint::tcp(Host::parse(host).expect(host), port.try_into().expect("a port"));
        let detour = Detour::new(at("shop.test", 80), Some(at("10.0.0.4", 8080)), None).expect("it goes elsewhere");
        for (endpoint, place) in [
            (at("shop.test", 80), at("10.0.0.4", 8080)),
            (at("shop.test", 443), at("10.0.0.4", 443)),
            (at("pay.test", 80), at("pay.test", 80)),
        ] {
            assert_eq!(detour.place(&endpoint), place);
        }
    }
}
