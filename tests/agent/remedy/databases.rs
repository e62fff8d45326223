//! Of `PostgreSQL` and `MariaDB`.

use super::{Step, prove};
use harness::agent::Agent;
use harness::mariadb::{self, MariaDb};
use harness::postgres::{DATABASE, PASSWORD, Postgres, Setup};
use serde_json::Value;
use std::fs;
use std::net::TcpStream;

/// A server of the test's own, and its checks.
struct Server(Postgres);

impl Server {
    fn start(setup: &Setup) -> Self {
        Self(Postgres::start(setup))
    }

    /// A check as this user; `more` are options, each with a comma before it.
    fn check(&self, user: &str, database: &str, more: &str) -> Value {
        let address = self.0.address();
        let yaml = format!(
            "- {{type: postgres, host: {}, port: {}, username: {user}, password: {PASSWORD}, database: {database}, timeout: 10{more}}}",
            address.ip(),
            address.port()
        );
        Agent::new(&yaml).report()
    }

    /// Puts lines into the file of rules, above all others, and has psql run all else.
    fn apply(&self, step: &Step) {
        if step.place.starts_with("in pg_hba.conf") {
            let rules = fs::read_to_string(self.0.rules()).expect("rules");
            fs::write(self.0.rules(), step.commands.join("\n") + "\n" + &rules).expect("rules");
            return;
        }
        let database = if step.place.contains(&format!("\"{DATABASE}\"")) { DATABASE } else { "postgres" };
        let _said = self.0.psql(database, &(step.commands.join("\n") + "\n"));
    }
}

#[test]
fn a_line_of_pg_hba_lets_one_user_into_one_database_from_one_address() {
    let server = Server::start(&Setup::plain());
    // Another database, and another user.
    let others = [("stranger", "postgres"), ("banned", DATABASE)];
    for (user, database) in others {
        prove(
            "auth.host-not-allowed",
            &|| server.check("stranger", DATABASE, ", use_tls: prefer"),
            &|| server.check(user, database, ", use_tls: prefer"),
            &mut |step| server.apply(step),
        );
        let rules = fs::read_to_string(server.0.rules()).expect("rules");
        assert!(rules.starts_with("host \"shop\" \"stranger\" 127.0.0.1/32 scram-sha-256\n"), "{rules}");
        fs::write(server.0.rules(), rules.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>())
            .expect("rules");
        let _said = server.0.psql("postgres", "SELECT pg_reload_conf();");
        harness::wait::until("the rules to be as before", || {
            harness::agent::code(&server.check("stranger", DATABASE, ", use_tls: prefer")) == "auth.host-not-allowed"
        });
    }
}

#[test]
fn login_is_given_to_one_role() {
    let server = Server::start(
        &Setup::plain().sql("CREATE ROLE nobody_of_that_name NOLOGIN").rule("host all all samehost scram-sha-256"),
    );
    prove(
        "auth.locked",
        &|| server.check("disabled", DATABASE, ""),
        &|| server.check("nobody_of_that_name", DATABASE, ""),
        &mut |step| server.apply(step),
    );
}

#[test]
fn connect_is_granted_on_one_database() {
    let server = Server::start(
        &Setup::plain()
            .sql("CREATE DATABASE \"Odd \"\"name\"\"; --\"")
            .sql("REVOKE CONNECT ON DATABASE \"Odd \"\"name\"\"; --\" FROM PUBLIC"),
    );
    prove(
        "request.permission-denied",
        &|| server.check("app", "'Odd \"name\"; --'", ""),
        &|| server.check("app", "closed", ""),
        &mut |step| server.apply(step),
    );
}

#[test]
fn a_closed_database_is_opened() {
    let server = Server::start(
        &Setup::plain()
            .sql("CREATE DATABASE shut ALLOW_CONNECTIONS false")
            .sql("CREATE DATABASE other ALLOW_CONNECTIONS false"),
    );
    prove(
        "request.permission-denied",
        &|| server.check("app", "shut", ""),
        &|| server.check("app", "other", ""),
        &mut |step| server.apply(step),
    );
}

#[test]
fn a_table_may_be_read_and_no_other_one() {
    let server = Server::start(&Setup::plain());
    let _said = server.0.psql(DATABASE, "CREATE TABLE vault.others (id int); CREATE TABLE \"Odd.one\" (id int);");
    for table in ["payroll", "vault.keys", "'\"Odd.one\"'"] {
        prove(
            "request.permission-denied",
            &|| server.check("app", DATABASE, &format!(", table: {table}")),
            &|| server.check("app", DATABASE, ", table: vault.others"),
            &mut |step| server.apply(step),
        );
    }
}

#[test]
fn temporary_tables_may_be_made_in_one_database() {
    let revoke = |database: &str| format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC");
    let server = Server::start(&Setup::plain().sql(&revoke(DATABASE)).sql(&revoke("postgres")));
    prove(
        "request.permission-denied",
        &|| server.check("app", DATABASE, ", roundtrip: true"),
        &|| server.check("app", "postgres", ", roundtrip: true"),
        &mut |step| server.apply(step),
    );
}

#[test]
fn a_role_and_a_database_with_all_their_connections_get_one_more() {
    let server = Server::start(
        &Setup::plain()
            .sql("CREATE DATABASE narrow CONNECTION LIMIT 0")
            .sql("CREATE DATABASE other CONNECTION LIMIT 0"),
    );
    prove(
        "protocol.overloaded",
        &|| server.check("crowded", DATABASE, ""),
        &|| server.check("app", "other", ""),
        &mut |step| server.apply(step),
    );
    prove(
        "protocol.overloaded",
        &|| server.check("app", "narrow", ""),
        &|| server.check("app", "other", ""),
        &mut |step| server.apply(step),
    );
    assert_eq!(
        server
            .0
            .psql(
                "postgres",
                "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'crowded' \\g (format=unaligned tuples_only)\n"
            )
            .trim(),
        "1"
    );
}

/// A check of `MariaDB` as this user.
fn mysql(server: &MariaDb, user: &str, more: &str) -> Value {
    let address = server.address();
    let yaml = format!(
        "- {{type: mysql, host: {}, port: {}, username: {user}, password: {}, timeout: 10{more}}}",
        address.ip(),
        address.port(),
        mariadb::PASSWORD
    );
    Agent::new(&yaml).report()
}

/// Has the client run each line.
fn apply(server: &MariaDb, step: &Step) {
    step.commands.iter().for_each(|line| drop(server.sql(line)));
}

fn with_accounts() -> MariaDb {
    let account = |user: &str| format!("CREATE USER {user}@'%' IDENTIFIED BY '{}'", mariadb::PASSWORD);
    let setup = mariadb::Setup::new().sql(&account("poor")).sql("CREATE DATABASE shop_1").sql("CREATE DATABASE shopx1");
    MariaDb::start(
        &setup
            .sql("CREATE TABLE shop.others (id INT)")
            .sql("CREATE TABLE shop_1.t (id INT)")
            .sql("CREATE TABLE shopx1.t (id INT)"),
    )
}

#[test]
fn a_right_on_one_database_of_mariadb_is_no_right_on_one_that_its_name_would_match() {
    let server = with_accounts();
    prove(
        "request.permission-denied",
        &|| mysql(&server, "poor", ", database: shop_1"),
        &|| mysql(&server, "poor", ", database: shopx1"),
        &mut |step| apply(&server, step),
    );
}

#[test]
fn a_table_of_mariadb_may_be_read_and_no_other_one() {
    let server = with_accounts();
    let _done = server.sql("GRANT SELECT ON shop.others TO poor@'%'");
    prove(
        "request.permission-denied",
        &|| mysql(&server, "poor", ", database: shop, query: SELECT id FROM orders"),
        &|| mysql(&server, "poor", ", database: shop, query: INSERT INTO orders VALUES (7)"),
        &mut |step| apply(&server, step),
    );
}

#[test]
fn temporary_tables_may_be_made_in_one_database_of_mariadb() {
    let server = with_accounts();
    let _done = server.sql("GRANT SELECT ON shop.* TO poor@'%'");
    prove(
        "request.permission-denied",
        &|| mysql(&server, "poor", ", database: shop, roundtrip: true"),
        &|| mysql(&server, "poor", ", database: shopx1, roundtrip: true"),
        &mut |step| apply(&server, step),
    );
}

#[test]
fn a_mariadb_with_all_its_connections_gets_one_more() {
    // Ten are the least that it takes.
    let server = MariaDb::start(
        &mariadb::Setup::new().option("--max-connections=10").option("--thread-handling=one-thread-per-connection"),
    );
    let _held: Vec<_> = (0..10).map(|_| TcpStream::connect(server.address()).expect("a connection")).collect();
    prove(
        "protocol.overloaded",
        &|| mysql(&server, "app", ""),
        &|| mysql(&server, "nobody_of_that_name", ""),
        &mut |step| apply(&server, step),
    );
    assert_eq!(server.sql("SELECT @@GLOBAL.max_connections"), "11");
}
