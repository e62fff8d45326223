//! Writes the generated part of `docs/`: the man pages, the completions, the option tables, the
//! schema and the failure codes, all from the declarations that the programs themselves go by.
//!
//! With `--check` it writes nothing, and fails when a file is not what it would write.
#![expect(clippy::print_stdout, reason = "a program for people")]

use clap::Command;
use clap_complete::Shell;
use conn_check::catalogue::{self, Example, Note, Owner, WarningKind};
use conn_check::cli;
use conn_check::diagnostic::Flaw;
use conn_check::phase::Phase;
use conn_check::plan::schema;
use conn_check::report;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a person types to bring the files up to date.
const COMMAND: &str = "cargo xtask docs";

const FAILURE_CODES: &str = "\
# Failure codes

Generated from the catalogue in the code by `cargo xtask docs`.

Every failure has a stable code, `PHASE.KIND`; codes are never renamed. *Fix by* and *next step* are what
conn-check says when the evidence tells nothing finer. `conn-check explain CODE` says the same where there is no
browser.

*Fix by* names whoever can change something: ";

/// The schema of the reports: written by hand, but for its lists.
const REPORTS: &str = "../agent/schema/report.schema.json";

/// A file below `docs/` and what it has to hold.
struct Page {
    name: String,
    content: Vec<u8>,
}

impl Page {
    fn path(&self) -> PathBuf {
        tools::root().join("docs").join(&self.name)
    }

    fn is_current(&self) -> bool {
        fs::read(self.path()).is_ok_and(|found| found == self.content)
    }

    fn write(&self) -> io::Result<()> {
        let path = self.path();
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, &self.content)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = pages().and_then(|pages| match arguments[..] {
        [] => write(&pages),
        ["--check"] => Ok(check(&pages)),
        _ => Err(io::Error::other(format!("usage: {COMMAND} [--check]"))),
    });
    done.unwrap_or_else(|error| {
        println!("docs: {error}");
        ExitCode::FAILURE
    })
}

/// Writes what is not current.
fn write(pages: &[Page]) -> io::Result<ExitCode> {
    for page in pages {
        if page.is_current() {
            println!("current  docs/{}", page.name);
        } else {
            page.write()?;
            println!("written  docs/{}", page.name);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Names what is not current.
fn check(pages: &[Page]) -> ExitCode {
    let stale: Vec<_> = pages.iter().filter(|page| !page.is_current()).map(|page| page.name.as_str()).collect();
    if stale.is_empty() {
        println!("docs/: all {} generated files are current", pages.len());
        return ExitCode::SUCCESS;
    }
    println!("not what the code says any more: docs/{}\nrun: {COMMAND}", stale.join(", docs/"));
    ExitCode::FAILURE
}

fn pages() -> io::Result<Vec<Page>> {
    let schema = format!("{:#}\n", schema::schema());
    let mut pages = Vec::new();
    for mut program in cli::programs() {
        pages.extend(pages_of(&program)?);
        program.build();
        for part in program.get_subcommands().filter(|part| part.get_name() != "help") {
            let (name, part) = (part.get_display_name().unwrap_or_default().to_owned(), part.clone());
            pages.push(Page { name: format!("{name}.1"), content: manual(part.name(name))? });
        }
    }
    let tables =
        [("checks.md", schema::option_tables()), ("checks.schema.json", schema), ("failure-codes.md", failure_codes())];
    pages.extend(tables.map(|(name, text)| Page { name: name.to_owned(), content: text.into_bytes() }));
    let reports = fs::read_to_string(tools::root().join("docs").join(REPORTS))?;
    pages.push(Page { name: REPORTS.to_owned(), content: report::schema::with_lists(&reports)?.into_bytes() });
    Ok(pages)
}

/// What a program has of its own.
fn pages_of(program: &Command) -> io::Result<Vec<Page>> {
    let name = program.get_name();
    let completion = |name: String, shell| Page { name, content: completion(program, shell) };
    Ok(vec![
        Page { name: format!("{name}.1"), content: manual(program.clone())? },
        completion(format!("completions/{name}.bash"), Shell::Bash),
        completion(format!("completions/_{name}"), Shell::Zsh),
        completion(format!("completions/{name}.fish"), Shell::Fish),
    ])
}

/// The man page; what stands below the help has a section for each of its paragraphs.
fn manual(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    clap_mangen::Man::new(command.after_help(None)).render(&mut page)?;
    page.extend(below.split("\n\n").flat_map(|paragraph| section(paragraph).into_bytes()));
    Ok(page)
}

/// `Title: text`, or `Title:` and lines that stay as they are, in the language of man pages.
fn section(paragraph: &str) -> String {
    let (title, text) = paragraph.split_once(':').unwrap_or(("Notes", paragraph));
    let (title, text) = (title.to_uppercase(), text.replace('\\', "\\e").replace('-', "\\-"));
    match text.strip_prefix('\n') {
        Some(lines) => format!(".SH {title}\n.nf\n{lines}\n.fi\n"),
        None => format!(".SH {title}\n{}\n", text.trim_start()),
    }
}

fn completion(program: &Command, shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program.clone(), program.get_name(), &mut script);
    script
}

fn failure_codes() -> String {
    let owners: Vec<_> = Owner::ALL.map(|owner| format!("`{}` ({})", owner.slug(), owner.about())).into();
    let mut text = format!("{FAILURE_CODES}{}.\n", owners.join(", "));
    for phase in Phase::ALL {
        let rows = catalogue::ALL
            .iter()
            .filter(|code| code.phase == phase)
            .map(|code| [code.name, code.what, code.owner.slug(), code.next_step, &example(code.example)].map(cell));
        push_table(&mut text, &format!("`{}`: {}", phase.slug(), phase.about()), CODES, rows);
    }
    let rows = WarningKind::ALL.iter().map(|kind| {
        [kind.code(), kind.what(), kind.owner().slug(), kind.next_step(), &example(kind.example())].map(cell)
    });
    push_table(&mut text, "Warnings: it works, and somebody should look at it", CODES, rows);
    let rows = Note::ALL.into_iter().map(|note| {
        let fact = format!("`{}`", note.fact());
        [note.slug(), note.what(), &fact, note.next_step(), &example(note.example())].map(cell)
    });
    let columns = ["code", "what is done without", "the fact that is false", "next step", "for example"];
    push_table(&mut text, "Notes: it passes, and everybody should see what is done without", columns, rows);
    let rows = Flaw::ALL.iter().map(|flaw| {
        let lines: Vec<_> = flaw.example().lines().map(|line| format!("`{line}`")).collect();
        [flaw.code(), flaw.about(), flaw.fix(), &lines.join("<br>")].map(cell)
    });
    let columns = ["code", "what is wrong", "next step", "for example"];
    push_table(&mut text, "Diagnostics: what is wrong with a file, before anything is run", columns, rows);
    text
}

/// The columns of failures and warnings.
const CODES: [&str; 5] = ["code", "what happened", "fix by", "next step", "for example"];

fn example(Example { when, check }: Example) -> String {
    format!("{when}: `{check}`")
}

/// A table whose first column holds codes.
fn push_table<const N: usize>(
    text: &mut String,
    title: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let _ = write!(text, "\n## {title}\n\n| {} |\n|{}\n", columns.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| `{}` | {} |", row[0], row[1..].join(" | "));
    }
}

/// A text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
