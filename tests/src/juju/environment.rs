//! The environment of a hook, built from nothing (juju/juju `context.go`, `HookVars`; `env.go`).

use super::context::{Context, Subject};
use super::machine::Machine;
use super::model::Model;
use crate::scratch::text;

const MODEL_UUID: &str = "7f5cbd08-5bd4-4a6b-8f6c-0d8d3d6ad2d4";

/// What is run.
pub(super) enum Run<'a> {
    /// A hook of the charm.
    Hook(&'a str),
    /// An action of the charm.
    Action(&'a str),
    /// A command by `juju exec`, which is an action of Juju's own.
    Exec,
    /// A command by `juju-exec` on the machine.
    MachineExec,
}

/// The variables of one run.
pub(super) fn of(
    machine: &Machine,
    model: &Model,
    context: &Context,
    id: &str,
    run: &Run<'_>,
) -> Vec<(String, String)> {
    let unit = &context.unit;
    let charm = text(&machine.name_of(&machine.charm(unit)));
    let principal = model.unit(unit).principal.clone().unwrap_or_default();
    let fixed = [
        ("CHARM_DIR", charm.clone()),
        ("JUJU_CHARM_DIR", charm),
        ("JUJU_CONTEXT_ID", id.to_owned()),
        ("JUJU_AGENT_SOCKET_ADDRESS", text(&machine.socket())),
        ("JUJU_AGENT_SOCKET_NETWORK", "unix".to_owned()),
        ("JUJU_UNIT_NAME", unit.clone()),
        ("JUJU_MODEL_UUID", MODEL_UUID.to_owned()),
        ("JUJU_MODEL_NAME", "rehearsal".to_owned()),
        ("JUJU_API_ADDRESSES", "192.0.2.1:17070 192.0.2.2:17070".to_owned()),
        ("JUJU_SLA", "unsupported".to_owned()),
        // Up to 3.6; 4.0 has none of it.
        ("JUJU_METER_STATUS", "AMBER".to_owned()),
        ("JUJU_METER_INFO", "not set".to_owned()),
        ("JUJU_MACHINE_ID", "0".to_owned()),
        ("JUJU_PRINCIPAL_UNIT", principal),
        ("JUJU_AVAILABILITY_ZONE", String::new()),
        ("JUJU_VERSION", "3.6.1".to_owned()),
        ("CLOUD_API_VERSION", String::new()),
        ("JUJU_CHARM_HTTP_PROXY", String::new()),
        ("JUJU_CHARM_HTTPS_PROXY", String::new()),
        ("JUJU_CHARM_FTP_PROXY", String::new()),
        ("JUJU_CHARM_NO_PROXY", String::new()),
        ("PATH", machine.search_path(unit)),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "tmux-256color".to_owned()),
        ("APT_LISTCHANGES_FRONTEND", "none".to_owned()),
        ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
    ];
    let mut all: Vec<_> = fixed.map(|(name, value)| (name.to_owned(), value)).into();
    all.extend(of_run(run).into_iter().map(|(name, value)| (name.to_owned(), value)));
    if let Some(subject) = &context.subject {
        all.extend(of_relation(model, unit, subject));
    }
    all
}

fn of_run(run: &Run<'_>) -> Vec<(&'static str, String)> {
    let action = |name: &str| {
        vec![
            ("JUJU_HOOK_NAME", String::new()),
            ("JUJU_ACTION_NAME", name.to_owned()),
            ("JUJU_ACTION_UUID", "1".to_owned()),
            ("JUJU_ACTION_TAG", "action-1".to_owned()),
        ]
    };
    match run {
        Run::Hook(name) => {
            vec![("JUJU_HOOK_NAME", (*name).to_owned()), ("JUJU_DISPATCH_PATH", format!("hooks/{name}"))]
        }
        Run::Action(name) => {
            let mut all = action(name);
            all.push(("JUJU_DISPATCH_PATH", format!("actions/{name}")));
            all
        }
        Run::Exec => action("juju-exec"),
        Run::MachineExec => vec![("JUJU_HOOK_NAME", String::new())],
    }
}

fn of_relation(model: &Model, unit: &str, subject: &Subject) -> Vec<(String, String)> {
    let id = model.relation_id(unit, subject.id);
    let name = id.split(':').next().unwrap_or_default().to_owned();
    let mut all = vec![
        ("JUJU_RELATION".to_owned(), name),
        ("JUJU_RELATION_ID".to_owned(), id),
        ("JUJU_REMOTE_UNIT".to_owned(), subject.remote_unit.clone().unwrap_or_default()),
        ("JUJU_REMOTE_APP".to_owned(), subject.remote_app.clone()),
    ];
    all.extend(subject.departing.clone().map(|unit| ("JUJU_DEPARTING_UNIT".to_owned(), unit)));
    all
}
