//! `junit`: the XML that CI systems read.

use crate::outcome::Verdict;
use crate::report::Reporter;
use crate::report::view::{CheckView, Row, View};
use std::io::{self, Write};

/// One test suite per run, one test case per result.
pub(super) struct Junit;

impl Reporter for Junit {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let counts = view.counts;
        let numbers = format!(
            "tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{:.6}\"",
            counts.total(),
            counts.fail,
            counts.skip,
            view.elapsed.as_secs_f64()
        );
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {numbers}>\n  <testsuite name=\"conn-check\" {numbers}>"
        )?;
        for check in &view.checks {
            check.rows.iter().try_for_each(|row| case(check, row, out))?;
        }
        writeln!(out, "  </testsuite>\n</testsuites>")
    }
}

fn case(check: &CheckView<'_>, row: &Row<'_>, out: &mut dyn Write) -> io::Result<()> {
    let class = format!("conn-check.{}", check.entry.kind);
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\"",
        xml(&class),
        xml(row.name),
        row.step.elapsed.as_secs_f64()
    );
    match (row.step.verdict, row.failure) {
        (Verdict::Fail, Some(failure)) => {
            let text = format!(
                "{}\nowner: {}\nnext step: {}\nevidence: {}",
                failure.message,
                failure.owner.slug(),
                failure.next_step,
                failure.evidence.as_deref().unwrap_or("none")
            );
            writeln!(
                out,
                "{head}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                failure.code,
                xml(&failure.message),
                xml(&text)
            )
        }
        (Verdict::Skip, _) => writeln!(out, "{head}>\n      <skipped/>\n    </testcase>"),
        _ if row.warnings.is_empty() && row.note.is_none() => writeln!(out, "{head}/>"),
        _ => {
            let text: Vec<_> = row
                .warnings
                .iter()
                .map(|warning| format!("warning: {} [{}]", warning.message, warning.kind.code()))
                .chain(row.note.map(|note| format!("note: {note}")))
                .collect();
            writeln!(out, "{head}>\n      <system-out>{}</system-out>\n    </testcase>", xml(&text.join("\n")))
        }
    }
}

/// Escaped for text and attributes; what XML 1.0 cannot hold is replaced (section 2.2).
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
