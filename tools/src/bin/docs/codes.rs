//! The page of codes: of failures, warnings, notes and of what is wrong with a file.

use conn_check::catalogue::{self, Example, Note, Owner, WarningKind};
use conn_check::diagnostic::Flaw;
use conn_check::phase::Phase;
use std::fmt::Write as _;

const FAILURE_CODES: &str = "\
# Failure codes

Generated from the catalogue in the code by `cargo xtask docs`.

Every failure has a stable code, `PHASE.KIND`; codes are never renamed. *Fix by* and *next step* are what
conn-check says when the evidence tells nothing finer. `conn-check explain CODE` says the same where there is no
browser.

*Fix by* names whoever can change something: ";

/// All of it, as Markdown.
pub(crate) fn failure_codes() -> String {
    let owners: Vec<_> = Owner::ALL.map(|owner| format!("`{}` ({})", owner.slug(), owner.about())).into();
    let mut text = format!("{FAILURE_CODES}{}.\n", owners.join(", "));
    for phase in Phase::ALL {
        let rows = catalogue::ALL
            .iter()
            .filter(|code| code.phase == phase)
            .map(|code| [code.name, code.what, code.owner.slug(), code.next_step, &example(code.example)].map(cell));
        push_table(&mut text, &format!("`{}`: {}", phase.slug(), phase.about()), CODES, rows);
    }
    let rows = WarningKind::ALL.iter().map(|kind| {
        [kind.code(), kind.what(), kind.owner().slug(), kind.next_step(), &example(kind.example())].map(cell)
    });
    push_table(&mut text, "Warnings: it works, and somebody should look at it", CODES, rows);
    let rows = Note::ALL.into_iter().map(|note| {
        let fact = format!("`{}`", note.fact());
        [note.slug(), note.what(), &fact, note.next_step(), &example(note.example())].map(cell)
    });
    let columns = ["code", "what is done without", "the fact that is false", "next step", "for example"];
    push_table(&mut text, "Notes: it passes, and everybody should see what is done without", columns, rows);
    let rows = Flaw::ALL.iter().map(|flaw| {
        let lines: Vec<_> = flaw.example().lines().map(|line| format!("`{line}`")).collect();
        [flaw.code(), flaw.about(), flaw.fix(), &lines.join("<br>")].map(cell)
    });
    let columns = ["code", "what is wrong", "next step", "for example"];
    push_table(&mut text, "Diagnostics: what is wrong with a file, before anything is run", columns, rows);
    text
}

/// The columns of failures and warnings.
const CODES: [&str; 5] = ["code", "what happened", "fix by", "next step", "for example"];

fn example(Example { when, check }: Example) -> String {
    format!("{when}: `{check}`")
}

/// A table whose first column holds codes.
fn push_table<const N: usize>(
    text: &mut String,
    title: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let _ = write!(text, "\n## {title}\n\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| `{}` | {} |", row[0], row[1..].join(" | "));
    }
}

/// A text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
