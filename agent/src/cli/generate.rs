//! What all programs that generate a file of checks have in common on their command lines.

use crate::generate::Secrets;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where the file goes, and what of it is secret.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// Write the file here, atomically; a new one is for its owner only [default: standard output]
    #[arg(short = 'f', visible_short_alias = 'o', long, value_name = "FILE", aliases = ["output-file", "file"], help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Exit status 1 where something could not be mapped; without it, that is a comment in the file and a line on standard error
    #[arg(long, help_heading = "Output")]
    pub strict: bool,

    /// Where passwords stand: in the file, or outside, with a reference in their place
    #[arg(long, value_name = "WHERE", value_enum, default_value = "inline", help_heading = "Output")]
    pub secrets: Where,

    /// The directory for the files with the passwords, for --secrets file; those that are there are left as they are
    #[arg(long, value_name = "DIR", default_value = "/etc/conn-check/secrets", help_heading = "Output")]
    pub secrets_dir: PathBuf,

    /// With --secrets env, also write here the variables that the file refers to, to be filled in (NAME= in each line)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub secrets_template: Option<PathBuf>,
}

/// `--secrets`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Where {
    /// In the file itself
    Inline,
    /// In variables of the environment: {env: NAME}
    Env,
    /// In files, which are written: {file: DIR/NAME}
    File,
}

impl Target {
    /// Where the secrets stand.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        match self.secrets {
            Where::Inline => Secrets::Inline,
            Where::Env => Secrets::Env,
            Where::File => Secrets::File(self.secrets_dir.clone()),
        }
    }
}
