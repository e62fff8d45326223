//! `roundtrip`: a value of our own is stored, read back and removed, as nothing less shows that writes are taken.
//!
//! Nothing of it stays: what is stored ends by itself soon, whatever becomes of the check, and is called as nothing
//! else is.

use crate::fault::{Cause, Fault};
use crate::secret::{sentence, theirs};
use crate::settings::Fields;
use crate::text::escape;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::time::Duration;

/// Asks for it; `about` is what is done.
pub(super) fn asked(fields: &mut Fields<'_>, about: &'static str) -> bool {
    fields.or::<bool>("roundtrip", "false", about)
}

/// Thirty-two hexadecimal digits that nobody has had before.
pub(super) fn random_digits() -> Result<String, Fault> {
    use std::fmt::Write as _;
    let mut random = [0; 16];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_| Fault::new(Cause::OwnFault, "the system gives no random numbers"))?;
    Ok(random.iter().fold(String::new(), |mut digits, byte| {
        // A text takes all of it.
        let _ = write!(digits, "{byte:02x}");
        digits
    }))
}

/// What is stored under a key.
pub(super) struct Item {
    pub(super) key: String,
    pub(super) value: String,
    /// When the server forgets it by itself, in whole seconds.
    pub(super) seconds: u64,
}

impl Item {
    /// One that outlives a check with so much time left by a moment.
    pub(super) fn new(left: Duration) -> Result<Self, Fault> {
        let key = format!("conn-check:{}", random_digits()?);
        Ok(Self { value: format!("value of {key}"), key, seconds: left.as_secs() + 2 })
    }

    /// Compares what came back.
    pub(super) fn compare(&self, found: Option<&[u8]>) -> Result<(), Fault> {
        compare(&self.value, found)
    }
}

/// Compares what was stored with what came back.
pub(super) fn compare(stored: &str, found: Option<&[u8]>) -> Result<(), Fault> {
    let Some(found) = found else {
        let message = "what was stored a moment ago is not there";
        return Err(Fault::new(Cause::UnexpectedReply, message).next_step(
            "see whether the server throws things out at once (its memory, its rules), or several answer in turn at this address",
        ));
    };
    if found == stored.as_bytes() {
        return Ok(());
    }
    Err(Fault::new(Cause::UnexpectedReply, "what was stored a moment ago comes back as something else")
        .evidence(sentence!["got ", escape(found, 60), ", stored ", theirs(&stored)])
        .next_step("see whether several servers, or a proxy, answer in turn at this address"))
}

/// The server takes no more, for want of room.
pub(super) fn full(message: &'static str) -> Fault {
    Fault::new(Cause::Full, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_items_have_one_name_and_each_ends_after_the_check() {
        let [one, another] = [(); 2].map(|()| Item::new(Duration::from_millis(1500)).expect("random numbers"));
        assert_ne!(one.key, another.key);
        assert_eq!((one.seconds, one.key.len()), (3, "conn-check:".len() + 32));
    }

    #[test]
    fn only_what_was_stored_comes_back() {
        assert!(compare("a", Some(b"a")).is_ok());
        for found in [None, Some(&b"b"[..]), Some(b"")] {
            assert!(compare("a", found).is_err_and(|fault| fault.cause == Cause::UnexpectedReply));
        }
    }
}
