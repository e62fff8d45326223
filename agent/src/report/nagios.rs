//! `nagios`: a plugin's output (Monitoring Plugins Development Guidelines), within NRPE's limits.

use crate::causes::{Cause, Mark};
use crate::outcome::{Verdict, Warning};
use crate::report::series::unique;
use crate::report::view::{CheckView, Overall, View};
use crate::report::{Counts, Folded, Format, Refusal, Reporter, Style, reporter};
use crate::text::cut;
use std::io::{self, Write};

/// The format's row.
pub const FORMAT: Format = Format {
    name: "nagios",
    about: "the output of a monitoring plugin, with performance data",
    reporter: |style| Box::new(Nagios { style }),
};

/// NRPE v2 keeps 1,023 bytes of the output.
const FIRST_LINE: usize = 1000;

/// NRPE v4 keeps 65,504 bytes; what is left is for the perfdata of the long output.
const LONG_OUTPUT: usize = 44_000;

/// For the perfdata of the long output.
const LONG_PERFDATA: usize = 14_000;

/// What one check has of the first line where there is no room for all of all; a name alone may be a long URL.
const PART: usize = 240;

/// Between two parts of the first line, at most.
const SEPARATOR: usize = " - ".len();

/// What one check has of the long output.
const LINE: usize = 2_000;

/// One line that says all, then one per check, worst first.
struct Nagios {
    style: Style,
}

impl Reporter for Nagios {
    fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut checks: Vec<_> = view.titles().collect();
        // The sort is stable: within a verdict the file's order stays.
        checks.sort_by_key(|(_, check)| std::cmp::Reverse(check.verdict()));
        let perfdata = perfdata(view);
        let room = FIRST_LINE.saturating_sub(perfdata.len() + 1);
        writeln!(out, "{}|{perfdata}", headline(view, &checks, room))?;
        let folded = view.folded();
        let of_check = |(title, check): &(String, &CheckView<'_>)| {
            let folded = folded.get(&check.outcome.entry).filter(|_| !self.style.verbose);
            line(title, check, folded, self.style)
        };
        let causes = view.shared_causes().map(|(mark, cause)| of_cause(mark, cause));
        let lines = causes.chain(checks.iter().map(of_check)).map(|line| cut(line, LINE));
        let (lines, left_out) = fitting(lines, LONG_OUTPUT);
        let more = if left_out > 0 { format!("\n... and {left_out} more checks") } else { String::new() };
        let (data, _) = fitting(long_perfdata(view).into_iter(), LONG_PERFDATA);
        writeln!(out, "{}{more}|{}", lines.join("\n"), data.join("\n"))
    }

    /// UNKNOWN, with the first problem.
    fn refused(&self, refusal: &Refusal<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", cut(harmless(&format!("CONN-CHECK UNKNOWN: {}", refusal.headline())), FIRST_LINE))?;
        let (rest, left_out) = fitting(refusal.lines().skip(1).map(|line| cut(harmless(&line), LINE)), LONG_OUTPUT);
        rest.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        if left_out > 0 { writeln!(out, "... and {left_out} more problems") } else { Ok(()) }
    }

    fn explains_refusals(&self) -> bool {
        true
    }

    fn valid(&self, config: &str, checks: usize, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "CONN-CHECK OK: {}", harmless(&reporter::in_words(config, checks)))
    }
}

fn headline(view: &View<'_>, checks: &[(String, &CheckView<'_>)], room: usize) -> String {
    if view.is_dry() {
        // The word has to say what the exit status says.
        return "CONN-CHECK OK: nothing was run: this is a dry run".to_owned();
    }
    let Counts { fail, warn, .. } = view.counts;
    let total = view.counts.total();
    let word = match view.overall() {
        Overall::Pass => "OK",
        Overall::Warn => "WARNING",
        Overall::Fail => "CRITICAL",
        Overall::Unknown => "UNKNOWN",
    };
    let mut text = format!("CONN-CHECK {word}: {fail} of {total} failed");
    if warn > 0 {
        text = format!("{text}, {warn} with warnings");
    }
    if view.interrupted {
        text += ", interrupted";
    }
    let folded = view.folded();
    let causes = view.shared_causes().map(|(_, cause)| harmless(&format!("{}: {}", cause.code, cause.what)));
    let others = checks.iter().filter_map(|(title, check)| worst(title, check, folded.get(&check.outcome.entry)));
    let worst: Vec<_> = causes.chain(others).collect();
    let more = |left_out| format!(" ... and {left_out} more");
    let room = room.saturating_sub(more(worst.len()).len());
    let wanted: usize = worst.iter().map(|part| SEPARATOR + part.len()).sum();
    let share = room.saturating_sub(text.len()) / worst.len().max(1);
    let most = if text.len() + wanted > room { share.saturating_sub(SEPARATOR).max(PART) } else { room };
    let (mut separator, mut left_out) = (" - ", 0);
    for part in worst.into_iter().map(|part| cut(part, most)) {
        if text.len() + SEPARATOR + part.len() > room {
            left_out += 1;
            continue;
        }
        text = text + separator + &part;
        separator = "; ";
    }
    if left_out > 0 { text + &more(left_out) } else { text }
}

/// What the headline says of a check: nothing of one that passed, or of which all has been said with its cause.
fn worst(title: &str, check: &CheckView<'_>, folded: Option<&Folded<'_>>) -> Option<String> {
    let (code, message) = match (check.verdict(), check.failure()) {
        (Verdict::Fail, Some(failure)) => {
            let guilt = match folded {
                Some(folded) => Some(folded.guilt()?),
                None => None,
            };
            let message = guilt.as_deref().unwrap_or_else(|| of_target(&failure.message, check));
            return Some(harmless(&format!("{title} {}: {message}{}", failure.code.name, since(check))));
        }
        (Verdict::Warn, _) => check.warnings().next().map(|one| (one.kind.code(), one.message.as_str()))?,
        _ => return None,
    };
    Some(harmless(&format!("{title} {code}: {}", of_target(message, check))))
}

/// A cause that several checks have: their lines name its mark.
fn of_cause(mark: Mark, cause: &Cause) -> String {
    let Cause { what, code, owner, next_step, .. } = cause;
    harmless(&format!("[CAUSE {mark}] {what} [{code}, {}] {next_step}", owner.slug()))
}

fn line(title: &str, check: &CheckView<'_>, folded: Option<&Folded<'_>>, style: Style) -> String {
    let text = match (check.verdict(), check.failure()) {
        (Verdict::Fail, Some(failure)) => {
            let details = style.details(failure).map(|(name, text)| format!("; {name} {text}"));
            let word = if check.entry.critical { "CRITICAL" } else { "WARNING" };
            let told = match folded {
                Some(folded) => {
                    let guilt = folded.guilt().map(|guilt| guilt + " ").unwrap_or_default();
                    let hint = folded.hint.map(|hint| format!(": {hint}")).unwrap_or_default();
                    format!("{guilt}[{}, {}] cause {}{hint}", failure.code, failure.owner.slug(), folded.mark)
                }
                None => of_target(&failure.line(), check).to_owned(),
            };
            format!("[{word}] {title} {told}{}{}", since(check), details.collect::<String>())
        }
        (Verdict::Warn, _) => {
            let warnings: Vec<_> = check.warnings().map(Warning::line).collect();
            format!("[WARNING] {title} {}", warnings.join("; "))
        }
        (Verdict::Skip, _) => {
            let why = check.why_skipped().map(|why| format!("; {why}")).unwrap_or_default();
            format!("[SKIPPED] {title}{why}")
        }
        (Verdict::Pass | Verdict::Fail, _) => format!("[OK] {title}"),
    };
    let notes: Vec<_> = check.notes().map(|note| format!("; {note}")).collect();
    let differs = check.difference().map(|one| format!("; {one}")).unwrap_or_default();
    harmless(&(text + &notes.concat() + &differs))
}

/// What changed since it passed last.
fn since(check: &CheckView<'_>) -> String {
    check.since().map(|since| format!("; {since}")).unwrap_or_default()
}

/// What is said of the target, which the title has said already, without it.
fn of_target<'t>(text: &'t str, check: &CheckView<'_>) -> &'t str {
    text.strip_prefix(check.entry.target.as_str()).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(text)
}

fn perfdata(view: &View<'_>) -> String {
    let Counts { pass, warn, fail, skip } = view.counts;
    let total = view.counts.total();
    let elapsed = view.elapsed.as_secs_f64();
    format!(
        "pass={pass};;;0;{total} warn={warn};;;0;{total} fail={fail};;;0;{total} skip={skip};;;0;{total} time={elapsed:.6}s;;;0"
    )
}

/// The time to the verdict of each check with what it may be, and how long its certificate still lasts. A check's
/// name may be a word that stands on the first line already.
fn long_perfdata(view: &View<'_>) -> Vec<String> {
    let mut taken = ["pass", "warn", "fail", "skip", "time"].map(|label| (label.to_owned(), 1)).into_iter().collect();
    let mut data = Vec::new();
    for (series, check) in view.series() {
        let label = unique(&series, &mut taken);
        let warn = check.entry.warn_after.map(|most| most.as_secs_f64().to_string()).unwrap_or_default();
        let (seconds, most) = (check.outcome.elapsed.as_secs_f64(), check.entry.timeout.as_secs_f64());
        data.push(format!("'{label}'={seconds:.6}s;{warn};{most};0"));
        if let Some(end) = check.certificate() {
            let label = unique(&format!("{label} certificate days"), &mut taken);
            // A range: what is below it is a warning.
            data.push(format!("'{label}'={};{}:", end.days_left, end.warning_days));
        }
        for measured in check.performance() {
            // A quote would end the label, an equals sign the name (Monitoring Plugins Development Guidelines).
            let own = measured.label.replace(['\'', '='], " ");
            let label = unique(&format!("{label} {own}"), &mut taken);
            let text = format!("'{label}'={}{};{}", measured.value, measured.unit, measured.bounds.join(";"));
            data.push(harmless(text.trim_end_matches(';')));
        }
    }
    data
}

/// A pipe would begin the perfdata, and a line break the next line.
fn harmless(text: &str) -> String {
    text.replace('|', "/").replace(['\n', '\r'], " ")
}

/// Those that fit, and how many do not.
fn fitting(lines: impl Iterator<Item = String>, room: usize) -> (Vec<String>, usize) {
    let mut fitting = Vec::new();
    let (mut used, mut left_out) = (0, 0);
    for line in lines {
        if used + line.len() < room {
            used += line.len() + 1;
            fitting.push(line);
        } else {
            left_out += 1;
        }
    }
    (fitting, left_out)
}
