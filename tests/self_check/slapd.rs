//! slapd, asked by `OpenLDAP`'s own clients: their exit status is the result code (RFC 4511, appendix A).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use harness::certs::{Authority, Identity};
use harness::slapd::{
    BASE, ELSEWHERE, EXPIRED, HIDDEN, KEYLESS, LOCKED, PASSWORD, PAYROLL, PEOPLE, REFERRAL, RESET, SECRETS, Setup,
    Slapd, USER, answer_dn, socket_url,
};
use harness::wait;

/// An anonymous bind (RFC 4511, section 4.2) and its success.
const BIND: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
const BOUND: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0";

/// How a client logs in.
const ANONYMOUS: &[&str] = &[];
const LOGGED_IN: &[&str] = &["-D", USER, "-w", PASSWORD];

/// The exit status of a client, and all it printed.
fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("a client runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("a status"), String::from_utf8_lossy(&said).into_owned())
}

/// A bind that asks for what the password policy says (control 1.3.6.1.4.1.42.2.27.8.5.1).
fn bind(url: &str, dn: &str, password: &str) -> (i32, String) {
    run(Command::new("ldapwhoami").args(["-x", "-H", url, "-e", "ppolicy", "-D", dn, "-w", password]))
}

/// A client that searches one entry itself.
fn searching(url: &str, login: &[&str], base: &str) -> Command {
    let mut command = Command::new("ldapsearch");
    command.args(["-x", "-LLL", "-H", url]).args(login).args(["-s", "base", "-b", base]);
    command
}

fn search(url: &str, login: &[&str], base: &str) -> (i32, String) {
    run(&mut searching(url, login, base))
}

/// A search over TLS, as the user, with a certificate where there is one.
fn search_over_tls(url: &str, starttls: bool, ca: &Authority, identity: Option<&Identity>) -> (i32, String) {
    let mut command = searching(url, LOGGED_IN, BASE);
    if starttls {
        command.arg("-ZZ");
    }
    command.env("LDAPTLS_CACERT", ca.file());
    if let Some(identity) = identity {
        command.env("LDAPTLS_CERT", identity.certificate_file()).env("LDAPTLS_KEY", identity.key_file());
    }
    run(&mut command)
}

fn plain(slapd: &Slapd) -> String {
    format!("ldap://{}", slapd.address())
}

fn over_tls(slapd: &Slapd) -> String {
    format!("ldaps://{}", slapd.tls_address())
}

/// All that is answered on a plain connection until it is closed, by slapd.
fn said_at_the_end(slapd: &Slapd, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(slapd.address()).expect("slapd listens");
    stream.set_read_timeout(Some(wait::PATIENCE)).expect("a time-out");
    stream.write_all(request).expect("slapd reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("slapd closes");
    answer
}

#[test]
fn every_user_of_slapd_is_answered_as_the_table_says() {
    let slapd = Slapd::start(&Setup::plain());
    let url = plain(&slapd);
    let says = |dn: &str, password: &str, code: i32, words: &str| {
        let (status, said) = bind(&url, dn, password);
        assert!(status == code && said.contains(words), "{dn}: {status} {said}");
    };
    says(USER, PASSWORD, 0, &format!("dn:{USER}"));
    says(USER, "wrong", 49, "Invalid credentials");
    says(LOCKED, PASSWORD, 49, "Account locked");
    says(EXPIRED, PASSWORD, 49, "Password expired");
    says(RESET, PASSWORD, 0, "Password must be changed");
    says(KEYLESS, PASSWORD, 49, "Invalid credentials");
    says("app", PASSWORD, 34, "invalid DN");
    assert_eq!((slapd.binds(0), slapd.binds(49), slapd.binds(34)), (2, 4, 1), "{}", slapd.log());
}

#[test]
fn every_branch_of_slapd_is_answered_as_the_table_says() {
    let slapd = Slapd::start(&Setup::plain());
    let url = plain(&slapd);
    let code = |login: &[&str], base: &str| search(&url, login, base).0;
    assert_eq!((code(ANONYMOUS, BASE), code(LOGGED_IN, BASE)), (0, 0));
    assert_eq!((code(ANONYMOUS, PEOPLE), code(LOGGED_IN, PEOPLE)), (50, 0));
    assert_eq!((code(ANONYMOUS, PAYROLL), code(LOGGED_IN, PAYROLL)), (50, 50));
    assert_eq!((code(ANONYMOUS, SECRETS), code(LOGGED_IN, SECRETS)), (32, 32));
    assert_eq!(
        search(&url, LOGGED_IN, PEOPLE),
        (0, format!("dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n"))
    );
    assert_eq!(search(&url, LOGGED_IN, HIDDEN), (0, String::new()));
    assert_eq!(code(LOGGED_IN, "ou=nowhere,dc=example,dc=com"), 32);
    assert_eq!(code(&["-D", RESET, "-w", PASSWORD], BASE), 50);
    let (status, said) = search(&url, LOGGED_IN, ELSEWHERE);
    assert!(status == 10 && said.contains(REFERRAL), "{status} {said}");
}

#[test]
fn every_option_of_slapd_refuses_what_the_table_says() {
    let refused = |option: &str, login: &[&str], code: i32, words: &str| {
        let slapd = Slapd::start(&Setup::plain().option(option));
        let (status, said) = search(&plain(&slapd), login, BASE);
        assert!(status == code && said.contains(words), "{option}: {status} {said}");
    };
    refused("disallow bind_anon", ANONYMOUS, 48, "anonymous bind disallowed");
    refused("disallow bind_simple", LOGGED_IN, 53, "unwilling to perform simple authentication");
    refused("require authc", ANONYMOUS, 53, "authentication required");
    refused("require SASL", LOGGED_IN, 8, "SASL authentication required");
    refused("security simple_bind=1", LOGGED_IN, 13, "confidentiality required");
    refused("security tls=1", ANONYMOUS, 13, "TLS confidentiality required");
}

#[test]
fn slapd_that_requires_a_bind_answers_a_search_without_one_with_an_operations_error() {
    let slapd = Slapd::start(&Setup::plain().option("require bind"));
    let mut stream = TcpStream::connect(slapd.address()).expect("slapd listens");
    let search = b"\x30\x25\x02\x01\x01\x63\x20\x04\0\x0a\x01\0\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\xff\x87\x0bobjectClass\x30\0";
    stream.write_all(search).expect("slapd reads");
    let mut answer = [0; 27];
    stream.read_exact(&mut answer).expect("slapd answers");
    assert_eq!(answer, *b"\x30\x19\x02\x01\x01\x65\x14\x0a\x01\x01\x04\0\x04\x0dBIND required");
}

#[test]
fn slapd_speaks_tls_on_both_ports_and_may_want_it() {
    let ca = Authority::new();
    let slapd = Slapd::start(&Setup::tls(&ca.valid()).option("security tls=1"));
    assert_eq!(search(&plain(&slapd), LOGGED_IN, BASE).0, 13);
    let starttls = search_over_tls(&plain(&slapd), true, &ca, None);
    assert_eq!(starttls.0, 0, "{starttls:?}");
    let tls = search_over_tls(&over_tls(&slapd), false, &ca, None);
    assert_eq!(tls.0, 0, "{tls:?}");
    let without = search_over_tls(&plain(&Slapd::start(&Setup::plain())), true, &ca, None);
    assert!(without.1.contains("unsupported extended operation"), "{without:?}");
}

#[test]
fn slapd_may_want_a_client_certificate() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let slapd = Slapd::start(&Setup::tls(&ca.valid()).requiring(&clients));
    let code = |identity: Option<&Identity>| search_over_tls(&over_tls(&slapd), false, &ca, identity).0;
    assert_eq!(code(Some(&clients.client("app"))), 0, "{}", slapd.log());
    assert_ne!(code(None), 0);
    assert_ne!(code(Some(&Authority::new().client("app"))), 0);
}

#[test]
fn slapd_listens_on_a_unix_socket() {
    let slapd = Slapd::start(&Setup::plain());
    assert_eq!(search(&socket_url(&slapd.socket()), LOGGED_IN, PEOPLE).0, 0);
}

#[test]
fn slapd_answers_what_it_is_told_to_answer() {
    let slapd = Slapd::start(
        &Setup::plain().answer("busy", 51, "text=\"too much to do\"").answer("cut", 52, "flags=pre-disconnect").notice(
            "leaving",
            52,
            "going down",
        ),
    );
    let (status, said) = bind(&plain(&slapd), &answer_dn("busy"), PASSWORD);
    assert!(status == 51 && said.contains("too much to do"), "{status} {said}");
    assert_eq!(search(&plain(&slapd), LOGGED_IN, &answer_dn("busy")).0, 51);
    let said = |name: &str| said_at_the_end(&slapd, &simple_bind(&answer_dn(name)));
    assert_eq!(said("cut"), b"");
    assert_eq!(
        said("leaving"),
        b"\x30\x2e\x02\x01\0\x78\x29\x0a\x01\x34\x04\0\x04\x0agoing down\x8a\x161.3.6.1.4.1.1466.20036"
    );
}

#[test]
fn slapd_with_few_connections_closes_the_next() {
    let slapd = Slapd::start(&Setup::plain().few_connections());
    let mut held = Vec::new();
    // Closed without a byte: it is full.
    while let Some(stream) = bound(&slapd) {
        held.push(stream);
    }
    assert!((3..20).contains(&held.len()), "{}", held.len());
    held.clear();
    wait::until("a free connection", || bound(&slapd).is_some());
}

#[test]
fn slapd_ends_without_a_notice() {
    let mut slapd = Slapd::start(&Setup::plain());
    let mut stream = bound(&slapd).expect("slapd answers");
    slapd.daemon().stop();
    assert_eq!(stream.read(&mut [0]).expect("slapd closes"), 0);
}

/// A bind with some password, of a name that is short enough for lengths of one byte.
fn simple_bind(dn: &str) -> Vec<u8> {
    let short = |bytes: usize| u8::try_from(bytes).expect("short");
    let request = [&[2, 1, 3, 4, short(dn.len())], dn.as_bytes(), &[0x80, 1, b'x']].concat();
    [&[0x30, short(request.len() + 5), 2, 1, 1, 0x60, short(request.len())], &request[..]].concat()
}

/// A connection that is bound anonymously; none when slapd closes it.
fn bound(slapd: &Slapd) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(slapd.address()).expect("slapd listens");
    stream.write_all(BIND).ok()?;
    let mut answer = [0; BOUND.len()];
    stream.read_exact(&mut answer).ok()?;
    assert_eq!(answer, *BOUND);
    Some(stream)
}
