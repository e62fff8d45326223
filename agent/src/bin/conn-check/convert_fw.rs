//! `conn-check-convert-fw -t TYPE FILE...`: rules of many hosts as commands for a firewall.

use crate::output::{explain, print};
use crate::{UNKNOWN, complain, say};
use conn_check::cli::convert_fw::Args;
use conn_check::firewall::merge::{Unresolved, merge};
use conn_check::firewall::rules::{self, Rule, SHOWN_KEYS};
use conn_check::firewall::{Group, Passage};
use conn_check::run::Options;
use conn_check::source::Source;
use std::io;

/// A name had no address.
const UNRESOLVED: u8 = 1;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Args) -> u8 {
    // A group that does not fit is reported before names are looked up.
    if let Err(bad) = args.format.write(&[], args.group.as_ref()) {
        return complain(&format!("--group: {bad}"));
    }
    if args.files.iter().filter(|file| *file == "-").count() > 1 {
        return complain("standard input can be read once only: name `-` once");
    }
    let Some((sources, rules)) = read(args) else { return UNKNOWN };
    if rules.iter().all(Vec::is_empty) {
        return complain("there are no rules in these files: nothing to convert");
    }
    match resolved(&rules) {
        Ok((passages, unresolved)) => finish(args, &sources, &passages, &unresolved),
        Err(error) => complain(&format!("names cannot be looked up: {error}")),
    }
}

/// Every file with its rules; `None` when one of them cannot be used, after everything is reported.
fn read(args: &Args) -> Option<(Vec<Source>, Vec<Vec<Rule>>)> {
    let mut all = Vec::new();
    for path in &args.files {
        let read = Source::read(path).map_err(|unreadable| (unreadable.0, vec![unreadable.1]));
        let read = read.and_then(|source| match rules::read(&source) {
            Ok((rules, notes)) => {
                explain(&source, SHOWN_KEYS, &notes, args.color);
                Ok((source, rules))
            }
            Err(diagnostics) => Err((source, diagnostics)),
        });
        all.push(read.map_err(|(source, diagnostics)| explain(&source, SHOWN_KEYS, &diagnostics, args.color)));
    }
    all.into_iter().collect::<Result<Vec<_>, ()>>().ok().map(|all| all.into_iter().unzip())
}

fn resolved(rules: &[Vec<Rule>]) -> io::Result<(Vec<Passage>, Vec<Unresolved>)> {
    let options = Options::of_host();
    Ok(options.runtime()?.block_on(merge(rules, options.lookups)))
}

fn finish(args: &Args, sources: &[Source], passages: &[Passage], unresolved: &[Unresolved]) -> u8 {
    for (number, source) in sources.iter().enumerate() {
        let here = unresolved.iter().filter(|one| one.file == number);
        explain(source, SHOWN_KEYS, &here.map(|one| one.diagnostic.clone()).collect::<Vec<_>>(), args.color);
    }
    // Without a rule left there is nothing to print: an empty list can mean that nothing is let out.
    if !unresolved.is_empty() && (!args.keep_going || passages.is_empty()) {
        return UNRESOLVED;
    }
    if args.group.is_some() && args.format.group.is_none() {
        say(&format!("note: --group means nothing to {}", args.format.name));
    }
    let status = written(args, passages, args.group.as_ref());
    if status == 0 && !unresolved.is_empty() { UNRESOLVED } else { status }
}

fn written(args: &Args, passages: &[Passage], group: Option<&Group>) -> u8 {
    let text = args.format.write(passages, group);
    text.map_or_else(|bad| complain(&format!("--group: {bad}")), |text| print(args.output.as_deref(), &text))
}
