//! What a word may stand for, and what there is to say of it.

use super::{names, page::Page};
use crate::catalogue::{self, Code, Example, Note, Owner, WarningKind};
use crate::checks::{Described, Spec};
use crate::diagnostic::{Flaw, Severity};
use crate::phase::Phase;
use crate::plan::{Defaults, load, load_without_secrets};
use crate::remedy::{self, Row};
use crate::settings::common;
use crate::settings::shape::Declared;
use crate::source::Source;
use std::time::Duration;

/// Something that can be explained.
pub(super) enum Topic {
    Failure(&'static Code),
    Warning(WarningKind),
    Note(Note),
    Flaw(Flaw),
    Type(Box<Described>),
    /// What every check has to say.
    Types,
    Owner(Owner),
    Phase(Phase),
    /// An option, and the types that have it so.
    Option(Vec<Meaning>),
}

/// One meaning of an option, and the types for which it has it; `None` is every check.
pub(super) struct Meaning {
    option: Declared,
    types: Option<Vec<&'static str>>,
}

/// Stands behind the options of a type.
const REFERENCE: &str = "In place of a value, {env: NAME} takes it from the environment, and {file: PATH} from a file; \
both are treated as secrets.";

/// All that a word means.
pub(super) fn of(word: &str) -> Vec<Topic> {
    let failure = catalogue::ALL.iter().find(|code| code.name == word).map(Topic::Failure);
    let warning = WarningKind::ALL.iter().find(|kind| kind.code() == word).map(|kind| Topic::Warning(*kind));
    let note = Note::ALL.into_iter().find(|note| note.slug() == word).map(Topic::Note);
    let flaw = Flaw::ALL.iter().find(|flaw| flaw.code() == word).map(|flaw| Topic::Flaw(*flaw));
    let check = Spec::describe().into_iter().find(|check| names(check).contains(&word));
    let check = check.map(|check| Topic::Type(Box::new(check)));
    let meanings = meanings(word);
    let option = (!meanings.is_empty()).then_some(Topic::Option(meanings));
    let types = (word == "type").then_some(Topic::Types);
    let owner = Owner::ALL.into_iter().find(|owner| owner.slug() == word).map(Topic::Owner);
    let phase = Phase::ALL.into_iter().find(|phase| phase.slug() == word).map(Topic::Phase);
    [failure, warning, note, flaw, check, types, option, owner, phase].into_iter().flatten().collect()
}

/// What an option means, for each type or for that of TYPE.OPTION.
fn meanings(word: &str) -> Vec<Meaning> {
    let (kind, key) = word.split_once('.').map_or((None, word), |(kind, key)| (Some(kind), key));
    let mut found: Vec<Meaning> = Vec::new();
    for check in Spec::describe().iter().filter(|check| kind.is_none_or(|kind| names(check).contains(&kind))) {
        for option in check.options.iter().filter(|option| option.key == key) {
            match found.iter_mut().find(|meaning| is_same(&meaning.option, option)) {
                Some(meaning) => meaning.types.iter_mut().for_each(|types| types.push(check.kind)),
                None => found.push(Meaning { option: option.clone(), types: Some(vec![check.kind]) }),
            }
        }
    }
    let is_own = kind.is_some() && !found.is_empty();
    let common = common::describe().into_iter().filter(|option| kind.is_none() && !is_own && option.key == key);
    found.extend(common.map(|option| Meaning { option, types: None }));
    found
}

/// Whether the documentation says the same of two options.
fn is_same(one: &Declared, other: &Declared) -> bool {
    let told = |option: &Declared| (option.shape.words, option.required, option.by_url, option.default, option.about);
    told(one) == told(other)
}

impl Topic {
    pub(super) fn write(&self, page: &mut Page) {
        match self {
            Self::Failure(code) => {
                let title = format!("{}: {}", code.name, code.what);
                write_code(page, &title, code.phase, Some(code.owner), code.next_step, code.example);
                write_remedies(page, code);
            }
            Self::Warning(kind) => {
                let title = format!("{}: {} (a warning)", kind.code(), kind.what());
                write_code(page, &title, phase_of(kind.code()), Some(kind.owner()), kind.next_step(), kind.example());
            }
            Self::Note(note) => {
                let title = format!("{}: {} (a note: the check passes)", note.slug(), note.what());
                write_code(page, &title, phase_of(note.slug()), None, note.next_step(), note.example());
            }
            Self::Flaw(flaw) => write_flaw(page, *flaw),
            Self::Type(check) => write_type(page, check),
            Self::Types => {
                page.title("type: which check it is, what every check has to say:");
                Spec::describe().iter().for_each(|check| page.row(check.kind, check.about));
            }
            Self::Owner(owner) => {
                page.title(&format!("{}: whose job a fix is: {}", owner.slug(), owner.about()));
                write_codes(page, |code| code.owner == *owner);
            }
            Self::Phase(phase) => {
                page.title(&format!("{}: a phase of a check: {}", phase.slug(), phase.about()));
                write_codes(page, |code| code.phase == *phase);
            }
            Self::Option(meanings) => write_option(page, meanings),
        }
    }
}

/// The codes of this kind.
fn write_codes(page: &mut Page, is_one: impl Fn(&Code) -> bool) {
    page.title("Its codes:");
    catalogue::ALL.iter().filter(|code| is_one(code)).for_each(|code| page.row(code.name, code.what));
}

/// What can be written down for a code.
fn write_remedies(page: &mut Page, code: &Code) {
    let rows: Vec<_> = remedy::ROWS.iter().filter(|row| row.code == code.name).collect();
    if !rows.is_empty() {
        page.title("With --explain, and in JSON, where all of it is known:");
        rows.iter().for_each(|Row { of, what, .. }| page.row(of, what));
    }
}

/// The phase that a code begins with.
fn phase_of(code: &str) -> Phase {
    let slug = code.split('.').next().unwrap_or_default();
    Phase::ALL.into_iter().find(|phase| phase.slug() == slug).unwrap_or(Phase::Run)
}

fn write_code(page: &mut Page, title: &str, phase: Phase, owner: Option<Owner>, next_step: &str, example: Example) {
    page.title(title);
    page.row("phase", &format!("{}: {}", phase.slug(), phase.about()));
    if let Some(owner) = owner {
        page.row("fix by", &format!("{}: {}, unless the evidence tells more", owner.slug(), owner.about()));
    }
    page.row("next", next_step);
    page.title(&format!("For example, when {}:", example.when));
    page.verbatim(&format!("- {}", example.check));
}

fn write_flaw(page: &mut Page, flaw: Flaw) {
    page.title(&format!("{}: {}", flaw.code(), flaw.about()));
    page.row("what", "something is wrong with the file, before anything is run");
    page.row("fix by", &format!("{}: {}", Owner::Config.slug(), Owner::Config.about()));
    page.row("how bad", how_bad(flaw));
    page.row("next", flaw.fix());
    if !flaw.example().is_empty() {
        page.title("For example:");
        page.verbatim(flaw.example());
    }
}

/// What becomes of a file that has it, as the example shows.
fn how_bad(flaw: Flaw) -> &'static str {
    let source = Source::own("", flaw.example());
    let found = load(&source, DEFAULTS, false).map_or_else(|wrong| wrong, |(_, warned)| warned);
    match found.iter().find(|one| one.flaw == flaw).map(|one| one.severity) {
        Some(Severity::Warning) => "a warning: the checks are run, and --strict refuses the file",
        Some(Severity::Note) => "a note: the checks are run, with --strict too",
        Some(Severity::Error) | None => "an error: nothing is run, and the exit status is 3",
    }
}

/// For files that are only looked at.
const DEFAULTS: Defaults = Defaults { timeout: Duration::from_secs(10) };

fn write_type(page: &mut Page, check: &Described) {
    let also = if check.aliases.is_empty() { String::new() } else { format!(" (also {})", check.aliases.join(", ")) };
    page.title(&format!("{}{also}: {}", check.kind, check.about));
    page.title("For example:");
    page.verbatim(check.example);
    page.title(&format!("Its results there: {}", results(check).join(", ")));
    page.title("Options");
    check.options.iter().for_each(|option| write_declared(page, option.key, option));
    page.title("Options of every check");
    let is_own = |common: &Declared| check.options.iter().any(|own| own.key == common.key);
    let common = common::describe();
    common.iter().filter(|option| !is_own(option)).for_each(|option| write_declared(page, option.key, option));
    page.title(REFERENCE);
}

/// The names of the results of the example.
fn results(check: &Described) -> Vec<String> {
    let source = Source::own("", check.example);
    let plan = load_without_secrets(&source, DEFAULTS, false).map(|(plan, _)| plan).unwrap_or_default();
    plan.entries.into_iter().flat_map(|entry| entry.results).map(|result| result.name).collect()
}

fn write_option(page: &mut Page, meanings: &[Meaning]) {
    let key = meanings.first().map_or("", |meaning| meaning.option.key);
    page.title(&format!("{key}: an option of checks"));
    let others = if meanings.len() > 1 { "every other check" } else { "every check" };
    for meaning in meanings {
        let types = meaning.types.as_ref().map_or_else(|| others.to_owned(), |types| types.join(", "));
        page.title(&format!("For {types}:"));
        write_declared(page, "meaning", &meaning.option);
    }
    page.title(REFERENCE);
}

/// What an option means, and which values it takes.
fn write_declared(page: &mut Page, label: &str, option: &Declared) {
    let default = match (option.required, option.default) {
        (true, _) if option.by_url => "; required without `url`".to_owned(),
        (true, _) => "; required".to_owned(),
        (false, Some(default)) => format!("; default: {default}"),
        (false, None) => String::new(),
    };
    page.row(label, option.about);
    page.row("", &format!("Takes {}{default}", option.shape.words));
}
