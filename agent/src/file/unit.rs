//! The unit of Juju that this process runs for, and the files of the other units.
//!
//! All units of a machine share the user conn-check and the group nagios, so that permissions do not part them: with
//! `{file: /etc/conn-check/OTHER/option.yaml}` the checks of one application could send the passwords of another one
//! anywhere. The process knows its unit by the path it was started as: for NRPE, in actions and to look at a file, the
//! charm starts the program by the link of the unit, `/usr/local/lib/conn-check/units/UNIT/conn-check`. Who writes a
//! file of checks has no say in that. An option could be left out, and a pinned older version would refuse it.

use crate::file::ReadError;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

/// Where the charm has one directory for each unit, seen from the root.
const DIRECTORIES: [&str; 2] = ["etc/conn-check", RESULTS];

/// That of them with results.
const RESULTS: &str = "var/lib/conn-check";

/// Where the charm has one link for each unit, seen from the root.
const LINKS: &str = "usr/local/lib/conn-check/units";

/// Set once, before anything is read, as a sandbox would be: no part of the program can do without.
static UNIT: OnceLock<Unit> = OnceLock::new();

/// Says by which path this process was started. If that is the link of a unit, no file of another unit is read from
/// now on.
pub fn started_as(program: &Path) {
    if let Some(unit) = Unit::of(program) {
        UNIT.get_or_init(|| unit);
    }
}

/// The directory of results of the unit that this process was started for.
pub(super) fn results_of_unit() -> Option<PathBuf> {
    UNIT.get().map(|unit| unit.root.join(RESULTS).join(&unit.name))
}

/// Whether the file belongs to another unit; it is asked where it really is, whatever links led there.
pub(super) fn keep_out(file: &File) -> Result<(), ReadError> {
    let Some(unit) = UNIT.get() else { return Ok(()) };
    let place = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    unit.other_at(&place).map_or(Ok(()), |other| Err(ReadError::OfOtherUnit(other)))
}

/// A unit on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Unit {
    /// `/`, but for a rehearsal of the charm in a directory.
    root: PathBuf,
    name: String,
}

impl Unit {
    fn of(program: &Path) -> Option<Self> {
        let link = program.parent()?;
        let root = link.parent()?.ancestors().nth(LINKS.split('/').count())?;
        let name = link.file_name().and_then(OsStr::to_str)?;
        let is_link = root.is_absolute() && root.join(LINKS) == link.parent()?;
        is_link.then(|| Self { root: root.to_owned(), name: name.to_owned() })
    }

    /// The other unit that a place belongs to. An admin may keep the directories elsewhere, behind a link.
    fn other_at(&self, place: &Path) -> Option<String> {
        DIRECTORIES.iter().find_map(|directory| {
            let directory = fs::canonicalize(self.root.join(directory)).ok()?;
            let mut parts = place.strip_prefix(directory).ok()?.components();
            let (Some(Component::Normal(name)), Some(_)) = (parts.next(), parts.next()) else { return None };
            (name != OsStr::new(&self.name)).then(|| name.to_string_lossy().into_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_of_a_unit_says_which_one_it_is() {
        let unit = |root: &str, name: &str| Some(Unit { root: root.into(), name: name.to_owned() });
        for (program, expected) in [
            ("/usr/local/lib/conn-check/units/conn-check-0/conn-check", unit("/", "conn-check-0")),
            ("/tmp/root/usr/local/lib/conn-check/units/cc-12/conn-check", unit("/tmp/root", "cc-12")),
            ("/usr/local/lib/conn-check/versions/2.0.0/conn-check", None),
            ("/usr/local/lib/conn-check/units/conn-check", None),
            ("usr/local/lib/conn-check/units/conn-check-0/conn-check", None),
            ("/usr/local/bin/conn-check", None),
            ("conn-check", None),
            ("", None),
        ] {
            assert_eq!(Unit::of(Path::new(program)), expected, "{program}");
        }
    }

    #[test]
    fn only_what_is_in_a_directory_of_another_unit_belongs_to_it() {
        let root = std::env::temp_dir().join(format!("conn-check-unit-{}", std::process::id()));
        fs::create_dir_all(root.join("etc/conn-check")).expect("a directory");
        fs::create_dir_all(root.join("srv/results")).expect("a directory");
        fs::create_dir_all(root.join("var/lib")).expect("a directory");
        std::os::unix::fs::symlink("../../srv/results", root.join("var/lib/conn-check")).expect("a link");
        let unit = Unit { root: fs::canonicalize(&root).expect("its path"), name: "cc-0".to_owned() };
        for (place, other) in [
            ("etc/conn-check/cc-1/option.yaml", Some("cc-1")),
            ("etc/conn-check/cc-00/a/b", Some("cc-00")),
            ("srv/results/cc-1/record.json", Some("cc-1")),
            ("etc/conn-check/cc-0/option.yaml", None),
            ("etc/conn-check/shared.pem", None),
            ("etc/passwd", None),
        ] {
            assert_eq!(unit.other_at(&unit.root.join(place)).as_deref(), other, "{place}");
        }
        fs::remove_dir_all(&root).expect("removed");
    }
}
