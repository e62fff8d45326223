//! Whether a file is a program for this machine. The header is looked at before anything is run: what the
//! kernel refuses, execvp(3) hands to a shell, which runs it line by line; setpriv(1) does so, too.
//!
//! Source: System V gABI, "ELF Header", and elf(5) for the numbers of the machines.

use std::env::consts::ARCH;
use std::fmt;

/// How much of a file is looked at, in bytes: the header of a program of 64 bits.
pub(crate) const HEADER: usize = 64;

/// Why a file cannot be run on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Unfit {
    /// A text, or anything else.
    NoProgram,
    /// A program for another machine.
    OtherMachine(String),
    /// A program of which a part is missing.
    Damaged,
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProgram => formatter.write_str("it is not a program (an ELF file)"),
            Self::OtherMachine(other) => write!(formatter, "it is a program for {other}; this machine is {ARCH}"),
            Self::Damaged => formatter.write_str("it is a damaged program (its ELF header does not fit the file)"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Judges a file by its first bytes and its length.
///
/// # Errors
/// Why it cannot be run on this machine.
pub(crate) fn judge(header: &[u8], length: u64) -> Result<(), Unfit> {
    // Magic, class, byte order; then the kind of file and the machine, two bytes each.
    let [0x7f, b'E', b'L', b'F', class, order, _, _, _, _, _, _, _, _, _, _, k1, k2, m1, m2, ..] = header else {
        return Err(Unfit::NoProgram);
    };
    let number = |bytes: [u8; 2]| if *order == BIG { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    if ![EXECUTABLE, SHARED].contains(&number([*k1, *k2])) {
        return Err(Unfit::NoProgram);
    }
    match name(*class, *order, number([*m1, *m2])) {
        name if name == ARCH || (name == "powerpc64le" && ARCH == "powerpc64" && cfg!(target_endian = "little")) => {
            let whole = program_headers_end(header, *class, number).is_some_and(|end| end <= length);
            if whole { Ok(()) } else { Err(Unfit::Damaged) }
        }
        name => Err(Unfit::OtherMachine(name)),
    }
}

/// Where the program headers end; `None` where Linux refuses them (`load_elf_phdrs` in `fs/binfmt_elf.c`).
fn program_headers_end(header: &[u8], class: u8, number: impl Fn([u8; 2]) -> u16) -> Option<u64> {
    let (offset, size, count, entry) = if class == CLASS_64 { (32, 54, 56, 56) } else { (28, 42, 44, 32) };
    let field = |at: usize| header.get(at..at + 2)?.try_into().ok().map(&number);
    // They lie behind the header, in the first 64 KiB: the other bytes of the offset are of no account.
    let offset = field(if number([0, 1]) == 1 { offset + if class == CLASS_64 { 6 } else { 2 } } else { offset })?;
    let count = field(count).filter(|count| *count > 0)?;
    (field(size)? == entry).then(|| u64::from(offset) + u64::from(count) * u64::from(entry))
}

const BIG: u8 = 2;
const CLASS_64: u8 = 2;
const EXECUTABLE: u16 = 2;
/// A program that is loaded anywhere is a shared object to ELF.
const SHARED: u16 = 3;

/// As Rust and `uname -m` call the machine.
fn name(class: u8, order: u8, machine: u16) -> String {
    match (machine, class == CLASS_64, order == BIG) {
        (3, false, _) => "x86".to_owned(),
        (62, true, _) => "x86_64".to_owned(),
        (40, false, _) => "arm".to_owned(),
        (183, true, false) => "aarch64".to_owned(),
        (21, true, true) => "powerpc64".to_owned(),
        (21, true, false) => "powerpc64le".to_owned(),
        (22, true, true) => "s390x".to_owned(),
        (243, true, _) => "riscv64".to_owned(),
        (machine, is_64, _) => format!("machine {machine} of ELF ({} bits)", if is_64 { 64 } else { 32 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, order: u8, kind: u16, machine: u16) -> Vec<u8> {
        let number = |number: u16| if order == BIG { number.to_be_bytes() } else { number.to_le_bytes() };
        let mut header = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header.extend(number(kind));
        header.extend(number(machine));
        header
    }

    fn judge(header: &[u8]) -> Result<(), Unfit> {
        super::judge(&header[..header.len().min(HEADER)], header.len() as u64)
    }

    #[test]
    fn the_programs_of_this_machine_are_fit() {
        let own = std::fs::read(std::env::current_exe().expect("a path")).expect("this program");
        assert_eq!(judge(&own), Ok(()));
        for length in [20, 40, 63, 64, 100] {
            assert_eq!(judge(&own[..length]), Err(Unfit::Damaged), "{length}");
        }
        for at in [54, 56] {
            let mut damaged = own.clone();
            damaged[at..at + 2].fill(0);
            assert_eq!(judge(&damaged), Err(Unfit::Damaged), "{at}");
        }
    }

    #[test]
    fn a_program_for_another_machine_is_told_by_name() {
        let of = |header: Vec<u8>| judge(&header).expect_err("unfit").to_string();
        for (header, name) in [
            (header(2, 1, 3, 183), "aarch64"),
            (header(2, 1, 2, 62), "x86_64"),
            (header(1, 1, 2, 3), "x86"),
            (header(1, 1, 3, 62), "machine 62 of ELF (32 bits)"),
            (header(2, 2, 2, 22), "s390x"),
            (header(2, 1, 3, 4711), "machine 4711 of ELF (64 bits)"),
        ] {
            if name != ARCH {
                assert_eq!(of(header), format!("it is a program for {name}; this machine is {ARCH}"));
            }
        }
    }

    #[test]
    fn what_is_no_program_is_said_to_be_none() {
        let object = header(2, 1, 1, 62);
        for content in
            [&b""[..], b"#!/bin/sh\nid > /tmp/x\n", b"\x7fELF", b"PK\x03\x04 a charm, not a program", &object]
        {
            assert_eq!(judge(content), Err(Unfit::NoProgram), "{content:?}");
        }
    }
}
