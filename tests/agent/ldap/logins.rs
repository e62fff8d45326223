//! Binds that are refused, and why.

use super::*;
use harness::slapd::{EXPIRED, KEYLESS, LOCKED, RESET};

/// The words of Active Directory about a login with this sub-code.
fn of_active_directory(data: &str) -> String {
    let words = format!("80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data {data}, v3839");
    format!("op=bind text=\"{words}\"")
}

#[test]
fn a_wrong_password_is_rejected_sent_once_and_left_with_a_goodbye() {
    let slapd = Slapd::start(&Setup::plain());
    let check = check(slapd.address(), &plain(&(login(USER, "not-this-one") + &base(BASE))));
    assert_eq!((code(&check), text(&check, "owner")), ("auth.rejected", "credentials"), "{check}");
    assert_eq!(text(&check, "message"), format!("{USER} is not let in: the user or the password is wrong"));
    assert_eq!(text(&check, "evidence"), "result 49 invalidCredentials");
    wait::until("the goodbye", || goodbyes(&slapd) == 1);
    // What a directory would answer to a search now, it would answer to anybody.
    assert_eq!((slapd.binds(49), slapd.log().matches(" SRCH ").count()), (1, 0), "{}", slapd.log());
}

#[test]
fn accounts_that_cannot_be_used_are_told_from_wrong_passwords() {
    let cases = [
        (LOCKED, "auth.locked", "the account is locked"),
        (EXPIRED, "auth.locked", "the password has expired"),
        (RESET, "auth.locked", "the password has to be changed before anything else"),
        (KEYLESS, "auth.rejected", "the user or the password is wrong"),
        ("uid=nobody,ou=people,dc=example,dc=com", "auth.rejected", "the user or the password is wrong"),
    ];
    for (user, wanted, reason) in cases {
        let check = check(open().address(), &plain(&login(user, PASSWORD)));
        assert_eq!((code(&check), text(&check, "owner")), (wanted, "credentials"), "{check}");
        assert_eq!(text(&check, "message"), format!("{user} is not let in: {reason}"));
    }
}

#[test]
fn a_user_that_is_not_a_dn_is_the_files_mistake() {
    for user in ["app", "CORP\\app", "app@example.com"] {
        let check = check(open().address(), &plain(&login(user, PASSWORD)));
        assert_eq!((code(&check), text(&check, "owner")), ("auth.rejected", "config"), "{check}");
        assert_eq!(text(&check, "message"), format!("the user {user} is not a DN"));
        assert_eq!(text(&check, "evidence"), "result 34 invalidDNSyntax: invalid DN");
    }
}

#[test]
fn what_a_directory_does_not_take_from_anybody_is_told() {
    let cases = [
        ("disallow bind_anon", String::new(), "auth.required", "config"),
        ("require authc", base(BASE), "auth.required", "config"),
        ("require SASL", base(BASE), "auth.required", "config"),
        ("disallow bind_simple", right(), "auth.rejected", "credentials"),
        ("require SASL", right() + &base(BASE), "tls.required", "config"),
        ("security simple_bind=1", right(), "tls.required", "config"),
        ("security tls=1", String::new(), "tls.required", "config"),
        ("security tls=1", right() + &base(BASE), "tls.required", "config"),
        ("restrict search", right() + &base(BASE), "request.permission-denied", "service"),
    ];
    for (option, more, wanted, owner) in cases {
        let slapd = Slapd::start(&Setup::plain().option(option));
        let check = check(slapd.address(), &plain(&more));
        assert_eq!((code(&check), text(&check, "owner")), (wanted, owner), "{option}, {more}: {check}");
    }
}

#[test]
fn active_directory_says_more_in_its_words() {
    let cases = [
        ("525", "auth.rejected", "there is no such user"),
        ("52e", "auth.rejected", "the password is wrong"),
        ("530", "auth.locked", "not at this hour"),
        ("531", "auth.host-not-allowed", "not from this host"),
        ("532", "auth.locked", "the password has expired"),
        ("533", "auth.locked", "the account is disabled"),
        ("701", "auth.locked", "the account has expired"),
        ("773", "auth.locked", "the password has to be changed first"),
        ("775", "auth.locked", "the account is locked"),
        ("999", "auth.rejected", "the user or the password is wrong"),
    ];
    let setup =
        cases.iter().fold(Setup::plain(), |setup, (data, ..)| setup.answer(data, 49, &of_active_directory(data)));
    let slapd = Slapd::start(&setup);
    for (data, wanted, reason) in cases {
        let check = check(slapd.address(), &plain(&login(&answer_dn(data), PASSWORD)));
        assert_eq!(code(&check), wanted, "{check}");
        assert!(text(&check, "message").ends_with(&format!(" is not let in: {reason}")), "{check}");
        assert!(text(&check, "evidence").contains(&format!("data {data}")), "{check}");
    }
}

#[test]
fn every_other_code_has_its_meaning() {
    let cases = [
        (1, "protocol.not-ready", "service"),
        (2, "protocol.unsupported-version", "service"),
        (7, "auth.method-unsupported", "config"),
        (8, "tls.required", "config"),
        (11, "protocol.overloaded", "service"),
        (13, "tls.required", "config"),
        (19, "auth.locked", "credentials"),
        (32, "auth.rejected", "credentials"),
        (48, "auth.rejected", "credentials"),
        (50, "auth.rejected", "credentials"),
        (51, "protocol.overloaded", "service"),
        (52, "protocol.not-ready", "service"),
        (53, "auth.rejected", "credentials"),
        // Of which nothing is known that is about the user.
        (54, "request.unexpected-reply", "service"),
        (80, "protocol.not-ready", "service"),
    ];
    let name = |code: u8| format!("code{code}");
    let setup = cases
        .iter()
        .fold(Setup::plain(), |setup, (code, ..)| setup.answer(&name(*code), *code, "op=bind text=\"because\""));
    let slapd = Slapd::start(&setup);
    for (result, wanted, owner) in cases {
        let check = check(slapd.address(), &plain(&login(&answer_dn(&name(result)), PASSWORD)));
        assert_eq!((code(&check), text(&check, "owner")), (wanted, owner), "{result}: {check}");
        let evidence = text(&check, "evidence");
        assert!(evidence.starts_with(&format!("result {result} ")) && evidence.ends_with(": because"), "{check}");
    }
}
