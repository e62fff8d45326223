//! Where the members of a family are looked for: below the name of the address itself, above it, and beside it.

use super::Variables;
use super::names::{self, Name};
use crate::services::{self, Service};

/// Words of a name that say which of several servers it is, and not which login it has.
const MEMBERS: [&str; 33] = [
    "CLIENT",
    "CONN",
    "CONNECTION",
    "FOLLOWER",
    "HIKARI",
    "HOST",
    "INTERNAL",
    "JDBC",
    "LEADER",
    "MASTER",
    "OPTIONS",
    "PRIMARY",
    "R2DBC",
    "REACTIVE",
    "SERVICE",
    "STR",
    "STRING",
    "READ",
    "READER",
    "READONLY",
    "REPLICA",
    "REPLICAS",
    "RO",
    "RW",
    "SECONDARY",
    "SERVER",
    "SLAVE",
    "SLAVES",
    "STANDBY",
    "URL",
    "WRITE",
    "WRITER",
    "CLUSTER",
];

/// Endings of variables that hold addresses.
const ADDRESSES: [&str; 9] = ["", "HOST", "HOSTS", "HOSTNAME", "SERVER", "SERVERS", "ADDR", "URL", "URI"];

/// Words for a database, whichever it is, and for those whose kind may have to be guessed.
const DATABASES: [&str; 7] = ["DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "MARIADB"];

/// What the members of a family begin with, squashed; the nearest first. `place` is that of the word which says
/// what it is.
pub(super) fn of(name: &Name, place: Option<usize>, service: Option<&'static Service>, all: &Variables) -> Vec<String> {
    let squash = |words: &[String]| words.concat();
    let stem = name.stem();
    let mut prefixes = vec![squash(stem), format!("{}HOST", squash(stem))];
    // `KC_DB_URL_PORT` for `KC_DB_URL_HOST`.
    let whole = name.words.split_last().map_or(&[][..], |(_, whole)| whole);
    if whole.len() > stem.len() && stem.len() < name.words.len() && !prefixes.contains(&squash(whole)) {
        prefixes.push(squash(whole));
    }
    let Some(place) = place else { return prefixes };
    for end in (place + 1..stem.len()).rev() {
        let is_member =
            |word: &String| MEMBERS.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit());
        if stem[end..].iter().all(is_member) {
            prefixes.push(squash(&stem[..end]));
        }
    }
    // `MM_EMAILSETTINGS_SMTPSERVER`: the word before means the same service; `REDMINE_DB_POSTGRES`: or says that it is a
    // database.
    let means_the_same = |word: &String| names::service(word) == service || names::is_database(word);
    if place > 0 && place + 1 == stem.len() && service.is_some() && means_the_same(&stem[place - 1]) {
        prefixes.push(squash(&stem[..place]));
    }
    let is_of_database = service.is_none_or(|service| {
        [&services::POSTGRES, &services::MYSQL].into_iter().any(|database| database.is_checked_like(service))
    });
    if is_of_database && place + 1 == stem.len() {
        let before = stem[..place].concat();
        let beside = DATABASES
            .iter()
            .filter(|word| (names::service(word).is_none() || service.is_none()) && **word != stem[place]);
        let beside = beside.map(|word| format!("{before}{word}"));
        let has_host = |prefix: &String| {
            ["HOST", "HOSTNAME", "SERVER", "URL"].iter().any(|end| all.squashed(&format!("{prefix}{end}")).is_there())
        };
        prefixes.extend(beside.filter(|prefix| !has_host(prefix)));
    }
    // `RABBITMQ_USER` for `TAIGA_EVENTS_RABBITMQ_HOST`, where no other address has that name.
    let alone = &stem[place];
    let is_address = |end: &&str| all.squashed(&format!("{alone}{end}")).is_there();
    if service.is_some() && !ADDRESSES.iter().any(is_address) && !prefixes.contains(alone) {
        prefixes.push(alone.clone());
    }
    // Zulip has its passwords apart: `SECRETS_redis_password` for `SETTING_REDIS_HOST`.
    let words = if is_of_database { &DATABASES[..] } else { service.map_or(&[][..], |service| service.words) };
    let is_of_it = |word: &str| service.is_none() || names::service(word) == service;
    prefixes.extend(words.iter().filter(|word| is_of_it(word)).map(|word| format!("SECRETS{word}")));
    prefixes
}
