//! What the programs that generate files of checks have in common: the file goes where it was
//! asked for, what is missing from it goes to standard error.

use crate::UNKNOWN;
use conn_check::cli::generate::Target;
use conn_check::file;
use conn_check::generate::{Needed, Secrets, Sheet};
use std::io::{self, Write as _};

/// The mode of a new file: there may be passwords in it.
const MODE: u32 = 0o600;

/// Something could not be mapped.
const INCOMPLETE: u8 = 1;

/// Writes the file and says what is missing; the exit status. A sheet without checks is no file.
pub(crate) fn deliver(program: &str, sheet: Sheet, target: &Target) -> u8 {
    let sheet = sheet.reviewed();
    let secrets = target.secrets();
    let written = sheet.write(&secrets);
    for gap in sheet.gaps() {
        say(program, &gap.line());
    }
    if sheet.drafts().next().is_none() {
        for note in sheet.comments().filter(|comment| !comment.gap) {
            say(program, &note.line());
        }
        say(program, "no check came out of this: nothing is written");
        return INCOMPLETE;
    }
    let done = match &target.output {
        Some(path) => {
            let replaced = file::replace(path, written.text.as_bytes(), MODE);
            replaced.map_err(|error| format!("{}: {error}", path.display())).map(|narrowed| {
                narrowed.iter().for_each(|narrowed| say(program, &format!("{}: {narrowed}", path.display())));
            })
        }
        None => print(&written.text).map_err(|error| format!("standard output: {error}")),
    };
    if let Err(why) = done {
        say(program, &why);
        return UNKNOWN;
    }
    for needed in &written.needed {
        say(program, &provide(needed, &secrets));
    }
    if sheet.gaps().next().is_some() { INCOMPLETE } else { 0 }
}

/// What somebody has to put where, without saying what it is.
fn provide(needed: &Needed, secrets: &Secrets) -> String {
    let what = if *secrets == Secrets::Env { "the variable" } else { "the file" };
    format!("conn-check will need {what} {} (for {})", needed.name, needed.checks.join("; "))
}

/// A reader that went away is no error.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// A line on standard error.
pub(crate) fn say(program: &str, text: &str) {
    let _ = writeln!(io::stderr(), "{program}: {text}");
}
