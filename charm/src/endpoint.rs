//! The endpoint of a unit, a service of systemd's: for the options `health_listen` and `health_token`, and for the metrics that
//! the relation `cos-agent` is told of. It runs where the file of checks can be used, is started anew when what it was started
//! with has changed, and reads its checks again when they have.

mod addresses;
mod run;
mod service;

pub(crate) use run::{Outcome, stop};

use crate::accounts::{USER, run_as};
use crate::desired::Desired;
use crate::error::Error;
use crate::host::{FileType, Host, Metadata, Program};
use crate::inspect::{inspect, link_target};
use crate::listen::Listen;
use crate::observed::{Observed, TokenState};
use crate::paths::{SERVE, UnitPaths};
use crate::serving::{Note, Started};
use crate::stamp::FileStamp;
use crate::status::Status;
use crate::systemd::{self, State};
use crate::token::Token;
use crate::validation::{Answer, Validation};
use addresses::Addresses;
use run::Start;
use service::Service;
use std::path::Path;

/// What is to be done, and what is known then.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Plan {
    step: Step,
    /// The port of the metrics, for the collector.
    pub(crate) metrics: Option<u16>,
    /// What keeps the endpoint from being as it should.
    pub(crate) problems: Vec<Status>,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Step {
    #[default]
    Nothing,
    Start(Box<Start>),
    Reload(Note),
    Stop,
}

/// What the plan is made for.
struct Planner<'a> {
    observed: &'a Observed,
    unit: UnitPaths<'a>,
    file: &'a Path,
    token: Option<&'a Token>,
    /// Whether the file of checks can be used.
    is_ready: bool,
}

impl Plan {
    /// The plan of a unit that stays.
    ///
    /// # Errors
    /// The file system fails.
    pub(crate) fn of(
        host: &mut dyn Host,
        observed: &Observed,
        desired: &Desired,
        validation: &Validation,
    ) -> Result<Self, Error> {
        let file = desired.files.first().filter(|_| observed.wants_endpoint() && desired.version.is_some());
        let Some(file) = file else { return Ok(Self::without(observed, None)) };
        let unit = UnitPaths(&observed.environment.unit);
        let (path, token) = match (&file.path, &observed.token) {
            (Ok(path), TokenState::Known(token)) => (path, token.as_ref()),
            // The status says what is wrong with the path.
            (Err(_), _) => return Ok(Self::held(observed, None)),
            (_, TokenState::Unknown(why)) => return Ok(Self::held(observed, why.clone())),
        };
        let is_ready = matches!(validation, Validation::Read { all: Answer::Checks(1..), .. });
        Planner { observed, unit, file: path, token, is_ready }.plan(host)
    }

    /// Nothing runs.
    fn without(observed: &Observed, problem: Option<Status>) -> Self {
        let step = if observed.serving.is_there { Step::Stop } else { Step::Nothing };
        Self { step, metrics: None, problems: problem.into_iter().collect() }
    }

    /// What runs goes on as it is, and nothing else is begun.
    fn held(observed: &Observed, problem: Option<Status>) -> Self {
        let note = observed.serving.note.filter(|note| note.started.is_some());
        let metrics = note.and_then(|note| note.metrics).filter(|_| !observed.cos_relations.is_empty());
        Self { step: Step::Nothing, metrics, problems: problem.into_iter().collect() }
    }

    /// Does it.
    ///
    /// # Errors
    /// The file system fails, or systemd does not end a service.
    pub(crate) fn apply(&self, host: &mut dyn Host, unit: UnitPaths<'_>) -> Result<Outcome, Error> {
        match &self.step {
            Step::Nothing => Ok(Outcome::default()),
            Step::Start(start) => run::start(host, unit, start),
            Step::Reload(note) => run::reload(host, unit, *note),
            Step::Stop => Ok((stop(host, unit)?, None)),
        }
    }
}

impl Planner<'_> {
    fn plan(&self, host: &mut dyn Host) -> Result<Plan, Error> {
        let note = self.observed.serving.note.unwrap_or_default();
        let state = systemd::state(host, &self.unit.service());
        if state == State::NoSystemd {
            let text = "the endpoint (health_listen, cos-agent) needs systemd, which does not run this machine";
            return Ok(Plan::held(self.observed, Some(Status::blocked(text))));
        }
        let checks = FileStamp::of(host, self.file)?;
        let is_written = self.is_written(host, note.metrics)?;
        let is_started =
            note.started.is_some_and(|started| Started::now(host, self.unit).is_ok_and(|now| started == now));
        if state == State::Active && is_written && is_started {
            let is_read = note.checks == checks || !self.is_ready;
            let step = if is_read { Step::Nothing } else { Step::Reload(Note { checks, ..note }) };
            return Ok(Plan { step, metrics: note.metrics, problems: Vec::new() });
        }
        if !self.is_ready {
            // A new version can wait for a file that can be used; what was asked for otherwise must not be served as it was.
            let waits = state == State::Active && is_written;
            return Ok(if waits { Plan::held(self.observed, None) } else { Plan::without(self.observed, None) });
        }
        if !self.can_serve(host)? {
            let text = "this version of conn-check has no endpoint (health_listen, cos-agent): use a later revision";
            return Ok(Plan::without(self.observed, Some(Status::blocked(text))));
        }
        Ok(self.start(host, Note { checks, ..note }))
    }

    fn start(&self, host: &dyn Host, note: Note) -> Plan {
        let addresses = Addresses::read(host, self.unit);
        let observed = self.observed;
        let is_collected = !observed.cos_relations.is_empty();
        // Nor that on which the report itself is to be had.
        let own = self.service(None).addresses().iter().filter_map(Listen::port).collect::<Vec<_>>();
        let others = observed.serving.ports.iter().copied().chain(own).collect();
        let metrics = if is_collected { addresses.metrics_port(note.metrics, &others) } else { None };
        if metrics.is_none() && is_collected {
            let text = "cos-agent: every port for the metrics, 9843 to 9942, is taken on this machine";
            return Plan::without(observed, Some(Status::blocked(text)));
        }
        let service = self.service(metrics);
        if let Some(taken) = service.addresses().iter().find_map(|address| addresses.taken(address)) {
            return Plan::without(observed, Some(Status::blocked(format!("health_listen: {taken}"))));
        }
        let note = Note { started: None, metrics, ..note };
        let text = service.text(&|path| host.map_path(path));
        let start = Start { text, token: self.token.cloned(), note };
        Plan { step: Step::Start(Box::new(start)), metrics, problems: Vec::new() }
    }

    fn service(&self, metrics: Option<u16>) -> Service<'_> {
        Service {
            unit: self.unit,
            juju_unit: &self.observed.environment.juju_unit,
            file: self.file,
            listen: self.observed.options.health_listen.as_ref(),
            has_token: self.token.is_some(),
            metrics,
            connect_timeout: self.observed.options.connect_timeout,
        }
    }

    /// Whether the files of the service are what they should be, if its metrics are at this port.
    fn is_written(&self, host: &dyn Host, metrics: Option<u16>) -> Result<bool, Error> {
        if metrics.is_some() == self.observed.cos_relations.is_empty() {
            return Ok(false);
        }
        let text = self.service(metrics).text(&|path| host.map_path(path));
        let token = self.token.map(Token::file);
        Ok(content(host, &self.unit.service_file())?.as_deref() == Some(text.as_bytes())
            && content(host, &self.unit.token())?.as_deref() == token.as_ref().map(String::as_bytes)
            && link_target(host, &self.unit.service_link())? == Some(run::target(self.unit)))
    }

    /// Whether the version in use knows this name of its; an earlier one takes it for its own.
    fn can_serve(&self, host: &mut dyn Host) -> Result<bool, Error> {
        let program = Program::new(self.unit.serve(), run_as(host, USER)?).with(["--version"]);
        let said = host.run(&program).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        Ok(said.is_ok_and(|said| said.strip_prefix(SERVE).is_some_and(|rest| rest.starts_with(' '))))
    }
}

fn content(host: &dyn Host, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match inspect(host, path)? {
        // A larger one is not the charm's.
        Some(Metadata { kind: FileType::File, size, .. }) if size <= 64 * 1024 => {
            host.read(path, size).map_err(Error::at("read", path))
        }
        _ => Ok(None),
    }
}
