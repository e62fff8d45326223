//! `conn-check-serve CONFIG`: answers requests with the state of the dependencies, and with that of this node.

mod connections;
mod handle;
mod keeper;
mod kept;
mod settled;
mod steady;

use crate::check::{options, with_plan};
use crate::output::print;
use crate::remember::{self, Remembering};
use crate::{UNKNOWN, complain, refuse, say};
use conn_check::cli::serve::Args;
use conn_check::host;
use conn_check::plan;
use conn_check::report::Warnings;
use conn_check::run;
use conn_check::serve::{Listener, Place, Token, Watched};
use connections::{Connections, Kind};
use keeper::Keeper;
use nix::libc;
use settled::{Checks, Settled};
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{LocalSet, spawn_blocking, spawn_local};
use tokio::time::{Instant, sleep_until};

/// After SIGTERM what was asked is answered in this time, or not at all.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the program; the exit status.
pub(crate) fn program(args: &Args) -> u8 {
    if args.new_token {
        return match Token::new_text() {
            Ok(token) => print(None, &format!("{token}\n")),
            Err(error) => complain(&error.to_string()),
        };
    }
    if let Some(option) = args.without_effect() {
        return refuse(&format!("{option}: means nothing here; who asks over HTTP says in which form"));
    }
    if args.check.validate {
        return match Settled::read(args) {
            Ok(_) => with_plan(&args.check, None, plan::load, |_, _| 0),
            Err(wrong) => refuse(&wrong),
        };
    }
    let Some(files) = settled::read(args) else { return UNKNOWN };
    match serve(args, files) {
        Ok(()) => 0,
        Err(wrong) => complain(&wrong),
    }
}

/// Serves until it is told to end.
fn serve(args: &Args, files: (Checks, Settled, Watched)) -> Result<(), String> {
    let mut options = options(&args.check);
    let descriptors = host::descriptors();
    // Half of what there is stays for checks.
    let connections = args.max_connections.min(usize::try_from(descriptors / 2).unwrap_or(usize::MAX));
    let left = descriptors.saturating_sub(u64::try_from(connections).unwrap_or(u64::MAX));
    options.concurrency = options.concurrency.min(host::slots(left));
    let started = |error: io::Error| format!("it could not start: {error}");
    let runtime = options.runtime().map_err(started)?;
    let remembering = Arc::new(Mutex::new(Remembering::begin(args.check.remember.as_deref())));
    let keeper = Rc::new(Keeper::new(args, files, options, connections, Arc::clone(&remembering)));
    let done = LocalSet::new().block_on(&runtime, async {
        let listeners = listeners(args).await?;
        let signals = Signals::new().map_err(started)?;
        live(&keeper, listeners, signals, connections).await;
        Ok(())
    });
    // What a run that is in progress has left at servers.
    runtime.block_on(run::settled());
    runtime.block_on(async {
        tokio::select! {
            _ = spawn_blocking(move || remember::settle(&remembering)) => {}
            // A directory that does not answer does not hold up the end.
            () = sleep_until(Instant::now() + Duration::from_secs(1)) => {}
        }
    });
    // A look-up that hangs in the system's resolver must not hold up the end.
    runtime.shutdown_background();
    done
}

/// Listens wherever it is asked to.
async fn listeners(args: &Args) -> Result<Vec<(Listener, Kind)>, String> {
    let places = args.listen.iter().map(|place| (place, "--listen", kind(place)));
    let metrics = args.metrics_listen.iter().map(|place| (place, "--metrics-listen", Kind::Metrics));
    let mut listeners = Vec::new();
    for (place, option, kind) in places.chain(metrics) {
        if kind == Kind::Metrics && matches!(place, Place::Agent(_)) {
            return Err(format!("{option} {place}: metrics are told over HTTP; write it without tcp:"));
        }
        let listener = Listener::at(place.clone()).await.map_err(|error| {
            let step = match error.raw_os_error() {
                None if error.kind() == io::ErrorKind::AlreadyExists => "; take another path, or remove it",
                Some(libc::EADDRINUSE) if matches!(place, Place::Unix(_)) => {
                    "; another program listens there: `ss -lxp` says which"
                }
                Some(libc::EADDRINUSE) => "; another program listens there: `ss -ltnp` says which",
                Some(libc::EADDRNOTAVAIL) => "; this host does not have the address",
                Some(libc::EACCES) => {
                    "; below 1024 that takes CAP_NET_BIND_SERVICE, and a socket a directory to write to"
                }
                _ => "",
            };
            format!("{option} {place}: {error}{step}")
        })?;
        listeners.push((listener, kind));
    }
    Ok(listeners)
}

const fn kind(place: &Place) -> Kind {
    match place {
        Place::Agent(_) => Kind::Agent,
        Place::Http(_) | Place::Unix(_) => Kind::Http,
    }
}

/// What the system may ask for.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let on = |kind| signal(kind);
        Ok(Self {
            hangup: on(SignalKind::hangup())?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }
}

/// From the first connection to the last.
async fn live(keeper: &Rc<Keeper>, listeners: Vec<(Listener, Kind)>, signals: Signals, most: usize) {
    let Signals { mut hangup, mut terminate, mut interrupt } = signals;
    let connections = Connections::new(Rc::clone(keeper), most);
    for (listener, kind) in listeners {
        say(&format!("listens at {}{}", listener.place, kind.about()));
        spawn_local(Rc::clone(&connections).listen(listener, kind));
    }
    say(&keeper.costs().to_string());
    // Whoever asks first finds a result, or one that is on its way.
    keeper.begin_due();
    let notifier = keeper.notifier();
    notifier.tell("READY=1\nSTATUS=the first run");
    let next = || notifier.interval.map(|interval| Instant::now() + interval);
    let mut due = next();
    loop {
        tokio::select! {
            // However often it is told to read its files again.
            biased;
            () = sign_of_life(due) => {
                notifier.tell("WATCHDOG=1");
                due = next();
            }
            _ = hangup.recv() => {
                notifier.tell("RELOADING=1");
                keeper.reload("SIGHUP");
                keeper.begin_due();
                notifier.tell("READY=1");
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    notifier.tell("STOPPING=1\nSTATUS=it ends");
    let last = Instant::now() + GRACE;
    tokio::select! {
        () = connections.end() => {}
        () = sleep_until(last) => say("ended before all was answered: a run takes longer"),
    }
}

/// Waits until the next sign of life is due: it comes from where requests are answered.
async fn sign_of_life(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// What a warning comes to.
fn warnings(args: &Args) -> Warnings {
    args.check.warnings_as_errors.into()
}
