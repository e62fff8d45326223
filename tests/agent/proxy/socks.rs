//! The http check through a SOCKS proxy: microsocks, dante, and what is none.

use super::{check, servers, through, trust};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer};
use harness::ports;
use harness::socks::Socks;
use std::net::SocketAddr;

fn url(scheme: &str, login: &str, proxy: SocketAddr) -> String {
    format!("{scheme}://{login}{proxy}")
}

#[test]
fn requests_of_both_schemes_go_through_by_name_and_by_address() {
    let ca = Authority::new();
    let (nginx, socks) = (servers(&ca), Socks::start(None));
    for scheme in ["socks5", "socks5h", "SOCKS5H"] {
        for (name, body) in [("web", "plain"), ("tls", "secret")] {
            let target = nginx.url(name, "/");
            let yaml =
                through(&url(scheme, "", socks.address()), &target, &[&trust(&ca), &format!("expected_body: {body}")]);
            let (verdict, check) = check(&yaml);
            assert_eq!(verdict, "pass", "{scheme} {name}: {check}");
            assert_eq!(check["results"][0]["name"], format!("http:{target}:tcp:{}", socks.address()));
        }
    }
    // The server sees a request as without a proxy.
    let recorder = harness::peers::Recorder::start();
    assert_eq!(check(&through(&url("socks5h", "", socks.address()), &recorder.url("/x"), &["auth: [a, b]"])).0, "pass");
    assert_eq!(
        (recorder.parsed()[0].target.as_str(), recorder.parsed()[0].header("proxy-authorization")),
        ("/x", None)
    );
}

#[test]
fn a_login_is_sent_and_its_lack_told() {
    let ca = Authority::new();
    let (nginx, socks) = (servers(&ca), Socks::start(Some(("app", "s3:cret"))));
    for (login, wanted, message) in [
        ("app:s3%3Acret@", "pass", None),
        ("app:wr0ng@", "proxy.auth-required", Some("the proxy rejects our login")),
        ("", "proxy.auth-required", Some("the proxy wants a login, none is configured")),
    ] {
        let (verdict, check) = check(&through(&url("socks5", login, socks.address()), &nginx.url("web", "/"), &[]));
        assert_eq!((verdict.as_str(), check["failure"]["message"].as_str()), (wanted, message), "{check}");
        assert!(!check.to_string().contains("cret") && !check.to_string().contains("wr0ng"), "{check}");
    }
}

#[test]
fn what_the_proxy_cannot_reach_or_does_not_allow_is_its_word() {
    let dead = ports::free();
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let socks = Socks::start(None);
    for target in [
        format!("http://{}/", dead.address()),
        format!("https://{}/", dead.address()),
        "http://no-such.invalid/".to_owned(),
    ] {
        let (verdict, check) = check(&through(&url("socks5h", "", socks.address()), &target, &[]));
        assert_eq!(
            (verdict.as_str(), check["failure"]["owner"].as_str()),
            ("proxy.bad-gateway", Some("network")),
            "{target}: {check}"
        );
    }
    // With socks5 it is this host that does not know the name.
    let (verdict, unknown) = check(&through(&url("socks5", "", socks.address()), "http://no-such.invalid/", &[]));
    assert!(verdict.starts_with("resolve."), "{unknown}");
    let rules = format!(
        "socks block {{ from: 0/0 to: 127.0.0.1/32 port = {} }}\nsocks pass {{ from: 0/0 to: 0/0 }}",
        nginx.port("web")
    );
    let dante = Socks::start_with_rules(&rules);
    let (verdict, check) =
        check(&through(&url("socks5", "", dante.address()), &format!("http://{}/", nginx.address("web")), &[]));
    assert_eq!(
        (verdict.as_str(), check["failure"]["message"].as_str()),
        ("proxy.denied", Some("the proxy does not let this connection through")),
        "{check}"
    );
}

#[test]
fn what_is_no_socks_proxy_is_told_so() {
    let ssh = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()));
    let web = Peer::start(Manner::Answers(vec![(vec![5], b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n".to_vec())]));
    let socks4 = Peer::start(Manner::Answers(vec![(vec![5], b"\0\x5b\0\0\0\0\0\0".to_vec())]));
    for (peer, message) in [
        (&ssh, "this is an SSH server, not a SOCKS proxy"),
        (&web, "this is an HTTP server, not a SOCKS proxy"),
        (&socks4, "what answers there does not speak SOCKS 5"),
    ] {
        let (verdict, check) = check(&through(&url("socks5h", "", peer.address()), "http://target.invalid/", &[]));
        assert_eq!(
            (verdict.as_str(), check["failure"]["message"].as_str()),
            ("proxy.not-a-proxy", Some(message)),
            "{check}"
        );
    }
    let dead = ports::free();
    let (verdict, gone) = check(&through(&url("socks5h", "", dead.address()), "http://target.invalid/", &[]));
    assert_eq!(verdict, "proxy.unreachable", "{gone}");
    for (manner, code) in [(Manner::Silent, "proxy.timeout"), (Manner::ClosesAfterFirstBytes, "proxy.closed")] {
        let peer = Peer::start(manner);
        let yaml = through(&url("socks5h", "", peer.address()), "http://target.invalid/", &[])
            .replace("timeout: 5", "timeout: 0.4");
        assert_eq!(check(&yaml).0, code);
    }
}

#[test]
fn a_server_behind_socks_is_named_by_what_it_says() {
    let socks = Socks::start(None);
    let redis = Peer::start(Manner::Answers(vec![(b"GET".to_vec(), b"-ERR unknown command 'GET'\r\n".to_vec())]));
    let (verdict, check) =
        check(&through(&url("socks5h", "", socks.address()), &format!("http://{}/", redis.address()), &[]));
    assert_eq!(
        (verdict.as_str(), check["failure"]["message"].as_str()),
        ("protocol.wrong-service", Some("this is a Redis server, not HTTP")),
        "{check}"
    );
}

#[test]
fn other_versions_of_socks_are_refused_in_the_file_and_rules_name_the_proxy() {
    let file = |proxy: &str| format!("- {{type: http, url: 'http://app.internal/', proxy_url: '{proxy}'}}\n");
    for proxy in ["socks4://p:1080", "socks://p:1080", "socks5://", "socks5://p:0", "socks5h:p"] {
        let ran = Agent::new(&file(proxy)).args(["--validate"]).run();
        assert_eq!(ran.status, 3, "{proxy}: {ran:?}");
    }
    let rules = Agent::called("conn-check-export-fw", &file("socks5h://user:s3cret@proxy.internal")).run();
    assert!(
        rules.out.contains("proxy.internal")
            && rules.out.contains("1080")
            && !rules.out.contains("app.internal")
            && !rules.out.contains("s3cret"),
        "{rules:?}"
    );
}

#[test]
fn a_proxy_that_picks_the_login_unasked_wants_one() {
    let peer = Peer::start(Manner::Answers(vec![(vec![5, 1, 0], vec![5, 2])]));
    let (verdict, check) = check(&through(&url("socks5h", "", peer.address()), "http://target.invalid/", &[]));
    assert_eq!(
        (verdict.as_str(), check["failure"]["message"].as_str()),
        ("proxy.auth-required", Some("the proxy wants a login, none is configured")),
        "{check}"
    );
}
