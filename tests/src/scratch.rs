//! A directory of one's own.

use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::statvfs::{FsFlags, statvfs};
use tempfile::TempDir;

use crate::or_panic::OrPanic;
use crate::reaper::{self, Leftover};
use crate::user;

/// Bytes that have to be free in memory.
const ROOM: u64 = 1 << 30;

/// A new directory that everybody may read, for configurations, certificates, data and logs.
///
/// It is removed with all it holds when dropped. Servers run as `nobody` where the test user is root,
/// so the temporary directory itself (`TMPDIR`, else `/tmp`) has to be one that `nobody` can enter.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes the directory.
    #[must_use]
    pub fn new() -> Self {
        Self::below(&env::temp_dir())
    }

    /// Makes it in memory where the system has a place from which programs can be run, for what would
    /// wait for the disk most of its time.
    #[must_use]
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let fits = statvfs(memory).is_ok_and(|place| {
            !place.flags().intersects(FsFlags::ST_NOEXEC | FsFlags::ST_RDONLY)
                && place.blocks_available() * place.fragment_size() > ROOM
        });
        if fits { Self::below(memory) } else { Self::new() }
    }

    fn below(place: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("conn-check-test-").tempdir_in(place);
        let folder = folder.or_panic("make a scratch directory");
        reaper::add(Leftover::Folder(&text(folder.path())));
        set_mode(folder.path(), 0o755);
        Self { folder }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that everybody may read; `name` is relative to the directory.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, contents).or_panic(format_args!("write {}", path.display()));
        set_mode(&path, 0o644);
        path
    }

    /// Writes a file only the servers may read: mode 0600, owner `nobody` where the test user is root.
    pub fn write_private(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .or_panic(format_args!("create {}", path.display()));
        file.write_all(contents.as_ref()).or_panic(format_args!("write {}", path.display()));
        user::give_to_nobody(&path);
        path
    }

    /// Writes a program that everybody may run.
    #[must_use]
    pub fn program(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let source = self.write(&format!("{name}.source"), contents);
        let path = self.program_from(name, &source);
        fs::remove_file(&source).or_panic(format_args!("remove {}", source.display()));
        path
    }

    /// Copies a program for everybody to run.
    ///
    /// Another process writes it: a file that this one has open for writing cannot be run (`ETXTBSY`), and
    /// a process that another test starts in that moment would have it open as well until it is a program
    /// of its own.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn program_from(&self, name: &str, source: &Path) -> PathBuf {
        let path = self.path().join(name);
        let status = Command::new("install").arg("--mode=755").arg(source).arg(&path).status();
        assert!(status.or_panic("run install").success(), "cannot install {}", path.display());
        path
    }

    /// Makes a directory the servers may write to: owner `nobody` where the test user is root.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir(&path).or_panic(format_args!("make {}", path.display()));
        user::give_to_nobody(&path);
        path
    }

    /// A file that reads as `bytes` zeros and takes no room on the disk.
    #[must_use]
    pub fn zeros(&self, name: &str, bytes: u64) -> PathBuf {
        let path = self.write(name, "");
        let file = OpenOptions::new().write(true).open(&path).or_panic(format_args!("open {}", path.display()));
        file.set_len(bytes).or_panic(format_args!("lengthen {}", path.display()));
        path
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let path = text(self.path());
        // What cannot be removed stays on the list of the watcher, which tries once more.
        if fs::remove_dir_all(&path).is_ok() {
            reaper::remove(Leftover::Folder(&path));
        }
    }
}

/// A path as text, for configurations; all of ours are text.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Sets the permission bits, whatever the umask.
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .or_panic(format_args!("set the mode of {}", path.display()));
}
