//! Logins, good and bad.

use super::*;

#[test]
fn either_mechanism_logs_in() {
    for other in ["LOGIN", "PLAIN"] {
        let server = Mail::start(&Setup::open().login_required().without_mechanism(other));
        let more = INQUIRY.to_owned() + &login(PASSWORD);
        assert_eq!(verdict_of(&smtp(server.address(), &more)), "pass", "{}", server.log());
        let logins = server.logins();
        assert!(logins.len() == 1 && logins[0].accepted && logins[0].mechanism != other, "{logins:?}");
    }
}

#[test]
fn a_wrong_password_is_rejected_and_sent_once() {
    for other in ["LOGIN", "PLAIN"] {
        let server = Mail::start(&Setup::open().without_mechanism(other));
        let failure = failure(server.address(), &(INQUIRY.to_owned() + &login("wrong")));
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.rejected", "credentials"), "{failure}");
        assert_eq!(text(&failure, "evidence"), "535 5.7.8 Authentication credentials invalid");
        let logins = server.logins();
        assert!(logins.len() == 1 && !logins[0].accepted, "{logins:?}");
        wait::until_count("goodbyes", 1, || server.goodbyes());
    }
}

#[test]
fn an_unknown_user_is_rejected_by_either_server() {
    let server = Mail::start(&Setup::open());
    let report = Agent::new(&smtp(server.address(), &(INQUIRY.to_owned() + ", username: who, password: x"))).report();
    assert_eq!(code(&report), "auth.rejected", "{report}");
    let exim = Exim::start(&exim::Setup::open());
    let failure = failure(exim.address(), &(INQUIRY.to_owned() + ", username: who, password: x"));
    assert_eq!(text(&failure, "code"), "auth.rejected");
    assert_eq!(text(&failure, "evidence"), "535 Incorrect authentication data");
}

#[test]
fn a_login_that_opens_the_way_abroad_is_used() {
    let exim = Exim::start(&exim::Setup::open());
    let abroad = ", use_tls: false, to_address: c@elsewhere.test, send: false";
    let failure = failure(exim.address(), abroad);
    assert_eq!(text(&failure, "code"), "request.recipient-refused");
    assert_eq!(text(&failure, "evidence"), "550 relay not permitted");
    let login = format!(", username: {}, password: {}", exim::USER, exim::PASSWORD);
    assert_eq!(verdict_of(&smtp(exim.address(), &(abroad.to_owned() + &login))), "pass", "{}", exim.log());
}

#[test]
fn a_missing_login_is_told() {
    let server = Mail::start(&Setup::open().login_required());
    let failure = failure(server.address(), INQUIRY);
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.required", "config"), "{failure}");
    assert_eq!(text(&failure, "evidence"), "530 5.7.0 Authentication required");
}

#[test]
fn a_login_that_nobody_asks_for_is_a_warning() {
    let server = Mail::start(&Setup::open().without_logins());
    let check = check(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD)));
    assert_eq!(check["verdict"], "warn", "{check}");
    assert_eq!(check["warnings"][0]["code"], "auth.not-needed");
    assert!(!server.log().contains(">> b'AUTH"), "{}", server.log());
}

#[test]
fn a_server_without_our_mechanisms_is_told_with_its_own() {
    let setup = Setup::open().without_logins().offering("AUTH CRAM-MD5 GSSAPI");
    let failure = failure(Mail::start(&setup).address(), &(INQUIRY.to_owned() + &login(PASSWORD)));
    assert_eq!(text(&failure, "code"), "auth.method-unsupported");
    assert_eq!(text(&failure, "evidence"), "it offers AUTH CRAM-MD5 GSSAPI");
}

/// The options of a login in this way.
fn by(mechanism: &str, password: &str) -> String {
    format!("{INQUIRY}{}, auth_mechanism: {mechanism}", login(password))
}

#[test]
fn cram_md5_proves_the_password_and_does_not_send_it() {
    let server = Mail::start(&Setup::open().login_required().with_mechanism("CRAM-MD5"));
    assert_eq!(verdict_of(&smtp(server.address(), &by("cram-md5", PASSWORD))), "pass", "{}", server.log());
    let failure = failure(server.address(), &by("cram-md5", "wrong"));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.rejected", "credentials"), "{failure}");
    let logins = server.logins();
    assert_eq!(logins.iter().map(|login| login.accepted).collect::<Vec<_>>(), [true, false], "{logins:?}");
    assert!(logins.iter().all(|login| login.mechanism == "CRAM-MD5"), "{logins:?}");
}

#[test]
fn only_the_mechanism_that_is_asked_for_is_used() {
    let server = Mail::start(&Setup::open().with_mechanism("CRAM-MD5"));
    for (mechanism, used) in [("login", "LOGIN"), ("plain", "PLAIN"), ("CRAM-MD5", "CRAM-MD5")] {
        assert_eq!(verdict_of(&smtp(server.address(), &by(mechanism, PASSWORD))), "pass", "{}", server.log());
        assert_eq!(server.logins().last().map(|login| login.mechanism.clone()).as_deref(), Some(used));
    }
    // Nobody asked for the others.
    assert_eq!(verdict_of(&smtp(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD)))), "pass");
    assert_eq!(server.logins().last().map(|login| login.mechanism.clone()).as_deref(), Some("PLAIN"));
    let failure = failure(server.address(), &by("xoauth2", PASSWORD));
    assert_eq!(text(&failure, "code"), "auth.method-unsupported", "{failure}");
    assert_eq!(text(&failure, "message"), "the mail server does not offer the login XOAUTH2");
    let ran = Agent::new(&smtp(server.address(), &format!("{INQUIRY}, auth_mechanism: plain"))).arg("--validate").run();
    assert_eq!(ran.status, 3, "{ran:?}");
}

#[test]
fn xoauth2_brings_a_token_and_tells_what_is_said_of_it() {
    let server = Mail::start(&Setup::open().login_required().with_mechanism("XOAUTH2"));
    assert_eq!(verdict_of(&smtp(server.address(), &by("xoauth2", PASSWORD))), "pass", "{}", server.log());
    let failure = failure(server.address(), &by("xoauth2", "old-token"));
    assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.rejected", "credentials"), "{failure}");
    assert_eq!(text(&failure, "message"), "the mail server does not accept the access token");
    assert!(text(&failure, "evidence").contains("401"), "{failure}");
    assert!(!failure.to_string().contains("old-token"), "{failure}");
}

#[test]
fn what_a_server_says_to_a_login_decides_whose_fault_it_is() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted, owner) in [
        ("454 4.7.0 Temporary authentication failure", "protocol.not-ready", "service"),
        ("432 4.7.12 A password transition is needed", "auth.locked", "credentials"),
        ("525 5.7.13 User Account Disabled", "auth.locked", "credentials"),
        ("535 5.7.8 Authentication credentials invalid", "auth.rejected", "credentials"),
        ("504 5.5.4 Unrecognized authentication type", "auth.method-unsupported", "config"),
        ("534 5.7.9 Authentication mechanism is too weak", "auth.method-unsupported", "config"),
        ("538 5.7.11 Encryption required for requested authentication mechanism", "tls.required", "config"),
        ("530 5.7.0 Must issue a STARTTLS command first", "tls.required", "config"),
        ("501 5.5.2 Can't decode base64", "protocol.malformed", "service"),
        ("250 fine", "pass", ""),
        ("421 4.7.0 Too many errors", "protocol.overloaded", "service"),
    ] {
        server.answer("AUTH", reply);
        let report = Agent::new(&smtp(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD)))).report();
        assert_eq!(code(&report), wanted, "{reply}: {report}");
        let failure = &report["checks"][0]["failure"];
        if wanted != "pass" {
            assert_eq!((text(failure, "evidence"), text(failure, "owner")), (reply, owner));
        }
    }
}

#[test]
fn a_server_that_repeats_the_login_does_not_show_it() {
    // base64 of NUL, user, NUL, password: what AUTH PLAIN sends.
    let sent = "AHBvc3RtYXN0ZXJAbWFpbC50ZXN0AENvcnIzY3QtbWFpbC1ob3JzZQ==";
    let server = Mail::start(&Setup::open().answering("AUTH", &format!("535 no: {sent} {PASSWORD}")));
    let failure = failure(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD)));
    assert_eq!(text(&failure, "evidence"), "535 no: *** ***");
}

#[test]
fn a_login_that_is_never_answered_times_out_in_its_phase() {
    let server = Mail::start(&Setup::open().mute_at("AUTH"));
    let more = INQUIRY.to_owned() + &login(PASSWORD) + ", timeout: 1";
    assert_eq!(text(&failure(server.address(), &more), "code"), "auth.timeout");
}
