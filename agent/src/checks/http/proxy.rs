//! The proxy that requests go through.

use super::options::WebUrl;
use super::request::basic;
use crate::net::socks::{self, Destination};
use crate::net::{Endpoint, Host, HostKind, NO_IPV4, Port};
use crate::secret::{Secret, url_secrets};
use crate::settings::shape::{Shape, Shown, StandIn};
use crate::settings::{Credentials, Field, Fields, Misfit, Setting};
use crate::text::percent_decoded_text;
use serde_json::json;
use std::net::SocketAddr;
use std::num::NonZero;

/// Where SOCKS proxies listen (IANA, "socks").
const SOCKS_PORT: u16 = 1080;

/// A proxy.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) endpoint: Endpoint,
    pub(super) kind: Kind,
    pub(super) login: Option<Credentials>,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<Secret<String>>,
}

/// What is spoken to a proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Http,
    /// HTTP within TLS.
    Https,
    /// SOCKS 5.
    Socks {
        /// It is given addresses: names are looked up here (`socks5`, not `socks5h`).
        by_address: bool,
    },
}

impl Proxy {
    /// Asks for the options.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.optional::<Self>(
            "proxy_url",
            "The proxy: http://, https://, socks5:// (names are looked up here) or socks5h:// (by the proxy). Wins over proxy_host.",
        );
        let host = fields.optional::<Host>("proxy_host", "The proxy's host.");
        let port = fields.or::<Port>("proxy_port", "8000", "The proxy's port, with proxy_host.");
        if !fields.has("proxy_url") && !fields.has("proxy_host") {
            fields.warn_idle("proxy_port", "without `proxy_host`", "add `proxy_host:`, or leave `proxy_port` out");
        }
        let by_host =
            |host| Self { endpoint: Endpoint::tcp(host, port), kind: Kind::Http, login: None, authorization: None };
        url.or_else(|| host.map(by_host))
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.kind == Kind::Https
    }

    pub(super) fn is_socks(&self) -> bool {
        matches!(self.kind, Kind::Socks { .. })
    }

    /// Where a SOCKS proxy is asked to connect to, where that can be said without looking a name up.
    pub(super) fn destination(&self, origin: &Endpoint) -> Option<Destination> {
        let port = origin.port.get();
        match (origin.host.kind(), self.kind) {
            (HostKind::Address(address, _), _) => Some(Destination::Address(SocketAddr::new(*address, port))),
            (HostKind::Name(_), Kind::Socks { by_address: true }) => None,
            (HostKind::Name(_), _) => Some(Destination::Name(origin.host.bare(), port)),
        }
    }

    /// Takes the URL of a proxy apart.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(super) fn of_url(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let scheme = text.split("://").next().unwrap_or_default().to_ascii_lowercase();
        match scheme.as_str() {
            "socks5" | "socks5h" => Self::of_socks(text, scheme == "socks5"),
            "socks" | "socks4" | "socks4a" => Err("of SOCKS, version 5 is spoken here: socks5:// or socks5h://"),
            _ => WebUrl::parse(text).map(|url| Self {
                kind: if url.is_tls() { Kind::Https } else { Kind::Http },
                authorization: url.login.as_ref().map(|login| Secret::new(basic(login))),
                endpoint: url.endpoint,
                login: url.login,
            }),
        }
    }

    /// What must not be shown of its login, but for what the URL itself shows.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        let secrets = |login: &Credentials| {
            let password = login.password.expose();
            [password.clone(), format!("{}:{password}", login.user)]
        };
        self.login.iter().flat_map(secrets).collect::<Vec<_>>().into_iter()
    }

    /// Takes the URL of a SOCKS proxy apart.
    fn of_socks(text: &str, by_address: bool) -> Result<Self, &'static str> {
        let url = reqwest::Url::parse(text).map_err(|_| "it is not a URL; write socks5h://HOST:PORT")?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the URL names no host")?;
        // The parser knows the hosts of the web's schemes alone, and takes this one for a text.
        let host = url::Host::parse(host).map_err(|_| why_no_host(host))?;
        let host = Host::parse(&host.to_string()).map_err(|_| "the host in the URL is not a legal name or address")?;
        let port = NonZero::new(url.port().unwrap_or(SOCKS_PORT)).ok_or("port 0 cannot be connected to")?;
        let (user, password) =
            (percent_decoded_text(url.username()), percent_decoded_text(url.password().unwrap_or_default()));
        if user.len() > socks::LONGEST || password.len() > socks::LONGEST {
            return Err("the user and the password of SOCKS have 255 bytes at most (RFC 1929)");
        }
        let login =
            (!user.is_empty() || !password.is_empty()).then(|| Credentials { user, password: Secret::new(password) });
        Ok(Self { endpoint: Endpoint::tcp(host, port), kind: Kind::Socks { by_address }, login, authorization: None })
    }
}

fn why_no_host(host: &str) -> &'static str {
    let is_no_address = Host::parse(host).is_err_and(|why| why.to_string() == NO_IPV4);
    if is_no_address { NO_IPV4 } else { "the host in the URL is not a legal name or address" }
}

impl Setting for Proxy {
    const SHAPE: Shape = Shape {
        words: "a URL (http://..., https://..., socks5://... or socks5h://...)",
        short: "URL",
        shown: Shown::Url,
        schema: || json!({"type": "string", "pattern": "^([hH][tT][tT][pP][sS]?|[sS][oO][cC][kK][sS]5[hH]?)://"}),
        example: "",
        stand_in: Some(StandIn::Like("https://?.invalid/")),
    };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        let text = text.trim();
        url_secrets(text).into_iter().for_each(|secret| field.keep_secret(secret));
        let proxy = Self::of_url(text).map_err(|rule| field.wrong(&Self::SHAPE).help(rule))?;
        field.show(&proxy.endpoint.host.bare());
        proxy.secrets().for_each(|secret| field.keep_secret(&secret));
        Ok(proxy)
    }
}
