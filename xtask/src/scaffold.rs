//! `cargo xtask new-check NAME`: the folder and the two lines that a check costs.

use crate::step::{self, Outcome};
use std::fs;
use std::ops::Range;

const TEMPLATE: &str = include_str!("check.rs.template");

/// Writes `agent/src/checks/NAME/mod.rs`, and adds its lines to the modules and to the list.
pub(crate) fn new_check(name: &str) -> Outcome {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Err("cargo xtask new-check NAME: lower-case letters and digits, as in `type: NAME`".to_owned());
    }
    let checks = step::root().join("agent/src/checks");
    let folder = checks.join(name);
    if folder.exists() {
        return Err(format!("{} is there already", folder.display()));
    }
    let type_name = name[..1].to_uppercase() + &name[1..];
    let list = checks.join("mod.rs");
    let failed = |error: std::io::Error| format!("{}: {error}", list.display());
    let text = fs::read_to_string(&list).map_err(failed)?;
    let text = listed(&text, name, &type_name).ok_or("agent/src/checks/mod.rs has no `mod` lines or no list")?;
    let file = folder.join("mod.rs");
    fs::create_dir(&folder).map_err(failed)?;
    fs::write(&file, TEMPLATE.replace("NAME", name).replace("Type", &type_name).replace("ROW", &name.to_uppercase()))
        .map_err(failed)?;
    fs::write(&list, text).map_err(failed)?;
    eprintln!(
        "written: {}\nadded: mod {name}; and {name}::{type_name}, to {}\nnext: fill in its documentation, options and run; its service's row in agent/src/services/table.rs; cargo xtask fmt",
        file.display(),
        list.display()
    );
    Ok(())
}

/// The list of checks with one more: its module, and its entry.
fn listed(text: &str, name: &str, type_name: &str) -> Option<String> {
    let text = with_line(text, modules(text)?, &format!("mod {name};\n"));
    let entries = entries(&text)?;
    Some(with_line(&text, entries, &format!("    {name}::{type_name},\n")))
}

/// Where the `mod` lines stand.
fn modules(text: &str) -> Option<Range<usize>> {
    let begin = text.find("\nmod ")? + 1;
    Some(begin..begin + text[begin..].find("\n\n")? + 1)
}

/// Where the entries of the list stand.
fn entries(text: &str) -> Option<Range<usize>> {
    let begin = text.rfind("checks! {\n")? + "checks! {\n".len();
    Some(begin..begin + text[begin..].find('}')?)
}

/// The text with one more line where the alphabet has it; an attribute belongs to the line below it.
fn with_line(text: &str, block: Range<usize>, line: &str) -> String {
    let mut at = block.start;
    let mut end = block.start;
    for other in text[block].split_inclusive('\n') {
        end += other.len();
        if other.trim().starts_with('#') {
            continue;
        }
        if other > line {
            break;
        }
        at = end;
    }
    format!("{}{line}{}", &text[..at], &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list with these modules and these entries.
    fn list(modules: &str, entries: &str) -> String {
        format!("//! Checks.\n\n{modules}\nuse x;\n\nchecks! {{\n{entries}}}\n")
    }

    #[test]
    fn a_new_check_takes_its_place_in_the_alphabet() {
        let panics = ("#[cfg(test)]\nmod panics;\n", "    #[cfg(test)]\n    panics::Panics,\n");
        let (dns, udp) = (("mod dns;\n", "    dns::Dns,\n"), ("mod udp;\n", "    udp::Udp,\n"));
        let of = |all: &[(&str, &str)]| {
            let (modules, entries): (Vec<_>, Vec<_>) = all.iter().copied().unzip();
            list(&modules.concat(), &entries.concat())
        };
        let before = of(&[dns, panics, udp]);
        let added = |name, type_name| listed(&before, name, type_name).expect("modules and a list");
        let (amqp, mysql) = (("mod amqp;\n", "    amqp::Amqp,\n"), ("mod mysql;\n", "    mysql::Mysql,\n"));
        assert_eq!(added("amqp", "Amqp"), of(&[amqp, dns, panics, udp]));
        assert_eq!(added("mysql", "Mysql"), of(&[dns, mysql, panics, udp]));
        let last = ("mod zookeeper;\n", "    zookeeper::Zookeeper,\n");
        assert_eq!(added("zookeeper", "Zookeeper"), of(&[dns, panics, udp, last]));
    }
}
