//! The processes of a unit of systemd.

use crate::fault::{Cause, Fault, Owner};
use crate::identity::{is_legal_unit, is_named_unit, processes_in_unit};
use crate::secret::{sentence, theirs};
use std::path::Path;

/// Where units stand (`systemd.unit(5)`), those that a generator has made included.
const FOLDERS: [&str; 6] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/run/systemd/transient",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Whether this can be the name of a unit.
pub(super) fn is_legal(name: &str) -> bool {
    is_legal_unit(name)
}

/// With its ending; a service is meant where it has none.
pub(super) fn full_name(name: String) -> String {
    if is_named_unit(&name) { name } else { name + ".service" }
}

/// The processes of a unit, at least one.
pub(super) fn processes(name: &str) -> Result<Vec<i32>, Fault> {
    let found = processes_in_unit(name);
    if !found.is_empty() {
        return Ok(found);
    }
    if !Path::new("/run/systemd/system").is_dir() {
        let fault = Fault::new(Cause::Failed, sentence!["systemd does not run here: there is no unit ", theirs(name)])
            .owner(Owner::Config);
        return Err(fault.next_step("name the program in place of the unit: `program:`"));
    }
    if !is_there(name) {
        let fault = Fault::new(Cause::Missing, sentence!["there is no unit ", theirs(name), " on this host"]);
        return Err(fault.next_step("correct its name: `systemctl list-unit-files` has all; or install what brings it"));
    }
    let fault = Fault::new(Cause::Missing, sentence!["nothing of the unit ", theirs(name), " runs"]);
    let next =
        sentence!["see why it has ended: `systemctl status ", theirs(name), "`, `journalctl -u ", theirs(name), "`"];
    Err(fault.next_step(next))
}

/// Whether a file of the unit is there, or one of its template.
fn is_there(name: &str) -> bool {
    let template =
        name.split_once('@').and_then(|(before, rest)| Some(format!("{before}@.{}", rest.rsplit_once('.')?.1)));
    let files = [Some(name.to_owned()), template];
    FOLDERS.iter().any(|folder| files.iter().flatten().any(|file| Path::new(folder).join(file).exists()))
}
