//! Where packets die: the last router that still answers is named, and never one that did not.

use super::{MOST_REQUESTS, PORT, Verdict, addresses, checked, over_both, tcp, text};
use harness::peers::{Manner, Peer};
use harness::worlds::{Family, World};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};

over_both! {
    packets_die_at_the_first_router(family) {
        let world = World::new(3);
        forward_drop(&world, 1);
        followed(&world, family, &[1]);
    }

    packets_die_at_the_second_router(family) {
        let world = World::new(3);
        forward_drop(&world, 2);
        followed(&world, family, &[1, 2]);
    }

    packets_die_at_the_third_router(family) {
        let world = World::new(3);
        forward_drop(&world, 3);
        followed(&world, family, &[1, 2, 3]);
    }

    packets_die_before_a_router_looks_at_them(family) {
        let world = World::new(3);
        world.router(2).rule("prerouting", &format!("tcp dport {PORT} drop"));
        followed(&world, family, &[1]);
    }

    packets_die_before_the_first_router_looks_at_them(family) {
        let world = World::new(3);
        world.router(1).rule("prerouting", "meta l4proto tcp drop");
        followed(&world, family, &[]);
    }

    packets_die_at_a_target_that_answers_elsewhere(family) {
        let world = World::new(3);
        world.server().rule("input", &format!("tcp dport {PORT} drop"));
        let check = followed(&world, family, &[1, 2, 3]);
        // Another port of it is heard of: the host is there.
        assert!(text(&check["failure"]).contains("port 22"), "{check:#}");
    }

    packets_die_at_a_target_that_says_nothing_at_all(family) {
        let world = World::new(3);
        world.server().rule("input", "meta l4proto tcp drop");
        let check = followed(&world, family, &[1, 2, 3]);
        assert!(!text(&check["failure"]).contains("port 22 of"), "{check:#}");
    }

    answers_die_on_another_way_back(family) {
        let world = World::with_detour(2);
        let _peer = world.server().inside(|| Peer::start_at(world.target(family, PORT), Manner::Silent));
        world.detour().rule("forward", &format!("tcp sport {PORT} drop"));
        followed(&world, family, &[1, 2]);
    }

    packets_die_where_answers_would_have_come_back_by_another_way(family) {
        let world = World::with_detour(2);
        forward_drop(&world, 1);
        followed(&world, family, &[1]);
    }

    no_router_answers(family) {
        let world = World::new(3);
        (1..=3).for_each(|router| world.router(router).hides());
        world.server().rule("input", &format!("tcp dport {PORT} drop"));
        let check = followed(&world, family, &[]);
        assert!(text(&check["failure"]).contains("do not answer"), "{check:#}");
    }

    a_router_in_the_middle_does_not_answer(family) {
        let world = World::new(3);
        world.router(2).hides();
        world.server().rule("input", &format!("tcp dport {PORT} drop"));
        followed(&world, family, &[1, 3]);
    }

    the_last_router_does_not_answer(family) {
        let world = World::new(3);
        world.router(3).hides();
        world.server().rule("input", &format!("tcp dport {PORT} drop"));
        followed(&world, family, &[1, 2]);
    }

    packets_die_at_a_router_that_does_not_answer(family) {
        let world = World::new(3);
        world.router(2).hides();
        forward_drop(&world, 2);
        followed(&world, family, &[1]);
    }

    one_of_two_addresses_is_dead(family) {
        let world = World::new(2);
        let (dead, alive) = two_addresses(&world, family);
        let _peer = world.server().inside(|| Peer::start_at(alive, Manner::Banner(b"ready\n".to_vec())));
        world.router(2).rule("forward", &drop_for(dead.ip()));
        world.client().hosts(&format!("{} db\n{} db\n", dead.ip(), alive.ip()));
        let check = checked(&world, &format!("- {{type: tcp, host: db, port: {PORT}, timeout: 3}}\n"));
        assert_eq!(check["verdict"], "warn", "{check:#}");
        assert_eq!(check["warnings"][0]["code"], "connect.address-dead", "{check:#}");
        let message = check["warnings"][0]["message"].as_str().expect("a message");
        assert!(addresses(message).contains(&dead.ip()), "{check:#}");
    }

    two_addresses_die_in_two_places(family) {
        let world = World::new(2);
        let (first, second) = two_addresses(&world, family);
        world.router(1).rule("forward", &drop_for(first.ip()));
        world.router(2).rule("forward", &drop_for(second.ip()));
        world.client().hosts(&format!("{} db\n{} db\n", first.ip(), second.ip()));
        world.client().count("requests", &format!("tcp dport {PORT} tcp flags syn / syn,ack"));
        let check = checked(&world, &format!("- {{type: tcp, host: db, port: {PORT}, timeout: 3}}\n"));
        Verdict::timeout().names(world.hop(family, 1)).of(&check);
        let requests = world.client().counted("requests");
        assert!(requests <= 2 * MOST_REQUESTS, "{requests} requests");
    }
}

/// Lets nothing for the check's port through this router, which answers what ends there.
fn forward_drop(world: &World, router: usize) {
    world.router(router).rule("forward", &format!("tcp dport {PORT} drop"));
}

fn drop_for(address: IpAddr) -> String {
    format!("{} daddr {address} tcp dport {PORT} drop", if address.is_ipv4() { "ip" } else { "ip6" })
}

/// The server's address and one more that it has.
fn two_addresses(world: &World, family: Family) -> (SocketAddr, SocketAddr) {
    let first = world.target(family, PORT);
    let second = match first.ip() {
        IpAddr::V4(v4) => IpAddr::from((u32::from(v4) + 1).to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) + 1).to_be_bytes()),
    };
    let (length, fast) = if second.is_ipv4() { (24, "") } else { (64, "nodad") };
    world.server().ip(&format!("addr add {second}/{length} dev eth0 {fast}"));
    (first, SocketAddr::new(second, PORT))
}

/// Runs the check, and looks which routers its failure names: the last of those that answer, and none that does not.
fn followed(world: &World, family: Family, answer: &[u8]) -> Value {
    let target = world.target(family, PORT);
    world.client().count("requests", "tcp flags syn / syn,ack");
    let check = checked(world, &tcp(target));
    let mut verdict = Verdict::timeout();
    if let Some(last) = answer.last() {
        verdict = verdict.names(world.hop(family, *last));
    }
    // The gateway may be named as the gateway that it is.
    let silent =
        (2..=world.routers()).filter(|router| !answer.contains(router)).map(|router| world.hop(family, router));
    verdict.does_not_name(silent).of(&check);
    let requests = world.client().counted("requests");
    assert!(requests <= MOST_REQUESTS, "{requests} requests: {check:#}");
    check
}
