//! The tools as `cargo xtask` calls them. Those that need the programs of the product take them from
//! beside themselves: `cargo build --profile ci --workspace` puts them there.

mod demo;
mod docs;
mod elf;
mod rehearsal;
