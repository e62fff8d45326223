//! The agent on this machine: its versions, the units that use them, and the one in the charm.

use crate::embedded;
use crate::environment::Environment;
use crate::error::Error;
use crate::host::Host;
use crate::inspect::{inspect, link_target, visible_names};
use crate::paths::{BIN, CURRENT, RESOURCES, TRIALS, UNITS, UnitPaths, VERSIONS, embedded_in};
use crate::resource::{self, Resource};
use crate::run_failure::Refusal;
use crate::serving;
use crate::version::Version;
use crate::versions::{Programs, versions};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What exists of the agent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Agent {
    /// The versions in the charm.
    pub(crate) embedded: BTreeMap<Version, Programs>,
    /// Versions in the charm that do not work on this machine, or could not be tried, with the reason.
    pub(crate) refused: BTreeMap<Version, Refusal>,
    /// The versions on the machine, shared by all its units.
    pub(crate) installed: BTreeMap<Version, Programs>,
    /// What is called like an installed version and has no program.
    pub(crate) remnants: BTreeSet<Version>,
    /// The version that each unit uses; `None` if its link is broken.
    pub(crate) units: BTreeMap<String, Option<Version>>,
    /// The other units on this machine, those without a version, too: their release may have been refused.
    pub(crate) others: BTreeSet<String>,
    /// Units that Juju does not know any more and that left files behind.
    pub(crate) orphans: BTreeSet<String>,
    /// The version behind the programs in PATH.
    pub(crate) current: Option<PathBuf>,
    /// The programs in PATH and the targets of their links; `None` if it is not a link, so not ours.
    pub(crate) programs: BTreeMap<String, Option<PathBuf>>,
    /// The resource of each unit.
    pub(crate) resources: BTreeMap<String, Resource>,
    /// Embedded programs that must be copied over the installed ones.
    pub(crate) stale: BTreeSet<(Version, String)>,
}

impl Agent {
    /// Reads the machine and the charm.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn read(host: &dyn Host, environment: &Environment) -> Result<Self, Error> {
        let (mut embedded, _) = versions(host, &embedded_in(&environment.charm))?;
        let (installed, remnants) = versions(host, Path::new(VERSIONS))?;
        let names = [UNITS, RESOURCES, TRIALS].map(|directory| visible_names(host, Path::new(directory)));
        let names = names.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
        let names: BTreeSet<_> = names.chain(serving::units(host)?).collect();
        let orphans = orphans(host, environment, names.iter().cloned())?;
        let others = names.into_iter().filter(|unit| *unit != environment.unit && !orphans.contains(unit)).collect();
        let units =
            visible_names(host, Path::new(UNITS))?.into_iter().filter(|unit| !orphans.contains(unit)).map(|unit| {
                let used = link_target(host, &UnitPaths(&unit).version_link())?;
                let used = used.and_then(|target| Version::parse(&target.file_name()?.to_string_lossy()));
                Ok((unit, used))
            });
        let units: BTreeMap<_, _> = units.collect::<Result<_, _>>()?;
        let known = embedded::known(host, environment)?;
        embedded.retain(|version, _| known.get(version) == Some(&None));
        let refused = known.into_iter().filter_map(|(version, why)| Some((version, why?))).collect();
        let stale = stale(host, environment, &embedded, &installed)?;
        Ok(Self {
            units,
            current: link_target(host, Path::new(CURRENT))?,
            programs: programs_for_people(host)?,
            resources: resources(host, &orphans)?,
            embedded,
            refused,
            installed,
            remnants,
            stale,
            others,
            orphans,
        })
    }

    /// All versions that can be used, the newest last.
    #[must_use]
    pub(crate) fn available(&self) -> BTreeSet<&Version> {
        self.embedded.keys().chain(self.installed.keys()).collect()
    }
}

/// Those of these units for which Juju has no directory beside that of our unit. If the charm is not
/// where Juju puts it, this cannot be known, and there are none.
fn orphans(
    host: &dyn Host,
    environment: &Environment,
    units: impl Iterator<Item = String>,
) -> Result<BTreeSet<String>, Error> {
    let directory = |unit: &str| format!("unit-{unit}");
    let own = environment.charm.parent().filter(|own| own.ends_with(directory(&environment.unit)));
    let Some(agents) = own.and_then(Path::parent) else { return Ok(BTreeSet::new()) };
    let mut orphans = BTreeSet::new();
    for unit in units.filter(|unit| *unit != environment.unit) {
        if inspect(host, &agents.join(directory(&unit)))?.is_none() {
            orphans.insert(unit);
        }
    }
    Ok(orphans)
}

fn resources(host: &dyn Host, orphans: &BTreeSet<String>) -> Result<BTreeMap<String, Resource>, Error> {
    let mut resources = BTreeMap::new();
    for unit in visible_names(host, Path::new(RESOURCES))?.into_iter().filter(|unit| !orphans.contains(unit)) {
        if let Some(resource) = resource::read_note(host, UnitPaths(&unit)) {
            resources.insert(unit, resource);
        }
    }
    Ok(resources)
}

/// Content is compared only when this charm itself is installed or upgraded: otherwise two builds of
/// one version on one machine would overwrite each other at every hook. (So another build of the same version
/// that came by `juju refresh --force-units` waits for the next `upgrade-charm`.) A missing program counts always.
fn stale(
    host: &dyn Host,
    environment: &Environment,
    embedded: &BTreeMap<Version, Programs>,
    installed: &BTreeMap<Version, Programs>,
) -> Result<BTreeSet<(Version, String)>, Error> {
    let compares = matches!(environment.hook.as_str(), "install" | "upgrade-charm");
    let mut stale = BTreeSet::new();
    for (version, programs) in embedded {
        let Some(present) = installed.get(version) else { continue };
        for name in programs {
            let from = embedded_in(&environment.charm).join(version.as_str()).join(name);
            let to = Path::new(VERSIONS).join(version.as_str()).join(name);
            let differs = || host.same(&from, &to).map(|same| !same).map_err(Error::at("read", &to));
            if !present.contains(name) || (compares && differs()?) {
                stale.insert((version.clone(), name.clone()));
            }
        }
    }
    Ok(stale)
}

/// What is called like a program of ours or leads to one.
fn programs_for_people(host: &dyn Host) -> Result<BTreeMap<String, Option<PathBuf>>, Error> {
    let mut programs = BTreeMap::new();
    for name in visible_names(host, Path::new(BIN))? {
        programs.insert(name.clone(), link_target(host, &Path::new(BIN).join(name))?);
    }
    Ok(programs)
}
