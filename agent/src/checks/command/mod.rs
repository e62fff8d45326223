//! Any plugin of a monitoring system, or a script of one's own.
//!
//! - Proves: what the program proves.
//! - Protocol: that of plugins (Monitoring Plugins Development Guidelines): the exit status 0, 1, 2 or 3, a first line,
//!   performance data behind a `|`, further lines; or a JSON object with the lists `errors` and `warnings`, for several of
//!   them at once (`answer.rs`).
//! - Phases: local. A program runs in a process group of its own, without a shell, with nothing of this process' own
//!   (`process.rs`), and its group ends with it. A tenth of the timeout, at most a second, is kept for its end.
//! - Options: see [`Command::parse`]; each says its meaning and default. There is none for another user: who that is and
//!   how one becomes it (groups, limits, a session) is the job of `runuser`, `setpriv` and `sudo`, which go before the
//!   program.
//! - Failures: `local.command-*`, and `connect.local-limit` where this host has no process left. The owner of what a program
//!   finds broken is the service and never this host: nobody knows what it looks at, and what all nodes share must not
//!   take each of them out of service (`/ready`); one that cannot run is the file's, which all nodes may have in common.
//! - Does not check: who wrote the program. Who wrote the file that names it is looked into when that is read
//!   ([`Trust`](crate::file::Trust)).

mod answer;
mod options;
mod performance;
mod process;
mod words;

use crate::catalogue::{Cause, WarningKind};
use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Failure, Fault};
use crate::phase::Phase;
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Fields, Noted};
use answer::Answer;
use options::Arguments;
use process::{Ended, Program};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt as _;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Command {
    program: Program,
    /// Its arguments, as far as they are certainly no secrets.
    shown: String,
    /// Its exit status has the meaning of a plugin's.
    is_plugin: bool,
}

impl Check for Command {
    const TYPE: &'static str = "command";
    const SERVICE: &'static Service = &services::COMMAND;
    const ABOUT: &'static str = "A program that checks (a plugin of a monitoring system, a script) finds nothing.";
    const TRACE: &'static str = "What the program leaves.";
    const EXAMPLE: &'static str = "\
- type: command
  command: [check_disk, -w, 10%, -c, 5%, -p, /]
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let arguments = fields.required::<Arguments>("command", "The program and its arguments, as a list: there is no shell. A name alone is looked for in /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin and /usr/lib/nagios/plugins.");
        let environment = options::environment(fields);
        let is_plugin = fields.or::<bool>("plugin", "true", "Whether its exit status has the meaning of a plugin's: 1 a warning, 2 a failure, 3 that it cannot tell. With `false`, any but 0 is a failure.");
        let Arguments { program, further: arguments, shown } = arguments?;
        Ok(Self { program: Program { name: program, arguments, environment: environment? }, shown, is_plugin })
    }

    fn profile(&self) -> Profile {
        let name = self.name();
        Profile {
            target: name.to_owned(),
            words: Some(("command", self.shown.clone())),
            results: vec![ResultName { name: [Self::TYPE, ":", name].concat(), info: String::new() }],
            starts_program: true,
            unnamed: Some("what the program connects to".to_owned()),
            ..Profile::default()
        }
        .once(true)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let time = probe.share(1);
        let ran = probe.phase(Phase::Local, self.program.run(time)).await;
        let Ended { status, out, complaint } = ran.map_err(|failure| self.in_time(failure, probe))?;
        if let Some(status) = status.code() {
            probe.fact("exit_status", status);
        }
        let answer = Answer::read(&out.bytes).unwrap_or_else(Answer::unknown);
        tell(&answer, probe);
        let said = Said { answer, complaint, wrote: out.total };
        self.judge(&said, status, probe).map_err(|fault| probe.fail(Phase::Local, said.evidence(fault)).into())
    }
}

/// What a program said.
struct Said {
    answer: Answer,
    /// The last line of its standard error.
    complaint: Option<String>,
    /// In bytes.
    wrote: u64,
}

impl Command {
    /// The program without its directory.
    fn name(&self) -> &str {
        self.program.name.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&self.program.name)
    }

    /// On a busy host, the check's time may be over before the program's: that is no fault of a file system then, and none
    /// of this host's.
    fn in_time(&self, failure: Failure, probe: &Probe) -> Failure {
        if !failure.code.is(Phase::Local, Cause::Timeout) {
            return failure;
        }
        let message = sentence![theirs(self.name()), " did not end in time, and was ended"];
        probe.fail(Phase::Local, Fault::new(Cause::CommandHangs, message))
    }

    fn judge(&self, said: &Said, status: std::process::ExitStatus, probe: &mut Probe) -> Result<(), Fault> {
        let name = || theirs(self.name());
        if let Some(signal) = status.signal() {
            return Err(Fault::new(Cause::CommandKilled, sentence![name(), " was ended by ", process::signal(signal)]));
        }
        let answer = &said.answer;
        let status = status.code().unwrap_or_default();
        if let Some((first, rest)) = answer.errors.split_first() {
            let also = rest.iter().map(|error| sentence!["; ", theirs(error)]);
            let message = sentence![name(), ": ", theirs(first), Sentence::join(also, "")];
            return Err(Fault::new(Cause::CommandFailed, message));
        }
        if let Some(wrong) = answer.wrong {
            return Err(Fault::new(Cause::CommandUnknown, sentence![name(), ": ", wrong])
                .next_step("have it print {\"errors\": [TEXT, ...], \"warnings\": [TEXT, ...]}, or lines of text"));
        }
        for warning in &answer.warnings {
            probe.warn(WarningKind::LocalCommandWarns, sentence![name(), ": ", theirs(warning)]);
        }
        let text = || said.text(status);
        match status {
            0 => Ok(()),
            1 if self.is_plugin => {
                if answer.warnings.is_empty() {
                    probe.warn(WarningKind::LocalCommandWarns, sentence![name(), ": ", text()]);
                }
                Ok(())
            }
            2 if self.is_plugin => Err(Fault::new(Cause::CommandFailed, sentence![name(), ": ", text()])),
            3 if self.is_plugin => Err(Fault::new(Cause::CommandUnknown, sentence![name(), ": ", text()])),
            _ if self.is_plugin => Err(self.strange(status)),
            _ => Err(Fault::new(Cause::CommandFailed, sentence![name(), ": ", text()])),
        }
    }

    /// A status that no plugin has; shells have some of their own.
    fn strange(&self, status: i32) -> Fault {
        let message = sentence![theirs(self.name()), " ended with the status ", status, ", which is no plugin's"];
        let fault = Fault::new(Cause::CommandStatus, message);
        match status {
            126 => fault.next_step("let it execute what it calls: a shell says 126 where it may not"),
            127 => fault.next_step(
                "install what it calls, or name it by its whole path: a shell says 127 where it is not there",
            ),
            129..=192 => fault.next_step(sentence![
                "see why what it calls ends: a shell says so of what ",
                process::signal(status - 128),
                " ended"
            ]),
            _ => fault,
        }
    }
}

impl Said {
    /// The first line, or what can be said in its place.
    fn text(&self, status: i32) -> Sentence {
        match (&self.answer.text, &self.complaint) {
            (Some(text), _) => theirs(text),
            (None, Some(complaint)) => theirs(complaint),
            (None, None) => sentence!["it ended with the status ", status, " and said nothing"],
        }
    }

    /// What is not in the message.
    fn evidence(&self, fault: Fault) -> Fault {
        let Self { answer, complaint, wrote } = self;
        let told = fault.message.plain();
        let lines = answer.text.iter().chain(&answer.long).chain(complaint);
        let lines: Vec<_> = lines.filter(|line| !told.contains(line.as_str())).map(theirs).collect();
        let fault = if lines.is_empty() { fault } else { fault.with_evidence(Sentence::join(lines, " / ")) };
        if *wrote > process::MOST as u64 {
            return fault.with_evidence(sentence!["it wrote ", *wrote, " bytes"]);
        }
        fault
    }
}

/// What is known of a program beside its verdict.
fn tell(answer: &Answer, probe: &mut Probe) {
    let lines: Vec<Value> = answer.text.iter().chain(&answer.long).map(|line| probe.clean(line).into()).collect();
    if !lines.is_empty() {
        probe.fact("output", lines);
    }
    let data: Vec<_> = answer.performance.iter().map(|one| one.to_json(|text| probe.clean(text))).collect();
    if !data.is_empty() {
        probe.fact("performance", data);
    }
}
