//! Searches of a base: entries that are not there, not permitted, elsewhere.

use super::*;
use harness::slapd::{ELSEWHERE, HIDDEN, PAYROLL, REFERRAL, SECRETS};

#[test]
fn an_entry_must_be_there_and_readable() {
    let nowhere = "ou=nowhere,dc=example,dc=com";
    let cases = [
        (right(), PEOPLE, "pass"),
        (String::new(), PEOPLE, "request.permission-denied"),
        (right(), PAYROLL, "request.permission-denied"),
        (right(), SECRETS, "request.no-such-entry"),
        (String::new(), SECRETS, "request.no-such-entry"),
        (right(), nowhere, "request.no-such-entry"),
        (right(), "dc=elsewhere,dc=org", "request.no-such-entry"),
        (right(), "people", "request.no-such-entry"),
        // The search succeeds, and shows nothing.
        (right(), HIDDEN, "request.no-such-entry"),
        (right(), ELSEWHERE, "request.redirected"),
    ];
    for (login, dn, wanted) in cases {
        let check = check(open().address(), &plain(&(login + &base(dn))));
        assert_eq!(code(&check), wanted, "{dn}: {check}");
    }
}

#[test]
fn the_failures_say_what_to_look_at() {
    let of = |login: String, dn: &str| check(open().address(), &plain(&(login + &base(dn))));
    let missing = of(right(), "ou=nowhere,ou=people,dc=example,dc=com");
    assert_eq!(text(&missing, "evidence"), format!("result 32 noSuchObject; nearest entry: {PEOPLE}"));
    let elsewhere = of(right(), ELSEWHERE);
    assert!(text(&elsewhere, "evidence").contains(&format!("; see {REFERRAL}")), "{elsewhere}");
    let anonymous = of(String::new(), PEOPLE);
    assert_eq!(text(&anonymous, "message"), format!("anonymous may not read {PEOPLE}"));
    assert!(text(&anonymous, "next_step").starts_with("set username"), "{anonymous}");
    let hidden = of(right(), HIDDEN);
    assert_eq!(text(&hidden, "evidence"), "result 0 success");
    assert_eq!(text(&of(right(), "people"), "message"), "the base people is not a DN");
}

#[test]
fn every_other_code_has_its_meaning() {
    let cases = [
        (1, "request.unexpected-reply"),
        (2, "protocol.malformed"),
        (3, "request.timeout"),
        (4, "request.unexpected-reply"),
        (8, "tls.required"),
        (11, "request.unexpected-reply"),
        (13, "tls.required"),
        (51, "protocol.overloaded"),
        (52, "protocol.not-ready"),
        (53, "request.permission-denied"),
        (80, "request.unexpected-reply"),
    ];
    let name = |code: u8| format!("code{code}");
    let setup =
        cases.iter().fold(Setup::plain(), |setup, (code, _)| setup.answer(&name(*code), *code, "text=\"because\""));
    let slapd = Slapd::start(&setup);
    for (result, wanted) in cases {
        let more = plain(&(right() + &base(&answer_dn(&name(result)))));
        let check = check(slapd.address(), &more);
        assert_eq!(code(&check), wanted, "{result}: {check}");
        assert!(text(&check, "evidence").starts_with(&format!("result {result} ")), "{check}");
    }
}

#[test]
fn a_notice_of_disconnection_is_heard_in_every_wait() {
    let codes = [(2, "protocol.malformed"), (51, "protocol.overloaded"), (52, "protocol.not-ready")];
    let name = |code: u8| format!("leaves{code}");
    let setup = codes.iter().fold(Setup::plain().notice("leaves8", 8, "farewell"), |setup, (code, _)| {
        setup.notice(&name(*code), *code, "farewell")
    });
    let slapd = Slapd::start(&setup);
    let as_user = |result: u8| login(&answer_dn(&name(result)), PASSWORD);
    let search = |result: u8| right() + &base(&answer_dn(&name(result)));
    let of_both = codes.iter().flat_map(|(code, wanted)| [(as_user(*code), *wanted), (search(*code), *wanted)]);
    let closed = [(as_user(8), "protocol.closed"), (search(8), "request.closed")];
    for (more, wanted) in of_both.chain(closed) {
        let check = check(slapd.address(), &plain(&more));
        assert_eq!(code(&check), wanted, "{more}: {check}");
        assert!(text(&check, "evidence").ends_with(": farewell"), "{check}");
    }
}

#[test]
fn a_directory_that_closes_instead_of_an_answer_is_closed() {
    let slapd = Slapd::start(&Setup::plain().answer("cut", 52, "flags=pre-disconnect"));
    let cut = answer_dn("cut");
    let bind = check(slapd.address(), &plain(&login(&cut, PASSWORD)));
    assert_eq!(code(&bind), "protocol.closed", "{bind}");
    assert!(text(&bind, "next_step").contains("use_tls: true"), "{bind}");
    assert_eq!(code(&check(slapd.address(), &plain(&(right() + &base(&cut))))), "request.closed");
}
