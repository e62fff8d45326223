//! Variables that lie below the name of a family, look like a part of its connection, and were not read: they are used,
//! or told, and never passed over.

use super::endings::Leftover;
use super::family::Family;
use super::names::{self, Name};
use super::{Lookup, Variables};
use crate::generate::{Comment, Item};
use crate::services::{self, Service, Transport};
use crate::url::ConnectionSettings;

/// What is left of a family.
#[derive(Debug, Default)]
pub(super) struct Leftovers<'a> {
    /// The databases of a Redis for several purposes: `REDIS_CELERY_DB`, `REDIS_RESULTS_DB`.
    pub(super) databases: Vec<&'a str>,
    pub(super) comments: Vec<Comment>,
}

/// What nobody read of a family whose connection is this.
pub(super) fn of<'a>(family: &Family<'a>, service: &Service, settings: &ConnectionSettings<'_>) -> Leftovers<'a> {
    of_kinds(family, service, settings, |_| true)
}

fn of_kinds<'a>(
    family: &Family<'a>,
    service: &Service,
    settings: &ConnectionSettings<'_>,
    counts: impl Fn(Leftover) -> bool,
) -> Leftovers<'a> {
    let mut left = Leftovers::default();
    let (Some(prefix), all, used) = family.below() else { return left };
    for (rest, lookup) in all.below(prefix) {
        let (Some(name), Lookup::Known(_, text) | Lookup::Unknown(text)) = (lookup.name(), lookup) else { continue };
        let words = names::words(rest);
        let is_read = name == family.origin() || used.contains(name) || !begins(name, prefix);
        let Some(kind) = Leftover::of(&words).filter(|_| !is_read && !is_of_another(all, prefix, &words)) else {
            continue;
        };
        let (has_login, has_name) = (service.options.login.is_some(), service.options.name.is_some());
        let takes_name = has_name || !service.drivers.is_empty();
        let is_missing = match kind {
            Leftover::Port => settings.port.is_none() && !settings.host.contains(':'),
            Leftover::User => settings.user.is_none() && (has_login || !service.drivers.is_empty()),
            Leftover::Password => settings.password.is_none() && (has_login || !service.drivers.is_empty()),
            Leftover::Name => settings.name.is_none() && takes_name,
            Leftover::Tls => settings.options.is_empty(),
        };
        let number = text.trim().parse::<u32>().is_ok();
        if !is_missing || !counts(kind) {
            continue;
        }
        if kind == Leftover::Name && *service == services::REDIS && number {
            if !left.databases.contains(&text.trim()) {
                left.databases.push(text.trim());
            }
        } else {
            left.comments.push(unread(family.origin(), name));
        }
    }
    left
}

/// The same beside a URL, which says itself all but who logs in.
pub(super) fn of_login(family: &Family<'_>, service: &Service, settings: &ConnectionSettings<'_>) -> Vec<Comment> {
    of_kinds(family, service, settings, |kind| matches!(kind, Leftover::User | Leftover::Password)).comments
}

fn unread(origin: &str, name: &str) -> Comment {
    let why =
        format!("it stands beside {origin}, and what it is for is not known here: see whether that check is right");
    Comment::gap(name, why)
}

/// Whether the words of a name begin with those of the family, and do not only look so.
fn begins(name: &str, prefix: &str) -> bool {
    let mut begin = String::new();
    Name::of(name).words.iter().any(|word| {
        begin.push_str(word);
        begin == prefix
    })
}

/// Whether there is an address further down whose it is: `REDIS_CACHE_PORT` of `REDIS_CACHE_HOST`.
fn is_of_another(all: &Variables, prefix: &str, words: &[String]) -> bool {
    const ADDRESS: [&str; 8] = ["HOST", "HOSTNAME", "HOSTS", "SERVER", "ADDR", "ADDRESS", "URL", "ENDPOINT"];
    (1..words.len()).any(|end| {
        let below = format!("{prefix}{}", words[..end].concat());
        ADDRESS.iter().any(|address| all.squashed(&format!("{below}{address}")).is_there())
    })
}

/// What is left of a check whose login is not known: the connection, unless that would leave something behind at
/// the server.
pub(super) fn connection_alone(
    gap: Comment,
    origin: &str,
    service: &'static Service,
    settings: &ConnectionSettings<'_>,
) -> Vec<Item> {
    let host_only = ConnectionSettings { port: settings.port, ..ConnectionSettings::of(service, settings.host) };
    let may = service.transport == Transport::Stream && !service.is_checked_like(&services::MYSQL);
    let connection = if may { host_only.connection(origin) } else { None };
    [Some(gap.into()), connection.map(Item::from)].into_iter().flatten().collect()
}
