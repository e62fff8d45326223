//! `cargo xtask dist`: everything that is given to people, in `target/dist`.

use crate::pack;
use crate::step::{self, Outcome};
use std::fs;

/// The glibc of the oldest systems that are supported: RHEL 8 and Debian 10.
const OLD_GLIBC: &str = "2.28";

/// Where all of it goes.
const FOLDER: &str = "target/dist";

const USAGE: &str = "cargo xtask dist [--profile ci | --zigbuild]";

/// With `--zigbuild` for systems from glibc 2.28 on, and a tarball beside it for those with musl, which says so: the
/// look-ups of musl ignore nsswitch.conf, so that names may resolve otherwise than for the application. Without it, for
/// systems like this one.
pub(crate) fn dist(arguments: &[String]) -> Outcome {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (built, glibc): (_, &[&str]) = match arguments[..] {
        [] => (pack::built("release")?, &[]),
        ["--profile", profile] => (pack::built(profile)?, &[]),
        ["--zigbuild"] => (pack::zigbuild_of("gnu", Some(OLD_GLIBC))?, &["--glibc", OLD_GLIBC]),
        _ => return Err(USAGE.to_owned()),
    };
    let folder = step::root().join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // First, so that its checksum is among those of all.
    let charm = format!("{FOLDER}/{}", pack::file_name());
    tool("pack", &[&[built.as_str(), &charm], glibc].concat())?;
    tool("dist", &[&[format!("{built}/conn-check").as_str(), FOLDER], glibc].concat())?;
    if arguments == ["--zigbuild"] {
        let musl = pack::zigbuild_of("musl", None)?;
        tool("dist", &[&format!("{musl}/conn-check"), FOLDER])?;
    }
    Ok(())
}

fn tool(name: &str, arguments: &[&str]) -> Outcome {
    crate::tool(name, &arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
}
