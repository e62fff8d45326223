//! What the check of a file says of http: URLs, and what can never be met.

use harness::agent::Agent;
use serde_json::Value;

/// What `--validate` says of one http check.
fn diagnostics(options: &str) -> (i32, String) {
    let ran = Agent::new(&format!("- {{type: http, {options}}}\n")).args(["--validate"]).run();
    (ran.status, ran.out + &ran.err)
}

#[test]
fn an_expected_body_where_there_is_none_is_a_warning() {
    for (options, why) in [
        ("method: HEAD, expected_body: x", "`expected_body` is never met: the answer to HEAD has no body"),
        ("method: head, expected_json: {a: b}", "`expected_json` is never met: the answer to HEAD has no body"),
        (
            "expected_code: 204, expected_body: x",
            "`expected_body` is never met: an answer with that `expected_code` has no body",
        ),
        ("expected_code: [204, 304], expected_body_equals: x", "`expected_body_equals` is never met"),
    ] {
        let (status, said) = diagnostics(&format!("url: 'http://h/', {options}"));
        assert!(status == 0 && said.contains(why) && said.contains("no-effect"), "{options}: {status} {said}");
    }
    for options in [
        "method: HEAD, expected_length: 5",
        "expected_code: [200, 204], expected_body: x",
        "expected_code: 2xx, expected_body: x",
    ] {
        let (status, said) = diagnostics(&format!("url: 'http://h/', {options}"));
        assert!(status == 0 && !said.contains("never met"), "{options}: {said}");
    }
}

#[test]
fn a_url_follows_the_rule_of_the_schema() {
    let ran = Agent::new("").args(["--schema"]).run();
    let schema: Value = serde_json::from_str(&ran.out).unwrap_or_default();
    assert!(schema.to_string().contains("^[hH][tT][tT][pP][sS]?://"), "{ran:?}");
    for url in ["http:host", "https:/host/", "http:\\\\host"] {
        let (status, said) = diagnostics(&format!("url: '{url}'"));
        assert!(status != 0 && said.contains("begins with http:// or https://"), "{url}: {said}");
    }
}

#[test]
fn a_password_in_a_url_that_is_not_encoded_is_told_how() {
    for url in ["http://u:pa/s3cret@h/", "https://u:s3cret#s3cret@h/", "http://u:s3cret?s3cret@h/"] {
        for option in ["url", "proxy_url"] {
            let rest = if option == "url" { "" } else { "url: 'http://h/', " };
            let (status, said) = diagnostics(&format!("{rest}{option}: '{url}'"));
            assert!(status != 0 && said.contains("`/` is written %2F"), "{url}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}

#[test]
fn a_zone_in_a_url_is_told_as_such() {
    let (status, said) = diagnostics("url: 'http://[fe80::1%eth0]/'");
    assert!(status != 0 && said.contains("has no zone"), "{said}");
}
