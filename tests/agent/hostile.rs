//! Files that want to do harm, and paths that are no files: a clear error, at once, in little memory.

use harness::agent::{Ran, program};
use harness::scratch::Scratch;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run may take of a processor, seconds: its time on a machine that has nothing else to do.
const LONGEST: f64 = 2.0;

/// What it may take in all on a busy machine: nothing here waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run may hold in memory, KiB.
const MOST: f64 = 200.0 * 1024.0;

/// A secret in most of these files.
const SECRET: &str = "hunter2-correct-horse";

/// One run of the program under a stop watch and a scale.
struct Weighed {
    ran: Ran,
    /// The processor's time, seconds.
    work: f64,
    /// The most memory it held, KiB.
    peak: f64,
}

impl Weighed {
    /// Runs the program with these arguments.
    fn run(scratch: &Scratch, arguments: &[&str], input: Stdio) -> Self {
        Self::of(scratch, &[program().to_str().expect("a path")], arguments, input)
    }

    /// Runs a command that is or leads to the program.
    fn of(scratch: &Scratch, command: &[&str], arguments: &[&str], input: Stdio) -> Self {
        let scale = scratch.path().join("peak");
        let began = Instant::now();
        let output = Command::new("/usr/bin/time")
            .args(["-q", "-f", "%M %U %S", "-o"])
            .arg(&scale)
            .args(command)
            .args(arguments)
            .current_dir(scratch.path())
            .env_clear()
            .stdin(input)
            .output()
            .expect("time runs");
        let scale = fs::read_to_string(&scale).expect("the scale");
        let numbers: Vec<f64> = scale.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        let ran = Ran {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().unwrap_or(-1),
            elapsed: began.elapsed(),
        };
        Self { ran, peak: numbers[0], work: numbers[1] + numbers[2] }
    }

    /// In time, in bounds, and no secret told.
    fn is_modest(&self) -> &Self {
        let Self { ran, peak, work } = self;
        assert!(*work < LONGEST && ran.elapsed < PATIENCE, "took {work} s, {:?}: {}", ran.elapsed, ran.err);
        assert!(*peak < MOST, "held {peak} KiB: {}", ran.err);
        assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "a secret is shown: {ran:?}");
        self
    }

    /// Refused with this code, in a few lines.
    fn is_refused(&self, code: &str) {
        let Ran { out, err, status, .. } = &self.is_modest().ran;
        assert_eq!((*status, out.as_str()), (3, ""), "{err}");
        assert!(err.contains(&format!("error[{code}]")), "wanted {code}: {err}");
        assert!(err.len() < 4096, "{} bytes of explanation", err.len());
    }
}

/// Refuses a file of this content with this code, in every form in which errors are told.
fn refused(content: impl AsRef<[u8]>, code: &str) {
    let scratch = Scratch::new();
    scratch.write("checks.yaml", content);
    Weighed::run(&scratch, &["checks.yaml"], Stdio::null()).is_refused(code);
    for format in ["json", "nagios"] {
        let told = Weighed::run(&scratch, &["checks.yaml", "--format", format], Stdio::null());
        let Ran { out, status, .. } = &told.is_modest().ran;
        assert_eq!(*status, 3, "{out}");
        assert!(out.contains(code) && out.len() < 4096, "{format}: {out}");
    }
}

/// Refuses what a path leads to.
fn refused_path(path: &str, code: &str) {
    Weighed::run(&Scratch::new(), &[path], Stdio::null()).is_refused(code);
}

/// A check with a secret, to stand before what is harmful.
fn secret() -> String {
    format!("- type: http\n  url: http://localhost/\n  headers: {{X-Token: {SECRET}}}\n")
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut bomb = secret() + "- type: tcp\n  l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
    for level in 1..30 {
        let before = vec![format!("*l{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "  l{level}: &l{level} [{before}]");
    }
    refused(bomb, "too-large");
}

#[test]
fn a_merge_bomb_does_not_go_off() {
    let mut bomb = secret() + "- &m0 {type: tcp, host: localhost, port: 1}\n";
    for level in 1..30 {
        let before = vec![format!("*m{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "- &m{level} {{<<: [{before}], k{level}: [{before}]}}");
    }
    refused(bomb, "too-large");
}

#[test]
fn a_text_that_is_copied_for_ever_is_not() {
    let text = format!("- type: tcp\n  t0: &t {}\n  t1: [{}]\n", "x".repeat(1 << 20), vec!["*t"; 1000].join(", "));
    refused(text, "too-large");
}

#[test]
fn two_hundred_thousand_brackets_are_too_deep() {
    refused("[".repeat(200_000), "too-deep");
    refused(secret() + "- type: tcp\n  tags: " + &"[".repeat(200_000), "too-deep");
}

#[test]
fn two_hundred_thousand_braces_are_too_deep() {
    refused("{a: ".repeat(200_000), "too-deep");
    refused("- ".repeat(200_000), "too-deep");
    refused("? ".repeat(200_000), "too-deep");
}

#[test]
fn two_hundred_thousand_anchors_and_tags_do_no_harm() {
    refused(secret() + "- type: " + &"&a ".repeat(200_000), "yaml-syntax");
    refused(secret() + "- type: " + &"!!str ".repeat(200_000), "yaml-syntax");
}

#[test]
fn nul_and_what_is_no_text_are_refused() {
    refused([secret().as_bytes(), b"- type: \0\n"].concat(), "yaml-syntax");
    refused([secret().as_bytes(), b"- type: \xff\xfe\n"].concat(), "not-utf8");
    refused(vec![0; 1 << 20], "yaml-syntax");
    refused(vec![0xff; 1 << 20], "not-utf8");
    refused(fs::read(program()).expect("a program").split_at(1 << 20).0, "not-utf8");
}

/// Where people put a password by mistake: into a host, and without quotes behind a sign of YAML.
#[test]
fn a_password_in_the_wrong_place_is_not_shown() {
    for (check, code) in [
        (format!("{{type: redis, host: 'redis://:{SECRET}@h:6379'}}"), "bad-value"),
        (format!("{{type: postgres, host: 'postgresql://u:{SECRET}@h/d', username: u, database: d}}"), "bad-value"),
        (format!("{{type: tcp, host: 'u:{SECRET}@h', port: 1}}"), "bad-value"),
        (format!("{{type: tcp, host: h, port: 'u:{SECRET}@h:1'}}"), "bad-value"),
        (format!("{{type: http, url: 'ftp://u:a/{SECRET}@h/'}}"), "bad-value"),
        (format!("{{type: redis, host: h, password: *{SECRET}}}"), "unknown-alias"),
        (format!("{{type: redis, host: h, password: !{SECRET} x}}"), "unknown-tag"),
    ] {
        refused(format!("- {check}\n"), code);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    refused_path("/", "no-checks");
    ["/dev/zero", "/dev/full"].iter().for_each(|path| refused_path(path, "not-a-file"));
    ["/nonexistent/checks.yaml", "/etc/passwd/x", ""].iter().for_each(|path| refused_path(path, "not-there"));
    let scratch = Scratch::new();
    let fifo = scratch.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    refused_path(path(&fifo), "not-a-file");
    let link = scratch.path().join("loop");
    std::os::unix::fs::symlink(&link, &link).expect("a link");
    refused_path(path(&link), "unreadable");
}

#[test]
fn a_file_of_a_gigabyte_is_not_read() {
    let scratch = Scratch::new();
    let _ = scratch.zeros("checks.yaml", 1 << 30);
    Weighed::run(&scratch, &["checks.yaml"], Stdio::null()).is_refused("too-large");
}

#[test]
fn endless_input_is_not_read_to_its_end() {
    let zero = File::open("/dev/zero").expect("zeros");
    Weighed::run(&Scratch::new(), &["-"], zero.into()).is_refused("too-large");
    let mut flood = Command::new("yes").arg(SECRET).stdout(Stdio::piped()).spawn().expect("yes");
    let input = flood.stdout.take().expect("its output");
    Weighed::run(&Scratch::new(), &["-"], input.into()).is_refused("too-large");
    flood.wait().expect("it ends with its reader");
}

#[test]
fn a_very_large_file_is_read_or_refused_in_time() {
    let checks = "- {type: tcp, host: localhost, port: 1}\n".repeat(15 * 1024 * 1024 / 40);
    refused(checks, "too-large");
    let scratch = Scratch::new();
    let check = format!("- {{type: udp, host: localhost, port: 1, send: {}}}\n", "x".repeat(1000));
    scratch.write("checks.yaml", check.repeat(15 * 1024));
    let weighed = Weighed::run(&scratch, &["checks.yaml", "--validate"], Stdio::null());
    assert_eq!(weighed.is_modest().ran.status, 0, "{}", weighed.ran.err);
    let check = format!("- {{type: udp, host: localhost, port: x, send: {}}}\n", "x".repeat(1000));
    scratch.write("checks.yaml", check.repeat(15 * 1024));
    let weighed = Weighed::run(&scratch, &["checks.yaml", "--validate"], Stdio::null());
    assert_eq!(weighed.is_modest().ran.status, 3, "{}", weighed.ran.err);
    assert!(weighed.ran.err.contains("more problems"), "not all of them are printed");
}

/// Runs the program as somebody who may do nothing.
fn as_nobody(scratch: &Scratch, arguments: &[&str]) -> Weighed {
    let copy = scratch.program_from("conn-check", &program());
    let command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path(&copy)];
    Weighed::of(scratch, &command, arguments, Stdio::null())
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn a_file_that_may_not_be_read_says_who_should_be_let() {
    let scratch = Scratch::new();
    let file = scratch.write("checks.yaml", secret());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).expect("its mode");
    let scale = Scratch::new();
    fs::set_permissions(scale.path(), fs::Permissions::from_mode(0o777)).expect("its mode");
    let weighed = as_nobody(&scale, &[path(&file)]);
    weighed.is_refused("unreadable");
    assert!(weighed.ran.err.contains("Permission denied"), "{}", weighed.ran.err);
    assert!(weighed.ran.err.contains("the group nagios"), "{}", weighed.ran.err);
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let yaml = "- {type: tcp, host: \"\\e[2J\\e]0;pwned\\a\", port: 1}\n- {type: \"\\e[31m\", host: a}\n\
                - {type: tcp, host: a, port: 1, \"\\e[2Jk\": 1, timeout: \"\\e[2J\"}\n";
    let scratch = Scratch::new();
    scratch.write("checks.yaml", yaml);
    for format in ["plain", "human", "json", "nagios"] {
        let weighed = Weighed::run(&scratch, &["checks.yaml", "--format", format, "--color=never"], Stdio::null());
        let Ran { out, err, status, .. } = &weighed.is_modest().ran;
        assert_eq!(*status, 3);
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{out}{err}");
    }
}
