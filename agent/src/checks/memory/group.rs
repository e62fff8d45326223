//! The limits of the control groups that this process is in: its own, and those above it.

use crate::checks::local::Pressure;
use serde_json::{Value, json};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A control group with a limit, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Its path, as `/proc/self/cgroup` has it.
    pub(super) name: String,
    pub(super) limit: u64,
    pub(super) used: u64,
    /// What of it the kernel gives back first: cache that is not in use.
    cache: u64,
    pub(super) pressure: Option<Pressure>,
}

/// The names of the files of a version.
struct Version {
    limit: &'static str,
    used: &'static str,
    /// Keys of `memory.stat`, those below included.
    cache: &'static [&'static str],
}

const TWO: Version =
    Version { limit: "memory.max", used: "memory.current", cache: &["inactive_file", "slab_reclaimable"] };
const ONE: Version =
    Version { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: &["total_inactive_file"] };

impl Group {
    /// The one of all that this process is in which has least left.
    pub(super) fn tightest() -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        Self::tightest_of(&own, &mounts)
    }

    fn tightest_of(own: &str, mounts: &str) -> Option<Self> {
        let places = [(TWO, place(own, "", mounts, "cgroup2")), (ONE, place(own, "memory", mounts, "cgroup"))];
        let groups = places.into_iter().filter_map(|(version, place)| Some((version, place?)));
        let groups = groups.flat_map(|(version, (mount, name))| {
            // A group that is outside of what is mounted here begins with `/..`; the mount itself is the one that is seen.
            let name = name.filter(|name| name.components().all(|part| matches!(part, Component::Normal(_))));
            let name = name.unwrap_or_default();
            let above: Vec<_> = name.ancestors().map(Path::to_owned).collect();
            above.into_iter().filter_map(move |name| Self::read(&mount, &name, &version)).collect::<Vec<_>>()
        });
        groups.min_by_key(Self::available)
    }

    /// A group with a limit.
    fn read(mount: &Path, name: &Path, version: &Version) -> Option<Self> {
        let folder = mount.join(name);
        let text = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let number = |file: &str| text(file)?.trim().parse::<u64>().ok();
        // `max`, or the largest number of pages.
        let limit = number(version.limit).filter(|limit| *limit < 1 << 60)?;
        let stat = text("memory.stat").unwrap_or_default();
        Some(Self {
            name: format!("/{}", name.display()),
            limit,
            used: number(version.used)?,
            cache: version.cache.iter().filter_map(|key| of_stat(&stat, key)).sum(),
            pressure: Pressure::read(&folder.join("memory.pressure")),
        })
    }

    /// What can still be had.
    pub(super) const fn available(&self) -> u64 {
        self.limit.saturating_sub(self.used.saturating_sub(self.cache))
    }

    /// For programs.
    pub(super) fn facts(&self) -> Value {
        json!({
            "path": self.name,
            "limit_bytes": self.limit,
            "used_bytes": self.used,
            "available_bytes": self.available(),
            "pressure": self.pressure.map(Pressure::facts),
        })
    }
}

/// Where a hierarchy is mounted, and the group of this process in it, relative to the mount. In a container the mount
/// shows a part of the hierarchy alone, its root.
fn place(own: &str, controller: &str, mounts: &str, kind: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let is_ours = |names: &str| names.split(',').any(|name| name == controller);
    let group = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (names, path) = (parts.next()?, parts.next()?);
        is_ours(names).then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        let is_kind = after.next()? == kind;
        let has = controller.is_empty() || after.nth(1).is_some_and(is_ours);
        let below =
            group.strip_prefix(root.trim_end_matches('/')).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let below = below.map(|rest| PathBuf::from(rest.trim_start_matches('/')));
        (is_kind && has).then(|| (PathBuf::from(point), below))
    })
}

/// `KEY NUMBER`.
fn of_stat(stat: &str, key: &str) -> Option<u64> {
    let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(name, _)| *name == key)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hierarchy below a folder of the test's own, and its line of mountinfo.
    struct Tree {
        root: PathBuf,
    }

    impl Tree {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("conn-check-{name}-{}", std::process::id()));
            fs::create_dir_all(&root).expect("a folder");
            Self { root }
        }

        fn group(&self, path: &str, files: &[(&str, &str)]) {
            let folder = self.root.join(path);
            fs::create_dir_all(&folder).expect("a folder");
            files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).expect("a file"));
        }

        fn mount(&self, root: &str, kind: &str, options: &str) -> String {
            format!("41 31 0:38 {root} {} rw,relatime shared:9 - {kind} cgroup {options}\n", self.root.display())
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.root).expect("its end");
        }
    }

    #[test]
    fn of_a_group_and_those_above_it_the_one_with_least_left_counts() {
        let tree = Tree::new("memory-2");
        tree.group(
            "a",
            &[
                ("memory.max", "1000\n"),
                ("memory.current", "900\n"),
                ("memory.stat", "anon 1\ninactive_file 100\nslab_reclaimable 50\n"),
            ],
        );
        tree.group("a/b", &[("memory.max", "max\n"), ("memory.current", "300\n")]);
        tree.group("a/b/c", &[("memory.max", "700\n"), ("memory.current", "300\n")]);
        let tightest = Group::tightest_of("0::/a/b/c\n", &tree.mount("/", "cgroup2", "rw")).expect("a limit");
        assert_eq!((tightest.name.as_str(), tightest.limit, tightest.available()), ("/a", 1000, 250));
        assert_eq!(Group::tightest_of("0::/\n", &tree.mount("/", "cgroup2", "rw")), None);
    }

    #[test]
    fn a_container_sees_its_own_part_of_the_groups() {
        let tree = Tree::new("memory-part");
        tree.group("", &[("memory.max", "500\n"), ("memory.current", "100\n")]);
        for own in ["0::/docker/x\n", "0::/../y\n"] {
            let tightest = Group::tightest_of(own, &tree.mount("/docker/x", "cgroup2", "rw")).expect("a limit");
            assert_eq!((tightest.name.as_str(), tightest.available()), ("/", 400), "{own}");
        }
    }

    #[test]
    fn groups_of_version_1_have_the_same_by_other_names() {
        let tree = Tree::new("memory-1");
        let unlimited = ("memory.limit_in_bytes", "9223372036854771712\n");
        tree.group("", &[unlimited, ("memory.usage_in_bytes", "5\n")]);
        tree.group(
            "x",
            &[
                ("memory.limit_in_bytes", "100\n"),
                ("memory.usage_in_bytes", "90\n"),
                ("memory.stat", "total_inactive_file 20\n"),
            ],
        );
        let own = "9:name=systemd:/\n4:cpuset,memory:/x\n0::/\n";
        let mounts = tree.mount("/", "cgroup", "rw,cpuset,memory");
        let tightest = Group::tightest_of(own, &mounts).expect("a limit");
        assert_eq!((tightest.name.as_str(), tightest.available()), ("/x", 30));
        assert_eq!(Group::tightest_of("4:memory:/\n", &mounts), None);
    }
}
