//! What README says of the tests.

use std::path::{Path, PathBuf};

/// The tests that prove a guarantee are named, and each of them is there.
#[test]
fn the_tests_that_readme_names_are_there() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## Guarantees\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let words = section.expect("the section").split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        word.matches('_').count() > 2 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let named: Vec<_> = words.filter(is_name).collect();
    assert!(named.len() > 8, "{named:?}");
    let sources: String =
        ["agent", "charm"].map(|folder| sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))).concat();
    // The attribute before the name is `#[test]`, or one of its own.
    let is_there =
        |name: &&&str| ["#[test]", ")]"].iter().any(|before| sources.contains(&format!("{before}\nfn {name}()")));
    let missing: Vec<_> = named.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// All files below a folder, one behind the other.
fn sources(folder: &Path) -> String {
    let paths = std::fs::read_dir(folder).expect("the tests").flatten().map(|file| file.path());
    let read = |path: PathBuf| if path.is_dir() { Some(sources(&path)) } else { std::fs::read_to_string(path).ok() };
    paths.filter_map(read).collect()
}
