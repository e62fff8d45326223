//! What a tarball is worth: it is unpacked, every name of the program runs, and a first check passes. A program for
//! another machine is run by qemu, where that is installed.

use crate::{Order, output};
use harness::packages;
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use std::path::{Path, PathBuf};
use std::process::Command;
use tools::elf::Machine;
use tools::{Outcome, program_names};

/// A line for people: what the program needs, and how it ran.
pub(crate) fn of(order: &Order, tarball: &Path) -> Outcome<String> {
    let scratch = Scratch::new();
    let mut tar = Command::new("tar");
    output(tar.arg("-xzf").arg(tarball).arg("-C").arg(scratch.path()).arg("--strip-components=1"))?;
    let needs = order.glibc().map_or_else(
        || "no library".to_owned(),
        |glibc| format!("nothing newer than {glibc} of {}", order.needs.libraries.join(", ")),
    );
    let ran = match Runner::of(order.needs.machine) {
        Ok(runner) => {
            runner.prove(order, &scratch)?;
            "ran here: its six names, and a first check that passes".to_owned()
        }
        Err(why) => format!("NOT run here: {why}"),
    };
    Ok(format!("{}: needs {needs}; {ran}", order.system()))
}

/// What runs programs of a machine.
struct Runner {
    /// The emulator, and where it finds the libraries.
    qemu: Option<(PathBuf, String)>,
}

impl Runner {
    /// That of a machine, or what is missing.
    fn of(machine: Machine) -> Result<Self, String> {
        if machine.is_here() {
            return Ok(Self { qemu: None });
        }
        let name = format!("qemu-{}", machine.name);
        let found = [format!("{name}-static"), name.clone()].iter().find_map(|name| packages::find(name));
        let qemu = found.ok_or_else(|| format!("there is no {name}: apt-get install qemu-user-static"))?;
        // Where Debian has the libraries of another machine.
        let libraries = format!("/usr/{}-linux-gnu", machine.name);
        if !Path::new(&libraries).exists() {
            return Err(format!("there is no {libraries}: apt-get install libc6-{}-cross", machine.debian));
        }
        Ok(Self { qemu: Some((qemu, libraries)) })
    }

    fn command(&self, program: &Path) -> Command {
        match &self.qemu {
            None => Command::new(program),
            Some((qemu, libraries)) => {
                let mut command = Command::new(qemu);
                command.arg("-L").arg(libraries).arg(program);
                command
            }
        }
    }

    fn prove(&self, order: &Order, unpacked: &Scratch) -> Outcome<()> {
        let bin = unpacked.path().join("bin");
        for name in program_names() {
            let version = output(self.command(&bin.join(&name)).arg("--version"))?;
            let version = String::from_utf8_lossy(&version).into_owned();
            let is_musl = order.glibc().is_none();
            if !version.starts_with(&format!("{name} {}", env!("CARGO_PKG_VERSION")))
                || version.contains("musl") != is_musl
            {
                return Err(format!("{name} --version says {version}"));
            }
        }
        let peer = Peer::start(Manner::Silent);
        // By name, so that the look-up is proven too.
        let checks = format!("- {{type: tcp, host: localhost, port: {}}}\n", peer.port());
        let checked = output(self.command(&bin.join("conn-check")).arg(unpacked.write("first.yaml", checks)))?;
        let expected = format!("tcp:localhost:{} OK\n", peer.port());
        if checked == expected.as_bytes() {
            Ok(())
        } else {
            Err(format!("the first check says {}", String::from_utf8_lossy(&checked)))
        }
    }
}
