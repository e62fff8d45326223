//! The paths of the charm on the machine. The agent is outside of the charm's directory: NRPE runs
//! it as the user nagios, who has no access there.

use std::path::{Path, PathBuf};

/// The agent's versions and the links of the units, shared by all units of the machine.
pub(crate) const LIB: &str = "/usr/local/lib/conn-check";
/// One directory for each version.
pub(crate) const VERSIONS: &str = "/usr/local/lib/conn-check/versions";
/// One link for each unit.
pub(crate) const UNITS: &str = "/usr/local/lib/conn-check/units";
/// The notes about the attached resources; one file for each unit.
pub(crate) const RESOURCES: &str = "/usr/local/lib/conn-check/resources";
/// The notes about the programs in the charms; one file for each unit.
pub(crate) const TRIALS: &str = "/usr/local/lib/conn-check/trials";
/// The notes about the services of the endpoints; one file for each unit.
pub(crate) const SERVING: &str = "/usr/local/lib/conn-check/serving";
/// A link to the newest version that a unit uses or has as its resource.
pub(crate) const CURRENT: &str = "/usr/local/lib/conn-check/current";
/// Marks that the charm created the user conn-check.
pub(crate) const USER_MADE: &str = "/usr/local/lib/conn-check/user-made";
/// Its name.
pub(crate) const USER_MADE_NAME: &str = "user-made";
/// Marks that NRPE must be reloaded, for whichever unit's hook comes next: the one that changed a file of NRPE's may have
/// been a unit's last.
pub(crate) const RELOAD: &str = "/usr/local/lib/conn-check/reload-nrpe";
/// Its name.
pub(crate) const RELOAD_NAME: &str = "reload-nrpe";
/// Where people find the programs.
pub(crate) const BIN: &str = "/usr/local/bin";
/// One directory of checks for each unit.
pub(crate) const ETC: &str = "/etc/conn-check";
/// One directory of results for each unit.
pub(crate) const VAR: &str = "/var/lib/conn-check";
/// The directory of NRPE's command files.
pub(crate) const NRPE: &str = "/etc/nagios/nrpe.d";
/// The directory from which the nrpe charm sends services to the Nagios server.
pub(crate) const EXPORT: &str = "/var/lib/nagios/export";

/// Where an admin's units of systemd are, which ours are to it.
pub(crate) const SYSTEMD: &str = "/etc/systemd/system";
/// The directory of what systemd starts with the machine.
pub(crate) const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";
/// What systemd gives to services while they run: one directory for each unit.
pub(crate) const RUN: &str = "/run/conn-check";

/// Whether others than root can make, change or swap what is there at any moment: the users that run checks have the
/// results, and the home of the user nagios is the directory above that of the exports. A hook fails for nothing there.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    [VAR, EXPORT].iter().any(|directory| path.starts_with(directory))
}

/// The agent's program.
pub(crate) const PROGRAM: &str = "conn-check";

/// The names of the agent's programs in PATH; it is one binary that looks at its name.
pub(crate) const PROGRAMS: [&str; 6] =
    [PROGRAM, "conn-check-configs", "conn-check-convert-fw", "conn-check-django", "conn-check-export-fw", SERVE];

/// The name of the program under which it serves.
pub(crate) const SERVE: &str = "conn-check-serve";

/// The directory of the versions in the charm.
pub(crate) fn embedded_in(charm: &Path) -> PathBuf {
    charm.join("agent")
}

/// The paths of one unit, whose name has a dash instead of the slash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UnitPaths<'a>(pub(crate) &'a str);

impl UnitPaths<'_> {
    /// The link to the version that this unit uses.
    pub(crate) fn version_link(self) -> PathBuf {
        Path::new(UNITS).join(self.0)
    }

    /// The agent's program for this unit; the path stays the same when the version changes.
    pub(crate) fn program(self) -> PathBuf {
        self.version_link().join(PROGRAM)
    }

    pub(crate) fn resource_note(self) -> PathBuf {
        Path::new(RESOURCES).join(self.0)
    }

    pub(crate) fn trials(self) -> PathBuf {
        Path::new(TRIALS).join(self.0)
    }

    /// The note about the endpoint's service.
    pub(crate) fn serving(self) -> PathBuf {
        Path::new(SERVING).join(self.0)
    }

    /// By these a unit is known that Juju has taken away.
    pub(crate) fn names(self) -> [PathBuf; 4] {
        [self.trials(), self.resource_note(), self.serving(), self.version_link()]
    }

    /// The name of the endpoint's service.
    pub(crate) fn service(self) -> String {
        format!("{SERVE}-{}.service", self.0)
    }

    /// Its file.
    pub(crate) fn service_file(self) -> PathBuf {
        Path::new(SYSTEMD).join(self.service())
    }

    /// By this systemd starts it with the machine.
    pub(crate) fn service_link(self) -> PathBuf {
        Path::new(WANTS).join(self.service())
    }

    /// The directory that systemd makes for it.
    pub(crate) fn runtime(self) -> PathBuf {
        Path::new(RUN).join(self.0)
    }

    /// The token of the endpoint.
    pub(crate) fn token(self) -> PathBuf {
        self.etc().join("health.token")
    }

    /// The program that serves, by the name that it has to be called by.
    pub(crate) fn serve(self) -> PathBuf {
        self.version_link().join(SERVE)
    }

    pub(crate) fn etc(self) -> PathBuf {
        Path::new(ETC).join(self.0)
    }

    /// The settings that the actions read.
    pub(crate) fn settings(self) -> PathBuf {
        self.etc().join("settings.json")
    }

    pub(crate) fn var(self) -> PathBuf {
        Path::new(VAR).join(self.0)
    }

    /// The last result.
    pub(crate) fn record(self) -> PathBuf {
        self.var().join("record.json")
    }

    /// The result of a running action, which Juju knows by this id.
    pub(crate) fn action_record(self, id: &str) -> PathBuf {
        self.var().join(format!("action-{id}.json"))
    }

    /// The name of the check in Nagios, without the `check_` before it.
    pub(crate) fn shortname(self) -> String {
        format!("conn-check-{}", self.0)
    }

    /// The file with the command for NRPE.
    pub(crate) fn nrpe_command(self) -> PathBuf {
        Path::new(NRPE).join(format!("check_{}.cfg", self.shortname()))
    }

    /// The end of the file names of exported services of this unit, after the host name.
    pub(crate) fn exported_service_ending(self) -> String {
        format!("_check_{}.cfg", self.shortname())
    }

    pub(crate) fn exported_service(self, hostname: &str) -> PathBuf {
        Path::new(EXPORT).join(format!("service__{hostname}{}", self.exported_service_ending()))
    }
}

/// The unit whose endpoint's service has this name.
pub(crate) fn unit_of_service(service: &str) -> Option<&str> {
    service.strip_prefix(SERVE)?.strip_prefix('-')?.strip_suffix(".service")
}

/// Whether this is the name of an action's result, also of one by an earlier version of the charm.
pub(crate) fn is_action_record(name: &str) -> bool {
    name.strip_suffix(".json").is_some_and(|stem| stem == "action" || stem.starts_with("action-"))
}
