//! Where the output goes, and in which form.

use crate::outlet::{self, Outlet};
use crate::{UNKNOWN, complain, say};
use conn_check::cli::{Also, Args, When};
use conn_check::diagnostic::{self, Diagnostic};
use conn_check::file::{self, Kind};
use conn_check::plan::{self, Plan};
use conn_check::report::{self, Format, Overall, Progress, Refusal, Refused, Reporter, Shown, Style, View};
use conn_check::source::Source;
use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The options that name files of results.
const OUTPUT: &str = "--output";
const RECORD: &str = "--record";
const ALSO: &str = "--also";

/// A report on its way: who writes it, and where to.
pub(crate) struct Report<'a> {
    pub(crate) reporter: Box<dyn Reporter>,
    pub(crate) writer: Writer<'a>,
}

/// A file, and the option that names it.
pub(crate) type Place<'a> = (&'static str, &'a Path);

/// The output of one run.
pub(crate) struct Output<'a> {
    args: &'a Args,
    outlet: Option<&'a Outlet>,
    format: &'static Format,
    style: Style,
}

impl<'a> Output<'a> {
    pub(crate) fn new(args: &'a Args, outlet: Option<&'a Outlet>) -> Self {
        let color = wants_color(args.color, args.output.is_none() && io::stdout().is_terminal());
        Self { args, outlet, format: format_of(args), style: style_of(args, color) }
    }

    /// The report that is asked for, and those of `--also`.
    pub(crate) fn reports(&self) -> impl Iterator<Item = Report<'a>> {
        let file = self.args.output.as_deref().map(|path| (OUTPUT, path));
        let main = Report { reporter: (self.format.reporter)(self.style), writer: Writer::through(self.outlet, file) };
        let style = Style { color: wants_color(self.args.color, false), ..self.style };
        let also = self.args.also.iter().map(move |Also { format, file }| Report {
            reporter: (format.reporter)(style),
            writer: Writer::through(self.outlet, Some((ALSO, file))),
        });
        std::iter::once(main).chain(also)
    }

    /// What tells a person at a terminal how far the run of so many checks is.
    pub(crate) fn progress(&self, plan: &Plan, checks: usize) -> Option<Progress> {
        let is_watched = self.format.name == report::HUMAN.name && io::stderr().is_terminal() && moves_cursor();
        (is_watched && !self.args.dry_run).then(|| Progress::new(plan, checks))
    }

    /// Whether a person reads along, on standard error, what changes while it is waited: not where a program reads, nor
    /// who wants to hear of what is not well alone.
    pub(crate) fn tells_changes(&self) -> bool {
        let is_for_people = [report::HUMAN.name, report::PLAIN.name].contains(&self.format.name);
        is_for_people && self.style.shown == Shown::All
    }

    /// The exit status of a run: that of the judgement over it, but for the format that knows only good and bad.
    pub(crate) fn exit_status(&self, view: &View<'_>) -> u8 {
        let overall = view.overall();
        match (self.format.name == report::HEALTH.name, overall) {
            (true, Overall::Pass | Overall::Warn | Overall::Fail) => u8::from(!report::is_well(view)),
            _ => overall.exit_status(),
        }
    }

    /// Prints a text; the exit status.
    pub(crate) fn print(&self, text: &str) -> u8 {
        print(self.args.output.as_deref(), text)
    }

    /// The file is valid; the exit status.
    pub(crate) fn valid(&self, name: &str, checks: usize) -> u8 {
        let written = self.reports().map(|Report { reporter, mut writer }| {
            // What a pipe does not take is reported by the end of the writer.
            let _ = reporter.valid(name, checks, &mut writer);
            writer.keep()
        });
        written.filter_map(Result::err).fold(0, |_, unwritten| complain(&unwritten.to_string()))
    }

    /// What is wrong with a file that is used in spite of it.
    pub(crate) fn warn(&self, source: &Source, warnings: &[Diagnostic]) {
        explain(source, &[], warnings, self.args.color);
    }

    /// What is wrong with a file that cannot be used; the exit status. Machines read it where
    /// they read results; what says nothing of it there leaves the old result alone.
    pub(crate) fn refuse(&self, files: &[Refused]) -> u8 {
        let refusal = Refusal { files };
        let mut written = Vec::new();
        for (number, Report { reporter, writer }) in self.reports().enumerate() {
            if number == 0 && !reporter.explains_refusals() {
                self.explain_refusal(files);
            }
            // Writing to a vector cannot fail.
            let mut text = Vec::new();
            let _ = reporter.refused(&refusal, &mut text);
            if !text.is_empty() {
                written.push(writer.put(&text));
            }
        }
        // What was not meant to be run takes the place of no result.
        let is_run = !self.args.validate && !self.args.dry_run;
        if is_run {
            self.journal(|| report::journal::write_refusal(&refusal));
            written.push(self.record(|json, out| json.refused(&refusal, out)));
        }
        for unwritten in written.into_iter().filter_map(Result::err) {
            complain(&unwritten.to_string());
        }
        UNKNOWN
    }

    /// The same for people, and how much of it there is.
    fn explain_refusal(&self, files: &[Refused]) {
        files.iter().for_each(|file| explain(&file.source, &[], &file.diagnostics, self.args.color));
        let all = files.iter().flat_map(|file| &file.diagnostics);
        let nothing = if self.args.validate { "" } else { "; nothing was run" };
        let _ = writeln!(io::stderr());
        say(&format!("{}{nothing}", diagnostic::counted(all)));
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
        let (mut json, place) = (Vec::new(), place((RECORD, path)));
        write(&mut *(report::JSON.reporter)(self.style), &mut json).map_err(|error| at(&place, &error))?;
        match self.outlet {
            Some(outlet) => outlet.put((RECORD, path), &json),
            None => replace(&place, path, &json, Kind::Record),
        }
    }
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
    outlet: Option<&'a Outlet>,
    /// The first error. Who writes a report goes on without a part of it, and here it is told.
    unwritten: Option<io::Error>,
}

enum To<'a> {
    Stdout(BufWriter<Stdout>),
    File(Place<'a>, Vec<u8>),
}

impl<'a> Writer<'a> {
    /// To standard output, or to a file.
    pub(crate) fn to(file: Option<Place<'a>>) -> Self {
        Self::through(None, file)
    }

    /// As [`Writer::to`], where another process writes the file.
    fn through(outlet: Option<&'a Outlet>, file: Option<Place<'a>>) -> Self {
        let stdout = || To::Stdout(BufWriter::new(io::stdout()));
        Self { to: file.map_or_else(stdout, |file| To::File(file, Vec::new())), outlet, unwritten: None }
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
            To::File(file, content) => match self.outlet {
                Some(outlet) => outlet.put(file, &content),
                None => replace(&place(file), file.1, &content, Kind::Output),
            },
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

/// The files of results.
pub(crate) fn places(args: &Args) -> Vec<Place<'_>> {
    let output = args.output.iter().map(|path| (OUTPUT, path.as_path()));
    let record = args.record.iter().map(|path| (RECORD, path.as_path()));
    output.chain(record).chain(args.also.iter().map(|one| (ALSO, one.file.as_path()))).collect()
}

pub(crate) fn kind((option, _): Place<'_>) -> Kind {
    if option == RECORD { Kind::Record } else { Kind::Output }
}

pub(crate) fn place((option, path): Place<'_>) -> String {
    format!("{option} {}", path.display())
}

/// Looks at the files that results go to before anything is checked.
///
/// # Errors
/// One of them cannot be written, or would take the place of another.
pub(crate) fn inspect(args: &Args) -> Result<(), String> {
    let places = places(args);
    for (number, one) in places.iter().enumerate() {
        if let Some(other) = places[..number].iter().find(|other| identity(other.1) == identity(one.1)) {
            let (first, second) = (other.0, one.0);
            let both = if first == second { format!("two of {first}") } else { format!("{first} and {second}") };
            return Err(format!("{both} name the same file: one of them would be lost"));
        }
    }
    for (option, path) in &places {
        if path.as_os_str() == "-" {
            return Err(format!("{option} wants a file: what goes to standard output is said by --format alone"));
        }
        if args.output.is_none() && is_standard_output(path) {
            return Err(format!("{option} names the file that standard output goes to: one of them would be lost"));
        }
    }
    // Who learns only after the run that it could not be written has waited in vain.
    let is_run = !args.validate && !args.dry_run && !args.schema;
    places.into_iter().filter(|(option, _)| is_run || *option != RECORD).try_for_each(|one| {
        let tried = match args.as_service {
            Some(_) => outlet::as_owner(one.1, || file::try_replace(one.1, kind(one))),
            None => file::try_replace(one.1, kind(one)),
        };
        tried.map_err(|error| at(&place(one), &error).to_string())
    })
}

/// Whether all there is to know is written for programs: the object of a run, which others may hold against another one.
pub(crate) fn is_for_programs(args: &Args) -> bool {
    let is_json = |format: &Format| [report::JSON.name, report::JSONL.name].contains(&format.name);
    args.record.is_some() || is_json(format_of(args)) || args.also.iter().any(|one| is_json(one.format))
}

/// Whether all that is written goes to standard output.
pub(crate) fn is_stdout_alone(args: &Args) -> bool {
    args.output.is_none() && args.record.is_none() && args.also.is_empty()
}

/// Whether a path leads to the file that standard output was redirected to.
fn is_standard_output(path: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|it| (it.dev(), it.ino()));
    file(path).is_some_and(|one| file(Path::new("/proc/self/fd/1")) == Some(one))
}

/// What tells a file from others, whether or not it is there.
fn identity(path: &Path) -> PathBuf {
    let in_directory = || {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(directory).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(in_directory).unwrap_or_else(|| path.to_owned())
}

/// Prints a text, or puts it into a file; the exit status.
pub(crate) fn print(file: Option<&Path>, text: &str) -> u8 {
    Writer::to(file.map(|path| (OUTPUT, path)))
        .put(text.as_bytes())
        .map_or_else(|unwritten| complain(&unwritten.to_string()), |()| 0)
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
