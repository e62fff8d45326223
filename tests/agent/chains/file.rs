//! `expected_body_file`: a body is held against a file.

use super::text;
use harness::agent::Agent;
use harness::nginx::{Nginx, Site};
use serde_json::Value;

/// A body of so many bytes, and a check of it against a file with this content.
fn checked(body: usize, file: &[u8], more: &str) -> Value {
    let nginx = Nginx::start([Site::http("web").zeros("/file", body as u64).gzip_zeros("/packed", body as u64)]);
    let path = if more.is_empty() { "/file" } else { "/packed" };
    let url = nginx.url("web", path);
    let agent = Agent::new(&format!("- {{type: http, url: '{url}', expected_body_file: file{more}}}\n"));
    agent.scratch().write("file", file);
    let mut agent = agent;
    agent.report()
}

#[test]
fn a_body_is_its_file_byte_by_byte_however_long() {
    const LONG: usize = 5_000_000;
    for size in [0, 1, 131_071, 131_072, 131_073, LONG] {
        let check = &checked(size, &vec![0; size], "")["checks"][0];
        assert_eq!(check["verdict"], "pass", "{size}: {check}");
    }
    let mut other = vec![0; LONG];
    other[4_999_999] = 1;
    for (file, at) in [(&other[..], 4_999_999), (&other[..4_999_998], 4_999_998), (&b""[..], 0)] {
        let check = &checked(LONG, file, "")["checks"][0];
        assert_eq!(text(check, "/failure/code"), "request.unexpected-body", "{check}");
        let expected =
            format!("they differ from byte {at} on (from 0); the body has 5000000 bytes, the file {}", file.len());
        assert_eq!(text(check, "/failure/evidence"), expected);
    }
    let check = &checked(10, &[0; 11], "")["checks"][0];
    assert_eq!(
        text(check, "/failure/evidence"),
        "they differ from byte 10 on (from 0); the body has 10 bytes, the file 11"
    );
}

#[test]
fn a_body_of_unknown_length_is_counted_and_one_that_is_packed_is_said_to_be() {
    let check = &checked(3_000_000, b"secret content of the file", ", headers: {Accept-Encoding: gzip}")["checks"][0];
    let evidence = text(check, "/failure/evidence");
    assert!(evidence.starts_with("they differ from byte 0 on (from 0); the body has "), "{evidence}");
    assert!(evidence.ends_with(" bytes, as they came (gzip), the file 26"), "{evidence}");
    assert!(!check.to_string().contains("secret content"), "{check}");
}

#[test]
fn a_file_that_cannot_be_read_is_the_fault_of_its_check_alone() {
    for (path, why) in [("absent", "No such file"), ("/dev/zero", "no regular file"), ("/etc", "no regular file")] {
        let yaml = format!("- {{type: http, url: 'http://127.0.0.1:1/', expected_body_file: {path}}}\n");
        let report = Agent::new(&yaml).report();
        assert_eq!(text(&report["checks"][0], "/failure/code"), "config.unusable-file", "{report}");
        assert!(text(&report["checks"][0], "/failure/message").contains(why), "{report}");
        let ran = Agent::new(&yaml).args(["--validate"]).run();
        assert!(ran.status == 3 && ran.err.contains('^') && ran.err.contains(why), "{ran:?}");
    }
}
