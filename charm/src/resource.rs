//! The charm's resource `agent`: another version of the agent. The program is asked for its version
//! once; the answer is noted.

use crate::accounts::Owner;
use crate::environment::Environment;
use crate::error::Error;
use crate::hook_tools::{self, Delivery};
use crate::host::Host;
use crate::inspect::{inspect, link_target, visible_names};
use crate::note;
use crate::paths::{PROGRAM, RESOURCES, UNITS, UnitPaths, VERSIONS, embedded_in};
use crate::run_failure::{Refusal, RunFailure};
use crate::stamp::FileStamp;
use crate::tree;
use crate::trial;
use crate::version::Version;
use crate::versions::versions;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The resource of a unit, as noted when it was attached.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Resource {
    #[serde(flatten)]
    file: FileStamp,
    #[serde(flatten)]
    installation: Installation,
    /// The version of the resource before it, if this one does not work: that one stays in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<Version>,
}

/// The result of installing a resource.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
enum Installation {
    /// It is installed as this version.
    Done {
        /// The version.
        version: Version,
    },
    /// It is not.
    Not(Refusal),
}

impl Resource {
    /// An installed resource, for tests.
    #[cfg(test)]
    pub(crate) fn of(version: Version) -> Self {
        Self { file: NO_FILE, installation: Installation::Done { version }, former: None }
    }

    /// The version that it is installed as; if it cannot be used, that of the one before it.
    #[must_use]
    pub(crate) fn version(&self) -> Option<&Version> {
        match &self.installation {
            Installation::Done { version } => Some(version),
            Installation::Not(_) => self.former.as_ref(),
        }
    }

    /// Why it is not used, if it is not.
    #[must_use]
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match &self.installation {
            Installation::Done { .. } => None,
            Installation::Not(refusal) => Some(refusal),
        }
    }

    fn is_delayed(&self) -> bool {
        matches!(self.installation, Installation::Not(Refusal::Delayed(_)))
    }
}

/// Of a resource that could not be had.
const NO_FILE: FileStamp = FileStamp { size: 0, modified: 0 };

/// Why a resource is not installed.
enum NotInstalled {
    /// It is not an agent that runs on this machine.
    Refused(RunFailure),
    /// The machine does not work as it should.
    Failed(Error),
}

impl From<Error> for NotInstalled {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Reads the note about the resource.
pub(crate) fn read_note(host: &dyn Host, paths: UnitPaths<'_>) -> Option<Resource> {
    note::read(host, &paths.resource_note(), 4096)
}

/// Installs the resource as a further version if it is not the noted one; returns the changes. One that could not be had,
/// or not be tried, is asked for by every hook, and fails none: then the charm's own agent, or the resource before, goes on.
///
/// # Errors
/// The file system fails. A resource that is not an agent is not an error: that is noted.
pub(crate) fn install(host: &mut dyn Host, environment: &Environment) -> Result<Vec<String>, Error> {
    let paths = UnitPaths(&environment.unit);
    let noted = read_note(host, paths);
    if !environment.updates_agent() && !noted.as_ref().is_some_and(Resource::is_delayed) {
        return Ok(Vec::new());
    }
    let (path, file) = match attached(host)? {
        Attached::File(path, file) if file.size > 0 => (path, file),
        Attached::File(..) => return remove_note(host, paths),
        // A resource cannot be detached: without an answer, Juju just does not know it at this moment.
        Attached::Nothing => return forget_delay(host, paths, noted),
        Attached::Failed(why) => {
            return note_down(
                host,
                paths,
                noted.as_ref(),
                NO_FILE,
                Installation::Not(Refusal::Delayed(why.to_string())),
            );
        }
    };
    let same = noted.as_ref().filter(|noted| noted.file == file);
    if let Some(noted) = same
        && is_settled(host, environment, noted, &path)?
    {
        return Ok(Vec::new());
    }
    let installation = match stage(host, environment, &path) {
        Ok(version) => Installation::Done { version },
        Err(NotInstalled::Refused(why)) => Installation::Not(why.refusal()),
        Err(NotInstalled::Failed(error)) => return Err(error),
    };
    note_down(host, paths, noted.as_ref(), file, installation)
}

/// Notes what came of it, if that is new; returns the change.
fn note_down(
    host: &mut dyn Host,
    paths: UnitPaths<'_>,
    noted: Option<&Resource>,
    file: FileStamp,
    installation: Installation,
) -> Result<Vec<String>, Error> {
    let former = noted.and_then(|noted| noted.version().cloned());
    let former = former.filter(|_| matches!(installation, Installation::Not(_)));
    let change = match &installation {
        Installation::Done { version } => format!("installed the resource agent as version {version}"),
        Installation::Not(Refusal::Refused(_)) => {
            "did not install the resource agent: it cannot be run on this machine".to_owned()
        }
        Installation::Not(Refusal::Delayed(_)) => "did not install the resource agent yet".to_owned(),
    };
    let resource = Resource { file, installation, former };
    if noted == Some(&resource) {
        return Ok(Vec::new());
    }
    write_note(host, paths, &resource)?;
    Ok(vec![change])
}

/// An empty file means no resource, because charm stores require a file for each resource.
fn remove_note(host: &mut dyn Host, paths: UnitPaths<'_>) -> Result<Vec<String>, Error> {
    let removed = tree::remove(host, &paths.resource_note())?;
    Ok(removed
        .then(|| "the resource agent is empty: its version is not used any more".to_owned())
        .into_iter()
        .collect())
}

/// What could not be had, and is not attached, is not waited for. The one before it stays in use.
fn forget_delay(host: &mut dyn Host, paths: UnitPaths<'_>, noted: Option<Resource>) -> Result<Vec<String>, Error> {
    let Some(noted) = noted.filter(|noted| noted.is_delayed() && noted.file == NO_FILE) else { return Ok(Vec::new()) };
    match noted.former {
        Some(version) => write_note(
            host,
            paths,
            &Resource { file: NO_FILE, installation: Installation::Done { version }, former: None },
        )?,
        None => drop(tree::remove(host, &paths.resource_note())?),
    }
    Ok(vec!["no other resource agent is attached".to_owned()])
}

fn write_note(host: &mut dyn Host, paths: UnitPaths<'_>, resource: &Resource) -> Result<(), Error> {
    let note = serde_json::to_vec(resource).map_err(|error| Error::new("describe the resource", error))?;
    let access = Owner::Root.access(host, 0o644)?;
    host.write(&paths.resource_note(), &note, access).map_err(Error::at("write", &paths.resource_note()))
}

/// What Juju has for us.
enum Attached {
    Nothing,
    File(PathBuf, FileStamp),
    Failed(RunFailure),
}

fn attached(host: &mut dyn Host) -> Result<Attached, Error> {
    let path = match hook_tools::resource_get(host, "agent")? {
        Delivery::Nothing => return Ok(Attached::Nothing),
        Delivery::Failed(answer) => return Ok(Attached::Failed(RunFailure::of(&answer))),
        Delivery::File(path) => path,
    };
    Ok(FileStamp::of(host, &path)?.map_or(Attached::Nothing, |file| Attached::File(path, file)))
}

/// Whether nothing is to be done for a file that is known. What cannot be run is tried again when the machine has
/// started, and when it may have been attached again: of the same bytes Juju keeps the file as it is. A version may have
/// been removed with its last unit; the charm, or another unit's, may have come with another program of that version.
fn is_settled(host: &dyn Host, environment: &Environment, noted: &Resource, path: &Path) -> Result<bool, Error> {
    match &noted.installation {
        Installation::Done { version } => {
            let installed = installed(version);
            let same = host.same(path, &installed).map_err(Error::at("read", &installed))?;
            Ok(same && is_free(host, environment, path, version)?)
        }
        Installation::Not(Refusal::Refused(_)) => Ok(!["start", "upgrade-charm"].contains(&environment.hook.as_str())),
        Installation::Not(Refusal::Delayed(_)) => Ok(false),
    }
}

fn installed(version: &Version) -> PathBuf {
    Path::new(VERSIONS).join(version.as_str()).join(PROGRAM)
}

/// Copies the resource to where the user conn-check can run it, and installs it as its version.
fn stage(host: &mut dyn Host, environment: &Environment, path: &Path) -> Result<Version, NotInstalled> {
    if let Some(why) = trial::look_at(host, path) {
        return Err(NotInstalled::Refused(why));
    }
    let stage = trial::stage(host, "resource")?;
    let installed = try_staged(host, environment, path, &stage);
    match &installed {
        Err(NotInstalled::Refused(_)) => remove(host, &stage)?,
        Err(NotInstalled::Failed(_)) => drop(host.remove(&stage)),
        Ok(_) => {}
    }
    installed
}

/// A resource that does not work replaces nothing.
fn try_staged(
    host: &mut dyn Host,
    environment: &Environment,
    path: &Path,
    stage: &Path,
) -> Result<Version, NotInstalled> {
    let program = stage.join(PROGRAM);
    host.copy(path, &program, Owner::Root.access(host, 0o755)?).map_err(Error::at("copy", path))?;
    let version = trial::of(host, &program)?.map_err(NotInstalled::Refused)?;
    Ok(install_staged(host, environment, stage, version)?)
}

/// Renames the staged directory to the version; an existing version gets the program instead.
fn install_staged(
    host: &mut dyn Host,
    environment: &Environment,
    stage: &Path,
    reported: Version,
) -> Result<Version, Error> {
    let program = stage.join(PROGRAM);
    copy_wheel(host, environment, stage)?;
    let version = distinct_version(host, environment, &program, reported)?;
    let directory = Path::new(VERSIONS).join(version.as_str());
    if inspect(host, &directory)?.is_none() {
        host.rename(stage, &directory).map_err(Error::at("rename to", &directory))?;
        return Ok(version);
    }
    let installed = directory.join(PROGRAM);
    if !host.same(&program, &installed).map_err(Error::at("read", &installed))? {
        let access = Owner::Root.access(host, 0o755)?;
        host.copy(&program, &installed, access).map_err(Error::at("write", &installed))?;
    }
    copy_wheel(host, environment, &directory)?;
    remove(host, stage)?;
    Ok(version)
}

fn remove(host: &mut dyn Host, path: &Path) -> Result<(), Error> {
    host.remove(path).map_err(Error::at("remove", path))
}

/// The resource is only a program; applications need the charm's Python package beside it.
fn copy_wheel(host: &mut dyn Host, environment: &Environment, directory: &Path) -> Result<(), Error> {
    let is_wheel = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "whl");
    // Exactly one may be there: applications install `*.whl`.
    if visible_names(host, directory)?.iter().any(is_wheel) {
        return Ok(());
    }
    let embedded = embedded_in(&environment.charm);
    let (versions, _) = versions(host, &embedded)?;
    let Some(newest) = versions.keys().max() else { return Ok(()) };
    let newest_embedded = embedded.join(newest.as_str());
    let access = Owner::Root.access(host, 0o755)?;
    for name in visible_names(host, &newest_embedded)?.iter().filter(|name| is_wheel(name)) {
        host.copy(&newest_embedded.join(name), &directory.join(name), access)
            .map_err(Error::at("copy", &newest_embedded))?;
    }
    Ok(())
}

/// The name of its own that the resource gets if another program has that of its version: the charm's, which would take
/// its place with a refresh, or one that another unit uses.
fn distinct_version(
    host: &dyn Host,
    environment: &Environment,
    program: &Path,
    reported: Version,
) -> Result<Version, Error> {
    let others = [format!("{reported}+resource"), format!("{reported}+resource.{}", environment.unit)];
    let mut last = reported;
    for version in others.iter().filter_map(|name| Version::parse(name)) {
        if is_free(host, environment, program, &last)? {
            break;
        }
        last = version;
    }
    Ok(last)
}

/// Whether no other program has the name of this version.
fn is_free(host: &dyn Host, environment: &Environment, program: &Path, version: &Version) -> Result<bool, Error> {
    let embedded = embedded_in(&environment.charm).join(version.as_str()).join(PROGRAM);
    let is_other = |path: &Path| -> Result<bool, Error> {
        Ok(inspect(host, path)?.is_some() && !host.same(program, path).map_err(Error::at("read", path))?)
    };
    if is_other(&embedded)? {
        return Ok(false);
    }
    Ok(!is_other(&installed(version))? || !is_used_by_another(host, environment, version)?)
}

fn is_used_by_another(host: &dyn Host, environment: &Environment, version: &Version) -> Result<bool, Error> {
    for unit in visible_names(host, Path::new(UNITS))?.iter().filter(|unit| **unit != environment.unit) {
        let target = link_target(host, &UnitPaths(unit).version_link())?;
        if target.is_some_and(|target| target.ends_with(version.as_str())) {
            return Ok(true);
        }
    }
    for unit in visible_names(host, Path::new(RESOURCES))?.iter().filter(|unit| **unit != environment.unit) {
        if read_note(host, UnitPaths(unit)).is_some_and(|noted| noted.version() == Some(version)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_one_without_a_result_is_not_valid() {
        let version = Version::parse("2.0.0+resource").expect("a version");
        let file = FileStamp { size: 7, modified: 1_795_252_477_000_000_001 };
        let why = "exec format error".to_owned();
        for installation in [
            Installation::Done { version },
            Installation::Not(Refusal::Refused(why.clone())),
            Installation::Not(Refusal::Delayed(why)),
        ] {
            let resource = Resource { file, installation, former: None };
            let note = serde_json::to_string(&resource).expect("a note");
            assert_eq!(serde_json::from_str::<Resource>(&note).expect("a resource"), resource, "{note}");
        }
        for odd in [r#"{"size":7,"modified":1,"version":null}"#, r#"{"size":7,"modified":1,"version":"../x"}"#] {
            assert!(serde_json::from_str::<Resource>(odd).is_err(), "{odd}");
        }
    }
}
