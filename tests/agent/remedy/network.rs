//! Of firewalls, routes, links and ports, each in a world of its own.

use super::{Step, prove, shell};
use harness::agent::Agent;
use harness::peers::{Manner, Peer, Request, Wire};
use harness::wait;
use harness::worlds::{Direction, Family, Host, World};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;

const PORT: u16 = 5432;
const OTHER: u16 = 5433;

/// A world whose server listens at both ports.
fn answering(family: Family, routers: u8) -> (World, [Peer; 2], [SocketAddr; 2]) {
    let world = World::new(routers);
    let targets = [PORT, OTHER].map(|port| world.target(family, port));
    let peers = targets.map(|target| world.server().inside(|| Peer::start_at(target, Manner::Silent)));
    (world, peers, targets)
}

fn tcp(target: SocketAddr) -> String {
    format!("- {{type: tcp, host: '{}', port: {}, timeout: 3}}", target.ip(), target.port())
}

/// Runs the lines on a host; of those for several kinds of firewall, those of this kind alone.
fn on(host: &Host, kind: &str, step: &Step) {
    let is_of_another = step.place.contains("if it is ") || step.place.contains("if its firewall is ");
    if !is_of_another || step.place.contains(kind) {
        shell(host.command("env"), &step.commands);
    }
}

/// What nftables has by default on Debian.
const FILTER: &str = "table inet filter {\nchain input { type filter hook input priority 0; }\n\
                      chain forward { type filter hook forward priority 0; }\n}\n";

#[test]
fn the_one_rule_that_lacks_on_the_servers_own_firewall() {
    for family in Family::BOTH {
        for (kind, rules) in [
            ("nftables", format!("{FILTER}add rule inet filter input tcp dport {{ {PORT}, {OTHER} }} drop\n")),
            ("iptables", String::new()),
        ] {
            let (world, _peers, [target, other]) = answering(family, 1);
            if kind == "nftables" {
                world.server().nft(&rules);
            } else {
                let program = if family == Family::V4 { "iptables" } else { "ip6tables" };
                let line = format!("{program} -A INPUT -p tcp --dport {PORT}:{OTHER} -j DROP");
                shell(world.server().command("env"), &[line]);
            }
            prove(
                "connect.timeout",
                &|| world.agent(&tcp(target)).report(),
                &|| world.agent(&tcp(other)).report(),
                &mut |step| on(world.server(), kind, step),
            );
        }
    }
}

#[test]
fn the_one_rule_that_lacks_in_ufw() {
    for family in Family::BOTH {
        let (world, _peers, [target, other]) = answering(family, 1);
        let own_files = "mount -t tmpfs none /mnt && cp -a /etc/ufw /mnt/etc && cp -a /lib/ufw /mnt/lib && \
                         mount --bind /mnt/etc /etc/ufw && mount --bind /mnt/lib /lib/ufw && ufw --force enable && exec sleep 600";
        let mut keeper =
            world.server().command("unshare").args(["-m", "sh", "-c", own_files]).spawn().expect("unshare");
        let inside = || {
            let mut command = Command::new("nsenter");
            command.args(["--mount", "--net", &format!("--target={}", keeper.id())]);
            command
        };
        let is_active = || {
            let output = inside().args(["ufw", "status"]).output();
            output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("Status: active"))
        };
        wait::until("ufw to be active", is_active);
        prove(
            "connect.timeout",
            &|| world.agent(&tcp(target)).report(),
            &|| world.agent(&tcp(other)).report(),
            &mut |step| {
                if step.looks() || step.place.contains("ufw") {
                    shell(inside(), &step.commands);
                }
            },
        );
        keeper.kill().expect("its end");
        keeper.wait().expect("its end");
    }
}

#[test]
fn the_one_rule_that_lacks_in_a_router_that_says_no() {
    for (kind, rejection, code) in [
        ("nftables", "reject with icmpx type admin-prohibited", "connect.prohibited"),
        ("nftables", "reject with icmpx type port-unreachable", "connect.refused"),
    ] {
        let (world, _peers, [target, other]) = answering(Family::V4, 2);
        let router = world.router(2);
        router.nft(&format!("{FILTER}add rule inet filter forward tcp dport {{ {PORT}, {OTHER} }} {rejection}\n"));
        prove(code, &|| world.agent(&tcp(target)).report(), &|| world.agent(&tcp(other)).report(), &mut |step| {
            let host = if step.looks() { world.server() } else { router };
            on(host, kind, step);
        });
    }
}

#[test]
fn the_rule_before_the_one_that_root_has_found() {
    for family in Family::BOTH {
        let dropped = format!("tcp dport {{ {PORT}, {OTHER} }} drop");
        for rules in [
            format!("table inet own {{\nchain out {{ type filter hook output priority 0; {dropped}; }}\n}}\n"),
            format!("table inet own {{\nchain more {{ {dropped}; }}\nchain out {{ type filter hook output priority 0; jump more; }}\n}}\n"),
            "table inet own {\nchain out { type filter hook output priority 0; policy drop; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }\n}\n".to_owned(),
        ] {
            let (world, _peers, [target, other]) = answering(family, 1);
            world.client().nft(&rules);
            let as_root = |target: SocketAddr| -> Value { Agent::through(world.client().command("env"), &tcp(target)).report() };
            prove("connect.denied-locally", &|| as_root(target), &|| as_root(other), &mut |step| on(world.client(), "", step));
        }
    }
}

#[test]
fn answers_of_one_port_are_let_in_before_the_rule_that_drops_them() {
    let (world, _peers, [target, other]) = answering(Family::V4, 1);
    world.client().nft(&format!(
        "table ip own {{\nchain in {{ type filter hook input priority 0; tcp sport {{ {PORT}, {OTHER} }} drop; }}\n}}\n"
    ));
    let as_root =
        |target: SocketAddr| -> Value { Agent::through(world.client().command("env"), &tcp(target)).report() };
    prove("connect.denied-locally", &|| as_root(target), &|| as_root(other), &mut |step| on(world.client(), "", step));
}

#[test]
fn one_address_goes_by_the_usual_gateway_where_its_network_is_refused() {
    for (kind, family) in [("unreachable", Family::V4), ("blackhole", Family::V4), ("unreachable", Family::V6)] {
        let (world, _peers, [target, _]) = answering(family, 1);
        let other = family.address(1, 9);
        world.client().ip(&format!("route add {kind} {}", family.network(1)));
        let other = SocketAddr::new(other, PORT);
        prove(
            "connect.no-route",
            &|| world.agent(&tcp(target)).report(),
            &|| world.agent(&tcp(other)).report(),
            &mut |step| on(world.client(), "", step),
        );
    }
}

#[test]
fn smaller_packets_go_to_one_address() {
    for family in Family::BOTH {
        let world = World::new(2);
        let target = world.target(family, PORT);
        let page = |wire: Wire| {
            if Request::read(&wire).is_some() {
                let _sent = wire
                    .send(format!("HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n{}", "x".repeat(6000)).as_bytes());
            }
            wire.finish();
        };
        let _server = world.server().inside(|| Peer::serve_at(target, page));
        world.narrow(Direction::Inbound, 1400, false);
        let yaml = format!("- {{type: http, url: 'http://{target}/', timeout: 8}}");
        let other = world.target(family, OTHER);
        prove("connect.mtu", &|| world.agent(&yaml).report(), &|| world.agent(&tcp(other)).report(), &mut |step| {
            on(world.client(), "", step);
        });
    }
}

#[test]
fn there_are_local_ports_again() {
    let (world, _peers, [target, _]) = answering(Family::V4, 1);
    let _used = world.use_up_ports(target);
    let other = world.nobody(Family::V4, PORT);
    prove(
        "connect.local-limit",
        &|| world.agent(&tcp(target)).report(),
        &|| world.agent(&tcp(other)).report(),
        &mut |step| on(world.client(), "", step),
    );
}
