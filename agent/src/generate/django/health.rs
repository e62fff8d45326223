//! What the health checks of django-health-check ask, which are applications of their own: whoever reads the file sees that
//! it says the same, or what it lacks.

use super::probed;
use super::settings::DjangoSettings;
use crate::generate::{Comment, Item};
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

/// A comment for each of its settings and applications.
pub(super) fn items(django: &DjangoSettings) -> Vec<Item> {
    let settings = django.settings();
    let others: Vec<_> = django.others().collect();
    let is_there = |name: &&str| settings.raw(name).is_some() || others.iter().any(|(own, _)| own == name);
    let mut items: Vec<Item> = Vec::new();
    for (name, value) in &others {
        let is_own = *name == "HEALTH_CHECK" || name.starts_with("HEALTHCHECK_") || name.starts_with("HEALTH_CHECK_");
        let has_host = value.to_string().contains("://");
        if is_own && !has_host {
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
