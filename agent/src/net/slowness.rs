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

/// An answer that takes so long is slow.
const MOMENT: Duration = Duration::from_millis(500);

/// Search domains behind these are not asked for.
const MOST_NAMES: usize = 7;

/// A server that was asked for a name.
type Asked = (SocketAddr, String);

/// A question, and how long its answer took; nothing while there is none.
type Told = (Asked, Option<Duration>);

/// Waits for a look-up of this name, and says with its end what was slow in it.
pub(super) async fn beside<T>(
    name: &str,
    resolv_conf: &ResolvConf,
    mut looking: Pin<&mut impl Future<Output = T>>,
) -> (T, Option<Sentence>) {
    let (began, names) = (Instant::now(), resolv_conf.candidates(name));
    let (mut all, mut answers) = ask(&names, resolv_conf);
    let mut note = |(asked, elapsed): (Asked, Duration)| {
        all.iter_mut().filter(|(one, _)| *one == asked).for_each(|(_, told)| *told = Some(elapsed));
    };
    let found = loop {
        tokio::select! {
            biased;
            found = looking.as_mut() => break found,
            Some(Ok(answered)) = answers.join_next() => note(answered),
        }
    };
    // A look-up that ends at once has left no time for answers.
    let rest = async {
        while let Some(answered) = answers.join_next().await {
            answered.into_iter().for_each(&mut note);
        }
    };
    within(MOMENT.saturating_sub(began.elapsed()), rest).await;
    (found, in_words(&names[0], all))
}

/// Asks every server for the first name that the system looks up, and the first server for those behind it.
fn ask(names: &[String], resolv_conf: &ResolvConf) -> (Vec<Told>, JoinSet<(Asked, Duration)>) {
    let first = resolv_conf.servers.iter().map(|server| (*server, names[0].clone()));
    let others = names.iter().take(MOST_NAMES).skip(1);
    let others = others.filter_map(|name| Some((*resolv_conf.servers.first()?, name.clone())));
    let all: Vec<Asked> = first.chain(others).collect();
    let mut answers = JoinSet::new();
    for (server, name) in all.clone() {
        let (transport, began) = (resolv_conf.transport, Instant::now());
        answers.spawn(async move {
            if let Some(query) = Query::new(&name, RecordType::A, nameserver::fresh_id()) {
                // A refusal is an answer, too, and however long it takes: this ends with the look-up.
                let _any = nameserver::ask(server, &query, transport, Duration::from_secs(60)).await;
            }
            ((server, name), began.elapsed())
        });
    }
    (all.into_iter().map(|asked| (asked, None)).collect(), answers)
}

/// Who is silent over the first name is silent over all.
fn in_words(first: &str, all: Vec<Told>) -> Option<Sentence> {
    let silent: Vec<_> = all.iter().filter(|((_, name), told)| name == first && told.is_none()).collect();
    let silent: Vec<_> = silent.into_iter().map(|((server, _), _)| *server).collect();
    let words = all.into_iter().filter_map(|((server, name), told)| match told {
        None if name == first => Some(sentence![server.ip(), " does not answer"]),
        _ if silent.contains(&server) => None,
        None => Some(sentence![server.ip(), " does not answer for ", ours(&name)]),
        Some(elapsed) if elapsed >= MOMENT => {
            let seconds = ours(&format!("{:.1} s", elapsed.as_secs_f64()));
            Some(sentence![server.ip(), " took ", seconds, " for ", ours(&name)])
        }
        Some(_) => None,
    });
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| Sentence::join(words, "; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_silent_over_all_names_is_named_once() {
        let told = |all: &[(u8, &str, Option<u64>)]| {
            let one = |(last, name, millis): &(u8, &str, Option<u64>)| {
                let server = SocketAddr::from(([10, 0, 0, *last], 53));
                ((server, (*name).to_owned()), millis.map(Duration::from_millis))
            };
            in_words("db.a", all.iter().map(one).collect()).map(|told| told.plain())
        };
        assert_eq!(told(&[(1, "db.a", Some(3)), (1, "db", Some(4))]), None);
        let silent = [(1, "db.a", None), (1, "db.b", None), (2, "db.a", Some(3))];
        assert_eq!(told(&silent).as_deref(), Some("10.0.0.1 does not answer"));
        let slow = [(1, "db.a", Some(1200)), (1, "db.b", None), (1, "db", Some(3))];
        let words = "10.0.0.1 took 1.2 s for db.a; 10.0.0.1 does not answer for db.b";
        assert_eq!(told(&slow).as_deref(), Some(words));
    }
}
