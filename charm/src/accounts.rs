//! The user conn-check and the user and group nagios as the machine knows them: who runs programs,
//! and whose files are.

use crate::error::Error;
use crate::host::{Access, Host, RunAs, User};

/// The user that runs the checks.
pub(crate) const USER: &str = "conn-check";
/// The group that may read the checks as well.
pub(crate) const GROUP: &str = "nagios";
/// The user that runs NRPE's commands.
pub(crate) const NAGIOS: &str = "nagios";

/// The owner of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// root:root.
    Root,
    /// root:nagios: the users that run checks can read it, and root alone can write it.
    Readable,
    /// conn-check:nagios.
    Unit,
}

impl Owner {
    /// The access of a file with this owner and mode.
    ///
    /// # Errors
    /// The users cannot be read, or do not exist.
    pub(crate) fn access(self, host: &dyn Host, mode: u32) -> Result<Access, Error> {
        let missing = || Error::new("user conn-check, group nagios", "do not exist");
        let user = match self {
            Self::Root | Self::Readable => user(host, "root")?,
            Self::Unit => user(host, USER)?,
        };
        let user = user.ok_or_else(missing)?;
        let gid = match self {
            Self::Root => user.gid,
            Self::Readable | Self::Unit => group(host)?.ok_or_else(missing)?,
        };
        Ok(Access { mode, uid: user.uid, gid })
    }
}

/// The user of this name.
///
/// # Errors
/// The users cannot be read.
pub(crate) fn user(host: &dyn Host, name: &str) -> Result<Option<User>, Error> {
    host.user(name).map_err(|error| Error::new(format!("look up the user {name}"), error))
}

/// To run a program as the user of this name.
///
/// # Errors
/// The users cannot be read, or this one does not exist.
pub(crate) fn run_as(host: &dyn Host, name: &str) -> Result<RunAs, Error> {
    let next = "does not exist: the next hook of a unit creates it (update-status, every five minutes)";
    let missing = || Error::of(format!("the user {name} {}", if name == USER { next } else { "does not exist" }));
    user(host, name)?.map(RunAs::User).ok_or_else(missing)
}

/// The number of the group that may read the checks.
///
/// # Errors
/// The groups cannot be read.
pub(crate) fn group(host: &dyn Host) -> Result<Option<u32>, Error> {
    host.group(GROUP).map_err(|error| Error::new(format!("look up the group {GROUP}"), error))
}
