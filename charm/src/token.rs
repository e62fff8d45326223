//! The token of the option `health_token`. It is written to a file for the service, and nowhere else.

use std::fmt;

/// A token. It is never printed.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Token(String);

/// The fewest characters, as `conn-check-serve` wants them: less can be found by trying.
const SHORTEST: usize = 22;

/// A file of more bytes is not read.
const LONGEST: usize = 4095;

impl Token {
    /// Takes what can stand in a path as it is; the error is what it has to be, without a word of it.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let stands_in_a_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let text = text.trim();
        if (SHORTEST..=LONGEST).contains(&text.len()) && text.bytes().all(stands_in_a_path) {
            return Ok(Self(text.to_owned()));
        }
        Err("must have 22 or more letters, digits and -._~: make one with conn-check-serve --new-token")
    }

    /// The content of the service's file.
    #[must_use]
    pub(crate) fn file(&self) -> String {
        format!("{}\n", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(***)")
    }
}

/// Where the token is, as the option says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum TokenSource {
    /// There is none: whoever reaches the endpoint sees everything.
    None,
    /// It is the option itself.
    Option(Token),
    /// It is in a secret of Juju's, of this URI.
    Secret(String),
}

impl TokenSource {
    /// Reads the token itself or a `secret:` URI.
    ///
    /// # Errors
    /// It is neither, with what it has to be.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-:".contains(&byte);
        match text.strip_prefix("secret:") {
            _ if text.is_empty() => Ok(Self::None),
            None => Token::parse(text).map(Self::Option),
            Some(id) if !id.is_empty() && id.len() < 200 && id.bytes().all(plain) => Ok(Self::Secret(text.to_owned())),
            Some(_) => Err("must be a token, or secret: and the id that juju add-secret has printed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = "hunter2.hunter2.hunter2";
        let parsed = TokenSource::parse(&format!(" {token}\n")).expect("a token");
        assert_eq!(format!("{parsed:?}"), "Option(Token(***))");
        assert_eq!(parsed, TokenSource::Option(Token::parse(token).expect("a token")));
        assert_eq!(Token::parse(token).expect("a token").file(), format!("{token}\n"));
        for bad in ["hunter2", "hunter2/hunter2/hunter2/hunter2", &"x".repeat(5_000), "secret:", "secret:a b"] {
            let said = TokenSource::parse(bad).expect_err(bad);
            assert!(said.starts_with("must ") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_uri() {
        for uri in ["secret:9m4e2mr0ui3e8a215n4g", "secret://7f5cbd08-5bd4-4a6b-8f6c-0d8d3d6ad2d4/9m4e2mr0ui3e8a215n4g"]
        {
            assert_eq!(TokenSource::parse(uri), Ok(TokenSource::Secret(uri.to_owned())));
        }
        assert_eq!(TokenSource::parse(" "), Ok(TokenSource::None));
    }
}
