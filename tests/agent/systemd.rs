//! What systemd itself does to a service, and how the units of the package live under it: real, in a container.

use harness::agent::{Agent, program_called};
use harness::netns::Network;
use harness::peers::{Manner, Peer};
use harness::serve::{Answer, ask};
use harness::systemd::Systemd;
use harness::wait;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// Somebody on the far host, at 10.0.0.2, and systemd on the near one.
struct World {
    network: Network,
    _peer: Peer,
    systemd: Systemd,
}

impl World {
    const PORT: u16 = 8080;

    fn new() -> Self {
        let network = Network::new();
        let peer = network.far.inside(|| Peer::start_at(network.far.at(Self::PORT), Manner::Silent));
        let systemd = network.near.inside(Systemd::start);
        Self { network, _peer: peer, systemd }
    }

    /// A check of the far host.
    fn yaml() -> String {
        format!("- {{type: tcp, host: 10.0.0.2, port: {}, timeout: 6}}\n", Self::PORT)
    }

    /// The failure of that check, made by a service with these settings, which is no root.
    fn failure_in_unit(&self, name: &str, settings: &str) -> Value {
        // The folders of the build are nobody else's.
        self.systemd.program("conn-check", &program_called("conn-check"));
        self.systemd.file("run/checks.yaml", &Self::yaml());
        self.systemd.unit(
            name,
            &format!(
                "[Service]\nType=oneshot\nUser=nobody\nSuccessExitStatus=2\nStandardOutput=truncate:/run/report\n{settings}\
                 ExecStart=/run/conn-check --format=json /run/checks.yaml\n"
            ),
        );
        self.systemd.start_unit(name);
        let report = fs::read_to_string(self.systemd.root().join("run/report")).expect("a report");
        let report: Value = serde_json::from_str(&report).expect(&report);
        report["checks"][0]["failure"].clone()
    }
}

#[track_caller]
fn assert_denied(failure: &Value, unit: &str) {
    let text = |key: &str| failure[key].as_str().unwrap_or_default();
    assert_eq!((text("code"), text("owner")), ("connect.denied-locally", "host"), "{failure}");
    assert!(text("message").ends_with(&format!(", by IPAddressDeny=10.0.0.0/8 of {unit}")), "{failure}");
    let shows = format!("`systemctl show -p IPAddressAllow,IPAddressDeny {unit}` shows it: add 10.0.0.2");
    assert!(text("next_step").starts_with(&shows), "{failure}");
}

#[test]
fn what_systemd_denies_a_service_is_found_in_its_place_and_nowhere_else() {
    let world = World::new();
    world.systemd.unit("web.service", "[Service]\nUser=nobody\nExecStart=/bin/sleep 1000\nIPAddressDeny=10.0.0.0/8\n");
    world.systemd.start_unit("web.service");
    let through = || Agent::through(world.systemd.command("env"), &World::yaml());
    let report = through().args(["--as", "web.service"]).report();
    let check = &report["checks"][0];
    assert_denied(&check["failure"], "web.service");
    assert_eq!(check["facts"]["as"]["before"]["verdict"], "pass", "{report}");
    assert_eq!(report["as"]["cgroup"], "/system.slice/web.service", "{report}");
    // The unit's own list of what is allowed counts more.
    fs::create_dir(world.systemd.root().join("run/systemd/system/web.service.d")).expect("a folder");
    world.systemd.unit("web.service.d/allow.conf", "[Service]\nIPAddressAllow=10.0.0.2\n");
    world.systemd.control(&["restart", "web.service"]);
    assert_eq!(through().args(["--as", "web.service"]).run().status, 0);
}

#[test]
fn a_check_that_runs_in_a_confined_unit_says_which_setting_of_it_stops_the_packets() {
    let world = World::new();
    assert_denied(&world.failure_in_unit("nrpe.service", "IPAddressDeny=10.0.0.0/8\n"), "nrpe.service");
    let failure = world.failure_in_unit("unix.service", "RestrictAddressFamilies=AF_UNIX AF_NETLINK\n");
    assert_eq!((&failure["code"], &failure["owner"]), (&"connect.denied-locally".into(), &"host".into()), "{failure}");
    let next_step = failure["next_step"].as_str().expect("a next step");
    let shows = "`systemctl show -p RestrictAddressFamilies unix.service` shows it: add AF_INET";
    assert!(next_step.starts_with(shows), "{failure}");
}

/// The unit of the package, with the checks of this file and the program where the container has it.
fn serving(world: &World, yaml: &str, settings: &str) {
    world.systemd.program("conn-check-serve", &program_called("conn-check-serve"));
    world.systemd.file("run/shop.yaml", yaml);
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/systemd/conn-check-serve@.service");
    let unit = fs::read_to_string(unit).expect("the unit");
    let unit = unit.replace("/usr/bin/", "/run/").replace("/etc/conn-check/", "/run/");
    let place = world.systemd.root().join("run/systemd/system/conn-check-serve@.service.d");
    fs::create_dir(place).expect("a folder");
    world.systemd.unit("conn-check-serve@.service.d/test.conf", &format!("[Service]\n{settings}"));
    world.systemd.unit("conn-check-serve@.service", &unit);
    world.systemd.start_unit(SERVICE);
}

const SERVICE: &str = "conn-check-serve@shop.service";

fn get(world: &World, path: &str) -> Answer {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9842));
    world.network.near.inside(|| ask(address, "GET", path, &[])).expect("an answer")
}

#[test]
fn the_unit_of_the_package_serves_all_checks_of_a_healthy_host() {
    let world = World::new();
    // Each of them may be a file system of its own, and is protected from a unit in another way.
    let disk = |path| format!("- {{type: disk, path: {path}, max_used_percent: null, max_inodes_percent: null}}\n");
    let disks: String = ["/", "/boot", "/etc", "/home", "/root", "/usr", "/var"].into_iter().map(disk).collect();
    let local = "- {type: memory, min_available: 1}\n\
                 - {type: load, max_load_5: null, max_load_15: null}\n- {type: file, path: /etc/passwd}\n- {type: process, program: systemd}\n- {type: process, unit: dbus.service}\n";
    serving(&world, &(World::yaml() + &disks + local), "");
    let report: Value = serde_json::from_str(&get(&world, "/ht/?format=report").body).expect("a report");
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["verdict"], "pass", "{check}");
    }
    assert_eq!(get(&world, "/ht/").status, 200);
    assert_eq!(get(&world, "/ready").status, 200);
    let status = world.systemd.property(SERVICE, "StatusText");
    assert!(!status.is_empty(), "systemctl status has a line of ours");
    assert_eq!(world.systemd.property(SERVICE, "NotifyAccess"), "main");
    world.systemd.control(&["stop", SERVICE]);
    assert_eq!(world.systemd.property(SERVICE, "Result"), "success");
}

#[test]
fn systemd_begins_it_again_when_it_stands_still() {
    let world = World::new();
    serving(&world, &World::yaml(), "WatchdogSec=1\nRestartSec=0\nTimeoutAbortSec=1\n");
    assert_eq!(get(&world, "/live").status, 200);
    let first = world.systemd.property(SERVICE, "MainPID");
    world.systemd.control(&["kill", "--signal=STOP", SERVICE]);
    wait::until("another process", || {
        let now = world.systemd.property(SERVICE, "MainPID");
        now != first && now != "0"
    });
    wait::until("it to be active", || world.systemd.property(SERVICE, "ActiveState") == "active");
    assert_eq!(get(&world, "/live").status, 200);
    assert_eq!(world.systemd.property(SERVICE, "NRestarts"), "1");
}
