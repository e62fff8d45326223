//! What a program needs of the system that it runs on: machine and libraries (System V gABI, "ELF Header" and "Dynamic
//! Section"), and which glibc, by the versions of the symbols it imports (there, "Symbol Versioning", section
//! `.gnu.version_r`).

use crate::Outcome;
use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _, SectionTable};
use std::env::consts::ARCH;
use std::fmt;

/// A program for a 64-bit Linux.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    /// What it runs on.
    pub machine: Machine,
    /// The newest version of glibc of which it imports a symbol; 0.0 for a program without glibc.
    pub glibc: Glibc,
    /// The shared libraries that it needs: none, if it brings all with it.
    pub libraries: Vec<String>,
}

impl Program {
    /// From its file.
    ///
    /// # Errors
    /// It is no program for a 64-bit Linux, or for a machine that is not known here.
    pub fn read(file: &[u8]) -> Outcome<Self> {
        let (machine, glibc, libraries) = read(file).map_err(|error| format!("no 64-bit ELF program: {error}"))?;
        let machine = Machine::of(machine).ok_or_else(|| format!("a program for an unknown machine, {machine:?}"))?;
        Ok(Self { machine, glibc, libraries })
    }
}

/// A kind of processor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Machine {
    /// As uname(1) and Python call it.
    pub name: &'static str,
    /// As Debian and Juju call it.
    pub debian: &'static str,
}

impl Machine {
    /// Whether it is the one that runs this; Rust has a name of its own for one of them.
    #[must_use]
    pub fn is_here(self) -> bool {
        ARCH == if self.name == "ppc64le" { "powerpc64" } else { self.name }
    }

    const fn of(machine: elf::Machine) -> Option<Self> {
        Some(match machine {
            elf::EM_X86_64 => Self { name: "x86_64", debian: "amd64" },
            elf::EM_AARCH64 => Self { name: "aarch64", debian: "arm64" },
            elf::EM_PPC64 => Self { name: "ppc64le", debian: "ppc64el" },
            elf::EM_S390 => Self { name: "s390x", debian: "s390x" },
            elf::EM_RISCV => Self { name: "riscv64", debian: "riscv64" },
            _ => return None,
        })
    }
}

/// A version of glibc.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Glibc(pub u32, pub u32);

impl Glibc {
    /// From `2.35`; a third number is of no importance.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| part.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GLIBC_{}.{}", self.0, self.1)
    }
}

/// The sections of a file.
type Sections<'a> = SectionTable<'a, FileHeader64<Endianness>>;

fn read(file: &[u8]) -> object::read::Result<(elf::Machine, Glibc, Vec<String>)> {
    let header = FileHeader64::<Endianness>::parse(file)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, file)?;
    Ok((header.e_machine(endian), newest(file, endian, &sections)?, libraries(file, endian, &sections)?))
}

fn libraries(file: &[u8], endian: Endianness, sections: &Sections<'_>) -> object::read::Result<Vec<String>> {
    let table = sections.dynamic_table(endian, file)?;
    let needed = table.iter().filter(|entry| entry.tag == elf::DT_NEEDED);
    needed.map(|entry| Ok(String::from_utf8_lossy(table.string(entry)?).into_owned())).collect()
}

fn newest(file: &[u8], endian: Endianness, sections: &Sections<'_>) -> object::read::Result<Glibc> {
    let mut newest = Glibc::default();
    for section in sections.iter() {
        let Some((mut needed, strings)) = section.gnu_verneed(endian, file)? else { continue };
        let strings = sections.strings(endian, file, strings)?;
        while let Some((_, mut versions)) = needed.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                newest = newest.max(name.strip_prefix("GLIBC_").and_then(Glibc::of).unwrap_or_default());
            }
        }
    }
    Ok(newest)
}
