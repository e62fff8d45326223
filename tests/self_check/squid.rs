//! squid, used by curl.

use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, Recorder};
use harness::ports;
use harness::squid::{Rules, Squid};
use harness::wait;
use std::sync::Arc;

use super::client::{Reply, curl};

/// Asks for `url` by way of `squid`; curl's list of hosts to spare is emptied again.
fn through(squid: &Squid, arguments: &[&str]) -> Reply {
    curl(&[&["--noproxy", "", "-x", &squid.url()], arguments].concat())
}

#[test]
fn an_open_proxy_passes_requests_and_connections() {
    let ca = Authority::new();
    let web = Site::http("web").page("/", "plain");
    let nginx = Nginx::start([web, Site::tls("tls", &ca.valid()).page("/", "secret")]);
    let squid = Squid::start(&Rules::open());
    let plain = through(&squid, &[&nginx.url("web", "/")]);
    assert!(plain.status == 200 && plain.text.contains("Via: ") && plain.text.ends_with("plain"), "{plain:?}");
    let authority = ca.file().display().to_string();
    let secret = through(&squid, &["--cacert", &authority, &nginx.url("tls", "/")]);
    assert!((secret.status, secret.connect) == (200, 200) && secret.text.ends_with("secret"), "{secret:?}");
    let recorder = Recorder::start();
    assert!(through(&squid, &[&recorder.url("/x")]).text.ends_with("ok"));
    assert!(recorder.requests()[0].contains("Via: 1.1 squid.test"));
    wait::until("the requests to be noted", || squid.requests().len() == 3);
    assert!(squid.requests()[1].contains("CONNECT localhost:"));
}

#[test]
fn a_proxy_lets_its_tunnels_end_at_a_server_that_stands_for_all() {
    let ca = Authority::new();
    let named = ca.leaf().also_named("far.example").issue();
    let nginx = Nginx::start([Site::tls("far", &named).page("/", "far"), Site::http("near").page("/", "near")]);
    let port = Arc::new(ports::free());
    let rules = || Rules::open().tunnel_to(nginx.address("far"));
    let authority = ca.file().display().to_string();
    let far = ["--cacert", &authority, "https://far.example/"];
    let squid = Squid::start_at(&port, &rules());
    let reply = through(&squid, &far);
    assert!(reply.status == 200 && reply.text.ends_with("far"), "{reply:?}");
    assert!(through(&squid, &[&nginx.url("near", "/")]).text.ends_with("near"));
    drop(squid);
    let squid = Squid::start_at(&port, &rules().deny_host("far.example"));
    assert_eq!((squid.address(), through(&squid, &far).connect), (port.address(), 403));
}

#[test]
fn a_proxy_with_a_login_wants_it() {
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let squid = Squid::start(&Rules::open().login("app", "secret"));
    let url = nginx.url("web", "/");
    let without = through(&squid, &[&url]);
    assert!(without.status == 407 && without.text.contains("Proxy-Authenticate: Basic realm=\"squid\""), "{without:?}");
    assert_eq!(through(&squid, &["-U", "app:wrong", &url]).status, 407);
    assert_eq!(through(&squid, &["-U", "app:secret", &url]).status, 200);
    assert_eq!(through(&squid, &["-p", &url]).connect, 407);
    assert_eq!(through(&squid, &["-p", "-U", "app:secret", &url]).connect, 200);
}

#[test]
fn a_proxy_denies_what_it_was_told_to() {
    let open = Site::http("open").page("/", "open");
    let nginx = Nginx::start([open, Site::http("closed").page("/", "closed")]);
    let closed = nginx.port("closed");
    let squid = Squid::start(&Rules::open().deny_port(closed).deny_host("127.0.0.1"));
    assert_eq!(through(&squid, &[&nginx.url("open", "/")]).status, 200);
    assert_eq!(through(&squid, &[&nginx.url("closed", "/")]).status, 403);
    assert_eq!(through(&squid, &["-p", &nginx.url("closed", "/")]).connect, 403);
    assert_eq!(through(&squid, &[&format!("http://127.0.0.1:{}/", nginx.port("open"))]).status, 403);
}

#[test]
fn a_proxy_says_what_is_wrong_with_the_target() {
    let squid = Squid::start(&Rules::open());
    let dead = ports::free();
    let url = format!("http://127.0.0.1:{}/", dead.number());
    assert_eq!(through(&squid, &[&url]).status, 503);
    assert_eq!(through(&squid, &["-p", &url]).connect, 503);
    assert_eq!(through(&squid, &["http://no-such.invalid/"]).status, 502);
    let mute = Peer::start(Manner::ClosesAfterFirstBytes);
    assert_eq!(through(&squid, &[&format!("http://{}/", mute.address())]).status, 502);
}

#[test]
fn a_proxy_speaks_tls_where_it_was_told_to() {
    let ca = Authority::new();
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let squid = Squid::start(&Rules::open().tls(&ca.valid()));
    let authority = ca.file().display().to_string();
    let reply = through(&squid, &["--proxy-cacert", &authority, &nginx.url("web", "/")]);
    assert!(squid.url().starts_with("https://") && reply.text.ends_with("plain"), "{reply:?}");
    let distrusted = through(&squid, &[&nginx.url("web", "/")]);
    assert!(distrusted.status == 0 && distrusted.error.contains("certificate"), "{distrusted:?}");
}

#[test]
fn several_proxies_run_side_by_side() {
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let squids = [Squid::start(&Rules::open()), Squid::start(&Rules::open()), Squid::start(&Rules::open())];
    for squid in &squids {
        assert_eq!(through(squid, &[&nginx.url("web", "/")]).status, 200);
    }
}
