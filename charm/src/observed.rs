//! The state of Juju and of the machine, read once at the start of every hook.

use crate::accounts::{NAGIOS, user};
use crate::agent::Agent;
use crate::checks_file::RelationData;
use crate::environment::Environment;
use crate::error::Error;
use crate::hook_tools;
use crate::host::{DRAFT, FileType, Host, Metadata};
use crate::inspect::{inspect, visible_names};
use crate::metrics::CosRelation;
use crate::nrpe::NrpeRelation;
use crate::options::Options;
use crate::paths::{BIN, EXPORT, LIB, NRPE, RESOURCES, SERVING, SYSTEMD, TRIALS, UNITS, UnitPaths, VERSIONS, WANTS};
use crate::serving::Serving;
use crate::status::Status;
use crate::token::{Token, TokenSource};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that the desired state depends on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Observed {
    /// The hook and the unit.
    pub(crate) environment: Environment,
    /// Whether this unit is being removed.
    pub(crate) leaving: bool,
    /// The charm's options.
    pub(crate) options: Options,
    /// The relation data of conn-check, in the order of the relation numbers.
    pub(crate) relation_data: Vec<RelationData>,
    /// The relations with nrpe, in the order of the relation numbers.
    pub(crate) nrpe_relations: Vec<NrpeRelation>,
    /// The relations with collectors of metrics.
    pub(crate) cos_relations: Vec<CosRelation>,
    /// The token of the endpoint.
    pub(crate) token: TokenState,
    /// The endpoint's service.
    pub(crate) serving: Serving,
    /// The agent.
    pub(crate) agent: Agent,
    /// NRPE on this machine.
    pub(crate) nrpe: Nrpe,
    /// The names in this unit's directory of checks.
    pub(crate) checks_directory: Vec<String>,
    /// Drafts that a killed hook left behind.
    pub(crate) drafts: Vec<PathBuf>,
}

/// The token of the endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum TokenState {
    /// It is this one, or there is to be none.
    Known(Option<Token>),
    /// It cannot be told: why, unless that is said of the option.
    Unknown(Option<Status>),
}

/// NRPE on this machine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Nrpe {
    /// Whether it is installed.
    pub(crate) installed: bool,
    /// Whether services can be exported to the Nagios server.
    pub(crate) exports_services: bool,
    /// The file with this unit's command, if it exists.
    pub(crate) command: Option<String>,
    /// The exported services of this unit.
    pub(crate) exported_services: Vec<PathBuf>,
    /// The command and the exported services of each orphaned unit.
    pub(crate) orphaned: BTreeMap<String, Vec<PathBuf>>,
}

impl Observed {
    /// Reads everything.
    ///
    /// # Errors
    /// The hook tools or the file system fail.
    pub(crate) fn read(host: &mut dyn Host, environment: Environment, relations: &Relations) -> Result<Self, Error> {
        let paths = UnitPaths(&environment.unit);
        let agent = Agent::read(host, &environment)?;
        let options = Options::parse(&hook_tools::config_get(host)?);
        let leaving = relations.is_leaving(&environment);
        Ok(Self {
            leaving,
            token: if leaving { TokenState::Known(None) } else { token(host, &options) },
            serving: Serving::read(host, paths, &agent.orphans)?,
            cos_relations: cos_relations(host, &relations.cos, &environment.juju_unit)?,
            options,
            relation_data: relation_data(host, &relations.checks)?,
            nrpe_relations: nrpe_relations(host, &relations.nrpe, &environment.juju_unit)?,
            nrpe: Nrpe::read(host, paths, &agent)?,
            agent,
            checks_directory: list(host, &paths.etc())?,
            drafts: drafts(host, paths)?,
            environment,
        })
    }

    /// Whether anybody is to be served.
    #[must_use]
    pub(crate) fn wants_endpoint(&self) -> bool {
        self.options.health_listen.is_some() || !self.cos_relations.is_empty()
    }

    /// Whether NRPE can run checks of this unit.
    #[must_use]
    pub(crate) fn monitored(&self) -> bool {
        self.nrpe.installed && !self.nrpe_relations.is_empty()
    }
}

impl Nrpe {
    fn read(host: &dyn Host, paths: UnitPaths<'_>, agent: &Agent) -> Result<Self, Error> {
        let is_directory =
            |path: &str| Ok(inspect(host, Path::new(path))?.is_some_and(|metadata| metadata.is_directory()));
        let exported = exported(host);
        let services_of = |paths: UnitPaths<'_>| {
            let ending = paths.exported_service_ending();
            let names = exported.iter().filter(|name| name.starts_with("service__") && name.ends_with(&ending));
            names.map(|name| Path::new(EXPORT).join(name)).collect::<Vec<_>>()
        };
        let of_orphan = |paths: UnitPaths<'_>| [services_of(paths), vec![paths.nrpe_command()]].concat();
        Ok(Self {
            installed: user(host, NAGIOS)?.is_some() && is_directory(NRPE)?,
            exports_services: has_exports(host),
            command: command(host, &paths.nrpe_command())?,
            exported_services: services_of(paths),
            orphaned: agent.orphans.iter().map(|unit| (unit.clone(), of_orphan(UnitPaths(unit)))).collect(),
        })
    }
}

/// A link of the user nagios in its place leads wherever it likes.
fn has_exports(host: &dyn Host) -> bool {
    inspect(host, Path::new(EXPORT)).is_ok_and(|found| found.is_some_and(|metadata| metadata.is_directory()))
}

/// The names of the exported services of all units.
fn exported(host: &dyn Host) -> Vec<String> {
    if has_exports(host) { host.list(Path::new(EXPORT)).unwrap_or_default() } else { Vec::new() }
}

/// A larger file, or one that is not text, was not written by the charm.
fn command(host: &dyn Host, path: &Path) -> Result<Option<String>, Error> {
    match inspect(host, path)? {
        Some(Metadata { kind: FileType::File, size, .. }) if size <= 16 * 1024 => {
            let text = host.read(path, size).map_err(Error::at("read", path))?;
            Ok(text.and_then(|text| String::from_utf8(text).ok()))
        }
        _ => Ok(None),
    }
}

/// The relations of the unit, by their ids, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Relations {
    checks: Vec<String>,
    general: Vec<String>,
    nrpe: Vec<String>,
    cos: Vec<String>,
}

impl Relations {
    /// Reads the lists.
    ///
    /// # Errors
    /// The hook tools fail.
    pub(crate) fn read(host: &mut dyn Host, environment: &Environment) -> Result<Self, Error> {
        let mut ids = |name| relation_ids(host, environment, name);
        let (checks, general) = (ids("conn-check")?, ids("general-info")?);
        Ok(Self { checks, general, nrpe: ids("nrpe-external-master")?, cos: ids("cos-agent")? })
    }

    /// A subordinate is removed with the last relation to its principal, even if `stop` is skipped by
    /// force; other hooks may come after that one. Only in `install` there is no relation yet: after it,
    /// before any other hook, Juju enters all of them (`statetracker.go`, `SynchronizeScopes`).
    pub(crate) fn is_leaving(&self, environment: &Environment) -> bool {
        match environment.hook.as_str() {
            "install" => false,
            "stop" | "remove" => true,
            _ => self.checks.is_empty() && self.general.is_empty(),
        }
    }
}

fn relation_data(host: &mut dyn Host, relations: &[String]) -> Result<Vec<RelationData>, Error> {
    let mut relation_data = Vec::new();
    for relation in relations {
        for unit in hook_tools::relation_list(host, relation)? {
            if let Some(data) = hook_tools::relation_get(host, relation, &unit)? {
                relation_data.push(RelationData { relation: relation.clone(), data });
            }
        }
    }
    Ok(relation_data)
}

fn nrpe_relations(host: &mut dyn Host, relations: &[String], own: &str) -> Result<Vec<NrpeRelation>, Error> {
    let mut nrpe_relations = Vec::new();
    for id in relations {
        let Some(own) = hook_tools::relation_get(host, id, own)? else { continue };
        let (mut hostname, mut has_spoken) = (None, false);
        for unit in hook_tools::relation_list(host, id)? {
            let mut data = hook_tools::relation_get(host, id, &unit)?.unwrap_or_default();
            has_spoken |= data.keys().any(|key| !OF_JUJU.contains(&key.as_str()));
            hostname = hostname.or_else(|| data.remove("nagios_hostname"));
        }
        nrpe_relations.push(NrpeRelation { id: id.clone(), hostname, has_spoken, own });
    }
    Ok(nrpe_relations)
}

fn cos_relations(host: &mut dyn Host, relations: &[String], own: &str) -> Result<Vec<CosRelation>, Error> {
    let mut cos_relations = Vec::new();
    for id in relations {
        let own = hook_tools::relation_get(host, id, own)?;
        cos_relations.extend(own.map(|own| CosRelation { id: id.clone(), own }));
    }
    Ok(cos_relations)
}

/// The token that the option names. Nobody asks for it where there is no endpoint: the metrics for a collector have none.
fn token(host: &mut dyn Host, options: &Options) -> TokenState {
    if options.health_listen.is_none() {
        return TokenState::Known(None);
    }
    match &options.health_token {
        None => TokenState::Unknown(None),
        Some(TokenSource::None) => TokenState::Known(None),
        Some(TokenSource::Option(token)) => TokenState::Known(Some(token.clone())),
        Some(TokenSource::Secret(uri)) => match secret(host, uri) {
            Ok(token) => TokenState::Known(Some(token)),
            Err(why) => TokenState::Unknown(Some(Status::blocked(format!("the secret of option health_token {why}")))),
        },
    }
}

fn secret(host: &mut dyn Host, uri: &str) -> Result<Token, String> {
    let mut secret = hook_tools::secret_get(host, uri)
        .map_err(|why| format!("cannot be had ({why}): juju grant-secret it to this application"))?;
    let token = secret.remove("token").ok_or("has no key token: juju update-secret it with token=...")?;
    Token::parse(&token).map_err(str::to_owned)
}

/// What Juju itself puts into the relation data of every unit.
const OF_JUJU: [&str; 3] = ["egress-subnets", "ingress-address", "private-address"];

/// Sorted by number: as text, 10 is before 3. A relation that is being broken is over, listed or not.
fn relation_ids(host: &mut dyn Host, environment: &Environment, name: &str) -> Result<Vec<String>, Error> {
    let mut ids = hook_tools::relation_ids(host, name)?;
    ids.retain(|id| Some(id) != environment.broken.as_ref());
    ids.sort_by_key(|id| id.rsplit_once(':').and_then(|(_, number)| number.parse::<u64>().ok()));
    Ok(ids)
}

/// What a killed hook may have left, also in a version of which it has replaced a program.
fn drafts(host: &dyn Host, paths: UnitPaths<'_>) -> Result<Vec<PathBuf>, Error> {
    let mut directories: Vec<_> =
        [LIB, VERSIONS, UNITS, RESOURCES, TRIALS, SERVING, SYSTEMD, WANTS, BIN, NRPE].map(PathBuf::from).into();
    directories.extend(visible_names(host, Path::new(VERSIONS))?.iter().map(|name| Path::new(VERSIONS).join(name)));
    directories.push(paths.etc());
    let mut drafts = Vec::new();
    let is_draft = |name: &String| name.starts_with('.') && name.ends_with(DRAFT);
    for directory in directories {
        drafts.extend(list(host, &directory)?.into_iter().filter(is_draft).map(|name| directory.join(name)));
    }
    drafts.extend(exported(host).into_iter().filter(is_draft).map(|name| Path::new(EXPORT).join(name)));
    Ok(drafts)
}

fn list(host: &dyn Host, directory: &Path) -> Result<Vec<String>, Error> {
    host.list(directory).map_err(Error::at("list", directory))
}
