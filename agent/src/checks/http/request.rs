//! The request of one hop.

use super::Http;
use super::cookies::Jar;
use super::options::WebUrl;
use super::way::{authority, in_brackets};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::Endpoint;
use crate::probe::Probe;
use crate::secret::{Secret, is_harmless_header};
use crate::settings::{Credentials, Pair, Pairs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{Body, Method};
use std::borrow::Cow;
use url::Position;

const WRITE_HTTPS: &str = "write https:// in the URL";

const REDIRECT_TO_HTTPS: &str = "let the server redirect to https://; else put that URL into this check";

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
    /// Whether it goes to the very place that the check names: its `Host` is for that one alone.
    at_home: bool,
    /// Whether the check's own method goes out: with a GET in its place there is no body, and nothing to say of it.
    as_asked: bool,
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
            at_home: true,
            as_asked: true,
            params: check.params.clone(),
        }
    }

    /// What another check asks of the server that it names.
    pub(super) fn of(method: Method, url: WebUrl, body: Option<Secret<String>>) -> Self {
        Self { url, method, body, trusted: true, at_home: true, as_asked: true, params: Pairs::default() }
    }

    /// What is asked after a redirect (RFC 9110 section 15.4).
    pub(super) fn redirected(&self, status: u16, url: WebUrl) -> Self {
        let becomes_get = status == 303 || (matches!(status, 301 | 302) && self.method == Method::POST);
        Self {
            trusted: self.trusted && self.url.shares_logins_with(&url),
            at_home: self.at_home && self.url.is_of_one_origin_with(&url),
            as_asked: self.as_asked && !becomes_get,
            method: if becomes_get && self.method != Method::HEAD { Method::GET } else { self.method.clone() },
            body: self.body.clone().filter(|_| !becomes_get),
            url,
            params: Pairs::default(),
        }
    }

    /// The request as hyper takes it; `authorization` answers a Digest challenge.
    pub(super) fn build(
        &self,
        check: &Http,
        jar: &Jar,
        authorization: Option<&str>,
    ) -> Result<http::Request<Body>, Fault> {
        let body = self.body.as_ref().map(|body| Body::from(body.expose().clone())).unwrap_or_default();
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target(check).parse().map_err(|error| own_fault(&error))?;
        let own = self.headers(check, jar, authorization)?;
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
        if check.http2 {
            self.for_http2(&mut request, check)?;
        }
        let headers = request.headers_mut();
        // Servers wait for content where a method has some by its nature (RFC 9110 section 8.6).
        let says_length = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
        if self.body.is_none() && !says_length && [Method::POST, Method::PUT, Method::PATCH].contains(&self.method) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(request)
    }

    /// What HTTP/2 has apart from the fields: where the request goes, and how long its body is (RFC 9113 section 8.3.1).
    fn for_http2(&self, request: &mut http::Request<Body>, check: &Http) -> Result<(), Fault> {
        *request.version_mut() = http::Version::HTTP_2;
        let host = request.headers_mut().remove(HOST);
        let host = host.as_ref().map_or(&[][..], |host| host.as_bytes());
        let scheme = if self.url.is_tls() { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(host).path_and_query(self.target(check));
        *request.uri_mut() = uri.build().map_err(|error| own_fault(&error))?;
        if let Some(body) = &self.body {
            request.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| body.expose().len().into());
        }
        Ok(())
    }

    /// The target of the request line: absolute for a proxy, without the origin for a server (RFC 9112
    /// section 3.2).
    fn target(&self, check: &Http) -> String {
        let url = self.url();
        if check.relay(&self.url).is_some() { url[..Position::AfterQuery].to_owned() } else { path_of(&url) }
    }

    /// What Digest signs: the target as the server itself sees it, which a proxy makes of the absolute one.
    pub(super) fn path(&self) -> String {
        path_of(&self.url())
    }

    fn url(&self) -> Cow<'_, reqwest::Url> {
        let mut url = Cow::Borrowed(&self.url.url);
        if !self.params.0.is_empty() {
            let params = self.params.0.iter().map(|param| (&param.name, param.value.expose()));
            url.to_mut().query_pairs_mut().extend_pairs(params);
        }
        url
    }

    fn headers(&self, check: &Http, jar: &Jar, authorization: Option<&str>) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        let mut cookies: Vec<String> = Vec::new();
        for header in check.headers.0.iter().filter(|header| self.takes(header)) {
            let name = HeaderName::try_from(&header.name).map_err(|error| own_fault(&error))?;
            if name == COOKIE {
                cookies.push(header.value.expose().clone());
            } else {
                headers.append(name, value(header.value.expose())?);
            }
        }
        if self.trusted {
            cookies.extend(check.cookies.0.iter().map(|one| format!("{}={}", one.name, one.value.expose())));
        }
        // One line, whoever has a cookie to send (RFC 6265 section 5.4).
        if let Some(line) = jar.line(&self.url.url, &cookies) {
            headers.insert(COOKIE, value(&line)?);
        }
        if let Some(answer) = authorization {
            headers.insert(AUTHORIZATION, value(answer)?);
        }
        if let Some(login) = check.relay(&self.url).and_then(|proxy| proxy.authorization.as_ref()) {
            headers.insert(PROXY_AUTHORIZATION, value(login.expose())?);
        }
        Ok(headers)
    }

    /// Whether a header of the check belongs to this request (RFC 9110 section 15.4): `Host` to its place, what
    /// describes the body to the body, and what may be a secret to the server that the check names.
    fn takes(&self, header: &Pair) -> bool {
        let is = |name: &HeaderName| header.name.eq_ignore_ascii_case(name.as_str());
        let of_body = describes_body(&header.name);
        (self.trusted || is_for_anybody(header)) && (self.at_home || !is(&HOST)) && (self.as_asked || !of_body)
    }

    /// What is only for the server that the check names, and not sent to this one.
    fn kept_back<'a>(&self, check: &'a Http) -> Vec<&'a str> {
        if self.trusted {
            return Vec::new();
        }
        let headers = check.headers.0.iter().filter(|header| !is_for_anybody(header)).map(|header| &*header.name);
        headers.chain((!check.cookies.0.is_empty()).then_some("Cookie")).collect()
    }

    /// A failure as it is told of this hop: with what may have caused it, as it was kept back from this server, and
    /// with the URL that was asked, where that is not the check's.
    pub(super) fn told(&self, check: &Http, probe: &Probe, failure: Failure) -> Failure {
        let mut failure = failure.advise(Phase::Tls, Cause::Required, WRITE_HTTPS);
        let kept_back = self.kept_back(check);
        if !kept_back.is_empty() && matches!(failure.code.phase, Phase::Auth | Phase::Request) {
            let names = probe.clean(&kept_back.join(", "));
            failure.message =
                format!("{}; {names}: not sent to this server, which only a redirect names", failure.message);
            failure.next_step =
                format!("put the URL that the redirect leads to into this check, if {names} is for it too");
        }
        let by_redirect = self.url.url != check.url.url;
        if !by_redirect || matches!(failure.code.phase, Phase::Run | Phase::Proxy) {
            return failure;
        }
        if self.url.endpoint.host != check.url.endpoint.host {
            failure = failure.without_server_name("in the redirect");
        }
        failure = failure.advise(Phase::Tls, Cause::Required, REDIRECT_TO_HTTPS);
        let how = if failure.message.contains(" redirect") { "" } else { ", to which a redirect leads" };
        failure.told_of(format_args!("{}{how}", self.url.shown))
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
    let is_of_origin = header.name.eq_ignore_ascii_case(HOST.as_str());
    is_harmless_header(&header.name) && !header.is_reference && !is_of_origin && !describes_body(&header.name)
}

/// Whether a header says something of the body, without which it says nothing.
fn describes_body(name: &str) -> bool {
    const OTHERS: [&str; 5] = ["digest", "expect", "last-modified", "trailer", "transfer-encoding"];
    let name = name.to_ascii_lowercase();
    name.starts_with("content-") || OTHERS.contains(&name.as_str())
}

/// A URL without its origin.
fn path_of(url: &reqwest::Url) -> String {
    url[Position::BeforePath..Position::AfterQuery].to_owned()
}

/// A login as Basic authentication has it (RFC 7617).
pub(super) fn basic(login: &Credentials) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", login.user, login.password.expose())))
}

/// Any of them may hold a login: none is shown by a `Debug`.
fn value(text: &str) -> Result<HeaderValue, Fault> {
    // Not as a text, which would have to be ASCII: a user of Digest may be called anything.
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|error| own_fault(&error))?;
    value.set_sensitive(true);
    Ok(value)
}

fn own_fault(error: &impl std::fmt::Display) -> Fault {
    Fault::new(Cause::OwnFault, "the request could not be built").evidence(error.to_string())
}
