//! `cargo xtask dist`: everything that is given to people, in `target/dist`.

use crate::pack;
use crate::step::{self, Outcome};
use std::fs;

/// The glibc of the oldest systems that are supported: RHEL 8 and Debian 10.
const OLD_GLIBC: &str = "2.28";

const USAGE: &str = "cargo xtask dist [--profile ci | --zigbuild]";

/// With `--zigbuild` for systems from glibc 2.28 on, and a tarball beside it for those with musl, which says so: the
/// look-ups of musl ignore nsswitch.conf, so that names may resolve otherwise than for the application. Without it, for
/// systems like this one.
pub(crate) fn dist(arguments: &[String]) -> Outcome {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let folder = "target/dist".to_owned();
    match arguments[..] {
        [] => {
            crate::build("release")?;
            make("target/release", &folder, &[])?;
        }
        ["--profile", profile] => {
            crate::build(profile)?;
            make(&format!("target/{profile}"), &folder, &[])?;
        }
        ["--zigbuild"] => {
            make(&pack::zigbuild_of("gnu", Some(OLD_GLIBC))?, &folder, &["--glibc", OLD_GLIBC])?;
            make(&pack::zigbuild_of("musl", None)?, &folder, &[])?;
        }
        _ => return Err(USAGE.to_owned()),
    }
    pack::pack(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())?;
    let charm = pack::file_name();
    let made = if arguments.first() == Some(&"--profile") {
        format!("target/{}/{charm}", arguments[1])
    } else {
        charm.clone()
    };
    fs::copy(step::root().join(&made), step::root().join(&folder).join(&charm))
        .map(drop)
        .map_err(|error| format!("{made}: {error}"))
}

fn make(built: &str, folder: &str, more: &[&str]) -> Outcome {
    let program = format!("{built}/conn-check");
    let arguments = [&[program.as_str(), folder], more].concat();
    crate::tool("dist", &arguments.into_iter().map(str::to_owned).collect::<Vec<_>>())
}
