//! A JDK's TLS server: its alerts are others than OpenSSL's, and mean what we did.

use super::{ca_file, check, text};
use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::jdk::{Admits, Jdk};
use serde_json::Value;

const ANY: usize = 0;
const PICKY: usize = 1;
const OLD: usize = 2;
const NAMED: usize = 3;
const EXPIRED: usize = 4;

#[test]
fn what_a_jdk_refuses_is_told_as_what_it_is() {
    let (ca, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let (good, expired) = (ca.leaf().also_named("app.internal").issue(), ca.expired());
    let jdk = Jdk::start(&[
        (&good, Admits::Anybody),
        (&good, Admits::CertificatesOf(&clients)),
        (&good, Admits::Version("TLSv1.1")),
        (&good, Admits::Name("app.internal")),
        (&expired, Admits::Anybody),
    ]);
    let trust = ca_file(ca.file());
    let own = |ca: &Authority| {
        let client = ca.client("app");
        let (certificate, key) = (client.certificate_file(), client.key_file());
        format!("{trust}, client_cert: {}, client_key: {}", certificate.display(), key.display())
    };
    let tls12 = ", min_tls_version: '1.3'";
    for (server, more, verdict, said) in [
        (ANY, trust.clone(), "pass", ""),
        (ANY, String::new(), "tls.untrusted", "is not known here"),
        (
            PICKY,
            trust.clone(),
            "tls.client-cert-required",
            "the server wants a client certificate, but none is configured",
        ),
        (PICKY, own(&clients), "pass", ""),
        (PICKY, own(&others), "tls.client-cert-rejected", "the server rejects our client certificate"),
        (OLD, trust.clone(), "tls.no-common-version", "the server offers neither TLS 1.2 nor TLS 1.3"),
        (OLD, format!("{trust}{tls12}"), "tls.no-common-version", "the server does not speak TLS 1.3"),
        (NAMED, format!("{trust}, server_name: app.internal"), "pass", ""),
        (
            NAMED,
            format!("{trust}, server_name: localhost"),
            "tls.wrong-name",
            "the server does not know the name it was asked for",
        ),
        (EXPIRED, trust.clone(), "tls.expired", "the certificate of CN=localhost ended"),
    ] {
        let check = check(jdk.address(server), &more);
        let seen = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str());
        assert_eq!(seen, Some(verdict), "{server} {more}: {check}\n{}", jdk.log());
        if verdict != "pass" {
            assert!(text(&check["failure"], "message").contains(said), "{check}\n{}", jdk.log());
        }
    }
    // A web server of it, and plain text to it.
    let http = |scheme: &str, server: usize, more: &str| -> (String, Value) {
        let yaml = format!("- {{type: http, url: '{scheme}://{}/', timeout: 5{more}}}", jdk.address(server));
        let report = Agent::new(&yaml).report();
        (code(&report), report["checks"][0].clone())
    };
    for (scheme, server, more, verdict) in [
        ("https", ANY, trust.as_str(), "pass"),
        ("https", PICKY, &trust, "tls.client-cert-required"),
        ("http", ANY, "", "tls.required"),
        ("http", PICKY, "", "tls.required"),
        ("https", ANY, &format!("{trust}, http2: true"), "protocol.unsupported-version"),
    ] {
        let (seen, check) = http(scheme, server, more);
        assert_eq!(seen, verdict, "{check}\n{}", jdk.log());
    }
    // Another protocol that meets it.
    let yaml = format!("- {{type: redis, host: 127.0.0.1, port: {}, timeout: 5}}", jdk.address(ANY).port());
    assert_eq!(code(&Agent::new(&yaml).report()), "tls.required", "{}", jdk.log());
}
