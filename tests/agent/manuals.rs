//! The man pages: what `mandoc` thinks of them, and that they say what a reader looks for.

use harness::packages;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn pages() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).expect("docs/").map(|file| file.expect("a file").path());
    let mut pages: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|section| section == "1" || section == "5")).collect();
    pages.sort();
    assert!(pages.len() > 8, "{pages:?}");
    pages
}

fn mandoc(arguments: &[&str], page: &Path) -> String {
    let program = packages::find("mandoc").expect("mandoc is not installed: apt-get install mandoc");
    let output = Command::new(program).args(arguments).arg(page).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn mandoc_has_nothing_to_say_about_any_page() {
    for page in pages() {
        assert_eq!(mandoc(&["-T", "lint"], &page), "", "{}", page.display());
    }
}

#[test]
fn every_page_has_what_a_reader_looks_for() {
    for page in pages() {
        let text = mandoc(&["-T", "ascii", "-O", "width=200"], &page).replace('\u{8}', "");
        let source = fs::read_to_string(&page).expect("a page");
        for section in ["NAME", "DESCRIPTION", "SEE ALSO"] {
            assert!(source.contains(&format!(".SH \"{section}\"\n")), "{}: {section}", page.display());
        }
        let is_program = page.extension().is_some_and(|section| section == "1");
        for section in ["SYNOPSIS", "OPTIONS", "EXIT STATUS", "EXAMPLES"].into_iter().filter(|_| is_program) {
            assert!(source.contains(&format!(".SH \"{section}\"\n")), "{}: {section}", page.display());
        }
        let sections: Vec<_> = source.lines().filter(|line| line.starts_with(".SH ")).collect();
        let mut once = sections.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), sections.len(), "{}: a section stands twice in {sections:?}", page.display());
        assert!(text.lines().count() > 20, "{}: {text}", page.display());
    }
    let page = fs::read_to_string(folder().join("conn-check.1")).expect("a page");
    for section in ["ENVIRONMENT", "FILES"] {
        assert!(page.contains(&format!(".SH \"{section}\"\n")), "{section}");
    }
    assert!(page.contains("interrupted"), "status 3");
}

#[test]
fn the_page_of_the_file_has_every_type_and_option() {
    let page = fs::read_to_string(folder().join("conn-check.yaml.5")).expect("a page").replace("\\-", "-");
    for check in conn_check::checks::Spec::describe() {
        let section = page.split(&format!(".SH \"{}\"\n", check.kind.to_uppercase())).nth(1);
        let section =
            section.unwrap_or_else(|| panic!("{} is missing", check.kind)).split("\n.SH ").next().expect("text");
        for option in &check.options {
            assert!(section.contains(&format!("\n\\fB{}\\fR\n", option.key)), "{}: {}", check.kind, option.key);
        }
    }
}
