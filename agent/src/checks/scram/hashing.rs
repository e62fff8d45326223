//! The hashing of a password, as often as the server asks for.
//!
//! Many rounds are computed beside the checks, by as many threads at once as leave one processor to them;
//! whoever comes later waits. A thread cannot be stopped: it ends with its rounds, whoever has given up meanwhile.

use super::Hash;
use crate::fault::{Cause, Fault, Phase};
use crate::net::within;
use crate::secret::{Secret, Sentence, sentence};
use ring::pbkdf2;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// So many rounds take less than a change of threads is worth: some milliseconds.
const AT_ONCE: u32 = 20_000;

/// The threads that may hash at once.
static THREADS: LazyLock<Semaphore> = LazyLock::new(|| {
    const MOST: usize = 4;
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.saturating_sub(1).clamp(1, MOST))
});

/// Hashes a password with a salt (`Hi` of RFC 5802), in so much time: what takes longer is this host's fault, and
/// not that of the server, which waits.
pub(super) async fn salted(
    hash: Hash,
    password: Secret<Vec<u8>>,
    salt: Vec<u8>,
    rounds: NonZero<u32>,
    time: Duration,
) -> Result<Vec<u8>, Fault> {
    let derive = move || {
        let mut salted = vec![0; hash.length()];
        pbkdf2::derive(hash.of_password(), rounds, &salt, password.expose(), &mut salted);
        salted
    };
    if rounds.get() <= AT_ONCE {
        return Ok(derive());
    }
    let hashed = within(time, beside(derive)).await;
    hashed.unwrap_or_else(|| {
        let times = sentence!["this host was not done with hashing the password ", rounds.get(), " times"];
        Err(own_limit(sentence![times, " before the check's time was over: the server waits for us"]).next_step(
            "raise `timeout`; else have the user's password set anew with fewer rounds (scram_iterations, scramSHA256IterationCount)",
        ))
    })
}

/// Hashes on a thread of its own, when there is one.
async fn beside(derive: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<Vec<u8>, Fault> {
    let no_thread = || own_limit("this host has no thread left to hash the password".into());
    // It is never closed.
    let Ok(turn) = THREADS.acquire().await else { return Err(no_thread()) };
    let (done, result) = oneshot::channel();
    let work = move || {
        let salted = derive();
        drop(turn);
        // Whoever asked may be gone.
        let _ = done.send(salted);
    };
    thread::Builder::new().name("scram".to_owned()).spawn(work).map_err(|error| no_thread().caused_by(&error))?;
    result.await.map_err(|_| no_thread())
}

fn own_limit(message: Sentence) -> Fault {
    Fault::new(Cause::LocalLimit, message).at(Phase::Auth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashing_that_takes_too_long_here_is_a_limit_of_this_host() {
        let (password, rounds) = (Secret::new(b"pencil".to_vec()), NonZero::new(1_000_000).expect("rounds"));
        let salted = salted(Hash::Sha256, password, b"salt".to_vec(), rounds, Duration::from_millis(1)).await;
        let fault = salted.expect_err("too little time");
        assert_eq!((fault.cause, fault.phase), (Cause::LocalLimit, Some(Phase::Auth)));
        assert!(fault.message.plain().contains("hashing the password 1000000 times"), "{fault:?}");
    }
}
