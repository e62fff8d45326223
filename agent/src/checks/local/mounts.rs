//! What is mounted where (`proc_pid_mountinfo(5)`); to read it touches no file system, and never hangs.

use crate::secret::{Sentence, sentence, theirs};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// A mount.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::checks) struct Mount {
    /// Where.
    pub(in crate::checks) point: PathBuf,
    /// `ext4`, `nfs4`, `tmpfs`.
    pub(in crate::checks) kind: String,
    /// The device, or what the file system calls it: `/dev/sda1`, `files.internal:/export`.
    pub(in crate::checks) source: String,
    /// Its own options.
    options: String,
    /// Those of the file system, which all its mounts have in common.
    shared: String,
}

impl Mount {
    /// The one that a path lies on, as far as its name tells: links are not followed.
    pub(in crate::checks) fn of(path: &Path) -> Option<Self> {
        Self::among(&fs::read_to_string("/proc/self/mountinfo").ok()?, path)
    }

    /// The one with the longest point; of several at one point, the last covers the others.
    fn among(mountinfo: &str, path: &Path) -> Option<Self> {
        let mounts = mountinfo.lines().filter_map(Self::parse).filter(|mount| path.starts_with(&mount.point));
        mounts.max_by_key(|mount| mount.point.components().count())
    }

    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD ...] - TYPE SOURCE OPTIONS`.
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(4);
        let (point, options) = (unescaped(before.next()?), before.next()?);
        let mut after = after.split(' ');
        let (kind, source, more) = (after.next()?, after.next()?, after.next().unwrap_or_default());
        let source = unescaped(source).to_string_lossy().into_owned();
        Some(Self {
            point: point.into(),
            kind: kind.to_owned(),
            source,
            options: options.to_owned(),
            shared: more.to_owned(),
        })
    }

    /// Whether it lies at a server that other hosts have, too.
    pub(in crate::checks) fn is_shared(&self) -> bool {
        /// File systems of networks and of clusters; those of FUSE stand there as `fuse.NAME`.
        const SHARED: [&str; 24] = [
            "9p",
            "afs",
            "beegfs",
            "ceph",
            "cifs",
            "coda",
            "davfs",
            "fuse",
            "fuse.ceph",
            "fuse.gcsfuse",
            "fuse.glusterfs",
            "fuse.juicefs",
            "fuse.rclone",
            "fuse.s3fs",
            "fuse.sshfs",
            "gfs2",
            "glusterfs",
            "gpfs",
            "lustre",
            "ncpfs",
            "nfs",
            "nfs4",
            "ocfs2",
            "smb3",
        ];
        SHARED.binary_search(&self.kind.as_str()).is_ok()
    }

    /// Whether an option is on.
    pub(in crate::checks) fn has(&self, option: &str) -> bool {
        is_among(option, &self.options) || is_among(option, &self.shared)
    }

    /// Whether nothing can be written here, and at another mount of the same file system something can: it was mounted so
    /// for a container, or for a sandbox (systemd's `ProtectSystem=`).
    pub(in crate::checks) fn is_read_only_alone(&self) -> bool {
        is_among("ro", &self.options) && is_among("rw", &self.shared)
    }

    /// As a part of a sentence.
    pub(in crate::checks) fn told(&self) -> Sentence {
        let how = if self.has("ro") { ", read-only" } else { "" };
        sentence![
            theirs(&self.source),
            " is mounted on ",
            theirs(&self.point.display()),
            " (",
            theirs(&self.kind),
            how,
            ")"
        ]
    }
}

fn is_among(option: &str, options: &str) -> bool {
    options.split(',').any(|one| one == option)
}

/// A word in which a blank is `\040`.
fn unescaped(word: &str) -> OsString {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, more @ ..] = rest {
        let digits = more.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[3..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
30 22 0:40 / /srv rw,relatime - tmpfs tmpfs rw,size=1024k
31 22 0:41 /sub /srv/my\\040files ro,relatime shared:7 master:1 - nfs4 files.internal:/export rw,vers=4.2
32 22 0:42 / /srv rw - ext2 /dev/loop0 ro
";

    #[test]
    fn a_path_lies_on_the_deepest_mount_and_the_last_one_there() {
        let of = |path: &str| Mount::among(MOUNTS, Path::new(path)).expect(path);
        assert_eq!(of("/etc/passwd").source, "/dev/vda");
        assert_eq!((of("/srv/x").kind.as_str(), of("/srv/x").has("ro")), ("ext2", true));
        assert_eq!(of("/srvx").source, "/dev/vda");
        let files = of("/srv/my files/a");
        assert_eq!((files.kind.as_str(), files.has("ro")), ("nfs4", true));
        assert_eq!(files.told().plain(), "files.internal:/export is mounted on /srv/my files (nfs4, read-only)");
        assert!(!of("/").has("ro") && files.is_shared() && !of("/").is_shared() && !of("/srv/x").is_shared());

        assert!(files.is_read_only_alone() && !of("/srv/x").is_read_only_alone() && !of("/").is_read_only_alone());
    }
}
