//! How a plan is run, and on what.

use crate::comparison::Comparison;
use crate::host;
use crate::memory::Recall;
use crate::net::host::Ways;
use crate::net::{Family, ProxyVariables, Resolver, Trust};
use crate::plan::Plan;
use crate::queue::Queue;
use crate::select::Selection;
use crate::shared::Shared;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--max-timeout`: everything is decided before this is over.
    pub max_timeout: Option<Duration>,
    /// So many checks at once.
    pub concurrency: usize,
    /// So many checks of one host at once.
    pub per_host: Option<usize>,
    /// `-4`, `-6`.
    pub family: Family,
    /// `--tls-certs-path`.
    pub certs_path: PathBuf,
    /// So many name look-ups at once.
    pub lookups: usize,
    /// The proxies of the service, where the run is made as one (`--as`).
    pub proxies: Option<ProxyVariables>,
    /// The run before, which this one is held against.
    pub comparison: Option<Arc<Comparison>>,
    /// What is remembered of the checks, which those that fail are held against.
    pub recall: Option<Arc<Recall>>,
    /// Facts for who wants to know later what changed: the addresses of names, resolvers, by which way connections go.
    pub surroundings: bool,
    /// `--all-parts`: the parts of a check are run also when it passes.
    pub all_parts: bool,
}

impl Options {
    /// As many checks and look-ups at once as this host safely carries; no other limits.
    #[must_use]
    pub fn of_host() -> Self {
        let descriptors = host::descriptors();
        Self {
            max_timeout: None,
            concurrency: host::slots(descriptors),
            per_host: None,
            family: Family::Any,
            certs_path: PathBuf::from(host::CA_PATH),
            lookups: host::lookups(descriptors),
            proxies: None,
            comparison: None,
            recall: None,
            surroundings: false,
            all_parts: false,
        }
    }

    /// What [`run`](super::run) is run on: one thread, one for each look-up that the system's
    /// resolver holds up, and two that must not wait behind those: one to load the trusted certificates, and one to find
    /// what is remembered.
    ///
    /// # Errors
    /// The system has no descriptor or thread left.
    pub fn runtime(&self) -> io::Result<Runtime> {
        Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(self.lookups + 2).build()
    }

    /// What the checks of a run that begins now share.
    pub(super) fn shared(&self) -> Shared {
        let resolver = Resolver::new(self.family, self.lookups);
        let shared = Shared::new(self.max_timeout, resolver, Trust::new(self.certs_path.clone()));
        Shared { ways: self.surroundings.then(Ways::default), ..shared.of_service(self.proxies.clone()) }
    }

    /// The checks that wait for their turn.
    pub(super) fn queue(&self, plan: &Plan, selection: &Selection, shared: &Shared) -> Queue {
        let all = Queue::new(selection.entries());
        let limited = match self.per_host {
            Some(most) => all.limited(most, plan, &shared.resolver.resolv_conf().servers),
            None => all,
        };
        limited.sparing_this_host(plan).chained(plan, |entry| selection.whole_of(entry).is_some())
    }
}
