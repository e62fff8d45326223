//! What a server may ask of a client that logs in by SCRAM (RFC 5802, RFC 7677), whatever protocol carries it.

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::sentence;

/// The fewest rounds of hashing (RFC 7677, section 4). With fewer, what a client shows is soon guessed from: a
/// server that asks for one may be somebody who wants to know the password.
const LEAST: u64 = 4_096;

/// The most. More would keep this thread from all other checks for too long; the servers' own defaults are
/// 4,096 and 15,000, and `PostgreSQL`'s client library stops at the same number.
const MOST: u64 = 100_000;

/// Judges the server's first message (`r=...,s=...,i=...`), before anything is computed for it.
pub(super) fn judge(server_first: &[u8]) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(server_first);
    let rounds = || text.split(',').filter_map(|part| part.strip_prefix("i=")?.parse::<u64>().ok());
    if let Some(few) = rounds().min().filter(|few| *few < LEAST) {
        let message = sentence!["the server has the password hashed ", few, " times only, fewer than SCRAM's ", LEAST];
        return Err(Fault::new(Cause::MethodUnsupported, message)
            .evidence(sentence!["i=", few, " (RFC 7677, section 4)"])
            .owner(Owner::Service)
            .next_step("set the user's password anew on the server, with 4096 rounds or more; if it has them, look for who answers in its place")
            .at(Phase::Auth));
    }
    rounds().max().filter(|many| *many > MOST).map_or(Ok(()), |many| {
        Err(Fault::new(
            Cause::Malformed,
            sentence!["the server wants the password hashed ", many, " times, more than ", MOST],
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_those_of_the_standard_and_not_without_end() {
        let cause = |text: &str| judge(text.as_bytes()).err().map(|fault| fault.cause);
        for sane in ["r=a,s=b,i=4096", "r=a,s=b,i=100000", "r=i,s=i=,i=15000", "", "v=abc", "e=other-error"] {
            assert_eq!(cause(sane), None, "{sane}");
        }
        for few in ["r=a,s=b,i=4095", "r=a,s=b,i=0", "r=a,s=b,i=1", "r=a,s=b,i=5000,i=1", "r=a,s=b,i=0001"] {
            assert_eq!(cause(few), Some(Cause::MethodUnsupported), "{few}");
        }
        for many in ["r=a,s=b,i=100001", "r=a,s=b,i=4294967295", "r=a,s=b,i=5000,i=9999999"] {
            assert_eq!(cause(many), Some(Cause::Malformed), "{many}");
        }
    }
}
