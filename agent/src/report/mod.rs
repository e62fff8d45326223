//! From what happened to bytes: one file per format, all over the same [`View`]. A format is one file
//! and one line in [`FORMATS`].

mod chain;
mod folded;
mod format;
mod health;
mod human;
pub mod journal;
mod json;
mod jsonl;
mod junit;
mod nagios;
mod plain;
mod progress;
mod prometheus;
mod refusal;
mod reporter;
pub mod schema;
mod series;
mod tap;
mod title;
pub mod trace;
mod view;

pub use folded::Folded;
pub use format::Format;
pub use health::{FORMAT as HEALTH, Health, is_well};
pub(crate) use health::{fails, is_of_this_node};
pub use human::FORMAT as HUMAN;
pub use json::FORMAT as JSON;
pub(crate) use json::{difference, rfc3339};
pub use jsonl::FORMAT as JSONL;
pub use nagios::FORMAT as NAGIOS;
pub use plain::FORMAT as PLAIN;
pub use progress::Progress;
pub use prometheus::{Syntax, metrics};
pub use refusal::{Refusal, Refused};
pub use reporter::{Reporter, Shown, Stage, Style, Warnings};
pub(crate) use series::{of as series_of, unnumbered as unnumbered_names};
pub use title::of as titles;
pub use view::{CheckView, Counts, Overall, Remark, Row, View};

/// What every check of a plan is called where its results become time series: another one for each.
#[must_use]
pub fn series(plan: &crate::plan::Plan) -> Vec<String> {
    series::of(plan)
}

/// Every format there is, in the order in which `--help` lists them.
pub const FORMATS: [&Format; 9] = [
    &human::FORMAT,
    &plain::FORMAT,
    &nagios::FORMAT,
    &json::FORMAT,
    &jsonl::FORMAT,
    &junit::FORMAT,
    &tap::FORMAT,
    &prometheus::FORMAT,
    &health::FORMAT,
];
