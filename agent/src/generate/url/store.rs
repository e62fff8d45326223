//! URLs of Redis and of memcached.

use super::parts::{Bad, Parts};
use super::tcp;
use super::tls::Tls;
use crate::generate::draft::Draft;
use crate::generate::item::{Comment, Item};

/// A check for each host, or one for the socket. What the query says wins, as with redis-py.
pub(super) fn redis(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    if parts.extra() == "sentinel" {
        return Ok(sentinel(origin, parts));
    }
    let is_socket = parts.base() == "unix" || matches!(parts.extra(), "socket" | "unix") || is_path_alone(parts);
    let drafts: Vec<_> = if is_socket {
        let path =
            parts.name()?.ok_or_else(|| Bad::new("the URL names no socket: `redis+socket:///run/redis.sock`"))?;
        // The name of a directory may have been taken for a host: `unix://run/redis.sock`.
        let host = parts.site().host_or("");
        let path = if host.is_empty() { format!("/{path}") } else { format!("/{host}/{path}") };
        vec![Draft::new("redis", origin).text("host", path)]
    } else {
        let draft = |site: &super::Site| {
            let draft = Draft::new("redis", origin).text("host", site.host_or("localhost"));
            draft.number("port", site.port_or(6379))
        };
        parts.sites.iter().map(draft).collect()
    };
    let user = parts.option(&["username"]).or(parts.user.as_deref());
    let password = parts.option(&["password"]).or(parts.password.as_deref());
    let database = redis_database(parts, is_socket)?;
    let mut items = Vec::new();
    if user.is_some() && password.is_none() {
        items.push(Comment::gap(origin, "a user without a password: the check below does without the login").into());
    }
    for draft in drafts {
        let draft = match password {
            Some(password) => draft.some_text("username", user).secret("password", password),
            None => draft,
        };
        let draft = if is_socket { draft } else { secure(draft, parts, &["rediss", "valkeys"]) };
        items.push(match database {
            Some(number) if number > 0 => draft.number("database", number).into(),
            _ => draft.into(),
        });
    }
    Ok(items)
}

/// django-environ: `rediscache:///path/of.sock` - but `redis:///0` is a number on localhost.
fn is_path_alone(parts: &Parts) -> bool {
    let path = parts.path.trim_start_matches('/');
    parts.site().host.is_empty() && path.contains(|c: char| !c.is_ascii_digit())
}

/// `?db=`, Celery's `?virtual_host=`, or the path; redis-py passes over what is no number.
fn redis_database(parts: &Parts, is_socket: bool) -> Result<Option<u32>, Bad> {
    let path = if is_socket { None } else { parts.name()? };
    let text = parts.option(&["db", "virtual_host"]).or(path.as_deref());
    Ok(text.and_then(|text| text.trim_matches('/').parse().ok()))
}

fn sentinel(origin: &str, parts: &Parts) -> Vec<Item> {
    let why = "only the connections to the sentinels are checked: which server is the primary is theirs to say; add redis checks with `role:` for the servers";
    let checks = parts.sites.iter().map(|site| tcp(origin, site.host_or("localhost"), site.port_or(26379)).into());
    [Comment::note(origin, why).into()].into_iter().chain(checks).collect()
}

/// Adds `use_tls: true` and its options where the scheme or the query says so.
fn secure(draft: Draft, parts: &Parts, schemes: &[&str]) -> Draft {
    let tls = Tls::read(parts);
    let by_scheme = schemes.contains(&parts.base()) || matches!(parts.extra(), "ssl" | "tls" | "ssl_cluster");
    if by_scheme || tls.wanted == Some(true) { tls.apply(draft.flag("use_tls", true)) } else { draft }
}

/// A check for each server, or one for the socket.
pub(super) fn memcache(origin: &str, parts: &Parts) -> Result<Vec<Item>, Bad> {
    let login = |draft: Draft| match (&parts.user, &parts.password) {
        (Some(user), Some(password)) => draft.text("username", user).secret("password", password),
        _ => draft,
    };
    if parts.site().host.is_empty() && parts.path.len() > 1 {
        let path = parts.name()?.unwrap_or_default();
        return Ok(vec![login(Draft::new("memcache", origin).text("host", format!("/{path}"))).into()]);
    }
    let draft = |site: &super::Site| {
        let draft = Draft::new("memcache", origin).text("host", site.host_or("localhost"));
        login(secure(draft.number("port", site.port_or(11211)), parts, &[])).into()
    };
    Ok(parts.sites.iter().map(draft).collect())
}
