//! `- include: GLOB`: further files of checks, whose checks come in the place of the entry.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::file::{glob, is_pattern};
use crate::settings::shape::Declared;
use crate::settings::{Fields, Secrets, Word};
use crate::text::{Span, escaped};
use crate::yaml::Node;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The key, and what it means.
const KEY: &str = "include";
const ABOUT: &str = "Further files of checks, whose checks come in the place of this entry: a path, or a pattern with *, ? and [a-z], seen from the directory of the file (of standard input: from the working directory), in the order of their names.";

/// What a file says of further ones.
#[derive(Clone, Debug)]
pub struct Include {
    /// Before which of the file's own checks, counted from 0, the checks of the others come.
    pub before: usize,
    /// As the file has it.
    pattern: String,
    /// Where the file has it.
    span: Span,
}

impl Include {
    /// Whether an entry of a file is one.
    pub(super) fn is_one(pairs: &[(Node, Node)]) -> bool {
        let has = |wanted: &str| pairs.iter().any(|(key, _)| key.text() == Some(wanted));
        has(KEY) && !has("type")
    }

    /// Reads an entry, with what is to be said of it.
    pub(super) fn read(item: Span, pairs: &[(Node, Node)], before: usize) -> (Option<Self>, Vec<Diagnostic>) {
        let mut fields = Fields::new(item, pairs).with_secrets(Secrets::Needed);
        let span = fields.span_of(KEY);
        let path = fields.required::<Word>(KEY, ABOUT).ok().filter(|Word(path)| !path.is_empty());
        let mut diagnostics = fields.finish().diagnostics;
        let path = path.filter(|Word(path)| {
            let is_url = path.contains("://");
            if is_url {
                diagnostics.push(Self::wrong(span, "a path is wanted here, and no URL"));
            }
            !is_url
        });
        if path.is_none() && diagnostics.is_empty() {
            diagnostics.push(Self::wrong(span, "the path is empty"));
        }
        (path.map(|Word(pattern)| Self { before, pattern, span }), diagnostics)
    }

    /// The files that it means, in the order of their names; of a path that leads nowhere that path, so that reading it says
    /// why.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn paths(&self, of: &str) -> Result<Vec<String>, Diagnostic> {
        // `<stdin>` has no directory.
        let directory = Path::new(of).parent().unwrap_or(Path::new(""));
        // `-` is a file here.
        let path = if self.pattern == "-" { PathBuf::from("./-") } else { directory.join(&self.pattern) };
        if !is_pattern(&self.pattern) {
            return Ok(vec![path.to_string_lossy().into_owned()]);
        }
        let found = glob(&path)
            .map_err(|error| self.refused(&format!("`{}` cannot be looked for: {error}", escaped(&self.pattern))))?;
        Ok(found.into_iter().map(|path| path.to_string_lossy().into_owned()).collect())
    }

    /// Nothing matches the pattern: a directory of further files may well be empty.
    #[must_use]
    pub fn nothing(&self) -> Diagnostic {
        let message = format!("`include`: there is no file by the pattern `{}`", escaped(&self.pattern));
        Diagnostic::warning(Flaw::BadInclude, self.span, message)
            .help("correct it, or leave the entry out; it is seen from the directory of this file")
    }

    /// What is wrong with it.
    #[must_use]
    pub fn refused(&self, why: &str) -> Diagnostic {
        Self::wrong(self.span, why)
    }

    fn wrong(span: Span, why: &str) -> Diagnostic {
        Diagnostic::error(Flaw::BadInclude, span, format!("`include`: {why}")).help(Flaw::BadInclude.fix())
    }
}

/// Its declaration, as those of options are.
pub(super) fn describe() -> Vec<Declared> {
    let mut fields = Fields::describe();
    // What it is read as does not matter here.
    let _ = fields.required::<Word>(KEY, ABOUT);
    fields.finish().declared
}

/// The JSON Schema of an entry.
pub(super) fn schema() -> Value {
    json!({
        "title": KEY,
        "description": ABOUT,
        "properties": {KEY: {"type": "string", "minLength": 1}},
        "required": [KEY],
        "additionalProperties": false,
    })
}
