//! A name that resolves, as the DNS itself says.
//!
//! - Proves: a resolver answers, and has the record (with the wanted value, given `expect`).
//! - Protocol: DNS over UDP, over TCP when the answer does not fit (RFC 1035, RFC 7766, RFC 6891).
//! - Phases: resolve. The host's resolvers (`/etc/resolv.conf`) are asked in order until one
//!   answers, or `server` alone. The name is taken as it is: no search domain, no `/etc/hosts` (a
//!   `tcp` check uses both, as applications do).
//! - Options: see [`Dns::parse`]; each says its meaning and default.
//! - Failures: `resolve.nxdomain`, `.no-address` (the name exists, without such a record),
//!   `.servfail`, `.refused`, `.timeout`, `.failed`; `connect.refused` (nothing listens at the
//!   server), `request.unexpected-reply` (other values than expected).
//! - Does not check: DNSSEC signatures.

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Cause, Fault, Phase};
use crate::net::dns::{self, Query, RecordType, Reply, ResponseCode};
use crate::net::{Endpoint, Host, Port, Transport, nameserver};
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, ours, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::shape::{NO_HOST, Shape};
use crate::settings::{Field, Fields, Misfit, Noted, Setting, Tags, Word, port};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Dns {
    name: String,
    record: RecordType,
    server: Option<Host>,
    port: Port,
    expect: Vec<String>,
}

/// What is asked for.
struct Asked(String);

impl Setting for Asked {
    const SHAPE: Shape = Word::SHAPE.or(NO_HOST);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        Word::read_as(field, &Self::SHAPE).map(|Word(name)| Self(name))
    }
}

impl Setting for RecordType {
    const SHAPE: Shape = Shape::plain(
        "a record type (A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, CAA)",
        "record type",
        || json!({"enum": dns::TYPES.iter().map(ToString::to_string).collect::<Vec<_>>()}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, dns::record_type)
    }
}

impl Check for Dns {
    const TYPE: &'static str = "dns";
    const SERVICE: &'static Service = &services::DNS;
    const ABOUT: &'static str = "A resolver answers and has the record.";
    const TRACE: &'static str = "Nothing, unless the server logs its queries.";
    const EXAMPLE: &'static str = "\
- type: dns
  name: db.internal
  record: A
  expect: 10.0.0.5
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        // `name` is also the label of every check; here it is what is asked for.
        let name = fields.required::<Asked>("name", "The name to resolve; for PTR an address.");
        let record = fields.or("record", "A", "The type of record.");
        let server = fields.optional("server", "Ask this resolver. Default: those of /etc/resolv.conf.");
        let port = port(fields, Self::SERVICE, "The resolver's port.");
        let expect = fields.optional::<Tags>("expect", "Values that must be among the answers.").unwrap_or_default().0;
        let (Asked(name), port) = (name?, port?);
        if Query::new(&name, record, 0).is_none() {
            let help = if record == RecordType::PTR {
                "an IP address"
            } else {
                "letters, digits, `-`, `_` and dots, 253 characters at most"
            };
            let misfit = Misfit::new(format!("the DNS has no such name for {record}"));
            return Err(fields.refuse_value("name", misfit.help(help)));
        }
        Ok(Self { name, record, server, port, expect })
    }

    fn profile(&self) -> Profile {
        let server = self.server.as_ref().map(|server| format!("@{server}")).unwrap_or_default();
        let target = format!("{}{server}", crate::text::escaped(&self.name));
        let profile = Profile {
            results: vec![ResultName { name: format!("dns:{target}"), info: self.record.to_string() }],
            endpoints: self.server.iter().flat_map(|server| Endpoint::both(server.clone(), self.port)).collect(),
            resolver_port: self.server.is_none().then_some(self.port),
            target,
            ..Profile::default()
        };
        profile.distinct("record", Some(self.record)).distinct("port", Some(self.port).filter(|port| port.get() != 53))
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        let (servers, transport) = self.servers(probe).await?;
        let timeout = probe.share(servers.len());
        let (server, reply) = probe.phase(Phase::Resolve, self.ask(&servers, transport, timeout)).await?;
        probe.fact("resolver", server.to_string());
        probe.fact("answers", reply.answers.iter().map(|answer| probe.clean(&answer.text)).collect::<Vec<_>>());
        if let Some(ttl) = reply.ttl {
            probe.fact("ttl_seconds", ttl);
        }
        let fault = self.judge(server, &reply);
        fault.map_or(Ok(()), |(phase, fault)| Err(probe.fail(phase, fault).into()))
    }
}

impl Dns {
    /// Whom to ask, and how; resolvers of this host may be for TCP alone.
    async fn servers(&self, probe: &mut Probe) -> Result<(Vec<SocketAddr>, Transport), Stop> {
        if let Some(host) = &self.server {
            let endpoint = Endpoint::udp(host.clone(), self.port);
            return Ok((probe.addresses(&endpoint).await?, Transport::Udp));
        }
        let resolv_conf = probe.resolv_conf();
        let mut servers = resolv_conf.servers.clone();
        servers.iter_mut().for_each(|server| server.set_port(self.port.get()));
        Ok((servers, resolv_conf.transport))
    }

    /// The first answer that is one; a server that fails is not asked a second time.
    async fn ask(
        &self,
        servers: &[SocketAddr],
        transport: Transport,
        timeout: Duration,
    ) -> Result<(SocketAddr, Reply), Fault> {
        let mut faults: Vec<Fault> = Vec::new();
        for server in servers {
            let query = Query::new(&self.name, self.record, nameserver::fresh_id());
            let query = query.ok_or_else(|| Fault::new(Cause::BadName, "the DNS has no such name"))?;
            match nameserver::ask(*server, &query, transport, timeout).await {
                Ok(reply) => return Ok((*server, reply)),
                // Nothing listens there: not the resolver's own refusal, which is an answer.
                Err(fault) if fault.cause == Cause::Refused => faults.push(fault.at(Phase::Connect)),
                Err(fault) => faults.push(fault),
            }
        }
        let messages = Sentence::join(faults.iter().map(|fault| fault.message.clone()), "; ");
        let first = faults.into_iter().next();
        let first = first.unwrap_or_else(|| Fault::new(Cause::Failed, "this host has no resolver"));
        Err(first.evidence(messages))
    }

    fn judge(&self, server: SocketAddr, reply: &Reply) -> Option<(Phase, Fault)> {
        let Self { name, record, .. } = self;
        let resolver = server.ip();
        let fault = match reply.rcode {
            ResponseCode::NoError if reply.answers.is_empty() => Fault::new(
                Cause::NoAddress,
                sentence![theirs(name), " has no ", ours(&record), " record according to ", ours(&resolver)],
            )
            .next_step("add the record, or ask for another type"),
            ResponseCode::NoError => return self.unexpected(reply).map(|fault| (Phase::Request, fault)),
            ResponseCode::NXDomain => {
                Fault::new(Cause::NxDomain, sentence![theirs(name), " does not exist according to ", ours(&resolver)])
            }
            ResponseCode::ServFail => {
                Fault::new(Cause::ServFail, sentence![ours(&resolver), " failed to resolve ", theirs(name)])
            }
            ResponseCode::Refused => {
                Fault::new(Cause::Refused, sentence![ours(&resolver), " refuses to answer for ", theirs(name)])
            }
            other => Fault::new(Cause::Failed, sentence![ours(&resolver), " answered ", dns::code(other)]),
        };
        Some((Phase::Resolve, fault))
    }

    fn unexpected(&self, reply: &Reply) -> Option<Fault> {
        let answers: Vec<_> = reply.answers.iter().map(|answer| answer.text.as_str()).collect();
        let missing: Vec<_> =
            self.expect.iter().filter(|wanted| !answers.iter().any(|answer| same(answer, wanted))).cloned().collect();
        (!missing.is_empty()).then(|| {
            let evidence = sentence!["got ", answers.join(", "), ", missing ", missing.join(", ")];
            Fault::new(Cause::UnexpectedReply, "the answers are not the expected ones").evidence(evidence)
        })
    }
}

/// Names are equal without regard to case and to the last dot (RFC 4343); TXT with or without quotes.
fn same(answer: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').trim_matches('"').to_ascii_lowercase();
    plain(answer) == plain(wanted)
}
