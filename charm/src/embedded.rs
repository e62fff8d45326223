//! The agent in the charm: a release whose agent does not work on this machine must not take the place of the
//! one that Nagios runs. It is tried, and the answer is noted.

use crate::accounts::Owner;
use crate::environment::Environment;
use crate::error::Error;
use crate::host::Host;
use crate::inspect::link_target;
use crate::note;
use crate::paths::{PROGRAM, TRIALS, UnitPaths, VERSIONS, embedded_in};
use crate::run_failure::Refusal;
use crate::stamp::FileStamp;
use crate::trial;
use crate::version::Version;
use crate::versions::versions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What came of the trials of one unit's charm.
pub(crate) type Trials = BTreeMap<String, Trial>;

/// What came of one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Trial {
    #[serde(flatten)]
    file: FileStamp,
    /// Why the program is not used; `None` if it works.
    #[serde(flatten)]
    refusal: Option<Refusal>,
}

/// Tries what is not known yet; returns what to log. Any hook may be the first one with the files of a new
/// charm: after `juju refresh --force-units` of a unit in error, Juju repeats the hook that failed, and runs no
/// `upgrade-charm` (`operation/deploy.go`, `interruptedHook`).
///
/// # Errors
/// The file system fails. A program that does not work is not an error: that is noted.
pub(crate) fn try_all(host: &mut dyn Host, environment: &Environment) -> Result<Vec<String>, Error> {
    let unit = UnitPaths(&environment.unit);
    let known = read_note(host, unit);
    // What was refused is tried again: the machine may have been mended. That writes 12 MB: where the unit has an
    // agent, only when the machine has started. What could not be tried is tried by every hook.
    let has_agent = link_target(host, &unit.version_link())?.is_some();
    let again = environment.hook == "start" || (environment.updates_agent() && !has_agent);
    let (mut trials, mut refused) = (Trials::new(), Vec::new());
    for version in versions(host, &embedded_in(&environment.charm))?.0.into_keys() {
        let program = embedded_in(&environment.charm).join(version.as_str()).join(PROGRAM);
        let Some(file) = FileStamp::of(host, &program)? else { continue };
        let counts = |noted: &&Trial| {
            let stands = match noted.refusal {
                None => true,
                Some(Refusal::Refused(_)) => !again,
                Some(Refusal::Delayed(_)) => false,
            };
            noted.file == file && stands
        };
        let noted = known.get(version.as_str()).filter(counts).cloned();
        let installed = Path::new(VERSIONS).join(version.as_str()).join(PROGRAM);
        // Then it was tried, or it was there before programs were: nothing would be won by refusing it.
        let is_installed = || host.same(&program, &installed).map_err(Error::at("read", &installed));
        let trial = match noted {
            Some(noted) => noted,
            None if is_installed()? => Trial { file, refusal: None },
            None => Trial { file, refusal: try_one(host, &program)? },
        };
        match &trial.refusal {
            Some(refusal) if known.get(version.as_str()) != Some(&trial) => refused.push(format!(
                "did not install conn-check {version} of the charm: it {}",
                if matches!(refusal, Refusal::Refused(_)) { "does not run here" } else { "could not be tried" }
            )),
            _ => {}
        }
        trials.insert(version.as_str().to_owned(), trial);
    }
    if trials != known {
        write_note(host, unit, &trials)?;
    }
    Ok(refused)
}

/// What is known of the versions in the charm: why they are not to be used, or `None` for those that work.
///
/// # Errors
/// The file system fails.
pub(crate) fn known(host: &dyn Host, environment: &Environment) -> Result<BTreeMap<Version, Option<Refusal>>, Error> {
    let mut known = BTreeMap::new();
    for (name, trial) in read_note(host, UnitPaths(&environment.unit)) {
        let program = embedded_in(&environment.charm).join(&name).join(PROGRAM);
        let Some(version) = Version::parse(&name) else { continue };
        if FileStamp::of(host, &program)? == Some(trial.file) {
            known.insert(version, trial.refusal);
        }
    }
    Ok(known)
}

fn read_note(host: &dyn Host, unit: UnitPaths<'_>) -> Trials {
    note::read(host, &unit.trials(), 16 * 1024).unwrap_or_default()
}

fn write_note(host: &mut dyn Host, unit: UnitPaths<'_>, trials: &Trials) -> Result<(), Error> {
    let note = serde_json::to_vec(trials).map_err(|error| Error::new("describe the charm's agent", error))?;
    let access = Owner::Root.access(host, 0o644)?;
    host.make_directory(Path::new(TRIALS), Owner::Root.access(host, 0o755)?)
        .map_err(Error::at("make", Path::new(TRIALS)))?;
    host.write(&unit.trials(), &note, access).map_err(Error::at("write", &unit.trials()))
}

/// The user conn-check cannot enter the charm's directory, so a copy is tried.
fn try_one(host: &mut dyn Host, program: &Path) -> Result<Option<Refusal>, Error> {
    if let Some(why) = trial::look_at(host, program) {
        return Ok(Some(why.refusal()));
    }
    let stage = trial::stage(host, "trial")?;
    let access = Owner::Root.access(host, 0o755)?;
    let copy = stage.join(PROGRAM);
    let tried = host.copy(program, &copy, access).map_err(Error::at("copy", program));
    let tried = tried.and_then(|()| trial::of(host, &copy));
    let removed = host.remove(&stage).map_err(Error::at("remove", &stage));
    let tried = tried?;
    removed?;
    Ok(tried.err().map(|why| why.refusal()))
}
