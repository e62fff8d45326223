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

    /// A reply, for a test of what it means; of its lines, all but the last have a hyphen.
    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(format!("{}\r\n", text.replace('\n', "\r\n")).parse().expect("a reply"))
    }

    pub(super) fn code(&self) -> u16 {
        self.0.code().into()
    }

    /// The enhanced code (RFC 3463) in its text, without its class. It stands first, as a rule; some servers put a mark
    /// before it, or all of it in parentheses at the end. The class should be the reply code's, and is not always.
    pub(super) fn enhanced(&self) -> Option<(u16, u16)> {
        let first = self.lines().next()?.split_whitespace().next();
        let marked = self.lines().flat_map(str::split_whitespace).filter(|word| word.contains('#'));
        first.into_iter().chain(marked).find_map(enhanced)
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

/// An enhanced code of a refusal, without its class and the marks around it.
fn enhanced(word: &str) -> Option<(u16, u16)> {
    let mut numbers = word.trim_matches(|c: char| !c.is_ascii_digit()).splitn(3, '.');
    let mut number = || numbers.next().and_then(|number| number.parse::<u16>().ok());
    let (class, subject, detail) = (number()?, number()?, number()?);
    matches!(class, 2 | 4 | 5).then_some((subject, detail))
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
