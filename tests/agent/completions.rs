//! What bash, zsh and fish offer for half a line, with the scripts of `docs/completions` in the shells
//! themselves.

use harness::packages;
use harness::scratch::Scratch;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A line whose last word is not finished, what has to be offered for it, and what must not be.
struct Case {
    words: &'static [&'static str],
    offered: &'static [&'static str],
    withheld: &'static [&'static str],
}

/// A command of every system, which is no file of checks.
const COMMAND: &str = "ls";

const CASES: &[Case] = &[
    Case { words: &["conn-check", ""], offered: &["checks.yaml", "more.yml", "sub", "explain"], withheld: &[COMMAND] },
    Case { words: &["conn-check", "che"], offered: &["checks.yaml"], withheld: &["more.yml", "explain"] },
    Case { words: &["conn-check", "checks.yaml", ""], offered: &["more.yml", "sub"], withheld: &["explain", COMMAND] },
    Case { words: &["conn-check", "--strict", "che"], offered: &["checks.yaml"], withheld: &[] },
    Case { words: &["conn-check", "--max"], offered: &["--max-timeout"], withheld: &["--format"] },
    Case {
        words: &["conn-check", "--format", "j"],
        offered: &["json", "jsonl", "junit"],
        withheld: &["plain", "checks.yaml"],
    },
    Case { words: &["conn-check", "--max-timeout", ""], offered: &[], withheld: &["checks.yaml", "notes.txt"] },
    Case { words: &["conn-check", "--include-tags", ""], offered: &[], withheld: &["checks.yaml", "notes.txt"] },
    Case { words: &["conn-check", "-o", "no"], offered: &["notes.txt"], withheld: &["checks.yaml"] },
    Case {
        words: &["conn-check", "explain", "auth.r"],
        offered: &["auth.rejected", "auth.required"],
        withheld: &["auth.closed"],
    },
    Case {
        words: &["conn-check", "explain", "post"],
        offered: &["postgres", "postgresql"],
        withheld: &["checks.yaml"],
    },
    Case { words: &["conn-check-configs", ""], offered: &["django", "env", "juju"], withheld: &[COMMAND] },
    Case {
        words: &["conn-check-configs", "env", "--se"],
        offered: &["--secrets", "--secrets-dir"],
        withheld: &["--settings-module"],
    },
    Case {
        words: &["conn-check-configs", "env", "--secrets", ""],
        offered: &["env", "file", "inline"],
        withheld: &["notes.txt"],
    },
    Case { words: &["conn-check-configs", "env", "no"], offered: &["notes.txt"], withheld: &[] },
    Case { words: &["conn-check-configs", "env", "--secrets-dir", ""], offered: &["sub"], withheld: &["notes.txt"] },
    Case {
        words: &["conn-check-django", "--"],
        offered: &["--settings-module", "--python"],
        withheld: &["--bridge", "--print"],
    },
    Case {
        words: &["conn-check-export-fw", "--"],
        offered: &["--with-dns", "--strict"],
        withheld: &["--max-timeout", "--journal"],
    },
    Case { words: &["conn-check-convert-fw", "-t", "nft"], offered: &["nftables"], withheld: &["ufw"] },
    Case { words: &["conn-check-convert-fw", ""], offered: &["checks.yaml", "sub"], withheld: &[COMMAND] },
];

/// Holds what a shell offers against the cases.
fn complete_all(offered: impl Fn(&Path, &[&str]) -> BTreeSet<String>) {
    let scratch = Scratch::new();
    for name in ["checks.yaml", "more.yml", "notes.txt"] {
        scratch.write(name, "");
    }
    std::fs::create_dir(scratch.path().join("sub")).expect("a directory");
    for case in CASES {
        let found = offered(scratch.path(), case.words);
        let missing: Vec<_> = case.offered.iter().filter(|word| !found.contains(**word)).collect();
        assert!(missing.is_empty(), "{:?}: {missing:?} not in {found:?}", case.words);
        let wrong: Vec<_> = case.withheld.iter().filter(|word| found.contains(**word)).collect();
        assert!(wrong.is_empty(), "{:?}: {wrong:?} in {found:?}", case.words);
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/completions").join(name)
}

/// A shell with nothing of the user's.
fn shell(name: &str, folder: &Path) -> Command {
    let program = packages::find(name).unwrap_or_else(|| panic!("{name} is not installed: apt-get install {name}"));
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("TERM", "dumb")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// The lines that a command prints, a directory without its slash.
fn lines(command: &mut Command) -> BTreeSet<String> {
    let output = command.output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(err, "", "{command:?}: {out}");
    out.lines()
        .map(|line| line.split('\t').next().unwrap_or_default().trim_end_matches(['/', '\r', ' ']).to_owned())
        .collect()
}

#[test]
fn bash_completes_words_options_values_and_files() {
    const CALL: &str = r#"
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
function=$(complete -p "$1"); function=${function#*-F }; function=${function%% *}
"$function" "$1"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    complete_all(|folder, words| {
        let mut bash = shell("bash", folder);
        bash.args(["--norc", "--noprofile", "-c", CALL, "bash"]).arg(script(&format!("{}.bash", words[0]))).args(words);
        lines(&mut bash)
    });
}

#[test]
fn shellcheck_has_nothing_to_say_about_the_scripts_of_bash() {
    let program = packages::find("shellcheck").expect("shellcheck is not installed: apt-get install shellcheck");
    let files = std::fs::read_dir(script("")).expect("docs/completions").map(|file| file.expect("a file").path());
    let scripts: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "bash")).collect();
    assert_eq!(scripts.len(), 6, "{scripts:?}");
    assert_eq!(lines(Command::new(program).args(scripts)), BTreeSet::new());
}

#[test]
fn bash_completes_a_value_behind_an_equals_sign() {
    let call = format!(
        "source {}; COMP_WORDS=(conn-check --color = al); COMP_CWORD=3; _conn_check; echo \"${{COMPREPLY[*]}}\"",
        script("conn-check.bash").display()
    );
    let scratch = Scratch::new();
    let found = lines(shell("bash", scratch.path()).args(["--norc", "--noprofile", "-c", &call]));
    assert_eq!(found, BTreeSet::from(["always".to_owned()]));
}

#[test]
fn zsh_completes_words_options_values_and_files() {
    complete_all(|folder, words| {
        let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("agent/completions/capture.zsh");
        let mut zsh = shell("zsh", folder);
        zsh.arg("-f").arg(capture).arg(script("")).arg(words.join(" "));
        lines(&mut zsh)
    });
}

#[test]
fn fish_completes_words_options_values_and_files() {
    complete_all(|folder, words| {
        let call =
            format!("source {}; complete -C '{}'", script(&format!("{}.fish", words[0])).display(), words.join(" "));
        lines(shell("fish", folder).args(["--no-config", "-c", &call]))
    });
}
