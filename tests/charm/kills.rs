//! A hook that is killed before any of its system calls that write, or for which the disk is full from there on,
//! and is run again by Juju, leads to where it would have led otherwise.

use crate::site::{FILE, SERVICE, Site, UNIT, give_to_us, tree, well};
use crate::upgrade::bad_charm;
use harness::juju::Juju;
use harness::juju::charm::Charm;
use harness::juju::event::{Event, Moment};
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::tree::Tree;
use harness::packed;
use harness::scratch::Scratch;
use std::fs;
use std::process::Command;

/// Every system call that changes a file, a directory, or what another process knows.
const WRITES: &str = "write,writev,pwrite64,sendto,sendmsg,sendfile,copy_file_range,splice,ftruncate,fallocate,fsync,\
     fdatasync,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,\
     fchmod,fchmodat,chown,fchown,lchown,fchownat,creat,clone,clone3,vfork,fork";

/// Those for which a disk has to have room.
pub(crate) const NEED_ROOM: &str = "write,writev,pwrite64,sendfile,copy_file_range,fallocate,fsync,rename,renameat,renameat2,link,linkat,\
     symlink,symlinkat,mkdir,mkdirat,creat";

const SIGKILL: i32 = 9;

/// What happens to a hook.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// It is killed at a call.
    Kill,
    /// From a call on, there is no room.
    FullDisk,
}

impl Harm {
    /// The calls that count.
    const fn calls(self) -> &'static str {
        match self {
            Self::Kill => WRITES,
            Self::FullDisk => NEED_ROOM,
        }
    }

    /// What strace(1) has to do at this place of these calls. It counts each kind of call for itself.
    fn injections(self, calls: &[String], place: usize) -> Vec<String> {
        let before = |name: &str| calls[..place].iter().filter(|call| *call == name).count();
        match self {
            Self::Kill => vec![format!("inject={}:signal=SIGKILL:when={}", calls[place], before(&calls[place]) + 1)],
            Self::FullDisk => {
                let names = NEED_ROOM.split(',');
                names.map(|name| format!("inject={name}:error=ENOSPC:when={}+", before(name) + 1)).collect()
            }
        }
    }

    /// Whether a hook may end like this. What goes needs no room.
    fn allows(self, event: &Event, end: End) -> bool {
        let goes = matches!(event, Event::Stop | Event::Remove | Event::Relation { moment: Moment::Broken, .. });
        match self {
            Self::Kill => end == End::Killed(SIGKILL),
            Self::FullDisk if goes => end == End::Exited(0),
            // Before that a relation's data change; of what is written then, some is there already.
            Self::FullDisk if matches!(event, Event::Relation { .. }) => matches!(end, End::Exited(0 | 1)),
            Self::FullDisk => end == End::Exited(1),
        }
    }
}

/// Runs a hook under strace; which of these calls it made.
fn traced(juju: &Juju, (unit, event): (&str, &Event), calls: &str, injections: &[String]) -> (HookRun, Vec<String>) {
    let scratch = Scratch::new();
    let (log, calls) = (scratch.path().join("calls"), format!("trace={calls}"));
    let file = log.display().to_string();
    let mut words = vec!["/usr/bin/strace", "-qqq", "--signal=none", "-o", &file, "-e", &calls];
    words.extend(injections.iter().flat_map(|injection| ["-e", injection]));
    juju.through(&words);
    let run = juju.run(unit, event);
    juju.through(&[]);
    // The charm does not have every hook.
    let log = if run.end == End::Missing { String::new() } else { fs::read_to_string(&log).expect("the calls") };
    (run, log.lines().filter_map(|line| line.split_once('(')).map(|(name, _)| name.to_owned()).collect())
}

/// What a hook has to lead to: the files, the status, what is said over relations.
struct State {
    files: Tree,
    model: String,
}

fn state(juju: &Juju) -> State {
    let model = juju.look(|model| {
        let units = model.units.iter().map(|(name, unit)| format!("{name} {:?}\n", unit.status));
        let data = model.relations.iter().map(|(id, relation)| {
            let bags = relation.units.iter().map(|(unit, bag)| format!("{id} {unit} {:?}\n", bag.values));
            bags.collect::<String>()
        });
        let versions = model.applications.iter().map(|(name, one)| format!("{name} {}\n", one.version));
        units.chain(data).chain(versions).collect()
    });
    State { files: tree(juju), model }
}

/// Kills the next hooks at every place, and goes on as if nothing had been; how often they were killed.
fn torment(site: &Site) -> usize {
    torment_by(site, Harm::Kill, None)
}

/// At every place of so many an operator also changes his mind.
const EVERY: usize = 3;

fn torment_by(site: &Site, harm: Harm, instead: Option<&Charm>) -> usize {
    let mut harmed = 0;
    while let Some((unit, event)) = site.juju.possible().into_iter().next() {
        let before = site.juju.snapshot();
        let (reloads, watched) = (reloads(&site.juju), nrpe_runs(&site.juju).is_some());
        let (run, calls) = traced(&site.juju, (&unit, &event), harm.calls(), &[]);
        well(&run);
        let stays = watched && nrpe_runs(&site.juju).is_some();
        let reloaded = self::reloads(&site.juju) > reloads;
        let (after, expected) = (site.juju.snapshot(), state(&site.juju));
        for place in 0..calls.len() {
            site.juju.restore(&before);
            do_harm(&site.juju, (&unit, &event), (harm, &calls, place), &expected, (reloaded, stays));
            if let Some(instead) = instead.filter(|_| place % EVERY == 0) {
                site.juju.restore(&before);
                change_mind(site, (&unit, &event), (harm, &calls, place), instead);
            }
        }
        harmed += calls.len();
        site.juju.restore(&after);
    }
    harmed
}

/// Harms the hook at one of its calls, and runs it again.
fn do_harm(
    juju: &Juju,
    hook: (&str, &Event),
    (harm, calls, place): (Harm, &[String], usize),
    expected: &State,
    (reloaded, stays): (bool, bool),
) {
    let reloads = reloads(juju);
    let (harmed, _) = traced(juju, hook, harm.calls(), &harm.injections(calls, place));
    assert!(harm.allows(hook.1, harmed.end), "{harm:?} at call {place}: {}", harmed.story());
    works_for_nagios(juju, place, &harmed, stays);
    let again = juju.run(hook.0, hook.1);
    well(&again);
    let end = state(juju);
    let story = || format!("{harm:?} at call {place}:\n{}then:\n{}", harmed.story(), again.story());
    assert_eq!(expected.files.changes(&end.files), [], "{}", story());
    assert_eq!(expected.model, end.model, "{}", story());
    assert!(!reloaded || self::reloads(juju) > reloads, "nrpe does not know: {}", story());
}

/// Harms the hook at one of its calls. Before it runs again, an operator goes to another charm and another revision.
fn change_mind(site: &Site, hook: (&str, &Event), (harm, calls, place): (Harm, &[String], usize), charm: &Charm) {
    let juju = &site.juju;
    let (harmed, _) = traced(juju, hook, harm.calls(), &harm.injections(calls, place));
    juju.upgrade("conn-check", charm);
    juju.configure("conn-check", "revision", "");
    let runs = juju.settle();
    runs.iter().for_each(well);
    let story = || {
        format!(
            "{harm:?} at call {place}:\n{}then:\n{}",
            harmed.story(),
            runs.iter().map(HookRun::story).collect::<String>()
        )
    };
    works_for_nagios(juju, place, &harmed, true);
    assert_eq!(site.status(), "active: 1 check, not run yet", "{}", story());
    let version = juju.look(|model| model.application("conn-check").version.clone());
    assert_eq!(version, packed::NEXT_VERSION, "{}", story());
    let files = tree(juju);
    let drafts: Vec<_> =
        files.entries.keys().filter(|path| path.to_string_lossy().contains("conn-check-draft")).collect();
    assert!(drafts.is_empty(), "{drafts:?}: {}", story());
}

/// The program that NRPE's file names, if there is one.
fn nrpe_runs(juju: &Juju) -> Option<String> {
    let command = juju.machine().read("/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg");
    let line = command.lines().find_map(|line| line.strip_prefix("command[check_conn-check-conn-check-0]="))?;
    line.split(' ').next().map(str::to_owned)
}

/// What stands in NRPE's file can be run at every moment, and where the hook is not to take it away, it stands there.
fn works_for_nagios(juju: &Juju, place: usize, harmed: &HookRun, stays: bool) {
    let Some(program) = nrpe_runs(juju) else {
        return assert!(!stays, "at call {place}, NRPE has no command: {}", harmed.story());
    };
    // As NRPE does; root gets into every directory.
    let id = |number: Option<u32>| number.expect("nrpe has made it").to_string();
    let mut as_nagios = Command::new("setpriv");
    as_nagios.arg(format!("--reuid={}", id(juju.machine().user("nagios"))));
    as_nagios.arg(format!("--regid={}", id(juju.machine().group("nagios"))));
    let output = as_nagios.args(["--clear-groups", "--", "env", &program, "--version"]).output();
    let well = output.as_ref().is_ok_and(|output| output.stdout.starts_with(b"conn-check 2."));
    assert!(well, "at call {place}, NRPE cannot run {program}: {output:?}\n{}", harmed.story());
}

fn reloads(juju: &Juju) -> usize {
    juju.services(|services| services.calls.len())
}

const ONE_CHECK: &str = "- {type: tcp, host: 127.0.0.1, port: 9}\n";

#[test]
fn a_hook_that_is_killed_while_the_unit_comes_is_made_good_by_the_next_one() {
    let site = Site::unsettled(Machine::in_scratch());
    let mut kills = torment(&site);
    site.juju.set(SERVICE, site.relation, &[("config", ONE_CHECK)]);
    kills += torment(&site);
    site.with_nrpe();
    kills += torment(&site);
    assert!(kills > 40, "{kills}");
    assert_eq!(site.status(), "active: 1 check, not run yet");
}

/// A refresh to a bad release and back, to a newer one with the old one pinned, and back.
fn refresh(harm: Harm) {
    let (site, scratch) = (Site::start(Machine::in_scratch()), Scratch::new());
    site.with_nrpe();
    site.check(ONE_CHECK);
    let bad = bad_charm(&scratch);
    let mut harmed = 0;
    for (charm, revision) in
        [(&bad, ""), (&packed::charm(), ""), (&packed::next_charm(), packed::VERSION), (&packed::charm(), "")]
    {
        site.juju.upgrade("conn-check", charm);
        site.juju.configure("conn-check", "revision", revision);
        harmed += torment_by(&site, harm, Some(&packed::next_charm()));
    }
    assert!(harmed > 20, "{harmed}");
    assert_eq!(site.status(), "active: 1 check, not run yet");
}

#[test]
fn the_agent_that_nagios_runs_works_at_every_moment_of_a_refresh_to_a_bad_release_and_back() {
    refresh(Harm::Kill);
}

#[test]
fn the_agent_that_nagios_runs_works_when_the_disk_is_full_at_any_moment_of_a_refresh() {
    refresh(Harm::FullDisk);
}

#[test]
fn a_unit_goes_from_a_full_disk() {
    let site = Site::start(Machine::in_scratch());
    let nrpe = site.with_nrpe();
    site.check(ONE_CHECK);
    assert!(nrpe_runs(&site.juju).is_some());
    let before = site.juju.snapshot();
    site.juju.unrelate(nrpe);
    let mut harmed = torment_by(&site, Harm::FullDisk, None);
    assert!(nrpe_runs(&site.juju).is_none());
    site.juju.restore(&before);
    site.juju.remove("conn-check");
    harmed += torment_by(&site, Harm::FullDisk, None);
    assert!(harmed > 0, "nothing needs room");
    crate::site::nothing_is_left(&site.juju, &site.before);
}

#[test]
fn a_hook_that_is_killed_while_the_unit_changes_or_goes_is_made_good_by_the_next_one() {
    let site = Site::start(Machine::in_scratch());
    let nrpe = site.with_nrpe();
    site.check(ONE_CHECK);
    site.juju.upgrade("conn-check", &packed::next_charm());
    let mut kills = torment(&site);
    give_to_us(&site.juju, FILE, &ONE_CHECK.repeat(2));
    site.juju.configure("conn-check", "nagios_context", "prod");
    site.juju.set("nrpe/0", nrpe, &[("nagios_hostname", "prod-host")]);
    kills += torment(&site);
    site.juju.set(SERVICE, site.relation, &[("config_path", ""), ("config", ONE_CHECK)]);
    kills += torment(&site);
    assert_eq!(crate::site::status(&site.juju, UNIT), "active: 1 check, not run yet");
    site.juju.remove("conn-check");
    kills += torment(&site);
    assert!(kills > 40, "{kills}");
    crate::site::nothing_is_left(&site.juju, &site.before);
}
