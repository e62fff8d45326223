//! What is read of a program's file.

use harness::agent;
use tools::elf::{Glibc, Program};

#[test]
fn a_program_is_known_by_its_file_whatever_machine_reads_it() {
    let mut file = std::fs::read(agent::program()).expect("the program");
    let own = Program::read(&file).expect("a program");
    assert!(own.machine.is_here(), "{own:?}");
    assert!(own.glibc > Glibc(2, 0) && own.libraries.iter().any(|library| library == "libc.so.6"), "{own:?}");
    // e_machine: EM_AARCH64, EM_386.
    file[18..20].copy_from_slice(&183_u16.to_le_bytes());
    let other = Program::read(&file).expect("a program");
    let (name, debian) = (other.machine.name, other.machine.debian);
    assert_eq!((name, debian, other.machine.is_here()), ("aarch64", "arm64", std::env::consts::ARCH == "aarch64"));
    assert_eq!((other.glibc, other.libraries), (own.glibc, own.libraries));
    file[18..20].copy_from_slice(&3_u16.to_le_bytes());
    assert!(Program::read(&file).expect_err("unknown").contains("unknown machine"));
    assert!(Program::read(b"#!/bin/sh").expect_err("a text").contains("no 64-bit ELF program"));
}
