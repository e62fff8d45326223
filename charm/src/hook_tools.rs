//! Juju's hook tools, one function each, with typed results. Always as JSON, because the default
//! output format depends on the value.
//!
//! Source of the argument forms: Juju's `cmd/jujuc`.

use crate::error::Error;
use crate::host::{Host, Output, Program, RunAs};
use crate::text::printable;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// One argument may have 128 KiB on Linux; texts for people are far shorter.
const TEXT: usize = 8 * 1024;

/// `config-get`: the options that have a value.
pub(crate) fn config_get(host: &mut dyn Host) -> Result<Map<String, Value>, Error> {
    json(host, "config-get", &["--format=json"])
}

/// `relation-ids`: the ids of a relation; Juju lists also one that is being broken, or was removed by
/// force.
pub(crate) fn relation_ids(host: &mut dyn Host, relation: &str) -> Result<Vec<String>, Error> {
    json(host, "relation-ids", &["--format=json", relation])
}

/// `relation-list`: the units at the other end.
pub(crate) fn relation_list(host: &mut dyn Host, id: &str) -> Result<Vec<String>, Error> {
    json(host, "relation-list", &["--format=json", "-r", id])
}

/// `relation-get`: the relation data of a unit; `None` if the relation is gone. One that was removed by
/// force stays in the lists until the agent restarts, but the controller refuses its data
/// (`remotestate/watcher.go`, `relationsChanged`; `apiserver/facades/agent/uniter`, `ErrPerm`).
pub(crate) fn relation_get(
    host: &mut dyn Host,
    id: &str,
    unit: &str,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    let name = "relation-get";
    let output = output(host, name, &tool(name, &["--format=json", "-r", id, "-", unit]))?;
    if !output.succeeded() && says_gone(&output.stderr) {
        return Ok(None);
    }
    let data: Option<_> = parse(name, &printed(name, output)?)?;
    Ok(Some(data.unwrap_or_default()))
}

/// Whether Juju answers that a relation, or a unit in it, is not there any more: `ERROR permission denied`,
/// `ERROR invalid value "conn-check:7" for option -r: relation not found`. A shell's `not found`, or that of a
/// socket, is not Juju's (`cmd/cmd.go`, `WriteError`).
fn says_gone(stderr: &[u8]) -> bool {
    juju_says(stderr).is_some_and(|said| ["permission denied", "not found"].iter().any(|answer| said.ends_with(answer)))
}

/// The last error of Juju's, which may have several words before it.
fn juju_says(stderr: &[u8]) -> Option<String> {
    let stderr = String::from_utf8_lossy(stderr);
    stderr.lines().rev().find_map(|line| Some(line.strip_prefix("ERROR ")?.trim_end().to_owned()))
}

/// `relation-set`: sets relation data of this unit; an empty value removes a key. Juju commits it
/// when the hook succeeds.
pub(crate) fn relation_set(host: &mut dyn Host, id: &str, data: &BTreeMap<String, String>) -> Result<(), Error> {
    let mut program = tool("relation-set", &["-r", id, "--file", "-"]);
    program.stdin = serde_json::to_vec(data).map_err(|error| Error::new("relation-set", error))?;
    run(host, "relation-set", &program).map(drop)
}

/// `status-set`: effective at once, even if the hook fails later.
pub(crate) fn status_set(host: &mut dyn Host, status: &str, text: &str) -> Result<(), Error> {
    run(host, "status-set", &tool("status-set", &[status, "--", text])).map(drop)
}

/// `application-version-set`: the version that `juju status` shows.
pub(crate) fn application_version_set(host: &mut dyn Host, version: &str) -> Result<(), Error> {
    run(host, "application-version-set", &tool("application-version-set", &["--", version])).map(drop)
}

/// `juju-log` at level INFO.
pub(crate) fn juju_log(host: &mut dyn Host, text: &str) -> Result<(), Error> {
    run(host, "juju-log", &tool("juju-log", &["--log-level", "INFO", "--", &shown(text)])).map(drop)
}

/// `resource-get` downloads, and answers when it has all.
const DOWNLOAD: Duration = Duration::from_secs(3600);

/// What came of asking for a resource.
pub(crate) enum Delivery {
    /// None is attached.
    Nothing,
    /// It is here.
    File(PathBuf),
    /// Juju did not deliver it, and answered this.
    Failed(io::Result<Output>),
}

/// `resource-get`: the path of a resource. That Juju fails at it is no error: a controller that has lost the file would
/// keep the unit in error for ever.
pub(crate) fn resource_get(host: &mut dyn Host, name: &str) -> Result<Delivery, Error> {
    let mut program = tool("resource-get", &[name]);
    program.timeout = DOWNLOAD;
    let output = match host.run(&program) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Delivery::Failed(Err(error))),
        Err(error) => return Err(not_run("resource-get", error)),
        Ok(output) if output.succeeded() => output,
        Ok(output) if says_no_resource(&output.stderr, name) => return Ok(Delivery::Nothing),
        Ok(output) => return Ok(Delivery::Failed(Ok(output))),
    };
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(if path.is_empty() { Delivery::Nothing } else { Delivery::File(PathBuf::from(path)) })
}

/// Whether Juju answers that no such resource is attached: `ERROR could not download resource: HTTP request failed: Get
/// https://.../resources/agent: resource#conn-check/agent not found` (`NotFoundf("resource %q")` in its state, where the
/// name is that of the application's resource). A file that is not found in the controller's store is another matter.
fn says_no_resource(stderr: &[u8], name: &str) -> bool {
    let what =
        juju_says(stderr).and_then(|said| Some(said.strip_suffix(" not found")?.rsplit(": ").next()?.to_owned()));
    what.is_some_and(|what| {
        let named = [format!("resource {name:?}"), format!("resource {name}")].contains(&what);
        named || what.strip_prefix("resource#").is_some_and(|what| what.rsplit('/').next() == Some(name))
    })
}

/// `secret-get`: the newest revision of a secret, by its keys; the error is why Juju does not give it, for people. Juju 2.9
/// has no such tool.
pub(crate) fn secret_get(host: &mut dyn Host, uri: &str) -> Result<BTreeMap<String, String>, String> {
    let name = "secret-get";
    let output = host.run(&tool(name, &[uri, "--format=json", "--refresh"]));
    match output {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("this Juju has no secrets".to_owned()),
        Err(error) => Err(error.to_string()),
        Ok(output) if output.succeeded() => {
            serde_json::from_slice(&output.stdout).map_err(|_| "it is no map of texts".to_owned())
        }
        Ok(output) => {
            Err(juju_says(&output.stderr).map_or_else(|| "no reason is given".to_owned(), |said| shown(&said)))
        }
    }
}

/// `action-get`: the parameters of the action.
pub(crate) fn action_get(host: &mut dyn Host) -> Result<Map<String, Value>, Error> {
    let parameters: Option<_> = json(host, "action-get", &["--format=json"])?;
    Ok(parameters.unwrap_or_default())
}

/// `action-set`: the results of the action.
pub(crate) fn action_set(host: &mut dyn Host, results: &BTreeMap<String, String>) -> Result<(), Error> {
    let results: Vec<_> = results.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
    let results: Vec<_> = results.iter().map(String::as_str).collect();
    run(host, "action-set", &tool("action-set", &results)).map(drop)
}

/// `action-fail`: marks the action as failed, with the reason.
pub(crate) fn action_fail(host: &mut dyn Host, text: &str) -> Result<(), Error> {
    run(host, "action-fail", &tool("action-fail", &["--", &shown(text)])).map(drop)
}

fn json<T: DeserializeOwned>(host: &mut dyn Host, name: &str, arguments: &[&str]) -> Result<T, Error> {
    parse(name, &run(host, name, &tool(name, arguments))?)
}

fn parse<T: DeserializeOwned>(name: &str, printed: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(printed).map_err(|error| Error::new(name, error))
}

fn run(host: &mut dyn Host, name: &str, program: &Program) -> Result<Vec<u8>, Error> {
    printed(name, output(host, name, program)?)
}

fn output(host: &mut dyn Host, name: &str, program: &Program) -> Result<Output, Error> {
    host.run(program).map_err(|error| not_run(name, error))
}

fn not_run(name: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(name, "this hook tool is not in PATH; hooks are run by Juju"),
        _ => Error::new(name, error),
    }
}

fn printed(name: &str, output: Output) -> Result<Vec<u8>, Error> {
    if output.succeeded() {
        return Ok(output.stdout);
    }
    Err(Error::new(name, shown(String::from_utf8_lossy(&output.stderr).trim())))
}

fn tool(name: &str, arguments: &[&str]) -> Program {
    Program::new(name, RunAs::Root).with(arguments.iter().map(OsString::from))
}

/// One line of at most [`TEXT`] bytes: names of files are in logs and results, and whoever made the files named them.
fn shown(text: &str) -> String {
    let mut line = printable(text);
    let end = (0..=line.len().min(TEXT)).rev().find(|end| line.is_char_boundary(*end));
    line.truncate(end.unwrap_or(0));
    line
}

#[cfg(test)]
mod tests {
    use super::{says_gone, says_no_resource};

    #[test]
    fn only_juju_says_that_no_resource_is_attached() {
        let said = |text: &str| says_no_resource(text.as_bytes(), "agent");
        for text in [
            "ERROR could not download resource: HTTP request failed: Get https://192.0.2.1:17070/model/1/units/x/resources/\
             agent: resource#conn-check/agent not found\n",
            "ERROR could not download resource: resource \"agent\" not found\n",
        ] {
            assert!(said(text), "{text}");
        }
        for text in [
            "ERROR could not download resource: HTTP request failed: Get https://192.0.2.1: EOF\n",
            "ERROR could not download resource: resource#conn-check/other not found\n",
            "ERROR could not download resource: object \"buckets/resources/agent\" not found\n",
            "/bin/sh: 1: resource-get: not found\n",
            "",
        ] {
            assert!(!said(text), "{text}");
        }
    }

    #[test]
    fn only_juju_says_that_a_relation_is_gone() {
        for said in [
            "ERROR permission denied\n",
            "ERROR invalid value \"conn-check:7\" for option -r: relation not found\n",
            "ERROR cannot read settings for unit \"nrpe/0\": settings not found\n",
        ] {
            assert!(says_gone(said.as_bytes()), "{said}");
        }
        for said in [
            "/bin/sh: 1: relation-get: not found\n",
            "ERROR dial unix @/agent.socket: connect: permission denied: try again\n",
            "ERROR not found: the controller is not there\n",
            "",
        ] {
            assert!(!says_gone(said.as_bytes()), "{said}");
        }
    }
}
