//! Wrong values for every option of every check, and secrets wherever one can stand: what is
//! said about them, and what is not.

use crate::formats::{Told, in_every_format};
use conn_check::checks::{Described, Spec};
use conn_check::report::FORMATS;
use conn_check::settings::shape::{Declared, Shown};
use harness::agent::{Agent, Ran};
use harness::peers::{Peer, Request, UdpManner, UdpPeer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The secret that no output may show.
const SECRET: &str = "hunter2-Correct.Horse";

/// What people and machines write by mistake, as it stands in a flow mapping.
fn wrong_values() -> Vec<(&'static str, String)> {
    vec![
        ("a list", "[[x1]]".to_owned()),
        ("a mapping", "{x1: {x2: x3}}".to_owned()),
        ("controls", r#""\x07 @ \u202e!""#.to_owned()),
        ("negative", "-1".to_owned()),
        ("huge", "99999999999999999999".to_owned()),
        ("endless", "x".repeat(5000)),
        ("empty", "''".to_owned()),
        ("a tuple", "\"('x1', 'x2')\"".to_owned()),
        ("no file", "{file: /nonexistent/x1}".to_owned()),
    ]
}

/// A value that an option takes, as it stands in a flow mapping.
fn right_value(option: &Declared) -> &'static str {
    match option.shape.short {
        "host" | "host or socket" | "name" | "text" | "secret" => "a",
        "mail address" => "a@b",
        "port" => "1",
        "full path" => "/nonexistent",
        "URL" => "'http://h/'",
        "broker URL" => "'amqp://h/'",
        "result URL" => "'redis://h/'",
        "[program, argument, ...]" => "[a, b]",
        other => panic!("{}: which value is a {other}?", option.key),
    }
}

/// What must stand in a check of this type, without one of the keys.
fn required(check: &Described, without: &str) -> Vec<(String, String)> {
    let own = check.options.iter().filter(|option| option.required && option.key != without);
    let own = own.map(|option| (option.key.to_owned(), right_value(option).to_owned()));
    let more = companions(check.kind, without).iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    std::iter::once(("type".to_owned(), check.kind.to_owned())).chain(own).chain(more).collect()
}

/// What must stand beside an option, by rules over several of them.
fn companions(kind: &str, key: &str) -> &'static [(&'static str, &'static str)] {
    match (kind, key) {
        ("process", "unit" | "program") => &[],
        ("process", _) => &[("unit", "a")],
        ("storage", "expected_sha256" | "expected_content") => &[("read", "a")],
        ("smtp", "send") => &[("to_address", "a@b")],
        ("smtp", "username") => &[("password", "a"), ("send", "false")],
        ("smtp", "password") => &[("username", "a"), ("send", "false")],
        ("smtp", _) => &[("send", "false")],
        ("s3", "access_key") => &[("secret_key", "a")],
        ("s3", "secret_key") => &[("access_key", "a")],
        ("s3", "expected_sha256") => &[("access_key", "a"), ("secret_key", "a"), ("object", "a")],
        ("s3", _) => &[("access_key", "a"), ("secret_key", "a")],
        _ => &[],
    }
}

/// A check on one line.
fn flow(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("- {{{}}}\n", pairs.join(", "))
}

/// The diagnostics of a file by their lines, `code: message (help)` each.
fn told(ran: &Ran) -> BTreeMap<u64, Vec<String>> {
    let mut told: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for one in ran.json()["diagnostics"].as_array().expect("diagnostics") {
        let help = one["help"].as_str().map(|help| format!(" ({help})")).unwrap_or_default();
        let text = |key: &str| one[key].as_str().expect("a text").to_owned();
        let line = one["line"].as_u64().expect("a line");
        told.entry(line).or_default().push(format!("{}: {}{help}", text("code"), text("message")));
    }
    told
}

/// What is said about wrong values of these options, one after the other.
fn wrong(check: &Described, options: &[&str]) -> String {
    let mut yaml = String::new();
    let mut cases = Vec::new();
    for option in options {
        for (what, value) in wrong_values() {
            let mut pairs = required(check, option);
            pairs.push(((*option).to_owned(), value));
            yaml += &flow(&pairs);
            cases.push((option, what));
        }
    }
    let mut agent = Agent::new(&yaml).args(["--validate", "--format", "json"]);
    let ran = agent.run();
    assert_eq!(ran.status, 3, "{}: {ran:?}", check.kind);
    let told = told(&ran);
    let mut text = String::new();
    for (index, (option, what)) in cases.into_iter().enumerate() {
        let line = u64::try_from(index).expect("small") + 1;
        let said = told.get(&line).map_or_else(|| "accepted".to_owned(), |said| said.join("\n    and "));
        assert!(said.len() < 600, "{option}, {what}: {} bytes: {said}", said.len());
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{option}, {what}: {said:?}");
        let _ = writeln!(text, "{option}, {what}\n    {said}");
    }
    text
}

#[test]
fn wrong_values_of_every_option_are_explained() {
    for check in Spec::describe() {
        let options: Vec<_> = check.options.iter().map(|option| option.key).collect();
        insta::assert_snapshot!(format!("wrong_values_of_{}", check.kind), wrong(&check, &options));
    }
}

#[test]
fn wrong_values_of_the_common_options_are_explained() {
    let tcp = Spec::describe().into_iter().find(|check| check.kind == "tcp").expect("tcp");
    insta::assert_snapshot!("wrong_values_of_all", wrong(&tcp, &["name", "timeout", "tags", "warn_after"]));
}

#[test]
fn a_list_or_mapping_is_never_taken_for_a_single_value() {
    for check in Spec::describe() {
        let single = |option: &&Declared| {
            [
                "host",
                "name",
                "text",
                "port",
                "URL",
                "flag",
                "number",
                "seconds",
                "path",
                "secret",
                "method",
                "full path",
                "size",
                "decimal number",
                "percent",
                "time",
                "mode",
            ]
            .contains(&option.shape.short)
        };
        let options: Vec<_> = check.options.iter().filter(single).map(|option| option.key).collect();
        let said = wrong(&check, &options);
        let cases = said.split('\n').collect::<Vec<_>>();
        for pair in cases.chunks(2).filter(|pair| pair[0].ends_with("a list") || pair[0].ends_with("a mapping")) {
            assert!(!pair[1].contains("accepted"), "{}: {pair:?}", check.kind);
        }
    }
}

/// A value with the secret in it, as it stands in a flow mapping.
fn secret_value(check: &Described, option: &Declared) -> String {
    match option.shape.short {
        "URL" if is_service_url(option) => format!("'{}://user:{SECRET}@localhost:1/?token={SECRET}'", check.kind),
        "URL" => format!("'http://user:{SECRET}@localhost:1/?token={SECRET}'"),
        "broker URL" | "result URL" => format!("'redis://user:{SECRET}@localhost:1/?token={SECRET}'"),
        "list" => format!("[{SECRET}]"),
        "JSON object" => format!("{{some: {SECRET}}}"),
        "[user, password]" => format!("[user, {SECRET}]"),
        "[program, argument, ...]" => format!("[program, {SECRET}]"),
        "mapping or list of pairs" => format!("{{X-Token: {SECRET}}}"),
        _ => SECRET.to_owned(),
    }
}

/// Whether it stands in the place of others: host, port, login.
fn is_service_url(option: &Declared) -> bool {
    option.key == "url" && !option.required
}

/// A check in lines, with a secret for an option.
fn block(check: &Described, option: &Declared, key: &str, value: &str) -> String {
    // Some types take a password only beside the name of its user.
    let user = check.options.iter().find(|other| other.key == "username" && !other.required);
    let user =
        user.filter(|_| option.key == "password").map(|user| (user.key.to_owned(), right_value(user).to_owned()));
    let in_url = |key: &str| ["host", "port", "username", "password", "database"].contains(&key);
    let needed = required(check, option.key).into_iter().filter(|(key, _)| !(is_service_url(option) && in_url(key)));
    let pairs = needed.chain(user).chain([(key.to_owned(), value.to_owned())]);
    let lines: Vec<_> = pairs.map(|(key, value)| format!("{key}: {value}")).collect();
    format!("- {}\n", lines.join("\n  "))
}

/// The files in which a secret can stand where an option wants one; each is wrong in a way of its own.
fn bad_files_with_a_secret(check: &Described, option: &Declared) -> Vec<String> {
    // Where a URL is wanted, a URL is what holds the secret.
    let secret = match option.shape.short {
        "URL" => format!("http://user:{SECRET}@localhost:1/?token={SECRET}"),
        "broker URL" | "result URL" => format!("redis://user:{SECRET}@localhost:1/?token={SECRET}"),
        _ => SECRET.to_owned(),
    };
    let key = option.key;
    let value = secret_value(check, option);
    let good = block(check, option, key, &value);
    let text = |value: &str| block(check, option, key, value);
    let mut flowing = required(check, key);
    flowing.push((key.to_owned(), value.clone()));
    let one_line = flow(&flowing);
    let misspelt = [format!("x{key}"), key.replacen(|_| true, "", 1), key.to_uppercase(), format!("{key}s")];
    let mut files = vec![
        good.clone() + "  timeout: soon\n",
        good.clone() + "  tiemout: 1\n  port: x\n",
        one_line.replace('}', ", timeout: soon}"),
        one_line.replace("}\n", ", timeout: [soon\n"),
        text(&format!("|\n    {secret}\n    {secret}")) + "  timeout: soon\n",
        text(&format!(">-\n    {secret}\n\n    {secret}")) + "  timeout: soon\n",
        text(&format!("|\n    {secret}\n   {secret}")),
        text(&format!("\"{secret}\n    {secret}\"")) + "  timeout: soon\n",
        text(&format!("\"{secret}\n")),
        text(&format!("'{secret}")),
        text(&format!("{secret}: {secret}")),
        text(&format!("{secret} #{secret}\n    {secret}")),
        text(&format!("!vault {secret}")),
        text(&format!("!!int {secret}")),
        text(&format!("@{secret}")),
        text(&format!("`{secret}")),
        text(&format!("%{secret}")),
        text(&format!("[{secret}, {{a: {secret}}}, [[{secret}]]]")) + "  timeout: soon\n",
        text(&format!("{{a: {{b: {secret}}}, c: [{secret}]}}")) + "  timeout: soon\n",
        text(&format!("[('user', '{secret}')]")),
        text(&format!("('user', '{secret}')")) + "  timeout: soon\n",
        text(&format!("\n\t{secret}")),
        format!("- x: &s {secret}\n") + &text("*s") + "  timeout: soon\n",
        good.replacen("- ", "- &base\n  ", 1) + "- <<: *base\n  timeout: soon\n",
        good.replacen("- ", "- &base\n  ", 1) + "- <<: *bse\n",
        format!("- <<: {{{key}: {value}}}\n  type: {}\n  timeout: soon\n", check.kind),
        good.clone() + &format!("  {key}: {value}\n  timeout: soon\n"),
        good.clone() + "---\n- x\n",
        good.clone() + " - y\n",
        good.clone() + &format!("  {secret}\n"),
        good.clone() + &format!("  ? [{secret}]\n  : {secret}\n  timeout: soon\n"),
        format!("{key}: {value}\n"),
        format!("- {key}: {value}\n"),
        format!("- {value}\n"),
        format!("- type: nothing\n  {key}: {value}\n"),
        good.replace(": ", ":"),
        good.clone() + "  \0\n",
    ];
    files.extend(misspelt.iter().map(|key| block(check, option, key, &value) + "  timeout: soon\n"));
    files
}

/// Runs a file, and sees that the secret is nowhere.
fn keeps_the_secret(yaml: &str, arguments: &[&str]) -> Ran {
    keep_the_secret(&[yaml.to_owned()], arguments).0
}

/// The same of several files in one run; their paths.
fn keep_the_secret(files: &[String], arguments: &[&str]) -> (Ran, Vec<String>) {
    let mut agent = Agent::new(&files[0]);
    let more = files.iter().enumerate().skip(1);
    let more: Vec<_> = more.map(|(at, yaml)| agent.scratch().write(&format!("{at}.yaml"), yaml)).collect();
    let first = agent.scratch().path().join("checks.yaml");
    agent = agent.args(&more).args(arguments);
    let ran = agent.run();
    // What is cut must not show the beginning either.
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("hunter2") && !text.contains("Correct"), "{arguments:?} shows it:\n{files:?}\n{text}");
    }
    (ran, [first].into_iter().chain(more).map(|path| path.display().to_string()).collect())
}

/// The options whose values may not be shown.
fn secret_options(check: &Described) -> Vec<&Declared> {
    check.options.iter().filter(|option| option.shape.shown != Shown::Plain).collect()
}

#[test]
fn no_diagnostic_shows_a_secret() {
    let mut files = 0;
    for check in Spec::describe() {
        for option in secret_options(&check) {
            let all = bad_files_with_a_secret(&check, option);
            // A few files in one call: what is said of them is said of each.
            for some in all.chunks(8) {
                for arguments in [
                    &["--validate", "--color=never"][..],
                    &["--strict", "--format=json"],
                    &["--strict", "--format=nagios"],
                ] {
                    let (ran, paths) = keep_the_secret(some, arguments);
                    assert!(ran.status == 3 || arguments[0] == "--validate", "accepted:\n{some:?}{ran:?}");
                    for (path, yaml) in paths.iter().zip(some).filter(|_| arguments.contains(&"--format=json")) {
                        let told = ran.json()["diagnostics"].as_array().expect("diagnostics").clone();
                        assert!(told.iter().any(|one| one["file"] == *path), "accepted:\n{yaml}{ran:?}");
                    }
                }
                files += some.len();
            }
        }
    }
    assert!(files > 200, "only {files} files");
}

#[test]
fn no_secret_is_shown_before_anything_is_run() {
    for check in Spec::describe() {
        for option in secret_options(&check) {
            let mut yaml = block(&check, option, option.key, &secret_value(&check, option));
            let has_user = |other: &Declared| other.key == "username" && !other.required;
            if option.key == "password" && check.options.iter().any(has_user) {
                // It may not stand alone.
                yaml += "  username: a\n";
            }
            // A login in this URL is refused.
            let status = if option.key == "endpoint" { 3 } else { 0 };
            for format in FORMATS.map(|format| format.name) {
                let ran = keeps_the_secret(&yaml, &["--dry-run", "-vdt", "--explain", "--format", format]);
                assert_eq!(ran.status, status, "{yaml}{}", ran.err);
            }
        }
    }
}

/// Sends back all that it is sent, in every place of an answer.
fn parrot() -> Peer {
    Peer::serve(|wire| {
        if let Some(request) = Request::read(&wire) {
            let words: Vec<_> = request.text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
            let line = words.join(" ");
            let (length, body) = (request.text.len(), &request.text);
            let head = format!(
                "HTTP/1.1 500 {line}\r\nServer: {line}\r\nX-Echo: {line}\r\nLocation: /?{line}\r\nContent-Length: {length}\r\n\r\n"
            );
            let _taken = wire.send(format!("{head}{body}").as_bytes());
            wire.finish();
        }
    })
}

#[test]
fn no_report_shows_a_secret_that_the_server_sends_back() {
    let parrot = parrot();
    let port = parrot.port();
    let url = format!("url: 'http://127.0.0.1:{port}/'");
    let checks = [
        format!("url: 'http://user:{SECRET}@127.0.0.1:{port}/?api_key={SECRET}'"),
        format!("{url}, headers: {{Authorization: 'Bearer {SECRET}', X-Token: {SECRET}}}"),
        format!("{url}, headers: {{Authorization: 'Bearer {SECRET}'}}, expected_code: 500, expected_body: absent"),
        format!("{url}, params: {{token: {SECRET}}}, expected_code: 500, expected_headers: {{x-echo: absent}}"),
        format!("{url}, cookies: {{session: {SECRET}}}"),
        format!("{url}, auth: [user, {SECRET}]"),
        format!("{url}, body: {SECRET}, method: POST"),
        format!("{url}, body: {{env: CONN_CHECK_SECRET}}, method: POST, expected_code: 500, expected_body: absent"),
        format!("{url}, proxy_url: 'http://user:{SECRET}@127.0.0.1:{port}'"),
        format!("url: 'https://127.0.0.1:{port}/', proxy_url: 'http://user:{SECRET}@127.0.0.1:{port}'"),
    ];
    let lines: Vec<_> = checks.iter().map(|check| format!("- {{type: http, {check}}}")).collect();
    let yaml = lines.join("\n");
    let agent = Agent::new(&yaml).env("CONN_CHECK_SECRET", SECRET).args(["-vdt", "--explain"]);
    let Told { ran, mut texts } = in_every_format(agent);
    assert_eq!(ran.status, 2, "{ran:?}");
    let record = texts.last().expect("a record").1.clone();
    texts.push(("standard error", ran.err));
    for (name, text) in texts {
        assert!(!text.contains(SECRET) && !text.contains("hunter2"), "{name} shows it:\n{text}");
    }
    let _: Value = serde_json::from_str(&record).expect("JSON");
    assert!(parrot.connections() >= checks.len(), "only {} connections", parrot.connections());
}

#[test]
fn no_report_shows_a_secret_that_a_datagram_brings_back() {
    let echo = UdpPeer::start(UdpManner::Echo);
    let yaml = format!(
        "- {{type: udp, host: 127.0.0.1, port: {}, timeout: 1, send: {{env: CONN_CHECK_SECRET}}, expect: other}}\n",
        echo.port()
    );
    let Told { ran, texts } =
        in_every_format(Agent::new(&yaml).env("CONN_CHECK_SECRET", SECRET).args(["-vdt", "--explain"]));
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    for (name, text) in texts {
        assert!(!text.contains("hunter2"), "{name}: {text}");
    }
}
