//! How much hashing a server may ask for.

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::sentence;
use std::num::NonZero;

/// The fewest rounds of hashing (RFC 7677, section 4). With fewer, what a client shows is soon guessed from: a
/// server that asks for one may be somebody who wants to know the password.
const LEAST: u32 = 4_096;

/// The most, a limit of ours: more would keep a processor of this host busy for longer than a check may take.
/// The servers' own defaults are 4,096 and 15,000; current advice for PBKDF2 goes up to 600,000.
const MOST: u32 = 1_000_000;

/// Judges the number of rounds, before anything is computed for it.
pub(super) fn judge(rounds: u32) -> Result<NonZero<u32>, Fault> {
    let fault = |message| {
        Fault::new(Cause::MethodUnsupported, message)
            .evidence(sentence!["i=", rounds, " (RFC 7677, section 4)"])
            .owner(Owner::Service)
            .at(Phase::Auth)
    };
    match NonZero::new(rounds).filter(|few| few.get() >= LEAST) {
        None => Err(fault(sentence!["the server has the password hashed ", rounds, " times only, fewer than SCRAM's ", LEAST])
            .next_step("set the user's password anew on the server, with 4096 rounds or more; if it has them, look for who answers in its place")),
        Some(_) if rounds > MOST => Err(fault(sentence![
            "the server wants the password hashed ", rounds, " times for this user, and conn-check does it ", MOST, " times at most: a limit of conn-check's"
        ])
        .next_step("nothing was sent, and applications may well log in; to check the login, set the user's password anew with fewer rounds (scram_iterations, scramSHA256IterationCount)")),
        Some(rounds) => Ok(rounds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_those_of_the_standard_and_not_without_end() {
        for sane in [4096, 15_000, 100_001, 600_000, 1_000_000] {
            assert_eq!(judge(sane).map(NonZero::get).ok(), Some(sane));
        }
        for (odd, word) in [
            (0, "0 times only"),
            (1, "1 times only"),
            (4095, "4095 times only"),
            (1_000_001, "1000001 times"),
            (u32::MAX, "4294967295 times"),
        ] {
            let fault = judge(odd).expect_err("a limit");
            assert_eq!(fault.cause, Cause::MethodUnsupported, "{odd}");
            assert!(fault.message.plain().contains(word), "{odd}: {}", fault.message.plain());
        }
    }
}
