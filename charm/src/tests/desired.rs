//! What follows from what is observed, without any machine.

use crate::agent::Agent;
use crate::desired::Desired;
use crate::environment::Environment;
use crate::observed::{Nrpe, Observed, TokenState};
use crate::options::Options;
use crate::resource::Resource;
use crate::serving::Serving;
use crate::tree::Node;
use crate::version::Version;
use crate::versions::Programs;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const UNIT: &str = "conn-check-0";

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn versions(texts: &[&str]) -> BTreeMap<Version, Programs> {
    texts.iter().map(|text| (version(text), Programs::from(["conn-check".to_owned()]))).collect()
}

fn observed(embedded: &[&str], installed: &[&str], revision: &str) -> Observed {
    let config = Map::from_iter([("revision".to_owned(), Value::from(revision))]);
    let agent = Agent { embedded: versions(embedded), installed: versions(installed), ..Agent::default() };
    Observed {
        environment: Environment {
            hook: "config-changed".to_owned(),
            unit: UNIT.to_owned(),
            juju_unit: "conn-check/0".to_owned(),
            model: (String::new(), String::new()),
            charm: PathBuf::from("/charm"),
            principal: None,
            broken: None,
        },
        leaving: false,
        options: Options::parse(&config),
        relation_data: Vec::new(),
        nrpe_relations: Vec::new(),
        cos_relations: Vec::new(),
        token: TokenState::Known(None),
        serving: Serving::default(),
        agent,
        nrpe: Nrpe::default(),
        checks_directory: Vec::new(),
        drafts: Vec::new(),
    }
}

fn used(observed: &Observed) -> Option<String> {
    Desired::from(observed).version.map(|version| version.to_string())
}

#[test]
fn the_charms_version_is_used_also_where_another_unit_has_a_newer_one() {
    assert_eq!(used(&observed(&["2.0.0"], &["2.5.0"], "")).as_deref(), Some("2.0.0"));
}

#[test]
fn a_pinned_version_may_be_embedded_or_installed() {
    assert_eq!(used(&observed(&["2.0.0"], &["1.9.0"], "1.9.0")).as_deref(), Some("1.9.0"));
    assert_eq!(used(&observed(&["2.0.0"], &["2.1.0"], "2.0.0")).as_deref(), Some("2.0.0"));
}

#[test]
fn with_a_revision_that_is_not_there_the_current_version_stays() {
    let mut observed = observed(&["2.1.0"], &["2.0.0"], "3");
    assert_eq!(used(&observed).as_deref(), Some("2.1.0"), "on first installation the embedded one");
    observed.agent.units.insert(UNIT.to_owned(), Some(version("2.0.0")));
    assert_eq!(used(&observed).as_deref(), Some("2.0.0"));
    let problems = Desired::from(&observed).problems;
    assert_eq!(problems[0].message, "revision 3 is not available (available: 2.0.0, 2.1.0)");
}

#[test]
fn a_charm_for_another_machine_is_reported() {
    let desired = Desired::from(&observed(&[], &[], ""));
    assert_eq!(desired.version, None);
    assert_eq!(desired.problems[0].message, "the charm does not have a conn-check for this machine");
}

#[test]
fn unused_versions_are_removed_except_for_those_of_resources() {
    let mut observed = observed(&["2.0.0"], &["1.0.0", "1.5.0", "1.7.0", "2.0.0", "3.0.0"], "");
    observed.agent.units.insert("other-1".to_owned(), Some(version("1.5.0")));
    observed.agent.resources.insert("other-1".to_owned(), Resource::of(version("1.7.0")));
    let desired = Desired::from(&observed);
    let absent = ["1.0.0", "3.0.0"].map(|version| Path::new("/usr/local/lib/conn-check/versions").join(version));
    assert_eq!(desired.absent, absent);
    let current = Node::Link("/usr/local/lib/conn-check/current".into(), "versions/2.0.0".into());
    assert!(desired.nodes.contains(&current));
}

#[test]
fn only_links_of_ours_are_replaced_or_removed() {
    let mut observed = observed(&["2.0.0"], &["2.0.0"], "");
    let ours = |name: &str| Some(Path::new("../lib/conn-check/current").join(name));
    let bin = &mut observed.agent.programs;
    bin.insert("conn-check".to_owned(), Some("/opt/conn-check".into()));
    bin.insert("conn-check-django".to_owned(), ours("conn-check"));
    bin.insert("cc".to_owned(), ours("conn-check"));
    bin.insert("python".to_owned(), None);
    let desired = Desired::from(&observed);
    assert_eq!(desired.absent, Vec::<PathBuf>::new());
    let links = desired.nodes.iter().filter(|node| node.path().starts_with("/usr/local/bin"));
    let link =
        |name: &str| Node::Link(Path::new("/usr/local/bin").join(name), "../lib/conn-check/current/conn-check".into());
    let others = [
        "conn-check-configs",
        "conn-check-convert-fw",
        "conn-check-django",
        "conn-check-export-fw",
        "conn-check-serve",
    ];
    assert!(links.eq(&others.map(link)), "{:?}", desired.nodes);
    assert_eq!(desired.notes, ["left /usr/local/bin/conn-check alone: the charm did not make it"]);
    observed.leaving = true;
    let absent = Desired::from(&observed).absent;
    let absent: Vec<_> = absent.iter().filter(|path| path.starts_with("/usr/local/bin")).collect();
    assert_eq!(absent, [Path::new("/usr/local/bin/conn-check-django")], "an admin's own link stays");
}

#[test]
fn a_unit_that_goes_leaves_what_the_others_need() {
    let mut observed = observed(&["2.0.0"], &["1.0.0", "2.0.0"], "");
    observed.leaving = true;
    observed.agent.units.insert(UNIT.to_owned(), Some(version("1.0.0")));
    observed.agent.units.insert("other-1".to_owned(), Some(version("2.0.0")));
    observed.agent.others.insert("other-1".to_owned());
    let desired = Desired::from(&observed);
    assert!(!desired.is_last_unit);
    assert!(desired.absent.contains(&PathBuf::from("/usr/local/lib/conn-check/units/conn-check-0")));
    assert!(desired.absent.contains(&PathBuf::from("/usr/local/lib/conn-check/versions/1.0.0")));
    assert!(!desired.absent.contains(&PathBuf::from("/usr/local/lib/conn-check/versions/2.0.0")));
    observed.agent.units.remove("other-1");
    assert!(!Desired::from(&observed).is_last_unit, "one whose release was refused has no version");
    observed.agent.others.clear();
    assert!(Desired::from(&observed).is_last_unit);
}

#[test]
fn files_of_others_in_the_directory_of_a_unit_stay() {
    let mut observed = observed(&["2.0.0"], &["2.0.0"], "");
    observed.checks_directory =
        ["conn-check-9.yaml", "app.yaml", "settings.json", "option.yaml"].map(str::to_owned).into();
    let absent = ["conn-check-9.yaml", "option.yaml"].map(|name| Path::new("/etc/conn-check/conn-check-0").join(name));
    assert_eq!(Desired::from(&observed).absent, absent);
}
