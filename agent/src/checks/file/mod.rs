//! A file or a directory: that it is there, how old and how large it is, whose it is, and what stands in it.
//!
//! - Proves: what the options ask for, of what the path leads to; links are followed. Without an option, that it is there.
//! - Source: `stat(2)`; the age is that of the last change of the content (`st_mtime`) by this host's clock.
//! - Phases: local.
//! - Options: see [`File::parse`]. `expected_content` reads a regular file of at most 1 MiB.
//! - Failures: `local.missing`, `local.denied`, `local.unexpected` (owner, group, mode, or that it is there at all),
//!   `local.unexpected-content`, `local.timeout`. Older, younger or smaller than a limit is the warning `local.file`, and so is a date in
//!   the future, where there is a limit of its age.
//! - Does not check: that it can be written. Nothing of a content is shown, as it may be a secret.

mod mode;

use crate::catalogue::WarningKind;
use crate::checks::local::{self, group_name, refused, shown, user_name};
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::file::{ReadError, read_bounded};
use crate::probe::{Probe, Stop};
use crate::remedy::files;
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Age, Fields, FullPath, Matcher, Name, Noted, Size};
use mode::Mode;
use serde_json::{Value, json};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct File {
    path: PathBuf,
    exists: bool,
    limits: Limits,
    wanted: Wanted,
}

/// What is too old, too young or too small.
#[derive(Clone, Copy, Debug)]
struct Limits {
    max_age: Option<Age>,
    min_age: Option<Age>,
    min_size: Option<Size>,
}

/// What it has to be.
#[derive(Clone, Debug)]
struct Wanted {
    owner: Option<String>,
    group: Option<String>,
    mode: Option<Mode>,
    content: Option<Matcher>,
}

impl Check for File {
    const TYPE: &'static str = "file";
    const SERVICE: &'static Service = &services::FILE;
    const ABOUT: &'static str =
        "A file or directory is there, as old, as large, and of whom it should be, with the expected content.";
    const TRACE: &'static str = "Nothing but a newer time of the last access, where the file is read for `expected_content` and its file system keeps that.";
    const EXAMPLE: &'static str = "\
- type: file
  path: /srv/backup/latest.dump
  max_age: 26h
  min_size: 1 MiB
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let path = fields.required::<FullPath>("path", "The file or directory; links are followed.");
        let exists: bool =
            fields.or("exists", "true", "`false`: nothing may be there, such as the file of a maintenance.");
        let limits = Limits {
            max_age: fields.limit("max_age", None, "A warning when its content was changed longer ago."),
            min_age: fields.limit("min_age", None, "A warning when its content was changed more recently."),
            min_size: fields.limit("min_size", None, "A warning when it is smaller: an empty dump is none."),
        };
        let wanted = Wanted {
            owner: fields.optional::<Name>("owner", "The user whose it is, by name or number.").map(Into::into),
            group: fields.optional::<Name>("group", "Its group, by name or number.").map(Into::into),
            mode: fields.optional("mode", "Its permissions, all of them: `0640`."),
            content: fields.optional(
                "expected_content",
                "Must occur in it; a regular expression between slashes. It is read for that, up to 1 MiB.",
            ),
        };
        if !exists {
            for key in ["max_age", "min_age", "min_size", "owner", "group", "mode", "expected_content"] {
                fields.warn_idle(key, "with `exists: false`", "leave out one of the two");
            }
        }
        Ok(Self { path: path?.0, exists, limits, wanted })
    }

    fn profile(&self) -> Profile {
        Profile::of_host(Self::TYPE, &self.path.display())
            .distinct("exists", (!self.exists).then_some("false"))
            .distinct("expected_content", self.wanted.content.as_ref())
            .distinct("owner", self.wanted.owner.as_ref())
            .distinct("mode", self.wanted.mode)
            .distinct("max_age", self.limits.max_age)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let (path, exists, wanted) = (self.path.clone(), self.exists, self.wanted.clone());
        let found = local::ask(probe, &self.path, move || look(&path, exists, &wanted)).await?;
        let Some(found) = found else { return Ok(()) };
        let age = found.changed.map(since).unwrap_or_default();
        probe.fact("file", self.facts(&found, age));
        if let Some(fault) = self.wanted.judge(&found, &self.path) {
            return Err(probe.fail(Phase::Local, fault).into());
        }
        self.limits
            .judge(&found, age, &self.path)
            .into_iter()
            .for_each(|told| probe.warn(WarningKind::LocalFile, told));
        Ok(())
    }
}

impl File {
    fn facts(&self, found: &Found, age: Since) -> Value {
        let Limits { max_age, min_age, min_size } = self.limits;
        json!({
            "size_bytes": found.size,
            "age_seconds": age.seconds(),
            "owner": found.owner.0,
            "group": found.group.0,
            "mode": found.mode.to_string(),
            "max_age_seconds": max_age.map(|limit| limit.0.as_secs()),
            "min_age_seconds": min_age.map(|limit| limit.0.as_secs()),
            "min_size_bytes": min_size.map(|limit| limit.0),
        })
    }
}

/// How long ago something was, or how far ahead it is.
#[derive(Clone, Copy, Debug)]
enum Since {
    Ago(Duration),
    Ahead(Duration),
}

impl Since {
    fn seconds(self) -> i64 {
        let whole = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        match self {
            Self::Ago(time) => whole(time),
            Self::Ahead(time) => -whole(time),
        }
    }
}

impl Default for Since {
    fn default() -> Self {
        Self::Ago(Duration::ZERO)
    }
}

/// By this host's clock, which a file server's may be a little ahead of.
fn since(changed: SystemTime) -> Since {
    const APART: Duration = Duration::from_secs(5);
    match SystemTime::now().duration_since(changed) {
        Ok(ago) => Since::Ago(ago),
        Err(ahead) if ahead.duration() > APART => Since::Ahead(ahead.duration()),
        Err(_) => Since::default(),
    }
}

/// A file as it is now.
#[derive(Debug)]
struct Found {
    size: u64,
    changed: Option<SystemTime>,
    /// By name and by number.
    owner: (String, u32),
    group: (String, u32),
    mode: Mode,
}

impl From<&Metadata> for Found {
    fn from(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            changed: metadata.modified().ok(),
            owner: (user_name(metadata.uid()), metadata.uid()),
            group: (group_name(metadata.gid()), metadata.gid()),
            mode: Mode(metadata.mode() & 0o7777),
        }
    }
}

/// What is there, with the wanted content; nothing if nothing may be.
fn look(path: &Path, exists: bool, wanted: &Wanted) -> Result<Option<Found>, Fault> {
    let found = match fs::metadata(path) {
        Ok(metadata) => Found::from(&metadata),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !exists => {
            // A link that leads nowhere is there all the same.
            return if path.is_symlink() { Err(there(path)) } else { Ok(None) };
        }
        Err(error) => return Err(refused(path, "look at", &error)),
    };
    if !exists {
        return Err(there(path));
    }
    match &wanted.content {
        Some(content) => has_content(path, content).map(|()| Some(found)),
        None => Ok(Some(found)),
    }
}

fn there(path: &Path) -> Fault {
    let fault = Fault::new(Cause::Unexpected, sentence![shown(path), " is there, and should not be"]);
    fault.next_step("see who has left it there, and remove it when its reason is gone")
}

fn has_content(path: &Path, wanted: &Matcher) -> Result<(), Fault> {
    /// More is no file for people to look for a text in.
    const MOST: u64 = 1 << 20;
    let content = match read_bounded(path, MOST) {
        Ok(content) => content,
        Err(ReadError::Io(error)) => return Err(refused(path, "read", &error)),
        Err(other) => {
            let fault = Fault::new(Cause::Unexpected, sentence!["the content of ", shown(path), " is not looked at"])
                .owner(Owner::Config);
            return Err(fault
                .evidence(theirs(&other))
                .next_step("name a regular file of at most 1 MiB, or leave out `expected_content`"));
        }
    };
    if wanted.is_in(&String::from_utf8_lossy(&content)) {
        return Ok(());
    }
    let fault = Fault::new(Cause::UnexpectedContent, sentence![theirs(wanted), " does not occur in ", shown(path)]);
    Err(fault.evidence(sentence!["it has ", content.len(), " bytes"]))
}

impl Wanted {
    /// What it is not.
    fn judge(&self, found: &Found, path: &Path) -> Option<Fault> {
        let differs = |wanted: &Option<String>, (name, number): &(String, u32)| {
            wanted.clone().filter(|wanted| wanted != name && wanted.parse() != Ok(*number))
        };
        let wrong = |what: &'static str, is: &dyn std::fmt::Display, wanted: Sentence, next: &'static str| {
            let message = sentence![what, shown(path), " is ", theirs(is), ", not ", wanted];
            Fault::new(Cause::Unexpected, message).next_step(next)
        };
        let owner = differs(&self.owner, &found.owner).map(|owner| {
            wrong(
                "the owner of ",
                &found.owner.0,
                theirs(&owner),
                "give it to whom it belongs (`chown`), or correct `owner`",
            )
            .remedy(files::give(path, &owner))
        });
        let group = || {
            differs(&self.group, &found.group).map(|group| {
                wrong(
                    "the group of ",
                    &found.group.0,
                    theirs(&group),
                    "give it to the group it belongs to (`chgrp`), or correct `group`",
                )
                .remedy(files::give_to_group(path, &group))
            })
        };
        let mode = || {
            self.mode.filter(|mode| *mode != found.mode).map(|mode| {
                wrong("the mode of ", &found.mode, ours(&mode), "set it right (`chmod`), or correct `mode`")
                    .remedy(files::set_mode(path, &mode.to_string()))
            })
        };
        owner.or_else(group).or_else(mode)
    }
}

impl Limits {
    /// What is beyond them, a sentence each.
    fn judge(self, found: &Found, since: Since, path: &Path) -> Vec<Sentence> {
        let whole = |time: Duration| ours(&Age(Duration::from_secs(time.as_secs())));
        let aged = match since {
            Since::Ago(age) => {
                let changed = || sentence![shown(path), " was changed ", whole(age), " ago, "];
                let old = self.max_age.filter(|limit| age > limit.0);
                let young = self.min_age.filter(|limit| age < limit.0);
                old.map(|limit| sentence![changed(), "longer than ", ours(&limit)])
                    .or_else(|| young.map(|limit| sentence![changed(), "less than ", ours(&limit)]))
            }
            // It would be young until then, whatever becomes of what writes it.
            Since::Ahead(time) => self.max_age.or(self.min_age).map(|_| {
                sentence![
                    shown(path),
                    " is dated ",
                    whole(time),
                    " ahead of this host's clock, so that its age is not known: see what has set its date, and the clocks"
                ]
            }),
        };
        let small = self.min_size.filter(|limit| found.size < limit.0);
        let small =
            small.map(|limit| sentence![shown(path), " has ", ours(&Size(found.size)), ", less than ", ours(&limit)]);
        [aged, small].into_iter().flatten().collect()
    }
}
