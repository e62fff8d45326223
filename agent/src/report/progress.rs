//! How far a run is, in one line for a terminal.

use super::title;
use crate::event::Event;
use crate::outcome::Verdict;
use crate::plan::Plan;
use crate::text::screen::{columns, cut_middle};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A name is cut to so many columns, so that there is room for more than one.
const NAME: usize = 32;

/// A name that is cut to less than this says nothing.
const SHORT: usize = 8;

/// How far the run is.
#[derive(Debug)]
pub struct Progress {
    /// What each check is called, and how long it may take.
    checks: Vec<(String, Duration)>,
    total: usize,
    finished: usize,
    failed: usize,
    /// Those that have begun, and when.
    running: BTreeMap<usize, Instant>,
}

impl Progress {
    /// A run of so many checks of a plan.
    #[must_use]
    pub fn new(plan: &Plan, total: usize) -> Self {
        let name = |entry: usize, title: &str| match &plan.entries[entry].label {
            Some(label) => format!("{} {label}", plan.entries[entry].kind),
            None => format!("{} {title}", plan.entries[entry].kind),
        };
        let titles = title::of(plan).into_iter().enumerate();
        let checks = titles.map(|(entry, title)| (cut_middle(&name(entry, &title), NAME), plan.entries[entry].timeout));
        Self { checks: checks.collect(), total, finished: 0, failed: 0, running: BTreeMap::new() }
    }

    /// Hears an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Started { entry, .. } => {
                self.running.entry(*entry).or_insert_with(Instant::now);
            }
            Event::Finished(outcome) => {
                self.running.remove(&outcome.entry);
                self.finished += 1;
                // The parts of a check are run only when they are needed.
                self.total = self.total.max(self.finished);
                self.failed += usize::from(outcome.steps.iter().any(|step| step.verdict == Verdict::Fail));
            }
            Event::Phase { .. } | Event::Passed { .. } => {}
        }
    }

    /// The line, in at most so many columns: who has been waited for longest comes first.
    #[must_use]
    pub fn line(&self, now: Instant, most: usize) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let mut line = format!("{} of {} checks{failed}", self.finished, self.total);
        let mut running: Vec<_> = self.running.iter().map(|(entry, began)| (*began, *entry)).collect();
        running.sort_unstable();
        let mut left = running.len();
        for (began, entry) in running {
            let (name, timeout) = &self.checks[entry];
            let waited = now.saturating_duration_since(began).as_secs_f64();
            let separator = if left == self.running.len() { "; waiting for " } else { ", " };
            let time = format!(" ({waited:.1} s of {} s)", timeout.as_secs_f64());
            let rest = if left > 1 { format!(" and {} more", left - 1).len() } else { 0 };
            let alone = most.saturating_sub(columns(&line) + separator.len() + time.len());
            let room = alone.saturating_sub(rest);
            if columns(name) > room {
                if left < self.running.len() {
                    break;
                }
                // The first is named, however little room there is, rather than how many others there are; where there
                // is none, how long is what counts.
                if room < SHORT {
                    return if alone < SHORT {
                        cut_middle(&format!("{line}; {waited:.1} s of {} s", timeout.as_secs_f64()), most)
                    } else {
                        format!("{line}{separator}{}{time}", cut_middle(name, alone))
                    };
                }
            }
            line = format!("{line}{separator}{}{time}", cut_middle(name, room));
            left -= 1;
        }
        if left > 0 && left < self.running.len() {
            line = format!("{line} and {left} more");
        }
        cut_middle(&line, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::source::Source;

    fn progress(checks: usize) -> Progress {
        let check = |number| format!("- {{type: tcp, name: 'cache {number}', host: h, port: 1}}\n");
        let text = (0..checks).map(check).collect::<Vec<_>>().concat();
        let source = Source::own("test", text);
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(10) }, true).expect("valid");
        Progress::new(&plan, checks)
    }

    #[test]
    fn the_line_says_who_is_waited_for_and_how_long() {
        let mut progress = progress(2);
        progress.event(&Event::Started { entry: 1, result: 0 });
        let line = progress.line(Instant::now() + Duration::from_millis(4_240), 80);
        assert_eq!(line, "0 of 2 checks; waiting for tcp cache 1 (4.2 s of 10 s)");
    }

    #[test]
    fn the_first_is_named_on_a_narrow_screen_too() {
        let mut progress = progress(20);
        (0..20).for_each(|entry| progress.event(&Event::Started { entry, result: 0 }));
        let line = progress.line(Instant::now(), 60);
        assert!(line.starts_with("0 of 20 checks; waiting for tcp ") && line.ends_with(" (0.0 s of 10 s)"), "{line}");
    }

    #[test]
    fn the_line_is_never_wider_than_the_screen() {
        let mut progress = progress(200);
        (0..200).for_each(|entry| progress.event(&Event::Started { entry, result: 0 }));
        let now = Instant::now();
        assert_eq!(progress.line(now, 80), "0 of 200 checks; waiting for tcp cache 0 (0.0 s of 10 s) and 199 more");
        for most in 0..300 {
            assert!(columns(&progress.line(now, most)) <= most.max(1), "{most}");
        }
    }
}
