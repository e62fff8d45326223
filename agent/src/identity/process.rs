//! What the kernel tells of a process (`proc_pid_status(5)` and others).
//!
//! All is read through one directory that stays open: it is the process's and nobody else's, also when that has ended
//! and its number is another one's.

use super::user::User;
use crate::file::read_to_end;
use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// The most that is read of a file of `/proc`, in bytes: an environment can be long.
const LIMIT: u64 = 4 << 20;

/// A process that is looked at.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: i32,
    directory: File,
}

/// A namespace that a process is in.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) file: File,
    /// Whether this program is in another one.
    pub(super) is_another: bool,
}

impl Process {
    /// The process of this number.
    ///
    /// # Errors
    /// There is none; `/proc` cannot be read.
    pub(super) fn open(pid: i32) -> io::Result<Self> {
        let directory = File::open(format!("/proc/{pid}"))?;
        Ok(Self { pid, directory })
    }

    /// The path of one of its files, by way of the directory.
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.directory.as_raw_fd()))
    }

    fn bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(read_to_end(File::open(self.path(name))?, LIMIT)?)
    }

    fn text(&self, name: &str) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(name)?).into_owned())
    }

    /// Whether it still runs.
    pub(super) fn is_there(&self) -> bool {
        self.text("stat").is_ok_and(|stat| !is_zombie(&stat))
    }

    /// Who it is, to the files and sockets that it opens.
    pub(super) fn user(&self) -> io::Result<User> {
        let status = self.text("status")?;
        user_of(&status).ok_or_else(|| io::Error::other("its users cannot be read"))
    }

    pub(super) fn namespace(&self, kind: &str) -> io::Result<Namespace> {
        let file = File::open(self.path(&format!("ns/{kind}")))?;
        let own = fs::metadata(format!("/proc/self/ns/{kind}"))?;
        let theirs = file.metadata()?;
        Ok(Namespace { is_another: (own.dev(), own.ino()) != (theirs.dev(), theirs.ino()), file })
    }

    /// Its root directory, if it is not the one of this program. It may be another one in the same namespace (chroot).
    pub(super) fn root(&self) -> io::Result<Option<File>> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY;
        let root = OpenOptions::new().read(true).custom_flags(flags.bits()).open(self.path("root"))?;
        let (own, theirs) = (fs::metadata("/")?, root.metadata()?);
        Ok(((own.dev(), own.ino()) != (theirs.dev(), theirs.ino())).then_some(root))
    }

    /// The path of its control group of version 2.
    pub(super) fn cgroup(&self) -> Option<String> {
        self.text("cgroup").ok()?.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned)
    }

    /// How many file descriptors it has open, and how many it may have.
    pub(super) fn descriptors(&self) -> Option<(u64, u64)> {
        let open = fs::read_dir(self.path("fd")).ok()?.count();
        Some((u64::try_from(open).ok()?, most_open_files(&self.text("limits").ok()?)?))
    }

    /// The variables with these names; nothing else of its environment is looked at.
    pub(super) fn variables(&self, names: &[&str]) -> Vec<(String, String)> {
        self.bytes("environ").map(|environment| variables_of(&environment, names)).unwrap_or_default()
    }

    /// By what else it is confined, which is not taken over with its place.
    pub(super) fn confined(&self) -> Vec<String> {
        let profile =
            |process: &str| fs::read_to_string(process).unwrap_or_default().trim_matches(['\0', '\n']).to_owned();
        let (own, theirs) = (profile("/proc/self/attr/current"), self.text("attr/current").unwrap_or_default());
        let theirs = theirs.trim_matches(['\0', '\n']).to_owned();
        let own_filter = fs::read_to_string("/proc/self/status").is_ok_and(|status| is_filtered(&status));
        let filter = self.text("status").is_ok_and(|status| is_filtered(&status)) && !own_filter;
        let profile = (!theirs.is_empty() && theirs != own).then(|| format!("its security profile ({theirs})"));
        profile.into_iter().chain(filter.then(|| "its filter of system calls (seccomp)".to_owned())).collect()
    }
}

/// The processes of a file `cgroup.procs`; those of other PID namespaces are told as 0.
pub(super) fn pids(procs: &str) -> impl Iterator<Item = i32> {
    procs.lines().filter_map(|line| line.trim().parse().ok()).filter(|pid| *pid > 0)
}

/// `PID (NAME) STATE ...`, where a name may have any character.
fn is_zombie(stat: &str) -> bool {
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

/// The effective user and group, and the supplementary groups.
fn user_of(status: &str) -> Option<User> {
    let numbers = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().map(|number| number.parse().ok()).collect::<Option<Vec<u32>>>()
    };
    let (uids, gids, groups) = (numbers("Uid:")?, numbers("Gid:")?, numbers("Groups:")?);
    let groups = groups.into_iter().map(Gid::from_raw).collect();
    Some(User::of_process(Uid::from_raw(*uids.get(1)?), Gid::from_raw(*gids.get(1)?), groups))
}

/// Whether a process is in the mode `SECCOMP_MODE_FILTER`.
fn is_filtered(status: &str) -> bool {
    status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
}

/// `Max open files  SOFT  HARD  files`.
fn most_open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" { Some(u64::MAX) } else { soft.parse().ok() }
}

fn variables_of(environment: &[u8], names: &[&str]) -> Vec<(String, String)> {
    let pairs = environment.split(|byte| *byte == 0).filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='));
    let wanted = pairs.filter(|(name, value)| names.contains(name) && !value.is_empty());
    wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_user_is_who_a_process_is_to_its_sockets() {
        let status = "Name:\tx\nUid:\t0\t33\t0\t33\nGid:\t0\t44\t0\t44\nGroups:\t44 100 \nSeccomp:\t2\n";
        let user = user_of(status).expect("a user");
        assert_eq!((user.uid.as_raw(), user.gid.as_raw()), (33, 44));
        assert_eq!(user.groups.iter().map(|gid| gid.as_raw()).collect::<Vec<_>>(), [44, 100]);
        assert!(is_filtered(status) && !is_filtered("Seccomp:\t0\nSeccomp_filters:\t2\n"));
        assert_eq!(user_of("Uid:\t0\n"), None);
    }

    #[test]
    fn of_an_environment_only_the_names_that_are_asked_for_are_taken() {
        let environment = b"SECRET=x\0https_proxy=http://p:1\0HTTP_PROXY=\0NO_PROXY=a=b\0\xff=1\0nothing\0";
        let found = variables_of(environment, &["https_proxy", "HTTP_PROXY", "NO_PROXY"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(found, [pair("https_proxy", "http://p:1"), pair("NO_PROXY", "a=b")]);
    }

    #[test]
    fn the_limit_of_a_process_is_the_soft_one() {
        let limits = "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files     \n";
        assert_eq!(most_open_files(limits), Some(1024));
        assert_eq!(most_open_files("Max open files unlimited unlimited files"), Some(u64::MAX));
        assert_eq!(most_open_files("Max processes 1 1 processes"), None);
    }

    #[test]
    fn a_name_with_brackets_hides_no_state() {
        assert!(is_zombie("12 (a) R) Z 1 2"));
        assert!(!is_zombie("12 (Z) S 1 2"));
    }

    #[test]
    fn processes_of_other_namespaces_are_none() {
        assert_eq!(pids("0\n12\n0\n7\n").collect::<Vec<_>>(), [12, 7]);
    }
}
