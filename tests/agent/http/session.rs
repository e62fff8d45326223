//! A chain of redirects as one session: what is kept for the next request, and what belongs to one of them.

use super::{answer, check, message};
use harness::peers::{Peer, Recorder, Request};
use std::sync::mpsc::{self, Receiver};

/// A server that answers each path by these rules: path, then head lines behind the status. What is not there is a 404.
fn server(pages: &'static [(&'static str, &'static str)]) -> (Peer, Receiver<Request>) {
    let (tell, told) = mpsc::channel();
    let peer = Peer::serve(move |wire| {
        while let Some(request) = Request::read(&wire) {
            let page = pages.iter().find(|(path, _)| *path == request.target);
            let head = page.map_or("404 Not Found", |(_, head)| head);
            let sent = tell.send(request).is_ok()
                && wire.send(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes());
            if !sent {
                return;
            }
        }
    });
    (peer, told)
}

const FOLLOWED: &str = "allow_redirects: true";

#[test]
fn cookies_of_a_redirect_come_back_with_the_next_request() {
    let peer = Peer::serve(|wire| {
        while let Some(request) = Request::read(&wire) {
            let known = request.header("cookie").is_some_and(|line| line.contains("seen=yes"));
            let head =
                if known { "200 OK" } else { "302 Found\r\nLocation: /\r\nSet-Cookie: seen=yes; Path=/; HttpOnly" };
            if !wire.send(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes()) {
                return;
            }
        }
    });
    let (verdict, check) = check(&super::url_of(&peer), &[FOLLOWED]);
    assert_eq!((verdict.as_str(), peer.connections()), ("pass", 1), "{check}");
}

#[test]
fn cookies_go_by_path_and_end_and_stand_in_one_line() {
    let (peer, told) = server(&[
        (
            "/a/in",
            "302 Found\r\nLocation: /a/b\r\nSet-Cookie: s=1\r\nSet-Cookie: t=2; Path=/; Secure\r\nSet-Cookie: own=new; Path=/",
        ),
        ("/a/b", "302 Found\r\nLocation: /c\r\nSet-Cookie: own=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("/c", "200 OK"),
    ]);
    let url = super::url_of(&peer) + "a/in";
    let (verdict, check) = check(&url, &[FOLLOWED, "cookies: {own: old, two: x}", "headers: {Cookie: three=y}"]);
    assert_eq!(verdict, "pass", "{check}");
    let lines: Vec<_> = told.try_iter().map(|request| request.header("cookie").map(str::to_owned)).collect();
    let wanted = ["three=y; own=old; two=x", "three=y; two=x; s=1; own=new", "three=y; own=old; two=x"];
    assert_eq!(lines, wanted.map(|line| Some(line.to_owned())));
}

#[test]
fn a_cookie_is_sent_in_one_line_wherever_it_was_written() {
    let seen = super::request("/", &["cookies: {a: b}", "headers: {Cookie: c=d}"]);
    assert_eq!(seen.text.to_lowercase().matches("\r\ncookie:").count(), 1, "{seen:?}");
    assert_eq!(seen.header("cookie"), Some("c=d; a=b"));
}

#[test]
fn cookies_stay_with_their_scheme_host_and_port() {
    let other = Recorder::start();
    let head = format!("302 Found\r\nSet-Cookie: s=1; Path=/; Domain=localhost\r\nLocation: {}", other.url("/in"));
    let first = Recorder::start_with(answer(&head, ""));
    assert_eq!(check(&first.url("/"), &[FOLLOWED]).0, "pass");
    assert_eq!(other.parsed()[0].header("cookie"), None);
}

#[test]
fn a_host_of_the_headers_is_for_the_place_that_the_check_names() {
    // The same place: the virtual host is meant there, too.
    let (peer, told) = server(&[("/", "302 Found\r\nLocation: /b"), ("/b", "200 OK")]);
    let (verdict, first) = check(&super::url_of(&peer), &[FOLLOWED, "headers: {Host: www.example}"]);
    assert_eq!(verdict, "pass", "{first}");
    assert!(told.try_iter().all(|request| request.header("host") == Some("www.example")));
    // Another place: what leads there is its host.
    let other = Recorder::start();
    let first = Recorder::start_with(answer(&format!("302 Found\r\nLocation: {}", other.url("/in")), ""));
    assert_eq!(check(&first.url("/"), &[FOLLOWED, "headers: {Host: www.example}"]).0, "pass");
    assert_eq!(other.parsed()[0].header("host"), Some(format!("localhost:{}", other.peer().port()).as_str()));
}

#[test]
fn what_describes_the_body_goes_with_the_body() {
    let more = [
        "method: POST",
        "body: a=b",
        FOLLOWED,
        "headers: {Content-Type: application/x-www-form-urlencoded, Content-Language: de, X-Form: 1}",
    ];
    for (status, goes) in [("301", false), ("302", false), ("303", false), ("307", true), ("308", true)] {
        let (tell, told) = mpsc::channel();
        let peer = Peer::serve(move |wire| {
            while let Some(request) = Request::read(&wire) {
                let head = if request.target == "/" {
                    format!("{status} Moved\r\nLocation: /done")
                } else {
                    "200 OK".to_owned()
                };
                if tell.send(request).is_err()
                    || !wire.send(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes())
                {
                    return;
                }
            }
        });
        let (verdict, check) = check(&super::url_of(&peer), &more);
        assert_eq!(verdict, "pass", "{check}");
        let second = told.iter().nth(1).expect("a second request");
        for name in ["content-type", "content-language", "content-length"] {
            assert_eq!(second.header(name).is_some(), goes, "{status} {name}: {second:?}");
        }
        assert_eq!(second.header("x-form"), Some("1"), "{second:?}");
    }
}

#[test]
fn a_post_without_a_body_says_so() {
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(
            super::request("/", &[&format!("method: {method}")]).header("content-length"),
            Some("0"),
            "{method}"
        );
    }
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        assert_eq!(super::request("/", &[&format!("method: {method}")]).header("content-length"), None, "{method}");
    }
}

#[test]
fn a_location_in_any_bytes_is_followed() {
    let (peer, told) = server(&[("/", "302 Found\r\nLocation: /gr\u{fc}n"), ("/gr%C3%BCn", "200 OK")]);
    let (verdict, check) = check(&super::url_of(&peer), &[FOLLOWED]);
    assert_eq!((verdict.as_str(), told.try_iter().count()), ("pass", 2), "{check}");
}

#[test]
fn a_loop_in_spite_of_its_cookies_is_a_loop() {
    let (peer, _told) = server(&[("/", "302 Found\r\nLocation: /\r\nSet-Cookie: a=b")]);
    let (verdict, check) = check(&super::url_of(&peer), &[FOLLOWED]);
    assert_eq!(verdict, "request.redirected", "{check}");
    assert!(message(&check).starts_with("more than 10 redirects"), "{check}");
}
