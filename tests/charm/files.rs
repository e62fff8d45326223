//! Whatever an application or an operator gives the charm: a status says what is wrong, no hook fails.

use crate::site::{FILE, SERVICE, Site, UNIT, nothing_is_left, writes_nothing_more};
use harness::juju::machine::Machine;
use harness::packed::VERSION;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

const ONE_CHECK: &str = "- {type: tcp, host: 127.0.0.1, port: 9}\n";

fn says(site: &Site, kind: &str, parts: &[&str]) {
    let status = site.status();
    assert!(status.starts_with(&format!("{kind}: ")), "{kind} wanted: {status}");
    parts.iter().for_each(|part| assert!(status.contains(part), "{part} is missing in {status}"));
    writes_nothing_more(&site.juju, UNIT);
}

#[test]
fn a_path_where_nothing_is_yet_waits() {
    let site = Site::start(Machine::in_scratch());
    site.juju.set(SERVICE, site.relation, &[("config_path", FILE)]);
    site.settle();
    says(&site, "waiting", &[FILE, "does not exist"]);
    site.write(ONE_CHECK);
    assert_eq!(site.updated_status(), "active: 1 check, not run yet");
}

#[test]
fn a_directory_a_relative_path_and_a_pipe_are_named() {
    let site = Site::start(Machine::in_scratch());
    site.juju.set(SERVICE, site.relation, &[("config_path", "/var/log")]);
    site.settle();
    says(&site, "blocked", &["/var/log: there is no file of checks in this directory"]);
    site.juju.set(SERVICE, site.relation, &[("config_path", "conn-check.yaml")]);
    site.settle();
    says(&site, "blocked", &["not an absolute path"]);
    nix::unistd::mkfifo(&site.juju.machine().at("/var/pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    site.juju.set(SERVICE, site.relation, &[("config_path", "/var/pipe")]);
    site.settle();
    says(&site, "blocked", &["not a regular file"]);
}

#[test]
fn a_file_that_conn_check_or_nagios_cannot_read_is_named_with_the_user() {
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    let file = site.juju.machine().write(FILE, ONE_CHECK);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    site.juju.set(SERVICE, site.relation, &[("config_path", FILE)]);
    site.settle();
    says(&site, "waiting", &[FILE, "cannot be read by the user conn-check"]);
    chown(&file, site.juju.machine().user("conn-check"), Some(0)).expect("an owner");
    site.updated_status();
    says(&site, "waiting", &[FILE, "cannot be read by the user nagios"]);
    site.write(ONE_CHECK);
    assert_eq!(site.updated_status(), "active: 1 check, not run yet");
}

#[test]
fn invalid_yaml_gives_its_first_diagnostic() {
    let site = Site::start(Machine::in_scratch());
    site.check("- {type: tcp, hots: db, port: 5432}\n");
    says(&site, "blocked", &[FILE, ":1:4: `host` is missing"]);
    for (yaml, part) in [("- {type: tcp, host: db, port: 0}\n- {type: no}\n", "(and 1 more)"), ("- {type: tcp\n", ":")]
    {
        site.write(yaml);
        site.updated_status();
        says(&site, "blocked", &[FILE, part]);
    }
    site.write(ONE_CHECK);
    site.updated_status();
    says(&site, "active", &["1 check, not run yet"]);
}

#[test]
fn a_file_whose_checks_are_all_for_people_is_not_registered() {
    let site = Site::start(Machine::in_scratch());
    site.with_nrpe();
    site.check(ONE_CHECK);
    let commands = || fs::read_dir(site.juju.machine().at("/etc/nagios/nrpe.d")).expect("nrpe.d").count();
    assert_eq!(commands(), 1);
    site.write("- {type: tcp, host: 127.0.0.1, port: 9, tags: [no-nagios]}\n");
    site.updated_status();
    assert_eq!(commands(), 0);
    says(&site, "active", &["no checks for Nagios", "no-nagios"]);
    site.juju.configure("conn-check", "nagios_exclude_tags", "");
    site.settle();
    assert_eq!(commands(), 1);
}

#[test]
fn the_first_of_several_files_is_used_and_the_status_names_the_others() {
    let site = Site::start(Machine::in_scratch());
    site.juju.configure("conn-check", "config", ONE_CHECK.repeat(3));
    site.settle();
    says(&site, "active", &["3 checks"]);
    site.juju.set(SERVICE, site.relation, &[("config-path", FILE)]);
    site.write(ONE_CHECK);
    site.settle();
    says(&site, "active", &["1 check,", "not used", "option config"]);
    site.juju.set(SERVICE, site.relation, &[("config", &ONE_CHECK.repeat(2))]);
    site.settle();
    says(&site, "active", &["2 checks,", "not used", "option config"]);
    site.juju.set(SERVICE, site.relation, &[("config_path", FILE)]);
    site.settle();
    says(&site, "active", &["1 check,", "not used", "option config"]);
    site.juju.set(SERVICE, site.relation, &[("config_path", ""), ("config", ""), ("config-path", "")]);
    site.settle();
    says(&site, "active", &["3 checks"]);
    site.juju.configure("conn-check", "config", serde_json::Value::Null);
    site.settle();
    says(&site, "waiting", &["no checks yet"]);
}

#[test]
fn a_revision_that_is_not_there_is_blocked_and_nothing_changes() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    site.juju.configure("conn-check", "revision", "108");
    site.settle();
    says(&site, "blocked", &["revision 108 is not available", &format!("available: {VERSION}")]);
    let run = site.juju.exec_on_machine(UNIT, "actions/run-check");
    assert!(run.out.starts_with("CONN-CHECK CRITICAL"), "the agent there is stays in use: {run:?}");
    site.juju.configure("conn-check", "revision", VERSION);
    site.settle();
    says(&site, "active", &["1 check"]);
}

#[test]
fn options_with_impossible_values_are_said_and_fail_no_hook() {
    let site = Site::start(Machine::in_scratch());
    site.check(ONE_CHECK);
    for (option, value) in [("nagios_context", "a/b"), ("nagios_exclude_tags", "a b\nc"), ("revision", "../..")] {
        site.juju.configure("conn-check", option, value);
        site.settle();
        says(&site, "blocked", &[option]);
        site.juju.configure("conn-check", option, serde_json::Value::Null);
    }
    for (option, value) in [("max_timeout", 0), ("max_timeout", 4000), ("connect_timeout", -1)] {
        site.juju.configure("conn-check", option, value);
        site.settle();
        says(&site, "blocked", &[option]);
        site.juju.configure("conn-check", option, serde_json::Value::Null);
    }
    site.settle();
    says(&site, "active", &["1 check"]);
}

#[test]
fn a_program_of_somebody_elses_is_left_alone() {
    let machine = Machine::in_scratch();
    machine.write("/usr/local/bin/conn-check", "#!/bin/sh\necho mine\n");
    let site = Site::start(machine);
    site.check(ONE_CHECK);
    says(&site, "active", &["1 check"]);
    site.juju.remove("conn-check");
    site.settle();
    assert_eq!(site.juju.machine().read("/usr/local/bin/conn-check"), "#!/bin/sh\necho mine\n");
    nothing_is_left(&site.juju, &site.before);
}

#[test]
fn nothing_is_said_to_an_nrpe_that_is_not_there() {
    let site = Site::start(Machine::in_scratch());
    site.juju.add_subordinate("nrpe", SERVICE);
    site.relate_nrpe();
    site.check(ONE_CHECK);
    assert_eq!(site.juju.services(|services| services.calls.len()), 0);
    assert!(!site.juju.machine().at("/etc/nagios").exists());
    site.juju.machine().install_nrpe();
    site.updated_status();
    assert_eq!(site.juju.services(|services| services.calls.len()), 1);
    site.juju.services(|services| services.nrpe = false);
    site.juju.configure("conn-check", "max_timeout", 20);
    site.settle();
    assert!(site.status().starts_with("active: "), "{}", site.status());
}

#[test]
fn directories_that_an_admin_keeps_elsewhere_are_used_and_left_there() {
    let site = Site::unsettled(Machine::in_scratch());
    let machine = site.juju.machine();
    let links = [
        ("/etc/conn-check", "../srv/etc"),
        ("/var/lib/conn-check", "../../srv/var"),
        ("/usr/local/lib/conn-check", "../../../srv/lib"),
    ];
    for (path, place) in links {
        let kept = machine.at("/srv").join(place.rsplit('/').next().unwrap_or_default());
        fs::create_dir_all(kept).expect("a directory");
        symlink(place, machine.at(path)).expect("a link");
    }
    site.settle();
    site.juju.set(SERVICE, site.relation, &[("config", ONE_CHECK)]);
    site.settle();
    assert_eq!(site.status(), "active: 1 check, not run yet");
    let run = site.juju.action(UNIT, "run-check", &serde_json::json!({})).expect("an action");
    assert_eq!(run.results["exit-code"], "2", "{run:?}");
    assert!(site.updated_status().contains("1 failed"), "{}", site.status());
    writes_nothing_more(&site.juju, UNIT);
    site.juju.remove("conn-check");
    site.settle();
    for (path, _) in links {
        assert!(machine.at(path).is_symlink(), "{path}");
        assert_eq!(fs::read_dir(machine.at(path)).expect("its directory").count(), 0, "{path}");
    }
}
