//! The same symptoms with their reason beyond this host: nothing of them is this host's.

use super::{PORT, Verdict, checked, over_both, quietly_checked, tcp, tcp_within};
use harness::peers::{FullQueue, Manner, Peer};
use harness::worlds::{Family, Pace, World};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many others this host drops in the meantime.
const OTHERS: usize = 8;

/// How what is dropped here for others comes.
const STEADY: Pace = Pace { at_once: 10, every: Duration::from_millis(1) };
const SLOW: Pace = Pace { at_once: 1, every: Duration::from_millis(4) };
const BURSTS: Pace = Pace { at_once: 6, every: Duration::from_millis(150) };

over_both! {
    the_servers_input_drops(family) {
        let (world, target) = world(family, 1);
        server_rule(&world, "input", "dport", "drop");
        Verdict::timeout().names(world.hop(family, 1)).of(&checked(&world, &tcp(target)));
    }

    the_input_of_a_server_on_the_own_subnet_drops(family) {
        let (world, target) = world(family, 0);
        server_rule(&world, "input", "dport", "drop");
        Verdict::timeout().of(&checked(&world, &tcp(target)));
    }

    a_router_drops(family) {
        let (world, target) = world(family, 1);
        forward_rule(&world, "drop");
        Verdict::timeout().names(world.hop(family, 1)).of(&checked(&world, &tcp(target)));
    }

    a_router_drops_the_answers(family) {
        let (world, target) = world(family, 1);
        let _peer = serve(&world, target);
        world.router(1).rule("forward", &format!("tcp sport {PORT} drop"));
        Verdict::timeout().of(&checked(&world, &tcp(target)));
    }

    the_servers_output_drops_the_answers(family) {
        let (world, target) = world(family, 1);
        let _peer = serve(&world, target);
        server_rule(&world, "output", "sport", "drop");
        Verdict::timeout().of(&checked(&world, &tcp(target)));
    }

    the_servers_accept_queue_is_full(family) {
        let (world, target) = world(family, 1);
        let _full = world.server().inside(|| FullQueue::start_at(target));
        Verdict::timeout().of(&checked(&world, &tcp(target)));
    }

    a_router_discards_by_a_blackhole(family) {
        let (world, target) = world(family, 1);
        world.router(1).bars("blackhole", target.ip());
        Verdict::timeout().of(&checked(&world, &tcp(target)));
    }

    nothing_listens(family) {
        let (world, target) = world(family, 1);
        Verdict::new("connect.refused", "service").of(&checked(&world, &tcp(target)));
    }

    nothing_listens_on_the_own_subnet(family) {
        let (world, target) = world(family, 0);
        Verdict::new("connect.refused", "service").of(&checked(&world, &tcp(target)));
    }

    the_servers_firewall_resets(family) {
        let (world, target) = world(family, 1);
        let _peer = serve(&world, target);
        server_rule(&world, "input", "dport", "reject with tcp reset");
        Verdict::new("connect.refused", "service").of(&checked(&world, &tcp(target)));
    }

    the_firewall_of_a_server_on_the_own_subnet_resets(family) {
        let (world, target) = world(family, 0);
        let _peer = serve(&world, target);
        server_rule(&world, "input", "dport", "reject with tcp reset");
        Verdict::new("connect.refused", "service").of(&checked(&world, &tcp(target)));
    }

    a_router_prohibits(family) {
        let (world, target) = world(family, 1);
        forward_rule(&world, "reject with icmpx type admin-prohibited");
        let verdict = Verdict::new("connect.prohibited", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp(target)));
    }

    a_route_of_a_router_prohibits(family) {
        let (world, target) = world(family, 1);
        world.router(1).bars("prohibit", target.ip());
        let verdict = Verdict::new("connect.prohibited", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp(target)));
    }

    the_servers_firewall_prohibits(family) {
        let (world, target) = world(family, 1);
        server_rule(&world, "input", "dport", "reject with icmpx type admin-prohibited");
        Verdict::new("connect.prohibited", "network").names(target.ip()).of(&checked(&world, &tcp(target)));
    }

    a_router_says_that_the_host_is_unreachable(family) {
        let (world, target) = world(family, 1);
        forward_rule(&world, "reject with icmpx type host-unreachable");
        let verdict = Verdict::new("connect.host-unreachable", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp(target)));
    }

    a_router_says_that_the_network_is_unreachable(family) {
        let (world, target) = world(family, 1);
        forward_rule(&world, "reject with icmpx type no-route");
        let verdict = Verdict::new("connect.network-unreachable", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp(target)));
    }

    a_router_without_a_route(family) {
        let world = World::new(1);
        let target = SocketAddr::new(family.address(99, 2), PORT);
        let verdict = Verdict::new("connect.network-unreachable", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp(target)));
    }

    nobody_has_the_address_behind_a_router(family) {
        let world = World::new(1);
        let target = world.nobody(family, PORT);
        let verdict = Verdict::new("connect.host-unreachable", "network").names(world.hop(family, 1));
        verdict.of(&checked(&world, &tcp_within(target, 4.0)));
    }

    connections_of_others_are_dropped_here_while_ours_is_dropped_there(family) {
        let (world, target) = world(family, 1);
        server_rule(&world, "input", "dport", "drop");
        world.client().rule("output", "tcp dport 7 drop");
        let stopped = Arc::<AtomicBool>::default();
        let others = try_for_ever(&world, world.target(family, 7), &stopped);
        let check = checked(&world, &tcp(target));
        stopped.store(true, Ordering::Relaxed);
        others.into_iter().for_each(|other| other.join().expect("the other program ends"));
        Verdict::timeout().of(&check);
    }

    datagrams_of_others_are_dropped_here_while_we_are_dropped_there(family) {
        let (world, target) = world(family, 1);
        server_rule(&world, "input", "dport", "drop");
        world.client().rule("output", "udp dport 9 drop");
        let _noise = world.noise_out(STEADY);
        // Less than it takes until a request is sent again, and more.
        for timeout in [1.0, 1.5, 3.0] {
            Verdict::timeout().of(&quietly_checked(&world, &tcp_within(target, timeout)));
        }
    }

    datagrams_to_others_are_dropped_here_while_we_are_dropped_there(family) {
        let (world, target) = world(family, 1);
        server_rule(&world, "input", "dport", "drop");
        world.client().rule("input", "udp dport 9 drop");
        for pace in [STEADY, SLOW, BURSTS] {
            let _noise = world.noise_in(pace);
            Verdict::timeout().of(&quietly_checked(&world, &tcp(target)));
        }
    }

    datagrams_of_others_are_dropped_here_while_nothing_listens_there(family) {
        let (world, target) = world(family, 0);
        world.client().rule("output", "udp dport 9 drop");
        for pace in [STEADY, SLOW, BURSTS] {
            let _noise = world.noise_out(pace);
            Verdict::new("connect.refused", "service").of(&quietly_checked(&world, &tcp(target)));
        }
    }

    others_talk_over_loopback_while_nothing_listens_there(family) {
        for routers in [0, 1] {
            let (world, target) = world(family, routers);
            let _noise = world.noise_on_loopback();
            Verdict::new("connect.refused", "service").of(&quietly_checked(&world, &tcp(target)));
        }
    }
}

/// A world, and the port of its server, at which nobody listens.
fn world(family: Family, routers: u8) -> (World, SocketAddr) {
    let world = World::new(routers);
    let target = world.target(family, PORT);
    (world, target)
}

fn serve(world: &World, target: SocketAddr) -> Peer {
    world.server().inside(|| Peer::start_at(target, Manner::Silent))
}

fn server_rule(world: &World, hook: &str, end: &str, rule: &str) {
    world.server().rule(hook, &format!("tcp {end} {PORT} {rule}"));
}

fn forward_rule(world: &World, rule: &str) {
    world.router(1).rule("forward", &format!("tcp dport {PORT} {rule}"));
}

/// Others on the client who connect again and again to where this host lets nobody.
fn try_for_ever(world: &World, target: SocketAddr, stopped: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let tries = move |stopped: Arc<AtomicBool>| {
        while !stopped.load(Ordering::Relaxed) {
            // Its first request is repeated after a second.
            assert!(TcpStream::connect_timeout(&target, Duration::from_millis(1200)).is_err(), "it got through");
        }
    };
    // Threads begin in the namespace of the one that starts them.
    world.client().inside(|| {
        let start = |_| {
            let stopped = Arc::clone(stopped);
            thread::spawn(move || tries(stopped))
        };
        (0..OTHERS).map(start).collect()
    })
}
