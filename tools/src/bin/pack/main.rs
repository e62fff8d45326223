//! Packs the charm: `pack BINARIES OUTPUT [--agent VERSION] [--glibc 2.31] [--juju 2.9]`, from the programs that were
//! built into the directory BINARIES. In a directory OUTPUT the file is named after the machine of the programs. `cargo
//! xtask pack` builds them and calls this.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod archive;
mod charm;

use charm::Charm;
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tools::Outcome;
use tools::elf::{Glibc, Program};

/// The glibc of Ubuntu 22.04, the oldest base of the charm, and of 20.04.
const UBUNTU_22_04: Glibc = Glibc(2, 35);
const UBUNTU_20_04: Glibc = Glibc(2, 31);

/// What was asked for.
struct Order {
    binaries: PathBuf,
    output: PathBuf,
    /// The version that the embedded agent goes by.
    agent: String,
    /// The newest glibc that the programs may need.
    glibc: Glibc,
    /// For Juju 2.9, which refuses a charm with a base whose series it does not know (`computedseries.go`).
    is_for_juju_2: bool,
}

fn main() -> ExitCode {
    match Order::of(env::args().skip(1)).and_then(|order| pack(&order)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

impl Order {
    fn of(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let usage = || "pack BINARIES OUTPUT [--agent VERSION] [--glibc 2.31] [--juju 2.9]".to_owned();
        let (binaries, output) = arguments.next().zip(arguments.next()).ok_or_else(usage)?;
        let agent = env!("CARGO_PKG_VERSION").to_owned();
        let mut order =
            Self { binaries: binaries.into(), output: output.into(), agent, glibc: UBUNTU_22_04, is_for_juju_2: false };
        while let Some((flag, value)) = arguments.next().zip(arguments.next()) {
            match flag.as_str() {
                "--agent" => order.agent = value,
                "--juju" if value == "2.9" => order.is_for_juju_2 = true,
                "--glibc" => order.glibc = Glibc::of(&value).ok_or_else(usage)?,
                _ => return Err(usage()),
            }
        }
        Ok(order)
    }

    /// Ubuntu's releases whose glibc is new enough.
    fn supports_20_04(&self) -> bool {
        self.glibc <= UBUNTU_20_04
    }
}

/// Packs; what a person wants to know of it.
fn pack(order: &Order) -> Outcome<String> {
    let charm = Charm::gather(order)?;
    let programs = charm.programs()?;
    let newest = programs.iter().map(|(_, _, program)| program.glibc).max().unwrap_or_default();
    if newest > order.glibc {
        let guilty =
            programs.iter().filter(|(_, _, program)| program.glibc > order.glibc).map(|(name, ..)| name.as_str());
        return Err(format!(
            "not packed: {} needs {newest}, and the oldest base of the charm has {}; build on an older system or use \
             --zigbuild",
            guilty.collect::<Vec<_>>().join(", "),
            order.glibc
        ));
    }
    // As charmcraft names it.
    let output = match &order.output {
        folder if folder.is_dir() => folder.join(format!("conn-check_{}.charm", machine(&programs))),
        file => file.clone(),
    };
    archive::write(&output, &charm.entries)?;
    Ok(report(order, &output, &programs, newest))
}

fn report(order: &Order, output: &Path, programs: &[(String, u64, Program)], newest: Glibc) -> String {
    let size = |bytes: u64| {
        let tenths = bytes.div_ceil(100_000);
        format!("{}.{} MB", tenths / 10, tenths % 10)
    };
    let packed = output.metadata().map_or(0, |file| file.len());
    let line = |(name, bytes, program): &(String, u64, Program)| {
        format!("  {name:<28} {:>8}  needs {}\n", size(*bytes), program.glibc)
    };
    let bases = [("20.04", order.supports_20_04()), ("22.04", true), ("24.04", !order.is_for_juju_2)];
    let bases: Vec<_> = bases.iter().filter(|(_, packed)| *packed).map(|(base, _)| *base).collect();
    let bases = bases.join(", ");
    format!(
        "{}  {}\n{}  highest GLIBC symbol: {newest}; for Ubuntu {bases} on {}",
        output.display(),
        size(packed),
        programs.iter().map(line).collect::<String>(),
        machine(programs),
    )
}

fn machine(programs: &[(String, u64, Program)]) -> &'static str {
    programs.first().map_or("", |(_, _, program)| program.machine.debian)
}
