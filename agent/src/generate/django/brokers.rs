//! Celery's broker and its result backend, in the settings of all its versions.

use crate::generate::django::caches;
use crate::generate::django::group::{Group, or_comment};
use crate::generate::django::tls;
use crate::generate::url;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, NoServer, Security, Service};

/// Before Celery 4, and since, with the namespace that its manual proposes.
const BROKERS: [&str; 2] = ["BROKER_URL", "CELERY_BROKER_URL"];

/// The same for the results.
const BACKENDS: [&str; 3] = ["CELERY_RESULT_BACKEND", "CELERY_RESULT_BACKEND_URL", "RESULT_BACKEND"];

/// What begins the names of the old settings.
const PREFIXES: [&str; 2] = ["BROKER_", "CELERY_BROKER_"];

/// Where kombu finds a broker that nobody names.
const HOST: &str = "localhost";

/// The checks for the broker, then for the results.
pub(super) fn items(settings: &Group<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for name in BROKERS {
        let secure = format!("{}_USE_SSL", name.trim_end_matches("_URL"));
        items.extend(or_comment(urls(settings, name, &[&secure])));
    }
    if items.is_empty() {
        items.extend(PREFIXES.into_iter().flat_map(|prefix| or_comment(old(settings, prefix))));
    }
    for name in BACKENDS {
        items.extend(or_comment(results(settings, name)));
    }
    items
}

/// What the settings of TLS say holds for every URL.
fn urls(settings: &Group<'_>, name: &str, secure: &[&str]) -> Result<Vec<Item>, Comment> {
    let secure = secure.iter().find(|name| settings.flag(name));
    let mut items = Vec::new();
    for text in settings.texts(name)? {
        let Some(secure) = secure else {
            items.extend(url::items(name, &text));
            continue;
        };
        let encrypted: Vec<_> = text.split(';').map(with_tls).collect();
        for item in url::items(name, &encrypted.join(";")) {
            items.push(match item {
                Item::Check(check) => tls::files(check, settings, secure)?.into(),
                comment @ Item::Comment(_) => comment,
            });
        }
    }
    Ok(items)
}

/// The URL of the same service with TLS.
fn with_tls(text: &str) -> String {
    let secure = text.split_once("://").and_then(|(scheme, rest)| {
        let scheme = services::by_scheme(scheme)?.0.tls_scheme()?;
        Some(format!("{scheme}://{rest}"))
    });
    secure.unwrap_or_else(|| text.to_owned())
}

fn results(settings: &Group<'_>, name: &str) -> Result<Vec<Item>, Comment> {
    let Some(text) = settings.text(name)? else { return Ok(Vec::new()) };
    if let Some(rest) = text.strip_prefix("cache+memcached://") {
        let servers = rest.split('/').next().unwrap_or_default();
        return Ok(caches::memcached(name, servers));
    }
    let plain = text.strip_prefix("db+").unwrap_or(&text);
    let scheme = plain.split_once("://").map_or(plain, |(scheme, _)| scheme);
    let is = |wanted: &Service| services::by_scheme(scheme).is_some_and(|(service, _)| service == wanted);
    match scheme {
        _ if is(&services::AMQP) || scheme == "rpc" => {
            Ok(vec![Comment::note(name, "results go through the broker").into()])
        }
        "django-db" | "database" => Ok(vec![Comment::note(name, "results go into the database").into()]),
        "django-cache" | "cache" | "cache+memory" => Ok(vec![Comment::note(name, "results go into the cache").into()]),
        "disabled" => Ok(Vec::new()),
        _ if plain.contains("DatabaseBackend") => Ok(vec![Comment::note(name, "results go into the database").into()]),
        _ if !plain.contains("://") => {
            Err(settings.gap(name, "where results go stands in settings that are not read: say it as URL"))
        }
        _ if is(&services::REDIS) => urls(settings, name, &["CELERY_REDIS_BACKEND_USE_SSL", "REDIS_BACKEND_USE_SSL"]),
        _ => Ok(url::items(name, plain)),
    }
}

/// Before there were URLs: Celery 1 and 2.
fn old(settings: &Group<'_>, prefix: &str) -> Result<Vec<Item>, Comment> {
    let name = |rest: &str| format!("{prefix}{rest}");
    let host = settings.text(&name("HOST"))?;
    let transport = settings.first(&[&name("TRANSPORT"), &name("BACKEND")])?;
    if host.is_none() && transport.is_none() {
        return Ok(Vec::new());
    }
    let transport = transport.unwrap_or_else(|| services::AMQP.id.to_owned());
    let host = host.unwrap_or_else(|| HOST.to_owned());
    match services::by_driver(&transport) {
        Some(service) if *service == services::AMQP => Ok(vec![old_amqp(settings, prefix, &host)?.into()]),
        Some(service) if *service == services::REDIS => Ok(vec![old_redis(settings, prefix, &host)?.into()]),
        _ if transport == "django" || services::no_server_by_scheme(&transport).is_some_and(is_local) => {
            Ok(vec![Comment::note(name("TRANSPORT"), "inside of the application: nothing to connect to").into()])
        }
        _ => Err(settings
            .gap(&name("TRANSPORT"), "no check is known for this transport; a tcp check would at least connect")),
    }
}

const fn is_local(why: NoServer) -> bool {
    matches!(why, NoServer::File | NoServer::Application)
}

fn old_amqp(settings: &Group<'_>, prefix: &str, host: &str) -> Result<GeneratedCheck, Comment> {
    let name = |rest: &str| format!("{prefix}{rest}");
    let secure = settings.flag(&name("USE_SSL"));
    let usual = services::AMQP.port(if secure { Security::Tls } else { Security::Plain });
    let port = settings.port(&name("PORT"))?.unwrap_or(usual.get());
    let guest = services::AMQP.options.guest.unwrap_or_default();
    let check = GeneratedCheck::new(services::AMQP.id, &name("HOST")).text("host", host).number("port", port);
    let check = check.text("username", settings.text(&name("USER"))?.as_deref().unwrap_or(guest));
    let check = match settings.text(&name("PASSWORD"))? {
        Some(password) => check.secret_of("password", password, &name("PASSWORD")),
        None => check.text("password", guest),
    };
    let check = check.flag("use_tls", secure).text("vhost", settings.text(&name("VHOST"))?.as_deref().unwrap_or("/"));
    if secure { tls::files(check, settings, &name("USE_SSL")) } else { Ok(check) }
}

/// The number of the database stands where a broker has its virtual host.
fn old_redis(settings: &Group<'_>, prefix: &str, host: &str) -> Result<GeneratedCheck, Comment> {
    let name = |rest: &str| format!("{prefix}{rest}");
    let port = settings.port(&name("PORT"))?.unwrap_or(services::REDIS.port(Security::Plain).get());
    let check = GeneratedCheck::new(services::REDIS.id, &name("HOST")).text("host", host).number("port", port);
    let check = match settings.text(&name("PASSWORD"))? {
        Some(password) => check.secret_of("password", password, &name("PASSWORD")),
        None => check,
    };
    let number = settings.text(&name("VHOST"))?.unwrap_or_default();
    let check = match number.trim_matches('/').parse::<u32>() {
        Ok(number) if number > 0 => check.number("database", number),
        _ => check,
    };
    if settings.flag(&name("USE_SSL")) {
        tls::files(check.flag("use_tls", true), settings, &name("USE_SSL"))
    } else {
        Ok(check)
    }
}
