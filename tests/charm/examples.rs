//! The bundle and the Terraform plan of `examples/juju/`, held against what the charm declares.

use harness::agent::Agent;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The endpoints of the other charms, by their own `metadata.yaml`: the interface, and whether the
/// charm provides it.
const OTHERS: [(&str, &str, &str, bool); 3] = [
    // Juju itself provides this one for every charm.
    ("ubuntu", "juju-info", "juju-info", true),
    ("nrpe", "general-info", "juju-info", false),
    ("nrpe", "nrpe-external-master", "nrpe-external-master", false),
];

/// An application of an example: the name of its charm, and its options.
struct Application {
    charm: String,
    options: Map<String, Value>,
}

/// What an example deploys and relates.
struct Model {
    applications: BTreeMap<String, Application>,
    /// Pairs of an application and its endpoint.
    relations: BTreeSet<[(String, String); 2]>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/juju"))
}

fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml_ng::from_str(&text).expect("YAML")
}

fn ours(name: &str) -> Value {
    yaml(&folder().join("../..").join(name))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

fn relation(mut ends: Vec<(String, String)>) -> [(String, String); 2] {
    ends.sort();
    ends.try_into().expect("two ends")
}

fn bundle() -> Model {
    let bundle = yaml(&folder().join("bundle.yaml"));
    let application = |(name, it): (&String, &Value)| {
        let charm = text(&it["charm"]);
        let charm = if charm == "../../conn-check_amd64.charm" { "conn-check".to_owned() } else { charm };
        let options = it["options"].as_object().cloned().unwrap_or_default();
        (name.clone(), Application { charm, options })
    };
    let end = |end: &Value| {
        let end = text(end);
        let (application, endpoint) = end.split_once(':').expect("an endpoint is named");
        (application.to_owned(), endpoint.to_owned())
    };
    let relations = bundle["relations"].as_array().expect("relations");
    Model {
        applications: bundle["applications"].as_object().expect("applications").iter().map(application).collect(),
        relations: relations
            .iter()
            .map(|ends| relation(ends.as_array().expect("a pair").iter().map(end).collect()))
            .collect(),
    }
}

fn plan() -> Model {
    let json = fs::read_to_string(folder().join("main.tf.json")).expect("main.tf.json");
    let plan: Value = serde_json::from_str(&json).expect("JSON");
    let object = |value: &Value| value.as_object().unwrap_or_else(|| panic!("{value} is not an object")).clone();
    let (mut applications, mut names) = (BTreeMap::new(), BTreeMap::new());
    for (label, it) in object(&plan["resource"]["juju_application"]) {
        let name = text(&it["name"]);
        names.insert(format!("${{juju_application.{label}.name}}"), name.clone());
        let charm = match text(&it["charm"]["name"]).as_str() {
            "${var.charm}" => text(&plan["variable"]["charm"]["default"]),
            charm => charm.to_owned(),
        };
        let mut options = it["config"].as_object().cloned().unwrap_or_default();
        for value in options.values_mut().filter(|value| *value == "${file(\"${path.module}/checks.yaml\")}") {
            *value = fs::read_to_string(folder().join("checks.yaml")).expect("checks.yaml").into();
        }
        applications.insert(name, Application { charm, options });
    }
    let end = |end: &Value| (names[&text(&end["name"])].clone(), text(&end["endpoint"]));
    let integrations = object(&plan["resource"]["juju_integration"]);
    let relations =
        integrations.values().map(|it| relation(it["application"].as_array().expect("two").iter().map(end).collect()));
    Model { relations: relations.collect(), applications }
}

/// The interface of an endpoint, and whether its charm provides it.
fn endpoint(charm: &str, name: &str) -> (String, bool) {
    if charm != "conn-check" {
        let known = OTHERS.iter().find(|(owner, endpoint, ..)| (*owner, *endpoint) == (charm, name));
        let (.., interface, provided) = known.unwrap_or_else(|| panic!("{charm} has no endpoint {name} that is known"));
        return ((*interface).to_owned(), *provided);
    }
    let metadata = ours("metadata.yaml");
    let of = |role: &str| metadata[role][name]["interface"].as_str().map(str::to_owned);
    let provided = of("provides").map(|interface| (interface, true));
    provided.or_else(|| Some((of("requires")?, false))).unwrap_or_else(|| panic!("we have no endpoint {name}"))
}

fn check(model: &Model) {
    let declared = ours("config.yaml")["options"].clone();
    let conn_check = &model.applications["conn-check"];
    assert_eq!(conn_check.charm, "conn-check");
    for (name, value) in &conn_check.options {
        let wanted = declared[name]["type"].as_str().unwrap_or_else(|| panic!("there is no option {name}"));
        let given = if value.is_string() { "string" } else { "int" };
        assert_eq!(given, wanted, "{name}");
    }
    for ends in &model.relations {
        let [one, other] = ends.each_ref().map(|(application, name)| {
            let charm = &model.applications.get(application).unwrap_or_else(|| panic!("no {application}")).charm;
            endpoint(charm, name)
        });
        assert!(one.0 == other.0 && one.1 != other.1, "{ends:?} do not fit: {one:?} {other:?}");
    }
    // The file with the password is on the unit.
    let checks = text(&conn_check.options["config"]).replace("{file: /etc/my-service/password}", "s3cret");
    let ran = Agent::new(&checks).args(["--validate", "--strict"]).run();
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
}

#[test]
fn the_bundle_names_what_there_is() {
    check(&bundle());
}

#[test]
fn the_plan_names_what_there_is_and_is_the_bundle() {
    let (plan, bundle) = (plan(), bundle());
    check(&plan);
    assert_eq!(plan.relations, bundle.relations);
    let charms = |model: &Model| model.applications.iter().map(|(name, it)| (name.clone(), it.charm.clone())).collect();
    let (of_plan, of_bundle): (BTreeMap<_, _>, BTreeMap<_, _>) = (charms(&plan), charms(&bundle));
    assert_eq!(of_plan, of_bundle);
    let checks = |model: &Model| {
        let text = text(&model.applications["conn-check"].options["config"]);
        serde_yaml_ng::from_str::<Value>(&text).expect("YAML")
    };
    assert_eq!(checks(&plan), checks(&bundle));
}
