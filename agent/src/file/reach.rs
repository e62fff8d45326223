//! What keeps this user from a path.

use nix::unistd::{AccessFlags, Uid, User, eaccess};
use std::path::{Path, PathBuf};

/// A right that somebody lacks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Lack {
    /// The name of the user, else the number.
    pub(crate) user: String,
    pub(crate) place: PathBuf,
    /// As `setfacl(1)` has them: `r`, `w`, `x`; none where nothing is known to lack.
    pub(crate) rights: &'static str,
}

/// What this user lacks to use a path so: the right to go through the first directory on the way that is closed, else
/// these rights on the path itself.
pub(crate) fn lack(path: &Path, rights: &'static str) -> Lack {
    let user = Uid::effective();
    let user = User::from_uid(user).ok().flatten().map_or_else(|| user.to_string(), |user| user.name);
    let on_the_way: Vec<_> = path.ancestors().skip(1).filter(|part| !part.as_os_str().is_empty()).collect();
    let closed = on_the_way.into_iter().rev().find(|part| eaccess(*part, AccessFlags::X_OK).is_err());
    let (place, rights) = closed.map_or((path, rights), |closed| (closed, "x"));
    Lack { user, place: place.to_owned(), rights }
}
