//! What `conn-check-serve` says of a finished run: as HTTP answers, as a page, as a verdict over this node. All of it is
//! pure; the sockets are `net`'s, the clock and the signals the program's.

mod changes;
mod costs;
mod doubled;
mod flat;
mod forms;
mod health_json;
mod negotiate;
mod page;
mod readiness;
mod route;
mod shelf;
mod template;
mod token;

pub use changes::{Since, State};
pub use costs::Costs;
pub use doubled::doubled;
pub use forms::{Answer, Served};
pub use negotiate::Form;
pub use readiness::{Readiness, Standing};
pub use route::{Request, Route, Site};
pub use shelf::{Asked, Batch, Shelf};
pub use template::Template;
pub use token::Token;

pub use crate::file::Watched;
pub use crate::net::listen::{Certificate, Connection, Listener, Place};
pub use crate::net::notify::Notifier;

#[cfg(test)]
mod tests;
