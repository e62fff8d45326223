//! What each family of settings becomes, in the forms in which it is written.

use super::{Told, sheet};
use crate::generate::Secrets;
use serde_json::{Value, json};

/// The file for these settings, without its first line.
fn file_for(settings: &Value) -> String {
    file_of(&json!({"settings": settings}))
}

fn file_of(document: &Value) -> String {
    let told = Told::parse(&document.to_string()).expect("a document");
    let text = sheet(&told).reviewed().write(&Secrets::Inline).text;
    text.split_once("\n").map(|(_, rest)| rest.trim_start().to_owned()).expect("a first line")
}

/// The checks, each on one line: `TYPE KEY=VALUE ...`; comments as they are.
fn short(settings: &Value) -> String {
    let text = file_for(settings);
    let line = |block: &str| match block.strip_prefix("- type: ") {
        Some(rest) => rest.lines().map(|line| line.trim().replacen(": ", "=", 1)).collect::<Vec<_>>().join(" "),
        None => block.to_owned(),
    };
    text.split("\n\n").map(|block| line(block.trim_end())).collect::<Vec<_>>().join("\n")
}

fn database(settings: Value) -> String {
    let mut all = json!({"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "app", "PASSWORD": "pw",
        "HOST": "db", "PORT": ""});
    for (key, value) in settings.as_object().expect("a dictionary") {
        all[key] = value.clone();
    }
    short(&json!({"DATABASES": {"default": all}}))
}

fn cache(backend: &str, location: &Value) -> String {
    short(&json!({"CACHES": {"default": {"BACKEND": backend, "LOCATION": location}}}))
}

#[test]
fn postgres_goes_by_many_names() {
    for engine in [
        "django.db.backends.postgresql",
        "django.db.backends.postgresql_psycopg2",
        "psqlextra.backend",
        "django.contrib.gis.db.backends.postgis",
        "django_prometheus.db.backends.postgresql",
        "django_tenants.postgresql_backend",
        "tenant_schemas.postgresql_backend",
    ] {
        let told = database(json!({"ENGINE": engine}));
        assert_eq!(told, "postgresql database=shop host=db username=app password=pw", "{engine}");
    }
}

#[test]
fn a_port_may_be_a_text_a_number_or_empty() {
    for port in [json!("5433"), json!(5433), json!(5433.0), json!(" 5433 ")] {
        let told = database(json!({"PORT": port}));
        assert_eq!(told, "postgresql database=shop host=db port=5433 username=app password=pw", "{port}");
    }
    for port in [json!(""), json!(null), json!("  ")] {
        let told = database(json!({"PORT": port}));
        assert_eq!(told, "postgresql database=shop host=db username=app password=pw", "{port}");
    }
    for port in [json!("x"), json!(0), json!(70000), json!(-1), json!("5432,5433")] {
        let told = database(json!({"PORT": port}));
        assert!(told.starts_with("# DATABASES['default']['PORT']: "), "{port}: {told}");
    }
}

#[test]
fn an_empty_host_is_the_socket_that_the_client_takes() {
    let told = database(json!({"HOST": ""}));
    let (note, check) = told.split_once('\n').expect("a note and a check");
    assert!(note.contains("it is empty, so the client uses the Unix socket in /var/run/postgresql"), "{note}");
    assert_eq!(check, "postgresql database=shop host=/var/run/postgresql username=app password=pw");
    let told = database(json!({"HOST": "/run/pg", "PORT": "5433"}));
    assert_eq!(told, "postgresql database=shop host=/run/pg port=5433 username=app password=pw");
    let mysql = "django.db.backends.mysql";
    for (host, port, address) in [
        ("", "", "host=/var/run/mysqld/mysqld.sock"),
        ("localhost", "", "host=/var/run/mysqld/mysqld.sock"),
        ("localhost", "3307", "host=localhost port=3307"),
        ("/run/my.sock", "", "host=/run/my.sock"),
        ("db", "3307", "host=db port=3307"),
    ] {
        let told = database(json!({"ENGINE": mysql, "HOST": host, "PORT": port}));
        let check = told.lines().last().expect("a check");
        assert_eq!(check, format!("mysql database=shop {address} username=app password=pw"), "{host}:{port}");
    }
}

#[test]
fn several_hosts_are_several_checks() {
    let told = database(json!({"HOST": "a,b", "PORT": "5432,5433"}));
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains("host=a port=5432") && told.contains("host=b port=5433"), "{told}");
    let told = database(json!({"HOST": "a,b", "PORT": "5432"}));
    assert!(told.contains("host=a port=5432") && told.contains("host=b port=5432"), "{told}");
}

#[test]
fn tls_is_verified_as_the_client_verifies_it() {
    for (options, tls) in [
        (json!({}), ""),
        (json!({"sslmode": "prefer"}), ""),
        (json!({"sslmode": "disable"}), " use_tls=false"),
        (json!({"sslmode": "require"}), " use_tls=true disable_tls_verification=true"),
        (json!({"sslmode": "verify-full"}), " use_tls=true"),
        (json!({"sslmode": "verify-full", "sslrootcert": "system"}), " use_tls=true"),
    ] {
        let told = database(json!({"OPTIONS": options}));
        assert_eq!(told, format!("postgresql database=shop host=db username=app password=pw{tls}"), "{options}");
    }
    for (options, tls) in [
        (json!({"charset": "utf8mb4"}), ""),
        (json!({"ssl": {"cipher": "x"}}), " use_tls=true disable_tls_verification=true"),
        (json!({"ssl_mode": "REQUIRED"}), " use_tls=true disable_tls_verification=true"),
        (json!({"ssl_mode": "VERIFY_IDENTITY"}), " use_tls=true"),
        (json!({"ssl_mode": "DISABLED"}), " use_tls=false"),
    ] {
        let told = database(json!({"ENGINE": "django.db.backends.mysql", "OPTIONS": options}));
        assert_eq!(told, format!("mysql database=shop host=db username=app password=pw{tls}"), "{options}");
    }
}

#[test]
fn a_name_from_the_command_line_stands_in_for_none() {
    let document = |name: Value| {
        let database = json!({"ENGINE": "django.db.backends.postgresql", "USER": "u", "HOST": "h", "NAME": name});
        json!({"settings": {"DATABASES": {"default": database}}, "options": {"db_name": "other"}})
    };
    assert!(file_of(&document(json!(""))).contains("database: other\n"));
    assert!(file_of(&document(json!(null))).contains("database: other\n"));
    assert!(file_of(&document(json!("own"))).contains("database: own\n"));
}

#[test]
fn what_needs_no_connection_or_has_no_check_is_a_comment() {
    for (settings, said) in [
        (json!({"ENGINE": "django.db.backends.sqlite3"}), "SQLite is a file: nothing to connect to"),
        (json!({"ENGINE": "django.contrib.gis.db.backends.spatialite"}), "SQLite is a file: nothing to connect to"),
        (json!({"ENGINE": "django.db.backends.oracle"}), "there is no check for Oracle"),
        (json!({"ENGINE": "mssql"}), "there is no check for SQL Server"),
        (json!({"ENGINE": "django.db.backends.dummy"}), "nothing to connect to"),
        (json!({"ENGINE": ""}), "there is no ENGINE"),
        (json!({"ENGINE": "my.own.engine"}), "no check is known for this engine"),
        (json!({"ENGINE": {"$unusable": "a function"}}), "this is a function, where a text is wanted"),
        (json!({"NAME": ""}), "no database is named: say which with --database-name"),
        (json!({"USER": ""}), "it is empty, so the role is the system user who runs the application"),
        (json!({"OPTIONS": {"service": "x"}}), "host and login stand in a pg_service.conf"),
        (json!({"OPTIONS": {"sslmode": "maybe"}}), "libpq knows no such mode"),
        (json!({"PASSWORD": ["s3cret"]}), "this is a list, where a text is wanted"),
    ] {
        let told = database(settings.clone());
        assert!(told.starts_with("# DATABASES['default']") && told.contains(said), "{settings}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
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
}

#[test]
fn caches_inside_of_the_host_are_comments() {
    for backend in ["locmem.LocMemCache", "filebased.FileBasedCache", "dummy.DummyCache", "db.DatabaseCache"] {
        let told = cache(&format!("django.core.cache.backends.{backend}"), &json!("x"));
        assert!(told.starts_with("# CACHES['default']: "), "{told}");
    }
    assert!(cache("my.own.Backend", &json!("x")).contains("no check is known for this backend"));
}

#[test]
fn brokers_are_urls_or_a_family_of_settings() {
    for (settings, checks) in [
        (json!({"BROKER_URL": "amqp://u:p@h//"}), "amqp host=h port=5672 username=u password=p use_tls=false vhost=/"),
        (
            json!({"CELERY_BROKER_URL": "amqps://u:p@h/v"}),
            "amqp host=h port=5671 username=u password=p use_tls=true vhost=v",
        ),
        (
            json!({"CELERY_BROKER_URL": ["amqp://a", "amqp://b"]}),
            "amqp host=a port=5672 username=guest password=guest use_tls=false vhost=/\namqp host=b port=5672 username=guest password=guest use_tls=false vhost=/",
        ),
        (
            json!({"BROKER_URL": "amqp://u:p@h/v", "BROKER_USE_SSL": true}),
            "amqp host=h port=5671 username=u password=p use_tls=true vhost=v",
        ),
        (
            json!({"BROKER_URL": "redis://h/1", "BROKER_USE_SSL": {"ssl_cert_reqs": 0}}),
            "redis host=h port=6379 use_tls=true database=1 disable_tls_verification=true",
        ),
        (
            json!({"BROKER_HOST": "h", "BROKER_PORT": "5673", "BROKER_USER": "u", "BROKER_PASSWORD": "p", "BROKER_VHOST": "v"}),
            "amqp host=h port=5673 username=u password=p use_tls=false vhost=v",
        ),
        (
            json!({"BROKER_HOST": "h", "BROKER_USE_SSL": true}),
            "amqp host=h port=5671 username=guest password=guest use_tls=true vhost=/",
        ),
        (
            json!({"BROKER_BACKEND": "redis", "BROKER_HOST": "h", "BROKER_PORT": 6379, "BROKER_VHOST": "2", "BROKER_PASSWORD": "p", "BROKER_USER": ""}),
            "redis host=h port=6379 password=p database=2",
        ),
        (
            json!({"BROKER_URL": "amqp://u:p@h/v", "BROKER_HOST": "other"}),
            "amqp host=h port=5672 username=u password=p use_tls=false vhost=v",
        ),
        (json!({"CELERY_RESULT_BACKEND": "redis://h:1/2"}), "redis host=h port=1 database=2"),
        (
            json!({"CELERY_RESULT_BACKEND": "db+postgresql://u:p@h/d"}),
            "postgres host=h port=5432 username=u password=p database=d",
        ),
        (
            json!({"CELERY_RESULT_BACKEND": "cache+memcached://a:1;b:2/"}),
            "memcached host=a port=1\nmemcached host=b port=2",
        ),
        (json!({"CELERY_RESULT_BACKEND": "rpc://"}), "# CELERY_RESULT_BACKEND: results go through the broker"),
        (json!({"CELERY_RESULT_BACKEND": "django-db"}), "# CELERY_RESULT_BACKEND: results go into the database"),
    ] {
        assert_eq!(short(&settings), checks, "{settings}");
    }
    assert!(short(&json!({"BROKER_URL": "sqs://k:s3cret@"})).starts_with("# BROKER_URL: "));
    assert!(!short(&json!({"BROKER_URL": "sqs://k:s3cret@"})).contains("s3cret"));
    assert!(short(&json!({"BROKER_BACKEND": "couchdb"})).contains("no check is known for this transport"));
}

#[test]
fn oops_publishers_are_checks_of_their_broker() {
    let publisher = json!({"type": "amqp", "host": "h", "user": "u", "password": "p", "vhost": "v"});
    for name in ["OOPS", "OOPSES"] {
        let settings = json!({name: {"publishers": [publisher, {"type": "datedir", "error_dir": "/x"}]}});
        let told = short(&settings);
        let check = "amqp vhost=v host=h port=5672 username=u password=p use_tls=false\n";
        assert!(told.starts_with(check), "{told}");
        assert!(told.contains(&format!("# {name}['publishers'][1]: reports go into a directory")), "{told}");
    }
    let told = short(&json!({"OOPS": {"publishers": [{"type": "amqp", "port": "5673"}, 7]}}));
    assert!(told.contains("# OOPS['publishers'][0]['host']: it is empty, and needed"), "{told}");
    assert!(told.contains("# OOPS['publishers'][1]: this is a number, where a dictionary is wanted"), "{told}");
}

#[test]
fn statsd_is_sent_a_counter() {
    for (settings, address) in [
        (json!({"STATSD_HOST": "h"}), "host=h port=8125"),
        (json!({"STATSD_HOST": "h", "STATSD_PORT": "10021"}), "host=h port=10021"),
        (json!({"STATSD_HOST": "h:9", "STATSD_PORT": 10021}), "host=h port=9"),
        (json!({"STATSD_HOST": "::1"}), "host='::1' port=8125"),
    ] {
        assert_eq!(short(&settings), format!("udp {address} send='conncheck.test:1|c'"), "{settings}");
    }
    let told = file_of(&json!({"settings": {"STATSD_HOST": "h"}, "statsd": {"send": "Hakuna", "expect": "Matata"}}));
    assert!(told.ends_with("  send: Hakuna\n  expect: Matata\n"), "{told}");
    assert_eq!(file_for(&json!({"STATSD_PORT": 8125, "STATSD_HOST": null})), "");
}

#[test]
fn mail_is_not_sent_and_a_login_needs_both_halves() {
    let with = |settings: Value| {
        let mut all = json!({"EMAIL_HOST": "h"});
        settings.as_object().expect("a dictionary").iter().for_each(|(key, value)| all[key] = value.clone());
        short(&all)
    };
    let plain = "smtp host=h port=25 from_address='webmaster@localhost' use_tls=false send=false";
    assert_eq!(with(json!({})), plain);
    assert_eq!(with(json!({"EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""})), plain);
    assert_eq!(with(json!({"EMAIL_HOST_USER": "u", "EMAIL_HOST_PASSWORD": ""})), plain);
    assert_eq!(with(json!({"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"})), plain);
    assert_eq!(
        with(json!({"EMAIL_PORT": 587, "EMAIL_USE_TLS": true, "EMAIL_HOST_USER": "u", "EMAIL_HOST_PASSWORD": "p",
            "DEFAULT_FROM_EMAIL": "Shop <shop@example.org>"})),
        "smtp host=h port=587 from_address='shop@example.org' username=u password=p use_tls=starttls send=false"
    );
    assert!(
        with(json!({"EMAIL_PORT": "465", "EMAIL_USE_SSL": true}))
            .contains("port=465 from_address='webmaster@localhost' use_tls=true")
    );
    let console = with(json!({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}));
    assert!(console.starts_with("# EMAIL_BACKEND: "), "{console}");
    let other = short(&json!({"EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend"}));
    assert!(other.contains("no check is known for this backend"), "{other}");
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
    let told = short(
        &json!({"HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "x.ElasticsearchSearchEngine", "URL": "http://h:9200/"}}}),
    );
    assert!(told.starts_with("http url='http://h:9200/'"), "{told}");
    let told = short(&json!({"ELASTICSEARCH_DSL": {"default": {"hosts": ["h:9200"]}}}));
    assert!(told.starts_with("http url='http://h:9200/'"), "{told}");
}

#[test]
fn checks_of_a_script_are_taken_over_as_they_are() {
    let check = json!({"type": "http", "url": "https://h/?q=a%20b", "proxy_host": "p", "proxy_port": 8080, "timeout": 2.5,
        "headers": {"X-A": "b"}, "auth": ["u", {"env": "PW"}], "tags": ["no-nagios"], "body": null});
    let told = file_of(&json!({"settings": {}, "checks": [check]}));
    // What the reference is to is known where the checks will run.
    let (note, told) = told.split_once("\n\n").expect("a note and a check");
    assert!(note.contains("the environment variable `PW` is not set"), "{note}");
    assert_eq!(
        told,
        "- type: http\n  url: 'https://h/?q=a%20b'\n  proxy_host: p\n  proxy_port: 8080\n  timeout: 2.5\n  \
         headers: {X-A: b}\n  auth: [u, {env: PW}]\n  tags: [no-nagios]\n  body: null\n"
    );
}

#[test]
fn a_check_of_a_script_that_is_none_is_a_comment_and_one_that_is_odd_is_kept() {
    for (check, said) in [
        (json!({"host": "h"}), "# EXTRA_CHECK_MAKERS, check 1: this check has no `type`"),
        (json!({"type": "carrier pigeon"}), "# EXTRA_CHECK_MAKERS, check 1: no carrier pigeon check: "),
        (json!({"type": "tcp", "host": "h", "port": 99999}), "# EXTRA_CHECK_MAKERS, check 1: no tcp check: "),
        (
            json!({"type": "tcp", "host": "h", "port": 1, "a: b\n- x": 1}),
            "# EXTRA_CHECK_MAKERS, check 1: unknown option",
        ),
        (json!(["x"]), "# EXTRA_CHECK_MAKERS, check 1: this is no dictionary"),
    ] {
        let told = file_of(&json!({"settings": {}, "checks": [check]}));
        assert!(told.starts_with(said), "{told}");
    }
    let told = file_of(&json!({"settings": {}, "checks": [{"type": "tcp", "host": "h", "port": 1, "hots": "x"}]}));
    assert!(told.ends_with("- type: tcp\n  host: h\n  port: 1\n  hots: x\n"), "{told}");
}

#[test]
fn values_that_are_hostile_stay_values() {
    let hostile = "{x: *y} # - type: tcp ' \" $(reboot)";
    let worse = format!("{hostile}\n- type: tcp\u{1b}[31m");
    let database = |name: &str| json!({"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": hostile, "PASSWORD": worse, "HOST": "h"});
    let told =
        file_for(&json!({"DATABASES": {"a'\n- type: tcp": database(hostile), "b\n- type: tcp": database(&worse)}}));
    assert_eq!(told.lines().filter(|line| line.starts_with("- type: ")).count(), 1, "{told}");
    let quoted = hostile.replace('\'', "''");
    assert!(told.contains(&format!("  database: '{quoted}'\n")) && !told.contains('\u{1b}'), "{told}");
}

#[test]
fn a_document_that_is_none_is_refused() {
    for (text, said) in [
        ("", "the settings are not as the bridge writes them"),
        ("[]", "there is no `settings`"),
        ("{\"settings\": []}", "there is no `settings`"),
        ("{\"refused\": \"why\"}", "why"),
        ("{\"settings\": {", "the settings are not as the bridge writes them"),
    ] {
        assert!(Told::parse(text).expect_err("no document").contains(said), "{text}");
    }
}

#[test]
fn settings_of_the_wrong_shape_are_comments() {
    let names = [
        "DATABASES",
        "CACHES",
        "CHANNEL_LAYERS",
        "HAYSTACK_CONNECTIONS",
        "ELASTICSEARCH_DSL",
        "OOPS",
        "RAVEN_CONFIG",
        "SESSION_REDIS",
        "BROKER_URL",
        "CELERY_RESULT_BACKEND",
        "STATSD_HOST",
        "EMAIL_HOST",
        "SENTRY_DSN",
    ];
    for name in names {
        for value in [json!(true), json!([[1, {"s3cret": 1}]]), json!({"$unusable": "a function"}), json!({"a": 5})] {
            let told = short(&json!({name: value}));
            let comments = told.lines().filter(|line| line.starts_with(&format!("# {name}"))).count();
            let dictionary_is_right = value["a"] == 5 && matches!(name, "OOPS" | "RAVEN_CONFIG" | "SESSION_REDIS");
            assert!(comments > 0 || dictionary_is_right, "{name} {value}: {told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
