//! What takes so long in a look-up of the system: the resolvers are asked themselves meanwhile, once for a name.

use crate::net::clock::within;
use crate::net::dns::{Query, RecordType};
use crate::net::nameserver;
use crate::net::resolv_conf::ResolvConf;
use crate::secret::{Sentence, ours, sentence};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Who does not answer for so long is slow.
const MOMENT: Duration = Duration::from_millis(500);

/// Search domains behind these are not asked for.
const MOST_NAMES: usize = 7;

/// A server that was asked for a name.
type Asked = (SocketAddr, String);

/// Waits for a look-up of this name, and says with its end what was slow in it.
pub(super) async fn beside<T>(
    name: &str,
    resolv_conf: &ResolvConf,
    looking: Pin<&mut impl Future<Output = T>>,
) -> (T, Option<Sentence>) {
    let (began, names) = (Instant::now(), resolv_conf.candidates(name));
    let (mut asked, mut answers) = ask(&names, resolv_conf);
    let mut looking = looking;
    let found = loop {
        tokio::select! {
            biased;
            found = looking.as_mut() => break found,
            Some(Ok(answered)) = answers.join_next() => asked.retain(|one| *one != answered),
        }
    };
    // A look-up that ends at once has left no time for answers.
    let time = MOMENT.saturating_sub(began.elapsed());
    let rest = async {
        while let Some(answered) = answers.join_next().await {
            asked.retain(|one| answered.as_ref().is_ok_and(|answered| one != answered));
        }
    };
    within(time, rest).await;
    (found, in_words(&names[0], &asked))
}

/// Asks every server for the first name that the system looks up, and the first server for those behind it. Given back
/// are all questions, and those that are answered.
fn ask(names: &[String], resolv_conf: &ResolvConf) -> (Vec<Asked>, JoinSet<Asked>) {
    let first = resolv_conf.servers.iter().map(|server| (*server, names[0].clone()));
    let others = names.iter().take(MOST_NAMES).skip(1);
    let others = others.filter_map(|name| Some((*resolv_conf.servers.first()?, name.clone())));
    let all: Vec<Asked> = first.chain(others).collect();
    let mut answers = JoinSet::new();
    for (server, name) in all.clone() {
        let transport = resolv_conf.transport;
        answers.spawn(async move {
            if let Some(query) = Query::new(&name, RecordType::A, nameserver::fresh_id()) {
                // However long it takes: what counts is whether it came before the end.
                let _any = nameserver::ask(server, &query, transport, Duration::from_secs(60)).await;
            }
            (server, name)
        });
    }
    (all, answers)
}

/// Who is silent over the first name is silent over all.
fn in_words(first: &str, unanswered: &[Asked]) -> Option<Sentence> {
    let is_silent = |server: &SocketAddr| unanswered.contains(&(*server, first.to_owned()));
    let told = unanswered.iter().filter(|(server, name)| name == first || !is_silent(server));
    let one = |(server, name): &Asked| {
        if is_silent(server) {
            return sentence![server.ip(), " does not answer"];
        }
        sentence![server.ip(), " does not answer for ", ours(name)]
    };
    (!unanswered.is_empty()).then(|| Sentence::join(told.map(one), "; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_silent_over_all_names_is_named_once() {
        let server = |last: u8| SocketAddr::from(([10, 0, 0, last], 53));
        let told = |unanswered: &[(u8, &str)]| {
            let unanswered: Vec<_> =
                unanswered.iter().map(|(last, name)| (server(*last), (*name).to_owned())).collect();
            in_words("db.a", &unanswered).map(|told| told.plain())
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(1, "db.a"), (1, "db.b"), (1, "db")]).as_deref(), Some("10.0.0.1 does not answer"));
        assert_eq!(told(&[(1, "db.b")]).as_deref(), Some("10.0.0.1 does not answer for db.b"));
    }
}
