//! Files of checks from what an application is told anyway: its settings, its environment, the
//! model it is deployed in.
//!
//! A source turns what it reads into a [`GeneratedFile`]: [`GeneratedCheck`]s, and [`Comment`]s
//! about what did not become one. [`GeneratedFile::reviewed`] holds every check against the parser
//! that will read the file, so that what is written is a legal file under `--strict` too;
//! [`GeneratedFile::write`] makes it YAML that conn-check and `PyYAML` read alike, with the secrets
//! in it or as references.
//!
//! URLs mean the same in every source: [`crate::url::items`].

pub mod django;
pub mod env;
mod file;
pub mod juju;
mod review;
mod same;
mod secrets;
mod yaml;

pub use crate::url::Comment;
pub(crate) use crate::url::{GeneratedCheck, Hidden, Item, Value};
pub use file::GeneratedFile;
pub use secrets::{Needed, Secrets};
pub use yaml::Written;
