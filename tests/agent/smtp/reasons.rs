//! What a refusal is about, in the words and codes of servers and providers in common use. aiosmtpd says them word for
//! word: none of these providers can be had here.

use super::*;

/// The failure on a server that answers a command with this reply.
fn failure_at(server: &Mail, command: &str, reply: &str, more: &str) -> Value {
    server.answer(command, reply);
    let report = Agent::new(&smtp(server.address(), more)).report();
    report["checks"][0]["failure"].clone()
}

/// Compares the code and the owner of each.
fn all_are(command: &str, more: &str, cases: &[(&str, &str, &str)]) {
    let server = Mail::start(&Setup::open());
    for (reply, code, owner) in cases {
        let failure = failure_at(&server, command, reply, more);
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), (*code, *owner), "{reply}: {failure}");
    }
}

#[test]
fn what_is_said_to_a_recipient_may_be_about_the_host_or_the_sender() {
    const HOST: (&str, &str) = ("auth.host-not-allowed", "service");
    const NAMELESS: (&str, &str) = ("auth.host-not-allowed", "dns");
    const SENDER: (&str, &str) = ("request.sender-refused", "service");
    const POLICY: (&str, &str) = ("request.sender-refused", "dns");
    let cases = [
        // Postfix, with its default of smtpd_delay_reject = yes.
        ("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", HOST),
        ("450 4.7.1 <client.test>: Helo command rejected: Host not found", HOST),
        ("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", HOST),
        ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", NAMELESS),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", HOST),
        ("553 5.7.1 <app@sender.test>: Sender address rejected: not owned by user x", SENDER),
        ("450 4.1.8 <app@sender.test>: Sender address rejected: Domain not found", SENDER),
        ("504 5.5.2 <app>: Sender address rejected: need fully-qualified address", SENDER),
        ("550 5.7.23 <ops@mail.test>: Recipient address rejected: Message rejected due to: SPF fail", POLICY),
        // Exim.
        ("550-Verification failed for <app@sender.test>\r\n550 Sender verify failed", SENDER),
        ("550 Reverse DNS lookup failed for host 192.0.2.1", NAMELESS),
        ("550 192.0.2.1 is in a black list at dnsbl.test", HOST),
        // Google, Microsoft, Yahoo.
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated.", POLICY),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", SENDER),
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", HOST),
        (
            "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
            HOST,
        ),
    ];
    let cases = cases.map(|(reply, (code, owner))| (reply, code, owner));
    all_are("RCPT", INQUIRY, &cases);
}

#[test]
fn what_is_said_to_a_sender_may_be_about_the_host_or_the_login() {
    all_are(
        "MAIL",
        INQUIRY,
        &[
            (
                "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
                "auth.host-not-allowed",
                "service",
            ),
            ("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", "auth.host-not-allowed", "service"),
            (
                "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
                "auth.required",
                "config",
            ),
            ("550 Unauthenticated senders not allowed", "auth.required", "config"),
            ("530 5.5.1 Invalid command: Must issue an AUTH command first", "auth.required", "config"),
            ("451 5.7.3 STARTTLS is required to send mail", "tls.required", "config"),
            ("452 4.5.3 Too many mails", "protocol.overloaded", "service"),
        ],
    );
}

#[test]
fn what_is_said_to_a_mail_may_be_about_the_sender_or_a_limit() {
    all_are(
        "DATA",
        MAIL,
        &[
            // SES, SendGrid.
            ("554 Message rejected: Email address is not verified.", "request.sender-refused", "service"),
            ("550 The from address does not match a verified Sender Identity.", "request.sender-refused", "service"),
            ("454 Throttling failure: Daily message quota exceeded", "protocol.overloaded", "service"),
            ("550 5.4.5 Daily user sending quota exceeded.", "protocol.overloaded", "service"),
            ("554 5.7.9 Message not accepted for policy reasons.", "request.permission-denied", "service"),
        ],
    );
}

#[test]
fn greylisting_is_the_one_where_it_helps_to_wait() {
    let server = Mail::start(&Setup::open());
    for reply in
        ["450 4.2.0 <ops@mail.test>: Recipient address rejected: Greylisted", "451 4.7.1 Greylisting in action"]
    {
        let failure = failure_at(&server, "RCPT", reply, INQUIRY);
        assert_eq!(text(&failure, "code"), "request.recipient-refused", "{failure}");
        assert!(text(&failure, "next_step").contains("after some minutes"), "{failure}");
    }
    let lasting = failure_at(&server, "RCPT", "550 5.7.1 no", INQUIRY);
    assert!(text(&lasting, "next_step").starts_with("read the server's words"), "{lasting}");
}

#[test]
fn a_password_of_the_wrong_kind_is_a_matter_of_credentials() {
    let server = Mail::start(&Setup::open());
    let login = INQUIRY.to_owned() + &login(PASSWORD);
    for (reply, says) in [
        ("534 5.7.9 Application-specific password required.", "application password"),
        ("534-5.7.14 <https://accounts.test/signin>\r\n534 5.7.14 Please log in via your web browser", "web browser"),
    ] {
        let failure = failure_at(&server, "AUTH", reply, &login);
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), ("auth.rejected", "credentials"), "{failure}");
        assert!(text(&failure, "message").contains(says), "{failure}");
    }
}

#[test]
fn what_providers_say_to_a_login_has_its_own_causes() {
    const TENANT: &str = "535 5.7.139 Authentication unsuccessful, ";
    let login = INQUIRY.to_owned() + &login(PASSWORD);
    let of_tenant = |words: &str| format!("{TENANT}{words}");
    let switched_off = of_tenant("SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/x");
    let wrong = of_tenant("the user credentials were incorrect.");
    let rules = of_tenant("user is locked by your organization's security defaults policy.");
    all_are(
        "AUTH",
        &login,
        &[
            (&switched_off, "auth.method-unsupported", "service"),
            (&wrong, "auth.rejected", "credentials"),
            (&rules, "auth.locked", "credentials"),
            ("535 5.7.3 Authentication unsuccessful", "auth.rejected", "credentials"),
            ("432 4.3.2 Concurrent connections limit exceeded", "protocol.overloaded", "service"),
            ("454 4.7.0 Too many login attempts, please try again later.", "auth.locked", "credentials"),
            ("451 Authentication failed: Maximum credits exceeded", "protocol.overloaded", "service"),
            ("535 Authentication Credentials Invalid", "auth.rejected", "credentials"),
            ("503 5.5.1 Error: authentication not enabled", "auth.method-unsupported", "service"),
            ("550 5.7.1 Your IP 192.0.2.1 is not on the list", "auth.host-not-allowed", "service"),
        ],
    );
}

#[test]
fn a_greeting_says_whether_it_is_about_this_host() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted, owner) in [
        ("450 4.7.25 Client host rejected: cannot find your hostname", "auth.host-not-allowed", "dns"),
        ("521 5.7.1 Blocked by DNSBL", "auth.host-not-allowed", "service"),
        ("421 4.7.0 192.0.2.1 Our system has detected a low IP reputation", "auth.host-not-allowed", "service"),
        ("554 5.3.2 No system resources", "protocol.not-ready", "service"),
    ] {
        server.greet(reply);
        let failure = failure(server.address(), INQUIRY);
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), (wanted, owner), "{reply}: {failure}");
    }
}

#[test]
fn a_login_that_was_made_is_not_told_to_be_missing() {
    let server = Mail::start(&Setup::open());
    let more = INQUIRY.to_owned() + &login(PASSWORD);
    let failure = failure_at(&server, "MAIL", "530 5.7.0 Authentication required", &more);
    assert_eq!(text(&failure, "code"), "request.permission-denied", "{failure}");
    assert!(!text(&failure, "next_step").contains("set username"), "{failure}");
}
