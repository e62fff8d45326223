//! What is said of this host's part: the fault of a connection, named anew where something is proven.

use super::Way;
use super::listeners::{Listener, Listeners, Program};
use super::tables::{Table, dropped_by_conntrack, local_ports, tcp_sockets};
use super::trail::{Hop, Trail};
use super::trial::{Culprit, Kept, Trial};
use crate::concern::Part;
use crate::fault::{Cause, Fault, Owner};
use crate::remedy::{Remedy, kernel, network};
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::services::Service;
use nix::errno::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a route of this host, its interface or the station behind it is the reason.
pub(super) fn the_way(fault: Fault, way: &Way) -> Fault {
    let address = way.address;
    let unreached = matches!(fault.cause, Cause::HostUnreachable | Cause::NetworkUnreachable | Cause::Timeout);
    match &way.route {
        Err(Errno::EACCES | Errno::EPERM) if fault.cause == Cause::DeniedLocally => fault
            .about(sentence!["a route or a rule of this host prohibits ", address])
            .concerning(Part::ThisHost, sentence!["its route to ", address.ip()])
            .next_step(show_route(way, "shows it; remove it, or send by another way")),
        Err(error) if unreached => no_route(fault, way, *error),
        Ok(_) if unreached && way.link.as_ref().is_some_and(|link| !link.is_running) => {
            let name = link_name(way);
            fault
                .become_of(Cause::NoRoute)
                .about(sentence![name.clone(), ", by which this host sends to ", address, ", is down"])
                .concerning(Part::ThisHost, sentence!["its interface ", name.clone()])
                .next_step(sentence!["`ip link show ", name, "` shows its state: bring it up, look at its other end"])
        }
        Ok(route) if unreached && way.next_hop_is_silent => silent_neighbour(fault, way, route.gateway.is_some()),
        _ => fault,
    }
}

/// An address to which the kernel sends for nobody who has not asked for `SO_BROADCAST` (ip(7), udp(7)).
pub(crate) fn of_broadcast(fault: Fault, address: SocketAddr) -> Fault {
    fault
        .about(sentence![
            address.ip(),
            " is the address of all hosts of a network (broadcast), and conn-check sends to one host"
        ])
        .with_evidence("the socket does not have SO_BROADCAST, a limit of conn-check's: no firewall is in question")
        .owner(Owner::Config)
        .next_step("name the address of one host in `host`: what comes back from all proves nothing of one")
}

fn no_route(fault: Fault, way: &Way, error: Errno) -> Fault {
    let address = way.address;
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let route = match error {
        // Nor is there one for all that has none of its own.
        Errno::ENETUNREACH => sentence!["its routes of ", family],
        _ => sentence!["its route to ", address.ip()],
    };
    let message = match error {
        Errno::EHOSTUNREACH => sentence!["a route of this host says that ", address, " is unreachable"],
        Errno::EINVAL => sentence!["this host's routes discard what is for ", address, " (blackhole)"],
        Errno::ENETUNREACH | Errno::ENETDOWN | Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP => {
            sentence!["this host has no route to ", address]
        }
        // It cannot be asked: what the connection said stays.
        _ => return fault,
    };
    let then = "shows it; correct this host's routes, or the address";
    let fault = fault
        .become_of(Cause::NoRoute)
        .about(message)
        .next_step(show_route(way, then))
        .concerning(Part::ThisHost, route);
    // What refuses one part of what goes by a gateway; without any route nobody knows where to.
    let refuses = matches!(error, Errno::EHOSTUNREACH | Errno::EINVAL);
    let usual = refuses.then(|| Way::to(usual(address))).filter(|way| !way.is_local());
    let by = usual.as_ref().and_then(|way| Some((way.route.as_ref().ok()?.gateway?, &way.link.as_ref()?.name)));
    fault.remedy(by.and_then(|(gateway, interface)| network::send_by(address.ip(), gateway, interface)))
}

/// An address that nobody has a route of its own for (RFC 5737, RFC 3849): the way to it is the default one.
fn usual(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        SocketAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    SocketAddr::new(ip, address.port())
}

fn silent_neighbour(fault: Fault, way: &Way, is_gateway: bool) -> Fault {
    let question = if way.address.is_ipv4() { "ARP" } else { "neighbour discovery" };
    let next_hop = way.route.as_ref().map_or_else(|_| way.address.ip(), |route| route.next_hop(way.address));
    let link = link_name(way);
    let shows = sentence!["`ip neigh show ", next_hop, " dev ", link.clone(), "` shows it"];
    let fault = fault.become_of(Cause::NoNeighbour);
    if is_gateway {
        return fault
            .owner(Owner::Network)
            .concerning(Part::Router, next_hop)
            .about(sentence![
                "the gateway to ",
                way.address,
                ", ",
                next_hop,
                ", does not answer ",
                question,
                " on ",
                link
            ])
            .next_step(sentence![shows, ": look at that gateway, then at this host's routes"]);
    }
    fault
        .concerning(Part::Host, next_hop)
        .about(sentence![
            way.address.ip(),
            " does not answer ",
            question,
            " on ",
            link,
            ": the host is down, or the address wrong"
        ])
        .next_step(sentence![shows, ": see whether that host runs, and whether it is still its address"])
}

/// No local port is left: which there are.
pub(crate) fn of_ports(fault: Fault) -> Fault {
    let Some((first, last)) = local_ports() else { return fault };
    let held = tcp_sockets().map(|(in_use, waiting)| {
        sentence![
            "; ",
            in_use,
            " TCP sockets of this host are in use, and ",
            waiting,
            " wait for their end (TIME-WAIT)"
        ]
    });
    fault
        .with_evidence(sentence!["local ports are ", first, " to ", last, held.unwrap_or_default()])
        .next_step("`ss -tan` shows who holds them: let connections be reused, or widen net.ipv4.ip_local_port_range")
        .remedy(kernel::more_ports(first, last))
}

/// What listens on this host, where nothing took the connection.
pub(super) fn the_listeners(
    fault: Fault,
    place: SocketAddr,
    listeners: &Listeners,
    expected: Option<&'static Service>,
) -> Fault {
    /// More would only be a list.
    const TOLD: usize = 3;
    let told = |listener: &Listener| {
        let place = listener.place;
        match listeners.program(listener) {
            Some(Program { name, pid }) => sentence![theirs(name), " (pid ", *pid, ") listens on ", place],
            None => sentence!["a program of user ", theirs(&listener.user()), " listens on ", place],
        }
    };
    let message = fault.message.clone();
    if let Some(there) = listeners.at(place) {
        return fault.about(sentence![message, ", although ", told(there)]).next_step(
            "`nft list ruleset`, as root, shows rules that reject; else it has begun to listen a moment ago",
        );
    }
    let all = |others: &[&Listener]| Sentence::join(others.iter().copied().map(told), ", ");
    let elsewhere: Vec<_> = listeners.elsewhere(place).take(TOLD).collect();
    if let Some(first) = elsewhere.first() {
        let next_step = sentence!["let it listen on ", place, " too, or name ", first.place.ip(), " in the check"];
        return fault.about(sentence![message, ": ", all(&elsewhere), " only"]).next_step(next_step);
    }
    let of_service = |service| listeners.of_service(service, place.port()).take(TOLD).collect();
    let on_other_ports: Vec<_> = expected.map_or_else(Vec::new, of_service);
    let fault = fault.with_evidence("nothing on this host listens on that port");
    match on_other_ports.first() {
        Some(first) => fault.with_evidence(all(&on_other_ports)).next_step(sentence![
            "see whether port ",
            first.place.port(),
            " is meant; else start the service on port ",
            place.port()
        ]),
        None => fault,
    }
}

/// Who listens on this host, where nothing answers: it may accept nobody.
pub(super) fn the_queue(fault: Fault, place: SocketAddr, listeners: &Listeners) -> Fault {
    let Some(listener) = listeners.at(place).filter(|listener| listener.is_full()) else { return fault };
    let who = match listeners.program(listener) {
        Some(Program { name, pid }) => sentence![theirs(name), " (pid ", *pid, ")"],
        None => sentence!["the program of user ", theirs(&listener.user())],
    };
    let seen = sentence![listener.waiting, " connections wait to be accepted, and there is no room for one more"];
    let silence = fault.message.clone();
    fault
        .owner(Owner::Service)
        .about(sentence![silence, ": ", who, " listens there and accepts nobody"])
        .with_evidence(seen)
        .next_step(sentence![
            "`ss -ltn sport = :",
            place.port(),
            "` shows its queue: see what that program is busy with; else let more wait (net.core.somaxconn)"
        ])
}

/// Where this host drops or rejects.
pub(super) fn the_host(fault: Fault, way: &Way, trial: &Trial) -> Fault {
    let address = way.address;
    let Some(culprit) = trial.culprit else {
        let unclear = "whether this host itself drops it cannot be told from its counters";
        return if trial.is_unclear { fault.with_evidence(unclear) } else { fault };
    };
    let (fault, counters) = (fault.become_of(Cause::DeniedLocally), counters_of(way));
    match culprit {
        Culprit::Output(kept) => output(fault, way, kept),
        Culprit::Input { dropped } => fault
            .concerning(Part::ThisHost, "its firewall, which drops answers")
            .about(sentence![
                address,
                " answers, and this host drops the answers (",
                counters,
                "InReceives +",
                dropped,
                ", ",
                counters,
                "InDelivers +0)"
            ])
            .next_step(
                "`nft list ruleset`, as root, shows the rules of its input: let answers in (ct state established)",
            ),
        Culprit::ReversePath { dropped } => fault
            .concerning(Part::ThisHost, "its filter of reverse paths")
            .about(sentence![
                address,
                " answers, and this host drops the answers: they come by another interface than it sends by \
                 (TcpExt:IPReversePathFilter +",
                dropped,
                ")"
            ])
            .next_step(show_route(way, "shows by which it sends: let the answers come there, or set rp_filter to 2")),
        Culprit::Reset { times } => fault
            .concerning(Part::ThisHost, "its firewall, which resets")
            .about(sentence!["this host's own firewall rejects the connection to ", address, " with a reset"])
            .with_evidence(sentence![times, " of ", times, " requests were answered by this host, and never sent"])
            .next_step("`nft list ruleset`, as root, shows the rules of its output that reject"),
    }
}

/// What this host sends is dropped before it leaves.
fn output(fault: Fault, way: &Way, kept: Kept) -> Fault {
    let seen = match kept {
        Kept::NotSentAgain(Some(times)) => sentence![" (TcpExt:TCPRetransFail +", times, ")"],
        Kept::NotSentAgain(None) => " (TCP_INFO: sent again, and not on its way)".into(),
        Kept::Counted => sentence![" (", counters_of(way), "OutRequests +7, ", counters_of(way), "OutTransmits +0)"],
    };
    let mut message = sentence!["this host itself drops what it sends to ", way.address];
    match Table::of_connections().filter(|table| table.is_full()) {
        Some(Table { used, most }) => {
            message.push(sentence![": its firewall's table of connections is full (", used, " of ", most, ")"]);
            let next_step =
                "raise net.netfilter.nf_conntrack_max, or find out who opens so many: `conntrack -L`, as root";
            let fault = fault.about(message).with_evidence(sentence!["dropped", seen]).next_step(next_step);
            let fault = fault.concerning(Part::ThisHost, "its table of connections");
            match dropped_by_conntrack().filter(|dropped| *dropped > 0) {
                Some(dropped) => {
                    fault.with_evidence(sentence![dropped, " packets were dropped for it so far (nf_conntrack, drop)"])
                }
                None => fault,
            }
        }
        None => {
            message.push(seen);
            let next_step =
                "`nft list ruleset`, as root, shows the rules of its output, also those for this user alone";
            fault
                .about(message)
                .next_step(next_step)
                .concerning(Part::ThisHost, "its firewall, which drops what it sends")
        }
    }
}

/// Nothing listens there, as far as can be seen from here: those who run that host see it.
pub(super) fn the_refusal(fault: Fault, way: &Way) -> Fault {
    if fault.cause != Cause::Refused || fault.remedy.is_some() {
        return fault;
    }
    fault.remedy(network::see_listeners(way.address))
}

/// How far a request gets that nobody answers.
pub(super) fn the_path(fault: Fault, way: &Way, trail: &Trail) -> Fault {
    if fault.cause != Cause::Timeout {
        return fault;
    }
    let (address, host) = (way.address, way.address.ip());
    let mut message = fault.message.clone();
    message.push(match trail.last() {
        Some(Hop { distance, router, .. }) => {
            sentence!["; the last router that answers is ", router, " (hop ", distance, ")"]
        }
        None if way.is_near() => Sentence::default(),
        None => "; the routers here do not answer".into(),
    });
    let fault = fault.about(message).remedy(missing_rule(address, "tcp", None));
    let behind = trail.last().map(|hop| sentence!["at or behind ", hop.router]);
    let fault = silent_host(fault, host, trail);
    match (trail.control, behind) {
        (Some((port, true)), behind) => {
            let place =
                behind.map_or_else(|| "on the way to it".into(), |behind| sentence!["on the way to it, ", behind]);
            fault
                .with_evidence(sentence![
                    "port ",
                    port,
                    " of ",
                    host,
                    " answers: it is there, or a firewall that speaks for it"
                ])
                .next_step(sentence![
                    "look for port ",
                    address.port(),
                    " in the firewall of ",
                    host,
                    " or in one ",
                    place,
                    ", and with `ss -ltn` there whether the service's queue is full"
                ])
        }
        (_, Some(behind)) => fault.next_step(sentence![
            "look for a firewall or a missing route ",
            behind,
            ", then for a wrong address or a dead host"
        ]),
        (_, None) => fault,
    }
}

/// A host of which nothing answers, neither this port nor another, and the last router on the way to it.
fn silent_host(fault: Fault, host: IpAddr, trail: &Trail) -> Fault {
    if trail.target.is_some() || !matches!(trail.control, Some((_, false))) {
        return fault;
    }
    let fault = fault.concerning(Part::Host, host);
    match trail.last() {
        Some(hop) => fault.concerning(Part::Router, hop.router),
        None => fault,
    }
}

/// The rule that lets this host through where something on the way refuses it, or drops what it sends: `at` is who has
/// said so, else it is looked for at the other end.
pub(crate) fn missing_rule(to: SocketAddr, transport: &'static str, at: Option<IpAddr>) -> Option<Remedy> {
    let from = Way::to(to).route.ok()?.source?;
    (from.is_ipv4() == to.is_ipv4()).then(|| network::let_pass(network::Passage { from, to, transport }, at))
}

/// What the names of the counters begin with (`/proc/net/snmp`, `/proc/net/snmp6`).
const fn counters_of(way: &Way) -> &'static str {
    if way.address.is_ipv4() { "Ip:" } else { "Ip6" }
}

fn link_name(way: &Way) -> Sentence {
    way.link.as_ref().map_or_else(|| "its interface".into(), |link| ours(&link.name))
}

/// The command that shows the route.
fn show_route(way: &Way, then: &'static str) -> Sentence {
    sentence![way.shown_by(), " ", then]
}
