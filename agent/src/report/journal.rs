//! Records for the system's journal (systemd-journald(8)): one per failed check, one per warning,
//! and one for the run, each with fields that `journalctl` can select by:
//!
//! | field | what |
//! |---|---|
//! | `CONN_CHECK_TYPE`, `CONN_CHECK_TARGET` | the check |
//! | `CONN_CHECK_RESULT` | the name of the result |
//! | `CONN_CHECK_CODE`, `CONN_CHECK_PHASE`, `CONN_CHECK_OWNER` | why it failed (no phase and owner on a warning) |
//! | `CONN_CHECK_VERDICT`, `CONN_CHECK_PASS`, `..._WARN`, `..._FAIL`, `..._SKIP` | the run |
//!
//! Checks that passed leave no record of their own: with a run every few minutes the journal would
//! hold little else.

use crate::report::view::{Row, View};
use std::io;
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

/// Writes what came of a run to the journal.
///
/// # Errors
/// There is no journal: no systemd runs here.
pub fn write(view: &View<'_>) -> io::Result<()> {
    let layer = tracing_journald::layer()?
        .with_field_prefix(Some("CONN_CHECK".to_owned()))
        .with_syslog_identifier("conn-check".to_owned());
    // Only what is said in here: the client libraries trace as well, and what they say is not ours to keep.
    tracing::dispatcher::with_default(&Dispatch::new(Registry::default().with(layer)), || {
        view.rows().for_each(result);
        run(view);
    });
    Ok(())
}

fn result(row: &Row<'_>) {
    let (kind, target) = (row.entry.kind, row.entry.target.as_str());
    if let Some(failure) = row.failure {
        tracing::error!(
            r#type = kind,
            target = target,
            result = row.name,
            code = failure.code.as_str(),
            phase = failure.code.phase().slug(),
            owner = failure.owner.slug(),
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
            "{}: {} [{code}]",
            row.name,
            warning.message
        );
    }
}

fn run(view: &View<'_>) {
    let (verdict, counts) = (view.overall().slug(), view.counts);
    tracing::info!(
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
