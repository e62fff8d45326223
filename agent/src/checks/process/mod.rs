//! A unit of systemd, or a program, that runs.
//!
//! - Proves: so many processes of it are there, and none of those counted has ended (a zombie is none).
//! - Source: of a unit, the control group that systemd has made for it, with those below (`cgroup.procs`;
//!   `systemd.resource-control(5)`); nothing is asked over D-Bus. A unit without processes of its own (a mount, a
//!   `oneshot` that has ended) does not run in this sense. Of a program, `/proc/PID/comm` and the first word of
//!   `/proc/PID/cmdline` (`proc(5)`), with its whole path or without.
//! - Phases: local.
//! - Options: see [`Process::parse`].
//! - Failures: `local.missing` when nothing of it runs, `local.denied` where `/proc` hides the processes of others
//!   (`hidepid`), `local.failed` for a unit where no systemd is. Fewer than `min` is the warning `local.process`.
//! - Does not check: that it does its work. The check of its service does.

mod program;
mod unit;

use crate::catalogue::WarningKind;
use crate::checks::local;
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault};
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Fields, Misfit, Name, Noted};
use serde_json::json;
use std::path::Path;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Process {
    wanted: Wanted,
    /// 0: any number will do, but none.
    min: u32,
}

/// What has to run.
#[derive(Clone, Debug)]
enum Wanted {
    /// With its ending.
    Unit(String),
    Program(String),
}

impl Check for Process {
    const TYPE: &'static str = "process";
    const SERVICE: &'static Service = &services::PROCESS;
    const ABOUT: &'static str = "A unit of systemd, or a program, runs in so many processes.";
    const TRACE: &'static str = "Nothing; files of the kernel are read.";
    const EXAMPLE: &'static str = "\
- type: process
  unit: gunicorn.service
  min: 3
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let unit = fields.optional::<Name>("unit", "A unit of systemd: `nginx`, `postgresql@15-main.service`.");
        let program = fields
            .optional::<Name>("program", "In its place, the name of a program as `ps -e` shows it, or its whole path.");
        let min = fields.limit::<u32>(
            "min",
            Some("1"),
            "A warning when it runs in fewer processes; none at all is a failure.",
        );
        let wanted = match (unit, program) {
            (Some(Name(unit)), None) if unit::is_legal(&unit) => Wanted::Unit(unit::full_name(unit)),
            (Some(_), None) => {
                let misfit = Misfit::new("this is no name of a unit");
                return Err(
                    fields.refuse_value("unit", misfit.help("as `systemctl list-units` shows it: nginx.service"))
                );
            }
            (None, Some(Name(program))) => Wanted::Program(program),
            (None, None) => return Err(fields.lacks_one_of("unit", "program")),
            (Some(_), Some(_)) => {
                let misfit = Misfit::new("`unit` says already what has to run");
                return Err(
                    fields.refuse_value("program", misfit.help("leave out one of the two; or write two checks"))
                );
            }
        };
        Ok(Self { wanted, min: min.unwrap_or_default() })
    }

    fn profile(&self) -> Profile {
        let (Wanted::Unit(name) | Wanted::Program(name)) = &self.wanted;
        Profile::of_host(Self::TYPE, name)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let wanted = self.wanted.clone();
        let processes = local::ask(probe, Path::new("/proc"), move || wanted.processes()).await?;
        // Thousands of numbers are of no use to anybody.
        let first: Vec<_> = processes.iter().take(20).collect();
        probe.fact("process", json!({"processes": processes.len(), "pids": first, "min": self.min}));
        if u32::try_from(processes.len()).is_ok_and(|count| count < self.min) {
            let count = processes.len();
            let many = if count == 1 { " process, fewer than " } else { " processes, fewer than " };
            probe.warn(WarningKind::LocalProcess, sentence![self.wanted.shown(), " runs in ", count, many, self.min]);
        }
        Ok(())
    }
}

impl Wanted {
    fn shown(&self) -> Sentence {
        match self {
            Self::Unit(name) => sentence!["the unit ", theirs(name)],
            Self::Program(name) => sentence!["the program ", theirs(name)],
        }
    }

    /// The processes of it, at least one.
    fn processes(&self) -> Result<Vec<i32>, Fault> {
        match self {
            Self::Unit(name) => unit::processes(name),
            Self::Program(name) => {
                let found = program::processes(name)?;
                if !found.is_empty() {
                    return Ok(found);
                }
                let fault = Fault::new(Cause::Missing, sentence!["no process of ", self.shown(), " is there"]);
                let next = format!("start it; `ps -e | grep {}` shows what is called alike", program::short(name));
                Err(fault.next_step(theirs(&next)))
            }
        }
    }
}
