//! TLS from the first byte, and after STARTTLS.

use super::*;
use harness::certs::{Authority, Identity};
use harness::peers::{Peer, start_tls};
use std::path::Path;

/// What a directory answers to STARTTLS when it goes on with TLS.
const CONSENT: &[u8] = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0";

/// The options for TLS of one kind or the other.
fn secured(how: &str, ca: &Path) -> String {
    format!(", use_tls: {how}, ca_file: {}", ca.display())
}

/// The address for TLS of one kind or the other.
fn address(slapd: &Slapd, how: &str) -> SocketAddr {
    if how == "true" { slapd.tls_address() } else { slapd.address() }
}

#[test]
fn both_kinds_of_tls_pass_with_a_login_and_a_search() {
    let ca = Authority::new();
    let slapd = Slapd::start(&Setup::tls(&ca.valid()).option("security tls=1"));
    let of_kind = [
        ("true", vec!["resolve", "connect", "tls", "protocol", "auth", "request"]),
        ("starttls", vec!["resolve", "connect", "protocol", "tls", "auth", "request"]),
    ];
    for (how, wanted) in of_kind {
        let at = address(&slapd, how);
        let more = secured(how, ca.file()) + &right() + &base(PEOPLE);
        let check = check(at, &more);
        assert_eq!(code(&check), "pass", "{check}");
        assert_eq!(phases(&check), wanted);
        assert_eq!(names(&check), ["tcp", "tls", "ldap"].map(|prefix| format!("{prefix}:{at}")));
        assert_eq!(check["facts"]["tls_verified"], true, "{check}");
    }
    wait::until("two goodbyes", || goodbyes(&slapd) == 2);
}

#[test]
fn tls_costs_its_handshake_and_starttls_a_turn_before_it() {
    let ca = Authority::new();
    let slapd = Slapd::start(&Setup::tls(&ca.valid()));
    // ClientHello; Finished and the bind; the search; the goodbye.
    for (how, turns) in [("true", 4), ("starttls", 5)] {
        let way = Forwarder::start_far(address(&slapd, how));
        let check = check(way.address(), &(secured(how, ca.file()) + &right() + &base(PEOPLE)));
        assert_eq!(code(&check), "pass", "{check}");
        wait::until("the connection to end", || way.open() == 0);
        assert_eq!((way.turns(), way.connections()), (turns, 1), "{how}");
    }
}

#[test]
fn bad_certificates_are_told_apart_either_way() {
    let ca = Authority::new();
    let faults: [(Identity, &str); 4] = [
        (Authority::new().valid(), "tls.untrusted"),
        (ca.expired(), "tls.expired"),
        (ca.not_yet_valid(), "tls.not-yet-valid"),
        (ca.wrong_name(), "tls.wrong-name"),
    ];
    for (identity, wanted) in faults {
        let slapd = Slapd::start(&Setup::tls(&identity));
        for how in ["true", "starttls"] {
            let check = check(address(&slapd, how), &(secured(how, ca.file()) + &right()));
            assert_eq!((code(&check), text(&check, "owner")), (wanted, "certificate"), "{how}: {check}");
            assert!(check["facts"]["certificate"]["subject"].is_string(), "{check}");
            let verdicts: Vec<_> =
                check["results"].as_array().expect("results").iter().map(|one| &one["verdict"]).collect();
            assert_eq!(verdicts, ["pass", "fail", "skip"], "{how}");
        }
        // Nobody sends a password to a server that cannot say who it is.
        assert_eq!(slapd.binds(0), 0, "{}", slapd.log());
        let trusting = ", disable_tls_verification: true, expiry_warning_days: 0";
        let off = super::check(slapd.tls_address(), &(trusting.to_owned() + &right()));
        assert_eq!(off["facts"]["tls_verified"], false, "{off}");
        assert_eq!(slapd.binds(0), 1, "{off}");
    }
}

#[test]
fn client_certificates_are_judged() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let slapd = Slapd::start(&Setup::tls(&ca.valid()).requiring(&clients));
    let presenting = |identity: &Identity| {
        let (chain, key) = (identity.certificate_file().display(), identity.key_file().display());
        format!(", client_cert: {chain}, client_key: {key}")
    };
    let (known, stranger) = (clients.client("app"), Authority::new().client("stranger"));
    for how in ["true", "starttls"] {
        let of = |more: &str| check(address(&slapd, how), &(secured(how, ca.file()) + more));
        assert_eq!(code(&of(&presenting(&known))), "pass", "{}", slapd.log());
        // slapd closes without an alert when it has judged, which with TLS 1.3 is behind the handshake.
        for refused in [of(&presenting(&stranger)), of("")] {
            assert!(["protocol.closed", "auth.closed"].contains(&code(&refused)), "{how}: {refused}");
            assert!(text(&refused, "next_step").contains("client_cert"), "{refused}");
        }
    }
}

#[test]
fn plain_text_to_a_tls_port_says_that_tls_is_wanted() {
    let slapd = Slapd::start(&Setup::tls(&Authority::new().valid()));
    for how in ["false", "starttls"] {
        let check = check(slapd.tls_address(), &format!(", use_tls: {how}{}", right()));
        assert_eq!(code(&check), "tls.required", "{how}: {check}");
        assert!(text(&check, "next_step").contains("set use_tls: true"), "{check}");
    }
}

#[test]
fn tls_to_a_plain_port_names_the_directory() {
    let check = check(open().address(), &right());
    assert_eq!((code(&check), text(&check, "message")), ("tls.not-tls", "an LDAP server answered without TLS"));
    assert!(text(&check, "next_step").contains("use_tls: starttls"), "{check}");
}

#[test]
fn starttls_that_is_not_offered_is_told() {
    let check = check(open().address(), &(", use_tls: starttls".to_owned() + &right()));
    assert_eq!((code(&check), text(&check, "owner")), ("tls.not-tls", "config"), "{check}");
    assert_eq!(text(&check, "message"), "the directory offers no STARTTLS");
    assert_eq!(text(&check, "evidence"), "result 2 protocolError: unsupported extended operation");
    assert!(text(&check, "next_step").contains("use_tls: true"), "{check}");
}

#[test]
fn a_login_that_is_too_weak_behind_tls_wants_another_method() {
    let ca = Authority::new();
    let slapd = Slapd::start(&Setup::tls(&ca.valid()).option("require SASL").answer("more", 13, "op=bind"));
    let sasl = check(slapd.tls_address(), &(secured("true", ca.file()) + &right() + &base(BASE)));
    assert_eq!(code(&sasl), "auth.method-unsupported", "{sasl}");
    let more = check(slapd.tls_address(), &(secured("true", ca.file()) + &login(&answer_dn("more"), PASSWORD)));
    assert_eq!(code(&more), "auth.method-unsupported", "{more}");
}

#[test]
fn what_is_smuggled_in_behind_starttls_is_refused() {
    let smuggled = [CONSENT, b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\0\x04\0\x04\0"].concat();
    let peer = Peer::serve(move |wire| {
        let _request = wire.first_bytes();
        let _sent = wire.send(&smuggled);
        wire.drain();
    });
    let check = check(peer.address(), &(", use_tls: starttls".to_owned() + &right()));
    assert_eq!(code(&check), "tls.malformed", "{check}");
}

#[test]
fn silence_on_the_way_to_tls_has_the_code_of_the_step_that_waited() {
    let ca = Authority::new();
    let more = secured("starttls", ca.file()) + &right() + ", timeout: 0.5";
    let yaml = |peer: &Peer| ldap(peer.address(), &more).replace("timeout: 5, ", "");
    let consents = Peer::serve(|wire| {
        let _request = wire.first_bytes();
        let _sent = wire.send(CONSENT);
        wire.drain();
    });
    assert_eq!(verdict_of(&yaml(&consents)), "tls.timeout");
    let identity = ca.valid();
    let begins = Peer::serve(move |wire| {
        let _request = wire.first_bytes();
        let _sent = wire.send(CONSENT);
        let tls = start_tls(wire, &identity).expect("a handshake");
        tls.sock.drain();
    });
    assert_eq!(verdict_of(&yaml(&begins)), "auth.timeout");
}

/// The options of a client certificate.
fn certificate(identity: &Identity) -> String {
    let (chain, key) = (identity.certificate_file().display(), identity.key_file().display());
    format!(", client_cert: {chain}, client_key: {key}")
}

#[test]
fn a_login_by_the_client_certificate_is_that_of_the_user_it_names() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let setup = Setup::tls(&ca.valid()).requiring(&clients);
    let slapd = Slapd::start(&setup.option(&format!("authz-regexp cn=app {USER}")));
    for how in ["true", "starttls"] {
        let external = secured(how, ca.file()) + &certificate(&clients.client("app")) + ", auth_mechanism: external";
        let check = check(address(&slapd, how), &(external + &base(PEOPLE)));
        assert_eq!(code(&check), "pass", "{check}");
    }
    // Nobody maps this one to a user of the directory; it is somebody all the same.
    let other = secured("true", ca.file()) + &certificate(&clients.client("other")) + ", auth_mechanism: external";
    assert_eq!(code(&check(slapd.tls_address(), &(other + &base(BASE)))), "pass");
}

#[test]
fn a_directory_that_takes_no_certificates_says_so() {
    let ca = Authority::new();
    let slapd = Slapd::start(&Setup::tls(&ca.valid()));
    let client = Authority::new().client("app");
    let external = secured("true", ca.file()) + &certificate(&client) + ", auth_mechanism: external";
    let check = check(slapd.tls_address(), &external);
    assert_eq!(code(&check), "auth.method-unsupported", "{check}");
    assert!(text(&check, "next_step").contains("TLSVerifyClient"), "{check}");
}

#[test]
fn over_a_socket_the_process_is_known() {
    let slapd = Slapd::start(&Setup::plain());
    let yaml =
        format!("- {{type: ldap, host: {}, auth_mechanism: external, base: '{BASE}'}}", slapd.socket().display());
    assert_eq!(verdict_of(&yaml), "pass");
    for more in [", auth_mechanism: external", ", auth_mechanism: external, username: 'cn=a', password: x"] {
        let ran = Agent::new(&ldap(slapd.address(), more)).args(["--format", "json"]).run();
        assert_eq!((ran.status, ran.json()["diagnostics"][0]["code"].as_str()), (3, Some("bad-value")), "{ran:?}");
    }
}

#[test]
fn tls_that_is_wanted_over_a_socket_is_not_advised_there() {
    let slapd = Slapd::start(&Setup::plain().option("security tls=1"));
    let report = Agent::new(&format!("- {{type: ldap, host: {}}}", slapd.socket().display())).report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!(failure["code"], "tls.required", "{report}");
    let advice = failure["next_step"].as_str().expect("a next step");
    assert!(advice.starts_with("write a host with `use_tls: true` in place of the socket"), "{report}");
}
