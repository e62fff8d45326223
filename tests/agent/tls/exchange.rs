//! Alerts are read with what we did, an unverified server may have any certificate, and one broken entry of a
//! bundle is left out.

use super::{ca_file, check, text, tls};
use harness::agent::{Agent, code};
use harness::certs::{Authority, Odd, OddServer};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::scratch::Scratch;
use std::fs;

/// A server that answers the first message with a fatal alert (RFC 8446 section 6).
fn alerting(alert: u8) -> Peer {
    Peer::start(Manner::Answers(vec![(vec![0x16, 3, 1], vec![0x15, 3, 3, 0, 2, 2, alert])]))
}

const HANDSHAKE_FAILURE: u8 = 40;
const BAD_CERTIFICATE: u8 = 42;
const UNKNOWN_CA: u8 = 48;
const PROTOCOL_VERSION: u8 = 70;
const INTERNAL_ERROR: u8 = 80;
const UNRECOGNIZED_NAME: u8 = 112;

#[test]
fn alerts_are_read_with_what_was_asked_and_shown() {
    let named = ", server_name: app.example";
    for (alert, more, code, message) in [
        (
            HANDSHAKE_FAILURE,
            "",
            "tls.no-common-version",
            "wants to be asked for by name, or has no version, cipher or kind of certificate in common; none was sent",
        ),
        (HANDSHAKE_FAILURE, named, "tls.no-common-version", "no TLS version, cipher or kind of certificate in common"),
        (PROTOCOL_VERSION, named, "tls.no-common-version", "neither TLS 1.2 nor TLS 1.3"),
        (UNRECOGNIZED_NAME, "", "tls.no-common-version", "the server wants to be asked for by name; none was sent"),
        (UNRECOGNIZED_NAME, named, "tls.wrong-name", "does not know the name it was asked for"),
        (BAD_CERTIFICATE, named, "tls.closed", "has not asked for one of ours"),
        (UNKNOWN_CA, named, "tls.closed", "has not asked for one of ours"),
        (INTERNAL_ERROR, named, "tls.closed", "an internal error of its own"),
    ] {
        let peer = alerting(alert);
        let failure = &check(peer.address(), more)["failure"];
        assert_eq!(text(failure, "code"), code, "{alert}: {failure}");
        assert!(text(failure, "message").contains(message), "{alert}: {failure}");
        assert!(text(failure, "evidence").starts_with("alert "), "{failure}");
    }
}

#[test]
fn without_verification_any_certificate_and_key_will_do() {
    let p521 = "ec -pkeyopt ec_paramgen_curve:P-521";
    for odd in [
        Odd { extensions: "", ..Odd::default() },
        Odd { extensions: "", server: "-tls1_2", ..Odd::default() },
        Odd { key: "rsa:1024", ..Odd::default() },
        Odd { key: "rsa:1024", server: "-tls1_2", ..Odd::default() },
        Odd { key: p521, ..Odd::default() },
        Odd { key: "rsa-pss -pkeyopt rsa_keygen_bits:2048", ..Odd::default() },
        Odd { key: "ed448", ..Odd::default() },
    ] {
        let server = OddServer::start(&odd);
        let check = check(server.address(), ", disable_tls_verification: true");
        assert_eq!(
            (check["verdict"].as_str(), &check["facts"]["tls_verified"]),
            (Some("pass"), &false.into()),
            "{odd:?}: {check}"
        );
    }
}

#[test]
fn a_client_certificate_of_version_1_is_shown() {
    let one = OddServer::start(&Odd { extensions: "", server: "-Verify 1", ..Odd::default() });
    let (certificate, key) = one.identity();
    let more = format!(
        ", disable_tls_verification: true, client_cert: {}, client_key: {}",
        certificate.display(),
        key.display()
    );
    let check = check(one.address(), &more);
    assert_eq!(check["verdict"], "pass", "{check}");
}

#[test]
fn a_broken_entry_of_a_bundle_is_left_out_and_told() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let folder = Scratch::new();
    let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    let good = fs::read_to_string(ca.file()).expect("the authority");
    let bundle = folder.write("bundle.crt", format!("{broken}{good}{broken}"));
    let report = Agent::new(&tls(peer.address(), "")).arg("--tls-certs-path").arg(&bundle).report();
    assert_eq!(code(&report), "pass", "{report}");
    let yaml = tls(peer.address(), &ca_file(&bundle));
    assert_eq!(code(&Agent::new(&yaml).report()), "pass");
    let ran = Agent::new(&yaml).arg("--validate").run();
    assert!(
        ran.err.contains("2 of its entries cannot be read") || ran.out.contains("2 of its entries cannot be read"),
        "{ran:?}"
    );
}
