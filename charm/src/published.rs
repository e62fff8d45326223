//! What the charm publishes: for NRPE, Nagios, the nrpe charm, the actions and people. A pure function
//! of the observed state and of the validation of the checks.

use crate::accounts::Owner;
use crate::checks_file::ChecksFile;
use crate::checks_status;
use crate::desired::Desired;
use crate::endpoint::Plan;
use crate::environment::Environment;
use crate::metrics::{self, Topology};
use crate::nrpe;
use crate::observed::Observed;
use crate::options::Options;
use crate::paths::UnitPaths;
use crate::record::Record;
use crate::settings::Settings;
use crate::status::Status;
use crate::tree::Node;
use crate::validation::{Answer, Validation};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a unit publishes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Published {
    /// The command for NRPE; `None` if the unit has none.
    pub(crate) command: Option<Node>,
    /// The service for the Nagios server.
    pub(crate) service: Option<Node>,
    /// Changes of this unit's relation data.
    pub(crate) relations: Vec<(String, BTreeMap<String, String>)>,
    /// The settings for the actions; `None` if the unit is being removed.
    pub(crate) settings: Option<Node>,
    /// The parts of the status.
    pub(crate) statuses: Vec<Status>,
}

impl Published {
    /// For a unit that stays; `map_path` is [`crate::host::Host::map_path`].
    #[must_use]
    pub(crate) fn for_staying_unit(
        observed: &Observed,
        desired: &Desired,
        validation: &Validation,
        plan: &Plan,
        record: Option<&Record>,
        map_path: &dyn Fn(&Path) -> PathBuf,
    ) -> Self {
        let unit = UnitPaths(&observed.environment.unit);
        let file = desired.files.first();
        let path = file.and_then(|file| file.path.as_deref().ok());
        let monitoring = Monitoring::of(observed, path, validation, map_path);
        let monitors = monitoring.command.as_ref().map(|_| nrpe::monitors(unit)).unwrap_or_default();
        let mut parts = desired.problems.clone();
        parts.extend(statuses(observed, desired, validation, record));
        parts.extend(monitoring.problems);
        parts.extend(plan.problems.iter().cloned());
        let metrics = plan.metrics.map(|port| metrics::data(topology(&observed.environment), port)).unwrap_or_default();
        let mut relations = nrpe_changes(observed, &[("primary", "False"), ("monitors", &monitors)]);
        relations.extend(cos_changes(observed, &metrics));
        Self {
            command: monitoring.command,
            service: monitoring.service,
            relations,
            settings: Some(settings(unit, file, validation, &observed.options)),
            statuses: parts,
        }
    }

    /// For a unit that is being removed: nothing any more.
    #[must_use]
    pub(crate) fn for_leaving_unit(observed: &Observed) -> Self {
        let mut published = Self::unmonitored(observed);
        published.relations.extend(cos_changes(observed, ""));
        published
    }

    /// Nothing for NRPE and Nagios.
    #[must_use]
    pub(crate) fn unmonitored(observed: &Observed) -> Self {
        Self {
            command: None,
            service: None,
            relations: nrpe_changes(observed, &[("monitors", "")]),
            settings: None,
            statuses: vec![Status::maintenance("removed from this machine")],
        }
    }
}

/// What NRPE and Nagios get, and what keeps them from it.
struct Monitoring {
    command: Option<Node>,
    service: Option<Node>,
    problems: Vec<Status>,
}

impl Monitoring {
    fn of(
        observed: &Observed,
        path: Option<&Path>,
        validation: &Validation,
        map_path: &dyn Fn(&Path) -> PathBuf,
    ) -> Self {
        let mut monitoring = Self { command: None, service: None, problems: Vec::new() };
        if observed.monitored() && is_registered(validation, observed.nrpe.command.is_some()) {
            monitoring.command = monitoring.command(observed, path, map_path);
        }
        if monitoring.command.is_some() && observed.nrpe.exports_services {
            monitoring.service = monitoring.service(observed);
        }
        monitoring
    }

    /// If no valid line can be made, the existing command stays.
    fn command(
        &mut self,
        observed: &Observed,
        path: Option<&Path>,
        map_path: &dyn Fn(&Path) -> PathBuf,
    ) -> Option<Node> {
        let Observed { environment, options, .. } = observed;
        let unit = UnitPaths(&environment.unit);
        let line = path.and_then(|path| {
            let [program, record, path] = [&unit.program(), &unit.record(), path].map(map_path);
            nrpe::command_line(unit, &program, &record, &path, options)
        });
        if path.is_some() && line.is_none() {
            let text = "the command for NRPE is too long: use a shorter path of the file of checks";
            self.problems.push(Status::blocked(text));
        }
        let text = line.map(|line| nrpe::command_file(options, &line));
        let text = text.or_else(|| observed.nrpe.command.clone())?;
        Some(Node::File(unit.nrpe_command(), text, Owner::Root, 0o644))
    }

    fn service(&mut self, observed: &Observed) -> Option<Node> {
        let Observed { environment, options, nrpe_relations, .. } = observed;
        let unit = UnitPaths(&environment.unit);
        let (hostname, problem) = nrpe::hostname(unit, environment.principal.as_deref(), nrpe_relations, options);
        self.problems.extend(problem.map(Status::blocked));
        let hostname = hostname?;
        let text = nrpe::service_file(unit, &environment.juju_unit, &hostname, options);
        Some(Node::File(unit.exported_service(&hostname), text, Owner::Root, 0o644))
    }
}

/// A check of a file that was valid once stays registered: Nagios gets UNKNOWN with the reason. If it
/// vanished from Nagios, that would look like success. Not so where the file says itself that there is nothing to
/// check, not yet or because of the tags.
fn is_registered(validation: &Validation, registered: bool) -> bool {
    match validation {
        Validation::NoFile => false,
        Validation::Read { nagios: Some(Answer::Checks(count)), .. } => *count > 0,
        Validation::InvalidPath(_) | Validation::Read { .. } => registered,
    }
}

/// The data of one relation, or the changes of it.
type Data = BTreeMap<String, String>;

/// `primary` tells nrpe that the Nagios host is not named after this subordinate.
fn nrpe_changes(observed: &Observed, desired: &[(&str, &str)]) -> Vec<(String, Data)> {
    relation_changes(observed.nrpe_relations.iter().map(|relation| (&relation.id, &relation.own)), desired)
}

fn cos_changes(observed: &Observed, metrics: &str) -> Vec<(String, Data)> {
    let relations = observed.cos_relations.iter().map(|relation| (&relation.id, &relation.own));
    relation_changes(relations, &[(metrics::KEY, metrics)])
}

/// The differences from the current relation data.
fn relation_changes<'a>(
    relations: impl Iterator<Item = (&'a String, &'a Data)>,
    desired: &[(&str, &str)],
) -> Vec<(String, Data)> {
    let changes = relations.map(|(id, own)| {
        let current = |key: &str| own.get(key).map_or("", String::as_str);
        let changes = desired.iter().filter(|(key, value)| current(key) != *value);
        let changes = changes.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        (id.clone(), changes.collect::<Data>())
    });
    changes.filter(|(_, changes)| !changes.is_empty()).collect()
}

fn topology(environment: &Environment) -> Topology<'_> {
    let (model, model_uuid) = &environment.model;
    Topology { model, model_uuid, application: environment.application() }
}

fn settings(unit: UnitPaths<'_>, file: Option<&ChecksFile>, validation: &Validation, options: &Options) -> Node {
    let invalid_path = matches!(validation, Validation::InvalidPath(_));
    let settings = Settings {
        file: file.and_then(|file| file.path.clone().ok()),
        problem: invalid_path.then(|| checks_status::of_validation(file, validation, None).message),
        exclude_tags: options.nagios_exclude_tags.clone(),
        max_timeout: options.max_timeout,
        connect_timeout: options.connect_timeout,
    };
    Node::File(unit.settings(), settings.to_text(), Owner::Unit, 0o640)
}

fn statuses(observed: &Observed, desired: &Desired, validation: &Validation, record: Option<&Record>) -> Vec<Status> {
    let file = desired.files.first();
    let mut parts = vec![checks_status::of_validation(file, validation, record)];
    if let (Validation::Read { all: Answer::Checks(1..), nagios: Some(answer) }, true) =
        (validation, observed.monitored())
    {
        parts.extend(checks_status::of_nagios(file, answer, &observed.options.nagios_exclude_tags));
    }
    let path = file.and_then(|file| file.path.as_deref().ok());
    if let Some(path) = path.filter(|path| observed.monitored() && nrpe::has_its_own(path)) {
        let text = "is in a directory of which nrpe has one of its own (PrivateTmp): Nagios does not see it";
        parts.push(Status::waiting(format!("{} {text}; use another directory", path.display())));
    }
    let unused: Vec<_> = desired.files.iter().skip(1).map(|file: &ChecksFile| file.label.as_str()).collect();
    if !unused.is_empty() {
        parts.push(Status::active(format!("not used: {}", unused.join(", "))));
    }
    parts
}
