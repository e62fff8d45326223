//! The same check against a server that others wrote.

use super::{check, code_and_owner, failure, login, mongodb, passes, text, tls};
use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::ferretdb::Ferretdb;
use harness::forwarder::Forwarder;
use harness::mongodb::{PASSWORD, USER};

#[test]
fn ferretdb_accepts_the_login_over_tcp_tls_and_a_socket() {
    let ca = Authority::new();
    let Some(server) = Ferretdb::or_skip(Some(&ca.valid())) else { return };
    let check = passes(server.address(), &login());
    assert_eq!(check["facts"]["server_role"], "standalone", "{check}");
    assert_eq!(passes(server.tls_address(), &(login() + &tls(ca.file())))["facts"]["tls_verified"], true);
    let socket = format!("- {{type: mongodb, host: {}{}}}", server.socket().display(), login());
    assert_eq!(code(&Agent::new(&socket).report()), "pass");
}

#[test]
fn ferretdb_takes_a_turn_more_than_mongod() {
    let Some(server) = Ferretdb::or_skip(None) else { return };
    let way = Forwarder::start(server.address());
    passes(way.address(), &login());
    assert_eq!((way.turns(), way.connections()), (5, 1));
}

#[test]
fn ferretdb_refuses_with_the_codes_of_mongod() {
    let Some(server) = Ferretdb::or_skip(None) else { return };
    for (more, wanted) in [
        (login().replace(PASSWORD, "hunter2"), ("auth.rejected", "credentials")),
        (login().replace(USER, "nobody"), ("auth.rejected", "credentials")),
        (login() + ", auth_source: admin", ("auth.rejected", "credentials")),
        (String::new(), ("auth.required", "config")),
        (login() + ", replica_set: rs0", ("request.unexpected-reply", "config")),
        (login() + ", role: secondary", ("request.unexpected-reply", "service")),
    ] {
        let failure = failure(server.address(), &more);
        assert_eq!(code_and_owner(&failure), wanted, "{more}: {failure}");
    }
}

#[test]
fn ferretdb_with_and_without_tls_on_the_wrong_port() {
    let ca = Authority::new();
    let Some(server) = Ferretdb::or_skip(Some(&ca.valid())) else { return };
    // It takes the handshake for the beginning of a long message, and waits for the rest; the second
    // look tells.
    let yaml = mongodb(server.address(), ", use_tls: true").replace("timeout: 5", "timeout: 0.4");
    assert_eq!(code(&Agent::new(&yaml).report()), "tls.not-tls");
    // It hangs up without a word, as mongod does; the peek, which asks in TLS too, tells.
    assert_eq!(text(&failure(server.tls_address(), ""), "code"), "tls.required");
    let stranger = Authority::new();
    assert_eq!(text(&failure(server.tls_address(), &tls(stranger.file())), "code"), "tls.untrusted");
}

#[test]
fn ferretdb_frozen_and_stopped() {
    let Some(mut server) = Ferretdb::or_skip(None) else { return };
    server.daemon().freeze();
    let yaml = mongodb(server.address(), &login()).replace("timeout: 5", "timeout: 0.4");
    assert_eq!(code(&Agent::new(&yaml).report()), "protocol.silent");
    server.daemon().thaw();
    passes(server.address(), &login());
    server.daemon().stop();
    assert_eq!(check(server.address(), &login())["failure"]["code"], "connect.refused");
}
