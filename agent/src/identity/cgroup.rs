//! Control groups of version 2: firewalls and systemd's `IPAddressDeny=` go by the one that a socket was made in
//! (`systemd.resource-control(5)`; kernel, `admin-guide/cgroup-v2.rst`).

use super::process::pids;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Where the groups are mounted: all of them, or beside those of version 1.
pub(super) fn mount() -> Option<PathBuf> {
    mount_in(&fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// The first mount of the type `cgroup2` (`proc_pid_mountinfo(5)`).
fn mount_in(mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let place = before.split_whitespace().nth(4)?;
        after.starts_with("cgroup2 ").then(|| PathBuf::from(place))
    })
}

/// The directory of a group. One outside of what is mounted here begins with `/..`.
fn directory(mount: &Path, group: &str) -> Option<PathBuf> {
    let path = Path::new(group.strip_prefix('/')?);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain.then(|| mount.join(path))
}

/// Puts this process into a group.
///
/// # Errors
/// The kernel's; there is no such group here.
pub(super) fn join(group: &str) -> io::Result<()> {
    let mount = mount().ok_or_else(|| io::Error::other("no control groups of version 2 are mounted here"))?;
    let directory =
        directory(&mount, group).ok_or_else(|| io::Error::other("it is outside of what is seen from here"))?;
    // Who joins it stands still as well, and nobody but the administrator ends that.
    if fs::read_to_string(directory.join("cgroup.events")).is_ok_and(|events| is_frozen(&events)) {
        return Err(io::Error::other("it is frozen, and nothing in it runs"));
    }
    fs::write(directory.join("cgroup.procs"), std::process::id().to_string())
}

/// `KEY VALUE` in each line (kernel, `admin-guide/cgroup-v2.rst`; Linux 5.2).
fn is_frozen(events: &str) -> bool {
    events.lines().any(|line| line == "frozen 1")
}

/// The processes of the group that systemd has made for a unit: where it says, else where it puts services. Its own
/// hierarchy is the one of version 2, or a named one of version 1.
pub(super) fn processes_of_unit(unit: &str, group: Option<&str>) -> Vec<i32> {
    let groups = group.map(str::to_owned).into_iter().chain([format!("/system.slice/{unit}")]);
    let mounts: Vec<_> = mount().into_iter().chain([PathBuf::from("/sys/fs/cgroup/systemd")]).collect();
    let places =
        groups.flat_map(|group| mounts.iter().filter_map(move |mount| directory(mount, &group)).collect::<Vec<_>>());
    let mut found = places.filter_map(|place| {
        let pids: Vec<_> = pids(&fs::read_to_string(place.join("cgroup.procs")).ok()?).collect();
        (!pids.is_empty()).then_some(pids)
    });
    found.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_version_2_is_found_beside_those_of_version_1() {
        let hybrid = "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount_in(hybrid).as_deref(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert_eq!(mount_in("40 31 0:37 / /sys/fs/cgroup rw - cgroup cgroup rw\n"), None);
    }

    #[test]
    fn a_group_outside_of_what_is_seen_is_none() {
        let mount = Path::new("/sys/fs/cgroup");
        let at = |group: &str| directory(mount, group);
        assert_eq!(at("/system.slice/web.service"), Some(mount.join("system.slice/web.service")));
        assert_eq!(at("/"), Some(mount.join("")));
        assert_eq!(at("/../web.service"), None);
        assert_eq!(at("/a/../../etc"), None);
        assert_eq!(at("relative"), None);
    }

    #[test]
    fn a_frozen_group_is_told_from_others() {
        assert!(is_frozen("populated 1\nfrozen 1\n"));
        assert!(!is_frozen("populated 1\nfrozen 0\n") && !is_frozen(""));
    }
}
