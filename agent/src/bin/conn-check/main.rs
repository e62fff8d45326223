//! The programs of conn-check. They are one file, which the name it is called by tells apart
//! (`conn-check-export-fw` is a link to it): a unit gets one file of a version, never two versions
//! beside each other, and the firewall's rules come from the very code that would connect.

mod as_service;
mod check;
mod configs;
mod convert_fw;
mod diff;
mod django;
mod explain;
mod export_fw;
mod files;
mod generate;
mod guise;
mod line;
mod merge;
mod outlet;
mod output;
mod part;
mod reading;
mod records;
mod remember;
mod rounds;
mod serve;
mod ticker;
mod trace;
mod watch;

use clap::Parser;
use conn_check::cli::program::{Program, Word};
use conn_check::{cli, report};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::panic;
use std::path::Path;
use std::process::ExitCode;

/// Usage errors, invalid files, nothing to check, faults of our own: Nagios' UNKNOWN.
const UNKNOWN: u8 = 3;

/// Something failed, or is unfinished.
const CRITICAL: u8 = 2;

/// The names of the programs.
const CHECK: &str = "conn-check";
const CONFIGS: &str = "conn-check-configs";
const CONVERT_FW: &str = "conn-check-convert-fw";
const DJANGO: &str = "conn-check-django";
const EXPORT_FW: &str = "conn-check-export-fw";
const SERVE: &str = "conn-check-serve";

fn main() -> ExitCode {
    conn_check::host::forbid_core_dumps();
    conn_check::file::started_as(Path::new(&std::env::args_os().next().unwrap_or_default()));
    let status = match called() {
        CONFIGS => start(|_| false, configs::program),
        CONVERT_FW => start(|_| false, convert_fw::program),
        DJANGO => start(|_| false, django::program),
        EXPORT_FW => start(|args: &cli::export_fw::Args| args.check.tracebacks, export_fw::program),
        SERVE => start(|args: &cli::serve::Args| args.check.tracebacks, serve::program),
        _ => start(|args: &Program| args.check.tracebacks, program),
    };
    ExitCode::from(status)
}

/// `conn-check` itself: the checks of a file, unless a word asks for something else.
fn program(args: &Program) -> u8 {
    match &args.word {
        Some(Word::Explain(args)) => explain::program(args),
        Some(Word::Trace(args)) => trace::program(args),
        Some(Word::Merge(args)) => merge::program(args),
        Some(Word::Diff(args)) => diff::program(args),
        None => check::program(&args.check),
    }
}

/// The program that is meant.
fn called() -> &'static str {
    let name = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&name).file_name().and_then(OsStr::to_str);
    [CONFIGS, CONVERT_FW, DJANGO, EXPORT_FW, SERVE].into_iter().find(|program| name == Some(program)).unwrap_or(CHECK)
}

/// Reads the command line and runs the program; the exit status. A panic is a fault of ours with a
/// text of its own. A panic inside a check is a failed check and has its place in the report. The
/// text of a panic may hold a secret: only its place is ever printed.
fn start<A: Parser>(tracebacks: fn(&A) -> bool, program: fn(&A) -> u8) -> u8 {
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => {
            return usage(&cli::suggest::improved(error, &A::command()));
        }
    };
    // Before anything is opened or made.
    conn_check::host::note_descriptors();
    conn_check::host::keep_what_is_made();
    let tracebacks = tracebacks(&args);
    panic::set_hook(Box::new(move |panic| {
        conn_check::run::note_panic(panic);
        if let (true, Some(place)) = (tracebacks, panic.location()) {
            say(&format!("panic at {}:{}", place.file(), place.line()));
        }
    }));
    panic::catch_unwind(panic::AssertUnwindSafe(|| program(&args)))
        .unwrap_or_else(|_| refuse("a fault of conn-check itself; please report it with the output of --tracebacks"))
}

/// Tells what is wrong with the command line, or prints the help; the exit status.
fn usage(error: &clap::Error) -> u8 {
    if error.use_stderr() && is_plugin() {
        let text = error.to_string();
        return refuse(text.strip_prefix("error: ").unwrap_or(&text).trim_end());
    }
    // Nobody is left to tell when even this cannot be printed.
    let _ = error.print();
    if error.use_stderr() { UNKNOWN } else { 0 }
}

/// Whether a monitoring system runs us: NRPE, which takes no notice of standard error, or one that says so on the
/// command line, right or wrong.
fn is_plugin() -> bool {
    let words = || std::env::args_os().skip(1);
    let is_format = |(option, value): (OsString, OsString)| option == "--format" && value == report::NAGIOS.name;
    let names_it = words().zip(words().skip(1)).any(is_format) || words().any(|word| word == "--format=nagios");
    called() == CHECK && (std::env::var_os("NRPE_PROGRAMVERSION").is_some() || names_it)
}

/// Says why nothing is checked, where the result would stand; the exit status.
fn refuse(why: &str) -> u8 {
    if !is_plugin() {
        return complain(why);
    }
    // The rest of a plugin's first line is performance data, and there is none.
    let _ = writeln!(io::stdout(), "CONN-CHECK UNKNOWN: {}", why.replace('|', "/"));
    UNKNOWN
}

/// A line on standard error.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}: {text}", called());
}

fn complain(text: &str) -> u8 {
    say(text);
    UNKNOWN
}
