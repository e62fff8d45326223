//! The flat JSON: `{"NAME": "working"}`, as django-health-check has it.

use crate::report::{Health, View};
use serde_json::{Map, Value};

/// The object. The keys are the names of the checks, each its own.
pub(super) fn of(view: &View<'_>) -> String {
    let entry = |(name, check)| (name, Value::from(Health::of(check, view.warnings).to_string()));
    let object: Map<_, _> = view.names().map(entry).collect();
    format!("{:#}\n", Value::from(object))
}
