//! Mounts that one program sees and nobody else: a mount namespace of its own.
//!
//! ```no_run
//! use harness::agent::Agent;
//! use harness::mounts::Mounts;
//!
//! let mounts = Mounts::new().tmpfs("/srv", "size=1m").read_only("/var");
//! let ran = Agent::through(mounts.command(), "- {type: disk, path: /srv}").run();
//! ```

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::packages;

/// What is mounted before the program begins, in this order. Mount points have to be there.
#[derive(Clone, Debug)]
pub struct Mounts {
    script: String,
}

impl Mounts {
    /// Nothing is mounted yet. A step that fails ends the program before it begins.
    #[must_use]
    pub fn new() -> Self {
        Self { script: "set -e\n".to_owned() }
    }

    /// A file system in memory: `size=1m,nr_inodes=20`.
    #[must_use]
    pub fn tmpfs(self, point: impl AsRef<Path>, options: &str) -> Self {
        let point = quoted(point.as_ref());
        self.run(&format!("mount -t tmpfs -o {options} tmpfs {point}"))
    }

    /// The same folder, in which nothing can be written.
    #[must_use]
    pub fn read_only(self, folder: impl AsRef<Path>) -> Self {
        let folder = quoted(folder.as_ref());
        self.run(&format!("mount --bind {folder} {folder}")).run(&format!("mount -o remount,bind,ro {folder}"))
    }

    /// One folder or file in the place of another.
    #[must_use]
    pub fn bind(self, source: impl AsRef<Path>, point: impl AsRef<Path>) -> Self {
        let (source, point) = (quoted(source.as_ref()), quoted(point.as_ref()));
        self.run(&format!("mount --bind {source} {point}"))
    }

    /// A file system whose server is there and never answers: FUSE's, which the program itself holds open.
    #[must_use]
    pub fn dead(self, point: impl AsRef<Path>) -> Self {
        let point = quoted(point.as_ref());
        self.run("exec 9<>/dev/fuse")
            .run(&format!("mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 dead.internal:/export {point}"))
    }

    /// Fills a file system until nothing more fits: of its space, or of its inodes with `files`.
    #[must_use]
    pub fn fill(self, folder: impl AsRef<Path>, files: bool) -> Self {
        let folder = quoted(folder.as_ref());
        if files {
            return self.run(&format!("i=0; while true > {folder}/full-$i; do i=$((i+1)); done 2>/dev/null || true"));
        }
        self.run(&format!("dd if=/dev/zero of={folder}/full bs=4096 2>/dev/null || true"))
    }

    /// Any other command.
    #[must_use]
    pub fn run(mut self, command: &str) -> Self {
        writeln!(self.script, "{command}").unwrap_or_default();
        self
    }

    /// A command that goes on with the program that is added to it.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command_as(None)
    }

    /// The same as another user: `--reuid=65534 --regid=65534 --clear-groups`.
    #[must_use]
    pub fn command_as(&self, user: Option<&str>) -> Command {
        let setpriv = user.map(|user| format!("setpriv {user} -- ")).unwrap_or_default();
        let mut command = Command::new(packages::needed("unshare"));
        command.args(["--mount", "--propagation=private", "--", "sh", "-c"]);
        command.arg(format!("{}exec {setpriv}\"$@\"", self.script)).arg("sh");
        command
    }
}

impl Default for Mounts {
    fn default() -> Self {
        Self::new()
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
