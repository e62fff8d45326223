//! What a hook leaves for the actions: they may run where the hook tools are not.

use crate::host::Host;
use crate::paths::UnitPaths;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the actions read.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Settings {
    /// The file of checks.
    pub(crate) file: Option<PathBuf>,
    /// Why there is none, where somebody named one.
    #[serde(default)]
    pub(crate) problem: Option<String>,
    /// Tags of checks that Nagios does not run.
    pub(crate) exclude_tags: String,
    /// Seconds that Nagios waits.
    pub(crate) max_timeout: u64,
    /// Seconds for a check that names none.
    pub(crate) connect_timeout: u64,
}

impl Settings {
    /// What the last hook wrote.
    pub(crate) fn read(host: &dyn Host, unit: UnitPaths<'_>) -> Option<Self> {
        let text = host.read(&unit.settings(), 64 * 1024).ok().flatten()?;
        serde_json::from_slice(&text).ok()
    }

    /// What is written.
    pub(crate) fn to_text(&self) -> String {
        // A path that came over a relation is text, so this does not fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
