//! URLs of what is no server, and those whose scheme is not known.

use super::parts::Parts;
use crate::generate::{Comment, Item};
use crate::services::{self, NoServer};

/// Why there is nothing to connect to.
pub(super) fn comment(origin: &str, parts: &Parts) -> Item {
    let scheme = &parts.scheme;
    let comment = match services::no_server_by_scheme(parts.base()) {
        Some(NoServer::File) => Comment::note(origin, format!("{scheme}: a file of this host: nothing to connect to")),
        Some(NoServer::Application) => {
            Comment::note(origin, format!("{scheme}: inside of the application: nothing to connect to"))
        }
        Some(NoServer::Cloud) => Comment::gap(
            origin,
            format!("a {scheme} URL does not say which host serves it: add an http check for the endpoint"),
        ),
        None => Comment::gap(
            origin,
            format!(
                "`{scheme}` is not a scheme that is known here: add a check for it by hand (`type: tcp` if there is none for the protocol)"
            ),
        ),
    };
    comment.into()
}
