//! The packed charm by every rule that Juju has for one (juju/charm `meta.go`, `config.go`, `actions.go`,
//! `manifest.go`; juju/utils `zip.go`).

use harness::agent;
use harness::juju::action::schema;
use harness::juju::charm::Charm;
use harness::packed::{self, VERSION};
use harness::scratch::Scratch;
use object::{Object as _, ObjectSection as _};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use zip::ZipArchive;

/// The kind of a file in a Unix mode.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// One file as the archive has it.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Packed {
    name: String,
    mode: u32,
    content: Vec<u8>,
}

/// Without the directories.
fn files() -> Vec<Packed> {
    entries().into_iter().filter(|file| file.mode & KIND != FOLDER).collect()
}

fn entries() -> Vec<Packed> {
    let mut zip = ZipArchive::new(File::open(packed::charm().archive()).expect("a file")).expect("a zip");
    (0..zip.len()).map(|index| file(&mut zip, index)).collect()
}

fn file(zip: &mut ZipArchive<File>, index: usize) -> Packed {
    let mut entry = zip.by_index(index).expect("an entry");
    let mut content = Vec::new();
    entry.read_to_end(&mut content).expect("its content");
    let mode = entry.unix_mode().expect("a Unix mode, without which every program is none");
    Packed { name: entry.name().expect("a name").into_owned(), mode, content }
}

fn yaml(name: &str) -> Value {
    let file = files().into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    serde_yaml_ng::from_slice(&file.content).expect("YAML")
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

#[test]
fn the_files_that_juju_reads_are_at_the_root() {
    let names: BTreeSet<_> = files().into_iter().map(|file| file.name).collect();
    for name in ["metadata.yaml", "manifest.yaml", "config.yaml", "actions.yaml", "LICENSE", "README.md", "icon.svg"] {
        assert!(names.contains(name), "{name} is missing in {names:?}");
    }
    assert!(!names.contains("dispatch"), "dispatch would win over every link");
    assert!(!names.contains("revision"), "Juju writes that");
    let strays = names.iter().filter(|name| name.starts_with('/') || name.contains("..") || name.ends_with('/'));
    assert_eq!(strays.collect::<Vec<_>>(), Vec::<&String>::new());
    let version = files().into_iter().find(|file| file.name == "version").expect("version").content;
    assert_eq!(String::from_utf8(version).expect("a text"), format!("{VERSION}\n"));
}

/// Juju 2.9 to 3.5 removes after a refresh what has an entry in the former archive, and nothing else.
#[test]
fn every_directory_has_an_entry_before_its_files() {
    let (entries, files) = (entries(), files());
    let folders: BTreeSet<_> = entries.iter().filter(|entry| entry.mode & KIND == FOLDER).collect();
    assert!(folders.iter().all(|folder| folder.mode == FOLDER | 0o755 && folder.content.is_empty()));
    let have: BTreeSet<_> = folders.iter().map(|folder| folder.name.clone()).collect();
    let parents = |name: &str| Path::new(name).ancestors().skip(1).map(|path| format!("{}/", path.display())).collect();
    let wanted: BTreeSet<String> = files.iter().flat_map(|file| -> Vec<_> { parents(&file.name) }).collect();
    let wanted: BTreeSet<_> = wanted.into_iter().filter(|name| name != "/").collect();
    assert_eq!(have, wanted);
    assert!(have.contains(&format!("agent/{VERSION}/")), "{have:?}");
    assert!(entries.iter().map(|entry| &entry.name).is_sorted());
}

#[test]
fn programs_can_be_run_and_everything_else_cannot() {
    for file in files() {
        let elf = file.content.starts_with(b"\x7fELF");
        let wanted = if elf { FILE | 0o755 } else { FILE | 0o644 };
        assert!(file.mode & KIND == LINK || file.mode == wanted, "{} has the mode {:o}", file.name, file.mode);
    }
    let programs: BTreeSet<_> =
        files().into_iter().filter(|file| file.content.starts_with(b"\x7fELF")).map(|file| file.name).collect();
    let agent = format!("agent/{VERSION}/conn-check");
    let wanted = ["hooks/conn-check-hooks", "actions/conn-check-actions", &agent].map(str::to_owned);
    assert_eq!(programs, BTreeSet::from(wanted));
}

#[test]
fn links_are_relative_and_lead_to_a_program_beside_them() {
    let all = files();
    let links: Vec<_> = all.iter().filter(|file| file.mode & KIND == LINK).collect();
    assert!(!links.is_empty());
    for link in links {
        let target = String::from_utf8(link.content.clone()).expect("a path");
        assert!(!target.contains('/'), "{} leads to {target}", link.name);
        let place = Path::new(&link.name).with_file_name(&target).display().to_string();
        assert!(
            all.iter().any(|file| file.name == place && file.mode == FILE | 0o755),
            "{} leads to {place}",
            link.name
        );
    }
}

#[test]
fn every_hook_and_every_action_has_its_name() {
    let metadata = yaml("metadata.yaml");
    let names: BTreeSet<_> = files().into_iter().map(|file| file.name).collect();
    for hook in
        ["install", "start", "config-changed", "upgrade-charm", "update-status", "stop", "remove", "secret-changed"]
    {
        assert!(names.contains(&format!("hooks/{hook}")), "hooks/{hook}");
    }
    for relation in keys(&metadata["requires"]).union(&keys(&metadata["provides"])) {
        for moment in ["created", "joined", "changed", "departed", "broken"] {
            assert!(names.contains(&format!("hooks/{relation}-relation-{moment}")), "{relation} {moment}");
        }
    }
    assert_eq!(keys(&yaml("actions.yaml")), ["run-check", "run-nagios-check"].map(str::to_owned).into());
    for action in keys(&yaml("actions.yaml")) {
        assert!(names.contains(&format!("actions/{action}")), "actions/{action}");
    }
}

#[test]
fn the_metadata_is_what_a_charm_of_format_2_may_say() {
    let metadata = yaml("metadata.yaml");
    for key in ["name", "summary", "description"] {
        assert!(metadata[key].as_str().is_some_and(|text| !text.trim().is_empty()), "{key}");
    }
    for key in ["series", "min-juju-version", "deployment"] {
        assert!(metadata[key].is_null(), "{key} is for older charms");
    }
    assert_eq!(metadata["name"], "conn-check");
    assert_eq!(metadata["subordinate"], true);
}

/// Juju would not notice swapped roles: the principal provides `conn-check`, and nrpe requires its own.
#[test]
fn the_relations_have_the_roles_that_their_other_ends_expect() {
    let metadata = yaml("metadata.yaml");
    let relation = |role: &str, name: &str| {
        let relation = &metadata[role][name];
        (relation["interface"].as_str().unwrap_or_default().to_owned(), relation["scope"] == "container")
    };
    assert_eq!(relation("requires", "conn-check"), ("conn-check".to_owned(), true));
    assert_eq!(relation("provides", "nrpe-external-master"), ("nrpe-external-master".to_owned(), true));
    let required = keys(&metadata["requires"]);
    let general = required.iter().find(|name| metadata["requires"][name]["interface"] == "juju-info");
    assert!(general.is_some_and(|name| metadata["requires"][name]["scope"] == "container"), "{required:?}");
    assert!(keys(&metadata["provides"]).is_disjoint(&required), "a name is in two roles");
    for (role, names) in [("requires", required), ("provides", keys(&metadata["provides"]))] {
        for name in names {
            let relation = &metadata[role][&name];
            let interface = relation["interface"].as_str().expect("an interface");
            assert!(!name.starts_with("juju-") && name != "juju", "{name} is reserved");
            assert!(role == "requires" || !interface.starts_with("juju-"), "{name} provides {interface}");
            assert!(["container", "global"].iter().any(|scope| relation["scope"] == **scope), "{name}");
            assert!(relation["limit"].is_null() || relation["limit"].is_i64(), "{name}");
            assert!(relation["optional"].is_null() || relation["optional"].is_boolean(), "{name}");
        }
    }
}

#[test]
fn every_base_has_a_name_a_channel_and_this_architecture() {
    let manifest = yaml("manifest.yaml");
    let bases = manifest["bases"].as_array().expect("bases");
    let channels: Vec<_> = bases.iter().map(|base| base["channel"].as_str().unwrap_or_default()).collect();
    assert_eq!(channels, ["22.04", "24.04"]);
    for base in bases {
        assert_eq!(base["name"], "ubuntu");
        assert_eq!(base["architectures"], serde_json::json!([architecture()]));
    }
}

fn architecture() -> String {
    let machine = Command::new("dpkg").arg("--print-architecture").output().expect("dpkg");
    String::from_utf8(machine.stdout).expect("a text").trim().to_owned()
}

#[test]
fn every_option_has_a_type_and_a_default_of_that_type() {
    let config = yaml("config.yaml");
    let options = config["options"].as_object().expect("options");
    for (name, option) in options {
        let kind = option["type"].as_str().unwrap_or_default();
        let default = &option["default"];
        let fits = match kind {
            "string" | "secret" => default.is_string(),
            "int" => default.is_i64(),
            "float" => default.is_f64(),
            "boolean" => default.is_boolean(),
            _ => panic!("{name}: unknown type {kind:?}"),
        };
        assert!(fits || default.is_null(), "option {name:?} expected {kind}, got {default}");
        assert!(option["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} is not described");
    }
    for name in ["config", "connect_timeout", "max_timeout", "nagios_context", "nagios_exclude_tags"] {
        assert!(options.contains_key(name), "{name}");
    }
    assert_eq!(options["revision"]["type"], "string", "108 would be another revision than 1.0.8");
    assert_eq!(options["nagios_context"]["default"], "juju");
    assert!(!options.contains_key("extra_args"));
}

#[test]
fn every_action_has_a_name_and_a_schema_that_juju_takes() {
    for (name, action) in yaml("actions.yaml").as_object().expect("actions") {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.bytes().all(plain) && !name.starts_with('-') && !name.ends_with('-'), "bad action name {name}");
        assert!(name != "juju" && !name.starts_with("juju-"), "{name} is reserved");
        assert!(action["description"].is_string(), "{name} is not described");
        let text = action.to_string();
        assert!(!text.contains("\"$ref\"") && !text.contains("\"$schema\""), "{name}");
        let schema = schema(action);
        assert!(jsonschema::draft4::meta::is_valid(&schema), "{name}: {schema}");
        assert_eq!((&action["parallel"], &action["execution-group"]), (&Value::Bool(true), &Value::from("conn-check")));
        for list in ["include-tags", "exclude-tags", "patterns"] {
            assert_eq!(schema["properties"][list]["type"], serde_json::json!(["string", "array"]), "{name} {list}");
        }
        assert_eq!(schema["additionalProperties"], false, "{name} would take misspelt parameters");
        for parameter in ["include-tags", "exclude-tags", "patterns", "format", "max-timeout", "all-parts", "fail-on"] {
            assert!(!schema["properties"][parameter].is_null(), "{name} has no {parameter}");
        }
    }
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    let scratch = Scratch::new();
    // In a folder it has the name that charmcraft would give it.
    packed::pack(&agent::folder(), scratch.path(), &[]).expect("packed");
    let again = scratch.path().join(format!("conn-check_{}.charm", architecture()));
    let (one, other) = (fs::read(packed::charm().archive()).expect("bytes"), fs::read(again).expect("bytes"));
    assert!(one == other, "{} and {} bytes", one.len(), other.len());
    let names: Vec<_> = files().into_iter().map(|file| file.name).collect();
    assert!(names.is_sorted(), "{names:?}");
}

/// Juju 2.9.21 says `unknown series for version: "24.04"`, unless distro-info knows it.
#[test]
fn for_juju_2_9_there_is_a_charm_without_the_base_that_it_does_not_know() {
    let scratch = Scratch::new();
    let bases = |further: &[&str]| {
        let output = scratch.path().join("x.charm");
        packed::pack(&agent::folder(), &output, further).expect("packed");
        let mut zip = ZipArchive::new(File::open(output).expect("a file")).expect("a zip");
        let mut text = String::new();
        zip.by_name("manifest.yaml").expect("a manifest").read_to_string(&mut text).expect("a text");
        let manifest: Value = serde_yaml_ng::from_str(&text).expect("YAML");
        let bases = manifest["bases"].as_array().expect("bases").iter().map(|base| base["channel"].clone());
        bases.collect::<Vec<_>>()
    };
    assert_eq!(bases(&[]), ["22.04", "24.04"]);
    assert_eq!(bases(&["--juju", "2.9"]), ["22.04"]);
}

#[test]
fn programs_that_need_a_newer_glibc_are_not_packed() {
    let scratch = Scratch::new();
    let output = scratch.path().join("x.charm");
    let refused = packed::pack(&agent::folder(), &output, &["--glibc", "2.4"]).expect_err("refused");
    assert!(refused.starts_with("not packed: ") && refused.contains("needs GLIBC_2."), "{refused}");
    assert!(!output.exists());
    let report = packed::pack(&agent::folder(), &output, &[]).expect("packed");
    assert!(report.contains("highest GLIBC symbol: GLIBC_2.") && report.contains(" MB"), "{report}");
}

/// What a release has not: the names of functions.
fn names_in(program: &[u8]) -> usize {
    let program = object::File::parse(program).expect("an ELF program");
    let names = program.sections().filter(|section| matches!(section.name(), Ok(".symtab" | ".strtab")));
    names.map(|section| usize::try_from(section.size()).expect("a size")).sum()
}

#[test]
fn the_hooks_and_actions_are_small_and_know_no_tls() {
    for file in files().iter().filter(|file| file.name.ends_with("-hooks") || file.name.ends_with("-actions")) {
        let size = file.content.len() - names_in(&file.content);
        // Of the hooks, 25 KB are the alerts and the dashboard for a collector.
        assert!(size < 1_600_000, "{} has {size} bytes", file.name);
        for part in ["rustls", "tokio", "ring::"] {
            let found = file.content.windows(part.len()).any(|text| text == part.as_bytes());
            assert!(!found, "{} knows of {part}", file.name);
        }
    }
}

#[test]
fn what_juju_expands_is_what_was_packed() {
    let charm = packed::charm();
    let scratch = Scratch::new();
    charm.deploy(&scratch.path().join("charm"), None);
    let expanded = harness::juju::tree::Tree::of(&scratch.path().join("charm"), &[]);
    let files: Vec<_> = expanded.entries.iter().filter(|(_, entry)| entry.mode & KIND != 0o040_000).collect();
    assert_eq!(files.len(), self::files().len());
    assert_eq!(expanded.entries.len(), Charm::names(&charm).len());
    let install = scratch.path().join("charm/hooks/install");
    assert_eq!(fs::read_link(install).expect("a link"), Path::new("conn-check-hooks"));
}
