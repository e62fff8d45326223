//! The two runs of `--as`, each in a process of its own, which the one that was called has started as root.
//!
//! The caller's part becomes the user of the checks for good, before it reads anything.
//!
//! The service's part finds the service, and reads the files of checks, what `{file: PATH}` names, and certificates, as
//! the user of the checks: the files would else be read with root's rights, or with the service's, and what they name could be
//! sent anywhere. Then it takes the service's place, for good, and runs. It stays root meanwhile where that counts: the
//! real and the saved user are, so that no process of the user of the checks can touch it, and it can go on to the service.
//! It has one thread until it is in its place.

use crate::check::{Task, check, perform_unheard, with_plan};
use crate::guise::Guise;
use crate::line::{Line, Said};
use crate::outlet::Outlet;
use crate::output;
use crate::watch::Watch;
use crate::{refuse, say};
use conn_check::cli::{Args, Part};
use conn_check::comparison::{Comparison, Found};
use conn_check::identity::{Acting, Service, User};
use conn_check::plan;
use conn_check::report::{CheckView, Stage, View, Warnings};
use conn_check::run::{self, PROXY_VARIABLES, ProxyVariables};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{AccessFlags, faccessat};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Runs a part; the exit status.
pub(crate) fn program(args: &Args, part: Part) -> u8 {
    let begun = begin(args);
    let (line, args) = match begun {
        Ok(begun) => begun,
        Err(error) => return refuse(&format!("--part is what --as starts by itself ({error})")),
    };
    match part {
        Part::Caller => caller(&args, line),
        Part::Service => service(&args, line),
    }
}

/// Waits for the word to begin, with what the command line does not say.
fn begin(args: &Args) -> io::Result<(Line, Args)> {
    die_with_parent();
    // Without a terminal of its own, nothing that a service does here reaches the one of root.
    nix::unistd::setsid()?;
    let mut line = Line::of_stdin()?;
    match line.hear()? {
        Some((Said::Begin { has_input, seconds }, input)) => {
            let standard_input = has_input.then_some(input);
            Ok((line, Args { standard_input, max_timeout: seconds.map(Duration::from_secs_f64), ..args.clone() }))
        }
        _ => Err(io::Error::other("nobody says what to do")),
    }
}

/// Who writes the files of results has to be there. The kernel forgets it whenever the user changes (prctl(2)), and be it
/// the effective one.
fn die_with_parent() {
    let _ = set_pdeathsig(Signal::SIGKILL);
}

/// The run as the user who checks; only what came of it is told.
fn caller(args: &Args, mut line: Line) -> u8 {
    let user = match User::of_checks().and_then(|user| user.become_for_good().map(|()| user)) {
        Ok(user) => user,
        Err(error) => return refuse(&format!("the user of the checks: {error}")),
    };
    die_with_parent();
    conn_check::host::forbid_core_dumps();
    let watch = match Watch::begin(args.max_timeout, false) {
        Ok(watch) => watch,
        Err(error) => return refuse(&format!("the run as {} could not start: {error}", user.name)),
    };
    with_plan(args, None, plan::load_to_run, |_, task| {
        let plan = Arc::new(task.plan.clone());
        match perform_unheard(args, &task, &plan, &watch) {
            Ok(report) => line.say(&Said::Found(found(&task, &report)), &[]).map_or(crate::UNKNOWN, |()| 0),
            Err(error) => refuse(&format!("the run as {} could not start: {error}", user.name)),
        }
    })
}

/// What reporters would know; nothing is judged by it.
const fn stage(task: &Task) -> Stage<'_> {
    Stage { warnings: Warnings::Count, config: task.config.as_str(), plan: &task.plan, selection: &task.selection }
}

/// What came of each check, by its series.
fn found(task: &Task, report: &run::Report) -> Vec<(String, Found)> {
    let view = View::of(stage(task), report);
    view.series().filter_map(|(series, check)| Some((series, check.outcome.found(report.end)?))).collect()
}

/// The run as the service.
fn service(args: &Args, line: Line) -> u8 {
    let word = args.as_service.as_deref().unwrap_or_default();
    let service = match Service::find(word) {
        Ok(service) => service,
        Err(why) => return refuse(&format!("--as: {why}")),
    };
    let acting = User::of_checks().and_then(|user| Ok((user.act()?, user)));
    let opened = acting.and_then(|acting| Ok((acting, Outlet::new(line.speaker()?, args))));
    let ((acting, user), outlet) = match opened {
        Ok(opened) => opened,
        Err(error) => return refuse(&format!("the user of the checks: {error}")),
    };
    die_with_parent();
    let mut words = args.config.iter().chain(&args.patterns);
    if let Some(file) = words.find(|file| is_closed(file)) {
        say(&format!(
            "note: the user {} reads {}; let that user, or pipe it in: conn-check --as {word} - < FILE",
            user.name,
            file.escape_debug()
        ));
    }
    with_plan(args, Some(&outlet), plan::load_to_run, |output, task| {
        let (guise, seconds) = match take_place(&service, &user, acting, line, &task) {
            Ok(taken) => taken,
            Err(why) => return refuse(&format!("--as: {why}")),
        };
        let args = Args { max_timeout: seconds.map(Duration::from_secs_f64), ..args.clone() };
        match Watch::begin(args.max_timeout, output::is_stdout_alone(&args)) {
            Ok(watch) => check(&args, output, task, &watch, Some(&guise)),
            Err(error) => refuse(&format!("the run could not start: {error}")),
        }
    })
}

/// Whether a file is there, and not for who this process acts as.
fn is_closed(file: &str) -> bool {
    faccessat(AT_FDCWD, file, AccessFlags::R_OK, AtFlags::AT_EACCESS) == Err(Errno::EACCES)
}

/// Waits for what came of the run before, and takes the service's place; what the run has of both, and how long it may take.
fn take_place(
    service: &Service,
    before: &User,
    acting: Acting,
    mut line: Line,
    task: &Task,
) -> Result<(Guise, Option<f64>), String> {
    acting.end().map_err(|error| format!("the user of the checks: {error}"))?;
    die_with_parent();
    let heard = line.say(&Said::Ready, &[]).and_then(|()| line.hear());
    let Ok(Some((Said::Before { found, seconds }, _))) = heard else { return Err("the run was given up".to_owned()) };
    let mut subject = service.subject(before);
    conn_check::host::load_name_services();
    let proxies = ProxyVariables::new(service.variables(&PROXY_VARIABLES));
    subject.proxies = proxies.shown();
    service.enter(&mut subject)?;
    die_with_parent();
    let rehearsed = run::rehearse(&task.plan, &task.selection);
    let view = View::of(stage(task), &rehearsed);
    let mut found: HashMap<_, _> = found.into_iter().collect();
    let of_check = |(series, check): (String, &CheckView<'_>)| Some((check.outcome.entry, found.remove(&series)?));
    let known: HashMap<_, _> = view.series().filter_map(of_check).collect();
    match view.checks.len() - known.len() {
        0 => {}
        all if known.is_empty() => subject.notes.push(format!(
            "as the user {} none of the {all} checks was decided: there is nothing to compare with",
            before.name
        )),
        some => {
            let undecided = format!("as the user {} {some} of the checks were not decided in time", before.name);
            subject.notes.push(undecided);
        }
    }
    let comparison = Comparison { subject, before: known };
    Ok((Guise { comparison: Arc::new(comparison), proxies }, seconds))
}
