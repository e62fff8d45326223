//! What the agent knows of a hook while it runs. Relation data and the unit's state are kept here
//! until the hook has ended well.

use super::hook::{Call, Line};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The relation a hook is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: u32,
    pub(super) remote_unit: Option<String>,
    pub(super) remote_app: String,
    pub(super) departing: Option<String>,
}

/// An action that runs.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) parameters: Value,
    pub(super) results: Map<String, Value>,
    pub(super) failed: Option<String>,
    pub(super) log: Vec<String>,
}

/// One hook, action or command.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) unit: String,
    pub(super) subject: Option<Subject>,
    pub(super) deed: Option<Deed>,
    /// Changed relation data by relation and owner (a unit or an application): all its keys.
    pub(super) pending: BTreeMap<(u32, String), BTreeMap<String, String>>,
    /// The unit's changed state: all its keys.
    pub(super) state: Option<BTreeMap<String, String>>,
    pub(super) calls: Vec<Call>,
    pub(super) log: Vec<Line>,
}
