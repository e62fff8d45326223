//! Two ways to name a database that are not URLs: libpq's keywords (section 34.1.1.1 of `PostgreSQL`'s
//! manual: `host=db dbname=shop user=app`), and PDO's DSN (`mysql:host=db;dbname=shop`), whose user
//! and password stand elsewhere.

use super::hosts_and_ports;
use super::settings::ConnectionSettings;
use crate::services;
use crate::url::Item;

/// The checks for such a text, if it is one.
pub(super) fn items(origin: &str, text: &str) -> Option<Vec<Item>> {
    let driver = text.split_once(':').and_then(|(driver, rest)| Some((services::by_scheme(driver)?.0, rest)));
    let (service, pairs) = match driver {
        Some((service, rest)) => (service, pdo(rest)?),
        None => (&services::POSTGRES, keywords(text)?),
    };
    let value = |names: &[&str]| {
        let named = pairs.iter().find(|(name, _)| names.contains(&name.as_str()));
        named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let is_database = ["host", "hostaddr", "dbname", "unix_socket"].iter().any(|name| value(&[name]).is_some());
    let settings = |(host, port)| ConnectionSettings {
        service,
        host,
        port,
        user: value(&["user"]),
        password: value(&["password"]),
        name: value(&["dbname"]),
        options: pairs
            .iter()
            .filter(|(name, _)| name.contains("ssl") || matches!(name.as_str(), "service" | "passfile"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
    };
    let hosts = value(&["unix_socket", "host", "hostaddr"]).unwrap_or_default();
    let places = hosts_and_ports(hosts, value(&["port"]));
    is_database.then(|| places.into_iter().flat_map(|place| settings(place).items(origin)).collect())
}

/// `name=value;name=value`.
fn pdo(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(';').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
        .collect()
}

/// `name = value name='a \' b'`.
fn keywords(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return None;
        }
        let (value, after) = keyword_value(value.trim_start())?;
        pairs.push((name.to_owned(), value));
        rest = after.trim_start();
    }
    Some(pairs)
}

/// A value up to a blank, or between single quotes; a backslash takes away what a character means.
fn keyword_value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            '\'' if quoted.is_some() => return Some((value, &body[at + 1..])),
            blank if blank.is_whitespace() && quoted.is_none() => return Some((value, &body[at..])),
            other => value.push(other),
        }
    }
    quoted.is_none().then_some((value, ""))
}
