//! Every action of the charm: the name is that of the link that is called.

use charm::action::{self, Outcome};
use charm::environment::{self, ACTIONS};
use charm::host::Real;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Nagios' UNKNOWN.
const UNKNOWN: u8 = 3;

fn main() -> ExitCode {
    let mut host = Real::new();
    let mut arguments = std::env::args();
    let Some(name) = environment::invoked_as(&host, &mut arguments, &ACTIONS) else {
        let _ = writeln!(io::stderr(), "unknown action; use one of these names: {}", ACTIONS.join(", "));
        return ExitCode::from(UNKNOWN);
    };
    let program = std::env::current_exe().unwrap_or_default();
    match action::run(&mut host, &name, &program, &arguments.collect::<Vec<_>>()) {
        Ok(Outcome { text, status }) => {
            let _ = text.map(|text| writeln!(io::stdout(), "{text}"));
            ExitCode::from(status)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::from(UNKNOWN)
        }
    }
}
