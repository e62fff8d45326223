//! From a YAML file to a [`Plan`], or to every [`Diagnostic`] at once.

pub(crate) mod common;
mod diagnostic;
mod fields;
mod given;
mod mask;
mod plan;
pub(crate) mod scalar;
pub mod schema;
mod setting;
pub mod shape;
mod source;
pub(crate) mod yaml;

pub use diagnostic::{DIAGNOSTIC_CODES, Diagnostic, JsonDiagnostic, Lines, Severity, Source};
pub use fields::Fields;
pub(crate) use fields::nearest;
pub use given::{Given, Misfit};
pub use plan::{Defaults, Entry, Loaded, Plan, load, load_without_secrets};
pub use setting::{Login, Pairs, Port, Setting, Tags, Word};
pub use yaml::Span;
