//! URLs of Redis, whose database is a number, and of its sentinels.

use super::Known;
use super::connection;
use super::parts::{Bad, Parts};
use super::tls::Tls;
use crate::services::{self, Security};
use crate::url::{Comment, GeneratedCheck, Item};
use std::num::NonZero;

/// A check for each host, or one for the socket. What the query says wins, as with redis-py.
pub(super) fn items(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Known { origin, parts, .. } = *url;
    if parts.extra() == services::SENTINEL.scheme().name {
        return sentinels(&Known { service: &services::SENTINEL, ..*url });
    }
    let is_socket = url.scheme.socket || matches!(parts.extra(), "socket" | "unix") || is_path_alone(parts);
    let tls = Tls::read(parts);
    let security = if is_socket { Security::Plain } else { url.security(&tls) };
    let checks = if is_socket { vec![at_socket(url)?] } else { at_hosts(url, security)? };
    let user = parts.option(&["username"]).or(parts.user.as_deref());
    let password = parts.option(&["password"]).or(parts.password.as_deref());
    let database = database(parts, is_socket)?;
    let mut items = Vec::new();
    if user.is_some() && password.is_none() {
        items.push(Comment::lone_user(origin).into());
    }
    for check in checks {
        let check = match password {
            Some(password) => check.some_text("username", user).secret("password", password),
            None => check,
        };
        let check = if security == Security::Tls { tls.apply(check.flag("use_tls", true)) } else { check };
        items.push(check.some_number("database", database.filter(|number| *number > 0)).into());
    }
    Ok(items)
}

fn at_socket(url: &Known<'_>) -> Result<GeneratedCheck, Bad> {
    let path = url.parts.name()?;
    let path = path.ok_or_else(|| Bad::new("the URL names no socket: `redis+socket:///run/redis.sock`"))?;
    // The name of a directory may have been taken for a host: `unix://run/redis.sock`.
    let host = url.parts.site().host_or("");
    let path = if host.is_empty() { format!("/{path}") } else { format!("/{host}/{path}") };
    Ok(GeneratedCheck::new(url.service.id, url.origin).text("host", path))
}

fn at_hosts(url: &Known<'_>, security: Security) -> Result<Vec<GeneratedCheck>, Bad> {
    let check = |site| {
        let port = url.port(site, security)?;
        Ok(GeneratedCheck::at(url.service.id, url.origin, site.host_or("localhost"), port))
    };
    url.parts.sites.iter().map(check).collect()
}

/// django-environ: `rediscache:///path/of.sock` - but `redis:///0` is a number on localhost.
fn is_path_alone(parts: &Parts) -> bool {
    let path = parts.path.trim_start_matches('/');
    parts.site().host.is_empty() && path.contains(|c: char| !c.is_ascii_digit())
}

/// `?db=`, Celery's `?virtual_host=`, or the path; redis-py ignores what is not a number.
fn database(parts: &Parts, is_socket: bool) -> Result<Option<u32>, Bad> {
    let path = if is_socket { None } else { parts.name()? };
    let text = parts.option(&["db", "virtual_host"]).or(path.as_deref());
    let number = text.and_then(|text| text.trim_matches('/').parse().ok());
    if number.is_none() && !is_socket {
        parts.pass_path_over();
    }
    Ok(number)
}

/// How URLs and options name the primary that sentinels watch: Lettuce, fred, kombu, redis-py, django-environ.
const PRIMARY: [&str; 8] = [
    "sentinelMasterId",
    "sentinelServiceName",
    "master_name",
    "mastername",
    "service_name",
    "sentinel_name",
    "sentinel_master",
    "master",
];

/// Whether there is TLS to the sentinels, where the client has an option of its own for it.
pub(crate) const TLS_OF_SENTINELS: &str = "sentinel_ssl";

/// A check at each sentinel, which goes on at the primary that it names; where nobody says what that is called, the
/// connections alone. Lettuce writes the name behind a `#`.
pub(super) fn sentinels(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Known { origin, parts, .. } = *url;
    let path = parts.name()?.unwrap_or_default();
    let mut pieces = path.split('/').filter(|piece| !piece.is_empty());
    let tls = Tls::read(parts);
    let security = url.security(&tls);
    let of_sentinels = match parts.switch(&[TLS_OF_SENTINELS]) {
        None => security,
        Some(true) => Security::Tls,
        Some(false) => Security::Plain,
    };
    let Some(name) = primary(parts) else {
        let why = "only the connections to the sentinels are checked: what the primary is called is not said here; add `sentinel: NAME` to redis checks in their place";
        return connection::connections(url, of_sentinels, Comment::gap(origin, why));
    };
    let by_path = pieces.find_map(|piece| piece.parse().ok());
    let database = parts.option(&["db", "database"]).map_or(by_path, |text| text.parse::<u32>().ok());
    let redis = login(parts);
    let own = (
        parts.option(&["sentinel_username", "sentinelUsername"]),
        parts.option(&["sentinel_password", "sentinelPassword"]),
    );
    let is_lone = |login: (Option<&str>, Option<&str>)| login.0.is_some() && login.1.is_none();
    let mut items = Vec::new();
    if is_lone(redis) || is_lone(own) {
        items.push(Comment::lone_user(origin).into());
    }
    for site in &parts.sites {
        let port = site.port.map_or(PORT_OF_SENTINEL, NonZero::get);
        let mut check = GeneratedCheck::at(services::REDIS.id, origin, site.host_or("localhost"), port);
        check = check.text("sentinel", name.as_str());
        if let (user, Some(password)) = redis {
            check = check.some_text("username", user).secret("password", password);
        }
        if let (user, Some(password)) = own {
            check = check.some_text("sentinel_username", user).secret("sentinel_password", password);
        }
        check = if security == Security::Tls { check.flag("use_tls", true) } else { check };
        if of_sentinels != security {
            check = check.flag("sentinel_use_tls", of_sentinels == Security::Tls);
        }
        let encrypted = [security, of_sentinels].contains(&Security::Tls);
        check = if encrypted { tls.apply(check) } else { check };
        items.push(check.some_number("database", database.filter(|number| *number > 0)).into());
    }
    Ok(items)
}

/// What the URL calls the primary. What is no number in the path of a Redis is nothing, and of sentinels the name.
pub(super) fn primary(parts: &Parts) -> Option<String> {
    let path = parts.name().ok().flatten().unwrap_or_default();
    let in_path = || path.split('/').find(|piece| !piece.is_empty() && piece.parse::<u32>().is_err());
    parts.option(&PRIMARY).or(parts.fragment.as_deref()).or_else(in_path).map(str::to_owned)
}

/// Who logs in at Redis. What stands alone before the hosts is the password where clients have the user as an addition to
/// it (`redis-sentinel://[[username:]password@]host`, Lettuce and fred).
pub(super) fn login(parts: &Parts) -> (Option<&str>, Option<&str>) {
    let user = parts.option(&["username"]).or(parts.user.as_deref());
    let password = parts.option(&["password"]).or(parts.password.as_deref());
    let is_lettuce = matches!(parts.base(), "redis-sentinel" | "rediss-sentinel");
    if is_lettuce && password.is_none() { (None, user) } else { (user, password) }
}

/// Where sentinels listen as they come.
const PORT_OF_SENTINEL: u16 = services::SENTINEL.port(Security::Plain).get();
