//! Files that are there whole or not at all, files of which only so much is read, and files that are not for everybody.

mod read;
mod replace;
mod unit;

pub(crate) use read::{ReadError, read_bounded, read_to_end};
pub use replace::{Kind, Narrowed, place_for, replace};
pub use unit::started_as;
