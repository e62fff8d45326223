//! URLs of whatever takes datagrams.

use super::known::Known;
use super::ordinary;
use super::parts::Bad;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security};

/// A datagram that means nothing to most: an empty line. That for statsd is statsd's own.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    if *url.service == services::STATSD {
        return ordinary::items(url);
    }
    let site = url.parts.site();
    let port = url.port(site, Security::Plain)?;
    if services::STATSD.ports.has(port) || is_named_statsd(url.origin) {
        return ordinary::items(&Known { service: &services::STATSD, ..*url });
    }
    let check =
        GeneratedCheck::new(services::UDP.id, url.origin).text("host", site.host_or("localhost")).number("port", port);
    let why = "the datagram is an empty line, which only shows that nothing refuses it: put one of the service's own into `send:`, and the answer into `expect:`";
    Ok(vec![Comment::note(url.origin, why).into(), check.text("send", "\n").into()])
}

fn is_named_statsd(origin: &str) -> bool {
    let origin = origin.to_ascii_uppercase();
    services::STATSD.words.iter().any(|word| origin.contains(word))
}
