//! The files of records that a command line names.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// So many bytes of one file are read: the records of thousands of units have less.
const LARGEST: u64 = 1 << 30;

/// The files that are meant, each with its text: of a directory its `*.json`, and `-` is standard input.
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn texts(words: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    for word in words {
        let path = Path::new(word);
        if word == "-" {
            files.push(("<stdin>".to_owned(), text_of(word, io::stdin().lock())?));
        } else if path.is_dir() {
            files.extend(texts(&in_directory(path)?)?);
        } else {
            let file = fs::File::open(path).map_err(|error| format!("{word}: {error}"))?;
            files.push((word.clone(), text_of(word, file)?));
        }
    }
    Ok(files)
}

fn in_directory(path: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error: io::Error| format!("{}: {error}", path.display());
    let entries = fs::read_dir(path).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let is_record = |path: &Path| path.extension().is_some_and(|end| end == "json") && !path.is_dir();
    let paths = entries.iter().map(fs::DirEntry::path).filter(|path| is_record(path));
    let mut names: Vec<_> = paths.map(|path| path.display().to_string()).collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("{}: there is no *.json in this directory", path.display()));
    }
    Ok(names)
}

fn text_of(name: &str, from: impl io::Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{name}: it is not UTF-8"))
}
