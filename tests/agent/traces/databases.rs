//! What is left of a check at the server: real servers are held against what docs/checks.md says of their logs.

use conn_check::checks::Spec;
use harness::agent::{Agent, code};
use harness::ferretdb::Ferretdb;
use harness::mariadb::{self, MariaDb};
use harness::mongodb;
use harness::postgres::{self, Postgres};
use harness::slapd::{self, Slapd};
use harness::wait;
use std::fs;

/// What the documentation says of a type.
fn documented(kind: &str) -> &'static str {
    Spec::describe().into_iter().find(|check| check.kind == kind).expect("a type").trace
}

fn run(yaml: &str) -> String {
    code(&Agent::new(yaml).report())
}

/// What is new in a log since it said that.
fn since(before: &str, log: &str) -> Vec<String> {
    log.strip_prefix(before).expect("a log that grows").lines().map(str::to_owned).collect()
}

#[test]
fn postgresql_logs_nothing_of_a_check_that_passes_and_two_lines_of_one_that_is_refused() {
    assert_eq!(
        documented("postgres"),
        "Nothing, unless log_connections is on; a login that is refused is two lines (FATAL, DETAIL), and so is a query \
         that fails (ERROR, STATEMENT)."
    );
    let server = Postgres::start(&postgres::Setup::plain());
    let check = |password: &str, more: &str| {
        let (port, user, database) = (server.address().port(), postgres::USER, postgres::DATABASE);
        run(&format!(
            "- {{type: postgres, host: 127.0.0.1, port: {port}, username: {user}, password: {password}, database: {database}{more}}}"
        ))
    };
    let before = server.log();
    for more in ["", ", query: SELECT 1, expect: 1", ", role: primary", ", table: pg_class", ", use_tls: false"] {
        assert_eq!(check(postgres::PASSWORD, more), "pass", "{more}");
    }
    // What comes of the checks before this one is in the log by the time that this one's is.
    assert_eq!(check("wrong", ""), "auth.rejected");
    wait::until("the refusal in the log", || server.log().contains("DETAIL:"));
    let lines = since(&before, &server.log());
    let has = |line: &str, words: &str| line.contains(words);
    assert!(lines.len() == 2 && has(&lines[0], "FATAL:") && has(&lines[1], "DETAIL:"), "{lines:#?}");
    let before = server.log();
    assert_eq!(check(postgres::PASSWORD, ", query: SELECT 1/0"), "request.unexpected-reply");
    wait::until("the query in the log", || server.log().contains("STATEMENT:"));
    let lines = since(&before, &server.log());
    assert!(lines.len() == 2 && has(&lines[0], "ERROR:") && has(&lines[1], "STATEMENT:"), "{lines:#?}");
}

#[test]
fn mariadb_logs_nothing_of_a_check_that_passes_and_counts_a_login_that_is_refused() {
    assert_eq!(
        documented("mysql"),
        "Nothing, and no counter of errors grows; a login that is refused is a warning in the log (of MariaDB; of MySQL from \
         log_error_verbosity 3 on) and one more of Aborted_connects."
    );
    let server = MariaDb::start(&mariadb::Setup::new());
    let check = |password: &str, more: &str| {
        let (port, user) = (server.address().port(), mariadb::USER);
        run(&format!("- {{type: mysql, host: 127.0.0.1, port: {port}, username: {user}, password: {password}{more}}}"))
    };
    let counters = || ["Aborted_connects", "Aborted_clients", "Access_denied_errors"].map(|name| server.status(name));
    let (before, counted) = (server.log(), counters());
    for more in ["", ", query: SELECT 1, expect: 1", ", role: primary"] {
        assert_eq!(check(mariadb::PASSWORD, more), "pass", "{more}");
    }
    assert_eq!(counters(), counted);
    assert_eq!(check("wrong", ""), "auth.rejected");
    wait::until("the refusal in the log", || server.log().contains("Access denied"));
    let lines = since(&before, &server.log());
    assert!(lines.len() == 1 && lines[0].contains("[Warning]"), "{lines:#?}");
    assert_eq!(server.status("Aborted_connects"), counted[0] + 1);
}

#[test]
fn slapd_logs_nothing_as_debian_has_it_and_each_operation_at_its_level_stats() {
    assert_eq!(
        documented("ldap"),
        "slapd logs nothing as Debian sets it up (olcLogLevel none); at its level `stats`, lines for the connection, each \
         operation with its result, and the end."
    );
    let debian = fs::read_to_string("/usr/share/slapd/slapd.init.ldif").expect("what Debian's package sets up");
    assert!(debian.lines().any(|line| line == "olcLogLevel: none"), "{debian}");
    // The harness runs it at that level.
    let server = Slapd::start(&slapd::Setup::plain());
    let before = server.log();
    let (port, base) = (server.address().port(), slapd::BASE);
    assert_eq!(
        run(&format!("- {{type: ldap, host: 127.0.0.1, port: {port}, use_tls: false, base: '{base}'}}")),
        "pass"
    );
    wait::until("the end of the connection in the log", || {
        server.log().split_once(" UNBIND").is_some_and(|(_, rest)| rest.contains(" closed"))
    });
    // The connection by which the harness waits for the server is another one.
    let lines = since(&before, &server.log());
    let bind = lines.iter().find(|line| line.contains(" BIND ")).expect("a bind");
    let own = bind.split(' ').find(|word| word.starts_with("conn=")).expect("its number");
    let lines: Vec<_> = lines.iter().filter(|line| line.split(' ').any(|word| word == own)).collect();
    for words in [
        " ACCEPT from ",
        " BIND dn=",
        " RESULT tag=97 err=0",
        " SRCH base=",
        " SEARCH RESULT tag=101 err=0",
        " UNBIND",
        " closed",
    ] {
        assert_eq!(lines.iter().filter(|line| line.contains(words)).count(), 1, "{words}: {lines:#?}");
    }
}

#[test]
fn ferretdb_logs_the_connection_and_its_end() {
    assert_eq!(
        documented("mongodb"),
        "By its manual, mongod logs the connection, what the client calls itself, the login and the end: no test here has a \
         mongod. FerretDB logs the connection and its end, and an answer that is a refusal."
    );
    let Some(mut server) = Ferretdb::or_skip(None) else { return };
    let before = server.daemon().log();
    let (port, user, password) = (server.address().port(), mongodb::USER, mongodb::PASSWORD);
    let check = |password: &str| {
        run(&format!(
            "- {{type: mongodb, host: 127.0.0.1, port: {port}, username: {user}, password: {password}, database: {}}}",
            mongodb::DATABASE
        ))
    };
    assert_eq!(check(password), "pass");
    wait::until("the end in the log", || server.daemon().log()[before.len()..].contains("Connection stopped"));
    let log = server.daemon().log();
    let lines = since(&before, &log);
    assert!(lines.len() == 2 && lines[0].contains("Connection started"), "{lines:#?}");
    assert_eq!(check("wrong"), "auth.rejected");
    wait::until("the refusal in the log", || server.daemon().log()[log.len()..].contains("AuthenticationFailed"));
}
