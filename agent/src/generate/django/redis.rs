//! What is kept in Redis: caches, Channels' layers, sessions.

use crate::generate::django::group::{Group, host_and_port, map_checks, or_comment};
use crate::generate::django::tls;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, Security, Service};
use crate::url::{self, ConnectionSettings, Primary, TLS_OF_SENTINELS};
use serde_json::Value;

/// Where Redis listens as it comes.
const PORT: u16 = services::REDIS.port(Security::Plain).get();

/// A cache: of Django itself, django-redis, django-redis-cache, django-valkey.
pub(super) fn cache(cache: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let options = cache.group("OPTIONS")?;
    let pool = options.group("CONNECTION_POOL_KWARGS")?;
    // The pool is given its own arguments last.
    let either = |own: &str, keys: &[&str]| match pool.text(own)? {
        Some(text) => Ok(Some(text)),
        None => options.first(keys),
    };
    let login = Login {
        user: either("username", &["USERNAME", "username"])?,
        password: either("password", &["PASSWORD", "password"])?,
        database: either("db", &["DB", "db"])?,
    };
    if options.raw("SENTINELS").is_some()
        || options.text("CLIENT_CLASS")?.is_some_and(|class| class.contains("Sentinel"))
    {
        // The host of the URL is what the primary is called.
        let location = cache.texts("LOCATION")?.into_iter().next().unwrap_or_default();
        return sentinels(&options, "SENTINELS", &pool, url::named_in(&location), &login);
    }
    let items = cache.texts("LOCATION")?.iter().flat_map(|text| servers(&cache.origin, text)).collect();
    let items = login.add_to(items, |check| tls::options(tls::options(check, &options)?, &pool))?;
    if items.is_empty() {
        return Err(cache.gap("LOCATION", "it is empty: there is no server to connect to"));
    }
    Ok(items)
}

/// `CHANNEL_LAYERS`.
pub(super) fn channel_layers(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    settings.each("CHANNEL_LAYERS", channel_layer)
}

fn channel_layer(layer: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let backend = layer.text("BACKEND")?.unwrap_or_default();
    let config = layer.group("CONFIG")?;
    if services::no_server_by_driver(&backend).is_some() {
        return Ok(vec![layer.own_note("a layer inside of the application: nothing to connect to").into()]);
    }
    let service = services::by_driver(&backend);
    let is = |wanted: &Service| service.is_some_and(|service| service == wanted);
    if let (true, Some(text)) = (is(&services::AMQP), config.first(&["url", "host"])?) {
        return Ok(url::items(&layer.origin, &text));
    }
    if !is(&services::REDIS) {
        return Err(layer.gap("BACKEND", "no check is known for this backend; a tcp check would at least connect"));
    }
    match config.raw("hosts") {
        None => Ok(vec![GeneratedCheck::at(services::REDIS.id, &layer.origin, "localhost", PORT).into()]),
        Some(Value::Array(hosts)) => {
            let place = config.place("hosts");
            let hosts =
                hosts.iter().enumerate().map(|(number, host)| channel_host(layer, format!("{place}[{number}]"), host));
            Ok(hosts.flat_map(or_comment).collect())
        }
        Some(_) => Err(config.gap("hosts", "expected a list")),
    }
}

/// A URL, a pair of host and port, or what redis-py calls the arguments of a connection.
fn channel_host(layer: &Group<'_>, place: String, host: &Value) -> Result<Vec<Item>, Comment> {
    match host {
        Value::String(text) => Ok(servers(&layer.origin, text)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(host), port] => {
                let port = port.as_u64().and_then(|port| u16::try_from(port).ok());
                let port = port.ok_or_else(|| Comment::gap(place, "the port is not a number"))?;
                Ok(vec![GeneratedCheck::at(services::REDIS.id, &layer.origin, host, port).into()])
            }
            _ => Err(Comment::gap(place, "expected a host and a port")),
        },
        other => connection(&Group::of(place, other)?),
    }
}

/// `SESSION_REDIS`, or the family of settings it took the place of (django-redis-sessions).
pub(super) fn sessions(settings: &Group<'_>) -> Result<Vec<Item>, Comment> {
    if settings.raw("SESSION_REDIS").is_some() {
        return connection(&settings.group("SESSION_REDIS")?);
    }
    if let Some(text) = settings.text("SESSION_REDIS_URL")? {
        return Ok(url::items("SESSION_REDIS_URL", &text));
    }
    let login = Login {
        user: None,
        password: settings.text("SESSION_REDIS_PASSWORD")?,
        database: settings.text("SESSION_REDIS_DB")?,
    };
    if let Some(path) = settings.text("SESSION_REDIS_UNIX_DOMAIN_SOCKET_PATH")? {
        return Ok(vec![login.add(GeneratedCheck::new(services::REDIS.id, "SESSION_REDIS").text("host", path)).into()]);
    }
    let Some(host) = settings.text("SESSION_REDIS_HOST")? else { return Ok(Vec::new()) };
    let port = settings.port("SESSION_REDIS_PORT")?.unwrap_or(PORT);
    Ok(vec![login.add(GeneratedCheck::at(services::REDIS.id, "SESSION_REDIS", &host, port)).into()])
}

/// The arguments of a connection, as redis-py takes them.
fn connection(group: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let login = Login { user: group.text("username")?, password: group.text("password")?, database: group.text("db")? };
    if group.raw("sentinels").is_some() {
        let name = group.first(&["master_name", "service_name"])?;
        return sentinels(group, "sentinels", group, Primary { name, ..Primary::default() }, &login);
    }
    let items = match (group.first(&["address", "url"])?, group.first(&["path", "unix_domain_socket_path"])?) {
        (Some(text), _) => servers(&group.origin, &text),
        (None, Some(path)) => vec![GeneratedCheck::new(services::REDIS.id, &group.origin).text("host", path).into()],
        (None, None) => {
            let host = group.text("host")?.unwrap_or_else(|| "localhost".to_owned());
            let check =
                GeneratedCheck::at(services::REDIS.id, &group.origin, &host, group.port("port")?.unwrap_or(PORT));
            vec![if group.flag("ssl") { check.flag("use_tls", true) } else { check }.into()]
        }
    };
    login.add_to(items, |check| tls::options(check, group))
}

/// The checks at sentinels, which are pairs of a host and a port; a gap where it is not said what the primary is called.
/// What is said of TLS in `connection` holds for the primary; sentinels have arguments of their own.
fn sentinels(
    group: &Group<'_>,
    key: &str,
    connection: &Group<'_>,
    primary: Primary,
    login: &Login,
) -> Result<Vec<Item>, Comment> {
    let place = group.place(key);
    let Some(places) = places_of(group, key) else {
        let why = "which the sentinels are is not said here, and no check asks sentinels that nobody names: add redis checks with `sentinel:`";
        return Ok(vec![Comment::gap(place, why).into()]);
    };
    let own = ["SENTINEL_KWARGS", "sentinel_kwargs"].into_iter().find(|key| group.raw(key).is_some());
    let own = own.map(|key| group.group(key)).transpose()?;
    let own_of = |key: &str| own.as_ref().map_or(Ok(None), |own| own.text(key));
    let (own_user, own_password) = (own_of("username")?, own_of("password")?);
    let secure = primary.secure || connection.flag("ssl");
    let own_secure = own.as_ref().is_some_and(|own| own.flag("ssl"));
    let options = primary.name.iter().map(|name| ("master_name", name.as_str()));
    let options = options.chain(secure.then_some(("ssl", "true")));
    let options: Vec<_> = options.chain([(TLS_OF_SENTINELS, if own_secure { "true" } else { "false" })]).collect();
    let at = |host: &String| {
        ConnectionSettings { options: options.clone(), ..ConnectionSettings::of(&services::SENTINEL, host) }
            .items(&place)
    };
    let mut found: Vec<_> = places.iter().flat_map(at).collect();
    // One word on all of them is enough.
    let mut told = false;
    found.retain(|item| matches!(item, Item::Check(_)) || !std::mem::replace(&mut told, true));
    if own_user.is_some() && own_password.is_none() {
        found.insert(0, Comment::lone_user(&place).into());
    }
    let items = map_checks(found, |check| {
        if check.kind != services::REDIS.id {
            return Ok(vec![check.into()]);
        }
        let check = match &own_password {
            Some(password) => {
                check.some_text("sentinel_username", own_user.as_deref()).secret("sentinel_password", password.as_str())
            }
            None => check,
        };
        let check = if secure { tls::options(check, connection)? } else { check };
        Ok(vec![Item::from(match &own {
            Some(own) if own_secure => tls::options(check, own)?,
            _ => check,
        })])
    })?;
    if primary.name.is_none() {
        return Ok(items);
    }
    let login = Login {
        database: login.database.clone().or(primary.database),
        user: login.user.clone().or(primary.user),
        password: login.password.clone().or(primary.password),
    };
    login.add_to(items, Ok)
}

/// Where the sentinels are, as `HOST:PORT`; nothing where one of them is said in another form, or none is said.
fn places_of(group: &Group<'_>, key: &str) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(host), Value::Number(port)] => Some(format!("{host}:{port}")),
            [Value::String(host), Value::String(port)] => Some(format!("{host}:{port}")),
            _ => None,
        },
        _ => None,
    };
    let places = group.raw(key)?.as_array()?.iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(places).filter(|places| !places.is_empty())
}

/// URLs, sockets, and `HOST:PORT:DATABASE` of the time before URLs; several, separated by
/// semicolons or commas.
fn servers(origin: &str, text: &str) -> Vec<Item> {
    if text.contains("://") {
        return url::items(origin, text);
    }
    let servers = text.split([';', ',']).map(str::trim).filter(|server| !server.is_empty());
    servers.map(|server| old_server(origin, server)).collect()
}

fn old_server(origin: &str, server: &str) -> Item {
    let path = server.strip_prefix("unix:").unwrap_or(server);
    let (place, database) = match server.rsplit_once(':') {
        Some((place, number)) if path.starts_with('/') || place.contains(':') => (place, number.parse::<u32>().ok()),
        _ => (server, None),
    };
    let place = if database.is_some() { place } else { server };
    let path = place.strip_prefix("unix:").unwrap_or(place);
    let check = if path.starts_with('/') {
        GeneratedCheck::new(services::REDIS.id, origin).text("host", path)
    } else if let Some((host, port)) = host_and_port(place) {
        GeneratedCheck::at(services::REDIS.id, origin, &host, port.unwrap_or(PORT))
    } else {
        return Comment::gap(origin, "a server is neither a URL nor HOST:PORT nor the path of a socket").into();
    };
    check.some_number("database", database.filter(|number| *number > 0)).into()
}

/// What options say beside the address; what the URL says wins.
struct Login {
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
}

impl Login {
    /// A user that cannot log in, as no password is known.
    fn missing(&self, check: &GeneratedCheck) -> Option<Comment> {
        let alone = self.user.is_some() && self.password.is_none() && check.get("password").is_none();
        alone.then(|| Comment::lone_user(check.origins.join(", ")))
    }

    fn add(&self, check: GeneratedCheck) -> GeneratedCheck {
        let is_missing = |key: &str| check.get(key).is_none();
        let user = self.user.as_deref().filter(|_| is_missing("username"));
        let password = self.password.as_deref().filter(|_| is_missing("password"));
        let user = user.filter(|_| password.is_some() || !is_missing("password"));
        let number = self.database.as_deref().and_then(|number| number.parse::<u32>().ok());
        let number = number.filter(|number| *number > 0 && is_missing("database"));
        check.some_text("username", user).some_secret("password", password).some_number("database", number)
    }

    /// To each check, and what else there is to add.
    fn add_to(
        &self,
        items: Vec<Item>,
        more: impl Fn(GeneratedCheck) -> Result<GeneratedCheck, Comment>,
    ) -> Result<Vec<Item>, Comment> {
        map_checks(items, |check| {
            let missing = self.missing(&check).map(Item::Comment);
            Ok(missing.into_iter().chain([more(self.add(check))?.into()]).collect::<Vec<_>>())
        })
    }
}
