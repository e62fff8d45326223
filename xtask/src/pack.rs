//! `cargo xtask pack`: builds the programs of the charm and puts everything into a `.charm` file.

use crate::step::Outcome;
use crate::zig::System;
use std::env::consts::ARCH;

/// The glibc of Ubuntu 20.04.
const OLD_GLIBC: &str = "2.31";

const USAGE: &str = "cargo xtask pack [--profile ci | --zigbuild] [--juju 2.9]";

/// Where a build is, in which folder the charm of it goes, and what it may need.
struct Build {
    folder: String,
    to: String,
    glibc: Vec<String>,
}

/// Packs for this machine's architecture.
pub(crate) fn pack(arguments: &[String]) -> Outcome {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (arguments, juju) = match arguments.split_last_chunk::<2>() {
        Some((first, ["--juju", "2.9"])) => (first, ["--juju", "2.9"].map(str::to_owned).to_vec()),
        _ => (&arguments[..], Vec::new()),
    };
    let built = match *arguments {
        [] => plain("release")?,
        ["--profile", profile] => plain(profile)?,
        ["--zigbuild"] => zigbuild()?,
        _ => return Err(USAGE.to_owned()),
    };
    crate::tool("pack", &[vec![built.folder, built.to], built.glibc, juju].concat())
}

/// For the tests, the file stays with what was built.
fn plain(profile: &str) -> Result<Build, String> {
    let folder = built(profile)?;
    let to = if profile == "release" { ".".to_owned() } else { folder.clone() };
    Ok(Build { folder, to, glibc: Vec::new() })
}

/// Builds for this system; where the programs are.
pub(crate) fn built(profile: &str) -> Result<String, String> {
    crate::build(profile)?;
    Ok(format!("target/{profile}"))
}

/// For Ubuntu 20.04.
fn zigbuild() -> Result<Build, String> {
    let folder = System { machine: ARCH, glibc: Some(OLD_GLIBC) }.build("release")?;
    Ok(Build { folder, to: ".".to_owned(), glibc: ["--glibc", OLD_GLIBC].map(str::to_owned).into() })
}
