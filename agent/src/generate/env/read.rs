//! Where variables come from.

use super::{Content, Variables, dotenv};
use crate::source::Source;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;

/// The largest environment that is read, in bytes; Linux allows a quarter of the stack's limit.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Why there are no variables, and what to do; never with a value.
#[derive(Debug)]
pub struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An environment, in the order of its names.
#[must_use]
pub fn of_variables(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Variables {
    let mut all: Vec<_> = environment.into_iter().collect();
    all.sort();
    let mut variables = Variables::default();
    for (name, value) in all {
        // No variable that means a connection has a name that is not UTF-8.
        let Ok(name) = name.into_string() else { continue };
        variables.set(name, value.into_string().map_or(Content::NotUtf8, Content::Text));
    }
    variables
}

/// The environment that a process was started with.
///
/// # Errors
/// There is no such process, or it is another user's.
pub fn of_process(pid: u32) -> Result<Variables, Unreadable> {
    let unreadable = |error: io::Error| {
        Unreadable(match error.kind() {
            io::ErrorKind::NotFound => format!("--pid: there is no process {pid}"),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "--pid: the environment of process {pid} is not yours to read: run this as its user, or as root"
                )
            }
            _ => format!("--pid: the environment of process {pid} cannot be read: {error}"),
        })
    };
    let mut bytes = Vec::new();
    let file = File::open(format!("/proc/{pid}/environ")).map_err(unreadable)?;
    file.take(LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
    let pair = |entry: &[u8]| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Some((text(&entry[..at]), text(&entry[at + 1..])))
    };
    Ok(of_variables(bytes.split(|byte| *byte == 0).filter_map(pair)))
}

/// A file of variables, or standard input for `-`.
///
/// # Errors
/// It cannot be read, or is no such file.
pub fn of_file(path: &str) -> Result<Variables, Unreadable> {
    let source = Source::read(path).map_err(|unreadable| {
        let (source, diagnostic) = *unreadable;
        Unreadable(format!("{}: {}", source.name, diagnostic.message))
    })?;
    dotenv::parse(&source.text).map_err(|bad| {
        Unreadable(format!(
            "{}:{}: {}; a file of variables has NAME=VALUE in each line",
            source.name, bad.line, bad.why
        ))
    })
}
