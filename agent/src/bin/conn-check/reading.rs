//! Files of checks, and those that they include in the places where they do, as one plan.

use crate::files::files_in;
use conn_check::diagnostic::{Diagnostic, Flaw, Severity};
use conn_check::plan::{Defaults, Entry, Include, Loaded, Plan};
use conn_check::report::Refused;
use conn_check::source::Source;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// So many files include each other at most, one in the other: enough for a file of each application, service and host.
const DEEPEST: usize = 8;

/// So many files are included at most, in all.
const MOST: usize = 1_000;

/// What is known of files that are being read.
pub(crate) struct Reading {
    load: fn(&Source, Defaults, bool) -> Loaded,
    defaults: Defaults,
    strict: bool,
    /// What is to be said of those that can be run.
    pub(crate) warnings: Vec<(Source, Vec<Diagnostic>)>,
    /// Those that cannot.
    pub(crate) refused: Vec<Refused>,
    /// Where those are that were read.
    known: HashSet<PathBuf>,
    /// The file that is being read, and before it those by which it is included.
    open: Vec<Option<PathBuf>>,
    included: usize,
}

impl Reading {
    pub(crate) fn new(load: fn(&Source, Defaults, bool) -> Loaded, defaults: Defaults, strict: bool) -> Self {
        let (warnings, refused, known, open) = (Vec::new(), Vec::new(), HashSet::new(), Vec::new());
        Self { load, defaults, strict, warnings, refused, known, open, included: 0 }
    }

    /// The checks of a file, with those of the files that it includes; none of one that cannot be run.
    pub(crate) fn checks(&mut self, source: Source) -> Vec<Entry> {
        let (plan, mut noted) = match (self.load)(&source, self.defaults, self.strict) {
            Ok(loaded) => loaded,
            Err(diagnostics) => {
                self.refused.push(Refused { source, diagnostics });
                return Vec::new();
            }
        };
        // What is said of a file stands before what is said of those that it includes.
        let (warned, refused) = (self.warnings.len(), self.refused.len());
        let place = fs::canonicalize(&source.name).ok();
        // That two files have a check in common is no mistake: each may be somebody else's.
        if place.as_ref().is_some_and(|place| !self.known.insert(place.clone())) {
            noted.push(given_again());
        }
        self.open.push(place);
        let checks = self.spliced(plan, &source.name, &mut noted);
        self.open.pop();
        if self.strict {
            noted
                .iter_mut()
                .filter(|one| one.severity == Severity::Warning)
                .for_each(|one| one.severity = Severity::Error);
        }
        noted.sort_by_key(|one| one.span.map(|span| span.start));
        if noted.iter().any(|one| one.severity == Severity::Error) {
            self.refused.insert(refused, Refused { source, diagnostics: noted });
        } else {
            self.warnings.insert(warned, (source, noted));
        }
        checks
    }

    /// The checks of a plan, with those of other files in their places.
    fn spliced(&mut self, plan: Plan, name: &str, noted: &mut Vec<Diagnostic>) -> Vec<Entry> {
        if plan.includes.is_empty() {
            return plan.entries;
        }
        let mut checks = Vec::with_capacity(plan.entries.len());
        let (mut own, mut taken) = (plan.entries.into_iter(), 0);
        for include in &plan.includes {
            checks.extend(own.by_ref().take(include.before - taken));
            taken = include.before;
            for file in self.files(include, name) {
                match file {
                    Ok(source) => checks.extend(self.checks(source)),
                    Err(diagnostic) => noted.push(diagnostic),
                }
            }
        }
        checks.extend(own);
        checks
    }

    /// The files that are included, each when it is its turn; or what is wrong with that.
    fn files(&mut self, include: &Include, of: &str) -> Vec<Result<Source, Diagnostic>> {
        let paths = match include.paths(of) {
            Ok(paths) => paths,
            Err(diagnostic) => return vec![Err(diagnostic)],
        };
        let mut files = Vec::new();
        for path in paths {
            match files_in(Path::new(&path)) {
                Ok(inside) => files.extend(inside),
                // It is no directory, or one that reading it says more of.
                Err(_) => files.push(path),
            }
        }
        if files.is_empty() {
            return vec![Err(include.nothing())];
        }
        files.iter().filter_map(|path| self.file(include, path)).collect()
    }

    /// One of them; nothing where it was said already that there are too many.
    fn file(&mut self, include: &Include, path: &str) -> Option<Result<Source, Diagnostic>> {
        self.included += 1;
        let shown = path.escape_debug();
        let why = match fs::canonicalize(path) {
            _ if self.included > MOST + 1 => return None,
            _ if self.included > MOST => format!("more than {MOST} files are included in all"),
            Ok(place) if self.open.iter().flatten().any(|open| *open == place) => {
                format!("`{shown}` includes itself{}", if self.open.len() > 1 { " by way of others" } else { "" })
            }
            _ if self.open.len() > DEEPEST => {
                format!("`{shown}` would be the {}th file inside of another", DEEPEST + 1)
            }
            _ => match Source::read(path) {
                Ok(source) => return Some(Ok(source)),
                Err(unreadable) => {
                    let mut diagnostic = include.refused(&format!("`{shown}`: {}", unreadable.1.text()));
                    diagnostic.help = unreadable.1.help;
                    return Some(Err(diagnostic));
                }
            },
        };
        Some(Err(include.refused(&why)))
    }
}

fn given_again() -> Diagnostic {
    let message = "this file is given more than once, so that each of its checks runs as often";
    let help = "leave it out, or the directory or the `include` that it comes from";
    let mut diagnostic = Diagnostic::file(Flaw::Twin, message).help(help);
    diagnostic.severity = Severity::Warning;
    diagnostic
}
