//! What must be true of the endpoint after any hook.

use super::Checks;
use crate::host::memory::Systemd;
use crate::host::memory::juju::Relation;
use crate::host::memory::systemd::Running;
use crate::tests::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The service as it should be, or why it cannot be, as the status has to say.
pub(super) enum Endpoint {
    /// Nobody is to be served.
    None,
    /// What runs, if anything does, goes on, or waits for something that the status says of the checks.
    Held(Option<&'static str>),
    /// It cannot run.
    Kept(&'static str),
    /// It runs like this; which port the metrics have is a matter of what is free.
    Runs(Box<Running>),
}

fn name(unit: &str) -> String {
    format!("conn-check-serve-{}.service", unit.replace('/', "-"))
}

impl Endpoint {
    pub(super) fn of(world: &mut World, unit: &str, relations: &BTreeMap<String, Relation>, checks: &Checks) -> Self {
        let option = |world: &mut World, name: &str| {
            let value = world.unit(unit).config.get(name).and_then(Value::as_str).map(str::to_owned);
            value.unwrap_or_default()
        };
        let (listen, token) = (option(world, "health_listen"), option(world, "health_token"));
        let has_cos = relations.keys().any(|id| id.starts_with("cos-agent:"));
        let is_asked_for = !["", "here"].contains(&listen.as_str());
        if matches!(checks, Checks::None) || !is_asked_for && !has_cos {
            return Self::None;
        }
        if matches!(checks, Checks::Unusable) || is_asked_for && token == "hunter2" {
            return Self::Held(None);
        }
        let token = match token.as_str() {
            _ if !is_asked_for => None,
            uri if uri.starts_with("secret:") => match world.memory.juju.secrets.get(uri) {
                Some(secret) => Some(secret["token"].clone()),
                None => return Self::Held(Some("the secret of option health_token cannot be had (permission denied)")),
            },
            "" => None,
            token => Some(token.to_owned()),
        };
        if world.memory.systemd != Systemd::Runs {
            return Self::Held(Some("needs systemd"));
        }
        let Checks::Valid { path, all: 1.., .. } = checks else { return Self::Held(None) };
        let own = format!("unix:/run/conn-check/{}/health.sock", unit.replace('/', "-"));
        let listen = if is_asked_for && listen != "unix:health.sock" { listen } else { own };
        let program = world.agent(unit).unwrap_or_default();
        if program.starts_with("AGENT 1.") {
            return Self::Kept("has no endpoint");
        }
        let services = &world.memory.services;
        let by_other = services.running.iter().any(|(other, running)| *other != name(unit) && running.listen == listen);
        if by_other || services.taken.contains(&listen) {
            return Self::Kept("is taken by");
        }
        Self::Runs(Box::new(Running {
            program,
            listen,
            metrics: has_cos.then(String::new),
            token: token.map(|token| token + "\n"),
            file: path.clone(),
            checks: world.memory.text(path).unwrap_or_default(),
        }))
    }

    /// What the status has to say of it.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::None | Self::Runs(_) => None,
            Self::Held(problem) => problem.map(str::to_owned),
            Self::Kept(problem) => Some((*problem).to_owned()),
        }
    }

    /// The service, its files, and what the collector is told.
    pub(super) fn is_so(&self, world: &mut World, unit: &str, relations: &BTreeMap<String, Relation>) {
        let running = world.memory.services.running.get(&name(unit)).cloned();
        let text = world.memory.text(&format!("/etc/systemd/system/{}", name(unit)));
        assert!(!text.as_ref().is_some_and(|text| text.contains("hunter2")), "the token is for nobody to read");
        let metrics = running.as_ref().and_then(|running| running.metrics.clone());
        match self {
            Self::None | Self::Kept(_) => is_gone(world, unit),
            Self::Held(_) => {}
            Self::Runs(wanted) => {
                let known =
                    running.map(|running| Running { metrics: running.metrics.map(|_| String::new()), ..running });
                assert_eq!(known.as_ref(), Some(&**wanted), "{text:?}");
                let link = format!("/etc/systemd/system/multi-user.target.wants/{}", name(unit));
                assert_eq!(world.memory.text(&link), text, "it starts with the machine");
            }
        }
        for (_, relation) in relations.iter().filter(|(id, _)| id.starts_with("cos-agent:")) {
            let said = relation.own.get("config").cloned().unwrap_or_default();
            assert!(!said.contains("hunter2"), "{said}");
            match (&metrics, self) {
                (Some(address), _) => assert!(said.contains(&format!("[\"{address}\"]")), "{address}"),
                (None, Self::Held(_)) => {}
                (None, _) => assert_eq!(said, "", "nothing is there to be fetched"),
            }
        }
    }
}

/// No service, and none of its files.
pub(super) fn is_gone(world: &World, unit: &str) {
    assert_eq!(world.memory.services.running.get(&name(unit)), None);
    let files = ["/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants"]
        .map(|folder| format!("{folder}/{}", name(unit)));
    let unit = unit.replace('/', "-");
    let own = [format!("/etc/conn-check/{unit}/health.token"), format!("/usr/local/lib/conn-check/serving/{unit}")];
    for path in files.iter().chain(&own) {
        assert!(world.memory.tree.get(Path::new(path)).is_none(), "{path}");
    }
}
