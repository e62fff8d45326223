//! The last lines: how many checks of each verdict, and who has to act.

use super::{Ink, Paragraph, Screen, human_time};
use crate::catalogue::Owner;
use crate::comparison::Subject;
use crate::outcome::SkipReason;
use crate::report::Style;
use crate::report::view::{CheckView, Overall, View};
use crate::run::wait::Waited;
use std::io::{self, Write};

pub(super) fn write(view: &View<'_>, style: Style, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let ink = match view.overall() {
        Overall::Pass => Ink::Green,
        Overall::Fail => Ink::Red,
        Overall::Warn | Overall::Unknown => Ink::Yellow,
    };
    let interrupted = if view.interrupted { ", interrupted" } else { "" };
    let rounds = match view.waited {
        Some(Waited { rounds, .. }) if rounds > 1 => format!(", {rounds} rounds"),
        _ => String::new(),
    };
    let took = format!("in {}{rounds}{interrupted}", human_time(view.elapsed));
    let counts = Paragraph::of(ink, counted(view));
    // What is not run takes no time.
    if view.is_dry() { counts } else { counts.and(Ink::Plain, took) }.write(0, screen, out)?;
    if let Some(owners) = owners(view) {
        Paragraph::titled("fix:", owners).write(0, screen, out)?;
    }
    if let Some(subject) = view.subject {
        as_service(view, subject).try_for_each(|line| line.write(0, screen, out))?;
    }
    if view.check_counts.fail > 0 && !style.explain && !style.tracebacks {
        Paragraph::of(Ink::Dim, "--explain shows the evidence, --format json everything.").write(0, screen, out)?;
    }
    Ok(())
}

/// As whom the run was made, and how many checks differ from the run before.
fn as_service(view: &View<'_>, subject: &Subject) -> impl Iterator<Item = Paragraph> {
    let differ = view.checks.iter().filter(|check| check.difference().is_some()).count();
    let differ = match differ {
        0 => "no check differs from what it is".to_owned(),
        1 => "1 check differs from what it is".to_owned(),
        many => format!("{many} checks differ from what they are"),
    };
    // A service of root is checked by the same user.
    let before =
        if subject.user == subject.before { "elsewhere".to_owned() } else { format!("as the user {}", subject.before) };
    let headline = Paragraph::of(Ink::Plain, format!("{subject}: {differ} {before}"));
    let proxies = Some(subject.proxies.join(" ")).filter(|proxies| !proxies.is_empty());
    let proxies = proxies.map(|proxies| Paragraph::titled("its proxies:", proxies));
    let notes = subject.notes.iter().map(|note| Paragraph::titled("note:", note.as_str()));
    [headline].into_iter().chain(proxies).chain(notes)
}

/// `3 of 20 checks failed, 1 with warnings, 16 ok`.
pub(super) fn counted(view: &View<'_>) -> String {
    let (counts, total) = (view.check_counts, view.checks.len());
    let not_run = match view.checks.iter().find_map(CheckView::skip_reason) {
        Some(SkipReason::DryRun) => "not run: this is a dry run",
        Some(SkipReason::Interrupted) => "not finished",
        Some(SkipReason::AfterFailure | SkipReason::DependencyFailed) | None => "not tried",
    };
    let parts = [(counts.fail, "failed"), (counts.warn, "with warnings"), (counts.pass, "ok"), (counts.skip, not_run)];
    let mut parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let checks = if total == 1 { "check" } else { "checks" };
    let Some((first, word)) = parts.next() else { return format!("no {checks}") };
    let of =
        if first == total { format!("{total} {checks} {word}") } else { format!("{first} of {total} {checks} {word}") };
    parts.fold(of, |text, (count, word)| format!("{text}, {count} {word}"))
}

/// Who has to act, whoever has most first: `service 3, network 1`. Of failures; without one, of warnings.
pub(super) fn owners(view: &View<'_>) -> Option<String> {
    let of_failures = view.checks.iter().filter_map(|check| Some(check.failure()?.owner));
    let of_warnings = view.checks.iter().filter_map(|check| Some(check.warnings().next()?.kind.owner()));
    let owners: Vec<Owner> = if view.check_counts.fail > 0 { of_failures.collect() } else { of_warnings.collect() };
    let mut counts: Vec<(Owner, usize)> = Vec::new();
    for owner in owners {
        match counts.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, count)) => *count += 1,
            None => counts.push((owner, 1)),
        }
    }
    counts.sort_by_key(|(owner, count)| (std::cmp::Reverse(*count), owner.slug()));
    let counts: Vec<_> = counts.iter().map(|(owner, count)| format!("{} {count}", owner.slug())).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}
