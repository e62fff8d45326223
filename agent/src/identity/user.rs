//! Users, and becoming one of them: for a while, or for good.

use nix::unistd::{self, Gid, Uid};
use rustix::thread;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The user that makes the checks of a unit.
const CHECKS: &str = "conn-check";

/// Linux' overflow user and group, which own nothing; where there is no user `nobody` either.
const NOBODY: u32 = 65_534;

/// A user with groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// The name, or the number of one without.
    pub name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) groups: Vec<Gid>,
}

impl User {
    /// The user of a name, with the groups that the system gives it.
    ///
    /// # Errors
    /// The system's, when it cannot look for it.
    pub fn named(name: &str) -> io::Result<Option<Self>> {
        let Some(user) = unistd::User::from_name(name)? else { return Ok(None) };
        let groups = CString::new(name).map_or(Ok(Vec::new()), |name| unistd::getgrouplist(&name, user.gid))?;
        Ok(Some(Self { name: user.name, uid: user.uid, gid: user.gid, groups }))
    }

    /// A user by number, with the groups of a process.
    pub(super) fn of_process(uid: Uid, gid: Gid, groups: Vec<Gid>) -> Self {
        let known = unistd::User::from_uid(uid).ok().flatten();
        Self { name: known.map_or_else(|| format!("number {uid}"), |user| user.name), uid, gid, groups }
    }

    /// Who makes the checks where nobody else is named: conn-check, else nobody.
    ///
    /// # Errors
    /// The system's, when it cannot look for them.
    pub fn of_checks() -> io::Result<Self> {
        // One that is root by another name would open root's files.
        let harmless = |user: Option<Self>| user.filter(|user| !user.is_root());
        if let Some(user) = harmless(Self::named(CHECKS)?) {
            return Ok(user);
        }
        let nobody = || Self::of_process(Uid::from_raw(NOBODY), Gid::from_raw(NOBODY), Vec::new());
        Ok(harmless(Self::named("nobody")?).unwrap_or_else(nobody))
    }

    /// Whose a directory is; nothing if it is root's.
    ///
    /// # Errors
    /// The file system's, or the system's when it cannot look for the user.
    pub fn owner_of(directory: &Path) -> io::Result<Option<Self>> {
        let metadata = fs::metadata(directory)?;
        let (uid, gid) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
        let Some(known) = unistd::User::from_uid(uid)? else { return Ok(Some(Self::of_process(uid, gid, Vec::new()))) };
        Ok(Self::named(&known.name)?.filter(|user| !user.is_root()))
    }

    /// Whether this is root, whatever its name.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.uid.is_root()
    }

    /// Becomes the user, for good: no way leads back, and no program that is started gets more rights.
    ///
    /// # Errors
    /// The system refuses; or it did something else than it said, which must not be lived with.
    pub fn become_for_good(&self) -> io::Result<()> {
        if self.is_root() {
            return Err(io::Error::other("this is root"));
        }
        unistd::setgroups(&self.groups)?;
        unistd::setresgid(self.gid, self.gid, self.gid)?;
        unistd::setresuid(self.uid, self.uid, self.uid)?;
        nix::sys::prctl::set_no_new_privs()?;
        let (uids, gids) = (unistd::getresuid()?, unistd::getresgid()?);
        let uids = [uids.real, uids.effective, uids.saved];
        let gids = [gids.real, gids.effective, gids.saved];
        let is_so = uids.iter().all(|uid| *uid == self.uid) && gids.iter().all(|gid| *gid == self.gid);
        // With the capabilities of root left, this would succeed.
        if !is_so || unistd::setuid(Uid::from_raw(0)).is_ok() || unistd::seteuid(Uid::from_raw(0)).is_ok() {
            return Err(io::Error::other("root's rights could not be given up"));
        }
        Ok(())
    }

    /// Whether this process does all as this user anyway.
    pub(crate) fn is_who_we_are(&self) -> bool {
        unistd::geteuid() == self.uid
    }

    /// Opens files as the user would, in the calling thread and no other, until that ends: the kernel keeps the users and
    /// groups of each thread apart, and it is libc that gives all threads the same (`nptl(7)`). As with [`User::act`], the
    /// real and the saved user stay root, so that no process of the user may signal or trace this one.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn act_in_this_thread(&self) -> io::Result<()> {
        let gid = |gid: Gid| rustix::process::Gid::from_raw(gid.as_raw());
        let groups: Vec<_> = self.groups.iter().copied().map(gid).collect();
        thread::set_thread_groups(&groups)?;
        let (gid, uid) = (gid(self.gid), rustix::process::Uid::from_raw(self.uid.as_raw()));
        thread::set_thread_res_gid(None::<rustix::process::Gid>, gid, None::<rustix::process::Gid>)?;
        Ok(thread::set_thread_res_uid(None::<rustix::process::Uid>, uid, None::<rustix::process::Uid>)?)
    }

    /// Opens files as the user would until [`Acting::end`]: the rights to files go with the effective user. Nobody can
    /// make use of it meanwhile: the real and the saved user stay root, so that no process of the user may signal or
    /// trace this one.
    ///
    /// # Errors
    /// The system refuses.
    pub fn act(&self) -> io::Result<Acting> {
        let before = Acting { groups: unistd::getgroups()?, gid: unistd::getegid(), uid: unistd::geteuid() };
        unistd::setgroups(&self.groups)?;
        unistd::setegid(self.gid)?;
        unistd::seteuid(self.uid)?;
        Ok(before)
    }
}

/// Who this process was before it acted as a user.
#[derive(Debug)]
#[must_use]
pub struct Acting {
    groups: Vec<Gid>,
    gid: Gid,
    uid: Uid,
}

impl Acting {
    /// This process is who it was.
    ///
    /// # Errors
    /// The system refuses.
    pub fn end(self) -> io::Result<()> {
        unistd::seteuid(self.uid)?;
        unistd::setegid(self.gid)?;
        Ok(unistd::setgroups(&self.groups)?)
    }
}
