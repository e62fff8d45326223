//! The server's messages of a login, read along while the client library reads them: how far the login is,
//! and what SCRAM is asked for before the library computes it.

use crate::checks::scram;
use crate::fault::Fault;

/// `AuthenticationRequest`, the numbers of its kinds
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
const REQUEST: u8 = b'R';
const OK: u32 = 0;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// What was heard of a login so far.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// The beginning of a message whose end has not come yet; the wire bounds it.
    begun: Vec<u8>,
    /// The server has sent its signature, which it does after a password that was right.
    pub(super) has_signature: bool,
    /// The server has accepted the login.
    pub(super) is_welcome: bool,
}

impl Hearing {
    /// Reads on; after the welcome nothing is of interest any more.
    ///
    /// # Errors
    /// SCRAM with too few rounds, or too many.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.is_welcome {
            return Ok(());
        }
        self.begun.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(message) = message(&self.begun[at..]) {
            at += message.len();
            if let [REQUEST, _, _, _, _, a, b, c, d, data @ ..] = message {
                match u32::from_be_bytes([*a, *b, *c, *d]) {
                    OK => self.is_welcome = true,
                    SASL_CONTINUE => scram::judge(data)?,
                    SASL_FINAL => self.has_signature = true,
                    _ => {}
                }
            }
        }
        self.begun.drain(..at);
        Ok(())
    }
}

/// The first message of these bytes, when all of it is there: its kind, its length without the kind, its content.
fn message(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_be_bytes(bytes.get(1..5)?.try_into().ok()?);
    bytes.get(..1 + usize::try_from(length).ok()?.max(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Cause;

    fn request(kind: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(8 + data.len()).expect("short");
        [&[REQUEST][..], &length.to_be_bytes(), &kind.to_be_bytes(), data].concat()
    }

    #[test]
    fn messages_are_read_however_they_are_cut() {
        let login = [
            request(10, b"SCRAM-SHA-256\0\0"),
            request(SASL_CONTINUE, b"r=a,s=b,i=4096"),
            request(SASL_FINAL, b"v=a"),
            request(OK, b""),
        ]
        .concat();
        for size in 1..login.len() {
            let mut hearing = Hearing::default();
            assert!(login.chunks(size).all(|piece| hearing.hear(piece).is_ok()), "{size}");
            assert!(hearing.has_signature && hearing.is_welcome && hearing.begun.is_empty(), "{size}");
            let mut half = Hearing::default();
            assert!(half.hear(&login[..login.len() - 1]).is_ok());
            assert!(half.has_signature && !half.is_welcome);
        }
    }

    #[test]
    fn few_rounds_are_refused_however_the_message_is_cut_and_padded() {
        for data in [b"r=a,s=b,i=1".to_vec(), [b"r=", &[b'a'; 5000][..], b",s=b,i=1"].concat()] {
            let message =
                [request(10, b"SCRAM-SHA-256\0\0"), b"N\0\0\0\x05\0".to_vec(), request(SASL_CONTINUE, &data)].concat();
            for size in [1, 7, message.len()] {
                let mut hearing = Hearing::default();
                let fault = message.chunks(size).find_map(|piece| hearing.hear(piece).err());
                assert_eq!(fault.map(|fault| fault.cause), Some(Cause::MethodUnsupported), "{size}");
            }
        }
    }

    #[test]
    fn what_is_no_message_is_waited_for_and_ends_nothing() {
        for bytes in [&b""[..], b"R", b"R\0\0\0\0", b"R\0\0\0\0R\0\0\0\0", b"R\xff\xff\xff\xff", b"HTTP/1.1 400"] {
            let mut hearing = Hearing::default();
            assert!(hearing.hear(bytes).is_ok() && !hearing.is_welcome, "{bytes:?}");
        }
    }
}
