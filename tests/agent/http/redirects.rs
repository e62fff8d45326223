//! Redirects: named, followed, and what goes along.

use super::{answer, check, http, message, url_of};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::peers::{Peer, Recorder, Request, TlsManner, TlsPeer};
use harness::ports;
use std::sync::mpsc;

#[test]
fn a_redirect_is_named_without_its_secrets() {
    let target = "https://user:hunter2@login.example/x?token=hunter2&a=b";
    let nginx = Nginx::start([Site::http("web").redirect("/", 302, target)]);
    let ran = Agent::new(&http(&nginx.url("web", "/"), &[])).args(["--format", "json", "-t"]).run();
    let check = &ran.json()["checks"][0];
    assert_eq!(check["failure"]["code"], "request.redirected");
    assert_eq!(message(check), "redirects (302) to https://***@login.example/x?token=***&a=b");
    assert!(!ran.out.contains("hunter2"), "{ran:?}");
}

#[test]
fn redirects_are_followed_when_allowed() {
    let nginx = Nginx::start([Site::http("web")
        .redirect("/", 302, "/a")
        .redirect("/a", 308, "/b?x=1")
        .page("/b", "there")
        .redirect("/loop", 302, "/loop")]);
    let (verdict, there) = check(&nginx.url("web", "/"), &["allow_redirects: true", "expected_body: there"]);
    assert_eq!(verdict, "pass", "{there}");
    let (verdict, around) = check(&nginx.url("web", "/loop"), &["allow_redirects: true"]);
    assert_eq!(verdict, "request.redirected");
    assert!(message(&around).starts_with("more than 10 redirects, the last to http"), "{around}");
    assert_eq!(check(&nginx.url("web", "/"), &["expected_code: 302"]).0, "pass");
}

#[test]
fn a_redirect_keeps_the_connection_and_the_login_on_the_same_host() {
    let peer = Peer::serve(|wire| {
        while let Some(request) = Request::read(&wire) {
            let welcome = request.target == "/there" && request.header("authorization").is_some();
            let status = if request.target == "/" {
                "302 Found"
            } else if welcome {
                "200 OK"
            } else {
                "403 Forbidden"
            };
            if !wire.send(format!("HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n").as_bytes()) {
                return;
            }
        }
    });
    let (verdict, check) = check(&url_of(&peer), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!((verdict.as_str(), peer.connections()), ("pass", 1), "{check}");
}

#[test]
fn a_redirect_to_another_host_gets_no_login_and_no_cookie() {
    let other = Recorder::start();
    let elsewhere = other.url("/in").replace("localhost", "127.0.0.1");
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {elsewhere}"), ""));
    let more = [
        "allow_redirects: true",
        "auth: [app, s3cret]",
        "cookies: {session: abc}",
        "headers: {Authorization: x, Cookie: y, X-Auth-Token: z, X-Plain: v, Accept-Language: de}",
    ];
    let (verdict, check) = check(&first.url("/"), &more);
    assert_eq!(verdict, "pass", "{check}");
    assert!(first.parsed()[0].header("authorization").is_some() && first.parsed()[0].header("cookie").is_some());
    let seen = other.parsed().remove(0);
    assert_eq!(
        (seen.target.as_str(), seen.header("authorization"), seen.header("cookie")),
        ("/in", None, None),
        "{seen:?}"
    );
    assert_eq!((seen.header("x-auth-token"), seen.header("x-plain")), (None, None), "{seen:?}");
    assert_eq!(seen.header("accept-language"), Some("de"), "{seen:?}");
}

#[test]
fn another_origin_gets_only_what_is_known_to_hold_no_secret() {
    let (wanted, refused) = (Recorder::start(), Recorder::start_with(answer("403 Forbidden", "no")));
    for other in [&wanted, &refused] {
        let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {}", other.url("/in")), ""));
        let headers = [
            "X-JWT: a-jwt",
            "X-Session-Id: an-id-of-one",
            "X-Passphrase: a-phrase",
            "DPoP: a-proof",
            "X-Tenant: {env: TENANT}",
            "Accept: {file: accept}",
            "Host: a.test",
            "Content-Type: text/x",
            "User-Agent: ours/1",
        ]
        .map(|header| format!("    {header}\n"))
        .concat();
        let yaml = http(&first.url("/"), &["allow_redirects: true", "headers:"]) + &headers;
        let mut agent = Agent::new(&yaml).env("TENANT", "CANARY");
        agent.scratch().write("accept", "CANARY");
        let report = agent.report();
        let seen = other.parsed().remove(0);
        for secret in ["a-jwt", "an-id-of-one", "a-phrase", "a-proof", "CANARY", "a.test", "text/x"] {
            assert!(first.requests()[0].contains(secret) && !seen.text.contains(secret), "{secret}: {seen:?}");
        }
        assert_eq!((seen.header("user-agent"), seen.header("accept")), (Some("ours/1"), Some("*/*")), "{seen:?}");
        let check = &report["checks"][0];
        if other.url("") == refused.url("") {
            let names = "X-JWT, X-Session-Id, X-Passphrase, DPoP, X-Tenant, Accept, Host, Content-Type";
            let expected = format!(
                "{}: answered 403, expected 200; {names}: not sent to this server, which only a redirect names",
                other.url("/in")
            );
            assert_eq!(message(check), expected);
            let next_step = check["failure"]["next_step"].as_str().unwrap_or_default();
            assert!(next_step.starts_with("put the URL that the redirect leads to into this check"), "{check}");
        } else {
            assert_eq!(check["verdict"], "pass", "{check}");
        }
    }
}

#[test]
fn a_body_does_not_go_to_another_origin() {
    for status in [307, 308] {
        let other = Recorder::start();
        let elsewhere = other.url("/in");
        let first = Recorder::start_with(answer(&format!("{status} Moved\r\nLocation: {elsewhere}"), ""));
        let (verdict, check) = check(&first.url("/"), &["method: POST", "body: CANARY", "allow_redirects: true"]);
        assert_eq!((verdict.as_str(), other.parsed().len()), ("request.redirected", 0), "{check}");
        let expected = format!("redirects ({status}) to {elsewhere}, another server, to which the body is not sent");
        assert_eq!(message(&check), expected);
        assert!(check["failure"]["next_step"].as_str().is_some_and(|next| next.starts_with("put the URL")), "{check}");
    }
}

#[test]
fn a_redirect_to_another_port_gets_no_login() {
    let other = Recorder::start();
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {}", other.url("/in")), ""));
    let (verdict, check) = check(&first.url("/"), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(other.parsed()[0].header("authorization"), None);
}

#[test]
fn a_login_that_was_not_sent_is_not_called_wrong() {
    let other = Recorder::start_with(answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"", ""));
    let elsewhere = other.url("/in").replace("localhost", "127.0.0.1");
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {elsewhere}"), ""));
    let (verdict, check) = check(&first.url("/"), &["allow_redirects: true", "auth: [app, s3cret]"]);
    assert_eq!(verdict, "auth.required", "{check}");
    assert_eq!(
        message(&check),
        format!(
            "{elsewhere}: the server that the redirect leads to wants a login, and ours is only for the first server"
        )
    );
}

#[test]
fn a_redirect_after_a_post_becomes_a_get_as_browsers_do() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let (tell, told) = mpsc::channel();
        let peer = Peer::serve(move |wire| {
            while let Some(request) = Request::read(&wire) {
                let status = if request.target == "/in" { "200 OK".to_owned() } else { format!("{status} Moved") };
                let head = format!("HTTP/1.1 {status}\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n");
                if tell.send(request).is_err() || !wire.send(head.as_bytes()) {
                    return;
                }
            }
        });
        let (verdict, check) = check(&url_of(&peer), &["method: POST", "body: data", "allow_redirects: true"]);
        assert_eq!(verdict, "pass", "{check}");
        let seen = told.iter().nth(1).expect("a second request");
        assert_eq!((seen.method.as_str(), seen.body() == "data"), (method, method == "POST"), "{status}");
    }
}

#[test]
fn a_kept_connection_that_the_server_closes_is_replaced() {
    // Answers once per connection, and closes it without a word about that.
    let peer = Peer::serve(|wire| {
        if let Some(request) = Request::read(&wire) {
            let status = if request.target == "/there" { "200 OK" } else { "302 Found" };
            let head = format!("HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
            let _sent = wire.send(head.as_bytes());
        }
    });
    for _ in 0..20 {
        let (verdict, check) = check(&url_of(&peer), &["allow_redirects: true"]);
        assert_eq!(verdict, "pass", "{check}");
    }
}

#[test]
fn what_is_wrong_behind_a_redirect_is_told_with_the_url_that_was_asked() {
    let ca = Authority::new();
    let (closed, told) = (ports::free(), Recorder::start_with(answer("500 Broken", "")));
    let login = Recorder::start_with(answer("401 Unauthorized\r\nWWW-Authenticate: Negotiate", ""));
    let tls = Nginx::start([Site::tls("tls", &ca.valid()).page("/", "x")]);
    let wrong = TlsPeer::start(&ca.wrong_name(), TlsManner::Silent);
    let quiet = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let by_address = |port: u16| format!("http://127.0.0.1:{port}/in?token=s3cret");
    let trust = format!("ca_file: {}", ca.file().display());
    for (there, verdict, next) in [
        (
            by_address(tls.port("tls")),
            "tls.required",
            "let the server redirect to https://; else put that URL into this check",
        ),
        (
            by_address(quiet.address().port()),
            "tls.required",
            "let the server redirect to https://; else put that URL into this check",
        ),
        (by_address(closed.number()), "connect.refused", ""),
        (by_address(told.peer().port()), "request.unexpected-status", ""),
        (by_address(login.peer().port()), "auth.required", ""),
        (
            format!("https://127.0.0.1:{}/in?token=s3cret", wrong.address().port()),
            "tls.wrong-name",
            "write a name of its certificate in the redirect; else have it issued for this name too, or say `verify_name: false`",
        ),
    ] {
        let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {there}"), ""));
        let (seen, check) = check(&first.url("/"), &["allow_redirects: true", &trust]);
        assert_eq!(seen, verdict, "{there}: {check}");
        let shown = there.replace("s3cret", "***");
        assert!(message(&check).starts_with(&format!("{shown}, to which a redirect leads: ")), "{check}");
        let told = check["failure"]["next_step"].as_str().unwrap_or_default();
        assert!(next.is_empty() || told == next, "{check}");
        assert!(!check.to_string().contains("s3cret"), "{check}");
    }
    // The check's own URL is the file's to correct.
    let (verdict, own) = check(&tls.url("tls", "/").replace("https://", "http://"), &[]);
    let next = own["failure"]["next_step"].as_str();
    assert_eq!((verdict.as_str(), next), ("tls.required", Some("write https:// in the URL")), "{own}");
}
