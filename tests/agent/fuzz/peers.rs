//! Servers of every protocol that say something else than they should.

use crate::town::{Good, Town};
use harness::agent::Agent;
use harness::fuzz::{mutate, rounds};
use harness::peers::{Peer, Wire};
use harness::random::Random;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// So many checks at once.
const CHECKS: usize = 150;

/// What a check of them may take, seconds.
const TIMEOUT: f64 = 0.5;

/// What a server has said, each part after what the client had said before it.
type Dialogue = Vec<Vec<u8>>;

fn town() -> &'static Town {
    static TOWN: OnceLock<Town> = OnceLock::new();
    TOWN.get_or_init(Town::new)
}

/// What the service says to a check that passes.
fn record(service: &Good) -> Dialogue {
    let said = Arc::new(Mutex::new(Dialogue::new()));
    let (noted, server) = (Arc::clone(&said), service.address);
    let proxy = Peer::serve(move |wire| drop(forward(&wire, server, &noted)));
    let report = Agent::new(&service.yaml(proxy.address(), 10.0)).report();
    assert_eq!(report["verdict"], "pass", "{report}");
    drop(proxy);
    let said = said.lock().expect("a dialogue").clone();
    assert!(!said.is_empty(), "{} says nothing", service.kind);
    said
}

/// Passes on what both say. A part ends where the client speaks.
fn forward(wire: &Wire, server: SocketAddr, said: &Mutex<Dialogue>) -> std::io::Result<()> {
    let upstream = TcpStream::connect(server)?;
    upstream.set_nodelay(true)?;
    let asked = Mutex::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = (&upstream).read(&mut buffer) {
                let mut said = said.lock().expect("a dialogue");
                if std::mem::take(&mut *asked.lock().expect("a flag")) {
                    said.push(Vec::new());
                }
                said.last_mut().expect("a part").extend_from_slice(&buffer[..length]);
                drop(said);
                if !wire.send(&buffer[..length]) {
                    break;
                }
            }
            wire.finish();
        });
        loop {
            let asks = wire.first_bytes();
            *asked.lock().expect("a flag") = true;
            if asks.is_empty() || (&upstream).write_all(&asks).is_err() {
                break;
            }
        }
        let _ended = upstream.shutdown(std::net::Shutdown::Both);
    });
    Ok(())
}

/// Says the dialogue, changed, as one server of it would.
fn replay(wire: &Wire, seed: u64, dialogue: &[Vec<u8>], speaks_first: bool) {
    let mut random = Random::new(seed);
    let broken = random.below(dialogue.len());
    for (number, part) in dialogue.iter().enumerate() {
        if (number > 0 || !speaks_first) && wire.first_bytes().is_empty() {
            return;
        }
        let is_changed = number == broken || random.one_in(4);
        let said = if is_changed { mutate(&mut random, part) } else { part.clone() };
        if !wire.send(&said) {
            return;
        }
    }
    // What follows is as likely an end as silence.
    if random.one_in(2) { wire.finish() } else { wire.drain() }
}

fn attack(kind: &str) {
    let service = town().services.iter().find(|one| one.kind == kind).expect("a service");
    let dialogue = record(service);
    let speaks_first = matches!(kind, "mysql" | "smtp");
    for round in rounds() {
        let parts = dialogue.clone();
        let first = round * 1_000_000;
        let peer = Peer::serve(move |wire| replay(&wire, first + wire.number() as u64, &parts, speaks_first));
        let yaml = service.yaml(peer.address(), TIMEOUT).repeat(CHECKS);
        let ran = Agent::new(&yaml).args(["--format", "json", "--max-timeout", "20"]).run();
        judge(&format!("{kind}, round {round}"), &ran);
    }
}

fn judge(what: &str, ran: &harness::agent::Ran) {
    assert!(!ran.err.contains("panic") && (0..=2).contains(&ran.status), "{what}: {} {}", ran.status, ran.err);
    assert!(ran.elapsed < Duration::from_secs(21), "{what}: {:?}", ran.elapsed);
    let report = ran.json();
    let checks = report["checks"].as_array().expect("checks");
    assert_eq!(checks.len(), CHECKS, "{what}");
    for check in checks {
        let code = check["failure"]["code"].as_str().unwrap_or_default();
        assert!(code != "run.own-fault" && code != "run.deadline", "{what}: {check}");
        let is_complete = |one: &Value| one["verdict"].is_string();
        assert!(check["results"].as_array().is_some_and(|all| all.iter().all(is_complete)), "{what}: {check}");
        assert_ne!(check["failure"]["owner"], "host", "{what}: {check}");
    }
}

/// A target for each protocol, by the type of its check.
macro_rules! targets {
    ($($kind:ident)*) => {
        $(
            #[test]
            fn $kind() {
                attack(stringify!($kind));
            }
        )*
    };
}

targets! { tls http redis memcache postgres mysql mqtt ldap smtp mongodb }
