//! systemd, by systemctl(1).

use crate::error::Error;
use crate::host::{Host, Output, Program, RunAs};
use crate::text::printable;

/// What systemd says of a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// It runs.
    Active,
    /// It does not, or is about to.
    Inactive,
    /// Nobody can tell: systemd does not run this machine.
    NoSystemd,
}

/// A unit that is not loaded: there is nothing to stop.
const NOT_LOADED: i32 = 5;

/// Whether a service runs. Where systemd does not run the machine, systemctl prints no state.
pub(crate) fn state(host: &mut dyn Host, service: &str) -> State {
    let output = run(host, &["is-active", service]).unwrap_or_default();
    match String::from_utf8_lossy(&output.stdout).trim() {
        "" => State::NoSystemd,
        "active" | "reloading" => State::Active,
        _ => State::Inactive,
    }
}

/// Ends a service and whatever it has started.
///
/// # Errors
/// systemd runs the machine, and does not do it.
pub(crate) fn stop(host: &mut dyn Host, service: &str) -> Result<(), Error> {
    if state(host, service) == State::NoSystemd {
        return Ok(());
    }
    let doing = || format!("systemctl stop {service}");
    let output = run(host, &["stop", service]).map_err(|error| Error::new(doing(), error))?;
    match output.status {
        Some(0 | NOT_LOADED) => Ok(()),
        _ => Err(Error::new(doing(), printable(String::from_utf8_lossy(&output.stderr).trim()))),
    }
}

/// Reads all units' files again; whether that was done.
pub(crate) fn read_files(host: &mut dyn Host) -> bool {
    run(host, &["daemon-reload"]).is_ok_and(|output| output.succeeded())
}

/// Starts a service, anew if it runs, and waits until it says that it is ready; whether it did.
pub(crate) fn restart(host: &mut dyn Host, service: &str) -> bool {
    run(host, &["restart", service]).is_ok_and(|output| output.succeeded())
}

/// Tells a service to read what it goes by again; whether it was told.
pub(crate) fn reload(host: &mut dyn Host, service: &str) -> bool {
    run(host, &["reload", service]).is_ok_and(|output| output.succeeded())
}

fn run(host: &mut dyn Host, arguments: &[&str]) -> std::io::Result<Output> {
    host.run(&Program::new("systemctl", RunAs::Root).with(arguments.iter().copied()))
}
