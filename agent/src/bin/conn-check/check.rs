//! `conn-check CONFIG [PATTERN...]`: runs the checks of a YAML file.

use crate::output::{Output, Writer};
use crate::watch::Watch;
use crate::{CRITICAL, UNKNOWN, complain, say};
use conn_check::cli::Args;
use conn_check::diagnostic::{Diagnostic, Flaw};
use conn_check::event::Event;
use conn_check::host;
use conn_check::plan::{self, Defaults, Loaded, Plan};
use conn_check::report::{Progress, Reporter, Stage, View};
use conn_check::run::Family;
use conn_check::run::{self, Options, Report};
use conn_check::select::{Selection, Wanted};
use conn_check::source::Source;
use std::io;
use std::path::Path;
use std::process;
use std::sync::Arc;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Args) -> u8 {
    if !args.tls_certs_path.exists() && args.tls_certs_path != Path::new(host::CA_PATH) {
        return complain(&format!("--tls-certs-path: there is no `{}`", args.tls_certs_path.display()));
    }
    if args.record.is_some() && args.record == args.output {
        return complain("--output and --record name the same file: one of them would be lost");
    }
    let watch = match Watch::begin(args.max_timeout) {
        Ok(watch) => watch,
        Err(error) => return complain(&format!("the run could not start: {error}")),
    };
    with_plan(args, plan::load, |output, source, plan| check(args, output, source, plan, &watch))
}

/// Reads the file of checks, and does something with it when it is valid. What the options say that
/// only concern the file (`--schema`, `--validate`) is done here.
pub(crate) fn with_plan(
    args: &Args,
    load: fn(&Source, Defaults, bool) -> Loaded,
    work: impl FnOnce(&Output<'_>, &Source, Plan) -> u8,
) -> u8 {
    let output = Output::new(args);
    let Some(config) = args.config.as_deref().filter(|_| !args.schema) else {
        return output.print(&format!("{:#}\n", plan::schema::schema()));
    };
    let source = match Source::read(config) {
        Ok(source) => source,
        Err(unreadable) => return output.refuse(&unreadable.0, &[unreadable.1]),
    };
    match load(&source, Defaults { timeout: args.connect_timeout }, args.strict) {
        Err(diagnostics) => output.refuse(&source, &diagnostics),
        Ok((plan, warnings)) => {
            output.warn(&source, &warnings);
            if args.validate { output.valid(&source, plan.entries.len()) } else { work(&output, &source, plan) }
        }
    }
}

/// What the command line selects; without anything, the exit status.
pub(crate) fn selected(args: &Args, output: &Output<'_>, source: &Source, plan: &Plan) -> Result<Selection, u8> {
    let wanted = Wanted {
        patterns: args.patterns.clone(),
        include_tags: trimmed(&args.include_tags),
        exclude_tags: trimmed(&args.exclude_tags),
    };
    let selection = Selection::of(plan, &wanted);
    if selection.is_empty() {
        return Err(output.refuse(source, &[nothing_selected(plan)]));
    }
    for tag in wanted.include_tags.iter().filter(|tag| plan.entries.iter().all(|entry| !entry.tags.contains(*tag))) {
        say(&format!("note: no check has the tag `{}`", tag.escape_debug()));
    }
    Ok(selection)
}

fn check(args: &Args, output: &Output<'_>, source: &Source, plan: Plan, watch: &Watch) -> u8 {
    let selection = match selected(args, output, source, &plan) {
        Ok(selection) => selection,
        Err(status) => return status,
    };
    let plan = Arc::new(plan);
    let stage = Stage { config: &source.name, plan: &plan, selection: &selection };
    let mut listener = Listener {
        stage,
        reporter: output.reporter(),
        writer: output.writer(),
        progress: output.progress(selection.entries().count()),
    };
    let report = match run_or_rehearse(args, &plan, watch, &mut listener) {
        Ok(report) => report,
        Err(error) => return complain(&format!("the run could not start: {error}")),
    };
    let Listener { mut reporter, mut writer, progress, .. } = listener;
    let view = View::of(stage, &report);
    let verdict = if args.dry_run { 0 } else { view.overall().exit_status() };
    // Until it is written, a good result is not known.
    watch.ends_with(status_unwritten(verdict));
    progress.iter().for_each(|progress| drop(progress.clear(&mut io::stderr())));
    let _ = reporter.finish(&view, &mut writer);
    let printed = writer.keep();
    // What was not run must not take the place of a result.
    let saved = if args.dry_run { Ok(()) } else { output.save(&view) };
    let failures = [printed, saved].into_iter().filter_map(Result::err);
    let status = failures.fold(verdict, |_, unwritten| {
        complain(&unwritten.to_string());
        status_unwritten(verdict)
    });
    // All is written. Giving back the memory of thousands of checks piece by piece only takes time.
    process::exit(i32::from(status))
}

/// Who hears of a run as it goes on. A reader that went away, or a terminal, must not end the checks.
struct Listener<'a> {
    stage: Stage<'a>,
    reporter: Box<dyn Reporter>,
    writer: Writer<'a>,
    progress: Option<Progress>,
}

impl Listener<'_> {
    /// Whether anybody hears events.
    fn listens(&self) -> bool {
        self.reporter.listens() || self.progress.is_some()
    }

    fn event(&mut self, event: &Event) {
        let _ = self.reporter.event(event, self.stage, &mut self.writer);
        self.progress.iter_mut().for_each(|progress| drop(progress.event(event, self.stage, &mut io::stderr())));
    }
}

/// Runs the checks, or what `--dry-run` does in their place.
fn run_or_rehearse(args: &Args, plan: &Arc<Plan>, watch: &Watch, listener: &mut Listener<'_>) -> io::Result<Report> {
    let _ = listener.reporter.begin(listener.stage, &mut listener.writer);
    if !args.dry_run {
        return perform(args, plan, watch, listener);
    }
    let report = run::rehearse(plan, listener.stage.selection);
    if listener.reporter.listens() {
        report.outcomes.iter().for_each(|outcome| listener.event(&Event::Finished(Box::new(outcome.clone()))));
    }
    Ok(report)
}

/// The exit status when a result cannot be written where it should be: what failed still did.
const fn status_unwritten(verdict: u8) -> u8 {
    if verdict == CRITICAL { CRITICAL } else { UNKNOWN }
}

/// People write blanks behind the commas of a list.
fn trimmed(tags: &[String]) -> Vec<String> {
    tags.iter().map(|tag| tag.trim().to_owned()).collect()
}

/// Runs the checks in this thread.
fn perform(args: &Args, plan: &Arc<Plan>, watch: &Watch, listener: &mut Listener<'_>) -> io::Result<Report> {
    let options = options(args);
    let runtime = options.runtime()?;
    watch.ends_with(UNKNOWN);
    let (selection, listens) = (listener.stage.selection, listener.listens());
    let mut hear = |event: &Event| listener.event(event);
    let hear = listens.then_some(&mut hear as &mut dyn FnMut(&Event));
    let report = runtime.block_on(run::run(plan, selection, &options, watch.stopped(), hear));
    // A look-up that hangs in the system's resolver must not hold up the end.
    runtime.shutdown_background();
    Ok(report)
}

/// What suits this host, unless the command line says otherwise.
fn options(args: &Args) -> Options {
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
        ..host
    }
}

fn nothing_selected(plan: &Plan) -> Diagnostic {
    if plan.entries.is_empty() {
        return Diagnostic::file(Flaw::NothingSelected, "the list of checks is empty: there is nothing to check");
    }
    let names: Vec<_> =
        plan.entries.iter().flat_map(|entry| &entry.results).map(|result| result.name.as_str()).take(5).collect();
    let mut tags: Vec<_> = plan.entries.iter().flat_map(|entry| &entry.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    let tags = if tags.is_empty() { "no check has a tag".to_owned() } else { format!("tags: {}", tags.join(", ")) };
    Diagnostic::file(Flaw::NothingSelected, "no check is left: the tags or patterns of the command line select nothing")
        .help(format!("results are named like {}; {tags}", names.join(", ")))
}
