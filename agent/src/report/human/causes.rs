//! What several checks fail for: once, before them.

use super::block::advice;
use super::{Ink, Paragraph, Screen};
use crate::report::title;
use crate::report::view::View;
use std::io::{self, Write};

/// So many columns the mark takes.
const INDENT: usize = 3;

/// Each cause with its mark, whose job it is, and what to do; `with_checks`: the checks have been told before it.
pub(super) fn write(view: &View<'_>, with_checks: bool, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let titles = if with_checks { title::of(view.plan) } else { Vec::new() };
    for (mark, cause) in view.shared_causes() {
        write!(out, "{}  ", screen.paint(Ink::Red, &mark.to_string()))?;
        let what = Paragraph::of(Ink::Bold, cause.what.as_str()).and(Ink::Red, format!("[{}]", cause.code));
        what.write_from(INDENT, screen, out)?;
        for line in advice(cause.owner, &cause.next_step) {
            line.write(INDENT, screen, out)?;
        }
        if with_checks {
            let names: Vec<_> = cause.checks.iter().map(|check| titles[*check].as_str()).collect();
            Paragraph::titled("checks:", names.join(", ")).write(INDENT, screen, out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
