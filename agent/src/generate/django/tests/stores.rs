//! Caches, and what else is kept in Redis or behind HTTP.

use super::short;
use serde_json::{Value, json};

fn cache(backend: &str, location: &Value) -> String {
    short(&json!({"CACHES": {"default": {"BACKEND": backend, "LOCATION": location}}}))
}

#[test]
fn memcached_servers_are_written_in_many_ways() {
    for backend in [
        "django.core.cache.backends.memcached.MemcachedCache",
        "django.core.cache.backends.memcached.PyMemcacheCache",
        "django.core.cache.backends.memcached.PyLibMCCache",
        "django_bmemcached.memcached.BMemcached",
        "",
    ] {
        assert_eq!(cache(backend, &json!("h:11212")), "memcached host=h port=11212", "{backend}");
    }
    let backend = "django.core.cache.backends.memcached.PyMemcacheCache";
    for (location, checks) in [
        (json!("h"), "memcached host=h port=11211"),
        (json!("unix:/run/m.sock"), "memcached host=/run/m.sock"),
        (json!("unix:///run/m.sock"), "memcached host=/run/m.sock"),
        (json!("/run/m.sock"), "memcached host=/run/m.sock"),
        (json!("[::1]:1"), "memcached host='::1' port=1"),
        (json!("a:1;b:2"), "memcached host=a port=1\nmemcached host=b port=2"),
        (json!("a:1, b:2"), "memcached host=a port=1\nmemcached host=b port=2"),
        (json!(["a:1", "b:2", "a:1"]), "memcached host=a port=1\nmemcached host=b port=2"),
        (json!([["a", 1]]), "memcached host=a port=1"),
        (json!([]), "# CACHES['default']['LOCATION']: it is empty: there is no server to connect to"),
        (json!("a:x"), "# CACHES['default']: a server in LOCATION is neither HOST:PORT nor the path of a socket"),
    ] {
        assert_eq!(cache(backend, &location), checks, "{location}");
    }
}

#[test]
fn redis_is_written_in_many_ways() {
    let builtin = "django.core.cache.backends.redis.RedisCache";
    for (backend, location, checks) in [
        (builtin, json!("redis://h"), "redis host=h port=6379"),
        (builtin, json!("redis://:pw@h:1/2"), "redis host=h port=1 password=pw database=2"),
        (
            "django_redis.cache.RedisCache",
            json!(["redis://a/1", "redis://b/1"]),
            "redis host=a port=6379 database=1\nredis host=b port=6379 database=1",
        ),
        ("django_redis.cache.RedisCache", json!("rediss://h:1"), "redis host=h port=1 use_tls=true"),
        ("django_valkey.cache.ValkeyCache", json!("valkey://h:1"), "redis host=h port=1"),
        ("redis_cache.RedisCache", json!("h:1"), "redis host=h port=1"),
        ("redis_cache.RedisCache", json!("h:1:2"), "redis host=h port=1 database=2"),
        ("redis_cache.RedisCache", json!("/run/r.sock"), "redis host=/run/r.sock"),
        ("redis_cache.RedisCache", json!("unix:/run/r.sock:3"), "redis host=/run/r.sock database=3"),
    ] {
        assert_eq!(cache(backend, &location), checks, "{backend} {location}");
    }
    let settings = json!({"CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "rediss://h/1",
        "OPTIONS": {"PASSWORD": "pw", "CONNECTION_POOL_KWARGS": {"ssl_cert_reqs": null}}}}});
    assert_eq!(
        short(&settings),
        "redis host=h port=6379 use_tls=true database=1 password=pw disable_tls_verification=true"
    );
    let settings = json!({"CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://main/0",
        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.SentinelClient"}}}});
    assert!(short(&settings).contains("no check asks sentinels"));
    let settings = json!({"CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://main/0",
        "OPTIONS": {"SENTINELS": [["s1", 26379], ["s2", 26380]]}}}, "CELERY_BROKER_URL": "sentinel://s1:26379;sentinel://s2:26380"});
    let lines = short(&settings);
    assert!(lines.contains("redis host=s1 port=26379 sentinel=main"), "{lines}");
    assert!(lines.contains("# CELERY_BROKER_URL: only the connections to the sentinels"), "{lines}");
}

#[test]
fn sentinels_with_the_name_of_their_primary_are_checks_that_ask_them() {
    let login = json!({"password": "own"});
    let cache = json!({"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://main/2",
        "OPTIONS": {"SENTINELS": [["s1", 26379], ["s2", 26380]], "PASSWORD": "pw", "SENTINEL_KWARGS": login}});
    let wanted = "redis host=s1 port=26379 sentinel=main sentinel_password=own password=pw database=2\n\
                  redis host=s2 port=26380 sentinel=main sentinel_password=own password=pw database=2";
    assert_eq!(short(&json!({"CACHES": {"default": cache}})), wanted);
    let celery = json!({"CELERY_BROKER_URL": "sentinel://:pw@s1:26379;sentinel://:pw@s2:26380",
        "CELERY_BROKER_TRANSPORT_OPTIONS": {"master_name": "main", "sentinel_kwargs": login}});
    let wanted = "redis host=s1 port=26379 sentinel=main password=pw sentinel_password=own\n\
                  redis host=s2 port=26380 sentinel=main password=pw sentinel_password=own";
    assert_eq!(short(&celery), wanted);
    let layer = json!({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"sentinels": [["s1", 26379]], "master_name": "main", "password": "pw"}]}}}});
    assert_eq!(short(&layer), "redis host=s1 port=26379 sentinel=main password=pw");
}

/// What is said of a CA that this host has not, which shows that it was read.
fn without_ca(place: &str) -> String {
    let why = "`ca_file`: the file cannot be used: No such file or directory (os error 2); the check below does without: add the option on the host that has the file";
    format!("# {place}: {why}\n")
}

#[test]
fn tls_of_the_primary_and_of_its_sentinels_are_two_settings() {
    let cache = |location: &str, options: serde_json::Value| {
        short(&json!({"CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": location,
            "OPTIONS": options}}}))
    };
    let (sentinels, place) = (json!([["s1", 26379]]), "CACHES['default']['OPTIONS']['SENTINELS']");
    let pool = json!({"ssl": true, "ssl_ca_certs": "/ca.pem", "username": "app", "password": "pw", "db": 3});
    let both = json!({"SENTINELS": sentinels, "CONNECTION_POOL_KWARGS": pool, "SENTINEL_KWARGS": {"ssl": true}});
    let wanted = "redis host=s1 port=26379 sentinel=main use_tls=true username=app password=pw database=3";
    assert_eq!(cache("redis://main/2", both), without_ca(place) + wanted);
    let alone = json!({"SENTINELS": sentinels, "CONNECTION_POOL_KWARGS": {"ssl": true, "ssl_cert_reqs": null}});
    let wanted =
        "redis host=s1 port=26379 sentinel=main use_tls=true sentinel_use_tls=false disable_tls_verification=true";
    assert_eq!(cache("redis://main", alone), wanted);
    let own = json!({"ssl": true, "ssl_ca_certs": "/own.pem", "username": "x"});
    let own = json!({"SENTINELS": sentinels, "SENTINEL_KWARGS": own});
    let lone = format!("# {place}: a user without a password: the check below does without the login\n");
    let wanted = "redis host=s1 port=26379 sentinel=main sentinel_use_tls=true";
    assert_eq!(cache("redis://main", own), lone + &without_ca(place) + wanted);
    let layer = json!({"sentinels": [["s1", 26379]], "master_name": "main", "ssl": true, "ssl_cert_reqs": "none"});
    let layer = json!({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [layer]}}}});
    let wanted =
        "redis host=s1 port=26379 sentinel=main use_tls=true sentinel_use_tls=false disable_tls_verification=true";
    assert_eq!(short(&layer), wanted);
}

#[test]
fn results_at_sentinels_are_checks_as_the_broker_is() {
    let celery = json!({"CELERY_RESULT_BACKEND": "sentinel://:pw@s1:26379/1;sentinel://:pw@s2:26380/1",
        "CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS": {"master_name": "main", "sentinel_kwargs": {"password": "own"}}});
    let wanted = "redis host=s1 port=26379 sentinel=main password=pw sentinel_password=own database=1\n\
                  redis host=s2 port=26380 sentinel=main password=pw sentinel_password=own database=1";
    assert_eq!(short(&celery), wanted);
    let secure = json!({"CELERY_BROKER_URL": "sentinel://s1", "CELERY_BROKER_USE_SSL": {"ssl_ca_certs": "/ca.pem"},
        "CELERY_BROKER_TRANSPORT_OPTIONS": {"master_name": "main"}});
    let wanted = "redis host=s1 port=26379 sentinel=main use_tls=true sentinel_use_tls=false";
    assert_eq!(short(&secure), without_ca("CELERY_BROKER_URL") + wanted);
}

#[test]
fn caches_inside_of_the_host_are_comments() {
    for backend in ["locmem.LocMemCache", "filebased.FileBasedCache", "dummy.DummyCache", "db.DatabaseCache"] {
        let text = cache(&format!("django.core.cache.backends.{backend}"), &json!("x"));
        assert!(text.starts_with("# CACHES['default']: "), "{text}");
    }
    assert!(cache("my.own.Backend", &json!("x")).contains("no check is known for this backend"));
}

#[test]
fn channels_sessions_and_search_are_checks_too() {
    let layer = |config: Value| json!({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": config}}});
    for (settings, checks) in [
        (layer(json!({"hosts": [["h", 1]]})), "redis host=h port=1"),
        (layer(json!({"hosts": ["redis://:p@h:1/2"]})), "redis host=h port=1 password=p database=2"),
        (
            layer(json!({"hosts": [{"address": "rediss://h:1", "password": "p"}]})),
            "redis host=h port=1 use_tls=true password=p",
        ),
        (
            layer(json!({"hosts": [{"host": "h", "port": 1, "ssl": true, "db": 3}]})),
            "redis host=h port=1 use_tls=true database=3",
        ),
        (layer(json!({})), "redis host=localhost port=6379"),
        (
            json!({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}}),
            "# CHANNEL_LAYERS['default']: a layer inside of the application: nothing to connect to",
        ),
        (
            json!({"SESSION_REDIS": {"host": "h", "port": 1, "db": 2, "password": "p"}}),
            "redis host=h port=1 password=p database=2",
        ),
        (json!({"SESSION_REDIS_HOST": "h", "SESSION_REDIS_DB": 0}), "redis host=h port=6379"),
        (json!({"SENTRY_DSN": "https://key@sentry.example/7"}), "tls host=sentry.example port=443"),
        (
            json!({"RAVEN_CONFIG": {"dsn": "threaded+https://key:s3cret@sentry.example:444/7"}}),
            "tls host=sentry.example port=444",
        ),
        (
            json!({"HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": "/x"}}}),
            "# HAYSTACK_CONNECTIONS['default']: an index inside of this host: nothing to connect to",
        ),
    ] {
        assert_eq!(short(&settings), checks, "{settings}");
    }
    let text = short(
        &json!({"HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "x.ElasticsearchSearchEngine", "URL": "http://h:9200/"}}}),
    );
    assert!(text.starts_with("http url='http://h:9200/'"), "{text}");
    let text = short(&json!({"ELASTICSEARCH_DSL": {"default": {"hosts": ["h:9200"]}}}));
    assert!(text.starts_with("http url='http://h:9200/'"), "{text}");
}

#[test]
fn a_search_engine_is_asked_with_the_login_and_the_tls_of_its_client() {
    let codes = "expected_code=['2xx', '3xx', 404] auth=[u, pw]";
    for (options, check) in [
        (json!({"http_auth": ["u", "pw"]}), format!("url='http://h:9200/' {codes}")),
        (json!({"basic_auth": "u:pw"}), format!("url='http://h:9200/' {codes}")),
        (
            json!({"basic_auth": ["u", "pw"], "use_ssl": true, "verify_certs": false}),
            format!("url='https://h:9200/' {codes} disable_tls_verification=true"),
        ),
        (
            json!({"basic_auth": "u:pw", "use_ssl": true, "ssl_assert_hostname": false}),
            format!("url='https://h:9200/' {codes} verify_name=false"),
        ),
        (
            json!({"basic_auth": ["u", "pw"], "use_ssl": true, "ca_certs": "/etc/ssl/certs/ca-certificates.crt"}),
            format!("url='https://h:9200/' {codes} ca_file=/etc/ssl/certs/ca-certificates.crt"),
        ),
    ] {
        let mut dsl = options.clone();
        dsl["hosts"] = json!("h:9200");
        assert_eq!(short(&json!({"ELASTICSEARCH_DSL": {"default": dsl}})), format!("http {check}"), "{options}");
        let haystack = json!({"ENGINE": "x.Elasticsearch7SearchEngine", "URL": "h:9200", "KWARGS": options});
        assert_eq!(
            short(&json!({"HAYSTACK_CONNECTIONS": {"default": haystack}})),
            format!("http {check}"),
            "{options}"
        );
    }
    let text = short(&json!({"ELASTICSEARCH_DSL": {"default": {"hosts": "https://h:9200", "http_auth": ["u", "pw"]}}}));
    assert_eq!(text, format!("http url='https://h:9200/' {codes}"));
    for login in [json!({"api_key": "s3cret"}), json!({"http_auth": {"$unusable": "an object"}})] {
        let mut dsl = login.clone();
        dsl["hosts"] = json!("h:9200");
        let text = short(&json!({"ELASTICSEARCH_DSL": {"default": dsl}}));
        assert!(text.contains("this is not a user with a password: the check below does without"), "{text}");
        assert!(text.contains("\nhttp url='http://h:9200/'") && !text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_cache_takes_its_login_and_number_from_the_pools_arguments_too() {
    for (options, check) in [
        (
            json!({"CONNECTION_POOL_KWARGS": {"username": "bob", "password": "pw", "db": 4}}),
            "redis host=h port=6379 username=bob password=pw database=4",
        ),
        (
            json!({"PASSWORD": "pw", "CONNECTION_POOL_KWARGS": {"username": "bob"}}),
            "redis host=h port=6379 username=bob password=pw",
        ),
        (
            json!({"username": "bob"}),
            "# CACHES['default']: a user without a password: the check below does without the login\nredis host=h port=6379",
        ),
    ] {
        let cache = json!({"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://h", "OPTIONS": options});
        assert_eq!(short(&json!({"CACHES": {"default": cache}})), check, "{options}");
    }
    let cache = json!({"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://:pw@h",
        "OPTIONS": {"username": "bob"}});
    assert_eq!(short(&json!({"CACHES": {"a": cache}})), "redis host=h port=6379 password=pw username=bob");
}
