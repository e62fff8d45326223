//! `conn-check explain`: what a code, a type of check or an option means, from the very tables that
//! the program goes by.

mod page;
mod topic;

use crate::catalogue::{self, Note, WarningKind};
use crate::checks::{Described, Spec};
use crate::diagnostic::Flaw;
use crate::phase::Phase;
use crate::settings::common;
use crate::settings::{meant, nearest};
use crate::text::shortened;
use page::Page;
use std::fmt;

/// Nobody knows the word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown {
    word: String,
    near: Vec<&'static str>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = shortened(&self.word);
        write!(f, "`{word}` is no code, no type of check and no option of one")?;
        match self.near.as_slice() {
            [] => f.write_str("; `conn-check explain` lists all of them"),
            near => {
                let near: Vec<_> = near.iter().map(|word| format!("`{word}`")).collect();
                write!(f, "; did you mean {}?", near.join(" or "))
            }
        }
    }
}

/// What a word means, in lines that are so wide at most: a code, a type, an option, or TYPE.OPTION.
///
/// # Errors
/// It means nothing here.
pub fn explain(word: &str, width: usize) -> Result<String, Unknown> {
    let word = word.trim().trim_matches(['[', ']', '`', ':', ',']);
    let topics = topic::of(word);
    if topics.is_empty() {
        return Err(Unknown { word: word.to_owned(), near: near(word) });
    }
    let mut page = Page::new(width);
    topics.iter().for_each(|topic| topic.write(&mut page));
    Ok(page.text())
}

/// All that can be explained, in lines that are so wide at most.
#[must_use]
pub fn list(width: usize) -> String {
    let mut page = Page::new(width);
    page.paragraph("conn-check explain WORD tells what a word means: a type of check, an option, or a code.");
    page.title("Types of checks");
    Spec::describe().iter().for_each(|check| page.row(check.kind, check.about));
    page.title("Options of checks");
    page.words(&options());
    page.title("Codes of failures, by phase");
    for phase in Phase::ALL {
        let of_phase = catalogue::ALL.iter().filter(|code| code.phase == phase).map(|code| code.name);
        page.row(phase.slug(), &of_phase.collect::<Vec<_>>().join(" "));
    }
    page.title("Codes of warnings: it works, and somebody should look at it");
    page.words(&WarningKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>());
    page.title("Codes of notes: it passes, and everybody should see what is done without");
    page.words(&Note::ALL.map(Note::slug));
    page.title("Codes of what is wrong with a file");
    page.words(&Flaw::ALL.iter().map(|flaw| flaw.code()).collect::<Vec<_>>());
    page.text()
}

/// Every word that has an explanation, with what it is about, for who completes words: the types with
/// their other names, the options, the codes.
#[must_use]
pub fn words() -> Vec<(&'static str, &'static str)> {
    let checks = Spec::describe();
    let types = checks.iter().flat_map(|check| names(check).into_iter().map(|name| (name, check.about)));
    let options = options().into_iter().map(|key| (key, "an option of checks"));
    let codes = catalogue::ALL.iter().map(|code| (code.name, code.what));
    let warnings = WarningKind::ALL.iter().map(|kind| (kind.code(), kind.what()));
    let notes = Note::ALL.into_iter().map(|note| (note.slug(), note.what()));
    let flaws = Flaw::ALL.iter().map(|flaw| (flaw.code(), flaw.about()));
    types.chain(options).chain(codes).chain(warnings).chain(notes).chain(flaws).collect()
}

/// The type of a check and its other names.
fn names(check: &Described) -> Vec<&'static str> {
    std::iter::once(check.kind).chain(check.aliases.iter().copied()).collect()
}

/// Every option of any check, once each, ordered.
fn options() -> Vec<&'static str> {
    let own = Spec::describe().into_iter().flat_map(|check| check.options);
    let mut keys: Vec<_> = own.chain(common::describe()).map(|option| option.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// What was probably meant: another name of it, a slip of the finger, or the rest of a code.
fn near(word: &str) -> Vec<&'static str> {
    let known: Vec<_> = words().into_iter().map(|(word, _)| word).collect();
    let small = word.to_lowercase();
    if let Some(exact) = known.iter().find(|known| **known == small) {
        return vec![exact];
    }
    let ends = |kind: &str| -> Vec<_> {
        known.iter().copied().filter(|code| code.split_once('.').is_some_and(|(_, end)| end == kind)).collect()
    };
    let kinds: Vec<_> = known.iter().filter_map(|code| code.split_once('.')).map(|(_, kind)| kind).collect();
    if kinds.contains(&small.as_str()) {
        return ends(&small);
    }
    let (types, options) = (Spec::types(), options());
    let another = meant::check(&small).or_else(|| meant::option(&small, &options)).or_else(|| nearest(&small, &types));
    match another.or_else(|| nearest(&small, &known)) {
        Some(near) => vec![near],
        None => nearest(&small, &kinds).map(ends).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load, load_without_secrets};
    use crate::source::Source;
    use std::time::Duration;

    const DEFAULTS: Defaults = Defaults { timeout: Duration::from_secs(10) };

    fn file(text: &str) -> Source {
        Source::own("example", text)
    }

    #[test]
    fn every_code_type_and_option_is_explained_at_every_width() {
        for (word, about) in words() {
            for width in [40, 80, 200] {
                let text = explain(word, width).unwrap_or_else(|unknown| panic!("{unknown}"));
                assert!(text.contains(word) && text.lines().count() >= 3, "{word}: {text}");
                // What is copied from a page stays in one piece: examples, and words longer than a line.
                let may_be_long = |line: &str| line.starts_with("    ") || !line.trim().contains(' ');
                let long = text.lines().filter(|line| line.len() > width && !may_be_long(line));
                assert_eq!(long.collect::<Vec<_>>(), [""; 0], "{word} at {width}");
            }
            assert!(!about.is_empty(), "{word}");
        }
        for check in Spec::describe() {
            for option in &check.options {
                assert!(
                    explain(&format!("{}.{}", check.kind, option.key), 80).is_ok(),
                    "{} {}",
                    check.kind,
                    option.key
                );
            }
        }
    }

    #[test]
    fn every_example_of_a_type_is_valid_and_of_its_type() {
        for check in Spec::describe() {
            let (plan, _) = load_without_secrets(&file(check.example), DEFAULTS, true)
                .unwrap_or_else(|wrong| panic!("{}: {wrong:?}", check.kind));
            assert_eq!(plan.entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [check.kind]);
        }
    }

    #[test]
    fn every_code_of_a_failure_has_a_valid_example() {
        let failures = catalogue::ALL.iter().map(|code| (code.name, code.example));
        let warnings = WarningKind::ALL.iter().map(|kind| (kind.code(), kind.example()));
        let notes = Note::ALL.into_iter().map(|note| (note.slug(), note.example()));
        for (code, example) in failures.chain(warnings).chain(notes) {
            assert!(!example.when.is_empty(), "{code}");
            // The client's certificate is not there.
            if example.check.contains("client_cert") {
                continue;
            }
            let loaded = load_without_secrets(&file(&format!("- {}\n", example.check)), DEFAULTS, true);
            assert!(
                loaded.is_ok_and(|(plan, _)| plan.together(0) == (0..plan.entries.len())),
                "{code}: {}",
                example.check
            );
        }
    }

    #[test]
    fn every_example_of_a_flaw_has_it() {
        for flaw in Flaw::ALL {
            assert!(!flaw.fix().is_empty(), "{}", flaw.code());
            if flaw.example().is_empty() {
                continue;
            }
            let found = load(&file(flaw.example()), DEFAULTS, false).map_or_else(|wrong| wrong, |(_, warned)| warned);
            let found: Vec<_> = found.iter().map(|one| one.flaw.code()).collect();
            assert_eq!(found, [flaw.code()], "{}", flaw.example());
        }
    }

    #[test]
    fn a_word_that_is_unknown_comes_with_the_one_that_was_meant() {
        for (word, near) in [
            ("auth.rejectd", &["auth.rejected"][..]),
            ("nxdomain", &["resolve.nxdomain"]),
            ("AUTH.REJECTED", &["auth.rejected"]),
            ("rabbitmq", &["amqp"]),
            ("valkey", &["redis"]),
            ("dbname", &["database"]),
            ("postgre", &["postgres"]),
            ("unknown_key", &["unknown-key"]),
            ("zzzzzz", &[]),
        ] {
            assert_eq!(explain(word, 80).expect_err(word).near, near, "{word}");
        }
        for word in ["refused", "refusd"] {
            let refused = explain(word, 80).expect_err("an ending").to_string();
            assert!(refused.ends_with("did you mean `resolve.refused` or `connect.refused`?"), "{refused}");
        }
        assert!(explain("[connect.refused]", 80).is_ok(), "as the human format has it");
    }
}
