//! The versions of the agent in a directory: one directory each, with the programs of the version.

use crate::error::Error;
use crate::host::{FileType, Host, Metadata};
use crate::inspect::{inspect, visible_names};
use crate::paths::PROGRAM;
use crate::version::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The programs of a version.
pub(crate) type Programs = BTreeSet<String>;

/// The versions in a directory, and what is only called like one. A version has the program: Juju 2.9 to 3.5
/// leaves the directory of the former charm's version behind, empty (see `World::charm` of the tests).
///
/// # Errors
/// The file system fails.
pub(crate) fn versions(
    host: &dyn Host,
    directory: &Path,
) -> Result<(BTreeMap<Version, Programs>, BTreeSet<Version>), Error> {
    let (mut versions, mut remnants) = (BTreeMap::new(), BTreeSet::new());
    for version in visible_names(host, directory)?.iter().filter_map(|name| Version::parse(name)) {
        let programs = programs(host, &directory.join(version.as_str()))?;
        if programs.contains(PROGRAM) {
            versions.insert(version, programs);
        } else {
            remnants.insert(version);
        }
    }
    Ok((versions, remnants))
}

fn programs(host: &dyn Host, directory: &Path) -> Result<Programs, Error> {
    let mut programs = Programs::new();
    for name in visible_names(host, directory)? {
        if let Some(Metadata { kind: FileType::File, .. }) = inspect(host, &directory.join(&name))? {
            programs.insert(name);
        }
    }
    Ok(programs)
}
