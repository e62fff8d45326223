//! What mail servers refuse, and what it is called.

use super::*;

/// The failure's code on a server that answers a command with this reply.
fn code_of(server: &Mail, command: &str, reply: &str, more: &str) -> String {
    server.answer(command, reply);
    let report = Agent::new(&smtp(server.address(), more)).report();
    let failure = &report["checks"][0]["failure"];
    assert_eq!(text(failure, "evidence"), reply, "{report}");
    assert_eq!(server.mails().len(), 0);
    text(failure, "code").to_owned()
}

#[test]
fn senders_and_recipients_are_refused_by_name() {
    for pipelining in [false, true] {
        let setup = Setup::open().refusing("bad@sender.test", "550 5.7.1 no such sender");
        let setup = setup.refusing("gone@mail.test", "550 5.1.1 no such mailbox");
        let setup = if pipelining { setup.offering("PIPELINING") } else { setup };
        let server = Mail::start(&setup);
        for (send, goodbyes) in [("false", 2), ("true", 4)] {
            let to = format!(", use_tls: false, to_address: gone@mail.test, send: {send}");
            let recipient = failure(server.address(), &to);
            assert_eq!((text(&recipient, "code"), text(&recipient, "owner")), ("request.recipient-refused", "service"));
            assert_eq!(text(&recipient, "evidence"), "550 5.1.1 no such mailbox");
            let yaml = smtp(server.address(), &format!("{MAIL}, send: {send}")).replace("app@", "bad@");
            let report = Agent::new(&yaml).report();
            assert_eq!(code(&report), "request.sender-refused", "{report}");
            assert_eq!(report["checks"][0]["failure"]["evidence"], "550 5.7.1 no such sender");
            wait::until_count("goodbyes", goodbyes, || server.goodbyes());
            assert_eq!(server.mails().len(), 0, "{}", server.log());
        }
    }
}

#[test]
fn exim_refuses_in_a_flight() {
    let server = Exim::start(&exim::Setup::open());
    for send in ["false", "true"] {
        let more = format!(", use_tls: false, to_address: {}, send: {send}", exim::UNKNOWN);
        let failure = failure(server.address(), &more);
        assert_eq!(
            (text(&failure, "code"), text(&failure, "evidence")),
            ("request.recipient-refused", "550 no such user here")
        );
    }
    assert_eq!(server.mails(), 0);
    assert!(!server.log().contains("synchronization"), "{}", server.log());
}

#[test]
fn what_is_said_of_a_sender_decides_whose_fault_it_is() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted) in [
        ("550 5.7.1 rejected", "request.sender-refused"),
        ("553 5.1.8 no such domain", "request.sender-refused"),
        ("450 4.1.8 the domain cannot be found now", "request.sender-refused"),
        ("452 4.3.1 Insufficient system storage", "protocol.not-ready"),
        ("451 local error", "protocol.not-ready"),
        ("421 4.3.2 shutting down", "protocol.overloaded"),
        ("530 5.7.0 Authentication required", "auth.required"),
        ("530 5.7.0 Must issue a STARTTLS command first", "tls.required"),
        ("530 5.7.10 Encryption Needed", "tls.required"),
        ("354 go on", "protocol.malformed"),
    ] {
        assert_eq!(code_of(&server, "MAIL", reply, INQUIRY), wanted, "{reply}");
    }
}

#[test]
fn what_is_said_of_a_recipient_decides_whose_fault_it_is() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted) in [
        ("550 5.1.1 no such user", "request.recipient-refused"),
        ("551 5.1.6 moved", "request.recipient-refused"),
        ("553 no", "request.recipient-refused"),
        ("554 5.7.1 Relay access denied", "request.recipient-refused"),
        ("450 mailbox busy", "request.recipient-refused"),
        ("450 4.2.0 Greylisted", "request.recipient-refused"),
        ("452 4.2.2 Mailbox full", "request.recipient-refused"),
        ("451 4.3.0 try again later", "protocol.not-ready"),
        ("452 insufficient storage", "protocol.not-ready"),
    ] {
        assert_eq!(code_of(&server, "RCPT", reply, INQUIRY), wanted, "{reply}");
    }
}

#[test]
fn what_is_said_of_a_mail_decides_whose_fault_it_is() {
    let all = Mail::start(&Setup::open());
    for (reply, wanted) in [
        ("554 5.7.1 looks like spam", "request.permission-denied"),
        ("552 5.3.4 too big", "request.permission-denied"),
        ("552 5.2.2 mailbox full", "request.recipient-refused"),
        ("451 4.3.0 try again later", "protocol.not-ready"),
        ("421 4.3.2 shutting down", "protocol.overloaded"),
    ] {
        assert_eq!(code_of(&all, "DATA", reply, MAIL), wanted, "{reply}");
        let server = Mail::start(&Setup::open().refusing_mails(reply));
        let failure = failure(server.address(), MAIL);
        assert_eq!((text(&failure, "code"), text(&failure, "evidence")), (wanted, reply));
        wait::until_count("goodbyes", 1, || server.goodbyes());
    }
    assert_eq!(code_of(&all, "DATA", "250 already", MAIL), "protocol.malformed");
}

#[test]
fn a_mail_that_is_too_long_is_refused_by_the_server_itself() {
    let server = Mail::start(&Setup::open().at_most(1000));
    let more = format!("{MAIL}, message: '{}'", "0123456789 ".repeat(100));
    let failure = failure(server.address(), &more);
    assert_eq!(text(&failure, "code"), "request.permission-denied");
    assert_eq!(text(&failure, "evidence"), "552 Error: Too much mail data");
}

#[test]
fn a_greeting_that_is_none_says_why() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted, owner) in [
        ("421 4.3.2 too many connections", "protocol.overloaded", "service"),
        ("450 4.3.2 come back", "protocol.not-ready", "service"),
        ("554 5.7.1 your address is on a list", "auth.host-not-allowed", "service"),
        ("521 takes no mail", "protocol.wrong-service", "config"),
    ] {
        server.greet(reply);
        let failure = failure(server.address(), INQUIRY);
        assert_eq!((text(&failure, "code"), text(&failure, "owner")), (wanted, owner), "{failure}");
        assert_eq!(text(&failure, "evidence"), reply);
    }
}

#[test]
fn exim_is_full_or_lets_nobody_in() {
    let server = Exim::start(&exim::Setup::open().at_most(1));
    let guest = std::net::TcpStream::connect(server.address()).expect("a connection");
    let mut banner = [0; 4];
    std::io::Read::read_exact(&mut &guest, &mut banner).expect("a greeting");
    let full = failure(server.address(), INQUIRY);
    assert_eq!((text(&full, "code"), text(&full, "owner")), ("protocol.overloaded", "service"), "{full}");
    drop(guest);
    let closed = failure(Exim::start(&exim::Setup::open().for_nobody()).address(), INQUIRY);
    assert_eq!(text(&closed, "code"), "auth.host-not-allowed", "{closed}");
}

#[test]
fn a_server_without_ehlo_is_greeted_again_only_when_that_is_wanted() {
    for reply in ["500 unknown command", "502 5.5.1 not implemented"] {
        let server = Mail::start(&Setup::open().answering("EHLO", reply));
        let failure = failure(server.address(), INQUIRY);
        assert_eq!(text(&failure, "code"), "protocol.unsupported-version", "{failure}");
        assert!(text(&failure, "next_step").contains("helo_fallback"), "{failure}");
        assert!(!server.log().contains(">> b'HELO"), "{}", server.log());
        assert_eq!(verdict_of(&smtp(server.address(), &(MAIL.to_owned() + ", helo_fallback: true"))), "pass");
        assert_eq!(server.mails().len(), 1);
    }
    let server = Mail::start(&Setup::open().answering("EHLO", "502 no").answering("HELO", "550 no"));
    let failure = failure(server.address(), &(INQUIRY.to_owned() + ", helo_fallback: true"));
    assert_eq!((text(&failure, "code"), text(&failure, "evidence")), ("auth.host-not-allowed", "550 no"));
}

#[test]
fn a_name_that_the_server_does_not_like_is_no_matter_of_versions() {
    let server = Mail::start(&Setup::open());
    for (reply, wanted) in [
        ("501 5.5.4 invalid EHLO argument", "auth.host-not-allowed"),
        ("550 5.7.1 access denied", "auth.host-not-allowed"),
        ("451 4.3.0 later", "protocol.not-ready"),
        ("530 Please login with USER and PASS.", "protocol.wrong-service"),
    ] {
        assert_eq!(code_of(&server, "EHLO", reply, INQUIRY), wanted, "{reply}");
    }
}

#[test]
fn silence_has_the_code_of_the_step_that_waited() {
    let steps = [
        ("EHLO", "protocol.timeout"),
        ("MAIL", "request.timeout"),
        ("RCPT", "request.timeout"),
        ("DATA", "request.timeout"),
        ("QUIT", "pass"),
    ];
    let servers = steps.map(|(command, _)| Mail::start(&Setup::open().mute_at(command)));
    let more = MAIL.to_owned() + ", timeout: 1";
    let yaml: String = servers.iter().map(|server| smtp(server.address(), &more) + "\n").collect();
    let report = Agent::new(&yaml).report();
    for ((command, wanted), check) in steps.iter().zip(report["checks"].as_array().expect("checks")) {
        let told = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str());
        assert_eq!(told, Some(*wanted), "{command}: {check}");
    }
}
