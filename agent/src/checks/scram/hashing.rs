//! The hashing of a password, as often as the server asks for.
//!
//! Many rounds are computed beside the checks, by as many threads at once as leave one processor to them;
//! whoever comes later waits. A thread cannot be stopped: it ends with its rounds, whoever has given up meanwhile.

use super::Hash;
use crate::fault::{Cause, Fault, Phase};
use crate::secret::Secret;
use ring::pbkdf2;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread;
use tokio::sync::{Semaphore, oneshot};

/// So many rounds take less than a change of threads is worth: some milliseconds.
const AT_ONCE: u32 = 20_000;

/// The threads that may hash at once.
static THREADS: LazyLock<Semaphore> = LazyLock::new(|| {
    const MOST: usize = 4;
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(processors.saturating_sub(1).clamp(1, MOST))
});

/// Hashes a password with a salt (`Hi` of RFC 5802).
pub(super) async fn salted(
    hash: Hash,
    password: Secret<Vec<u8>>,
    salt: Vec<u8>,
    rounds: NonZero<u32>,
) -> Result<Vec<u8>, Fault> {
    let derive = move || {
        let mut salted = vec![0; hash.length()];
        pbkdf2::derive(hash.of_password(), rounds, &salt, password.expose(), &mut salted);
        salted
    };
    if rounds.get() <= AT_ONCE {
        return Ok(derive());
    }
    let no_thread =
        || Fault::new(Cause::LocalLimit, "this host has no thread left to hash the password").at(Phase::Auth);
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
