//! What a server sets between two requests of one check: cookies (RFC 6265).
//!
//! They go back to the same scheme, host and port alone, which is less than browsers send: what a redirect
//! chain needs, and nothing that another server could read.

use cookie::Cookie;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use time::OffsetDateTime;

/// More than a sane server sets (RFC 6265 section 6.1 wants 50 for a domain).
const MOST: usize = 100;

/// The cookies that servers have set so far.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Kept>);

#[derive(Debug, Eq, PartialEq)]
struct Kept {
    /// Scheme, host and port.
    origin: String,
    path: String,
    name: String,
    /// Only for connections with TLS.
    secure: bool,
    value: String,
}

impl Jar {
    /// Keeps what an answer to a request for this URL sets, and forgets what it ends.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes());
            let Ok(cookie) = Cookie::parse(line.as_ref()) else { continue };
            if !cookie.domain().is_none_or(|domain| covers(domain, url)) {
                continue;
            }
            let kept = Kept::new(&cookie, url);
            let same =
                |other: &Kept| (&other.origin, &other.path, &other.name) == (&kept.origin, &kept.path, &kept.name);
            self.0.retain(|other| !same(other));
            if !is_over(&cookie) && HeaderValue::try_from(&kept.value).is_ok() && self.0.len() < MOST {
                self.0.push(kept);
            }
        }
    }

    /// The value of `Cookie` for a request: what the check itself sends, and what the server has set; that
    /// takes the place of a cookie of the same name.
    pub(super) fn line(&self, url: &Url, own: &[String]) -> Option<String> {
        let mut set: Vec<_> = self.0.iter().filter(|kept| kept.goes_to(url)).collect();
        // Those with longer paths first (RFC 6265 section 5.4).
        set.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
        let is_replaced = |pair: &str| set.iter().any(|kept| kept.name == name_of(pair));
        let own = own.iter().flat_map(|line| line.split(';')).map(str::trim);
        let own = own.filter(|pair| !pair.is_empty() && !is_replaced(pair)).map(str::to_owned);
        let all: Vec<_> = own.chain(set.iter().map(|kept| format!("{}={}", kept.name, kept.value))).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Kept {
    fn new(cookie: &Cookie<'_>, url: &Url) -> Self {
        let path = cookie.path().filter(|path| path.starts_with('/')).map_or_else(|| default_path(url), str::to_owned);
        Self {
            origin: url.origin().ascii_serialization(),
            path,
            name: cookie.name().to_owned(),
            secure: cookie.secure() == Some(true),
            value: cookie.value().to_owned(),
        }
    }

    fn goes_to(&self, url: &Url) -> bool {
        let rest = url.path().strip_prefix(self.path.as_str());
        let in_path = rest.is_some_and(|rest| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/'));
        in_path && self.origin == url.origin().ascii_serialization() && (!self.secure || url.scheme() == "https")
    }
}

/// Whether a server of this URL may set cookies for that domain (RFC 6265 section 5.1.3): for its own, or
/// for one above it.
fn covers(domain: &str, url: &Url) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let host = url.host_str().unwrap_or_default();
    let is_below = url.domain().is_some() && host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
    domain.is_empty() || host == domain || is_below
}

/// RFC 6265 section 5.1.4: up to the last slash.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        Some(at @ 1..) => url.path()[..at].to_owned(),
        _ => "/".to_owned(),
    }
}

/// Whether the server ends a cookie with this; an age counts more than a date.
fn is_over(cookie: &Cookie<'_>) -> bool {
    match (cookie.max_age(), cookie.expires_datetime()) {
        (Some(age), _) => !age.is_positive(),
        (None, Some(end)) => end <= OffsetDateTime::now_utc(),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes to `there` after `here` has set these.
    fn sent(here: &str, set: &[&str], there: &str) -> String {
        let mut jar = Jar::default();
        for line in set {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).expect("legal"));
            jar.take(&Url::parse(here).expect("URL"), &headers);
        }
        jar.line(&Url::parse(there).expect("URL"), &["own=1".to_owned()]).unwrap_or_default()
    }

    #[test]
    fn a_cookie_goes_back_to_its_origin_and_path() {
        for (here, set, there, wanted) in [
            ("http://h/a/b", "n=v", "http://h/a/c", "own=1; n=v"),
            ("http://h/a/b", "n=v", "http://h/c", "own=1"),
            ("http://h/a/b", "n=v; Path=/", "http://h/c?x", "own=1; n=v"),
            ("http://h/a", "n=v; Path=/a", "http://h/ab", "own=1"),
            ("http://h/a", "n=v; Path=/a", "http://h/a/b", "own=1; n=v"),
            ("http://h/", "n=v", "https://h/", "own=1"),
            ("http://h/", "n=v", "http://h:8080/", "own=1"),
            ("http://a.h/", "n=v; Domain=.h", "http://a.h/", "own=1; n=v"),
            ("http://a.h/", "n=v; Domain=b.h", "http://a.h/", "own=1"),
            ("http://a.h/", "n=v; Domain=h", "http://b.h/", "own=1"),
            ("http://h/", "n=v; Secure", "http://h/", "own=1"),
            ("https://h/", "n=v; secure; HttpOnly; SameSite=Lax", "https://h/", "own=1; n=v"),
            ("http://h/", "own=2", "http://h/", "own=2"),
            ("http://h/", "n=\"v=w\"", "http://h/", "own=1; n=\"v=w\""),
            ("http://h/", "\u{fc}", "http://h/", "own=1"),
        ] {
            assert_eq!(sent(here, &[set], there), wanted, "{set} of {here} to {there}");
        }
    }

    #[test]
    fn a_cookie_is_replaced_and_ended() {
        for end in [
            "n=; Max-Age=0",
            "n=x; Max-Age=-1",
            "n=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "n=; expires=Thu, 01-Jan-1970 00:00:01 GMT",
        ] {
            assert_eq!(sent("http://h/", &["n=v", end], "http://h/"), "own=1", "{end}");
        }
        let lasting =
            ["n=v; Expires=Fri, 31 Dec 2999 23:59:59 GMT", "n=w; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"];
        assert_eq!(sent("http://h/", &lasting, "http://h/"), "own=1; n=w");
    }
}
