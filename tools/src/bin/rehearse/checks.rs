//! What is checked: a person's own file, or two services on loopback.

use harness::peers::{Manner, Peer};
use harness::ports::{self, Port};
use std::fs;

/// A file of checks, and what it checks as far as that is ours.
pub(crate) struct Checks {
    pub(crate) file: String,
    services: Option<Services>,
}

struct Services {
    _database: Peer,
    cache: Option<Peer>,
    _cache_port: Port,
}

impl Checks {
    /// Two services that listen, and a third that only people check.
    pub(crate) fn of_a_small_world() -> Self {
        let (database, port) = (Peer::start(Manner::Silent), ports::free());
        let cache = Peer::start_at(port.address(), Manner::Silent);
        let file = FILE.replace("{database}", &database.port().to_string());
        let file = file.replace("{cache}", &port.number().to_string());
        Self { file, services: Some(Services { _database: database, cache: Some(cache), _cache_port: port }) }
    }

    pub(crate) fn of_a_file(path: &str) -> Result<Self, String> {
        let file = fs::read_to_string(path).map_err(|error| format!("--config {path}: {error}"))?;
        Ok(Self { file, services: None })
    }

    /// Stops a service of ours; what happened.
    pub(crate) fn break_one(&mut self) -> Option<String> {
        self.services.as_mut()?.cache.take()?;
        Some(
            "The session cache was stopped. Five minutes later Nagios asks; the action asks in the same way."
                .to_owned(),
        )
    }
}

const FILE: &str = "\
- type: tcp
  name: orders database
  host: 127.0.0.1
  port: {database}

- type: tcp
  name: session cache
  host: 127.0.0.1
  port: {cache}

- type: tcp
  name: nightly batch       # for people only: Nagios leaves it out
  host: 127.0.0.1
  port: {database}
  tags: [no-nagios]
";
