//! Files by a pattern of their path, as a shell has it (glob(7)): `*`, `?`, `[a-z]`, `[!a-z]`, each within one part of the
//! path. What is hidden is found only by a pattern that begins with a dot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Whether the path has a wildcard in it.
#[must_use]
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// What is there by this pattern, in the order of the names.
///
/// # Errors
/// A directory that cannot be read (one that is not there has nothing in it); more than 10,000 places.
pub fn glob(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    /// Of `/*/*/*`, a host may have millions.
    const MOST: usize = 10_000;
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let part = part.as_os_str();
        let Some(wildcards) = part.to_str().filter(|text| is_pattern(text)) else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let mut further = Vec::new();
        for directory in &found {
            further.extend(entries(directory, wildcards)?.into_iter().map(|name| directory.join(name)));
            if further.len() > MOST {
                return Err(io::Error::other("the pattern stands for more than 10,000 files and directories"));
            }
        }
        found = further;
    }
    found.retain(|path| fs::symlink_metadata(path).is_ok());
    Ok(found)
}

/// The names in a directory that a pattern matches, sorted.
fn entries(directory: &Path, pattern: &str) -> io::Result<Vec<String>> {
    let place = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let read = match fs::read_dir(place) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in read {
        // A name that is no UTF-8 is none that a file of checks could have.
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let is_hidden = name.starts_with('.') && !pattern.starts_with('.');
        if !is_hidden && matches(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether a pattern matches a whole name. Of several `*` only the last one is ever tried again, so that it takes the
/// product of both lengths at most.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, seen));
            at += 1;
        } else if let Some(next) = step(pattern, at, name[seen]) {
            (at, seen) = (next, seen + 1);
        } else if let Some((behind, from)) = star {
            star = Some((behind, from + 1));
            (at, seen) = (behind, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Where the pattern goes on, if what stands there is for this character.
fn step(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match set(&pattern[at + 1..]) {
            Some((end, is_out, members)) => (has(members, character) != is_out).then_some(at + 1 + end),
            // Without its end it is a character like others.
            None => (character == '[').then_some(at + 1),
        },
        own => (*own == character).then_some(at + 1),
    }
}

/// A set behind its `[`: where it ends, whether it is of those that are not meant, and what is in it. A `]` that comes
/// first is one of it.
fn set(rest: &[char]) -> Option<(usize, bool, &[char])> {
    let is_out = matches!(rest.first(), Some('!' | '^'));
    let first = usize::from(is_out);
    let length = rest.get(first + 1..)?.iter().position(|one| *one == ']')? + 1;
    Some((first + length + 1, is_out, &rest[first..first + length]))
}

fn has(members: &[char], character: char) -> bool {
    let mut rest = members;
    while let Some((first, more)) = rest.split_first() {
        if let ['-', last, behind @ ..] = more {
            if (*first..=*last).contains(&character) {
                return true;
            }
            rest = behind;
        } else if *first == character {
            return true;
        } else {
            rest = more;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_shells_does() {
        for (pattern, name, expected) in [
            ("*.yaml", "shop.yaml", true),
            ("*.yaml", "shop.yml", false),
            ("*.yaml", ".yaml", true),
            ("?0-*", "a0-b", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("[0-9][0-9]-*", "10-a", true),
            ("[0-9][0-9]-*", "1a-a", false),
            ("[!a]b", "cb", true),
            ("[!a]b", "ab", false),
            ("[]]x", "]x", true),
            ("[*]", "*", true),
            ("[*]", "a", false),
            ("[a-]", "-", true),
            ("[ab", "[ab", true),
            ("[", "[", true),
            ("*", "", true),
            ("", "", true),
            ("?", "\u{fc}", true),
        ] {
            let of = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(matches(&of(pattern), &of(name)), expected, "{pattern} {name}");
        }
        let (many, long) = (vec!['*'; 2_000], vec!['a'; 20_000]);
        assert!(!matches(&[&many[..], &['b']].concat(), &long));
    }

    #[test]
    fn files_come_in_the_order_of_their_names_and_hidden_ones_do_not() {
        let folder = std::env::temp_dir().join(format!("conn-check-glob-{}", std::process::id()));
        for path in ["b/2.yaml", "b/1.yaml", "a/3.yaml", "a/.x.yaml", "a/y.txt", ".c/4.yaml"] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let found = |pattern: &str| -> Vec<_> {
            let found = glob(&folder.join(pattern)).expect("readable").into_iter();
            found.map(|path| path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned()).collect()
        };
        assert_eq!(found("*/*.yaml"), ["a/3.yaml", "b/1.yaml", "b/2.yaml"]);
        assert_eq!(found("a/.*"), ["a/.x.yaml"]);
        assert_eq!(found("a/3.yaml"), ["a/3.yaml"]);
        assert_eq!(found("b/../a/?.yaml"), ["b/../a/3.yaml"]);
        for none in ["d/*.yaml", "a/3.yaml/*", "a/4.yaml"] {
            assert_eq!(found(none), [""; 0], "{none}");
        }
        fs::remove_dir_all(&folder).expect("removed");
    }
}
