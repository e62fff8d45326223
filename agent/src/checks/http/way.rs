//! The way of a request: where it connects to, through which proxy, with which TLS; and whom a failure on it concerns.

use super::Http;
use super::exchange::Connection;
use super::options::WebUrl;
use super::proxy::Proxy;
use super::request::Hop;
use crate::fault::{Cause, Failure, Fault, Part, Phase};
use crate::net::proxy::Tunnel;
use crate::net::{self, Endpoint, Host, Port, Wire, socks};
use crate::probe::Probe;
use crate::remedy::squid;
use crate::secret::{ours, sentence};
use crate::settings::SocketPath;

/// What is offered over TLS (ALPN): the one version that is spoken.
const HTTP_1: &[&str] = &["http/1.1"];
const HTTP_2: &[&str] = &["h2"];

impl Http {
    pub(super) fn first_endpoint(&self) -> &Endpoint {
        self.proxy.as_ref().map_or(&self.url.endpoint, |proxy| &proxy.endpoint)
    }

    /// The proxy, where it is asked for the URL itself, and not for a tunnel. One that passes requests on does so in
    /// HTTP/1.1.
    pub(super) fn relay(&self, url: &WebUrl) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| !proxy.is_socks() && !url.is_tls() && !self.http2)
    }

    /// Connects to the origin, or to the proxy.
    pub(super) async fn open(&self, probe: &mut Probe, origin: &Endpoint) -> Result<Wire, Failure> {
        let Some(proxy) = &self.proxy else {
            return match &self.unix_socket {
                // What a redirect names has a place of its own.
                Some(SocketPath(path)) if *origin == self.url.endpoint => probe.open_socket(path).await,
                _ => probe.open(origin).await,
            };
        };
        let opened = probe.open(&proxy.endpoint).await;
        let mut wire = opened.map_err(|failure| of_proxy(probe, proxy, failure))?;
        if proxy.speaks_tls() {
            let secured = probe.tls_straight(wire, &self.tls, &proxy.endpoint.host, HTTP_1).await;
            wire = secured.map_err(|failure| of_proxy(probe, proxy, failure))?;
        }
        if proxy.login.is_some() {
            probe.note_login();
        }
        let user = proxy.login.as_ref().map_or("", |login| login.user.as_str());
        probe.goes_through(&proxy.endpoint, origin, user);
        Ok(wire)
    }

    /// Notes a login that goes out without TLS; where a proxy passes it on, whatever there is up to the proxy.
    pub(super) fn note_login(&self, probe: &mut Probe, hop: &Hop) {
        let has_header = self.headers.0.iter().any(|header| header.name.eq_ignore_ascii_case("authorization"));
        let logs_in = hop.trusted && (self.auth.is_some() || self.digest.is_some() || has_header);
        match &self.proxy {
            _ if !logs_in || hop.url.is_tls() => {}
            Some(_) => probe.note_plain_login(),
            None => probe.note_login(),
        }
    }

    /// Adds the tunnel and TLS, as the URL wants them.
    pub(super) async fn secure(&self, probe: &mut Probe, wire: Wire, url: &WebUrl) -> Result<Connection, Failure> {
        let mut else_a_page = None;
        let wire = match &self.proxy {
            Some(proxy) if proxy.is_socks() => self.through_socks(probe, wire, proxy, url).await?,
            Some(proxy) if self.relay(url).is_none() => {
                let tunnel = self.through_connect(probe, wire, proxy, url).await?;
                else_a_page = tunnel.else_a_page;
                tunnel.wire
            }
            _ => wire,
        };
        if !url.is_tls() {
            return Connection::over(probe, wire, url, self).await;
        }
        let offered = if self.http2 { HTTP_2 } else { HTTP_1 };
        let secured = probe.tls(wire, &self.tls, &url.endpoint.host, offered).await;
        let wire = secured.map_err(|failure| match else_a_page {
            Some(page) if failure.code.is(Phase::Tls, Cause::NotTls) => probe.fail(Phase::Proxy, page),
            _ => failure,
        })?;
        Connection::over(probe, wire, url, self).await
    }

    async fn through_connect(
        &self,
        probe: &mut Probe,
        wire: Wire,
        proxy: &Proxy,
        url: &WebUrl,
    ) -> Result<Tunnel, Failure> {
        let authority = authority(&url.endpoint.host, url.endpoint.port);
        let authorization = proxy.authorization.as_ref().map(|value| value.expose().as_str());
        let from = probe.local().map(|local| local.ip());
        let rule = || squid::permit(from?, &url.endpoint.host.bare(), url.endpoint.port.get());
        let tunnel = probe.phase(Phase::Proxy, net::proxy::tunnel(wire, &authority, authorization, rule)).await;
        // With TLS 1.3 a proxy judges our certificate only after the handshake.
        tunnel.map_err(
            |failure| {
                if failure.code.phase == Phase::Tls { of_proxy(probe, proxy, failure) } else { failure }
            },
        )
    }

    async fn through_socks(&self, probe: &mut Probe, wire: Wire, proxy: &Proxy, url: &WebUrl) -> Result<Wire, Failure> {
        let to = match proxy.destination(&url.endpoint) {
            Some(to) => to,
            None => {
                let addresses = probe.addresses(&url.endpoint).await?;
                let first = addresses.first().copied();
                socks::Destination::Address(first.ok_or_else(|| {
                    probe.fail(Phase::Resolve, Fault::new(Cause::NoAddress, "the name has no address"))
                })?)
            }
        };
        let login = proxy.login.as_ref().map(|login| (login.user.as_str(), &login.password));
        probe.phase(Phase::Proxy, socks::tunnel(wire, &to, login)).await
    }
}

/// Behind a next step that would else be taken for one about the target.
const ABOUT_PROXY: &str = " (this is about the proxy)";

/// A proxy that cannot be connected to is a fault of its own; its name's, its certificate's and this host's are told of
/// whom they concern.
pub(super) fn of_proxy(probe: &Probe, proxy: &Proxy, mut failure: Failure) -> Failure {
    if matches!(failure.code.cause, Cause::LocalLimit | Cause::DeniedLocally) {
        return failure;
    }
    if failure.code.phase != Phase::Connect {
        failure =
            failure.without_server_name("in proxy_url").advise(Phase::Protocol, Cause::UnsupportedVersion, NO_HTTP1);
        failure.next_step.push_str(ABOUT_PROXY);
        return failure.told_of(format_args!("the proxy {}", proxy.endpoint));
    }
    let cause = if failure.code.cause == Cause::Timeout { Cause::Timeout } else { Cause::Unreachable };
    let fault =
        Fault::new(cause, sentence!["the proxy ", &proxy.endpoint, " cannot be reached: ", ours(&failure.message)])
            .owner(failure.owner)
            .next_step(sentence![ours(&failure.next_step), ABOUT_PROXY])
            .evidence(sentence![ours(&failure.code), ": ", ours(&failure.evidence.unwrap_or_default())]);
    probe.fail(Phase::Proxy, fault.concerning(Part::Proxy, &proxy.endpoint))
}

/// What to do about a proxy that takes no HTTP/1.1.
const NO_HTTP1: &str = "name a port where the proxy speaks HTTP/1.1";

/// `host:port` as CONNECT wants it; an IPv6 address in brackets.
pub(super) fn authority(host: &Host, port: Port) -> String {
    format!("{}:{port}", in_brackets(host))
}

/// A host as URLs have it.
pub(super) fn in_brackets(host: &Host) -> String {
    let bare = host.bare();
    if bare.contains(':') { format!("[{bare}]") } else { bare }
}
