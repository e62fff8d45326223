//! Reading a file that somebody has put there to be read.

use crate::checks::local::{refused, shown};
use crate::fault::{Cause, Fault, Owner};
use crate::file::{ReadError, read_bounded};
use crate::secret::{ours, sentence, theirs};
use crate::settings::{Matcher, Sha256};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;
use std::path::PathBuf;

/// A file, and what it should be.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) file: PathBuf,
    pub(super) sha256: Option<Sha256>,
    pub(super) content: Option<Matcher>,
}

impl Known {
    /// # Errors
    /// It is not there, or not as it should be. What it is is not shown.
    pub(super) fn read(&self) -> Result<(), Fault> {
        /// What is read is kept until it is compared.
        const MOST: u64 = 64 << 20;
        /// More is no file for people to look for a text in.
        const MOST_TEXT: usize = 1 << 20;
        let content = read_bounded(&self.file, MOST).map_err(|error| match error {
            ReadError::Io(error) => refused(&self.file, "read", &error),
            other => self.unreadable(&other),
        })?;
        let length = content.len();
        if let Some(Sha256(wanted)) = &self.sha256 {
            let is = digest(&SHA256, &content).as_ref().iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap_or_default();
                text
            });
            if is != *wanted {
                let fault =
                    Fault::new(Cause::UnexpectedContent, sentence![shown(&self.file), " is not the expected file"]);
                return Err(fault.evidence(sentence!["its ", length, " bytes have the SHA-256 ", ours(&is)]));
            }
        }
        let Some(wanted) = &self.content else { return Ok(()) };
        if wanted.is_in(&String::from_utf8_lossy(&content[..length.min(MOST_TEXT)])) {
            return Ok(());
        }
        let fault =
            Fault::new(Cause::UnexpectedContent, sentence![theirs(wanted), " does not occur in ", shown(&self.file)]);
        Err(fault.evidence(sentence!["it has ", length, " bytes"]))
    }

    fn unreadable(&self, error: &ReadError) -> Fault {
        let fault = Fault::new(Cause::Unexpected, sentence!["the content of ", shown(&self.file), " is not looked at"])
            .owner(Owner::Config);
        fault.evidence(theirs(error)).next_step("name a regular file of at most 64 MiB")
    }
}
