//! What each family of settings becomes, in the forms in which it is written.

mod databases;
mod health;
mod others;
mod stores;

use super::{DjangoSettings, file};
use crate::generate::Secrets;
use serde_json::{Value, json};

/// What reads the settings.
const BRIDGE: &str = include_str!("../../../../python/conn_check_configs/bridge.py");

/// The file for these settings, without its first line.
fn file_for(settings: &Value) -> String {
    file_of(&json!({"settings": settings}))
}

fn file_of(document: &Value) -> String {
    for name in document["settings"].as_object().expect("settings").keys() {
        assert!(BRIDGE.contains(&format!("'{name}'")), "the bridge does not hand {name} over");
    }
    let text = named_file_of(document);
    // What a file without checks ends with is told of elsewhere.
    let text = text.split("# Nothing in it can be checked").next().unwrap_or_default();
    text.split_inclusive('\n').filter(|line| !line.starts_with("  name: ")).collect()
}

/// The same with the names of the checks.
fn named_file_of(document: &Value) -> String {
    let settings = DjangoSettings::parse(&document.to_string()).expect("a document");
    let text = file(&settings).reviewed().write(&Secrets::Inline).text;
    text.split_once('\n').map(|(_, rest)| rest.trim_start().to_owned()).expect("a first line")
}

#[test]
fn each_check_is_called_by_its_setting() {
    let database =
        |host: &str| json!({"ENGINE": "django.db.backends.postgresql", "NAME": "n", "USER": "u", "HOST": host});
    let text = named_file_of(&json!({
        "settings": {"DATABASES": {"default": database("a"), "replica": database("b")}, "CELERY_BROKER_URL": "redis://c"},
        "others": {"REDIS_URL": "redis://c"},
        "checks": [{"type": "tcp", "host": "h", "port": 1}],
    }));
    let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
    let expected = ["'DATABASES[''default'']'", "'DATABASES[''replica'']'", "'CELERY_BROKER_URL, REDIS_URL'"];
    assert_eq!(names, expected, "{text}");
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
            json!({"CELERY_RESULT_BACKEND": "rediss://:p@h/1", "CELERY_REDIS_BACKEND_USE_SSL": {"ssl_cert_reqs": 0}}),
            "redis host=h port=6379 password=p use_tls=true database=1 disable_tls_verification=true",
        ),
        (
            json!({"CELERY_RESULT_BACKEND": "redis://h/1", "CELERY_REDIS_BACKEND_USE_SSL": {"ssl_cert_reqs": "none"}}),
            "redis host=h port=6379 use_tls=true database=1 disable_tls_verification=true",
        ),
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
        let text = short(&settings);
        let check = "amqp vhost=v host=h port=5672 username=u password=p use_tls=false\n";
        assert!(text.starts_with(check), "{text}");
        assert!(text.contains(&format!("# {name}['publishers'][1]: reports go into a directory")), "{text}");
    }
    let text = short(&json!({"OOPS": {"publishers": [{"type": "amqp", "port": "5673"}, 7]}}));
    assert!(text.contains("# OOPS['publishers'][0]['host']: it is empty, but it is required"), "{text}");
    assert!(text.contains("# OOPS['publishers'][1]: this is a number, expected a dictionary"), "{text}");
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
    let text = file_of(&json!({"settings": {"STATSD_HOST": "h"}, "statsd": {"send": "Hakuna", "expect": "Matata"}}));
    assert!(text.ends_with("  send: Hakuna\n  expect: Matata\n"), "{text}");
    assert_eq!(file_for(&json!({"STATSD_PORT": 8125, "STATSD_HOST": null})), "");
}

#[test]
fn what_a_script_says_of_statsd_is_in_its_check() {
    let statsd = json!({"type": "udp", "send": "x", "expect": "", "port": 9125, "timeout": 2, "tags": ["metrics"]});
    let text = file_of(&json!({"settings": {"STATSD_HOST": "h", "STATSD_PORT": 8126}, "statsd": statsd}));
    assert_eq!(text, "- type: udp\n  host: h\n  port: 9125\n  send: x\n  timeout: 2\n  tags: [metrics]\n");
    let text = file_of(&json!({"settings": {"STATSD_HOST": "h"}, "statsd": {"port": "x"}}));
    assert!(text.starts_with("# STATSD_CHECK['port']: this is not a port number"), "{text}");
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
    let unused = with(json!({"EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend"}));
    assert_eq!(unused, "# EMAIL_BACKEND: no check is known for this backend");
    let queue = with(json!({"EMAIL_BACKEND": "post_office.EmailBackend"}));
    let (note, check) = queue.split_once('\n').expect("a note and a check");
    assert!(note.contains("this backend is not Django's own") && check == plain, "{queue}");
}

#[test]
fn mail_goes_to_djangos_own_host_where_the_settings_say_only_how() {
    let smtp = "django.core.mail.backends.smtp.EmailBackend";
    let settings = json!({"EMAIL_BACKEND": smtp, "EMAIL_PORT": 587, "EMAIL_USE_TLS": true, "EMAIL_HOST_USER": "u",
        "EMAIL_HOST_PASSWORD": "p"});
    assert_eq!(
        short(&settings),
        "smtp host=localhost port=587 from_address='webmaster@localhost' username=u password=p use_tls=starttls send=false"
    );
    for settings in
        [json!({"EMAIL_BACKEND": smtp}), json!({"EMAIL_PORT": 25}), json!({"EMAIL_HOST": "", "EMAIL_USE_TLS": true})]
    {
        assert_eq!(short(&settings), "", "{settings}");
    }
}

#[test]
fn checks_of_a_script_are_taken_over_as_they_are() {
    let check = json!({"type": "http", "url": "https://h/?q=a%20b", "proxy_host": "p", "proxy_port": 8080, "timeout": 2.5,
        "headers": {"X-A": "b"}, "auth": ["u", {"env": "PW"}], "tags": ["no-nagios"], "body": null});
    let text = file_of(&json!({"settings": {}, "checks": [check]}));
    // What the reference is to is known where the checks will run.
    let (note, text) = text.split_once("\n\n").expect("a note and a check");
    assert!(note.contains("the environment variable `PW` is not set"), "{note}");
    assert_eq!(
        text,
        "- type: http\n  url: 'https://h/?q=a%20b'\n  proxy_host: p\n  proxy_port: 8080\n  timeout: 2.5\n  \
         headers: {X-A: b}\n  auth: [u, {env: PW}]\n  tags: [no-nagios]\n  body: null\n"
    );
}

#[test]
fn a_check_of_a_script_that_is_none_is_a_comment_and_one_that_is_odd_is_kept() {
    for (check, expected) in [
        (json!({"host": "h"}), "# EXTRA_CHECK_MAKERS, check 1: this check has no `type`"),
        (json!({"type": "carrier pigeon"}), "# EXTRA_CHECK_MAKERS, check 1: no carrier pigeon check: "),
        (json!({"type": "tcp", "host": "h", "port": 99999}), "# EXTRA_CHECK_MAKERS, check 1: no tcp check: "),
        (
            json!({"type": "tcp", "host": "h", "port": 1, "a: b\n- x": 1}),
            "# EXTRA_CHECK_MAKERS, check 1: unknown option",
        ),
        (json!(["x"]), "# EXTRA_CHECK_MAKERS, check 1: this is not a dictionary"),
    ] {
        let text = file_of(&json!({"settings": {}, "checks": [check]}));
        assert!(text.starts_with(expected), "{text}");
    }
    let odd = json!({"type": "tcp", "host": "h", "port": 1, "hots": "x"});
    let mail = json!({"type": "smtp", "host": "h", "port": 25, "to_address": "a@h", "from_address": "b@h"});
    for check in [odd, mail] {
        let document = json!({"settings": {}, "checks": [check]});
        let settings = DjangoSettings::parse(&document.to_string()).expect("a document");
        let file = file(&settings).reviewed();
        // Whoever goes by the status has to hear of it.
        assert_eq!((file.gaps().count(), file.has_checks()), (1, true), "{file:?}");
        assert!(file_of(&document).contains("; --strict refuses that\n"), "{file:?}");
    }
}

#[test]
fn values_that_are_hostile_stay_values() {
    let hostile = "{x: *y} # - type: tcp ' \" $(reboot)";
    let worse = format!("{hostile}\n- type: tcp\u{1b}[31m");
    let database = |name: &str| json!({"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": hostile, "PASSWORD": worse, "HOST": "h"});
    let text =
        file_for(&json!({"DATABASES": {"a'\n- type: tcp": database(hostile), "b\n- type: tcp": database(&worse)}}));
    assert_eq!(text.lines().filter(|line| line.starts_with("- type: ")).count(), 1, "{text}");
    let quoted = hostile.replace('\'', "''");
    assert!(text.contains(&format!("  database: '{quoted}'\n")) && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn the_package_for_scripts_sends_statsd_the_same() {
    let package = include_str!("../../../../python/conn_check_configs/django.py");
    assert!(package.contains(&format!("    'send': '{}',\n", crate::services::STATSD_PROBE)));
}

#[test]
fn a_document_that_is_none_is_refused() {
    for (text, expected) in [
        ("", "the settings are not as the bridge writes them"),
        ("[]", "there is no `settings`"),
        ("{\"settings\": []}", "there is no `settings`"),
        ("{\"refused\": \"why\"}", "why"),
        ("{\"settings\": {", "the settings are not as the bridge writes them"),
    ] {
        assert!(DjangoSettings::parse(text).expect_err("no document").to_string().contains(expected), "{text}");
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
            let text = short(&json!({name: value}));
            let comments = text.lines().filter(|line| line.starts_with(&format!("# {name}"))).count();
            let dictionary_is_right = value["a"] == 5 && matches!(name, "OOPS" | "RAVEN_CONFIG" | "SESSION_REDIS");
            assert!(comments > 0 || dictionary_is_right, "{name} {value}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}

#[test]
fn secrets_of_a_scripts_checks_can_stand_outside_too() {
    let checks = json!([
        {"type": "http", "url": "https://h/", "auth": ["u", "s3cret"], "body": "s3cret"},
        {"type": "redis", "host": "h", "password": "s3cret"},
        {"type": "http", "url": "https://u:s3cret@h/", "proxy_url": "http://u:s3cret@p:3128",
            "headers": {"Authorization": "Bearer s3cret", "X-A": "b"}, "cookies": {"x": "s3cret"}},
        {"type": "http", "url": "https://h/?key=s3cret", "params": [["token", "s3cret"], ["q", "b"]]},
    ]);
    let settings = DjangoSettings::parse(&json!({"settings": {}, "checks": checks}).to_string()).expect("a document");
    let text = file(&settings).reviewed().write(&Secrets::Env).text;
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(text.matches("{env: EXTRA_CHECK_MAKERS_CHECK_").count(), 9, "{text}");
    assert!(text.contains("X-A: b}") && text.contains("[q, b]"), "{text}");
}

#[test]
fn what_stands_in_the_wrong_place_is_not_shown() {
    for host in ["postgres://u:s3cret@h/x", "s3cret!", "h;password=s3cret"] {
        let database = json!({"ENGINE": "django.db.backends.postgresql", "NAME": "n", "USER": "u", "HOST": host});
        let text = short(&json!({"DATABASES": {"a": database}}));
        assert!(text.starts_with("# DATABASES['a']: no postgresql check: `host`: expected "), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let text = file_of(&json!({"settings": {}, "checks": [{"type": "tcp", "host": "u:s3cret!", "port": 1}]}));
    assert!(text.contains("no tcp check: `host`: expected ") && !text.contains("s3cret"), "{text}");
}
