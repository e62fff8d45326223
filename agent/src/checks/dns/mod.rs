//! A name that resolves, as the DNS itself says.
//!
//! - Proves: a resolver answers, and has the record (with the wanted value, given `expect`).
//! - Protocol: DNS over UDP, over TCP when the answer does not fit (RFC 1035, RFC 7766), without EDNS where a server
//!   does not know it (RFC 6891).
//! - Phases: resolve. The host's resolvers (`/etc/resolv.conf`, with its `timeout`, `attempts`, `rotate` and `use-vc`)
//!   are asked in order until one answers, as the C library does it: the next one when one is silent, fails, refuses
//!   or has nothing to say. Or `server` alone. The name is taken as it is: no search domain, no `/etc/hosts` (a
//!   `tcp` check uses both, as applications do). Equal questions of a run are asked once.
//! - Options: see [`Dns::parse`]; each says its meaning and default.
//! - Failures: `resolve.nxdomain`, `.no-address` (the name exists, without such a record),
//!   `.servfail`, `.refused`, `.timeout`, `.closed` (the answer is truncated, and there is no TCP), `.failed`;
//!   `connect.refused` (nothing listens at the server), `connect.network-unreachable`, `request.unexpected-reply` (other
//!   values than expected).
//! - Warnings: `resolve.slow` (what a look-up of an application costs, from a second on).
//! - Does not check: DNSSEC signatures.

mod expect;

use crate::checks::{Check, Profile, ResultName};
use crate::fault::{Fault, Part, Phase};
use crate::net::dns::{self, Query, RecordType};
use crate::net::{Answered, Endpoint, Host, Port, Question, SLOW, Transport};
use crate::probe::{Probe, Stop};
use crate::secret::{Sentence, sentence, theirs};
use crate::services::{self, Service};
use crate::settings::shape::{NO_HOST, Shape};
use crate::settings::{Field, Fields, Misfit, Noted, Setting, Word, port};
use expect::Expectations;
use serde_json::json;

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct Dns {
    name: String,
    record: RecordType,
    server: Option<Host>,
    port: Port,
    expect: Expectations,
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
        let expect = Expectations::parse(fields, record);
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
        Ok(Self { name, record, server, port, expect: expect? })
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
        let question = self.question(probe).await?;
        let answered = probe.ask(&question).await?;
        let Answered { server, reply, passed_over, cost } = &answered;
        probe.fact("resolver", server.to_string());
        if !passed_over.is_empty() {
            let told = passed_over.iter().map(|(server, why)| (server.ip().to_string(), probe.tell(why)));
            let told: serde_json::Map<_, _> = told.map(|(server, why)| (server, why.into())).collect();
            probe.fact("resolvers_passed_over", told);
        }
        probe.fact("answers", reply.answers.iter().map(|answer| probe.clean(&answer.value())).collect::<Vec<_>>());
        if let Some(ttl) = reply.ttl {
            probe.fact("ttl_seconds", ttl);
        }
        if let Some((phase, fault)) = self.judge(&question, &answered) {
            let name = sentence![theirs(&self.name), " ", self.record.to_string()];
            let fault = probe.of_resolver(answered.with_others(fault), *server).await;
            return Err(probe.fail(phase, fault.else_concerning(Part::Name, name)).into());
        }
        if *cost >= SLOW {
            let why = passed_over.iter().map(|(server, why)| sentence![server.ip(), ": ", why.clone()]);
            let why = Sentence::join(why, "; ");
            probe.warn_of_slow_look_up(theirs(&self.name), *cost, (!why.plain().is_empty()).then_some(why));
        }
        Ok(())
    }
}

impl Dns {
    /// What is asked, and whom; resolvers of this host may be for TCP alone.
    async fn question(&self, probe: &mut Probe) -> Result<Question, Stop> {
        let Some(host) = &self.server else {
            return Ok(probe.resolv_conf().question(&self.name, self.record, self.port.get(), probe.nearly_all()));
        };
        let addresses = probe.addresses(&Endpoint::udp(host.clone(), self.port)).await?;
        let timeout = probe.nearly_all();
        let wait = timeout / u32::try_from(addresses.len()).unwrap_or(1);
        let servers = addresses.into_iter().map(|address| (address, wait)).collect();
        let (name, record) = (self.name.clone(), self.record);
        Ok(Question { name, record, servers, transport: Transport::Udp, attempts: 1, timeout })
    }

    fn judge(&self, question: &Question, answered: &Answered) -> Option<(Phase, Fault)> {
        if answered.is_empty() && self.expect.want_nothing() {
            return None;
        }
        let fault = answered.refusal(question).map(|fault| (Phase::Resolve, fault));
        fault.or_else(|| self.expect.judge(&answered.reply.answers).map(|fault| (Phase::Request, fault)))
    }
}
