//! The tls check against nginx (OpenSSL), stunnel (OpenSSL) and rustls, with certificates that have
//! every fault, and against peers that speak no TLS at all.

mod detour;
mod exchange;
mod identity;
mod jdk;
mod names;
mod objections;
mod openssl;
mod starttls;

use conn_check::report::FORMATS;
use harness::agent::{Agent, code};
use harness::certs::{Authority, Identity};
use harness::nginx::{Nginx, Site};
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::scratch::Scratch;
use harness::stunnel::Stunnel;
use harness::wait;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A file with one tls check; `more` are options, each with a comma before it.
fn tls(address: SocketAddr, more: &str) -> String {
    format!("- {{type: tls, host: {}, port: {}, timeout: 5{more}}}", address.ip(), address.port())
}

fn ca_file(file: &Path) -> String {
    format!(", ca_file: {}", file.display())
}

/// The first check of the report on a peer.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&tls(address, more)).report()["checks"][0].clone()
}

/// The check's failure on a peer with this certificate.
fn failure_with(identity: &Identity, more: &str) -> Value {
    let peer = TlsPeer::start(identity, TlsManner::Silent);
    let check = check(peer.address(), more);
    let facts = &check["facts"];
    assert!(facts["certificate"]["subject"].is_string(), "the certificate is no fact: {check}");
    assert_eq!(facts["tls_verified"], false, "{check}");
    check["failure"].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn a_valid_certificate_passes_and_is_described() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let check = check(peer.address(), &ca_file(ca.file()));
    assert_eq!(check["verdict"], "pass", "{check}");
    // With TLS 1.3 the server ends its handshake after the client.
    wait::until("the server's end of the handshake", || peer.handshakes() == 1);
    let facts = &check["facts"];
    assert_eq!((text(facts, "tls_version"), &facts["tls_verified"]), ("TLS 1.3", &Value::Bool(true)));
    assert_eq!(facts["certificate"]["names"], serde_json::json!(["localhost", "127.0.0.1", "::1"]));
    assert_eq!(facts["certificate"]["days_left"], 90);
    assert_eq!(peer.peer().connections(), 1);
}

#[test]
fn openssl_with_either_version_passes() {
    let ca = Authority::new();
    let identity = ca.intermediate().valid();
    let nginx = Nginx::start([Site::tls("both", &identity), Site::tls("old", &identity).tls12_only()]);
    for (name, version) in [("both", "TLS 1.3"), ("old", "TLS 1.2")] {
        let check = check(nginx.address(name), &ca_file(ca.file()));
        assert_eq!(
            (check["verdict"].as_str(), text(&check["facts"], "tls_version")),
            (Some("pass"), version),
            "{check}"
        );
        assert!(text(&check["facts"]["certificate_chain"][0], "subject").contains("intermediate"), "{check}");
    }
}

#[test]
fn an_expired_certificate_is_told_with_both_clocks() {
    let ca = Authority::new();
    let failure = failure_with(&ca.expired(), &ca_file(ca.file()));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("tls.expired", "certificate"));
    assert!(text(&failure, "message").starts_with("the certificate of CN=localhost ended on 20"), "{failure}");
    assert!(text(&failure, "evidence").starts_with("now it is 20"), "{failure}");
}

#[test]
fn a_certificate_of_tomorrow_is_not_yet_valid() {
    let ca = Authority::new();
    let failure = failure_with(&ca.not_yet_valid(), &ca_file(ca.file()));
    assert_eq!(text(&failure, "code"), "tls.not-yet-valid");
    assert!(text(&failure, "message").starts_with("the certificate of CN=localhost begins on 20"), "{failure}");
}

#[test]
fn a_certificate_for_another_name_is_told_with_its_names() {
    let ca = Authority::new();
    let failure = failure_with(&ca.wrong_name(), &ca_file(ca.file()));
    assert_eq!(text(&failure, "code"), "tls.wrong-name");
    assert_eq!(text(&failure, "message"), "the certificate is not for 127.0.0.1");
    assert_eq!(text(&failure, "evidence"), "it is for elsewhere.example");
}

#[test]
fn a_server_name_is_asked_for_and_verified() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.wrong_name(), TlsManner::Silent);
    let more = |name: &str| format!("{}, server_name: {name}", ca_file(ca.file()));
    assert_eq!(check(peer.address(), &more("elsewhere.example"))["verdict"], "pass");
    wait::until("the server's end of the handshake", || peer.handshakes() == 1);
    assert_eq!(peer.names(), ["elsewhere.example"]);
    let failure = &check(peer.address(), &more("other.example"))["failure"];
    assert_eq!(
        (text(failure, "code"), text(failure, "message")),
        ("tls.wrong-name", "the certificate is not for other.example")
    );
}

#[test]
fn self_signed_certificates_are_called_so_and_accepted_when_named() {
    let other = Authority::new();
    for identity in [Identity::self_signed(), Identity::self_signed_ca()] {
        let failure = failure_with(&identity, &ca_file(other.file()));
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("tls.untrusted", "certificate"));
        assert_eq!(text(&failure, "message"), "the certificate is self-signed (CN=localhost) and not trusted here");
        let peer = TlsPeer::start(&identity, TlsManner::Silent);
        let check = check(peer.address(), &ca_file(identity.certificate_file()));
        assert_eq!(
            (check["verdict"].as_str(), &check["facts"]["tls_verified"]),
            (Some("pass"), &Value::Bool(true)),
            "{check}"
        );
    }
}

#[test]
fn a_named_self_signed_certificate_still_needs_its_name() {
    for identity in [Identity::self_signed(), Identity::self_signed_ca()] {
        let failure = failure_with(&identity, &(ca_file(identity.certificate_file()) + ", server_name: other.example"));
        assert_eq!(text(&failure, "code"), "tls.wrong-name", "{failure}");
    }
}

#[test]
fn an_incomplete_chain_is_called_so() {
    let ca = Authority::new();
    let failure = failure_with(&ca.intermediate().valid().without_chain(), &ca_file(ca.file()));
    assert_eq!(text(&failure, "code"), "tls.untrusted");
    let message = text(&failure, "message");
    assert!(
        message.contains("test intermediate") && message.ends_with("the server sent no intermediate certificate"),
        "{message}"
    );
}

#[test]
fn an_unknown_authority_is_named() {
    let (ca, other) = (Authority::new(), Authority::new());
    let failure = failure_with(&ca.intermediate().valid(), &ca_file(other.file()));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("tls.untrusted", "certificate"));
    let message = text(&failure, "message");
    assert!(message.contains("test root") && message.ends_with("the server's chain ends before it"), "{message}");
}

#[test]
fn a_certificate_near_its_end_is_a_warning() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.expiring_in_days(5), TlsManner::Silent);
    let more = ca_file(ca.file());
    let check_one = check(peer.address(), &more);
    assert_eq!(check_one["verdict"], "warn");
    assert_eq!(check_one["warnings"][0]["code"], "tls.expires-soon");
    assert_eq!(check_one["warnings"][0]["message"], "the certificate of CN=localhost ends in 5 days");
    let ran = Agent::new(&tls(peer.address(), &more)).run();
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(check(peer.address(), &(more + ", expiry_warning_days: 5"))["verdict"], "pass");
}

#[test]
fn verification_switched_off_passes_and_is_visible_everywhere() {
    let peer = TlsPeer::start(&Authority::new().expired(), TlsManner::Silent);
    let yaml = tls(peer.address(), ", disable_tls_verification: true, expiry_warning_days: 0");
    // The lines of `health` are those of django-health-check, which have no room for it.
    for format in FORMATS.map(|format| format.name).into_iter().filter(|format| *format != "health") {
        let ran = Agent::new(&yaml).args(["--format", format]).run();
        assert!(ran.status < 2, "{format}: {ran:?}");
        let shown = ["not verified", "verification off", "tls_verified", "verification-off"];
        assert!(shown.iter().any(|word| ran.out.contains(word)), "{format}:\n{}", ran.out);
    }
}

/// Ways to show a certificate to a server that wants one of `clients`, and what comes of each.
fn client_certificates(server: SocketAddr, ca: &Authority, clients: &Authority) {
    let (good, bad) = (clients.client("app"), Authority::new().client("stranger"));
    let of = |identity: &Identity| {
        format!(
            ", client_cert: {}, client_key: {}",
            identity.certificate_file().display(),
            identity.key_file().display()
        )
    };
    let cases =
        [(String::new(), "tls.client-cert-required"), (of(&bad), "tls.client-cert-rejected"), (of(&good), "pass")];
    for (more, wanted) in cases {
        let report = Agent::new(&tls(server, &(ca_file(ca.file()) + &more))).report();
        assert_eq!(code(&report), wanted, "{report}");
        let owner = report["checks"][0]["failure"]["owner"].as_str();
        assert_eq!(owner, (wanted != "pass").then_some("credentials"), "{report}");
    }
}

#[test]
fn client_certificates_of_rustls_with_tls_1_3() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let peer = TlsPeer::start_requiring(&ca.valid(), &clients, TlsManner::Silent);
    client_certificates(peer.address(), &ca, &clients);
}

#[test]
fn client_certificates_of_openssl_with_tls_1_3() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let target = Peer::start(Manner::Silent);
    let stunnel = Stunnel::start_requiring(&ca.valid(), &clients, target.address());
    client_certificates(stunnel.address(), &ca, &clients);
}

#[test]
fn client_certificates_of_openssl_with_tls_1_2() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let target = Peer::start(Manner::Silent);
    let stunnel = Stunnel::start_requiring_tls12(&ca.valid(), &clients, target.address());
    client_certificates(stunnel.address(), &ca, &clients);
}

#[test]
fn a_server_with_old_versions_only_has_none_in_common() {
    let ca = Authority::new();
    let nginx = Nginx::start([Site::tls("old", &ca.valid()).old_tls_only()]);
    let failure = &check(nginx.address("old"), &ca_file(ca.file()))["failure"];
    assert_eq!((text(failure, "code"), text(failure, "owner")), ("tls.no-common-version", "service"), "{failure}");
}

#[test]
fn a_peer_without_tls_is_named() {
    let nginx = Nginx::start([Site::http("plain")]);
    let banner = |text: &[u8]| Peer::start(Manner::Banner(text.to_vec()));
    let ssh = banner(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    let smtp = banner(b"220 mail.example ESMTP Postfix\r\n");
    let vnc = banner(b"RFB 003.008\n");
    let garbage = Peer::start(Manner::Garbage);
    for (address, message) in [
        (nginx.address("plain"), "an HTTP server answered without TLS"),
        (ssh.address(), "an SSH server answered without TLS"),
        (smtp.address(), "an SMTP server answered without TLS"),
        (vnc.address(), "a VNC server answered without TLS"),
        (garbage.address(), "the peer answered, and not with TLS"),
    ] {
        let failure = &check(address, "")["failure"];
        assert_eq!((text(failure, "code"), text(failure, "owner")), ("tls.not-tls", "config"), "{failure}");
        assert_eq!(text(failure, "message"), message);
        assert!(!text(failure, "evidence").is_empty());
    }
}

#[test]
fn a_handshake_that_is_cut_is_closed_and_one_that_hangs_a_timeout() {
    for (manner, wanted) in [
        (Manner::Closes, "tls.closed"),
        (Manner::ClosesAfterFirstBytes, "tls.closed"),
        (Manner::Resets, "tls.closed"),
        (Manner::ResetsAfterFirstBytes, "tls.closed"),
        (Manner::TruncatedTls, "tls.closed"),
        (Manner::Silent, "tls.timeout"),
        (Manner::StalledTls, "tls.timeout"),
        (Manner::Drip { head: vec![22, 3, 3, 0x40, 0], every: Duration::from_millis(20) }, "tls.timeout"),
    ] {
        let peer = Peer::start(manner.clone());
        let report = Agent::new(&tls(peer.address(), "").replace("timeout: 5", "timeout: 0.4")).report();
        // The reset may overtake the end of the connecting.
        let early = matches!(manner, Manner::Resets) && code(&report) == "connect.reset";
        assert!(early || code(&report) == wanted, "{manner:?}: {report}");
    }
}

#[test]
fn an_endless_peer_is_cut() {
    let peer = Peer::start(Manner::Endless);
    let report = Agent::new(&tls(peer.address(), "")).report();
    assert_eq!(code(&report), "tls.not-tls", "{report}");
}

#[test]
fn the_trusted_authorities_can_be_a_bundle_or_a_folder() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let folder = Scratch::new();
    std::fs::copy(ca.file(), folder.path().join("internal.crt")).expect("a copy");
    for (path, wanted) in [(ca.file(), "pass"), (folder.path(), "pass"), (Authority::new().file(), "tls.untrusted")] {
        let report = Agent::new(&tls(peer.address(), "")).arg("--tls-certs-path").arg(path).report();
        assert_eq!(code(&report), wanted, "{report}");
    }
}

#[test]
fn authorities_that_cannot_be_looked_at_are_not_said_to_be_missing() {
    let scratch = Scratch::new();
    let circle = scratch.path().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link");
    let ran = Agent::new("- {type: tcp, host: 127.0.0.1, port: 1}").arg("--tls-certs-path").arg(&circle).run();
    let told = format!("`{}` cannot be looked at: Too many levels of symbolic links", circle.display());
    assert!(ran.status == 3 && ran.err.contains(&told), "{ran:?}");
}

#[test]
fn a_host_without_authorities_is_not_blamed_on_the_server() {
    let ca = Authority::new();
    let peer = TlsPeer::start(&ca.valid(), TlsManner::Silent);
    let empty = Scratch::new();
    let report = Agent::new(&tls(peer.address(), "")).arg("--tls-certs-path").arg(empty.path()).report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!((text(failure, "code"), text(failure, "owner")), ("tls.untrusted", "host"), "{failure}");
}
