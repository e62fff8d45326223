//! Where the output goes, and in which form.

use crate::{UNKNOWN, complain};
use conn_check::cli::{Args, When};
use conn_check::diagnostic::Diagnostic;
use conn_check::file;
use conn_check::plan::{self, Plan};
use conn_check::report::{self, Format, Progress, Style, View};
use conn_check::source::Source;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::path::Path;

/// New files can be read by everybody: they hold no secrets.
const MODE: u32 = 0o644;

/// The output of one run.
pub(crate) struct Output<'a> {
    args: &'a Args,
    pub(crate) format: Format,
    pub(crate) style: Style,
}

impl<'a> Output<'a> {
    pub(crate) fn new(args: &'a Args) -> Self {
        let color = wants_color(args.color, args.output.is_none() && io::stdout().is_terminal());
        Self { args, format: format_of(args), style: style_of(args, color) }
    }

    /// Whether anybody hears events.
    pub(crate) fn listens(&self) -> bool {
        report::reporter(self.format, self.style).listens() || self.shows_progress()
    }

    pub(crate) fn progress(&self, checks: usize) -> Option<Progress> {
        self.shows_progress().then(|| Progress::new(checks))
    }

    pub(crate) fn writer(&self) -> Writer<'a> {
        Writer::to(self.args.output.as_deref())
    }

    /// Prints a text; the exit status.
    pub(crate) fn print(&self, text: &str) -> u8 {
        print(self.args.output.as_deref(), text)
    }

    /// The file is valid.
    pub(crate) fn valid(&self, source: &Source, plan: &Plan) -> u8 {
        let count = plan.entries.len();
        let text = match self.format {
            Format::Json | Format::Jsonl => {
                serde_json::json!({"schema": "conn-check/1", "verdict": "pass", "diagnostics": []}).to_string()
            }
            Format::Nagios => format!("CONN-CHECK OK: {} is valid, {count} checks", source.name),
            _ => format!("{} is valid: {count} {}", source.name, if count == 1 { "check" } else { "checks" }),
        };
        self.print(&(text + "\n"))
    }

    /// What is wrong with a file that is used in spite of it.
    pub(crate) fn warn(&self, source: &Source, warnings: &[Diagnostic]) {
        explain(source, &[], warnings, self.args.color);
    }

    /// What is wrong with a file that cannot be used; the exit status. Machines read it where
    /// they read results.
    pub(crate) fn refuse(&self, source: &Source, diagnostics: &[Diagnostic]) -> u8 {
        let mut writer = self.writer();
        let _ = match self.format {
            Format::Json | Format::Jsonl => report::json_bad_file(source, diagnostics, &mut writer),
            Format::Nagios => report::nagios_bad_file(source, diagnostics, &mut writer),
            _ => {
                explain(source, &[], diagnostics, self.args.color);
                Ok(())
            }
        };
        let kept = writer.keep();
        kept.map_or_else(|error| complain(&error), |()| UNKNOWN)
    }

    /// Leaves the result where others look for it: `--journal`, `--record`.
    pub(crate) fn leave(&self, view: &View<'_>) -> Result<(), String> {
        if self.args.journal
            && let Err(error) = report::journal::write(view)
        {
            // The checks are done, and everybody else hears of them.
            complain(&format!("--journal: there is no journal here ({error})"));
        }
        self.record(view)
    }

    fn record(&self, view: &View<'_>) -> Result<(), String> {
        let Some(path) = &self.args.record else { return Ok(()) };
        let mut json = Vec::new();
        let written = report::reporter(Format::Json, self.style).finish(view, &mut json);
        let written = written.map_err(|error| format!("--record {}: {error}", path.display()));
        written.and_then(|()| replace("--record", path, &json))
    }

    fn shows_progress(&self) -> bool {
        self.format == Format::Human && io::stderr().is_terminal()
    }
}

/// Standard output, or a file that is replaced when all is written.
pub(crate) enum Writer<'a> {
    Stdout(BufWriter<Stdout>),
    File(&'a Path, Vec<u8>),
}

impl<'a> Writer<'a> {
    pub(crate) fn to(file: Option<&'a Path>) -> Self {
        file.map_or_else(|| Self::Stdout(BufWriter::new(io::stdout())), |path| Self::File(path, Vec::new()))
    }

    /// All of a text, to be kept. What is larger than the buffer is written at once, and its error with it.
    pub(crate) fn put(mut self, text: &str) -> Result<(), String> {
        match self.write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
            _ => self.keep(),
        }
    }

    /// What was written is to be kept. A reader of standard output that went away is no error.
    pub(crate) fn keep(self) -> Result<(), String> {
        match self {
            Self::Stdout(mut stdout) => match stdout.flush() {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
                _ => Ok(()),
            },
            Self::File(path, content) => replace("--output", path, &content),
        }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(_, content) => content.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(..) => Ok(()),
        }
    }
}

/// Puts what is written into the file of an option.
fn replace(option: &str, path: &Path, content: &[u8]) -> Result<(), String> {
    let say = |what: &dyn std::fmt::Display| format!("{option} {}: {what}", path.display());
    let narrowed = file::replace(path, content, MODE).map_err(|error| say(&error))?;
    if let Some(narrowed) = narrowed {
        let _ = complain(&say(&narrowed));
    }
    Ok(())
}

/// Prints a text, or puts it into a file; the exit status.
pub(crate) fn print(file: Option<&Path>, text: &str) -> u8 {
    Writer::to(file).put(text).map_or_else(|error| complain(&error), |()| 0)
}

/// Shows what is wrong with a file to a person. `plain`: see [`plan::render_showing`].
pub(crate) fn explain(source: &Source, plain: &'static [&'static str], diagnostics: &[Diagnostic], color: When) {
    if !diagnostics.is_empty() {
        // Nobody is left to tell when even this cannot be printed.
        let text = plan::render_showing(source, plain, diagnostics, wants_color(color, io::stderr().is_terminal()));
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

fn wants_color(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            terminal
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// How the output is wanted, where no option says it.
fn format_of(args: &Args) -> Format {
    if let Some(format) = args.format {
        return format;
    }
    if std::env::var_os("NRPE_PROGRAMVERSION").is_some() {
        return Format::Nagios;
    }
    if args.output.is_none() && !args.unbuffered_output && io::stdout().is_terminal() {
        Format::Human
    } else {
        Format::Plain
    }
}

/// The flags that the reporters know.
const fn style_of(args: &Args, color: bool) -> Style {
    Style {
        verbose: args.verbose,
        durations: args.duration,
        tracebacks: args.tracebacks,
        explain: args.explain,
        unbuffered: args.unbuffered_output,
        color,
    }
}
