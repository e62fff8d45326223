//! `STATSD_HOST` and `STATSD_PORT`.

use crate::generate::django::group::{Group, host_and_port};
use crate::generate::django::told::Told;
use crate::generate::draft::Draft;
use crate::generate::item::{Comment, Item};

/// Where statsd listens as it comes.
const PORT: u16 = 8125;

/// A counter is sent; what is expected of the answer, only where there is one.
pub(super) fn items(settings: &Group<'_>, told: &Told) -> Result<Vec<Item>, Comment> {
    let Some(text) = settings.text("STATSD_HOST")? else { return Ok(Vec::new()) };
    let no_host = || settings.gap("STATSD_HOST", "neither a host nor HOST:PORT");
    let (host, own) = host_and_port(&text).ok_or_else(no_host)?;
    let port = match own {
        Some(port) => port,
        None => settings.port("STATSD_PORT")?.unwrap_or(PORT),
    };
    let draft = Draft::new("udp", "STATSD_HOST").text("host", host).number("port", port);
    let draft = draft.text("send", &told.statsd_send).some_text("expect", told.statsd_expect.as_deref());
    Ok(vec![draft.into()])
}
