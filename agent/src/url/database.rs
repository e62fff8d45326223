//! URLs of `PostgreSQL` and of `MySQL`.

use super::connection::tcp;
use super::parts::{Bad, Parts, Site};
use super::tls::{Tls, is_unverified, mode, unclear};
use super::{Known, hosts_and_ports};
use crate::services::{self, Security};
use crate::url::{Comment, GeneratedCheck, Item};

/// Options of clients of `MySQL` that make them verify the name, too.
const NAME: &[&str] =
    &["ssl_check_hostname", "ssl_verify_identity", "ssl-verify-server-cert", "ssl_verify_cert_identity"];

/// A check for each host. What the query says wins, as with libpq and `SQLAlchemy`.
pub(super) fn postgres(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Known { origin, parts, .. } = *url;
    if parts.option(&["service", "passfile"]).is_some() {
        return Err(Bad::new(
            "`service` and `passfile` name files with the rest, which are not read here: add a postgres check by hand",
        ));
    }
    let user = parts.option(&["user", "username"]).or(parts.user.as_deref());
    let (socket, database) = socket_and_name(parts)?;
    // libpq: the database is called like the user unless it is named.
    let database = parts.option(&["dbname", "database"]).or(database.as_deref()).or(user);
    let sites = match socket {
        Some(host) => vec![Site { host, port: None }],
        None => postgres_sites(parts)?,
    };
    let mut items = Vec::new();
    let (Some(user), Some(database)) = (user, database) else {
        let why = "no user is named, who is then the account that the application runs as: only the connection is checked; for the login, make it a postgres check with `username:` and `database:`";
        items.push(Comment::gap(origin, why).into());
        for site in sites.iter().filter(|site| !host_or_socket(site).starts_with('/')) {
            items.push(tcp(origin, &site.host, url.port(site, Security::Plain)?).into());
        }
        return Ok(items);
    };
    let password = parts.option(&["password"]).or(parts.password.as_deref());
    let mode = parts.option(&["sslmode", "ssl-mode"]).map(mode);
    for site in &sites {
        let (host, port) = (host_or_socket(site), url.port(site, Security::Plain)?);
        let check = GeneratedCheck::at(services::POSTGRES.id, origin, host, port);
        let check = check.text("username", user).some_secret("password", password).text("database", database);
        items.extend(if host.starts_with('/') {
            vec![check.into()]
        } else {
            Tls::read(parts).postgres(origin, check, mode.as_deref())
        });
    }
    Ok(items)
}

/// libpq goes to the socket when no host is named.
fn host_or_socket(site: &Site) -> &str {
    site.host_or(services::POSTGRES.socket.unwrap_or_default())
}

/// The database, and the socket before it where the path is `//cloudsql/PLACE/DATABASE`
/// (django-environ).
fn socket_and_name(parts: &Parts) -> Result<(Option<String>, Option<String>), Bad> {
    let name = parts.name()?;
    match name.as_deref().and_then(|name| name.rsplit_once('/')) {
        Some((socket, name)) if socket.starts_with('/') && parts.site().host.is_empty() => {
            Ok((Some(socket.to_owned()), Some(name.to_owned()).filter(|name| !name.is_empty())))
        }
        _ => Ok((None, name)),
    }
}

/// The hosts of the URL, or those of its query: `?host=/var/run/postgresql`, `?host=a&port=1`,
/// `?host=a:1` (`SQLAlchemy`).
fn postgres_sites(parts: &Parts) -> Result<Vec<Site>, Bad> {
    let number = |port: Option<&str>| match port {
        Some(port) => {
            port.parse().map(Some).map_err(|_| Bad::new("`port` in the query is not a number from 1 to 65535"))
        }
        None => Ok(None),
    };
    let Some(hosts) = parts.option(&["host", "hostaddr"]) else {
        let port = number(parts.option(&["port"]))?;
        return Ok(parts.sites.iter().map(|site| Site { port: site.port.or(port), ..site.clone() }).collect());
    };
    let site = |(text, port): (&str, Option<&str>)| match text.rsplit_once(':').map(|(host, port)| (host, port.parse()))
    {
        Some((host, Ok(own))) if !host.contains(':') => Ok(Site { host: host.to_owned(), port: Some(own) }),
        _ => Ok(Site { host: text.to_owned(), port: number(port)?.or(parts.site().port) }),
    };
    hosts_and_ports(hosts, parts.option(&["port"])).into_iter().map(site).collect()
}

/// One check; libmysqlclient takes a socket from the query.
pub(super) fn mysql(url: &Known<'_>) -> Result<Vec<Item>, Bad> {
    let Known { origin, parts, .. } = *url;
    let (in_path, database) = socket_and_name(parts)?;
    let socket = parts.option(&["unix_socket", "unix-socket", "socket"]).or(in_path.as_deref());
    let user = parts.option(&["user", "username"]).or(parts.user.as_deref());
    let password = parts.option(&["password"]).or(parts.password.as_deref());
    let mut items = Vec::new();
    for site in &parts.sites {
        let (host, port) = (socket.unwrap_or_else(|| site.host_or("localhost")), url.port(site, Security::Plain)?);
        let Some(user) = user else {
            // No check of the connection alone: MySQL counts those, and then blocks this host (max_connect_errors).
            let why = format!(
                "no user is named, who is then the account that the application runs as: add a mysql check for {host}:{port} with `username:` by hand"
            );
            items.push(Comment::gap(origin, why).into());
            continue;
        };
        let check = GeneratedCheck::at(url.service.id, origin, host, port).text("username", user);
        let check = check.some_secret("password", password).some_text("database", database.as_deref());
        items.extend(if host.starts_with('/') { vec![check.into()] } else { mysql_tls(origin, check, parts) });
    }
    Ok(items)
}

/// `ssl-mode` as `MySQL`'s own clients have it.
fn mysql_tls(origin: &str, check: GeneratedCheck, parts: &Parts) -> Vec<Item> {
    let mut tls = Tls::read(parts);
    let mode = parts.option(&["ssl-mode", "ssl_mode", "sslmode"]).map(mode);
    let wanted = match mode.as_deref() {
        Some("disabled" | "disable" | "none") => return vec![check.flag("use_tls", false).into()],
        Some("required" | "require") => {
            tls.lenient = true;
            true
        }
        Some("verify-ca") => {
            tls.nameless = true;
            true
        }
        Some("verify-identity" | "verify-full") => true,
        // Go's words.
        Some(word) if is_unverified(word) => {
            tls.lenient = true;
            true
        }
        Some("preferred" | "prefer") => return tls.preferred(origin, check),
        Some(_) => return vec![unclear(origin).into()],
        // A CA is named for nothing else, and the C client looks at no name of its own accord.
        None => {
            tls.nameless |= tls.ca.is_some() && parts.switch(NAME) != Some(true);
            tls.wanted == Some(true) || tls.ca.is_some()
        }
    };
    vec![tls.apply(if wanted { check.flag("use_tls", true) } else { check }).into()]
}
