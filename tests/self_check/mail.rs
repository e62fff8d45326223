//! The mail server, given mails by curl.

use harness::certs::Authority;
use harness::exim::{self, Exim};
use harness::mail::{Delivered, Login, Mail, PASSWORD, Setup, USER};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// Sends a mail with curl, and returns curl's exit status.
fn send(url: &str, more: &[&str]) -> i32 {
    let note = concat!(env!("CARGO_MANIFEST_DIR"), "/packages.txt");
    let mut curl = Command::new("curl");
    curl.args([
        "-q",
        "--silent",
        // A line of 1,000 bytes and more is refused, and only CR LF ends one (RFC 5321 section 4.5.3.1.6).
        "--crlf",
        "--max-time",
        "10",
        "--mail-from",
        "a@mail.test",
        "--mail-rcpt",
        "b@mail.test",
        "--upload-file",
        note,
    ]);
    curl.args(more).arg(url).status().expect("curl runs").code().expect("an exit status")
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://localhost:{}/client.test", address.port())
}

fn trusting(ca: &Path) -> [&str; 2] {
    ["--cacert", ca.to_str().expect("a path")]
}

#[test]
fn a_mail_is_kept_with_its_envelope() {
    let mail = Mail::start(&Setup::open());
    assert_eq!(send(&url("smtp", mail.address()), &[]), 0, "{}", mail.log());
    let [Delivered { sender, recipients, content, tls: false }] = &mail.mails()[..] else { panic!("{}", mail.log()) };
    assert_eq!((sender.as_str(), recipients.join(" ").as_str()), ("a@mail.test", "b@mail.test"));
    assert!(content.contains("python3-aiosmtpd"), "{content}");
    assert_eq!((mail.hellos(), mail.goodbyes()), (vec!["client.test".to_owned()], 1));
}

#[test]
fn logins_are_asked_for_and_noted() {
    let ca = Authority::new();
    let mail = Mail::start(&Setup::open().tls(&ca.valid()).login_required());
    // curl's exit statuses: 55, a command was refused; 67, the login was.
    assert_eq!(send(&url("smtp", mail.address()), &[]), 55, "{}", mail.log());
    let wrong = format!("{USER}:wrong");
    let right = format!("{USER}:{PASSWORD}");
    let [option, file] = trusting(ca.file());
    for (scheme, address, starttls) in
        [("smtp", mail.address(), "--ssl-reqd"), ("smtps", mail.tls_address(), "--silent")]
    {
        assert_eq!(send(&url(scheme, address), &[option, file, starttls, "--user", &wrong]), 67, "{}", mail.log());
        assert_eq!(send(&url(scheme, address), &[option, file, starttls, "--user", &right]), 0, "{}", mail.log());
    }
    let accepted: Vec<_> = mail.logins().into_iter().map(|Login { accepted, .. }| accepted).collect();
    assert_eq!((accepted, mail.mails().len()), (vec![false, true, false, true], 2));
    assert!(mail.mails().iter().all(|mail| mail.tls));
}

#[test]
fn what_it_is_told_to_refuse_it_refuses() {
    let setup = Setup::open().refusing("b@mail.test", "550 5.1.1 nobody");
    assert_eq!(send(&url("smtp", Mail::start(&setup).address()), &[]), 55);
    let busy = Mail::start(&Setup::open());
    busy.greet("421 4.3.2 too busy");
    assert_eq!(send(&url("smtp", busy.address()), &[]), 8);
}

#[test]
fn exim_queues_the_mails_of_those_who_may_send() {
    let ca = Authority::new();
    let exim = Exim::start(&exim::Setup::open().tls(&ca.valid()).login_needs_tls());
    let [option, file] = trusting(ca.file());
    let user = |password: &str| format!("{}:{password}", exim::USER);
    let abroad = ["--mail-rcpt", "c@elsewhere.test"];
    assert_eq!(send(&url("smtp", exim.address()), &[]), 0, "{}", exim.log());
    assert_eq!(send(&url("smtp", exim.address()), &abroad), 55, "{}", exim.log());
    assert_eq!(send(&url("smtps", exim.tls_address()), &[option, file, "--user", &user("wrong")]), 67);
    let login = [option, file, "--user", &user(exim::PASSWORD)];
    assert_eq!(send(&url("smtps", exim.tls_address()), &[&login[..], &abroad].concat()), 0, "{}", exim.log());
    let starttls = [&login[..], &["--ssl-reqd"], &abroad].concat();
    assert_eq!(send(&url("smtp", exim.address()), &starttls), 0, "{}", exim.log());
    assert_eq!(exim.mails(), 3, "{}", exim.log());
}
