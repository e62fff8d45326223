//! The request of one hop.

use super::options::WebUrl;
use super::{Http, authority, in_brackets};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::Endpoint;
use crate::probe::Probe;
use crate::secret::{Secret, is_harmless_header};
use crate::settings::{Credentials, Pair, Pairs};
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
    /// Whether it goes to the server that the check names: logins, cookies, the body and what may be a secret
    /// are for that one alone.
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
            let params = self.params.0.iter().map(|param| (&param.name, param.value.expose()));
            url.to_mut().query_pairs_mut().extend_pairs(params);
        }
        let proxied = check.proxy.is_some() && !self.url.is_tls();
        let end = Position::AfterQuery;
        if proxied { url[..end].to_owned() } else { url[Position::BeforePath..end].to_owned() }
    }

    fn headers(&self, check: &Http, authorization: Option<&str>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        for header in check.headers.0.iter().filter(|header| self.trusted || is_for_anybody(header)) {
            let name = HeaderName::try_from(&header.name).map_err(|error| own_fault(&error))?;
            headers.append(name, value(header.value.expose())?);
        }
        let cookies: Vec<_> =
            check.cookies.0.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value.expose())).collect();
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

    /// What is only for the server that the check names, and not sent to this one.
    fn kept_back<'a>(&self, check: &'a Http) -> Vec<&'a str> {
        if self.trusted {
            return Vec::new();
        }
        let headers = check.headers.0.iter().filter(|header| !is_for_anybody(header)).map(|header| &*header.name);
        headers.chain((!check.cookies.0.is_empty()).then_some("Cookie")).collect()
    }

    /// A failure that says what may have caused it: what was kept back from this server.
    pub(super) fn with_kept_back(&self, check: &Http, probe: &Probe, failure: Failure) -> Failure {
        let kept_back = self.kept_back(check);
        if kept_back.is_empty() || !matches!(failure.code.phase, Phase::Auth | Phase::Request) {
            return failure;
        }
        let names = probe.clean(&kept_back.join(", "));
        Failure {
            message: format!("{}; {names}: not sent to this server, which only a redirect names", failure.message),
            next_step: format!("put the URL that the redirect leads to into this check, if {names} is for it too"),
            ..failure
        }
    }

    /// The port is left out where it is the scheme's own.
    fn host_header(&self) -> String {
        let Endpoint { host, port, .. } = &self.url.endpoint;
        if self.url.url.port().is_some() { authority(host, *port) } else { in_brackets(host) }
    }
}

/// Whether a header may go to a server that only a redirect names. The check's author added it for another
/// one (RFC 9110 section 15.4): so only what is known to hold no secret, and what does not belong to the
/// origin or to the body, neither of which goes along.
fn is_for_anybody(header: &Pair) -> bool {
    let name = header.name.to_ascii_lowercase();
    is_harmless_header(&name) && !header.is_reference && name != "host" && !name.starts_with("content-")
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
