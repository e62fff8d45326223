//! What it costs: ten checks with and without, in turns.

use harness::agent::Agent;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer};
use harness::redis::{Redis, Setup};
use std::time::Duration;

/// The median.
fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "half a minute, on a machine that does nothing else: cargo xtask changes"]
fn ten_checks_take_three_hundredths_longer_at_most() {
    let (redis, peer) = (Redis::start(&Setup::new()), Peer::start(Manner::Silent));
    let nginx = Nginx::start([Site::http("web").page("/", "ok")]);
    let mut yaml = String::new();
    for number in 0..4 {
        yaml +=
            &format!("- {{type: redis, name: redis {number}, host: localhost, port: {}}}\n", redis.address().port());
        yaml += &format!("- {{type: http, name: http {number}, url: '{}'}}\n", nginx.url("web", "/"));
    }
    yaml += &format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n- {{type: disk, path: /}}\n", peer.port());
    let (mut without, mut with) = (Agent::new(&yaml), Agent::new(&yaml).args(["--remember", "kept"]));
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..400 {
        for (agent, times) in [&mut without, &mut with].into_iter().zip(&mut times) {
            let ran = agent.run();
            assert_eq!(ran.status, 0, "{ran:?}");
            times.push(ran.elapsed);
        }
    }
    let [without, with] = times.map(middle);
    let more = (with.as_secs_f64() / without.as_secs_f64() - 1.0) * 100.0;
    assert!(more < 3.0, "without {without:?}, with {with:?}: {more:+.1} %");
}
