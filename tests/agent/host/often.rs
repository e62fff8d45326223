//! What must not happen once in a thousand times.

use super::{PORT, is_long, quietly_checked, runs, tcp_within};
use harness::peers::{FullQueue, Manner, Peer};
use harness::worlds::{Family, Host, Pace, World};
use serde_json::Value;
use std::any::Any;
use std::thread;
use std::time::Duration;

/// How often, unless `CONN_CHECK_WORLDS` says another number.
const USUAL: usize = 48;

/// Long enough for requests to be repeated, and too short for that.
const TIMEOUTS: [f64; 2] = [2.5, 1.2];

/// Codes that say whose fault it is: this host's.
const LOCAL: [&str; 3] = ["connect.denied-locally", "connect.no-route", "connect.local-limit"];

/// A world with a fault beyond its client, and what has to live on.
type Faulty = fn(Family) -> (World, Box<dyn Any>);

const FAULTS: [Faulty; 12] = [
    |_| ruled(1, |world| rule(world.server(), "input", "dport", "drop")),
    |_| ruled(1, |world| rule(world.router(1), "forward", "dport", "drop")),
    |_| ruled(1, |world| rule(world.server(), "input", "dport", "reject with tcp reset")),
    |_| ruled(0, |world| rule(world.server(), "input", "dport", "reject with tcp reset")),
    |_| ruled(1, |_| ()),
    |_| ruled(0, |_| ()),
    |family| {
        let world = World::new(1);
        let peer = serve(&world, family);
        rule(world.server(), "output", "sport", "drop");
        (world, peer)
    },
    |family| {
        let world = World::new(1);
        let queue = world.server().inside(|| FullQueue::start_at(world.target(family, PORT)));
        (world, Box::new(queue))
    },
    // What this host drops for others, or says to itself, in the meantime.
    |_| {
        let (world, _) = ruled(1, |world| rule(world.server(), "input", "dport", "drop"));
        world.client().rule("input", "udp dport 9 drop");
        let noise = world.noise_in(Pace { at_once: 6, every: Duration::from_millis(150) });
        (world, Box::new(noise))
    },
    |_| {
        let (world, _) = ruled(1, |world| rule(world.server(), "input", "dport", "drop"));
        world.client().rule("output", "udp dport 9 drop");
        let noise = world.noise_out(Pace { at_once: 3, every: Duration::from_millis(2) });
        (world, Box::new(noise))
    },
    |_| {
        let (world, _) = ruled(0, |_| ());
        world.client().rule("output", "udp dport 9 drop");
        let noise = world.noise_out(Pace { at_once: 3, every: Duration::from_millis(2) });
        (world, Box::new(noise))
    },
    |_| {
        let (world, _) = ruled(0, |_| ());
        let noise = world.noise_on_loopback();
        (world, Box::new(noise))
    },
];

fn ruled(routers: u8, rules: fn(&World)) -> (World, Box<dyn Any>) {
    let world = World::new(routers);
    rules(&world);
    (world, Box::new(()))
}

fn rule(host: &Host, hook: &str, end: &str, rule: &str) {
    host.rule(hook, &format!("tcp {end} {PORT} {rule}"));
}

fn serve(world: &World, family: Family) -> Box<dyn Any> {
    Box::new(world.server().inside(|| Peer::start_at(world.target(family, PORT), Manner::Silent)))
}

#[test]
fn a_fault_beyond_this_host_is_never_called_its_own() {
    let kinds = Family::BOTH.map(|family| FAULTS.map(|fault| (family, fault))).concat();
    let each = runs(USUAL).div_ceil(kinds.len());
    let of_kind = |(number, (family, fault)): (usize, (Family, Faulty))| {
        // Side by side they have the processors for noise in one world of each family.
        let noisy = is_long() && number % FAULTS.len() == 0;
        move || (number, family, called_local(family, fault, each, noisy))
    };
    let wrong: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = kinds.into_iter().enumerate().map(|kind| scope.spawn(of_kind(kind))).collect();
        running.into_iter().map(|kind| kind.join().expect("a kind of fault")).collect()
    });
    let wrong: Vec<_> = wrong.iter().filter(|(_, _, checks)| !checks.is_empty()).collect();
    let told = |(number, family, checks): &&(usize, Family, Vec<Value>)| {
        format!("fault {} over {family}, {} of {each}: {:#}", number % FAULTS.len(), checks.len(), checks[0])
    };
    assert!(wrong.is_empty(), "{}", wrong.iter().map(told).collect::<Vec<_>>().join("\n"));
}

/// The checks of so many in which a fault is said to be this host's.
fn called_local(family: Family, fault: Faulty, times: usize, noisy: bool) -> Vec<Value> {
    let (world, _held) = fault(family);
    let _noise = noisy.then(|| world.noise());
    let target = world.target(family, PORT);
    let timeouts = TIMEOUTS.into_iter().cycle().take(times);
    let checks = timeouts.map(|timeout| quietly_checked(&world, &tcp_within(target, timeout)));
    checks.filter(is_called_local).collect()
}

fn is_called_local(check: &Value) -> bool {
    let failure = &check["failure"];
    let code = failure["code"].as_str().expect("a failure");
    LOCAL.contains(&code) || failure["owner"] == "host"
}

#[test]
fn a_healthy_check_sends_one_request_and_warns_of_nothing() {
    let world = World::new(1);
    let client = world.client();
    client.count("requests", &format!("tcp dport {PORT} tcp flags syn / syn,ack"));
    client.count("others", &format!("tcp dport != {PORT}"));
    client.count("others", "udp dport != 9");
    let _noise = is_long().then(|| world.noise());
    let mut sent = 0;
    for family in Family::BOTH {
        let target = world.target(family, PORT);
        let _peer = world.server().inside(|| Peer::start_at(target, Manner::Banner(b"ready\n".to_vec())));
        for _ in 0..runs(USUAL) / 2 {
            let report = world.agent(&tcp_within(target, TIMEOUTS[0])).report();
            passed(&report["checks"][0]);
            sent += 1;
            assert_eq!(client.counted("requests"), sent);
        }
    }
    assert_eq!(client.counted("others"), 0);
}

fn passed(check: &Value) {
    assert_eq!(check["verdict"], "pass", "{check:#}");
    assert_eq!(check["warnings"].as_array().map(Vec::len), Some(0), "{check:#}");
}
