//! The Python package `conn_check_configs` as a wheel.
//!
//! A wheel is a zip file with metadata of its own (the Binary Distribution Format of the Python
//! Packaging User Guide, once PEP 427); nothing of Python is needed to write one. The same sources
//! give the same bytes: entries are in order, times are fixed.

use crate::{program_names, root};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use std::fs;
use std::io::{Cursor, Write as _};
use zip::write::{FileOptions, SimpleFileOptions};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The package, and the distribution as wheels write it.
const NAME: &str = "conn_check_configs";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The modules; a file that is not named here is not packed.
const MODULES: [&str; 3] = ["__init__.py", "bridge.py", "django.py"];

const WHEEL: &str = "\
Wheel-Version: 1.0
Generator: conn-check
Root-Is-Purelib: true
Tag: py2-none-any
Tag: py3-none-any
";

/// The path of an entry, and its content.
type Entry = (String, Vec<u8>);

/// The wheel of the program with the package in it: `pip install` gives all its names, the first one as the file, the
/// others as what Python makes of an entry point. `platform` is what pip calls
/// the systems that it runs on, such as `manylinux_2_28_x86_64` or `linux_x86_64`.
///
/// # Errors
/// A module that cannot be read.
pub fn wheel_of_program(program: &[u8], platform: &str) -> Result<(String, Vec<u8>), String> {
    let name = format!("conn_check-{VERSION}-py3-none-{platform}.whl");
    let mut entries = modules()?;
    entries.push((format!("{NAME}/program.py"), PROGRAM.as_bytes().to_vec()));
    entries.push((format!("conn_check-{VERSION}.data/scripts/conn-check"), program.to_vec()));
    let tag = format!("Wheel-Version: 1.0\nGenerator: conn-check\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n");
    let scripts: Vec<_> = program_names().iter().skip(1).map(|name| format!("{name} = {NAME}.program:run\n")).collect();
    let metadata = metadata("conn-check", ">=3.8", "Verifies every network dependency of a service");
    let more = [
        ("METADATA", metadata),
        ("WHEEL", tag),
        ("entry_points.txt", "[console_scripts]\n".to_owned() + &scripts.concat()),
    ];
    let content = with_info("conn_check", entries, more)?;
    Ok((name.clone(), zipped(&content).map_err(|error| format!("{name}: {error}"))?))
}

/// The other names of the program: it does what the name it is called by says.
const PROGRAM: &str = "\
\"\"\"The other names of the program conn-check, which is installed beside them.\"\"\"

import os
import sys


def run():
    called = os.path.abspath(sys.argv[0])
    program = os.path.join(os.path.dirname(called), \"conn-check\")
    os.execv(program, [os.path.join(os.path.dirname(called), os.path.basename(called))] + sys.argv[1:])
";

/// The name of the file, and its content.
///
/// # Errors
/// A module that cannot be read.
pub fn wheel() -> Result<(String, Vec<u8>), String> {
    let name = format!("{NAME}-{VERSION}-py2.py3-none-any.whl");
    let summary = "Checks for conn-check from the settings of a Django project";
    let more = [("METADATA", metadata("conn-check-configs", ">=2.7", summary)), ("WHEEL", WHEEL.to_owned())];
    let content = zipped(&with_info(NAME, modules()?, more)?).map_err(|error| format!("{name}: {error}"))?;
    Ok((name, content))
}

fn modules() -> Result<Vec<Entry>, String> {
    MODULES.iter().map(|module| Ok((format!("{NAME}/{module}"), read(&format!("python/{NAME}/{module}"))?))).collect()
}

/// The entries with what is said of them behind them, the record of it last.
fn with_info<const N: usize>(
    distribution: &str,
    mut entries: Vec<Entry>,
    more: [(&str, String); N],
) -> Result<Vec<Entry>, String> {
    let info = format!("{distribution}-{VERSION}.dist-info");
    entries.push((format!("{info}/LICENSE"), read("LICENSE")?));
    entries.extend(more.into_iter().map(|(name, text)| (format!("{info}/{name}"), text.into_bytes())));
    let record: Vec<_> = entries.iter().map(recorded).collect();
    let own = format!("{info}/RECORD");
    entries.push((own.clone(), format!("{}{own},,\n", record.concat()).into_bytes()));
    Ok(entries)
}

fn recorded((path, content): &Entry) -> String {
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, content));
    format!("{path},sha256={hash},{}\n", content.len())
}

fn metadata(name: &str, python: &str, summary: &str) -> String {
    format!(
        "Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n\
         Summary: {summary}\n\
         Home-page: {}\nLicense: Apache-2.0\nLicense-File: LICENSE\n\
         Requires-Python: {python}\nDescription-Content-Type: text/plain\n\n\
         Reads Django settings with the application's own Python, and hands them to the program\n\
         conn-check-configs, which writes checks for conn-check.\n",
        env!("CARGO_PKG_REPOSITORY")
    )
}

fn zipped(entries: &[Entry]) -> zip::result::ZipResult<Vec<u8>> {
    let options: SimpleFileOptions = FileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let mode = if content.starts_with(b"\x7fELF") { 0o755 } else { 0o644 };
        zip.start_file(name, options.unix_permissions(mode))?;
        zip.write_all(content)?;
    }
    zip.finish().map(Cursor::into_inner)
}

fn read(name: &str) -> Result<Vec<u8>, String> {
    let path = root().join(name);
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}
