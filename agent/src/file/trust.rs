//! Who could have written a file: whether the programs that it names may be started.
//!
//! Who can write a file of checks decides what its readers start, with their rights. So nobody may who does not have these
//! rights anyway: root, who is allowed everything, and the user who reads it; the user conn-check and the group nagios,
//! under which the checks of a unit run. As root, root alone. The directories that lead to the file count as much: who
//! can write one of them puts another file in its place.
//!
//! POSIX ACLs need no look of their own: what they grant to others than the owner shows in the group's bits of the mode
//! (acl(5), the mask), and is refused there; unless the group is nagios, which root or the owner has allowed then.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

/// The user that makes the checks of a unit.
const CHECKS: &str = "conn-check";

/// The group of those that make them for NRPE.
const NAGIOS: &str = "nagios";

/// Its number; asked for only where it matters, since a directory of users may be far away.
static CHECKS_USER: LazyLock<Option<u32>> =
    LazyLock::new(|| nix::unistd::User::from_name(CHECKS).ok().flatten().map(|user| user.uid.as_raw()));

/// Its number.
static NAGIOS_GROUP: LazyLock<Option<u32>> =
    LazyLock::new(|| nix::unistd::Group::from_name(NAGIOS).ok().flatten().map(|group| group.gid.as_raw()));

/// Whether the programs that a text names may be started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trust {
    /// Nobody could have written it who may not start them anyway.
    Full,
    /// Somebody else could have.
    Withheld(Distrust),
}

/// Why the programs that a text names are not started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Distrust {
    /// Who could have written it: a clause.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// From where a text comes, for who may have to trust it.
#[derive(Clone, Debug)]
pub enum Origin {
    /// It is known.
    Judged(Trust),
    /// A file that was read, by the path that led to it. The way to it is looked at when that is asked for: few files name
    /// programs.
    File(PathBuf, Box<Metadata>),
}

impl Origin {
    /// Whether the programs that the text names may be started.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self {
            Self::Judged(trust) => trust.clone(),
            Self::File(path, opened) => Trust::of_file(path, opened),
        }
    }
}

impl Trust {
    /// Of a file, by the path that led to it; what was opened there is what counts.
    fn of_file(path: &Path, opened: &Metadata) -> Self {
        Rule::of_process().walk(path, opened).map_or_else(Self::Withheld, |()| Self::Full)
    }

    /// Of a directory in which files are kept that are replaced, which the members of a group may do, too.
    #[must_use]
    pub fn of_directory(path: &Path, group: Option<u32>) -> Self {
        Rule { group, ..Rule::of_process() }.walk_to_directory(path).map_or_else(Self::Withheld, |()| Self::Full)
    }

    /// Of a directory on the way to one: a sticky one that everybody can write may be, since nobody takes away there what is
    /// somebody else's.
    #[must_use]
    pub fn of_way(path: &Path, group: Option<u32>) -> Self {
        Rule { group, ..Rule::of_process() }.way(path).map_or_else(Self::Withheld, |_| Self::Full)
    }

    /// Of a file whose content goes into what is started: the value behind `{file: PATH}`. One that is not there is nobody's.
    #[must_use]
    pub fn of_value(path: &Path) -> Self {
        fs::metadata(path).map_or(Self::Full, |there| Self::of_file(path, &there))
    }

    /// Of standard input: who runs this program has given it, and starts nothing that could not be started anyway. Of root's
    /// nobody knows whose file was piped in.
    #[must_use]
    pub fn of_input() -> Self {
        if !Rule::of_process().is_root {
            return Self::Full;
        }
        Self::Withheld(Distrust {
            why: "root runs conn-check, and whose standard input is cannot be told".to_owned(),
            remedy: "write the checks to a file that root alone can write, and name it".to_owned(),
        })
    }
}

/// By whom it may have been written.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// Root runs this program, and root alone may have.
    is_root: bool,
    /// Who runs this program.
    user: u32,
    /// A group beside nagios whose members may have.
    group: Option<u32>,
}

impl Rule {
    /// A run that is made as a service began as root's: it acts as the user of the checks meanwhile, and what it starts has
    /// the rights of the service.
    fn of_process() -> Self {
        let (real, effective) = (nix::unistd::getuid(), nix::unistd::geteuid());
        Self { is_root: real.is_root() || effective.is_root(), user: effective.as_raw(), group: None }
    }

    /// The same to a directory, which nobody else can write.
    fn walk_to_directory(self, path: &Path) -> Result<(), Distrust> {
        match self.way(path)? {
            (directory, None) => {
                let there = fs::symlink_metadata(&directory).map_err(unknown)?;
                self.is_closed(&directory, &there)
            }
            (_, Some(file)) => Err(changed(&file)),
        }
    }

    /// Goes the way that the kernel went, to a file.
    fn walk(self, path: &Path, opened: &Metadata) -> Result<(), Distrust> {
        let (directory, Some(place)) = self.way(path)? else { return Err(changed(path)) };
        let there = fs::symlink_metadata(&place).map_err(unknown)?;
        let is_it = (there.dev(), there.ino()) == (opened.dev(), opened.ino());
        if is_it { self.holds(&directory, &place, opened) } else { Err(changed(&place)) }
    }

    /// The directory at the end of the way and, if the path leads to one, the file in it.
    fn way(self, path: &Path) -> Result<(PathBuf, Option<PathBuf>), Distrust> {
        /// As many links as Linux follows.
        const MOST: usize = 40;
        let from = if path.is_absolute() { PathBuf::new() } else { std::env::current_dir().map_err(unknown)? };
        let mut rest = parts(&from.join(path));
        let (mut directory, mut links) = (PathBuf::from("/"), 0);
        self.passes(&directory, &fs::symlink_metadata(&directory).map_err(unknown)?)?;
        while let Some(part) = rest.pop() {
            if part == ".." {
                directory.pop();
                continue;
            }
            let place = directory.join(&part);
            let there = fs::symlink_metadata(&place).map_err(unknown)?;
            if there.is_symlink() {
                self.owns(&place, &there)?;
                links += 1;
                let target = fs::read_link(&place).map_err(unknown)?;
                if target.is_absolute() {
                    directory = PathBuf::from("/");
                }
                rest.extend(parts(&target));
            } else if there.is_dir() {
                self.passes(&place, &there)?;
                directory = place;
            } else {
                return if rest.is_empty() { Ok((directory, Some(place))) } else { Err(changed(&place)) };
            }
            if links > MOST {
                return Err(changed(path));
            }
        }
        Ok((directory, None))
    }

    /// A directory on the way: of a sticky one, nobody takes away what is somebody else's.
    fn passes(self, place: &Path, there: &Metadata) -> Result<(), Distrust> {
        self.owns(place, there)?;
        if there.mode() & 0o1000 != 0 { Ok(()) } else { self.is_closed(place, there) }
    }

    /// The file, and the directory that it is in.
    fn holds(self, directory: &Path, place: &Path, file: &Metadata) -> Result<(), Distrust> {
        self.owns(place, file)?;
        self.is_closed(place, file)?;
        self.is_closed(directory, &fs::symlink_metadata(directory).map_err(unknown)?)
    }

    /// Whose it is.
    fn owns(self, place: &Path, there: &Metadata) -> Result<(), Distrust> {
        let owner = there.uid();
        let is_ours = owner == 0 || (!self.is_root && (owner == self.user || Some(owner) == *CHECKS_USER));
        if is_ours {
            return Ok(());
        }
        let why = if self.is_root { "root runs conn-check, and " } else { "" };
        Err(Distrust {
            why: format!("{why}{} belongs to {}", place.display(), described(there)),
            remedy: format!(
                "give it to root: `chown -h root {}`; or keep the file in a directory of root's",
                place.display()
            ),
        })
    }

    /// Who can write it beside its owner.
    fn is_closed(self, place: &Path, there: &Metadata) -> Result<(), Distrust> {
        let by_all = there.mode() & 0o002 != 0;
        let by_group = there.mode() & 0o020 != 0
            && (self.is_root || (Some(there.gid()) != self.group && Some(there.gid()) != *NAGIOS_GROUP));
        if !by_all && !by_group {
            return Ok(());
        }
        let who = if by_all { "everybody".to_owned() } else { format!("the group {}", group(there.gid())) };
        Err(Distrust {
            why: format!("{who} can write {}, which belongs to {}", place.display(), described(there)),
            remedy: format!(
                "take that right away: `chmod go-w {}`; or keep the file in a directory of root's",
                place.display()
            ),
        })
    }
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let mut parts: Vec<_> = named.collect();
    parts.reverse();
    parts
}

/// Owner and mode.
fn described(there: &Metadata) -> String {
    let user = nix::unistd::User::from_uid(there.uid().into()).ok().flatten();
    let name = user.map_or_else(|| format!("the user number {}", there.uid()), |user| user.name);
    format!("{name} (mode {:04o})", there.mode() & 0o7777)
}

fn group(number: u32) -> String {
    let group = nix::unistd::Group::from_gid(number.into()).ok().flatten();
    group.map_or_else(|| format!("number {number}"), |group| group.name)
}

fn changed(place: &Path) -> Distrust {
    let why = format!("another file stood at {} when it was read", place.display());
    Distrust { why, remedy: "look who writes there, and try again".to_owned() }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unknown(error: io::Error) -> Distrust {
    let why = format!("it cannot be told whose the file and its directories are ({error})");
    Distrust { why, remedy: "let the user who runs conn-check enter the directories that lead to it".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    const STRANGER: u32 = 1001;

    /// Root's directories, as the tests' user sees them, who is root; `home` is the file's own.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Self {
            let path = PathBuf::from(format!("/run/conn-check-trust-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("srv/home")).expect("directories");
            fs::write(path.join("srv/home/checks.yaml"), "[]").expect("a file");
            for part in ["", "srv", "srv/home"] {
                mode(&path.join(part), 0o755);
            }
            mode(&path.join("srv/home/checks.yaml"), 0o644);
            Self(path)
        }

        fn at(&self, part: &str) -> PathBuf {
            self.0.join(part)
        }

        fn judge(&self, part: &str, is_root: bool, user: u32) -> Result<(), Distrust> {
            let path = self.at(part);
            Rule { is_root, user, group: None }.walk(&path, &fs::metadata(&path).expect("it is there"))
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
    }

    fn give(path: &Path, uid: u32) {
        lchown(path, Some(uid), None).expect("root runs this test");
    }

    const FILE: &str = "srv/home/checks.yaml";

    #[test]
    fn what_root_alone_can_write_is_trusted_by_all() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let tree = Tree::new("root");
        for (is_root, user) in [(true, 0), (false, STRANGER), (false, 65_534)] {
            assert_eq!(tree.judge(FILE, is_root, user), Ok(()), "{user}");
            assert_eq!(tree.judge("srv/../srv/./home//checks.yaml", is_root, user), Ok(()), "{user}");
        }
    }

    #[test]
    fn every_part_of_the_way_counts() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        for part in ["", "srv", "srv/home", FILE] {
            for bits in [0o022, 0o002] {
                let tree = Tree::new("open");
                mode(&tree.at(part), 0o755 | bits);
                let why = tree.judge(FILE, false, STRANGER).expect_err(part).why;
                let place = tree.at(part).display().to_string();
                assert!(why.contains(place.trim_end_matches('/')) && why.contains("belongs to root (mode 07"), "{why}");
            }
            let tree = Tree::new("theirs");
            give(&tree.at(part), STRANGER);
            assert!(tree.judge(FILE, false, 1002).expect_err(part).why.contains("number 1001"), "{part}");
            assert!(tree.judge(FILE, true, 0).expect_err(part).why.contains("root runs"), "{part}");
            assert_eq!(tree.judge(FILE, false, STRANGER), Ok(()), "{part}: it is the own");
        }
    }

    #[test]
    fn a_sticky_directory_is_no_place_for_the_file_and_one_on_the_way_may_be() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let tree = Tree::new("sticky");
        mode(&tree.at("srv"), 0o1777);
        assert_eq!(tree.judge(FILE, true, 0), Ok(()));
        mode(&tree.at("srv/home"), 0o1777);
        assert!(tree.judge(FILE, true, 0).expect_err("open").why.starts_with("everybody can write"));
    }

    #[test]
    fn a_link_is_followed_and_the_way_behind_it_counts() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let tree = Tree::new("links");
        fs::create_dir(tree.at("etc")).expect("a directory");
        mode(&tree.at("etc"), 0o755);
        symlink("../srv/home/checks.yaml", tree.at("etc/link.yaml")).expect("a link");
        assert_eq!(tree.judge("etc/link.yaml", true, 0), Ok(()));
        mode(&tree.at("srv"), 0o777);
        assert!(tree.judge("etc/link.yaml", true, 0).is_err(), "behind it");
        mode(&tree.at("srv"), 0o755);
        mode(&tree.at("etc"), 0o777);
        assert!(tree.judge("etc/link.yaml", true, 0).is_err(), "before it");
        mode(&tree.at("etc"), 0o755);
        give(&tree.at("etc/link.yaml"), STRANGER);
        assert!(tree.judge("etc/link.yaml", true, 0).is_err(), "whose it is");
    }

    #[test]
    fn another_file_than_was_read_is_not_trusted() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let tree = Tree::new("swapped");
        let read = fs::metadata(tree.at(FILE)).expect("it is there");
        fs::write(tree.at("srv/home/other"), "[]").expect("a file");
        fs::rename(tree.at("srv/home/other"), tree.at(FILE)).expect("swapped");
        let why = Rule { is_root: true, user: 0, group: None }.walk(&tree.at(FILE), &read).expect_err("another").why;
        assert!(why.starts_with("another file stood at"), "{why}");
    }
}
