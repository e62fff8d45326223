//! `junit`: the XML that CI systems read, in the form that Jenkins' xunit plugin takes (junit-10), which GitLab, GitHub's
//! actions and the others take as well.

use crate::outcome::Verdict;
use crate::report::view::{CheckView, Counts, Row, View};
use crate::report::{Format, Refusal, Reporter, reporter, series};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(super) const FORMAT: Format =
    Format { name: "junit", about: "XML for CI systems, a test case per result", reporter: |_| Box::new(Junit) };

/// What every suite is called.
const SUITE: &str = "conn-check";

/// One test suite per file of checks, one test case per result.
struct Junit;

impl Reporter for Junit {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let all = Numbers { counts: view.counts, errors: 0, elapsed: Some(view.elapsed) };
        open(all, out)?;
        let mut taken = series::Calls::default();
        let suites = suites(view);
        for (file, checks) in &suites {
            // Suites of one name would be taken for parts of one.
            let name = if suites.len() == 1 { SUITE.to_owned() } else { format!("{SUITE} {file}") };
            let elapsed = checks.iter().map(|(_, check)| check.outcome.elapsed).max();
            let elapsed = if suites.len() == 1 { Some(view.elapsed) } else { elapsed };
            let verdicts = checks.iter().flat_map(|(_, check)| &check.rows).map(|row| row.step.verdict);
            let numbers = Numbers { counts: Counts::of(verdicts), errors: 0, elapsed };
            suite(&name, file, view.started, numbers, out)?;
            checks.iter().try_for_each(|(series, check)| cases(series, check, &mut taken, out))?;
            writeln!(out, "  </testsuite>")?;
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

/// What stands at the head of a suite, and of all of them.
#[derive(Clone, Copy)]
struct Numbers {
    counts: Counts,
    errors: usize,
    elapsed: Option<Duration>,
}

impl Numbers {
    fn attributes(self) -> String {
        let Self { counts, errors, elapsed } = self;
        let mut text = format!("tests=\"{}\" failures=\"{}\" errors=\"{errors}\"", counts.total(), counts.fail);
        if let Some(elapsed) = elapsed {
            // Writing to a string cannot fail.
            let _ = write!(text, " time=\"{}\"", seconds(elapsed));
        }
        text
    }
}

/// Surefire's times have three decimals, and readers that know the schema refuse more.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// The checks of each file, the files in their order.
fn suites<'v, 'a>(view: &'v View<'a>) -> Vec<(&'a str, Vec<(String, &'v CheckView<'a>)>)> {
    let mut suites: Vec<(&str, Vec<_>)> = Vec::new();
    for (series, check) in view.series() {
        let file: &'a str = &check.entry.file;
        match suites.iter_mut().rev().find(|(known, _)| *known == file) {
            Some((_, checks)) => checks.push((series, check)),
            None => suites.push((file, vec![(series, check)])),
        }
    }
    suites
}

/// The file itself as the only test case.
fn file(errors: usize, name: &str, content: &str, out: &mut dyn Write) -> io::Result<()> {
    let counts = Counts { pass: 1, ..Counts::default() };
    let numbers = Numbers { counts, errors, elapsed: None };
    open(numbers, out)?;
    suite(SUITE, name, SystemTime::now(), numbers, out)?;
    let name = xml(name);
    writeln!(out, "    <testcase classname=\"conn-check.config\" name=\"{name}\">\n      {content}\n    </testcase>")?;
    writeln!(out, "  </testsuite>")?;
    close(out)
}

fn open(numbers: Numbers, out: &mut dyn Write) -> io::Result<()> {
    let numbers = numbers.attributes();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{SUITE}\" {numbers}>")
}

fn suite(name: &str, file: &str, started: SystemTime, numbers: Numbers, out: &mut dyn Write) -> io::Result<()> {
    let started = OffsetDateTime::from(started).replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    writeln!(
        out,
        "  <testsuite name=\"{}\" {} skipped=\"{}\" timestamp=\"{}\" hostname=\"{}\" file=\"{}\" version=\"{}\">",
        xml(name),
        numbers.attributes(),
        numbers.counts.skip,
        started.format(&Rfc3339).unwrap_or_default(),
        xml(&crate::host::name()),
        xml(file),
        env!("CARGO_PKG_VERSION")
    )
}

fn close(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</testsuites>")
}

/// A CI system tells test cases apart by class and name, and keeps the history of each.
fn cases(
    series: &str,
    check: &CheckView<'_>,
    taken: &mut series::Calls<String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    // What the names of its results do not say yet.
    let more = series.strip_prefix(&series::of_target(check.entry)).unwrap_or(series).trim_start();
    let more = if more.is_empty() { String::new() } else { format!(" [{more}]") };
    check.rows.iter().try_for_each(|row| {
        let name = series::unique(&format!("{}{more}", row.name), taken);
        case(row, &name, out)
    })
}

fn case(row: &Row<'_>, name: &str, out: &mut dyn Write) -> io::Result<()> {
    let class = format!("{SUITE}.{}", row.entry.kind);
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        xml(&class),
        xml(name),
        seconds(row.step.elapsed)
    );
    match (row.step.verdict, row.failure) {
        (Verdict::Fail, Some(failure)) => {
            let since = row.since.map(|since| format!("\n{since}")).unwrap_or_default();
            let text = format!(
                "{}{since}\nowner: {}\nnext step: {}\nevidence: {}",
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
            let why = row.why_skipped();
            writeln!(out, "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>", xml(&why))
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
