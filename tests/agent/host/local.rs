//! Faults of the very host that checks: its firewall, its routes, its links, its limits.

use super::{PORT, Verdict, checked, over_both, tcp, tcp_within};
use crate::redis::clusters::node_at;
use crate::redis::nodes::all_slots;
use harness::peers::{Manner, Peer};
use harness::worlds::{Family, USER, World};
use std::net::SocketAddr;

/// How an administrator sees the rules of a firewall, and the routes.
const RULES: &str = "nft list ruleset";
const ROUTE: &str = "ip route get";

/// A user whom no rule is for.
const OTHER: u32 = 65533;

over_both! {
    the_own_output_chain_drops(family) {
        own_rule(family, 1, "drop", &Verdict::denied_here(RULES));
    }

    the_own_output_chain_drops_what_is_for_the_own_subnet(family) {
        own_rule(family, 0, "drop", &Verdict::denied_here(RULES));
    }

    the_own_output_chain_drops_what_is_for_a_node_of_a_cluster(family) {
        let (world, node) = (World::new(1), PORT + 1);
        let target = world.target(family, PORT);
        let host = target.ip().to_string();
        let _first = world.server().inside(|| {
            node_at(target, move |own| all_slots(&[(&host, own), (&host, node)]))
        });
        world.client().rule("output", &format!("tcp dport {node} drop"));
        let yaml = tcp_within(target, 4.0).replace("type: tcp", "type: redis, cluster: true");
        let check = checked(&world, &yaml);
        Verdict::denied_here(RULES).says("the cluster's node").of(&check);
    }

    a_rule_for_this_user_alone_drops(family) {
        let (world, target, _peer) = answering(family, 1);
        world.client().rule("output", &format!("tcp dport {PORT} meta skuid {USER} drop"));
        Verdict::denied_here(RULES).of(&checked(&world, &tcp(target)));
        // What is said of the one is not said of the other.
        let report = world.agent_as(OTHER, &tcp(target)).report();
        assert_eq!(report["checks"][0]["verdict"], "pass", "{report:#}");
    }

    the_own_output_chain_resets(family) {
        own_rule(family, 1, "reject with tcp reset", &Verdict::denied_here(RULES));
    }

    the_own_output_chain_resets_what_is_for_the_own_subnet(family) {
        own_rule(family, 0, "reject with tcp reset", &Verdict::denied_here(RULES));
    }

    the_own_output_chain_prohibits(family) {
        let verdict = Verdict::denied_here("firewall").names(family.address(0, 1));
        own_rule(family, 1, "reject with icmpx type admin-prohibited", &verdict);
    }

    the_own_output_chain_rejects_the_port(family) {
        let verdict = Verdict::denied_here("firewall").names(family.address(0, 1));
        own_rule(family, 1, "reject with icmpx type port-unreachable", &verdict);
    }

    the_own_input_chain_drops_the_answers(family) {
        let (world, target, _peer) = answering(family, 1);
        world.client().rule("input", &format!("tcp sport {PORT} drop"));
        Verdict::denied_here(RULES).says("answers").of(&checked(&world, &tcp(target)));
    }

    the_own_input_chain_drops_the_answers_of_the_own_subnet(family) {
        let (world, target, _peer) = answering(family, 0);
        world.client().rule("input", &format!("tcp sport {PORT} drop"));
        Verdict::denied_here(RULES).says("answers").of(&checked(&world, &tcp(target)));
    }

    answers_are_dropped_before_they_are_routed(family) {
        let (world, target, _peer) = answering(family, 1);
        world.client().rule("prerouting", &format!("tcp sport {PORT} drop"));
        Verdict::denied_here(RULES).says("answers").of(&checked(&world, &tcp(target)));
    }

    datagrams_are_dropped_in_the_own_output(family) {
        let world = World::new(1);
        world.client().rule("output", &format!("udp dport {PORT} drop"));
        let host = world.target(family, PORT).ip();
        let yaml = format!("- {{type: udp, host: '{host}', port: {PORT}, send: x, expect: x, timeout: 3}}\n");
        Verdict::denied_here("").names(host).of(&checked(&world, &yaml));
    }

    a_prohibiting_route(family) {
        own_route(family, "prohibit", &Verdict::denied_here(ROUTE).says("prohibit"));
    }

    an_unreachable_route(family) {
        own_route(family, "unreachable", &Verdict::no_route(ROUTE).says("unreachable"));
    }

    a_blackhole(family) {
        own_route(family, "blackhole", &Verdict::no_route(ROUTE).says("blackhole"));
    }

    no_route_at_all(family) {
        let world = World::new(1);
        let target = world.target(family, PORT);
        world.client().forgets_gateway(family);
        Verdict::no_route(ROUTE).names(target.ip()).of(&checked(&world, &tcp(target)));
    }

    the_own_interface_is_down(family) {
        let world = World::new(1);
        let target = world.target(family, PORT);
        world.client().ip("link set dev eth0 down");
        Verdict::no_route("`ip ").names(target.ip()).of(&checked(&world, &tcp(target)));
    }

    the_cable_is_out(family) {
        let world = World::new(1);
        world.router(1).ip("link set dev west down");
        Verdict::no_route("eth0").of(&checked(&world, &tcp(world.target(family, PORT))));
    }

    nobody_on_the_own_subnet_has_the_address(family) {
        let world = World::new(0);
        let target = world.nobody(family, PORT);
        Verdict::new("connect.no-neighbour", "service").names(target.ip()).of(&checked(&world, &tcp_within(target, 4.0)));
        // The kernel gives up after three seconds; it is known before.
        let target = SocketAddr::new(family.address(0, 78), PORT);
        Verdict::new("connect.no-neighbour", "service").names(target.ip()).of(&checked(&world, &tcp_within(target, 2.0)));
    }

    the_gateway_is_not_there(family) {
        let world = World::new(1);
        let gateway = family.address(0, 77);
        world.client().gateway(gateway);
        let verdict = Verdict::new("connect.no-neighbour", "network").names(gateway);
        verdict.of(&checked(&world, &tcp(world.target(family, PORT))));
    }
}

#[test]
fn answers_by_another_interface_are_dropped_by_the_reverse_path_filter() {
    let (world, target, _peer) = answering(Family::V4, 1);
    world.answer_by_second_cable(PORT);
    Verdict::denied_here("rp_filter").of(&checked(&world, &tcp(target)));
}

#[test]
fn a_full_table_of_connections_is_this_hosts() {
    let (world, target, _peer) = answering(Family::V4, 1);
    world.client().fills_connection_table();
    Verdict::denied_here("nf_conntrack_max").of(&checked(&world, &tcp(target)));
}

#[test]
fn local_ports_that_are_used_up_are_this_hosts_limit() {
    let (world, target, _peer) = answering(Family::V4, 1);
    let _used = world.use_up_ports(target);
    Verdict::new("connect.local-limit", "host").says("ip_local_port_range").of(&checked(&world, &tcp(target)));
}

/// A world whose server would answer.
fn answering(family: Family, routers: u8) -> (World, SocketAddr, Peer) {
    let world = World::new(routers);
    let target = world.target(family, PORT);
    let peer = world.server().inside(|| Peer::start_at(target, Manner::Banner(b"ready\n".to_vec())));
    (world, target, peer)
}

/// A rule of the own output for the check's port, and what is said of it.
fn own_rule(family: Family, routers: u8, rule: &str, verdict: &Verdict) {
    let (world, target, _peer) = answering(family, routers);
    world.client().rule("output", &format!("tcp dport {PORT} {rule}"));
    verdict.of(&checked(&world, &tcp(target)));
}

/// A route of this kind in the way to the server, and what is said of it.
fn own_route(family: Family, kind: &str, verdict: &Verdict) {
    let (world, target, _peer) = answering(family, 1);
    world.client().bars(kind, target.ip());
    verdict.clone().names(target.ip()).of(&checked(&world, &tcp(target)));
}
