//! The pages for readers, README and `docs/`: each block that shows a file, a command or an output is tried, where the
//! hosts that the pages name really are.
//!
//! What a block is stands behind its first fence:
//!
//! - `console`: lines that begin with `$ ` are typed into a terminal of 100 columns, in the folder of the page; below each
//!   stands what has to appear. Durations and moments may be others; `...` is any number of lines.
//! - A language and a name (`yaml shop.yaml`): a file of that folder.
//! - Anything else is tried elsewhere, and the line before names the test: `<!-- tried: NAME -->`.
//!
//! `<!-- now: WORD -->` before a block changes the world: see [`world::World::change`].

mod ci;
pub(crate) mod page;
mod text;
mod waiting;
mod world;

use conn_check::checks::Spec;
use harness::scratch::Scratch;
use page::{Block, Page};
use std::fs;
use std::path::{Path, PathBuf};
use text::mismatch;
use world::World;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All pages; those that a program writes have no blocks.
fn pages() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).expect("docs/").map(|file| file.expect("a file").path());
    let mut paths: Vec<_> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    paths.push(root().join("README.md"));
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths.iter().map(|path| Page::read(path)).collect()
}

#[test]
fn every_command_of_the_pages_prints_what_is_shown() {
    let mut world = World::new();
    let mut wrong = Vec::new();
    for page in pages().iter().filter(|page| page.has_sessions()) {
        if world.is_spoilt() {
            world = World::new();
        }
        world.mend();
        let folder = Scratch::new();
        world.furnish(&folder);
        for block in &page.blocks {
            match block {
                Block::Change(what) => world.change(what),
                Block::File { name, text } => {
                    let path = folder.path().join(name);
                    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                    fs::write(path, text).expect("a file");
                }
                Block::Session(lines) => {
                    let printed = world.type_in(folder.path(), lines);
                    let judged = lines.iter().zip(&printed);
                    wrong.extend(judged.filter_map(|(line, printed)| {
                        let why = mismatch(&line.printed, printed)?;
                        Some(format!("{}: $ {}\n{why}", page.name, line.command))
                    }));
                }
                Block::Tried { .. } => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A block that is tried elsewhere names the test that does.
#[test]
fn the_tests_that_the_pages_name_are_there() {
    let tests = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("agent"))
        + &sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("charm"));
    // The attribute before the name is `#[test]`, or one of its own.
    let is_there = |name: &str| ["#[test]", ")]"].iter().any(|end| tests.contains(&format!("{end}\nfn {name}()")));
    let named = pages().into_iter().flat_map(|page| page.tests());
    let missing: Vec<_> = named.filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A link from page to page leads to a file, and to a heading in it.
#[test]
fn every_link_leads_somewhere() {
    let others = ["SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name));
    let lost: Vec<_> =
        pages().iter().flat_map(Page::lost_links).chain(others.iter().flat_map(|path| page::lost(path))).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// A file that a page shows is read by a command of the page, or is what NRPE runs.
#[test]
fn the_files_of_the_pages_are_used() {
    for page in pages() {
        let commands = page.commands();
        for block in &page.blocks {
            let Block::File { name, text } = block else { continue };
            let of_nrpe = text.lines().find_map(|line| line.strip_prefix("command[conn_check]=/usr/bin/"));
            let is_used = match of_nrpe {
                Some(command) => commands.contains(&command.replace("/var/conn-check/", "").as_str()),
                None => {
                    commands.iter().any(|command| command.contains(name.as_str()) || command.contains(&module(name)))
                }
            };
            assert!(is_used, "{}: nobody reads {name}: {commands:?}", page.name);
        }
    }
}

/// `shop/settings.py` as Python calls it.
fn module(name: &str) -> String {
    name.trim_end_matches(".py").replace('/', ".")
}

/// A code that a page names is one that there is.
#[test]
fn the_codes_that_the_pages_name_are_there() {
    let catalogue = fs::read_to_string(root().join("docs/failure-codes.md")).expect("the catalogue");
    let phases: Vec<_> = catalogue.lines().filter_map(|line| line.strip_prefix("## `")?.split('`').next()).collect();
    assert!(phases.len() > 6, "{phases:?}");
    let codes: Vec<_> = pages().iter().flat_map(|page| page.codes(&phases)).collect();
    assert!(codes.len() > 20, "{codes:?}");
    let unknown: Vec<_> = codes.iter().filter(|code| !catalogue.contains(&format!("| `{code}` |"))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// README is for five minutes.
#[test]
fn readme_is_short_and_leads_to_every_page() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(readme.lines().count() <= 230, "{} lines", readme.lines().count());
    for page in pages() {
        assert!(page.name == "README.md" || readme.contains(&format!("(docs/{})", page.name)), "{}", page.name);
    }
}

/// All files below a folder, one behind the other.
fn sources(folder: &Path) -> String {
    let paths = fs::read_dir(folder).expect("the tests").flatten().map(|file| file.path());
    let read = |path: PathBuf| if path.is_dir() { Some(sources(&path)) } else { fs::read_to_string(path).ok() };
    paths.filter_map(read).collect()
}

/// The manual says which servers a type is tried with: packages of the tests' list, in backticks.
#[test]
fn every_type_has_its_servers_in_the_manual() {
    let page = fs::read_to_string(root().join("docs/guarantees.md")).expect("a page");
    let packages = fs::read_to_string(root().join("tests/packages.txt")).expect("a list");
    let packages: Vec<_> = packages.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    for check in Spec::describe() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", check.kind)));
        let row = row.unwrap_or_else(|| panic!("no row of {}", check.kind));
        let real = row.split('|').nth(2).expect("a cell");
        let unknown: Vec<_> = real.split('`').skip(1).step_by(2).filter(|name| !packages.contains(name)).collect();
        assert!(unknown.is_empty(), "{row}: {unknown:?}");
    }
}
