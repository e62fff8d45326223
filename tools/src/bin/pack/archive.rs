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
    let folders = entries.keys().flat_map(|name| folders_of(name)).map(|folder| (folder, None));
    let files = entries.iter().map(|(name, entry)| (name.clone(), Some(entry)));
    for (name, entry) in folders.chain(files).collect::<BTreeMap<_, _>>() {
        let added = match entry {
            Some(entry) => add(&mut zip, &name, entry),
            None => zip.add_directory(&name, options().unix_permissions(0o755)),
        };
        added.map_err(|error| failed(&error))?;
    }
    zip.finish().map_err(|error| failed(&error))?;
    fs::rename(&draft, output).map_err(|error| failed(&error))
}

/// Every directory has an entry: after a refresh, Juju 2.9 to 3.5 removes what is an entry of the former archive
/// (`ArchiveMembers` of its charm library before v12.1.1), and would leave the directory of a version behind.
fn folders_of(name: &str) -> impl Iterator<Item = String> {
    name.match_indices('/').map(|(end, _)| name[..=end].to_owned())
}

fn options() -> SimpleFileOptions {
    let options = FileOptions::default().last_modified_time(DateTime::default());
    options.compression_method(CompressionMethod::Deflated).compression_level(Some(9))
}

/// Juju takes the modes as they stand here: a program without its bit is a hook that fails.
fn add(zip: &mut ZipWriter<File>, name: &str, entry: &Entry) -> zip::result::ZipResult<()> {
    let options = options();
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
