//! Requests that another check makes: over the ways, the connections and the phases of this one.

use super::exchange::{Client, fault_of_body};
use super::expected::ExpectedBody;
use super::options::{ExpectedHeaders, Statuses, WebUrl};
use super::request::Hop;
use super::routing::Routing;
use super::{Http, Jar, Proxy};
use crate::checks::Profile;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::TlsOptions;
use crate::net::host::clock;
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, Sentence, sentence};
use crate::settings::{Fields, Noted, Pairs, Spoken, tls};
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Method, Response};
use ring::digest::{Context, SHA256};

/// What is kept of an answer, in bytes.
const KEPT: usize = 64 * 1024;

/// How requests reach a server: its URL, a proxy, TLS.
#[derive(Clone, Debug)]
pub(in crate::checks) struct Reach(Http);

/// A connection to it, and the next one where that has ended.
pub(in crate::checks) struct Session<'a> {
    ways: &'a Routing<'a>,
    client: Client<'a>,
    /// The answer to the last request, which was read to its end.
    last: Option<Response>,
}

/// An answer.
#[derive(Debug)]
pub(in crate::checks) struct Answer {
    pub(in crate::checks) status: u16,
    pub(in crate::checks) headers: HeaderMap,
    /// Its beginning.
    pub(in crate::checks) body: Vec<u8>,
    /// Of all of it, in lower-case hexadecimal.
    pub(in crate::checks) sha256: String,
}

impl Reach {
    /// Asks for the options of the proxy and of TLS.
    pub(in crate::checks) fn parse(fields: &mut Fields<'_>, url: Result<WebUrl, Noted>) -> Result<Self, Noted> {
        let proxy = Proxy::parse(fields);
        let proxy_speaks_tls = proxy.as_ref().is_some_and(Proxy::speaks_tls);
        let by_url = url.as_ref().map_or(true, WebUrl::is_tls);
        let tls = tls(fields, if by_url || proxy_speaks_tls { Spoken::Always } else { Spoken::ByUrl });
        if proxy.is_some() {
            fields.warn_idle("connect_to", "through a proxy, which connects by itself", "leave one of the two out");
        }
        Ok(Self(Http::to(url?, proxy, tls?)))
    }

    /// What is known of a check that reaches it: its first result is the connection's, `PREFIX:tcp:HOST:PORT`.
    pub(in crate::checks) fn profile(&self, prefix: &str) -> Profile {
        let Http { url, proxy, .. } = &self.0;
        let mut profile = Profile::of_endpoint("tcp", self.0.first_endpoint())
            .distinct("proxy_url", proxy.as_ref().map(|proxy| &proxy.endpoint));
        for connecting in &mut profile.results {
            connecting.name.insert_str(0, &[prefix, ":"].concat());
        }
        let origin = proxy.is_some().then(|| url.endpoint.clone());
        Profile { origin, ..profile }
    }

    /// The ways of its requests.
    pub(in crate::checks) fn ways(&self, probe: &mut Probe) -> Result<Routing<'_>, Failure> {
        Routing::of(&self.0, probe).map_err(|fault| probe.fail(Phase::Proxy, fault))
    }
}

impl Http {
    /// A check that asks for nothing by itself.
    fn to(url: WebUrl, proxy: Option<Proxy>, tls: TlsOptions) -> Self {
        Self {
            url,
            method: Method::GET,
            expected_code: Statuses::any(),
            expected_headers: ExpectedHeaders::default(),
            expected_body: ExpectedBody::default(),
            proxy,
            unix_socket: None,
            headers: Pairs::default(),
            cookies: Pairs::default(),
            params: Pairs::default(),
            body: None,
            auth: None,
            digest: None,
            redirects: false,
            http2: false,
            tls,
        }
    }
}

impl<'a> Session<'a> {
    /// Connects; the connection is a result of its own.
    pub(in crate::checks) async fn begin(ways: &'a Routing<'a>, probe: &mut Probe) -> Result<Self, Stop> {
        let check = ways.of_url(&ways.own().url);
        let wire = check.open(probe, &check.url.endpoint).await?;
        probe.passed()?;
        let connection = check.secure(probe, wire, &check.url).await?;
        Ok(Self { ways, client: Client { check, connection, jar: Jar::default() }, last: None })
    }

    /// Makes a request and reads the answer to its end.
    pub(in crate::checks) async fn ask(
        &mut self,
        probe: &mut Probe,
        method: Method,
        url: &str,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        let url = WebUrl::parse(url).map_err(|rule| {
            probe.fail(Phase::Run, Fault::new(Cause::OwnFault, sentence!["a URL of ours is none: ", rule]))
        })?;
        let hop = Hop::of(method, url, body.map(Secret::new));
        if let Some(last) = self.last.take() {
            self.client.make_ready(probe, last, &hop.url).await?;
        }
        let mut answer = self.client.ask(probe, &hop).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        probe.fact("status", status);
        // All of a long object is read, and not kept: the check's time is the bound.
        probe.allow(u64::MAX / 4);
        let seen = self.client.connection.seen();
        let (mut kept, mut digest) = (Vec::new(), Context::new(&SHA256));
        let connection = &mut self.client.connection;
        let reading = async {
            while let Some(piece) =
                connection.drive(answer.chunk()).await.map_err(|error| fault_of_body(&error, &seen))?
            {
                digest.update(&piece);
                let room = KEPT.saturating_sub(kept.len()).min(piece.len());
                kept.extend_from_slice(&piece[..room]);
            }
            Ok(())
        };
        probe.phase(Phase::Request, reading).await?;
        self.last = Some(answer);
        Ok(Answer { status, headers, body: kept, sha256: super::expected::hex(digest.finish().as_ref()) })
    }

    /// Takes a new connection, where a request on the old one was broken off.
    pub(in crate::checks) async fn renew(&mut self, probe: &mut Probe) -> Result<(), Failure> {
        if self.last.is_some() {
            return Ok(());
        }
        let url = self.ways.own().url.clone();
        self.client.reconnect(probe, &url).await
    }
}

impl Answer {
    /// A header's value.
    pub(in crate::checks) fn header(&self, name: &str) -> Option<String> {
        super::answer::text_of(&self.headers, name)
    }

    /// How far this host's clock is from the server's, where that is far.
    pub(in crate::checks) fn apart(&self) -> Option<Sentence> {
        super::answer::text_of(&self.headers, DATE).and_then(|date| clock::against(&date)).map(|told| sentence![told])
    }
}
