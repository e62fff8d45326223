//! The messages of start-up and login
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use super::server_error::ServerError;
use crate::fault::{Cause, Fault};
use crate::net::Talk;

/// Version 3.0 of the protocol.
const VERSION: [u8; 4] = [0, 3, 0, 0];

/// What the server says to a step of the login.
#[derive(Debug)]
pub(super) enum Answer {
    /// `AuthenticationRequest`: its kind, and what belongs to it.
    Request(u32, Vec<u8>),
    Refused(ServerError),
}

/// `StartupMessage`.
pub(super) fn start_up(user: &str, database: &str) -> Vec<u8> {
    let parameters =
        [("client_encoding", "UTF8"), ("user", user), ("database", database), ("application_name", "conn-check")];
    let mut content = VERSION.to_vec();
    parameters.iter().flat_map(|(name, value)| [name, value]).for_each(|text| push_text(&mut content, text));
    content.push(0);
    with_length(&content)
}

/// `PasswordMessage`, `SASLResponse`: what proves the password.
pub(super) fn proof(content: &[u8]) -> Vec<u8> {
    [&b"p"[..], &with_length(content)].concat()
}

/// `SASLInitialResponse`.
pub(super) fn first_of_sasl(mechanism: &str, first: &str) -> Vec<u8> {
    let mut content = Vec::new();
    push_text(&mut content, mechanism);
    content.extend_from_slice(&u32::try_from(first.len()).unwrap_or(u32::MAX).to_be_bytes());
    content.extend_from_slice(first.as_bytes());
    proof(&content)
}

/// Takes the server's answer to a step of the login; what it only wants to have said is passed over.
pub(super) async fn answer(talk: &mut Talk) -> Result<Answer, Fault> {
    loop {
        let message = talk.frame(length).await;
        let message = match message {
            // It may have sent enough.
            Err(fault) if fault.cause == Cause::Closed => {
                return ServerError::read(talk.received())
                    .filter(|error| error.code.is_empty())
                    .map(Answer::Refused)
                    .ok_or(fault);
            }
            message => message?,
        };
        match message.as_slice() {
            [b'E', ..] => return ServerError::read(&message).map(Answer::Refused).ok_or_else(not_understood),
            [b'R', _, _, _, _, a, b, c, d, content @ ..] => {
                return Ok(Answer::Request(u32::from_be_bytes([*a, *b, *c, *d]), content.to_vec()));
            }
            _ => {}
        }
    }
}

/// The length of a message that begins like this. No answer to a step of a login is of another kind, or longer
/// than libpq takes it.
fn length(begun: &[u8]) -> Result<Option<usize>, Fault> {
    let most = match begun.first() {
        None => return Ok(None),
        Some(b'E') => return Ok(ServerError::length(begun).or((begun.len() >= 30_000).then_some(30_000))),
        Some(b'R') => 2_000,
        // NoticeResponse.
        Some(b'N') => 30_000,
        Some(_) => return Err(not_understood()),
    };
    let Some(length) = begun.get(1..5).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) else {
        return if begun.get(1).is_none_or(|highest| *highest == 0) { Ok(None) } else { Err(not_understood()) };
    };
    match u32::from_be_bytes(length) {
        length if (8..=most).contains(&length) => Ok(Some(1 + length as usize)),
        _ => Err(not_understood()),
    }
}

pub(super) fn not_understood() -> Fault {
    Fault::new(Cause::Malformed, "the answer to the login was not understood")
}

fn push_text(message: &mut Vec<u8>, text: &str) {
    message.extend_from_slice(text.as_bytes());
    message.push(0);
}

/// A length that counts itself, and the content.
fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + content.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_the_manual_has_them() {
        assert_eq!(start_up("a", "b").len(), 4 + 4 + (16 + 5) + (5 + 2) + (9 + 2) + (17 + 11) + 1);
        assert_eq!(proof(b"x\0"), b"p\0\0\0\x06x\0");
        assert_eq!(first_of_sasl("S", "n,,"), b"p\0\0\0\x0dS\0\0\0\0\x03n,,");
    }

    #[test]
    fn only_answers_to_a_login_are_waited_for() {
        for (begun, wanted) in [
            (&b""[..], Some(None)),
            (b"R", Some(None)),
            (b"R\0\0", Some(None)),
            (b"R\0\0\0\x08", Some(Some(9))),
            (b"N\0\0\0\x09", Some(Some(10))),
            (b"R\0\0\x7f\xff", None),
            (b"R\0\0\0\x07", None),
            (b"R\x01", None),
            (b"HTTP", None),
            (b"E\0\0\0\x63SFATAL", Some(Some(100))),
            (b"EFATAL:  no\0", Some(Some(12))),
        ] {
            assert_eq!(length(begun).ok(), wanted, "{}", begun.escape_ascii());
        }
    }
}
