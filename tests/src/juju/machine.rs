//! The machine: a root directory, and how a program is started on it.

use super::services;
use super::tools;
use crate::agent;
use crate::or_panic::OrPanic;
use crate::packages::SEARCH_PATH;
use crate::scratch::{Scratch, text};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Directories of a machine on which nothing of ours is.
const FOLDERS: [&str; 13] = [
    "etc",
    "etc/ssl",
    "etc/systemd/system/multi-user.target.wants",
    "home",
    "run",
    "tmp",
    "usr/local/bin",
    "usr/local/lib",
    "usr/local/sbin",
    "usr/local/share",
    "var/lib/juju/agents",
    "var/lib/juju/tools",
    "var/log",
];

/// What the machine has of this one's.
const FILES: [&str; 9] = [
    "etc/group",
    "etc/gshadow",
    "etc/hosts",
    "etc/ld.so.cache",
    "etc/login.defs",
    "etc/nsswitch.conf",
    "etc/passwd",
    "etc/resolv.conf",
    "etc/shadow",
];

/// Users and groups that come with what a test installs, never with the machine.
const STRANGERS: [&str; 2] = ["nagios", "conn-check"];

/// Makes the machine's directories those of the process, which goes on with its arguments.
const MOVE_IN: &str = "for folder in etc var usr/local; do mount --bind \"$0/$folder\" \"/$folder\" || exit 125; done; \
     cd \"$1\" || exit 125; shift; exec \"$@\"";

/// How a program sees the machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sight {
    /// `CONN_CHECK_ROOT` says where the root is. Any user can do that.
    Variable,
    /// A mount namespace: the machine's `/etc`, `/var` and `/usr/local` are there by these names.
    Mounts,
}

/// A machine; removed when dropped.
#[derive(Debug)]
pub struct Machine {
    scratch: Scratch,
    sight: Sight,
}

impl Machine {
    /// A machine in a scratch directory, which `CONN_CHECK_ROOT` names.
    #[must_use]
    pub fn in_scratch() -> Self {
        Self::new(Sight::Variable)
    }

    /// A machine whose programs see its files where they belong, by a mount namespace. Only root can have one.
    #[must_use]
    pub fn in_namespace() -> Self {
        Self::new(Sight::Mounts)
    }

    fn new(sight: Sight) -> Self {
        let machine = Self { scratch: Scratch::in_memory(), sight };
        let root = machine.root();
        FOLDERS.iter().for_each(|folder| make_folder(&root.join(folder)));
        for file in FILES {
            // Not every system has all of them, and shadow is not for everybody to read.
            if let Ok(content) = fs::read_to_string(Path::new("/").join(file)) {
                machine.write(file, &without_strangers(&content));
            } else {
                let _not_there = fs::copy(Path::new("/").join(file), root.join(file));
            }
        }
        let _no_certificates = symlink("/usr/share/ca-certificates", root.join("etc/ssl/certs"));
        // A charm's directory may be unreadable to anybody but root.
        fs::set_permissions(root.join("var/lib/juju/agents"), fs::Permissions::from_mode(0o700))
            .or_panic("close the directory of the agents");
        link(&root.join("var/lib/juju/doubles"), &mut services::NAMES.into_iter());
        machine
    }

    /// Where the machine's `/` is.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.scratch.path().join("root")
    }

    /// Where the machine's file of this absolute path is.
    #[must_use]
    pub fn at(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// The machine's file as text; empty when there is none.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.at(path)).unwrap_or_default()).into_owned()
    }

    /// Writes one of the machine's files, for everybody to read.
    #[expect(clippy::must_use_candidate, reason = "where it is matters to some")]
    pub fn write(&self, path: &str, content: &str) -> PathBuf {
        make_folder(self.at(path).parent().unwrap_or(Path::new("/")));
        self.scratch.write(&format!("root/{}", path.trim_start_matches('/')), content)
    }

    /// The number of one of the machine's users.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<u32> {
        number(&self.read("/etc/passwd"), name)
    }

    /// The number of one of the machine's groups.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<u32> {
        number(&self.read("/etc/group"), name)
    }

    /// Installs what `nagios-nrpe-server` and the charm nrpe bring: user, group, directories. Their numbers
    /// are those of this system where it has them, for the real daemon to read its files.
    pub fn install_nrpe(&self) {
        let line = |file: &str, default: &str| {
            let all = fs::read_to_string(file).unwrap_or_default();
            all.lines().find(|line| line.starts_with("nagios:")).unwrap_or(default).to_owned() + "\n"
        };
        if self.group("nagios").is_none() {
            self.append("/etc/group", &line("/etc/group", "nagios:x:990:"));
        }
        if self.user("nagios").is_none() {
            let line = line("/etc/passwd", "nagios:x:990:990::/var/lib/nagios:/usr/sbin/nologin");
            let group = self.group("nagios").unwrap_or_default();
            let mut fields: Vec<_> = line.trim_end().split(':').map(str::to_owned).collect();
            fields[3] = group.to_string();
            self.append("/etc/passwd", &(fields.join(":") + "\n"));
        }
        ["etc/nagios/nrpe.d", "var/lib/nagios/export"].iter().for_each(|folder| make_folder(&self.at(folder)));
    }

    fn append(&self, path: &str, line: &str) {
        self.write(path, &(self.read(path) + line));
    }

    /// The name by which a program on the machine finds the file at `path`.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> PathBuf {
        match (self.sight, path.strip_prefix(self.root())) {
            (Sight::Mounts, Ok(inside)) => Path::new("/").join(inside),
            _ => path.to_owned(),
        }
    }

    /// A command on the machine, with an empty environment.
    #[must_use]
    pub fn command(&self, folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
        let words = self.words(folder, arguments);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear();
        if self.sight == Sight::Variable {
            command.env("CONN_CHECK_ROOT", self.root()).current_dir(folder);
        }
        command
    }

    /// The words of a command that runs another one on the machine; in a scratch directory that is the same.
    #[must_use]
    pub fn words(&self, folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Vec<OsString> {
        let arguments = arguments.iter().map(|argument| argument.as_ref().to_owned());
        if self.sight == Sight::Variable {
            return arguments.collect();
        }
        let shell = ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", MOVE_IN];
        let places = [self.root().into(), self.name_of(folder).into()];
        shell.into_iter().map(OsString::from).chain(places).chain(arguments).collect()
    }

    /// The unit's charm directory.
    #[must_use]
    pub fn charm(&self, unit: &str) -> PathBuf {
        self.agent(unit).join("charm")
    }

    /// The directory of a unit's agent.
    pub(super) fn agent(&self, unit: &str) -> PathBuf {
        self.at(&format!("/var/lib/juju/agents/unit-{}", unit.replace('/', "-")))
    }

    /// The search path of a hook; the unit's tools are made when they are not there.
    pub(super) fn search_path(&self, unit: &str) -> String {
        let tools = self.at(&format!("/var/lib/juju/tools/unit-{}", unit.replace('/', "-")));
        link(&tools, &mut tools::names());
        let folders = [tools, self.at("/var/lib/juju/doubles")];
        let folders = folders.map(|folder| text(&self.name_of(&folder)));
        format!("{}:{SEARCH_PATH}", folders.join(":"))
    }

    /// Where the agent listens; a socket's name has to be short.
    pub(super) fn socket(&self) -> PathBuf {
        self.scratch.path().join("agent.socket")
    }

    /// Downloads a resource for a unit; the name by which the unit finds it.
    pub(super) fn fetch(&self, unit: &str, name: &str, source: &Path, file: &str) -> PathBuf {
        let folder = self.agent(unit).join("resources").join(name);
        make_folder(&folder);
        let path = folder.join(file);
        // What is there already is not downloaded again.
        if fs::read(&path).ok() == Some(fs::read(source).or_panic(format_args!("read {}", source.display()))) {
            return self.name_of(&path);
        }
        let _first = fs::remove_file(&path);
        fs::copy(source, &path).or_panic(format_args!("copy {}", source.display()));
        // Juju gives no rights to run it.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).or_panic("set the mode of a resource");
        self.name_of(&path)
    }

    /// A copy of all files, beside them.
    pub(super) fn copy(&self) -> PathBuf {
        let folder =
            tempfile::Builder::new().prefix("kept-").tempdir_in(self.scratch.path()).or_panic("copy the machine");
        let folder = folder.keep();
        copy(&self.root(), &folder);
        folder
    }

    /// Puts a copy in the place of all files.
    pub(super) fn become_copy(&self, folder: &Path) {
        fs::remove_dir_all(self.root()).or_panic("remove the machine's files");
        fs::create_dir(self.root()).or_panic("make the root directory");
        copy(folder, &self.root());
    }
}

/// Links the one program of all hook tools under these names.
fn link(folder: &Path, names: &mut dyn Iterator<Item = &'static str>) {
    if folder.is_dir() {
        return;
    }
    make_folder(folder);
    let program = agent::built("hook-tool");
    names.for_each(|name| symlink(&program, folder.join(name)).or_panic(format_args!("link {name}")));
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().or_panic("run cp");
    assert!(done.success(), "cannot copy {}", from.display());
}

fn make_folder(path: &Path) {
    fs::create_dir_all(path).or_panic(format_args!("make {}", path.display()));
}

fn without_strangers(file: &str) -> String {
    let is_strange = |line: &&str| STRANGERS.iter().any(|name| line.split(':').next() == Some(name));
    file.lines().filter(|line| !is_strange(line)).map(|line| format!("{line}\n")).collect()
}

/// The third field of a line of passwd or group.
fn number(file: &str, name: &str) -> Option<u32> {
    let line = file.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}
