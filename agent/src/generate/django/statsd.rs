//! `STATSD_HOST` and `STATSD_PORT`.

use crate::generate::django::extra;
use crate::generate::django::group::{Group, host_and_port};
use crate::generate::django::settings::DjangoSettings;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security};

/// Where statsd listens as it comes.
const PORT: u16 = services::STATSD.port(Security::Plain).get();

/// What of the script's dictionary has a place of its own in the check.
const PLACED: [&str; 5] = ["type", "host", "port", "send", "expect"];

/// A counter is sent; what is expected of the answer, only where there is one. The script's own
/// options are the check's, and its host and port win.
pub(super) fn items(settings: &Group<'_>, django: &DjangoSettings) -> Result<Vec<Item>, Comment> {
    let script = django.statsd();
    let Some(text) = settings.text("STATSD_HOST")? else { return Ok(Vec::new()) };
    let no_host = || settings.gap("STATSD_HOST", "neither a host nor HOST:PORT");
    let (host, own) = host_and_port(&text).ok_or_else(no_host)?;
    let port = match own {
        Some(port) => port,
        None => settings.port("STATSD_PORT")?.unwrap_or(PORT),
    };
    let host = script.text("host").map_err(of_script)?.unwrap_or(host);
    let port = script.port("port").map_err(of_script)?.unwrap_or(port);
    let check = GeneratedCheck::at(services::UDP.id, "STATSD_HOST", host, port);
    let check = check.text("send", &django.statsd_send).some_text("expect", django.statsd_expect.as_deref());
    let more: Vec<_> = script.pairs().filter(|(key, _)| !PLACED.contains(&key.as_str())).collect();
    // Without options of the script's own, the check is ours.
    let check = GeneratedCheck { from_user: !more.is_empty(), ..check };
    Ok(vec![more.into_iter().fold(check, |check, (key, value)| extra::set(check, key, value)).into()])
}

fn of_script(comment: Comment) -> Comment {
    Comment { origin: format!("STATSD_CHECK['{}']", comment.origin), ..comment }
}
