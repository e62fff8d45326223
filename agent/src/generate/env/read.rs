//! Where variables come from.

use super::{Content, Variables, dotenv};
use crate::file;
use crate::secret::Secret;
use crate::source::Source;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

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
        variables.set(name, value.into_string().map_or(Content::NotUtf8, |text| Content::Text(Secret::new(text))));
    }
    variables
}

/// The environment that a process was started with.
///
/// # Errors
/// There is no such process, or it is another user's.
pub fn of_process(pid: u32) -> Result<Variables, Unreadable> {
    environment_of(pid, LIMIT)
}

fn environment_of(pid: u32, limit: u64) -> Result<Variables, Unreadable> {
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
    let path = format!("/proc/{pid}/environ");
    let bytes = file::read_bounded(Path::new(&path), limit).map_err(|error| unreadable(error.into()))?;
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
/// It cannot be read, or it is not such a file.
pub fn of_file(path: &str) -> Result<Variables, Unreadable> {
    let source = Source::read(path).map_err(|unreadable| {
        let (source, diagnostic) = *unreadable;
        let help = diagnostic.help.map(|help| format!("; {help}")).unwrap_or_default();
        Unreadable(format!("{}: {}{help}", source.name, diagnostic.message))
    })?;
    let variables = dotenv::parse(&source.text);
    if let Some(hint) = hint(&source.text).filter(|_| !variables.as_ref().is_ok_and(Variables::are_mostly_read)) {
        return Err(Unreadable(format!("{}: {hint}", source.name)));
    }
    variables.map_err(|bad| {
        Unreadable(format!(
            "{}:{}: {}; a file of variables has NAME=VALUE in each line",
            source.name, bad.line, bad.why
        ))
    })
}

/// What to do with a file that is not one of variables, but has some in it.
fn hint(text: &str) -> Option<&'static str> {
    let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    if has("services") {
        return Some(
            "this is a compose file, and not one of variables: `docker compose config` shows what its services are told, \
             `conn-check-configs env --pid PID` reads what a running one was started with",
        );
    }
    (has("apiVersion") || has("kind")).then_some(
        "this is a manifest of Kubernetes, and not a file of variables: `kubectl exec POD -- env > FILE` writes what a \
         container is told, `conn-check-configs env --pid PID` reads what a running one was started with",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_is_too_large_is_refused_and_not_cut() {
        // Another process: tests that run beside this one may change what this one has.
        let mut child = std::process::Command::new("cat")
            .env_clear()
            .env("DATABASE_URL", "postgres://db.example/app")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("cat");
        let (read, cut) = (environment_of(child.id(), 1 << 20), environment_of(child.id(), 20));
        drop(child.stdin.take());
        child.wait().expect("the end");
        assert!(read.is_ok(), "{read:?}");
        let refused = cut.expect_err("it is larger than 20 bytes").to_string();
        assert!(refused.ends_with("cannot be read: it is larger than 20 bytes"), "{refused}");
    }
}
