//! The smtp check against aiosmtpd and Exim, and against dialogues that neither of them would have.

mod logins;
mod peers;
mod postfix;
mod reasons;
mod refusals;
mod tls;
mod turns;

use harness::agent::{Agent, code, verdict_of};
use harness::exim::{self, Exim};
use harness::mail::{Mail, PASSWORD, Setup, USER};
use harness::wait;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The common options, with what a mail needs.
const MAIL: &str = ", use_tls: false, to_address: ops@mail.test";

/// The same, without sending it.
const INQUIRY: &str = ", use_tls: false, to_address: ops@mail.test, send: false";

/// A file with one smtp check; `more` are options, each with a comma before it.
fn smtp(address: SocketAddr, more: &str) -> String {
    let port = address.port();
    format!("- {{type: smtp, host: 127.0.0.1, port: {port}, tags: [no-nagios], from_address: app@sender.test{more}}}")
}

/// The options of a login to aiosmtpd.
fn login(password: &str) -> String {
    format!(", username: {USER}, password: '{password}'")
}

/// The first check of the report on a server.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&smtp(address, more)).report()["checks"][0].clone()
}

/// The failure of the first check of the report on a server.
fn failure(address: SocketAddr, more: &str) -> Value {
    check(address, more)["failure"].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn a_mail_is_sent_once_with_all_that_a_mail_needs() {
    let server = Mail::start(&Setup::open());
    let check = check(server.address(), &(MAIL.to_owned() + ", subject: Grüße, message: \"Hällo\\n.\\nWelt\""));
    assert_eq!(check["verdict"], "pass", "{check}");
    let mails = server.mails();
    let [mail] = &mails[..] else { panic!("{} mails: {}", mails.len(), server.log()) };
    assert_eq!((mail.sender.as_str(), &mail.recipients[..]), ("app@sender.test", &["ops@mail.test".to_owned()][..]));
    let (header, body) = mail.content.split_once("\r\n\r\n").expect("header and body");
    let id = text(&check["facts"], "message_id");
    for line in [
        "From: app@sender.test",
        "To: ops@mail.test",
        "Subject: =?utf-8?b?R3LDvMOfZQ==?=",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        &format!("Message-ID: {id}"),
    ] {
        assert!(header.lines().any(|one| one == line), "{line} is not in\n{header}");
    }
    assert!(header.contains("Date: ") && header.contains(" +0000"), "{header}");
    assert_eq!(body, "H=C3=A4llo\r\n.\r\nWelt\r\n");
    assert_eq!(text(&check["facts"], "accepted_with"), "250 2.0.0 queued as 4711");
    // The check says goodbye, and waits for the answer no longer than a moment.
    wait::until_count("goodbyes", 1, || server.goodbyes());
}

#[test]
fn an_inquiry_leaves_no_mail_behind() {
    let server = Mail::start(&Setup::open());
    for (more, resets) in [(INQUIRY, 1), (", use_tls: false, send: false", 1)] {
        let check = check(server.address(), more);
        assert_eq!(check["verdict"], "pass", "{check}");
        assert_eq!((server.mails().len(), server.resets()), (0, resets), "{}", server.log());
    }
    wait::until_count("goodbyes", 2, || server.goodbyes());
    assert!(server.log().contains("RCPT TO:<ops@mail.test>"), "{}", server.log());
}

#[test]
fn two_mails_have_two_ids_and_the_default_texts() {
    let server = Mail::start(&Setup::open());
    let yaml = format!("{0}\n{0}", smtp(server.address(), MAIL));
    let report = Agent::new(&yaml).report();
    assert_eq!(report["counts"]["pass"], 4, "{report}");
    let ids: Vec<_> = (0..2).map(|index| text(&report["checks"][index]["facts"], "message_id").to_owned()).collect();
    assert_ne!(ids[0], ids[1]);
    assert!(ids[0].ends_with("@sender.test>"), "{ids:?}");
    assert!(server.mails().iter().all(|mail| mail.content.contains("Subject: conn-check test mail\r\n")));
}

#[test]
fn the_results_are_named_and_the_server_says_who_it_is() {
    let server = Exim::start(&exim::Setup::open());
    let port = server.address().port();
    let check = check(server.address(), INQUIRY);
    let names: Vec<_> = check["results"].as_array().expect("results").iter().map(|one| text(one, "name")).collect();
    assert_eq!(names, [format!("tcp:127.0.0.1:{port}"), format!("smtp:127.0.0.1:{port}")]);
    let phases: Vec<_> = check["phases"].as_array().expect("phases").iter().map(|one| text(one, "phase")).collect();
    assert_eq!(phases, ["resolve", "connect", "protocol", "request"]);
    let facts = &check["facts"];
    assert!(text(facts, "server_version").starts_with("ESMTP Exim 4."), "{facts}");
    assert!(facts["extensions"].as_array().is_some_and(|all| all.contains(&json!("PIPELINING"))), "{facts}");
    assert!(
        ["[127.0.0.1]", "[IPv6:::1]"].contains(&text(facts, "introduced_as"))
            || text(facts, "introduced_as").contains('.')
    );
}

#[test]
fn exim_takes_one_mail() {
    let server = Exim::start(&exim::Setup::open());
    let check = check(server.address(), MAIL);
    assert_eq!(check["verdict"], "pass", "{check} {}", server.log());
    assert_eq!(server.mails(), 1, "{}", server.log());
    assert!(text(&check["facts"], "accepted_with").starts_with("250 OK id="), "{check}");
    assert!(server.log().contains(text(&check["facts"], "message_id").trim_matches(['<', '>'])), "{}", server.log());
}

#[test]
fn addresses_of_all_the_world_need_a_server_that_takes_them() {
    let more = ", use_tls: false, to_address: grüße@bücher.test, send: false";
    let server = Mail::start(&Setup::open().utf8());
    assert_eq!(verdict_of(&smtp(server.address(), more)), "pass", "{}", server.log());
    let without = Mail::start(&Setup::open());
    let failure = failure(without.address(), more);
    assert_eq!(text(&failure, "code"), "request.recipient-refused");
    assert!(text(&failure, "message").contains("SMTPUTF8"), "{failure}");
    // The domain alone has an ASCII form of its own.
    let domain = ", use_tls: false, to_address: ops@bücher.test, send: false";
    assert_eq!(verdict_of(&smtp(without.address(), domain)), "pass", "{}", without.log());
    assert!(without.log().contains("ops@xn--bcher-kva.test"), "{}", without.log());
}

#[test]
fn only_what_is_asked_for_is_done() {
    let server = Mail::start(&Setup::open());
    let report = Agent::new(&smtp(server.address(), MAIL)).arg("tcp:*").report();
    assert_eq!(code(&report), "pass", "{report}");
    assert_eq!((server.hellos().len(), server.mails().len()), (0, 0), "{}", server.log());
}

#[test]
fn a_check_that_sends_is_warned_about_unless_nagios_leaves_it_alone() {
    let warned = |yaml: &str| {
        let ran = Agent::new(yaml).args(["--validate", "--strict"]).run();
        assert_eq!(ran.status == 3, ran.err.contains("mail-by-nagios"), "{ran:?}");
        ran.status == 3
    };
    let yaml = "- {type: smtp, host: h, port: 25, from_address: a@b.c, to_address: a@b.c}";
    assert!(warned(yaml));
    assert!(warned(&yaml.replace('}', ", tags: [mail]}")));
    assert!(!warned(&yaml.replace('}', ", tags: [mail, no-nagios]}")));
    assert!(!warned(&yaml.replace('}', ", send: false}")));
}
