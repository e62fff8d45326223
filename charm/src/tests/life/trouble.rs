//! What happens to a life beside the hooks: removals by force, actions that are cancelled, agents that restart,
//! commits that are refused, and what others do on the machine.

use super::Life;
use crate::host::Access;
use crate::host::memory::PUBLIC;
use crate::host::memory::agent::record;
use crate::host::memory::steps::Fault;
use crate::host::memory::systemd::Running;
use crate::tests::world::Hook;
use std::path::Path;

impl Life {
    pub(super) fn force_one(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        if let Some(id) = self.dispensable(unit) {
            self.force(unit, &id);
            self.hook(&Hook::new(&name, "update-status"));
        }
    }

    /// `juju remove-relation --force`: no hook tells of it.
    pub(super) fn force(&mut self, unit: usize, id: &str) {
        let name = self.units[unit].name.clone();
        self.units[unit].unmet.remove(id);
        self.trace.push(format!("{name}: {id} is removed by force"));
        self.world.unit(&name).relations.get_mut(id).expect("the relation is there").removed = true;
    }

    /// The agent of the unit restarts: it forgets what is no more.
    pub(super) fn restart(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        self.trace.push(format!("{name}: its agent restarts"));
        self.world.unit(&name).relations.retain(|_, relation| !relation.removed);
        self.hook(&Hook::new(&name, "config-changed"));
    }

    /// A secret gets another value, or is not granted any more.
    pub(super) fn change_secret(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let token = format!("hunter2-of-a-secret-{}", self.random.below(1000) + 1000);
        let secrets = &mut self.world.memory.juju.secrets;
        secrets.clear();
        if !self.random.one_in(3) {
            secrets.insert("secret:known".to_owned(), [("token".to_owned(), token)].into());
        }
        self.trace.push(format!("{name}: the secrets are {:?}", self.world.memory.juju.secrets.len()));
        self.hook(&Hook::new(&name, "secret-changed"));
    }

    /// Others take an address, or leave it; or a service ends.
    pub(super) fn disturb_service(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let address = (*self.random.pick(&["127.0.0.1:9842", "127.0.0.1:9843", "unix:/run/lb.sock"])).to_owned();
        let ends = self.random.one_in(3);
        let services = &mut self.world.memory.services;
        if ends {
            services.running.clear();
        }
        let is_ours = |running: &Running| running.listen == address || running.metrics.as_ref() == Some(&address);
        if !services.taken.remove(&address) && !services.running.values().any(is_ours) {
            services.taken.insert(address);
        }
        self.trace.push(format!("the services end: {ends}; others have {:?}", services.taken));
        self.hook(&Hook::new(&name, "update-status"));
    }

    /// An action, which may be cancelled.
    pub(super) fn act(&mut self, unit: usize) {
        let name = self.units[unit].name.clone();
        let fault = self.random.one_in(2).then(|| (1 + self.random.below(4) as u64, Fault::Killed));
        let done = self.world.act(&name, "run-check", fault);
        self.trace.push(format!("{name}: run-check {fault:?}: {done:?}"));
        assert!(done.is_ok() || self.world.memory.steps.happened(), "{done:?}");
        self.hook(&Hook::new(&name, "update-status"));
    }

    /// Between two hooks of a relation any hook of another kind may come.
    pub(super) fn between(&mut self, name: &str) {
        if self.random.one_in(4) {
            let hook = *self.random.pick(&["update-status", "config-changed", "start"]);
            self.hook(&Hook::new(name, hook));
        }
    }

    /// The controller does not take what the hook has set: the hook has failed.
    pub(super) fn refuse(&mut self, hook: &Hook) {
        self.world.memory.juju.refuses = true;
        if let Err(why) = self.world.attempt(hook, None) {
            self.trace.push(format!("{}: {} fails: {why}", hook.unit, hook.name));
            self.faults += 1;
        }
        self.world.memory.juju.refuses = false;
    }

    /// The disk is full while a hook runs.
    pub(super) fn fill_disk(&mut self, hook: &Hook) {
        self.world.memory.full_disk = true;
        let done = self.world.attempt(hook, None);
        self.world.memory.full_disk = false;
        self.trace.push(format!("{}: {} on a full disk: {done:?}", hook.unit, hook.name));
        self.faults += u64::from(done.is_err());
    }

    /// While a unit is in error the world goes on, and a hook that runs again sees it.
    pub(super) fn meanwhile(&mut self, name: &str) {
        let unit = self.units.iter().position(|unit| unit.name == name).expect("the unit is there");
        match self.random.below(7) {
            // `juju refresh --force-units`: no upgrade-charm follows.
            6 => self.upgrade_files(unit),
            0 => self.outside(),
            1 => self.option(unit),
            2 => drop(self.change_relation_data(unit)),
            _ => {}
        }
    }

    /// Something that no hook follows.
    pub(super) fn outside(&mut self) {
        let path = *self.random.pick(&["/srv/a.yaml", "/srv/b.yaml", "/srv/it's $x!.yaml"]);
        match self.random.below(4) {
            0 => self.world.memory.tree.remove(Path::new(path)),
            1 => {
                let unit = self.random.pick(&self.units).name.replace('/', "-");
                let kept = if self.random.one_in(3) { "no record".to_owned() } else { record("fail", 2) };
                self.world.memory.file(&format!("/var/lib/conn-check/{unit}/record.json"), &kept, PUBLIC);
            }
            _ => {
                let uid = *self.random.pick(&[0, 0, 999]);
                let mode = *self.random.pick(&[0o644, 0o644, 0o640, 0o600]);
                let text = self.checks();
                self.trace.push(format!("{path} is {text:?} {mode:o} of {uid}"));
                self.world.memory.file(path, &text, Access { mode, uid, gid: 0 });
            }
        }
    }
}
