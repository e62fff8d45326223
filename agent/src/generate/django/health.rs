//! What the health checks of django-health-check ask, which are applications of their own: whoever reads the file sees that
//! it says the same, or what it lacks.

use super::probed;
use super::settings::DjangoSettings;
use crate::checks::Spec;
use crate::generate::{self, Comment, Item};
use crate::services::{self, Service};
use serde_json::Value;

/// What an application of it asks, and the settings that say where that is; none for what is on this host.
const ASKED: [(&str, &[&str]); 11] = [
    ("celery", &["CELERY_BROKER_URL", "BROKER_URL"]),
    ("celery_ping", &["CELERY_BROKER_URL", "BROKER_URL"]),
    ("rabbitmq", &["BROKER_URL"]),
    ("redis", &["REDIS_URL"]),
    ("db_heartbeat", &["DATABASES"]),
    ("db", &["DATABASES"]),
    ("cache", &["CACHES"]),
    ("mail", &["EMAIL_HOST"]),
    ("s3boto3_storage", &["STORAGES", "DEFAULT_FILE_STORAGE", "AWS_S3_ENDPOINT_URL"]),
    ("s3boto_storage", &["STORAGES", "DEFAULT_FILE_STORAGE", "AWS_S3_ENDPOINT_URL"]),
    ("storage", &["STORAGES", "DEFAULT_FILE_STORAGE"]),
];

/// The application that the others belong to.
const ITSELF: &str = "";

/// The application that asks whether all migrations are applied, which Django alone knows.
const MIGRATIONS: &str = "migrations";

/// What asks the same; where the application and its Python are, its settings do not say.
const MIGRATE: &str = "it asks whether all migrations are applied, as this check would: {type: command, command: [PYTHON, MANAGE.PY, migrate, --check], plugin: false}";

/// Of `HEALTH_CHECK`: what warnings come to. That is for the whole run to say, and for no file.
const WARNINGS: &str = "WARNINGS_AS_ERRORS";
const WARNINGS_ARE_ERRORS: &str = "WARNINGS_AS_ERRORS is on: call conn-check with `--warnings-as-errors true`; conn-check-serve takes those of `disk` and `memory` for errors by itself";
const WARNINGS_ARE_NONE: &str =
    "WARNINGS_AS_ERRORS is off: call conn-check and conn-check-serve with `--warnings-as-errors false`";

/// The checks of the default database and of the caches write there where the application does: `health_check.db` and
/// `health_check.cache` store something and read it.
pub(super) fn with_round_trips(items: &mut [Item], django: &DjangoSettings) {
    let settings = django.settings();
    let apps = settings.raw("INSTALLED_APPS").and_then(Value::as_array);
    let has = |wanted: &str| {
        let mut apps = apps.into_iter().flatten().filter_map(Value::as_str);
        apps.any(|app| app == wanted || app.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(".apps.")))
    };
    let (of_databases, of_caches) = (has("health_check.db"), has("health_check.cache"));
    let mut written = Vec::new();
    for item in items {
        let Item::Check(check) = item else { continue };
        let origin = check.label();
        let service = Spec::canonical(&check.kind).and_then(|(kind, _)| Spec::service_of(kind));
        let is = |one: &Service, other: &Service| service.is_some_and(|service| service == one || service == other);
        let writes = if of_databases && origin.starts_with("DATABASES['default']") {
            is(&services::POSTGRES, &services::MYSQL) && check.get("database").is_some()
        } else if of_caches && origin.starts_with("CACHES[") {
            // Behind the first Redis of a cache stand those that are only read.
            let is_first = !written.contains(&origin) || is(&services::MEMCACHED, &services::MEMCACHED);
            is_first && is(&services::MEMCACHED, &services::REDIS)
        } else {
            false
        };
        if writes && check.get("roundtrip").is_none() {
            check.options.push(("roundtrip".into(), generate::Value::Plain(true.into())));
            written.push(origin);
        }
    }
}

/// A comment for each of its settings and applications.
pub(super) fn items(django: &DjangoSettings) -> Vec<Item> {
    let settings = django.settings();
    let others: Vec<_> = django.others().collect();
    let is_there = |name: &&str| settings.raw(name).is_some() || others.iter().any(|(own, _)| own == name);
    let mut items: Vec<Item> = Vec::new();
    for (name, value) in &others {
        let is_own = *name == "HEALTH_CHECK" || name.starts_with("HEALTHCHECK_") || name.starts_with("HEALTH_CHECK_");
        let has_host = value.to_string().contains("://");
        if let Some(strictness) = value.get(WARNINGS).and_then(Value::as_bool).filter(|_| *name == "HEALTH_CHECK") {
            let why = if strictness { WARNINGS_ARE_ERRORS } else { WARNINGS_ARE_NONE };
            items.push(Comment::note(*name, why).into());
        } else if let Some(why) = probed::about_wait(name, value) {
            items.push(Comment::note(*name, why).into());
        } else if is_own && !has_host {
            let why = "how the application checks its own health: it names nothing to connect to";
            items.push(Comment::note(*name, why).into());
        }
    }
    let apps = settings.raw("INSTALLED_APPS").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for app in apps {
        let Some(rest) = app.strip_prefix("health_check") else { continue };
        let part = rest.trim_start_matches('.').trim_start_matches("contrib.");
        let part = part.split(".apps.").next().unwrap_or_default();
        let origin = format!("INSTALLED_APPS ({app})");
        if let Some(found) = probed::items(part, &origin, django) {
            items.extend(found);
            continue;
        }
        items.push(match ASKED.iter().find(|(name, _)| *name == part) {
            _ if part == ITSELF => {
                Comment::note(origin, "a health check of the application that asks nothing outside of this host").into()
            }
            _ if part == MIGRATIONS => Comment::note(origin, MIGRATE).into(),
            Some((_, names)) => of_settings(origin, names, names.iter().find(|name| is_there(name)).copied()),
            None => {
                let why =
                    "what this health check asks is not known here: see whether a check of it stands in this file";
                Comment::gap(origin, why).into()
            }
        });
    }
    items
}

fn of_settings(origin: String, names: &[&str], there: Option<&str>) -> Item {
    match there {
        Some(name) => Comment::note(origin, format!("it asks what {name} names, which is read for itself")).into(),
        None => {
            let why = format!(
                "it asks what {} names, which the settings do not say: it takes a default of its own, so add a check by hand",
                names.join(" or ")
            );
            Comment::gap(origin, why).into()
        }
    }
}
