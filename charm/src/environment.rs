//! The hook or action that runs, and its unit.

use crate::error::Error;
use crate::host::Host;
use std::path::{Path, PathBuf};

/// Every hook of the charm: the names of the links to the hook binary.
pub const HOOKS: [&str; 28] = [
    "install",
    "start",
    "config-changed",
    "upgrade-charm",
    "update-status",
    "stop",
    "remove",
    "secret-changed",
    "conn-check-relation-created",
    "conn-check-relation-joined",
    "conn-check-relation-changed",
    "conn-check-relation-departed",
    "conn-check-relation-broken",
    "general-info-relation-created",
    "general-info-relation-joined",
    "general-info-relation-changed",
    "general-info-relation-departed",
    "general-info-relation-broken",
    "nrpe-external-master-relation-created",
    "nrpe-external-master-relation-joined",
    "nrpe-external-master-relation-changed",
    "nrpe-external-master-relation-departed",
    "nrpe-external-master-relation-broken",
    "cos-agent-relation-created",
    "cos-agent-relation-joined",
    "cos-agent-relation-changed",
    "cos-agent-relation-departed",
    "cos-agent-relation-broken",
];

/// Every action of the charm: the names of the links to the action binary.
pub const ACTIONS: [&str; 2] = ["run-check", "run-nagios-check"];

/// The name of the hook or action: from Juju's environment, else the name of the link that was
/// called, else the first argument. `juju exec` does not set the first. What is left are its arguments.
#[must_use]
pub fn invoked_as(host: &dyn Host, arguments: &mut impl Iterator<Item = String>, known: &[&str]) -> Option<String> {
    let base = |path: String| Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
    let known = |name: &String| known.contains(&name.as_str());
    let dispatched = host.variable("JUJU_DISPATCH_PATH").filter(|path| !path.is_empty()).and_then(base);
    let link = arguments.next().and_then(base);
    match (dispatched, link) {
        (Some(name), _) => Some(name).filter(known),
        (None, Some(name)) if known(&name) => Some(name),
        _ => arguments.next().filter(known),
    }
}

/// The unit that a hook runs for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Environment {
    /// The name of the hook.
    pub(crate) hook: String,
    /// The unit's name with a dash instead of the slash, as in `conn-check-0`: part of file names.
    pub(crate) unit: String,
    /// The unit's name in Juju, as in `conn-check/0`.
    pub(crate) juju_unit: String,
    /// The model's name and its UUID.
    pub(crate) model: (String, String),
    /// The directory of the charm.
    pub(crate) charm: PathBuf,
    /// The unit beside which this one lives, with a dash, as in `my-service-0`.
    pub(crate) principal: Option<String>,
    /// The relation that is being broken, as in `nrpe-external-master:4`. Juju lists it still, unless
    /// its agent has restarted meanwhile (`contextfactory.go`, `getContextRelations`).
    pub(crate) broken: Option<String>,
}

impl Environment {
    /// Reads Juju's environment of a hook.
    ///
    /// # Errors
    /// Juju did not run this.
    pub(crate) fn read(host: &dyn Host, hook: &str) -> Result<Self, Error> {
        let variable = |name: &str| host.variable(name).filter(|value| !value.is_empty());
        let juju_unit = variable("JUJU_UNIT_NAME").ok_or_else(|| Error::new("JUJU_UNIT_NAME", NOT_JUJU))?;
        let charm = variable("JUJU_CHARM_DIR").or_else(|| variable("CHARM_DIR"));
        let charm = charm.map(PathBuf::from).ok_or_else(|| Error::new("JUJU_CHARM_DIR", NOT_JUJU))?;
        let unit = dashed(&juju_unit).ok_or_else(|| Error::new("JUJU_UNIT_NAME", "not the name of a unit"))?;
        let principal = variable("JUJU_PRINCIPAL_UNIT").and_then(|unit| dashed(&unit));
        let broken = variable("JUJU_RELATION_ID").filter(|_| hook.ends_with("-relation-broken"));
        let model = ["JUJU_MODEL_NAME", "JUJU_MODEL_UUID"].map(|name| variable(name).unwrap_or_default());
        Ok(Self { hook: hook.to_owned(), unit, juju_unit, model: model.into(), charm, principal, broken })
    }

    /// The application that the unit is one of.
    #[must_use]
    pub(crate) fn application(&self) -> &str {
        self.juju_unit.split('/').next().unwrap_or_default()
    }

    /// After these hooks the configured version and the content of the charm must be in use.
    #[must_use]
    pub(crate) fn updates_agent(&self) -> bool {
        matches!(self.hook.as_str(), "install" | "upgrade-charm" | "config-changed" | "start")
    }
}

const NOT_JUJU: &str = "not set; hooks are run by Juju";

/// `conn-check/0` as `conn-check-0`; `None` if it is not the name of a unit, as it becomes part of
/// paths.
pub(crate) fn dashed(unit: &str) -> Option<String> {
    let (application, number) = unit.rsplit_once('/')?;
    let plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let valid = !application.is_empty() && plain(application) && !number.is_empty();
    (valid && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| format!("{application}-{number}"))
}
