//! Postfix, unpacked from Debian's package and not installed: it would take the place of Exim, which the tests need too.

use crate::step::{self, Outcome};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Unpacks it into `target/postfix/` when it is not there. `Some` says why it cannot be had here.
pub(crate) fn unpack() -> Option<String> {
    let folder = step::root().join("target/postfix");
    if folder.join("usr/lib/postfix/sbin/master").is_file() {
        return None;
    }
    eprintln!("== apt-get download postfix");
    let unfinished = step::root().join("target/postfix.unfinished");
    unpack_into(&unfinished).and_then(|()| fs::rename(&unfinished, &folder).map_err(|error| error.to_string())).err()
}

fn unpack_into(folder: &Path) -> Outcome {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    // What an earlier attempt left.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(failed)?;
    // It writes into the current directory.
    let download = Command::new("apt-get").args(["download", "-q", "postfix"]).current_dir(folder).status();
    if !download.is_ok_and(|status| status.success()) {
        return Err("failed: apt-get download postfix".to_owned());
    }
    let entries = fs::read_dir(folder).map_err(failed)?.flatten().map(|entry| entry.path());
    for package in entries.filter(|path| path.extension().is_some_and(|end| end == "deb")) {
        step::run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder), "dpkg-deb -x")?;
        fs::remove_file(&package).map_err(failed)?;
    }
    let master = folder.join("usr/lib/postfix/sbin/master");
    if master.is_file() { Ok(()) } else { Err(format!("{} is not in the package", master.display())) }
}
