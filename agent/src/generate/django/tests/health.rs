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

#[test]
fn each_predefined_queue_is_asked_for_and_gets_a_task() {
    let of = |queues: serde_json::Value| {
        let (kinds, text) = checks(&json!({
            "settings": {
                "INSTALLED_APPS": ["health_check.contrib.celery", "health_check.contrib.celery_ping"],
                "CELERY_BROKER_URL": "redis://cache.internal/0",
                "CELERY_RESULT_BACKEND": "redis://cache.internal/1",
            },
            "others": {"CELERY_TASK_QUEUES": queues},
        }));
        let tasks = kinds.iter().filter(|(kind, _)| *kind == "celery_task").count();
        (tasks, text)
    };
    // Names, what makes a queue, its arguments, and Celery's older mapping.
    for queues in [
        json!(["fast", "slow"]),
        json!([{"name": "fast", "routing_key": "f"}, {"name": "slow"}]),
        json!([["fast", {}], ["slow", {}]]),
        json!({"fast": {"exchange": "x"}, "slow": {}}),
    ] {
        let (tasks, text) = of(queues);
        assert_eq!(tasks, 2, "{text}");
        assert!(
            text.contains("queues: [fast, slow]") && text.contains("queue: fast") && text.contains("queue: slow"),
            "{text}"
        );
    }
    for none in [json!(null), json!([]), json!([{"$unusable": "an object"}]), json!({"$unusable": "an object"})] {
        let (tasks, text) = of(none);
        assert!(tasks == 1 && text.contains("queues: [celery]"), "{text}");
    }
}

#[test]
fn what_one_limit_of_a_task_says_comes_before_what_both_have_in_common() {
    let of = |others: serde_json::Value| {
        let apps = ["health_check.contrib.celery"];
        let url = "redis://cache.internal/0";
        checks(&json!({
            "settings": {"INSTALLED_APPS": apps, "CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url},
            "others": others,
        }))
        .1
    };
    let both = of(json!({"HEALTHCHECK_CELERY_TIMEOUT": 7}));
    assert!(both.contains("wait: 7") && !both.contains("queue_timeout"), "{both}");
    let own = of(json!({"HEALTHCHECK_CELERY_TIMEOUT": 7, "HEALTHCHECK_CELERY_RESULT_TIMEOUT": 20}));
    assert!(own.contains("wait: 20") && own.contains("queue_timeout: 7") && own.contains("timeout: 25"), "{own}");
    let queue = of(json!({"HEALTHCHECK_CELERY_QUEUE_TIMEOUT": 0.5}));
    assert!(queue.contains("wait: 3") && queue.contains("queue_timeout: 1"), "{queue}");
    let long = of(json!({"HEALTHCHECK_CELERY_RESULT_TIMEOUT": 900, "HEALTHCHECK_CELERY_QUEUE_TIMEOUT": 30}));
    assert!(long.contains("wait: 30") && !long.contains("queue_timeout"), "{long}");
    let told = |text: &str| text.replace('#', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let (own, long) = (told(&own), told(&long));
    assert!(long.matches("30 seconds at most").count() == 1 && !long.contains("names nothing"), "{long}");
    assert!(!own.contains("seconds at most") && !own.contains("names nothing"), "{own}");
}

#[test]
fn storages_have_options_of_their_own() {
    let of = |storages: serde_json::Value| {
        checks(&json!({
            "settings": {"INSTALLED_APPS": ["health_check.storage"], "MEDIA_ROOT": "/srv/shop/media"},
            "others": {"STORAGES": storages, "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hunter2",
                       "AWS_STORAGE_BUCKET_NAME": "usual"},
        }))
    };
    let files = "django.core.files.storage.FileSystemStorage";
    let (kinds, text) = of(json!({"default": {"BACKEND": files, "OPTIONS": {"location": "/srv/elsewhere"}}}));
    assert!(kinds.contains(&("storage", "/srv/elsewhere".to_owned())), "{kinds:?}\n{text}");
    assert!(text.contains("add `user:`"), "who writes is told: {text}");
    let (kinds, text) = of(json!({"staticfiles": {"BACKEND": "x.Y"}}));
    assert!(kinds.contains(&("storage", "/srv/shop/media".to_owned())), "{kinds:?}\n{text}");
    let (kinds, text) = of(json!({"default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": "media", "region_name": "eu-north-1", "location": "/shop/", "addressing_style": "virtual"},
    }}));
    assert_eq!(kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["s3"], "{text}");
    for part in ["bucket: media", "https://s3.eu-north-1.amazonaws.com", "prefix: shop/", "path_style: false"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (kinds, text) = of(json!({"default": {
        "BACKEND": "storages.backends.s3boto3.S3Boto3Storage",
        "OPTIONS": {"endpoint_url": "https://files.internal", "access_key": "AKIA2", "secret_key": "hunter3"},
    }}));
    let s3: Vec<_> = kinds.iter().filter(|(kind, _)| *kind == "s3").collect();
    assert!(s3.len() == 1 && text.contains("https://files.internal") && text.contains("bucket: usual"), "{text}");
    let (kinds, text) = of(json!({"default": {"BACKEND": "storages.backends.azure_storage.AzureStorage"}}));
    assert!(kinds.iter().all(|(kind, _)| *kind != "storage" && *kind != "s3"), "{text}");
}

#[test]
fn databases_and_caches_are_written_to_where_the_application_does() {
    let of = |apps: &[&str]| {
        checks(&json!({"settings": {
            "INSTALLED_APPS": apps,
            "DATABASES": {
                "default": {"ENGINE": "django.db.backends.postgresql", "HOST": "db", "USER": "u", "PASSWORD": "p", "NAME": "n"},
                "other": {"ENGINE": "django.db.backends.mysql", "HOST": "db", "USER": "u", "PASSWORD": "p", "NAME": "n"},
            },
            "CACHES": {
                "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                            "LOCATION": ["redis://primary:6379", "redis://replica:6379"]},
                "m": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": ["a:1", "b:2"]},
            },
        }}))
        .1
    };
    let writes = |text: &str, host: &str| {
        let check = text.split("\n- ").find(|check| check.contains(&format!("host: {host}\n"))).map(str::to_owned);
        check.unwrap_or_else(|| panic!("{host}: {text}")).contains("roundtrip: true")
    };
    let all = of(&["health_check.db", "health_check.cache"]);
    assert_eq!(all.matches("roundtrip: true").count(), 4, "{all}");
    assert!(writes(&all, "primary") && !writes(&all, "replica") && writes(&all, "a") && writes(&all, "b"), "{all}");
    assert_eq!(of(&["health_check.db"]).matches("roundtrip").count(), 1, "the default database alone");
    assert_eq!(of(&["health_check", "health_check.contrib.db_heartbeat"]).matches("roundtrip").count(), 0);
}

#[test]
fn what_warnings_come_to_is_told_with_the_option_that_says_it() {
    let of = |on: bool| {
        named_file_of(&json!({"settings": {"INSTALLED_APPS": ["health_check.contrib.psutil"]},
                              "others": {"HEALTH_CHECK": {"WARNINGS_AS_ERRORS": on, "MEMORY_MIN": 1}}}))
    };
    assert!(of(false).contains("`--warnings-as-errors false`"));
    assert!(of(true).contains("`--warnings-as-errors true`"));
}
