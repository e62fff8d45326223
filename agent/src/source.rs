//! Reading the file itself: bounded in size and time, whatever the path leads to.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::file::{self, Origin, ReadError, Trust};
use crate::text::Span;
use std::io;
use std::path::Path;

/// The largest file that is read, in bytes: a hundred thousand checks and more.
const LIMIT: u64 = 16 * 1024 * 1024;

/// What standard input is called.
const INPUT: &str = "<stdin>";

/// A file that was read, as its diagnostics show it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, or `<stdin>`.
    pub name: String,
    /// The text; empty when it could not be read.
    pub text: String,
    /// From where it comes.
    pub origin: Origin,
}

impl Source {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// A diagnostic: not there, not permitted, a directory, a FIFO or device, larger than 16 MiB,
    /// not UTF-8.
    pub fn read(path: &str) -> Result<Self, Box<(Self, Diagnostic)>> {
        if path == "-" {
            return Self::of_input_of(io::stdin().lock());
        }
        Self::of(path, file::read_of(Path::new(path), LIMIT))
    }

    /// As [`Source::read`], of a standard input that somebody else has read.
    ///
    /// # Errors
    /// As there.
    pub fn of_input(input: &[u8]) -> Result<Self, Box<(Self, Diagnostic)>> {
        Self::of_input_of(input)
    }

    /// A text that this very program has made, or its own tests.
    #[must_use]
    pub fn own(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), origin: Origin::Judged(Trust::Full) }
    }

    fn of_input_of(input: impl io::Read) -> Result<Self, Box<(Self, Diagnostic)>> {
        Self::of(INPUT, file::read_to_end(input, LIMIT).map(|bytes| (bytes, Origin::Judged(Trust::of_input()))))
    }

    fn of(name: &str, read: Result<(Vec<u8>, Origin), ReadError>) -> Result<Self, Box<(Self, Diagnostic)>> {
        let source = |text| Self::own(name, text);
        match read.map(|(bytes, origin)| (String::from_utf8(bytes), origin)) {
            Ok((Ok(text), origin)) => Ok(Self { origin, ..source(text) }),
            Ok((Err(error), _)) => {
                let at = error.utf8_error().valid_up_to();
                let diagnostic = Diagnostic::error(
                    Flaw::NotUtf8,
                    Span { start: at, end: at },
                    format!("byte {} of the file is not UTF-8", at + 1),
                )
                .help("save the file as UTF-8");
                // The readable part is kept, so that the place can be shown.
                let text = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
                Err(Box::new((source(text), diagnostic)))
            }
            Err(error) => Err(Box::new((source(String::new()), unreadable(&error)))),
        }
    }
}

fn unreadable(error: &ReadError) -> Diagnostic {
    let (flaw, message, help) = match error {
        ReadError::Directory => (Flaw::NotAFile, "this is a directory, not a file".to_owned(), "name the file in it"),
        ReadError::NotRegular => {
            (Flaw::NotAFile, "this is not a regular file".to_owned(), "use `-` and standard input for what is piped in")
        }
        ReadError::TooLarge(limit) => (
            Flaw::TooLarge,
            format!("the file is larger than {} MiB", limit >> 20),
            "split it, or check that this is the right file",
        ),
        ReadError::OfOtherUnit(_) => (Flaw::OfOtherUnit, error.to_string(), "name a file of this unit"),
        ReadError::Io(error) => {
            let is_missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
            let flaw = if is_missing { Flaw::NotThere } else { Flaw::Unreadable };
            (flaw, format!("the file cannot be read: {error}"), help_for(error.kind()))
        }
    };
    Diagnostic::file(flaw, message).help(help)
}

/// What to do about a file, or a directory, that cannot be read.
#[must_use]
pub fn help_for(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => {
            "let the user who runs conn-check read it (the group nagios, when NRPE runs it)"
        }
        _ => "look at the file system",
    }
}
