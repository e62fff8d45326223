//! This host: its name, its limits, whom it trusts.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use std::fs;
use std::net::ToSocketAddrs as _;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Where this host keeps the certificates of the authorities that it trusts (Debian's ca-certificates).
pub const CA_PATH: &str = "/etc/ssl/certs";

/// The fully qualified name of this host, as `/etc/hosts` knows it; else its plain name. No
/// resolver is asked: a report must not wait for a broken one.
#[must_use]
pub fn name() -> String {
    let plain = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "localhost".to_owned());
    if plain.contains('.') {
        return plain;
    }
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut full = lines.filter_map(|line| {
        let names: Vec<_> = line.split_whitespace().skip(1).collect();
        let full =
            names.iter().find(|name| name.strip_prefix(plain.as_str()).is_some_and(|rest| rest.starts_with('.')));
        full.filter(|_| names.contains(&plain.as_str())).map(|name| (*name).to_owned())
    });
    full.next().unwrap_or(plain)
}

/// What this process may hold open at once: the soft limit is raised to the hard one first.
#[must_use]
pub fn descriptors() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 256 };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return hard;
    }
    soft
}

/// Keeps secrets out of core dumps: none is written, neither by the kernel nor by a handler that
/// the kernel would start.
pub fn forbid_core_dumps() {
    // Either alone is enough on most systems; a failure of one must not stop a check.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Loads the libraries with which the system looks for hosts and users, as `nsswitch.conf` names them. They are loaded
/// when they are needed first; below the root directory of somebody else those would be his, within this process. Which
/// they are is read again only where the root is still the same one, in another mount namespace.
pub fn load_name_services() {
    // Longer than a name can be (RFC 1035 section 2.3.4): all are asked, and none asks anybody else.
    let nobody = "x".repeat(300);
    let _ = (nobody.as_str(), 0).to_socket_addrs();
    let _ = nix::unistd::User::from_name(&nobody);
}

/// The descriptors that this process was started with, beside its three streams.
static INHERITED: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

/// Remembers which descriptors whoever started this process has left open in it. To be called before anything is opened.
pub fn note_descriptors() {
    let Ok(open) = fs::read_dir(DESCRIPTORS) else { return };
    let numbers: Vec<RawFd> = open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    // The directory that was read is among them, and closed by now.
    let is_there = |number: &RawFd| *number > 2 && Path::new(DESCRIPTORS).join(number.to_string()).exists();
    *INHERITED.lock().unwrap_or_else(PoisonError::into_inner) = numbers.into_iter().filter(is_there).collect();
}

/// Closes them, once: the programs that this process starts are not to have them, and what they lead to was read. Nobody
/// owns them here, so that no number of them can be anybody's by now.
pub fn close_inherited() {
    let inherited = std::mem::take(&mut *INHERITED.lock().unwrap_or_else(PoisonError::into_inner));
    for number in inherited {
        // One that is not there any more does no harm either.
        let _ = nix::unistd::close(number);
    }
}

const DESCRIPTORS: &str = "/proc/self/fd";

/// What this process makes, and what the programs make that it starts, is for nobody else to write, whatever the mask that
/// it was given.
pub fn keep_what_is_made() {
    let others = Mode::S_IWGRP | Mode::S_IWOTH;
    let given = umask(others);
    umask(given | others);
}

/// How many checks fit beside each other into so many descriptors.
///
/// A check holds up to four: its connection, and those to other addresses of the same name. The
/// rest is for the program itself and for look-ups, which open sockets of their own.
#[must_use]
pub fn slots(descriptors: u64) -> usize {
    let free = descriptors.saturating_sub(64).max(16) / 4;
    usize::try_from(free).unwrap_or(usize::MAX).clamp(4, 20_000)
}

/// How many name look-ups fit beside each other into so many descriptors.
#[must_use]
pub fn lookups(descriptors: u64) -> usize {
    usize::try_from(descriptors / 16).unwrap_or(usize::MAX).clamp(4, 64)
}
