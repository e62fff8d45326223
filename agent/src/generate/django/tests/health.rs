//! django-health-check.

use super::named_file_of;
use crate::plan::{Defaults, load_without_secrets};
use crate::source::Source;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_health_check_of_migrations_comes_with_the_command_that_asks_the_same() {
    let apps = ["health_check.contrib.migrations"];
    let text = named_file_of(&json!({"settings": {"INSTALLED_APPS": apps}}));
    let (_, check) = text.split_once("as this check would: ").expect("a check");
    let check = format!("- {}\n", check.lines().next().expect("a line"));
    let source = Source::own("", check);
    let (plan, _) = load_without_secrets(&source, Defaults { timeout: Duration::from_secs(1) }, true).expect("valid");
    assert_eq!(plan.entries[0].kind, "command", "{text}");
}

#[test]
fn what_health_checks_ask_is_told_with_the_setting_that_names_it() {
    let apps =
        ["health_check", "health_check.db", "health_check.contrib.redis", "health_check.contrib.mine", "shop.app"];
    let text = named_file_of(&json!({"settings": {"INSTALLED_APPS": apps, "DATABASES": {}}, "others": {}}));
    let comments: Vec<_> = text.lines().filter(|line| line.starts_with("# INSTALLED_APPS")).collect();
    for (comment, part) in comments.iter().zip([
        "(health_check): a health check of the application that asks nothing outside",
        "(health_check.db): it asks what DATABASES names",
        "(health_check.contrib.redis): it asks what REDIS_URL names, which the settings do not say",
        "(health_check.contrib.mine): what this health check asks is not known",
    ]) {
        assert!(comment.contains(part), "{text}");
    }
    assert_eq!(comments.len(), 4, "{text}");
}

/// The options of the checks of a file, by their types.
fn checks(document: &serde_json::Value) -> (Vec<(&'static str, String)>, String) {
    let text = named_file_of(document);
    let source = Source::own("", text.clone());
    let (plan, _) = load_without_secrets(&source, Defaults { timeout: Duration::from_secs(1) }, true)
        .unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    (plan.entries.iter().map(|entry| (entry.kind, entry.target.clone())).collect(), text)
}

#[test]
fn what_the_application_asks_of_this_host_is_asked_with_its_limits() {
    let of = |health: serde_json::Value| {
        checks(
            &json!({"settings": {"INSTALLED_APPS": ["health_check.contrib.psutil"]}, "others": {"HEALTH_CHECK": health}}),
        )
    };
    let (kinds, text) = of(json!({"DISK_USAGE_MAX": 80, "MEMORY_MIN": 250}));
    assert_eq!(kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["disk", "memory"], "{text}");
    assert!(text.contains("max_used_percent: 80") && text.contains("min_available: '250 MiB'"), "{text}");
    let (kinds, text) = of(json!({"DISK_USAGE_MAX": null}));
    assert_eq!(kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["memory"], "{text}");
    assert!(text.contains("switches DISK_USAGE_MAX off") && text.contains("min_available: '100 MiB'"), "{text}");
}

#[test]
fn celerys_health_checks_become_ours() {
    let (kinds, text) = checks(&json!({
        "settings": {
            "INSTALLED_APPS": ["health_check.contrib.celery", "health_check.contrib.celery_ping"],
            "CELERY_BROKER_URL": "amqp://shop:hunter2@mq.internal:5672/jobs",
            "CELERY_RESULT_BACKEND": "redis://cache.internal:6379/1",
        },
        "others": {"HEALTHCHECK_CELERY_TIMEOUT": 7, "CELERY_TASK_DEFAULT_QUEUE": "fast"},
    }));
    let of_celery: Vec<_> = kinds.iter().map(|(kind, _)| *kind).filter(|kind| kind.starts_with("celery")).collect();
    assert_eq!(of_celery, ["celery_task", "celery"], "{text}");
    assert!(text.contains("health_check.contrib.celery.tasks.add") && text.contains("wait: 7"), "{text}");
    assert!(text.contains("queues: [fast]"), "{text}");
}

#[test]
fn storages_are_tried_where_the_settings_say_where_they_are() {
    let apps = ["health_check.storage", "health_check.contrib.s3boto3_storage"];
    let (kinds, text) = checks(&json!({
        "settings": {"INSTALLED_APPS": apps, "MEDIA_ROOT": "/srv/shop/media"},
        "others": {
            "AWS_STORAGE_BUCKET_NAME": "media", "AWS_S3_REGION_NAME": "eu-north-1",
            "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hunter2",
        },
    }));
    assert!(kinds.contains(&("storage", "/srv/shop/media".to_owned())), "{kinds:?}\n{text}");
    let s3: Vec<_> = kinds.iter().filter(|(kind, _)| *kind == "s3").collect();
    assert!(s3.len() == 1 && text.contains("https://s3.eu-north-1.amazonaws.com"), "{kinds:?}\n{text}");
    let elsewhere = json!({
        "settings": {"INSTALLED_APPS": ["health_check.storage"], "MEDIA_ROOT": "/srv/shop/media"},
        "others": {"DEFAULT_FILE_STORAGE": "storages.backends.s3boto3.S3Boto3Storage"},
    });
    assert!(checks(&elsewhere).0.iter().all(|(kind, _)| *kind != "storage"));
}
