//! Logins other than by the two plugins that most accounts have.

use super::{check, check_as, told};
use harness::mariadb::{MariaDb, PASSWORD, Setup};
use harness::mysql8::{Mysql8, Script, USER};
use harness::scratch::Scratch;
use std::path::PathBuf;
use std::process::Command;

/// A server with an account for `client_ed25519`.
fn with_curve(password: &str) -> MariaDb {
    let setup = Setup::new()
        .option("--plugin-load-add=auth_ed25519")
        .sql(&format!("CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{password}')"));
    MariaDb::start(&setup)
}

#[test]
fn an_account_of_ed25519_logs_in_and_a_wrong_password_is_rejected_once() {
    let server = with_curve(PASSWORD);
    for more in ["", ", use_tls: false"] {
        let (verdict, check) = check_as(server.address(), "curve", more);
        assert_eq!(verdict, "pass", "{check}");
        assert_eq!(check["facts"]["auth_plugin"], "client_ed25519");
    }
    let (verdict, wrong) = check(server.address(), "curve", ", password: not-this-one");
    assert_eq!((verdict.as_str(), told(&wrong, "owner")), ("auth.rejected", "credentials"), "{wrong}");
    assert_eq!(server.log().matches("Access denied for user 'curve'").count(), 1, "{}", server.log());
}

#[test]
fn a_password_of_any_length_is_a_key_of_ed25519() {
    for password in ["x", "thirty-two bytes, not one more..", &"long".repeat(30)] {
        let server = with_curve(password);
        assert_eq!(check(server.address(), "curve", &format!(", password: '{password}'")).0, "pass", "{password}");
    }
}

#[test]
fn an_account_of_parsec_logs_in_by_a_signature_with_the_derived_key() {
    for rounds in [0, 3] {
        let server = Mysql8::start(Script::cached().switching_to("parsec").rounds(rounds));
        let (verdict, passed) = check_as(server.address(), USER, "");
        assert_eq!((verdict.as_str(), &passed["facts"]["auth_plugin"]), ("pass", &"parsec".into()), "{passed}");
        assert_eq!(check(server.address(), USER, ", password: not-this-one").0, "auth.rejected");
        assert_eq!((server.logins(), server.passwords()), (2, vec![]));
    }
    let server = Mysql8::start(Script::cached().switching_to("parsec").rounds(9));
    let (verdict, refused) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), told(&refused, "owner")), ("auth.method-unsupported", "service"), "{refused}");
}

/// A pair of RSA keys as a server makes them: the private one's file, and the public one's.
fn keys(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let (private, public) = (scratch.path().join("private_key.pem"), scratch.path().join("public_key.pem"));
    let openssl = |arguments: &[&str]| {
        let status = Command::new("openssl").args(arguments).status().expect("openssl runs");
        assert!(status.success());
    };
    openssl(&["genrsa", "-out", &private.display().to_string(), "2048"]);
    openssl(&["rsa", "-in", &private.display().to_string(), "-pubout", "-out", &public.display().to_string()]);
    (private, public)
}

#[test]
fn a_password_goes_without_tls_by_the_key_that_the_file_names_and_by_no_other() {
    let scratch = Scratch::new();
    let (private, public) = keys(&scratch);
    let key = format!(", server_public_key: {}", public.display());
    for script in [Script::uncached(), Script::cached().switching_to("sha256_password")] {
        let server = Mysql8::start(script.key(&private));
        let (verdict, passed) = check_as(server.address(), USER, &key);
        assert_eq!(verdict, "pass", "{passed}");
        let (verdict, rejected) = check(server.address(), USER, &format!(", password: not-this-one{key}"));
        assert_eq!(verdict, "auth.rejected", "{rejected}");
        let sent = server.passwords();
        assert!(sent.iter().all(|(tls, bytes)| !tls && bytes.len() == 256), "{sent:?}");
        // Without the option nothing is sent, and no key is asked for.
        let (verdict, refused) = check_as(server.address(), USER, "");
        assert_eq!(verdict, "tls.required", "{refused}");
        assert!(told(&refused, "next_step").contains("server_public_key"), "{refused}");
        assert_eq!(server.passwords().len(), sent.len());
    }
    // What every client shows in clear is not encrypted either.
    let server = Mysql8::start(Script::cached().switching_to("mysql_clear_password").key(&private));
    assert_eq!(check_as(server.address(), USER, &key).0, "auth.method-unsupported");
    assert_eq!(server.passwords(), []);
}

#[test]
fn a_key_that_is_none_is_told_with_the_file() {
    let scratch = Scratch::new();
    let file = scratch.write("public_key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    let yaml = format!("- {{type: mysql, host: h, username: a, server_public_key: {}}}", file.display());
    let ran = harness::agent::Agent::new(&yaml).arg("--validate").run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("the key in it is not one of RSA") && ran.err.contains("public_key.pem"), "{}", ran.err);
}
