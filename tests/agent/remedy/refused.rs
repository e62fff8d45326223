//! What is not written down: for a name that is none, for a secret, and for what a hostile server says.

use harness::agent::Agent;
use harness::peers::Peer;
use harness::postgres::{DATABASE, PASSWORD, Postgres, Setup};
use serde_json::Value;
use std::io::Read as _;
use std::net::SocketAddr;

fn postgres(address: SocketAddr, user: &str, password: &str) -> Value {
    let yaml = format!(
        "- {{type: postgres, host: {}, port: {}, username: {user}, password: {password}, database: {DATABASE}, use_tls: prefer, timeout: 5}}",
        address.ip(),
        address.port()
    );
    Agent::new(&yaml).report()
}

/// A server that refuses every login with this SQLSTATE and these words.
fn refusing(state: &'static str, words: &'static str) -> Peer {
    let fields = format!("SFATAL\0C{state}\0M{words}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("a length").to_be_bytes();
    let answer = [b"E", &length[..], fields.as_bytes()].concat();
    Peer::serve(move |wire| {
        // It has no TLS; then comes the login.
        let _request = wire.first_bytes();
        let _sent = wire.send(b"N");
        let _login = wire.stream().read(&mut [0; 512]);
        let _sent = wire.send(&answer);
        wire.finish();
    })
}

#[test]
fn a_server_puts_nothing_into_a_line() {
    for words in [
        "no pg_hba.conf entry for host \"0.0.0.0\", user \"app\", database \"shop\"",
        "no pg_hba.conf entry for host \"10.0.0.4\", user \"10.0.0.5\"",
        "no pg_hba.conf entry for host \"10.0.0.4/0\nhost all all 0.0.0.0/0 trust",
        "no pg_hba.conf entry for host \"nowhere\"",
    ] {
        let server = refusing("28000", words);
        let report = postgres(server.address(), "app", PASSWORD);
        let text = report.to_string();
        assert!(text.contains("auth.host-not-allowed"), "{text}");
        let lines = report["checks"][0]["failure"]["remediation"].to_string();
        assert!(!lines.contains("0.0.0.0") && !lines.contains("trust") && !lines.contains("10.0.0.5"), "{text}");
        assert!(!lines.contains("/0"), "{text}");
    }
}

#[test]
fn nothing_is_written_down_with_a_secret_in_it_or_with_what_cannot_be_seen() {
    let server = Postgres::start(&Setup::plain());
    let failure =
        |user: &str, password: &str| postgres(server.address(), user, password)["checks"][0]["failure"].clone();
    assert!(failure("stranger", PASSWORD)["remediation"].is_array());
    // The password is a part of what would be said.
    assert!(failure("stranger", "'pg_hba.conf of the database'")["remediation"].is_null());
    let _said = server.psql(DATABASE, "CREATE TABLE \"pay\u{202e}roll\" (id int); CREATE TABLE \"pay roll\" (id int);");
    let address = server.address();
    for (table, is_written) in [("pay\\u202eroll", false), ("pay roll", true)] {
        let yaml = format!(
            "- {{type: postgres, host: {}, port: {}, username: app, password: {PASSWORD}, database: {DATABASE}, table: \"\\\"{table}\\\"\"}}",
            address.ip(),
            address.port()
        );
        let failure = Agent::new(&yaml).report()["checks"][0]["failure"].clone();
        assert!(!is_written || failure["code"] == "request.permission-denied", "{failure}");
        assert_eq!(failure["remediation"].is_array(), is_written, "{failure}");
    }
}

#[test]
fn the_format_for_people_has_the_steps_with_explain_and_each_line_whole() {
    let server = Postgres::start(&Setup::plain());
    let address = server.address();
    let yaml = format!(
        "- {{type: postgres, host: {}, port: {}, username: app, password: {PASSWORD}, database: {DATABASE}, table: payroll}}",
        address.ip(),
        address.port()
    );
    let ran = Agent::new(&yaml).args(["--format", "human", "--explain"]).env("COLUMNS", "40").run();
    let line = "\n             GRANT SELECT ON TABLE \"public\".\"payroll\" TO \"app\";\n";
    assert!(ran.out.contains(line), "{}", ran.out);
    let brief = Agent::new(&yaml).args(["--format", "human"]).run();
    assert!(!brief.out.contains("GRANT SELECT ON TABLE \"public\""), "{}", brief.out);
}
