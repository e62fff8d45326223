//! An HTTP request that is answered as expected.
//!
//! - Proves: the server (or the proxy and the server behind it) answers with the expected status,
//!   and with the expected headers and body where they are asked for; the login is accepted.
//! - Protocol: HTTP/1.1 (RFC 9110, RFC 9112), or HTTP/2 (RFC 9113) where `http2` says so; Basic (RFC 7617) and Digest (RFC 7616)
//!   authentication; CONNECT for https through a proxy.
//! - Phases: resolve, connect, proxy (a tunnel), tls (https), protocol (the request is sent, the
//!   head of the answer is read), auth (the second request of Digest), request (status, headers,
//!   body). A redirect that is followed begins anew where it leads elsewhere.
//! - Options: see [`Http::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `proxy.*`, `tls.*`, `protocol.*`, `auth.rejected` and
//!   `auth.required` (401), `auth.method-unsupported`, `request.unexpected-*`, `request.redirected`.
//! - Does not check: the body, unless an `expected_...` of it asks; for `expected_body` at most 64 KiB are read.
//!
//! Requests are built, and answers read, with reqwest; the connection between them is hyper's -
//! reqwest's own engine - or, for HTTP/2, that of h2, which is hyper's, on the probe's stream. reqwest's client cannot take an open stream
//! (`connector_layer` wraps its connector and cannot replace the connection), and with a
//! connection of its own neither the phases nor the one-connection rule would hold.

mod answer;
mod body;
mod body_file;
mod charset;
mod coding;
mod cookies;
mod exchange;
mod expected;
mod head;
mod http2;
mod json;
mod login;
mod options;
mod proxy;
mod refusal;
mod request;
mod routing;
mod session;
mod way;

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Cause, Fault, Phase};
use crate::net::TlsOptions;
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, sentence};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Misfit, Noted, Pair, Pairs, SocketPath, Spoken, tls};
use crate::text::escaped;
use answer::Judgement;
use body_file::BODY_FILE;
use cookies::Jar;
use exchange::Client;
use expected::ExpectedBody;
pub(super) use options::WebUrl;
use options::{Cookies, ExpectedHeaders, Statuses};
use proxy::Proxy;
use request::Hop;
use reqwest::Method;
use routing::Routing;
pub(super) use session::{Answer, Reach, Session};

/// Longer chains of redirects are loops.
const MOST_REDIRECTS: usize = 10;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Http {
    url: WebUrl,
    method: Method,
    expected_code: Statuses,
    expected_headers: ExpectedHeaders,
    expected_body: ExpectedBody,
    proxy: Option<Proxy>,
    unix_socket: Option<SocketPath>,
    headers: Pairs,
    cookies: Pairs,
    params: Pairs,
    body: Option<Secret<String>>,
    auth: Option<Credentials>,
    digest: Option<Credentials>,
    redirects: bool,
    http2: bool,
    tls: TlsOptions,
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
        let method = fields.or::<Method>("method", "GET", "The HTTP method.");
        let expected_code = fields.or::<Statuses>("expected_code", "200", "The statuses that mean success.");
        let expected_headers = fields.optional(
            "expected_headers",
            "Headers of the answer: the whole value, a /regex/ that occurs in it, or null for any value. Several lines of a header are one with commas. With `http2`, those behind the body count, too (grpc-status).",
        );
        let expected_body = ExpectedBody::parse(fields);
        ExpectedBody::warn_of_no_body(fields, &method, &expected_code);
        let proxy = Proxy::parse(fields);
        let unix_socket = fields.optional::<SocketPath>(
            "unix_socket",
            "Connect to this Unix socket in place of the URL's host and port, which are asked for all the same.",
        );
        let headers = fields.optional::<Pairs>("headers", "Headers to send. To a server that only a redirect names go those that hold no secret (Accept, User-Agent, ...).").unwrap_or_default();
        let body = fields.optional::<Secret<String>>("body", "The raw body to send.");
        let redirects = fields.or(
            "allow_redirects",
            "false",
            "Follow 30x redirects, 10 at most. Logins, cookies and the body stay with the server of `url`.",
        );
        let http2 = fields.or::<bool>(
            "http2",
            "false",
            "HTTP/2 alone: over TLS by ALPN, for http:// without asking (prior knowledge). Through a proxy by a tunnel.",
        );
        let params = fields.optional("params", "Added to the query string, URL encoded.").unwrap_or_default();
        let cookies = fields.optional::<Cookies>("cookies", "Cookies to send.").unwrap_or_default().0;
        let auth = fields.optional::<Credentials>("auth", "Basic authentication.");
        let digest = fields.optional("digest_auth", "Digest authentication; wins over auth.");
        let proxy_speaks_tls = proxy.as_ref().is_some_and(Proxy::speaks_tls);
        let by_url = url.as_ref().map_or(true, WebUrl::is_tls);
        let tls = tls(fields, if by_url || redirects || proxy_speaks_tls { Spoken::Always } else { Spoken::ByUrl });
        if proxy.is_some() {
            let why = "through a proxy, which connects by itself";
            fields.warn_idle("connect_to", why, "leave one of the two out");
        }
        if unix_socket.is_some() {
            fields.warn_idle("connect_to", "over a Unix socket", "leave one of the two out");
        }
        if !by_url && !redirects && proxy_speaks_tls {
            let why = "with a URL of http://: it does not count for the proxy";
            fields.warn_idle("server_name", why, "write https:// in `url`, or leave `server_name` out");
        }
        check_headers(fields, &headers, http2)?;
        if unix_socket.is_some() && proxy.is_some() {
            return Err(both_ways(fields));
        }
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
            unix_socket,
            headers,
            cookies,
            params,
            body,
            auth,
            digest,
            redirects,
            http2,
            tls: tls?,
        })
    }

    fn profile(&self) -> Profile {
        let shown = &self.url.shown;
        let mut profile = match &self.unix_socket {
            None => Profile::of_endpoint("tcp", self.first_endpoint()),
            Some(_) => Profile::default(),
        }
        .distinct("method", Some(&self.method).filter(|method| **method != Method::GET))
        .once(self.body.is_some() || !(self.method.is_safe()))
        .distinct("proxy_url", self.proxy.as_ref().map(|proxy| &proxy.endpoint))
        .distinct("unix_socket", self.unix_socket.as_ref().map(|path| escaped(&path.0.to_string_lossy())))
        .distinct("http2", Some("true").filter(|_| self.http2))
        .distinct("expected_code", Some(self.expected_code.to_string()).filter(|code| code != "200"))
        .distinct("expected_body", self.expected_body.contains.as_ref())
        .distinct("expected_body_equals", self.expected_body.equals.as_deref().map(escaped))
        .distinct("expected_json", self.expected_body.json.as_ref())
        .distinct("expected_sha256", self.expected_body.sha256.as_ref())
        .distinct("expected_length", self.expected_body.length)
        .distinct(BODY_FILE, self.expected_body.file.as_ref());
        let name = ["http:", shown, ":"].concat();
        for connecting in &mut profile.results {
            connecting.name.insert_str(0, &name);
        }
        profile.results.push(ResultName { name, info: [self.method.as_str(), " ", shown].concat() });
        let is_first_elsewhere = self.proxy.is_some() || self.unix_socket.is_some();
        let origin = is_first_elsewhere.then(|| self.url.endpoint.clone());
        let follows = self.redirects && self.proxy.is_none();
        let unnamed = follows.then(|| "the servers that redirects lead to".to_owned());
        let redirects = if self.redirects { MOST_REDIRECTS } else { 0 };
        Profile { target: shown.clone(), origin, unnamed, redirects, ..profile }
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let routing = Routing::of(self, probe).map_err(|fault| probe.fail(Phase::Proxy, fault))?;
        routing.of_url(&self.url).perform(&routing, probe).await.map_err(|stop| routing.told(stop))
    }
}

impl Http {
    /// All of the check, by one way after the other.
    async fn perform(&self, routing: &Routing<'_>, probe: &mut Probe) -> Result<(), Stop> {
        // Each apart, as they come one after the other: a task is as large as the largest that it holds itself.
        let wire = Box::pin(self.open(probe, &self.url.endpoint)).await?;
        if self.unix_socket.is_none() {
            probe.passed()?;
        }
        let mut hop = Hop::first(self);
        let connection = Box::pin(self.secure(probe, wire, &hop.url)).await?;
        let mut client = Client { check: self, connection, jar: Jar::default() };
        for _ in 0..=MOST_REDIRECTS {
            let answer = Box::pin(client.ask(probe, &hop)).await;
            let answer = answer.map_err(|failure| hop.told(self, probe, failure))?;
            let judged = Box::pin(answer::judge(client.check, probe, &mut client.connection, &hop, answer)).await;
            match judged.map_err(|failure| hop.told(self, probe, failure))? {
                Judgement::Accepted => return Ok(()),
                Judgement::Elsewhere(next, answer) => {
                    client.check = routing.of_url(&next.url);
                    let ready = Box::pin(client.make_ready(probe, answer, &next.url)).await;
                    ready.map_err(|failure| next.told(self, probe, failure))?;
                    hop = *next;
                }
            }
        }
        let message = sentence!["more than ", MOST_REDIRECTS, " redirects, the last to ", &hop.url.shown];
        let fault = Fault::new(Cause::Redirected, message);
        Err(probe.fail(Phase::Request, fault.next_step("look for a redirect loop on the server")).into())
    }
}

fn both_ways(fields: &mut Fields<'_>) -> Noted {
    let misfit = Misfit::new("a Unix socket is not reached through a proxy");
    fields.refuse_value("unix_socket", misfit.help("leave one of the two out"))
}

/// Header names and values must be legal: a line break in one would be a request of its own. HTTP/2 has no fields that
/// are about the connection (RFC 9113 section 8.2.2).
fn check_headers(fields: &mut Fields<'_>, headers: &Pairs, http2: bool) -> Result<(), Noted> {
    const OF_CONNECTIONS: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let is_name = |name: &str| reqwest::header::HeaderName::try_from(name).is_ok();
    let is_value = |value: &str| reqwest::header::HeaderValue::try_from(value).is_ok();
    let is_of_connection = |header: &Pair| match header.name.to_ascii_lowercase().as_str() {
        "te" => !header.value.expose().trim().eq_ignore_ascii_case("trailers"),
        name => OF_CONNECTIONS.contains(&name),
    };
    let illegal = headers.0.iter().find(|header| {
        !is_name(&header.name) || !is_value(header.value.expose()) || (http2 && is_of_connection(header))
    });
    let Some(Pair { name, value, .. }) = illegal else { return Ok(()) };
    let shown = escaped(name);
    let (message, help) = if !is_name(name) {
        (
            format!("`{shown}` is not a legal name of an HTTP header (RFC 9110 section 5)"),
            "a name has letters, digits and `-`",
        )
    } else if !is_value(value.expose()) {
        (
            format!("the value of `{shown}` is not legal in an HTTP header (RFC 9110 section 5)"),
            "a value has no line breaks and no control characters",
        )
    } else if name.eq_ignore_ascii_case("te") {
        (format!("of `{shown}`, only `trailers` has a place in HTTP/2 (RFC 9113 section 8.2.2)"), "leave it out")
    } else {
        (format!("`{shown}` has no place in HTTP/2 (RFC 9113 section 8.2.2)"), "leave it out")
    };
    Err(fields.refuse_value("headers", Misfit::new(message).help(help)))
}
