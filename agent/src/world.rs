//! What the checks of a run share.

use crate::net::{Resolver, Trust};
use std::time::Duration;
use tokio::time::Instant;

/// What the checks of a run share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) began: Instant,
    /// When the work has to stop, so that everything is printed by `--max-timeout`.
    pub(crate) deadline: Option<Instant>,
    pub(crate) resolver: Resolver,
    pub(crate) trust: Trust,
}

impl World {
    /// The world of a run that begins now.
    pub(crate) fn new(max_timeout: Option<Duration>, resolver: Resolver, trust: Trust) -> Self {
        let began = Instant::now();
        Self { began, deadline: max_timeout.map(|most| began + most - margin(most)), resolver, trust }
    }
}

/// What is kept of `--max-timeout` for printing: half a second, or 5 % if that is less.
fn margin(most: Duration) -> Duration {
    (most / 20).min(Duration::from_millis(500))
}
