//! `conn-check explain [WORD...]`: what codes, types and options mean, without a file and a network.

use crate::output::{print, screen};
use crate::{UNKNOWN, complain};
use conn_check::cli::explain::Explain;
use conn_check::explain::{explain, list};

/// The widest lines that are read with ease.
const WIDEST: usize = 100;

/// How wide a page is where there is no terminal.
const USUAL: usize = 80;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Explain) -> u8 {
    let width = screen().unwrap_or(USUAL).clamp(40, WIDEST);
    if args.words.is_empty() {
        return print(None, &list(width));
    }
    let mut status = 0;
    let mut texts = Vec::new();
    for word in &args.words {
        match explain(word, width) {
            Ok(text) => texts.push(text),
            Err(unknown) => status = complain(&unknown.to_string()),
        }
    }
    let printed = if texts.is_empty() { 0 } else { print(None, &texts.join("\n")) };
    if printed == UNKNOWN { printed } else { status }
}
