//! `conn-check diff BEFORE NOW`: what changed between two records.

use crate::output::print;
use crate::records::texts;
use crate::{UNKNOWN, complain, refuse};
use conn_check::cli::diff::{Diff, DiffFormat};
use conn_check::diff::{Changes, Record, json, page, records};

/// Something is otherwise; diff(1) has the same.
const DIFFERS: u8 = 1;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Diff) -> u8 {
    if args.before == "-" && args.now == "-" {
        return refuse("diff: both records cannot come from standard input; name a file for one of them");
    }
    let (Some(before), Some(now)) = (read(&args.before), read(&args.now)) else { return UNKNOWN };
    let changes = Changes::between(before, now);
    let text = match args.format {
        DiffFormat::Human => page(&changes),
        DiffFormat::Json => format!("{}\n", json(&changes)),
    };
    match print(args.output.as_deref(), &text) {
        UNKNOWN => UNKNOWN,
        _ => u8::from(!changes.are_none()) * DIFFERS,
    }
}

/// The records of one side; nothing where it has none, or one that cannot be read, which is told.
fn read(word: &str) -> Option<Vec<Record>> {
    let files = texts(std::slice::from_ref(&word.to_owned()));
    let files = files.map_err(|wrong| complain(&format!("diff: {wrong}"))).ok()?;
    let (records, unread) = records(&files);
    unread.iter().for_each(|unread| {
        complain(&format!("diff: {unread}"));
    });
    unread.is_empty().then_some(records).filter(|records| !records.is_empty())
}
