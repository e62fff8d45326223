//! Holds a check against the parser that will read it.
//!
//! Of a problem, what was found is left out: who writes a file knows it, and what stands where a host
//! should be may well be a password.

use crate::diagnostic::{Diagnostic, Flaw, Severity};
use crate::generate::yaml;
use crate::generate::{Comment, GeneratedCheck, Item, Secrets, Value};
use crate::plan::{Defaults, Loaded, load};
use crate::services;
use crate::settings::READABLE;
use crate::source::Source;
use std::time::Duration;

/// Options that name files, which may be elsewhere than where the file of checks is written.
const FILES: [&str; 3] = ["ca_file", "client_cert", "client_key"];

/// The check, or why it cannot be written. TLS files that are not on this host are left out, with
/// a comment: the rest of the check is worth more than none.
pub(super) fn review(check: GeneratedCheck) -> Vec<Item> {
    if let Some(gap) = connection_to_mysql(&check) {
        return vec![gap.into()];
    }
    let check = effective(check);
    let problem = match judge(&check) {
        Ok(warnings) => return with_warnings(&check, &warnings),
        Err(problem) => problem,
    };
    if check.from_user && problem.flaw == Flaw::BadReference {
        // A variable or file of the host where the checks will run.
        return with_warnings(&check, &[Diagnostic { severity: Severity::Note, ..problem }]);
    }
    if problem.flaw != Flaw::UnreadablePem {
        return vec![refused(&check, &problem).into()];
    }
    // A file that is there and does not do is not to be looked for elsewhere.
    let then = match problem.help.as_deref().filter(|help| *help != READABLE) {
        Some(help) => format!("{help}; then add the option"),
        None => "add the option on the host that has the file".to_owned(),
    };
    let comment = Comment::gap(check.label(), format!("{}; the check below does without: {then}", problem.message));
    let rest = check.without(&FILES);
    match judge(&rest) {
        Ok(_) => vec![comment.into(), rest.into()],
        Err(problem) => vec![refused(&rest, &problem).into()],
    }
}

/// No source writes a check of the connection alone to a port of `MySQL`'s (33060 is that of its X protocol): the server
/// counts those, and then blocks this host (`max_connect_errors`).
fn connection_to_mysql(check: &GeneratedCheck) -> Option<Comment> {
    let is_connection = check.kind == services::TCP.id || check.kind == services::TLS.id;
    let port = match check.get("port")? {
        Value::Plain(port) => port.as_u64()?,
        _ => return None,
    };
    let is_of_mysql = services::MYSQL.ports.has(u16::try_from(port).ok()?) || port == 33060;
    let why = format!(
        "port {port} is MySQL's, which blocks hosts that connect and do not log in: add a mysql check with `username:` and `password:` by hand"
    );
    (is_connection && is_of_mysql && !check.from_user).then(|| Comment::gap(check.label(), why))
}

/// The check without what does nothing in it, and nothing in the application: its files for TLS where it speaks none. Who
/// writes a check of his own is told.
fn effective(check: GeneratedCheck) -> GeneratedCheck {
    if check.from_user {
        return check;
    }
    let problems = match read(&check, false) {
        Ok((_, problems)) | Err(problems) => problems,
    };
    let idle: Vec<_> = problems.iter().filter_map(|problem| problem.idle).collect();
    if idle.is_empty() { check } else { check.without(&idle) }
}

/// The check below what conn-check will remark; what it refuses with `--strict` is a gap.
fn with_warnings(check: &GeneratedCheck, warnings: &[Diagnostic]) -> Vec<Item> {
    let comment = |warning: &Diagnostic| {
        let (origin, why) = (check.label(), &warning.message);
        let gap = warning.severity != Severity::Note;
        if gap { Comment::gap(origin, format!("{why}; --strict refuses that")) } else { Comment::note(origin, why) }
    };
    warnings.iter().map(|warning| comment(warning).into()).chain([check.clone().into()]).collect()
}

fn refused(check: &GeneratedCheck, problem: &Diagnostic) -> Comment {
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    Comment::gap(check.label(), format!("no {} check: {}{help}", check.kind, problem.message))
}

/// Reads the check as conn-check will, its secrets in place; what is remarked of somebody's own.
fn judge(check: &GeneratedCheck) -> Result<Vec<Diagnostic>, Diagnostic> {
    match read(check, !check.from_user) {
        Ok((_, warnings)) => Ok(warnings),
        Err(problems) => {
            Err(problems.into_iter().next().unwrap_or_else(|| Diagnostic::file(Flaw::BadValue, "unknown")))
        }
    }
}

fn read(check: &GeneratedCheck, strict: bool) -> Loaded {
    let written = yaml::write("", &[check.clone().into()], &Secrets::Inline);
    let source = Source::own("", written.text);
    load(&source, Defaults { timeout: Duration::from_secs(10) }, strict)
}
