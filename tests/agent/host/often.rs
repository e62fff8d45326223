//! What must not happen once in a thousand times.

use super::{PORT, is_long, quietly_checked, runs, tcp_within};
use harness::peers::{FullQueue, Manner, Peer};
use harness::worlds::{Family, Host, World};
use serde_json::Value;
use std::any::Any;
use std::thread;

/// How often, unless `CONN_CHECK_WORLDS` says another number.
const USUAL: usize = 14;

/// Long enough for the first request to be repeated, and for questions about it.
const TIMEOUT: f64 = 2.5;

/// Codes that say whose fault it is: this host's.
const LOCAL: [&str; 3] = ["connect.denied-locally", "connect.no-route", "connect.local-limit"];

/// Makes a fault beyond the client, and returns what has to live on.
type Fault = fn(&World, Family) -> Box<dyn Any>;

const FAULTS: [Fault; 7] = [
    |world, _| rule(world.server(), "input", "dport", "drop"),
    |world, _| rule(world.router(1), "forward", "dport", "drop"),
    |world, family| {
        let peer = serve(world, family);
        rule(world.server(), "output", "sport", "drop");
        peer
    },
    |world, family| {
        let peer = serve(world, family);
        rule(world.router(1), "forward", "sport", "drop");
        peer
    },
    |world, family| Box::new(world.server().inside(|| FullQueue::start_at(world.target(family, PORT)))),
    |world, _| rule(world.server(), "input", "dport", "reject with tcp reset"),
    |_, _| Box::new(()),
];

fn rule(host: &Host, hook: &str, end: &str, rule: &str) -> Box<dyn Any> {
    host.rule(hook, &format!("tcp {end} {PORT} {rule}"));
    Box::new(())
}

fn serve(world: &World, family: Family) -> Box<dyn Any> {
    Box::new(world.server().inside(|| Peer::start_at(world.target(family, PORT), Manner::Silent)))
}

#[test]
fn a_fault_beyond_this_host_is_never_called_its_own() {
    let kinds = Family::BOTH.map(|family| FAULTS.map(|fault| (family, fault))).concat();
    let each = runs(USUAL).div_ceil(kinds.len());
    thread::scope(|scope| {
        for (number, (family, fault)) in kinds.into_iter().enumerate() {
            scope.spawn(move || {
                let world = World::new(1);
                let _held = fault(&world, family);
                // Side by side they have the processors for noise in one world of each family.
                let _noise = (is_long() && number % FAULTS.len() == 0).then(|| world.noise());
                let yaml = tcp_within(world.target(family, PORT), TIMEOUT);
                for _ in 0..each {
                    is_not_ours(&quietly_checked(&world, &yaml));
                }
            });
        }
    });
}

fn is_not_ours(check: &Value) {
    let failure = &check["failure"];
    let code = failure["code"].as_str().expect("a failure");
    assert!(!LOCAL.contains(&code) && failure["owner"] != "host", "{check:#}");
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
        for _ in 0..runs(USUAL).div_ceil(2) {
            let report = world.agent(&tcp_within(target, TIMEOUT)).report();
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
