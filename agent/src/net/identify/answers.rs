//! What real servers said, recorded as they sent it; long answers are cut.

mod data;
mod web;

pub(super) use data::DATA;
pub(super) use web::WEB;

use crate::services::Service;

/// One answer and what has to be made of it.
pub(super) struct Answer {
    /// The server with its version, and what it was sent; nothing when it spoke first.
    pub(super) server: &'static str,
    /// What it said.
    pub(super) said: &'static [u8],
    /// What it is.
    pub(super) service: &'static Service,
    /// [`Peer::detail`](super::Peer::detail)
    pub(super) detail: &'static str,
    /// [`Peer::wants_tls`](super::Peer::wants_tls)
    pub(super) wants_tls: bool,
}
