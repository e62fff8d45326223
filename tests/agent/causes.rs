//! What several failures have in common, on real faults: each is told once, and none hides another.

mod told;

use harness::agent::Agent;
use harness::certs::Authority;
use harness::dns::{Dns, Records};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer, UdpPeer};
use harness::ports;
use harness::postgres::{Postgres, Setup, USER};
use harness::squid::{Rules, Squid};
use harness::worlds::{Family, World};
use serde_json::Value;
use std::collections::BTreeSet;

/// What each cause is called, with the names of its checks.
fn causes(report: &Value) -> BTreeSet<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = report["causes"].as_array().expect("causes");
    let told: BTreeSet<_> = all
        .iter()
        .map(|cause| (text(&cause["id"]), cause["checks"].as_array().expect("checks").iter().map(text).collect()))
        .collect();
    let named: Vec<&Vec<String>> = told.iter().map(|(_, checks)| checks).collect();
    let failed = report["checks"].as_array().expect("checks").iter().filter(|check| check["verdict"] == "fail");
    for check in failed {
        let series = text(&check["series"]);
        let count = named.iter().filter(|checks| checks.contains(&series)).count();
        assert_eq!(count, 1, "{series} is in {count} causes: {:#}", report["causes"]);
    }
    told
}

/// The causes that should be there: what each is called, and its checks with commas between.
fn are(expected: &[(&str, &str)]) -> BTreeSet<(String, Vec<String>)> {
    expected.iter().map(|(id, checks)| ((*id).to_owned(), checks.split(", ").map(str::to_owned).collect())).collect()
}

/// A `tcp` check of this name.
fn tcp(name: &str, host: &str, port: u16) -> String {
    format!("- {{type: tcp, name: {name}, host: '{host}', port: {port}, timeout: 4}}\n")
}

#[test]
fn a_dead_resolver_is_one_cause_and_a_name_that_it_would_not_need_another() {
    let network = Network::new();
    network.near.hosts("127.0.0.1 localhost\n10.0.0.2 known.test\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    network.far.filter_input(Transport::Udp, 53, Answer::Drop);
    let yaml = [
        tcp("a", "a.test", 80),
        tcp("b", "b.test", 80),
        tcp("known", "known.test", 81),
        "- {type: dns, name: c.test, timeout: 2}\n".to_owned(),
    ];
    let report = Agent::through(network.near.command("env"), &yaml.concat()).report();
    let expected = are(&[("resolver:10.0.0.2", "a, b, dns:c.test record:A"), ("service:10.0.0.2:81", "known")]);
    assert_eq!(causes(&report), expected, "{report:#}");
    assert_eq!(report["causes"][0]["what"], "10.0.0.2 does not answer: 3 checks cannot resolve their names");
}

#[test]
fn zones_that_fail_at_a_resolver_that_works_are_causes_of_their_own() {
    let network = Network::new();
    let records = Records::new()
        .record("well.test. A 10.0.0.2")
        .servfail("broken.test")
        .silent("quiet.test")
        .servfail("bad.test");
    let _server = network.far.inside(|| Dns::start_at(network.far.ip(), &records));
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    let yaml = [
        tcp("one", "x.broken.test", 80),
        tcp("two", "x.broken.test", 81),
        tcp("three", "x.bad.test", 80),
        tcp("four", "x.quiet.test", 80),
        tcp("five", "none.test", 80),
        tcp("six", "well.test", 80),
        "- {type: dns, name: y.bad.test, timeout: 2}\n".to_owned(),
    ];
    let report = Agent::through(network.near.command("env"), &yaml.concat()).report();
    let expected = are(&[
        ("name:x.broken.test", "one, two"),
        ("name:x.bad.test", "three"),
        ("name:x.quiet.test", "four"),
        ("name:none.test", "five"),
        ("service:10.0.0.2:80", "six"),
        ("name:y.bad.test A", "dns:y.bad.test record:A"),
    ]);
    assert_eq!(causes(&report), expected, "{report:#}");
}

#[test]
fn a_resolver_without_its_own_resolvers_fails_at_every_name_and_is_the_cause() {
    let network = Network::new();
    let _server = network.far.inside(|| UdpPeer::serve_at(network.far.at(53), server_failure));
    network.near.hosts("127.0.0.1 localhost\n");
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    let yaml =
        [tcp("a", "a.test", 80), tcp("b", "b.example", 80), "- {type: dns, name: c.test, timeout: 3}\n".to_owned()];
    let report = Agent::through(network.near.command("env"), &yaml.concat()).report();
    assert_eq!(causes(&report), are(&[("resolver:10.0.0.2", "a, b, dns:c.test record:A")]), "{report:#}");
    assert_eq!(report["causes"][0]["what"], "10.0.0.2 fails at every name: 3 checks cannot resolve their names");
}

/// SERVFAIL to any question (RFC 1035 section 4.1), as a forwarder answers that reaches nobody.
fn server_failure(asked: &[u8]) -> Vec<u8> {
    const HEAD: usize = 12;
    let mut end = HEAD;
    while asked.get(end).is_some_and(|length| *length != 0) {
        end += usize::from(asked[end]) + 1;
    }
    let question = asked.get(HEAD..end + 5).expect("a question");
    [&asked[..2], &[0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0], question].concat()
}

#[test]
fn a_host_that_is_down_is_one_cause_and_ports_of_one_that_is_up_are_several() {
    let world = World::new(1);
    let (server, nobody) = (world.target(Family::V4, 80), world.nobody(Family::V4, 80));
    let _peer = world.server().inside(|| Peer::start_at(server, Manner::Silent));
    world.server().rule("input", "tcp dport 5432 drop");
    let (server, nobody) = (server.ip().to_string(), nobody.ip().to_string());
    let yaml = [
        tcp("down-1", &nobody, 80),
        tcp("down-2", &nobody, 5432),
        tcp("up", &server, 80),
        tcp("shut-1", &server, 81),
        tcp("shut-2", &server, 82),
        tcp("dropped-1", &server, 5432),
        tcp("dropped-2", &server, 5432),
    ];
    let report = world.agent(&yaml.concat()).report();
    let expected = [
        (format!("host:{nobody}"), "down-1, down-2"),
        (format!("service:{server}:81"), "shut-1"),
        (format!("service:{server}:82"), "shut-2"),
        (format!("service:{server}:5432"), "dropped-1, dropped-2"),
    ];
    assert_eq!(causes(&report), are(&expected.each_ref().map(|(id, checks)| (id.as_str(), *checks))), "{report:#}");
}

#[test]
fn a_router_behind_which_nothing_answers_is_one_cause_and_this_hosts_firewall_another() {
    let world = World::new(2);
    let (server, nobody) =
        (world.target(Family::V4, 80).ip().to_string(), world.nobody(Family::V4, 80).ip().to_string());
    world.router(1).rule("forward", "drop");
    world.client().rule("output", "tcp dport 6379 drop");
    let near = world.hop(Family::V4, 1).to_string();
    let yaml = [
        tcp("a", &server, 80),
        tcp("b", &server, 5432),
        tcp("c", &nobody, 80),
        tcp("mine", &server, 6379),
        tcp("router", &near, 6380),
    ];
    let report = world.agent(&yaml.concat()).report();
    let told = causes(&report);
    assert!(
        told.contains(&are(&[(&format!("router:{near}"), "a, b, c")]).into_iter().next().expect("one")),
        "{report:#}"
    );
    let own = told.iter().find(|(_, checks)| *checks == ["mine"]).expect("its own");
    assert!(own.0.starts_with("this-host:"), "{report:#}");
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn an_expired_certificate_an_unknown_authority_and_a_wrong_name_are_told_apart() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let expired = TlsPeer::start(&known.expired(), TlsManner::Silent);
    let other = TlsPeer::start(&known.expired(), TlsManner::Silent);
    let wrong = TlsPeer::start(&known.wrong_name(), TlsManner::Silent);
    let strangers = [(); 2].map(|()| TlsPeer::start(&unknown.valid(), TlsManner::Silent));
    let tls = |name: &str, peer: &TlsPeer| {
        let (port, ca) = (peer.address().port(), known.file().display());
        format!("- {{type: tls, name: {name}, host: localhost, port: {port}, ca_file: '{ca}', timeout: 5}}\n")
    };
    let yaml = [
        tls("old-1", &expired),
        tls("old-2", &expired),
        tls("old-3", &expired),
        tls("older", &other),
        tls("wrong", &wrong),
        tls("strange-1", &strangers[0]),
        tls("strange-2", &strangers[1]),
    ];
    let report = Agent::new(&yaml.concat()).report();
    let told = causes(&report);
    let of = |checks: &str| {
        let checks: Vec<_> = checks.split(' ').collect();
        let found = told.iter().find(|(_, known)| *known == checks);
        found.map_or("", |(id, _)| id.as_str())
    };
    assert!(of("old-1 old-2 old-3").starts_with("certificate:"), "{told:#?}");
    assert!(of("older").starts_with("certificate:"), "{told:#?}");
    assert!(of("wrong").starts_with("certificate:") && of("wrong").ends_with(" localhost"), "{told:#?}");
    assert!(of("strange-1 strange-2").starts_with("authority:"), "{told:#?}");
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[test]
fn one_account_that_a_server_refuses_is_one_cause_whatever_it_asks_for() {
    let role = "CREATE ROLE etl LOGIN PASSWORD 'x'";
    let server = Postgres::start(&Setup::plain().rule("host all etl samehost scram-sha-256").sql(role));
    let port = server.address().port();
    let check = |name: &str, user: &str, database: &str| {
        format!(
            "- {{type: postgres, name: {name}, host: localhost, port: {port}, username: {user}, password: wrong, \
             database: {database}, use_tls: false}}\n"
        )
    };
    let yaml =
        [check("a", USER, "shop"), check("b", USER, "postgres"), check("c", "etl", "shop"), check("d", USER, "shop")];
    let report = Agent::new(&yaml.concat()).report();
    let told = causes(&report);
    let [first, second] = &told.into_iter().collect::<Vec<_>>()[..] else { panic!("{report:#}") };
    assert!(first.0.starts_with(&format!("account:{USER}@")) && first.1 == ["a", "b", "d"], "{report:#}");
    assert!(second.0.starts_with("account:etl@") && second.1 == ["c"], "{report:#}");
}

#[test]
fn a_dead_proxy_is_one_cause_and_what_a_proxy_refuses_are_several() {
    let (dead, shut) = (ports::free(), ports::free());
    let squid = Squid::start(&Rules::open().deny_host("secret.test"));
    let http = |name: &str, url: &str, proxy: &str| {
        format!("- {{type: http, name: {name}, url: '{url}', proxy_url: '{proxy}', timeout: 5}}\n")
    };
    let gone = format!("http://localhost:{}", dead.number());
    let yaml = [
        http("a", "http://a.test/", &gone),
        http("b", "https://b.test/", &gone),
        http("c", "http://c.test/", &gone),
        http("denied", "https://secret.test/", &squid.url()),
        http("unreached", &format!("https://127.0.0.1:{}/", shut.number()), &squid.url()),
    ];
    let report = Agent::new(&yaml.concat()).report();
    let told = causes(&report);
    let proxy = format!("proxy:localhost:{}", dead.number());
    assert!(told.contains(&are(&[(&proxy, "a, b, c")]).into_iter().next().expect("one")), "{report:#}");
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn a_secret_that_several_checks_need_is_one_cause_and_nothing_of_the_rest_is_hidden() {
    let shut = ports::free();
    let redis = |name: &str, variable: &str| {
        format!("- {{type: redis, name: {name}, host: localhost, password: {{env: {variable}}}}}\n")
    };
    let yaml = [
        redis("a", "NO_SUCH_SECRET_1"),
        redis("b", "NO_SUCH_SECRET_2"),
        redis("c", "NO_SUCH_SECRET_1"),
        tcp("d", "127.0.0.1", shut.number()),
    ];
    let report = Agent::new(&yaml.concat()).report();
    let service = format!("service:127.0.0.1:{}", shut.number());
    let expected =
        are(&[("reference:env NO_SUCH_SECRET_1", "a, c"), ("reference:env NO_SUCH_SECRET_2", "b"), (&service, "d")]);
    assert_eq!(causes(&report), expected, "{report:#}");
}
