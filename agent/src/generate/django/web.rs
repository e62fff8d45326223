//! Services that speak HTTP: search engines, and Sentry.

use crate::generate::django::group::{Group, or_comment};
use crate::generate::item::{Comment, Item};
use crate::generate::url;

/// `HAYSTACK_CONNECTIONS` and `ELASTICSEARCH_DSL`.
pub(super) fn search(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let haystack = settings.members("HAYSTACK_CONNECTIONS")?.into_iter();
    let elastic = settings.members("ELASTICSEARCH_DSL")?.into_iter();
    let haystack = haystack.map(|one| one.and_then(|one| haystack_connection(&one)));
    let elastic = elastic.map(|one| one.and_then(|one| hosts(&one, &one.texts("hosts")?)));
    Ok(haystack.chain(elastic).flat_map(or_comment).collect())
}

fn haystack_connection(connection: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let engine = connection.text("ENGINE")?.unwrap_or_default();
    if ["simple", "whoosh", "xapian"].into_iter().any(|kind| engine.contains(kind)) {
        return Ok(vec![connection.own_note("an index inside of this host: nothing to connect to").into()]);
    }
    hosts(connection, &connection.texts("URL")?)
}

fn hosts(group: &Group<'_>, texts: &[String]) -> Result<Vec<Item>, Comment> {
    if texts.is_empty() {
        return Err(group.own_gap("no host is named"));
    }
    let with_scheme =
        |text: &String| if text.contains("://") { text.clone() } else { format!("elasticsearch://{text}") };
    Ok(texts.iter().flat_map(|text| url::items(&group.origin, &with_scheme(text))).collect())
}

/// `SENTRY_DSN`, or the settings of Raven, its first client.
pub(super) fn sentry(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let dsn = match settings.first(&["SENTRY_DSN", "RAVEN_DSN"])? {
        Some(dsn) => Some(dsn),
        None => settings.group("RAVEN_CONFIG")?.text("dsn")?,
    };
    let dsn = dsn.into_iter().flat_map(|dsn| {
        // Raven had the transport before the scheme: threaded+https, requests+http.
        let plain = dsn.split_once("://").map(|(scheme, rest)| (scheme.rsplit('+').next().unwrap_or(scheme), rest));
        let plain = plain.map_or_else(|| dsn.clone(), |(scheme, rest)| format!("{scheme}://{rest}"));
        url::items("SENTRY_DSN", &plain)
    });
    Ok(dsn.collect())
}
