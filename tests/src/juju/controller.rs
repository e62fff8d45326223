//! The agent and the controller: what they keep, and how a test looks at it.

use super::context::Context;
use super::machine::Machine;
use super::model::Model;
use super::services::Services;
use super::socket;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the agent's threads share.
pub(super) type Shared = Arc<Mutex<State>>;

/// Everything that changes.
pub(super) struct State {
    pub(super) model: Model,
    pub(super) contexts: BTreeMap<String, Context>,
    pub(super) services: Services,
    pub(super) machine: Arc<Machine>,
    pub(super) wrapper: Vec<OsString>,
    pub(super) next_context: u32,
    /// So many of the next commits are refused.
    pub(super) refused_commits: usize,
    /// What came of the actions that an operator has left alone, as `juju show-task` shows it.
    pub(super) tasks: BTreeMap<u32, serde_json::Value>,
    /// What the controller says in the place of a resource.
    pub(super) undeliverable: Option<String>,
    /// No hook will come any more.
    pub(super) ended: bool,
}

pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happens to a failed hook before [`Juju::settle`] returns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// It waits for the next call.
    Later,
    /// It is tried again, this often.
    Times(usize),
}

/// A model with one machine.
pub struct Juju {
    pub(super) shared: Shared,
    pub(super) machine: Arc<Machine>,
}

/// The model and the machine's files at one moment.
#[derive(Debug)]
pub struct Snapshot {
    model: Model,
    files: PathBuf,
}

impl Juju {
    /// A model in which nothing is deployed.
    #[must_use]
    pub fn start(machine: Machine) -> Self {
        let machine = Arc::new(machine);
        let state = State {
            model: Model::default(),
            contexts: BTreeMap::new(),
            services: Services::default(),
            machine: Arc::clone(&machine),
            wrapper: Vec::new(),
            next_context: 0,
            refused_commits: 0,
            tasks: BTreeMap::new(),
            undeliverable: None,
            ended: false,
        };
        let shared = Arc::new(Mutex::new(state));
        socket::serve(&machine.socket(), Arc::clone(&shared));
        Self { shared, machine }
    }

    /// The machine.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Looks at the model.
    pub fn look<T>(&self, at: impl FnOnce(&Model) -> T) -> T {
        at(&lock(&self.shared).model)
    }

    /// Looks at, or changes, the init system.
    pub fn services<T>(&self, with: impl FnOnce(&mut Services) -> T) -> T {
        with(&mut lock(&self.shared).services)
    }

    /// What is to happen when the charm reloads or restarts a service.
    pub fn on_reload(&self, reaction: impl FnMut() + Send + 'static) {
        lock(&self.shared).services.reaction = Some(Box::new(reaction));
    }

    /// Runs the next hooks and actions through a program, `strace` for one; an empty list ends that.
    pub fn through(&self, wrapper: &[&str]) {
        lock(&self.shared).wrapper = wrapper.iter().map(OsString::from).collect();
    }

    pub(super) fn change<T>(&self, with: impl FnOnce(&mut Model) -> T) -> T {
        with(&mut lock(&self.shared).model)
    }

    /// Keeps all there is.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { model: self.look(Clone::clone), files: self.machine.copy() }
    }

    /// Goes back to what was kept.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.machine.become_copy(&snapshot.files);
        self.change(|model| model.clone_from(&snapshot.model));
    }
}

impl Drop for Juju {
    /// The thread that answers hook tools ends, and with it goes the machine.
    fn drop(&mut self) {
        lock(&self.shared).ended = true;
        socket::wake(&self.machine.socket());
    }
}
