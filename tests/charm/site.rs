//! What every scenario begins with: the packed charm beside a principal.

use harness::juju::Juju;
use harness::juju::hook::{Call, End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::tree::Tree;
use harness::packed;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

/// The unit of the charm, and that of the application beside it.
pub(crate) const UNIT: &str = "conn-check/0";
pub(crate) const SERVICE: &str = "my-service/0";

/// The file of checks that the application writes.
pub(crate) const FILE: &str = "/var/conn-check.yaml";

/// A model with the charm related to one application.
pub(crate) struct Site {
    pub(crate) juju: Juju,
    pub(crate) relation: u32,
    /// What was there before the charm.
    pub(crate) before: Tree,
}

impl Site {
    /// Settled, with no checks yet.
    pub(crate) fn start(machine: Machine) -> Self {
        let site = Self::unsettled(machine);
        site.settle();
        site
    }

    /// Before the first hook.
    pub(crate) fn unsettled(machine: Machine) -> Self {
        let juju = Juju::start(machine);
        let before = tree(&juju);
        assert_eq!(juju.add_unit("my-service"), SERVICE);
        juju.deploy("conn-check", &packed::charm());
        let relation = juju.relate("conn-check:conn-check", "my-service:conn-check");
        Self { juju, relation, before }
    }

    /// With nrpe installed on the machine and related; its relation.
    pub(crate) fn with_nrpe(&self) -> u32 {
        self.juju.machine().install_nrpe();
        self.juju.add_subordinate("nrpe", SERVICE);
        self.relate_nrpe()
    }

    pub(crate) fn relate_nrpe(&self) -> u32 {
        let relation = self.juju.relate("conn-check:nrpe-external-master", "nrpe:nrpe-external-master");
        self.juju.set("nrpe/0", relation, &[("nagios_hostname", "juju-my-service-0")]);
        relation
    }

    /// Runs all hooks that follow, each of which has to end well.
    pub(crate) fn settle(&self) -> Vec<HookRun> {
        let runs = self.juju.settle();
        runs.iter().for_each(well);
        runs
    }

    /// The application writes its file of checks as the tutorial says, and tells where it is.
    pub(crate) fn check(&self, yaml: &str) -> Vec<HookRun> {
        self.write(yaml);
        self.juju.set(SERVICE, self.relation, &[("config_path", FILE)]);
        self.settle()
    }

    /// The application writes its file of checks.
    pub(crate) fn write(&self, yaml: &str) {
        give_to_us(&self.juju, FILE, yaml);
    }

    /// `KIND: TEXT`, as `juju status` shows it.
    pub(crate) fn status(&self) -> String {
        status(&self.juju, UNIT)
    }

    /// Updates the status, as Juju does every five minutes.
    pub(crate) fn updated_status(&self) -> String {
        well(&self.juju.update_status(UNIT));
        self.status()
    }
}

/// Writes a file of the machine, for conn-check and nagios to read, and for nobody else.
pub(crate) fn give_to_us(juju: &Juju, path: &str, text: &str) {
    let machine = juju.machine();
    let file = machine.write(path, text);
    chown(&file, machine.user("conn-check"), machine.group("nagios")).expect("root runs this test");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o660)).expect("its mode");
}

pub(crate) fn status(juju: &Juju, unit: &str) -> String {
    juju.look(|model| {
        let (kind, text) = &model.unit(unit).status;
        format!("{kind}: {text}")
    })
}

/// All files of the machine but Juju's.
pub(crate) fn tree(juju: &Juju) -> Tree {
    Tree::of(&juju.machine().root(), &packed::LEAVE_OUT)
}

/// A hook ended well, complained of nothing, and called every tool as Juju wants it.
pub(crate) fn well(run: &HookRun) {
    assert!(run.end.is_well() && run.err.is_empty(), "{}", run.story());
    let misused = run.calls.iter().any(|call| call.code == 2);
    assert!(!misused, "{}", run.story());
    let loud = run.log.iter().filter(|line| line.text.starts_with(&run.hook)).count();
    assert!(loud <= 1, "one line of the log for a hook that changed something: {}", run.story());
}

/// Once more, each hook finds nothing to do: it writes no file, says nothing over a relation, reloads nothing.
pub(crate) fn writes_nothing_more(juju: &Juju, unit: &str) {
    use harness::juju::event::Event;
    for event in [Event::ConfigChanged, Event::UpdateStatus, Event::UpgradeCharm] {
        let before = tree(juju);
        let status = status(juju, unit);
        let run = juju.run(unit, &event);
        well(&run);
        assert_eq!(before.touched(&tree(juju)), Vec::<&Path>::new(), "{}", run.story());
        let writes = ["relation-set", "state-set", "juju-log", "systemctl", "service"];
        let asks = |call: &Call| call.arguments.first().is_some_and(|word| word == "is-active");
        assert!(run.calls.iter().all(|call| !writes.contains(&call.tool.as_str()) || asks(call)), "{}", run.story());
        assert_eq!(self::status(juju, unit), status);
    }
    // An upgrade is followed by this.
    juju.settle().iter().for_each(well);
}

/// Nothing of ours is left. The group nagios may be nrpe's, and stays.
pub(crate) fn nothing_is_left(juju: &Juju, before: &Tree) {
    assert_eq!(packed::leftovers(before, &tree(juju)), [""; 0].map(PathBuf::from));
    assert_eq!(juju.machine().user("conn-check"), None);
}

/// Names of the hooks that were run.
pub(crate) fn names(runs: &[HookRun]) -> Vec<&str> {
    runs.iter().filter(|run| run.end != End::Missing).map(|run| run.hook.as_str()).collect()
}
