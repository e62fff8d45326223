//! The recording doubles of `systemctl` and `service`: no systemd runs where the tests run.

use super::arguments::Refusal;
use super::machine::Machine;
use std::collections::BTreeMap;
use std::fmt;

/// The programs they stand for.
pub(super) const NAMES: [&str; 2] = ["systemctl", "service"];

/// What is to happen when a service is reloaded or restarted.
type Reaction = Box<dyn FnMut() + Send>;

/// The init system, as far as a charm can tell.
pub struct Services {
    /// Every call: program, then arguments.
    pub calls: Vec<Vec<String>>,
    /// Whether systemd is the init system; without it every `systemctl` fails.
    pub systemd: bool,
    /// Whether the service `nagios-nrpe-server` is there.
    pub nrpe: bool,
    /// The services of the charm that run, each with the text of its file when it was started.
    pub running: BTreeMap<String, String>,
    pub(super) reaction: Option<Reaction>,
}

impl Default for Services {
    fn default() -> Self {
        Self { calls: Vec::new(), systemd: true, nrpe: true, running: BTreeMap::new(), reaction: None }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("calls", &self.calls).field("systemd", &self.systemd).finish_non_exhaustive()
    }
}

impl Services {
    pub(super) fn call(&mut self, machine: &Machine, program: &str, arguments: &[String]) -> Result<String, Refusal> {
        self.calls.push([&[program.to_owned()], arguments].concat());
        if program == "systemctl" && !self.systemd {
            return Err(Refusal::failed("System has not been booted with systemd as init system (PID 1)."));
        }
        if program == "systemctl" && !arguments.iter().any(|word| word == NRPE) {
            return self.of_the_charm(machine, arguments);
        }
        if program == "systemctl" && arguments.first().is_some_and(|word| word == "is-active") {
            let said = if self.nrpe { "active" } else { "inactive" };
            return Ok(format!("{said}\n"));
        }
        if !self.nrpe {
            let code = if program == "systemctl" { 5 } else { 1 };
            return Err(Refusal { code, text: "nagios-nrpe-server: unrecognized service".to_owned() });
        }
        let acts = arguments.iter().any(|word| matches!(word.as_str(), "reload" | "restart" | "try-reload-or-restart"));
        self.reaction.as_mut().filter(|_| acts).into_iter().for_each(|reaction| reaction());
        Ok(String::new())
    }

    /// What the charm may ask of its own services, and no more.
    fn of_the_charm(&mut self, machine: &Machine, arguments: &[String]) -> Result<String, Refusal> {
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        let done = Ok(String::new());
        match words[..] {
            ["daemon-reload"] => done,
            ["is-active", name] => {
                Ok(if self.running.contains_key(name) { "active\n" } else { "inactive\n" }.to_owned())
            }
            ["restart", name] => {
                let text = machine.read(&format!("/etc/systemd/system/{name}"));
                if text.is_empty() {
                    return Err(Refusal { code: 5, text: format!("Unit {name} not found.") });
                }
                self.running.insert(name.to_owned(), text);
                done
            }
            ["reload", name] if self.running.contains_key(name) => done,
            ["stop", name] => match self.running.remove(name) {
                Some(_) => done,
                None => Err(Refusal { code: 5, text: format!("Unit {name} not loaded.") }),
            },
            _ => Err(Refusal::usage(format!("systemctl does not do this here: {words:?}"))),
        }
    }
}

const NRPE: &str = "nagios-nrpe-server";
