//! Replies of a mail server (RFC 5321, section 4.2), read from the wire.

use crate::fault::{Cause, Fault};
use crate::net::Talk;
use lettre::transport::smtp::response::Response;

/// The longest line that is read, in bytes; RFC 5321 (section 4.5.3.1.5) has 512.
const LONGEST_LINE: usize = 8 * 1024;

/// One reply: a code, and a line or more of text.
#[derive(Debug)]
pub(super) struct Reply(Response);

impl Reply {
    /// Reads the next one. What cannot become one is refused at its first byte: the server of another
    /// protocol may never send a line end.
    pub(super) async fn read(talk: &mut Talk) -> Result<Self, Fault> {
        let mut text = String::new();
        loop {
            let accept = |line: &[u8]| if may_be_a_reply(line) { Ok(()) } else { Err(malformed()) };
            let line = talk.line(LONGEST_LINE, accept).await?;
            // "250" alone is a reply too, and the parser wants the blank that servers must send.
            let (code, rest) = line.split_at(line.len().min(3));
            text.extend([code, if rest.is_empty() { " " } else { rest }, "\r\n"]);
            if !rest.starts_with('-') {
                return text.parse().map(Self).map_err(|error| malformed().caused_by(&error));
            }
        }
    }

    pub(super) fn code(&self) -> u16 {
        self.0.code().into()
    }

    /// The enhanced code (RFC 3463) that the text begins with, without its class: that is the code's.
    pub(super) fn enhanced(&self) -> Option<(u16, u16)> {
        let mut numbers = self.0.first_word()?.splitn(3, '.').map(|number| number.parse::<u16>().ok());
        let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (class == self.code() / 100).then_some((subject, detail))
    }

    /// Whether its text has this word, in lower case, somewhere.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.lines().any(|line| line.to_ascii_lowercase().contains(word))
    }

    /// Its texts, without the code.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.message()
    }

    /// All of it on one line.
    pub(super) fn summary(&self) -> String {
        let lines: Vec<_> = self.lines().collect();
        format!("{} {}", self.code(), lines.join(" "))
    }
}

/// Three digits, then a blank, a hyphen or the end of the line; as far as it came.
fn may_be_a_reply(line: &[u8]) -> bool {
    line.iter().take(4).enumerate().all(|(at, byte)| match at {
        0..3 => byte.is_ascii_digit(),
        _ => b" -\r\n".contains(byte),
    })
}

fn malformed() -> Fault {
    Fault::new(Cause::Malformed, "the answer is not an SMTP reply")
}
