//! Who the servers run as.

use std::path::Path;

use nix::unistd::{Uid, User};

use crate::or_panic::OrPanic;

/// User and group number of `nobody`, where this process may become somebody else (it is root).
///
/// `None` for an ordinary user: then every server runs as that user and no owner is changed.
pub(crate) fn nobody() -> Option<(u32, u32)> {
    if !Uid::effective().is_root() {
        return None;
    }
    let user = User::from_name("nobody").or_panic("look up the user nobody").or_panic("find the user nobody");
    Some((user.uid.as_raw(), user.gid.as_raw()))
}

/// Gives `path` to `nobody`, where that is possible.
pub(crate) fn give_to_nobody(path: &Path) {
    if let Some((uid, gid)) = nobody() {
        std::os::unix::fs::chown(path, Some(uid), Some(gid))
            .or_panic(format_args!("change the owner of {}", path.display()));
    }
}
