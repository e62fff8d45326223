//! A program is tried before it is chosen, so that one that does not work never takes the place of one that
//! does: it has to say its version, and to read a small file of checks.

use crate::accounts::{Owner, USER, run_as};
use crate::error::Error;
use crate::host::{Host, Output, Program, draft_of};
use crate::paths::{LIB, VERSIONS};
use crate::record::Record;
use crate::run_failure::RunFailure;
use crate::tree::Node;
use crate::version::Version;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Far more than a program needs. Where it is not enough, every hook tries again, and keeps the machine's other hooks
/// waiting so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One check, which is not run.
const CHECKS: &[u8] = b"[{\"type\": \"tcp\", \"host\": \"127.0.0.1\", \"port\": 9}]\n";

/// Why a file is no program for this machine, which nothing has to be written for.
pub(crate) fn look_at(host: &dyn Host, file: &Path) -> Option<RunFailure> {
    host.judge(file).err().map(|error| RunFailure::of(&Err(error)))
}

/// An empty directory below that of the versions, which the user conn-check can enter. It is named as a draft, so
/// that a later hook removes what a killed one has left.
///
/// # Errors
/// The file system fails.
pub(crate) fn stage(host: &mut dyn Host, name: &str) -> Result<PathBuf, Error> {
    let stage = draft_of(&Path::new(VERSIONS).join(name));
    let access = Owner::Root.access(host, 0o755)?;
    host.remove(&stage).map_err(Error::at("remove", &stage))?;
    Node::Shared(LIB.into(), 0o755).ensure(host)?;
    for directory in [Path::new(VERSIONS), &stage] {
        host.make_directory(directory, access).map_err(Error::at("make", directory))?;
    }
    Ok(stage)
}

/// The version that the program says, or why it is not an agent that works on this machine. The program is
/// where the user conn-check can run it.
///
/// # Errors
/// The machine does not work as it should.
pub(crate) fn of(host: &mut dyn Host, program: &Path) -> Result<Result<Version, RunFailure>, Error> {
    let asked = run(host, program, ["--version".into()])?;
    let printed = match &asked {
        Ok(output) if output.succeeded() => String::from_utf8_lossy(&output.stdout),
        _ => "".into(),
    };
    // In parentheses behind it stands what is particular to the build.
    let version = printed.trim().strip_prefix("conn-check ").and_then(|said| said.split(" (").next());
    let Some(version) = version.and_then(Version::parse) else {
        return Ok(Err(RunFailure::of(&asked)));
    };
    // Named as a draft, so that a later hook removes what a killed one has left.
    let file = draft_of(&Path::new(VERSIONS).join("trial.yaml"));
    host.write(&file, CHECKS, Owner::Root.access(host, 0o644)?).map_err(Error::at("write", &file))?;
    let arguments = ["--dry-run".into(), "--format".into(), "json".into(), host.map_path(&file).into_os_string()];
    let read = run(host, program, arguments);
    host.remove(&file).map_err(Error::at("remove", &file))?;
    let read = read?;
    let has_read = read.as_ref().is_ok_and(|output| {
        let answer = serde_json::from_slice::<Record>(&output.stdout);
        output.succeeded() && answer.is_ok_and(|answer| answer.len() == 1 && !answer.is_refusal())
    });
    Ok(if has_read { Ok(version) } else { Err(RunFailure::of(&read)) })
}

fn run<const N: usize>(
    host: &mut dyn Host,
    program: &Path,
    arguments: [OsString; N],
) -> Result<io::Result<Output>, Error> {
    let mut command = Program::new(program, run_as(host, USER)?).with(arguments);
    command.timeout = TIMEOUT;
    Ok(host.run(&command))
}
