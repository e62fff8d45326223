//! JSON as servers write it: in whatever charset it is said to be, of any numbers and any depth.

use super::{answer, check, evidence, message};
use harness::peers::Recorder;
use serde_json::Value;

fn judged(head: &str, body: &[u8], wanted: &str) -> (String, Value) {
    let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let server = Recorder::start_with([head.as_bytes(), body].concat());
    check(&server.url("/"), &[&format!("expected_json: {wanted}")])
}

#[test]
fn json_is_read_as_utf8_whatever_charset_it_is_said_to_be_in() {
    let utf8 = "{\"a\": \"gr\u{fc}n\"}".as_bytes();
    let utf16: Vec<u8> = "{\"a\": \"gr\u{fc}n\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (kind, body) in [
        ("application/json; charset=iso-8859-1", utf8),
        ("application/json; charset=utf-16", utf8),
        ("text/plain; charset=windows-1252", &[b"\xef\xbb\xbf", utf8].concat()),
        ("application/json; charset=utf-8", &utf16),
        ("application/json; charset=iso-8859-1", b"{\"a\": \"gr\xfcn\"}"),
    ] {
        let (verdict, check) = judged(&format!("Content-Type: {kind}\r\n"), body, "{a: gr\u{fc}n}");
        assert_eq!(verdict, "pass", "{kind}: {check}");
    }
}

#[test]
fn neither_the_size_of_numbers_nor_the_depth_elsewhere_makes_a_body_no_json() {
    let deep = format!("{{\"n\": {}1{}, \"a\": 1}}", "[".repeat(5000), "]".repeat(5000));
    for (body, wanted) in [
        ("{\"n\": 1e400, \"a\": 1}", "{a: 1}"),
        ("{\"n\": 1e400}", "{n: 1e400}"),
        ("{\"n\": 1e400}", "{n: '/^1e400$/'}"),
        ("{\"n\": 12345678901234567890123}", "{n: 12345678901234567890123}"),
        ("{\"n\": 18446744073709551616}", "{n: 18446744073709551616}"),
        ("{\"n\": 1.50, \"a\": -0}", "{n: 1.5, a: 0}"),
        (&deep, "{a: 1}"),
        ("{\"a\": \"\\ud800\", \"b\": 1}", "{b: 1}"),
        ("{\"a\": 1, \"a\": 2}", "{a: 2}"),
    ] {
        let (verdict, check) = judged("", body.as_bytes(), wanted);
        assert_eq!(verdict, "pass", "{wanted}: {check}");
    }
    for (body, wanted, shown) in [
        (
            "{\"n\": 12345678901234567890123}",
            "{n: 12345678901234567890124}",
            "at n: got 12345678901234567890123, wanted 12345678901234567890124",
        ),
        ("{\"n\": 1e400}", "{n: 1e401}", "at n: got 1e400, wanted 1e401"),
        ("{\"n\": null}", "{n: 1e400}", "at n: got null, wanted 1e400"),
        ("{\"n\": { \"a b\" : [ 1, 2 ] }}", "{n: 1}", "at n: got {\"a b\":[1,2]}, wanted 1"),
    ] {
        let (verdict, check) = judged("", body.as_bytes(), wanted);
        assert_eq!((verdict.as_str(), evidence(&check)), ("request.unexpected-body", shown), "{check}");
    }
}

#[test]
fn what_is_no_json_is_still_told_as_none() {
    for body in ["", "{\"a\": 01}", "{\"a\": 1} trailing", "{\"a\": NaN}", "[1, 2", "{'a': 1}", "<html>"] {
        let (verdict, check) = judged("", body.as_bytes(), "{a: 1}");
        assert_eq!((verdict.as_str(), message(&check)), ("request.unexpected-body", "the body is not JSON"), "{check}");
    }
}

#[test]
fn a_body_of_json_beyond_our_limit_is_told_as_our_limit() {
    let long = format!("{{\"a\": 1, \"b\": \"{}\"}}", "x".repeat(5 << 20));
    let (verdict, check) = check(&Recorder::start_with(answer("200 OK", &long)).url("/"), &["expected_json: {a: 1}"]);
    assert_eq!(verdict, "request.unexpected-body", "{check}");
    assert_eq!(message(&check), "the body is longer than this program takes of JSON");
    assert_eq!(check["failure"]["owner"], "config", "{check}");
}

#[test]
fn a_value_of_the_file_is_also_the_text_that_is_written_there_and_no_other() {
    for (body, wanted, verdict) in [
        ("{\"a\": \"12:30\"}", "{a: 12:30}", "pass"),
        ("{\"a\": \"0x10\"}", "{a: 0x10}", "pass"),
        ("{\"a\": 16}", "{a: 0x10}", "pass"),
        ("{\"a\": \".inf\"}", "{a: .inf}", "pass"),
        ("{\"a\": null}", "{a: .inf}", "request.unexpected-body"),
        ("{\"a\": null}", "{a: .nan}", "request.unexpected-body"),
        ("{\"a\": null}", "{a: null}", "pass"),
        ("{\"\\ud800\": 1, \"b\": 2}", "{b: 2}", "pass"),
    ] {
        let (seen, check) = judged("", body.as_bytes(), wanted);
        assert_eq!(seen, verdict, "{body} {wanted}: {check}");
    }
}

#[test]
fn many_places_of_a_wide_object_are_found_in_time() {
    let members: Vec<_> = (0..250_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let wanted: Vec<_> = (0..300).map(|n| format!("k{n}: {n}")).collect();
    let body = format!("{{{}}}", members.join(","));
    let (verdict, check) = judged("", body.as_bytes(), &format!("{{{}}}", wanted.join(", ")));
    assert_eq!(verdict, "pass", "{check}");
    let took = check["elapsed_seconds"].as_f64().expect("a time");
    assert!(took < 8.0, "{took}");
}
