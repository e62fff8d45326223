//! The request of one hop.

use super::options::WebUrl;
use super::{Http, authority};
use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::secret::Secret;
use crate::settings::Pairs;
use reqwest::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Body, Client, Method};
use std::sync::LazyLock;

/// Builds requests; never connects.
static BUILDER: LazyLock<Client> = LazyLock::new(|| Client::builder().no_proxy().build().unwrap_or_default());

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
        let mut builder =
            BUILDER.request(self.method.clone(), self.url.url.clone()).header(USER_AGENT, AGENT).header(ACCEPT, "*/*");
        let params: Vec<_> = self.params.0.iter().map(|(name, value)| (name, value.expose())).collect();
        if !params.is_empty() {
            builder = builder.query(&params);
        }
        if let (Some(login), true, None) = (&check.auth, self.trusted && check.digest.is_none(), authorization) {
            builder = builder.basic_auth(&login.user, Some(login.password.expose()));
        }
        if let Some(body) = &self.body {
            builder = builder.body(body.expose().clone());
        }
        let mut request =
            builder.headers(self.headers(check, authorization)?).build().map_err(|error| own_fault(&error))?;
        let url = request.url().clone();
        if !request.headers().contains_key(HOST) {
            let host = self.host_header();
            request.headers_mut().insert(HOST, HeaderValue::try_from(host).map_err(|error| own_fault(&error))?);
        }
        let proxied = check.proxy.is_some() && !self.url.is_tls();
        let mut request = http::Request::try_from(request).map_err(|error| own_fault(&error))?;
        // Absolute form for a proxy, origin form for a server (RFC 9112 section 3.2).
        let target = if proxied {
            without_fragment(&url)
        } else {
            url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
        };
        *request.uri_mut() = target.parse().map_err(|error| own_fault(&error))?;
        Ok(request)
    }

    /// The target of the request line, as Digest signs it.
    pub(super) fn path(&self, check: &Http) -> String {
        self.build(check, None).map(|request| request.uri().to_string()).unwrap_or_default()
    }

    fn headers(&self, check: &Http, authorization: Option<&str>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in &check.headers.0 {
            // What may be a login is not for the host of a redirect (RFC 9110 section 15.4).
            let is_secret = crate::secret::is_secret_name(name);
            let name = HeaderName::try_from(name).map_err(|error| own_fault(&error))?;
            if self.trusted || !is_secret {
                headers.append(name, HeaderValue::try_from(value.expose()).map_err(|error| own_fault(&error))?);
            }
        }
        let cookies: Vec<_> =
            check.cookies.0.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        if self.trusted && !cookies.is_empty() {
            headers.append(COOKIE, HeaderValue::try_from(cookies.join("; ")).map_err(|error| own_fault(&error))?);
        }
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::try_from(value).map_err(|error| own_fault(&error))?);
        }
        let proxy_login =
            check.proxy.as_ref().filter(|_| !self.url.is_tls()).and_then(|proxy| proxy.authorization.as_ref());
        if let Some(value) = proxy_login {
            headers.insert(
                "proxy-authorization",
                HeaderValue::try_from(value.expose()).map_err(|error| own_fault(&error))?,
            );
        }
        Ok(headers)
    }

    /// The port is left out where it is the scheme's own.
    fn host_header(&self) -> String {
        let endpoint = &self.url.endpoint;
        let full = authority(&endpoint.host, endpoint.port);
        match self.url.url.port() {
            Some(_) => full,
            None => full.rsplit_once(':').map_or_else(|| full.clone(), |(host, _)| host.to_owned()),
        }
    }
}

fn without_fragment(url: &reqwest::Url) -> String {
    url[..url::Position::AfterQuery].to_owned()
}

fn own_fault(error: &impl std::fmt::Display) -> Fault {
    Fault::new(Cause::OwnFault, "the request could not be built").evidence(error.to_string())
}
