//! The zip file. The same content gives the same bytes: entries are sorted, times are fixed.

use crate::Outcome;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use zip::write::{FileOptions, SimpleFileOptions};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// One file of the charm.
pub(crate) enum Entry {
    /// Read by Juju or by people.
    Text(Vec<u8>),
    /// Run.
    Program(Vec<u8>),
    /// A relative link to another one.
    Link(String),
}

/// All files, by their path in the charm.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// Writes the archive; a former one is replaced when it is whole.
pub(crate) fn write(output: &Path, entries: &Entries) -> Outcome<()> {
    let draft = output.with_extension("charm.new");
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", draft.display());
    let mut zip = ZipWriter::new(File::create(&draft).map_err(|error| failed(&error))?);
    for (name, entry) in entries {
        add(&mut zip, name, entry).map_err(|error| failed(&error))?;
    }
    zip.finish().map_err(|error| failed(&error))?;
    fs::rename(&draft, output).map_err(|error| failed(&error))
}

/// Juju takes the modes as they stand here: a program without its bit is a hook that fails.
fn add(zip: &mut ZipWriter<File>, name: &str, entry: &Entry) -> zip::result::ZipResult<()> {
    let options: SimpleFileOptions = FileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9));
    match entry {
        Entry::Text(content) => {
            zip.start_file(name, options.unix_permissions(0o644))?;
            zip.write_all(content)?;
        }
        Entry::Program(content) => {
            zip.start_file(name, options.unix_permissions(0o755))?;
            zip.write_all(content)?;
        }
        Entry::Link(target) => zip.add_symlink(name, target, options.compression_method(CompressionMethod::Stored))?,
    }
    Ok(())
}
