//! TLS: wanted, preferred, demanded, and with every certificate.

use super::{ca_file, check, check_as, server, told};
use harness::certs::{Authority, Identity};
use harness::mariadb::{MariaDb, Setup, USER};

#[test]
fn tls_is_used_and_verified_as_the_check_wants_it() {
    let (server, ca) = server();
    let trust = ca_file(ca.file());
    for (more, version, verified) in [
        (", use_tls: false".to_owned(), None, None),
        (String::new(), Some("TLS 1.3"), Some(false)),
        (", use_tls: prefer".to_owned() + &trust, Some("TLS 1.3"), Some(true)),
        (", use_tls: true".to_owned() + &trust, Some("TLS 1.3"), Some(true)),
        (", use_tls: true, disable_tls_verification: true".to_owned(), Some("TLS 1.3"), Some(false)),
    ] {
        let (verdict, check) = check_as(server.address(), USER, &more);
        assert_eq!(verdict, "pass", "{more}: {check}");
        let facts = &check["facts"];
        assert_eq!(facts["tls_version"].as_str(), version, "{more}: {check}");
        assert_eq!(facts["tls_verified"].as_bool(), verified, "{more}: {check}");
    }
}

#[test]
fn a_certificate_is_judged_where_it_is_verified() {
    let (ca, other) = (Authority::new(), Authority::new());
    for (identity, trust, wanted) in [
        (ca.valid(), &other, "tls.untrusted"),
        (ca.expired(), &ca, "tls.expired"),
        (ca.wrong_name(), &ca, "tls.wrong-name"),
    ] {
        let server = MariaDb::start(&Setup::new().tls(&identity));
        for more in [ca_file(trust.file()), ", use_tls: true".to_owned() + &ca_file(trust.file())] {
            let (verdict, check) = check_as(server.address(), USER, &more);
            assert_eq!((verdict.as_str(), told(&check, "owner")), (wanted, "certificate"), "{more}: {check}");
            assert_eq!(check["results"][0]["verdict"], "pass");
        }
        // The password was not sent.
        assert!(!server.log().contains("Access denied for user 'app'"), "{}", server.log());
        let unverified = check_as(server.address(), USER, ", expiry_warning_days: 0").0;
        assert_eq!(unverified, if wanted == "tls.expired" { "warn" } else { "pass" });
    }
}

#[test]
fn a_server_without_tls_is_enough_for_those_who_prefer_it() {
    let server = MariaDb::start(&Setup::new());
    let (verdict, plain) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), plain["facts"]["tls_version"].as_str()), ("pass", None), "{plain}");
    let (verdict, check) = check_as(server.address(), USER, ", use_tls: true");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("tls.not-tls", "config"), "{check}");
    assert_eq!(told(&check, "message"), "the server answered, but does not offer TLS");
}

#[test]
fn a_server_that_demands_tls_is_named_beside_the_password() {
    let ca = Authority::new();
    let server = MariaDb::start(&Setup::new().tls(&ca.valid()).option("--require-secure-transport=ON"));
    // MySQL has a number of its own for it, 3159; MariaDB 10.11 answers as to a wrong password.
    let (verdict, check) = check_as(server.address(), USER, ", use_tls: false");
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert!(told(&check, "message").ends_with(", or TLS is required"), "{check}");
    assert!(told(&check, "next_step").contains("require_secure_transport"), "{check}");
    assert_eq!(check_as(server.address(), USER, "").0, "pass");
}

#[test]
fn an_account_that_demands_tls_is_named_beside_the_password() {
    let address = server().0.address();
    assert_eq!(check_as(address, "secure", "").0, "pass");
    let (verdict, check) = check_as(address, "secure", ", use_tls: false");
    assert_eq!(verdict, "auth.rejected", "{check}");
    assert!(told(&check, "message").ends_with(", or TLS is required"), "{check}");
    assert!(told(&check, "next_step").contains("use_tls"), "{check}");
}

#[test]
fn an_account_that_demands_a_certificate_is_named_beside_the_password() {
    let (server, ca) = server();
    let (address, own) = (server.address(), ca.client("app"));
    let (verdict, without) = check_as(address, "certified", "");
    assert_eq!(verdict, "auth.rejected", "{without}");
    assert!(told(&without, "message").ends_with(", or a client certificate is required"), "{without}");
    assert_eq!(check_as(address, "certified", &certificate(&own)).0, "pass");
    let (verdict, wrong) = check(address, "certified", &(", password: wrong-Word".to_owned() + &certificate(&own)));
    assert_eq!(verdict, "auth.rejected", "{wrong}");
    assert!(!told(&wrong, "message").contains("certificate"), "{wrong}");
}

#[test]
fn a_certificate_of_another_authority_is_rejected_by_the_server() {
    let stranger = Authority::new().client("app");
    let (verdict, check) = check_as(server().0.address(), "certified", &certificate(&stranger));
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("tls.client-cert-rejected", "credentials"), "{check}");
}

fn certificate(own: &Identity) -> String {
    format!(", client_cert: {}, client_key: {}", own.certificate_file().display(), own.key_file().display())
}
