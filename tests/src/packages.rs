//! What has to be installed.

use std::env;
use std::path::PathBuf;

/// Lines of `PROGRAM PACKAGE`; the test command installs the packages of the missing programs.
const LIST: &str = include_str!("../packages.txt");

/// Every program that the tests start, with the Debian package that has it.
pub fn packages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).map(|(program, package)| (program, package.trim()))
}

/// Where programs are: daemons live in sbin, which is not on every user's path.
pub(crate) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The file of `program`: itself if it is a path, else the first of that name on this process' path
/// or in the system's program directories.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let own = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&own).chain(env::split_paths(SEARCH_PATH)).collect::<Vec<_>>();
    folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The file of `program`, or the end of the test with the package to install.
#[track_caller]
pub(crate) fn needed(program: &str) -> PathBuf {
    let package = || {
        packages()
            .find(|(name, _)| *name == program)
            .map_or_else(|| program.to_owned(), |(_, package)| package.to_owned())
    };
    find(program).unwrap_or_else(|| panic!("{program} is not installed: apt-get install {}", package()))
}
