//! What the checks of a run share.

use crate::host;
use crate::net::host::{Inquiries, Ways};
use crate::net::{ProxyVariables, Resolver, Trust};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::watch::Sender;
use tokio::time::Instant;

/// What the checks of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) began: Instant,
    /// When the work has to stop, so that everything is printed by `--max-timeout`.
    pub(crate) deadline: Option<Instant>,
    /// Whether the run was ended from outside.
    pub(crate) stopped: Sender<bool>,
    pub(crate) resolver: Resolver,
    pub(crate) trust: Trust,
    /// Those of the service, where the run is made as one.
    pub(crate) proxies: Option<ProxyVariables>,
    /// So few checks are made that what one of them waits, all wait.
    pub(crate) is_small: bool,
    /// Why connections of the run failed.
    pub(crate) inquiries: Inquiries,
    /// By which way this host sends to the addresses that connections led to, where that is noted.
    pub(crate) ways: Option<Ways>,
    /// The name of this host, looked up when it is needed first.
    pub(crate) host_name: LazyLock<String>,
}

impl Shared {
    /// What is shared in a run that begins now.
    pub(crate) fn new(max_timeout: Option<Duration>, resolver: Resolver, trust: Trust) -> Self {
        let began = Instant::now();
        let deadline = max_timeout.map(|most| began + most - margin(most));
        let inquiries = Inquiries::default();
        let (stopped, proxies, host_name) = (Sender::new(false), None, LazyLock::new(host::name as fn() -> String));
        Self { began, deadline, stopped, resolver, trust, proxies, is_small: false, inquiries, ways: None, host_name }
    }

    /// Of a run as a service: with its proxies.
    pub(crate) fn of_service(self, proxies: Option<ProxyVariables>) -> Self {
        Self { proxies, ..self }
    }

    /// Of a run of so many checks.
    pub(crate) fn of_checks(self, count: usize) -> Self {
        Self { is_small: count <= FEW, ..self }
    }

    /// When the work has to stop, from the start of the run.
    pub(crate) fn end(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline - self.began)
    }
}

/// Beyond that the checks do not wait one for the other any more, but for a turn.
const FEW: usize = 16;

/// What is kept of `--max-timeout` for printing: half a second, or 5 % if that is less.
fn margin(most: Duration) -> Duration {
    (most / 20).min(Duration::from_millis(500))
}
