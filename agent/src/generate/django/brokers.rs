//! Celery's broker and its result backend, in the settings of all its versions.

use crate::generate::django::caches;
use crate::generate::django::group::{Group, map_checks, or_comment};
use crate::generate::django::tls;
use crate::generate::{Comment, Item};
use crate::services::{self, NoServer, Service};
use crate::url::{self, ConnectionSettings};

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
        let text = with_primary(settings, name, text)?;
        let Some(secure) = secure else {
            items.extend(url::items(name, &text));
            continue;
        };
        let encrypted: Vec<_> = text.split(';').map(with_tls).collect();
        let found = url::items(name, &encrypted.join(";"));
        items.extend(map_checks(found, |check| Ok([tls::files(check, settings, secure)?]))?);
    }
    Ok(items)
}

/// The URLs of sentinels with what the options of the transport say of them: what the primary is called, and the
/// sentinels' own login.
fn with_primary(settings: &Group<'_>, name: &str, text: String) -> Result<String, Comment> {
    let is_sentinel = |piece: &str| piece.trim_start().starts_with(services::SENTINEL.scheme().name);
    if !text.split(';').any(is_sentinel) {
        return Ok(text);
    }
    let stem = name.trim_end_matches("_URL");
    let keys = [format!("{stem}_TRANSPORT_OPTIONS"), format!("CELERY_{stem}_TRANSPORT_OPTIONS")];
    let key = keys.iter().find(|key| settings.raw(key).is_some()).unwrap_or(&keys[0]);
    let options = settings.group(key)?;
    let own = options.group("sentinel_kwargs")?;
    let found = [
        ("master_name", options.text("master_name")?),
        ("sentinel_username", own.text("username")?),
        ("sentinel_password", own.text("password")?),
        // What holds for the primary does not for the sentinels: redis-py has arguments of their own for these.
        (url::TLS_OF_SENTINELS, Some(own.flag("ssl").to_string())),
    ];
    let query: Vec<_> =
        found.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", encoded(&value?)))).collect();
    let with = |piece: &str| {
        let separator = if piece.contains('?') { '&' } else { '?' };
        if is_sentinel(piece) { format!("{piece}{separator}{}", query.join("&")) } else { piece.to_owned() }
    };
    Ok(text.split(';').map(with).collect::<Vec<_>>().join(";"))
}

/// A text as it stands in a query (RFC 3986, section 2.1).
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The URL of the same service with TLS.
fn with_tls(text: &str) -> String {
    let secure = text.split_once("://").and_then(|(scheme, rest)| {
        let scheme = services::by_scheme(scheme)?.0.tls_scheme()?;
        Some(format!("{}://{rest}", scheme.name))
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
        _ if is(&services::REDIS) || is(&services::SENTINEL) => {
            urls(settings, name, &["CELERY_REDIS_BACKEND_USE_SSL", "REDIS_BACKEND_USE_SSL"])
        }
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
    let service = match services::by_driver(&transport) {
        Some(service) if [&services::AMQP, &services::REDIS].contains(&service) => service,
        _ if transport == "django"
            || matches!(services::no_server_by_scheme(&transport), Some(NoServer::File | NoServer::Application)) =>
        {
            let why = "inside of the application: nothing to connect to";
            return Ok(vec![Comment::note(name("TRANSPORT"), why).into()]);
        }
        _ => {
            let why = "no check is known for this transport; a tcp check would at least connect";
            return Err(settings.gap(&name("TRANSPORT"), why));
        }
    };
    let secure = settings.flag(&name("USE_SSL"));
    let port = settings.port(&name("PORT"))?.map(|port| port.to_string());
    let (user, password) = (settings.text(&name("USER"))?, settings.text(&name("PASSWORD"))?);
    let vhost = settings.text(&name("VHOST"))?;
    let connection = ConnectionSettings {
        port: port.as_deref(),
        // Redis had no users then.
        user: user.as_deref().filter(|_| *service == services::AMQP),
        password: password.as_deref(),
        name: vhost.as_deref(),
        options: vec![("ssl", if secure { "true" } else { "false" })],
        ..ConnectionSettings::of(service, host.as_deref().unwrap_or(HOST))
    };
    map_checks(connection.items(&name("HOST")), |check| {
        let check = check.secrets_named(&name("PASSWORD"));
        Ok([if secure { tls::files(check, settings, &name("USE_SSL"))? } else { check }])
    })
}
