//! Reading the file itself: bounded in size and time, whatever the path leads to.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;

/// The largest file that is read, in bytes: a hundred thousand checks and more.
const LIMIT: u64 = 16 * 1024 * 1024;

/// A file that was read, as its diagnostics show it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, or `<stdin>`.
    pub name: String,
    /// The text; empty when it could not be read.
    pub text: String,
}

impl Source {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// A diagnostic: not there, not permitted, a directory, a FIFO or device, larger than 16 MiB,
    /// not UTF-8.
    pub fn read(path: &str) -> Result<Self, Box<(Self, Diagnostic)>> {
        let name = if path == "-" { "<stdin>" } else { path };
        let bytes = if path == "-" {
            read_bounded(&mut io::stdin().lock())
        } else {
            open(path).and_then(|mut file| read_bounded(&mut file))
        };
        let source = |text| Self { name: name.to_owned(), text };
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => Ok(source(text)),
            Ok(Err(error)) => {
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
            Err(diagnostic) => Err(Box::new((source(String::new()), diagnostic))),
        }
    }
}

fn open(path: &str) -> Result<File, Diagnostic> {
    // Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| unreadable(&error))?;
    let kind = file.metadata().map_err(|error| unreadable(&error))?;
    if kind.is_dir() {
        return Err(
            Diagnostic::file(Flaw::Unreadable, "this is a directory, not a file").help("name the YAML file in it")
        );
    }
    if !kind.is_file() {
        return Err(Diagnostic::file(Flaw::Unreadable, "this is not a regular file")
            .help("use `-` and standard input for what is piped in"));
    }
    if kind.len() > LIMIT {
        return Err(too_large());
    }
    Ok(file)
}

fn read_bounded(from: &mut dyn Read) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LIMIT { Err(too_large()) } else { Ok(bytes) }
}

fn unreadable(error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => {
            "let the user who runs conn-check read it (the group nagios, when NRPE runs it)"
        }
        _ => "look at the file system",
    };
    Diagnostic::file(Flaw::Unreadable, format!("the file cannot be read: {error}")).help(help)
}

fn too_large() -> Diagnostic {
    Diagnostic::file(Flaw::TooLarge, "the file is larger than 16 MiB")
        .help("split it, or check that this is the right file")
}
