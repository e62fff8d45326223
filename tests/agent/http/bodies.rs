//! Bodies in every form: packed, padded, in any charset; and the values of headers.

use super::{answer, check, evidence, message};
use harness::peers::Recorder;
use std::process::{Command, Stdio};

/// The verdict of a check that wants this text of a body with these headers.
fn found(fields: &str, body: &[u8], wanted: &str) -> (String, serde_json::Value) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n{fields}\r\n", body.len());
    let recorder = Recorder::start_with([head.as_bytes(), body].concat());
    check(&recorder.url("/"), &[&format!("expected_body: {wanted}")])
}

/// What Python's zlib makes of a text, as a program for it says.
fn packed(program: &str) -> Vec<u8> {
    let program = format!("import gzip, sys, zlib\nsys.stdout.buffer.write({program})");
    let output = Command::new("python3").args(["-c", &program]).stderr(Stdio::inherit()).output().expect("python3");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn packed_bodies_are_read_as_other_clients_read_them() {
    for (coding, program) in [
        ("gzip", "gzip.compress(b'state: ') + gzip.compress(b'ready')"),
        ("gzip", "gzip.compress(b'state: ready') + bytes(512)"),
        ("x-gzip", "gzip.compress(b'state: ready') + b'garbage'"),
        ("GZIP", "gzip.compress(b'state: ready')"),
        ("gzip, identity", "gzip.compress(b'state: ready')"),
        ("deflate", "zlib.compress(b'state: ready')"),
        ("deflate", "zlib.compress(b'state: ready')[2:-4]"),
        ("deflate, gzip", "gzip.compress(zlib.compress(b'state: ready'))"),
        ("identity", "b'state: ready'"),
        ("none", "b'state: ready'"),
        ("utf-8", "b'state: ready'"),
        // Unknown ones are looked at as they are.
        ("br", "b'state: ready'"),
    ] {
        let body = packed(program);
        let (verdict, check) = found(&format!("Content-Encoding: {coding}\r\n"), &body, "'state: ready'");
        assert_eq!(verdict, "pass", "{coding} {program}: {check}");
    }
}

#[test]
fn lines_of_content_encoding_are_one() {
    let body = packed("gzip.compress(zlib.compress(b'ready'))");
    assert_eq!(found("Content-Encoding: deflate\r\nContent-Encoding: gzip\r\n", &body, "ready").0, "pass");
}

#[test]
fn the_page_of_a_refusal_is_shown_unpacked() {
    let body = packed("gzip.compress(b'the database is down')");
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let recorder = Recorder::start_with([head.as_bytes(), &body].concat());
    let (_, check) = check(&recorder.url("/"), &[]);
    assert_eq!(evidence(&check), "503 Service Unavailable: the database is down");
}

#[test]
fn a_body_that_breaks_off_is_told_as_such() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (answer, code, wanted) in [
        (
            format!("{chunked}5\r\nready"),
            "request.closed",
            "the server closed the connection in the middle of the body",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned(),
            "request.closed",
            "the server closed the connection in the middle of the body",
        ),
        (
            format!("{chunked}zz\r\nready"),
            "protocol.malformed",
            "the server speaks HTTP, and breaks its rules: its body is not cut as it says",
        ),
    ] {
        let recorder = Recorder::start_with(answer);
        let (verdict, check) = check(&recorder.url("/"), &["expected_body: asleep"]);
        assert_eq!((verdict.as_str(), message(&check)), (code, wanted), "{check}");
    }
}

#[test]
fn a_coding_that_cannot_be_undone_is_named_where_the_text_is_not_there() {
    let (verdict, check) = found("Content-Encoding: br\r\n", b"\x0b\x02\x80ready\x03", "asleep");
    assert_eq!(
        (verdict.as_str(), check["failure"]["owner"].as_str()),
        ("request.unexpected-body", Some("config")),
        "{check}"
    );
    let wanted = "the body is packed as br, which conn-check cannot undo; as it is, it is not what is expected";
    assert_eq!(message(&check), wanted);
    assert!(
        check["failure"]["next_step"].as_str().is_some_and(|next| next.contains("Accept-Encoding: identity")),
        "{check}"
    );
}

#[test]
fn a_body_that_is_not_what_its_coding_says_is_told_without_a_librarys_words() {
    let (verdict, check) = found("Content-Encoding: gzip\r\n", b"plain text", "other");
    assert_eq!(verdict, "protocol.malformed", "{check}");
    assert_eq!(message(&check), "the body is not what its Content-Encoding says (gzip)");
    assert_eq!(evidence(&check), "it begins plain text");
}

#[test]
fn bodies_are_read_in_the_charset_that_they_say() {
    for (kind, body) in [
        ("text/plain; charset=iso-8859-1", &b"gr\xfcn"[..]),
        ("text/plain; charset=utf-8", "gr\u{fc}n".as_bytes()),
        ("text/html; Charset='windows-1252'", b"gr\xfcn"),
        ("text/plain; charset=utf-16", b"\xff\xfeg\0r\0\xfc\0n\0"),
        ("text/plain", b"gr\xfcn"),
        // Said, and not so.
        ("text/plain; charset=iso-8859-1", "gr\u{fc}n".as_bytes()),
    ] {
        let (verdict, check) = found(&format!("Content-Type: {kind}\r\n"), body, "gr\u{fc}n");
        assert_eq!(verdict, "pass", "{kind}: {check}");
    }
    let (_, check) = found("Content-Type: text/plain; charset=iso-8859-1\r\n", b"gr\xfcn", "blau");
    assert_eq!(evidence(&check), "wanted \"blau\" in 4 bytes; they begin gr\u{fc}n");
    // A mark at the beginning is no part of the text.
    assert_eq!(found("", b"\xef\xbb\xbfready", "'/^ready$/'").0, "pass");
}

#[test]
fn lines_of_a_header_are_one_with_commas() {
    let recorder = Recorder::start_with(answer("200 OK\r\nX-A: one\r\nX-A: two\r\nX-B: gr\u{fc}n", ""));
    for (wanted, verdict) in [
        ("{X-A: 'one, two'}", "pass"),
        ("{X-A: '/^one, two$/'}", "pass"),
        ("{X-A: one}", "pass"),
        ("{X-A: '/^two$/'}", "pass"),
        ("{X-B: gr\u{fc}n}", "pass"),
        ("{X-A: 'two, one'}", "request.unexpected-header"),
    ] {
        let (seen, check) = check(&recorder.url("/"), &[&format!("expected_headers: {wanted}")]);
        assert_eq!(seen, verdict, "{wanted}: {check}");
        if verdict != "pass" {
            assert_eq!(evidence(&check), "got \"one, two\", wanted \"two, one\"");
        }
    }
}
