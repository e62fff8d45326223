//! What the programs that generate files of checks have in common: the file goes where it was
//! asked for, what is missing from it goes to standard error.

use crate::output::{self, Writer};
use crate::{complain, say};
use conn_check::cli::generate::Target;
use conn_check::file::Kind;
use conn_check::generate::{GeneratedFile, Needed, Secrets};

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
    for needed in &written.needed {
        say(&provide(needed, &secrets));
    }
    if target.strict && generated.gaps().next().is_some() { INCOMPLETE } else { 0 }
}

/// What somebody has to put where, without saying what it is.
fn provide(needed: &Needed, secrets: &Secrets) -> String {
    let what = if *secrets == Secrets::Env { "the variable" } else { "the file" };
    format!("conn-check will need {what} {} (for {})", needed.name, needed.checks.join("; "))
}
