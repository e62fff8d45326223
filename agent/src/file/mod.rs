//! Files that are there whole or not at all, files of which only so much is read, and files that are not for everybody.

mod create;
mod read;
mod replace;
mod unit;

pub use create::create;
pub(crate) use read::{ReadError, read_bounded, read_to_end};
pub use replace::{Kind, Narrowed, replace, try_replace};
pub use unit::started_as;
