//! The http check through a proxy: squid, and what is no proxy.

mod refusals;
mod socks;

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::netns::{Answer, Network, Transport};
use harness::nginx::{Nginx, Site};
use harness::peers::{FullQueue, Manner, Peer, Recorder};
use harness::ports;
use harness::squid::{Rules, Squid};
use serde_json::Value;

/// A file with one http check through a proxy; `more` are options, each on a line of its own.
fn through(proxy: &str, url: &str, more: &[&str]) -> String {
    let more: String = more.iter().flat_map(|line| ["  ", *line, "\n"]).collect();
    format!("- type: http\n  url: {url}\n  proxy_url: {proxy}\n  timeout: 5\n{more}")
}

fn check(yaml: &str) -> (String, Value) {
    let report = Agent::new(yaml).report();
    (code(&report), report["checks"][0].clone())
}

fn trust(ca: &Authority) -> String {
    format!("ca_file: {}", ca.file().display())
}

/// A plain and a TLS server, both with a page.
fn servers(ca: &Authority) -> Nginx {
    Nginx::start([Site::http("web").page("/", "plain"), Site::tls("tls", &ca.valid()).page("/", "secret")])
}

#[test]
fn squid_passes_plain_requests_and_tunnels() {
    let ca = Authority::new();
    let (nginx, squid) = (servers(&ca), Squid::start(&Rules::open()));
    for (name, body) in [("web", "plain"), ("tls", "secret")] {
        let url = nginx.url(name, "/");
        let yaml = through(&squid.url(), &url, &[&trust(&ca), &format!("expected_body: {body}")]);
        let (verdict, check) = check(&yaml);
        assert_eq!(verdict, "pass", "{check}");
        let proxy = format!("localhost:{}", squid.address().port());
        assert_eq!(check["results"][0]["name"], format!("http:{url}:tcp:{proxy}"));
        assert_eq!(check["results"][1]["name"], format!("http:{url}:"));
    }
    harness::wait::until("squid to write down both", || squid.requests().len() == 2);
    assert!(
        squid.requests()[0].contains("GET http://localhost:") && squid.requests()[1].contains("CONNECT localhost:")
    );
}

#[test]
fn a_proxy_can_be_a_host_and_a_port_and_the_url_wins() {
    let ca = Authority::new();
    let (nginx, squid) = (servers(&ca), Squid::start(&Rules::open()));
    let (host, url) = (squid.address(), nginx.url("web", "/"));
    let pair = format!("- {{type: http, url: '{url}', proxy_host: {}, proxy_port: {}", host.ip(), host.port());
    let (verdict, by_pair) = check(&format!("{pair}}}"));
    assert_eq!(
        (verdict.as_str(), by_pair["results"][0]["name"].as_str()),
        ("pass", Some(format!("http:{url}:tcp:{host}").as_str()))
    );
    let dead = ports::free();
    let both = format!(
        "- {{type: http, url: '{url}', proxy_host: 127.0.0.1, proxy_port: {}, proxy_url: '{}'}}",
        dead.number(),
        squid.url()
    );
    assert_eq!(check(&both).0, "pass");
}

/// Its name, and its TLS, are not the target's.
#[test]
fn what_is_wrong_before_the_proxy_answers_is_told_of_the_proxy() {
    let ca = Authority::new();
    let (nginx, squid) = (servers(&ca), Squid::start(&Rules::open()));
    let plain = squid.url().replace("http://", "https://");
    for (proxy, verdict, place) in [
        ("http://proxy.invalid:3128", "resolve.", "proxy.invalid:3128"),
        (plain.as_str(), "tls.not-tls", plain.trim_start_matches("https://")),
    ] {
        for name in ["web", "tls"] {
            let (found, check) = check(&through(proxy, &nginx.url(name, "/"), &[]));
            assert!(found.starts_with(verdict), "{check}");
            let message = check["failure"]["message"].as_str().unwrap_or_default();
            assert!(message.starts_with(&format!("the proxy {place}: ")), "{message}");
            let next = check["failure"]["next_step"].as_str().unwrap_or_default();
            assert!(next.ends_with(" (this is about the proxy)"), "{next}");
        }
    }
}

#[test]
fn a_proxy_with_tls_is_verified_too() {
    let (ca, other) = (Authority::new(), Authority::new());
    let (nginx, squid) = (servers(&ca), Squid::start(&Rules::open().tls(&ca.valid())));
    for name in ["web", "tls"] {
        let (verdict, good) = check(&through(&squid.url(), &nginx.url(name, "/"), &[&trust(&ca)]));
        assert_eq!(verdict, "pass", "{name}: {good}");
        let (verdict, bad) = check(&through(&squid.url(), &nginx.url(name, "/"), &[&trust(&other)]));
        assert_eq!(verdict, "tls.untrusted", "{name}: {bad}");
    }
}

#[test]
fn a_login_of_the_proxy_is_sent_and_its_lack_told() {
    let ca = Authority::new();
    let (nginx, squid) = (servers(&ca), Squid::start(&Rules::open().login("app", "s3cret")));
    let with = |login: &str| squid.url().replace("http://", &format!("http://{login}"));
    for name in ["web", "tls"] {
        for (login, wanted, message) in [
            ("app:s3cret@", "pass", None),
            ("app:wr0ng@", "proxy.auth-required", Some("the proxy rejects our login")),
            ("", "proxy.auth-required", Some("the proxy wants a login, none is configured")),
        ] {
            let (verdict, check) = check(&through(&with(login), &nginx.url(name, "/"), &[&trust(&ca)]));
            assert_eq!(
                (verdict.as_str(), check["failure"]["message"].as_str()),
                (wanted, message),
                "{name} {login}: {check}"
            );
            assert!(!check.to_string().contains("s3cret") && !check.to_string().contains("wr0ng"), "{check}");
        }
    }
}

#[test]
fn what_the_proxy_refuses_or_cannot_reach_is_the_proxys_word() {
    let ca = Authority::new();
    let nginx = servers(&ca);
    let dead = ports::free();
    let rules = Rules::open().deny_port(nginx.port("web")).deny_port(nginx.port("tls"));
    let squid = Squid::start(&rules);
    let number = dead.number();
    for (url, wanted) in [
        (nginx.url("web", "/"), "proxy.denied"),
        (nginx.url("tls", "/"), "proxy.denied"),
        (format!("http://127.0.0.1:{number}/"), "proxy.bad-gateway"),
        (format!("https://127.0.0.1:{number}/"), "proxy.bad-gateway"),
        ("http://no-such.invalid/".to_owned(), "proxy.bad-gateway"),
        ("https://no-such.invalid/".to_owned(), "proxy.bad-gateway"),
    ] {
        let (verdict, check) = check(&through(&squid.url(), &url, &[]));
        assert_eq!((verdict.as_str(), check["failure"]["owner"].as_str()), (wanted, Some("network")), "{url}: {check}");
        let evidence = check["failure"]["evidence"].as_str().expect("evidence");
        assert!(evidence.contains("ERR_"), "{evidence}");
    }
}

#[test]
fn a_status_of_the_server_behind_the_proxy_is_the_servers() {
    let nginx = Nginx::start([Site::http("web").status("/", 403).status("/502", 502)]);
    let squid = Squid::start(&Rules::open());
    for path in ["/", "/502"] {
        let (verdict, check) = check(&through(&squid.url(), &nginx.url("web", path), &[]));
        assert_eq!(verdict, "request.unexpected-status", "{check}");
    }
}

#[test]
fn a_proxy_that_is_down_is_not_blamed_on_the_target() {
    let ca = Authority::new();
    let nginx = servers(&ca);
    let dead = ports::free();
    let proxy = format!("http://127.0.0.1:{}", dead.number());
    for name in ["web", "tls"] {
        let (verdict, check) = check(&through(&proxy, &nginx.url(name, "/"), &[]));
        assert_eq!(verdict, "proxy.unreachable", "{check}");
        let address = dead.address();
        let message = format!("the proxy {address} cannot be reached: {address} refused the connection");
        assert_eq!(check["failure"]["message"], message);
    }
}

#[test]
fn a_proxy_that_drops_packets_is_a_timeout_of_the_proxy() {
    let queue = FullQueue::start();
    let yaml = through(&format!("http://{}", queue.address()), "http://target.invalid/", &[])
        .replace("timeout: 5", "timeout: 0.3");
    assert_eq!(check(&yaml).0, "proxy.timeout");
}

#[test]
fn a_firewall_before_the_proxy_is_named() {
    let network = Network::new();
    network.far.filter_input(Transport::Tcp, 3128, Answer::Prohibited);
    let yaml = through("http://10.0.0.2:3128", "http://target.invalid/", &[]);
    let report = Agent::through(network.near.command("env"), &yaml).report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!((failure["code"].as_str(), failure["owner"].as_str()), (Some("proxy.unreachable"), Some("network")));
    assert!(
        failure["message"].as_str().is_some_and(|text| text.contains("a firewall at 10.0.0.2 prohibits")),
        "{failure}"
    );
}

#[test]
fn a_silent_proxy_is_a_timeout_and_one_that_closes_is_closed() {
    for (manner, tunnel, plain) in [
        (Manner::Silent, "proxy.timeout", "protocol.silent"),
        (Manner::ClosesAfterFirstBytes, "proxy.closed", "protocol.closed"),
        (Manner::ResetsAfterFirstBytes, "proxy.closed", "protocol.reset"),
    ] {
        let peer = Peer::start(manner.clone());
        let proxy = format!("http://{}", peer.address());
        for (scheme, wanted) in [("https", tunnel), ("http", plain)] {
            let yaml =
                through(&proxy, &format!("{scheme}://target.invalid/"), &[]).replace("timeout: 5", "timeout: 0.4");
            let (verdict, check) = check(&yaml);
            assert_eq!(verdict, wanted, "{scheme} {manner:?}: {check}");
            // Without a tunnel nobody can tell which of the two it was.
            let both = format!("(the proxy {}, or the server behind it)", peer.address());
            let named = check["failure"]["message"].as_str().is_some_and(|text| text.ends_with(&both));
            assert_eq!(named, scheme == "http", "{check}");
        }
    }
}

#[test]
fn what_is_no_proxy_is_told_so() {
    let ssh = Peer::start(Manner::Banner(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()));
    let nginx = Nginx::start([Site::http("web").page("/", "x")]);
    for (proxy, message) in [
        (ssh.address(), "this is an SSH server, not a proxy"),
        (nginx.address("web"), "what answers there is a web server, not a proxy"),
    ] {
        let (verdict, check) = check(&through(&format!("http://{proxy}"), "https://target.invalid/", &[]));
        assert_eq!(
            (verdict.as_str(), check["failure"]["message"].as_str()),
            ("proxy.not-a-proxy", Some(message)),
            "{check}"
        );
        assert_eq!(check["failure"]["owner"], "config");
    }
    let yaml = through(&format!("http://{}", ssh.address()), "http://target.invalid/", &[])
        .replace("timeout: 5", "timeout: 0.5");
    let (verdict, check) = check(&yaml);
    assert_eq!(verdict, "proxy.not-a-proxy", "{check}");
}

#[test]
fn a_request_to_a_proxy_is_in_absolute_form_without_the_login_of_the_url() {
    let recorder = Recorder::start();
    let proxy = format!("http://app:s3cret@{}", recorder.peer().address());
    let (verdict, _) = check(&through(&proxy, "http://user:pass@target.invalid:8080/x?a=b#c", &[]));
    assert_eq!(verdict, "pass");
    let seen = recorder.parsed().remove(0);
    assert_eq!(seen.target, "http://target.invalid:8080/x?a=b");
    assert_eq!(
        (seen.header("host"), seen.header("proxy-authorization")),
        (Some("target.invalid:8080"), Some("Basic YXBwOnMzY3JldA=="))
    );
    assert_eq!(seen.header("authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[test]
fn the_login_of_the_proxy_goes_to_the_proxy_alone() {
    let ca = Authority::new();
    let target = Recorder::start();
    let stunnel = harness::stunnel::Stunnel::start(&ca.valid(), target.peer().address());
    let squid = Squid::start(&Rules::open().login("app", "s3cret"));
    let proxy = squid.url().replace("http://", "http://app:s3cret@");
    let (verdict, check) = check(&through(&proxy, &format!("https://{}/", stunnel.address()), &[&trust(&ca)]));
    assert_eq!(verdict, "pass", "{check}");
    let seen = target.parsed().remove(0);
    assert_eq!((seen.target.as_str(), seen.header("proxy-authorization")), ("/", None), "{seen:?}");
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    let (target, proxy) = (Recorder::start(), Recorder::start());
    let of = |scheme: &str| format!("{scheme}://{}", proxy.peer().address());
    let mut agent = Agent::new(&format!("- {{type: http, url: '{}'}}", target.url("/")));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        agent = agent.env(name, &of("http"));
    }
    assert_eq!(code(&agent.report()), "pass");
    assert_eq!((target.parsed().len(), proxy.peer().connections()), (1, 0));
}
