//! What the tools share. Each tool is a program of its own in `src/bin/`, which `cargo xtask` calls:
//!
//! | program | what it does |
//! |---|---|
//! | `bench` | measures conn-check beside a floor |
//! | `demo` | a small world on loopback, checked, broken, and checked again |
//! | `dist` | packs what is given to people: tarball, Debian package, wheel, apt repository |
//! | `docs` | writes the generated part of `docs/` |
//! | `pack` | packs the charm |
//! | `pictures` | draws what a person sees on a terminal |
//! | `rehearse` | a whole life of the charm without Juju |
//! | `wheel` | packs the Python package |

use std::path::PathBuf;

pub mod elf;
pub mod page;
pub mod wheel;

/// What goes wrong in a tool is for a person to read.
pub type Outcome<T> = Result<T, String>;

/// The names of the programs; the first one is that of the file, the others are links to it.
#[must_use]
pub fn program_names() -> Vec<String> {
    conn_check::cli::programs().iter().map(|program| program.get_name().to_owned()).collect()
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}
