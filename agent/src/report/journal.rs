//! Records for the system's journal (systemd-journald(8)): one per failed check, one per warning,
//! and one for the run, or for the file that could not be run, each with fields that `journalctl` can
//! select by:
//!
//! | field | what |
//! |---|---|
//! | `CONN_CHECK_TYPE`, `CONN_CHECK_TARGET` | the check |
//! | `CONN_CHECK_RESULT` | the name of the result |
//! | `CONN_CHECK_CODE`, `CONN_CHECK_PHASE` | why it failed, or what is wrong with the file (a failure alone has a phase) |
//! | `CONN_CHECK_OWNER`, `CONN_CHECK_NEXT_STEP` | whose job that is, and what to do |
//! | `CONN_CHECK_CONFIG` | the file |
//! | `CONN_CHECK_VERDICT`, `CONN_CHECK_PASS`, `..._WARN`, `..._FAIL`, `..._SKIP` | the run |
//!
//! Checks that passed leave no record of their own: with a run every few minutes the journal would
//! hold little else.

use crate::report::Refusal;
use crate::report::view::{Overall, Row, View};
use std::io;
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

/// Writes what came of a run to the journal.
///
/// # Errors
/// There is no journal: no systemd runs here.
pub fn write(view: &View<'_>) -> io::Result<()> {
    with_journal(|| {
        view.rows().for_each(result);
        run(view);
    })
}

/// Writes to the journal that a file cannot be run.
///
/// # Errors
/// There is no journal: no systemd runs here.
pub fn write_refusal(refusal: &Refusal<'_>) -> io::Result<()> {
    let code = refusal.diagnostics().next().map_or("", |first| first.flaw.code());
    let (config, verdict) = (refusal.names(), Overall::Unknown.slug());
    with_journal(|| tracing::error!(config = config, verdict = verdict, code = code, "{}", refusal.headline()))
}

fn with_journal(write: impl FnOnce()) -> io::Result<()> {
    let layer = tracing_journald::layer()?
        .with_field_prefix(Some("CONN_CHECK".to_owned()))
        .with_syslog_identifier("conn-check".to_owned());
    // Only what is said in here: the client libraries trace as well, and what they say is not ours to keep.
    tracing::dispatcher::with_default(&Dispatch::new(Registry::default().with(layer)), write);
    Ok(())
}

fn result(row: &Row<'_>) {
    let (kind, target) = (row.entry.kind, row.entry.target.as_str());
    if let Some(failure) = row.failure {
        tracing::error!(
            r#type = kind,
            target = target,
            result = row.name,
            code = failure.code.name,
            phase = failure.code.phase.slug(),
            owner = failure.owner.slug(),
            next_step = failure.next_step,
            "{}: {} [{}]",
            row.name,
            failure.message,
            failure.code
        );
    }
    for warning in &row.warnings {
        let code = warning.kind.code();
        tracing::warn!(
            r#type = kind,
            target = target,
            result = row.name,
            code = code,
            owner = warning.kind.owner().slug(),
            next_step = warning.kind.next_step(),
            "{}: {} [{code}]",
            row.name,
            warning.message
        );
    }
}

fn run(view: &View<'_>) {
    let (verdict, counts) = (view.overall().slug(), view.counts);
    tracing::info!(
        config = view.config,
        verdict = verdict,
        pass = counts.pass,
        warn = counts.warn,
        fail = counts.fail,
        skip = counts.skip,
        "{} of {} results failed, {} with a warning",
        counts.fail,
        counts.total(),
        counts.warn
    );
}
