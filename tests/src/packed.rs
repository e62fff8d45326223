//! The packed charm, of the programs that were built beside this one.

use crate::agent;
use crate::juju::charm::Charm;
use crate::juju::tree::{Change, Tree};
use crate::or_panic::OrPanic;
use crate::scratch::Scratch;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A version after it, of as many characters.
pub const NEXT_VERSION: &str = "2.0.9";

/// The charm's own programs.
const HOOKS_AND_ACTIONS: [&str; 2] = ["conn-check-hooks", "conn-check-actions"];

/// Of a machine's files, these are nobody's: Juju's, and what useradd and groupadd keep for themselves.
pub const LEAVE_OUT: [&str; 6] =
    ["var/lib/juju", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/.pwd.lock"];

/// What the charm has left behind on a machine that looked like this before it came. The group nagios
/// may be nrpe's and stays; what nrpe and an application have put there is theirs.
#[must_use]
pub fn leftovers(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let theirs = |path: &Path| {
        let strangers = ["etc/group", "etc/gshadow", "etc/passwd", "etc/nagios", "var/lib/nagios"];
        let nrpes = strangers.iter().any(|one| path.starts_with(one)) || Path::new("var/lib") == path;
        let applications = path == Path::new("var/conn-check.yaml");
        applications || nrpes && !path.to_string_lossy().contains("check_conn-check")
    };
    let changes = before.changes(after);
    changes.iter().map(Change::path).filter(|path| !theirs(path)).map(Path::to_owned).collect()
}

struct Both {
    // Removed by the watcher, as nothing static is ever dropped.
    _scratch: Scratch,
    this: Charm,
    next: Charm,
    next_agent: PathBuf,
}

/// The charm as it would be released.
#[must_use]
pub fn charm() -> Charm {
    both().this.clone()
}

/// The charm that comes after it: its agent says [`NEXT_VERSION`].
#[must_use]
pub fn next_charm() -> Charm {
    both().next.clone()
}

/// The agent of [`next_charm`].
#[must_use]
pub fn next_agent() -> PathBuf {
    both().next_agent.clone()
}

/// Packs the programs in a directory under the name of `output`; what the packer says.
///
/// # Errors
/// When the packer refuses, with its reason.
pub fn pack(binaries: &Path, output: &Path, further: &[&str]) -> Result<String, String> {
    let mut command = Command::new(agent::built("pack"));
    let done = command.arg(binaries).arg(output).args(further).output().or_panic("run the packer");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
}

fn both() -> &'static Both {
    static BOTH: OnceLock<Both> = OnceLock::new();
    BOTH.get_or_init(make)
}

fn make() -> Both {
    let scratch = Scratch::new();
    let later = scratch.path().join("later");
    fs::create_dir(&later).or_panic("make a directory");
    for name in HOOKS_AND_ACTIONS {
        symlink(agent::built(name), later.join(name)).or_panic("link a program");
    }
    let next_agent = later.join("conn-check");
    make_next_agent(&agent::program(), &next_agent);
    let charm = |binaries: &Path, version: &str| {
        let output = scratch.path().join(format!("conn-check-{version}.charm"));
        pack(binaries, &output, &["--agent", version]).or_panic("pack the charm");
        Charm::open(&output)
    };
    let (this, next) = (charm(&agent::folder(), VERSION), charm(&later, NEXT_VERSION));
    Both { _scratch: scratch, this, next, next_agent }
}

/// The same program with another version: it is a text in it like any other.
fn make_next_agent(program: &Path, next: &Path) {
    fs::copy(program, next).or_panic("copy the agent");
    let mut bytes = fs::read(next).or_panic("read the agent");
    let places: Vec<_> =
        bytes.windows(VERSION.len()).enumerate().filter(|(_, text)| *text == VERSION.as_bytes()).collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    places.iter().for_each(|at| bytes[*at..*at + VERSION.len()].copy_from_slice(NEXT_VERSION.as_bytes()));
    fs::write(next, bytes).or_panic("write the agent");
}
