//! Which glibc a program needs: the versions of the symbols it imports (System V gABI, "Symbol
//! Versioning", section `.gnu.version_r`).

use crate::Outcome;
use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, SectionHeader as _};
use std::fmt;

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

    /// The newest version of which the program imports a symbol; 0.0 for a program without glibc.
    ///
    /// # Errors
    /// It is no program for a 64-bit Linux.
    pub fn needed_by(program: &[u8]) -> Outcome<Self> {
        newest(program).map_err(|error| format!("no 64-bit ELF program: {error}"))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GLIBC_{}.{}", self.0, self.1)
    }
}

fn newest(program: &[u8]) -> object::read::Result<Glibc> {
    let header = FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, program)?;
    let mut newest = Glibc::default();
    for section in sections.iter() {
        let Some((mut needed, strings)) = section.gnu_verneed(endian, program)? else { continue };
        let strings = sections.strings(endian, program, strings)?;
        while let Some((_, mut versions)) = needed.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                newest = newest.max(name.strip_prefix("GLIBC_").and_then(Glibc::of).unwrap_or_default());
            }
        }
    }
    Ok(newest)
}
