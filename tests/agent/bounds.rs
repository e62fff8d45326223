//! However much a server says, and whatever characters it says it in: what is shown of it is short, stays on
//! its line, and takes no other check's place.

use harness::agent::Agent;
use harness::certs::Authority;
use harness::peers::{Peer, Recorder, TlsManner, TlsPeer};
use harness::ports::{self, Port};
use serde_json::Value;

/// The longest text of a server that is shown, in bytes.
const SHOWN: usize = 200;

/// A redirect to there.
fn redirect(location: &str) -> Recorder {
    Recorder::start_with(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
}

/// A check of such a server, and some more checks that fail, behind it.
fn beside_others(first: &str) -> (String, [Port; 3]) {
    let closed = [ports::free(), ports::free(), ports::free()];
    let other = |port: &Port| format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number());
    let others: String = closed.iter().map(other).collect();
    (format!("- {first}\n{others}"), closed)
}

/// The first line names every check that fails, each has a line of its own, and what NRPE takes is kept.
fn names_all(yaml: &str, of_server: &str, closed: &[Port; 3]) {
    let ran = Agent::new(yaml).args(["--format", "nagios"]).run();
    let (headline, rest) = ran.out.split_once('|').expect("performance data");
    assert!(headline.contains(of_server), "{of_server} is not in {headline}");
    for port in closed {
        let name = format!("tcp:127.0.0.1:{}", port.number());
        assert!(headline.contains(&format!("{name} connect.refused")), "{name} is not in {headline}");
        assert!(rest.contains(&format!("\n[CRITICAL] {name} ")), "{name} has no line: {rest}");
    }
    assert_eq!(rest.matches("\n[CRITICAL] ").count(), 4, "{rest}");
    assert!(headline.len() < 1000, "{headline}");
    assert!(ran.out.lines().all(|line| line.len() <= 2500), "{}", ran.out);
}

/// Every text in a report, but the file's own.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_long_redirect_does_not_hide_the_other_checks() {
    for length in [850, 50_000] {
        let server = redirect(&format!("https://sso.example/?SAMLRequest={}", "a".repeat(length)));
        let (yaml, closed) = beside_others(&format!("{{type: http, url: '{}'}}", server.url("/")));
        names_all(&yaml, "request.redirected: redirects (302) to https://sso.example/?SAMLRequest=aaa", &closed);
    }
}

#[test]
fn a_long_name_in_a_certificate_does_not_hide_the_other_checks() {
    for length in [900, 40_000] {
        let ca = Authority::called(&"x".repeat(length));
        let server = TlsPeer::start(&ca.valid(), TlsManner::Silent);
        let check = format!("{{type: tls, host: localhost, port: {}}}", server.address().port());
        let (yaml, closed) = beside_others(&check);
        names_all(&yaml, "tls.untrusted: the issuer CN=conn-check test root", &closed);
        let report = Agent::new(&yaml).report();
        let facts = &report["checks"][0]["facts"];
        assert!(texts(facts).iter().all(|text| text.len() <= SHOWN), "{facts}");
    }
}

#[test]
fn a_long_encoding_is_shown_in_bounds() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: 1\r\n\r\na", "b".repeat(9000));
    let server = Recorder::start_with(head);
    let check = format!("{{type: http, url: '{}', expected_body: z}}", server.url("/"));
    let (yaml, closed) = beside_others(&check);
    names_all(&yaml, "request.unexpected-body: the body is packed as bbb", &closed);
}

#[test]
fn a_long_line_of_the_file_itself_takes_no_other_checks_line() {
    let path = "p".repeat(60_000);
    let own = ports::free();
    let check = format!("{{type: http, url: 'http://127.0.0.1:{}/{path}'}}", own.number());
    let (yaml, closed) = beside_others(&check);
    names_all(&yaml, "http:http://127.0.0.1:", &closed);
}

#[test]
fn characters_that_cannot_be_seen_or_turn_the_text_are_escaped() {
    // Soft hyphen, Arabic letter mark, word joiner, invisible plus, override, isolate, line separator, byte order
    // mark, annotation, a tag.
    let hidden: &str = "\u{ad}\u{61c}\u{2060}\u{2064}\u{202e}\u{2066}\u{2028}\u{feff}\u{fff9}\u{e0041}";
    let redirecting = redirect(&format!("http://there/{hidden}"));
    let talking = Peer::serve(move |wire| {
        let _sent = wire.send(format!("SSH-2.0-{hidden}\r\n").as_bytes());
        wire.finish();
    });
    let yaml = format!(
        "- {{type: http, url: '{}'}}\n- {{type: tcp, host: 127.0.0.1, port: {}}}\n- {{type: redis, host: 127.0.0.1, port: {}}}\n",
        redirecting.url("/"),
        talking.port(),
        talking.port(),
    );
    for format in ["human", "plain", "nagios", "json", "jsonl", "junit", "tap", "prometheus"] {
        let ran = Agent::new(&yaml).args(["--format", format, "-t", "--explain"]).run();
        let shown: Vec<char> = ran.out.chars().filter(|character| hidden.contains(*character)).collect();
        assert!(shown.is_empty(), "{format}: {shown:?} in {}", ran.out);
    }
}
