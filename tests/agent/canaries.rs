//! A different secret in every option that can hold one, and servers that say it back in every usual spelling: it is
//! in no output, no record, no journal, no argument of another program, and no file that is left.

use conn_check::checks::{Described, Spec};
use conn_check::report::FORMATS;
use conn_check::services::Transport;
use conn_check::settings::shape::Shown;
use harness::agent::{Agent, program};
use harness::peers::{Peer, Wire};
use harness::random::Random;
use harness::scratch::Scratch;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// As many letters of a secret in a row as nobody may see.
const RUN: usize = 8;

/// A check with a secret in each of its options, one of them for each spelling of each.
struct Planted {
    yaml: String,
    secrets: Vec<String>,
    peers: Vec<Peer>,
}

/// A secret of letters and digits that nothing else contains.
fn secret(random: &mut Random) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZbcdfghjkmnpqrstvwxz23456789";
    let mut word = || (0..RUN).map(|_| char::from(*random.pick(LETTERS))).collect::<String>();
    // Characters that have a spelling of their own in URLs, JSON and HTML.
    format!("{}/&{}", word(), word())
}

/// How servers and frameworks write a text.
const SPELLINGS: [fn(&str) -> String; 8] = [
    str::to_owned,
    |text| text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    |text| text.replace('/', "%2F").replace('&', "%26"),
    |text| text.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect(),
    |text| text.replace('/', "\\/"),
    |text| text.replace('&', "&amp;"),
    |text| text.chars().map(|letter| format!("&#{};", u32::from(letter))).collect(),
    str::to_uppercase,
];

/// What an option holds: the secret, in the option's own form.
fn value(key: &str, short: &str, secret: &str) -> String {
    match short {
        "secret" => format!("'{secret}'"),
        "[user, password]" => format!("[somebody, '{secret}']"),
        "mapping or list of pairs" if key == "headers" => format!("{{X-Tenant: 'Bearer {secret}'}}"),
        "mapping or list of pairs" => format!("{{some: '{secret}'}}"),
        other => panic!("{key}: no secret was ever planted in a {other}"),
    }
}

/// The check with a secret in this option.
fn check(described: &Described, key: &str, secret: &str, port: u16) -> String {
    let mut text = format!("- {{type: {}, timeout: 3", described.kind);
    for option in &described.options {
        let short = option.shape.short;
        let value = match (option.key, short) {
            (one, _) if one == key => value(key, short, secret),
            ("host", _) => "127.0.0.1".to_owned(),
            ("port", _) => port.to_string(),
            ("url", _) => format!("'http://127.0.0.1:{port}/'"),
            ("send" | "use_tls", _) => "false".to_owned(),
            ("username", _) => "somebody".to_owned(),
            ("password", _) => "of-nobody".to_owned(),
            (_, "mail address") if option.required => "a@b.example".to_owned(),
            (one, _) if option.required => format!("some-{one}"),
            _ => continue,
        };
        write!(text, ", {}: {value}", option.key).expect("a text");
    }
    text + "}\n"
}

/// Says a text as the server of a type says why it refuses.
fn refuse(wire: &Wire, kind: &str, text: &str) {
    let postgres = |text: &str| {
        let fields = format!("SFATAL\0C28P01\0M{text}\0\0");
        [b"E", &u32::try_from(fields.len() + 4).unwrap_or(0).to_be_bytes()[..], fields.as_bytes()].concat()
    };
    let mysql = |text: &str| {
        let body = [&[0xff, 0x15, 0x04][..], b"#28000", text.as_bytes()].concat();
        [&u32::try_from(body.len()).unwrap_or(0).to_le_bytes()[..3], &[0], &body].concat()
    };
    let greets = matches!(kind, "smtp" | "mysql");
    if !greets && wire.first_bytes().is_empty() {
        return;
    }
    let said = match kind {
        "http" => format!(
            "HTTP/1.1 500 {text}\r\nServer: {text}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nwhat is {text} to me\n"
        )
        .into_bytes(),
        "redis" => format!("-ERR what is {text} to me\r\n").into_bytes(),
        "memcache" => format!("SERVER_ERROR what is {text} to me\r\n").into_bytes(),
        "smtp" => format!("554 what is {text} to me\r\n").into_bytes(),
        "postgres" => postgres(&format!("what is {text} to me")),
        "mysql" => mysql(&format!("what is {text} to me")),
        _ => format!("what is {text} to me\r\n").into_bytes(),
    };
    if wire.send(&said) {
        wire.finish();
    }
}

/// Every option of every check that may hold a secret, in every spelling.
fn plant() -> Planted {
    let mut planted = Planted { yaml: String::new(), secrets: Vec::new(), peers: Vec::new() };
    let mut random = Random::new(12);
    for described in Spec::describe().into_iter().filter(|one| one.service.transport == Transport::Stream) {
        // A query or a subject is not shown in diagnostics, and is no login: a server's words about it are the point.
        let options = described.options.iter().filter(|option| option.shape.shown == Shown::Never);
        for option in options.filter(|option| option.shape.short != "text") {
            for spelling in SPELLINGS {
                let (secret, kind) = (secret(&mut random), described.kind);
                let said = spelling(&secret);
                let peer = Peer::serve(move |wire| refuse(&wire, kind, &said));
                planted.yaml += &check(&described, option.key, &secret, peer.port());
                planted.secrets.push(secret);
                planted.peers.push(peer);
            }
        }
    }
    planted
}

/// The secrets of which a run of letters is in a text, in any spelling.
fn found<'a>(secrets: &'a [String], text: &str) -> BTreeSet<&'a str> {
    let text = text.to_lowercase();
    let shows = |secret: &&String| {
        // The letters before the slash, and those behind the ampersand.
        let (first, last) = (&secret[..RUN], &secret[secret.len() - RUN..]);
        [first, last].iter().any(|part| SPELLINGS.iter().any(|spelling| text.contains(&spelling(part).to_lowercase())))
    };
    secrets.iter().filter(shows).map(String::as_str).collect()
}

#[test]
fn a_secret_of_any_option_is_nowhere_in_any_spelling() {
    let planted = plant();
    assert!(planted.secrets.len() > 60 && planted.peers.len() == planted.secrets.len(), "{}", planted.secrets.len());
    let clean = |what: &str, text: &str| {
        let found = found(&planted.secrets, text);
        let lines: Vec<_> =
            text.lines().filter(|line| !self::found(&planted.secrets, line).is_empty()).take(8).collect();
        assert!(found.is_empty(), "{what}: {found:?}\n{}", lines.join("\n"));
    };
    let mut failures = 0;
    for format in FORMATS {
        for more in [&[][..], &["--explain"], &["-v", "-d"]] {
            let mut agent =
                Agent::new(&planted.yaml).args(["--format", format.name, "--record", "record.json"]).args(more);
            let ran = agent.run();
            assert_eq!(ran.status, 2, "{} {more:?}: {}", format.name, ran.err);
            let record = fs::read_to_string(agent.scratch().path().join("record.json")).expect("a record");
            failures = record.matches("\"code\":").count();
            for (what, text) in [("output", &ran.out), ("standard error", &ran.err), ("record", &record)] {
                clean(&format!("{what} of {} {more:?}", format.name), text);
            }
        }
    }
    assert!(failures >= planted.secrets.len() * 9 / 10, "{failures} failures of {} checks", planted.secrets.len());
    let dry = Agent::new(&planted.yaml).args(["--dry-run"]).run();
    clean("--dry-run", &(dry.out + &dry.err));
}

#[test]
fn a_secret_is_in_no_message_about_the_file() {
    let planted = plant();
    // Each line is wrong in another way.
    let wrongs = [", nonsense: 1}", ", port: x}", ", timeout: -1}", ", type: again}", "]", ", tags: {a: b}}"];
    for wrong in wrongs {
        let yaml: String =
            planted.yaml.lines().map(|line| format!("{}{wrong}\n", line.trim_end_matches('}'))).collect();
        for format in FORMATS {
            let ran = Agent::new(&yaml).args(["--format", format.name]).run();
            assert!(ran.status == 3 || ran.status == 2, "{wrong}: {} {}", ran.status, ran.err);
            let text = ran.out + &ran.err;
            assert_eq!(found(&planted.secrets, &text), BTreeSet::new(), "{wrong} {}\n{text}", format.name);
        }
    }
}

/// The agent starts no program, and keeps no file, that holds one.
#[test]
fn a_secret_is_in_no_program_or_file_that_the_agent_makes() {
    let (planted, scratch) = (plant(), Scratch::new());
    let (file, log) = (scratch.write("checks.yaml", &planted.yaml), scratch.path().join("calls"));
    let mut strace = Command::new("/usr/bin/strace");
    strace
        .args(["-f", "-qqq", "--signal=none", "-s", "4096", "-e", "trace=execve,openat,creat,rename,write", "-o"])
        .arg(&log);
    strace.arg(program()).arg(&file).args(["--format", "json", "--record"]).arg(scratch.path().join("record"));
    let output = strace.env_clear().output().expect("strace");
    assert_eq!(output.status.code(), Some(2));
    let calls = fs::read_to_string(&log).expect("the calls");
    let made =
        |line: &&str| ["execve(", "O_CREAT", "creat(", "rename(", "write("].iter().any(|call| line.contains(call));
    let text: String = calls.lines().filter(made).map(|line| line.to_owned() + "\n").collect();
    assert!(text.contains("execve("), "{calls}");
    assert_eq!(found(&planted.secrets, &text), BTreeSet::new(), "{text}");
}
