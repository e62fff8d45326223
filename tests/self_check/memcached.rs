//! memcached, with its logins and its limit.

use harness::memcached::{Memcached, PASSWORD, Setup, USER};

#[test]
fn the_text_login_is_wanted_and_accepted() {
    let memcached = Memcached::start(&Setup::new().text_login());
    assert_eq!(memcached.ask("version\r\n"), "CLIENT_ERROR unauthenticated\r\n");
    let login = format!("{USER} {PASSWORD}");
    assert_eq!(memcached.ask(format!("set login 0 0 {}\r\n{login}\r\n", login.len())), "STORED\r\n");
}

#[test]
fn sasl_names_its_mechanism_and_a_full_server_turns_clients_away() {
    let mut list_mechanisms = [0; 24];
    (list_mechanisms[0], list_mechanisms[1]) = (0x80, 0x20);
    let ask = |setup: Setup| Memcached::start(&setup).ask(list_mechanisms);
    assert!(ask(Setup::new().sasl()).ends_with("PLAIN"));
    assert!(ask(Setup::new().sasl_without_plain()).ends_with("CRAM-MD5"));
    let memcached = Memcached::start(&Setup::new().few_connections());
    let held = memcached.fill();
    assert!(held.len() > 2, "{}", held.len());
    assert_eq!(memcached.ask("version\r\n"), "ERROR Too many open connections\r\n");
}
