//! Where formats are listed for people and for Juju: the lists are those of the code.

use conn_check::report::FORMATS;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).expect("the file")
}

/// The formats' names, in the alphabet's order.
fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    names
}

#[test]
fn the_actions_take_every_format() {
    let actions: Value = serde_yaml_ng::from_str(&text("actions.yaml")).expect("YAML");
    let actions = actions.as_object().expect("actions");
    assert_eq!(actions.len(), 2);
    for (action, described) in actions {
        let names = described["params"]["format"]["enum"].as_array().expect("a list");
        let names = names.iter().map(|name| name.as_str().expect("a word"));
        assert_eq!(sorted(names), sorted(FORMATS.map(|format| format.name)), "{action}");
    }
}

#[test]
fn the_table_of_the_options_has_every_format() {
    let page = text("docs/command.md");
    let row = page.lines().find(|line| line.starts_with("| `--format F` |")).expect("the row");
    // Every other piece between backquotes is a name; the first is the option.
    let names = row.split('`').skip(1).step_by(2).skip(1);
    assert_eq!(names.collect::<Vec<_>>(), FORMATS.map(|format| format.name), "{row}");
}
