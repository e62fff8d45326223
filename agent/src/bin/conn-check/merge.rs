//! `conn-check merge FILE...`: the records of many units, and the fewest causes of what fails.

use crate::output::print;
use crate::{CRITICAL, UNKNOWN, complain, refuse};
use conn_check::cli::merge::{Merge, MergeFormat};
use conn_check::fleet::{Causes, Matrix, html, json, page, records};
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// So many bytes of one file are read: the records of thousands of units have less.
const LARGEST: u64 = 1 << 30;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Merge) -> u8 {
    let files = match texts(&args.files) {
        Ok(files) => files,
        Err(wrong) => return refuse(&wrong),
    };
    let (records, unread) = records(&files);
    unread.iter().for_each(|unread| {
        complain(&unread.to_string());
    });
    if records.is_empty() {
        return UNKNOWN;
    }
    let is_incomplete = !unread.is_empty() || records.iter().any(|record| record.refused.is_some());
    let matrix = Matrix::of(records);
    let causes = Causes::of(&matrix);
    let text = match args.format {
        MergeFormat::Human => page(&matrix, &causes),
        MergeFormat::Json => format!("{}\n", json(&matrix, &causes, &unread)),
        MergeFormat::Html => html(&matrix, &causes),
    };
    match print(args.output.as_deref(), &text) {
        UNKNOWN => UNKNOWN,
        _ if !causes.all.is_empty() => CRITICAL,
        _ if is_incomplete => UNKNOWN,
        _ => 0,
    }
}

/// The files that are meant, each with its text.
fn texts(words: &[String]) -> Result<Vec<(String, String)>, String> {
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
