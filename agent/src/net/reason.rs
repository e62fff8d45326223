//! Why the system finds no address for a name: the servers of resolv.conf are asked themselves.
//!
//! All are asked at once, and the word of the one counts that the system believed. The C library goes
//! from server to server until one answers; "no such name" and "no address" are answers to it, a
//! failure or a refusal is not (`res_nsend` of glibc).

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::net::clock::within;
use crate::net::dns::{self, Query, RecordType, ResponseCode};
use crate::net::endpoint::Transport;
use crate::net::nameserver;
use crate::net::resolv_conf::ResolvConf;
use crate::secret::{Sentence, ours, sentence, theirs};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a server has for all its answers.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long an answer waits for the servers that the system asks first: the C library, too, waits so
/// long for each at least (`timeout:1`).
const HEAD_START: Duration = Duration::from_secs(1);

/// What one server said about a name.
#[derive(Debug)]
enum Answer {
    Addresses(usize),
    NoData,
    Code(ResponseCode),
    None(Sentence),
    /// It may still come.
    Awaited,
}

impl Answer {
    /// Whether the C library asks no other server after it.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Addresses(_) | Self::NoData | Self::Code(ResponseCode::NXDomain))
    }

    fn in_words(&self) -> Sentence {
        match self {
            Self::Addresses(count) => sentence![*count, " address(es)"],
            Self::NoData => "the name exists, without an address".into(),
            Self::Code(code) => ours(&dns::code(*code)),
            Self::None(why) => why.clone(),
            Self::Awaited => "not waited for".into(),
        }
    }
}

/// The answers of all servers, in the order in which the system asks them.
type Answers = Vec<(SocketAddr, Answer)>;

/// Why the system, which says `error`, finds no address.
pub(super) async fn of(name: &str, error: &str, resolv_conf: &ResolvConf) -> Fault {
    let mut answers: Answers = resolv_conf.servers.iter().map(|server| (*server, Answer::Awaited)).collect();
    let mut asked = JoinSet::new();
    for (place, server) in resolv_conf.servers.iter().enumerate() {
        let ask = ask(*server, resolv_conf.transport, candidates(name, resolv_conf));
        asked.spawn(async move { (place, ask.await) });
    }
    collect(&mut answers, asked).await;
    let summary = answers.iter().map(|(server, answer)| sentence![server.ip(), ": ", answer.in_words()]);
    verdict(name, &answers).evidence(sentence!["system: ", theirs(error), "; ", Sentence::join(summary, "; ")])
}

/// Waits until it is known what the system believed.
async fn collect(answers: &mut Answers, mut asked: JoinSet<(usize, Answer)>) {
    let began = Instant::now();
    while !is_decided(answers) {
        let has_final = answers.iter().any(|(_, answer)| answer.is_final());
        let timeout = if has_final { HEAD_START.saturating_sub(began.elapsed()) } else { Duration::MAX };
        match within(timeout, asked.join_next()).await {
            Some(Some(Ok((place, answer)))) => answers[place].1 = answer,
            Some(Some(Err(_))) => {}
            Some(None) | None => return,
        }
    }
}

/// Whether a server has answered, and each that the system asks before it has failed.
fn is_decided(answers: &Answers) -> bool {
    let next = answers.iter().find(|(_, answer)| answer.is_final() || matches!(answer, Answer::Awaited));
    next.is_some_and(|(_, answer)| answer.is_final())
}

async fn ask(server: SocketAddr, transport: Transport, candidates: Vec<String>) -> Answer {
    let asked = within(TIMEOUT, async {
        let mut last = Answer::None("not asked".into());
        for candidate in candidates {
            last = match ask_both(server, transport, &candidate).await {
                Ok(answer @ Answer::Addresses(_)) => return answer,
                Ok(answer) => answer,
                Err(fault) => return Answer::None(fault.message),
            };
        }
        last
    });
    asked.await.unwrap_or_else(|| Answer::None(nameserver::no_answer(server, TIMEOUT).message))
}

/// The name as it is, and for one without a dot with the first search domains behind it.
fn candidates(name: &str, resolv_conf: &ResolvConf) -> Vec<String> {
    let searched = !name.ends_with('.') && !name.contains('.');
    let mut all: Vec<_> =
        resolv_conf.search.iter().filter(|_| searched).take(2).map(|domain| format!("{name}.{domain}")).collect();
    all.push(name.to_owned());
    all
}

async fn ask_both(server: SocketAddr, transport: Transport, name: &str) -> Result<Answer, Fault> {
    for kind in [RecordType::A, RecordType::AAAA] {
        let Some(query) = Query::new(name, kind, nameserver::fresh_id()) else {
            return Ok(Answer::None("not a name the DNS can hold".into()));
        };
        let reply = nameserver::ask(server, &query, transport, TIMEOUT).await?;
        match reply.rcode {
            ResponseCode::NoError if reply.answers.is_empty() => {}
            ResponseCode::NoError => return Ok(Answer::Addresses(reply.answers.len())),
            code => return Ok(Answer::Code(code)),
        }
    }
    Ok(Answer::NoData)
}

/// The finest code that the answers support.
fn verdict(name: &str, answers: &Answers) -> Fault {
    let servers: Vec<_> = answers.iter().map(|(server, _)| server.ip().to_string()).collect();
    let believed = answers.iter().find(|(_, answer)| answer.is_final());
    let refused = answers.iter().find(|(_, answer)| matches!(answer, Answer::Code(_)));
    let Some((server, answer)) = believed.or(refused) else {
        return Fault::new(
            Cause::Timeout,
            sentence![ours(name), ": no resolver answered (", ours(&servers.join(", ")), ")"],
        );
    };
    let server = server.ip();
    match answer {
        Answer::Code(ResponseCode::NXDomain) => {
            Fault::new(Cause::NxDomain, sentence![ours(name), " does not exist according to ", server])
        }
        Answer::Code(ResponseCode::ServFail) => {
            Fault::new(Cause::ServFail, sentence![server, " failed to resolve ", ours(name)])
        }
        Answer::Code(ResponseCode::Refused) => {
            Fault::new(Cause::Refused, sentence![server, " refuses to resolve ", ours(name)])
        }
        Answer::NoData => {
            Fault::new(Cause::NoAddress, sentence![ours(name), " exists without an address according to ", server])
        }
        Answer::Addresses(_) => {
            Fault::new(Cause::Failed, sentence!["the system cannot resolve ", ours(name), ", and ", server, " can"])
        }
        Answer::Code(_) | Answer::None(_) | Answer::Awaited => {
            Fault::new(Cause::Failed, sentence![ours(name), " cannot be resolved"])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NXDOMAIN: Answer = Answer::Code(ResponseCode::NXDomain);

    fn answers(all: Vec<Answer>) -> Answers {
        all.into_iter().map(|answer| (SocketAddr::from(([127, 0, 0, 53], 53)), answer)).collect()
    }

    fn silent() -> Answer {
        Answer::None("no answer".into())
    }

    #[test]
    fn the_resolver_that_the_system_believed_decides_the_code() {
        for (given, cause) in [
            (vec![silent(), NXDOMAIN], Cause::NxDomain),
            (vec![NXDOMAIN, Answer::NoData], Cause::NxDomain),
            (vec![Answer::Code(ResponseCode::ServFail), Answer::NoData], Cause::NoAddress),
            (vec![Answer::Code(ResponseCode::Refused), Answer::Code(ResponseCode::ServFail)], Cause::Refused),
            (vec![silent(), Answer::Code(ResponseCode::ServFail)], Cause::ServFail),
            (vec![Answer::NoData], Cause::NoAddress),
            (vec![Answer::Addresses(2)], Cause::Failed),
            (vec![silent(), silent()], Cause::Timeout),
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
            (vec![silent(), Answer::NoData, Answer::Awaited], true),
            (vec![Answer::Code(ResponseCode::ServFail), Answer::Awaited], false),
            (vec![silent(), silent()], false),
        ] {
            assert_eq!(is_decided(&answers(given)), decided);
        }
    }
}
