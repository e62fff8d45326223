//! A flat apt repository of the Debian packages in a folder: `Packages` and `Release` beside them, as apt takes them from
//! a directory or a web server (`deb [trusted=yes] file:/FOLDER ./`; sources.list(5)).

use crate::output;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tools::Outcome;

pub(crate) fn write(folder: &Path) -> Outcome<[PathBuf; 2]> {
    let write = |name: &str, content: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, String>(path)
    };
    // What is there of a former run would be listed in itself.
    let _former = (fs::remove_file(folder.join("Packages")), fs::remove_file(folder.join("Release")));
    let packages = write("Packages", ftparchive(folder, &["packages", "."])?)?;
    let release = ftparchive(folder, &["-o", "APT::FTPArchive::Release::Suite=./", "release", "."])?;
    Ok([packages, write("Release", release)?])
}

fn ftparchive(folder: &Path, arguments: &[&str]) -> Outcome<Vec<u8>> {
    output(Command::new("apt-ftparchive").current_dir(folder).args(arguments))
}
