//! Starting, reloading and stopping the service. Each can be killed anywhere, and is done again by the next hook: a note is
//! there before anything else is, and says last what was started.

use crate::accounts::Owner;
use crate::error::Error;
use crate::host::Host;
use crate::paths::{SERVING, UnitPaths};
use crate::serving::{Note, Started};
use crate::status::Status;
use crate::systemd;
use crate::token::Token;
use crate::tree::{self, Node};
use std::path::{Path, PathBuf};

/// What came of it: for the log, and a problem for the status.
pub(crate) type Outcome = (Vec<String>, Option<Status>);

/// A service that is to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Start {
    /// The text of its file.
    pub(crate) text: String,
    /// Its token.
    pub(crate) token: Option<Token>,
    /// What is known then, but for the files that it was started with.
    pub(crate) note: Note,
}

/// Writes the service's files, and starts it, anew if it runs.
///
/// # Errors
/// The file system fails. A service that does not start is not an error.
pub(super) fn start(host: &mut dyn Host, unit: UnitPaths<'_>, start: &Start) -> Result<Outcome, Error> {
    write_note(host, unit, Note { metrics: start.note.metrics, ..Note::default() })?;
    match &start.token {
        Some(token) => Node::File(unit.token(), token.file(), Owner::Unit, 0o600).ensure(host).map(drop)?,
        None => tree::clear(host, &unit.token()).map(drop)?,
    }
    for node in [service_file(unit, &start.text), service_link(unit)] {
        node.ensure(host)?;
    }
    let service = unit.service();
    if !systemd::read_files(host) || !systemd::restart(host, &service) {
        let why = format!("the endpoint does not start: journalctl -u {service} says why");
        return Ok((vec![format!("could not start {service}")], Some(Status::blocked(why))));
    }
    let started = Started::now(host, unit)?;
    write_note(host, unit, Note { started: Some(started), ..start.note })?;
    Ok((vec![format!("started {service}")], None))
}

/// Lets a running service read the file of checks again.
///
/// # Errors
/// The file system fails. A service that is not told is told by the next hook.
pub(super) fn reload(host: &mut dyn Host, unit: UnitPaths<'_>, note: Note) -> Result<Outcome, Error> {
    let service = unit.service();
    if !systemd::reload(host, &service) {
        return Ok((vec![format!("could not reload {service}")], None));
    }
    write_note(host, unit, note)?;
    Ok((vec![format!("reloaded {service}")], None))
}

/// Ends the service and removes its files, the note last.
///
/// # Errors
/// The file system fails, or systemd does not end it.
pub(crate) fn stop(host: &mut dyn Host, unit: UnitPaths<'_>) -> Result<Vec<String>, Error> {
    let service = unit.service();
    systemd::stop(host, &service)?;
    for path in [unit.service_link(), unit.service_file(), unit.token()] {
        tree::clear(host, &path)?;
    }
    // Nothing is lost where it fails: systemd does not need the file of a unit that does not run.
    let _forgotten = systemd::read_files(host);
    tree::clear(host, &unit.serving())?;
    Ok(vec![format!("stopped {service}")])
}

pub(super) fn service_file(unit: UnitPaths<'_>, text: &str) -> Node {
    Node::File(unit.service_file(), text.to_owned(), Owner::Root, 0o644)
}

/// As systemctl(1) enables it; relative, so that it leads to the same file when seen from outside of a scratch root.
pub(super) fn service_link(unit: UnitPaths<'_>) -> Node {
    Node::Link(unit.service_link(), target(unit))
}

pub(super) fn target(unit: UnitPaths<'_>) -> PathBuf {
    Path::new("..").join(unit.service())
}

fn write_note(host: &mut dyn Host, unit: UnitPaths<'_>, note: Note) -> Result<(), Error> {
    let text = serde_json::to_string(&note).map_err(|error| Error::new("describe the endpoint", error))?;
    Node::Directory(SERVING.into(), Owner::Root, 0o755).ensure(host)?;
    Node::File(unit.serving(), text, Owner::Root, 0o644).ensure(host).map(drop)
}
