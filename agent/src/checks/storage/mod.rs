//! A directory in which a service keeps files: a file is written there, read, and removed; or a known one is read.
//!
//! - Proves: the user may make, read and remove files there, and space for them is left; with `read`, that a file which
//!   somebody has put there is the one that is expected, without writing anything.
//! - Source: `open(2)`, `write(2)`, `fdatasync(2)` (a file server says only then that its disk is full), `linkat(2)`,
//!   `read(2)`, `unlink(2)`. See [`trial`] for how it leaves nothing behind.
//! - Phases: local.
//! - Options: see [`Storage::parse`]. Where root runs conn-check, `user` is who does it: root may write where nobody else
//!   may, and where a file server takes it for nobody.
//! - Failures: `local.missing`, `local.denied`, `local.read-only`, `local.full`, `local.vanished`,
//!   `local.unexpected-content`, `local.unexpected`, `local.failed`, `local.timeout`.
//! - Does not check: how much room is left. `disk` does.

mod known;
mod trial;

use crate::checks::local::{self, Mount, refused, shown, user_name};
use crate::checks::{Check, Profile};
use crate::fault::{Cause, Fault, Owner};
use crate::identity::User;
use crate::probe::{Probe, Stop, Unfinished};
use crate::remedy::files;
use crate::secret::{sentence, theirs};
use crate::services::{self, Service};
use crate::settings::{Fields, FullPath, Matcher, Misfit, Name, Noted, Sha256};
use known::Known;
use nix::unistd::Uid;
use serde_json::json;
use std::fs;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Storage {
    path: PathBuf,
    user: Option<String>,
    /// Nothing is written: this one is read.
    known: Option<Known>,
}

impl Check for Storage {
    const TYPE: &'static str = "storage";
    const SERVICE: &'static Service = &services::STORAGE;
    const ABOUT: &'static str =
        "A file can be written to a directory, read and removed; or a known one is there as it should be.";
    const TRACE: &'static str =
        "Nothing but a newer time of the directory's last change; with `read`, at most one of the last access.";
    const EXAMPLE: &'static str = "\
- type: storage
  path: /srv/app/media
  user: www-data
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let path = fields.required::<FullPath>("path", "The directory.");
        let user = fields.optional::<Name>("user", "Who writes and reads, where root runs conn-check.");
        let read = fields.optional::<Name>("read", "Nothing is written: this file of the directory is read.");
        let sha256 = fields.optional::<Sha256>("expected_sha256", "The SHA-256 of the file that is read.");
        let content = fields.optional::<Matcher>(
            "expected_content",
            "Must occur in the file that is read; a regular expression between slashes. Up to 1 MiB.",
        );
        for key in ["expected_sha256", "expected_content"].into_iter().filter(|_| read.is_none()) {
            if fields.has(key) {
                return Err(fields.refuse_lone(key, "read"));
            }
        }
        let path = path?.0;
        let known = match read {
            Some(Name(name)) if name.split('/').any(|part| part == "..") || name.starts_with('/') => {
                let misfit = Misfit::new("the file is one of the directory `path`");
                return Err(fields.refuse_value("read", misfit.help("its name, or its path from there")));
            }
            Some(Name(name)) => Some(Known { file: path.join(name), sha256, content }),
            None => None,
        };
        Ok(Self { path, user: user.map(Into::into), known })
    }

    fn profile(&self) -> Profile {
        Profile::of_host(Self::TYPE, &self.path.display())
            .distinct("user", self.user.as_ref())
            .distinct("read", self.known.as_ref().map(|known| known.file.display()))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let mount = Mount::of(&self.path);
        probe.fact(
            "storage",
            json!({
                "user": self.user,
                "mount_point": mount.as_ref().map(|mount| mount.point.display().to_string()),
                "filesystem": mount.as_ref().map(|mount| &mount.kind),
            }),
        );
        let check = self.clone();
        let trying = Unfinished::new();
        let tried = local::ask(probe, &self.path, move || {
            let _trying = trying;
            check.try_it()
        });
        Ok(tried.await?)
    }
}

impl Storage {
    fn try_it(&self) -> Result<(), Fault> {
        let Some(name) = &self.user else { return self.try_as_we_are() };
        let failed = |error: io::Error| {
            Fault::new(Cause::Failed, sentence!["the user ", theirs(name), " cannot be looked up"])
                .evidence(theirs(&error))
        };
        let user = User::named(name).map_err(failed)?.ok_or_else(|| {
            let fault = Fault::new(Cause::Missing, sentence!["there is no user ", theirs(name), " on this host"]);
            fault.owner(Owner::Config).next_step("correct `user`, or make the user")
        })?;
        if user.is_who_we_are() {
            return self.try_as_we_are();
        }
        // A thread that has become somebody else ends with that, and takes no other work.
        let as_user = || match user.act_in_this_thread() {
            Ok(()) => self.try_as_we_are(),
            Err(error) => {
                let fault = Fault::new(Cause::Denied, sentence!["only root can act as ", theirs(name)])
                    .evidence(theirs(&error));
                // It is the same on every host where the file is used so.
                let fault = fault.owner(Owner::Config);
                Err(fault.next_step(sentence!["run conn-check as root or as ", theirs(name), "; or leave out `user`"]))
            }
        };
        std::thread::scope(|scope| scope.spawn(as_user).join()).unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn try_as_we_are(&self) -> Result<(), Fault> {
        is_directory(&self.path)?;
        match &self.known {
            Some(known) => known.read(),
            None => trial::write_read_and_remove(&self.path),
        }
    }
}

fn is_directory(path: &Path) -> Result<(), Fault> {
    let metadata = fs::metadata(path).map_err(|error| {
        let fault = refused(path, "enter", &error);
        if fault.cause != Cause::Missing {
            return fault;
        }
        let user = user_name(Uid::effective().as_raw());
        fault.remedy(files::make_directory(path, &user))
    })?;
    if metadata.is_dir() {
        return Ok(());
    }
    let fault = Fault::new(Cause::Unexpected, sentence![shown(path), " is no directory"]);
    Err(fault.next_step("name the directory; a file in it is `read`"))
}
