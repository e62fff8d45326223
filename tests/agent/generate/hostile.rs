//! Values that are meant to break out, and inputs that are none.

use super::{Made, configs, encoded, from_file, objections, run, run_with};
use harness::scratch::Scratch;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::Command;

/// What is no text to YAML unless it is quoted, what ends lines and quotes, what shells run.
const TEXTS: [&str; 24] = [
    "yes",
    "null",
    "~",
    "0777",
    "1:30",
    "1e3",
    "2026-11-21",
    "123456asdf",
    "a: b",
    "- a",
    "#a",
    "a #b",
    "'",
    "\"",
    "\\",
    "${HOME}",
    "$(reboot)",
    "`reboot`",
    "a\n- type: tcp\n",
    "a\r\nb",
    "{env: HOME}",
    "!!python/object:os.system",
    "\u{1b}[2J",
    "\u{202e}\u{feff}\u{85}p\u{e4}\u{1f600}",
];

/// The file as `PyYAML` reads it.
fn by_python(yaml: &str) -> Value {
    all_by_python(&[yaml.to_owned()]).remove(0)
}

fn all_by_python(files: &[String]) -> Vec<Value> {
    const READ: &str = "import json, sys, yaml
print(json.dumps([yaml.safe_load(text.encode()) for text in json.load(sys.stdin.buffer)]))";
    let mut python = Command::new("/usr/bin/python3");
    let made = run_with(python.args(["-c", READ]), serde_json::to_string(files).expect("JSON").as_bytes());
    assert_eq!(made.status, 0, "{}: {files:?}", made.err);
    serde_json::from_str(&made.out).expect("JSON")
}

#[test]
fn a_password_is_the_same_text_to_conn_check_and_to_pyyaml() {
    let lines: String =
        TEXTS.iter().enumerate().map(|(at, text)| format!("N{at}_URL=redis://:{}@h{at}\n", encoded(text))).collect();
    let made = from_file(&lines);
    assert_eq!((made.status, made.err.as_str()), (0, ""));
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
    let read = by_python(&made.out);
    for (at, text) in TEXTS.iter().enumerate() {
        let check = &read[at];
        assert_eq!((&check["host"], &check["password"]), (&Value::from(format!("h{at}")), &Value::from(*text)));
        assert_eq!(check.as_object().map(serde_json::Map::len), Some(5), "{check}");
    }
    assert_eq!(read.as_array().map(Vec::len), Some(TEXTS.len()));
}

#[test]
fn no_value_gets_out_of_its_place() {
    let mut all = Vec::new();
    for text in TEXTS {
        let part = encoded(text);
        let urls = [
            format!("A_URL=postgres://{part}:p@h/d\nB_URL=redis://ok\n"),
            format!("A_URL=postgres://u:p@{part}/d\nB_URL=redis://ok\n"),
            format!("A_URL=postgres://u:p@h/{part}\nB_URL=redis://ok\n"),
            format!("A_URL=amqp://u:p@h/{part}\nB_URL=redis://ok\n"),
            format!("A_URL=redis://:p@h?ssl_ca_certs={part}&ssl=1\nB_URL=redis://ok\n"),
            format!("A_URL='{}'\nB_URL=redis://ok\n", text.replace('\'', "")),
        ];
        for variables in urls {
            let made = from_file(&variables);
            assert!(matches!(made.status, 0 | 1), "{variables}: {made:?}");
            assert_eq!(objections(&made.out, &[]), None, "{variables}: {}", made.out);
            assert!(!made.err.contains(['\u{1b}', '\u{202e}']), "{:?}", made.err);
            all.push(made.out);
        }
    }
    for (read, file) in all_by_python(&all).iter().zip(&all) {
        let hosts: Vec<_> = read.as_array().expect("a list").iter().map(|check| &check["host"]).collect();
        assert!(hosts.len() <= 2 && hosts.last().is_some_and(|host| **host == "ok"), "{file}");
    }
}

#[test]
fn names_and_values_of_an_environment_may_be_any_bytes() {
    let secret: OsString = OsString::from_vec(b"redis://:\xfftiger@h".to_vec());
    let made = run(configs(&["env"])
        .env(OsStr::from_bytes(b"A\n- type: tcp\n#_URL"), "redis://a")
        .env(OsStr::from_bytes(b"B\xff_URL"), "redis://b")
        .env("C_URL", &secret)
        .env("D_URL", "redis://d\n- type: tcp")
        .env("E_URL", "redis://e"));
    assert_eq!(made.status, 0, "{made:?}");
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
    let read = by_python(&made.out);
    let hosts: Vec<_> = read.as_array().expect("a list").iter().filter_map(|check| check["host"].as_str()).collect();
    assert_eq!(hosts, ["a", "e"], "{}", made.out);
    assert!(made.err.contains("C_URL: its value is not UTF-8"), "{}", made.err);
    assert!(!made.err.contains("tiger") && !made.out.contains("tiger"), "{made:?}");
}

#[test]
fn a_value_of_a_megabyte_ends_in_time_and_is_not_repeated() {
    let long = "x".repeat(1 << 20);
    for (variables, status) in [
        (format!("A_URL=redis://{long}\n"), 0),
        (format!("A_URL={long}\n"), 0),
        (format!("A_URL=postgres://u:{long}@h:99999/d\n"), 0),
        (format!("A_URL={long}://h\n"), 0),
        (format!("{long}_URL=gopher://h\n"), 0),
        (format!("A_URL={}\n", "a,".repeat(1 << 19)), 0),
        (format!("A_URL={}\n", "redis://h;".repeat(100_000)), 0),
        ((0..20_000).map(|n| format!("A{n}_URL=redis://:p{n}@h\n")).collect(), 0),
        ((0..20_000).map(|n| format!("A{n}_URL=redis://:p@h\n")).collect(), 0),
        (long.clone(), 3),
    ] {
        let made = from_file(&variables);
        assert!(made.err.len() < 2000, "{} bytes", made.err.len());
        assert_eq!(made.status, status, "{}", made.err);
    }
    let made = from_file(&format!("A_URL=redis://:{long}@h\n"));
    assert_eq!(made.status, 0);
    assert_eq!(objections(&made.out, &[]), None);
}

#[test]
fn files_that_a_url_names_are_not_read_without_end() {
    let scratch = Scratch::new();
    let fifo = scratch.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO");
    for path in ["/dev/zero", "/nonexistent", "/", fifo.to_str().expect("path")] {
        let made = from_file(&format!("A_URL=postgres://u:tiger@h/d?sslmode=verify-full&sslrootcert={path}\n"));
        assert_eq!(made.status, 0, "{path}: {made:?}");
        assert!(made.out.contains("- type: postgres\n") && !made.out.contains("ca_file:"), "{path}: {}", made.out);
        assert!(made.err.contains("`ca_file`: ") && !made.err.contains("tiger"), "{path}: {}", made.err);
        assert_eq!(objections(&made.out, &[]), None, "{path}: {}", made.out);
    }
}

/// Refused in one line that names the input, with no file.
fn refused(made: &Made, name: &str) {
    assert_eq!((made.status, made.out.as_str()), (3, ""), "{name}: {made:?}");
    assert!(made.err.starts_with(&format!("conn-check-configs: {name}")), "{}", made.err);
    assert!(made.err.lines().count() == 1 && made.err.len() < 500, "{}", made.err);
}

#[test]
fn what_is_no_file_of_variables_or_no_status_is_refused_in_one_line() {
    let scratch = Scratch::new();
    let fifo = scratch.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO");
    let folder = scratch.folder("folder");
    let binary = scratch.write("binary", b"\x7fELF\x02\x01\x01\0\xff\xfe");
    let nul = scratch.write("nul", "A=b\0c\n");
    let large = scratch.zeros("large", 64 << 20);
    let missing = scratch.path().join("missing");
    let inputs = [&fifo, &folder, &binary, &nul, &large, &missing, &"/dev/zero".into()];
    for input in inputs.map(|path| path.to_str().expect("path").to_owned()) {
        refused(&run(&mut configs(&["env", &input])), &input);
        refused(&run(&mut configs(&["juju", &input])), &input);
    }
    for input in [&b"\xff\xfe"[..], b"A='open", b"\0", b"{", b"applications: [", b"no status"] {
        refused(&run_with(&mut configs(&["env", "-"]), input), "<stdin>");
        refused(&run_with(&mut configs(&["juju"]), input), "<stdin>");
    }
}

#[test]
fn settings_that_are_too_large_or_not_in_a_file_are_refused_and_not_cut() {
    let scratch = Scratch::new();
    let fifo = scratch.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO");
    let large = scratch.zeros("large", (16 << 20) + 1);
    let folder = scratch.folder("folder");
    let inputs = [(&fifo, "not a regular file"), (&large, "larger than 16 MiB"), (&folder, "a directory")];
    for (input, why) in inputs {
        let input = input.to_str().expect("path");
        let made = run(&mut configs(&["django", "--bridge", input]));
        refused(&made, input);
        assert!(made.err.contains(why), "{}", made.err);
    }
}

#[test]
fn a_status_that_is_a_bomb_ends_in_time() {
    let aliases: String = (1..10).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(9))).collect();
    for bomb in
        [format!("a0: &a0 x\n{aliases}applications: {{}}\n"), "[".repeat(200_000), "{\"applications\":".repeat(200_000)]
    {
        refused(&run_with(&mut configs(&["juju"]), bomb.as_bytes()), "<stdin>");
    }
}
