//! The values that only the http check takes.

use crate::net::{Endpoint, Host, NO_IPV4};
use crate::secret::{Secret, redact_url, url_secrets};
use crate::services::{self, Security};
use crate::settings::shape::{Shape, Shown, StandIn};
use crate::settings::{Credentials, Field, Matcher, Misfit, Pairs, Setting};
use crate::text::percent_decoded_text;
use reqwest::Method;
use serde_json::json;
use std::num::NonZero;
use std::ops::RangeInclusive;

/// An `http://` or `https://` URL.
#[derive(Clone, Debug)]
pub(in crate::checks) struct WebUrl {
    /// As it is requested; no user info.
    pub(in crate::checks) url: reqwest::Url,
    /// As it stands in the file, without its secrets.
    pub(in crate::checks) shown: String,
    pub(in crate::checks) endpoint: Endpoint,
    /// The user info that stood in it.
    pub(in crate::checks) login: Option<Credentials>,
}

impl WebUrl {
    /// Takes a URL apart; says which rule it breaks.
    pub(in crate::checks) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let mut url = reqwest::Url::parse(text).map_err(|_| why_no_url(text))?;
        if !matches!(url.scheme(), "http" | "https") || !has_slashes(text) {
            return Err("a URL here begins with http:// or https://");
        }
        let host = url.host_str().ok_or("the URL names no host")?;
        let host = Host::parse(host).map_err(|_| "the host in the URL is not a legal name or address")?;
        let port = url.port_or_known_default().and_then(NonZero::new).ok_or("port 0 cannot be connected to")?;
        let login = (!url.username().is_empty() || url.password().is_some()).then(|| Credentials {
            user: percent_decoded_text(url.username()),
            password: Secret::new(percent_decoded_text(url.password().unwrap_or_default())),
        });
        // Cannot fail for a URL with a host.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        Ok(Self { shown: redact_url(text), endpoint: Endpoint::tcp(host, port), url, login })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether both lead to the same place: scheme, host and port (RFC 6454).
    pub(super) fn is_of_one_origin_with(&self, there: &Self) -> bool {
        self.is_tls() == there.is_tls() && self.endpoint == there.endpoint
    }

    /// Whether a login for this may be sent there too: to the same server with the same
    /// protection, or from the plain to the TLS port of a web server (RFC 9110 section 17.5 leaves
    /// it to the client; these are the rules of curl and of Python's requests).
    pub(super) fn shares_logins_with(&self, there: &Self) -> bool {
        let usual = |url: &Self, security| url.endpoint.port == services::HTTP.port(security);
        let same = self.is_of_one_origin_with(there);
        let upgraded = !self.is_tls() && there.is_tls() && usual(self, Security::Plain) && usual(there, Security::Tls);
        same || (upgraded && self.endpoint.host == there.endpoint.host)
    }
}

/// Whether `//` stands behind the scheme; parsers of URLs take less for the web's.
fn has_slashes(text: &str) -> bool {
    text.find(':').is_some_and(|at| text[at..].starts_with("://"))
}

/// What may be wrong with a text that is no URL.
fn why_no_url(text: &str) -> &'static str {
    let authority = text.find("://").map_or(text, |at| &text[at + 3..]);
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    if authority[end..].contains('@') && !authority[..end].contains('@') {
        return "in the user and the password of a URL, `/` is written %2F, `?` %3F, `#` %23 and `@` %40";
    }
    let host = authority[..end].rsplit('@').next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    if has_slashes(text) && Host::parse(host).is_err_and(|why| why.to_string() == NO_IPV4) {
        return NO_IPV4;
    }
    if authority[..end].starts_with('[') && authority[..end].contains('%') {
        return "an IPv6 address in a URL has no zone; write an address without one";
    }
    "it is not a URL; write http://HOST/PATH or https://HOST/PATH"
}

impl Setting for WebUrl {
    const SHAPE: Shape = Shape {
        words: "a URL (http://... or https://...)",
        short: "URL",
        shown: Shown::Url,
        schema: || json!({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://"}),
        example: "",
        stand_in: Some(StandIn::Like("https://?.invalid/")),
    };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        url_secrets(&text).into_iter().for_each(|secret| field.keep_secret(secret));
        let url = Self::parse(&text).map_err(|rule| field.wrong(&Self::SHAPE).help(rule))?;
        field.show(&url.endpoint.host.bare());
        if let Some(login) = &url.login {
            field.keep_secret(login.password.expose());
            field.keep_secret(&format!("{}:{}", login.user, login.password.expose()));
        }
        Ok(url)
    }
}

impl Setting for Method {
    const SHAPE: Shape =
        Shape::plain("an HTTP method", "method", || json!({"type": "string", "pattern": "^[A-Za-z]+$"}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| {
            let token =
                !text.is_empty() && text.len() < 32 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
            token.then(|| Self::from_bytes(text.to_ascii_uppercase().as_bytes()).ok()).flatten()
        })
    }
}

/// Statuses, such as `200`, `[200, 204]` or `2xx`.
#[derive(Clone, Debug)]
pub(super) struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    /// Every one.
    pub(super) fn any() -> Self {
        Self(vec![0..=u16::MAX])
    }

    pub(super) fn accept(&self, status: u16) -> bool {
        self.0.iter().any(|wanted| wanted.contains(&status))
    }

    /// Whether all of them are of answers without a body (RFC 9110 sections 15.3.5 and 15.4.5).
    pub(super) fn have_no_body(&self) -> bool {
        self.0.iter().all(|wanted| wanted.clone().all(|status| matches!(status, 204 | 304)))
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.0.iter().map(|wanted| match (wanted.start(), wanted.end()) {
            (first, last) if first == last => first.to_string(),
            (first, _) => format!("{}xx", first / 100),
        });
        f.write_str(&words.collect::<Vec<_>>().join(" or "))
    }
}

impl Setting for Statuses {
    const SHAPE: Shape = Shape::plain(
        "a status (100 to 999), a class such as 2xx, or a list of them",
        "status or list",
        || {
            let one = json!({"anyOf": [{"type": "integer", "minimum": 100, "maximum": 999}, {"type": "string", "pattern": "^([1-9][0-9][0-9]|[1-5][xX][xX])$"}]});
            json!({"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]})
        },
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let one = |field: Field<'_>| field.parse(&Self::SHAPE, wanted);
        let Some(items) = field.items() else { return one(*field).map(|wanted| Self(vec![wanted])) };
        let all = items.map(one).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() { Err(field.wrong(&Self::SHAPE)) } else { Ok(Self(all)) }
    }
}

fn wanted(text: &str) -> Option<RangeInclusive<u16>> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_suffix("xx") {
        Some(class) => {
            let first = u16::from(class.parse::<u8>().ok().filter(|class| (1..=5).contains(class))?) * 100;
            Some(first..=first + 99)
        }
        // Three digits: what is beyond 599 is no status of the RFC's, and is seen (RFC 9110 section 15).
        None => text.parse().ok().filter(|status| (100..1000).contains(status)).map(|status| status..=status),
    }
}

/// Headers that must be there, each with what its value must be; null: any value.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedHeaders(pub(super) Vec<(String, Option<Matcher>)>);

impl Setting for ExpectedHeaders {
    const SHAPE: Shape = Shape::plain(
        "a mapping of header names to a text, a regular expression between slashes, or null",
        "mapping",
        || json!({"type": "object"}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let pairs = field.pairs().ok_or_else(|| field.wrong(&Self::SHAPE))?;
        let one = |(name, value): (Field<'_>, Field<'_>)| {
            let name = name.parse(&Self::SHAPE, |name| reqwest::header::HeaderName::try_from(name).ok())?;
            let value = if value.is_null() { None } else { Some(Matcher::read(&value)?) };
            Ok((name.to_string(), value))
        };
        pairs.map(one).collect::<Result<_, _>>().map(Self)
    }
}

/// Cookies: every value is a secret.
#[derive(Clone, Debug, Default)]
pub(super) struct Cookies(pub(super) Pairs);

impl Setting for Cookies {
    const SHAPE: Shape = Pairs::SHAPE;

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let pairs = Pairs::read(field)?;
        pairs.0.iter().for_each(|cookie| field.keep_secret(cookie.value.expose()));
        if pairs.0.iter().any(|cookie| !is_cookie(&cookie.name) || !is_cookie(cookie.value.expose())) {
            return Err(
                field.with_span(Misfit::new("a cookie has no white space, comma, semicolon or control character"))
            );
        }
        Ok(Self(pairs))
    }
}

fn is_cookie(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_graphic() && !",;".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_info_leaves_the_url_and_is_decoded() {
        let url = WebUrl::parse("https://us%40er:p%3Aw@host:8443/x?a=b").expect("URL");
        let login = url.login.expect("login");
        assert_eq!((login.user.as_str(), login.password.expose().as_str()), ("us@er", "p:w"));
        assert_eq!(url.url.as_str(), "https://host:8443/x?a=b");
        assert_eq!(url.shown, "https://***@host:8443/x?a=b");
    }

    #[test]
    fn what_is_no_web_url_is_refused() {
        for text in [
            "example.com",
            "ftp://h/",
            "http://",
            "http://h:0/",
            "http://a b/",
            "unix:/x",
            "http:h",
            "https:/h/",
            "http:\\\\h",
        ] {
            assert!(WebUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn short_forms_of_an_address_are_that_address_and_others_are_told_as_none() {
        for text in
            ["https://127.1/", "http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/", "http://127.0.0.1./"]
        {
            let url = WebUrl::parse(text).expect(text);
            assert_eq!((url.endpoint.host.to_string().as_str(), url.shown.as_str()), ("127.0.0.1", text));
        }
        for text in ["http://256.1.1.1/", "http://u@1.2.3.4.5:80/"] {
            assert!(WebUrl::parse(text).is_err_and(|why| why == NO_IPV4), "{text}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_told_so() {
        for text in ["http://u:pa/ss@h/", "http://u:pa#ss@h/", "https://u:pa?ss@h:8443/x"] {
            assert!(WebUrl::parse(text).is_err_and(|why| why.contains("%2F")), "{text}");
        }
    }
}
