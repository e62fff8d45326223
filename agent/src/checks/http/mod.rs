//! An HTTP request that is answered as expected.
//!
//! - Proves: the server (or the proxy and the server behind it) answers with the expected status,
//!   and with the expected headers and body where they are asked for; the login is accepted.
//! - Protocol: HTTP/1.1 (RFC 9110, RFC 9112); Basic (RFC 7617) and Digest (RFC 7616)
//!   authentication; CONNECT for https through a proxy.
//! - Phases: resolve, connect, proxy (a tunnel), tls (https), protocol (the request is sent, the
//!   head of the answer is read), auth (the second request of Digest), request (status, headers,
//!   body). A redirect that is followed begins anew where it leads elsewhere.
//! - Options: see [`Http::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `proxy.*`, `tls.*`, `protocol.*`, `auth.rejected` and
//!   `auth.required` (401), `auth.method-unsupported`, `request.unexpected-*`, `request.redirected`.
//! - Does not check: the body, unless `expected_body` asks; at most 64 KiB of it are read.
//!
//! Requests are built, and answers read, with reqwest; the connection between them is hyper's -
//! reqwest's own engine - on the probe's stream. reqwest's client cannot take an open stream
//! (`connector_layer` wraps its connector and cannot replace the connection), and with a
//! connection of its own neither the phases nor the one-connection rule would hold.

mod answer;
mod exchange;
mod options;
mod request;

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{Endpoint, Host, Port, TlsOptions, Wire, proxy};
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Misfit, Noted, Pair, Pairs, Spoken, tls};
use crate::text::escaped;
use answer::Judgement;
use exchange::{Client, Connection};
use options::{Cookies, ExpectedHeaders, Matcher, Statuses, WebUrl};
use request::Hop;
use reqwest::Method;

/// Longer chains of redirects are loops.
const MOST_REDIRECTS: usize = 10;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Http {
    url: WebUrl,
    method: Method,
    expected_code: Statuses,
    expected_headers: ExpectedHeaders,
    expected_body: Option<Matcher>,
    proxy: Option<Proxy>,
    headers: Pairs,
    cookies: Pairs,
    params: Pairs,
    body: Option<Secret<String>>,
    auth: Option<Credentials>,
    digest: Option<Credentials>,
    redirects: bool,
    tls: TlsOptions,
}

/// The proxy that requests go through.
#[derive(Clone, Debug)]
struct Proxy {
    endpoint: Endpoint,
    tls: bool,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Secret<String>>,
}

impl Check for Http {
    const TYPE: &'static str = "http";
    const SERVICE: &'static Service = &services::HTTP;
    const ALIASES: &'static [&'static str] = &["https"];
    const ABOUT: &'static str = "An HTTP request is answered as expected.";
    const TRACE: &'static str =
        "A line in the server's access log, and in a proxy's; what the request does is the application's.";
    const EXAMPLE: &'static str = "\
- type: http
  url: https://login.internal/+health
  expected_code: 2xx
  expected_body: '/\"status\": *\"ok\"/'
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let url = fields.required::<WebUrl>("url", "The URL to fetch.");
        let method = fields.or("method", "GET", "The HTTP method.");
        let expected_code = fields.or("expected_code", "200", "The statuses that mean success.");
        let expected_headers = fields.optional(
            "expected_headers",
            "Headers of the answer: the whole value, a /regex/ that occurs in it, or null for any value.",
        );
        let expected_body =
            fields.optional("expected_body", "A text or /regex/ that must occur in the body's first 64 KiB.");
        let proxy = Proxy::parse(fields);
        let headers = fields.optional::<Pairs>("headers", "Headers to send. To a server that only a redirect names go those that hold no secret (Accept, User-Agent, ...).").unwrap_or_default();
        let body = fields.optional::<Secret<String>>("body", "The raw body to send.");
        let redirects = fields.or(
            "allow_redirects",
            "false",
            "Follow 30x redirects, 10 at most. Logins, cookies and the body stay with the server of `url`.",
        );
        let params = fields.optional("params", "Added to the query string, URL encoded.").unwrap_or_default();
        let cookies = fields.optional::<Cookies>("cookies", "Cookies to send.").unwrap_or_default().0;
        let auth = fields.optional::<Credentials>("auth", "Basic authentication.");
        let digest = fields.optional("digest_auth", "Digest authentication; wins over auth.");
        let proxy_speaks_tls = proxy.as_ref().is_some_and(|proxy| proxy.tls);
        let by_url = url.as_ref().map_or(true, WebUrl::is_tls);
        let tls = tls(fields, if by_url || redirects || proxy_speaks_tls { Spoken::Always } else { Spoken::ByUrl });
        check_headers(fields, &headers)?;
        body.iter().for_each(|body| fields.show_names_in(body.expose()));
        let mut url = url?;
        let auth = auth.or(url.login.take());
        let expected_headers = expected_headers.unwrap_or_default();
        Ok(Self {
            url,
            method,
            expected_code,
            expected_headers,
            expected_body,
            proxy,
            headers,
            cookies,
            params,
            body,
            auth,
            digest,
            redirects,
            tls: tls?,
        })
    }

    fn profile(&self) -> Profile {
        let shown = &self.url.shown;
        let mut profile = Profile::of_endpoint("tcp", self.first_endpoint())
            .distinct("method", Some(&self.method).filter(|method| **method != Method::GET))
            .distinct("proxy_url", self.proxy.as_ref().map(|proxy| &proxy.endpoint))
            .distinct("expected_code", Some(self.expected_code.to_string()).filter(|code| code != "200"))
            .distinct("expected_body", self.expected_body.as_ref());
        let name = ["http:", shown, ":"].concat();
        for connecting in &mut profile.results {
            connecting.name.insert_str(0, &name);
        }
        profile.results.push(ResultName { name, info: [self.method.as_str(), " ", shown].concat() });
        Profile { target: shown.clone(), ..profile }
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let wire = self.open(probe, &self.url.endpoint).await?;
        probe.passed()?;
        let mut hop = Hop::first(self);
        let mut client = Client { check: self, connection: self.secure(probe, wire, &hop.url).await? };
        for _ in 0..=MOST_REDIRECTS {
            let answer = client.ask(probe, &hop).await?;
            let judged = answer::judge(self, probe, &mut client.connection, &hop, answer).await;
            match judged.map_err(|failure| hop.with_kept_back(self, probe, failure))? {
                Judgement::Accepted => return Ok(()),
                Judgement::Elsewhere(next, answer) => {
                    client.make_ready(probe, answer, &next.url).await?;
                    hop = *next;
                }
            }
        }
        let message = sentence!["more than ", MOST_REDIRECTS, " redirects, the last to ", &hop.url.shown];
        let fault = Fault::new(Cause::Redirected, message);
        Err(probe.fail(Phase::Request, fault.next_step("look for a redirect loop on the server")).into())
    }
}

impl Http {
    fn first_endpoint(&self) -> &Endpoint {
        self.proxy.as_ref().map_or(&self.url.endpoint, |proxy| &proxy.endpoint)
    }

    /// Connects to the origin, or to the proxy.
    async fn open(&self, probe: &mut Probe, origin: &Endpoint) -> Result<Wire, Failure> {
        let Some(proxy) = &self.proxy else { return probe.open(origin).await };
        let mut wire = probe.open(&proxy.endpoint).await.map_err(|failure| of_proxy(probe, proxy, failure))?;
        if proxy.tls {
            let secured = probe.tls(wire, &self.tls, &proxy.endpoint.host, &["http/1.1"]).await;
            wire = secured.map_err(|failure| of_proxy(probe, proxy, failure))?;
        }
        if proxy.authorization.is_some() {
            probe.note_login();
        }
        Ok(wire)
    }

    /// Notes a login that goes out without TLS; where a proxy passes it on, whatever there is up to the proxy.
    fn note_login(&self, probe: &mut Probe, hop: &Hop) {
        let has_header = self.headers.0.iter().any(|header| header.name.eq_ignore_ascii_case("authorization"));
        let logs_in = hop.trusted && (self.auth.is_some() || self.digest.is_some() || has_header);
        match &self.proxy {
            _ if !logs_in || hop.url.is_tls() => {}
            Some(_) => probe.note_plain_login(),
            None => probe.note_login(),
        }
    }

    /// Adds the tunnel and TLS, as the URL wants them.
    async fn secure(&self, probe: &mut Probe, wire: Wire, url: &WebUrl) -> Result<Connection, Failure> {
        if !url.is_tls() {
            return Connection::over(probe, wire, url).await;
        }
        let wire = match &self.proxy {
            None => wire,
            Some(proxy) => {
                let authority = authority(&url.endpoint.host, url.endpoint.port);
                let authorization = proxy.authorization.as_ref().map(|value| value.expose().as_str());
                probe.phase(Phase::Proxy, proxy::tunnel(wire, &authority, authorization)).await?
            }
        };
        let wire = probe.tls(wire, &self.tls, &url.endpoint.host, &["http/1.1"]).await?;
        Connection::over(probe, wire, url).await
    }
}

impl Proxy {
    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let url =
            fields.optional::<WebUrl>("proxy_url", "The proxy, as http:// or https:// URL; wins over proxy_host.");
        let host = fields.optional::<Host>("proxy_host", "The proxy's host.");
        let port = fields.or::<Port>("proxy_port", "8000", "The proxy's port, with proxy_host.");
        if !fields.has("proxy_url") && !fields.has("proxy_host") {
            fields.warn_idle("proxy_port", "without `proxy_host`", "add `proxy_host:`, or leave `proxy_port` out");
        }
        if let Some(url) = url {
            let authorization = url.login.as_ref().map(|login| Secret::new(request::basic(login)));
            return Some(Self { tls: url.is_tls(), endpoint: url.endpoint, authorization });
        }
        host.map(|host| Self { endpoint: Endpoint::tcp(host, port), tls: false, authorization: None })
    }
}

/// Header names and values must be legal: a line break in one would be a request of its own.
fn check_headers(fields: &mut Fields<'_>, headers: &Pairs) -> Result<(), Noted> {
    let is_name = |name: &str| reqwest::header::HeaderName::try_from(name).is_ok();
    let is_value = |value: &str| reqwest::header::HeaderValue::try_from(value).is_ok();
    let illegal = headers.0.iter().find(|header| !is_name(&header.name) || !is_value(header.value.expose()));
    let Some(Pair { name, .. }) = illegal else { return Ok(()) };
    let shown = escaped(name);
    let (message, help) = if is_name(name) {
        (
            format!("the value of `{shown}` is not legal in an HTTP header"),
            "a value has no line breaks and no control characters",
        )
    } else {
        (format!("`{shown}` is not a legal name of an HTTP header"), "a name has letters, digits and `-`")
    };
    let misfit = Misfit::new(format!("{message} (RFC 9110 section 5)"));
    Err(fields.refuse_value("headers", misfit.help(help)))
}

/// Behind a next step that would else be taken for one about the target.
const ABOUT_PROXY: &str = " (this is about the proxy)";

/// A proxy that cannot be connected to is a fault of its own; its name's, its certificate's and this host's are told of
/// whom they concern.
fn of_proxy(probe: &Probe, proxy: &Proxy, mut failure: Failure) -> Failure {
    if matches!(failure.code.cause, Cause::LocalLimit | Cause::DeniedLocally) {
        return failure;
    }
    if failure.code.phase != Phase::Connect {
        let Failure { message, next_step, .. } = &mut failure;
        *message = format!("the proxy {}: {message}", proxy.endpoint);
        next_step.push_str(ABOUT_PROXY);
        return failure;
    }
    let cause = if failure.code.cause == Cause::Timeout { Cause::Timeout } else { Cause::Unreachable };
    let fault =
        Fault::new(cause, sentence!["the proxy ", &proxy.endpoint, " cannot be reached: ", ours(&failure.message)])
            .owner(failure.owner)
            .next_step(sentence![ours(&failure.next_step), ABOUT_PROXY])
            .evidence(sentence![ours(&failure.code), ": ", ours(&failure.evidence.unwrap_or_default())]);
    probe.fail(Phase::Proxy, fault)
}

/// `host:port` as CONNECT wants it; an IPv6 address in brackets.
fn authority(host: &Host, port: Port) -> String {
    format!("{}:{port}", in_brackets(host))
}

/// A host as URLs have it.
fn in_brackets(host: &Host) -> String {
    let bare = host.bare();
    if bare.contains(':') { format!("[{bare}]") } else { bare }
}
