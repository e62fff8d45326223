//! One connection, and one request with its answer on it.

use super::Http;
use super::cookies::Jar;
use super::head::{fault, may_be_http, not_http};
use super::http2::{self, WIDE_WINDOW, WINDOW};
use super::login::respond;
use super::options::WebUrl;
use super::request::Hop;
use super::way::of_proxy;
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::{ALLOWANCE, Endpoint, Seen, Wire};
use crate::probe::Probe;
use crate::secret::{ours, sentence};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::{Body, Response};
use std::error::Error as _;
use std::future::Future;
use std::iter::successors;
use std::pin::pin;
use std::sync::Arc;

/// How many fields a head may have; of each, the parser needs room from the beginning.
pub(super) const MOST_FIELDS: usize = 2000;

/// How often a nonce is asked for that the server calls too old (RFC 7616 section 3.3).
const NEW_NONCES: usize = 2;

type Driver = http1::Connection<TokioIo<Wire>, Body>;

/// A connection that speaks HTTP.
pub(super) struct Connection {
    /// Where it leads, and whether with TLS.
    origin: (Endpoint, bool),
    version: Version,
    seen: Arc<Seen>,
    /// It carried a request before.
    kept: bool,
    /// The server has said of the last request that it did not begin with it (RFC 9113 section 8.7).
    unbegun: bool,
}

/// What sends the requests of a version, and what moves the bytes; that is polled beside whatever waits for them, so
/// that nothing of the connection outlives it. `None` when it has ended.
enum Version {
    One { sender: http1::SendRequest<Body>, driver: Option<Box<Driver>> },
    Two { sender: http2::Sender, driver: Option<Box<http2::Driver>> },
}

impl Connection {
    pub(super) async fn over(probe: &mut Probe, wire: Wire, url: &WebUrl, check: &Http) -> Result<Self, Failure> {
        let seen = wire.seen();
        let version = if check.http2 {
            probe.expect_http2();
            let window = if check.expected_body.wants_all_bytes() { WIDE_WINDOW } else { WINDOW };
            // It reads ahead of who waits for it.
            probe.allow(ALLOWANCE + u64::from(window));
            let begun = http2::begin(wire, url.is_tls(), window).await;
            begun.map(|(sender, driver)| Version::Two { sender, driver: Some(Box::new(driver)) })
        } else {
            let shaken = builder().handshake(TokioIo::new(wire)).await;
            let shaken = shaken.map_err(|error| fault(&error, &[]));
            shaken.map(|(sender, driver)| Version::One { sender, driver: Some(Box::new(driver)) })
        };
        let version = version.map_err(|fault| probe.fail(Phase::Protocol, fault))?;
        Ok(Self { origin: (url.endpoint.clone(), url.is_tls()), version, seen, kept: false, unbegun: false })
    }

    /// Whether another request can go over it.
    fn is_open(&self) -> bool {
        match &self.version {
            Version::One { sender, driver } => driver.is_some() && sender.is_ready(),
            Version::Two { driver, .. } => driver.is_some(),
        }
    }

    /// What the server has sent on it.
    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    /// Whether the last request can go out again without being done twice; `heard` came before it.
    fn is_unheard(&self, heard: u64) -> bool {
        self.unbegun || self.seen.count() == heard
    }

    /// Waits for something while the connection goes on.
    pub(super) async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        match &mut self.version {
            Version::One { driver, .. } => drive(driver, work).await,
            Version::Two { driver, .. } => drive(driver, work).await,
        }
    }

    async fn send(&mut self, request: http::Request<Body>) -> Result<Response, Fault> {
        let Self { version, seen, unbegun, .. } = self;
        match version {
            Version::Two { sender, driver } => {
                let answer = drive(driver, http2::ask(sender, request)).await;
                answer.map_err(|error| {
                    *unbegun = http2::is_unbegun(&error);
                    http2::fault(&error, seen)
                })
            }
            Version::One { sender, driver } => {
                let answer = drive(driver, sender.send_request(request)).await;
                let answer = answer.map(|answer| Response::from(answer.map(Body::wrap)));
                answer.map_err(|error| {
                    let first = seen.first();
                    let fault = fault(&error, &first);
                    // With a peer that speaks before it is asked, hyper gives up and calls the request off.
                    let unasked = !first.is_empty() && (error.is_canceled() || !may_be_http(&first));
                    if fault.cause == Cause::Closed && unasked { not_http(&error) } else { fault }
                })
            }
        }
    }
}

/// How heads are read: with all that the protocol lets a client take (RFC 9112 sections 2.2 and 5), as other clients
/// do. What a field breaks beyond that is passed over.
fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(usize::try_from(ALLOWANCE).unwrap_or(usize::MAX))
        .max_headers(MOST_FIELDS)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    builder
}

async fn drive<D: Future + Unpin, T>(driver: &mut Option<D>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    while let Some(running) = driver {
        tokio::select! {
            biased;
            done = &mut work => return done,
            // Its error, if any, reaches the work too, with the request it belongs to.
            _ = running => *driver = None,
        }
    }
    work.await
}

/// The requests of a check, over one connection after the other.
pub(super) struct Client<'a> {
    pub(super) check: &'a Http,
    /// The connection of the last request.
    pub(super) connection: Connection,
    pub(super) jar: Jar,
}

impl Client<'_> {
    /// Sends the request of a hop, a second time when Digest was asked for, and returns the
    /// answer's head.
    pub(super) async fn ask(&mut self, probe: &mut Probe, hop: &Hop) -> Result<Response, Failure> {
        self.check.note_login(probe, hop);
        let answer = self.exchange(probe, Phase::Protocol, hop, None).await;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return Err(self.by_proxy(probe, hop, self.by_port(probe, hop, failure).await)),
        };
        let Some(login) = self.check.digest.as_ref().filter(|_| hop.trusted) else { return Ok(answer) };
        for attempt in 0..NEW_NONCES {
            let stale = attempt > 0;
            if answer.status() != 401 {
                break;
            }
            let authorization = respond(hop, login, answer.headers(), stale);
            let authorization = authorization.map_err(|fault| probe.fail(Phase::Auth, fault))?;
            let Some(authorization) = authorization else { break };
            self.make_ready(probe, answer, &hop.url).await?;
            answer = self.exchange(probe, Phase::Auth, hop, Some(&authorization)).await?;
        }
        Ok(answer)
    }

    /// A port for TLS has nothing but HTTP/1.1 for HTTP/2 in clear, with many servers.
    async fn by_port(&self, probe: &Probe, hop: &Hop, failure: Failure) -> Failure {
        let is_clear = self.check.http2 && !hop.url.is_tls() && self.check.proxy.is_none();
        if !is_clear || !failure.code.is(Phase::Protocol, Cause::UnsupportedVersion) || !probe.speaks_tls().await {
            return failure;
        }
        let fault = Fault::new(Cause::Required, "the server speaks TLS on this port, and no HTTP/2 without");
        probe.fail(Phase::Tls, fault.evidence(ours(&failure.evidence.unwrap_or_default())))
    }

    /// What does not speak HTTP where a proxy should is a fault of the proxy's setting; and behind
    /// one that says nothing there may be a server that says nothing.
    fn by_proxy(&self, probe: &Probe, hop: &Hop, mut failure: Failure) -> Failure {
        let Some(proxy) = self.check.relay(&hop.url) else { return failure };
        let first = self.connection.seen.first();
        let is_http = !first.is_empty() && may_be_http(&first);
        match (failure.code.phase, failure.code.cause) {
            (Phase::Protocol, Cause::WrongService | Cause::Malformed) if !is_http => {
                let message = sentence!["what answers at the proxy's address is not a proxy: ", ours(&failure.message)];
                let fault = Fault::new(Cause::NotAProxy, message).evidence(failure.evidence.unwrap_or_default());
                probe.fail(Phase::Proxy, fault)
            }
            (Phase::Protocol, Cause::Silent | Cause::Timeout | Cause::Closed | Cause::Reset | Cause::Malformed) => {
                failure.message =
                    format!("{} (the proxy {}, or the server behind it)", failure.message, proxy.endpoint);
                failure
            }
            // The only TLS there is leads to the proxy.
            (Phase::Tls, _) => of_proxy(probe, proxy, failure),
            _ => failure,
        }
    }

    /// Gets the rest of an answer out of the way of the next request: at once, or by taking a new
    /// connection to where that request goes.
    pub(super) async fn make_ready(
        &mut self,
        probe: &mut Probe,
        answer: Response,
        next: &WebUrl,
    ) -> Result<(), Failure> {
        let same = (&self.connection.origin.0, self.connection.origin.1) == (&next.endpoint, next.is_tls());
        if same {
            probe.linger(drain(&mut self.connection, answer)).await;
        }
        if !same || !self.connection.is_open() {
            return self.reconnect(probe, next).await;
        }
        self.connection.kept = true;
        Ok(())
    }

    pub(super) async fn reconnect(&mut self, probe: &mut Probe, url: &WebUrl) -> Result<(), Failure> {
        let wire = self.check.open(probe, &url.endpoint).await?;
        self.connection = self.check.secure(probe, wire, url).await?;
        Ok(())
    }

    /// One request and the head of its answer. A server may close a kept connection at any time
    /// (RFC 9112 section 9.3.1): one that ends before a byte of the answer is replaced once; so is one on which a
    /// server of HTTP/2 says that it did not begin with the request.
    async fn exchange(
        &mut self,
        probe: &mut Probe,
        phase: Phase,
        hop: &Hop,
        authorization: Option<&str>,
    ) -> Result<Response, Failure> {
        let heard = self.connection.seen.count();
        loop {
            let request = hop.build(self.check, &self.jar, authorization);
            let request = request.map_err(|fault| probe.fail(Phase::Run, fault))?;
            let answer = probe.phase(phase, self.connection.send(request)).await;
            let ended = |failure: &Failure| {
                matches!(failure.code.phase, Phase::Protocol | Phase::Auth)
                    && matches!(failure.code.cause, Cause::Closed | Cause::Reset)
            };
            match answer {
                Err(failure) if self.connection.kept && ended(&failure) && self.connection.is_unheard(heard) => {
                    self.reconnect(probe, &hop.url).await?;
                }
                answer => {
                    let answer = answer?;
                    self.jar.take(&hop.url.url, answer.headers());
                    return Ok(answer);
                }
            }
        }
    }
}

/// Reads the rest of an answer, so that the connection can carry another request.
async fn drain(connection: &mut Connection, mut answer: Response) {
    while let Ok(Some(_piece)) = connection.drive(answer.chunk()).await {}
    drop(answer);
    // A connection that has ended is an answer too: the next request takes one of its own.
    if let Version::One { sender, driver } = &mut connection.version {
        let _ = drive(driver, sender.ready()).await;
    }
}

/// The cause of an error while an answer's body is read; `seen` is what came on its connection.
pub(super) fn fault_of_body(error: &reqwest::Error, seen: &Seen) -> Fault {
    if let Some(limit) = seen.too_much() {
        return Fault::new(Cause::TooLarge, limit.to_string());
    }
    let causes = || successors(error.source(), |&inner| inner.source());
    if let Some(error) = causes().find_map(|inner| inner.downcast_ref()) {
        return http2::fault_of_body(error, seen);
    }
    let fault = causes().find_map(|inner| inner.downcast_ref().map(|error| fault(error, &[])));
    match fault.as_ref().map(|fault| fault.cause) {
        Some(Cause::Closed) => Fault::new(Cause::Closed, IN_THE_BODY),
        Some(Cause::Malformed) | None => {
            Fault::new(Cause::Malformed, "the server speaks HTTP, and breaks its rules: its body is not cut as it says")
        }
        Some(_) => return fault.unwrap_or_else(|| Fault::new(Cause::Malformed, "the body was not understood")),
    }
    .caused_by(error)
}

/// Of a connection that ends too early.
pub(super) const IN_THE_BODY: &str = "the server closed the connection in the middle of the body";
