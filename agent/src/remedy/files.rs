//! Files, directories and sockets of this host.

use super::Remedy;
use super::quote::word;
use crate::file::Lack;
use std::path::Path;

const ROOT: &str = "in a shell on this host, as root";

/// A path as a word of the shell; one that is not text is none.
fn path_word(path: &Path) -> Option<String> {
    path.to_str().filter(|path| path.starts_with('/')).and_then(word)
}

/// It belongs to somebody else.
pub(crate) fn give(path: &Path, owner: &str) -> Option<Remedy> {
    Some(Remedy::new().run(ROOT, [format!("chown {} {}", plain_name(owner)?, path_word(path)?)]))
}

/// It is of another group.
pub(crate) fn give_to_group(path: &Path, group: &str) -> Option<Remedy> {
    Some(Remedy::new().run(ROOT, [format!("chgrp {} {}", plain_name(group)?, path_word(path)?)]))
}

/// It has another mode.
pub(crate) fn set_mode(path: &Path, mode: &str) -> Option<Remedy> {
    Some(Remedy::new().run(ROOT, [format!("chmod {mode} {}", path_word(path)?)]))
}

/// The user lacks a right: it is given to this user alone (setfacl(1)).
pub(crate) fn permit(lack: &Lack) -> Option<Remedy> {
    let Lack { user, place, rights } = lack;
    if rights.is_empty() {
        return None;
    }
    let (user, path) = (plain_name(user).filter(|name| name != "root")?, path_word(place)?);
    let remedy = Remedy::new().run(ROOT, [format!("setfacl -m u:{user}:{rights} {path}")]);
    Some(remedy.look(ROOT, format!("getfacl -p {path}")))
}

/// There is no such directory.
pub(crate) fn make_directory(path: &Path, user: &str) -> Option<Remedy> {
    let command = format!("install -d -m 0750 -o {} {}", plain_name(user)?, path_word(path)?);
    Some(Remedy::new().decide(format!("{ROOT}, if no file system is missing there"), [command]))
}

/// The file system takes no writes.
pub(crate) fn remount(point: &Path) -> Option<Remedy> {
    let place = format!("{ROOT}, if neither /etc/fstab nor an error of its disk (dmesg) wants it so");
    let point = path_word(point)?;
    let remedy = Remedy::new().decide(place, [format!("mount -o remount,rw {point}")]);
    Some(remedy.look(ROOT, format!("findmnt --target {point}")))
}

/// A name of a user or a group, in which nothing separates two.
fn plain_name(name: &str) -> Option<String> {
    word(name).filter(|_| !name.contains([':', ',', '.']))
}
