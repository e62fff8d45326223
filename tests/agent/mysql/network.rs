//! Where the server is and how it is: sockets, limits, states, and how often it is spoken to.

use super::{ca_file, check, check_as, mysql, names, outcome, server, told};
use harness::agent::code;
use harness::forwarder::Forwarder;
use harness::mariadb::{DATABASE, MariaDb, PASSWORD, Setup, USER};
use harness::wait;
use serde_json::Value;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

/// What comes of a check of a Unix socket.
fn check_socket(socket: &Path, more: &str) -> (String, Value) {
    outcome(&format!("- {{type: mysql, host: {}, username: {USER}, timeout: 10{more}}}", socket.display()))
}

/// How often the client speaks, without its goodbye.
fn turns(user: &str, more: &str) -> usize {
    let (server, _) = server();
    let way = Forwarder::start_far(server.address());
    let (verdict, check) = check_as(way.address(), user, more);
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(way.connections(), 1);
    wait::until("the goodbye", || way.open() == 0);
    way.turns() - 1
}

#[test]
fn the_turns_are_as_few_as_the_protocol_allows() {
    let ca = ca_file(server().1.file());
    // The login; the statement.
    assert_eq!(turns(USER, ", use_tls: false"), 2);
    assert_eq!(turns(USER, &format!(", use_tls: false, database: {DATABASE}")), 2);
    // The request for TLS with the ClientHello; the end of the handshake with the login; the statement.
    assert_eq!(turns(USER, &ca), 3);
    // A query has the limits before it.
    let query = format!(", use_tls: false, database: {DATABASE}, query: SELECT * FROM orders");
    assert_eq!(turns(USER, &query), 4);
}

#[test]
fn a_socket_is_all_that_a_server_without_a_network_needs() {
    let server = MariaDb::start(&Setup::new().option("--skip-networking"));
    let (verdict, check) = check_socket(&server.socket(), &format!(", password: {PASSWORD}, database: {DATABASE}"));
    assert_eq!(verdict, "pass", "{check}");
    assert_eq!(names(&check), [format!("mysql:{}:3306", server.socket().display())]);
    assert!(check["facts"]["server_version"].is_string(), "{check}");
    let (verdict, wrong) = check_socket(&server.socket(), ", password: wrong-Word");
    assert_eq!(verdict, "auth.rejected", "{wrong}");
    assert!(told(&wrong, "evidence").contains("'app'@'localhost'"), "{wrong}");
    let (verdict, _) = check_socket(&server.socket().with_extension("gone"), "");
    assert_eq!(verdict, "connect.no-socket");
}

#[test]
fn a_stopped_server_refuses_and_a_hanging_one_is_silent() {
    let mut server = MariaDb::start(&Setup::new());
    server.daemon().freeze();
    let yaml = mysql(server.address(), USER, "").replace("timeout: 10", "timeout: 0.5");
    assert_eq!(outcome(&yaml).0, "protocol.silent");
    server.daemon().thaw();
    server.daemon().stop();
    assert_eq!(check_as(server.address(), USER, "").0, "connect.refused");
}

#[test]
fn a_server_with_all_its_connections_taken_is_overloaded() {
    let server = MariaDb::start(&Setup::new().option("--max-connections=10"));
    // One more is kept free for administrators.
    let taken: Vec<_> = (0..11).map(|_| greeted(&server)).collect();
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("protocol.overloaded", "service"), "{check}");
    assert!(told(&check, "evidence").contains("Too many connections"), "{check}");
    assert_eq!(told(&check, "message"), "the server has reached its connection limit");
    drop(taken);
    wait::until("a free connection", || check_as(server.address(), USER, "").0 == "pass");
}

/// A connection that does not log in.
fn greeted(server: &MariaDb) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    stream.read_exact(&mut [0; 5]).expect("a greeting");
    stream
}

#[test]
fn an_account_with_all_its_connections_taken_is_overloaded() {
    let (server, _) = server();
    let mut held = hold(server, "single");
    let (verdict, check) = check_as(server.address(), "single", "");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("protocol.overloaded", "service"), "{check}");
    assert!(told(&check, "evidence").starts_with("1226 "), "{check}");
    assert!(told(&check, "evidence").contains("max_user_connections"), "{check}");
    held.kill().and_then(|()| held.wait()).expect("an end");
}

#[test]
fn a_server_that_limits_every_account_is_overloaded_too() {
    let server = MariaDb::start(&Setup::new().option("--max-user-connections=1"));
    let mut held = hold(&server, USER);
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!(verdict, "protocol.overloaded", "{check}");
    assert!(told(&check, "evidence").starts_with("1203 "), "{check}");
    held.kill().and_then(|()| held.wait()).expect("an end");
}

/// A client that logs in and stays.
fn hold(server: &MariaDb, user: &str) -> Child {
    let mut client = server.client(user);
    client.arg(format!("--password={PASSWORD}")).args(["--unbuffered", "--execute", "SELECT 'here'; DO SLEEP(600)"]);
    let mut client = client.stdout(Stdio::piped()).spawn().expect("a client");
    client.stdout.as_mut().expect("its output").read_exact(&mut [0; 4]).expect("a session");
    client
}

#[test]
fn a_host_that_no_account_is_for_is_not_allowed() {
    let setup = Setup::new()
        .sql("RENAME USER app@'%' TO app@'127.0.0.2'")
        .sql("DROP USER root@'127.0.0.1', root@'::1', `mariadb.sys`@localhost")
        // To judge hosts, 127.0.0.1 is localhost as well.
        .sql("RENAME USER root@localhost TO root@'127.0.0.2'")
        .sql("FLUSH PRIVILEGES");
    let server = MariaDb::start(&setup);
    let (verdict, check) = check_as(server.address(), USER, "");
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("auth.host-not-allowed", "service"), "{check}");
    assert!(told(&check, "evidence").starts_with("1130"), "{check}");
    assert!(told(&check, "evidence").contains("'127.0.0.1' is not allowed to connect"), "{check}");
}

#[test]
fn a_node_that_is_cut_off_from_its_cluster_is_not_ready() {
    let server = MariaDb::start(&galera());
    let asking = format!(", database: {DATABASE}, query: SELECT * FROM orders");
    assert_eq!(check_as(server.address(), USER, &asking).0, "pass");
    assert_eq!(server.sql("SET GLOBAL wsrep_reject_queries = 'ALL'"), "");
    let (verdict, check) = check_as(server.address(), USER, &asking);
    assert_eq!((verdict.as_str(), told(&check, "owner")), ("protocol.not-ready", "service"), "{check}");
    assert!(told(&check, "evidence").starts_with("1047 "), "{check}");
}

/// A cluster of one.
fn galera() -> Setup {
    let (listen, receive) = (harness::ports::free(), harness::ports::free());
    let provider =
        format!("gmcast.listen_addr=tcp://{};ist.recv_addr={};gcache.size=1M", listen.address(), receive.address());
    Setup::new()
        .option("--wsrep-on=ON")
        .option("--wsrep-provider=/usr/lib/galera/libgalera_smm.so")
        .option("--wsrep-cluster-address=gcomm://")
        .option("--wsrep-node-address=127.0.0.1")
        .option("--binlog-format=ROW")
        .option("--innodb-autoinc-lock-mode=2")
        .option(&format!("--wsrep-provider-options={provider}"))
}

#[test]
fn a_pattern_for_the_connection_alone_asks_for_no_login() {
    let (server, _) = server();
    let yaml = mysql(server.address(), "ghost", "");
    let report = harness::agent::Agent::new(&yaml).arg("tcp:*").report();
    assert_eq!(code(&report), "pass", "{report}");
    assert_eq!(check(server.address(), "ghost", "").0, "auth.required");
}
