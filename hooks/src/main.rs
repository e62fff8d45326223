//! Every hook of the charm: the name is that of the link that Juju calls.

use charm::environment::{self, HOOKS};
use charm::hook;
use charm::host::Real;
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut host = Real::new();
    // Hooks that the charm does not know are for charms that do.
    let Some(name) = environment::invoked_as(&host, &mut std::env::args(), &HOOKS) else { return ExitCode::SUCCESS };
    match hook::run(&mut host, &name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}
