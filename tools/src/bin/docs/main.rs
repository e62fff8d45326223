//! Writes the generated part of `docs/`: the man pages, the completions, the option tables, the
//! schema and the failure codes, all from the declarations that the programs themselves go by.
//!
//! With `--check` it writes nothing, and fails when a file is not what it would write.
#![expect(clippy::print_stdout, reason = "a program for people")]

mod causes;
mod codes;
mod completions;
mod manual;
mod remediation;
mod roff;
mod rules;

use conn_check::cli;
use conn_check::plan::schema;
use conn_check::report;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a person types to bring the files up to date.
const COMMAND: &str = "cargo xtask docs";

/// The schema of the reports: written by hand, but for its lists.
const REPORTS: &str = "../agent/schema/report.schema.json";

/// The alerts, and what the charm sends of them.
const ALERTS: &str = "prometheus/conn-check.rules.yml";
const ALERTS_OF_THE_CHARM: &str = "../charm/src/metrics/rules.json";

/// A file below `docs/` and what it has to hold.
struct Page {
    name: String,
    content: Vec<u8>,
}

impl Page {
    fn of(name: String, text: String) -> Self {
        Self { name, content: text.into_bytes() }
    }

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
        program.build();
        let name = program.get_name();
        pages.push(Page::of(format!("{name}.1"), manual::page(&program, name)));
        for part in program.get_subcommands().filter(|part| part.get_name() != "help") {
            let name = part.get_display_name().unwrap_or_default();
            pages.push(Page::of(format!("{name}.1"), manual::page(part, name)));
        }
        let completion = completions::Program::of(&program);
        pages.push(Page::of(format!("completions/{name}.bash"), completion.bash()));
        pages.push(Page::of(format!("completions/_{name}"), completion.zsh()));
        pages.push(Page::of(format!("completions/{name}.fish"), completion.fish()));
    }
    pages.push(Page::of("conn-check.yaml.5".to_owned(), manual::file_format()));
    let tables = [
        ("checks.md", schema::option_tables()),
        ("checks.schema.json", schema),
        ("causes.md", causes::causes()),
        ("failure-codes.md", codes::failure_codes()),
        ("remediation.md", remediation::page()),
    ];
    pages.extend(tables.map(|(name, text)| Page::of(name.to_owned(), text)));
    let reports = fs::read_to_string(tools::root().join("docs").join(REPORTS))?;
    pages.push(Page::of(REPORTS.to_owned(), report::schema::with_lists(&reports)?));
    let alerts = fs::read_to_string(tools::root().join("docs").join(ALERTS))?;
    pages.push(Page::of(ALERTS_OF_THE_CHARM.to_owned(), rules::for_a_charm(&alerts).map_err(io::Error::other)?));
    Ok(pages)
}
