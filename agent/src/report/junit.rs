//! `junit`: the XML that CI systems read.

use crate::outcome::{SkipReason, Verdict};
use crate::report::view::{Row, View};
use crate::report::{Format, Refusal, Reporter, reporter, series};
use std::io::{self, Write};

pub(super) const FORMAT: Format =
    Format { name: "junit", about: "XML for CI systems, a test case per result", reporter: |_| Box::new(Junit) };

/// One test suite per run, one test case per result.
struct Junit;

impl Reporter for Junit {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let counts = view.counts;
        let numbers = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.6}\"",
            counts.total(),
            counts.fail,
            counts.skip,
            view.elapsed.as_secs_f64()
        );
        open(&numbers, out)?;
        for (series, check) in view.series() {
            // What the names of its results do not say yet.
            let more = series.strip_prefix(&series::of_target(check.entry)).unwrap_or(&series).trim_start();
            let more = if more.is_empty() { String::new() } else { format!(" [{more}]") };
            check.rows.iter().try_for_each(|row| case(row, &more, out))?;
        }
        close(out)
    }

    /// A test case that is in error: neither passed nor failed.
    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        let kind = refusal.diagnostics().next().map_or("", |first| first.flaw.code());
        let (headline, lines) = (xml(&refusal.headline()), xml(&refusal.lines().collect::<Vec<_>>().join("\n")));
        let error = format!("<error type=\"{kind}\" message=\"{headline}\">{lines}</error>");
        file(1, &refusal.names(), &error, out)
    }

    fn valid(&self, config: &str, checks: usize, out: &mut dyn Write) -> io::Result<()> {
        let words = xml(&reporter::in_words(config, checks));
        file(0, config, &format!("<system-out>{words}</system-out>"), out)
    }
}

/// The file itself as the only test case.
fn file(errors: u8, name: &str, content: &str, out: &mut dyn Write) -> io::Result<()> {
    open(&format!("tests=\"1\" failures=\"0\" errors=\"{errors}\" skipped=\"0\""), out)?;
    let name = xml(name);
    writeln!(out, "    <testcase classname=\"conn-check.config\" name=\"{name}\">\n      {content}\n    </testcase>")?;
    close(out)
}

fn open(numbers: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {numbers}>\n  <testsuite name=\"conn-check\" {numbers}>"
    )
}

fn close(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  </testsuite>\n</testsuites>")
}

/// A CI system tells test cases apart by class and name, and keeps the history of each.
fn case(row: &Row<'_>, more: &str, out: &mut dyn Write) -> io::Result<()> {
    let class = format!("conn-check.{}", row.entry.kind);
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\"",
        xml(&class),
        xml(&format!("{}{more}", row.name)),
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
        (Verdict::Skip, _) => {
            let why = row.step.reason.map_or("", SkipReason::about);
            writeln!(out, "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>", xml(why))
        }
        _ if row.warnings.is_empty() && row.notes.is_empty() => writeln!(out, "{head}/>"),
        _ => {
            let text: Vec<_> = row
                .warnings
                .iter()
                .map(|warning| format!("warning: {}", warning.line()))
                .chain(row.notes.iter().map(|note| format!("note: {note}")))
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
