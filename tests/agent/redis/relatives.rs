//! What answers in the place of a plain Redis: a Sentinel, a node of a cluster, a proxy, a server with renamed commands.

use super::{check, closed, code, password, told, user};
use harness::forwarder::Forwarder;
use harness::peers::Peer;
use harness::redis::{PASSWORD, Redis, Sentinel, Setup};
use harness::twemproxy::Twemproxy;

#[test]
fn a_sentinel_is_named() {
    let redis = Redis::start(&Setup::new());
    let sentinel = Sentinel::of(&redis);
    for more in ["", ", role: primary", ", database: 1", ", key: x"] {
        let check = check(sentinel.address(), more);
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.wrong-service", "config"), "{more}: {check}");
        assert_eq!(told(&check, "message"), "this is a Redis Sentinel, not Redis itself", "{more}");
    }
}

/// A double: Sentinel before Redis 6 knows no HELLO.
#[test]
fn a_sentinel_that_tells_only_by_its_role_is_named() {
    let peer = Peer::serve(|wire| {
        let _flight = wire.first_bytes();
        let unknown = "-ERR unknown command `HELLO`, with args beginning with: \r\n";
        let _taken = wire.send(format!("+PONG\r\n{unknown}{unknown}").as_bytes());
        let _role = wire.first_bytes();
        let _taken = wire.send(b"*2\r\n$8\r\nsentinel\r\n*1\r\n$4\r\nshop\r\n");
        wire.drain();
    });
    let check = check(peer.address(), ", role: primary");
    assert_eq!((code(&check), told(&check, "owner")), ("protocol.wrong-service", "config"), "{check}");
}

#[test]
fn a_cluster_that_serves_nothing_is_not_ready_and_costs_no_turn_more() {
    let redis = Redis::start(&Setup::new().config("cluster-enabled yes"));
    let way = Forwarder::start(redis.address());
    for more in ["", ", role: primary"] {
        let check = check(way.address(), more);
        assert_eq!((code(&check), told(&check, "owner")), ("protocol.not-ready", "service"), "{check}");
        assert_eq!(told(&check, "message"), "the cluster is down, or does not serve all keys");
        assert!(told(&check, "evidence").starts_with("CLUSTERDOWN "), "{check}");
        assert_eq!(check["facts"]["server_mode"], "cluster");
    }
    assert_eq!((way.turns(), way.connections()), (2, 2));
    assert_eq!(redis.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).trim(), "OK");
    harness::wait::until("the cluster to serve", || redis.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    assert_eq!(code(&check(redis.address(), "")), "pass");
}

#[test]
fn what_is_asked_beside_the_need_leaves_no_trace() {
    let redis = Redis::start(&Setup::new().password().user("app", "+ping"));
    let errors = || redis.info("stats", "total_error_replies");
    let before = errors();
    assert_eq!(code(&check(redis.address(), &password(PASSWORD))), "pass");
    assert_eq!(code(&check(redis.address(), &user("app"))), "pass");
    assert_eq!(errors(), before);
    assert_eq!(redis.cli(&["ACL", "LOG"]).trim(), "");
    assert_eq!(
        (redis.info("stats", "keyspace_misses"), redis.info("stats", "keyspace_hits")),
        ("0".into(), "0".into())
    );
}

#[test]
fn twemproxy_which_ends_the_connection_at_hello_passes() {
    let mut redis = Redis::start(&Setup::new());
    let proxy = Twemproxy::of_redis(redis.address());
    assert_eq!(redis.cli(&["SET", "there", "1"]), "OK\n");
    for more in ["", ", key: there"] {
        let check = check(proxy.address(), more);
        assert_eq!(code(&check), "pass", "{more}: {check}");
    }
    assert_eq!(code(&check(proxy.address(), ", key: gone")), "request.unexpected-reply");
    redis.daemon().stop();
    let gone = check(proxy.address(), "");
    assert_eq!((code(&gone), told(&gone, "evidence")), ("protocol.not-ready", "ERR Connection refused"), "{gone}");
}

#[test]
fn twemproxy_with_a_password_passes_with_it_and_rejects_another() {
    let redis = Redis::start(&Setup::new().password());
    let proxy = Twemproxy::of_redis_with(redis.address(), PASSWORD);
    assert_eq!(code(&check(proxy.address(), &password(PASSWORD))), "pass");
    assert_eq!(code(&check(proxy.address(), &password("wrong"))), "auth.rejected");
    assert_eq!(code(&check(proxy.address(), "")), "auth.required");
}

/// Doubles: proxies that answer in pieces, and to a part only.
#[test]
fn hello_fails_no_check_whose_pong_has_come() {
    for (answer, ends) in
        [("+PONG\r\n", true), ("+PONG\r\n", false), ("+PONG\r\n*14\r\n$6\r\nser", true), ("+PONG\r\n?", false)]
    {
        let peer = Peer::serve(move |wire| {
            let _flight = wire.first_bytes();
            let _taken = wire.send(answer.as_bytes());
            if ends { wire.finish() } else { wire.drain() }
        });
        let check = check(peer.address(), "");
        assert_eq!(code(&check), "pass", "{answer}: {check}");
    }
}

#[test]
fn a_connection_that_ends_says_at_which_command() {
    let peer = Peer::serve(|wire| {
        let _flight = wire.first_bytes();
        let _taken = wire.send(b"+PONG\r\n-ERR unknown command 'HELLO'\r\n");
        wire.finish();
    });
    let check = check(peer.address(), ", database: 1");
    assert_eq!(code(&check), "request.closed", "{check}");
    assert_eq!(told(&check, "evidence"), "it ended before the answer to SELECT");
    assert!(told(&check, "next_step").contains("twemproxy"), "{check}");
}

#[test]
fn a_server_without_ping_passes_as_one_that_does_not_permit_it() {
    let redis = Redis::start(&Setup::new().password().config("rename-command PING \"\""));
    assert_eq!(code(&check(redis.address(), &password(PASSWORD))), "pass");
    assert_eq!(code(&check(redis.address(), "")), "auth.required");
    assert_eq!(code(&check(closed().address(), &user("mute"))), "pass");
}

/// A double: what an unknown server has against a login is for its own words to say.
#[test]
fn a_refused_login_that_is_not_known_is_told_in_the_servers_words() {
    let peer = Peer::serve(|wire| {
        let _flight = wire.first_bytes();
        let _taken = wire.send(b"-ERR the directory of users is gone\r\n");
        wire.drain();
    });
    let check = check(peer.address(), &password("x"));
    assert_eq!((code(&check), told(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
    assert_eq!(told(&check, "message"), "the server refuses the login");
    assert_eq!(told(&check, "evidence"), "ERR the directory of users is gone");
}
