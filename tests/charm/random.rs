//! Random lives through the real programs. The library itself lives thousands of them in memory.

use crate::actions::processes;
use crate::kills::NEED_ROOM;
use crate::site::{FILE, SERVICE, UNIT, nothing_is_left, status, tree, well, writes_nothing_more};
use crate::upgrade::bad_charm;
use harness::juju::charm::Charm;
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::{Juju, Retry};
use harness::packed::{self, NEXT_VERSION, VERSION};
use harness::random::{self, Random};
use harness::scratch::Scratch;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many lives, unless `CONN_CHECK_LIVES` says another number: 300 take five minutes.
const LIVES: usize = 100;

/// So many things an operator does in one life.
const DEEDS: usize = 9;

/// A model, and what its status has to say.
struct Life {
    juju: Juju,
    chance: Random,
    relation: Option<u32>,
    general: Option<u32>,
    nrpe: Option<u32>,
    said: BTreeMap<&'static str, String>,
    option: Option<usize>,
    revision: Option<String>,
    release: Release,
    /// Whether an action was begun.
    has_acted: bool,
    bad: Charm,
    // Of the bad charm.
    _scratch: Scratch,
}

/// What the charm holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Release {
    This,
    Next,
    /// The next one, with some other program in the agent's place.
    Bad,
}

fn checks(count: usize) -> String {
    "- {type: tcp, host: 127.0.0.1, port: 9}\n".repeat(count)
}

impl Life {
    fn new(seed: u64) -> Self {
        let juju = Juju::start(Machine::in_scratch());
        juju.add_unit("my-service");
        juju.add_subordinate("nrpe", SERVICE);
        juju.deploy("conn-check", &packed::charm());
        let scratch = Scratch::new();
        let mut life = Self {
            juju,
            chance: Random::new(seed),
            relation: None,
            general: None,
            nrpe: None,
            said: BTreeMap::new(),
            option: None,
            revision: None,
            release: Release::This,
            has_acted: false,
            bad: bad_charm(&scratch),
            _scratch: scratch,
        };
        if life.chance.below(2) == 0 {
            life.juju.machine().install_nrpe();
        }
        life
    }

    /// One thing that an operator, or an application, does; hooks may be at work meanwhile.
    fn act(&mut self) {
        match self.chance.below(16) {
            0 | 1 => self.toggle_relation(),
            2 => self.toggle_general(),
            3 => self.toggle_nrpe(),
            4 | 5 => self.say(),
            6 => {
                self.option = [None, Some(1), Some(4)][self.chance.below(3)];
                let value = self.option.map_or(Value::Null, |count| json!(checks(count)));
                self.juju.configure("conn-check", "config", value);
            }
            7 => {
                let known = [None, Some(VERSION.to_owned()), Some("108".to_owned())];
                self.revision.clone_from(&known[self.chance.below(3)]);
                self.juju.configure("conn-check", "revision", self.revision.clone().map_or(Value::Null, Value::from));
            }
            8 => {
                self.release = [Release::This, Release::Next, Release::Bad][self.chance.below(3)];
                let charm = match self.release {
                    Release::This => packed::charm(),
                    Release::Next => packed::next_charm(),
                    Release::Bad => self.bad.clone(),
                };
                if self.chance.below(2) == 0 {
                    self.juju.upgrade("conn-check", &charm);
                } else {
                    self.juju.upgrade_by_force("conn-check", &charm);
                }
            }
            9 => self.juju.reboot(),
            10 => self.juju.machine().install_nrpe(),
            11 => self.force(),
            12 => self.unit().into_iter().for_each(|unit| self.juju.restart_agent(&unit)),
            13 => self.juju.refuse_commits(1),
            14 => self.cancel(),
            _ => {
                let file = ["", "- {type: tcp, hots: x}\n", "- {type: tcp, host: 127.0.0.1, port: 9}\n"];
                if self.juju.machine().user("conn-check").is_some() {
                    crate::site::give_to_us(&self.juju, FILE, file[self.chance.below(3)]);
                }
            }
        }
    }

    fn toggle_relation(&mut self) {
        match self.relation.take() {
            Some(relation) => {
                self.juju.unrelate(relation);
                self.said.clear();
            }
            None => self.relation = Some(self.juju.relate("conn-check:conn-check", "my-service:conn-check")),
        }
    }

    fn toggle_general(&mut self) {
        match self.general.take() {
            Some(relation) => self.juju.unrelate(relation),
            None => self.general = Some(self.juju.relate("conn-check:general-info", "my-service:juju-info")),
        }
    }

    fn toggle_nrpe(&mut self) {
        match self.nrpe.take() {
            Some(relation) => self.juju.unrelate(relation),
            None => {
                let relation = self.juju.relate("conn-check:nrpe-external-master", "nrpe:nrpe-external-master");
                self.juju.set("nrpe/0", relation, &[("nagios_hostname", "host")]);
                self.nrpe = Some(relation);
            }
        }
    }

    /// A relation is removed by force that is not the last one to the principal: no hook tells of it.
    fn force(&mut self) {
        if let Some(relation) = self.nrpe.take() {
            self.juju.unrelate_by_force(relation);
        } else if let (Some(_), Some(relation)) = (self.general, self.relation) {
            self.juju.unrelate_by_force(relation);
            self.relation = None;
            self.said.clear();
        }
    }

    /// An action that is cancelled soon after it has begun, or has ended by then: nothing of it goes on.
    fn cancel(&mut self) {
        let started = |unit: &String| self.juju.machine().charm(unit).join("actions/run-check").exists();
        let Some(unit) = self.unit().filter(started) else { return };
        self.has_acted = true;
        let (began, delay) = (Instant::now(), Duration::from_millis(self.chance.below(30) as u64));
        let run = self.juju.cancelled(&unit, "run-check", &json!({}), || began.elapsed() >= delay).expect("an action");
        match (run.status, run.code) {
            ("aborted", -1) => assert_eq!(run.message, "terminated"),
            ("completed", 0) => assert_eq!(run.results["status"], "ok"),
            // Nothing is listening where the checks look, or there are none.
            ("failed", 2 | 3) => assert!(run.results["summary"].is_string(), "{run:?}"),
            _ => panic!("{run:?}"),
        }
        let left = || ["--record", "actions/run-check"].map(|word| processes(&self.juju, word)).concat();
        harness::wait::until("what the action has started to end", || left().is_empty());
    }

    fn unit(&self) -> Option<String> {
        self.juju.look(|model| model.units.keys().find(|name| name.starts_with("conn-check/")).cloned())
    }

    fn say(&mut self) {
        let Some(relation) = self.relation else { return };
        let key = ["config_path", "config", "config-path"][self.chance.below(3)];
        let value = match (self.chance.below(3), key) {
            (0, _) => String::new(),
            (1, "config") => checks(2),
            (_, "config") => "- {type: tcp, hots: x}\n".to_owned(),
            _ => FILE.to_owned(),
        };
        self.juju.set(SERVICE, relation, &[(key, &value)]);
        self.said.insert(key, value);
    }

    /// Some hooks run, in any order that Juju might choose; some of them are killed and run again.
    fn go_on(&mut self) {
        for _ in 0..self.chance.below(6) {
            let possible = self.juju.possible();
            let Some((unit, event)) = possible.get(self.chance.below(possible.len())).cloned() else { return };
            let harm = self.chance.below(12);
            if harm < 2 {
                let place = 1 + self.chance.below(60);
                // From there on, there is no room.
                let inject = match harm {
                    0 => format!("inject=file,desc,write:signal=SIGKILL:when={place}"),
                    _ => format!("inject={NEED_ROOM}:error=ENOSPC:when={place}+"),
                };
                self.juju.through(&["/usr/bin/strace", "-qqq", "-o", "/dev/null", "-e", &inject]);
                self.juju.run(&unit, &event);
                self.juju.through(&[]);
            } else {
                well_or_refused(&self.juju.run(&unit, &event));
            }
        }
    }

    /// All hooks run. Then the status is true, and no further hook has anything to do.
    fn rest(&mut self) {
        let chance = &mut self.chance;
        let runs = self.juju.settle_with(Retry::Times(1), &mut |count| chance.below(count));
        runs.iter().for_each(well_or_refused);
        let units = self.juju.look(|model| model.units.keys().filter(|name| name.starts_with("conn-check/")).count());
        assert_eq!(units > 0, self.relation.is_some() || self.general.is_some());
        let Some(unit) = self.unit() else { return };
        // A file changes without anybody telling us.
        well(&self.juju.update_status(&unit));
        let status = status(&self.juju, &unit);
        let (kind, part) = self.truth();
        assert!(status.starts_with(kind) && status.contains(&part), "{kind}: {part} wanted: {status}");
        // Without an agent, a unit tries the charm's again with every change, which leaves nothing behind.
        let link = self.juju.machine().at("/usr/local/lib/conn-check/units").join(unit.replace('/', "-"));
        if link.exists() {
            writes_nothing_more(&self.juju, &unit);
        }
    }

    /// What the status has to be and to name, told from what was done.
    fn truth(&self) -> (&'static str, String) {
        if let Some(wanted) = self.revision.as_deref().filter(|wanted| !self.is_available(wanted)) {
            return ("blocked", format!("revision {wanted} is not available"));
        }
        // Who has pinned another version knows.
        if self.release == Release::Bad && self.revision.is_none() {
            return ("blocked", format!("conn-check {NEXT_VERSION} of the charm does not run on this machine"));
        }
        let said = |key: &str| self.said.get(key).filter(|value| !value.is_empty());
        let by_path = said("config_path").is_some() || said("config").is_none() && said("config-path").is_some();
        if by_path {
            return self.truth_of_the_file();
        }
        match (said("config"), self.option) {
            (Some(text), _) if text.contains("hots") => ("blocked", "config of conn-check:".to_owned()),
            (Some(_), _) => ("active", self.truth_of_checks(2)),
            (None, Some(count)) => ("active", self.truth_of_checks(count)),
            (None, None) => ("waiting", "no checks yet".to_owned()),
        }
    }

    /// So many checks, and what an action found that came to its end before it was cancelled, or nearly.
    fn truth_of_checks(&self, count: usize) -> String {
        let counted = |count: usize| if count == 1 { "1 check".to_owned() } else { format!("{count} checks") };
        let record = self.juju.machine().at("/var/lib/conn-check/conn-check-0/record.json");
        let Ok(record) = std::fs::read(record) else { return format!("{}, not run yet", counted(count)) };
        assert!(self.has_acted, "there is a record of nothing");
        let record: Value = serde_json::from_slice(&record).expect("a record");
        let (started, ran) = (record["started"].as_str().unwrap_or_default(), record["checks"].as_array());
        let (day, time) = started.split_once('T').unwrap_or_else(|| panic!("{record}"));
        let ran = ran.map_or(0, Vec::len);
        // The file has changed since.
        let of = if ran == count || ran == 0 { String::new() } else { format!(" of {}", counted(ran)) };
        let found = if ran == 0 { String::new() } else { format!(": {ran} failed, first tcp 127.0.0.1:9") };
        format!("{}, last run {day} {}Z{of}{found}", counted(count), &time[..5])
    }

    /// In the charm, or installed since it was.
    fn is_available(&self, version: &str) -> bool {
        // A directory alone is none: Juju may leave one of the former charm's.
        let installed = format!("/usr/local/lib/conn-check/versions/{version}/conn-check");
        (version == VERSION && self.release == Release::This) || self.juju.machine().at(&installed).is_file()
    }

    fn truth_of_the_file(&self) -> (&'static str, String) {
        if !self.juju.machine().at(FILE).exists() {
            return ("waiting", format!("{FILE} does not exist"));
        }
        match self.juju.machine().read(FILE).as_str() {
            "- {type: tcp, host: 127.0.0.1, port: 9}\n" => ("active", self.truth_of_checks(1)),
            _ => ("blocked", FILE.to_owned()),
        }
    }
}

/// A hook may have failed because the controller did not take what it had set, and for nothing else.
fn well_or_refused(run: &HookRun) {
    if run.end != End::Refused {
        well(run);
    }
}

fn live(seed: u64) {
    let mut life = Life::new(seed);
    let before = tree(&life.juju);
    for _ in 0..DEEDS {
        life.act();
        life.go_on();
    }
    life.rest();
    life.juju.remove("my-service");
    life.rest_in_peace();
    nothing_is_left(&life.juju, &before);
}

impl Life {
    fn rest_in_peace(&mut self) {
        let chance = &mut self.chance;
        self.juju.settle_with(Retry::Times(1), &mut |count| chance.below(count)).iter().for_each(well_or_refused);
        assert!(self.juju.look(|model| model.units.keys().all(|unit| *unit != UNIT)), "the unit is gone");
    }
}

/// Half of the lives; the two halves run side by side.
fn lives(part: u64) {
    let count = random::count("CONN_CHECK_LIVES", LIVES);
    for seed in (0..count as u64).filter(|seed| seed % 2 == part) {
        let lived = std::panic::catch_unwind(|| live(seed));
        assert!(lived.is_ok(), "the life of seed {seed} went wrong");
    }
}

#[test]
fn random_lives_end_well_and_leave_nothing() {
    lives(0);
}

#[test]
fn other_random_lives_end_well_and_leave_nothing() {
    lives(1);
}
