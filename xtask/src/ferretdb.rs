//! `FerretDB`, a server for `MongoDB`'s drivers that is built from its Go module: no package has it.
//!
//! `tests/ferretdb/` says which version, and its checksum. The program cannot be built from the module
//! cache, where a file with the version is missing without which it does not start: a copy gets one.

use crate::step::{self, Outcome};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MODULE: &str = "github.com/FerretDB/FerretDB";

/// Builds it into `target/ferretdb/` when it is not there. `Some` says why it cannot be had here, where
/// there is no Go or no way to its modules.
///
/// # Errors
/// What was downloaded is not what the checksum says.
pub(crate) fn build() -> Result<Option<String>, String> {
    let folder = step::root().join("target/ferretdb");
    if folder.join("ferretdb").is_file() {
        return Ok(None);
    }
    eprintln!("== go build {MODULE}/cmd/ferretdb");
    match download().and_then(|(version, module)| compile(&folder, &version, &module)) {
        Ok(()) => Ok(None),
        Err(why) if why.contains("checksum mismatch") => Err(why),
        Err(why) => Ok(Some(why)),
    }
}

/// The version, and where its source was unpacked.
fn download() -> Result<(String, PathBuf), String> {
    let output = go(&step::root().join("tests/ferretdb"), &["mod", "download", "-json", MODULE])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{name}\": \"")));
        value.and_then(|value| value.split('"').next()).map(str::to_owned)
    };
    match (field("Version"), field("Dir")) {
        (Some(version), Some(folder)) => Ok((version, folder.into())),
        _ => Err(format!("go mod download says neither version nor folder: {text}")),
    }
}

fn compile(folder: &Path, version: &str, module: &Path) -> Outcome {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let source = folder.join("source");
    // What an earlier attempt left.
    let _ = fs::remove_dir_all(&source);
    copy(module, &source).map_err(failed)?;
    fs::write(source.join("build/version/version.txt"), version).map_err(failed)?;
    go(&source, &["build", "-buildvcs=false", "-o", "../unfinished", "./cmd/ferretdb"])?;
    fs::rename(folder.join("unfinished"), folder.join("ferretdb")).map_err(failed)?;
    fs::remove_dir_all(&source).map_err(failed)
}

/// Copies what can be read, and makes it writable: the module cache is not.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::write(target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Runs Go as it is installed: it must not fetch another one of itself.
fn go(folder: &Path, arguments: &[&str]) -> Result<Output, String> {
    let shown = format!("go {}", arguments.join(" "));
    let output = Command::new("go").args(arguments).env("GOTOOLCHAIN", "local").current_dir(folder).output();
    let output = output.map_err(|error| format!("{shown}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(output) } else { Err(format!("{shown}: {}", said.trim())) }
}
