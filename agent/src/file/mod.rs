//! Files that are there whole or not at all, files of which only so much is read, and files that are not for everybody.

mod create;
mod glob;
mod keep;
mod reach;
mod read;
mod replace;
mod trust;
mod turns;
mod unit;
mod watched;

pub use create::create;
pub use glob::{glob, is_pattern};
pub use keep::{Kept, SharedDirectory, Stamp};
pub(crate) use reach::{Lack, lack};
pub(crate) use read::{ReadError, read_bounded, read_of, read_to_end};
pub use replace::{Kind, Narrowed, replace, try_replace};
pub use trust::{Distrust, Origin, Trust};
pub use turns::Held;
pub use unit::started_as;
pub use watched::Watched;
