//! Files of checks from what an application is told anyway: its settings, its environment, the
//! model it is deployed in.
//!
//! A source turns what it reads into a [`GeneratedFile`]: [`Draft`]s of checks, and [`Comment`]s about
//! what became none. [`GeneratedFile::reviewed`] holds every draft against the parser that will read the
//! file, so that what is written is a legal file under `--strict` too; [`GeneratedFile::write`] makes it
//! YAML that conn-check and `PyYAML` read alike, with the secrets in it or as references.
//!
//! URLs mean the same in every source: [`url::items`].

pub mod django;
pub mod draft;
pub mod env;
pub mod item;
pub mod juju;
mod review;
pub mod secrets;
pub mod file;
pub mod url;
pub mod yaml;

pub use draft::{Draft, Value};
pub use item::{Comment, Item};
pub use secrets::{Needed, Secrets};
pub use file::GeneratedFile;
pub use yaml::Written;
