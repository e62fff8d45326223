//! Files that were read on behalf of others (a secret, a certificate), and whether they have changed since.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

thread_local! {
    /// What is read in this thread, while somebody wants to know.
    static NOTED: RefCell<Option<Vec<PathBuf>>> = const { RefCell::new(None) };
}

/// A file is read.
pub(super) fn note(path: &Path) {
    NOTED.with_borrow_mut(|noted| noted.iter_mut().for_each(|all| all.push(path.to_owned())));
}

/// Files, as they were when they were read.
#[derive(Debug, Default)]
pub struct Watched(Vec<(PathBuf, Option<Stamp>)>);

/// What tells a file from the one that was there: device, number, length, the times of its content and of its state. Nothing
/// is there without one.
type Stamp = (u64, u64, u64, [i64; 4]);

impl Watched {
    /// Does something, and tells which files were read for it, found or not.
    pub fn during<T>(work: impl FnOnce() -> T) -> (T, Self) {
        NOTED.set(Some(Vec::new()));
        let done = work();
        let mut paths = NOTED.take().unwrap_or_default();
        paths.sort_unstable();
        paths.dedup();
        (done, Self(paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect()))
    }

    /// The first that is not as it was; from now on it is as it is now.
    pub fn changed(&mut self) -> Option<PathBuf> {
        let mut first = None;
        for (path, known) in &mut self.0 {
            let now = stamp(path);
            if now != *known {
                *known = now;
                first.get_or_insert_with(|| path.clone());
            }
        }
        first
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    Some((found.dev(), found.ino(), found.len(), times))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::read_bounded;

    #[test]
    fn a_file_that_was_read_and_has_another_content_or_place_has_changed_once() {
        let folder = std::env::temp_dir().join(format!("conn-check-watched-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a directory");
        let (secret, other) = (folder.join("secret"), folder.join("other"));
        fs::write(&secret, "one").expect("written");
        let ((), mut watched) = Watched::during(|| {
            let _ = read_bounded(&secret, 10);
            let _ = read_bounded(&other, 10);
        });
        let _ = read_bounded(&folder.join("unasked"), 10);
        assert_eq!(watched.changed(), None);
        fs::write(&other, "it was not there").expect("written");
        assert_eq!((watched.changed(), watched.changed()), (Some(other.clone()), None));
        fs::write(&secret, "four").expect("written");
        assert_eq!((watched.changed(), watched.changed()), (Some(secret.clone()), None));
        fs::rename(&other, &secret).expect("renamed");
        assert_eq!((watched.changed(), watched.changed()), (Some(other), None), "both have, in one go");
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(watched.changed(), Some(secret));
    }
}
