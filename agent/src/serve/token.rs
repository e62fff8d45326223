//! The token in the path of the report: who does not know it sees nothing.

use crate::file::read_bounded;
use crate::secret::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::hint::black_box;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Random bytes of a new token: what Python's `secrets.token_urlsafe()` takes.
const BYTES: usize = 32;

/// The fewest characters of a token: with 64 different ones, 128 bits and a little more.
const SHORTEST: usize = 22;

/// A file has no more bytes.
const LIMIT: u64 = 4096;

/// A token. It is never printed.
#[derive(Clone, Debug)]
pub struct Token(Secret<[u8; BYTES]>);

impl Token {
    /// A new one, as text.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new_text() -> io::Result<String> {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("this host has no random numbers"))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// That of a file, which holds nothing else, and whether everybody on this host can read it.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token, with what to do.
    pub fn of_file(path: &Path) -> Result<(Self, bool), String> {
        let content = read_bounded(path, LIMIT)
            .map_err(|error| format!("{error}; write one there with `conn-check-serve --new-token`"))?;
        let is_open = std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0);
        let text = std::str::from_utf8(&content).map_err(|_| "it is no text".to_owned())?;
        Ok((Self::of_text(text.trim())?, is_open))
    }

    /// The token of a text.
    ///
    /// # Errors
    /// It is too short, or cannot stand in a path as it is; with what to do.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let stands_in_a_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if text.len() < SHORTEST {
            let count = text.len();
            return Err(format!(
                "the token has {count} characters, and less than {SHORTEST} can be found by trying; \
                 make one with `conn-check-serve --new-token`"
            ));
        }
        if !text.bytes().all(stands_in_a_path) {
            return Err("the token has to be of letters, digits and -._~ alone, to stand in a path as it is; \
                        make one with `conn-check-serve --new-token`"
                .to_owned());
        }
        Ok(Self(Secret::new(hashed(text.as_bytes()))))
    }

    /// Whether a text is the token, in a time that does not depend on how much of it is right.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let (one, other) = (self.0.expose(), hashed(text.as_bytes()));
        let differing = one.iter().zip(other).fold(0, |differing, (one, other)| black_box(differing | (one ^ other)));
        black_box(differing) == 0
    }
}

/// Texts of any length become such of one, and who sends them does not know which.
fn hashed(text: &[u8]) -> [u8; BYTES] {
    let mut hash = [0; BYTES];
    hash.copy_from_slice(digest(&SHA256, text).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_of_32_bytes_and_is_taken() {
        let (one, other) = (Token::new_text().expect("a token"), Token::new_text().expect("a token"));
        assert_ne!(one, other);
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&one).map(|bytes| bytes.len()), Ok(32));
        let token = Token::of_text(&one).expect("it is taken");
        assert!(token.is(&one) && !token.is(&other) && !token.is("") && !token.is(&one[1..]));
        assert_eq!(format!("{token:?}"), "Token(***)");
    }

    #[test]
    fn a_short_token_and_one_that_a_path_cannot_hold_are_refused_with_the_reason() {
        let refused = |text: &str| Token::of_text(text).expect_err("refused");
        assert!(refused("hunter2").contains("7 characters") && refused("hunter2").contains("--new-token"));
        assert!(!refused("hunter2").contains("hunter2"));
        assert!(refused("0123456789/0123456789/0123456789").contains("letters, digits"));
        assert!(refused(&"\u{e4}".repeat(32)).contains("letters, digits"));
    }
}
