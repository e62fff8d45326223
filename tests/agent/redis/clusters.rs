//! Servers that are several: sentinels with their primary, and clusters.

use super::{check, code, password, told};
use harness::agent::Agent;
use harness::peers::Peer;
use harness::redis::{PASSWORD, PRIMARY, Redis, SENTINEL_PASSWORD, Sentinel, Setup};
use harness::wait;

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
}

#[test]
fn a_cluster_is_looked_at_whole() {
    let nodes: Vec<_> = (0..3).map(|_| Redis::start(&Setup::new().config("cluster-enabled yes"))).collect();
    let at = |number: usize| nodes[number].address();
    let cluster = |number: usize| check(at(number), ", cluster: true");
    for (number, (first, last)) in [("0", "5460"), ("5461", "10922"), ("10923", "16383")].into_iter().enumerate() {
        assert_eq!(nodes[number].cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]).trim(), "OK");
        let (ip, port) = (at(number).ip().to_string(), at(number).port().to_string());
        assert_eq!(nodes[0].cli(&["CLUSTER", "MEET", &ip, &port]).trim(), "OK");
    }
    wait::until("the cluster to serve", || {
        nodes.iter().all(|node| {
            let info = node.cli(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_slots_assigned:16384")
        })
    });
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
