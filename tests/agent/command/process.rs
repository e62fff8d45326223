//! Programs that do not end, do not begin, or say more than anybody reads; and what is left of them.

use super::{command, failure, ran, shell};
use harness::agent::{Agent, code, program};
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The processes that have this word in their command line.
fn processes(word: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    let lines = all.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(word) && !line.contains("conn-check")).collect()
}

/// A number of seconds to sleep that nobody else sleeps.
fn nap() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}.{}", 100_000 + std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Sees that nothing is left that sleeps so long.
fn nothing_is_left(nap: &str) {
    harness::wait::until("the processes to be gone", || processes(nap).is_empty());
}

#[test]
fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    for (what, line) in [
        ("it waits", "exec sleep NAP"),
        ("it waits for another", "sleep NAP; true"),
        ("it forks", "sleep NAP & sleep NAP & wait"),
        ("it ignores the signal", "trap '' TERM; while :; do sleep NAP; done"),
        ("it closes its streams", "exec >&- 2>&-; sleep NAP"),
        ("it stops itself", "kill -STOP $$"),
    ] {
        let nap = nap();
        let began = Instant::now();
        let (verdict, check) = shell(&line.replace("NAP", &nap), ", timeout: 1");
        assert_eq!(verdict, "local.command-hangs", "{what}");
        assert!(began.elapsed() < Duration::from_secs(3), "{what}: {:?}", began.elapsed());
        assert_eq!(failure(&check, "owner"), "service");
        let message = failure(&check, "message");
        assert!(message.starts_with("sh did not end in ") && message.ends_with(", and was ended"), "{what}: {check}");
        nothing_is_left(&nap);
    }
}

#[test]
fn one_that_is_asked_to_end_may_say_why_it_took_so_long() {
    let (_, check) =
        shell("trap 'exit 0' TERM; echo waiting for the disk; while :; do sleep 0.05; done", ", timeout: 1");
    assert_eq!(failure(&check, "evidence"), "its last line: waiting for the disk");
}

#[test]
fn what_a_program_leaves_in_the_background_holds_nothing_up_and_is_ended() {
    let nap = nap();
    let began = Instant::now();
    let (verdict, check) = shell(&format!("sleep {nap} & (sleep {nap} &) ; echo OK"), ", timeout: 8");
    assert_eq!((verdict.as_str(), &check["facts"]["output"]), ("pass", &json!(["OK"])));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    nothing_is_left(&nap);
}

#[test]
fn an_interrupted_run_leaves_no_program() {
    let (scratch, nap) = (Scratch::new(), nap());
    let file = scratch.write("checks.yaml", command(&["sh", "-c", &format!("sleep {nap}; true")], ""));
    let mut run =
        Command::new(program()).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    harness::wait::until("the program to sleep", || !processes(&nap).is_empty());
    let pid = nix::unistd::Pid::from_raw(run.id().try_into().expect("a number"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it is there");
    run.wait().expect("it ends");
    nothing_is_left(&nap);
}

#[test]
fn the_end_of_the_run_is_the_end_of_its_programs() {
    let nap = nap();
    let yaml = command(&["sleep", &nap], ", timeout: 60");
    let ran = Agent::new(&yaml).args(["--max-timeout", "2", "--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs(4), "{:?}", ran.elapsed);
    assert_eq!(code(&ran.json()), "local.command-hangs");
    nothing_is_left(&nap);
}

#[test]
fn more_output_than_anybody_reads_is_read_and_not_kept() {
    let began = Instant::now();
    let (verdict, check) = shell("head -c 100000000 /dev/zero | tr '\\0' x; exit 2", "");
    assert_eq!(verdict, "local.command-failed");
    assert!(failure(&check, "evidence").contains("it wrote 100000000 bytes"), "{check}");
    assert!(check.to_string().len() < 4_000 && began.elapsed() < Duration::from_secs(9), "{check}");
    // Nor does it wait for what has no end.
    let (verdict, check) = ran(&["yes"], ", timeout: 1");
    assert_eq!(verdict, "local.command-hangs");
    assert_eq!(failure(&check, "evidence"), "its last line: y");
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let (verdict, check) = shell("head -c 100000 /bin/sh; exit 2", "");
    assert_eq!(verdict, "local.command-failed");
    assert!(failure(&check, "message").starts_with("sh: \\x7fELF"), "{check}");
    let (_, check) = shell(r"printf 'a\033[31mb\000c\377 \342\200\256x'; exit 2", "");
    assert_eq!(failure(&check, "message"), r"sh: a\x1b[31mb\x00c\xff \xe2\x80\xaex");
}

#[test]
fn a_program_that_breaks_down_is_told_from_one_that_says_so() {
    let (verdict, check) = shell("kill -SEGV $$", "");
    assert_eq!((verdict.as_str(), failure(&check, "owner")), ("local.command-killed", "config"));
    assert_eq!(failure(&check, "message"), "sh was ended by signal 11 SIGSEGV");
    for (status, said) in [
        (137, "signal 9 SIGKILL ended"),
        (127, "install what it calls"),
        (126, "let it execute what it calls"),
        (4, "have it end with 0, 1, 2 or 3"),
    ] {
        let (verdict, check) = shell(&format!("exit {status}"), "");
        assert_eq!(verdict, "local.command-status", "{status}");
        assert!(failure(&check, "next_step").contains(said), "{check}");
        assert_eq!(check["facts"]["exit_status"], status);
    }
}

#[test]
fn a_program_that_cannot_be_started_says_why() {
    let scratch = Scratch::new();
    let at = |name: &str| scratch.path().join(name).display().to_string();
    let _text = scratch.program("text", "echo no first line\n");
    let _lost = scratch.program("lost", "#!/nonexistent/python3\nprint()\n");
    let _env = scratch.program("env", "#!/usr/bin/env no-such-interpreter\n");
    scratch.write("closed", "#!/bin/sh\n");
    for (path, expected, part, said) in [
        ("/nonexistent/check".to_owned(), "local.command-missing", "message", "there is no /nonexistent/check"),
        ("no-such-plugin".to_owned(), "local.command-missing", "evidence", "/usr/lib/nagios/plugins"),
        (at(""), "local.command-unusable", "message", "is a directory"),
        (at("closed"), "local.command-unusable", "message", "may not be executed by this user"),
        (at("lost"), "local.command-unusable", "evidence", "its first line: #!/nonexistent/python3"),
        (at("text"), "local.command-unusable", "next_step", "name its interpreter in the first line"),
        (at("env"), "local.command-status", "next_step", "install what it calls"),
    ] {
        let (verdict, check) = ran(&[&path], "");
        assert_eq!(verdict, expected, "{path}: {check}");
        assert!(failure(&check, part).contains(said), "{path}: {check}");
        assert_eq!(failure(&check, "owner"), "config", "a file that all nodes have takes none of them out");
    }
}

#[test]
fn a_program_has_an_environment_of_its_own_and_nothing_of_ours() {
    let scratch = Scratch::new();
    let peer = harness::peers::Peer::start(harness::peers::Manner::Silent);
    let script = scratch.program(
        "look",
        "#!/bin/sh\nenv | sort; pwd; umask; readlink /proc/self/fd/0; ls /proc/$$/fd | tr '\\n' ' '; echo; ps -o pgid= -p $$; echo pid $$; grep SigBlk /proc/self/status\n",
    );
    let look = format!("{}; exit 2", script.display());
    let yaml = format!(
        "- {{type: tcp, host: 127.0.0.1, port: {}, expect: never, timeout: 2}}\n{}",
        peer.port(),
        command(&["sh", "-c", &look], ", env: {OWN: mine}")
    );
    // Whoever starts conn-check has left something open, too.
    let mut outer = Command::new("bash");
    outer.args(["-c", "exec 7</etc/passwd 23<>/dev/null; exec \"$@\"", "bash"]);
    let mut agent = Agent::through(outer, &yaml).env("SECRET_OF_OTHERS", "x").args(["--format", "json"]);
    let report = agent.run().json();
    let said: Vec<_> = report["checks"][1]["facts"]["output"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line.as_str().expect("a text").trim().to_owned())
        .collect();
    let names: BTreeSet<_> = said.iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(
        names.difference(&BTreeSet::from(["PWD", "OLDPWD", "SHLVL", "_"])).copied().collect::<Vec<_>>(),
        ["HOME", "LANG", "OWN", "PATH"]
    );
    for line in ["HOME=/root", "LANG=C.UTF-8", "/", "0022", "/dev/null", "0 1 10 2", r"SigBlk:\t0000000000000000"] {
        let known = line == "HOME=/root" && !nix::unistd::geteuid().is_root();
        // A shell has the script itself open.
        assert!(known || said.iter().any(|said| said == line), "{line}: {said:?}");
    }
}

#[test]
fn many_programs_at_once_are_all_reaped() {
    let yaml: String = (0..100).map(|_| command(&["true"], "")).collect();
    let scratch = Scratch::new();
    let file = scratch.write(
        "checks.yaml",
        yaml + &command(&["sh", "-c", "sleep 1; ps -o stat= --ppid $PPID | grep -c Z; exit 0"], ""),
    );
    let output = Command::new(program()).arg(file).args(["--format", "json"]).output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["counts"]["fail"], 0, "{report}");
    assert_eq!(report["checks"][100]["facts"]["output"], json!(["0"]), "no zombie is left");
}

#[test]
fn what_may_not_be_executed_by_this_user_is_told() {
    let scratch = Scratch::new();
    let path = scratch.program("closed", "#!/bin/sh\nexit 0\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("its mode");
    let mut outer = Command::new("setpriv");
    outer.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let report = Agent::copy_through(outer, &command(&[&path.display().to_string()], "")).report();
    assert_eq!(code(&report), "local.command-unusable");
}

#[test]
fn where_the_system_forgets_how_programs_end_that_is_told() {
    let mut outer = Command::new("python3");
    let ignore =
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    outer.args(["-c", ignore]);
    let report = Agent::through(outer, &command(&["true"], "")).report();
    assert_eq!(code(&report), "local.command-unknown");
    assert!(failure(&report["checks"][0], "next_step").contains("SIGCHLD"), "{report}");
}
