//! How often an smtp check waits for its server: the turns of the client behind the greeting.

use super::*;
use harness::certs::Authority;
use harness::forwarder::Forwarder;

/// The turns of one passing check, and how many were run for it: on a busy machine a server may keep one waiting for a
/// second, and is looked at on connections beside the check's.
fn counted(server: SocketAddr, more: &str) -> (usize, usize) {
    const ENOUGH: usize = 10;
    for run in 1..=ENOUGH {
        let way = Forwarder::start(server);
        let report = Agent::new(&smtp(way.address(), more)).report();
        assert_eq!(code(&report), "pass", "{report}");
        // The check waits for the goodbye no longer than a moment.
        wait::until("the goodbye", || way.open() == 0);
        if way.connections() == 1 {
            return (way.turns(), run);
        }
    }
    panic!("{ENOUGH} checks had each to wait for a second");
}

/// The turns alone.
fn turns(server: SocketAddr, more: &str) -> usize {
    counted(server, more).0
}

#[test]
fn a_flight_is_one_turn_where_the_server_takes_it() {
    let exim = Exim::start(&exim::Setup::open());
    let login = format!(", username: {}, password: {}", exim::USER, exim::PASSWORD);
    // EHLO; AUTH; MAIL, RCPT, RSET and QUIT.
    assert_eq!(turns(exim.address(), &(INQUIRY.to_owned() + &login)), 3);
    assert_eq!(turns(exim.address(), INQUIRY), 2);
    // EHLO; AUTH; MAIL, RCPT and DATA; the mail and QUIT.
    let (turns_of_mail, mails) = counted(exim.address(), &(MAIL.to_owned() + &login));
    assert_eq!(turns_of_mail, 4);
    assert_eq!(exim.mails(), mails, "{}", exim.log());
    // EHLO; AUTH; QUIT.
    assert_eq!(turns(exim.address(), &(", use_tls: false, send: false".to_owned() + &login)), 3);
    assert!(!exim.log().contains("synchronization"), "{}", exim.log());
}

#[test]
fn other_servers_get_their_commands_one_by_one() {
    let server = Mail::start(&Setup::open());
    // EHLO, AUTH, MAIL, RCPT, RSET, QUIT.
    assert_eq!(turns(server.address(), &(INQUIRY.to_owned() + &login(PASSWORD))), 6);
    // EHLO, AUTH, MAIL, RCPT, DATA, the mail, QUIT.
    assert_eq!(turns(server.address(), &(MAIL.to_owned() + &login(PASSWORD))), 7);
    let exim = Exim::start(&exim::Setup::open().without_pipelining());
    assert_eq!(turns(exim.address(), INQUIRY), 5);
}

#[test]
fn tls_adds_its_handshake_and_starttls_two_turns_before_it() {
    let ca = Authority::new();
    // OpenSSL, which sends each of its flights in one piece; GnuTLS does not.
    let server = Mail::start(&Setup::open().tls(&ca.valid()).offering("PIPELINING"));
    let tls = format!(", ca_file: {}, to_address: ops@mail.test, send: false", ca.file().display());
    let more = |how: &str| format!("{tls}, use_tls: {how}{}", login(PASSWORD));
    // ClientHello; Finished; EHLO; AUTH; MAIL, RCPT, RSET and QUIT.
    assert_eq!(turns(server.tls_address(), &more("true")), 5);
    // EHLO; STARTTLS; ClientHello; Finished and EHLO; AUTH; MAIL, RCPT, RSET and QUIT. The server's
    // tickets may cross with the second EHLO, which is a turn that nobody waits for.
    let starttls = turns(server.address(), &more("starttls"));
    assert!((6..=7).contains(&starttls), "{starttls} turns");
}
