//! Where the output goes, and in which form.

use crate::{UNKNOWN, complain, say};
use conn_check::cli::{Args, When};
use conn_check::diagnostic::{self, Diagnostic};
use conn_check::file::{self, Kind};
use conn_check::plan::{self, Plan};
use conn_check::report::{self, Format, Progress, Refusal, Refused, Reporter, Shown, Style, View};
use conn_check::source::Source;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::path::Path;

/// The output of one run.
pub(crate) struct Output<'a> {
    args: &'a Args,
    format: &'static Format,
    style: Style,
}

impl<'a> Output<'a> {
    pub(crate) fn new(args: &'a Args) -> Self {
        let color = wants_color(args.color, args.output.is_none() && io::stdout().is_terminal());
        Self { args, format: format_of(args), style: style_of(args, color) }
    }

    pub(crate) fn reporter(&self) -> Box<dyn Reporter> {
        (self.format.reporter)(self.style)
    }

    /// What tells a person at a terminal how far the run of so many checks is.
    pub(crate) fn progress(&self, plan: &Plan, checks: usize) -> Option<Progress> {
        let is_watched = self.format.name == report::HUMAN.name && io::stderr().is_terminal() && moves_cursor();
        (is_watched && !self.args.dry_run).then(|| Progress::new(plan, checks))
    }

    pub(crate) fn writer(&self) -> Writer<'a> {
        Writer::to(self.args.output.as_deref())
    }

    /// Prints a text; the exit status.
    pub(crate) fn print(&self, text: &str) -> u8 {
        print(self.args.output.as_deref(), text)
    }

    /// The file is valid; the exit status.
    pub(crate) fn valid(&self, name: &str, checks: usize) -> u8 {
        let mut writer = self.writer();
        // What a pipe does not take is reported by the end of the writer.
        let _ = self.reporter().valid(name, checks, &mut writer);
        writer.keep().map_or_else(|unwritten| complain(&unwritten.to_string()), |()| 0)
    }

    /// What is wrong with a file that is used in spite of it.
    pub(crate) fn warn(&self, source: &Source, warnings: &[Diagnostic]) {
        explain(source, &[], warnings, self.args.color);
    }

    /// What is wrong with a file that cannot be used; the exit status. Machines read it where
    /// they read results; what says nothing of it there leaves the old result alone.
    pub(crate) fn refuse(&self, files: &[Refused]) -> u8 {
        let refusal = Refusal { files };
        let reporter = self.reporter();
        if !reporter.explains_refusals() {
            files.iter().for_each(|file| explain(&file.source, &[], &file.diagnostics, self.args.color));
            let all = files.iter().flat_map(|file| &file.diagnostics);
            let nothing = if self.args.validate { "" } else { "; nothing was run" };
            let _ = writeln!(io::stderr());
            say(&format!("{}{nothing}", diagnostic::counted(all)));
        }
        // Writing to a vector cannot fail.
        let mut text = Vec::new();
        let _ = reporter.refused(&refusal, &mut text);
        let printed = if text.is_empty() { Ok(()) } else { self.writer().put(&text) };
        // What was not meant to be run takes the place of no result.
        let is_run = !self.args.validate && !self.args.dry_run;
        let recorded = if is_run {
            self.journal(|| report::journal::write_refusal(&refusal));
            self.record(|json, out| json.refused(&refusal, out))
        } else {
            Ok(())
        };
        for unwritten in [printed, recorded].into_iter().filter_map(Result::err) {
            complain(&unwritten.to_string());
        }
        UNKNOWN
    }

    /// Saves the result where others look for it: `--journal`, `--record`.
    pub(crate) fn save(&self, view: &View<'_>) -> io::Result<()> {
        self.journal(|| report::journal::write(view));
        self.record(|json, out| json.finish(view, out))
    }

    fn journal(&self, write: impl FnOnce() -> io::Result<()>) {
        if self.args.journal
            && let Err(error) = write()
        {
            // Everybody else hears of it all the same.
            complain(&format!("--journal: there is no journal here ({error})"));
        }
    }

    /// Keeps what a reporter of JSON writes.
    fn record(&self, write: impl FnOnce(&mut dyn Reporter, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let Some(path) = &self.args.record else { return Ok(()) };
        let (mut json, place) = (Vec::new(), place("--record", path));
        write(&mut *(report::JSON.reporter)(self.style), &mut json).map_err(|error| at(&place, &error))?;
        replace(&place, path, &json, Kind::Record)
    }
}

/// Whether what comes of the run could be written now: who learns only after it that it could not has waited in vain.
pub(crate) fn writable(args: &Args) -> io::Result<()> {
    let is_run = !args.validate && !args.dry_run && !args.schema;
    let output = args.output.as_deref().map(|path| ("--output", path, Kind::Output));
    let record = args.record.as_deref().filter(|_| is_run).map(|path| ("--record", path, Kind::Record));
    output.into_iter().chain(record).try_for_each(|(option, path, kind)| {
        file::try_replace(path, kind).map_err(|error| at(&place(option, path), &error))
    })
}

/// The error, and where it was.
fn at(place: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{place}: {error}"))
}

/// The error of standard output; that its reader went away is not one.
fn at_stdout(error: &io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(at("standard output", error)) }
}

/// Standard output, or a file that is replaced when all is written.
pub(crate) struct Writer<'a> {
    to: To<'a>,
    /// The first error. Who writes a report goes on without a part of it, and here it is told.
    unwritten: Option<io::Error>,
}

enum To<'a> {
    Stdout(BufWriter<Stdout>),
    File(&'a Path, Vec<u8>),
}

impl<'a> Writer<'a> {
    pub(crate) fn to(file: Option<&'a Path>) -> Self {
        let stdout = || To::Stdout(BufWriter::new(io::stdout()));
        Self { to: file.map_or_else(stdout, |path| To::File(path, Vec::new())), unwritten: None }
    }

    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| self.unwritten = self.unwritten.take().or_else(|| Some(again(error))))
    }

    /// All of a text, to be kept.
    pub(crate) fn put(mut self, text: &[u8]) -> io::Result<()> {
        let _kept = self.write_all(text);
        self.keep()
    }

    /// What was written is to be kept.
    pub(crate) fn keep(self) -> io::Result<()> {
        match self.to {
            To::Stdout(mut stdout) => {
                let flushed = stdout.flush();
                self.unwritten.map_or(flushed, Err).or_else(|error| at_stdout(&error))
            }
            To::File(path, content) => replace(&place("--output", path), path, &content, Kind::Output),
        }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::Stdout(stdout) => stdout.write(bytes),
            To::File(_, content) => content.write(bytes),
        };
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.to {
            To::Stdout(stdout) => stdout.flush(),
            To::File(..) => Ok(()),
        };
        self.noted(flushed)
    }
}

/// The same error of the system once more.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Puts what is written into a file, which is called by its place.
pub(crate) fn replace(place: &str, path: &Path, content: &[u8], kind: Kind) -> io::Result<()> {
    if let Some(narrowed) = file::replace(path, content, kind).map_err(|error| at(place, &error))? {
        say(&format!("{place}: {narrowed}"));
    }
    Ok(())
}

fn place(option: &str, path: &Path) -> String {
    format!("{option} {}", path.display())
}

/// Prints a text, or puts it into a file; the exit status.
pub(crate) fn print(file: Option<&Path>, text: &str) -> u8 {
    Writer::to(file).put(text.as_bytes()).map_or_else(|unwritten| complain(&unwritten.to_string()), |()| 0)
}

/// Shows what is wrong with a file to a person. `plain`: see [`plan::render_showing`].
pub(crate) fn explain(source: &Source, plain: &'static [&'static str], diagnostics: &[Diagnostic], color: When) {
    if !diagnostics.is_empty() {
        // Nobody is left to tell when even this cannot be printed.
        let text = plan::render_showing(source, plain, diagnostics, wants_color(color, io::stderr().is_terminal()));
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// Whether there are colours. `NO_COLOR` has the last word (no-color.org), what forces them the one before it
/// (bixense.com/clicolors; `FORCE_COLOR` is the same of CI systems).
fn wants_color(when: When, terminal: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_forced = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if is_set("NO_COLOR") => false,
        When::Auto => is_forced("CLICOLOR_FORCE") || is_forced("FORCE_COLOR") || (terminal && moves_cursor()),
    }
}

/// Whether the terminal knows more than letters.
fn moves_cursor() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Where nobody says how wide the screen is.
const COLUMNS: usize = 100;

/// The columns of the screen: as `COLUMNS` says, as the terminal says.
pub(crate) fn screen() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.filter(|columns| *columns > 0).or_else(asked).filter(|columns| *columns > 0)
}

/// The columns of the screen, or as many as are read with ease.
pub(crate) fn columns() -> usize {
    screen().unwrap_or(COLUMNS)
}

/// How the output is wanted, where no option says it. Only that for people has colours, and an amount.
fn format_of(args: &Args) -> &'static Format {
    if let Some(format) = args.format {
        return format;
    }
    if args.quiet || args.brief {
        return &report::HUMAN;
    }
    if std::env::var_os("NRPE_PROGRAMVERSION").is_some() {
        return &report::NAGIOS;
    }
    let is_screen = args.output.is_none() && !args.unbuffered_output && io::stdout().is_terminal();
    if is_screen || args.color == When::Always { &report::HUMAN } else { &report::PLAIN }
}

/// The flags that the reporters know.
fn style_of(args: &Args, color: bool) -> Style {
    Style {
        shown: match (args.quiet, args.brief) {
            (_, true) => Shown::Brief,
            (true, _) => Shown::Problems,
            _ => Shown::All,
        },
        columns: columns(),
        verbose: args.verbose,
        durations: args.duration,
        tracebacks: args.tracebacks,
        explain: args.explain,
        unbuffered: args.unbuffered_output,
        color,
    }
}
