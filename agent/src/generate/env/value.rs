//! What the value of a variable looks like, whatever the variable is called.

use crate::url;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// One of the places in a value: a host, and the port if there is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place<'a> {
    /// As it stands, with the port.
    pub(super) text: &'a str,
    /// Without brackets.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

/// The places in a list of hosts, separated by commas, semicolons or blanks; nothing if one of its parts is
/// something else.
pub(super) fn places(text: &str) -> Option<Vec<Place<'_>>> {
    let parts = text.split([',', ';', ' ', '\t', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let places = parts.map(place).collect::<Option<Vec<_>>>()?;
    (!places.is_empty()).then_some(places)
}

fn place(text: &str) -> Option<Place<'_>> {
    // What follows the first slash is a path, as in `api.example.com/v1`.
    let site = text.split('/').next().unwrap_or_default();
    if site.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(Place { text: site, host: site, port: None });
    }
    let (host, port) = match site.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            // Postfix has names between brackets, too: `[smtp.example.net]:587`.
            let is_name = is_name(host) && port.starts_with(':');
            (is_name || host.parse::<std::net::Ipv6Addr>().is_ok()).then_some(())?;
            (host, port.strip_prefix(':'))
        }
        None => site.split_once(':').map_or((site, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    let is_bare_address = host.parse::<IpAddr>().is_ok();
    // `10.0.0.0/8` is a network, `shop/app` a file or a picture.
    let has_path = site.len() < text.len();
    let is_place = is_bare_address && !has_path || is_name(host) && (!has_path || port.is_some() || is_public(host));
    is_place.then_some(Place { text: site, host, port })
}

/// What stands in a list as JSON, Python or YAML have it, separated by commas; nothing where it is none.
pub(super) fn unlisted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let is_address = inner.parse::<std::net::Ipv6Addr>().is_ok();
    (!is_address && !inner.contains(['{', '['])).then(|| inner.replace(['"', '\''], ""))
}

/// A list of hosts with their ports as clients of clusters and sentinels have it in JSON (`[{"host": "a", "port": 1}]`),
/// separated by commas; nothing where it is none, or says more.
pub(super) fn objects(text: &str) -> Option<String> {
    let all: Vec<Map<String, Value>> = serde_json::from_str(text).ok()?;
    let one = |object: &Map<String, Value>| {
        let host = object.get("host")?.as_str().filter(|_| object.len() == 2)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let port = object.get("port")?;
        let port = port.as_u64().map_or_else(|| port.as_str().map(str::to_owned), |port| Some(port.to_string()))?;
        Some(format!("{host}:{port}"))
    };
    let places: Option<Vec<_>> = all.iter().map(one).collect();
    places.filter(|places| !places.is_empty()).map(|places| places.join(","))
}

/// Whether nothing else than hosts with ports looks like this.
pub(super) fn are_surely_hosts(text: &str) -> bool {
    places(text).is_some_and(|all| all.iter().all(|place| place.port.is_some() && place.is_surely_a_host()))
}

/// Whether this can be the name of a host.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let ends = |end: Option<char>| end.is_some_and(|c| c.is_ascii_alphanumeric());
        ends(label.chars().next())
            && ends(label.chars().next_back())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && text.split('.').all(label) && text.contains(|c: char| c.is_ascii_alphabetic())
}

impl Place<'_> {
    /// Whether nothing else than a host looks like this: an address, or a name below a domain.
    pub(super) fn is_surely_a_host(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok() || is_public(self.host)
    }

    /// Whether this is what a server listens on, and nobody connects to.
    pub(super) fn is_any(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
    }

    /// Whether this is a word that is no host.
    pub(super) fn is_word(&self) -> bool {
        const WORDS: [&str; 14] = [
            "true",
            "false",
            "yes",
            "no",
            "on",
            "off",
            "none",
            "auto",
            "default",
            "disabled",
            "enabled",
            "localdomain",
            "all",
            "any",
        ];
        self.port.is_none() && WORDS.iter().any(|word| self.host.eq_ignore_ascii_case(word))
    }
}

/// Whether a name lies below a domain: a country's (with two letters), one of the usual ones, or one of those
/// that networks use for themselves. Endings that are those of files, too, do not count.
fn is_public(host: &str) -> bool {
    const DOMAINS: [&str; 34] = [
        "ai",
        "app",
        "arpa",
        "biz",
        "cloud",
        "cluster",
        "com",
        "company",
        "consul",
        "corp",
        "dev",
        "edu",
        "example",
        "gov",
        "home",
        "info",
        "int",
        "internal",
        "intranet",
        "io",
        "lan",
        "local",
        "localdomain",
        "mil",
        "name",
        "net",
        "network",
        "online",
        "org",
        "private",
        "svc",
        "systems",
        "test",
        "tech",
    ];
    const FILES: [&str; 16] =
        ["cc", "gz", "js", "mk", "md", "ml", "pl", "ps", "py", "rb", "rs", "sh", "so", "ts", "vi", "db"];
    let Some((before, last)) = host.trim_end_matches('.').rsplit_once('.') else { return false };
    let is_country = last.len() == 2 && last.chars().all(|c| c.is_ascii_lowercase()) && !FILES.contains(&last);
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    is_name(host) && before.chars().all(is_plain) && (is_country || DOMAINS.contains(&last))
}

/// Whether there is a URL in it that is not its beginning: in a program's text, in a list of options.
pub(super) fn has_url_inside(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let begins = text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        let goes_on = text[at + 3..].chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || "[{$<%:".contains(c));
        begins && goes_on
    })
}

/// Whether the value is a URL or a list of them.
pub(super) fn is_url(text: &str) -> bool {
    url::is_url(text)
}

/// The mail address in a value: `Shop <shop@example.com>`.
pub(super) fn mail_address(text: &str) -> Option<&str> {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(inner, _)| inner);
    let (name, domain) = inner.trim().split_once('@')?;
    let is_address = !name.is_empty() && is_name(domain) && !inner.trim().contains([' ', ':', '/', ',']);
    is_address.then_some(inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_what_only_looks_like_them() {
        let shown = |text: &str| {
            places(text).map(|all| all.iter().map(|place| (place.host.to_owned(), place.port)).collect::<Vec<_>>())
        };
        let one = |host: &str, port| Some(vec![(host.to_owned(), port)]);
        assert_eq!(shown("db.internal:5432"), one("db.internal", Some(5432)));
        assert_eq!(shown("[::1]:5432"), one("::1", Some(5432)));
        assert_eq!(shown("[smtp.example.net]:587"), one("smtp.example.net", Some(587)));
        assert_eq!(shown("fe80::1"), one("fe80::1", None));
        assert_eq!(shown("api.example.com/v1"), one("api.example.com", None));
        assert_eq!(shown("a:1,b:2 ; c").map(|all| all.len()), Some(3));
        for text in
            ["", "10.0.0.0/8", "1000:1000", "12:30", "shop/app", "shop/app:1.2", "a b://c", "x@y.example", ":80"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
        let sure = |text: &str| places(text).is_some_and(|all| all[0].is_surely_a_host());
        for text in ["10.0.0.1", "db.internal", "a.b.svc.cluster.local", "shop.example.de"] {
            assert!(sure(text), "{text}");
        }
        for text in ["geonames.csv", "Bamboo.SMTPAdapter", "shop.settings", "app.py", "v1.2", "cache", "com.shop.Main"]
        {
            assert!(!sure(text), "{text}");
        }
    }

    #[test]
    fn an_address_of_mail_is_found_beside_a_name() {
        assert_eq!(mail_address("Shop <shop@example.com>"), Some("shop@example.com"));
        assert_eq!(mail_address("shop@example.com"), Some("shop@example.com"));
        assert_eq!((mail_address("shop"), mail_address("u:p@h"), mail_address("a@b@c")), (None, None, None));
    }
}
