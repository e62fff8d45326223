//! Packs the Python package `conn_check_configs` as a wheel: `wheel FOLDER`, by default
//! `target/wheel`. `cargo xtask wheel` calls this.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tools::root;
use tools::wheel::wheel;

fn main() -> ExitCode {
    let folder = env::args_os().nth(1).map_or_else(|| root().join("target/wheel"), PathBuf::from);
    match pack(&folder) {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("wheel: {why}");
            ExitCode::FAILURE
        }
    }
}

fn pack(folder: &Path) -> Result<PathBuf, String> {
    let (name, content) = wheel()?;
    let path = folder.join(&name);
    let draft = folder.join(format!("{name}.new"));
    let written =
        fs::create_dir_all(folder).and_then(|()| fs::write(&draft, content)).and_then(|()| fs::rename(&draft, &path));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
