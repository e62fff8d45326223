//! What is said of a check, or of several checks of which the same is to be said.

use super::{Ink, Paragraph, Screen, human_time};
use crate::catalogue::Owner;
use crate::causes::Mark;
use crate::fault::Failure;
use crate::outcome::{SkipReason, Verdict};
use crate::phase::Phase;
use crate::report::view::CheckView;
use crate::report::{Folded, Style, title};
use crate::text::screen::{columns, cut_middle, padded};
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// So many names of checks are told at most; `-v` has each of them.
const NAMES: usize = 60;

/// Where the text below a row begins.
const INDENT: usize = 7;

/// The columns that a title has at least, however narrow the screen is.
const NARROW: usize = 12;

/// A row, and what stands below it.
pub(super) struct Block {
    /// The cause that it has in common with others: it keeps its row.
    mark: Option<Mark>,
    verdict: Verdict,
    /// Of several checks of which nearly the same is to be said.
    is_outlined: bool,
    /// Not run, as that was the wish (`--dry-run`).
    is_rehearsed: bool,
    checks: Vec<Named>,
    time: Duration,
    /// What must not be overlooked of a check that passed: beside the row where there is room.
    notes: Vec<Paragraph>,
    body: Vec<Paragraph>,
    /// The same without what is this check's alone: its address, its database.
    outline: Vec<Paragraph>,
}

/// What a check is called.
struct Named {
    kind: &'static str,
    title: String,
    /// Short, where what is said of it says all else.
    name: String,
}

impl Block {
    /// `folded`: what is left to say, where the cause has been told that it has in common with others.
    pub(super) fn of(check: &CheckView<'_>, title: &str, folded: Option<&Folded<'_>>, style: Style) -> Self {
        let folded = folded.filter(|_| !style.verbose);
        let mark = folded.map(|folded| folded.mark);
        let mut body = Vec::new();
        if let Some(failure) = check.failure() {
            let since = check.since().map(|since| Paragraph::of(Ink::Yellow, since.to_string()));
            match folded {
                Some(folded) => body.extend(left(folded).chain(since).chain(details(failure, style))),
                None => body.extend(of_failure(failure, since, style)),
            }
            body.extend(style.explain.then(|| steps(failure)).into_iter().flatten());
            let is_minor = !check.entry.critical;
            body.extend(is_minor.then(|| Paragraph::of(Ink::Dim, "not critical: nothing else fails for it")));
        }
        for warning in check.warnings() {
            let code = format!("[{}]", warning.kind.code());
            body.push(Paragraph::of(Ink::Plain, warning.message.as_str()).and(Ink::Dim, code));
            body.extend(advice(warning.kind.owner(), warning.kind.next_step()));
        }
        body.extend(check.difference().map(|one| Paragraph::of(Ink::Yellow, one.to_string())));
        let reason = check.skip_reason();
        let why = check.why_skipped().filter(|_| reason != Some(SkipReason::DryRun));
        body.extend(why.map(|why| Paragraph::of(Ink::Dim, why)));
        let whole = check.chain.part_of.as_ref().filter(|_| style.verbose || check.verdict() != Verdict::Pass);
        body.extend(whole.map(|whole| Paragraph::of(Ink::Dim, format!("a part of `{whole}`"))));
        let mut outline = body.clone();
        if let Some(failure) = check.failure().filter(|_| mark.is_none()) {
            outline[0] = sentence(&outlined(failure.message.as_str(), check), failure);
        }
        if style.durations {
            body.extend(results(check));
        }
        if style.verbose {
            let proves = check.entry.judgement.proves.as_deref().filter(|_| check.verdict() == Verdict::Pass);
            body.extend(proves.map(|proves| Paragraph::titled("proves:", proves)));
            body.extend(phases(check));
        }
        let told = mark.map(|mark| Paragraph::of(Ink::Dim, "cause").and(Ink::Red, mark.to_string()));
        let notes = check.notes().map(|note| Paragraph::of(Ink::Yellow, note.to_string()));
        Self {
            mark,
            verdict: check.verdict(),
            is_outlined: false,
            is_rehearsed: reason == Some(SkipReason::DryRun),
            checks: vec![Named {
                kind: check.entry.kind,
                title: title.to_owned(),
                name: check.entry.label.clone().unwrap_or_else(|| title.to_owned()),
            }],
            time: check.outcome.elapsed,
            notes: told.into_iter().chain(notes).collect(),
            body,
            outline,
        }
    }

    /// Its place among those of its verdict: by its cause, if that is not its own.
    pub(super) fn rank(&self) -> (bool, Option<Mark>) {
        (self.mark.is_none(), self.mark)
    }

    /// The type and the title of its row, if it has one: what is well in a great number is a sentence.
    pub(super) fn row(&self) -> Option<(&str, &str)> {
        match &self.checks[..] {
            [one] => Some((one.kind, &one.title)),
            _ => None,
        }
    }

    pub(super) fn write(&self, widths: Widths, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        let (word, ink) = match self.verdict {
            Verdict::Fail => ("FAIL", Ink::Red),
            Verdict::Warn => ("warn", Ink::Yellow),
            Verdict::Pass => ("ok  ", Ink::Green),
            Verdict::Skip if self.is_rehearsed => ("plan", Ink::Dim),
            Verdict::Skip => ("skip", Ink::Dim),
        };
        write!(out, "{} ", screen.paint(ink, word))?;
        let is_well = self.verdict == Verdict::Pass && self.notes.is_empty();
        let beside = match self.row() {
            Some((kind, title)) => self.write_row(kind, title, widths, screen, out)?,
            None => {
                Paragraph::of(Ink::Plain, self.count()).write_from("FAIL ".len(), screen, out)?;
                false
            }
        };
        let notes = self.notes.iter().filter(|_| !beside);
        notes.chain(&self.body).try_for_each(|paragraph| paragraph.write(INDENT, screen, out))?;
        if self.row().is_none() && !is_well {
            let room = screen.columns.saturating_sub(INDENT + "checks: ,".len()).max(NARROW);
            Paragraph::titled("checks:", self.names(room)).write(INDENT, screen, out)?;
        }
        Ok(())
    }

    /// Whether there was room for the notes.
    fn write_row(
        &self,
        kind: &str,
        title: &str,
        widths: Widths,
        screen: Screen,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        let (kind, title) = (padded(kind, widths.kind), cut_middle(title, widths.title));
        if self.verdict == Verdict::Skip {
            writeln!(out, "{kind}  {title}")?;
            return Ok(false);
        }
        let time = screen.paint(Ink::Dim, &format!("{:>9}", human_time(self.time)));
        write!(out, "{kind}  {}  {time}", padded(&title, widths.title))?;
        let notes = self.notes.iter().map(|note| note.width() + 2).sum::<usize>();
        if notes == 0 || widths.row() + notes > screen.columns {
            writeln!(out)?;
            return Ok(false);
        }
        let notes: Vec<_> = self.notes.iter().map(|note| format!("  {}", note.on_one_line(screen))).collect();
        writeln!(out, "{}", notes.concat())?;
        Ok(true)
    }

    /// `50 checks: 40 redis, 10 http`.
    fn count(&self) -> String {
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for Named { kind, .. } in &self.checks {
            match kinds.iter_mut().find(|(known, _)| known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        match &kinds[..] {
            [_] => format!("{} {} checks", self.checks.len(), self.checks[0].kind),
            _ => format!("{} checks: {}", self.checks.len(), kinds.join(", ")),
        }
    }

    /// The names of its checks, none wider than so many columns.
    fn names(&self, most: usize) -> String {
        let mixed = self.checks.iter().any(|check| check.kind != self.checks[0].kind);
        let name = |check: &Named| {
            let name = if self.is_outlined { &check.title } else { &check.name };
            if mixed { format!("{} {name}", check.kind) } else { name.clone() }
        };
        let names: Vec<_> = self.checks.iter().take(NAMES).map(|check| cut_middle(&name(check), most)).collect();
        let more = self.checks.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        names.join(", ") + &more
    }
}

/// The blocks, with those of which the same is said made one, in the order in which each is met first.
pub(super) fn together(blocks: Vec<Block>) -> Vec<Block> {
    let mut together: Vec<Block> = Vec::new();
    let mut places = HashMap::new();
    for block in blocks {
        if block.mark.is_some() {
            together.push(block);
            continue;
        }
        let said = (block.notes.clone(), block.outline.clone());
        match places.get(&said) {
            Some(&place) => {
                let known: &mut Block = &mut together[place];
                if known.body != block.body {
                    known.body.clone_from(&known.outline);
                    // The sentence names nobody: the names have to.
                    known.is_outlined = true;
                }
                known.time = known.time.max(block.time);
                known.checks.extend(block.checks);
            }
            None => {
                places.insert(said, together.len());
                together.push(block);
            }
        }
    }
    together
}

/// The columns of a table of checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    kind: usize,
    title: usize,
}

impl Widths {
    /// For rows of these types and titles, on a screen of so many columns.
    pub(super) fn of<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>, screen: usize) -> Self {
        let widest = rows.fold((0, 0), |(kind, title), row| (kind.max(columns(row.0)), title.max(columns(row.1))));
        let room = screen.saturating_sub(Self { kind: widest.0, title: 0 }.row());
        Self { kind: widest.0, title: widest.1.min(room.max(NARROW)) }
    }

    /// All of a row: `FAIL KIND  TITLE  123.4 ms`.
    const fn row(self) -> usize {
        "FAIL ".len() + self.kind + 2 + self.title + 2 + 9
    }
}

/// A sentence without what it says of this check alone and the title says, too: its place, its addresses, as whom.
fn outlined(message: &str, check: &CheckView<'_>) -> String {
    let target = &check.entry.target;
    let authority = target.split_once("://").map_or(target.as_str(), |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or(authority);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let places = [target.as_str(), authority, host].map(str::to_owned);
    let shown = title::shown(check.entry).into_iter().map(|(_, value)| value);
    let text = places.into_iter().chain(shown).fold(message.to_owned(), |text, word| blotted(&text, &word));
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', ':']);
        let is_address = bare.parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok();
        if is_address { word.replace(bare, "…") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A text with `…` in the places of a word, where it is a word and not part of another.
fn blotted(text: &str, word: &str) -> String {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/');
    let (mut blotted, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word).filter(|_| !word.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let is_word = !(before.chars().next_back().or_else(|| blotted.chars().next_back()).is_some_and(joins)
            || after.chars().next().is_some_and(joins));
        blotted += before;
        blotted += if is_word { "…" } else { word };
        rest = after;
    }
    blotted + rest
}

fn of_failure(failure: &Failure, since: Option<Paragraph>, style: Style) -> impl Iterator<Item = Paragraph> {
    let message = sentence(failure.message.as_str(), failure);
    let advice = advice(failure.owner, &failure.next_step);
    [message].into_iter().chain(since).chain(advice).chain(details(failure, style))
}

/// What is this check's alone, where its cause has been told.
fn left(folded: &Folded<'_>) -> impl Iterator<Item = Paragraph> {
    let guilt = folded.guilt().map(|guilt| Paragraph::of(Ink::Bold, guilt));
    let owner = folded.owner.map(|owner| Paragraph::titled("fix: ", owner.slug()));
    let hint = folded.hint.map(|hint| Paragraph::titled("next:", hint));
    guilt.into_iter().chain(owner).chain(hint)
}

/// What was seen, and what is below it, where that is wanted.
fn details(failure: &Failure, style: Style) -> Vec<Paragraph> {
    style.details(failure).map(|(title, text)| Paragraph::titled(title, text)).collect()
}

/// What can be done about it, as it can be run or put.
fn steps(failure: &Failure) -> impl Iterator<Item = Paragraph> {
    failure.remediation().iter().flat_map(|step| {
        let place = Paragraph::titled("do:  ", format!("{}:", step.place));
        [place].into_iter().chain(step.commands.iter().map(|command| Paragraph::verbatim(&format!("      {command}"))))
    })
}

/// What is broken, and its code.
fn sentence(message: &str, failure: &Failure) -> Paragraph {
    Paragraph::of(Ink::Bold, message).and(Ink::Red, format!("[{}]", failure.code))
}

/// Whose job it is, and what to do.
pub(super) fn advice(owner: Owner, next_step: &str) -> [Paragraph; 2] {
    [Paragraph::titled("fix: ", owner.slug()), Paragraph::titled("next:", next_step)]
}

/// When each result came, and how long it took.
fn results(check: &CheckView<'_>) -> impl Iterator<Item = Paragraph> {
    let tried = check.rows.iter().filter(|row| row.step.verdict != Verdict::Skip);
    tried.map(|row| {
        let (at, elapsed) = (human_time(row.step.at), human_time(row.step.elapsed));
        Paragraph::of(Ink::Dim, format!("at {at}: {} {}, in {elapsed}", row.name, row.step.verdict.slug()))
    })
}

/// How long each phase took, one after the other. A phase that took no time says nothing: an address has no
/// name to be looked up, and some logins travel with the request.
fn phases(check: &CheckView<'_>) -> Option<Paragraph> {
    let mut sums: Vec<(Phase, Option<SocketAddr>, Duration)> = Vec::new();
    for timing in &check.outcome.phases {
        match sums.iter_mut().find(|(phase, address, _)| (*phase, *address) == (timing.phase, timing.address)) {
            Some((_, _, sum)) => *sum += timing.elapsed,
            None => sums.push((timing.phase, timing.address, timing.elapsed)),
        }
    }
    let phases: Vec<_> = sums
        .into_iter()
        .filter(|(_, _, elapsed)| *elapsed >= Duration::from_micros(50))
        .map(|(phase, address, elapsed)| {
            let address = address.map(|address| format!(" to {address}")).unwrap_or_default();
            format!("{}{address} {}", phase.slug(), human_time(elapsed))
        })
        .collect();
    (!phases.is_empty()).then(|| Paragraph::of(Ink::Dim, phases.join(", ")))
}
