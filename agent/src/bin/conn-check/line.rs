//! What the processes of a run with `--as` say to each other: a line of JSON, and maybe bytes behind it.

use conn_check::comparison::Found;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

/// The longest head, and the most bytes behind one: who is at the other end may be under somebody else's influence.
const LONGEST_HEAD: u64 = 64 << 20;
const MOST_BYTES: u64 = 1 << 30;

/// What is said.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Said {
    /// To each part: it may begin. The bytes are standard input, where that is read.
    Begin { has_input: bool, seconds: Option<f64> },
    /// From the service's part: the files are read, the service is there.
    Ready,
    /// From the caller's part: what came of its run, by the name of each check's series.
    Found(Vec<(String, Found)>),
    /// To the service's part: what came of the run before.
    Before { found: Vec<(String, Found)>, seconds: Option<f64> },
    /// From the service's part: the bytes are the content of a file of results, by its place on the command line.
    File(usize),
}

/// The connection between two of them.
#[derive(Debug)]
pub(crate) struct Line(BufReader<UnixStream>);

impl Line {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// That of a part: its standard input.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn of_stdin() -> io::Result<Self> {
        Ok(Self::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }

    /// The same connection, to speak on alone.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn speaker(&self) -> io::Result<UnixStream> {
        self.0.get_ref().try_clone()
    }

    /// Says something.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn say(&mut self, said: &Said, bytes: &[u8]) -> io::Result<()> {
        say(self.0.get_mut(), said, bytes)
    }

    /// What the other end says next; nothing when it has gone.
    ///
    /// # Errors
    /// Those of the connection; what is no word of this language.
    pub(crate) fn hear(&mut self) -> io::Result<Option<(Said, Vec<u8>)>> {
        let mut head = Vec::new();
        self.0.by_ref().take(LONGEST_HEAD).read_until(b'\n', &mut head)?;
        if head.is_empty() {
            return Ok(None);
        }
        let (length, said): (u64, Value) = serde_json::from_slice(&head)?;
        let said = serde_json::from_value(said)?;
        if length > MOST_BYTES {
            return Err(io::Error::other("too much is sent"));
        }
        let mut bytes = Vec::new();
        self.0.by_ref().take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length { Ok(Some((said, bytes))) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Says something.
///
/// # Errors
/// Those of the connection.
pub(crate) fn say(mut stream: &UnixStream, said: &Said, bytes: &[u8]) -> io::Result<()> {
    let mut text = serde_json::to_vec(&(bytes.len(), said))?;
    text.push(b'\n');
    stream.write_all(&text)?;
    stream.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_with_its_bytes() {
        let (one, other) = UnixStream::pair().expect("a pair");
        let (mut one, mut other) = (Line::new(one), Line::new(other));
        one.say(&Said::File(2), b"a\nb").expect("said");
        one.say(&Said::Ready, b"").expect("said");
        drop(one);
        assert!(matches!(other.hear(), Ok(Some((Said::File(2), bytes))) if bytes == b"a\nb"));
        assert!(matches!(other.hear(), Ok(Some((Said::Ready, _)))));
        assert!(matches!(other.hear(), Ok(None)));
    }

    #[test]
    fn what_breaks_off_or_is_too_much_is_refused() {
        for text in ["[5,\"Ready\"]\nabc", "[99999999999,\"Ready\"]\n", "[0,\"Other\"]\n", "x\n", "[0,"] {
            let (one, other) = UnixStream::pair().expect("a pair");
            (&one).write_all(text.as_bytes()).expect("written");
            drop(one);
            assert!(Line::new(other).hear().is_err(), "{text}");
        }
    }
}
