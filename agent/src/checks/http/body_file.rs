//! `expected_body_file`: a body is held against a file, piece by piece: neither is kept, and of neither anything is told but
//! where they part, as both may be somebody's secret.

use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{Sentence, sentence, theirs};
use crate::settings::{Fields, Misfit};
use crate::text::{escaped, shortened};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The option.
pub(super) const BODY_FILE: &str = "expected_body_file";

/// So much of the file is read at once, in bytes.
const PIECE: usize = 128 * 1024;

/// So many bytes of a body are counted beyond the end of the file, or beyond the first difference where that comes later.
const COUNTED: u64 = 1 << 20;

/// A file that a body has to be.
#[derive(Clone, Debug)]
pub(super) struct BodyFile(PathBuf);

impl BodyFile {
    /// Asks for the option. A file that cannot be read is said when the check is read, and once more when it runs: it may
    /// have gone.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let about = "A file that the body has to be, byte by byte as it comes, however long.";
        let path = fields.optional::<PathBuf>(BODY_FILE, about)?;
        if fields.connects_to_nothing() {
            return Some(Self(path));
        }
        match open(&path) {
            Ok(_) => Some(Self(path)),
            Err(error) => {
                let misfit =
                    Misfit::new(format!("the file {} cannot be read: {error}", shortened(&path.to_string_lossy())));
                let misfit = misfit.because(&error).help("a file that the user who runs conn-check can read");
                fields.lack_file(BODY_FILE, misfit, None, None).ok().map(|()| Self(path))
            }
        }
    }
}

impl fmt::Display for BodyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0.to_string_lossy()))
    }
}

/// Opens a file; nothing else, as reading from it may never end.
fn open(path: &Path) -> io::Result<(File, u64)> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// A file beside a body that is being read.
pub(super) struct Beside<'a> {
    path: &'a BodyFile,
    file: Arc<File>,
    /// In bytes, when it was opened.
    length: u64,
    /// What the head of the answer says of the length of the body.
    announced: Option<u64>,
    /// What was read of the file and has no counterpart yet.
    ahead: Vec<u8>,
    /// So much of the body came, in bytes.
    came: u64,
    parts_at: Option<u64>,
}

impl<'a> Beside<'a> {
    pub(super) async fn open(path: &'a BodyFile, announced: Option<u64>) -> Result<Box<Self>, Fault> {
        let place = path.0.clone();
        let opened = unhurried(move || open(&place)).await;
        let (file, length) = opened.map_err(|error| path.unusable(&error))?;
        let file = Arc::new(file);
        Ok(Box::new(Self { path, file, length, announced, ahead: Vec::new(), came: 0, parts_at: None }))
    }

    /// Takes the next piece of the body.
    pub(super) async fn push(&mut self, mut piece: &[u8]) -> Result<(), Fault> {
        let mut at = self.came;
        self.came += piece.len() as u64;
        while !piece.is_empty() && self.parts_at.is_none() {
            self.refill().await?;
            let common = common(piece, &self.ahead);
            at += common as u64;
            if common < piece.len() && common < self.ahead.len() || self.ahead.is_empty() {
                self.parts_at = Some(at);
            }
            self.ahead.drain(..common);
            piece = &piece[common..];
        }
        Ok(())
    }

    /// Reads on, where nothing is left of what was read.
    async fn refill(&mut self) -> Result<(), Fault> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let file = Arc::clone(&self.file);
        let read = unhurried(move || {
            let mut piece = Vec::new();
            file.as_ref().take(PIECE as u64).read_to_end(&mut piece).map(|_| piece)
        });
        self.ahead = read.await.map_err(|error| self.path.unusable(&error))?;
        Ok(())
    }

    /// Whether no more of the body is needed: they differ, and its length is known as well as it will be.
    pub(super) fn is_decided(&self) -> bool {
        let counted = |at: u64| self.came > at.max(self.length) + COUNTED;
        self.parts_at.is_some_and(|at| self.announced.is_some() || counted(at))
    }

    /// All of the body came, or as much as it takes.
    pub(super) async fn judge(mut self: Box<Self>, packed: &Sentence) -> Result<(), Fault> {
        self.refill().await?;
        let is_whole = self.ahead.is_empty();
        let Some(at) = self.parts_at.or_else(|| (!is_whole).then_some(self.came)) else { return Ok(()) };
        let length = match self.announced {
            Some(length) => length.into(),
            None if self.is_decided() => sentence!["more than ", self.came],
            None => self.came.into(),
        };
        let message = sentence!["the body is not the file ", theirs(self.path)];
        Err(Fault::new(Cause::UnexpectedBody, message).evidence(sentence![
            "they differ from byte ",
            at,
            " on (from 0); the body has ",
            length,
            " bytes",
            packed.clone(),
            ", the file ",
            self.length
        ]))
    }
}

/// So many bytes at the beginning of both are the same.
fn common(one: &[u8], other: &[u8]) -> usize {
    let least = one.len().min(other.len());
    if one[..least] == other[..least] {
        return least;
    }
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

impl BodyFile {
    fn unusable(&self, error: &io::Error) -> Fault {
        let message = sentence![BODY_FILE, ": the file ", theirs(self), " cannot be read: ", theirs(error)];
        Fault::new(Cause::UnusableFile, message)
            .owner(Owner::Config)
            .next_step("put it there, readable for the user who runs conn-check; or correct the path")
            .at(Phase::Config)
    }
}

/// Asks the file system in a thread of its own: that of a file server which is down never answers, and other checks go on.
async fn unhurried<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|gone| Err(io::Error::other(gone)))
}
