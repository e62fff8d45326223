//! Writing a file, reading it, and removing it.
//!
//! It leaves nothing behind, also when it is broken off: the file has no name while it is written (`O_TMPFILE`), and none
//! longer than reading it takes. Its name is one that nobody has, and is never taken from another file (`linkat(2)` and
//! `O_EXCL` refuse one that is there). Where the file system knows no files without a name (NFS, and others), it has one
//! from the start. It is removed whatever fails; a run that ends waits a moment for that.

use crate::checks::local::{refused, shown};
use crate::fault::{Cause, Fault};
use crate::secret::{sentence, theirs};
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::libc;
use nix::unistd::linkat;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// More than fits beside the name in an inode: a block of the disk is needed.
const LENGTH: usize = 4096;

/// A file with a name, which it has no longer than this is there.
struct Named(PathBuf);

/// # Errors
/// The one step that does not work.
pub(super) fn write_read_and_remove(folder: &Path) -> Result<(), Fault> {
    let word = random_word()?;
    let content: String = word.chars().cycle().take(LENGTH).collect();
    let name = Named(folder.join(format!(".conn-check-{word}")));
    write(folder, &name.0, content.as_bytes())?;
    let read = read(&name.0, folder)?;
    if read != content.as_bytes() {
        let fault = Fault::new(
            Cause::UnexpectedContent,
            sentence!["what was read in ", shown(folder), " is not what was written a moment before"],
        );
        let fault = fault.evidence(sentence![read.len(), " bytes of ", LENGTH, " were read"]);
        return Err(fault.next_step(
            "see `dmesg` for errors of the disk; at a file server, see whether several share the directory",
        ));
    }
    match fs::remove_file(&name.0) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(vanished(folder, "removed")),
        Err(error) => Err(refused(folder, "remove a file from", &error)),
    }
}

/// A name that nobody has.
fn random_word() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Fault::new(Cause::Failed, "this host gives no random numbers"))?;
    Ok(bytes.iter().fold(String::new(), |mut word, byte| {
        write!(word, "{byte:02x}").unwrap_or_default();
        word
    }))
}

/// Writes the file and gives it its name.
fn write(folder: &Path, name: &Path, content: &[u8]) -> Result<(), Fault> {
    let failed = |error: io::Error| refused(folder, "write to", &error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    let (mut file, is_named) = match options.clone().custom_flags(OFlag::O_TMPFILE.bits()).open(folder) {
        Ok(file) => (file, false),
        // Without O_TMPFILE, it is a directory that cannot be opened for writing.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {
            (options.create_new(true).open(name).map_err(failed)?, true)
        }
        Err(error) => return Err(failed(error)),
    };
    file.write_all(content).and_then(|()| file.sync_data()).map_err(failed)?;
    if is_named { Ok(()) } else { give_name(&file, name).map_err(failed) }
}

fn give_name(file: &File, name: &Path) -> io::Result<()> {
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(AT_FDCWD, unnamed.as_str(), AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW)?)
}

fn read(name: &Path, folder: &Path) -> Result<Vec<u8>, Fault> {
    let mut content = Vec::new();
    let opened = OpenOptions::new().read(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(name);
    let limit = LENGTH as u64 + 1;
    match opened.and_then(|file| file.take(limit).read_to_end(&mut content)) {
        Ok(_) => Ok(content),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(vanished(folder, "read")),
        Err(error) => Err(refused(folder, "read a file in", &error)),
    }
}

fn vanished(folder: &Path, before: &'static str) -> Fault {
    let message = sentence!["the file that was written to ", shown(folder), " is gone before it was ", before];
    Fault::new(Cause::Vanished, message).evidence(theirs("No such file or directory"))
}

impl Drop for Named {
    fn drop(&mut self) {
        // It is gone already where all went well, and was never there where it could not be written.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_and_nothing_is_overwritten() {
        let folder = std::env::temp_dir().join(format!("conn-check-storage-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let there = folder.join("there");
        fs::write(&there, "somebody's").expect("a file");
        assert!(write_read_and_remove(&folder).is_ok());
        let refusal = write(&folder, &there, b"ours").expect_err("a name that is taken");
        assert_eq!(refusal.cause, Cause::Failed);
        assert_eq!(fs::read_to_string(&there).expect("a file"), "somebody's");
        assert!(read(&folder.join("gone"), &folder).is_err_and(|fault| fault.cause == Cause::Vanished));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
        fs::remove_dir_all(&folder).expect("its end");
    }

    #[test]
    fn a_directory_that_takes_no_files_is_not_said_to_be_missing() {
        let fault = write_read_and_remove(Path::new("/proc")).expect_err("no file is made there");
        assert_eq!(fault.cause, Cause::Failed, "{fault:?}");
    }
}
