//! What the body of an answer has to be: the options.

use super::body_file::{BODY_FILE, BodyFile};
use super::json::ExpectedJson;
use super::options::Statuses;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::settings::Matcher;
use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Fields, Misfit, Setting, Sha256};
use reqwest::Method;
use serde_json::json;

/// What the body has to be; all that is there has to be so.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedBody {
    pub(super) contains: Option<Matcher>,
    pub(super) equals: Option<String>,
    pub(super) json: Option<ExpectedJson>,
    /// In lower-case hexadecimal.
    pub(super) sha256: Option<String>,
    /// In bytes.
    pub(super) length: Option<u64>,
    pub(super) file: Option<BodyFile>,
}

impl ExpectedBody {
    /// Asks for the options.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Self {
        let contains =
            fields.optional("expected_body", "A text or /regex/ that must occur in the body's first 64 KiB: unpacked, read in its charset, with the server's line ends.");
        let equals = fields.optional::<Text>("expected_body_equals", "The whole body, white space at its ends apart.");
        let json = fields.optional(
            "expected_json",
            "What a body of JSON must say, at most 4 MiB: PATH (a.b[0], a JSON Pointer, or $) to a value or /regex/.",
        );
        let sha256 = fields.optional::<Sha256>("expected_sha256", "The SHA-256 of the body as it comes, however long.");
        let length = fields.optional::<Length>(
            "expected_length",
            "The length of the body as it comes, in bytes; with `method: HEAD` what Content-Length says.",
        );
        let (equals, sha256, length) =
            (equals.map(|text| text.0), sha256.map(|hash| hash.0), length.map(|length| length.0));
        let file = BodyFile::parse(fields);
        Self { contains, equals, json, sha256, length, file }
    }

    /// Warns of what can never be met: an answer to HEAD, 204 and 304 have no body (RFC 9110 sections 6.4.1 and 9.3.2).
    pub(super) fn warn_of_no_body(fields: &mut Fields<'_>, method: &Method, statuses: &Statuses) {
        let why = if *method == Method::HEAD {
            "the answer to HEAD"
        } else if statuses.have_no_body() {
            "an answer with that `expected_code`"
        } else {
            return;
        };
        for key in ["expected_body", "expected_body_equals", "expected_json", "expected_sha256", BODY_FILE] {
            if fields.has(key) && !fields.is_broken() {
                let message = format!("`{key}` is never met: {why} has no body");
                let warning = Diagnostic::warning(Flaw::NoEffect, fields.span_of(key), message);
                fields.warn(
                    warning.help(format!("write `method: GET` and another `expected_code`, or leave `{key}` out")),
                );
            }
        }
    }

    pub(super) const fn is_nothing(&self) -> bool {
        !self.wants_text() && !self.wants_all_bytes()
    }

    pub(super) const fn is_length_alone(&self) -> bool {
        self.length.is_some() && self.sha256.is_none() && self.file.is_none() && !self.wants_text()
    }

    /// Whether the text of the body is looked at.
    pub(super) const fn wants_text(&self) -> bool {
        self.contains.is_some() || self.equals.is_some() || self.json.is_some()
    }

    /// Whether the bytes are counted up to the last one.
    pub(super) const fn wants_all_bytes(&self) -> bool {
        self.sha256.is_some() || self.length.is_some() || self.file.is_some()
    }

    /// Whether more is asked than that something occurs.
    pub(super) const fn wants_whole(&self) -> bool {
        self.wants_all_bytes() || self.equals.is_some() || self.json.is_some()
    }
}

/// A text that may be shown, of one line or several.
struct Text(String);

impl Setting for Text {
    const SHAPE: Shape = Shape::plain("a text", "text", shape::scalar).or(StandIn::Reference);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.text(&Self::SHAPE).map(Self)
    }
}

struct Length(u64);

impl Setting for Length {
    const SHAPE: Shape = Shape::plain("a number of bytes", "bytes", || {
        shape::number(&json!({"type": "integer", "minimum": 0}), "^[0-9]+$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| text.trim().parse().ok().map(Self))
    }
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // A text takes all of it.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
