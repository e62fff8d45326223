//! What a hook writes for the actions, because they may run where there are no hook tools.

use crate::host::Host;
use crate::note;
use crate::paths::UnitPaths;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The settings that the actions read.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Settings {
    /// The file of checks.
    pub(crate) file: Option<PathBuf>,
    /// Why there is no file, although one is configured.
    #[serde(default)]
    pub(crate) problem: Option<String>,
    /// Tags of checks that Nagios does not run.
    pub(crate) exclude_tags: String,
    /// Seconds that Nagios waits.
    pub(crate) max_timeout: u64,
    /// Timeout in seconds of a check that does not set its own.
    pub(crate) connect_timeout: u64,
}

impl Settings {
    /// Reads what the last hook wrote.
    pub(crate) fn read(host: &dyn Host, unit: UnitPaths<'_>) -> Option<Self> {
        note::read(host, &unit.settings(), 64 * 1024)
    }

    /// The content of the file.
    pub(crate) fn to_text(&self) -> String {
        // A path from a relation is valid UTF-8, so this does not fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
