//! What is secret stays secret, whoever says it back and however it is spelled; what is ours is told whole.

use crate::formats::{Told, in_every_format};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::agent::Agent;
use harness::certs::Authority;
use harness::peers::{Peer, Request};
use harness::postgres::{DATABASE, Postgres, Setup, USER};
use harness::redis::{self, Redis};
use std::fs;
use std::time::Duration;

/// A web server that refuses every request with what it makes of it.
fn refusing(page: impl Fn(&Request) -> String + Send + Sync + 'static) -> Peer {
    Peer::serve(move |wire| {
        if let Some(request) = Request::read(&wire) {
            let page = page(&request);
            let head = format!("HTTP/1.1 400 Bad Request\r\nX-Said: {page}\r\nContent-Length: {}\r\n\r\n", page.len());
            let _taken = wire.send((head + &page).as_bytes());
            wire.finish();
        }
    })
}

/// All that a run of these checks says, in every format and in the record.
fn all_output(yaml: &str) -> String {
    let Told { ran, texts } = in_every_format(Agent::new(yaml).args(["-vdt", "--explain"]));
    texts.into_iter().map(|(_, text)| text).chain([ran.err]).collect()
}

fn assert_hidden(yaml: &str, secret: &str) {
    let said = all_output(yaml);
    assert!(said.contains("***") && said.contains("fail"), "nothing was said back:\n{said}");
    let told = said.lines().find(|line| line.to_ascii_uppercase().contains(secret));
    assert_eq!(told, None, "of {yaml}");
}

#[test]
fn a_server_that_says_back_a_part_of_what_it_was_sent_brings_nothing_to_light() {
    let basic = format!("headers: {{Authorization: Basic {}}}", STANDARD.encode("user:CANARY7"));
    for (options, said) in [
        (&["headers: {Authorization: Bearer CANARY1}"][..], "invalid token CANARY1"),
        (&["headers: {Cookie: 'sid=CANARY2; lang=de'}"], "no session CANARY2"),
        (&["cookies: {sid: CANARY3.x}"], "no session canary3.X"),
        (&["method: POST", "body: 'user=bob&pin=CANARY4'"], "bad pin CANARY4 for bob"),
        (&["method: POST", r#"body: '{"a": "b", "c": [{"d": "CANARY5äö"}]}'"#], r#"{"input":"CANARY5\u00e4\u00f6"}"#),
        (&["auth: [user, 'CANARY6/<>&tail']"], r"user CANARY6\/\u003c\u003e\u0026tail"),
        (&[basic.as_str()], "user with CANARY7"),
        (&["headers: {X-Tenant: CANARY8-correct-horse}"], "tenant CANARY8-correct is unknown"),
        (&["digest_auth: [user, 'CANARY9<b>']"], "user &lt; CANARY9&lt;b&gt;"),
        (&["params: {q: CANARY10 tail}"], "nothing for CANARY10%20tail"),
    ] {
        let peer = refusing(move |_| said.to_owned());
        let options = options.join("\n  ");
        let url = format!("http://{}/", peer.address());
        assert_hidden(&format!("- type: http\n  url: {url}\n  timeout: 5\n  {options}\n"), "CANARY");
    }
}

#[test]
fn a_server_that_says_back_the_target_of_the_request_shows_no_secret_of_the_url() {
    let peer = refusing(|request| format!("not found: {}", request.target));
    for target in ["/?a=1&token=a!b CANARY1 c$d", "/?a=1&key=CANARYä'x", "/x?to%6ben=CANARY+2#frag", "/;sid=CANARY%41x"]
    {
        let url = format!("http://{}{target}", peer.address());
        assert_hidden(&format!("- type: http\n  url: \"{url}\"\n"), "CANARY");
    }
}

#[test]
fn the_names_of_results_hold_no_secret_of_a_url() {
    let peer = refusing(|_| "no".to_owned());
    for target in [
        "/?passphrase=CANARY",
        "/?session_id=CANARY",
        "/#access_token=CANARY",
        "/x;jsessionid=CANARY",
        "/?v=CANARY9f86d081884c7d659a2feaa0",
        "/?CANARY9f86d081884c7d659a2feaa0",
        "/bot7:CANARYqTcvCH1vGWJxfSeofSAs0K5PALDs/x",
    ] {
        assert_hidden(&format!("- type: http\n  url: \"http://{}{target}\"\n", peer.address()), "CANARY");
    }
}

#[test]
fn a_redis_that_shows_the_first_bytes_of_a_long_password_shows_none_of_it() {
    let redis = Redis::start(&redis::Setup::new().config("rename-command AUTH \"\""));
    let (host, port) = (redis.address().ip(), redis.address().port());
    let password = "CANARY.correct.horse".repeat(20);
    assert_hidden(&format!("- {{type: redis, host: {host}, port: {port}, password: {password}}}"), "CANARY");
}

#[test]
fn a_password_that_is_a_word_of_our_own_changes_no_sentence() {
    let postgres = Postgres::start(&Setup::plain());
    let (host, port) = (postgres.address().ip(), postgres.address().port());
    let failure = |user: &str, password: &str| {
        let yaml = format!(
            "- {{type: postgres, host: {host}, port: {port}, username: {user}, database: {DATABASE}, password: {password}}}"
        );
        Agent::new(&yaml).report()["checks"][0]["failure"].clone()
    };
    let usual = failure(USER, "xyzzy-1");
    assert_eq!(usual["code"], "auth.rejected", "{usual}");
    for password in ["wrong", "password", "a", "or", "check", "auth", "authentication", USER] {
        assert_eq!(failure(USER, password), usual, "password: {password}");
    }
}

#[test]
fn what_should_be_a_host_and_holds_a_login_is_refused_without_being_shown() {
    for host in ["//u:CANARY@db", "/run/u:CANARY@db", "password=CANARY host=db", "postgresql:///d?password=CANARY"] {
        for rest in ["postgres, username: a, database: b", "redis", "memcache", "mysql, username: a", "tcp, port: 1"] {
            let yaml = format!("- {{type: {rest}, host: '{host}'}}\n- {{type: {rest}, host: {{env: IT}}}}\n");
            for format in ["human", "json", "nagios", "junit"] {
                let ran = Agent::new(&yaml).args(["--validate", "--format", format]).env("IT", host).run();
                assert_eq!(ran.status, 3, "{ran:?}");
                assert!(!format!("{}{}", ran.out, ran.err).contains("CANARY"), "{host}: {ran:?}");
            }
        }
    }
}

#[test]
fn a_key_file_that_has_lost_its_line_ends_is_explained_without_a_byte_of_it() {
    let authority = Authority::new();
    let identity = authority.client("app");
    let key = fs::read_to_string(identity.key_file()).expect("the key");
    let body: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    for joined in [key.replace('\n', " "), key.replace('\n', "\\n"), key.replace('\n', "")] {
        let yaml = format!(
            "- {{type: tls, host: a, port: 1, client_cert: {}, client_key: key.pem}}\n- {{type: tls, host: a, port: 1, ca_file: key.pem}}\n",
            identity.certificate_file().display()
        );
        for format in ["human", "json", "nagios", "junit"] {
            let mut agent = Agent::new(&yaml).args(["--validate", "--format", format]);
            agent.scratch().write("key.pem", &joined);
            let ran = agent.run();
            let said = format!("{}{}", ran.out, ran.err);
            assert!(said.contains("its line ends are lost"), "{said}");
            let numbers: Vec<_> = body.bytes().take(6).map(|byte| byte.to_string()).collect();
            assert!(!said.contains(&body[..12]) && !said.contains(&numbers.join(", ")), "{said}");
        }
    }
}

#[test]
fn a_file_with_very_many_secrets_is_read_in_no_time() {
    let headers: String = (0..45_000).map(|number| format!("    X-Secret-Token-{number}: v{number:0>8}\n")).collect();
    let many = format!("- type: http\n  url: http://127.0.0.1:1/\n  headers:\n{headers}");
    for argument in ["--validate", "--dry-run"] {
        let ran = Agent::new(&many).arg(argument).run();
        assert!(
            ran.err.is_empty() && ran.elapsed < Duration::from_secs(1),
            "{argument}: {:?} {}",
            ran.elapsed,
            ran.err
        );
    }
    let values: String = (0..100_000).map(|number| format!("&key={number:0>6}")).collect();
    let ran = Agent::new(&format!("- {{type: http, url: 'http://127.0.0.1:1/?{values}'}}")).arg("--validate").run();
    assert!(ran.elapsed < Duration::from_secs(2), "{:?}", ran.elapsed);
    let ran = Agent::new(&format!("- type: {}\n", "tcp".repeat(5_000_000))).arg("--validate").run();
    assert_eq!((ran.status, ran.elapsed < Duration::from_secs(5)), (3, true), "{:?}", ran.elapsed);
    assert!(ran.err.len() < 10_000, "{} bytes", ran.err.len());
}

#[test]
fn beyond_the_bound_on_secrets_nothing_is_shown_of_what_a_server_says() {
    let headers: String = (0..1_100).map(|number| format!("    X-{number}: CANARY-{number}\n")).collect();
    let peer = refusing(|_| "no tenant CANARY-1099".to_owned());
    let yaml = format!("- type: http\n  url: http://{}/\n  headers:\n{headers}", peer.address());
    assert_hidden(&yaml, "CANARY");
    assert!(all_output(&yaml).contains("the check has more secrets than are looked for"));
}
