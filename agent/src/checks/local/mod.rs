//! What the checks of this host have in common: they ask it in threads of their own, as a dead file server never answers,
//! and tell its errors alike.

mod mounts;
mod pressure;

pub(super) use mounts::Mount;
pub(super) use pressure::Pressure;

use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::file::lack;
use crate::probe::Probe;
use crate::remedy::{Remedy, files};
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::settings::Size;
use nix::libc;
use nix::sys::statvfs::statvfs;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::HashMap;
use std::fs;
use std::future::pending;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Asks this host about a place, as the phase `local`. Nothing ends a question that hangs in the system: whoever asks
/// about the same place meanwhile waits for it, so that no more than one thread hangs there, however often it is asked.
pub(super) async fn ask<T: Send + 'static>(
    probe: &mut Probe,
    place: &Path,
    look: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Failure> {
    let turn = turn_at(place);
    let asked = probe.phase(Phase::Local, async {
        let turn = turn.lock_owned().await;
        let asking = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look()
        });
        match asking.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(found) => found,
            Err(Ok(panic)) => resume_unwind(panic),
            // The program ends.
            Err(Err(_)) => pending().await,
        }
    });
    asked.await.map_err(|failure| {
        if failure.code.is(Phase::Local, Cause::Timeout) { late(probe, place, failure) } else { failure }
    })
}

/// Whose turn it is to ask about a place.
fn turn_at(place: &Path) -> Arc<tokio::sync::Mutex<()>> {
    type Turns = HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>;
    static TURNS: LazyLock<Mutex<Turns>> = LazyLock::new(Mutex::default);
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(turns.entry(place.to_owned()).or_default())
}

/// The failure of a place that does not answer, with where it lies: that is read elsewhere, and does not hang.
fn late(probe: &Probe, place: &Path, failure: Failure) -> Failure {
    let mut failure = failure.told_of(format_args!("asked about {}", probe.clean(&place.to_string_lossy())));
    if let Some(mount) = Mount::of(place) {
        let seen = failure.evidence.take().map(|seen| seen + "; ").unwrap_or_default();
        failure.evidence = Some(seen + &probe.tell(&mount.told()));
        if mount.is_shared() {
            failure.owner = Owner::Service;
            AT_THE_SERVER.clone_into(&mut failure.next_step);
        }
    }
    failure
}

/// What other hosts have, too, is not for this one to mend.
const AT_THE_SERVER: &str = "see whether the file server that the evidence names runs and can be reached from here (its port, the network), and its log";

/// A path, as a part of a sentence.
pub(super) fn shown(path: &Path) -> Sentence {
    theirs(&path.display())
}

/// The fault of a path with which the system refuses to do something: `doing` ends "this user may not ...".
pub(super) fn refused(path: &Path, doing: &'static str, error: &io::Error) -> Fault {
    let fault = match error.raw_os_error() {
        // `/proc`, say: files are listed there, and none is made.
        Some(libc::ENOENT) if doing == "write to" && path.is_dir() => {
            let fault =
                Fault::new(Cause::Failed, sentence!["no file can be made in ", shown(path), ", which is there"]);
            fault.next_step("name a directory that keeps files: one that the system makes up (/proc, /sys) does not")
        }
        Some(libc::ENOENT | libc::ENOTDIR) => missing(path),
        Some(libc::EACCES | libc::EPERM) => {
            Fault::new(Cause::Denied, sentence!["this user may not ", doing, " ", shown(path)])
                .evidence(who(path))
                .remedy(permission(path, doing))
        }
        Some(libc::EROFS) => {
            let fault =
                Fault::new(Cause::ReadOnly, sentence![shown(path), " lies on a file system that takes no writes"]);
            let mount = Mount::of(path);
            let remedy = mount.as_ref().and_then(|mount| files::remount(&mount.point));
            fault.evidence(mount.map_or_else(Sentence::default, |mount| mount.told())).remedy(remedy)
        }
        Some(libc::ENOSPC) => {
            Fault::new(Cause::Full, sentence!["no space is left for ", shown(path)]).evidence(room(path))
        }
        Some(libc::EDQUOT) => Fault::new(Cause::Full, sentence!["the quota is used up for ", shown(path)])
            .next_step("make room, or raise the quota: `quota -s` shows it"),
        Some(libc::ETIMEDOUT | libc::EHOSTDOWN | libc::EHOSTUNREACH | libc::ENOTCONN) => {
            Fault::new(Cause::Timeout, sentence!["nobody answers for ", shown(path)])
        }
        Some(libc::ESTALE) => Fault::new(Cause::Failed, sentence![shown(path), " is gone at its file server"])
            .next_step("mount it again: `umount` and `mount`"),
        Some(libc::EIO) => Fault::new(Cause::Failed, sentence!["the disk of ", shown(path), " fails"])
            .next_step("see `dmesg` for errors of the disk, or of the file system"),
        _ => Fault::new(Cause::Failed, sentence!["this user cannot ", doing, " ", shown(path)]),
    };
    of_server(fault, path).with_evidence(theirs(error))
}

/// A fault of a file system that other hosts have, too: that its server is away or full takes none of them out.
fn of_server(fault: Fault, path: &Path) -> Fault {
    let is_servers = matches!(fault.cause, Cause::Full | Cause::Timeout | Cause::Failed);
    match Mount::of(path).filter(|mount| is_servers && mount.is_shared()) {
        Some(mount) => {
            let is_full = fault.cause == Cause::Full;
            let fault = fault.owner(Owner::Service).with_evidence(mount.told());
            if is_full { fault } else { fault.next_step(AT_THE_SERVER) }
        }
        None => fault,
    }
}

/// The right that this user lacks for what it is to do with the path.
fn permission(path: &Path, doing: &'static str) -> Option<Remedy> {
    let rights = match doing {
        "write to" => "rwx",
        "read" => "r",
        // To look at a path needs rights on the way to it alone.
        _ => "",
    };
    files::permit(&lack(path, rights))
}

/// There is no such path: from where on.
fn missing(path: &Path) -> Fault {
    let fault = Fault::new(Cause::Missing, sentence![shown(path), " is not there"]);
    let there = path.ancestors().skip(1).find(|parent| parent.exists());
    match there.filter(|there| Some(*there) != path.parent()) {
        Some(there) => fault.evidence(sentence!["nothing is there below ", shown(there)]),
        None => fault,
    }
}

/// Who asks, and whose the path is, or what of it can be seen.
fn who(path: &Path) -> Sentence {
    let seen = path.ancestors().find_map(|part| Some((part, fs::metadata(part).ok()?)));
    let user = user_name(Uid::effective().as_raw());
    let Some((part, metadata)) = seen else { return sentence!["the user is ", user] };
    let (owner, group) = (user_name(metadata.uid()), group_name(metadata.gid()));
    let mode = ours(&format!("{:04o}", metadata.mode() & 0o7777));
    sentence!["the user is ", user, ", and ", shown(part), " is of ", owner, ":", group, " with the mode ", mode]
}

/// What of the file system is free: without inodes there is no space for a file either.
fn room(path: &Path) -> Sentence {
    statvfs(path).map_or_else(
        |_| Sentence::default(),
        |seen| {
            let bytes = Size(seen.blocks_available() * seen.fragment_size());
            sentence![ours(&bytes), " and ", seen.files_available(), " inodes are free"]
        },
    )
}

/// The name of a user, else the number.
pub(super) fn user_name(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// The name of a group, else the number.
pub(super) fn group_name(gid: u32) -> String {
    Group::from_gid(Gid::from_raw(gid)).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
}
