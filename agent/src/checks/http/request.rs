//! The request of one hop.

use super::options::WebUrl;
use super::{Http, authority, in_brackets};
use crate::fault::{Cause, Fault};
use crate::net::Endpoint;
use crate::secret::Secret;
use crate::settings::{Credentials, Pairs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use reqwest::{Body, Method};
use std::borrow::Cow;
use url::Position;

const AGENT: &str = concat!("conn-check/", env!("CARGO_PKG_VERSION"));

/// What is asked, and where.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: WebUrl,
    pub(super) method: Method,
    pub(super) body: Option<Secret<String>>,
    /// Whether logins and cookies are meant for this host.
    pub(super) trusted: bool,
    params: Pairs,
}

impl Hop {
    /// What the check itself asks.
    pub(super) fn first(check: &Http) -> Self {
        Self {
            url: check.url.clone(),
            method: check.method.clone(),
            body: check.body.clone(),
            trusted: true,
            params: check.params.clone(),
        }
    }

    /// What is asked after a redirect (RFC 9110 section 15.4).
    pub(super) fn redirected(&self, status: u16, url: WebUrl) -> Self {
        let becomes_get = status == 303 || (matches!(status, 301 | 302) && self.method == Method::POST);
        Self {
            trusted: self.trusted && self.url.shares_logins_with(&url),
            method: if becomes_get && self.method != Method::HEAD { Method::GET } else { self.method.clone() },
            body: self.body.clone().filter(|_| !becomes_get),
            url,
            params: Pairs::default(),
        }
    }

    /// The request as hyper takes it; `authorization` answers a Digest challenge.
    pub(super) fn build(&self, check: &Http, authorization: Option<&str>) -> Result<http::Request<Body>, Fault> {
        let body = self.body.as_ref().map(|body| Body::from(body.expose().clone())).unwrap_or_default();
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target(check).parse().map_err(|error| own_fault(&error))?;
        let own = self.headers(check, authorization)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let (Some(login), true, None) = (&check.auth, self.trusted && check.digest.is_none(), authorization) {
            headers.insert(AUTHORIZATION, value(&basic(login))?);
        }
        // What the file says takes the place of what is said by default.
        headers.extend(own);
        if !headers.contains_key(HOST) {
            headers.insert(HOST, value(&self.host_header())?);
        }
        Ok(request)
    }

    /// The target of the request line, which Digest signs: absolute for a proxy, without the origin for a
    /// server (RFC 9112 section 3.2).
    pub(super) fn target(&self, check: &Http) -> String {
        let mut url = Cow::Borrowed(&self.url.url);
        if !self.params.0.is_empty() {
            let params = self.params.0.iter().map(|(name, value)| (name, value.expose()));
            url.to_mut().query_pairs_mut().extend_pairs(params);
        }
        let proxied = check.proxy.is_some() && !self.url.is_tls();
        let end = Position::AfterQuery;
        if proxied { url[..end].to_owned() } else { url[Position::BeforePath..end].to_owned() }
    }

    fn headers(&self, check: &Http, authorization: Option<&str>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        for (name, text) in &check.headers.0 {
            // What may be a login is not for the host of a redirect (RFC 9110 section 15.4).
            let is_secret = crate::secret::is_secret_name(name);
            let name = HeaderName::try_from(name).map_err(|error| own_fault(&error))?;
            if self.trusted || !is_secret {
                headers.append(name, value(text.expose())?);
            }
        }
        let cookies: Vec<_> =
            check.cookies.0.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        if self.trusted && !cookies.is_empty() {
            headers.append(COOKIE, value(&cookies.join("; "))?);
        }
        if let Some(answer) = authorization {
            headers.insert(AUTHORIZATION, value(answer)?);
        }
        let proxy = check.proxy.as_ref().filter(|_| !self.url.is_tls());
        if let Some(login) = proxy.and_then(|proxy| proxy.authorization.as_ref()) {
            headers.insert(PROXY_AUTHORIZATION, value(login.expose())?);
        }
        Ok(headers)
    }

    /// The port is left out where it is the scheme's own.
    fn host_header(&self) -> String {
        let Endpoint { host, port, .. } = &self.url.endpoint;
        if self.url.url.port().is_some() { authority(host, *port) } else { in_brackets(host) }
    }
}

/// A login as Basic authentication has it (RFC 7617).
pub(super) fn basic(login: &Credentials) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", login.user, login.password.expose())))
}

/// Any of them may hold a login: none is shown by a `Debug`.
fn value(text: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(text).map_err(|error| own_fault(&error))?;
    value.set_sensitive(true);
    Ok(value)
}

fn own_fault(error: &impl std::fmt::Display) -> Fault {
    Fault::new(Cause::OwnFault, "the request could not be built").evidence(error.to_string())
}
