//! The model on which the rehearsal is played, and what the audience sees of it.

use crate::did;
use harness::juju::cli::Release;
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::tree::Tree;
use harness::juju::{Juju, Retry};
use harness::packed;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use tools::page::Page;

/// The unit of the charm, that of the application beside it, and the file that the application writes.
pub(crate) const UNIT: &str = "conn-check/0";
pub(crate) const SERVICE: &str = "my-service/0";
pub(crate) const FILE: &str = "/var/conn-check.yaml";

/// More hooks than follow from anything that is done here.
const LIMIT: usize = 60;

/// What the charm says over each relation.
type Said = BTreeMap<u32, BTreeMap<String, String>>;

/// A model with one machine.
pub(crate) struct Stage<'a> {
    page: &'a Page,
    juju: Juju,
    first: Tree,
    last: Tree,
    said: Said,
    status: String,
    reloads: usize,
    well: bool,
}

impl<'a> Stage<'a> {
    pub(crate) fn set(page: &'a Page, machine: Machine) -> Self {
        let juju = Juju::start(machine);
        let first = tree(&juju);
        let (last, said) = (first.clone(), Said::new());
        Self { page, juju, first, last, said, status: String::new(), reloads: 0, well: true }
    }

    pub(crate) const fn juju(&self) -> &Juju {
        &self.juju
    }

    pub(crate) const fn all_well(&self) -> bool {
        self.well
    }

    /// What an operator types.
    pub(crate) fn operator(&self, commands: &[&str]) {
        let lines = commands.iter().map(|one| format!("  {} {}\n", self.page.dim("$"), self.page.bold(one)));
        Page::lines(&lines.collect::<String>());
    }

    /// The application's file, as its hook writes it.
    pub(crate) fn write_checks(&mut self, text: &str) {
        let machine = self.juju.machine();
        let file = machine.write(FILE, text);
        // Nobody but root can give files away; then everything belongs to who rehearses.
        let _as_it_is = chown(&file, machine.user("conn-check"), machine.group("nagios"));
        if let Err(error) = fs::set_permissions(&file, Permissions::from_mode(0o660)) {
            self.well = self.page.wrong(&error.to_string());
        }
        self.ignore_the_application();
    }

    /// What others have done to the machine is not the charm's doing.
    pub(crate) fn ignore_the_application(&mut self) {
        self.last = tree(&self.juju);
    }

    /// Runs the hooks that follow, and shows each.
    pub(crate) fn hooks(&mut self) {
        let mut lines = String::new();
        for _ in 0..LIMIT {
            let Some((unit, event)) = self.juju.possible().into_iter().next() else { break };
            let run = self.juju.run(&unit, &event);
            if run.end != End::Missing {
                lines += &self.show(&run);
            }
            if !run.end.is_well() {
                self.well = self.page.wrong(&run.story());
                break;
            }
        }
        Page::lines(&lines);
    }

    /// Five minutes later.
    pub(crate) fn update_status(&mut self) {
        let run = self.juju.update_status(UNIT);
        self.well &= run.end.is_well();
        Page::lines(&self.show(&run));
    }

    /// Runs an action, and shows what the client of Juju 3 prints, and how it exits.
    pub(crate) fn action(&mut self, name: &str) {
        let words = ["run", UNIT, name];
        self.operator(&[&format!("juju {}", words.join(" "))]);
        let said = self.juju.cli(Release::V3, &words);
        if said.out.is_empty() {
            self.well = self.page.wrong(&said.err);
        }
        Page::output(&said.out);
        Page::output(&said.err);
        Page::lines(&format!("    {}\n", self.page.dim(&format!("exit status {}", said.code))));
        self.ignore_the_application();
    }

    /// A hook with everything that it did.
    fn show(&mut self, run: &HookRun) -> String {
        let now = tree(&self.juju);
        let changes = self.last.changes(&now);
        let mut lines = did::files(self.page, self.juju.machine(), &changes, &now);
        lines += &did::relations(self.page, &self.news());
        lines += &did::services(self.page, &self.news_of_services());
        lines += &did::log(self.page, run);
        let status = self.juju.look(|model| model.units.get(&run.unit).map(|unit| unit.status.clone()));
        if let Some((kind, text)) = status.filter(|(kind, text)| format!("{kind}: {text}") != self.status) {
            self.status = format!("{kind}: {text}");
            lines += &did::line(self.page, "status", &format!("{}: {text}", self.page.bold(&kind)));
        }
        self.last = now;
        did::title(self.page, run, lines.is_empty()) + &lines
    }

    /// What the charm says now, and has not said before.
    fn news(&mut self) -> Vec<(String, String, String)> {
        let ids = self.juju.look(|model| {
            let known = model.units.contains_key(UNIT);
            let ids = model.relations.keys().filter(|_| known).map(|id| (*id, model.relation_id(UNIT, *id)));
            ids.collect::<Vec<_>>()
        });
        let mut news = Vec::new();
        for (id, name) in ids {
            let data = self.juju.data(UNIT, id);
            let before = self.said.insert(id, data.clone()).unwrap_or_default();
            let keys = data.keys().chain(before.keys()).collect::<std::collections::BTreeSet<_>>();
            let value = |key: &String| data.get(key).cloned().unwrap_or_default();
            let changed = keys.into_iter().filter(|key| data.get(*key) != before.get(*key));
            news.extend(changed.map(|key| (name.clone(), key.clone(), value(key))));
        }
        news
    }

    fn news_of_services(&mut self) -> Vec<String> {
        let calls = self.juju.services(|services| services.calls.clone());
        let news = calls[self.reloads..].iter().map(|call| call.join(" ")).collect();
        self.reloads = calls.len();
        news
    }

    /// Whether anything of the charm is still there.
    pub(crate) fn look_back(&mut self) {
        let _none_left = self.juju.settle_with(Retry::Later, &mut |_| 0);
        let left = packed::leftovers(&self.first, &tree(&self.juju));
        if left.is_empty() {
            Page::text("Nothing of the charm is left on the machine but the group nagios, which may be nrpe's.");
        } else {
            self.well = self.page.wrong(&format!("left on the machine: {left:?}"));
        }
    }
}

fn tree(juju: &Juju) -> Tree {
    Tree::of(&juju.machine().root(), &packed::LEAVE_OUT)
}
