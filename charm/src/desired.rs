//! The desired state of the machine: a pure function of the observed state.

use crate::accounts::Owner;
use crate::checks_file::{ChecksFile, is_generated};
use crate::observed::Observed;
use crate::paths::{BIN, CURRENT, ETC, LIB, PROGRAM, PROGRAMS, SERVE, UNITS, UnitPaths, VAR, VERSIONS, embedded_in};
use crate::resource::Resource;
use crate::run_failure::Refusal;
use crate::status::Status;
use crate::tree::Node;
use crate::version::Version;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The desired state, except for what depends on the validation of the checks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Desired {
    /// The version that this unit uses.
    pub(crate) version: Option<Version>,
    /// Directories; they are made before anything is put into them.
    pub(crate) directories: Vec<Node>,
    /// A version to install.
    pub(crate) install: Option<Version>,
    /// Programs to copy into an installed version: from, to.
    pub(crate) repair: Vec<(PathBuf, PathBuf)>,
    /// Links and generated files.
    pub(crate) nodes: Vec<Node>,
    /// What must not exist any more.
    pub(crate) absent: Vec<PathBuf>,
    /// Whether no other unit is on this machine: then the user and what units shared are removed.
    pub(crate) is_last_unit: bool,
    /// The files of checks, the one in use first.
    pub(crate) files: Vec<ChecksFile>,
    /// The configured revision, if it is not available.
    pub(crate) unavailable_revision: Option<String>,
    /// Problems that the status shows.
    pub(crate) problems: Vec<Status>,
    /// Notes for the log, if anything is changed.
    pub(crate) notes: Vec<String>,
}

impl Desired {
    /// The state that follows from what was observed.
    #[must_use]
    pub(crate) fn from(observed: &Observed) -> Self {
        let mut desired = Self { absent: observed.drafts.clone(), ..Self::default() };
        if observed.leaving {
            desired.remove_unit(observed);
        } else {
            desired.keep_unit(observed);
        }
        desired.clean_versions(observed);
        desired.report_unavailable_revision(observed);
        desired
    }

    fn keep_unit(&mut self, observed: &Observed) {
        let unit = &observed.environment.unit;
        let paths = UnitPaths(unit);
        let shared = |path: &str| Node::Shared(PathBuf::from(path), 0o755);
        let ours = |path: &str| Node::Directory(PathBuf::from(path), Owner::Root, 0o755);
        self.directories = vec![shared(LIB), ours(VERSIONS), ours(UNITS), shared(ETC), shared(VAR)];
        self.directories.push(Node::Directory(paths.etc(), Owner::Readable, 0o750));
        self.directories.push(Node::Directory(paths.var(), Owner::Unit, 0o2770));
        self.choose_version(observed);
        if let Some(version) = &self.version {
            // Nagios has to reach the program, whatever was done to the directory meanwhile.
            let directory = Path::new(VERSIONS).join(version.as_str());
            self.nodes.push(Node::Directory(directory.clone(), Owner::Root, 0o755));
            let target = Path::new("../versions").join(version.as_str());
            self.nodes.push(Node::Link(paths.version_link(), target));
            // A version goes by its name; a charm that knows no endpoint makes none of this one.
            self.nodes.push(Node::Link(directory.join(SERVE), PathBuf::from(PROGRAM)));
        }
        self.problems.extend(observed.options.problems.iter().map(Status::blocked));
        self.files = ChecksFile::candidates(unit, &observed.relation_data, &observed.options.config);
        for file in &self.files {
            if let (Ok(path), Some(text)) = (&file.path, &file.text) {
                self.nodes.push(Node::File(path.clone(), text.clone(), Owner::Unit, 0o640));
            }
        }
        let is_desired =
            |path: &Path| self.files.iter().any(|file| file.text.is_some() && file.path.as_deref() == Ok(path));
        let generated =
            observed.checks_directory.iter().filter(|name| is_generated(name)).map(|name| paths.etc().join(name));
        self.absent.extend(generated.filter(|path| !is_desired(path)));
    }

    /// Chooses the version, and what must be copied for it.
    fn choose_version(&mut self, observed: &Observed) {
        let agent = &observed.agent;
        let available = agent.available();
        let resource = agent.resources.get(&observed.environment.unit);
        let current = agent.units.get(&observed.environment.unit).cloned().flatten();
        let current = current.filter(|version| available.contains(version));
        let attached = resource.and_then(Resource::version).filter(|version| available.contains(version)).cloned();
        // Where the charm has nothing that can be used, an older resource takes nobody's place.
        let in_use = current.as_ref().filter(|_| agent.embedded.is_empty());
        let newest = agent.embedded.keys().chain(&attached).chain(in_use).max().cloned();
        let default_version =
            || newest.clone().or_else(|| current.clone()).or_else(|| available.last().copied().cloned());
        self.problems.extend(resource.and_then(Resource::refusal).map(|refusal| match refusal {
            Refusal::Refused(why) => {
                Status::blocked(format!("the resource agent cannot be run on this machine: {why}"))
            }
            Refusal::Delayed(why) => Status::waiting(format!(
                "the resource agent could not be had or tried, the next hook does it again: {why}"
            )),
        }));
        let requested = observed.options.revision.as_str();
        let pinned = available.iter().find(|version| version.as_str() == requested).copied().cloned();
        self.unavailable_revision =
            (!requested.is_empty() && pinned.is_none()).then(|| requested.chars().take(60).collect());
        if pinned.is_none() {
            self.report_refused(observed);
        }
        self.version = match (requested, pinned) {
            ("", _) => default_version(),
            (_, None) => current.clone().or_else(default_version),
            (_, pinned) => pinned,
        };
        match &self.version {
            Some(version) => self.copy_version(observed, version.clone()),
            None if agent.refused.is_empty() => {
                self.problems.push(Status::blocked("the charm does not have a conn-check for this machine"));
            }
            None => {}
        }
    }

    /// An operator who pins another version knows.
    fn report_refused(&mut self, observed: &Observed) {
        let refused = observed.agent.refused.iter().map(|(version, refusal)| match refusal {
            Refusal::Refused(why) => {
                Status::blocked(format!("conn-check {version} of the charm does not run on this machine: {why}"))
            }
            Refusal::Delayed(why) => Status::waiting(format!(
                "conn-check {version} of the charm could not be tried, the next hook does it again: {why}"
            )),
        });
        self.problems.extend(refused);
    }

    fn copy_version(&mut self, observed: &Observed, version: Version) {
        if !observed.agent.installed.contains_key(&version) {
            self.install = Some(version);
            return;
        }
        let stale = observed.agent.stale.iter().filter(|(stale, _)| *stale == version);
        let from = embedded_in(&observed.environment.charm).join(version.as_str());
        let to = Path::new(VERSIONS).join(version.as_str());
        self.repair.extend(stale.map(|(_, name)| (from.join(name), to.join(name))));
    }

    fn remove_unit(&mut self, observed: &Observed) {
        let unit = observed.environment.unit.as_str();
        let paths = UnitPaths(unit);
        self.absent.extend([paths.version_link(), paths.resource_note(), paths.trials(), paths.etc(), paths.var()]);
        self.is_last_unit = observed.agent.others.is_empty();
        if self.is_last_unit {
            self.absent.extend(our_links(observed).map(|name| Path::new(BIN).join(name)));
        }
    }

    /// Removes unused versions, and links the newest one into PATH.
    fn clean_versions(&mut self, observed: &Observed) {
        if self.is_last_unit {
            return;
        }
        let agent = &observed.agent;
        let others = |unit: &String| *unit != observed.environment.unit;
        let used = agent.units.iter().filter(|(unit, _)| others(unit)).filter_map(|(_, version)| version.clone());
        let noted = agent.resources.iter().filter(|(unit, _)| !observed.leaving || others(unit));
        let noted = noted.filter_map(|(_, resource)| resource.version().cloned());
        let kept: BTreeSet<_> = used.chain(noted).chain(self.version.clone()).collect();
        let there =
            |version: &&Version| agent.installed.contains_key(version) || self.version.as_ref() == Some(version);
        let newest = kept.iter().rfind(there).cloned();
        let unused = agent.installed.keys().filter(|version| !kept.contains(version));
        let remnants = agent.remnants.iter().filter(|version| self.install.as_ref() != Some(*version));
        self.absent.extend(unused.chain(remnants).map(|version| Path::new(VERSIONS).join(version.as_str())));
        if let Some(newest) = newest {
            self.link_programs(observed, &newest);
        }
    }

    /// A version that this hook removes is not available either.
    fn report_unavailable_revision(&mut self, observed: &Observed) {
        let Some(requested) = &self.unavailable_revision else { return };
        let agent = &observed.agent;
        let stays = |version: &&Version| !self.absent.contains(&Path::new(VERSIONS).join(version.as_str()));
        let available: BTreeSet<_> = agent.embedded.keys().chain(agent.installed.keys().filter(stays)).collect();
        let available: Vec<_> = available.into_iter().map(Version::as_str).collect();
        let available = if available.is_empty() { "none".to_owned() } else { available.join(", ") };
        let text = format!("revision {requested} is not available (available: {available})");
        self.problems.insert(0, Status::blocked(text));
    }

    /// Links the programs that people find in PATH.
    fn link_programs(&mut self, observed: &Observed, newest: &Version) {
        let agent = &observed.agent;
        let mut programs = agent.installed.get(newest).cloned().unwrap_or_default();
        if self.version.as_ref() == Some(newest) {
            // What is about to be copied counts as installed.
            programs.extend(agent.embedded.get(newest).cloned().unwrap_or_default());
        }
        self.nodes.push(Node::Link(CURRENT.into(), Path::new("versions").join(newest.as_str())));
        let names = if programs.contains(PROGRAM) { &PROGRAMS[..] } else { &[] };
        for name in names {
            match agent.programs.get(*name) {
                Some(target) if !target.as_deref().is_some_and(is_ours) => {
                    self.notes.push(format!("left {BIN}/{name} alone: the charm did not make it"));
                }
                _ => self.nodes.push(Node::Link(Path::new(BIN).join(name), Path::new(TO_CURRENT).join(PROGRAM))),
            }
        }
        let absent = our_links(observed).filter(|name| !names.contains(&name.as_str()));
        self.absent.extend(absent.map(|name| Path::new(BIN).join(name)));
    }
}

/// Relative, so that links lead to the same file when seen from outside of a scratch root.
const TO_CURRENT: &str = "../lib/conn-check/current";

fn is_ours(target: &Path) -> bool {
    target.starts_with(TO_CURRENT)
}

/// Links to a program of ours under another name were made by an admin, and stay.
fn our_links(observed: &Observed) -> impl Iterator<Item = &String> {
    let programs = observed.agent.programs.iter().filter(|(name, _)| PROGRAMS.contains(&name.as_str()));
    programs.filter(|(_, target)| target.as_deref().is_some_and(is_ours)).map(|(name, _)| name)
}
