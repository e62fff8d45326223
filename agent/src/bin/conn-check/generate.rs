//! What the programs that generate files of checks have in common: the file goes where it was
//! asked for, what is missing from it goes to standard error.

use crate::output::{self, Writer};
use crate::{complain, say};
use conn_check::cli::generate::Target;
use conn_check::file::{self, Kind};
use conn_check::generate::{GeneratedFile, Needed, Secrets};
use std::io;
use std::path::Path;

/// Something could not be mapped, and that is to be an error.
const INCOMPLETE: u8 = 1;

/// Writes the file and says what is missing; the exit status. A file without checks is one, too: an application
/// may not have its services yet.
pub(crate) fn deliver(generated: GeneratedFile, target: &Target) -> u8 {
    let generated = generated.reviewed();
    let secrets = target.secrets();
    let written = generated.write(&secrets);
    for gap in generated.gaps() {
        say(&gap.line());
    }
    if !generated.has_checks() {
        for note in generated.comments().filter(|comment| !comment.gap) {
            say(&note.line());
        }
        say("nothing was found that can be checked: the file has no checks");
    }
    let kind = Kind::Generated { passwords: written.has_passwords };
    let done = match &target.output {
        Some(path) => output::replace(&path.display().to_string(), path, written.text.as_bytes(), kind),
        None => Writer::to(None).put(written.text.as_bytes()),
    };
    if let Err(unwritten) = done {
        return complain(&unwritten.to_string());
    }
    let missing = match &secrets {
        Secrets::File(_) => written.needed.iter().filter(|needed| !has_file(needed)).count(),
        Secrets::Inline | Secrets::Env => {
            written.needed.iter().for_each(|needed| say(&provide(needed, "variable")));
            0
        }
    };
    if let Some(template) = &target.secrets_template {
        if secrets != Secrets::Env {
            say("note: --secrets-template means nothing without --secrets env: no variables are referred to");
        } else if let Err(error) = write_template(template, &written.needed) {
            return complain(&format!("--secrets-template {}: {error}", template.display()));
        }
    }
    if target.strict && (missing > 0 || generated.gaps().next().is_some()) { INCOMPLETE } else { 0 }
}

/// What somebody has to put where, without saying what it is.
fn provide(needed: &Needed, what: &str) -> String {
    format!("conn-check will need the {what} {} (for {})", needed.name, needed.checks.join("; "))
}

/// Puts a secret into its file, unless there is one; whether there is one now. What is run elsewhere has its files there.
fn has_file(needed: &Needed) -> bool {
    match needed.create() {
        Ok(true) => say(&format!("wrote {} (for {})", needed.name, needed.checks.join("; "))),
        Ok(false) => say(&format!("{} is there already, and was left as it is", needed.name)),
        Err(error) => {
            say(&format!("{}, which cannot be written here: {error}", provide(needed, "file")));
            return false;
        }
    }
    true
}

/// The variables, to be filled in: as a shell, a .env file and systemd's `EnvironmentFile=` have them.
fn write_template(path: &Path, needed: &[Needed]) -> io::Result<()> {
    let one = |needed: &Needed| format!("# {}\n{}=\n", needed.checks.join("; "), needed.name);
    let text: String = needed.iter().map(one).collect();
    if !file::create(path, text.as_bytes())? {
        say(&format!("{} is there already, and was left as it is", path.display()));
    }
    Ok(())
}
