//! The way to a server: the one rule that lacks in a firewall, routes and links of this host (iptables(8), ufw(8),
//! nft(8), ip-route(8)).

use super::Remedy;
use super::quote::word;
use std::net::{IpAddr, SocketAddr};

/// Who is to reach whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    pub(crate) from: IpAddr,
    pub(crate) to: SocketAddr,
    pub(crate) transport: &'static str,
}

impl Passage {
    /// In the words of iptables.
    fn of_iptables(self, chain: &str) -> String {
        let (program, bits) = if self.from.is_ipv4() { ("iptables", 32) } else { ("ip6tables", 128) };
        let Self { from, to, transport } = self;
        format!(
            "{program} -I {chain} -s {from}/{bits} -d {}/{bits} -p {transport} --dport {} -j ACCEPT",
            to.ip(),
            to.port()
        )
    }

    /// The same for nftables.
    fn of_nftables(self, chain: &str) -> String {
        let family = if self.from.is_ipv4() { "ip" } else { "ip6" };
        let Self { from, to, transport } = self;
        let what = format!("{family} saddr {from} {family} daddr {} {transport} dport {}", to.ip(), to.port());
        format!("nft insert rule inet filter {chain} {what} accept")
    }

    /// The same for ufw.
    fn of_ufw(self) -> String {
        let Self { from, to, transport } = self;
        format!("ufw prepend allow proto {transport} from {from} to {} port {}", to.ip(), to.port())
    }
}

/// A firewall drops or refuses it. `at`: the one that has said so, where it is not the server's own host.
pub(crate) fn let_pass(passage: Passage, at: Option<IpAddr>) -> Remedy {
    let to = passage.to;
    let is_router = at.is_some_and(|at| at != to.ip());
    let chain = if is_router { "forward" } else { "input" };
    let host = at.unwrap_or(to.ip());
    let on = |what: &str| format!("on {host}, as root, {what}");
    let remedy = Remedy::new()
        .decide(
            on("if its firewall is nftables (with the names of its own table and chain)"),
            [passage.of_nftables(chain)],
        )
        .decide(on("if it is iptables"), [passage.of_iptables(&chain.to_uppercase())]);
    let remedy = if is_router { remedy } else { remedy.decide(on("if it is ufw"), [passage.of_ufw()]) };
    let shows = format!("ss -H -l{} -n 'sport = :{}'", if passage.transport == "udp" { 'u' } else { 't' }, to.port());
    remedy.look(format!("on {}, whether something listens", to.ip()), shows)
}

/// Nothing listens there: for those who run that host.
pub(crate) fn see_listeners(to: SocketAddr) -> Remedy {
    let place = format!("on {}, as root, what listens on that port", to.ip());
    Remedy::new().look(place, format!("ss -H -ltnp 'sport = :{}'", to.port()))
}

/// Large packets are lost on the way to this address: smaller ones for it alone.
pub(crate) fn send_smaller(to: IpAddr, gateway: Option<IpAddr>, interface: &str, mtu: u32) -> Option<Remedy> {
    let interface = word(interface)?;
    let via = gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    let bits = if to.is_ipv4() { 32 } else { 128 };
    let command = format!("ip route replace {to}/{bits}{via} dev {interface} mtu {mtu}");
    let place = "in a shell on this host, as root, until the way is mended; lost at the next start";
    Some(Remedy::new().decide(place, [command]).look("on this host", format!("ip route get {to}")))
}

/// A route of this host refuses what lies behind a gateway that others go through: for this address alone.
pub(crate) fn send_by(to: IpAddr, gateway: IpAddr, interface: &str) -> Option<Remedy> {
    let bits = if to.is_ipv4() { 32 } else { 128 };
    let command = format!("ip route add {to}/{bits} via {gateway} dev {}", word(interface)?);
    let place = "in a shell on this host, as root, if the address is not refused on purpose: by its usual gateway";
    Some(Remedy::new().decide(place, [command]).look("on this host", format!("ip route get {to}")))
}
