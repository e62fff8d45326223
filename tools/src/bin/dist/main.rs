//! Packs what is given to people: `dist PROGRAM FOLDER [--glibc 2.28]`, from a program that was built. `cargo xtask
//! dist` builds it and calls this.
//!
//! A tarball, a Debian package, a wheel with the program and the Python package, a flat apt repository, and the
//! checksums of all. The same content gives the same bytes. What was packed is proven at the end: see `proof.rs`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod deb;
mod proof;
mod repository;
mod tarball;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};
use tools::Outcome;
use tools::elf::{Glibc, Program};
use tools::wheel::wheel_of_program;
use tree::Tree;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The time of every file, in seconds since 1970: the begin of 2026.
const TIME: &str = "1767225600";

/// What is packed, and where to.
struct Order {
    program: Vec<u8>,
    needs: Program,
    folder: PathBuf,
}

fn main() -> ExitCode {
    match Order::of(env::args().skip(1)).and_then(|order| pack(&order)) {
        Ok((files, proven)) => {
            files.iter().for_each(|file| println!("{}", file.display()));
            println!("{proven}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("dist: {why}");
            ExitCode::FAILURE
        }
    }
}

impl Order {
    fn of(arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let arguments: Vec<_> = arguments.collect();
        let usage = "dist PROGRAM FOLDER [--glibc 2.28]";
        let [program, folder, options @ ..] = &arguments[..] else { return Err(usage.to_owned()) };
        let (program, needs) = read(Path::new(program))?;
        match options {
            [] => {}
            [name, value] if name == "--glibc" => {
                let most = Glibc::of(value).ok_or(usage)?;
                if needs.glibc > most {
                    return Err(format!("the program needs {}, more than {most}", needs.glibc));
                }
            }
            _ => return Err(usage.to_owned()),
        }
        let order = Self { program, needs, folder: folder.into() };
        match order.glibc() {
            None if !order.needs.libraries.is_empty() => {
                Err(format!("without glibc, it needs {:?}", order.needs.libraries))
            }
            _ => Ok(order),
        }
    }

    /// What the program needs of the C library; `None` if it brings its own.
    fn glibc(&self) -> Option<Glibc> {
        Some(self.needs.glibc).filter(|needed| *needed > Glibc::default())
    }

    /// What the files are called after the version.
    fn system(&self) -> String {
        let library = if self.glibc().is_some() { "gnu" } else { "musl" };
        format!("{}-linux-{library}", self.needs.machine.name)
    }

    /// What pip calls the systems that it runs on (PEP 600, PEP 656).
    fn platform(&self) -> String {
        let machine = self.needs.machine.name;
        match self.glibc() {
            Some(Glibc(major, minor)) => format!("manylinux_{major}_{minor}_{machine}"),
            None => format!("musllinux_1_2_{machine}"),
        }
    }
}

/// A program as it was built, which is without symbols by its profile, and what it needs.
fn read(program: &Path) -> Outcome<(Vec<u8>, Program)> {
    let content = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let needs = Program::read(&content).map_err(|why| format!("{}: {why}", program.display()))?;
    Ok((content, needs))
}

/// Everything; the files, in the order in which they were made, and what was proven. What brings its own C library is a
/// tarball alone: for who has nothing else.
fn pack(order: &Order) -> Outcome<(Vec<PathBuf>, String)> {
    fs::create_dir_all(&order.folder).map_err(|error| format!("{}: {error}", order.folder.display()))?;
    let tree = Tree::of(&order.program)?;
    let tarball = tarball::write(order, &tree)?;
    let proven = proof::of(order, &tarball)?;
    let mut files = vec![tarball];
    if order.glibc().is_some() {
        files.push(deb::write(order, &tree)?);
        let (name, content) = wheel_of_program(&order.program, &order.platform())?;
        let wheel = order.folder.join(name);
        fs::write(&wheel, content).map_err(|error| format!("{}: {error}", wheel.display()))?;
        files.push(wheel);
        files.extend(repository::write(&order.folder)?);
    }
    files.push(checksums(&order.folder)?);
    Ok((files, proven))
}

/// What people get.
const GIVEN: [&str; 4] = [".charm", ".deb", ".tar.gz", ".whl"];

/// `SHA256SUMS` of all that people get, as sha256sum(1) checks it.
fn checksums(folder: &Path) -> Outcome<PathBuf> {
    let at = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| at(folder, error))? {
        names.push(entry.map_err(|error| at(folder, error))?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| GIVEN.iter().any(|ending| name.ends_with(ending)));
    names.sort_unstable();
    let path = folder.join("SHA256SUMS");
    let sums = output(Command::new("sha256sum").current_dir(folder).args(names))?;
    fs::write(&path, sums).map_err(|error| at(&path, error))?;
    Ok(path)
}

/// What a program prints; its error where it fails.
fn output(command: &mut Command) -> Outcome<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.env("SOURCE_DATE_EPOCH", TIME).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}
