//! Why the system finds no address for a name: the servers of resolv.conf are asked themselves.
//!
//! The word of the one counts that the system believed. The C library goes from server to server until one
//! answers; "no such name" and "no address" are answers to it, a failure or a refusal is not (`res_send` of glibc). So
//! the next server is asked when the one before it has failed, or is silent for a while.

use crate::catalogue::{Cause, Owner};
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::clock::within;
use crate::net::dns::{self, Query, RecordType, Reply, ResponseCode};
use crate::net::nameserver;
use crate::net::question::{in_words, is_final};
use crate::net::resolv_conf::ResolvConf;
use crate::phase::Phase;
use crate::secret::{Sentence, ours, sentence, theirs};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long a server has for all its answers.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a server is waited for before the next one is asked beside it: the C library, too, waits so
/// long for each at least (`timeout:1`).
const HEAD_START: Duration = Duration::from_secs(1);

/// What one server said about a name.
#[derive(Debug)]
enum Answer {
    Addresses(usize),
    /// The name exists; where its aliases lead.
    NoData(Option<String>),
    /// It does not, or what its aliases lead to does not.
    NoName(Option<String>),
    /// It is no answer for the system.
    Code(ResponseCode),
    /// Nor is this: it knows others that may know.
    Lame(Sentence),
    None(Fault),
    /// It may still come.
    Awaited,
}

impl Answer {
    /// Whether the C library asks no other server after it.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Addresses(_) | Self::NoData(_) | Self::NoName(_))
    }

    const fn has_failed(&self) -> bool {
        matches!(self, Self::Code(ResponseCode::ServFail))
    }

    fn in_words(&self) -> Sentence {
        match self {
            Self::Addresses(count) => sentence![*count, " address(es)"],
            Self::NoData(_) => "the name exists, without an address".into(),
            Self::NoName(_) => ours(&dns::code(ResponseCode::NXDomain)),
            Self::Code(code) => ours(&dns::code(*code)),
            Self::Lame(what) => what.clone(),
            Self::None(fault) => fault.message.clone(),
            Self::Awaited => "not asked".into(),
        }
    }
}

/// The answers of all servers, in the order in which the system asks them.
type Answers = Vec<(SocketAddr, Answer)>;

/// Why there is no address.
pub(super) struct Reason {
    pub(super) fault: Fault,
    /// The servers that may be to blame, for this name alone or for all.
    pub(super) servers: Vec<SocketAddr>,
}

/// Why the system, which says `error`, finds no address.
pub(super) async fn of(name: &str, error: &str, resolv_conf: &ResolvConf) -> Reason {
    let mut answers: Answers = resolv_conf.servers.iter().map(|server| (*server, Answer::Awaited)).collect();
    collect(&mut answers, name, &Arc::new(resolv_conf.clone())).await;
    let summary = answers.iter().map(|(server, answer)| sentence![server.ip(), ": ", answer.in_words()]);
    let fault = verdict(name, &answers);
    let fault = fault.evidence(sentence!["system: ", theirs(error), "; ", Sentence::join(summary, "; ")]);
    let all = answers.iter().map(|(server, _)| *server);
    let servers = match fault.cause {
        // The one that said so.
        Cause::ServFail => {
            answers.iter().filter(|(_, answer)| answer.has_failed()).map(|(server, _)| *server).take(1).collect()
        }
        Cause::Timeout | Cause::Closed => all.collect(),
        _ => Vec::new(),
    };
    Reason { fault, servers }
}

/// Asks until it is known what the system believed.
async fn collect(answers: &mut Answers, name: &str, resolv_conf: &Arc<ResolvConf>) {
    let (mut asked, mut next) = (JoinSet::new(), 0);
    while !is_decided(answers) {
        let has_failed = answers[..next].iter().all(|(_, answer)| !matches!(answer, Answer::Awaited));
        let has_final = answers[..next].iter().any(|(_, answer)| answer.is_final());
        if next < answers.len() && !has_final && (has_failed || asked.is_empty()) {
            begin(&mut asked, next, name, resolv_conf);
            next += 1;
        }
        let timeout = if next < answers.len() || has_final { HEAD_START } else { Duration::MAX };
        match within(timeout, asked.join_next()).await {
            Some(Some(Ok((place, answer)))) => answers[place].1 = answer,
            Some(None) if next == answers.len() => return,
            Some(None | Some(Err(_))) => {}
            None if has_final => return,
            None => {
                begin(&mut asked, next, name, resolv_conf);
                next += 1;
            }
        }
    }
}

fn begin(asked: &mut JoinSet<(usize, Answer)>, place: usize, name: &str, resolv_conf: &Arc<ResolvConf>) {
    let (name, resolv_conf) = (name.to_owned(), Arc::clone(resolv_conf));
    asked.spawn(async move { (place, ask(resolv_conf.servers[place], &name, &resolv_conf).await) });
}

/// Whether a server has answered, and each that the system asks before it has failed.
fn is_decided(answers: &Answers) -> bool {
    let next = answers.iter().find(|(_, answer)| answer.is_final() || matches!(answer, Answer::Awaited));
    next.is_some_and(|(_, answer)| answer.is_final())
}

/// What a server says to all names that the system looks up for this one.
async fn ask(server: SocketAddr, name: &str, resolv_conf: &ResolvConf) -> Answer {
    let asked = within(TIMEOUT, async {
        let mut told = Answer::NoName(None);
        for candidate in resolv_conf.candidates(name) {
            match ask_both(server, &candidate, resolv_conf).await {
                Ok(Answer::NoName(None)) => {}
                // That a name exists counts more than that others do not.
                Ok(Answer::NoName(alias)) if matches!(told, Answer::NoName(_)) => told = Answer::NoName(alias),
                Ok(Answer::NoName(_)) => {}
                Ok(Answer::NoData(alias)) => told = Answer::NoData(alias),
                Ok(answer) => return answer,
                Err(fault) => return Answer::None(fault),
            }
        }
        told
    });
    asked.await.unwrap_or_else(|| Answer::None(nameserver::no_answer(server, TIMEOUT)))
}

async fn ask_both(server: SocketAddr, name: &str, resolv_conf: &ResolvConf) -> Result<Answer, Fault> {
    let kinds = if resolv_conf.no_aaaa { &[RecordType::A][..] } else { &[RecordType::A, RecordType::AAAA] };
    let mut alias = None;
    for kind in kinds {
        let Some(query) = Query::new(name, *kind, nameserver::fresh_id()) else {
            return Ok(Answer::NoName(None));
        };
        let reply = nameserver::ask(server, &query, resolv_conf.transport, TIMEOUT).await?;
        match said(reply) {
            Answer::NoData(to) => alias = to,
            answer => return Ok(answer),
        }
    }
    Ok(Answer::NoData(alias))
}

fn said(reply: Reply) -> Answer {
    if reply.referral.is_some() {
        // With addresses of those others it is as good as none to the system.
        return if is_final(&reply) { Answer::NoData(None) } else { Answer::Lame(in_words(&reply)) };
    }
    match reply.rcode {
        ResponseCode::NoError if reply.answers.is_empty() => Answer::NoData(reply.alias),
        ResponseCode::NoError => Answer::Addresses(reply.answers.len()),
        ResponseCode::NXDomain => Answer::NoName(reply.alias),
        code => Answer::Code(code),
    }
}

/// The finest code that the answers support.
fn verdict(name: &str, answers: &Answers) -> Fault {
    let believed = answers.iter().find(|(_, answer)| answer.is_final());
    let refused = answers.iter().find(|(_, answer)| matches!(answer, Answer::Code(_) | Answer::Lame(_)));
    let Some((server, answer)) = believed.or(refused) else { return silence(name, answers) };
    let (server, shown) = (server.ip(), ours(name));
    match answer {
        Answer::NoName(Some(alias)) => dangling(
            Fault::new(
                Cause::NxDomain,
                sentence![shown, " is an alias for ", theirs(alias), ", which does not exist according to ", server],
            ),
            alias,
        ),
        Answer::NoName(None) => Fault::new(Cause::NxDomain, sentence![shown, " does not exist according to ", server]),
        Answer::NoData(Some(alias)) => dangling(
            Fault::new(
                Cause::NoAddress,
                sentence![
                    shown,
                    " is an alias for ",
                    theirs(alias),
                    ", which exists without an address according to ",
                    server
                ],
            ),
            alias,
        ),
        Answer::NoData(None) => {
            Fault::new(Cause::NoAddress, sentence![shown, " exists without an address according to ", server])
                .next_step("add its A or AAAA record, or correct the name")
        }
        Answer::Code(ResponseCode::ServFail) => {
            Fault::new(Cause::ServFail, sentence![server, " failed to resolve ", shown])
        }
        Answer::Code(ResponseCode::Refused) => {
            Fault::new(Cause::Refused, sentence![server, " refuses to resolve ", shown])
                .concerning(Part::Resolver, server)
        }
        Answer::Code(code) => {
            Fault::new(Cause::Failed, sentence![server, " answered ", ours(&dns::code(*code)), " for ", shown])
        }
        Answer::Lame(what) => no_resolver(server.into(), what.clone()),
        Answer::Addresses(_) => {
            Fault::new(Cause::Failed, sentence!["the system cannot resolve ", shown, ", and ", server, " can"])
        }
        Answer::None(_) | Answer::Awaited => Fault::new(Cause::Failed, sentence![shown, " cannot be resolved"]),
    }
}

/// The record is there, and leads nowhere.
pub(crate) fn dangling(fault: Fault, alias: &str) -> Fault {
    let next_step = sentence!["add the record of ", theirs(alias), ", or correct the alias"];
    fault.next_step(next_step).concerning(Part::Name, theirs(alias))
}

/// Who names other servers instead of an answer.
pub(crate) fn no_resolver(server: Sentence, what: Sentence) -> Fault {
    let blamed = server.clone();
    Fault::new(Cause::Failed, sentence![server, " resolves for nobody: it answers with ", what])
        .concerning(Part::Resolver, blamed)
        .next_step("name a resolver in its place: this server has its own zones at most")
}

/// No server said anything; that may be for want of a way to any of them.
fn silence(name: &str, answers: &Answers) -> Fault {
    let unreachable = |cause| {
        matches!(cause, Cause::NetworkUnreachable | Cause::HostUnreachable | Cause::Prohibited | Cause::DeniedLocally)
    };
    let faults = answers.iter().filter_map(|(_, answer)| match answer {
        Answer::None(fault) => Some(fault),
        _ => None,
    });
    let faults: Vec<_> = faults.collect();
    match faults[..] {
        [first, ..] if faults.iter().all(|fault| unreachable(fault.cause)) => {
            let (owner, next_step) = match first.cause {
                Cause::DeniedLocally => {
                    (Owner::Host, "let this host's own firewall send to the named resolvers (port 53)")
                }
                _ => (Owner::Network, "look for the way to the named resolvers, or name others in /etc/resolv.conf"),
            };
            return Fault::new(Cause::Timeout, sentence!["no resolver can be reached: ", first.message.clone()])
                .owner(first.owner.unwrap_or(owner))
                .next_step(next_step);
        }
        // The answer is there, and cannot be had.
        [first, ..] if first.phase == Some(Phase::Resolve) => return first.clone(),
        // No word of any server: this host has no means left to ask one.
        [first, ..] if matches!(first.cause, Cause::LocalLimit | Cause::OwnFault) => {
            return first.clone().at(Phase::Connect);
        }
        [first, ..] if first.cause == Cause::Malformed => {
            return Fault::new(Cause::Failed, first.message.clone())
                .next_step("see what listens at the named address: its answers are no DNS answers");
        }
        [_, ..] if faults.iter().all(|fault| fault.cause == Cause::Refused) => return nobody_listens(name, answers),
        _ => {}
    }
    Fault::new(Cause::Timeout, sentence![ours(name), ": no resolver answered (", list(answers), ")"])
}

/// The hosts answer, and have no resolver; one of them may be this host.
fn nobody_listens(name: &str, answers: &Answers) -> Fault {
    let message = sentence![ours(name), ": nothing listens where its resolvers should be (", list(answers), ")"];
    let fault = Fault::new(Cause::Timeout, message);
    if answers.iter().all(|(server, _)| server.ip().is_loopback()) {
        return fault.owner(Owner::Host).next_step(
            "start the resolver of this host (systemd-resolved, dnsmasq ...), or name another one in /etc/resolv.conf",
        );
    }
    fault.next_step("start the named resolvers, or name others in /etc/resolv.conf")
}

fn list(answers: &Answers) -> Sentence {
    ours(&answers.iter().map(|(server, _)| server.ip().to_string()).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NXDOMAIN: Answer = Answer::NoName(None);
    const NO_DATA: Answer = Answer::NoData(None);
    const FAILED: Answer = Answer::Code(ResponseCode::ServFail);

    fn answers(all: Vec<Answer>) -> Answers {
        all.into_iter().map(|answer| (SocketAddr::from(([127, 0, 0, 53], 53)), answer)).collect()
    }

    fn silent() -> Answer {
        Answer::None(Fault::new(Cause::Timeout, "no answer"))
    }

    fn out_of_reach() -> Answer {
        Answer::None(Fault::new(Cause::NetworkUnreachable, "there is no route"))
    }

    #[test]
    fn the_resolver_that_the_system_believed_decides_the_code() {
        let alias = || Some("gone.test.".to_owned());
        for (given, cause) in [
            (vec![silent(), NXDOMAIN], Cause::NxDomain),
            (vec![NXDOMAIN, NO_DATA], Cause::NxDomain),
            (vec![Answer::NoName(alias())], Cause::NxDomain),
            (vec![FAILED, NO_DATA], Cause::NoAddress),
            (vec![FAILED, Answer::NoData(alias())], Cause::NoAddress),
            (vec![Answer::Code(ResponseCode::Refused), FAILED], Cause::Refused),
            (vec![silent(), FAILED], Cause::ServFail),
            (vec![silent(), Answer::Lame("nothing".into())], Cause::Failed),
            (vec![Answer::Lame("nothing".into()), NXDOMAIN], Cause::NxDomain),
            (vec![Answer::Code(ResponseCode::NotImp)], Cause::Failed),
            (vec![NO_DATA], Cause::NoAddress),
            (vec![Answer::Addresses(2)], Cause::Failed),
            (vec![silent(), silent()], Cause::Timeout),
            (vec![out_of_reach(), silent()], Cause::Timeout),
            (vec![out_of_reach(), out_of_reach()], Cause::Timeout),
            (vec![Answer::None(Fault::new(Cause::LocalLimit, "no descriptor left")), silent()], Cause::LocalLimit),
            (vec![Answer::None(Fault::new(Cause::Malformed, "no DNS answer")), silent()], Cause::Failed),
            (vec![Answer::None(Fault::new(Cause::Refused, "nothing listens")), silent()], Cause::Timeout),
            (vec![], Cause::Timeout),
        ] {
            assert_eq!(verdict("db", &answers(given)).cause, cause);
        }
    }

    #[test]
    fn a_servers_word_waits_for_those_that_the_system_asks_first() {
        for (given, decided) in [
            (vec![NXDOMAIN, Answer::Awaited], true),
            (vec![Answer::Awaited, NXDOMAIN], false),
            (vec![silent(), NO_DATA, Answer::Awaited], true),
            (vec![FAILED, Answer::Awaited], false),
            (vec![silent(), silent()], false),
        ] {
            assert_eq!(is_decided(&answers(given)), decided);
        }
    }
}
