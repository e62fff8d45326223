//! One question to several resolvers, as the C library asks them (`res_send` of glibc): in their order, the next one
//! when one says nothing, fails, refuses, or has nothing to say.

use crate::catalogue::Cause;
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::dns::{self, Query, RecordType, Reply, ResponseCode};
use crate::net::endpoint::Transport;
use crate::net::nameserver;
use crate::net::reason::{dangling, no_resolver};
use crate::net::resolv_conf::ResolvConf;
use crate::phase::Phase;
use crate::secret::{Sentence, ours, sentence, theirs};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A question, and whom to ask; equal ones have the same answer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) record: RecordType,
    /// In their order, each with how long the application's look-ups wait for it.
    pub(crate) servers: Vec<(SocketAddr, Duration)>,
    pub(crate) transport: Transport,
    /// How often all of them are asked, until one answers.
    pub(crate) attempts: u32,
    /// For all of it.
    pub(crate) timeout: Duration,
}

/// What came of a question.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Whose reply it is.
    pub(crate) server: SocketAddr,
    pub(crate) reply: Reply,
    /// Those that were asked before it, each with what it said, or did not.
    pub(crate) passed_over: Vec<(SocketAddr, Sentence)>,
    /// What a look-up of the application costs that asks for this.
    pub(crate) cost: Duration,
}

/// What one server's word is worth.
enum Word {
    /// The C library asks no other one after it.
    Final(Reply),
    /// It may be better answered elsewhere.
    Poor(Reply),
    None(Fault),
}

impl ResolvConf {
    /// The servers in the order in which a look-up asks them, each with how long it waits for it.
    pub(crate) fn turns(&self, port: u16) -> Vec<(SocketAddr, Duration)> {
        let mut servers = self.servers.clone();
        servers.iter_mut().for_each(|server| server.set_port(port));
        if self.rotate {
            let first = usize::from(nameserver::fresh_id()) % servers.len().max(1);
            servers.rotate_left(first);
        }
        servers.into_iter().enumerate().map(|(place, server)| (server, self.wait(place))).collect()
    }

    /// A question to the resolvers of this host, which may be for TCP alone.
    pub(crate) fn question(&self, name: &str, record: RecordType, port: u16, timeout: Duration) -> Question {
        let (servers, transport, attempts) = (self.turns(port), self.transport, self.attempts);
        Question { name: name.to_owned(), record, servers, transport, attempts, timeout }
    }
}

impl Answered {
    /// Whether a resolver says that there is no such record.
    pub(crate) fn is_empty(&self) -> bool {
        let Reply { rcode, answers, referral, .. } = &self.reply;
        let is_known = matches!(*rcode, ResponseCode::NoError | ResponseCode::NXDomain);
        is_known && answers.is_empty() && referral.is_none()
    }

    /// Why there is nothing of what was asked for; `None` where there is.
    pub(crate) fn refusal(&self, question: &Question) -> Option<Fault> {
        let (reply, resolver) = (&self.reply, self.server.ip());
        let (name, record) = (theirs(&question.name), ours(&question.record));
        if reply.referral.is_some() {
            return Some(no_resolver(resolver.into(), in_words(reply)));
        }
        let by = sentence![" according to ", resolver];
        Some(match (reply.rcode, &reply.alias) {
            (ResponseCode::NoError, _) if !reply.answers.is_empty() => return None,
            (ResponseCode::NoError, Some(alias)) => {
                let told =
                    sentence![name, " is an alias for ", theirs(alias), ", which has no ", record, " record", by];
                dangling(Fault::new(Cause::NoAddress, told), alias)
            }
            (ResponseCode::NoError, None) => {
                Fault::new(Cause::NoAddress, sentence![name, " has no ", record, " record", by])
                    .next_step("add the record, or ask for another type")
            }
            (ResponseCode::NXDomain, Some(alias)) => {
                let told = sentence![name, " is an alias for ", theirs(alias), ", which does not exist", by];
                dangling(Fault::new(Cause::NxDomain, told), alias)
            }
            (ResponseCode::NXDomain, None) => Fault::new(Cause::NxDomain, sentence![name, " does not exist", by]),
            (ResponseCode::ServFail, _) => {
                Fault::new(Cause::ServFail, sentence![resolver, " failed to resolve ", name])
            }
            (ResponseCode::Refused, _) => {
                Fault::new(Cause::Refused, sentence![resolver, " refuses to answer for ", name])
                    .concerning(Part::Resolver, nameserver::list(&[self.server]))
            }
            (other, _) => Fault::new(Cause::Failed, sentence![resolver, " answered ", dns::code(other)]),
        })
    }

    /// A fault of the answer with what the others said that were asked in vain.
    pub(crate) fn with_others(&self, fault: Fault) -> Fault {
        let Self { server, reply, passed_over, .. } = self;
        let is_told = passed_over.iter().all(|(other, _)| other == server);
        if is_told || fault.evidence.is_some() {
            return fault;
        }
        let own = (*server, in_words(reply));
        let last = (!passed_over.iter().any(|(other, _)| other == server)).then_some(own);
        let all = passed_over.iter().cloned().chain(last).map(|(server, said)| sentence![server.ip(), ": ", said]);
        fault.evidence(Sentence::join(all, "; "))
    }
}

impl Question {
    /// The first answer that is one; else the first word of a server that cannot answer.
    ///
    /// # Errors
    /// No server said anything.
    pub(crate) async fn ask(&self) -> Result<Answered, Fault> {
        let began = Instant::now();
        let (mut inquiry, mut asked) = (Inquiry::default(), self.servers.clone());
        for attempt in 0..self.attempts {
            let mut silent = Vec::new();
            for (place, (server, wait)) in asked.iter().enumerate() {
                let share = self.left(began) / u32::try_from(asked.len() - place).unwrap_or(1);
                // Who is alone has all the time there is: datagrams are sent again.
                let own = if asked.len() == 1 || attempt > 0 { share } else { share.min(*wait) };
                match self.ask_one(*server, own).await? {
                    Word::Final(reply) => return Ok(inquiry.answered(*server, reply, began.elapsed())),
                    Word::Poor(reply) => inquiry.note_poor(*server, reply),
                    Word::None(fault) => {
                        if fault.cause == Cause::Timeout {
                            silent.push((*server, *wait));
                            inquiry.saved += wait.saturating_sub(own);
                        }
                        inquiry.note(*server, fault, attempt);
                    }
                }
            }
            asked = silent;
            if asked.is_empty() || self.left(began).is_zero() {
                break;
            }
        }
        inquiry.given_up(began.elapsed())
    }

    fn left(&self, began: Instant) -> Duration {
        self.timeout.saturating_sub(began.elapsed())
    }

    async fn ask_one(&self, server: SocketAddr, timeout: Duration) -> Result<Word, Fault> {
        let query = Query::new(&self.name, self.record, nameserver::fresh_id());
        let query = query.ok_or_else(|| Fault::new(Cause::BadName, "the DNS has no such name"))?;
        Ok(match nameserver::ask(server, &query, self.transport, timeout).await {
            Ok(reply) if is_final(&reply) => Word::Final(reply),
            Ok(reply) => Word::Poor(reply),
            // Nothing listens there: not the resolver's own refusal, which is an answer.
            Err(fault) if fault.cause == Cause::Refused && fault.phase.is_none() => {
                Word::None(fault.at(Phase::Connect))
            }
            Err(fault) => Word::None(fault),
        })
    }
}

/// Whether the C library asks no other server after this reply.
pub(super) fn is_final(reply: &Reply) -> bool {
    let is_lame = reply.referral.as_ref().is_some_and(|referral| !referral.has_glue);
    matches!(reply.rcode, ResponseCode::NoError | ResponseCode::NXDomain) && !is_lame
}

/// What a server said that has no answer.
pub(crate) fn in_words(reply: &Reply) -> Sentence {
    match &reply.referral {
        Some(referral) => match &referral.to {
            Some(to) => sentence!["a referral to ", theirs(to)],
            None => "nothing at all (lame)".into(),
        },
        None => ours(&dns::code(reply.rcode)),
    }
}

/// What was learnt on the way to an answer.
#[derive(Default)]
struct Inquiry {
    passed_over: Vec<(SocketAddr, Sentence)>,
    poor: Option<(SocketAddr, Reply)>,
    faults: Vec<Fault>,
    /// What the application waits longer than was waited here.
    saved: Duration,
}

impl Inquiry {
    fn note_poor(&mut self, server: SocketAddr, reply: Reply) {
        self.passed_over.push((server, in_words(&reply)));
        self.poor.get_or_insert((server, reply));
    }

    fn note(&mut self, server: SocketAddr, fault: Fault, attempt: u32) {
        if attempt == 0 {
            self.passed_over.push((server, fault.message.clone()));
            self.faults.push(fault);
        }
    }

    fn answered(self, server: SocketAddr, reply: Reply, elapsed: Duration) -> Answered {
        Answered { server, reply, passed_over: self.passed_over, cost: elapsed + self.saved }
    }

    fn given_up(mut self, elapsed: Duration) -> Result<Answered, Fault> {
        if let Some((server, reply)) = self.poor.take() {
            return Ok(self.answered(server, reply, elapsed));
        }
        let messages = Sentence::join(self.faults.iter().map(|fault| fault.message.clone()), "; ");
        let first = self.faults.into_iter().next();
        let first = first.unwrap_or_else(|| Fault::new(Cause::Failed, "this host has no resolver"));
        let seen = first.evidence.clone().filter(|_| self.passed_over.len() < 2);
        Err(first.evidence(seen.unwrap_or(messages)))
    }
}
