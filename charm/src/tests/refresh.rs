//! `juju refresh` to a release and back: the agent that Nagios runs works at every moment.

use crate::host::Access;
use crate::host::memory::PUBLIC;
use crate::host::memory::steps::Fault;
use crate::host::memory::tree::Content;
use crate::tests::world::{Hook, World};
use std::io::ErrorKind;
use std::path::Path;

const UNIT: &str = "conn-check/0";
const NRPE: &str = "nrpe-external-master:2";
const VERSIONS: &str = "/usr/local/lib/conn-check/versions";

/// A unit that Nagios watches, with version 2.0.0.
fn monitored() -> World {
    let mut world = World::new();
    world.deploy(UNIT, "2.0.0");
    world.set_relation(UNIT, "conn-check:1", "config", "[{}]");
    world.memory.install_nrpe();
    world.relate(UNIT, NRPE);
    world.boot(UNIT);
    world
}

fn refresh(world: &mut World, version: &str) {
    world.charm(UNIT, version, &format!("AGENT {version}"));
    world.hook(UNIT, "upgrade-charm");
    world.hook(UNIT, "config-changed");
}

#[test]
fn a_refresh_back_does_roll_back() {
    let mut world = monitored();
    for version in ["2.0.9", "2.0.0", "2.0.9", "2.0.0"] {
        refresh(&mut world, version);
        assert_eq!(world.agent(UNIT), Some(format!("AGENT {version}")));
        assert_eq!(world.unit(UNIT).version, version);
        assert_eq!(world.memory.tree.children(Path::new(VERSIONS)), [version]);
    }
}

#[test]
fn the_version_of_a_former_charm_is_not_available_any_more() {
    let mut world = monitored();
    refresh(&mut world, "2.0.9");
    world.set(UNIT, "revision", "2.0.0");
    world.hook(UNIT, "config-changed");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.9"));
    let text = "revision 2.0.0 is not available (available: 2.0.9); 1 check, not run yet".to_owned();
    assert_eq!(world.status(UNIT), ("blocked".to_owned(), text));
}

/// What an earlier release of this charm, or an admin, may have left.
#[test]
fn a_directory_without_the_program_is_no_installed_version() {
    for file in ["", "package.whl"] {
        let mut world = monitored();
        world.memory.directory(&format!("{VERSIONS}/1.0.0"));
        world.memory.directory(&format!("{VERSIONS}/2.0.9"));
        if !file.is_empty() {
            world.memory.file(&format!("{VERSIONS}/2.0.9/{file}"), "", PUBLIC);
        }
        world.set(UNIT, "revision", "1.0.0");
        world.hook(UNIT, "config-changed");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"));
        assert_eq!(world.status(UNIT).0, "blocked");
        assert_eq!(world.memory.tree.children(Path::new(VERSIONS)), ["2.0.0"], "what is no version goes");
        world.set(UNIT, "revision", "");
        world.memory.file(&format!("{VERSIONS}/2.0.9/{file}x"), "", PUBLIC);
        refresh(&mut world, "2.0.9");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.9"));
    }
}

/// What NRPE would run at this moment.
fn works_for_nagios(world: &World, when: &str) {
    let command = world.memory.text("/etc/nagios/nrpe.d/check_conn-check-conn-check-0.cfg");
    let line = command.unwrap_or_else(|| panic!("{when}: no command"));
    let program = line.split(['=', ' ']).find(|word| word.ends_with("/conn-check")).expect("a program").to_owned();
    let content = world.memory.text(&program);
    assert!(content.as_ref().is_some_and(|text| text.starts_with("AGENT ")), "{when}: {program} is {content:?}");
    let nagios = &world.memory.users["nagios"];
    assert!(world.memory.tree.allows(nagios, Path::new(&program), 1), "{when}: nagios cannot run {program}");
}

/// One refresh: what the charm holds afterwards, and the option `revision`.
type Step = (&'static str, &'static str, &'static str);

const RELEASE: Step = ("2.0.9", "AGENT 2.0.9", "");
const BAD: Step = ("2.0.9", "for another machine", "");
const MUTE: Step = ("2.0.9", "AGENT 2.0.9 mute", "");
const BAD_BUILD: Step = ("2.0.0", "for another machine", "");
const BAD_AND_PINNED: Step = ("2.0.9", "for another machine", "2.0.0");
const BACK: Step = ("2.0.0", "AGENT 2.0.0", "");
const PINNED: Step = ("2.0.9", "AGENT 2.0.9", "2.0.0");
const PINNED_TO_NONE: Step = ("2.0.9", "AGENT 2.0.9", "1.0.0");

/// Each write fails once for want of space, or is the one before which the hook is killed; between all
/// of them the agent works.
fn at_every_moment(steps: &[Step]) -> World {
    let mut world = monitored();
    for (version, program, revision) in steps {
        world.charm(UNIT, version, program);
        world.set(UNIT, "revision", *revision);
        for name in ["upgrade-charm", "config-changed"] {
            let hook = Hook::new(UNIT, name);
            for fault in [Fault::Killed, Fault::Error] {
                for number in 1.. {
                    let (tree, ran) = (world.memory.tree.clone(), world.memory.nrpe_read.clone());
                    let result = world.attempt(&hook, Some((number, fault)));
                    works_for_nagios(&world, &format!("{version} {revision}: {name}, {fault:?} {number}"));
                    assert!(world.memory.steps.allow(result.is_err()), "{result:?}");
                    if world.memory.steps.taken < number {
                        break;
                    }
                    (world.memory.tree, world.memory.nrpe_read) = (tree, ran);
                }
            }
            world.run(&hook);
            works_for_nagios(&world, name);
        }
    }
    world
}

#[test]
fn the_agent_that_nagios_runs_works_between_every_two_writes() {
    let world = at_every_moment(&[RELEASE, BACK, PINNED, BACK, PINNED_TO_NONE, RELEASE]);
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.9"));
}

#[test]
fn a_bad_release_never_takes_the_place_of_the_agent_that_nagios_runs() {
    for bad in [BAD, MUTE, BAD_BUILD, BAD_AND_PINNED] {
        let mut world = at_every_moment(&[bad]);
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"), "{bad:?}");
        let (kind, text) = world.status(UNIT);
        let (version, program, revision) = bad;
        if revision.is_empty() {
            let why = if program == MUTE.1 { "it did not print what conn-check prints" } else { "it is not a program" };
            let said = format!("conn-check {version} of the charm does not run on this machine: {why}");
            assert!(kind == "blocked" && text.starts_with(&said), "{bad:?}: {kind}: {text}");
        } else {
            assert_eq!(kind, "active", "who has pinned another version knows: {text}");
        }
        let before = world.memory.tree.clone();
        for hook in ["config-changed", "start", "update-status", "upgrade-charm"] {
            world.hook(UNIT, hook);
            assert_eq!(world.memory.juju.context.logged, Vec::<String>::new(), "{bad:?} {hook}");
            assert!(before.paths().eq(world.memory.tree.paths()), "{bad:?} {hook}");
        }
        refresh(&mut world, "2.0.1");
        assert_eq!(world.unit(UNIT).status.0, "active");
        assert_eq!(world.unit(UNIT).version, if revision.is_empty() { "2.0.1" } else { "2.0.0" });
    }
    at_every_moment(&[RELEASE, BAD_BUILD, BACK, BAD, PINNED, BAD_AND_PINNED, BACK]);
}

#[test]
fn a_release_that_was_refused_is_tried_again_when_the_machine_was_mended() {
    let mut world = monitored();
    world.charm(UNIT, "2.0.9", "AGENT 2.0.9");
    world.memory.starts_nothing = Some(ErrorKind::PermissionDenied);
    world.hook(UNIT, "upgrade-charm");
    assert_eq!(world.status(UNIT).0, "blocked");
    world.memory.starts_nothing = None;
    world.hook(UNIT, "update-status");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.0"), "it was a verdict");
    world.hook(UNIT, "start");
    assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.9"));
    assert_eq!(world.status(UNIT).0, "active");
}

#[test]
fn a_release_that_could_not_be_tried_is_tried_by_the_next_hook() {
    for why in [ErrorKind::OutOfMemory, ErrorKind::TimedOut, ErrorKind::ExecutableFileBusy, ErrorKind::WouldBlock] {
        let mut world = monitored();
        world.charm(UNIT, "2.0.9", "AGENT 2.0.9");
        world.memory.starts_nothing = Some(why);
        world.hook(UNIT, "upgrade-charm");
        let (kind, text) = world.status(UNIT);
        let said = format!("conn-check 2.0.9 of the charm could not be tried, the next hook does it again: {why}");
        // Nothing else can be run either.
        assert!(kind == "blocked" && text.contains(&said), "{kind}: {text}");
        works_for_nagios(&world, "while the machine is short of something");
        world.memory.starts_nothing = None;
        world.hook(UNIT, "update-status");
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.9"));
        assert_eq!(world.status(UNIT).0, "active");
    }
}

#[test]
fn a_bad_release_does_not_bring_back_an_older_resource() {
    let mut world = monitored();
    world.attach("AGENT 1.9.0");
    refresh(&mut world, "2.0.8");
    world.charm(UNIT, "2.0.9", "for another machine");
    for hook in ["update-status", "upgrade-charm", "config-changed"] {
        world.hook(UNIT, hook);
        assert_eq!(world.agent(UNIT).as_deref(), Some("AGENT 2.0.8"), "{hook}");
    }
}

/// `juju refresh --force-units` replaces the files, and then Juju repeats the hook that failed before; no
/// `upgrade-charm` follows.
#[test]
fn any_hook_may_be_the_first_one_with_the_files_of_a_release() {
    let hooks = ["update-status", "nrpe-external-master-relation-changed", "config-changed"];
    for (program, then) in [("AGENT 2.0.9", "AGENT 2.0.9"), ("for another machine", "AGENT 2.0.0")] {
        for first in hooks {
            let mut world = monitored();
            world.charm(UNIT, "2.0.9", program);
            for hook in [first].into_iter().chain(hooks) {
                world.hook(UNIT, hook);
                works_for_nagios(&world, hook);
                assert_eq!(world.agent(UNIT).as_deref(), Some(then), "{first}, {hook}");
            }
            assert_eq!(world.status(UNIT).0, if program == then { "active" } else { "blocked" }, "{first}");
        }
    }
}

#[test]
fn a_second_unit_with_a_bad_build_does_not_take_the_first_ones_agent_away() {
    let mut world = monitored();
    world.deploy("db-check/3", "2.0.0");
    world.charm("db-check/3", "2.0.0", "for another machine");
    world.boot("db-check/3");
    works_for_nagios(&world, "with another unit");
    assert_eq!(world.agent("db-check/3").as_deref(), Some("AGENT 2.0.0"), "it uses what is there");
    assert_eq!(world.status("db-check/3").0, "blocked");
}

/// The next charm may hold what is installed, so that nothing is copied over the draft.
#[test]
fn a_draft_that_a_killed_hook_has_left_in_a_version_goes() {
    let mut world = monitored();
    let draft = format!("{VERSIONS}/2.0.0/.conn-check.conn-check-draft");
    world.memory.file(&draft, "half of a program", PUBLIC);
    world.hook(UNIT, "update-status");
    assert_eq!(world.memory.text(&draft), None);
}

/// A removal first closes a directory to others. A hook that is killed there must leave no version of which the
/// program cannot be reached, and which a rollback or a pin would choose.
#[test]
fn a_version_whose_removal_was_cut_off_is_none() {
    let mut world = monitored();
    let hook = Hook::new(UNIT, "upgrade-charm");
    let before = world.memory.tree.clone();
    for number in 1.. {
        world.charm(UNIT, "2.0.9", "AGENT 2.0.9");
        let _killed = world.attempt(&hook, Some((number, Fault::Killed)));
        if world.memory.steps.taken < number {
            break;
        }
        world.charm(UNIT, "2.0.0", "AGENT 2.0.0");
        world.run(&hook);
        works_for_nagios(&world, &format!("killed at {number}"));
        world.memory.tree = before.clone();
    }
    let closed = Access { mode: 0o700, uid: 0, gid: 0 };
    world.memory.tree.put(Path::new(&format!("{VERSIONS}/2.0.0")), Content::Directory, closed);
    world.hook(UNIT, "update-status");
    works_for_nagios(&world, "a directory that was closed");
}

#[test]
fn a_full_disk_leaves_no_half_written_file_that_would_keep_it_full() {
    let mut world = monitored();
    world.charm(UNIT, "2.0.9", "AGENT 2.0.9");
    let hook = Hook::new(UNIT, "upgrade-charm");
    let before = world.memory.tree.clone();
    for number in 1.. {
        let failed = world.attempt(&hook, Some((number, Fault::Error))).err();
        if world.memory.steps.taken < number {
            break;
        }
        if failed.is_some_and(|error| error.to_string().starts_with("remove ")) {
            // Not for want of room: the next hook tries again.
            world.memory.tree = before.clone();
            continue;
        }
        let is_file =
            |path: &&Path| matches!(world.memory.tree.get(path).map(|one| &one.content), Some(Content::File(_)));
        let drafts = world.memory.tree.paths().filter(|path| path.to_string_lossy().contains("draft"));
        assert_eq!(drafts.filter(is_file).collect::<Vec<_>>(), Vec::<&Path>::new(), "at {number}");
        world.memory.tree = before.clone();
    }
}
