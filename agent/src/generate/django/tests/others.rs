//! Settings of extensions and of the application itself.

use super::named_file_of;
use serde_json::{Value, json};

#[test]
fn settings_of_others_that_name_a_host_are_checks_or_comments() {
    let found = |name: &str, value: Value| {
        let text = named_file_of(&json!({"settings": {}, "others": {name: value}}));
        text.lines().map(str::trim).collect::<Vec<_>>().join(", ").replace("- type: ", "").replace("name: ", "")
    };
    #[rustfmt::skip]
    let table = [
        ("REDIS_URL", json!("redis://localhost:6370"), "redis, REDIS_URL, host: localhost, port: 6370"),
        ("RQ_QUEUES", json!({"default": {"HOST": "q", "PORT": 6380, "DB": 1, "PASSWORD": "p"}}),
            "redis, 'RQ_QUEUES[''default''][''HOST'']', host: q, port: 6380, password: p, database: 1"),
        ("RQ_QUEUES", json!({"low": {"URL": "redis://q/2"}}), "redis, 'RQ_QUEUES[''low''][''URL'']', host: q, port: 6379, database: 2"),
        ("Q_CLUSTER", json!({"name": "shop", "redis": {"host": "q", "port": 6379}}), "redis, 'Q_CLUSTER[''redis''][''host'']', host: q, port: 6379"),
        ("HUEY", json!({"connection": {"host": "q", "port": 6381}}), "redis, 'HUEY[''connection''][''host'']', host: q, port: 6381"),
        ("CONSTANCE_REDIS_CONNECTION", json!({"host": "q", "port": 6379, "db": 3}), "redis, 'CONSTANCE_REDIS_CONNECTION[''host'']', host: q, port: 6379, database: 3"),
        ("CACHEOPS_REDIS", json!("redis://q:6379/1"), "redis, CACHEOPS_REDIS, host: q, port: 6379, database: 1"),
        ("AUTH_LDAP_SERVER_URI", json!("ldaps://d"), "ldap, AUTH_LDAP_SERVER_URI, host: d, port: 636, use_tls: true"),
        ("KAFKA_BOOTSTRAP_SERVERS", json!(["a:9092", "b:9092"]),
            "# KAFKA_BOOTSTRAP_SERVERS: no check speaks Kafka: only the connection is checked, , tcp, KAFKA_BOOTSTRAP_SERVERS, host: a, port: 9092, , tcp, KAFKA_BOOTSTRAP_SERVERS, host: b, port: 9092"),
    ];
    for (name, value, expected) in table {
        assert_eq!(found(name, value), expected);
    }
    for (name, value, begin) in [
        ("AWS_S3_ENDPOINT_URL", json!("https://s3.internal"), "http, AWS_S3_ENDPOINT_URL, url: 'https://s3.internal/'"),
        (
            "STORAGES",
            json!({"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"endpoint_url": "https://s3.internal"}}}),
            "http, 'STORAGES[",
        ),
        (
            "STORAGES",
            json!({"default": {"BACKEND": "storages.backends.s3.S3Storage"}}),
            "# STORAGES['default']['BACKEND']: files are kept in a cloud",
        ),
        (
            "DEFAULT_FILE_STORAGE",
            json!("storages.backends.s3boto3.S3Boto3Storage"),
            "# DEFAULT_FILE_STORAGE: files are kept in a cloud",
        ),
        ("MEILISEARCH_URL", json!("http://m:7700"), "http, MEILISEARCH_URL, url: 'http://m:7700/'"),
        (
            "SOCIAL_AUTH_OIDC_OIDC_ENDPOINT",
            json!("https://sso.internal/o"),
            "http, SOCIAL_AUTH_OIDC_OIDC_ENDPOINT, url: 'https://sso.internal/'",
        ),
        (
            "LOGGING",
            json!({"handlers": {"syslog": {"address": ["logs.internal", 514]}}}),
            "# LOGGING['handlers']['syslog']['address']: a log goes to this host",
        ),
        (
            "CACHEOPS_SENTINEL",
            json!({"locations": [["s", 26379]], "service_name": "m"}),
            "redis, 'CACHEOPS_SENTINEL[''locations'']', host: s, port: 26379, sentinel: m",
        ),
        ("MYSTERY", json!("cache.internal"), "# MYSTERY: it holds the name or address of a host"),
        ("SERVICE", json!({"HOST": "h.int", "PORT": 8080}), "tcp, 'SERVICE[''HOST'']', host: h.int, port: 8080"),
        ("A_SERVICE_HOST", json!("h.int"), "# A_SERVICE_HOST: it names a host"),
        (
            "RQ_QUEUES",
            json!({"low": {"SENTINELS": [["s", 26379]]}}),
            "# RQ_QUEUES['low']['SENTINELS']: only the connections",
        ),
        ("HEALTH_CHECK", json!({"DISK_USAGE_MAX": 90}), "# HEALTH_CHECK: how the application checks its own health"),
        ("HEALTHCHECK_REDIS_URL", json!("redis://h"), "redis, HEALTHCHECK_REDIS_URL, host: h"),
    ] {
        let text = found(name, value);
        assert!(text.starts_with(begin), "{name}: {text}");
    }
}
