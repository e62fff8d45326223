//! Postfix says to a recipient what it has against a client, its name or a sender, or says it at once.

use super::*;
use harness::postfix::Postfix;

/// A rule, the words of its refusal, and what it is about.
const RULES: [(&str, &str, &str, &str); 5] = [
    (
        "smtpd_helo_restrictions = check_helo_access static:{REJECT no such name}",
        "Helo command rejected: no such name",
        "auth.host-not-allowed",
        "service",
    ),
    (
        "smtpd_client_restrictions = check_client_access static:{REJECT}",
        "Client host rejected: Access denied",
        "auth.host-not-allowed",
        "service",
    ),
    (
        "smtpd_client_restrictions = check_client_access static:{450 4.7.25 cannot find your hostname}",
        "Client host rejected: cannot find your hostname",
        "auth.host-not-allowed",
        "dns",
    ),
    (
        "smtpd_sender_restrictions = check_sender_access static:{REJECT}",
        "Sender address rejected: Access denied",
        "request.sender-refused",
        "service",
    ),
    (
        "smtpd_recipient_restrictions = check_recipient_access static:{REJECT}",
        "Recipient address rejected: Access denied",
        "request.recipient-refused",
        "service",
    ),
];

#[test]
fn postfix_is_understood_whenever_it_refuses() {
    for delay in ["yes", "no"] {
        for (rule, words, wanted, owner) in RULES {
            let lines = format!("smtpd_delay_reject = {delay}\n{rule}");
            let Some(server) = Postfix::or_skip(&lines) else { return };
            let failure = failure(server.address(), INQUIRY);
            assert_eq!((text(&failure, "code"), text(&failure, "owner")), (wanted, owner), "{lines}: {failure}");
            assert!(text(&failure, "evidence").contains(words), "{lines}: {failure}");
        }
    }
}

#[test]
fn postfix_relays_to_nobody_it_does_not_know() {
    let Some(server) = Postfix::or_skip("") else { return };
    assert_eq!(verdict_of(&smtp(server.address(), INQUIRY)), "pass");
    let failure = failure(server.address(), ", use_tls: false, to_address: c@elsewhere.test, send: false");
    assert_eq!(text(&failure, "code"), "request.recipient-refused", "{failure}");
    assert_eq!(text(&failure, "evidence"), "554 5.7.1 <c@elsewhere.test>: Relay access denied");
}
