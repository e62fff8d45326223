//! Another version of the agent: by an upgrade of the charm, by the option, by the resource.

use crate::site::{FILE, SERVICE, Site, UNIT, names, nothing_is_left, status, tree, well, writes_nothing_more};
use harness::juju::Retry;
use harness::juju::charm::Charm;
use harness::juju::event::Event;
use harness::juju::hook::End;
use harness::juju::machine::Machine;
use harness::packed::{self, NEXT_VERSION, VERSION};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use zip::{ZipArchive, ZipWriter};

const ONE_CHECK: &str = "- {type: tcp, host: 127.0.0.1, port: 9}\n";

/// The agent as this unit's checks run it.
const AGENT: &str = "/usr/local/lib/conn-check/units/conn-check-0/conn-check";

fn version(site: &Site, path: &str) -> String {
    let output = Command::new(site.juju.machine().at(path)).arg("--version").output().expect("the agent runs");
    String::from_utf8_lossy(&output.stdout).trim().replace("conn-check ", "")
}

fn versions(site: &Site) -> Vec<String> {
    let folder = site.juju.machine().at("/usr/local/lib/conn-check/versions");
    let names = fs::read_dir(folder).expect("versions").flatten().map(|one| one.file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_upgrade_replaces_an_agent_that_is_at_work() {
    let silent = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    let scratch = Scratch::new();
    let slow = format!("- {{type: tls, host: 127.0.0.1, port: {}, timeout: 300}}\n", silent.port());
    let file = scratch.write("slow.yaml", slow);
    let mut old = Command::new(site.juju.machine().at(AGENT));
    let mut old = old.arg(file).stdout(Stdio::piped()).spawn().expect("the old agent runs");
    harness::wait::until("the old agent to connect", || silent.connections() > 0);
    site.juju.upgrade("conn-check", &packed::next_charm());
    site.settle();
    assert!(old.try_wait().expect("its state").is_none(), "the old agent goes on");
    assert_eq!(version(&site, AGENT), NEXT_VERSION);
    assert_eq!(version(&site, "/usr/local/bin/conn-check"), NEXT_VERSION);
    assert_eq!(site.juju.look(|model| model.application("conn-check").version.clone()), NEXT_VERSION);
    drop(silent);
    let output = old.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "with its own result");
    assert!(String::from_utf8_lossy(&output.stdout).contains("tls.closed"));
    assert_eq!(versions(&site), [NEXT_VERSION], "what is not used is removed");
    writes_nothing_more(&site.juju, UNIT);
}

#[test]
fn the_agent_can_be_started_at_every_moment_of_an_upgrade() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    let (agent, done) = (site.juju.machine().at(AGENT), AtomicBool::new(false));
    let ran = thread::scope(|scope| {
        let caller = scope.spawn(|| {
            let mut ran = 0;
            while !done.load(Ordering::Relaxed) {
                let output = Command::new(&agent).arg("--version").output();
                assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{output:?}");
                ran += 1;
            }
            ran
        });
        for charm in [packed::next_charm(), packed::charm(), packed::next_charm()] {
            site.juju.upgrade("conn-check", &charm);
            site.juju.settle().iter().for_each(well);
        }
        done.store(true, Ordering::Relaxed);
        caller.join().expect("no start failed: no ETXTBSY, no moment without a program")
    });
    assert!(ran > 3, "{ran}");
}

#[test]
fn a_refresh_back_does_roll_back() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    for (charm, wanted) in [(packed::next_charm(), NEXT_VERSION), (packed::charm(), VERSION)] {
        site.juju.upgrade("conn-check", &charm);
        site.settle();
        assert_eq!(version(&site, AGENT), wanted);
        assert_eq!(site.juju.look(|model| model.application("conn-check").version.clone()), wanted);
        assert_eq!(versions(&site), [wanted]);
        let embedded = fs::read_dir(site.juju.machine().charm(UNIT).join("agent")).expect("the charm");
        let embedded: Vec<_> = embedded.flatten().map(|one| one.file_name()).collect();
        assert_eq!(embedded, [wanted], "Juju has taken the former directory away");
    }
    site.juju.upgrade("conn-check", &packed::next_charm());
    site.juju.configure("conn-check", "revision", VERSION);
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION, "pinned in time, it stays");
}

/// The same archive without entries for its directories, as other packers make them: Juju 2.9 to 3.5 leaves the
/// directories of the former charm behind (`manifestDeployer.removeDiff`).
fn without_directories(charm: &Charm, scratch: &Scratch, name: &str) -> Charm {
    let path = scratch.path().join(name);
    let mut archive = ZipArchive::new(File::open(charm.archive()).expect("a charm")).expect("a charm");
    let mut writer = ZipWriter::new(File::create(&path).expect("a file"));
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).expect("a member");
        if !member.is_dir() {
            writer.raw_copy_file(member).expect("a copy");
        }
    }
    writer.finish().expect("an archive");
    Charm::open(&path)
}

#[test]
fn a_refresh_back_does_roll_back_where_juju_leaves_directories_behind() {
    let (site, scratch) = (Site::start(Machine::in_scratch()), Scratch::new());
    site.check(ONE_CHECK);
    let this = without_directories(&packed::charm(), &scratch, "this.charm");
    let next = without_directories(&packed::next_charm(), &scratch, "next.charm");
    let embedded = site.juju.machine().charm(UNIT).join("agent");
    let mut left_behind = false;
    for (charm, wanted) in [(&this, VERSION), (&next, NEXT_VERSION), (&this, VERSION), (&next, NEXT_VERSION)] {
        site.juju.upgrade("conn-check", charm);
        site.settle();
        left_behind |= fs::read_dir(&embedded).expect("the charm").count() > 1;
        assert_eq!(version(&site, AGENT), wanted);
        assert_eq!(versions(&site), [wanted]);
        assert_eq!(site.status(), "active: 1 check, not run yet");
    }
    assert!(left_behind, "Juju has taken the former directory away: this proves nothing");
    site.juju.configure("conn-check", "revision", VERSION);
    site.settle();
    assert_eq!(version(&site, AGENT), NEXT_VERSION, "an empty directory is no version");
    assert!(site.status().starts_with(&format!("blocked: revision {VERSION} is not available")), "{}", site.status());
}

/// The blob of a resource that the controller has lost, a network that is down.
#[test]
fn a_resource_that_does_not_come_fails_no_hook_and_is_asked_for_by_every_one() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    site.juju.lose_resources(Some("EOF"));
    site.juju.attach("conn-check", "agent", &packed::next_agent());
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION);
    let status = site.updated_status();
    let said =
        "waiting: the resource agent could not be had or tried, the next hook does it again: ERROR could not download";
    assert!(status.starts_with(said), "{status}");
    site.juju.lose_resources(None);
    assert_eq!(site.updated_status(), "active: 1 check, not run yet");
    assert_eq!(version(&site, AGENT), NEXT_VERSION);
    writes_nothing_more(&site.juju, UNIT);
}

/// A release whose agent is some other program.
pub(crate) fn bad_charm(scratch: &Scratch) -> Charm {
    let folder = scratch.path().join("bad");
    fs::create_dir(&folder).expect("a directory");
    for name in ["conn-check-hooks", "conn-check-actions"] {
        fs::copy(harness::agent::built(name), folder.join(name)).expect("a program");
    }
    fs::copy("/bin/true", folder.join("conn-check")).expect("a program");
    let output = scratch.path().join("bad.charm");
    packed::pack(&folder, &output, &["--agent", NEXT_VERSION]).expect("packed");
    Charm::open(&output)
}

#[test]
fn a_bad_release_does_not_take_the_place_of_the_agent_that_works() {
    let (site, scratch) = (Site::start(Machine::in_scratch()), Scratch::new());
    site.check(ONE_CHECK);
    site.juju.upgrade("conn-check", &bad_charm(&scratch));
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION);
    let why = "it did not print what conn-check prints";
    let wanted =
        format!("blocked: conn-check {NEXT_VERSION} of the charm does not run on this machine: {why}; 1 check");
    assert!(site.status().starts_with(&wanted), "{}", site.status());
    writes_nothing_more(&site.juju, UNIT);
    site.juju.upgrade("conn-check", &packed::charm());
    site.settle();
    assert_eq!((version(&site, AGENT), site.status()), (VERSION.to_owned(), "active: 1 check, not run yet".to_owned()));
    site.juju.remove("conn-check");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

/// No `upgrade-charm` follows: the hook that failed is the first one with the new files.
#[test]
fn a_refresh_by_force_of_a_unit_in_error_brings_the_new_agent() {
    for (charm, then) in [(packed::next_charm(), NEXT_VERSION), (bad_charm(&Scratch::new()), VERSION)] {
        let site = Site::start(Machine::in_scratch());
        site.with_nrpe();
        site.write(ONE_CHECK);
        site.juju.set(SERVICE, site.relation, &[("config_path", FILE)]);
        site.juju.refuse_commits(1);
        let runs = site.juju.settle_with(Retry::Later, &mut |_| 0);
        assert_eq!(runs.last().map(|run| &run.end), Some(&End::Refused));
        site.juju.upgrade_by_force("conn-check", &charm);
        let runs = site.settle();
        assert!(runs.iter().all(|run| run.hook != "upgrade-charm"), "{:?}", names(&runs));
        assert_eq!(version(&site, AGENT), then);
        let is_told = site.status().contains("of the charm does not run on this machine");
        assert_eq!(is_told, then == VERSION, "{}", site.status());
        writes_nothing_more(&site.juju, UNIT);
    }
}

#[test]
fn a_pinned_version_stays_through_an_upgrade() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    site.juju.configure("conn-check", "revision", VERSION);
    site.settle();
    site.juju.upgrade("conn-check", &packed::next_charm());
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION);
    assert!(site.status().starts_with("active: "), "{}", site.status());
    site.juju.configure("conn-check", "revision", NEXT_VERSION);
    site.settle();
    assert_eq!(version(&site, AGENT), NEXT_VERSION);
    site.juju.configure("conn-check", "revision", "1.0");
    site.settle();
    assert!(site.status().starts_with("blocked: revision 1.0 is not available"), "{}", site.status());
    assert_eq!(version(&site, AGENT), NEXT_VERSION, "the current one stays in use");
}

#[test]
fn a_resource_brings_another_version() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    site.juju.attach("conn-check", "agent", &packed::next_agent());
    site.settle();
    assert_eq!(version(&site, AGENT), NEXT_VERSION);
    writes_nothing_more(&site.juju, UNIT);
    site.juju.configure("conn-check", "revision", VERSION);
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION);
    let scratch = Scratch::new();
    site.juju.attach("conn-check", "agent", &scratch.write("agent", "no program"));
    site.settle();
    let wanted = "blocked: the resource agent cannot be run on this machine: it is not a program";
    assert!(status(&site.juju, UNIT).starts_with(wanted), "{}", site.status());
    assert_eq!(version(&site, AGENT), VERSION);
    site.juju.remove("conn-check");
    site.settle();
    nothing_is_left(&site.juju, &site.before);
}

/// The likeliest mistake, and a text: Linux would give both to a shell (execvp(3)).
#[test]
fn a_resource_that_is_no_program_of_this_machine_is_named_and_never_run() {
    let (site, scratch) = (Site::start(Machine::in_scratch()), Scratch::new());
    site.check(ONE_CHECK);
    site.juju.attach("conn-check", "agent", &packed::next_agent());
    site.settle();
    let ran = site.juju.machine().at("/tmp/ran");
    fs::set_permissions(site.juju.machine().at("/tmp"), fs::Permissions::from_mode(0o777)).expect("a mode");
    let mut foreign = fs::read(packed::next_agent()).expect("the agent");
    // e_machine: s390x, on which no test runs.
    foreign[18..20].copy_from_slice(&22_u16.to_le_bytes());
    let text = format!("id > {}\necho conn-check 9.9.9\n", ran.display());
    for (name, content, why) in [
        ("foreign", foreign, "it is a program for machine 22 of ELF (64 bits); this machine is "),
        ("text", text.clone().into_bytes(), "it is not a program"),
        ("script", format!("#!/bin/sh\n{text}").into_bytes(), "it is not a program"),
        ("true", fs::read("/bin/true").expect("a program"), "it did not print what conn-check prints"),
    ] {
        let file = scratch.path().join(name);
        fs::write(&file, content).expect("written");
        site.juju.attach("conn-check", "agent", &file);
        site.settle();
        let status = site.status();
        let wanted = format!("blocked: the resource agent cannot be run on this machine: {why}");
        assert!(status.starts_with(&wanted), "{name}: {status}");
        assert!(!ran.exists(), "{name} was run");
        assert_eq!(version(&site, AGENT), NEXT_VERSION, "the one before it stays in use");
        if name != "true" {
            writes_nothing_more(&site.juju, UNIT);
        }
    }
    // A program is tried again, in a directory that comes and goes: it may have been attached again.
    let before = tree(&site.juju);
    well(&site.juju.run(UNIT, &Event::UpgradeCharm));
    assert_eq!(before.changes(&tree(&site.juju)), []);
    well(&site.juju.update_status(UNIT));
    assert!(site.status().starts_with("blocked: the resource agent cannot be run"), "{}", site.status());
}

#[test]
fn each_unit_has_its_own_version() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    site.juju.deploy("second", &packed::next_charm());
    let relation = site.juju.relate("second:general-info", "my-service:juju-info");
    site.settle();
    assert_eq!(versions(&site), [VERSION, NEXT_VERSION]);
    assert_eq!(version(&site, AGENT), VERSION);
    assert_eq!(version(&site, "/usr/local/bin/conn-check"), NEXT_VERSION, "people get the newest");
    site.juju.unrelate(relation);
    site.settle();
    assert_eq!(version(&site, AGENT), VERSION);
    writes_nothing_more(&site.juju, UNIT);
}
