//! A hook that is killed before any of its system calls that write, and is run again by Juju, leads to
//! where it would have led otherwise.

use crate::site::{FILE, SERVICE, Site, UNIT, give_to_us, tree, well};
use crate::upgrade::bad_charm;
use harness::juju::event::Event;
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::tree::Tree;
use harness::juju::{Juju, Snapshot};
use harness::packed;
use harness::scratch::Scratch;
use std::process::Command;

/// Every system call that changes a file, a directory, or what another process knows.
const WRITES: &str = "write,writev,pwrite64,sendto,sendmsg,sendfile,copy_file_range,splice,ftruncate,fallocate,fsync,\
     fdatasync,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,\
     fchmod,fchmodat,chown,fchown,lchown,fchownat,creat,clone,clone3,vfork,fork";

const SIGKILL: i32 = 9;

/// More calls than any hook makes.
const LIMIT: usize = 400;

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
    let mut kills = 0;
    while let Some((unit, event)) = site.juju.possible().into_iter().next() {
        let before = site.juju.snapshot();
        let (reloads, watched) = (reloads(&site.juju), nrpe_runs(&site.juju).is_some());
        well(&site.juju.run(&unit, &event));
        let stays = watched && nrpe_runs(&site.juju).is_some();
        let reloaded = self::reloads(&site.juju) > reloads;
        let (after, wanted) = (site.juju.snapshot(), state(&site.juju));
        kills += (1..LIMIT)
            .take_while(|place| kill(&site.juju, &before, (&unit, &event), *place, &wanted, (reloaded, stays)))
            .count();
        site.juju.restore(&after);
    }
    kills
}

/// Whether there is a call at this place, at which the hook was killed.
fn kill(
    juju: &Juju,
    before: &Snapshot,
    (unit, event): (&str, &Event),
    place: usize,
    wanted: &State,
    (reloaded, stays): (bool, bool),
) -> bool {
    juju.restore(before);
    let reloads = reloads(juju);
    let inject = format!("inject={WRITES}:signal=SIGKILL:when={place}");
    juju.through(&["/usr/bin/strace", "-qqq", "-o", "/dev/null", "-e", &format!("trace={WRITES}"), "-e", &inject]);
    let killed = juju.run(unit, event);
    juju.through(&[]);
    if killed.end.is_well() {
        return false;
    }
    assert!(place + 1 < LIMIT, "no end of {}", killed.story());
    assert_eq!(killed.end, End::Killed(SIGKILL), "{}", killed.story());
    works_for_nagios(juju, place, &killed, stays);
    let again = juju.run(unit, event);
    well(&again);
    let end = state(juju);
    let story = || format!("killed at call {place}:\n{}then:\n{}", killed.story(), again.story());
    assert_eq!(wanted.files.changes(&end.files), [], "{}", story());
    assert_eq!(wanted.model, end.model, "{}", story());
    assert!(!reloaded || self::reloads(juju) > reloads, "nrpe does not know: {}", story());
    true
}

/// The program that NRPE's file names, if there is one.
fn nrpe_runs(juju: &Juju) -> Option<String> {
    let command = juju.machine().read("/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg");
    let line = command.lines().find_map(|line| line.strip_prefix("command[check_conn-check-conn-check-0]="))?;
    line.split(' ').next().map(str::to_owned)
}

/// What stands in NRPE's file can be run at every moment, and where the hook is not to take it away, it stands there.
fn works_for_nagios(juju: &Juju, place: usize, killed: &HookRun, stays: bool) {
    let Some(program) = nrpe_runs(juju) else {
        return assert!(!stays, "killed at call {place}, NRPE has no command: {}", killed.story());
    };
    let output = Command::new(&program).arg("--version").output();
    let well = output.as_ref().is_ok_and(|output| output.stdout.starts_with(b"conn-check 2."));
    assert!(well, "killed at call {place}, NRPE cannot run {program}: {output:?}\n{}", killed.story());
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

#[test]
fn the_agent_that_nagios_runs_works_at_every_moment_of_a_refresh_to_a_bad_release_and_back() {
    let (site, scratch) = (Site::start(Machine::in_scratch()), Scratch::new());
    site.with_nrpe();
    site.check(ONE_CHECK);
    let bad = bad_charm(&scratch);
    let mut kills = 0;
    for (charm, revision) in
        [(&bad, ""), (&packed::charm(), ""), (&packed::next_charm(), packed::VERSION), (&packed::charm(), "")]
    {
        site.juju.upgrade("conn-check", charm);
        site.juju.configure("conn-check", "revision", revision);
        kills += torment(&site);
    }
    assert!(kills > 40, "{kills}");
    assert_eq!(site.status(), "active: 1 check, not run yet");
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
