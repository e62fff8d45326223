//! The charm's resource `agent`: another version of the agent. Which one, it says itself when it
//! is run; the answer is noted, so that it is asked once.

use crate::accounts::{Owner, USER, user};
use crate::broken::Broken;
use crate::environment::Environment;
use crate::finding::silence;
use crate::host::{Host, Links, Program, draft_of};
use crate::look::{look, names};
use crate::places::{LIB, PROGRAM, Places, VERSIONS, embedded_in};
use crate::tools;
use crate::tree::{self, Thing};
use crate::version::Version;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the resource of a unit is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Resource {
    /// Its size in bytes and when it changed, in nanoseconds since 1970: another file has others.
    size: u64,
    modified: i64,
    /// The version that it is installed as; none: it cannot be run here.
    version: Option<String>,
    /// Why it cannot be run.
    #[serde(default)]
    refused: Option<String>,
}

impl Resource {
    /// A resource for tests of what follows from it.
    #[cfg(test)]
    pub(crate) fn of(version: Option<&str>) -> Self {
        Self { size: 0, modified: 0, version: version.map(str::to_owned), refused: None }
    }

    /// The version that it is installed as; none: it cannot be run here.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        Version::parse(self.version.as_deref()?)
    }

    /// Why it cannot be run here.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.version().is_none().then(|| self.refused.as_deref().unwrap_or("it is no conn-check"))
    }
}

/// Longer than a program needs to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// The note about the resource.
///
/// # Errors
/// Those of the file system.
pub(crate) fn read(host: &dyn Host, places: Places<'_>) -> Result<Option<Resource>, Broken> {
    let path = places.resource();
    let note = host.read(&path, 4096).map_err(Broken::at("read", &path))?;
    Ok(note.and_then(|note| serde_json::from_slice(&note).ok()))
}

/// Installs the resource as a version beside the others where it is another one than noted; what
/// was done.
///
/// # Errors
/// Those of the file system. A resource that is no agent is none.
pub(crate) fn install(host: &mut dyn Host, environment: &Environment) -> Result<Vec<String>, Broken> {
    let places = Places(&environment.unit);
    let noted = read(host, places)?;
    // What was attached cannot be taken away again: then Juju just cannot tell at this moment.
    let Some((path, mut resource)) = attached(host)? else { return Ok(Vec::new()) };
    if resource.size == 0 {
        return forget(host, places);
    }
    let same = noted.filter(|noted| (noted.size, noted.modified) == (resource.size, resource.modified));
    if same.is_some_and(|noted| is_there(host, &noted).unwrap_or(false)) {
        return Ok(Vec::new());
    }
    match stage(host, environment, &path)? {
        Ok(version) => resource.version = Some(version.to_string()),
        Err(why) => resource.refused = Some(why),
    }
    let note = serde_json::to_vec(&resource).map_err(|error| Broken::new("note the resource", error))?;
    let access = Owner::Root.access(host, 0o644)?;
    host.write(&places.resource(), &note, access).map_err(Broken::at("write", &places.resource()))?;
    Ok(vec![match resource.version {
        Some(version) => format!("installed the resource agent as version {version}"),
        None => "refused the resource agent, which cannot be run here".to_owned(),
    }])
}

/// An empty file stands for none: stores want some file for every resource.
fn forget(host: &mut dyn Host, places: Places<'_>) -> Result<Vec<String>, Broken> {
    let removed = tree::remove(host, &places.resource())?;
    Ok(removed.then(|| "the resource agent is empty now".to_owned()).into_iter().collect())
}

fn attached(host: &mut dyn Host) -> Result<Option<(PathBuf, Resource)>, Broken> {
    let Some(path) = tools::resource_get(host, "agent")? else { return Ok(None) };
    let seen = host.look(&path, Links::Followed).map_err(Broken::at("look at", &path))?;
    Ok(seen.map(|seen| {
        let modified = i64::try_from(seen.modified).unwrap_or_default();
        (path, Resource { size: seen.size, modified, version: None, refused: None })
    }))
}

/// What cannot be run stays so; a version may have been removed with the last unit that used it.
fn is_there(host: &dyn Host, resource: &Resource) -> Result<bool, Broken> {
    match resource.version() {
        Some(version) => Ok(look(host, &Path::new(VERSIONS).join(version.as_str()).join(PROGRAM))?.is_some()),
        None => Ok(true),
    }
}

/// Copies the resource to where the user conn-check can run it, asks it, and gives it its name.
fn stage(host: &mut dyn Host, environment: &Environment, path: &Path) -> Result<Result<Version, String>, Broken> {
    let stage = draft_of(&Path::new(VERSIONS).join("resource"));
    let program = stage.join(PROGRAM);
    let access = Owner::Root.access(host, 0o755)?;
    host.remove(&stage).map_err(Broken::at("remove", &stage))?;
    Thing::Shared(LIB.into(), 0o755).settle(host)?;
    for directory in [Path::new(VERSIONS), &stage] {
        host.make_directory(directory, access).map_err(Broken::at("make", directory))?;
    }
    host.copy(path, &program, access).map_err(Broken::at("copy", path))?;
    let said = match ask(host, &program)? {
        Ok(said) => said,
        Err(why) => {
            host.remove(&stage).map_err(Broken::at("remove", &stage))?;
            return Ok(Err(why));
        }
    };
    bring_wheel(host, environment, &stage)?;
    let version = name(host, environment, &program, said)?;
    let place = Path::new(VERSIONS).join(version.as_str());
    if look(host, &place)?.is_none() {
        host.rename(&stage, &place).map_err(Broken::at("rename to", &place))?;
    } else {
        let installed = place.join(PROGRAM);
        if !host.same(&program, &installed).map_err(Broken::at("read", &installed))? {
            host.copy(&program, &installed, access).map_err(Broken::at("write", &installed))?;
        }
        bring_wheel(host, environment, &place)?;
        host.remove(&stage).map_err(Broken::at("remove", &stage))?;
    }
    Ok(Ok(version))
}

/// The resource is a program alone; applications find the charm's package for Python beside it.
fn bring_wheel(host: &mut dyn Host, environment: &Environment, place: &Path) -> Result<(), Broken> {
    let is_wheel = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "whl");
    // One is enough, and two in `*.whl` would be none.
    if names(host, place)?.iter().any(is_wheel) {
        return Ok(());
    }
    let embedded = embedded_in(&environment.charm);
    let versions = names(host, &embedded)?;
    let Some(newest) = versions.iter().filter_map(|name| Version::parse(name)).max() else { return Ok(()) };
    let charms = embedded.join(newest.as_str());
    let access = Owner::Root.access(host, 0o755)?;
    for name in names(host, &charms)?.iter().filter(|name| is_wheel(name)) {
        host.copy(&charms.join(name), &place.join(name), access).map_err(Broken::at("copy", &charms))?;
    }
    Ok(())
}

/// The version that a program says it is, or why it says none.
fn ask(host: &mut dyn Host, program: &Path) -> Result<Result<Version, String>, Broken> {
    let mut command = Program::new(program).with(["--version"]);
    command.user = user(host, USER)?;
    command.limit = PATIENCE;
    let ran = host.run(&command);
    let said = ran.as_ref().ok().filter(|ended| ended.status == Some(0));
    let said = said.map(|ended| String::from_utf8_lossy(&ended.stdout).into_owned()).unwrap_or_default();
    let version = said.trim().strip_prefix("conn-check ").and_then(Version::parse);
    Ok(version.ok_or_else(|| silence(&ran)))
}

/// A resource that is no copy of the charm's own version of the same name has a name of its own.
fn name(host: &dyn Host, environment: &Environment, program: &Path, said: Version) -> Result<Version, Broken> {
    let embedded = embedded_in(&environment.charm).join(said.as_str()).join(PROGRAM);
    let other =
        look(host, &embedded)?.is_some() && !host.same(program, &embedded).map_err(Broken::at("read", &embedded))?;
    Ok(if other { Version::parse(&format!("{said}+resource")).unwrap_or(said) } else { said })
}
