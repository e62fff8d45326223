//! The Python package `conn_check_configs` as a wheel.
//!
//! A wheel is a zip file with metadata of its own (the Binary Distribution Format of the Python
//! Packaging User Guide, once PEP 427); nothing of Python is needed to write one. The same sources
//! give the same bytes: entries are in order, times are fixed.

use crate::root;
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

/// The name of the file, and its content.
///
/// # Errors
/// A module that cannot be read.
pub fn wheel() -> Result<(String, Vec<u8>), String> {
    let name = format!("{NAME}-{VERSION}-py2.py3-none-any.whl");
    let content = zipped(&entries()?).map_err(|error| format!("{name}: {error}"))?;
    Ok((name, content))
}

/// Everything, the record of it last.
fn entries() -> Result<Vec<Entry>, String> {
    let info = format!("{NAME}-{VERSION}.dist-info");
    let mut entries = Vec::new();
    for module in MODULES {
        entries.push((format!("{NAME}/{module}"), read(&format!("python/{NAME}/{module}"))?));
    }
    entries.push((format!("{info}/LICENSE"), read("LICENSE")?));
    entries.push((format!("{info}/METADATA"), metadata().into_bytes()));
    entries.push((format!("{info}/WHEEL"), WHEEL.as_bytes().to_vec()));
    let record: String = entries.iter().map(recorded).collect();
    let own = format!("{info}/RECORD");
    entries.push((own.clone(), format!("{record}{own},,\n").into_bytes()));
    Ok(entries)
}

fn recorded((path, content): &Entry) -> String {
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, content));
    format!("{path},sha256={hash},{}\n", content.len())
}

fn metadata() -> String {
    format!(
        "Metadata-Version: 2.1\nName: conn-check-configs\nVersion: {VERSION}\n\
         Summary: Checks for conn-check from the settings of a Django project\n\
         Home-page: {}\nLicense: Apache-2.0\nLicense-File: LICENSE\n\
         Requires-Python: >=2.7\nDescription-Content-Type: text/plain\n\n\
         Reads Django settings with the application's own Python, and hands them to the program\n\
         conn-check-configs, which writes checks for conn-check.\n",
        env!("CARGO_PKG_REPOSITORY")
    )
}

fn zipped(entries: &[Entry]) -> zip::result::ZipResult<Vec<u8>> {
    let options: SimpleFileOptions = FileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name, options)?;
        zip.write_all(content)?;
    }
    zip.finish().map(Cursor::into_inner)
}

fn read(name: &str) -> Result<Vec<u8>, String> {
    let path = root().join(name);
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}
