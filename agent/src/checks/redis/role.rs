//! Primary or replica, and what else the server tells about itself.

use super::client::RespClient;
use super::refusal;
use crate::checks::role::Role;
use crate::fault::{Cause, Fault};
use crate::phase::Phase;
use crate::probe::Probe;
use redis::Value;

/// What a server tells about itself.
#[derive(Debug, Default)]
pub(super) struct ServerInfo {
    version: Option<String>,
    role: Option<Role>,
    mode: Option<Mode>,
}

/// What a server is, as `HELLO` says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    Sentinel,
    Cluster,
}

/// Asks for the role where it is not known yet, and compares.
pub(super) async fn verify(wanted: Role, server: &mut ServerInfo, client: &mut RespClient<'_>) -> Result<(), Fault> {
    let (role, said) = match server.role {
        Some(Role::Primary) => (Role::Primary, "HELLO: the role is master"),
        Some(Role::Replica) => (Role::Replica, "HELLO: the role is replica"),
        None => match role_of(&client.ask("ROLE", &redis::cmd("ROLE")).await?)? {
            Role::Primary => (Role::Primary, "ROLE: master"),
            Role::Replica => (Role::Replica, "ROLE: slave"),
        },
    };
    server.role = Some(role);
    wanted.compare(role, said)
}

fn named(name: &Value) -> Option<Role> {
    Role::named(text(name)?)
}

impl ServerInfo {
    /// Reads the answer to `HELLO`; servers before Redis 6 do not know it, and then nothing is learnt.
    pub(super) fn learn(&mut self, hello: &Value) {
        for (name, value) in hello.as_map_iter().into_iter().flatten() {
            match text(name) {
                Some("version") => self.version = text(value).map(str::to_owned),
                Some("role") => self.role = named(value),
                Some("mode") => self.mode = Mode::named(value),
                _ => {}
            }
        }
    }

    /// Refuses a server that holds no data.
    pub(super) fn require_data(&self) -> Result<(), Fault> {
        if self.mode == Some(Mode::Sentinel) { Err(is_sentinel()) } else { Ok(()) }
    }

    /// Whether it said which version it is.
    pub(super) const fn has_told(&self) -> bool {
        self.version.is_some()
    }

    pub(super) fn report(&self, probe: &mut Probe) {
        if let Some(version) = &self.version {
            probe.fact("server_version", probe.clean(version));
        }
        if let Some(role) = self.role {
            probe.fact("server_role", role.slug());
        }
        if self.mode == Some(Mode::Cluster) {
            probe.fact("server_mode", "cluster");
        }
    }
}

impl Mode {
    fn named(name: &Value) -> Option<Self> {
        match text(name)? {
            "sentinel" => Some(Self::Sentinel),
            "cluster" => Some(Self::Cluster),
            _ => None,
        }
    }
}

/// What is said of a server that watches over Redis.
pub(super) const IS_SENTINEL: &str = "this is a Redis Sentinel, not Redis itself";

/// Who watches over Redis, and is asked where the primary is.
pub(super) fn is_sentinel() -> Fault {
    Fault::new(Cause::WrongService, IS_SENTINEL)
        .next_step("name the port of Redis itself; or set `sentinel` to the name of the primary that it watches")
        .at(Phase::Protocol)
}

/// The role in the answer to `ROLE`: its first item.
fn role_of(answer: &Value) -> Result<Role, Fault> {
    let name = answer.as_sequence().and_then(|items| items.first());
    if name.and_then(text) == Some("sentinel") {
        return Err(is_sentinel());
    }
    name.and_then(named).ok_or_else(|| refusal::of(answer, "ROLE"))
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
