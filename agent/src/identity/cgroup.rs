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

/// The processes of the group that systemd has made for a unit, wherever that stands, and of those below it; none where
/// there is no such group.
pub(crate) fn processes_in_unit(unit: &str) -> Vec<i32> {
    let mounts = mount().into_iter().chain([PathBuf::from("/sys/fs/cgroup/systemd")]);
    let mut found =
        mounts.map(|mount| processes_below(&mount, unit)).find(|found| !found.is_empty()).unwrap_or_default();
    found.sort_unstable();
    found
}

/// Looks for a group of this name, level by level.
fn processes_below(mount: &Path, unit: &str) -> Vec<i32> {
    /// A host has some hundreds of them.
    const MOST_GROUPS: usize = 20_000;
    let mut level = vec![mount.to_owned()];
    let mut seen = 0;
    while !level.is_empty() && seen < MOST_GROUPS {
        seen += level.len();
        if let Some(found) = level.iter().find(|group| group.ends_with(unit)) {
            return processes_of_tree(found);
        }
        level = level.iter().flat_map(|group| groups_in(group)).collect();
    }
    Vec::new()
}

fn processes_of_tree(group: &Path) -> Vec<i32> {
    let own = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let below = groups_in(group).into_iter().flat_map(|group| processes_of_tree(&group));
    pids(&own).chain(below).collect()
}

fn groups_in(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_of_a_unit_are_found_in_any_slice_with_those_below_it() {
        let root = std::env::temp_dir().join(format!("conn-check-groups-{}", std::process::id()));
        let group = |path: &str, procs: &str| {
            fs::create_dir_all(root.join(path)).expect("a folder");
            fs::write(root.join(path).join("cgroup.procs"), procs).expect("a file");
        };
        group("system.slice/web.service", "");
        group("system.slice/web.service/worker", "12\n0\n");
        group("system.slice/system-pg.slice/pg@15-main.service", "7\n8\n");
        group("user.slice/web.service.d", "99\n");
        assert_eq!(processes_below(&root, "web.service"), [12]);
        assert_eq!(processes_below(&root, "pg@15-main.service"), [7, 8]);
        assert_eq!(processes_below(&root, "service"), [0; 0]);
        fs::remove_dir_all(&root).expect("its end");
    }

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
