//! What runs of a unit's endpoint: the note that a hook wrote when systemd had started it.

use crate::error::Error;
use crate::host::Host;
use crate::inspect::inspect;
use crate::note;
use crate::paths::{SERVING, SYSTEMD, UnitPaths, unit_of_service};
use crate::stamp::FileStamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// What a service was started with, by files that are other ones when they change. It is there before the service is: what
/// a killed hook has begun is known by it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Note {
    /// What the running service was started with; none as long as it has not been.
    #[serde(default)]
    pub(crate) started: Option<Started>,
    /// The file of checks that it has read.
    #[serde(default)]
    pub(crate) checks: Option<FileStamp>,
    /// The port of its metrics on the loopback address, if it serves them.
    #[serde(default)]
    pub(crate) metrics: Option<u16>,
}

/// The files that a service goes by from its start to its end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Started {
    pub(crate) program: Option<FileStamp>,
    pub(crate) service: Option<FileStamp>,
    pub(crate) token: Option<FileStamp>,
}

impl Started {
    /// Those of now.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn now(host: &dyn Host, unit: UnitPaths<'_>) -> Result<Self, Error> {
        Ok(Self {
            program: FileStamp::of(host, &unit.program())?,
            service: FileStamp::of(host, &unit.service_file())?,
            token: FileStamp::of(host, &unit.token())?,
        })
    }
}

/// What is there of the endpoints on this machine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Serving {
    /// The note of this unit.
    pub(crate) note: Option<Note>,
    /// Whether anything is there of its service.
    pub(crate) is_there: bool,
    /// The ports of the metrics of the other units.
    pub(crate) ports: BTreeSet<u16>,
    /// The units that Juju has taken away, and of whose services something is there.
    pub(crate) orphaned: BTreeSet<String>,
}

impl Serving {
    /// Reads the notes.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn read(host: &dyn Host, unit: UnitPaths<'_>, orphans: &BTreeSet<String>) -> Result<Self, Error> {
        let mut is_there = false;
        for path in [unit.serving(), unit.service_file(), unit.service_link()] {
            is_there |= inspect(host, &path)?.is_some();
        }
        let units = units(host)?;
        let others = units.iter().filter(|other| *other != unit.0 && !orphans.contains(*other));
        let ports = others.filter_map(|other| read_note(host, UnitPaths(other))?.metrics).collect();
        let orphaned = units.intersection(orphans).cloned().collect();
        Ok(Self { note: read_note(host, unit), is_there, ports, orphaned })
    }
}

/// All units that something is there of.
///
/// # Errors
/// The file system fails.
pub(crate) fn units(host: &dyn Host) -> Result<BTreeSet<String>, Error> {
    let list = |folder: &str| host.list(Path::new(folder)).map_err(Error::at("list", Path::new(folder)));
    let services = list(SYSTEMD)?;
    let services = services.iter().filter_map(|name| unit_of_service(name)).map(str::to_owned);
    Ok(services.chain(list(SERVING)?.into_iter().filter(|name| !name.starts_with('.'))).collect())
}

fn read_note(host: &dyn Host, unit: UnitPaths<'_>) -> Option<Note> {
    note::read(host, &unit.serving(), 4096)
}
