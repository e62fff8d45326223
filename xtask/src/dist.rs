//! `cargo xtask dist`: everything that is given to people, in `target/dist`.

use crate::pack;
use crate::step::{self, Outcome};
use crate::zig::System;
use std::fs;

/// The glibc of the oldest systems that are supported: RHEL 8 and Debian 10.
const OLD_GLIBC: &str = "2.28";

/// For systems with glibc, and for Alpine, which has musl: that one says so, for the look-ups of musl ignore
/// nsswitch.conf, so that names may resolve otherwise than for the application.
const SYSTEMS: [System<'static>; 3] = [
    System { machine: "x86_64", glibc: Some(OLD_GLIBC) },
    System { machine: "x86_64", glibc: None },
    System { machine: "aarch64", glibc: Some(OLD_GLIBC) },
];

/// Where all of it goes.
const FOLDER: &str = "target/dist";

const USAGE: &str = "cargo xtask dist [--profile ci] [--zigbuild]";

/// With `--zigbuild` for all [`SYSTEMS`]; without it, for systems like this one. Whatever is packed is run before it is
/// called done. The tests pack what they were built with: to build again for every system takes many minutes and 100 MB
/// of tools, so this command is the test of its own builds.
pub(crate) fn dist(arguments: &[String]) -> Outcome {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (profile, zigbuild) = match arguments[..] {
        [] => ("release", false),
        ["--zigbuild"] => ("release", true),
        ["--profile", profile] => (profile, false),
        ["--profile", profile, "--zigbuild"] | ["--zigbuild", "--profile", profile] => (profile, true),
        _ => return Err(USAGE.to_owned()),
    };
    let folder = step::root().join(FOLDER);
    // Whatever a former run has left would be given to people along with this one's.
    let _former = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if !zigbuild {
        return given(&pack::built(profile)?, None, true);
    }
    for system in &SYSTEMS {
        given(&system.build(profile)?, system.glibc, system.glibc.is_some())?;
    }
    Ok(())
}

/// Packs what was built; the charm first, so that its checksum is among those of all.
fn given(built: &str, glibc: Option<&str>, with_charm: bool) -> Outcome {
    let limit: Vec<_> = glibc.into_iter().flat_map(|glibc| ["--glibc", glibc]).collect();
    if with_charm {
        tool("pack", &[&[built, FOLDER], &limit[..]].concat())?;
    }
    tool("dist", &[&[&format!("{built}/conn-check"), FOLDER], &limit[..]].concat())
}

fn tool(name: &str, arguments: &[&str]) -> Outcome {
    crate::tool(name, &arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
}
