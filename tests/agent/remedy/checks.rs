//! Of the file of checks itself: a line that is added to the check.

use super::{prove, steps};
use harness::agent::{Agent, code};
use harness::certs::Authority;
use harness::nghttpd::Nghttpd;
use harness::nginx::{Nginx, Site};
use harness::postgres::{self, Postgres};
use harness::redis::{self, Redis};
use harness::slapd::{self, Slapd};
use serde_json::Value;
use std::cell::RefCell;

/// A check with the lines that were added; `options` stand there from the start, `other` is another check.
#[track_caller]
fn prove_line(wanted: &str, options: &str, other: &str, with: &[(&str, &str)]) {
    let added = RefCell::new(String::new());
    let run = |options: &str, added: &str| -> Value {
        let file = format!("- timeout: 10\n{options}{added}");
        with.iter().fold(Agent::new(&file), |agent, (name, value)| agent.env(name, value)).report()
    };
    prove(wanted, &|| run(options, &added.borrow()), &|| run(other, &added.borrow()), &mut |step| {
        assert!(step.place.starts_with("in this check, in the file of checks"), "{step:?}");
        added.borrow_mut().extend(step.commands.iter().map(|line| format!("  {line}\n")));
    });
}

/// Options, one on each line.
fn lines(options: &[(&str, &str)]) -> String {
    options.iter().map(|(key, value)| format!("  {key}: {value}\n")).collect()
}

#[test]
fn a_check_of_a_postgresql_that_wants_tls_uses_it() {
    let authority = Authority::new();
    let ca = authority.file().display().to_string();
    let server = Postgres::start(&postgres::Setup::tls(&authority.valid()));
    let port = server.address().port().to_string();
    let report = |user: &str, tls: &str| {
        let place =
            [("type", "postgres"), ("host", "127.0.0.1"), ("port", port.as_str()), ("database", postgres::DATABASE)];
        let login = [("username", user), ("password", postgres::PASSWORD)];
        Agent::new(&("- timeout: 10\n".to_owned() + &lines(&place) + &lines(&login) + tls)).report()
    };
    let before = report("tlsonly", "  use_tls: false\n");
    assert_eq!(code(&before), "tls.required", "{before}");
    let line = steps(&before)[0].commands[0].clone();
    let with = format!("  {line}\n  ca_file: {ca}\n");
    assert_eq!(report("tlsonly", &with)["checks"][0]["verdict"], "pass");
    assert_eq!(code(&report("banned", &with)), "auth.host-not-allowed");
}

#[test]
fn a_check_of_a_server_that_wants_a_password_takes_it_from_a_variable() {
    let server = Redis::start(&redis::Setup::new().password());
    let port = server.address().port().to_string();
    let options = lines(&[("type", "redis"), ("host", "127.0.0.1"), ("port", &port)]);
    let other = options.clone() + "  key: no-such-key\n";
    prove_line("auth.required", &options, &other, &[("REDIS_PASSWORD", redis::PASSWORD)]);
    let server = Postgres::start(&postgres::Setup::plain());
    let port = server.address().port().to_string();
    let options = |user| {
        let place =
            [("type", "postgres"), ("host", "127.0.0.1"), ("port", port.as_str()), ("database", postgres::DATABASE)];
        lines(&place) + &lines(&[("username", user)])
    };
    prove_line("auth.required", &options(postgres::USER), &options("disabled"), &[("PGPASSWORD", postgres::PASSWORD)]);
}

#[test]
fn a_check_of_a_site_that_sends_on_follows() {
    let site = Nginx::start([Site::http("site")
        .redirect("/", 302, "/new/")
        .page("/new/", "new")
        .redirect("/gone", 302, "/nowhere")]);
    let options = |path: &str| lines(&[("type", "http"), ("url", &site.url("site", path))]);
    prove_line("request.redirected", &options("/"), &options("/gone"), &[]);
}

#[test]
fn a_check_of_a_server_of_http2_alone_speaks_it() {
    let server = Nghttpd::start_with(&[], "page", "text");
    let url = format!("http://{}/page", server.address());
    let options = lines(&[("type", "http"), ("url", &url)]);
    let other = options.replace("/page", "/no-such-page");
    prove_line("protocol.unsupported-version", &options, &other, &[]);
}

#[test]
fn a_check_of_a_directory_that_wants_tls_begins_it() {
    let authority = Authority::new();
    let ca = authority.file().display().to_string();
    let directory = Slapd::start(&slapd::Setup::tls(&authority.valid()).option("security tls=1"));
    let port = directory.address().port().to_string();
    let options = lines(&[("type", "ldap"), ("host", "127.0.0.1"), ("port", &port), ("use_tls", "false")]);
    let report = Agent::new(&("- timeout: 10\n".to_owned() + &options)).report();
    assert_eq!(code(&report), "tls.required", "{report}");
    let line = &super::steps(&report)[0].commands[0];
    let fixed = options.replace("  use_tls: false\n", &format!("  ca_file: {ca}\n  {line}\n"));
    let fixed = Agent::new(&("- timeout: 10\n".to_owned() + &fixed)).report();
    assert_eq!(fixed["checks"][0]["verdict"], "pass", "{fixed}");
}
