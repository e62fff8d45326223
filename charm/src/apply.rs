//! Changes the machine and Juju to the desired state, and writes only what differs.

use crate::accounts::{Owner, USER};
use crate::desired::Desired;
use crate::endpoint;
use crate::error::Error;
use crate::hook_tools;
use crate::host::{FileType, Host, Metadata, Program, RunAs, draft_of};
use crate::inspect::inspect;
use crate::observed::Observed;
use crate::paths::{
    ETC, LIB, NRPE, PROGRAM, RELOAD, RELOAD_NAME, USER_MADE_NAME, UnitPaths, VAR, VERSIONS, embedded_in,
};
use crate::published::Published;
use crate::tree::{self, Node};
use crate::users::{self, Removed};
use crate::version::Version;
use std::io;
use std::path::Path;

/// What was changed, for the log.
pub(crate) type Changes = Vec<String>;

/// The agent, the directories and the generated files.
///
/// # Errors
/// The file system fails.
pub(crate) fn machine(host: &mut dyn Host, observed: &Observed, desired: &Desired) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    ensure_all(host, &desired.directories, &mut changes)?;
    if let Some(version) = &desired.install {
        install(host, observed, version)?;
        changes.push(format!("installed conn-check {version}"));
    }
    for (from, to) in &desired.repair {
        let access = Owner::Root.access(host, 0o755)?;
        host.copy(from, to, access).map_err(Error::at("write", to))?;
        changes.push(format!("updated {}", to.display()));
    }
    ensure_all(host, &desired.nodes, &mut changes)?;
    for path in &desired.absent {
        let is_version = path.parent() == Some(Path::new(VERSIONS));
        changes.extend(if is_version { remove_version(host, path)? } else { tree::clear(host, path)? });
    }
    if desired.is_last_unit {
        changes.extend(remove_shared_files(host)?);
    }
    Ok(changes)
}

/// A version goes in one step, which needs no room on the disk: what a killed hook has left has no program, so that it
/// is no version, which a unit could choose.
fn remove_version(host: &mut dyn Host, path: &Path) -> Result<Option<String>, Error> {
    tree::remove(host, &path.join(PROGRAM))?;
    let removed = tree::remove(host, path)?;
    Ok(removed.then(|| format!("removed {}", path.display())))
}

fn ensure_all(host: &mut dyn Host, nodes: &[Node], changes: &mut Changes) -> Result<(), Error> {
    for node in nodes {
        changes.extend(tree::put(host, node)?);
    }
    Ok(())
}

/// A version is installed in one step: completely or not at all. What a full disk has stopped goes, so that
/// the application has the room.
fn install(host: &mut dyn Host, observed: &Observed, version: &Version) -> Result<(), Error> {
    let directory = Path::new(VERSIONS).join(version.as_str());
    let draft = draft_of(&directory);
    host.remove(&draft).map_err(Error::at("remove", &draft))?;
    let installed = fill(host, observed, version, &draft).and_then(|()| {
        if observed.agent.remnants.contains(version) {
            host.remove(&directory).map_err(Error::at("remove", &directory))?;
        }
        host.rename(&draft, &directory).map_err(Error::at("rename to", &directory))
    });
    if installed.is_err() {
        let _next_hook_tries_again = host.remove(&draft);
    }
    installed
}

/// Copies the programs of a version in the charm.
fn fill(host: &mut dyn Host, observed: &Observed, version: &Version, draft: &Path) -> Result<(), Error> {
    let access = Owner::Root.access(host, 0o755)?;
    host.make_directory(draft, access).map_err(Error::at("make", draft))?;
    let programs = observed.agent.embedded.get(version).into_iter().flatten();
    for name in programs {
        let from = embedded_in(&observed.environment.charm).join(version.as_str()).join(name);
        host.copy(&from, &draft.join(name), access).map_err(Error::at("copy", &from))?;
    }
    Ok(())
}

/// Removes what all units shared. Directories that hold files of others stay, and so do the marks of a user
/// who cannot be removed now, and of an NRPE that could not be reloaded: the next hook, or a later unit, tries again.
fn remove_shared_files(host: &mut dyn Host) -> Result<Changes, Error> {
    let removed = users::remove(host)?;
    let is_due = inspect(host, Path::new(RELOAD))?.is_some();
    let kept = [(USER_MADE_NAME, matches!(removed, Removed::Busy)), (RELOAD_NAME, is_due)];
    let kept: Vec<_> = kept.into_iter().filter_map(|(name, stays)| stays.then_some(name)).collect();
    let mut changes = Changes::from_iter(match removed {
        Removed::Nothing => None,
        Removed::Done => Some(format!("removed the user {USER}")),
        Removed::Busy => Some(format!("kept the user {USER}, whose programs still run")),
    });
    if tree::remove_shared(host, Path::new(LIB), &kept)? {
        changes.push(format!("removed {LIB}"));
    }
    for directory in [ETC, VAR].map(Path::new) {
        let empty = host.list(directory).map_err(Error::at("list", directory))?.is_empty();
        if empty && tree::remove_shared(host, directory, &[])? {
            changes.push(format!("removed {}", directory.display()));
        }
    }
    Ok(changes)
}

/// Removes the units that Juju took away by force, so that no hook of theirs ran: what NRPE and Nagios have of them
/// first, the names by which they are known last, and not as long as anything is left that others keep.
///
/// # Errors
/// The file system fails.
pub(crate) fn orphans(host: &mut dyn Host, observed: &Observed) -> Result<Changes, Error> {
    let (mut changes, mut is_due) = (Changes::new(), false);
    for unit in &observed.serving.orphaned {
        changes.extend(endpoint::stop(host, UnitPaths(unit))?);
    }
    for path in observed.nrpe.orphaned.values().flatten() {
        if path.starts_with(NRPE) && inspect(host, path)?.is_some() {
            mark_reload(host, Mark::IfPossible)?;
            is_due = true;
        }
        changes.extend(tree::clear(host, path)?);
    }
    if is_due {
        changes.extend(reload(host, true)?);
    }
    for (unit, paths) in &observed.nrpe.orphaned {
        let unit = UnitPaths(unit);
        let own = [unit.etc(), unit.var()];
        for path in &own {
            changes.extend(tree::clear(host, path)?);
        }
        let mut is_left = false;
        for path in paths.iter().chain(&own) {
            is_left |= inspect(host, path)?.is_some();
        }
        for name in unit.names().iter().filter(|_| !is_left) {
            changes.extend(tree::clear(host, name)?);
        }
    }
    Ok(changes)
}

/// NRPE and Nagios.
///
/// # Errors
/// The file system fails. It is not an error if NRPE cannot be reloaded.
pub(crate) fn monitoring(host: &mut dyn Host, observed: &Observed, published: &Published) -> Result<Changes, Error> {
    let mut changes = nrpe_command(host, observed, published.command.as_ref())?;
    let service = published.service.as_ref();
    for path in &observed.nrpe.exported_services {
        if service.is_none_or(|service| service.path() != path) {
            changes.extend(tree::clear(host, path)?);
        }
    }
    if let Some(service) = service {
        changes.extend(tree::put(host, service)?);
    }
    Ok(changes)
}

/// NRPE reads its files only when it is reloaded.
fn nrpe_command(host: &mut dyn Host, observed: &Observed, command: Option<&Node>) -> Result<Changes, Error> {
    let path = UnitPaths(&observed.environment.unit).nrpe_command();
    let before = read_file(host, &path)?;
    let desired = match command {
        Some(Node::File(_, text, ..)) => Some(text.as_bytes()),
        _ => None,
    };
    let mut changes = Changes::new();
    let differs = before.as_deref() != desired;
    if differs {
        mark_reload(host, if command.is_some() { Mark::Needed } else { Mark::IfPossible })?;
    }
    match command {
        Some(node) => ensure_all(host, std::slice::from_ref(node), &mut changes)?,
        None => changes.extend(tree::clear(host, &path)?),
    }
    changes.extend(reload(host, differs)?);
    Ok(changes)
}

/// Whether a hook goes on without the mark of a reload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mark {
    /// What is written can be written later as well.
    Needed,
    /// What goes has to go also where there is no room for the mark, or no place. NRPE is reloaded all the same, unless
    /// this hook is killed, too.
    IfPossible,
}

/// The mark that requests a reload is written before the file changes, so that a hook that is killed in between
/// does not forget it.
fn mark_reload(host: &mut dyn Host, mark: Mark) -> Result<(), Error> {
    let marked = Node::File(RELOAD.into(), String::new(), Owner::Root, 0o644).ensure(host);
    if mark == Mark::Needed { marked.map(drop) } else { Ok(()) }
}

/// Reloads NRPE where that is due, or was by the end of an earlier hook, of whichever unit.
///
/// # Errors
/// The file system fails. It is not an error if NRPE cannot be reloaded.
pub(crate) fn reload(host: &mut dyn Host, is_due: bool) -> Result<Option<String>, Error> {
    let mark = Path::new(RELOAD);
    if !is_due && inspect(host, mark)?.is_none() {
        return Ok(None);
    }
    let reloaded = reload_nrpe(host);
    if reloaded || !nrpe_runs(host) {
        tree::remove(host, mark)?;
    }
    Ok(Some(if reloaded { "reloaded nrpe" } else { "could not reload nrpe" }.to_owned()))
}

fn read_file(host: &dyn Host, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match inspect(host, path)? {
        Some(Metadata { kind: FileType::File, .. }) => host.read(path, 1 << 20).map_err(Error::at("read", path)),
        _ => Ok(None),
    }
}

/// Whether NRPE was reloaded. It may be gone or stopped on purpose, so it is never started.
fn reload_nrpe(host: &mut dyn Host) -> bool {
    let mut run = |program: &str, arguments: [&str; 2]| {
        host.run(&Program::new(program, RunAs::Root).with(arguments)).map(|output| output.succeeded())
    };
    let by_systemd = run("systemctl", ["reload", SERVICE]);
    // Where systemd is installed but does not run the machine, systemctl fails and service works.
    matches!(by_systemd, Ok(true))
        || matches!(run("service", [SERVICE, "reload"]), Ok(true))
        || (by_systemd.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
            && matches!(run("service", [SERVICE, "restart"]), Ok(true)))
}

/// Whether an NRPE runs that still uses what it has read: then the next hook reloads it. One that
/// starts later reads its files anyway.
fn nrpe_runs(host: &mut dyn Host) -> bool {
    let mut ask =
        |program: &str, arguments: [&str; 2]| host.run(&Program::new(program, RunAs::Root).with(arguments)).ok();
    let state = ask("systemctl", ["is-active", SERVICE]).map(|output| output.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&state).trim() {
        "active" | "reloading" | "activating" | "deactivating" => true,
        "inactive" | "failed" | "unknown" => false,
        _ => ask("service", [SERVICE, "status"]).is_some_and(|output| output.succeeded()),
    }
}

const SERVICE: &str = "nagios-nrpe-server";

/// The relation data of this unit.
///
/// # Errors
/// The hook tools fail.
pub(crate) fn relations(host: &mut dyn Host, published: &Published) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    for (relation, data) in &published.relations {
        hook_tools::relation_set(host, relation, data)?;
        let keys: Vec<_> = data.keys().map(String::as_str).collect();
        changes.push(format!("set {} in {relation}", keys.join(", ")));
    }
    Ok(changes)
}

/// The settings that the actions read.
///
/// # Errors
/// The file system fails.
pub(crate) fn settings(host: &mut dyn Host, published: &Published) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    ensure_all(host, published.settings.as_slice(), &mut changes)?;
    Ok(changes)
}
