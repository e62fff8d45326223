//! `conn-check CONFIG [PATTERN...]`: runs the checks of a YAML file.

use crate::as_service;
use crate::files::{self, Read, Words};
use crate::guise::Guise;
use crate::outlet::Outlet;
use crate::output::{self, Output, Report};
use crate::part;
use crate::remember::{self, Remembering};
use crate::rounds::{self, Rounds};
use crate::ticker::Ticker;
use crate::watch::Watch;
use crate::{CRITICAL, UNKNOWN, complain, refuse, say};
use conn_check::cli::Args;
use conn_check::event::Event;
use conn_check::host;
use conn_check::identity::leave_descriptors;
use conn_check::memory::Recall;
use conn_check::plan::{self, Defaults, Loaded, Plan};
use conn_check::report::{Stage, View};
use conn_check::run::Family;
use conn_check::run::{self, Options};
use conn_check::select::{Selection, Wanted, selects};
use conn_check::source::{self, Source};
use std::io;
use std::path::Path;
use std::process;
use std::sync::{Arc, Mutex};

/// Runs the program; the exit status.
pub(crate) fn program(args: &Args) -> u8 {
    match (args.part, &args.as_service) {
        (Some(part), _) => return part::program(args, part),
        (None, Some(_)) => return as_service::program(args),
        (None, None) => {}
    }
    if let Some(why) = lack_of_certs(&args.tls_certs_path) {
        return refuse(&why);
    }
    if let Err(wrong) = output::inspect(args) {
        return refuse(&wrong);
    }
    let watch = match Watch::begin(args.max_timeout, output::is_stdout_alone(args)) {
        Ok(watch) => watch,
        Err(error) => return refuse(&format!("the run could not start: {error}")),
    };
    let load = if args.validate { plan::load } else { plan::load_to_run };
    with_plan(args, None, load, |output, task| check(args, output, task, &watch, None))
}

/// Why the CAs that somebody names cannot be there. Where the look itself fails, they may well be.
fn lack_of_certs(path: &Path) -> Option<String> {
    let shown = path.display();
    match path.try_exists() {
        _ if path == Path::new(host::CA_PATH) => None,
        Ok(true) => None,
        Ok(false) => Some(format!("--tls-certs-path: there is no `{shown}`")),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Some(format!("--tls-certs-path: there is no `{shown}`"))
        }
        Err(error) => {
            let help = source::help_for(error.kind());
            Some(format!("--tls-certs-path: `{shown}` cannot be looked at: {error}; {help}"))
        }
    }
}

/// What is to be run: the checks, and what was asked for of them.
pub(crate) struct Task {
    /// The names of the files.
    pub(crate) config: String,
    pub(crate) plan: Plan,
    pub(crate) selection: Selection,
}

/// Reads the files of checks, and does something with them when they are valid. What the options say that
/// only concern the files (`--schema`, `--validate`) is done here. Files of results go through the outlet, if there is one.
pub(crate) fn with_plan(
    args: &Args,
    outlet: Option<&Outlet>,
    load: fn(&Source, Defaults, bool) -> Loaded,
    work: impl FnOnce(&Output<'_>, Task) -> u8,
) -> u8 {
    let output = Output::new(args, outlet);
    if args.schema {
        return output.print(&format!("{:#}\n", plan::schema::schema()));
    }
    let words = match Words::of(args) {
        Ok(words) => words,
        Err(wrong) => return refuse(&wrong),
    };
    let input = args.standard_input.as_deref();
    let Read { name, plan, warnings } =
        match files::read(&words.files, input, load, Defaults { timeout: args.connect_timeout }, args.strict) {
            Ok(read) => read,
            Err(refused) => return output.refuse(&refused),
        };
    warnings.iter().for_each(|(source, warnings)| output.warn(source, warnings));
    if args.validate {
        return output.valid(&name, plan.entries.len());
    }
    let wanted = Wanted {
        patterns: words.patterns,
        include_tags: trimmed(&args.include_tags),
        exclude_tags: trimmed(&args.exclude_tags),
    };
    let selection = Selection::of(&plan, &wanted);
    if selection.is_empty() {
        return output.refuse(&files::of_all(&name, wanted.nothing_selected(&plan)));
    }
    note_unmatched(&plan, &wanted);
    work(&output, Task { config: name, plan, selection })
}

/// Says which words of the command line select nothing, though others do.
fn note_unmatched(plan: &Plan, wanted: &Wanted) {
    for tag in wanted.include_tags.iter().filter(|tag| plan.entries.iter().all(|entry| !entry.tags.contains(*tag))) {
        say(&format!("note: no check has the tag `{}`", tag.escape_debug()));
    }
    for pattern in wanted.patterns.iter().filter(|pattern| plan.entries.iter().all(|entry| !selects(pattern, entry))) {
        say(&format!("note: nothing is called `{}`", pattern.escape_debug()));
    }
}

/// Makes the checks, maybe as a service, and writes what came of them; does not return.
pub(crate) fn check(args: &Args, output: &Output<'_>, task: Task, watch: &Watch, guise: Option<&Guise>) -> u8 {
    let Task { config, plan, selection } = task;
    let plan = Arc::new(plan);
    let remembering = remembering(args);
    let stage = Stage { warnings: args.warnings_as_errors.into(), config: &config, plan: &plan, selection: &selection };
    let mut listener = Listener {
        stage,
        reports: output.reports().collect(),
        ticker: output.progress(&plan, selection.first().count()).map(Ticker::begin),
    };
    let recall = remembering.as_ref().map(|remembering| {
        let plan = Arc::clone(&plan);
        remember::recall_later(remembering, move || remember::names(&plan))
    });
    let report = match run_or_rehearse(args, output, &plan, watch, &mut listener, guise, recall.clone()) {
        Ok(report) => report,
        Err(error) => return refuse(&format!("the run could not start: {error}")),
    };
    let Listener { reports, ticker, .. } = listener;
    let view = View::of(stage, &report);
    let verdict = if args.dry_run { 0 } else { output.exit_status(&view) };
    // Until it is written, a good result is not known.
    watch.ends_with(status_unwritten(verdict));
    drop(ticker);
    let finish = |Report { mut reporter, mut writer }: Report<'_>| {
        // What a pipe does not take is reported by the end of the writer.
        let _ = reporter.finish(&view, &mut writer);
        writer.keep()
    };
    let written: Vec<_> = reports.into_iter().map(finish).collect();
    // What was not run must not take the place of a result.
    let saved = if args.dry_run { Ok(()) } else { output.save(&view) };
    let failures = written.into_iter().chain([saved]).filter_map(Result::err);
    let status = failures.fold(verdict, |_, unwritten| {
        complain(&unwritten.to_string());
        status_unwritten(verdict)
    });
    // What is remembered decides nothing any more, whatever becomes of it.
    watch.ends_with(status);
    if let (Some(remembering), Some(recall)) = (&remembering, &recall) {
        watch.allow_to_remember();
        remember::keep(remembering, recall, report.interrupted);
    }
    // All is written. Giving back the memory of thousands of checks piece by piece only takes time.
    process::exit(i32::from(status))
}

/// What is remembered of checks that are made. A service (`--as`) has the run before it beside it, and may see another network.
fn remembering(args: &Args) -> Option<Arc<Mutex<Remembering>>> {
    let is_run = !args.dry_run && args.as_service.is_none();
    let begun = is_run.then(|| Remembering::begin(args.remember.as_deref())).filter(Remembering::lasts);
    begun.map(|remembering| Arc::new(Mutex::new(remembering)))
}

/// Who hears of a run as it goes on. A reader that went away, or a terminal, must not end the checks.
pub(crate) struct Listener<'a> {
    pub(crate) stage: Stage<'a>,
    reports: Vec<Report<'a>>,
    pub(crate) ticker: Option<Ticker>,
}

impl Listener<'_> {
    /// Whether anybody hears events.
    fn listens(&self) -> bool {
        self.is_reported() || self.ticker.is_some()
    }

    /// Whether a report does.
    fn is_reported(&self) -> bool {
        self.reports.iter().any(|report| report.reporter.listens())
    }

    fn event(&mut self, event: &Event) {
        self.tick(event);
        self.report(event);
    }

    /// Moves the ticker's line on.
    pub(crate) fn tick(&self, event: &Event) {
        if let Some(ticker) = &self.ticker {
            ticker.event(event);
        }
    }

    /// Tells the reports.
    pub(crate) fn report(&mut self, event: &Event) {
        let Self { stage, reports, ticker } = self;
        // The first report goes to the terminal, as the ticker's line does.
        let streams = reports.first().is_some_and(|report| report.reporter.listens());
        let mut report = || {
            for Report { reporter, writer } in reports.iter_mut().filter(|report| report.reporter.listens()) {
                let _ = reporter.event(event, *stage, writer);
            }
        };
        match ticker {
            Some(ticker) if streams && matches!(event, Event::Finished(_)) => ticker.without_line(report),
            _ => report(),
        }
    }

    /// Writes something else to the terminal than the ticker's line.
    pub(crate) fn without_line(&self, write: impl FnOnce()) {
        match &self.ticker {
            Some(ticker) => ticker.without_line(write),
            None => write(),
        }
    }
}

/// Runs the checks, or what `--dry-run` does in their place.
fn run_or_rehearse(
    args: &Args,
    output: &Output<'_>,
    plan: &Arc<Plan>,
    watch: &Watch,
    listener: &mut Listener<'_>,
    guise: Option<&Guise>,
    recall: Option<Arc<Recall>>,
) -> io::Result<run::Report> {
    for Report { reporter, writer } in &mut listener.reports {
        let _ = reporter.begin(listener.stage, writer);
    }
    if !args.dry_run {
        if let Some(wish) = rounds::wish(args) {
            return Rounds { args, output, plan, watch, recall }.until_well(wish, listener);
        }
        let (selection, listens) = (listener.stage.selection, listener.listens());
        let mut hear = |event: &Event| listener.event(event);
        let hear = listens.then_some(&mut hear as &mut dyn FnMut(&Event));
        return perform(args, plan, selection, watch, hear, guise, recall);
    }
    let report = run::rehearse(plan, listener.stage.selection);
    if listener.is_reported() {
        report.outcomes.iter().for_each(|outcome| listener.event(&Event::Finished(Box::new(outcome.clone()))));
    }
    Ok(report)
}

/// The exit status when a result cannot be written where it should be: what failed still did.
pub(crate) const fn status_unwritten(verdict: u8) -> u8 {
    if verdict == CRITICAL { CRITICAL } else { UNKNOWN }
}

/// People write blanks behind the commas of a list.
fn trimmed(tags: &[String]) -> Vec<String> {
    tags.iter().map(|tag| tag.trim().to_owned()).collect()
}

/// Makes the checks of a task, of which nobody is told before the end.
pub(crate) fn perform_unheard(args: &Args, task: &Task, plan: &Arc<Plan>, watch: &Watch) -> io::Result<run::Report> {
    perform(args, plan, &task.selection, watch, None, None, None)
}

/// Runs the checks in this thread.
///
/// # Errors
/// The system has no descriptor or thread left.
pub(crate) fn perform(
    args: &Args,
    plan: &Arc<Plan>,
    selection: &Selection,
    watch: &Watch,
    hear: Option<&mut dyn FnMut(&Event)>,
    guise: Option<&Guise>,
    recall: Option<Arc<Recall>>,
) -> io::Result<run::Report> {
    let mut options = options(args);
    options.surroundings |= recall.is_some();
    options.recall = recall;
    if let Some(guise) = guise {
        guise.fit(&mut options);
    }
    let runtime = options.runtime()?;
    if let Some(left) = guise.and_then(Guise::descriptors_left) {
        leave_descriptors(left)?;
    }
    watch.ends_with(UNKNOWN);
    let report = runtime.block_on(run::run(plan, selection, &options, watch.stopped(), hear));
    // A look-up that hangs in the system's resolver must not hold up the end.
    runtime.shutdown_background();
    Ok(report)
}

/// What suits this host, unless the command line says otherwise.
pub(crate) fn options(args: &Args) -> Options {
    let host = Options::of_host();
    Options {
        max_timeout: args.max_timeout,
        concurrency: args.concurrency.unwrap_or(host.concurrency),
        per_host: args.per_host,
        family: match (args.ipv4, args.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ => Family::Any,
        },
        certs_path: args.tls_certs_path.clone(),
        surroundings: output::is_for_programs(args),
        all_parts: args.all_parts,
        ..host
    }
}
