//! The charm's resource `agent`: another version of the agent. The program is asked for its version
//! once; the answer is noted.

use crate::accounts::Owner;
use crate::environment::Environment;
use crate::error::Error;
use crate::hook_tools;
use crate::host::Host;
use crate::inspect::{inspect, visible_names};
use crate::note;
use crate::paths::{PROGRAM, UnitPaths, VERSIONS, embedded_in};
use crate::run_failure::RunFailure;
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
#[serde(rename_all = "lowercase")]
enum Installation {
    /// It is installed as this version.
    Version(Version),
    /// It cannot be run on this machine, with the reason.
    Refused(String),
}

impl Resource {
    /// An installed resource, for tests.
    #[cfg(test)]
    pub(crate) fn of(version: Version) -> Self {
        let file = FileStamp { size: 0, modified: 0 };
        Self { file, installation: Installation::Version(version), former: None }
    }

    /// The version that it is installed as; if it cannot be run, that of the one before it.
    #[must_use]
    pub(crate) fn version(&self) -> Option<&Version> {
        match &self.installation {
            Installation::Version(version) => Some(version),
            Installation::Refused(_) => self.former.as_ref(),
        }
    }

    /// Why it cannot be run, if it cannot.
    #[must_use]
    pub(crate) fn refused(&self) -> Option<&str> {
        match &self.installation {
            Installation::Version(_) => None,
            Installation::Refused(why) => Some(why),
        }
    }
}

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

/// Installs the resource as a further version if it is not the noted one; returns the changes.
///
/// # Errors
/// The file system fails. A resource that is not an agent is not an error: that is noted.
pub(crate) fn install(host: &mut dyn Host, environment: &Environment) -> Result<Vec<String>, Error> {
    let paths = UnitPaths(&environment.unit);
    let noted = read_note(host, paths);
    // A resource cannot be detached: without an answer, Juju just does not know it at this moment.
    let Some((path, file)) = attached(host)? else { return Ok(Vec::new()) };
    if file.size == 0 {
        return remove_note(host, paths);
    }
    let same = noted.as_ref().filter(|noted| noted.file == file);
    if same.is_some_and(|noted| is_installed(host, noted).unwrap_or(false)) {
        return Ok(Vec::new());
    }
    let (installation, change) = match stage(host, environment, &path) {
        Ok(version) => {
            let change = format!("installed the resource agent as version {version}");
            (Installation::Version(version), change)
        }
        Err(NotInstalled::Refused(why)) => {
            let change = "did not install the resource agent: it cannot be run on this machine".to_owned();
            (Installation::Refused(why.to_string()), change)
        }
        Err(NotInstalled::Failed(error)) => return Err(error),
    };
    let former = noted.and_then(|noted| noted.version().cloned());
    let former = former.filter(|_| matches!(installation, Installation::Refused(_)));
    write_note(host, paths, &Resource { file, installation, former })?;
    Ok(vec![change])
}

fn write_note(host: &mut dyn Host, paths: UnitPaths<'_>, resource: &Resource) -> Result<(), Error> {
    let note = serde_json::to_vec(resource).map_err(|error| Error::new("describe the resource", error))?;
    let access = Owner::Root.access(host, 0o644)?;
    host.write(&paths.resource_note(), &note, access).map_err(Error::at("write", &paths.resource_note()))
}

/// An empty file means no resource, because charm stores require a file for each resource.
fn remove_note(host: &mut dyn Host, paths: UnitPaths<'_>) -> Result<Vec<String>, Error> {
    let removed = tree::remove(host, &paths.resource_note())?;
    Ok(removed
        .then(|| "the resource agent is empty: its version is not used any more".to_owned())
        .into_iter()
        .collect())
}

fn attached(host: &mut dyn Host) -> Result<Option<(PathBuf, FileStamp)>, Error> {
    let Some(path) = hook_tools::resource_get(host, "agent")? else { return Ok(None) };
    Ok(FileStamp::of(host, &path)?.map(|file| (path, file)))
}

/// A resource that cannot be run stays so. A version may have been removed with its last unit.
fn is_installed(host: &dyn Host, resource: &Resource) -> Result<bool, Error> {
    match &resource.installation {
        Installation::Version(version) => {
            Ok(inspect(host, &Path::new(VERSIONS).join(version.as_str()).join(PROGRAM))?.is_some())
        }
        Installation::Refused(_) => Ok(true),
    }
}

/// Copies the resource to where the user conn-check can run it, and installs it as its version.
fn stage(host: &mut dyn Host, environment: &Environment, path: &Path) -> Result<Version, NotInstalled> {
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

/// If the charm has another program of the same version, the resource gets a version of its own.
fn distinct_version(
    host: &dyn Host,
    environment: &Environment,
    program: &Path,
    reported: Version,
) -> Result<Version, Error> {
    let embedded = embedded_in(&environment.charm).join(reported.as_str()).join(PROGRAM);
    let other =
        inspect(host, &embedded)?.is_some() && !host.same(program, &embedded).map_err(Error::at("read", &embedded))?;
    Ok(if other { Version::parse(&format!("{reported}+resource")).unwrap_or(reported) } else { reported })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_one_without_a_result_is_not_valid() {
        let version = Version::parse("2.0.0+resource").expect("a version");
        let file = FileStamp { size: 7, modified: 1_795_252_477_000_000_001 };
        for installation in [Installation::Version(version), Installation::Refused("exec format error".to_owned())] {
            let resource = Resource { file, installation, former: None };
            let note = serde_json::to_string(&resource).expect("a note");
            assert_eq!(serde_json::from_str::<Resource>(&note).expect("a resource"), resource, "{note}");
        }
        for odd in [r#"{"size":7,"modified":1,"version":null}"#, r#"{"size":7,"modified":1,"version":"../x"}"#] {
            assert!(serde_json::from_str::<Resource>(odd).is_err(), "{odd}");
        }
    }
}
