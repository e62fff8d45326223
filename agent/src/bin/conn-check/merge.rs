//! `conn-check merge FILE...`: the records of many units, and the fewest causes of what fails.

use crate::output::print;
use crate::records::texts;
use crate::{CRITICAL, UNKNOWN, complain, refuse};
use conn_check::cli::merge::{Merge, MergeFormat};
use conn_check::fleet::{Causes, Matrix, html, json, page, records};

/// Runs the program; the exit status.
pub(crate) fn program(args: &Merge) -> u8 {
    let files = match texts(&args.files) {
        Ok(files) => files,
        Err(wrong) => return refuse(&wrong),
    };
    let (records, unread) = records(&files);
    unread.iter().for_each(|unread| {
        complain(&unread.to_string());
    });
    if records.is_empty() {
        return UNKNOWN;
    }
    let is_incomplete = !unread.is_empty() || records.iter().any(|record| record.refused.is_some());
    let matrix = Matrix::of(records);
    let causes = Causes::of(&matrix);
    let text = match args.format {
        MergeFormat::Human => page(&matrix, &causes),
        MergeFormat::Json => format!("{}\n", json(&matrix, &causes, &unread)),
        MergeFormat::Html => html(&matrix, &causes),
    };
    match print(args.output.as_deref(), &text) {
        UNKNOWN => UNKNOWN,
        _ if !causes.all.is_empty() => CRITICAL,
        _ if is_incomplete => UNKNOWN,
        _ => 0,
    }
}
