//! A service, found by its unit, its user or one of its processes.

use super::process::Process;
use super::unit::{self, Unit};
use super::{User, cgroup};
use crate::comparison::Subject;
use crate::text::shortened;
use std::io;

/// A service in whose place checks are made.
#[derive(Debug)]
pub struct Service {
    pub(super) unit: Option<String>,
    pub(super) process: Option<Process>,
    /// Who makes the checks: never root.
    pub(super) user: User,
    pub(super) notes: Vec<String>,
}

impl Service {
    /// Finds a service.
    ///
    /// # Errors
    /// One sentence: why there is none, and what to say instead.
    pub fn find(word: &str) -> Result<Self, String> {
        let word = word.trim();
        let shown = shortened(word);
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::of_process(word);
        }
        if word.contains('/') && !word.starts_with('-') {
            return Err(format!(
                "`{shown}` is no unit of systemd; of a unit of Juju, name the service that runs on it (`systemctl \
                 list-units --type=service`), its user, or the number of a process"
            ));
        }
        if !unit::is_legal(word) {
            return Err(format!("`{shown}` is neither a unit of systemd, nor a user, nor the number of a process"));
        }
        if unit::is_named(word) {
            let missing = || {
                format!(
                    "there is no unit `{shown}` here, or nothing of it runs: `systemctl list-units` lists those that do"
                )
            };
            return Self::of_unit(word)?.ok_or_else(missing);
        }
        let of_unit = Self::of_unit(&format!("{word}.service"));
        if let Ok(Some(service)) = of_unit {
            return Ok(service);
        }
        match User::named(word) {
            Ok(Some(user)) => {
                let mut service = Self::of(None, None, user)?;
                service.notes.extend(of_unit.err().map(|why| format!("{why}; only the user {word} is taken")));
                Ok(service)
            }
            // The unit is there, and nothing of it runs.
            Ok(None) => Err(of_unit.err().unwrap_or_else(|| {
                format!(
                    "there is neither a unit nor a user `{shown}` here: `systemctl list-units --type=service` and \
                     `getent passwd` list them"
                )
            })),
            Err(error) => Err(format!("the user `{shown}` cannot be looked up: {error}")),
        }
    }

    /// The process of a number.
    fn of_process(number: &str) -> Result<Self, String> {
        let missing = || format!("there is no process {number}: `ps -ef` lists those that run");
        let pid: i32 = number.parse().map_err(|_| missing())?;
        let own = [std::process::id(), std::os::unix::process::parent_id()];
        if own.iter().any(|own| i32::try_from(*own) == Ok(pid)) {
            return Err(format!("process {number} is conn-check itself: name one of the service"));
        }
        let process = Process::open(pid).map_err(|_| missing())?;
        if !process.is_there() {
            return Err(format!("process {number} has ended"));
        }
        let user = process.user().map_err(|error| told(pid, &error))?;
        Self::of(None, Some(process), user)
    }

    /// A unit of systemd; nothing where there is no such unit.
    fn of_unit(name: &str) -> Result<Option<Self>, String> {
        let asked = Unit::ask(name);
        if asked.as_ref().is_some_and(|unit| !unit.is_known()) {
            return Ok(None);
        }
        let group = asked.as_ref().and_then(|unit| unit.control_group.as_deref());
        let main = asked.as_ref().and_then(|unit| unit.main_pid);
        let others = cgroup::processes_of_unit(name, group).into_iter().filter(|pid| Some(*pid) != main);
        let open = |pid| {
            let process = Process::open(pid).ok().filter(Process::is_there)?;
            Some((process.user().ok()?, process))
        };
        let mut processes: Vec<_> = main.into_iter().chain(others).filter_map(open).collect();
        // Of a service whose main process is root's, its workers connect.
        let worker = processes.iter().position(|(user, _)| !user.is_root());
        match (worker, asked) {
            _ if !processes.is_empty() => {
                let (user, process) = processes.swap_remove(worker.unwrap_or_default());
                let pid = process.pid;
                let mut service = Self::of(Some(name.to_owned()), Some(process), user)?;
                if let Some(main) = main.filter(|main| *main != pid) {
                    service
                        .notes
                        .push(format!("its main process {main} is root's: process {pid} is one of its others"));
                }
                Ok(Some(service))
            }
            (_, Some(unit)) => Err(without_process(name, &unit)),
            (_, None) => Ok(None),
        }
    }

    fn of(unit: Option<String>, process: Option<Process>, user: User) -> Result<Self, String> {
        let mut service = Self { unit, process, user, notes: Vec::new() };
        if service.user.is_root() {
            service.user =
                User::of_checks().map_err(|error| format!("the user of the checks cannot be looked up: {error}"))?;
            let whose = if service.process.is_some() { "the service is root's" } else { "checks are not made as root" };
            service.notes.push(format!("{whose}: checked as the user {}", service.user.name));
        }
        Ok(service)
    }

    /// Whether its process still runs.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.process.as_ref().is_none_or(Process::is_there)
    }

    /// Its variables with these names; nothing else of its environment is looked at.
    #[must_use]
    pub fn variables(&self, names: &[&str]) -> Vec<(String, String)> {
        self.process.as_ref().map(|process| process.variables(names)).unwrap_or_default()
    }

    /// As whom a run is, before the place is taken.
    #[must_use]
    pub fn subject(&self, before: &User) -> Subject {
        let descriptors = self.process.as_ref().and_then(Process::descriptors);
        let mut notes = self.notes.clone();
        notes.extend(descriptors.filter(|(open, most)| most.saturating_sub(*open) < most.div_ceil(10)).map(
            |(open, most)| {
                format!(
                    "it has {open} file descriptors open, and may have {most}: it can hardly connect to anything else"
                )
            },
        ));
        Subject {
            unit: self.unit.clone(),
            pid: self.process.as_ref().map(|process| process.pid),
            user: self.user.name.clone(),
            before: before.name.clone(),
            descriptors,
            notes,
            ..Subject::default()
        }
    }
}

/// Why a process cannot be taken the place of.
pub(super) fn told(pid: i32, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(nix::libc::ESRCH | nix::libc::ENOENT) => format!("process {pid} has ended"),
        _ => format!("process {pid} cannot be looked at: {error}"),
    }
}

fn without_process(name: &str, unit: &Unit) -> String {
    let by_user = unit.user.as_ref().map(|user| format!(", or name its user: --as {user}")).unwrap_or_default();
    if unit.active_state == "active" {
        return format!(
            "{name} is active and has no process; its processes may be those of another unit (`systemctl list-units`): \
             name that one{by_user}"
        );
    }
    format!("nothing of {name} runs (it is {}): start it{by_user}", unit.active_state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(word: &str) -> String {
        Service::find(word).expect_err("no service")
    }

    #[test]
    fn what_is_no_service_is_told_with_what_to_say_instead() {
        assert!(why("web/0").contains("name the service that runs on it"), "{}", why("web/0"));
        assert!(why("99999999").contains("there is no process 99999999"));
        assert!(why("99999999999999999999").contains("there is no process"));
        assert!(why("no-such-user-or-unit").contains("neither a unit nor a user"));
        assert!(why("no-such-unit.service").contains("there is no unit"));
        assert!(why("--root=x").contains("neither"));
        assert!(why("").contains("neither"));
        assert!(why(&std::process::id().to_string()).contains("conn-check itself"));
    }

    #[test]
    fn root_is_never_who_checks() {
        for word in ["root", "1"] {
            let service = Service::find(word).expect("a service");
            assert!(!service.user.is_root(), "{word}");
            assert!(service.notes[0].contains("checked as the user"), "{:?}", service.notes);
        }
    }

    #[test]
    fn a_unit_without_a_process_is_told_with_its_user() {
        let unit = Unit { active_state: "inactive".into(), user: Some("www-data".into()), ..Unit::default() };
        let told = without_process("web.service", &unit);
        assert_eq!(told, "nothing of web.service runs (it is inactive): start it, or name its user: --as www-data");
        let exited = Unit { active_state: "active".into(), ..Unit::default() };
        assert!(without_process("postgresql.service", &exited).contains("another unit"));
    }
}
