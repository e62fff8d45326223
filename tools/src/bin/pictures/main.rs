//! Pictures of what a person sees: conn-check on terminals of several widths, over one check, a mix, many, and one
//! that waits; and the one in the README. As SVG, from what a real terminal got.
//!
//! `pictures FOLDER README` writes them all; each is `WIDTH-SCENE.svg`, and that of the README has the name given.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod scenes;
mod svg;

use harness::agent;
use harness::scratch::Scratch;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, io};

/// The widths, in columns.
const WIDTHS: [usize; 3] = [60, 80, 120];

/// The scene and the width of the picture in the README.
const README: (&str, usize) = ("shop", 100);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, readme] = arguments.as_slice() else {
        eprintln!("usage: pictures FOLDER README");
        return ExitCode::FAILURE;
    };
    match draw(folder, readme) {
        Ok(count) => {
            println!("{count} pictures in {}, and {}", folder.display(), readme.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn draw(folder: &Path, readme: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let (world, scratch) = (scenes::World::start(), Scratch::new());
    let scenes = world.scenes();
    for (name, yaml) in &scenes {
        scratch.write(&format!("{name}.yaml"), yaml);
        for width in WIDTHS {
            let seen = on_terminal(scratch.path(), width, &format!("{name}.yaml"))?;
            fs::write(folder.join(format!("{width}-{name}.svg")), svg::picture(&seen, width))?;
        }
    }
    let (name, width) = README;
    let seen = on_terminal(scratch.path(), width, &format!("{name}.yaml"))?;
    fs::write(readme, svg::picture(&seen, width))?;
    Ok(scenes.len() * WIDTHS.len())
}

/// The prompt and all that was written to the terminal after it. `script` gives a terminal to a program that has
/// none.
fn on_terminal(folder: &Path, width: usize, file: &str) -> io::Result<String> {
    let run = format!("stty cols {width} rows 50; exec {} {file}", agent::program().display());
    let mut command = Command::new("script");
    command.args(["-qec", &run, "/dev/null"]).current_dir(folder).env("TERM", "xterm").stdin(Stdio::null());
    let output = command.output()?;
    Ok(format!("$ conn-check {file}\r\n{}", String::from_utf8_lossy(&output.stdout)))
}
