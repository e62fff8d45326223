//! Servers that are several: sentinels with their primary, and clusters.

use super::{check, code, password, told};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::peers::Peer;
use harness::redis::{PASSWORD, PRIMARY, Redis, SENTINEL_PASSWORD, Sentinel, Setup};
use harness::stunnel::Stunnel;
use harness::wait;
use std::net::SocketAddr;

fn of(name: &str) -> String {
    format!(", sentinel: {name}")
}

#[test]
fn the_primary_is_where_the_sentinel_says() {
    let redis = Redis::start(&Setup::new().password());
    let sentinel = Sentinel::of(&redis);
    let more = of(PRIMARY) + &password(PASSWORD) + ", database: 3";
    let good = check(sentinel.address(), &more);
    assert_eq!(code(&good), "pass", "{good}");
    assert_eq!(good["facts"]["primary"], redis.address().to_string());
    assert_eq!(good["facts"]["server_role"], "primary");
    let names: Vec<_> = good["results"].as_array().expect("results").iter().map(|one| one["name"].clone()).collect();
    let at = sentinel.address();
    assert_eq!(names, [format!("redis:{at}:tcp:{at}"), format!("redis:{at}:connect with auth")]);
    let wrong = check(sentinel.address(), &(of(PRIMARY) + &password("wrong")));
    assert_eq!((code(&wrong), told(&wrong, "owner")), ("auth.rejected", "credentials"), "{wrong}");
    let message = format!("the primary {}: the server does not accept this password", redis.address());
    assert_eq!(told(&wrong, "message"), message);
}

#[test]
fn a_primary_that_does_not_answer_is_told_with_its_place() {
    let mut redis = Redis::start(&Setup::new());
    let sentinel = Sentinel::of(&redis);
    redis.daemon().freeze();
    let yaml = super::redis(sentinel.address(), &of(PRIMARY)).replace("timeout: 5", "timeout: 0.5");
    let report = Agent::new(&yaml).report();
    redis.daemon().thaw();
    let check = &report["checks"][0];
    assert_eq!(code(check), "protocol.silent", "{check}");
    assert!(told(check, "message").starts_with(&format!("the primary {}: ", redis.address())), "{check}");
}

#[test]
fn a_name_that_the_sentinel_does_not_know_is_told() {
    let redis = Redis::start(&Setup::new());
    let sentinel = Sentinel::of(&redis);
    let check = check(sentinel.address(), &of("shpo"));
    assert_eq!((code(&check), told(&check, "owner")), ("request.no-such-entry", "config"), "{check}");
    assert_eq!(told(&check, "message"), "the sentinel watches no primary that is called shpo");
    assert!(told(&check, "next_step").starts_with("correct `sentinel`"), "{check}");
}

#[test]
fn the_sentinels_own_login_is_another_one() {
    let redis = Redis::start(&Setup::new().password());
    let sentinel = Sentinel::closed_of(&redis);
    let redis_login = of(PRIMARY) + &password(PASSWORD);
    let missing = check(sentinel.address(), &redis_login);
    assert_eq!(
        (code(&missing), told(&missing, "next_step")),
        ("auth.required", "set `sentinel_password`"),
        "{missing}"
    );
    let own = |password: &str| format!("{redis_login}, sentinel_password: {password}");
    let wrong = check(sentinel.address(), &own("wrong"));
    assert_eq!(
        (code(&wrong), told(&wrong, "message")),
        ("auth.rejected", "the sentinel does not accept its own login")
    );
    assert_eq!(code(&check(sentinel.address(), &own(SENTINEL_PASSWORD))), "pass");
}

#[test]
fn a_sentinel_may_have_tls_and_its_primary_none_and_the_other_way_round() {
    let ca = Authority::new();
    let tls = format!(", ca_file: {}", ca.file().display());
    let redis = Redis::start(&Setup::new().tls(&ca.valid()));
    let sentinel = Sentinel::of(&redis);
    let (plain, own) = (sentinel.address(), of(PRIMARY) + &tls);
    let refused = check(plain, &(own.clone() + ", use_tls: true"));
    assert_eq!(code(&refused), "tls.not-tls", "{refused}");
    assert!(told(&refused, "next_step").contains("sentinel_use_tls: false"), "{refused}");
    let at = redis.tls_address();
    let names_it = Peer::serve(move |wire| {
        let _question = wire.first_bytes();
        let port = at.port().to_string();
        let _taken = wire.send(format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()).as_bytes());
        wire.drain();
    });
    let good = check(names_it.address(), &(own.clone() + ", use_tls: true, sentinel_use_tls: false"));
    assert_eq!((code(&good), good["facts"]["server_role"].as_str()), ("pass", Some("primary")), "{good}");
    let encrypted = Stunnel::start(&ca.valid(), plain);
    let good = check(encrypted.address(), &(own.clone() + ", sentinel_use_tls: true"));
    assert_eq!((code(&good), &good["facts"]["primary"]), ("pass", &redis.address().to_string().into()), "{good}");
    assert_eq!(code(&check(encrypted.address(), &own.replace(&tls, ""))), "tls.required");
}

#[test]
fn a_redis_is_no_sentinel() {
    let redis = Redis::start(&Setup::new());
    let check = check(redis.address(), &of(PRIMARY));
    assert_eq!((code(&check), told(&check, "owner")), ("protocol.wrong-service", "config"), "{check}");
    assert!(told(&check, "next_step").contains("26379"), "{check}");
}

#[test]
fn a_primary_that_is_gone_is_told_with_its_place() {
    let mut redis = Redis::start(&Setup::new());
    let sentinel = Sentinel::of(&redis);
    let address = redis.address();
    redis.daemon().stop();
    let gone = check(sentinel.address(), &of(PRIMARY));
    assert_eq!(code(&gone), "connect.refused", "{gone}");
    assert!(told(&gone, "message").starts_with(&format!("the primary {address}: ")), "{gone}");
    assert!(told(&gone, "next_step").contains("announce-ip"), "{gone}");
}

/// A double: a sentinel that has not noticed yet who is the primary now.
#[test]
fn a_primary_that_is_a_replica_is_told() {
    let primary = Redis::start(&Setup::new());
    let replica = Redis::start(&Setup::new().replica_of(primary.address()));
    let port = replica.address().port().to_string();
    let sentinel = Peer::serve(move |wire| {
        let _question = wire.first_bytes();
        let _taken = wire.send(format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()).as_bytes());
        wire.drain();
    });
    let check = check(sentinel.address(), &of(PRIMARY));
    assert_eq!(code(&check), "request.read-only", "{check}");
    let message = format!("the primary {}: a replica answered, but the primary is wanted", replica.address());
    assert_eq!(told(&check, "message"), message);
    assert!(told(&check, "next_step").contains("fail-over"), "{check}");
}

/// Three nodes that serve all slots, each with this setup.
fn cluster_of(setup: impl Fn() -> Setup) -> Vec<Redis> {
    let nodes: Vec<_> = (0..3).map(|_| Redis::start(&setup().config("cluster-enabled yes"))).collect();
    for (number, (first, last)) in [("0", "5460"), ("5461", "10922"), ("10923", "16383")].into_iter().enumerate() {
        assert_eq!(nodes[number].cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]).trim(), "OK");
        nodes[0].meet(&nodes[number]);
    }
    wait::until("the cluster to serve", || {
        nodes.iter().all(|node| {
            let info = node.cli(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_slots_assigned:16384")
        })
    });
    nodes
}

#[test]
fn a_cluster_is_looked_at_whole() {
    let nodes = cluster_of(Setup::new);
    let at = |number: usize| nodes[number].address();
    let cluster = |number: usize| check(at(number), ", cluster: true");
    let good = cluster(1);
    assert_eq!(code(&good), "pass", "{good}");
    assert_eq!(good["facts"]["cluster_nodes"], 3);
    // A plain check of a node passes whichever slots it has.
    assert_eq!(code(&check(at(2), "")), "pass");
    let mut nodes = nodes;
    let gone = nodes[2].address();
    nodes[2].daemon().stop();
    let bad = check(nodes[0].address(), ", cluster: true");
    let told_of_node =
        code(&bad) == "connect.refused" && told(&bad, "message").starts_with(&format!("the cluster's node {gone}: "));
    assert!(told_of_node || code(&bad) == "protocol.not-ready", "{bad}");
}

#[test]
fn a_cluster_with_slots_that_nobody_has_is_not_ready() {
    let setup = Setup::new().config("cluster-enabled yes").config("cluster-require-full-coverage no");
    let node = Redis::start(&setup);
    assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16382"]).trim(), "OK");
    wait::until("the cluster to serve", || node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let check = check(node.address(), ", cluster: true");
    assert_eq!(code(&check), "protocol.not-ready", "{check}");
    assert_eq!(told(&check, "message"), "the cluster does not serve all keys: nobody has the slot 16383");
}

/// `cluster-preferred-endpoint-type unknown-endpoint`: clients go to the host that they know, and to the port.
#[test]
fn nodes_without_an_address_are_at_the_host_that_was_asked() {
    let mut nodes = cluster_of(|| Setup::new().config("cluster-preferred-endpoint-type unknown-endpoint"));
    let good = check(nodes[0].address(), ", cluster: true");
    assert_eq!((code(&good), &good["facts"]["cluster_nodes"]), ("pass", &3.into()), "{good}");
    let (asked, gone) = (nodes[0].address(), nodes[2].address());
    nodes[2].daemon().stop();
    let bad = check(asked, ", cluster: true");
    assert_eq!(code(&bad), "connect.refused", "{bad}");
    assert!(told(&bad, "message").starts_with(&format!("the cluster's node {gone}: ")), "{bad}");
}

#[test]
fn a_node_that_has_met_nobody_is_at_the_host_that_was_asked() {
    let node = Redis::start(&Setup::new().config("cluster-enabled yes"));
    assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).trim(), "OK");
    wait::until("the cluster to serve", || node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let check = check(node.address(), ", cluster: true");
    assert_eq!((code(&check), &check["facts"]["cluster_nodes"]), ("pass", &1.into()), "{check}");
}

#[test]
fn a_node_whose_host_the_cluster_does_not_know_is_told() {
    let nodes = cluster_of(|| Setup::new().config("cluster-preferred-endpoint-type hostname"));
    let check = check(nodes[0].address(), ", cluster: true");
    assert_eq!((code(&check), told(&check, "owner")), ("request.unexpected-reply", "service"), "{check}");
    assert!(told(&check, "message").starts_with("the cluster does not say at which host its node"), "{check}");
    assert!(told(&check, "next_step").contains("cluster-announce-hostname"), "{check}");
}

#[test]
fn what_fails_at_a_node_says_at_which() {
    let mut nodes = cluster_of(|| Setup::new().config("cluster-node-timeout 60000"));
    let (asked, other) = (nodes[0].address(), nodes[1].address());
    let prefix = format!("the cluster's node {other}: ");
    assert_eq!(nodes[1].cli(&["CONFIG", "SET", "requirepass", PASSWORD]).trim(), "OK");
    let closed = check(asked, ", cluster: true");
    assert_eq!(code(&closed), "auth.required", "{closed}");
    assert_eq!(told(&closed, "message"), format!("{prefix}the server wants a login"));
    nodes[1].daemon().freeze();
    let yaml = super::redis(asked, ", cluster: true").replace("timeout: 5", "timeout: 0.5");
    let report = Agent::new(&yaml).report();
    nodes[1].daemon().thaw();
    let silent = &report["checks"][0];
    assert_eq!(code(silent), "protocol.silent", "{silent}");
    assert!(told(silent, "message").starts_with(&prefix), "{silent}");
}

/// A node that answers `CLUSTER SLOTS` like this, and everything else as it should.
pub(super) fn node_with(slots: impl Fn(u16) -> String + Send + Sync + 'static) -> Peer {
    node_at(SocketAddr::from(([127, 0, 0, 1], 0)), slots)
}

/// The same at this address; port 0 means a free one.
pub(crate) fn node_at(address: SocketAddr, slots: impl Fn(u16) -> String + Send + Sync + 'static) -> Peer {
    Peer::serve_at(address, move |wire| {
        let port = wire.stream().local_addr().expect("an address").port();
        loop {
            let asked = wire.first_bytes();
            let asked = String::from_utf8_lossy(&asked);
            let hello = if asked.contains("HELLO") { "-ERR unknown command 'HELLO'\r\n+OK\r\n" } else { "" };
            let slots = if asked.contains("CLUSTER") { slots(port) } else { format!("+PONG\r\n{hello}") };
            if asked.is_empty() || !wire.send(slots.as_bytes()) {
                return;
            }
        }
    })
}

/// Doubles: what relatives of Redis and half-made clusters say of their nodes.
#[test]
fn a_range_without_a_node_that_can_be_reached_serves_nothing() {
    let at = |port: u16| format!("*2\r\n$9\r\n127.0.0.1\r\n:{port}\r\n");
    let all = move |node: String| format!("*1\r\n*3\r\n:0\r\n:16383\r\n{node}");
    let cases: [(Peer, &str, &str); 4] = [
        (node_with(move |port| all(at(port))), "pass", ""),
        (
            node_with(move |port| format!("*2\r\n*3\r\n:0\r\n:99\r\n{}*2\r\n:100\r\n:16383\r\n", at(port))),
            "protocol.not-ready",
            "the cluster does not serve all keys: nobody has the slot 100",
        ),
        (
            node_with(move |_| all("*2\r\n$9\r\n127.0.0.1\r\n:0\r\n".to_owned())),
            "request.unexpected-reply",
            "the cluster's node 127.0.0.1 has no port that a client like this one can go to",
        ),
        (
            node_with(move |_| all("*2\r\n$7\r\nno host\r\n:6379\r\n".to_owned())),
            "protocol.malformed",
            "the answer to CLUSTER is not one of this command's",
        ),
    ];
    for (peer, wanted, message) in cases {
        let check = check(peer.address(), ", cluster: true");
        assert_eq!(code(&check), wanted, "{check}");
        assert_eq!(check["failure"]["message"].as_str().unwrap_or_default(), message, "{check}");
    }
}

#[test]
fn a_redis_alone_is_no_cluster() {
    let redis = Redis::start(&Setup::new());
    let check = check(redis.address(), ", cluster: true");
    assert_eq!((code(&check), told(&check, "owner")), ("request.unexpected-reply", "config"), "{check}");
    assert_eq!(told(&check, "message"), "this Redis is no node of a cluster");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for more in ["sentinel: shop, cluster: true", "sentinel: shop, role: replica", "cluster: true, database: 1"] {
        let ran = Agent::new(&format!("- {{type: redis, host: cache.internal, {more}}}")).arg("--validate").run();
        assert_eq!(ran.status, 3, "{more}: {ran:?}");
    }
    let ran = Agent::new("- {type: redis, host: /run/redis.sock, sentinel: shop}").arg("--validate").run();
    assert_eq!(ran.status, 3, "{ran:?}");
}
