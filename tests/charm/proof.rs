//! `charm-proof` of charm-tools, which `cargo xtask test` puts into `target/charm-tools`.

use harness::agent;
use harness::packed;
use harness::scratch::Scratch;
use std::process::Command;

/// charm-proof reads hooks line by line, and stops at one that is no text. Here it reads on.
const READ_ON: &str = "\
import builtins, sys
strict = builtins.open
def lenient(file, mode='r', *rest, **named):
    return strict(file, mode, *rest, **(named if 'b' in mode else {'errors': 'replace', **named}))
builtins.open = lenient
from charmtools.proof import main
sys.exit(main())";

#[test]
fn charm_proof_finds_no_error() {
    let target = agent::folder().parent().expect("target").join("charm-tools");
    let program = target.join("bin/python");
    assert!(target.join("bin/charm-proof").is_file(), "{} is missing: cargo xtask test makes it", target.display());
    let scratch = Scratch::new();
    // The directory has to be called as the charm is.
    let folder = scratch.path().join("conn-check");
    packed::charm().deploy(&folder, None);
    let proof = Command::new(program)
        .args(["-c", READ_ON])
        .arg(&folder)
        .env("HOME", scratch.path())
        .output()
        .expect("charm-proof");
    let text = String::from_utf8_lossy(&proof.stdout).into_owned() + &String::from_utf8_lossy(&proof.stderr);
    assert_eq!(proof.status.code(), Some(0), "{text}");
    let bad: Vec<_> = text.lines().filter(|line| line.starts_with("E:") || line.starts_with("W:")).collect();
    assert_eq!(bad, Vec::<&str>::new());
}
