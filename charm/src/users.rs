//! Creating and removing the user conn-check and the group nagios. Applications give their file of
//! checks to them, maybe before nrpe is installed.

use crate::accounts::{GROUP, Owner, USER, group, user};
use crate::error::Error;
use crate::host::{Host, Output, Program, RunAs};
use crate::inspect::inspect;
use crate::paths::{LIB, USER_MADE};
use crate::tree::Node;
use std::path::Path;

/// "name already in use", "user does not exist", "user is logged in": groupadd(8), useradd(8),
/// userdel(8).
const EXISTS: i32 = 9;
const NOT_THERE: i32 = 6;
const BUSY: i32 = 8;

/// Creates the group and the user if they do not exist; returns the changes.
///
/// # Errors
/// They cannot be created.
pub(crate) fn create(host: &mut dyn Host) -> Result<Vec<String>, Error> {
    let mut created = Vec::new();
    if group(host)?.is_none() {
        expect_status(&run(host, "groupadd", &["--system", GROUP])?, "groupadd", &[EXISTS])?;
        created.push(format!("created the group {GROUP}"));
    }
    if user(host, USER)?.is_none() {
        // Before the user is created: a hook that is killed between the two must not forget it.
        let marker = Path::new(USER_MADE);
        Node::Shared(LIB.into(), 0o755).ensure(host)?;
        host.write(marker, b"", Owner::Root.access(host, 0o644)?).map_err(Error::at("write", marker))?;
        expect_status(&run(host, "useradd", &NEW_USER)?, "useradd", &[EXISTS])?;
        created.push(format!("created the user {USER}"));
    }
    Ok(created)
}

const NEW_USER: [&str; 9] = [
    "--system",
    "--gid",
    GROUP,
    "--home-dir",
    crate::paths::VAR,
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    USER,
];

/// The result of removing the user.
pub(crate) enum Removed {
    /// The charm did not create it, or it does not exist any more.
    Nothing,
    /// It was removed.
    Done,
    /// Its programs still run, so that it cannot be removed now.
    Busy,
}

/// Removes the user if the charm created it. The group may belong to nrpe.
///
/// # Errors
/// It cannot be removed.
pub(crate) fn remove(host: &mut dyn Host) -> Result<Removed, Error> {
    if inspect(host, Path::new(USER_MADE))?.is_none() || user(host, USER)?.is_none() {
        return Ok(Removed::Nothing);
    }
    let output = run(host, "userdel", &[USER])?;
    if output.status == Some(BUSY) {
        return Ok(Removed::Busy);
    }
    expect_status(&output, "userdel", &[NOT_THERE])?;
    Ok(Removed::Done)
}

/// In a scratch root, the account files of the scratch root are changed.
fn run(host: &mut dyn Host, program: &str, arguments: &[&str]) -> Result<Output, Error> {
    let root = host.map_path(Path::new("/"));
    let mut command = Program::new(program, RunAs::Root);
    if root != Path::new("/") {
        command = command.with(["--prefix".into(), root.into_os_string()]);
    }
    host.run(&command.with(arguments.iter().copied())).map_err(|error| Error::new(program, error))
}

fn expect_status(output: &Output, program: &str, harmless: &[i32]) -> Result<(), Error> {
    match output.status {
        Some(0) => Ok(()),
        Some(status) if harmless.contains(&status) => Ok(()),
        _ => Err(Error::new(program, String::from_utf8_lossy(&output.stderr).trim())),
    }
}
