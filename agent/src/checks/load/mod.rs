//! How many processes want to run, for each core.
//!
//! - Proves: over so many minutes no more processes wanted to run, or waited for a disk, than the limits allow.
//! - Source: `/proc/loadavg` (`proc_loadavg(5)`), for each core that is online as `/proc/stat` lists them; both are the
//!   container's where lxcfs is. The pressure on the processors (PSI) is a fact beside it.
//! - Phases: local.
//! - Options: see [`Load::parse`]. By default 5 minutes have the limit 4 and 15 minutes the limit 2; one minute has none,
//!   as a build or a backup is nobody's concern.
//! - Failures: `local.failed` where the kernel does not tell it. Beyond a limit is the warning `local.load`.
//! - Does not check: whose processes they are.

use crate::catalogue::WarningKind;
use crate::checks::local::{self, Pressure};
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault};
use crate::probe::{Probe, Stop};
use crate::secret::{ours, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Decimal, Fields, Noted};
use serde_json::json;
use std::fs;
use std::path::Path;

/// The minutes over which the kernel averages.
const MINUTES: [u32; 3] = [1, 5, 15];

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Load {
    /// For each core, over [`MINUTES`].
    limits: [Option<Decimal>; 3],
}

impl Check for Load {
    const TYPE: &'static str = "load";
    const SERVICE: &'static Service = &services::LOAD;
    const ABOUT: &'static str = "No more processes want to run than the limits allow for each core.";
    const TRACE: &'static str = "Nothing; files of the kernel are read.";
    const EXAMPLE: &'static str = "\
- type: load
  max_load_5: 3
  max_load_15: 1.5
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let limits = [
            fields.limit("max_load_1", None, "A warning when the load of the last minute is higher, for each core."),
            fields.limit("max_load_5", Some("4"), "The same of 5 minutes; `null`: no limit."),
            fields.limit("max_load_15", Some("2"), "The same of 15 minutes; `null`: no limit."),
        ];
        Ok(Self { limits })
    }

    fn profile(&self) -> Profile {
        Profile::of_host(Self::TYPE, &"")
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let Seen { averages, cores, pressure } = local::ask(probe, Path::new("/proc/loadavg"), Seen::now).await?;
        let limits = self.limits.map(|limit| limit.map(|limit| limit.0));
        probe.fact("load", json!({"averages": averages, "cores": cores, "max_per_core": limits, "pressure": pressure.map(Pressure::facts)}));
        for ((average, limit), minutes) in averages.into_iter().zip(limits).zip(MINUTES) {
            let per_core = average / f64::from(cores);
            if let Some(limit) = limit.filter(|limit| per_core > *limit) {
                let told = sentence![
                    "the load over ",
                    minutes,
                    " min is ",
                    ours(&format!("{per_core:.2}")),
                    " for each of ",
                    cores,
                    " cores, more than ",
                    ours(&limit)
                ];
                probe.warn(WarningKind::LocalLoad, told);
            }
        }
        Ok(())
    }
}

/// The load, as it is now.
#[derive(Debug)]
struct Seen {
    averages: [f64; 3],
    cores: u32,
    pressure: Option<Pressure>,
}

impl Seen {
    fn now() -> Result<Self, Fault> {
        let read = |path: &'static str| {
            let failed = |error| {
                Fault::new(Cause::Failed, "the kernel does not tell the load").evidence(sentence![
                    path,
                    ": ",
                    theirs(&error)
                ])
            };
            fs::read_to_string(path).map_err(failed)
        };
        let (load, stat) = (read("/proc/loadavg")?, read("/proc/stat")?);
        let averages = averages(&load).ok_or_else(|| {
            Fault::new(Cause::Failed, "the kernel does not tell the load")
                .evidence(sentence!["/proc/loadavg: ", theirs(load.trim())])
        })?;
        Ok(Self { averages, cores: cores(&stat), pressure: Pressure::read(Path::new("/proc/pressure/cpu")) })
    }
}

/// `0.50 0.25 0.10 1/120 4321`
fn averages(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_whitespace().map(|word| word.parse().ok());
    Some([words.next()??, words.next()??, words.next()??])
}

/// The lines `cpu0`, `cpu1`; there is one at least.
fn cores(stat: &str) -> u32 {
    let is_core =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    u32::try_from(stat.lines().filter(is_core).count()).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_has_three_averages_and_a_core_a_line_of_its_own() {
        assert_eq!(averages("0.50 0.25 12.10 1/120 4321\n"), Some([0.5, 0.25, 12.1]));
        assert_eq!(averages("0.50 0.25"), None);
        assert_eq!(cores("cpu  1 2 3\ncpu0 1 2\ncpu3 1 2\nintr 1\n"), 2);
        assert_eq!(cores(""), 1);
    }
}
