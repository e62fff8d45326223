//! The URLs of brokers and of result back ends, as Celery writes them
//! (<https://docs.celeryq.dev/projects/kombu/en/stable/userguide/connections.html#urls>): the same default host, user and
//! virtual host, and percent-encoding in every part.

use super::Broker;
use crate::checks::amqp::Amqp;
use crate::checks::redis::Redis;
use crate::net::{Endpoint, Host, Port, Target, TlsOptions};
use crate::secret::{Secret, redact_url, url_secrets};
use crate::services::{self, Security, Service};
use crate::settings::shape::{self, Shape, Shown, StandIn};
use crate::settings::{Credentials, Field, Fields, Misfit, Setting, Spoken};
use crate::text::{escaped, percent_decoded_text};
use lapin::types::ShortString;
use std::path::PathBuf;

/// Where a broker is, who logs in there, and which of its parts is entered.
#[derive(Clone, Debug)]
pub(in crate::checks) struct BrokerUrl {
    is_tls: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Amqp { endpoint: Endpoint, login: Credentials, vhost: ShortString },
    Redis { target: Target, login: Option<Credentials>, database: u32 },
}

/// Where results are.
#[derive(Clone, Debug)]
pub(in crate::checks) enum ResultUrl {
    /// They come back through the broker.
    Rpc,
    /// In a Redis.
    Redis(BrokerUrl),
}

/// A URL in its parts, each decoded.
struct Parts {
    scheme: String,
    user: String,
    password: String,
    host: String,
    port: Option<Port>,
    /// Without its first slash.
    path: String,
    query: String,
}

/// What is said of a URL of anything else.
const KNOWN: &str =
    "amqp://USER:PASSWORD@HOST:PORT/VHOST or redis://:PASSWORD@HOST:PORT/DATABASE (with TLS amqps:// or rediss://)";

impl BrokerUrl {
    /// What `tls` is to be asked with.
    pub(in crate::checks) const fn spoken(&self) -> Spoken {
        if self.is_tls { Spoken::Always } else { Spoken::ByBrokerUrl }
    }

    /// The broker, with what the other options say of TLS.
    pub(in crate::checks) fn with(self, tls: &TlsOptions) -> Broker {
        let tls = self.is_tls.then(|| tls.clone());
        let shown = self.to_string();
        match self.kind {
            Kind::Amqp { endpoint, login, vhost } => {
                Broker::Amqp { shown, endpoint: endpoint.clone(), client: Amqp::at(endpoint, tls, login, vhost) }
            }
            Kind::Redis { target, login, database } => {
                Broker::Redis { shown, client: Redis::at_database(target, login, tls, database) }
            }
        }
    }

    /// Remembers that the check logs in there, if it does.
    pub(in crate::checks) fn note_login(&self, fields: &Fields<'_>) {
        if self.login().is_some() {
            fields.note_login();
        }
    }

    /// Whether it is one of AMQP.
    pub(in crate::checks) const fn is_amqp(&self) -> bool {
        matches!(self.kind, Kind::Amqp { .. })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = Parts::split(text.trim())?;
        let (base, extra) = parts.scheme.split_once('+').unwrap_or((&parts.scheme, ""));
        let (service, scheme) = services::by_scheme(base).ok_or(KNOWN)?;
        let is_tls = scheme.security == Security::Tls;
        let kind = match service.check {
            Some("amqp") if extra.is_empty() => parts.amqp(is_tls)?,
            Some("redis") if scheme.socket || extra == "socket" => parts.redis_socket()?,
            Some("redis") if extra.is_empty() => parts.redis()?,
            _ => return Err(KNOWN),
        };
        Ok(Self { is_tls, kind })
    }

    fn login(&self) -> Option<&Credentials> {
        match &self.kind {
            Kind::Amqp { login, .. } => Some(login),
            Kind::Redis { login, .. } => login.as_ref(),
        }
    }

    fn host(&self) -> Option<&Host> {
        match &self.kind {
            Kind::Amqp { endpoint, .. } => Some(&endpoint.host),
            Kind::Redis { target, .. } => target.host(),
        }
    }

    fn read(field: &Field<'_>, shape: &Shape) -> Result<Self, Misfit> {
        let text = field.text(shape)?;
        url_secrets(&text).into_iter().for_each(|secret| field.keep_secret(secret));
        let url = Self::parse(&text).map_err(|rule| {
            let shown = redact_url(&text);
            let scheme = shown.split_once("://").map_or("", |(scheme, _)| scheme);
            // What else stands there may be anything.
            field.wrong(shape).help(if scheme.is_empty() { KNOWN } else { rule })
        })?;
        if let Some(login) = url.login() {
            field.keep_secret(login.password.expose());
            field.show(&login.user);
        }
        if let Some(host) = url.host() {
            field.show(&host.bare());
        }
        Ok(url)
    }
}

/// `HOST:PORT/VHOST`, `HOST:PORT/DATABASE`.
impl std::fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::Amqp { endpoint, vhost, .. } => write!(f, "{endpoint}/{}", escaped(vhost.as_str())),
            Kind::Redis { target, database, .. } => write!(f, "{target}/{database}"),
        }
    }
}

impl Parts {
    fn split(text: &str) -> Result<Self, &'static str> {
        if text.contains(';') && text.matches("://").count() > 1 {
            return Err("these are several brokers: write a check for each, with one URL");
        }
        let (scheme, rest) = text.split_once("://").ok_or(KNOWN)?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let rest = rest.split('#').next().unwrap_or_default();
        if rest.contains('@') && !authority.contains('@') {
            return Err("in the user and the password of a URL, `/` is written %2F, `?` %3F, `#` %23 and `@` %40");
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        // The last colon is a port's, unless it is one of an IPv6 address in brackets.
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.parse().map_err(|_| "a port is 1 to 65535")?)),
            None => (place, None),
        };
        let decoded = percent_decoded_text;
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user: decoded(user),
            password: decoded(password),
            host: decoded(host),
            port,
            path: decoded(path.strip_prefix('/').unwrap_or(path)),
            query: query.to_owned(),
        })
    }

    fn endpoint(&self, service: &Service, security: Security) -> Result<Endpoint, &'static str> {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        let host = Host::parse(host).map_err(|_| "the host in the URL is not a legal name or address")?;
        Ok(Endpoint::tcp(host, self.port.unwrap_or(service.port(security))))
    }

    fn amqp(self, is_tls: bool) -> Result<Kind, &'static str> {
        let endpoint = self.endpoint(&services::AMQP, if is_tls { Security::Tls } else { Security::Plain })?;
        // Whom py-amqp takes for who names nobody.
        let or_guest = |text: String| if text.is_empty() { "guest".to_owned() } else { text };
        let vhost = if self.path.is_empty() { "/" } else { &self.path };
        let vhost = ShortString::try_new(vhost).ok().ok_or("the name of a virtual host has 255 bytes at most")?;
        let login = Credentials { user: or_guest(self.user), password: Secret::new(or_guest(self.password)) };
        Ok(Kind::Amqp { endpoint, login, vhost })
    }

    fn redis(self) -> Result<Kind, &'static str> {
        let target = Target::Tcp(self.endpoint(&services::REDIS, Security::Plain)?);
        let database = database(&self.path)?;
        Ok(Kind::Redis { target, login: self.login_of_redis(), database })
    }

    fn redis_socket(self) -> Result<Kind, &'static str> {
        let number = self.query.split('&').find_map(|pair| pair.strip_prefix("virtual_host="));
        let database = database(number.map(|number| number.trim_matches('/')).unwrap_or_default())?;
        let (host, port) = (PathBuf::from(format!("/{}", self.path)), services::REDIS.port(Security::Plain));
        Ok(Kind::Redis { target: Target::Socket { host, port }, login: self.login_of_redis(), database })
    }

    fn login_of_redis(self) -> Option<Credentials> {
        let Self { user, password, .. } = self;
        (!password.is_empty()).then(|| Credentials { user, password: Secret::new(password) })
    }
}

fn database(text: &str) -> Result<u32, &'static str> {
    if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| "behind the slash stands the number of a database") }
}

impl Setting for BrokerUrl {
    const SHAPE: Shape = Shape {
        words: "the URL of a broker (amqp://..., redis://...)",
        short: "broker URL",
        shown: Shown::Url,
        schema: shape::filled,
        example: "amqp://app:PASSWORD@broker.internal:5672/app",
        stand_in: Some(StandIn::Like("amqp://?.invalid")),
    };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        Self::read(field, &Self::SHAPE)
    }
}

impl Setting for ResultUrl {
    const SHAPE: Shape = Shape {
        words: "the URL of a result back end (redis://..., rpc://)",
        short: "result URL",
        shown: Shown::Url,
        schema: shape::filled,
        example: "redis://:PASSWORD@cache.internal:6379/1",
        stand_in: Some(StandIn::Like("redis://?.invalid")),
    };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        const UNSUPPORTED: &str = "results are awaited in Redis (redis://, rediss://) or through an AMQP broker (rpc://); those in \
             a database, a cache or elsewhere are not: use the celery check for their workers";
        let text = field.text(&Self::SHAPE)?;
        if text.trim().trim_end_matches('/').eq_ignore_ascii_case("rpc:") {
            return Ok(Self::Rpc);
        }
        url_secrets(&text).into_iter().for_each(|secret| field.keep_secret(secret));
        let is_redis = text.split_once("://").is_some_and(|(scheme, _)| {
            let base = scheme.split('+').next().unwrap_or_default().to_ascii_lowercase();
            services::by_scheme(&base).is_some_and(|(service, _)| *service == services::REDIS)
        });
        if !is_redis {
            return Err(field.wrong(&Self::SHAPE).help(UNSUPPORTED));
        }
        BrokerUrl::read(field, &Self::SHAPE).map(Self::Redis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let read = BrokerUrl::parse(text).map(|url| {
            let login = url.login().map(|login| format!(" {}:{}", login.user, login.password.expose()));
            format!("{url}{}{}", login.unwrap_or_default(), if url.is_tls { " tls" } else { "" })
        });
        read.unwrap_or_else(str::to_owned)
    }

    #[test]
    fn urls_mean_what_kombu_takes_them_for() {
        for (text, meant) in [
            ("amqp://", "localhost:5672// guest:guest"),
            ("amqp://app:p%40ss@broker.internal//", "broker.internal:5672// app:p@ss"),
            ("pyamqp://app:pw@broker.internal:5673/shop", "broker.internal:5673/shop app:pw"),
            ("amqps://app:pw@broker.internal/%2Fshop", "broker.internal:5671//shop app:pw tls"),
            ("amqp://[::1]:5672", "[::1]:5672// guest:guest"),
            ("redis://", "localhost:6379/0"),
            ("redis://:s3cret@cache.internal:6380/3?ssl_cert_reqs=none", "cache.internal:6380/3 :s3cret"),
            ("rediss://app:s3cret@cache.internal", "cache.internal:6379/0 app:s3cret tls"),
            ("redis+socket:///run/redis.sock?virtual_host=2", "/run/redis.sock:6379/2"),
        ] {
            assert_eq!(shown(text), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_broker_is_refused_with_the_rule() {
        for (text, word) in [
            ("sqs://", "amqp://"),
            ("broker.internal", "amqp://"),
            ("amqp://a;amqp://b", "several"),
            ("amqp://h:99999/", "65535"),
            ("redis://h/cache", "number"),
            ("amqp://app:p/w@h/", "%2F"),
            ("amqp://a_b c/", "host"),
        ] {
            assert!(shown(text).contains(word), "{text}: {}", shown(text));
        }
    }
}
