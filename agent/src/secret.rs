//! Values that must never be printed, and what keeps them out of other texts.

mod parts;
mod redactor;
mod sentence;
mod spelling;
mod url;

pub(crate) use redactor::Redactor;
pub(crate) use sentence::{Sentence, ours, sentence, theirs};
pub(crate) use url::{has_secret, is_secret_name, may_hold_login, redact_url, url_secrets};

use std::fmt;

/// Headers of a request in which nobody keeps a secret.
const HARMLESS_HEADERS: [&str; 14] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-language",
    "content-type",
    "host",
    "pragma",
    "range",
    "te",
    "user-agent",
    "x-requested-with",
];

/// Whether a header is known to hold no secret. All others may: a login can have any name.
pub(crate) fn is_harmless_header(name: &str) -> bool {
    HARMLESS_HEADERS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
}

/// Whether the value of a name that somebody chose (a header's, a parameter's) may be a secret: unless the
/// name says that it is none, or the value is so short that it tells nothing (`1`, `on`).
pub(crate) fn may_be_secret(name: &str, value: &str) -> bool {
    const SHORTEST: usize = 4;
    is_secret_name(name) || (value.len() >= SHORTEST && !is_harmless_header(name))
}

/// A value that must not appear in any output: no `Display`, no `Serialize`, no `PartialEq`.
#[derive(Clone, Default)]
pub(crate) struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }

    /// The only way out; to be called where the value is sent, nowhere else.
    pub(crate) const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_hides_it() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
