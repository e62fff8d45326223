//! Which of the words of the command line are files of checks, and which are patterns.

use crate::reading::Reading;
use conn_check::cli::Args;
use conn_check::diagnostic::{Diagnostic, Flaw};
use conn_check::plan::{Defaults, Loaded, Plan};
use conn_check::report::Refused;
use conn_check::source::{self, Source};
use std::fs;
use std::io;
use std::path::Path;

/// The words of a command line, told apart.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Words {
    pub(crate) files: Vec<String>,
    pub(crate) patterns: Vec<String>,
}

impl Words {
    /// The first word is a file, there or not; further ones are as long as they are there. What follows, and what
    /// `--only` says, are patterns.
    ///
    /// # Errors
    /// The first word that looks like a file and is none: as a pattern it would silently select nothing.
    pub(crate) fn of(args: &Args) -> Result<Self, String> {
        let (first, mut rest) = (args.config.iter().cloned(), args.patterns.iter().peekable());
        let mut files: Vec<_> = first.collect();
        while let Some(word) = rest.next_if(|word| is_there(word)) {
            files.push(word.clone());
        }
        let mut patterns: Vec<_> = rest.cloned().collect();
        if let Some(word) = patterns.iter().find(|word| looks_like_a_file(word)) {
            let why = if is_there(word) { "files come before patterns" } else { "there is no such file" };
            let word = word.escape_debug();
            return Err(format!("{word}: {why}; if it is a pattern, write --only '{word}'"));
        }
        patterns.extend(args.only.iter().cloned());
        Ok(Self { files, patterns })
    }
}

fn is_there(word: &str) -> bool {
    word == "-" || Path::new(word).exists()
}

/// The names of results have a `:`, which hardly a path has.
fn looks_like_a_file(word: &str) -> bool {
    let ends_as_one = Path::new(word).extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    (ends_as_one || word.contains('/')) && !word.contains([':', '*'])
}

/// Files of checks that can be run, as one plan.
pub(crate) struct Read {
    /// Their names, as people are told.
    pub(crate) name: String,
    pub(crate) plan: Plan,
    /// What is to be said of them although they can be run.
    pub(crate) warnings: Vec<(Source, Vec<Diagnostic>)>,
}

/// Reads files of checks, those that are in a directory, and those that they include; standard input, where it has not
/// been read.
///
/// # Errors
/// All that cannot be run, each with all of its problems.
pub(crate) fn read(
    words: &[String],
    input: Option<&[u8]>,
    load: fn(&Source, Defaults, bool) -> Loaded,
    defaults: Defaults,
    strict: bool,
) -> Result<Read, Vec<Refused>> {
    let (mut reading, mut names, mut plan) = (Reading::new(load, defaults, strict), Vec::new(), Plan::default());
    for source in words.iter().flat_map(|word| sources(word, input)) {
        match source {
            Ok(source) => {
                names.push(source.name.clone());
                let checks = reading.checks(source);
                // One file is the rule, and its checks are where they are to be.
                if plan.entries.is_empty() {
                    plan.entries = checks;
                } else {
                    plan.entries.extend(checks);
                }
            }
            Err(unreadable) => reading.refused.push(unreadable),
        }
    }
    let Reading { warnings, mut refused, .. } = reading;
    if refused.is_empty() {
        refused = unlinked(&mut plan, &warnings);
    }
    if refused.is_empty() { Ok(Read { name: names.join(", "), plan, warnings }) } else { Err(refused) }
}

/// Finds the checks that others refer to, in whatever file they stand; the files in which something is wrong with that.
fn unlinked(plan: &mut Plan, files: &[(Source, Vec<Diagnostic>)]) -> Vec<Refused> {
    let mut refused: Vec<Refused> = Vec::new();
    for (entry, diagnostic) in plan.link() {
        let name = &*plan.entries[entry].file;
        match refused.iter_mut().find(|one| one.source.name == name) {
            Some(one) => one.diagnostics.push(diagnostic),
            None => {
                let source = files.iter().map(|(source, _)| source).find(|source| source.name == name);
                let source = source.map_or_else(|| Source::own(name, ""), Source::clone);
                refused.push(Refused { source, diagnostics: vec![diagnostic] });
            }
        }
    }
    for one in &mut refused {
        one.diagnostics.sort_by_key(|one| one.span.map(|span| span.start));
    }
    refused
}

/// The file, or those in the directory.
fn sources(word: &str, input: Option<&[u8]>) -> Vec<Result<Source, Refused>> {
    let read = |path: &str| {
        let read = input.filter(|_| path == "-").map_or_else(|| Source::read(path), Source::of_input);
        read.map_err(|unreadable| Refused { source: unreadable.0, diagnostics: vec![unreadable.1] })
    };
    if !Path::new(word).is_dir() {
        return vec![read(word)];
    }
    match files_in(Path::new(word)) {
        Ok(files) if !files.is_empty() => files.iter().map(|file| read(file)).collect(),
        found => {
            let source = Source::own(word, "");
            let diagnostic = match found {
                Ok(_) => Diagnostic::file(Flaw::NoChecks, "there is no file of checks in this directory")
                    .help("files of checks end in .yaml or .yml"),
                Err(error) => Diagnostic::file(Flaw::Unreadable, format!("the directory cannot be read: {error}"))
                    .help(source::help_for(error.kind())),
            };
            vec![Err(Refused { source, diagnostics: vec![diagnostic] })]
        }
    }
}

/// The files of checks of a directory, sorted: not those below it, and not what is hidden.
pub(crate) fn files_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let ends = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        if ends && !is_hidden && !path.is_dir() {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// What is wrong with all of it.
pub(crate) fn of_all(name: &str, diagnostic: Diagnostic) -> Vec<Refused> {
    vec![Refused { source: Source::own(name, ""), diagnostics: vec![diagnostic] }]
}
