//! Certificates, as OpenSSL (in nginx and in curl) sees them.

use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use harness::certs::{Authority, Identity};
use harness::nginx::{Nginx, Site};

use super::client::{curl, curl_trusting};

/// What curl says about a server with this identity, when it trusts `authority`; empty if all is well.
fn complaint(authority: &Authority, identity: &Identity) -> String {
    let nginx = Nginx::start([Site::tls("tls", identity).page("/", "hello")]);
    curl_trusting(authority.file(), &[&nginx.url("tls", "/")]).error
}

#[test]
fn a_valid_certificate_is_accepted_for_each_of_its_names() {
    let ca = Authority::new();
    let identity = ca.leaf().also_named("db.internal").issue();
    let nginx = Nginx::start([Site::tls("tls", &identity).page("/", "hello")]);
    let port = nginx.port("tls");
    for name in ["localhost", "127.0.0.1", "[::1]", "db.internal"] {
        let resolve = format!("db.internal:{port}:127.0.0.1");
        let reply = curl_trusting(ca.file(), &["--resolve", &resolve, &format!("https://{name}:{port}/")]);
        assert_eq!((reply.status, reply.error.as_str()), (200, ""), "{name}");
    }
}

#[test]
fn an_authority_vouches_for_its_own_certificates_only() {
    let text = complaint(&Authority::new(), &Authority::new().valid());
    assert!(text.contains("unable to get local issuer certificate"), "{text}");
}

#[test]
fn an_expired_certificate_has_expired() {
    let ca = Authority::new();
    let text = complaint(&ca, &ca.expired());
    assert!(text.contains("certificate has expired"), "{text}");
}

#[test]
fn a_certificate_of_tomorrow_is_not_yet_valid() {
    let ca = Authority::new();
    let text = complaint(&ca, &ca.not_yet_valid());
    assert!(text.contains("certificate is not yet valid"), "{text}");
}

#[test]
fn a_certificate_for_elsewhere_has_the_wrong_name() {
    let ca = Authority::new();
    let text = complaint(&ca, &ca.wrong_name());
    assert!(text.contains("no alternative certificate subject name matches"), "{text}");
}

#[test]
fn self_signed_certificates_are_seen_as_such() {
    for identity in [Identity::self_signed(), Identity::self_signed_ca()] {
        let text = complaint(&Authority::new(), &identity);
        assert!(text.contains("self-signed certificate"), "{text}");
    }
}

#[test]
fn self_signed_certificates_differ_in_their_ca_flag() {
    // The extension basicConstraints (RFC 5280 section 4.2.1.9) in DER, critical, with and without cA.
    let says = |identity: Identity, value: &[u8]| {
        let extension = [&[0x55, 0x1d, 0x13, 1, 1, 0xff, 4], value].concat();
        identity.certificate().windows(extension.len()).any(|bytes| bytes == extension)
    };
    assert!(says(Identity::self_signed_ca(), &[5, 0x30, 3, 1, 1, 0xff]));
    assert!(says(Identity::self_signed(), &[2, 0x30, 0]));
}

#[test]
fn an_intermediate_has_to_be_served() {
    let ca = Authority::new();
    let identity = ca.intermediate().intermediate().valid();
    assert_eq!(identity.chain().len(), 3);
    assert_eq!(complaint(&ca, &identity), "");
    let alone = identity.without_chain();
    assert_eq!(alone.certificate(), identity.certificate());
    let text = complaint(&ca, &alone);
    assert!(text.contains("unable to get local issuer certificate"), "{text}");
}

#[test]
fn a_certificate_expires_in_the_days_it_was_asked_for() {
    let ca = Authority::new();
    let before = SystemTime::now();
    let nginx = Nginx::start([Site::tls("tls", &ca.expiring_in_days(5)).page("/", "hello")]);
    let reply = curl(&["-k", "-w", "%{certs}\n%{http_code} %{http_connect}", &nginx.url("tls", "/")]);
    let line = reply.text.lines().find_map(|line| line.strip_prefix("Expire date:")).expect("a date");
    let date = Command::new("date").args(["-u", "+%s", "-d", line]).output().expect("date runs").stdout;
    let expires = String::from_utf8(date).expect("text").trim().parse().expect("seconds");
    let from = before + Duration::from_secs(5 * 86400 + 1799);
    let to = SystemTime::now() + Duration::from_secs(5 * 86400 + 1800);
    assert!((from..=to).contains(&(SystemTime::UNIX_EPOCH + Duration::from_secs(expires))), "{line}");
}

#[test]
fn keys_belong_to_nobody_and_nobody_else_may_read_them() {
    let identity = Authority::new().valid();
    let key = identity.key_file().metadata().expect("a key");
    let output = Command::new("id").args(["-u", "nobody"]).output().expect("id runs").stdout;
    let nobody = String::from_utf8(output).expect("text").trim().parse().expect("a number");
    assert_eq!((key.mode() & 0o777, key.uid()), (0o600, nobody));
    assert_eq!(identity.certificate_file().metadata().expect("a certificate").mode() & 0o777, 0o644);
}

#[test]
fn the_files_of_an_identity_outlive_its_authority_and_not_itself() {
    let identity = Authority::new().intermediate().valid();
    let file = identity.certificate_file().to_owned();
    assert!(file.exists() && identity.key_file().exists());
    drop(identity);
    assert!(!file.exists());
}
