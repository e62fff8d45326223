//! The smtp check against aiosmtpd and Exim, and against dialogues that neither of them would have.

mod logins;

use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::mail::{Mail, PASSWORD, Setup, USER};
use serde_json::Value;
use std::net::SocketAddr;

/// A file with one smtp check; `more` are options, each with a comma before it.
fn smtp(address: SocketAddr, more: &str) -> String {
    format!(
        "- {{type: smtp, host: localhost, port: {}, timeout: 5, tags: [no-nagios], from_address: app@sender.test{more}}}",
        address.port()
    )
}

const PLAIN: &str = ", use_tls: false, to_address: ops@mail.test";
const ASKING: &str = ", use_tls: false, to_address: ops@mail.test, send: false";

fn login(password: &str) -> String {
    format!(", username: {USER}, password: '{password}'")
}

/// The first check of the report on a server.
fn check(address: SocketAddr, more: &str) -> Value {
    Agent::new(&smtp(address, more)).report()["checks"][0].clone()
}

/// Code, message and owner of what fails on a server.
fn failure(address: SocketAddr, more: &str) -> Value {
    check(address, more)["failure"].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn a_mail_is_sent_once_with_all_that_a_mail_needs() {
    let server = Mail::start(&Setup::open());
    let check = check(server.address(), &(PLAIN.to_owned() + ", subject: Grüße, message: \"Hällo\\n.\\nWelt\""));
    assert_eq!(check["verdict"], "pass", "{check}");
    let mails = server.mails();
    let [mail] = &mails[..] else { panic!("{} mails: {}", mails.len(), server.log()) };
    println!("{}", mail.content);
    println!("{check}");
    assert_eq!((mail.sender.as_str(), &mail.recipients[..]), ("app@sender.test", &["ops@mail.test".to_owned()][..]));
}
