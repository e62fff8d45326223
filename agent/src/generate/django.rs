//! Checks from the settings of a Django project.
//!
//! The settings are a Python program, and only the application's own Python can run it: the bridge
//! (`python/conn_check_configs/bridge.py`, which is in this program) does that and says as JSON
//! what it finds; [`Python`] runs it, [`DjangoSettings`] is what it says. Everything else happens here, also
//! for scripts that import the package `conn_check_configs` and hand over what they have read.
//!
//! A check connects as the client of the setting would: to the Unix socket where that one does,
//! without TLS where that one goes without. Defaults of Django are nobody's wish: only what the
//! settings module itself says becomes a check. One module per family of settings.

mod brokers;
mod brood;
mod caches;
mod databases;
mod email;
mod extra;
mod group;
mod health;
mod oops;
mod others;
mod probed;
mod python;
mod redis;
mod settings;
mod statsd;
mod tls;
mod unreadable;
mod web;

use crate::generate::{GeneratedCheck, GeneratedFile, Item, same};
use group::{map_checks, or_comment};
pub use python::{Python, module_name};
pub use settings::DjangoSettings;
pub use unreadable::{BadDocument, Unreadable};

/// The checks of a settings module, in the order of the original, the script's own last.
#[must_use]
pub fn file(django: &DjangoSettings) -> GeneratedFile {
    let settings = django.settings();
    let mut file = GeneratedFile::new("From the settings of a Django project.");
    let mut items = Vec::new();
    for found in [
        databases::items(&settings, django.database.as_deref()),
        oops::items(&settings),
        Ok(brokers::items(&settings)),
        caches::items(&settings),
        redis::channel_layers(&settings),
        redis::sessions(&settings),
        Ok(web::search(&settings)),
        web::sentry(&settings),
        email::items(&settings),
        statsd::items(&settings, django),
    ] {
        items.extend(or_comment(found));
    }
    health::with_round_trips(&mut items, django);
    for item in others::items(django) {
        add_another(&mut items, item);
    }
    items.extend(health::items(django));
    items.extend(django.checks().iter().enumerate().map(|(number, check)| extra::item(number, check)));
    // What a script says itself stays as it says it.
    let named = |check: GeneratedCheck| Ok([GeneratedCheck { named: !check.from_user, ..check }]);
    file.extend(or_comment(map_checks(items, named)));
    file
}

/// Adds what is read from a setting of no known family. Many are what the others are made of: a check that shows no
/// more than one that is there gives that one its name.
fn add_another(items: &mut Vec<Item>, new: Item) {
    let Item::Check(new) = new else { return items.push(new) };
    let mut checks = items.iter_mut().filter_map(|item| if let Item::Check(check) = item { Some(check) } else { None });
    match checks.find(|check| same::is_within(&new, check)) {
        Some(check) => check.join(new),
        None => items.push(new.into()),
    }
}

#[cfg(test)]
mod tests;
