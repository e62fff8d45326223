//! Nagios asks, NRPE runs what the hooks wrote: nrpe 4.1 and nagios 4 themselves.

use crate::site::{SERVICE, Site, UNIT, well};
use harness::certs::Authority;
use harness::juju::machine::Machine;
use harness::peers::{Manner, Peer, TlsManner, TlsPeer};
use harness::ports::{self, Port};
use harness::process::{Daemon, Launch};
use harness::scratch::Scratch;
use nix::sys::signal::{Signal, kill};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// The command that the charm registers.
const CHECK: &str = "check_conn-check-conn-check-0";

const PLUGIN: &str = "/usr/lib/nagios/plugins/check_nrpe";

/// The daemon, as the user nagios, on the machine, with the files of its `nrpe.d`.
fn start_nrpe(site: &Site) -> (Daemon, Port) {
    let machine = site.juju.machine();
    Daemon::start_with(|scratch| {
        let port = ports::free();
        // The user nagios writes its number there.
        let run = scratch.folder("run");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).expect("a mode");
        let configuration = format!(
            "log_facility=daemon\nserver_port={}\nserver_address=127.0.0.1\nnrpe_user=nagios\nnrpe_group=nagios\n\
             allowed_hosts=127.0.0.1,::1\ndont_blame_nrpe=0\ncommand_timeout=60\nconnection_timeout=300\n\
             include_dir=/etc/nagios/nrpe.d/\npid_file={}/nrpe.pid\n",
            port.number(),
            run.display()
        );
        let file = scratch.write("nrpe.cfg", configuration).display().to_string();
        let user = ["setpriv", "--reuid=nagios", "--regid=nagios", "--clear-groups"];
        let words = machine.words(scratch.path(), &[&user[..], &["/usr/sbin/nrpe", "-c", &file, "-f"]].concat());
        let launch = Launch::new("/usr/bin/unshare").args(words.into_iter().skip(1));
        (launch.accepts(port.address()), port)
    })
}

/// What Nagios sees: exit status and text.
fn ask(port: &Port) -> (i32, String) {
    let port = port.number().to_string();
    let output = Command::new(PLUGIN).args(["-H", "127.0.0.1", "-p", &port, "-t", "20", "-c", CHECK]).output();
    let output = output.expect("check_nrpe runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tcp(port: u16) -> String {
    format!("- {{type: tcp, host: 127.0.0.1, port: {port}}}\n")
}

#[test]
fn nagios_gets_every_state_through_the_files_that_the_hooks_wrote() {
    let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
    let site = Site::start(Machine::in_namespace());
    site.juju.machine().install_nrpe();
    let (daemon, port) = start_nrpe(&site);
    assert_eq!(ask(&port), (3, format!("NRPE: Command '{CHECK}' not defined\n")));
    let pid = nix::unistd::Pid::from_raw(daemon.pid().cast_signed());
    site.juju.on_reload(move || {
        // One that has ended is found out below.
        let _gone = kill(pid, Signal::SIGHUP);
    });
    site.check(&tcp(peer.port()));
    site.juju.add_subordinate("nrpe", SERVICE);
    site.relate_nrpe();
    site.settle();
    harness::wait::until("nrpe to read its files again", || ask(&port).0 != 3);

    let (status, text) = ask(&port);
    assert!(status == 0 && text.starts_with("CONN-CHECK OK: 0 of 1 failed|pass=1"), "{status} {text}");
    site.write(&(tcp(peer.port()) + &tcp(closed.number())));
    let (status, text) = ask(&port);
    assert!(status == 2 && text.starts_with("CONN-CHECK CRITICAL: 1 of 2 failed - tcp:127.0.0.1"), "{status} {text}");
    assert!(text.contains("connect.refused"), "{text}");
    let shown = site.updated_status();
    assert!(shown.starts_with("active: 2 checks, last run 20") && shown.contains("1 failed"), "{shown}");

    let ca = Authority::new();
    let expiring = TlsPeer::start(&ca.expiring_in_days(5), TlsManner::Silent);
    let certificate = fs::read_to_string(ca.file()).expect("a certificate");
    site.juju.machine().write("/etc/ca.pem", &certificate);
    let port_of = expiring.address().port();
    site.write(&format!("- {{type: tls, host: localhost, port: {port_of}, ca_file: /etc/ca.pem}}\n"));
    let (status, text) = ask(&port);
    assert!(status == 1 && text.starts_with("CONN-CHECK WARNING: 0 of 1 failed, 1 with warnings"), "{status} {text}");

    site.write("- {type: tcp, hots: x}\n");
    let (status, text) = ask(&port);
    assert!(status == 3 && text.starts_with("CONN-CHECK UNKNOWN: ") && text.contains("hots"), "{status} {text}");
    site.juju.remove("conn-check");
    site.settle();
    harness::wait::until("nrpe to forget the command", || ask(&port).1.contains("not defined"));
}

/// What the actions `list-nrpe-checks` and `run-nrpe-check` of the charm nrpe do: both look for the lines with
/// `command` in them. The first one reports them by names with `-` for `_`, the second one takes `-` and `_` of
/// such a name for any character of a file's name, and gives what the shell makes of the command to xargs.
#[test]
fn the_actions_of_the_charm_nrpe_find_and_run_the_command() {
    let peer = Peer::start(Manner::Silent);
    let site = Site::start(Machine::in_namespace());
    site.with_nrpe();
    site.check(&tcp(peer.port()));
    let folder = site.juju.machine().at("/etc/nagios/nrpe.d");
    let file = fs::read_to_string(folder.join(format!("{CHECK}.cfg"))).expect("the command");
    let lines: Vec<_> = file.lines().filter(|line| line.contains("command")).collect();
    let [line] = lines[..] else { panic!("{file}") };
    let (name, command) = line.strip_prefix("command[").and_then(|rest| rest.split_once("]=")).expect("a command");
    let reported = name.replace('_', "-");
    let is_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(reported.bytes().all(is_key), "{reported} is no key of action-set");
    let any = |byte: u8| if b"-_.".contains(&byte) { b'.' } else { byte };
    let pattern: Vec<_> = reported.bytes().chain(*b".cfg").map(any).collect();
    let names = fs::read_dir(&folder).expect("the directory").flatten().map(|file| file.file_name());
    let found = names.filter(|name| name.as_encoded_bytes().iter().copied().map(any).eq(pattern.iter().copied()));
    assert_eq!(found.collect::<Vec<_>>(), [format!("{CHECK}.cfg").as_str()]);
    let as_nagios = "setpriv --reuid=nagios --regid=nagios --clear-groups";
    let script = format!("echo {command} | xargs {as_nagios}");
    let output = site.juju.machine().command(&folder, &["/bin/bash", "-c", &script]).output().expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.starts_with("CONN-CHECK OK: 0 of 1 failed"), "{text}");
}

#[test]
fn what_nagios_leaves_out_is_not_run() {
    let (peer, closed) = (Peer::start(Manner::Silent), ports::free());
    let site = Site::start(Machine::in_namespace());
    site.with_nrpe();
    let no_nagios = tcp(closed.number()).replace('}', ", tags: [no-nagios]}");
    site.check(&(tcp(peer.port()) + &no_nagios));
    let (_daemon, port) = start_nrpe(&site);
    let (status, text) = ask(&port);
    assert!(status == 0 && text.starts_with("CONN-CHECK OK: 0 of 1 failed"), "{status} {text}");
}

/// What the Nagios server has besides: a host, the template, the command, the group.
const SERVER: &str = "\
define command {\n    command_name check_nrpe\n    command_line /bin/true\n}\n\
define timeperiod {\n    timeperiod_name always\n    alias always\n    monday 00:00-24:00\n}\n\
define contact {\n    contact_name someone\n    host_notification_period always\n    service_notification_period always\n\
    host_notification_options n\n    service_notification_options n\n    host_notification_commands check_nrpe\n\
    service_notification_commands check_nrpe\n}\n\
define host {\n    host_name juju-my-service-0\n    alias unit\n    address 127.0.0.1\n    max_check_attempts 1\n\
    contacts someone\n    check_period always\n    notification_period always\n}\n\
define servicegroup {\n    servicegroup_name juju\n    alias juju\n}\n\
define service {\n    name active-service\n    register 0\n    check_period always\n    notification_period always\n\
    max_check_attempts 3\n    check_interval 5\n    retry_interval 1\n    contacts someone\n}\n";

/// What Nagios says of the exported services, beside what its server has: exit status and text.
fn verify(site: &Site) -> (i32, String) {
    let scratch = Scratch::new();
    scratch.write("server.cfg", SERVER);
    let place = scratch.path().display();
    let configuration = format!(
        "cfg_file={place}/server.cfg\ncfg_dir={}\nlog_file={place}/log\nobject_cache_file={place}/objects\n\
         status_file={place}/status\ncommand_file={place}/rw\nlock_file={place}/lock\ntemp_path={place}\n\
         check_result_path={place}\nillegal_object_name_chars=`~!$%^&*|'\"<>?,()=\nillegal_macro_output_chars=`~$&|'\"<>\nnagios_user=root\nnagios_group=root\n",
        site.juju.machine().at(EXPORT).display()
    );
    let file = scratch.write("nagios.cfg", configuration);
    let output = Command::new("nagios4").arg("-v").arg(file).output().expect("nagios4 runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

const EXPORT: &str = "/var/lib/nagios/export";

/// The names of the exported services.
fn exported(site: &Site) -> Vec<String> {
    let files = fs::read_dir(site.juju.machine().at(EXPORT)).expect("exports").flatten();
    files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn nagios_takes_the_exported_service() {
    let site = Site::start(Machine::in_scratch());
    let nrpe = site.with_nrpe();
    // Nagios would refuse everything for a group without a name.
    site.juju.configure("conn-check", "nagios_servicegroups", " ,juju,");
    site.check(&tcp(9));
    let (status, text) = verify(&site);
    assert_eq!(status, 0, "{text}");
    for part in ["Checked 1 services.", "Total Warnings: 0", "Total Errors:   0"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(exported(&site), [format!("service__juju-my-service-0_{CHECK}.cfg")]);
    assert_eq!(site.juju.data(UNIT, nrpe)["monitors"].matches(CHECK).count(), 1);
}

/// Ways in which the relations of a unit end.
const ENDS: [fn(&Site, u32); 7] = [
    |site, nrpe| site.juju.unrelate(nrpe),
    |site, _| site.juju.unrelate(site.relation),
    |site, nrpe| [nrpe, site.relation].into_iter().for_each(|id| site.juju.unrelate(id)),
    |site, nrpe| site.juju.unrelate_by_force(nrpe),
    |site, _| site.juju.unrelate_by_force(site.relation),
    |site, _| site.juju.remove("conn-check"),
    |site, _| site.juju.remove("my-service"),
];

#[test]
fn nagios_takes_its_configuration_after_every_hook_of_a_life_however_it_ends() {
    for (number, end) in ENDS.iter().enumerate() {
        for restarts in [false, true] {
            let site = Site::start(Machine::in_scratch());
            site.check(&tcp(9));
            let nrpe = site.with_nrpe();
            let mut services = verified(&site);
            end(&site, nrpe);
            if restarts && site.juju.look(|model| model.units.contains_key(UNIT)) {
                site.juju.restart_agent(UNIT);
            }
            services += verified(&site);
            assert!(services > 0, "a service was exported");
            if site.juju.look(|model| model.units.contains_key(UNIT)) {
                well(&site.juju.update_status(UNIT));
            }
            assert_eq!(exported(&site), [""; 0], "the end of number {number}, restarts: {restarts}");
            let commands = fs::read_dir(site.juju.machine().at("/etc/nagios/nrpe.d")).expect("nrpe.d").count();
            assert_eq!(commands, 0, "the end of number {number}, restarts: {restarts}");
        }
    }
}

/// Runs the hooks that follow; after how many of them a service was exported. Nagios takes each.
fn verified(site: &Site) -> usize {
    let (mut count, mut before) = (0, Vec::new());
    while let Some((unit, event)) = site.juju.possible().into_iter().next() {
        let run = site.juju.run(&unit, &event);
        well(&run);
        let now = exported(site);
        count += usize::from(!now.is_empty());
        if now != before {
            let (status, text) = verify(site);
            // A Nagios without any service warns of it, and refuses to start.
            let refused = status != 0 && !now.is_empty();
            assert!(!refused, "after {}: {text}", run.story());
        }
        before = now;
    }
    count
}

#[test]
fn a_host_name_that_no_file_can_have_fails_no_hook() {
    let site = Site::start(Machine::in_scratch());
    let relation = site.with_nrpe();
    site.check(&tcp(9));
    site.juju.set("nrpe/0", relation, &[("nagios_hostname", &"x".repeat(200))]);
    site.juju.configure("conn-check", "nagios_context", "x".repeat(210));
    site.settle();
    assert!(site.status().starts_with("blocked: the nagios_hostname that nrpe sends is too long"), "{}", site.status());
    assert_eq!(exported(&site), [format!("service__juju-my-service-0_{CHECK}.cfg")]);
}
