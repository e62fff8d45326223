//! The memory that is still available: the host's, or that of the control group in which conn-check runs, whichever is
//! less.
//!
//! - Proves: so much memory can be had without swapping; with `max_pressure_percent`, that nobody waits for it.
//! - Source: `MemAvailable` of `/proc/meminfo` (`proc_meminfo(5)`, Linux 3.14 and later); of a control group and all above
//!   it, the limit less what is used, without the cache that the kernel gives back first (`memory.max`, `memory.current`,
//!   `inactive_file` and `slab_reclaimable` of `memory.stat`; kernel, `admin-guide/cgroup-v2.rst`; the same of version 1).
//!   The result says which of them it was. The group is the one that the checks are made in: with `--as`, the service's.
//! - Phases: local.
//! - Options: see [`Memory::parse`]. 100 MiB is where a host of any size soon has none left; on one with much of it, ask
//!   for more.
//! - Failures: `local.failed` where the kernel does not tell it. Less than the limit, or more pressure, is the warning
//!   `local.memory`.
//! - Does not check: who uses it.

mod group;

use crate::catalogue::WarningKind;
use crate::checks::local::{self, Pressure};
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, Percent, Size};
use group::Group;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Memory {
    min_available: Option<Size>,
    max_pressure: Option<Percent>,
}

impl Check for Memory {
    const TYPE: &'static str = "memory";
    const SERVICE: &'static Service = &services::MEMORY;
    const ABOUT: &'static str = "Memory is available, of this host and of the control group that conn-check runs in.";
    const TRACE: &'static str = "Nothing; files of the kernel are read.";
    const EXAMPLE: &'static str = "\
- type: memory
  min_available: 512 MiB
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let min_available = fields.limit(
            "min_available",
            Some("100 MiB"),
            "A warning when less is available, of the host or of the control group; `null`: no limit.",
        );
        let max_pressure = fields.limit(
            "max_pressure_percent",
            None,
            "A warning when processes waited for memory in more of the last minute (PSI).",
        );
        Ok(Self { min_available, max_pressure })
    }

    fn profile(&self) -> Profile {
        Profile::of_host(Self::TYPE, &"")
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let seen = local::ask(probe, Path::new("/proc/meminfo"), Seen::now).await?;
        probe.fact("memory", self.facts(&seen));
        let tightest = seen.tightest();
        if let Some(limit) = self.min_available.filter(|limit| tightest.available < limit.0) {
            let available = ours(&Size(tightest.available));
            probe.warn(
                WarningKind::LocalMemory,
                sentence![available, " are available", tightest.whose(), ", less than ", ours(&limit)],
            );
        }
        let Some(limit) = self.max_pressure else { return Ok(()) };
        if seen.pressures().next().is_none() {
            let fault = Fault::new(Cause::Failed, "this kernel does not tell how long processes wait for memory")
                .owner(Owner::Config);
            return Err(probe
                .fail(Phase::Local, fault.next_step("leave out max_pressure_percent; or boot with psi=1"))
                .into());
        }
        for (pressure, whose) in seen.pressures().filter(|(pressure, _)| pressure.minute > limit.0) {
            let share = ours(&Percent(pressure.minute));
            probe.warn(
                WarningKind::LocalMemory,
                sentence![
                    "processes",
                    whose,
                    " waited for memory in ",
                    share,
                    " of the last minute, more than ",
                    ours(&limit)
                ],
            );
        }
        Ok(())
    }
}

impl Memory {
    fn facts(&self, seen: &Seen) -> Value {
        json!({
            "total_bytes": seen.total,
            "available_bytes": seen.available,
            "swap_free_bytes": seen.swap_free,
            "pressure": seen.pressure.map(Pressure::facts),
            "cgroup": seen.group.as_ref().map(Group::facts),
            "source": if seen.tightest().group.is_some() { "cgroup" } else { "host" },
            "min_available_bytes": self.min_available.map(|limit| limit.0),
            "max_pressure_percent": self.max_pressure.map(|limit| limit.0),
        })
    }
}

/// The memory, as it is now, in bytes.
#[derive(Debug)]
struct Seen {
    total: u64,
    available: u64,
    swap_free: u64,
    pressure: Option<Pressure>,
    /// The control group above or around us that has least left; nothing where none has a limit.
    group: Option<Group>,
}

/// Where least is available.
struct Tightest<'a> {
    available: u64,
    group: Option<&'a Group>,
}

impl Seen {
    fn now() -> Result<Self, Fault> {
        const MEMINFO: &str = "/proc/meminfo";
        let failed = |evidence: Sentence| {
            Fault::new(Cause::Failed, "the kernel does not tell how much memory is available").evidence(evidence)
        };
        let text = fs::read_to_string(MEMINFO).map_err(|error| failed(sentence![MEMINFO, ": ", theirs(&error)]))?;
        let (total, available) = (kilobytes(&text, "MemTotal"), kilobytes(&text, "MemAvailable"));
        let Some((total, available)) = total.zip(available) else {
            return Err(failed(sentence![MEMINFO, " has no MemAvailable"]));
        };
        Ok(Self {
            total,
            available,
            swap_free: kilobytes(&text, "SwapFree").unwrap_or_default(),
            pressure: Pressure::read(Path::new("/proc/pressure/memory")),
            group: Group::tightest(),
        })
    }

    fn tightest(&self) -> Tightest<'_> {
        let group = self.group.as_ref().filter(|group| group.available() < self.available);
        Tightest { available: group.map_or(self.available, Group::available), group }
    }

    /// The pressures that are known, and whose each is.
    fn pressures(&self) -> impl Iterator<Item = (Pressure, Sentence)> {
        let group = self
            .group
            .as_ref()
            .and_then(|group| Some((group.pressure?, sentence![" of the control group ", theirs(&group.name)])));
        self.pressure.map(|pressure| (pressure, Sentence::default())).into_iter().chain(group)
    }
}

impl Tightest<'_> {
    fn whose(&self) -> Sentence {
        match self.group {
            Some(group) => {
                sentence![" to the control group ", theirs(&group.name), " (limit ", ours(&Size(group.limit)), ")"]
            }
            None => " on this host".into(),
        }
    }
}

/// `NAME:   NUMBER kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let value = lines.find(|(key, _)| *key == name)?.1;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_counts_in_kibibytes_and_calls_them_kb() {
        let text = "MemTotal:        2048 kB\nMemFree: 1 kB\nMemAvailable:    1000 kB\nHugePages_Total:       0\n";
        assert_eq!((kilobytes(text, "MemTotal"), kilobytes(text, "MemAvailable")), (Some(2 << 20), Some(1_024_000)));
        assert_eq!((kilobytes(text, "HugePages_Total"), kilobytes(text, "Swap")), (None, None));
    }
}
