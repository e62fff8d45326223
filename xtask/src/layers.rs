//! `cargo xtask layers`: no room of a crate uses one that lies above it.
//!
//! The lists are the architecture: from the bottom to the top, rooms beside each other in one line.
//! A room uses what is below it, never what is beside or above it. Paths are read as text, `use` lines
//! and inline paths alike, the tests of a room left out: those may look up.

use crate::step::{self, Outcome};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A crate, and its rooms from the bottom to the top.
struct House {
    /// The folder of its sources, from the root of the repository.
    sources: &'static str,
    layers: &'static [&'static [&'static str]],
}

const HOUSES: [House; 2] = [
    House {
        sources: "agent/src",
        layers: &[
            &["text", "phase", "file", "host", "services", "comparison", "since"],
            &["identity", "remedy"],
            &["catalogue", "concern", "diagnostic"],
            &["secret"],
            &["fault", "source", "url", "yaml"],
            &["net", "outcome"],
            &["judgement"],
            &["event", "shared"],
            &["probe", "settings"],
            &["checks"],
            &["plan"],
            &["memory"],
            &["select", "queue", "causes"],
            &["run"],
            &["report", "firewall", "fleet", "generate", "explain"],
            &["serve", "diff"],
            &["cli"],
        ],
    },
    House {
        sources: "charm/src",
        layers: &[
            &["executable", "listen", "paths", "token"],
            &["error", "host", "options", "text", "version"],
            &["note"],
            &[
                "accounts",
                "checks_file",
                "environment",
                "hook_tools",
                "inspect",
                "listeners",
                "metrics",
                "nrpe",
                "record",
                "run_failure",
                "settings",
                "stamp",
                "systemd",
            ],
            &["serving", "status", "tree", "validation", "versions"],
            &["trial"],
            &["checks_status", "embedded", "resource", "users"],
            &["action", "agent"],
            &["observed"],
            &["desired"],
            &["endpoint"],
            &["published"],
            &["apply"],
            &["hook"],
        ],
    },
];

/// A path that does not lead down.
#[derive(Debug, Eq, PartialEq)]
struct Breach {
    file: String,
    line: usize,
    /// The room that is used, and why it may not be.
    what: String,
}

/// A file of a crate: its path below the sources, and its text.
type SourceFile = (String, String);

/// Looks through every crate that has a list.
pub(crate) fn layers() -> Outcome {
    let mut all = Vec::new();
    for house in &HOUSES {
        let files = files(&step::root().join(house.sources))?;
        all.extend(house.missing(&files).map(|room| format!("{}: there is no room `{room}`", house.sources)));
        let breaches = house.breaches(&files);
        all.extend(breaches.iter().map(|one| format!("{}/{}:{}: {}", house.sources, one.file, one.line, one.what)));
    }
    if all.is_empty() { Ok(()) } else { Err(all.join("\n")) }
}

impl House {
    fn breaches(&self, files: &[SourceFile]) -> Vec<Breach> {
        let unlisted = files.iter().filter_map(|(path, _)| {
            let room = room_of(path)?;
            let what = format!("the room `{room}` is in no layer: add it to xtask/src/layers.rs");
            self.layer(room).is_none().then(|| Breach { file: path.clone(), line: 1, what })
        });
        unlisted.chain(files.iter().flat_map(|(path, text)| self.breaches_of(path, text))).collect()
    }

    /// The paths of one file that do not lead down.
    fn breaches_of(&self, path: &str, text: &str) -> Vec<Breach> {
        let Some((room, layer)) = room_of(path).and_then(|room| Some((room, self.layer(room)?))) else {
            return Vec::new();
        };
        let depth = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count();
        let mut breaches = Vec::new();
        for (number, used) in used_rooms(text, depth) {
            let Some(other) = self.layer(&used).filter(|other| *other >= layer && used != room) else { continue };
            let how = if other == layer { "is beside" } else { "is above" };
            breaches.push(Breach { file: path.to_owned(), line: number, what: format!("`{used}` {how} `{room}`") });
        }
        breaches
    }

    /// The rooms of the list that no file belongs to.
    fn missing(&self, files: &[SourceFile]) -> impl Iterator<Item = &'static str> {
        let there: BTreeSet<_> = files.iter().filter_map(|(path, _)| room_of(path).map(str::to_owned)).collect();
        self.layers.iter().copied().flatten().copied().filter(move |room| !there.contains(*room))
    }

    fn layer(&self, room: &str) -> Option<usize> {
        self.layers.iter().position(|rooms| rooms.contains(&room))
    }
}

/// The room that a file belongs to; the root of the crate and its programs belong to none, and tests
/// may look up.
fn room_of(path: &str) -> Option<&str> {
    let parts: Vec<_> = path.split('/').collect();
    let is_test = parts.iter().any(|part| matches!(*part, "tests" | "tests.rs"));
    let room = parts[0].trim_end_matches(".rs");
    (!is_test && !matches!(room, "lib" | "main" | "bin")).then_some(room)
}

/// The rooms that a text names, with the lines: `crate::ROOM`, `crate::{ROOM, ...}`, and as many `super`
/// as lead out of the module, which lies so deep.
fn used_rooms(text: &str, depth: usize) -> BTreeSet<(usize, String)> {
    let code = without_comments(text);
    let code = &code[..code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len())];
    let mut rooms = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            rooms.extend(names(&code[at + root.len()..]).into_iter().map(|name| (line, name)));
        }
    }
    rooms
}

/// The first name of a path, or those of a group in braces.
fn names(path: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut open = 0_usize;
    let mut found = vec![name(group.trim_start())];
    for (at, character) in group.char_indices() {
        match character {
            '{' => open += 1,
            '}' if open == 0 => break,
            '}' => open -= 1,
            ',' if open == 0 => found.push(name(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    found
}

/// The text with its comments blank, so that links of the documentation are no paths of the code.
fn without_comments(text: &str) -> String {
    // The slashes of a URL begin no comment.
    let begins = |line: &str, at: usize| !line[..at].ends_with(':');
    let comment = |line: &str| line.match_indices("//").map(|(at, _)| at).find(|at| begins(line, *at));
    text.lines().map(|line| line[..comment(line).unwrap_or(line.len())].to_owned() + "\n").collect()
}

fn files(folder: &Path) -> Result<Vec<SourceFile>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", next.display());
        for entry in fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let below = path.strip_prefix(folder).unwrap_or(&path);
                found.push((below.to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(house: &House) -> Vec<SourceFile> {
        files(&step::root().join(house.sources)).expect("the sources")
    }

    #[test]
    fn the_houses_stand() {
        assert_eq!(layers(), Ok(()));
    }

    #[test]
    fn a_planted_upward_path_is_found_in_each_form() {
        for house in &HOUSES {
            let (top, bottom) = (house.layers.last().expect("layers")[0], house.layers[0][0]);
            for planted in [
                format!("use crate::{top}::Anything;"),
                format!("fn f() {{ crate::{top}::anything() }}"),
                format!("use crate::{{{bottom}, {top}::Anything}};"),
                format!("use crate::{{{bottom}::{{A, B}}, {top}}};"),
                format!("use super::{top};"),
                format!("macro_rules! m {{ () => {{ $crate::{top}::anything() }}; }}"),
            ] {
                let mut files = real(house);
                files.push((format!("{bottom}.rs"), format!("//! crate::{top}\n\n{planted}\n")));
                let breaches = house.breaches(&files);
                let what = format!("`{top}` is above `{bottom}`");
                assert_eq!(breaches, [Breach { file: format!("{bottom}.rs"), line: 3, what }], "{planted}");
            }
        }
    }

    #[test]
    fn rooms_beside_each_other_and_rooms_of_no_layer_are_found_and_tests_may_look_up() {
        let house = House { sources: "", layers: &[&["a", "b"], &["c"]] };
        let found = |path: &str, text: &str| {
            let breaches = house.breaches(&[(path.to_owned(), text.to_owned())]);
            breaches.into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        assert_eq!(found("a/deep/er.rs", "use super::super::super::b::X;"), ["`b` is beside `a`"]);
        assert_eq!(found("c.rs", "use crate::a;\nuse crate::{b, c::d};"), [""; 0]);
        assert_eq!(found("d.rs", ""), ["the room `d` is in no layer: add it to xtask/src/layers.rs"]);
        assert_eq!(found("a.rs", "#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n"), [""; 0]);
        assert_eq!(found("a/tests/x.rs", "use crate::c;"), [""; 0]);
        let files = ["b.rs", "c/mod.rs", "a/tests.rs"].map(|path| (path.to_owned(), String::new()));
        assert_eq!(house.missing(&files).collect::<Vec<_>>(), ["a"]);
    }
}
