//! `verify_name: false`: whoever signed the certificate counts, and its dates; its name does not.

use super::{ca_file, check, failure_with, text, tls};
use conn_check::report::FORMATS;
use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::mariadb::{self, MariaDb};
use harness::peers::{TlsManner, TlsPeer};
use harness::postgres::{self, Postgres};
use serde_json::Value;

const ANY_NAME: &str = ", verify_name: false";

#[test]
fn a_certificate_for_another_name_is_accepted_and_the_authority_still_counts() {
    let (ca, other) = (Authority::new(), Authority::new());
    let more = ca_file(ca.file()) + ANY_NAME;
    for identity in [ca.wrong_name(), ca.valid(), ca.intermediate().wrong_name()] {
        let peer = TlsPeer::start(&identity, TlsManner::Silent);
        let check = check(peer.address(), &more);
        assert_eq!(check["verdict"], "pass", "{check}");
        let facts = &check["facts"];
        assert_eq!((&facts["tls_verified"], &facts["tls_name_verified"]), (&Value::Bool(true), &Value::Bool(false)));
    }
    for (identity, wanted) in [
        (other.wrong_name(), "tls.untrusted"),
        (other.valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.not_yet_valid(), "tls.not-yet-valid"),
        (ca.intermediate().valid().without_chain(), "tls.untrusted"),
    ] {
        let failure = failure_with(&identity, &more);
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), (wanted, "certificate"), "{failure}");
    }
    assert_eq!(text(&failure_with(&ca.wrong_name(), &ca_file(ca.file())), "code"), "tls.wrong-name");
}

#[test]
fn a_certificate_that_is_trusted_itself_may_have_any_name_too() {
    for identity in [Identity::self_signed(), Identity::self_signed_ca()] {
        let peer = TlsPeer::start(&identity, TlsManner::Silent);
        let elsewhere = ca_file(identity.certificate_file()) + ", server_name: other.example";
        assert_eq!(check(peer.address(), &elsewhere)["failure"]["code"], "tls.wrong-name");
        assert_eq!(check(peer.address(), &(elsewhere + ANY_NAME))["verdict"], "pass");
    }
}

#[test]
fn a_name_that_is_not_verified_is_visible_everywhere() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.wrong_name(), TlsManner::Silent);
    let yaml = tls(peer.address(), &(ca_file(ca.file()) + ANY_NAME));
    // The lines of `health` are those of django-health-check, which have no room for it.
    for format in FORMATS.map(|format| format.name).into_iter().filter(|format| *format != "health") {
        let ran = Agent::new(&yaml).args(["--format", format]).run();
        assert_eq!(ran.status, 0, "{format}: {ran:?}");
        let shown = [
            "[tls.name-verification-off]",
            "\"tls_name_verified\":false",
            "\"tls_name_verified\": false",
            "name_unverified{",
        ];
        assert!(shown.iter().any(|word| ran.out.contains(word)), "{format}:\n{}", ran.out);
    }
    // Without any verification there is nothing left to say of the name.
    let yaml = tls(peer.address(), &(ca_file(ca.file()) + ANY_NAME + ", disable_tls_verification: true"));
    let ran = Agent::new(&yaml).args(["--format", "plain"]).run();
    assert!(ran.out.contains("[tls.verification-off]") && !ran.out.contains("name-verification-off"), "{}", ran.out);
}

#[test]
fn databases_with_another_name_are_reached_as_their_clients_reach_them() {
    let (ca, other) = (Authority::new(), Authority::new());
    let postgres = Postgres::start(&postgres::Setup::tls(&ca.wrong_name()));
    let mariadb = MariaDb::start(&mariadb::Setup::new().tls(&ca.wrong_name()));
    for (kind, address, login) in [
        ("postgres", postgres.address(), "username: app, password: correct-horse, database: shop"),
        ("mysql", mariadb.address(), "username: app, password: s3cret-Word"),
    ] {
        let of = |ca: &Authority, more: &str| {
            let (host, port, file) = (address.ip(), address.port(), ca.file().display());
            code(
                &Agent::new(&format!(
                    "- {{type: {kind}, host: '{host}', port: {port}, {login}, ca_file: {file}{more}}}"
                ))
                .report(),
            )
        };
        for mode in ["", ", use_tls: true"] {
            assert_eq!(of(&ca, mode), "tls.wrong-name", "{kind}");
            assert_eq!(of(&ca, &format!("{ANY_NAME}{mode}")), "pass", "{kind}");
            assert_eq!(of(&other, &format!("{ANY_NAME}{mode}")), "tls.untrusted", "{kind}");
        }
    }
}
