//! What a hook or the agent has written down as JSON for later hooks and actions.

use crate::host::Host;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a note of at most so many bytes. One that cannot be used, whatever is the matter with it, is none: it is written
/// anew, and must not fail every hook until somebody removes it.
pub(crate) fn read<T: DeserializeOwned>(host: &dyn Host, path: &Path, limit: u64) -> Option<T> {
    serde_json::from_slice(&host.read(path, limit).ok()??).ok()
}
