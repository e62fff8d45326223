//! The file system of a path: how full it is, and whether it can be written to.
//!
//! - Proves: the path is there, its file system takes writes, and neither its space nor its inodes are used up beyond the
//!   limits. With `mounted: true`, that something is mounted there: a directory below a mount that has not come up is
//!   there too, and fills the disk of the system.
//! - Source: `statvfs(3)`, counted as `df(1)` does for users without privileges: what is reserved for root is neither
//!   free nor used, and a part of a percent counts as a whole one. Nothing is written.
//! - Phases: local.
//! - Options: see [`Disk::parse`]. 90 % is where ext4 begins to fragment and a person still has time; inodes run out
//!   unseen, so that they have the same limit.
//! - Failures: `local.missing`, `local.denied`, `local.read-only`, `local.timeout` (a dead file server). Beyond a limit
//!   is the warning `local.disk`. A file system without a number of inodes (btrfs, vfat) has none to run out of; one that
//!   is read-only as `read_only: true` says is full by nature, and has no limits.
//! - Does not check: that a file can be written there. `storage` does. A mount that is read-only of a file system that is
//!   not (a sandbox has such, and this program may be in one) is a fact, `mounted_read_only`, and no failure: the kernel
//!   makes the whole file system read-only after an error of the disk.

use crate::catalogue::WarningKind;
use crate::checks::local::{self, Mount, refused, shown};
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault, Phase};
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Fields, FullPath, Noted, Percent, Size};
use nix::sys::statvfs::{FsFlags, statvfs};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Disk {
    path: PathBuf,
    limits: Limits,
    is_mounted: bool,
    is_read_only: bool,
}

/// What is too much, or too little; nothing of what is switched off.
#[derive(Clone, Copy, Debug)]
struct Limits {
    max_used: Option<Percent>,
    min_free: Option<Size>,
    max_inodes: Option<Percent>,
    min_free_inodes: Option<u32>,
}

impl Check for Disk {
    const TYPE: &'static str = "disk";
    const SERVICE: &'static Service = &services::DISK;
    const ABOUT: &'static str = "A file system takes writes, and has space and inodes left.";
    const TRACE: &'static str = "Nothing; no file is opened.";
    const EXAMPLE: &'static str = "\
- type: disk
  path: /srv/app
  max_used_percent: 85
  min_free: 2 GiB
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let path = fields.required::<FullPath>("path", "The mount point, or any directory or file on the file system.");
        let limits = Limits {
            max_used: fields.limit(
                "max_used_percent",
                Some("90"),
                "A warning when more of the space is used, as `df` counts it; `null`: no limit.",
            ),
            min_free: fields.limit("min_free", None, "A warning when less space is free for users without privileges."),
            max_inodes: fields.limit(
                "max_inodes_percent",
                Some("90"),
                "A warning when more of the inodes are used; `null`: no limit.",
            ),
            min_free_inodes: fields.limit("min_free_inodes", None, "A warning when fewer inodes are free."),
        };
        let is_mounted = fields.or(
            "mounted",
            "false",
            "Whether the path has to be a mount point: `local.missing` when nothing is mounted there.",
        );
        let is_read_only = fields.or(
            "read_only",
            "false",
            "Whether the file system may be read-only; space and inodes have no limits then.",
        );
        Ok(Self { path: path?.0, limits, is_mounted, is_read_only })
    }

    fn profile(&self) -> Profile {
        Profile::of_host(Self::TYPE, &self.path.display())
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let (path, is_mounted) = (self.path.clone(), self.is_mounted);
        let usage = local::ask(probe, &self.path, move || Usage::of(&path, is_mounted)).await?;
        probe.fact("disk", self.facts(&usage));
        if usage.is_read_only && !self.is_read_only {
            return Err(probe.fail(Phase::Local, usage.read_only(&self.path)).into());
        }
        if !usage.is_read_only {
            self.limits.judge(&usage, &self.path).into_iter().for_each(|told| probe.warn(WarningKind::LocalDisk, told));
        }
        Ok(())
    }
}

impl Disk {
    fn facts(&self, usage: &Usage) -> serde_json::Value {
        let Limits { max_used, min_free, max_inodes, min_free_inodes } = self.limits;
        json!({
            "mount_point": usage.mount.as_ref().map(|mount| mount.point.display().to_string()),
            "filesystem": usage.mount.as_ref().map(|mount| &mount.kind),
            "source": usage.mount.as_ref().map(|mount| &mount.source),
            "read_only": usage.is_read_only,
            "mounted_read_only": usage.is_mounted_so,
            "size_bytes": usage.space.size,
            "used_bytes": usage.space.used,
            "free_bytes": usage.space.free,
            "used_percent": usage.space.percent(),
            "inodes": usage.inodes.size,
            "inodes_used": usage.inodes.used,
            "inodes_free": usage.inodes.free,
            "inodes_percent": usage.inodes.percent(),
            "max_used_percent": max_used.map(|limit| limit.0),
            "min_free_bytes": min_free.map(|limit| limit.0),
            "max_inodes_percent": max_inodes.map(|limit| limit.0),
            "min_free_inodes": min_free_inodes,
        })
    }
}

/// A file system, as it is now.
#[derive(Debug)]
struct Usage {
    mount: Option<Mount>,
    is_read_only: bool,
    /// Only where it is mounted here.
    is_mounted_so: bool,
    /// In bytes.
    space: Count,
    inodes: Count,
}

/// Of something: how much there is, is used, and is free for users without privileges.
#[derive(Clone, Copy, Debug)]
struct Count {
    size: u64,
    used: u64,
    free: u64,
}

impl Usage {
    fn of(path: &Path, is_mounted: bool) -> Result<Self, Fault> {
        let failed = |error| refused(path, "look at", &error);
        // Links are followed, so that the mount is the one that counts.
        let real = fs::canonicalize(path).map_err(failed)?;
        let seen = statvfs(&real).map_err(|errno| failed(errno.into()))?;
        let mount = Mount::of(&real);
        if is_mounted && mount.as_ref().is_none_or(|mount| mount.point != real) {
            let message = sentence!["nothing is mounted on ", shown(path)];
            let fault = Fault::new(Cause::Missing, message)
                .next_step("mount it: see `findmnt --verify`, and `systemctl list-units --type=mount --failed`");
            return Err(mount.iter().fold(fault, |fault, mount| fault.evidence(mount.told())));
        }
        let unit = seen.fragment_size();
        let space = Count::of(seen.blocks(), seen.blocks_free(), seen.blocks_available());
        let space = Count { size: space.size * unit, used: space.used * unit, free: space.free * unit };
        let takes_no_writes = seen.flags().contains(FsFlags::ST_RDONLY);
        let is_mounted_so = takes_no_writes && mount.as_ref().is_some_and(Mount::is_read_only_alone);
        Ok(Self {
            mount,
            is_read_only: takes_no_writes && !is_mounted_so,
            is_mounted_so,
            space,
            inodes: Count::of(seen.files(), seen.files_free(), seen.files_available()),
        })
    }

    fn read_only(&self, path: &Path) -> Fault {
        let fault = Fault::new(Cause::ReadOnly, sentence![shown(path), " lies on a file system that takes no writes"]);
        let next = "see why it is mounted so (dmesg, /etc/fstab): after an error of the disk the kernel mounts it read-only; if it is meant so, say `read_only: true`";
        self.mount.iter().fold(fault.next_step(next), |fault, mount| fault.evidence(mount.told()))
    }
}

impl Count {
    const fn of(size: u64, free: u64, available: u64) -> Self {
        Self { size, used: size.saturating_sub(free), free: available }
    }

    /// How much is used of what users without privileges have, in whole percent, rounded up as `df` does. Nothing where
    /// there is no number.
    fn percent(self) -> Option<u64> {
        let (used, all) = (u128::from(self.used), u128::from(self.used) + u128::from(self.free));
        (all > 0).then(|| u64::try_from((used * 100).div_ceil(all)).unwrap_or(100))
    }
}

impl Limits {
    /// What is beyond them, a sentence each.
    fn judge(self, usage: &Usage, path: &Path) -> Vec<Sentence> {
        let percent = |count: Count, limit: Option<Percent>| {
            let limit = limit?;
            #[expect(clippy::cast_precision_loss, reason = "a percentage")]
            count.percent().filter(|used| *used as f64 > limit.0).map(|used| (used, limit))
        };
        let space = usage.space;
        let full = percent(space, self.max_used).map(|(used, limit)| {
            let free = ours(&Size(space.free));
            sentence![
                used,
                " % of the space of ",
                shown(path),
                " are used, more than ",
                ours(&limit),
                ": ",
                free,
                " are free"
            ]
        });
        let short = self.min_free.filter(|limit| space.free < limit.0).map(|limit| {
            sentence![ours(&Size(space.free)), " are free on ", shown(path), ", less than ", ours(&limit)]
        });
        let inodes = percent(usage.inodes, self.max_inodes).map(|(used, limit)| {
            sentence![
                used,
                " % of the inodes of ",
                shown(path),
                " are used, more than ",
                ours(&limit),
                ": ",
                usage.inodes.free,
                " are free"
            ]
        });
        let has_inodes = usage.inodes.size > 0;
        let few = self
            .min_free_inodes
            .filter(|limit| has_inodes && usage.inodes.free < u64::from(*limit))
            .map(|limit| sentence![usage.inodes.free, " inodes are free on ", shown(path), ", fewer than ", limit]);
        [full, short, inodes, few].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_that_of_df() {
        // What is reserved for root counts on neither side: 1000 blocks, 50 of them reserved, 855 used.
        let count = Count::of(1000, 145, 95);
        assert_eq!((count.used, count.free, count.percent()), (855, 95, Some(90)));
        assert_eq!(Count::of(1000, 144, 94).percent(), Some(91), "rounded up");
        assert_eq!(Count::of(0, 0, 0).percent(), None);
        assert_eq!(Count::of(10, 0, 0).percent(), Some(100));
        assert_eq!(Count::of(10, 10, 10).percent(), Some(0));
    }

    #[test]
    fn a_limit_is_what_may_still_be() {
        let usage = |used, free| Usage {
            mount: None,
            is_read_only: false,
            is_mounted_so: false,
            space: Count { size: 1000, used, free },
            inodes: Count { size: 0, used: 0, free: 0 },
        };
        let limits = Limits {
            max_used: Some(Percent(90.0)),
            min_free: Some(Size(100)),
            max_inodes: Some(Percent(90.0)),
            min_free_inodes: Some(5),
        };
        let told = |used, free| {
            limits.judge(&usage(used, free), Path::new("/srv")).iter().map(Sentence::plain).collect::<Vec<_>>()
        };
        assert_eq!(told(900, 100), [""; 0]);
        assert_eq!(
            told(901, 99),
            [
                "91 % of the space of /srv are used, more than 90 %: 99 bytes are free",
                "99 bytes are free on /srv, less than 100 bytes"
            ]
        );
    }
}
