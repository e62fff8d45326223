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
//! - Does not check: the body, unless an `expected_...` of it asks; for `expected_body` at most 64 KiB are read.
//!
//! Requests are built, and answers read, with reqwest; the connection between them is hyper's -
//! reqwest's own engine - on the probe's stream. reqwest's client cannot take an open stream
//! (`connector_layer` wraps its connector and cannot replace the connection), and with a
//! connection of its own neither the phases nor the one-connection rule would hold.

mod answer;
mod body;
mod charset;
mod coding;
mod cookies;
mod exchange;
mod expected;
mod head;
mod json;
mod login;
mod options;
mod proxy;
mod refusal;
mod request;
mod ways;

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{self, Endpoint, Host, Port, TlsOptions, Wire, socks};
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, ours, sentence};
use crate::services::{self, Service};
use crate::settings::{Credentials, Fields, Misfit, Noted, Pair, Pairs, SocketPath, Spoken, tls};
use crate::text::escaped;
use answer::Judgement;
use cookies::Jar;
use exchange::{Client, Connection};
use expected::ExpectedBody;
use options::{Cookies, ExpectedHeaders, Statuses, WebUrl};
use proxy::Proxy;
use request::Hop;
use reqwest::Method;
use ways::Ways;

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
            "Headers of the answer: the whole value, a /regex/ that occurs in it, or null for any value. Several lines of a header are one with commas.",
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
        check_headers(fields, &headers)?;
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
        .distinct("expected_code", Some(self.expected_code.to_string()).filter(|code| code != "200"))
        .distinct("expected_body", self.expected_body.contains.as_ref())
        .distinct("expected_body_equals", self.expected_body.equals.as_deref().map(escaped))
        .distinct("expected_json", self.expected_body.json.as_ref())
        .distinct("expected_sha256", self.expected_body.sha256.as_ref())
        .distinct("expected_length", self.expected_body.length);
        let name = ["http:", shown, ":"].concat();
        for connecting in &mut profile.results {
            connecting.name.insert_str(0, &name);
        }
        profile.results.push(ResultName { name, info: [self.method.as_str(), " ", shown].concat() });
        let is_first_elsewhere = self.proxy.is_some() || self.unix_socket.is_some();
        let origin = is_first_elsewhere.then(|| self.url.endpoint.clone());
        Profile { target: shown.clone(), origin, ..profile }
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(Self::SERVICE);
        let ways = Ways::of(self, probe).map_err(|fault| probe.fail(Phase::Proxy, fault))?;
        ways.of_url(&self.url).perform(&ways, probe).await.map_err(|stop| ways.told(stop))
    }
}

impl Http {
    /// All of the check, by one way after the other.
    async fn perform(&self, ways: &Ways<'_>, probe: &mut Probe) -> Result<(), Stop> {
        let wire = self.open(probe, &self.url.endpoint).await?;
        if self.unix_socket.is_none() {
            probe.passed()?;
        }
        let mut hop = Hop::first(self);
        let connection = self.secure(probe, wire, &hop.url).await?;
        let mut client = Client { check: self, connection, jar: Jar::default() };
        for _ in 0..=MOST_REDIRECTS {
            let answer = client.ask(probe, &hop).await?;
            let judged = answer::judge(client.check, probe, &mut client.connection, &hop, answer).await;
            match judged.map_err(|failure| hop.with_kept_back(self, probe, failure))? {
                Judgement::Accepted => return Ok(()),
                Judgement::Elsewhere(next, answer) => {
                    client.check = ways.of_url(&next.url);
                    client.make_ready(probe, answer, &next.url).await?;
                    hop = *next;
                }
            }
        }
        let message = sentence!["more than ", MOST_REDIRECTS, " redirects, the last to ", &hop.url.shown];
        let fault = Fault::new(Cause::Redirected, message);
        Err(probe.fail(Phase::Request, fault.next_step("look for a redirect loop on the server")).into())
    }

    fn first_endpoint(&self) -> &Endpoint {
        self.proxy.as_ref().map_or(&self.url.endpoint, |proxy| &proxy.endpoint)
    }

    /// The proxy, where it is one that is asked in HTTP.
    fn http_proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| !proxy.is_socks())
    }

    /// Connects to the origin, or to the proxy.
    async fn open(&self, probe: &mut Probe, origin: &Endpoint) -> Result<Wire, Failure> {
        let Some(proxy) = &self.proxy else {
            return match &self.unix_socket {
                // What a redirect names has a place of its own.
                Some(SocketPath(path)) if *origin == self.url.endpoint => probe.open_socket(path).await,
                _ => probe.open(origin).await,
            };
        };
        let mut wire = probe.open(&proxy.endpoint).await.map_err(|failure| of_proxy(probe, proxy, failure))?;
        if proxy.speaks_tls() {
            let secured = probe.tls(wire, &self.tls, &proxy.endpoint.host, &["http/1.1"]).await;
            wire = secured.map_err(|failure| of_proxy(probe, proxy, failure))?;
        }
        if proxy.login.is_some() {
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
        let wire = match &self.proxy {
            Some(proxy) if proxy.is_socks() => self.through_socks(probe, wire, proxy, url).await?,
            Some(proxy) if url.is_tls() => {
                let authority = authority(&url.endpoint.host, url.endpoint.port);
                let authorization = proxy.authorization.as_ref().map(|value| value.expose().as_str());
                let tunnel = probe.phase(Phase::Proxy, net::proxy::tunnel(wire, &authority, authorization)).await;
                // With TLS 1.3 a proxy judges our certificate only after the handshake.
                tunnel.map_err(|failure| {
                    if failure.code.phase == Phase::Tls { of_proxy(probe, proxy, failure) } else { failure }
                })?
            }
            _ => wire,
        };
        if !url.is_tls() {
            return Connection::over(probe, wire, url).await;
        }
        let wire = probe.tls(wire, &self.tls, &url.endpoint.host, &["http/1.1"]).await?;
        Connection::over(probe, wire, url).await
    }

    async fn through_socks(&self, probe: &mut Probe, wire: Wire, proxy: &Proxy, url: &WebUrl) -> Result<Wire, Failure> {
        let to = match proxy.destination(&url.endpoint) {
            Some(to) => to,
            None => {
                let addresses = probe.addresses(&url.endpoint).await?;
                let first = addresses.first().copied();
                socks::Destination::Address(first.ok_or_else(|| {
                    probe.fail(Phase::Resolve, Fault::new(Cause::NoAddress, "the name has no address"))
                })?)
            }
        };
        let login = proxy.login.as_ref().map(|login| (login.user.as_str(), &login.password));
        probe.phase(Phase::Proxy, socks::tunnel(wire, &to, login)).await
    }
}

fn both_ways(fields: &mut Fields<'_>) -> Noted {
    let misfit = Misfit::new("a Unix socket is not reached through a proxy");
    fields.refuse_value("unix_socket", misfit.help("leave one of the two out"))
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
