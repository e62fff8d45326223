//! Primary or replica, and what else the server tells about itself.

use super::client::RespClient;
use super::refusal;
use crate::fault::{Cause, Fault};
use crate::phase::{Phase, words};
use crate::probe::Probe;
use crate::settings::shape::Shape;
use crate::settings::{Field, Misfit, Setting};
use redis::Value;
use serde_json::json;

words! {
    /// What a server is to the others that hold the same data.
    pub(super) Role {
        /// Takes writes.
        Primary "primary",
        /// Has a copy.
        Replica "replica",
    }
}

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

impl Role {
    /// Asks for the role where it is not known yet, and compares.
    pub(super) async fn verify(self, server: &mut ServerInfo, client: &mut RespClient<'_>) -> Result<(), Fault> {
        if server.role.is_none() {
            server.role = Some(role_of(&client.ask("ROLE", &redis::cmd("ROLE")).await?)?);
        }
        match (self, server.role) {
            (Self::Primary, Some(Self::Replica)) => {
                Err(Fault::new(Cause::ReadOnly, "a replica answered, but the primary is wanted"))
            }
            (Self::Replica, Some(Self::Primary)) => {
                Err(Fault::new(Cause::UnexpectedReply, "the primary answered, but a replica is wanted")
                    .next_step("use the address of a replica, or look at the failover"))
            }
            _ => Ok(()),
        }
    }

    fn named(name: &Value) -> Option<Self> {
        match text(name)?.to_ascii_lowercase().as_str() {
            "primary" | "master" => Some(Self::Primary),
            "replica" | "slave" => Some(Self::Replica),
            _ => None,
        }
    }
}

impl ServerInfo {
    /// Reads the answer to `HELLO`; servers before Redis 6 do not know it, and then nothing is learnt.
    pub(super) fn learn(&mut self, hello: &Value) {
        for (name, value) in hello.as_map_iter().into_iter().flatten() {
            match text(name) {
                Some("version") => self.version = text(value).map(str::to_owned),
                Some("role") => self.role = Role::named(value),
                Some("mode") => self.mode = Mode::named(value),
                _ => {}
            }
        }
    }

    /// Refuses a server that holds no data.
    pub(super) fn require_data(&self) -> Result<(), Fault> {
        if self.mode == Some(Mode::Sentinel) { Err(is_sentinel()) } else { Ok(()) }
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

/// Who watches over Redis, and is asked where the primary is.
pub(super) fn is_sentinel() -> Fault {
    Fault::new(Cause::WrongService, "this is a Redis Sentinel, not Redis itself")
        .next_step("name the port of Redis itself; or set `sentinel` to the name of the primary that it watches")
        .at(Phase::Protocol)
}

impl Setting for Role {
    const SHAPE: Shape = Shape::plain(
        "primary or replica",
        "primary or replica",
        || json!({"enum": ["primary", "replica", "master", "slave"]}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::named(&Value::SimpleString(text.to_owned())))
    }
}

/// The role in the answer to `ROLE`: its first item.
fn role_of(answer: &Value) -> Result<Role, Fault> {
    let name = answer.as_sequence().and_then(|items| items.first());
    if name.and_then(text) == Some("sentinel") {
        return Err(is_sentinel());
    }
    name.and_then(Role::named).ok_or_else(|| refusal::of(answer, "ROLE"))
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
