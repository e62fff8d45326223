//! What is wrong with a certificate is told in a sentence that names the certificate; whose limit it is, too.

use super::{ca_file, check, failure_with, text};
use harness::certs::{Authority, Identity, Odd, OddServer};
use harness::peers::{TlsManner, TlsPeer};
use serde_json::Value;

/// The failure of an odd server whose root is trusted.
fn odd(odd: &Odd<'_>) -> Value {
    let server = OddServer::start(odd);
    check(server.address(), &(ca_file(&server.ca_file()) + ", server_name: localhost"))["failure"].clone()
}

fn is(failure: &Value, code: &str, message: &str) {
    assert_eq!(text(failure, "code"), code, "{failure}");
    assert!(text(failure, "message").contains(message), "{failure}");
    assert!(!failure.to_string().contains("not known here"), "{failure}");
    assert!(!failure.to_string().contains("Other("), "{failure}");
}

#[test]
fn a_certificate_for_clients_is_told_as_such() {
    let ca = Authority::new();
    let failure = failure_with(&ca.leaf().for_clients().issue(), &ca_file(ca.file()));
    is(
        &failure,
        "tls.invalid-certificate",
        "the certificate of CN=localhost is not for servers: its extended key usage is clientAuth",
    );
    assert_eq!(text(&failure, "owner"), "certificate");
}

#[test]
fn name_constraints_are_told_with_the_name_and_the_ca() {
    let ca = Authority::new().permitting("example.com");
    let failure = failure_with(&ca.valid(), &ca_file(ca.file()));
    is(&failure, "tls.invalid-certificate", "has the name localhost (dNSName), and its CA CN=conn-check test root");
    assert!(text(&failure, "message").ends_with("may only name example.com (name constraints)"), "{failure}");
}

#[test]
fn a_path_that_is_too_long_is_told_with_the_ca_that_allows_none_below_it() {
    let ca = Authority::new();
    let failure = failure_with(&ca.intermediate_without_cas_below().intermediate().valid(), &ca_file(ca.file()));
    is(&failure, "tls.invalid-certificate", "may have 0 CAs below it (path length), and has 1");
}

#[test]
fn an_unknown_critical_extension_is_named() {
    let failure =
        odd(&Odd { extensions: "subjectAltName=DNS:localhost\n1.2.3.4=critical,DER:0500\n", ..Odd::default() });
    is(
        &failure,
        "tls.invalid-certificate",
        "the certificate of CN=localhost has a critical extension that is not known: 1.2.3.4",
    );
}

#[test]
fn a_ca_certificate_as_a_servers_own_is_this_programs_limit() {
    let ca = Authority::new();
    let failure = failure_with(&ca.leaf().with_ca_flag().issue(), &ca_file(ca.file()));
    is(&failure, "tls.unsupported-certificate", "is that of a CA (CA:TRUE), and the server uses it as its own");
    assert!(text(&failure, "evidence").contains("OpenSSL accepts it"), "{failure}");
    assert_eq!(text(&failure, "owner"), "config");
}

#[test]
fn old_and_weak_certificates_are_told_with_who_else_refuses_them() {
    let pss = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20";
    let weak_pss = "-sha1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20";
    for (one, code, message, others) in [
        (Odd { extensions: "", ..Odd::default() }, "tls.unsupported-certificate", "is of X.509 version 1", "accepts"),
        (Odd { key: "rsa:1024", ..Odd::default() }, "tls.invalid-certificate", "RSA with 1024 bits", "refuses"),
        (
            Odd { root_key: "rsa:2048", signing: "-sha1", ..Odd::default() },
            "tls.invalid-certificate",
            "is signed with SHA-1 with RSA",
            "refuses",
        ),
        (
            Odd { root_key: "rsa:2048", signing: pss, ..Odd::default() },
            "tls.unsupported-certificate",
            "is signed with SHA-256 with RSASSA-PSS and a salt of 20 bytes",
            "accepts",
        ),
        (
            Odd { root_key: "rsa:2048", signing: weak_pss, ..Odd::default() },
            "tls.invalid-certificate",
            "is signed with SHA-1 with RSASSA-PSS",
            "refuses",
        ),
        (
            Odd { signing: "-sha3-256", ..Odd::default() },
            "tls.unsupported-certificate",
            "is signed with SHA3-256 with ECDSA",
            "accepts",
        ),
        (
            Odd { root_key: "ec -pkeyopt ec_paramgen_curve:P-521", ..Odd::default() },
            "tls.unsupported-certificate",
            "(ECDSA on P-521)",
            "accepts",
        ),
        (
            Odd { key: "ec -pkeyopt ec_paramgen_curve:P-521", ..Odd::default() },
            "tls.unsupported-certificate",
            "has a key that is not accepted here: ECDSA on P-521",
            "accepts",
        ),
        (
            Odd { key: "rsa-pss -pkeyopt rsa_keygen_bits:2048", ..Odd::default() },
            "tls.unsupported-certificate",
            "RSASSA-PSS with 2048 bits",
            "accepts",
        ),
    ] {
        let failure = odd(&one);
        is(&failure, code, message);
        assert!(text(&failure, "evidence").contains(&format!("OpenSSL {others} it")), "{failure}");
    }
}

#[test]
fn a_root_of_the_same_name_with_another_key_is_told_apart() {
    let ca = Authority::new();
    let other = ca.with_another_key();
    let failure = failure_with(&ca.valid(), &ca_file(other.file()));
    is(&failure, "tls.untrusted", "that is trusted here, which has another key");
    assert!(text(&failure, "next_step").contains("newer certificate"), "{failure}");
}

#[test]
fn an_intermediate_that_has_not_begun_is_the_one_that_is_named() {
    let ca = Authority::new();
    let failure = failure_with(&ca.intermediate_from_day(2).valid(), &ca_file(ca.file()));
    is(&failure, "tls.not-yet-valid", "the intermediate certificate of CN=conn-check test intermediate");
    assert!(text(&failure, "message").contains(" begins on 20"), "{failure}");
}

#[test]
fn an_intermediate_that_ends_soon_is_a_warning() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.intermediate_to_day(3).valid(), TlsManner::Silent);
    let check = check(peer.address(), &ca_file(ca.file()));
    assert_eq!((check["verdict"].as_str(), text(&check["warnings"][0], "code")), (Some("warn"), "tls.expires-soon"));
    let message = text(&check["warnings"][0], "message");
    assert!(message.contains("test intermediate") && message.ends_with("ends in 3 days"), "{check}");
}

#[test]
fn what_openssl_alone_refuses_is_a_warning_with_the_reason() {
    let ended = Authority::ended();
    let middle = Authority::new();
    let below = middle.intermediate();
    for (identity, trusted, reason) in [
        (
            ended.valid(),
            ended.file(),
            "and so does what uses it (curl, psql, Python): the CA certificate of CN=conn-check test root",
        ),
        (below.valid(), below.file(), "unless a path may end below a root, which curl and Python from 3.13 allow"),
    ] {
        let peer = TlsPeer::start(&identity, TlsManner::Silent);
        let check = check(peer.address(), &ca_file(trusted));
        assert_eq!(check["verdict"], "warn", "{check}");
        assert_eq!(text(&check["warnings"][0], "code"), "tls.others-refuse", "{check}");
        assert!(text(&check["warnings"][0], "message").contains(reason), "{check}");
    }
}

#[test]
fn what_only_strict_python_refuses_is_a_note() {
    let ca = Authority::without_key_usage();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let check = check(peer.address(), &ca_file(ca.file()));
    assert_eq!(
        (check["verdict"].as_str(), &check["facts"]["tls_strict"]),
        (Some("pass"), &Value::Bool(false)),
        "{check}"
    );
    assert!(
        text(&check["facts"], "tls_strict_objection").ends_with("is that of a CA, and has no key usage"),
        "{check}"
    );
    let (good, named) = (Authority::new(), Identity::self_signed());
    for (identity, trusted) in
        [(good.intermediate().valid(), good.file()), (named.without_chain(), named.certificate_file())]
    {
        let peer = TlsPeer::start(&identity, TlsManner::Silent);
        let check = super::check(peer.address(), &ca_file(trusted));
        assert!(check["facts"]["tls_strict"].is_null() && check["verdict"] == "pass", "{check}");
    }
}

#[test]
fn dates_before_1970_are_this_programs_limit() {
    let ca = Authority::new();
    let failure = failure_with(&ca.leaf().starts_in_days(-25_000).issue(), &ca_file(ca.file()));
    is(&failure, "tls.unsupported-certificate", "has a date before 1970");
}

#[test]
fn an_address_as_a_name_is_told_apart() {
    let odd = Odd { extensions: "subjectAltName=DNS:127.0.0.1\n", ..Odd::default() };
    let server = OddServer::start(&odd);
    let failure = check(server.address(), &ca_file(&server.ca_file()))["failure"].clone();
    assert_eq!(text(&failure, "code"), "tls.wrong-name", "{failure}");
    assert!(text(&failure, "evidence").starts_with("it is for the name 127.0.0.1 (dNSName); an address"), "{failure}");
}

#[test]
fn a_common_name_is_told_as_what_does_not_count_here() {
    let odd = Odd { extensions: "extendedKeyUsage=serverAuth\n", ..Odd::default() };
    let server = OddServer::start(&odd);
    let failure =
        check(server.address(), &(ca_file(&server.ca_file()) + ", server_name: localhost"))["failure"].clone();
    let evidence = text(&failure, "evidence");
    assert!(
        evidence.contains("no name but the common name localhost") && evidence.contains("OpenSSL takes it"),
        "{failure}"
    );
}

#[test]
fn the_next_step_names_the_ca_file_that_is_set_and_options_that_there_are() {
    let (ca, other) = (Authority::new(), Authority::new());
    let failure = failure_with(&ca.intermediate().valid(), &ca_file(other.file()));
    let next = text(&failure, "next_step");
    assert!(next.contains("authority-") && next.contains("(ca_file, which replaces the host's CAs)"), "{failure}");
    let peer = TlsPeer::start(&ca.wrong_name(), TlsManner::Silent);
    let (port, file) = (peer.address().port(), ca.file().display());
    let http = |more: &str| {
        let yaml = format!("- {{type: http, url: 'https://localhost:{port}/', ca_file: {file}{more}}}");
        harness::agent::Agent::new(&yaml).report()["checks"][0]["failure"].clone()
    };
    for failure in [http(""), check(peer.address(), &ca_file(ca.file()))["failure"].clone()] {
        assert!(text(&failure, "next_step").contains("or set server_name to one"), "{failure}");
    }
    let failure = http(", server_name: other.example");
    assert!(text(&failure, "next_step").starts_with("correct server_name"), "{failure}");
}
