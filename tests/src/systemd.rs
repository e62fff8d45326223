//! systemd, real, as the first process of a container: its own process numbers, mounts, host name, network and tree of
//! control groups, of version 2. It has the units that the test writes, and nothing else of this machine's.
//!
//! ```no_run
//! use harness::systemd::Systemd;
//!
//! let systemd = Systemd::start();
//! systemd.unit("web.service", "[Service]\nExecStart=/bin/sleep 1000\nIPAddressDeny=10.0.0.0/8\n");
//! systemd.start_unit("web.service");
//! let _status = systemd.command("conn-check").arg("checks.yaml").status();
//! ```
//!
//! Debian's systemd 252. What it would set for the whole machine (`/proc/sys`, `/sys`) it can only read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::or_panic::OrPanic;
use crate::packages;
use crate::process::{Daemon, Launch};
use crate::wait;

/// What a unit needs by default, with nothing in it: Debian's would start the services of a whole machine.
const TARGETS: [&str; 7] = [
    "sysinit.target",
    "basic.target",
    "sockets.target",
    "shutdown.target",
    "multi-user.target",
    "network-online.target",
    "nss-lookup.target",
];

/// What others than root ask systemd through; it looks for it by the names of these units.
const DBUS: [(&str, &str); 2] = [
    ("dbus.socket", "[Socket]\nListenStream=/run/dbus/system_bus_socket\n"),
    (
        "dbus.service",
        "[Unit]\nRequires=dbus.socket\nAfter=dbus.socket\n[Service]\n\
         ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation\n",
    ),
];

/// How long its processes may take to be gone.
const GRACE: Duration = Duration::from_secs(5);

/// Where units are, for the manager.
const UNITS: &str = "run/systemd/system";

/// What the first shell does, until it has a group of control groups of its own. `$1` is its name.
const CONFINE: &str = "set -e
mount --make-rprivate /
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir \"/sys/fs/cgroup/$1\"
echo 0 > \"/sys/fs/cgroup/$1/cgroup.procs\"
umount /sys/fs/cgroup
exec unshare --cgroup -- sh -c \"$2\" sh \"$1\" \"$3\"";

/// What is done in that group, of which nothing outside can be seen. `$2` is the folder of the test.
const BOOT: &str = "set -e
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t proc proc /proc
for tree in /proc/sys /sys; do mount --rbind $tree $tree; mount -o remount,bind,ro $tree; done
mount -t tmpfs -o mode=755 tmpfs /run
mount --make-rshared /
mkdir -p /run/systemd/system
cp \"$2\"/units/* /run/systemd/system/
exec env -i container=test PATH=\"$PATH\" SYSTEMD_UNIT_PATH=/run/systemd/system SYSTEMD_GENERATOR_PATH=/nonexistent \
/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no";

/// A running systemd. Dropping it ends it, and all that runs below it.
#[derive(Debug)]
pub struct Systemd {
    daemon: Daemon,
    group: String,
}

impl Systemd {
    /// Starts it, in the network namespace of who starts it: [`crate::netns::Namespace::inside`]. It has no units yet.
    ///
    /// # Panics
    /// When it is not up in time; without root.
    #[must_use]
    pub fn start() -> Self {
        let (daemon, group) = Daemon::start_with(|scratch| {
            let folder = scratch.path().display().to_string();
            let up = format!(
                "[Unit]\nWants=dbus.service\n[Service]\nType=oneshot\n\
                 ExecStart=/bin/sh -c 'until busctl status org.freedesktop.systemd1 >/dev/null 2>&1; do sleep 0.1; done; echo all units are up'\n\
                 StandardOutput=append:{folder}/daemon.log\n"
            );
            let _units = scratch.folder("units");
            scratch.write("units/up.service", up);
            for (name, text) in DBUS {
                scratch.write(&format!("units/{name}"), text);
            }
            for target in TARGETS {
                let wants = if target == "multi-user.target" { "Wants=up.service\n" } else { "" };
                scratch.write(&format!("units/{target}"), format!("[Unit]\nDefaultDependencies=no\n{wants}"));
            }
            let group = format!("conn-check-test-{}", scratch.path().file_name().or_panic("a name").display());
            let launch = Launch::new("unshare")
                .args(["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--", "sh", "-c", CONFINE, "sh"])
                .args([&group, BOOT, &folder])
                .says("all units are up")
                .without_grace();
            (launch, group)
        });
        Self { daemon, group }
    }

    /// Writes a unit and lets it be known.
    pub fn unit(&self, name: &str, text: &str) {
        let place = self.root().join(UNITS).join(name);
        fs::write(&place, text).or_panic(format_args!("write {name}"));
        self.control(&["daemon-reload"]);
    }

    /// Writes a file that everybody may read; `name` is relative to the root directory, and below `run`.
    ///
    /// # Panics
    /// When it would not be the container's alone.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.own(name), text).or_panic(format_args!("write {name}"));
    }

    /// Copies a program to `/run/NAME`.
    pub fn program(&self, name: &str, source: &Path) {
        fs::copy(source, self.own(&format!("run/{name}"))).or_panic(format_args!("copy {name}"));
    }

    fn own(&self, name: &str) -> PathBuf {
        assert!(name.starts_with("run/"), "{name} is this machine's");
        self.root().join(name)
    }

    /// Starts a unit, and waits as `systemctl start` does.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_unit(&self, name: &str) {
        self.control(&["start", name]);
    }

    /// `systemctl` with these words.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn control(&self, words: &[&str]) {
        let _printed = self.asked(words);
    }

    /// The same, and what it prints.
    #[track_caller]
    fn asked(&self, words: &[&str]) -> String {
        let output = self.command("systemctl").args(words).output().or_panic("run systemctl");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "systemctl {}: {said}{}", words.join(" "), self.daemon.log());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// One property of a unit.
    #[must_use]
    pub fn property(&self, unit: &str, name: &str) -> String {
        self.asked(&["show", "--value", "-p", name, unit]).trim().to_owned()
    }

    /// A command that will run `program` in the container, as root, in the group of no unit.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(packages::needed("nsenter"));
        command.args(["--target", &self.init().to_string(), "--all", "--"]).arg(packages::needed(program));
        command
    }

    /// The root directory that is seen in the container, from outside.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.init()).into()
    }

    /// The first process of the container, by its number outside: the only child of `unshare`.
    fn init(&self) -> u32 {
        let pid = self.daemon.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).or_panic("read who systemd is");
        children.trim().parse().or_panic("one child of unshare")
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        self.daemon.stop();
        // Groups are empty once all their processes are gone, and stay.
        let script = "mount -t cgroup2 cgroup2 /mnt && find \"/mnt/$1\" -depth -type d -exec rmdir {} +";
        let unshare = packages::needed("unshare");
        wait::happens(GRACE, || {
            let removed =
                Command::new(&unshare).args(["--mount", "--", "sh", "-c", script, "sh", &self.group]).output();
            removed.is_ok_and(|output| output.status.success())
        });
    }
}
