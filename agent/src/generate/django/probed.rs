//! The checks of ours that ask what applications of django-health-check ask, with the settings that these go by.

use super::settings::DjangoSettings;
use crate::generate::{self, Comment, GeneratedCheck, Item};
use crate::services::{self, Service};
use serde_json::Value;

/// Of `celery_ping`, in seconds.
const PING: u64 = 1;

/// Of celery: `HEALTHCHECK_CELERY_TIMEOUT`, in seconds.
const RESULT: u64 = 3;

/// The longest that a task is waited for (`HEALTHCHECK_CELERY_QUEUE_TIMEOUT` and its kin), in seconds.
const LONGEST: u64 = 30;

/// What a check has where its file says nothing, and what it needs beside the wait for a result, in seconds.
const USUAL: u64 = 10;
const MARGIN: u64 = 5;

/// What the application checks of this host where it says nothing else: so much of the disk is used, in percent, and so much
/// memory is left, in MiB.
const DISK_USAGE_MAX: u64 = 90;
const MEMORY_MIN: u64 = 100;

/// Django's storage of files on this host.
const FILES: &str = "FileSystemStorage";

/// The settings, of whatever family.
struct Settings<'a>(&'a DjangoSettings);

impl<'a> Settings<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let other = self.0.others().find(|(other, _)| *other == name).map(|(_, value)| value);
        other.or_else(|| self.0.settings().raw(name)).filter(|value| !value.is_null())
    }

    fn text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.get(name)?.as_str()).filter(|text| !text.trim().is_empty())
    }

    fn seconds(&self, names: &[&str], usual: u64) -> u64 {
        let number = names.iter().find_map(|name| self.get(name)?.as_f64()).filter(|number| *number >= 1.0);
        // Whole seconds are what these settings are given in; more than the longest is cut to it.
        number.and_then(|number| format!("{:.0}", number.ceil()).parse().ok()).unwrap_or(usual).min(LONGEST)
    }

    /// A limit of `HEALTH_CHECK`: nothing where it is switched off by `None`.
    fn limit(&self, key: &str, usual: u64) -> Option<u64> {
        match self.get("HEALTH_CHECK").and_then(|limits| limits.get(key)) {
            Some(Value::Null) => None,
            Some(value) => {
                value.as_f64().and_then(|number| format!("{:.0}", number.ceil()).parse().ok()).or(Some(usual))
            }
            None => Some(usual),
        }
    }
}

/// What an application asks, as checks; `None` where another setting says it, or nothing of ours asks it.
pub(super) fn items(part: &str, origin: &str, django: &DjangoSettings) -> Option<Vec<Item>> {
    let settings = Settings(django);
    match part {
        "psutil" => Some(of_this_host(origin, &settings)),
        "celery_ping" => Some(vec![ping(origin, &settings)?.into()]),
        "celery" => Some(vec![task(origin, &settings)?.into()]),
        "storage" => Some(vec![storage(origin, &settings)?.into()]),
        "s3boto3_storage" | "s3boto_storage" => Some(vec![bucket(origin, &settings)?.into()]),
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

const BROKER: [&str; 2] = ["CELERY_BROKER_URL", "BROKER_URL"];

/// A URL of a broker that `celery` speaks to.
fn broker<'a>(settings: &Settings<'a>) -> Option<&'a str> {
    let is_one = |url: &&str| !url.contains(';') && is_of(url, &[&services::AMQP, &services::REDIS]);
    settings.text(&BROKER).filter(is_one)
}

/// Whether a URL is of one of these services.
fn is_of(url: &str, wanted: &[&Service]) -> bool {
    let service = url.split_once("://").and_then(|(scheme, _)| services::by_scheme(scheme));
    service.is_some_and(|(service, _)| wanted.contains(&service))
}

fn ping(origin: &str, settings: &Settings<'_>) -> Option<GeneratedCheck> {
    let queue = settings.text(&["CELERY_TASK_DEFAULT_QUEUE", "CELERY_DEFAULT_QUEUE"]).unwrap_or("celery");
    let wait = settings.seconds(&["HEALTHCHECK_CELERY_PING_TIMEOUT"], PING);
    let check = GeneratedCheck::new("celery", origin).secret("broker", broker(settings)?);
    Some(check.set("queues", generate::Value::List(vec![generate::Value::Text(queue.to_owned())])).number("wait", wait))
}

fn task(origin: &str, settings: &Settings<'_>) -> Option<GeneratedCheck> {
    let backend = settings.text(&["CELERY_RESULT_BACKEND", "RESULT_BACKEND", "CELERY_RESULT_BACKEND_URL"])?;
    let is_spoken = backend.starts_with("rpc") || is_of(backend, &[&services::REDIS]);
    let wait = settings.seconds(&["HEALTHCHECK_CELERY_TIMEOUT", "HEALTHCHECK_CELERY_RESULT_TIMEOUT"], RESULT);
    let check = GeneratedCheck::new("celery_task", origin).secret("broker", broker(settings)?);
    is_spoken.then(|| {
        check
            .secret("result_backend", if backend == "rpc" { "rpc://" } else { backend })
            .text("task", "health_check.contrib.celery.tasks.add")
            .set("args", generate::Value::List([4_u64, 4].map(|number| generate::Value::Plain(number.into())).to_vec()))
            .number("wait", wait)
            .some_number("timeout", (wait + MARGIN > USUAL).then_some(wait + MARGIN))
    })
}

/// Where uploaded files lie on this host.
fn storage(origin: &str, settings: &Settings<'_>) -> Option<GeneratedCheck> {
    let path = settings.text(&["MEDIA_ROOT"]).filter(|path| path.starts_with('/'))?;
    let usual = settings.get("STORAGES").and_then(|all| all["default"]["BACKEND"].as_str());
    let backend = usual.or_else(|| settings.text(&["DEFAULT_FILE_STORAGE"]));
    let is_of_files = backend.is_none_or(|backend| backend.ends_with(FILES));
    is_of_files.then(|| GeneratedCheck::new("storage", origin).text("path", path))
}

/// A bucket at Amazon; that of another endpoint is read from the setting that names it.
fn bucket(origin: &str, settings: &Settings<'_>) -> Option<GeneratedCheck> {
    if settings.get("AWS_S3_ENDPOINT_URL").is_some() {
        return None;
    }
    let region = settings.text(&["AWS_S3_REGION_NAME"]);
    let key = settings.text(&["AWS_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"])?;
    let secret = settings.text(&["AWS_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"])?;
    let check = GeneratedCheck::new("s3", origin)
        .text("endpoint", format!("https://s3.{}.amazonaws.com", region.unwrap_or("us-east-1")))
        .text("bucket", settings.text(&["AWS_STORAGE_BUCKET_NAME"])?)
        .some_text("region", region)
        .some_text("prefix", settings.text(&["AWS_LOCATION"]));
    Some(check.secret("access_key", key).secret("secret_key", secret))
}
