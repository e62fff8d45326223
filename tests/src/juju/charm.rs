//! A packed charm, and how Juju puts it into a unit's directory (juju/utils `zip.go`, juju/juju
//! `manifest_deployer.go`).

use crate::or_panic::OrPanic;
use crate::scratch::Scratch;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use zip::ZipArchive;

/// The umask of the agent.
const UMASK: u32 = 0o022;

/// The kind of a file in a Unix mode, and that of a symbolic link.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// A `.charm` file.
#[derive(Clone, Debug)]
pub struct Charm {
    archive: PathBuf,
    metadata: Value,
    config: Value,
    actions: Value,
    names: BTreeSet<String>,
    expanded: Arc<OnceLock<Scratch>>,
}

impl Charm {
    /// Reads the archive's YAML files.
    ///
    /// # Panics
    /// When Juju could not read them.
    #[must_use]
    pub fn open(archive: &Path) -> Self {
        let yaml = |name: &str| -> Value {
            let text = read(archive, name);
            text.map_or(Value::Null, |text| serde_yaml_ng::from_str(&text).or_panic(format_args!("read {name}")))
        };
        let charm = Self {
            archive: archive.to_owned(),
            metadata: yaml("metadata.yaml"),
            config: yaml("config.yaml"),
            actions: yaml("actions.yaml"),
            names: open(archive).file_names().flatten().map(|name| name.trim_end_matches('/').to_owned()).collect(),
            expanded: Arc::default(),
        };
        assert!(charm.metadata.is_object(), "archive file \"metadata.yaml\" not found");
        charm
    }

    /// The file.
    #[must_use]
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    /// `metadata.yaml`.
    #[must_use]
    pub const fn metadata(&self) -> &Value {
        &self.metadata
    }

    /// The options of `config.yaml`.
    #[must_use]
    pub fn options(&self) -> &Value {
        &self.config["options"]
    }

    /// `actions.yaml`.
    #[must_use]
    pub const fn actions(&self) -> &Value {
        &self.actions
    }

    /// The interface of one of its relations.
    #[must_use]
    pub fn interface(&self, endpoint: &str) -> Option<&str> {
        ["requires", "provides", "peers"].iter().find_map(|role| self.metadata[role][endpoint]["interface"].as_str())
    }

    /// The names in the archive.
    #[must_use]
    pub const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Takes those files away that only the former charm had, then puts its own into the directory
    /// (`manifestDeployer.Deploy`). What has no entry of its own in the former archive stays: up to 3.5, a
    /// directory that the archive names only as a part of other names (charm library before v12.1.1,
    /// `ArchiveMembers`).
    ///
    /// # Panics
    /// Where Juju would refuse.
    pub fn deploy(&self, folder: &Path, former: Option<&Self>) {
        fs::create_dir_all(folder).or_panic(format_args!("make {}", folder.display()));
        let gone = former.into_iter().flat_map(Self::names).filter(|name| !self.names.contains(*name));
        gone.map(|name| folder.join(name)).for_each(|path| {
            // With everything in it, and it may have gone with what it was in (`removeDiff`, `os.RemoveAll`).
            let _gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        });
        let files = self.expanded.get_or_init(|| expand_all(&self.archive));
        // Another process writes: a program that this one has open for writing cannot be run, and any
        // process that another thread starts meanwhile would have it open as well.
        let mut copy = Command::new("cp");
        copy.args(["-a", "--remove-destination"]).arg(files.path().join("charm/.")).arg(folder);
        assert!(copy.status().or_panic("run cp").success(), "cannot write {}", folder.display());
    }
}

/// All files by Juju's rules, below `charm`.
fn expand_all(archive: &Path) -> Scratch {
    let scratch = Scratch::new();
    let folder = scratch.path().join("charm");
    fs::create_dir(&folder).or_panic("make a directory");
    let mut archive = open(archive);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).or_panic("read the archive");
        expand(entry, &folder);
    }
    scratch
}

/// A text file of an archive.
fn read(archive: &Path, name: &str) -> Option<String> {
    let mut archive = open(archive);
    let mut text = String::new();
    archive.by_name(name).ok()?.read_to_string(&mut text).or_panic(format_args!("read {name}"));
    Some(text)
}

fn open(archive: &Path) -> ZipArchive<File> {
    let file = File::open(archive).or_panic(format_args!("open {}", archive.display()));
    ZipArchive::new(file).or_panic(format_args!("read {}", archive.display()))
}

/// One entry, by its Unix mode; without one it would come out as nobody's program.
fn expand(mut entry: zip::read::ZipFile<'_, File>, folder: &Path) {
    let name = entry.name().or_panic("read a name of the archive").into_owned();
    let mode = entry.unix_mode().unwrap_or(0o666);
    let path = folder.join(&name);
    if entry.is_dir() {
        fs::create_dir_all(&path).or_panic(format_args!("make {name}"));
        return;
    }
    fs::create_dir_all(path.parent().unwrap_or(folder)).or_panic(format_args!("make the directory of {name}"));
    if mode & KIND == LINK {
        let mut target = String::new();
        entry.read_to_string(&mut target).or_panic(format_args!("read {name}"));
        judge(&name, &target);
        symlink(target, path).or_panic(format_args!("link {name}"));
    } else {
        let mode = mode & 0o777 & !UMASK;
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
        let mut file = file.or_panic(format_args!("create {name}"));
        io::copy(&mut entry, &mut file).or_panic(format_args!("write {name}"));
    }
}

/// A link has to stay inside.
fn judge(name: &str, target: &str) {
    assert!(!target.starts_with('/'), "cannot extract {name:?}: symlink {target:?} is absolute");
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let depth = folder.join(target).components().try_fold(0_u32, |depth, part| match part {
        Component::ParentDir => depth.checked_sub(1),
        Component::Normal(_) => Some(depth + 1),
        _ => Some(depth),
    });
    assert!(depth.is_some(), "cannot extract {name:?}: symlink {target:?} leads out of scope");
}
