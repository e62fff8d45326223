//! `cargo xtask new-check NAME`: the one file and the one line that a check costs.

use crate::step::{self, Outcome};
use std::fs;

const TEMPLATE: &str = include_str!("check.rs.template");

/// Writes `agent/src/checks/NAME.rs` and adds its line to the list.
pub(crate) fn new_check(name: &str) -> Outcome {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Err("cargo xtask new-check NAME: lower-case letters and digits, as in `type: NAME`".to_owned());
    }
    let checks = step::root().join("agent/src/checks");
    let file = checks.join(format!("{name}.rs"));
    if file.exists() {
        return Err(format!("{} is there already", file.display()));
    }
    let type_name = name[..1].to_uppercase() + &name[1..];
    let content = TEMPLATE.replace("NAME", name).replace("Type", &type_name);
    let list = checks.join("mod.rs");
    let failed = |error: std::io::Error| format!("{}: {error}", list.display());
    let text = fs::read_to_string(&list).map_err(failed)?;
    let line = format!("    {name}::{type_name},\n");
    let text = with_line(&text, &line).ok_or("agent/src/checks/mod.rs has no `checks! {` list")?;
    fs::write(&file, content).map_err(failed)?;
    fs::write(&list, text).map_err(failed)?;
    eprintln!(
        "written: {}\nadded: {} to {}\nnext: fill in its documentation, options and run",
        file.display(),
        line.trim(),
        list.display()
    );
    Ok(())
}

/// The text with the line where the alphabet has it: the list is in that order.
fn with_line(text: &str, line: &str) -> Option<String> {
    let begin = text.rfind("checks! {\n")? + "checks! {\n".len();
    let end = begin + text[begin..].find('}')?;
    let after =
        text[begin..end].split_inclusive('\n').take_while(|other| *other < line && !other.trim().starts_with('#'));
    let at = begin + after.map(str::len).sum::<usize>();
    Some(format!("{}{line}{}", &text[..at], &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_check_takes_its_place_in_the_alphabet() {
        let list = "macro\nchecks! {\n    dns::Dns,\n    udp::Udp,\n    #[cfg(test)]\n    panics::Panics,\n}\n";
        let added = with_line(list, "    redis::Redis,\n").expect("a list");
        assert_eq!(added, list.replace("    udp", "    redis::Redis,\n    udp"));
        assert!(
            with_line(list, "    zookeeper::Zookeeper,\n")
                .expect("a list")
                .contains("udp::Udp,\n    zookeeper::Zookeeper,\n    #[cfg")
        );
    }
}
