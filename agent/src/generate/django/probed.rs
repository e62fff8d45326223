//! The checks of ours that ask what applications of django-health-check ask, with the settings that these go by.

mod celery;
mod storages;

pub(super) use celery::about_wait;

use super::settings::DjangoSettings;
use crate::generate::{Comment, GeneratedCheck, Item};
use serde_json::Value;

/// What the application checks of this host where it says nothing else: so much of the disk is used, in percent, and so much
/// memory is left, in MiB.
const DISK_USAGE_MAX: u64 = 90;
const MEMORY_MIN: u64 = 100;

/// The settings, of whatever family.
struct Settings<'a>(&'a DjangoSettings);

impl<'a> Settings<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let other = self.0.others().find(|(other, _)| *other == name).map(|(_, value)| value);
        other.or_else(|| self.0.settings().raw(name)).filter(|value| !value.is_null())
    }

    fn first(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.get(name))
    }

    fn text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.get(name)?.as_str()).filter(|text| !text.trim().is_empty())
    }

    /// A limit of `HEALTH_CHECK`: nothing where it is switched off by `None`.
    fn limit(&self, key: &str, usual: u64) -> Option<u64> {
        match self.get("HEALTH_CHECK").and_then(|limits| limits.get(key)) {
            Some(Value::Null) => None,
            Some(value) => value.as_f64().and_then(whole).or(Some(usual)),
            None => Some(usual),
        }
    }
}

/// Not less than the number: whole ones are what these settings are given in.
fn whole(number: f64) -> Option<u64> {
    format!("{:.0}", number.ceil()).parse().ok()
}

/// What an application asks, as checks; `None` where another setting says it, or nothing of ours asks it.
pub(super) fn items(part: &str, origin: &str, django: &DjangoSettings) -> Option<Vec<Item>> {
    let settings = Settings(django);
    match part {
        "psutil" => Some(of_this_host(origin, &settings)),
        "celery_ping" => Some(vec![celery::ping(origin, &settings)?.into()]),
        "celery" => celery::tasks(origin, &settings),
        "storage" => storages::usual(origin, &settings),
        "s3boto3_storage" | "s3boto_storage" => Some(vec![storages::bucket(origin, &settings, None)?.into()]),
        _ => None,
    }
}

/// The disk that the application looks at, which is that of the root, and the memory.
fn of_this_host(origin: &str, settings: &Settings<'_>) -> Vec<Item> {
    let disk = settings.limit("DISK_USAGE_MAX", DISK_USAGE_MAX).map(|percent| {
        GeneratedCheck::new("disk", origin).text("path", "/").number("max_used_percent", percent.min(100))
    });
    let memory = settings
        .limit("MEMORY_MIN", MEMORY_MIN)
        .map(|least| GeneratedCheck::new("memory", origin).text("min_available", format!("{least} MiB")));
    let off = [("DISK_USAGE_MAX", disk.is_none()), ("MEMORY_MIN", memory.is_none())];
    let off = off.into_iter().filter(|(_, is_off)| *is_off);
    let off = off.map(|(key, _)| Comment::note(origin, format!("HEALTH_CHECK switches {key} off")).into());
    disk.into_iter().chain(memory).map(Item::from).chain(off).collect()
}
